"""`Course`: what one look has found out so far."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot import clock, pings, roundup
from bot.errors import Ambiguous, BridgeError, Misconfigured, Transient
from bot.model import Conversation
from bot.plan import CARD, DIGEST, Posted, Step, Urgency, View, newest
from bot.roundup import Line
from bot.store import Looked, Work


@dataclass
class Course:
    """One look on its way."""

    work: Work
    waits: dict[str, tuple[Urgency, Line | None]] = field(default_factory=dict)
    """By lane: how urgent it is there, and what a digest may say instead."""
    missing: list[str] = field(default_factory=list)
    failures: list[BridgeError] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    """Channels that are not touched, because of who else reads them, or may."""
    unsure: bool = False
    """Whether there may be a channel more in which it belongs: which one a route means is not known."""
    again: list[datetime] = field(default_factory=list)

    def wait(self, lane: str, urgency: Urgency, line: Line | None = None) -> None:
        """Wait in a lane, as urgent as the most urgent of what has to go there."""
        if lane not in self.waits or urgency < self.waits[lane][0]:
            self.waits[lane] = urgency, line

    def look_at(self, due: datetime | None) -> None:
        """Look again at a time, if there is one."""
        self.again += [] if due is None else [due]

    def refused(self, error: BridgeError, *, beneath: bool) -> None:
        """Go on beside a message that Slack refuses for good, but in its place only where it still is tried.

        Until the last try the order of things is kept, as it may yet be taken. What comes `beneath` a card
        has a place without it; without a card nothing has.
        """
        if not (beneath and self.work.last_try):
            raise error
        self.failures.append(error)

    @property
    def failure(self) -> BridgeError | None:
        """What went wrong, of several things the one that passes soonest."""
        return min(self.failures, key=_hopeless, default=None)

    def looked(
        self, conversation: Conversation | None, at: datetime, trouble: Callable[[str], str]
    ) -> Looked:
        """What came of the look; `trouble` says what is wrong with a lane."""
        return Looked(
            customer=conversation.customer.id if conversation and conversation.customer else 0,
            updated=conversation.updated_at.timestamp() if conversation else 0,
            at=at.timestamp(),
            again=min(self.again, default=None),
            waits=tuple(self.waits),
            why="; ".join(filter(None, (trouble(lane) for lane in self.waits))),
            missing=tuple(self.missing),
        )


def in_digest(view: View, steps: Sequence[Step], posted: Mapping[str, Posted]) -> Line | None:
    """What a digest may say of a conversation whose first card is due.

    Nothing where somebody has asked for the card, or has written since an earlier digest: that one gets it.
    """
    first = next((step for step in steps if step.key == CARD), None)
    if view.conversation is None or first is None or first.ts is not None:
        return None
    latest = newest(view.conversation)
    if DIGEST in posted and not posted[DIGEST].version.endswith(f":{latest}"):
        return None
    said = [step.key for step in steps if step.key.startswith(pings.PING)]
    wait = clock.waiting(view.conversation)
    waited = view.now - wait.since if wait else None
    return roundup.line(view.conversation, latest, said, waited, pings.calls(view.rungs, said))


def _hopeless(error: BridgeError) -> int:
    if isinstance(error, Misconfigured):
        return 1
    return 0 if isinstance(error, Transient | Ambiguous) else 2
