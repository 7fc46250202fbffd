"""A route that people add from Slack: its table ↔ a `Route`, with each problem at its key. Pure."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from bot.routing import KEYS, Condition, Event, Key, Route, Rule, read_route
from bot.tables import Where

Table = dict[str, Any]
T = TypeVar("T")

_PLACES = (*((key,) for key in KEYS), *(("deliver", event.value) for event in Event))
_PERSONAL = (Key.CUSTOMER, Key.SUBJECT, Key.FIELD)
_SAID = re.compile(r"route(?::(\d+))?(?:, [^:]*)?: (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a route, and at which key: `deliver.note` is one of `deliver`. Empty for none."""

    key: str
    words: str


def read(spec: Mapping[str, Any], channel: str) -> tuple[Route | None, tuple[Problem, ...]]:
    """Read a route by its table; None where anything is wrong with it."""
    where = Where("route", known={place: line for line, place in enumerate(_PLACES)})
    problems: list[str] = []
    route = read_route(where, {**spec, "channel": channel}, problems)
    return None if problems else route, tuple(map(_problem, problems))


def _problem(words: str) -> Problem:
    """The readers say the line of what is wrong: here each key is a line."""
    found = _SAID.fullmatch(words)
    if found is None:
        return Problem("", words)
    said = found[2][:1].upper() + found[2][1:]
    return Problem(".".join(_PLACES[int(found[1])]) if found[1] else "", said)


def loads(kept: str) -> Table:
    """A table as it was kept; an empty one where it is none."""
    try:
        table = json.loads(kept)
    except ValueError:
        return {}
    return table if isinstance(table, dict) else {}


def dumps(spec: Mapping[str, Any]) -> str:
    """A table to keep."""
    return json.dumps(spec, ensure_ascii=False)


def taken(route: Route) -> str:
    """Which conversations a route takes, as a word: however its conditions are ordered, it is the same."""
    return _hashed(sorted(set(map(_boxed, route.mailboxes))), _ordered(route.rule), route.default)


def placed(route: Route) -> str:
    """The same, with the channel to which it brings them."""
    return f"{route.channel.casefold()}:{taken(route)}"


def formerly(route: Route) -> str:
    """What `placed` was when it minded the order of conditions: a memory may have it so."""
    hashed = _hashed(sorted(map(_boxed, route.mailboxes)), route.rule, route.default)
    return f"{route.channel.casefold()}:{hashed}"


def _hashed(mailboxes: list[str], rule: Rule, default: bool) -> str:
    parts = (mailboxes, stable(rule), default)
    return hashlib.sha256(repr(parts).encode("utf-8", "replace")).hexdigest()[:16]


def _boxed(box: int | str) -> str:
    return str(box).casefold()


def _ordered(rule: Rule) -> Rule:
    """The same rule in the one order that all that say it share: in none of its lists does order count."""
    return Rule(
        _sorted(map(_settled, rule.conditions)),
        _sorted(map(_ordered, rule.every)),
        _sorted(map(_ordered, rule.any)),
        _sorted(map(_ordered, rule.unless)),
        _sorted(map(_settled, rule.entering)),
    )


def _settled(condition: Condition) -> Condition:
    wanted = condition.wanted
    return replace(condition, wanted=_sorted(map(_one, wanted))) if isinstance(wanted, tuple) else condition


def _one(wanted: object) -> object:
    """One of several values; of a week the days stay where they are."""
    return tuple(map(_sorted, wanted)) if isinstance(wanted, tuple) else wanted


def _sorted(values: Iterable[T]) -> tuple[T, ...]:
    """Each once."""
    told = {repr(stable(one)): one for one in values}
    return tuple(told[one] for one in sorted(told))


def stable(value: object) -> object:
    """The same in every process, as the order of a set is not; without what comparisons leave out."""
    if is_dataclass(value) and not isinstance(value, type):
        return [(one.name, stable(getattr(value, one.name))) for one in fields(value) if one.compare]
    if isinstance(value, frozenset):
        return sorted(repr(stable(one)) for one in value)
    if isinstance(value, tuple):
        return [stable(one) for one in value]
    return value.value if isinstance(value, Enum) else value


def told(route: Route, called: Mapping[int, str]) -> str:
    """What a route takes, as people say it; `called` has the names of mailboxes by their ids."""
    boxes = [called.get(one, f"mailbox {one}") if isinstance(one, int) else one for one in route.mailboxes]
    parts = [" or ".join(boxes) or ("" if route.rule == Rule() else "every mailbox"), str(route.rule)]
    said = ", ".join(filter(None, parts))
    last = "what no other route takes" if route.default else ""
    return ", ".join(filter(None, (said, last))) or "everything"


def boxes(route: Route) -> frozenset[int | str]:
    """The mailboxes that a route is for, by id or by casefolded name; none where it is for all."""
    return route.boxes | _boxes(route.rule)


def _boxes(rule: Rule) -> frozenset[int | str]:
    asked = (*rule.conditions, *rule.entering)
    own = (one.wanted for one in asked if one.key is Key.MAILBOX)
    return frozenset().union(*own, *map(_boxes, (*rule.every, *rule.any)))


def discreet(route: Route) -> Route:
    """The same route without the words that tell of customers and of what they write, to be told to many."""
    return replace(route, rule=_discreet(route.rule))


def _discreet(rule: Rule) -> Rule:
    return replace(
        rule,
        conditions=tuple(map(_muted, rule.conditions)),
        entering=tuple(map(_muted, rule.entering)),
        every=tuple(map(_discreet, rule.every)),
        any=tuple(map(_discreet, rule.any)),
        unless=tuple(map(_discreet, rule.unless)),
    )


def _muted(condition: Condition) -> Condition:
    return replace(condition, said="(not said here)") if condition.key in _PERSONAL else condition


def manner(route: Route) -> Sequence[str]:
    """How it is said where a route leads, as far as the route has it otherwise than usual."""
    said = [f"{event}: {place}" for event, place in sorted(route.deliver.said)]
    said += [f"bodies: {route.body}"] if route.body != "full" else []
    said += ["what is typed in its threads becomes notes"] if route.notes else []
    said += (
        [f"own waits: {', '.join(_wait(one.total_seconds()) for one in route.after)}"] if route.after else []
    )
    return [*said, *(f"open to {who}" for who in sorted(route.open_to))]


def _wait(seconds: float) -> str:
    rest, parts = int(seconds), []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts)
