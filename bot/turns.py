"""One lane: how fast it goes, who waits in it, when the next turn is. Reads the monotonic clock, does no I/O.

https://docs.slack.dev/apis/web-api/rate-limits
"""

import asyncio
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.plan import Urgency
from bot.roundup import Line
from bot.store import Looked, Work


@dataclass(frozen=True, slots=True)
class Pace:
    """How many posts a second a channel takes, and how many at once after a rest."""

    per_second: float = 1.0
    burst: int = 4


DIGEST_FROM, DIGEST_MOST = 10, 25
"""From how many waiting first cards on a digest is made of them, and how many it holds."""
_BUNDLING = 2.0
"""Seconds for which what is to be said together waits for the rest of it: all of it is due at one time."""
EDIT_PACE = Pace(50 / 60, 15)
"""chat.update is a method of Tier 3."""
NAME_PACE = Pace(1000)
"""A channel that is not found has a lane under its name; once it is, all go on to its own."""


@dataclass(slots=True)
class Waiting:
    """A look that waits for its turn; with a `line`, a digest may speak for it."""

    work: Work
    looked: Looked
    urgency: Urgency
    held: float
    line: Line | None = None
    misses: int = 0
    not_before: float = 0.0


@dataclass(slots=True)
class Lane:
    """One lane: who waits in it, when the next turn is, and what is wrong with it."""

    name: str
    pace: Pace
    waiting: dict[int, Waiting] = field(default_factory=dict)
    free: float = 0.0
    failures: int = 0
    trouble: str = ""
    called: int | None = None
    """The conversation that is being looked at because it is its turn; `granted` until it has taken it."""
    granted: int | None = None
    owed: set[int] = field(default_factory=set)
    """Those whose look took too long for the turn that they were given."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def turn(self) -> float:
        """Seconds until the next turn."""
        gap = 1 / self.pace.per_second
        now = time.monotonic()
        return max(self.free, now - gap * self.pace.burst) + gap - now

    def spend(self) -> None:
        """Take the turn."""
        gap = 1 / self.pace.per_second
        self.free = max(self.free, time.monotonic() - gap * self.pace.burst) + gap

    def pause(self, seconds: float) -> None:
        """Give no turn for a while."""
        self.free = max(self.free, time.monotonic() + seconds - 1 / self.pace.per_second)
        self.changed.set()

    def forgive(self, conversation: int, _: asyncio.Task[None]) -> None:
        """Owe nothing any more to a look that is over."""
        self.owed.discard(conversation)


def shown(name: str) -> str:
    """A lane for people: names have no capitals, ids nothing else."""
    return name.removeprefix("#") if name.isupper() else name


def order(waiting: Waiting) -> tuple[int, float, int]:
    """Who goes first: the most urgent, and of those whoever waits longest."""
    return waiting.urgency, waiting.held, waiting.work.conversation


def bundling(name: str) -> float:
    """Seconds for which a channel's digest is gathered: each at another time, as one look may be in two."""
    return _BUNDLING + zlib.crc32(name.encode()) % 16 / 4


def ready_in(lane: Lane) -> list[Waiting]:
    """Who may go now. What is to be said together goes when all of it is there, or enough."""
    now = time.monotonic()
    bundled = [one for one in lane.waiting.values() if one.line and one.line.bundled]
    whole = len(bundled) >= DIGEST_MOST or all(one.not_before <= now for one in bundled)
    return [one for one in lane.waiting.values() if one.not_before <= now and (whole or one not in bundled)]


def bundles(waiting: Sequence[Waiting]) -> bool:
    """Whether they are for a digest alone."""
    return all(one.line is not None and one.line.bundled for one in waiting)


def together_of(ready: Sequence[Waiting]) -> list[Waiting]:
    """Those of whom one message speaks: what is meant for a digest, else many first cards, else nobody."""
    lined = sorted((one for one in ready if one.line), key=order)
    bundled = [one for one in lined if one.line and one.line.bundled]
    cards = [one for one in lined if one not in bundled]
    return bundled or (cards if len(cards) >= DIGEST_FROM else [])
