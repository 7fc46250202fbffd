"""The table `[digest]` of bridge.toml: when a channel is told of its day, and which channels. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, time

from bot.hours import weekdays, weekdays_meant
from bot.tables import Where, meant

_DAYS = frozenset(range(5))


@dataclass(frozen=True, slots=True)
class Digest:
    """At what time, by the clock on the wall of a channel's first mailbox; None for never."""

    at: time | None = None
    days: frozenset[int] = _DAYS
    """The weekdays on which it comes; 0 is Monday."""
    channels: tuple[str, ...] = ()
    """The channels that get one, as the routes name them; none for all of them."""


KEYS = tuple(one.name for one in fields(Digest))


def read(where: Where, table: Mapping[str, object], routed: frozenset[str], problems: list[str]) -> Digest:
    """Read the table; `routed` are the channels of the routes. What is wrong is added to `problems`."""
    if not table:
        return Digest()
    return Digest(
        _at(where.key("at"), table.get("at"), problems),
        _days(where.key("days"), table.get("days", "mon-fri"), problems),
        _channels(where.key("channels"), table.get("channels", []), routed, problems),
    )


def _at(where: Where, value: object, problems: list[str]) -> time | None:
    if type(value) is time:  # TOML has times of its own, without quotes
        return value.replace(second=0, microsecond=0)
    try:
        return datetime.strptime(str(value).strip(), "%H:%M").time()  # noqa: DTZ007 - a time alone has no zone
    except ValueError:
        problems.append(f'{where}: at should be a time like "08:30".')
        return None


def _days(where: Where, value: object, problems: list[str]) -> frozenset[int]:
    days = weekdays(value.strip().lower().replace("–", "-")) if isinstance(value, str) else ()
    if not days:
        problems.append(f'{where}: days should be like "mon-fri" or "mon,wed,fri".{weekdays_meant(value)}')
    return frozenset(days)


def _channels(where: Where, value: object, routed: frozenset[str], problems: list[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        problems.append(f'{where}: channels should be a list of channels, like ["support"].')
        return ()
    named = tuple(one.strip().removeprefix("#") for one in value)
    problems += [
        f"{where.key(place)}: no route leads to the channel {one!r}.{meant(one, sorted(routed))}"
        for place, one in enumerate(named)
        if one not in routed
    ]
    return tuple(dict.fromkeys(named))
