"""What a route names, compared with what FreeScout has: mailboxes, tags, custom fields, users."""

import copy
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from bot.desk import Desk
from bot.freescout import NotFound, Refused
from bot.model import CustomField, Mailbox
from bot.tables import meant
from bot.watching.stored import Problem

Table = dict[str, Any]
T = TypeVar("T")

_GROUPS = ("all", "any", "unless")
_ANYONE = ("nobody", "anybody")
_MOST_MAILBOXES = 50
"""Each is asked for its fields by itself."""


async def checked(desk: Desk, spec: Mapping[str, Any]) -> tuple[Table, tuple[Problem, ...]]:
    """Compare a route's table with FreeScout; return it with the mailboxes by their ids, which never change.

    What FreeScout does not tell, for want of a module, is believed.
    """
    table = copy.deepcopy(dict(spec))
    boxes = await desk.people.mailboxes()
    problems = _mailboxes(table, boxes)
    for key, names in (("tag", _tags), ("assignee", _users)):
        if wanted := list(_values(table, key)):
            problems += _missing(key, wanted, await _told(names(desk)))
    if wanted := list(_values(table, "field")):
        problems += _wrong_fields(wanted, await _told(_fields(desk, table, boxes)))
    return table, tuple(problems)


def called(boxes: Iterable[Mailbox]) -> dict[int, str]:
    """The names of mailboxes by their ids."""
    return {box.id: box.name for box in boxes}


def identity(said: int | str, boxes: Iterable[Mailbox]) -> int | None:
    """The mailbox that is meant by an id or by a name, of now before one of old."""
    if isinstance(said, int):
        return next((box.id for box in boxes if box.id == said), None)
    name = said.casefold()
    now = next((box.id for box in boxes if box.name.casefold() == name), None)
    return now or next((box.id for box in boxes if name in box.known_as), None)


def _rules(table: Table, at: str = "") -> Iterator[tuple[str, Table]]:
    """The table and all tables in it, each with the group that it is in."""
    yield at, table
    for group in _GROUPS:
        for rule in table.get(group) or ():
            yield from _rules(rule, at or group)


def _values(table: Table, key: str) -> Iterator[tuple[str, Any]]:
    """What a key says anywhere, each with the key that a problem of it stands at."""
    for at, rule in _rules(table):
        said = rule.get(key)
        for one in said if isinstance(said, list) else [said]:
            if one is not None:
                yield at or key, one


def _mailboxes(table: Table, boxes: Sequence[Mailbox]) -> list[Problem]:
    problems = []
    names = [box.name for box in boxes]
    for at, rule in _rules(table):
        if "mailbox" not in rule:
            continue
        said = rule["mailbox"] if isinstance(rule["mailbox"], list) else [rule["mailbox"]]
        ids = [identity(one, boxes) for one in said]
        problems += [
            Problem(at or "mailbox", f"FreeScout has no mailbox {one}.{meant(one, names) or _listed(names)}")
            for one, found in zip(said, ids, strict=True)
            if found is None
        ]
        rule["mailbox"] = ids[0] if len(ids) == 1 else ids
    return problems


def _missing(key: str, wanted: list[tuple[str, Any]], known: Sequence[str] | None) -> list[Problem]:
    if known is None:
        return []
    folded = {one.casefold() for one in known}
    what = {"tag": "tag", "assignee": "user"}[key]
    return [
        Problem(at, f"FreeScout has no {what} {said}.{meant(said, known) or _none(what, known)}")
        for at, said in wanted
        if str(said).casefold() not in folded
    ]


def _none(what: str, known: Sequence[str]) -> str:
    return " Give it to a conversation there first." if what == "tag" else _listed(known) if not known else ""


def _listed(names: Sequence[str]) -> str:
    return f" There are {', '.join(names[:10])}{' and more' if len(names) > 10 else ''}." if names else ""


def _wrong_fields(wanted: list[tuple[str, Any]], known: Sequence[CustomField] | None) -> list[Problem]:
    if known is None:
        return []
    return [
        problem
        for at, table in wanted
        for name, value in table.items()
        for problem in _wrong_field(at, name, value, known)
    ]


def _wrong_field(at: str, name: str, value: Any, known: Sequence[CustomField]) -> Iterator[Problem]:
    found = [one for one in known if name.casefold() in (one.name.casefold(), str(one.id))]
    if not found:
        names = sorted({one.name for one in known})
        yield Problem(at, f"No such field in FreeScout: {name}.{meant(name, names) or _listed(names)}")
        return
    options = [word for one in found for option in one.options for word in option]
    words = [words for one in found for _, words in one.options]
    for said in value if isinstance(value, list) else [value]:
        if all(one.options for one in found) and said is not True and not _among(said, options):
            yield Problem(
                at, f"The field {found[0].name} is never {said}.{meant(said, words) or _listed(words)}"
            )


def _among(said: Any, options: Sequence[str]) -> bool:
    return str(said).casefold() in {one.casefold() for one in options}


async def _told(asked: Awaitable[T]) -> T | None:
    """An answer; None where FreeScout has no such thing to tell."""
    try:
        return await asked
    except (NotFound, Refused):
        return None


async def _tags(desk: Desk) -> Sequence[str]:
    return await desk.freescout.tags()


async def _users(desk: Desk) -> Sequence[str]:
    users = await desk.freescout.users()
    return [*_ANYONE, *(word for one in users for word in (one.email, one.name, str(one.id)) if word)]


async def _fields(desk: Desk, table: Table, boxes: Sequence[Mailbox]) -> Sequence[CustomField]:
    """The fields of the route's mailboxes, or of all."""
    said = table.get("mailbox")
    named = said if isinstance(said, list) else [said]
    wanted = [box.id for box in boxes if said is None or box.id in named]
    return [one for box in wanted[:_MOST_MAILBOXES] for one in await desk.freescout.custom_fields(box)]
