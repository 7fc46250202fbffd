"""The conditions of a route, as the file writes them. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.hours import weekdays, weekdays_meant
from bot.hours.week import span
from bot.model import Status
from bot.redact import endless
from bot.routing.conditions import (
    ANYBODY,
    CLOSED,
    ENTERING,
    NOBODY,
    OPEN,
    Condition,
    Field,
    Key,
    Rule,
    Week,
)
from bot.routing.subject import Text
from bot.tables import Where, mailbox, meant, unknown

CONDITIONS = tuple(key.value for key in Key)
TYPES = ("email", "phone", "chat")
GROUPS = ("all", "any", "unless")
LONGEST = 200
"""Characters of a condition's value."""
_ADDRESS = re.compile(r"@?[^\s@]+(?:@[^\s@]+)?")


def read_rule(where: Where, table: Mapping[str, Any], problems: list[str]) -> Rule:
    """Read the conditions of a table; what is wrong is added to `problems`."""
    made = [_condition(where, Key(key), table[key], problems) for key in table if key in CONDITIONS]
    known = [one for one in made if one is not None]
    groups = {key: _rules(where, key, table[key], problems) if key in table else () for key in GROUPS}
    return Rule(
        tuple(one for one in known if one.key not in ENTERING),
        groups["all"],
        groups["any"],
        groups["unless"],
        tuple(one for one in known if one.key in ENTERING),
    )


def _rules(where: Where, key: str, value: object, problems: list[str]) -> tuple[Rule, ...]:
    tables = value if isinstance(value, list) else [value]
    if not tables:
        problems.append(_nothing(where, key))
    if not all(isinstance(one, dict) and one for one in tables):
        problems.append(f'{where.key(key)}: {key} should be a list of conditions like {{ tag = "vip" }}.')
        return ()
    rules = []
    for place, table in enumerate(tables):
        here = where.part(f"{key} {place + 1}", key, place)
        unknown(here, table, (*CONDITIONS, *GROUPS), problems)
        rules.append(read_rule(here, table, problems))
    return tuple(rules)


def _condition(where: Where, key: Key, value: object, problems: list[str]) -> Condition | None:
    said = value if isinstance(value, list) else [value]
    before = len(problems)
    made = _READERS[key](where.key(key), said, problems)
    if not made and len(problems) == before:
        problems.append(_nothing(where, key))
    return Condition(key, made, _told(value)) if made else None


def _nothing(where: Where, key: str) -> str:
    """What is wrong with an empty list: without its condition, the route would take everything."""
    return f"{where.key(key)}: {key} names nothing: leave it out, or say which."


