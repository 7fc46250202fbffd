"""FreeScout's JSON → the objects of `model`. Null, missing, misspelt and unknown are all the same to it."""

from datetime import UTC, datetime

from bot.freescout.fields import Json, date, embedded, identity, integer, table, text, texts, values
from bot.model import (
    Attachment,
    Conversation,
    Customer,
    CustomField,
    FieldValue,
    Folder,
    Mailbox,
    Person,
    Status,
    Thread,
    Timelog,
    User,
    Webhook,
)

_EPOCH = datetime.fromtimestamp(0, UTC)


def conversation(told: object) -> Conversation:
    """Read one conversation, its threads oldest first."""
    row = table(told)
    waiting = table(row.get("customerWaitingSince"))
    created = date(row.get("createdAt")) or _EPOCH
    return Conversation(
        id=identity(row, "conversation"),
        number=integer(row.get("number")) or identity(row, "conversation"),
        mailbox_id=integer(row.get("mailboxId")) or 0,
        status=_status(row.get("status")),
        state=text(row.get("state")) or "published",
        subject=text(row.get("subject")),
        created_at=created,
        updated_at=date(row.get("updatedAt")) or created,
        assignee=_person(row.get("assignee")),
        customer=_person(row.get("customer")),
        closed_at=date(row.get("closedAt")),
        closed_by=_person(row.get("closedByUser")),
        waiting_since=date(waiting.get("time")),
        latest_reply_from=text(waiting.get("latestReplyFrom")),
        cc=texts(row.get("cc")),
        bcc=texts(row.get("bcc")),
        tags=tuple(tag(one) for one in embedded(row, "tags") if tag(one)),
        threads=_threads(row),
        type=text(row.get("type")),
        folder_id=integer(row.get("folderId")) or 0,
        preview=text(row.get("preview")),
        created_by=_person(row.get("createdBy")),
        user_updated_at=date(row.get("userUpdatedAt")),
        fields=tuple(_value(one) for one in _list(row.get("customFields"))),
        timelogs=tuple(timelog(one) for one in embedded(row, "timelogs") if integer(table(one).get("id"))),
    )


def mailbox(told: object) -> Mailbox:
    """Read one mailbox."""
    row = table(told)
    return Mailbox(identity(row, "mailbox"), text(row.get("name")), text(row.get("email")))


def user(told: object) -> User:
    """Read one user."""
    row = table(told)
    return User(
        identity(row, "user"),
        text(row.get("firstName")),
        text(row.get("lastName")),
        text(row.get("email")),
        text(row.get("role")),
    )


def customer(told: object) -> Customer:
    """Read one customer."""
    row = table(told)
    address = table(table(row.get("_embedded")).get("address"))
    return Customer(
        id=identity(row, "customer"),
        first=text(row.get("firstName")),
        last=text(row.get("lastName")),
        company=text(row.get("company")),
        job_title=text(row.get("jobTitle")),
        notes=text(row.get("notes")),
        photo_url=text(row.get("photoUrl")),
        created_at=date(row.get("createdAt")),
        updated_at=date(row.get("updatedAt")),
        emails=values(embedded(row, "emails")),
        phones=values(embedded(row, "phones")),
        websites=values(embedded(row, "websites")),
        social_profiles=values(embedded(row, "social_profiles")),
        city=text(address.get("city")),
        country=text(address.get("country")),
    )


def custom_field(told: object) -> CustomField:
    """Read a custom field of a mailbox. Its options are an object, null, or an empty string."""
    row = table(told)
    options = table(row.get("options"))
    return CustomField(
        identity(row, "custom field"),
        text(row.get("name")),
        text(row.get("type")),
        tuple((text(value), text(words)) for value, words in options.items()),
        row.get("required") in (True, 1, "1"),
    )


def timelog(told: object) -> Timelog:
    """Read one timelog."""
    row = table(told)
    return Timelog(
        identity(row, "timelog"),
        integer(row.get("userId")) or 0,
        integer(row.get("timeSpent")) or 0,
        text(row.get("conversationStatus")),
        row.get("paused") in (True, 1, "1"),
        row.get("finished") in (True, 1, "1"),
        date(row.get("createdAt")),
        date(row.get("updatedAt")),
    )


def folder(told: object) -> Folder:
    """Read one folder."""
    row = table(told)
    return Folder(
        identity(row, "folder"),
        text(row.get("name")),
        text(row.get("type")),
        integer(row.get("userId")),
        integer(row.get("totalCount")) or 0,
        integer(row.get("activeCount")) or 0,
    )


def webhook(told: object) -> Webhook:
    """Read one webhook."""
    row = table(told)
    return Webhook(identity(row, "webhook"), text(row.get("url")), texts(row.get("events")))


def tag(told: object) -> str:
    """Read one tag: a word, or an object that holds it."""
    return text(told) or text(table(told).get("name")) or text(table(told).get("tag"))


def total(told: object) -> int:
    """How many rows a list says it has in all."""
    return integer(table(table(told).get("page")).get("totalElements")) or 0


def total_pages(told: object) -> int:
    """How many pages a list says it has."""
    return integer(table(table(told).get("page")).get("totalPages")) or 1


def complaint(told: object) -> str:
    """Make one line of an error body: the message, and each field with what is wrong with it."""
    row = table(told)
    details = [table(one) for one in embedded(row, "errors")]
    parts = [f"{text(one.get('path'))} {text(one.get('message'))}".strip() for one in details]
    return "; ".join(part for part in (text(row.get("message")), *parts) if part)[:300]


def _threads(row: Json) -> tuple[Thread, ...]:
    # Newest first as sent, and in the wrong order within one second: time and id together are right.
    threads = [thread(one) for one in embedded(row, "threads") if integer(table(one).get("id"))]
    return tuple(sorted(threads, key=lambda one: (one.created_at, one.id)))


def thread(told: object) -> Thread:
    """Read one thread."""
    row = table(told)
    return Thread(
        id=identity(row, "thread"),
        type=text(row.get("type")),
        state=text(row.get("state")) or "published",
        created_at=date(row.get("createdAt")) or _EPOCH,
        body=text(row.get("body")),
        status=text(row.get("status")),
        action=text(table(row.get("action")).get("type")),
        via=text(table(row.get("source")).get("via")),
        source=text(table(row.get("source")).get("type")),
        created_by=_person(row.get("createdBy")),
        customer=_person(row.get("customer")),
        assigned_to=_person(row.get("assignedTo")),
        to=texts(row.get("to")),
        cc=texts(row.get("cc")),
        bcc=texts(row.get("bcc")),
        attachments=tuple(_attachment(one) for one in embedded(row, "attachments")),
    )


def _value(told: object) -> FieldValue:
    row = table(told)
    return FieldValue(
        integer(row.get("id")) or 0, text(row.get("name")), text(row.get("value")), text(row.get("text"))
    )


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _attachment(told: object) -> Attachment:
    row = table(told)
    return Attachment(
        integer(row.get("id")) or 0,
        text(row.get("fileName")) or "a file without a name",
        text(row.get("mimeType")),
        integer(row.get("size")) or 0,
        text(row.get("fileUrl")),
    )


def _person(told: object) -> Person | None:
    row = table(told)
    identity = integer(row.get("id"))
    if identity is None:
        return None
    return Person(
        identity,
        text(row.get("type")) or "person",
        text(row.get("firstName")),
        text(row.get("lastName")),
        text(row.get("email")),
    )


def _status(value: object) -> Status:
    try:
        return Status(text(value).lower())
    except ValueError:
        return Status.ACTIVE  # as the server itself reads what it does not know
