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
    source: str = ""
    """How it came: `web` is FreeScout's own pages, `api` its API, `email` a mail."""
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
    type: str = ""
    folder_id: int = 0
    preview: str = ""
    created_by: Person | None = None
    user_updated_at: datetime | None = None
    fields: tuple["FieldValue", ...] = ()
    timelogs: tuple["Timelog", ...] = ()

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
    known_as: tuple[str, ...] = ()
    """The names that it had before, as far as the bridge has met them."""


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


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer with all that FreeScout keeps of them."""

    id: int
    first: str = ""
    last: str = ""
    company: str = ""
    job_title: str = ""
    notes: str = ""
    photo_url: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    websites: tuple[str, ...] = ()
    social_profiles: tuple[str, ...] = ()
    city: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field that a mailbox's conversations have. `options` maps a dropdown's values to their words."""

    id: int
    name: str
    type: str = ""
    options: tuple[tuple[str, str], ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class FieldValue:
    """What a conversation says in a custom field; `text` is the words for a dropdown's `value`."""

    id: int
    name: str
    value: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Timelog:
    """Time that a user spent on a conversation, in seconds."""

    id: int
    user_id: int
    seconds: int
    status: str = ""
    paused: bool = False
    finished: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of a mailbox."""

    id: int
    name: str = ""
    type: str = ""
    user_id: int | None = None
    total: int = 0
    active: int = 0


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where FreeScout rings, and for which events."""

    id: int
    url: str
    events: tuple[str, ...] = ()
