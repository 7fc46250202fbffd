"""The rows that the store hands out."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

_TRIES = 3
FOR_EVER = "convo.deleted_forever"
"""The one bell that says more than to look: what FreeScout has no more was deleted, and is not away."""


class ReplyState(StrEnum):
    """A reply's life; `outbox` draws it."""

    HELD = "held"
    """On disk, and goes at `due`."""
    SENDING = "sending"
    UNKNOWN = "unknown"
    """FreeScout broke off: it is looked for."""
    SENT = "sent"
    BLOCKED = "blocked"
    """Stopped, and its writer is asked."""
    FAILED = "failed"
    """FreeScout did not take it, or nobody can say; its writer has the text back."""
    CANCELLED = "cancelled"


class Choice(StrEnum):
    """What the writer of a stopped reply may do beside editing it or throwing it away."""

    ANYWAY = "anyway"
    """Send it all the same."""
    EDIT = "edit"
    """Nothing: as it is it cannot go."""
    DOUBT = "doubt"
    """Say that it arrived after all."""


@dataclass(frozen=True, slots=True)
class Work:
    """A conversation to look at, claimed by one worker. `rung` counts the bells so far."""

    conversation: int
    reason: str
    rung: int
    attempts: int
    held: float = 0
    """Since when it waits for Slack to take it, in seconds since 1970; 0 where it does not."""
    waits: str = ""
    """The lanes in which it waits, separated by commas."""
    since: float = field(default=0, compare=False)
    """When it was first asked for, in seconds since 1970."""

    @property
    def last_try(self) -> bool:
        """Whether what is nobody's known fault, and goes wrong once more, is set aside."""
        return self.attempts + 1 >= _TRIES


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of a look: whose the conversation is, its last change, and what is still to do."""

    customer: int = 0
    updated: float = 0
    """FreeScout's own time of its last change, in seconds since 1970."""
    at: float = 0
    """When the truth was fetched, in seconds since 1970."""
    again: datetime | None = None
    """When time alone makes another look due."""
    waits: tuple[str, ...] = ()
    """The lanes in which it waits for its turn."""
    why: str = ""
    """What is wrong with those lanes, if anything."""
    missing: tuple[str, ...] = ()
    """The keys of what Slack did not show yet."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something said in a channel; without `ts` the post was begun and not confirmed."""

    channel: str
    key: str
    ts: str
    version: str
    begun: float


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply (`message`) or a `note` as its writer meant it. Two of one `intent` are one."""

    intent: str
    conversation: int
    number: int
    kind: str
    text: str
    """As plain text; `html` is what FreeScout gets, `rich` what Slack's field held, as JSON."""
    user: int
    slack_user: str
    channel: str
    """Where the writer acted, with `thread_ts`."""
    thread_ts: str
    customer_email: str = ""
    """Who the writer saw that a reply goes to."""
    status: str = ""
    """What the conversation is to be afterwards; empty leaves it to FreeScout."""
    rich: str = ""
    html: str = ""
    cc: str = ""
    """Addresses, one a line; so are those of `bcc`."""
    bcc: str = ""
    files: str = ""
    """Slack's ids of what goes along, with spaces between."""
    assign: int = 0
    """Whether the conversation is to be the writer's afterwards."""
    name: str = ""
    """What the writer is called."""
    hold: float = 0
    """Seconds for which everybody sees it before it goes."""
    seen: str = ""
    """The conversation as the writer saw it; see `bot/changes.py`."""


@dataclass(frozen=True, slots=True)
class Reply(Draft):
    """A draft that was sent off, on its way to FreeScout."""

    id: int = 0
    state: str = ReplyState.HELD
    due: float = 0
    """When it goes, or is looked for next, in seconds since 1970."""
    created: float = 0
    """When its writer last said that it shall go, in seconds since 1970."""
    after_thread: int = 0
    """The conversation's newest thread when sending began: the reply's own is a newer one."""
    thread: int = 0
    """Its own thread, once FreeScout has it."""
    attempts: int = 0
    error: str = ""
    choice: str = ""
    now_seen: str = ""
    """The conversation as the writer was shown it when it was stopped."""
    shown: float = 0
    """Since when Slack shows it, in seconds since 1970."""
    changed: int = 1
    """Counts what became of it; `told` is how far Slack shows that."""
    told: int = 0

    @property
    def word(self) -> str:
        """What it is called."""
        return "note" if self.kind == "note" else "reply"


@dataclass(frozen=True, slots=True)
class Writing:
    """Somebody who has a dialog open, `view`, in which an answer to a conversation is written."""

    view: str
    conversation: int
    slack_user: str
    kind: str
    name: str
    kept: str
    """What the dialog carries along, as JSON."""
    version: str
    """What the dialog shows of the conversation."""
    since: float
