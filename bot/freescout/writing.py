"""What is written to FreeScout, and the guards before the wire, each named after the harm it prevents."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape

from bot.errors import UserError
from bot.freescout.query import moment
from bot.model import Status, User

UNASSIGN = -1
"""0 corrupts a conversation and an unknown id loses it; -1 and null unassign."""
KINDS = ("message", "note", "customer")

_TAG = re.compile(r"<(?!img\b)[a-z/!][^>]*>", re.IGNORECASE)
"""A tag that shows nothing by itself."""

Body = dict[str, object]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to attach: its bytes, or an address that FreeScout fetches it from."""

    name: str
    mime: str
    data: bytes | None = None
    url: str = ""

    def body(self) -> Body:
        """As the API takes it."""
        made: Body = {"fileName": self.name, "mimeType": self.mime}
        if self.data is not None:
            return {**made, "data": base64.b64encode(self.data).decode()}
        if not self.url:
            raise UserError("A file needs its content or an address.")
        return {**made, "fileUrl": self.url}


@dataclass(frozen=True, slots=True)
class Whom:
    """A customer by id or by address; the rest is used only where the address is new to the server."""

    email: str = ""
    id: int | None = None
    first: str = ""
    last: str = ""

    def body(self) -> Body:
        """As the API takes it."""
        if self.id is not None:
            return {"id": self.id}
        if not self.email:
            raise UserError("A customer is named by an id or an address.")
        named = {"email": self.email, "firstName": self.first, "lastName": self.last}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class NewThread:
    """A thread to add: a reply to the customer (`message`), a `note`, or a `customer`'s own message.

    `user` writes messages and notes; `customer` (an address, or a `Whom`) writes the third kind, and is
    never sent with the others: another one than the conversation's would take it over. `text` is HTML.
    `cc` is the whole list: what it leaves out, the server wipes. `created_at` counts for imported ones alone.
    """

    kind: str
    text: str
    cc: Sequence[str]
    user: int | None = None
    customer: str | Whom = ""
    bcc: Sequence[str] = ()
    status: Status | None = None
    imported: bool = False
    created_at: datetime | None = None
    files: Sequence[Upload] = ()

    def body(self) -> Body:
        """As the API takes it; raise UserError where it would do harm."""
        never_a_reply_by_mistake(self.kind)
        never_an_empty_mail(self.text)
        made: Body = {"type": self.kind, "text": self.text, "cc": list(self.cc)}
        if self.kind == "customer":
            if not self.customer:
                raise UserError("A customer's message needs the customer's address.")
            made["customer"] = _whom(self.customer).body()
        elif self.user is None or self.customer:
            raise UserError("A reply or a note is written by a user, and names no customer.")
        else:
            made["user"] = self.user
        if self.bcc:
            made["bcc"] = list(self.bcc)
        if self.status is not None:
            made["status"] = never_active_by_a_typo(self.status)
        if self.imported:
            made["imported"] = True
        if self.created_at is not None:
            made["createdAt"] = moment(self.created_at)
        if self.files:
            made["attachments"] = [file.body() for file in self.files]
        return made


