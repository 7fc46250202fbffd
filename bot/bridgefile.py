"""`bridge.toml`: what is shown where, and when somebody waits too long. Every problem is told at once."""

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST_HOLD = timedelta(minutes=5)
_DURATION = re.compile(r"(?:[0-9]{1,9}[smhd])+")


@dataclass(frozen=True, slots=True)
class Route:
    """Conversations of `mailbox` (its id or its name) are shown in `channel` (its id or its name)."""

    mailbox: int | str
    channel: str
    after: tuple[timedelta, ...] | None = None
    """This mailbox's own waits, where they differ from those of `[stale]`."""


@dataclass(frozen=True, slots=True)
class Stale:
    """When a waiting customer is spoken of, and how often the clock looks."""

    after: tuple[timedelta, ...] = (timedelta(hours=2),)
    every: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Sweep:
    """How often FreeScout is asked what changed, for what no webhook has said."""

    every: timedelta = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Operators:
    """The channel in which the bridge says what an operator must put right; empty for none."""

    channel: str = ""


@dataclass(frozen=True, slots=True)
class Replies:
    """How long everybody sees a reply, with a button that stops it, before it goes to the customer."""

    hold: timedelta = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class File:
    """All that the file says."""

    routes: tuple[Route, ...] = ()
    stale: Stale = Stale()
    sweep: Sweep = Sweep()
    operators: Operators = Operators()
    replies: Replies = Replies()


FILE_KEYS: dict[str, tuple[str, ...]] = {
    "routes": tuple(f.name for f in fields(Route)),
    "stale": tuple(f.name for f in fields(Stale)),
    "sweep": tuple(f.name for f in fields(Sweep)),
    "operators": tuple(f.name for f in fields(Operators)),
    "replies": tuple(f.name for f in fields(Replies)),
}


def duration(text: object) -> timedelta | None:
    """Read `90s`, `15m`, `2h`, `1d` or `1h30m`; None where it is nothing of the kind or not above zero."""
    if not isinstance(text, str) or not _DURATION.fullmatch(text.strip()):
        return None
    seconds = sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"([0-9]+)([smhd])", text))
    return timedelta(seconds=seconds) if 0 < seconds < 10 * 366 * 86400 else None


def read_file(name: str, read: Callable[[str], str], problems: list[str]) -> File:
    """Read the file of this name; `read` returns its text. What is wrong is added to `problems`."""
    try:
        content = tomllib.loads(read(name))
    except FileNotFoundError:
        problems.append(f"{name} is not there. It says which mailbox goes to which channel; see the README.")
        return File()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{name} cannot be read: {error}.")
        return File()
    except (ValueError, RecursionError) as error:  # numbers and brackets without end, too
        problems.append(f"{name} is not valid TOML: {error}.")
        return File()
    _unknown(name, content, tuple(FILE_KEYS), problems)
    routes = _routes(name, content.get("routes", []), problems)
    stale, sweep, operators, replies = (_table(name, key, content, problems) for key in list(FILE_KEYS)[1:])
    return File(
        routes,
        Stale(
            _waits(f"{name}, [stale]", stale.get("after", "2h"), problems),
            _every(f"{name}, [stale]", stale.get("every", "1m"), problems),
        ),
        Sweep(_every(f"{name}, [sweep]", sweep.get("every", "2m"), problems)),
        Operators(_operators(f"{name}, [operators]", operators.get("channel", ""), problems)),
        Replies(_hold(f"{name}, [replies]", replies.get("hold", "20s"), problems)),
    )


def _table(name: str, key: str, content: Mapping[str, object], problems: list[str]) -> dict[str, object]:
    table = content.get(key, {})
    if not isinstance(table, dict):
        problems.append(f"{name}: {key} should be a table, written [{key}].")
        return {}
    _unknown(f"{name}, [{key}]", table, FILE_KEYS[key], problems)
    return table


def _operators(where: str, channel: object, problems: list[str]) -> str:
    if not isinstance(channel, str):
        problems.append(f"{where}: channel should be a channel's id or its name.")
        return ""
    return channel.strip().removeprefix("#")


def _routes(name: str, tables: object, problems: list[str]) -> tuple[Route, ...]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.append(f"{name}: a route is a table, written [[routes]].")
        return ()
    if not tables:
        problems.append(f"{name} has no [[routes]]: nothing would ever be shown.")
    routes: list[Route] = []
    for place, table in enumerate(tables, start=1):
        where = f"{name}, route {place}"
        _unknown(where, table, FILE_KEYS["routes"], problems)
        mailbox, channel = table.get("mailbox"), table.get("channel")
        if isinstance(mailbox, bool) or not isinstance(mailbox, int | str) or not str(mailbox).strip():
            problems.append(f"{where}: mailbox should be a mailbox's id or its name.")
            continue
        if not isinstance(channel, str) or not channel.strip(" #"):
            problems.append(f"{where}: channel should be a channel's id or its name.")
            continue
        after = _waits(where, table["after"], problems) if "after" in table else None
        route = Route(_mailbox(mailbox), channel.strip().removeprefix("#"), after)
        if any((r.mailbox, r.channel) == (route.mailbox, route.channel) for r in routes):
            problems.append(f"{where}: the same mailbox and channel as an earlier route.")
        routes.append(route)
    return tuple(routes)


def _mailbox(value: int | str) -> int | str:
    return (
        int(value) if isinstance(value, int) or re.fullmatch("[0-9]{1,18}", value.strip()) else value.strip()
    )


def _waits(where: str, value: object, problems: list[str]) -> tuple[timedelta, ...]:
    steps = [duration(one) for one in (value if isinstance(value, list) else [value])]
    good = [step for step in steps if step is not None]
    if not steps or len(good) < len(steps):
        problems.append(f'{where}: after should be a wait like "2h" or "1h30m", or a list of such.')
    elif good != sorted(set(good)):
        problems.append(f"{where}: the waits of after should grow from one to the next.")
    return tuple(good)


def _every(where: str, value: object, problems: list[str]) -> timedelta:
    every = duration(value)
    if every is None:
        problems.append(f'{where}: every should be a time like "1m" or "30s".')
    return every or timedelta(minutes=1)


def _hold(where: str, value: object, problems: list[str]) -> timedelta:
    """From nothing to five minutes: a customer who waits for an answer should not wait for its hold."""
    hold = timedelta(0) if value in ("0", "0s") else duration(value)
    if hold is None or hold > _LONGEST_HOLD:
        problems.append(f'{where}: hold should be a time from "0s" to "5m".')
    return hold or timedelta(0)


def _unknown(where: str, table: Mapping[str, object], known: tuple[str, ...], problems: list[str]) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}."
            problems.append(f"{where}: {key!r} is unknown; {hint}")
