"""What a plan depends on, and what it comes to: views, steps, and the keys of all that can be said."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, IntEnum, auto

from bot.cards import Message
from bot.model import Attachment, Conversation, Mailbox
from bot.pings import Rungs
from bot.quiet import Calm, Quiet
from bot.routing import Body, Deliver, Event, Route
from bot.store import Delivery, Writing
from bot.verdicts import Scene, Verdict

CARD = "card"
DIGEST = "digest"
"""The key of a line in a digest, which stands for a card that did not come."""
LIST = "waiting"
"""The key of a channel's list of those who wait too long, under conversation 0: see `waitlist`."""
RECEIPT = "reply:"
"""How the keys begin under which it is said what becomes of a reply: `teller` keeps those, not the plan."""
ANEW = "anew"
"""The key that says that a card was deleted by hand and came anew."""
HEADS = (CARD, DIGEST, ANEW)
"""The keys that say in which channels a conversation is: see `shown_in`."""
FILES, UNFETCHED = "files:", "unfetched:"
"""How the keys begin of a thread's files, and of the line for those that cannot be brought."""
ASKED = "asked"
"""The version of such a line when somebody asked for the card."""
TOP = "top-"
"""How the version begins of what stands in the channel and not in the card's thread."""
LEFT = "left-"
"""How the version begins of a card in a channel where the conversation does not belong any more."""


@dataclass(frozen=True, slots=True)
class Posted:
    """Something that Slack shows: its message's ts, and the version of the truth that it shows."""

    ts: str
    version: str


def shown_in(said: Iterable[Delivery]) -> frozenset[str]:
    """The channels that show a conversation as one of theirs, of all that stands of it."""
    heads = [one for one in said if one.key in HEADS]
    return frozenset(one.channel for one in heads) - {
        one.channel for one in heads if one.version.startswith(LEFT)
    }


class Urgency(IntEnum):
    """What goes first where a channel cannot take everything at once."""

    CARD = 0
    CUSTOMER = 1
    PING = 2
    QUIET = 3
    REFRESH = 4


class Bar(Enum):
    """What keeps a conversation from being shown as ever in a channel."""

    NONE = auto()
    GONE = auto()
    """FreeScout has it no more."""
    DIRECT = auto()
    """It is somebody's direct messages: there is no card, and only what is meant for them."""
    HIDDEN = auto()
    """A draft, deleted, or spam."""
    LEFT = auto()
    """No route leads there."""
    LINE = auto()
    """A line in a digest stands for it."""
    HISTORY = auto()
    """It was closed before the route was there."""
    CARDLESS = auto()
    """The route has no card for it."""
    BUNDLED = auto()
    """The next digest tells of it first."""


@dataclass(frozen=True, slots=True)
class Step:
    """Say something under a key, or say it anew in the message `ts`. All but the card goes in its thread."""

    key: str
    version: str
    message: Message
    ts: str | None = None
    urgency: Urgency = Urgency.QUIET
    at: datetime | None = None
    """When what it tells of happened."""
    files: tuple[Attachment, ...] = ()
    """What is to be brought; such a step is the carrier's, and has no words."""
    broadcast: bool = False
    """Whether it stands in the channel as well as in the card's thread."""
    bundled: Event | None = None
    """What it tells of, where it is to be said together with others, later."""

    @property
    def top(self) -> bool:
        """Whether it stands in the channel, and in no thread."""
        return self.key == CARD or self.version.startswith(TOP)


@dataclass(frozen=True, slots=True)
class View:
    """All that a plan for one channel depends on. `conversation` is None where FreeScout has it no more."""

    conversation: Conversation | None
    mailbox: Mailbox | None
    url: str
    routed: bool
    """Whether this channel is where the conversation belongs now."""
    rungs: Rungs | None
    """None while nobody knows whom the steps of the ladder reach: then none is said or changed."""
    now: datetime
    quiet: Quiet | None = None
    """What keeps the wait quiet: while it holds, no step is said."""
    writing: Sequence[Writing] = ()
    """Who has a dialog open for an answer to it."""
    notes: bool = False
    """Whether what is typed in the card's thread becomes a note."""
    typed: Collection[int] = ()
    """The notes, by their thread's id, that were typed there: their words stand in Slack already."""
    listed: bool = False
    """Whether the channel's list speaks of it: then no step of the ladder is told to the channel beside."""
    calm: Calm = field(default_factory=Calm)
    """Who is on it, and until when it is put aside."""
    asks: bool = False
    """Whether this channel is where people are asked about that."""
    deliver: Deliver = field(default_factory=Deliver)
    body: Body = Body.FULL
    own: Collection[int] = ()
    """The threads that came of what somebody did in Slack."""
    deaf: str = ""
    """Why the assignee gets no direct messages; empty where they do."""
    told: Collection[str] = ()
    """The keys of what stands in direct messages."""
    since: float = 0
    """Since when there is such a route, in seconds since 1970."""
    elsewhere: tuple[str, ...] = ()
    """The other channels that show it."""
    moved: bool = False
    """Whether it was moved to a mailbox of which this channel shows nothing."""
    news: tuple[Verdict, ...] = ()
    """What is to be said here, where it is the assignee's direct messages."""
    direct: bool = False
    """Whether it is somebody's direct messages."""
    blind: bool = False
    """Whether their reader may not see it any more."""

    def by(self, route: Route | None) -> "View":
        """The same by a route; without one, the conversation does not belong here."""
        if route is None:
            return replace(self, routed=False)
        return replace(
            self,
            routed=True,
            notes=route.notes,
            deliver=route.deliver,
            body=route.body,
            since=route.since,
        )

    def scene(self, posted: Mapping[str, Posted]) -> Scene:
        """What the verdicts depend on; a line in a digest stands for a card."""
        head = posted.get(CARD) or posted.get(DIGEST)
        card = float(head.ts) if head else None
        return Scene(self.deliver, self.now, card, self.own, self.deaf, self.told)


def step_over(posted: Mapping[str, Posted], step: Step) -> list[Step]:
    """The step, or its edit in the message that stands already; nothing where that says the same."""
    shown = posted.get(step.key)
    if shown is None:
        return [step]
    if ":" not in shown.version and shown.version.removeprefix(TOP) != step.version.removeprefix(TOP):
        top = TOP if shown.version.startswith(TOP) else ""  # where it stands, it stays
        return [over(shown, replace(step, version=top + step.version.removeprefix(TOP), bundled=None))]
    return []


def over(shown: Posted | None, step: Step) -> Step:
    """The same step, in the message that stands already where there is one."""
    return replace(step, ts=shown.ts, urgency=Urgency.REFRESH) if shown else step


def digest(*parts: object) -> str:
    """A version: parts that are the same give the same."""
    return hashlib.sha256(repr(parts).encode("utf-8", "replace")).hexdigest()[:16]
