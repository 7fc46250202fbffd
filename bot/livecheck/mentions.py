"""Every name that bridge.toml uses of something in FreeScout or in Slack, and where it stands. Pure.

It reads a file in which the reader found nothing wrong.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.ladderfile import Kind as Tell
from bot.ladderfile import Rung
from bot.routing.conditions import ANYBODY, NOBODY
from bot.tables import Where, duration, mailbox


class Kind(StrEnum):
    """What a name is of."""

    MAILBOX = "mailbox"
    TAG = "tag"
    FIELD = "custom field"
    USER = "user"
    CHANNEL = "channel"
    GROUP = "user group"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Mention:
    """One name. Of a field there are the `values` that are asked for, and the mailboxes that may have it."""

    kind: Kind
    name: str | int
    where: Where
    values: tuple[str, ...] = ()
    boxes: tuple[str | int, ...] = ()
    open_to: frozenset[str] = frozenset()
    """Who else may read a channel."""


def mentions(root: Where, content: Mapping[str, Any]) -> Iterator[Mention]:
    """List them, table by table."""
    for place, route in enumerate(content.get("routes", [])):
        yield from _route(root.part(f"route {place + 1}", "routes", place), route)
    for key in ("hours", "ladder"):
        for place, table in enumerate(content.get(key, [])):
            where = root.part(f"{key} {place + 1}", key, place)
            yield from _each(Kind.MAILBOX, where, table, "mailbox")
            yield from _ladder(where, table)
    operators = root.part("[operators]", "operators"), content.get("operators", {})
    yield from _each(Kind.CHANNEL, *operators, "channel")
    yield from _each(Kind.PERSON, *operators, "people")


def _route(where: Where, route: Mapping[str, Any]) -> Iterator[Mention]:
    open_to = frozenset(_several(route.get("open_to", [])))
    yield Mention(
        Kind.CHANNEL, route["channel"].strip().removeprefix("#"), where.key("channel"), open_to=open_to
    )
    boxes = tuple(mailbox(one) for one in _several(route.get("mailbox", [])))
    yield from _conditions(where, route, boxes)


def _conditions(where: Where, table: Mapping[str, Any], boxes: tuple[str | int, ...]) -> Iterator[Mention]:
    yield from _each(Kind.MAILBOX, where, table, "mailbox")
    yield from _each(Kind.TAG, where, table, "tag")
    users = _each(Kind.USER, where, table, "assignee")
    yield from (one for one in users if str(one.name).casefold() not in (NOBODY, ANYBODY))
    for place, fields in enumerate(_several(table.get("field", []))):
        for name, value in fields.items():
            here = where.key("field", place, name) if isinstance(table["field"], list) else None
            values = tuple(str(one) for one in _several(value) if one is not True)
            yield Mention(Kind.FIELD, name, here or where.key("field", name), values, boxes)
    for group in ("all", "any", "unless"):
        said = table.get(group, [])
        for place, inner in enumerate(_several(said)):
            path = (group, place) if isinstance(said, list) else (group,)
            yield from _conditions(where.part(f"{group} {place + 1}", *path), inner, boxes)


def _ladder(where: Where, table: Mapping[str, Any]) -> Iterator[Mention]:
    yield from _each(Kind.GROUP, where, table, "on_duty")
    for place, step in enumerate(table.get("steps", [])):
        here = where.key("steps").part(f"step {place + 1}", place)
        after = duration(step.get("after"))
        told = Rung(after, str(step.get("tell", Tell.THREAD)).strip()) if after else None
        kind = {Tell.GROUP: Kind.GROUP, Tell.PERSON: Kind.PERSON}.get(told.kind) if told else None
        if told and kind:
            yield Mention(kind, told.tell, here.key("tell"))


def _each(kind: Kind, where: Where, table: Mapping[str, Any], key: str) -> Iterator[Mention]:
    """The one name under a key, or each of its list."""
    said = table.get(key, [])
    for place, one in enumerate(_several(said)):
        name = mailbox(one) if kind is Kind.MAILBOX else str(one).strip()
        if kind is Kind.CHANNEL:
            name = str(name).removeprefix("#")
        if name != "":
            yield Mention(kind, name, where.key(key, place) if isinstance(said, list) else where.key(key))


def _several(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]
