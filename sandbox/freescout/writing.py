"""The two API calls that write to people: a new conversation and a new thread, and all they let pass."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sandbox.freescout.answers import Broken, Refused
from sandbox.freescout.desk import Desk, known_status
from sandbox.freescout.records import Actor, Conversation, Thread, ThreadType, Upload
from sandbox.freescout.shapes import Json
from sandbox.freescout.text import parse_date


def number(value: object) -> int:
    """Read a number as PHP does: what is none is 0."""
    try:
        return int(cast(Any, value))
    except (TypeError, ValueError):
        return 0


def _addresses(value: object) -> list[str]:
    return [str(each).strip() for each in value if str(each).strip()] if isinstance(value, list) else []


def _date(value: object) -> datetime | None:
    if not value:
        return None
    try:
        return parse_date(str(value))
    except ValueError as error:
        raise Broken from error


def _text(body: Json) -> str | None:
    """The text, trimmed. Blank becomes null, and is not refused: it goes out as an empty e-mail."""
    if "text" not in body:
        raise Refused("text", "may not be empty")
    return str(body["text"] or "").strip() or None


def _customer(desk: Desk, given: object, path: str) -> int:
    """Find or make the customer that a body names by id or address."""
    one = given if isinstance(given, dict) else {}
    if key := number(one.get("id")):
        if key not in desk.world.customers:
            raise Refused(path, "Customer not found")
        return key
    email = str(one.get("email") or "").strip()
    # Somebody who phoned has a number and a name instead of an address.
    if "@" not in email and not one.get("phone"):
        raise Refused(path, "Customer must have a valid id or email")
    return desk.customer(email, one.get("firstName"), one.get("lastName")).id


def _author(desk: Desk, body: Json, kind: ThreadType, fallback: int | None) -> Actor:
    """Whoever the body says. A user is believed without a look whether there is one, or what they may do."""
    if kind in ("message", "note"):
        user = number(body.get("user"))
        if not user:
            raise Refused("user", "may not be empty")
        return Actor("user", user)
    if body.get("customer") or fallback is None:
        return Actor("customer", _customer(desk, body.get("customer"), "customer"))
    return Actor("customer", fallback)


def _kind(body: Json) -> ThreadType:
    """An unknown type becomes a customer's reply. Only a missing one is refused."""
    if not body.get("type"):
        raise Refused("type", "may not be empty")
    given = body["type"]
    return cast(ThreadType, given) if given in ("message", "note") else "customer"


def reply(desk: Desk, conversation: Conversation, body: Json, uploads: Sequence[Upload] = ()) -> Thread:
    """POST a thread, with what the manual does not say.

    The conversation's CC list becomes what this thread says, also where that is nothing; a `customer`
    takes the conversation over, for an agent's reply too.
    """
    kind = _kind(body)
    text = _text(body)
    known_type = body["type"] == "customer"
    by = _author(desk, body, kind, None if known_type else conversation.customer)
    if kind != "customer" and body.get("customer"):
        desk.world.give_to(conversation, _customer(desk, body["customer"], "customer"))
    elif by.type == "customer":
        desk.world.give_to(conversation, by.id)
    conversation.cc, conversation.bcc = _addresses(body.get("cc")), _addresses(body.get("bcc"))
    imported = body.get("imported") is True
    return desk.write(
        conversation,
        kind,
        by,
        text,
        status=known_status(body["status"]) if "status" in body else None,
        cc=conversation.cc,
        bcc=conversation.bcc,
        uploads=uploads,
        source="api",
        silent=imported,
        created_at=_date(body.get("createdAt")) if imported else None,
    )


def threads_in(body: Json) -> list[Json]:
    """The threads of a new conversation, newest first, as the manual wants them; none where that fails."""
    threads = body.get("threads")
    if not isinstance(threads, list) or not all(isinstance(each, dict) for each in threads):
        return []
    return threads


def _required(desk: Desk, body: Json) -> None:
    if body.get("type") not in ("email", "phone", "chat"):
        raise Refused("type", "Expected one of these: 'email', 'phone', 'chat'")
    if number(body.get("mailboxId")) not in desk.world.mailboxes:
        raise Refused("mailboxId", "Mailbox not found")
    if not str(body.get("subject") or "").strip():
        raise Refused("subject", "may not be empty")
    if not threads_in(body):
        raise Refused("threads", "may not be empty")


def set_fields(desk: Desk, conversation: Conversation, given: object) -> None:
    """Set custom fields by id; names do not count. Whatever stands there is passed over in silence."""
    for each in given if isinstance(given, list) else []:
        if isinstance(each, dict):
            value = each.get("value")
            text = "" if value is None else str(value)
            desk.world.set_field(conversation, number(each.get("id")), text)


def _opened(desk: Desk, body: Json, *, by: Actor, customer: int, state: str) -> Conversation:
    imported = body.get("imported") is True
    created_at = _date(body.get("createdAt")) if imported else None
    closed_at = _date(body.get("closedAt")) if imported else None
    conversation = desk.open(
        mailbox=number(body["mailboxId"]),
        customer=customer,
        subject=str(body["subject"]).strip(),
        by=by,
        source="api",
        kind=str(body["type"]),
        status=known_status(body["status"]) if "status" in body else None,
        state=state,
        assignee=number(body["assignTo"]) if number(body.get("assignTo")) > 0 else None,
        created_at=created_at,
    )
    conversation.closed_at = closed_at
    if conversation.status == "closed":
        conversation.closed_at = closed_at or desk.world.now()
        conversation.closed_by = by.id if by.type == "user" else None
    return conversation


def begin(desk: Desk, body: Json, uploads: Sequence[Sequence[Upload]] = ()) -> Conversation:
    """POST a conversation with its threads. `uploads` are those of each thread, in the body's order."""
    _required(desk, body)
    threads = threads_in(body)[::-1]
    files = [*uploads][::-1] or [()] * len(threads)
    customer = _customer(desk, body.get("customer"), "customer")
    written = [(_kind(each), _text(each), each) for each in threads]
    authors = [_author(desk, each, kind, customer) for kind, _, each in written]
    imported = body.get("imported") is True
    # Read before the conversation is made: a bad date breaks the call, and should leave nothing behind.
    dates = [_date(each.get("createdAt")) if imported else None for each in threads]
    state = "draft" if threads[0].get("state") == "draft" else "published"
    conversation = _opened(desk, body, by=authors[0], customer=customer, state=state)
    set_fields(desk, conversation, body.get("customFields"))
    for (kind, text, each), by, files_of, date in zip(written, authors, files, dates, strict=True):
        conversation.cc, conversation.bcc = _addresses(each.get("cc")), _addresses(each.get("bcc"))
        desk.write(
            conversation,
            kind,
            by,
            text,
            status=conversation.status if "status" in body else None,
            cc=conversation.cc,
            bcc=conversation.bcc,
            uploads=files_of,
            source="api",
            silent=imported,
            state=state,
            created_at=(date or conversation.created_at) if imported else None,
        )
    return conversation
