"""What the stand-in keeps: mailboxes, users, customers, conversations and their threads, and mail sent."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

STATUSES = ("active", "pending", "closed", "spam")
FOLDERS = ("Unassigned", "Drafts", "Assigned", "Closed", "Spam", "Deleted")

ThreadType = Literal["customer", "message", "note", "lineitem"]
UserKind = Literal["person", "disabled", "robot"]
FieldType = Literal["text", "dropdown", "date", "number", "multi"]


def folder_of(state: str, status: str, *, unassigned: bool) -> str:
    """The name of the folder in which such a conversation lies."""
    if state != "published":
        return "Drafts" if state == "draft" else "Deleted"
    if status in ("closed", "spam"):
        return status.title()
    return "Unassigned" if unassigned else "Assigned"


class Actor(NamedTuple):
    """Who did something. The id may be of nobody: the real server does not check it."""

    type: Literal["user", "customer"]
    id: int


class Upload(NamedTuple):
    """A file on its way in."""

    name: str
    mime_type: str
    data: bytes


@dataclass(slots=True)
class Mailbox:
    id: int
    name: str
    email: str
    created_at: datetime
    folders: dict[str, int]


@dataclass(slots=True)
class User:
    id: int
    first: str
    last: str
    email: str
    role: str
    created_at: datetime
    updated_at: datetime
    mailboxes: set[int] = field(default_factory=set)
    kind: UserKind = "person"
    """Nothing that the API says tells a disabled user or a robot from the others."""
    details: dict[str, str | None] = field(default_factory=dict)
    """alternateEmails, jobTitle, phone, timezone, photoUrl: under the names the API gives them."""

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}".strip()

    @property
    def is_deleted(self) -> bool:
        return "_deleted" in self.email

    @property
    def can_log_in(self) -> bool:
        return self.kind == "person" and not self.is_deleted


class Entry(NamedTuple):
    """An address, a number, a profile or a website of a customer. Only addresses have an id of their own."""

    id: int
    value: str
    type: str


@dataclass(slots=True)
class Customer:
    id: int
    emails: list[Entry]
    first: str | None
    last: str | None
    created_at: datetime
    updated_at: datetime
    details: dict[str, str | None] = field(default_factory=dict)
    """jobTitle, company, photoType, photoUrl, notes: under the names the API gives them."""
    lists: dict[str, list[Entry]] = field(default_factory=dict)
    """phones, social_profiles, websites: likewise."""
    address: dict[str, str | None] = field(default_factory=dict)

    @property
    def email(self) -> str:
        """The main address; customers who phoned may have none."""
        return self.emails[0].value if self.emails else ""

    @property
    def name(self) -> str:
        """The full name, or the address of somebody without one, as line items have it."""
        return " ".join(filter(None, (self.first, self.last))) or self.email


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field that the Custom Fields module adds to a mailbox. Only a dropdown has options, by number."""

    id: int
    mailbox: int
    name: str
    type: FieldType
    options: dict[str, str]
    required: bool
    sort_order: int

    def text(self, value: str | None) -> str:
        """What a dropdown's value stands for; nothing for other fields, whose value is the text."""
        return self.options.get(value or "", "")


@dataclass(frozen=True, slots=True)
class Timelog:
    """A stretch of work that the Time Tracking module noted."""

    id: int
    user: int
    seconds: int
    status: str
    paused: bool
    finished: bool
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class Attachment:
    id: int
    name: str
    mime_type: str
    data: bytes
    path: str
    token: str


@dataclass(slots=True)
class Thread:
    id: int
    type: ThreadType
    created_at: datetime
    created_by: Actor
    customer: int
    assignee: int | None
    body: str | None
    source: str
    text: str
    action: str = ""
    # The real server writes the conversation's status into line items only; all else says "active".
    status: str = "active"
    state: str = "published"
    to: list[str] = field(default_factory=list)
    cc: list[str] = field(default_factory=list)
    bcc: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def is_reply(self) -> bool:
        return self.type in ("customer", "message")


@dataclass(slots=True)
class Conversation:
    id: int
    number: int
    type: str
    subject: str
    mailbox: int
    customer: int
    created_by: Actor
    source: str
    created_at: datetime
    updated_at: datetime
    last_reply_at: datetime
    last_reply_from: str
    status: str = "active"
    state: str = "published"
    # None is unassigned. Any number may stand here, because the API checks none.
    assignee: int | None = None
    preview: str = ""
    threads_count: int = 0
    closed_by: int | None = None
    closed_at: datetime | None = None
    user_updated_at: datetime | None = None
    cc: list[str] = field(default_factory=list)
    bcc: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)

    @property
    def folder(self) -> str:
        """The name of the folder that it lies in."""
        return folder_of(self.state, self.status, unassigned=self.assignee is None)


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail that went to a customer."""

    to: list[str]
    cc: list[str]
    bcc: list[str]
    subject: str
    body: str
    text: str
    time: datetime
    conversation: int
    thread: int
