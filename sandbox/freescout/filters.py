"""The filters of the API's lists. Names that are not here are ignored in silence, as on the real server."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.datastructures import QueryParams

from sandbox.freescout.answers import Broken
from sandbox.freescout.records import Conversation, Customer
from sandbox.freescout.text import parse_date
from sandbox.freescout.world import World


def _since(text: str | None) -> datetime | None:
    """Read a date, or break as the real server does."""
    try:
        return parse_date(text).astimezone(UTC) if text else None
    except ValueError as error:
        raise Broken from error


def _numbers(text: str) -> set[int]:
    return {int(part) for part in text.split(",") if part.strip().lstrip("-").isdigit()}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conversations a list shall have; None lets all through, and so does an empty value."""

    mailboxes: set[int] | None = None
    folder: str | None = None
    statuses: set[str] | None = None
    state: str | None = None
    kind: str | None = None
    assignees: set[int | None] | None = None
    tag: str | None = None
    subject: str | None = None
    created: datetime | None = None
    updated: datetime | None = None

    def sift(self, items: list[Conversation]) -> list[Conversation]:
        """Leave what passes. All in one go: a call or a list for each filter takes three times as long."""
        if self == Wanted():
            return items
        mailboxes, folder, statuses, state = self.mailboxes, self.folder, self.statuses, self.state
        kind, assignees, tag, subject = self.kind, self.assignees, self.tag, self.subject
        created, updated = self.created, self.updated
        return [
            one
            for one in items
            if (mailboxes is None or one.mailbox in mailboxes)
            and (statuses is None or one.status in statuses)
            and (state is None or one.state == state)
            and (assignees is None or one.assignee in assignees)
            and (updated is None or one.updated_at >= updated)
            and (created is None or one.created_at >= created)
            and (kind is None or one.type == kind)
            and (tag is None or tag in one.tags)
            and (folder is None or one.folder == folder)
            and (subject is None or subject in one.subject.lower())
        ]


def wanted(world: World, query: QueryParams) -> Wanted:
    """What a query asks for, but for what `Lists` has an index of."""
    mailboxes = _numbers(query["mailboxId"]) if query.get("mailboxId") else None
    folder = None
    if key := query.get("folderId"):
        # A folder belongs to one mailbox.
        mailbox, folder = _folder(world, key)
        mailboxes = {mailbox} if mailboxes is None else mailboxes & {mailbox}
    statuses = query.get("status")
    return Wanted(
        mailboxes=mailboxes,
        folder=folder,
        statuses={word.strip() for word in statuses.split(",")} if statuses else None,
        state=query.get("state") or None,
        kind=query.get("type") or None,
        assignees=_assignees(query.get("assignedTo")),
        tag=query.get("tag") or None,
        subject=query.get("subject", "").lower() or None,
        created=_since(query.get("createdSince")),
        updated=_since(query.get("updatedSince")),
    )


def _folder(world: World, key: str) -> tuple[int, str]:
    for box in world.mailboxes.values():
        for name, known in box.folders.items():
            if str(known) == key:
                return box.id, name
    return 0, ""


def _assignees(text: str | None) -> set[int | None] | None:
    """The one filter whose empty value means something: unassigned."""
    if text is None:
        return None
    return {int(text) if text.lstrip("-").isdigit() else 0} if text else {None}


def sift_customers(items: Iterable[Customer], query: QueryParams) -> list[Customer]:
    """Leave what passes. The database does not tell upper case from lower."""
    first, last = query.get("firstName", "").lower(), query.get("lastName", "").lower()
    phone, words = _digits(query.get("phone", "")), query.get("query", "").lower()
    updated = _since(query.get("updatedSince"))
    return [
        one
        for one in items
        if (not first or (one.first or "").lower() == first)
        and (not last or (one.last or "").lower() == last)
        and (not phone or _has_phone(one, phone))
        and (updated is None or one.updated_at >= updated)
        and (not words or _mentions(one, words))
    ]


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _has_phone(one: Customer, digits: str) -> bool:
    return any(_digits(entry.value) == digits for entry in one.lists.get("phones", ()))


def _mentions(one: Customer, words: str) -> bool:
    addresses = " ".join([entry.value for entry in one.emails])
    return words in f"{one.first} {one.last} {one.details.get('company')} {addresses}".lower()