@dataclass(frozen=True, slots=True)
class NewConversation:
    """A conversation to open, with at least one thread, oldest first here."""

    mailbox: int
    subject: str
    customer: str | Whom
    threads: Sequence[NewThread]
    type: str = "email"
    imported: bool = False
    assignee: int | None = None
    status: Status | None = None
    fields: Mapping[int, str] | None = None
    created_at: datetime | None = None
    closed_at: datetime | None = None

    def body(self) -> Body:
        """As the API takes it: its threads newest first."""
        if not self.threads:
            raise UserError("A conversation needs a first message.")
        if not self.subject.strip():
            raise UserError("A conversation needs a subject.")
        made: Body = {
            "type": self.type,
            "mailboxId": self.mailbox,
            "subject": self.subject,
            "customer": _whom(self.customer).body(),
            "threads": [thread.body() for thread in reversed(self.threads)],
        }
        optional: Body = {
            "imported": self.imported or None,
            "assignTo": self.assignee,
            "status": never_active_by_a_typo(self.status) if self.status else None,
            "customFields": field_values(self.fields) if self.fields else None,
            "createdAt": moment(self.created_at) or None,
            "closedAt": moment(self.closed_at) or None,
        }
        return made | {name: value for name, value in optional.items() if value is not None}


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer to add or to change; what is empty is left out."""

    first: str = ""
    last: str = ""
    emails: Sequence[str] = ()
    phones: Sequence[str] = ()
    company: str = ""
    job_title: str = ""
    notes: str = ""
    photo_url: str = ""
    photo_type: str = ""
    websites: Sequence[str] = ()
    social_profiles: Sequence[tuple[str, str]] = ()
    address: Mapping[str, str] | None = None

    def body(self) -> Body:
        """As the API takes it."""
        made: Body = {
            "firstName": self.first,
            "lastName": self.last,
            "emails": [{"value": one, "type": "work"} for one in self.emails],
            "phones": [{"value": one, "type": "work"} for one in self.phones],
            "company": self.company,
            "jobTitle": self.job_title,
            "notes": self.notes,
            "photoUrl": self.photo_url,
            "photoType": self.photo_type,
            "websites": [{"value": one} for one in self.websites],
            "socialProfiles": [{"value": value, "type": kind} for kind, value in self.social_profiles],
            "address": dict(self.address or {}),
        }
        return {name: value for name, value in made.items() if value}


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to add: never an administrator, with no mailbox yet and no invitation."""

    first: str
    last: str
    email: str
    password: str = ""
    alternate_emails: str = ""
    job_title: str = ""
    phone: str = ""
    timezone: str = ""
    photo_url: str = ""

    def body(self) -> Body:
        """As the API takes it."""
        made: Body = {
            "firstName": self.first,
            "lastName": self.last,
            "email": self.email,
            "password": self.password,
            "alternateEmails": self.alternate_emails,
            "jobTitle": self.job_title,
            "phone": self.phone,
            "timezone": self.timezone,
            "photoUrl": self.photo_url,
        }
        return {name: value for name, value in made.items() if value}


def _whom(customer: str | Whom) -> Whom:
    return Whom(customer) if isinstance(customer, str) else customer


def field_values(values: Mapping[int, str]) -> list[Body]:
    """Custom fields by id, as the API takes them."""
    return [{"id": field, "value": value} for field, value in values.items()]


def never_an_empty_mail(html: str) -> None:
    """Refuse blank text, and tags around nothing: the server would mail it."""
    if not unescape(_TAG.sub("", html)).strip():
        raise UserError("There is no text to send.")


def never_active_by_a_typo(status: str) -> str:
    """Pass known statuses alone: the server makes `active` of any other word."""
    try:
        return Status(status).value
    except ValueError:
        raise UserError(f"FreeScout has no status {status!r}.") from None


def never_a_reply_by_mistake(kind: str) -> None:
    """Pass known types alone: the server makes a customer's reply of any other word."""
    if kind not in KINDS:
        raise UserError(f"FreeScout has no thread of type {kind!r}.")


def never_gone(assignee: User) -> None:
    """Refuse an assignee who was deleted: an administrator's mailboxes still answer as if they were there."""
    if is_deleted(assignee):
        raise UserError(f"User {assignee.id} was deleted, so nothing was done.")


def is_deleted(user: User) -> bool:
    """Deleted users stay in the list, with a mark in their address alone."""
    return "_deleted" in user.email


def never_lost(assignee: int, mailbox: int, allowed: Sequence[int]) -> None:
    """Refuse an assignee who cannot see the mailbox: nobody would find the conversation again."""
    if mailbox not in allowed:
        raise UserError(f"User {assignee} cannot see this conversation's mailbox, so nothing was done.")
