"""FreeScout's JSON → the objects of `model`. Null, missing, misspelt and unknown are all the same to it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.errors import Permanent
from bot.model import Attachment, Conversation, Mailbox, Person, Status, Thread, User

# The manual's samples write 13-24-01 where the server writes 13:24:01.
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d)[:-](\d\d)[:-](\d\d)(?:\.\d+)?(?:Z|\+00:?00)?", re.ASCII)
_EPOCH = datetime.fromtimestamp(0, UTC)

Json = Mapping[str, object]


def conversation(told: object) -> Conversation:
    """Read one conversation, its threads oldest first."""
    row = _table(told)
    waiting = _table(row.get("customerWaitingSince"))
    created = _date(row.get("createdAt")) or _EPOCH
    return Conversation(
        id=_identity(row, "conversation"),
        number=_int(row.get("number")) or _identity(row, "conversation"),
        mailbox_id=_int(row.get("mailboxId")) or 0,
        status=_status(row.get("status")),
        state=_text(row.get("state")) or "published",
        subject=_text(row.get("subject")),
        created_at=created,
        updated_at=_date(row.get("updatedAt")) or created,
        assignee=_person(row.get("assignee")),
        customer=_person(row.get("customer")),
        closed_at=_date(row.get("closedAt")),
        closed_by=_person(row.get("closedByUser")),
        waiting_since=_date(waiting.get("time")),
        latest_reply_from=_text(waiting.get("latestReplyFrom")),
        cc=_texts(row.get("cc")),
        bcc=_texts(row.get("bcc")),
        tags=tuple(_tag(tag) for tag in embedded(row, "tags") if _tag(tag)),
        threads=_threads(row),
    )


def mailbox(told: object) -> Mailbox:
    """Read one mailbox."""
    row = _table(told)
    return Mailbox(_identity(row, "mailbox"), _text(row.get("name")), _text(row.get("email")))


def user(told: object) -> User:
    """Read one user."""
    row = _table(told)
    return User(
        _identity(row, "user"),
        _text(row.get("firstName")),
        _text(row.get("lastName")),
        _text(row.get("email")),
        _text(row.get("role")),
    )


def embedded(told: object, what: str) -> list[object]:
    """List what `_embedded` holds under a name."""
    found = _table(_table(told).get("_embedded")).get(what)
    return list(found) if isinstance(found, list) else []


def total_pages(told: object) -> int:
    """How many pages a list says it has."""
    return _int(_table(_table(told).get("page")).get("totalPages")) or 1


def complaint(told: object) -> str:
    """Make one line of an error body: the message, and each field with what is wrong with it."""
    row = _table(told)
    details = [_table(one) for one in embedded(row, "errors")]
    parts = [f"{_text(one.get('path'))} {_text(one.get('message'))}".strip() for one in details]
    return "; ".join(part for part in (_text(row.get("message")), *parts) if part)[:300]


def _threads(row: Json) -> tuple[Thread, ...]:
    # Newest first as sent, and in the wrong order within one second: time and id together are right.
    threads = [_thread(one) for one in embedded(row, "threads") if _int(_table(one).get("id"))]
    return tuple(sorted(threads, key=lambda thread: (thread.created_at, thread.id)))


def _thread(told: object) -> Thread:
    row = _table(told)
    return Thread(
        id=_identity(row, "thread"),
        type=_text(row.get("type")),
        state=_text(row.get("state")) or "published",
        created_at=_date(row.get("createdAt")) or _EPOCH,
        body=_text(row.get("body")),
        status=_text(row.get("status")),
        action=_text(_table(row.get("action")).get("type")),
        via=_text(_table(row.get("source")).get("via")),
        created_by=_person(row.get("createdBy")),
        customer=_person(row.get("customer")),
        assigned_to=_person(row.get("assignedTo")),
        to=_texts(row.get("to")),
        cc=_texts(row.get("cc")),
        bcc=_texts(row.get("bcc")),
        attachments=tuple(_attachment(one) for one in embedded(row, "attachments")),
    )


def _attachment(told: object) -> Attachment:
    row = _table(told)
    return Attachment(
        _int(row.get("id")) or 0,
        _text(row.get("fileName")) or "a file without a name",
        _text(row.get("mimeType")),
        _int(row.get("size")) or 0,
        _text(row.get("fileUrl")),
    )


def _person(told: object) -> Person | None:
    row = _table(told)
    identity = _int(row.get("id"))
    if identity is None:
        return None
    return Person(
        identity,
        _text(row.get("type")) or "person",
        _text(row.get("firstName")),
        _text(row.get("lastName")),
        _text(row.get("email")),
    )


def _tag(told: object) -> str:
    return _text(told) or _text(_table(told).get("name")) or _text(_table(told).get("tag"))


def _status(value: object) -> Status:
    try:
        return Status(_text(value).lower())
    except ValueError:
        return Status.ACTIVE  # as the server itself reads what it does not know


def _identity(row: Json, what: str) -> int:
    found = _int(row.get("id"))
    if found is None:
        raise Permanent(f"FreeScout sent a {what} without an id")
    return found


def _table(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip().encode("utf-8", "replace").decode()  # half an emoji is no character
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(one) for one in value if _text(one)) if isinstance(value, list) else ()


def _int(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,18}\s*", value):
        return int(value)
    return None


def _date(value: object) -> datetime | None:
    found = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        year, month, day, hour, minute, second = map(int, found.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