def _told(value: object) -> str:
    if isinstance(value, list):
        return " or ".join(map(_told, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} = {_told(one)}" for name, one in value.items())
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def read_mailboxes(
    where: Where, value: object, problems: list[str]
) -> int | str | tuple[int | str, ...] | None:
    """Read one mailbox or a list of them."""
    said: Sequence[Any] = value if isinstance(value, list) else [value]
    if not said or any(
        isinstance(one, bool) or not isinstance(one, int | str) or not str(one).strip() for one in said
    ):
        problems.append(f"{where.key('mailbox')}: mailbox should be a mailbox's id or its name.")
        return None
    named = tuple(mailbox(one) for one in said)
    return named if len(named) > 1 else named[0]


def _boxes(where: Where, said: Sequence[object], problems: list[str]) -> frozenset[int | str]:
    found = read_mailboxes(replace(where, path=where.path[:-1]), list(said), problems)
    several = found if isinstance(found, tuple) else (found,)
    return frozenset(one.casefold() if isinstance(one, str) else one for one in several if one is not None)


def _strings(where: Where, said: Sequence[object], problems: list[str], what: str) -> list[str]:
    good = [one.strip() for one in said if isinstance(one, str) and one.strip() and len(one) <= LONGEST]
    if not good or len(good) < len(said):
        problems.append(f"{where}: {where.path[-1]} should be {what}, or a list of such.")
    return good


def _tags(where: Where, said: Sequence[object], problems: list[str]) -> frozenset[str]:
    return frozenset(one.casefold() for one in _strings(where, said, problems, 'a tag like "vip"'))


def _customers(where: Where, said: Sequence[object], problems: list[str]) -> frozenset[str]:
    what = 'an address, or a domain like "@example.org"'
    good = _strings(where, said, problems, what)
    if any(not _ADDRESS.fullmatch(one) for one in good):
        problems.append(f"{where}: customer should be {what}, or a list of such.")
    return frozenset(one.casefold() if "@" in one else f"@{one.casefold()}" for one in good)


def _subjects(where: Where, said: Sequence[object], problems: list[str]) -> tuple[Text, ...]:
    texts = []
    for one in _strings(where, said, problems, 'words, or a pattern between slashes like "/order [0-9]+/"'):
        if len(one) > 2 and one[0] == one[-1] == "/":
            texts += _pattern(where, one, problems)
        else:
            texts.append(Text.of_words(one))
    return tuple(texts)


def _pattern(where: Where, said: str, problems: list[str]) -> list[Text]:
    if wrong := endless(said[1:-1]):
        problems.append(f"{where}: the pattern {said} {wrong}.")
        return []
    return [Text(said, re.compile(said[1:-1], re.IGNORECASE))]


def _words(known: Sequence[str]) -> Callable[[Where, Sequence[object], list[str]], frozenset[str]]:
    """Read some of a few known words."""

    def reader(where: Where, said: Sequence[object], problems: list[str]) -> frozenset[str]:
        key = where.path[-1]
        wrong = [one for one in said if one not in known]
        if wrong:
            problems.append(f"{where}: {key} should be one of {', '.join(known)}.{meant(wrong[0], known)}")
        return frozenset(str(one) for one in said if one in known)

    return reader


def _assignees(where: Where, said: Sequence[object], problems: list[str]) -> frozenset[str]:
    what = f'"{NOBODY}", "{ANYBODY}", or a user by address or name'
    return frozenset(one.casefold() for one in _strings(where, said, problems, what))


def _fields(
    where: Where, said: Sequence[object], problems: list[str]
) -> tuple[Field, ...] | tuple[frozenset[Field], ...]:
    """The fields of a table, each of which has to fit; or several tables, of which one has to."""
    example = '{ "Plan" = "Gold" }, or { "Plan" = ["Gold", "Silver"] }'
    tables = []
    for table in said:
        found = []
        for name, value in table.items() if isinstance(table, dict) and table else [("", None)]:
            values = value if isinstance(value, list) else [value]
            if not name or not values or not all(isinstance(one, str | int) for one in values):
                problems.append(f"{where}: field should be like {example}.")
                return ()
            some = frozenset(str(one).casefold() for one in values if one is not True)
            found.append(Field(name.casefold().strip(), some))
        tables.append(tuple(found))
    return tables[0] if len(tables) == 1 else tuple(map(frozenset, tables))


def _times(where: Where, said: Sequence[object], problems: list[str]) -> tuple[Week | str, ...]:
    what = f'"{OPEN}", "{CLOSED}", or a time like "mon-fri 18:00-08:00"'
    found: list[Week | str] = []
    for one in _strings(where, said, problems, what):
        week = _week(one)
        if one not in (OPEN, CLOSED) and week is None:
            near = meant(one, (OPEN, CLOSED)) or weekdays_meant(one.partition(" ")[0])
            problems.append(f"{where}: time should be {what}, or a list of such.{near}")
        found += [one] if week is None else [week]
    return tuple(found)


def _week(line: str) -> Week | None:
    when, *times = line.lower().replace("–", "-").split() or [""]
    if span(when):
        when, times = "mon-sun", [when, *times]
    days, spans = weekdays(when), [span(one) for one in times]
    good = tuple(one for one in spans if one is not None)
    if not days or not good or len(good) < len(spans):
        return None
    return tuple(good if day in days else () for day in range(7))


_READERS: dict[Key, Callable[[Where, Sequence[object], list[str]], Any]] = {
    Key.MAILBOX: _boxes,
    Key.TAG: _tags,
    Key.CUSTOMER: _customers,
    Key.SUBJECT: _subjects,
    Key.TYPE: _words(TYPES),
    Key.ASSIGNEE: _assignees,
    Key.STATUS: _words([one.value for one in Status if one is not Status.SPAM]),
    Key.FIELD: _fields,
    Key.TIME: _times,
}
