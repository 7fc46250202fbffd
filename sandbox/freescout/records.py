"""What the stand-in keeps: mailboxes, users, customers, conversations and their threads, and mail sent."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

STATUSES = ("active", "pending", "closed", "spam")
FOLDERS = ("Unassigned", "Drafts", "Assigned", "Closed", "Spam", "Deleted")

ThreadType = Literal["customer", "message", "note", "lineitem"]


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

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}".strip()


@dataclass(slots=True)
class Customer:
    id: int
    email: str
    first: str | None
    last: str | None
    created_at: datetime
    updated_at: datetime
    details: dict[str, str | None] = field(default_factory=dict)
    """jobTitle, company, notes: under the names the API gives them."""

    @property
    def name(self) -> str:
        """The full name, or the address of somebody without one, as line items have it."""
        return " ".join(filter(None, (self.first, self.last))) or self.email


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
        if self.state != "published":
            return "Drafts" if self.state == "draft" else "Deleted"
        if self.status in ("closed", "spam"):
            return self.status.title()
        return "Unassigned" if self.assignee is None else "Assigned"


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
