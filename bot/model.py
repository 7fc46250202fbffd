"""What FreeScout knows, as frozen objects. Nothing here knows how it came over the wire."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """What a conversation's status can be; FreeScout turns any other word into `active`."""

    ACTIVE = "active"
    PENDING = "pending"
    CLOSED = "closed"
    SPAM = "spam"


@dataclass(frozen=True, slots=True)
class Person:
    """A customer or a user as a conversation mentions them. FreeScout may know no name and no address."""

    id: int
    type: str
    first: str = ""
    last: str = ""
    email: str = ""

    @property
    def name(self) -> str:
        """Full name, else the address, else what kind of person it is."""
        return " ".join(part for part in (self.first, self.last) if part) or self.email or f"a {self.type}"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file on a thread. `url` opens it for anyone, for ever: never show it."""

    id: int
    name: str
    mime: str = ""
    size: int = 0
    url: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """One entry of a conversation: `customer`, `message` (an agent's reply), `note` or `lineitem`."""

    id: int
    type: str
    state: str
    created_at: datetime
    body: str = ""
    status: str = ""
    action: str = ""
    via: str = ""
    created_by: Person | None = None
    customer: Person | None = None
    assigned_to: Person | None = None
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation. `id` is what addresses it, `number` is what people say."""

    id: int
    number: int
    mailbox_id: int
    status: Status
    state: str
    subject: str
    created_at: datetime
    updated_at: datetime
    assignee: Person | None = None
    customer: Person | None = None
    closed_at: datetime | None = None
    closed_by: Person | None = None
    waiting_since: datetime | None = None
    latest_reply_from: str = ""
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    threads: tuple[Thread, ...] = ()

    @property
    def published(self) -> bool:
        """Neither a draft nor deleted."""
        return self.state == "published"

    @property
    def title(self) -> str:
        """Number and subject, as people quote it."""
        return f"#{self.number} {self.subject or '(no subject)'}"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox."""

    id: int
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """Someone who can log in to FreeScout."""

    id: int
    first: str = ""
    last: str = ""
    email: str = ""
    role: str = ""

    @property
    def name(self) -> str:
        """Full name, else the address."""
        return " ".join(part for part in (self.first, self.last) if part) or self.email or f"user {self.id}"
