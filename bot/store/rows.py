"""The rows that the store hands out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ReplyState(StrEnum):
    """A reply's life: queued → sending → sent, or failed; unknown while nobody can say whether it went."""

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    FAILED = "failed"


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
    user: int
    slack_user: str
    channel: str
    thread_ts: str
    customer_email: str = ""
    """Who the writer saw that a reply goes to."""
    status: str = ""
    """What the conversation is to be afterwards; empty leaves it to FreeScout."""


@dataclass(frozen=True, slots=True)
class Reply(Draft):
    """A draft that was sent off, on its way to FreeScout."""

    id: int = 0
    state: str = ReplyState.QUEUED
    after_thread: int = 0
    """The conversation's newest thread when sending began: the reply's own is a newer one."""
    attempts: int = 0
    error: str = ""
