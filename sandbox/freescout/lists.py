"""Filters, order and pages of the API's lists, with the real server's habits."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from starlette.datastructures import QueryParams

from sandbox.freescout.records import Conversation, Customer
from sandbox.freescout.shapes import Json
from sandbox.freescout.text import parse_date
from sandbox.freescout.world import World

PAGE_SIZE = 50
T = TypeVar("T")
Check = Callable[[Conversation, str], bool]


class Broken(Exception):
    """The real server answers this with status 500 and a page."""


def _date(value: str) -> datetime:
    try:
        return parse_date(value)
    except ValueError as error:
        raise Broken from error


def _any_number(value: str) -> set[int]:
    return {int(part) for part in value.split(",") if part.strip().lstrip("-").isdigit()}


def page(items: Sequence[T], query: QueryParams, name: str, shape: Callable[[T], Json]) -> Json:
    """Cut out a page; past the last one the list is empty. A page size that is no number breaks it."""
    size_text = query.get("pageSize") or str(PAGE_SIZE)
    if not size_text.isdigit() or not int(size_text):
        raise Broken
    size = int(size_text)
    number_text = query.get("page", "")
    number = max(int(number_text), 1) if number_text.isdigit() else 1
    shown = items[(number - 1) * size : number * size]
    return {
        "_embedded": {name: [shape(item) for item in shown]},
        "page": {
            "size": size,
            "totalElements": len(items),
            "totalPages": max(1, -(-len(items) // size)),
            "number": number,
        },
    }


def _candidates(world: World, query: QueryParams) -> Iterable[Conversation]:
    """The smallest set that an index gives, so that one customer's list does not walk over all."""
    if number := query.get("number"):
        found = world.conversations.get(int(number) - world.first_number + 1) if number.isdigit() else None
        return [found] if found else []
    owner = query.get("customerId") or ""
    if not owner and (email := query.get("customerEmail")):
        known = world.customer_with(email)
        owner = str(known.id) if known else "0"
    if owner:
        ids = world.conversations_of.get(int(owner) if owner.isdigit() else 0, {})
        return [world.conversations[each] for each in sorted(ids)]
    return world.conversations.values()


def _checks(world: World, query: QueryParams) -> list[Callable[[Conversation], bool]]:
    """A test for each filter given. Names that are not here are ignored in silence, like an empty value."""
    checks: list[Callable[[Conversation], bool]] = []
    if mailboxes := query.get("mailboxId"):
        wanted = _any_number(mailboxes)
        checks.append(lambda one: one.mailbox in wanted)
    if statuses := query.get("status"):
        words = {word.strip() for word in statuses.split(",")}
        checks.append(lambda one: one.status in words)
    if state := query.get("state"):
        checks.append(lambda one: one.state == state)
    if kind := query.get("type"):
        checks.append(lambda one: one.type == kind)
    if subject := query.get("subject", "").lower():
        checks.append(lambda one: subject in one.subject.lower())
    if tag := query.get("tag"):
        checks.append(lambda one: tag in one.tags)
    if folder := query.get("folderId"):
        checks.append(lambda one: str(world.mailboxes[one.mailbox].folders[one.folder]) == folder)
    return checks + _assignee_check(query) + _date_checks(query)


def _assignee_check(query: QueryParams) -> list[Callable[[Conversation], bool]]:
    assignee = query.get("assignedTo")
    if assignee is None:
        return []
    if assignee == "":
        # The one filter whose empty value means something: unassigned.
        return [lambda one: one.assignee is None]
    return [lambda one: str(one.assignee) == assignee]


def _date_checks(query: QueryParams) -> list[Callable[[Conversation], bool]]:
    checks: list[Callable[[Conversation], bool]] = []
    if created := query.get("createdSince"):
        since_created = _date(created)
        checks.append(lambda one: one.created_at >= since_created)
    if updated := query.get("updatedSince"):
        since_updated = _date(updated)
        checks.append(lambda one: one.updated_at >= since_updated)
    return checks


_SORTS: dict[str, Callable[[Conversation], Any]] = {
    "createdAt": lambda one: one.created_at,
    "mailboxId": lambda one: one.mailbox,
    "number": lambda one: one.number,
    "subject": lambda one: one.subject.lower(),
    "updatedAt": lambda one: one.updated_at,
    "waitingSince": lambda one: one.last_reply_at,
}


def conversations(world: World, query: QueryParams) -> list[Conversation]:
    """Conversations of every status and state, unless filtered: drafts and deleted ones are in it."""
    checks = _checks(world, query)
    found = [one for one in _candidates(world, query) if all(check(one) for check in checks)]
    field = _SORTS.get(query.get("sortField", ""), _SORTS["createdAt"])
    return sorted(found, key=field, reverse=query.get("sortOrder") != "asc")


_CUSTOMER_SORTS: dict[str, Callable[[Customer], Any]] = {
    "createdAt": lambda one: one.created_at,
    "updatedAt": lambda one: one.updated_at,
    "firstName": lambda one: (one.first or "").lower(),
    "lastName": lambda one: (one.last or "").lower(),
}


def customers(world: World, query: QueryParams) -> list[Customer]:
    if email := query.get("email"):
        known = world.customer_with(email)
        found = [known] if known else []
    else:
        found = list(world.customers.values())
    if first := query.get("firstName"):
        found = [one for one in found if one.first == first]
    if last := query.get("lastName"):
        found = [one for one in found if one.last == last]
    if since := query.get("updatedSince"):
        earliest = _date(since)
        found = [one for one in found if one.updated_at >= earliest]
    field = _CUSTOMER_SORTS.get(query.get("sortField", ""), _CUSTOMER_SORTS["createdAt"])
    return sorted(found, key=field, reverse=query.get("sortOrder") != "asc")
