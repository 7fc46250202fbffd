"""The table `[redact]` of bridge.toml: what of customers' texts is hidden from Slack. Pure."""

from collections.abc import Mapping
from dataclasses import fields

from bot.redact import Redact, problem
from bot.tables import Where

KEYS = tuple(one.name for one in fields(Redact))
_KINDS = tuple(one for one in KEYS if one != "patterns")
_MOST = 50
"""Patterns: each looks through every text."""


def read(where: Where, table: Mapping[str, object], problems: list[str]) -> Redact:
    """Read the table; what is wrong is added to `problems`."""
    switches = {kind: _switch(where, table, kind, problems) for kind in _KINDS if kind in table}
    return Redact(**switches, patterns=_patterns(where, table.get("patterns", []), problems))


def _switch(where: Where, table: Mapping[str, object], kind: str, problems: list[str]) -> bool:
    value = table[kind]
    if not isinstance(value, bool):
        problems.append(f"{where.key(kind)}: {kind} should be true or false, without quotes.")
    return value is not False


def _patterns(where: Where, value: object, problems: list[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        problems.append(
            f"{where.key('patterns')}: patterns should be a list of regular expressions, "
            "like ['KND-[0-9]{6}'], in single quotes."
        )
        return ()
    if len(value) > _MOST:
        problems.append(f"{where.key('patterns')}: {len(value)} patterns are too many: {_MOST} at most.")
    wrong = [(place, said) for place, one in enumerate(value) if (said := problem(one))]
    problems += [f"{where.key('patterns', place)}: {value[place]!r} {said}." for place, said in wrong]
    return tuple(one for place, one in enumerate(value) if place not in dict(wrong))
