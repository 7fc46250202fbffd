"""`bridge.toml`: what is shown where, and when somebody waits too long. Every problem is told at once."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta

from bot import digestfile
from bot.digestfile import Digest
from bot.hours import KEYS as HOURS_KEYS
from bot.hours import MailboxHours
from bot.hours import read as read_hours
from bot.ladderfile import KEYS as LADDER_KEYS
from bot.ladderfile import PINGS_KEYS, MailboxLadder, Pings, read_pings
from bot.ladderfile import read as read_ladders
from bot.tables import duration
from bot.tables import mailbox as _mailbox
from bot.tables import unknown as _unknown

_LONGEST_HOLD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Route:
    """Conversations of `mailbox` (its id or its name) are shown in `channel` (its id or its name)."""

    mailbox: int | str
    channel: str
    after: tuple[timedelta, ...] | None = None
    """This mailbox's own waits, where they differ from those of `[stale]`."""
    notes: bool = False
    """Whether what people type in the thread of a card becomes a note."""


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
class Claims:
    """How long whoever is on it is left alone, and how long they may then take to answer."""

    quiet: timedelta = timedelta(minutes=30)
    grace: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class File:
    """All that the file says."""

    routes: tuple[Route, ...] = ()
    stale: Stale = Stale()
    sweep: Sweep = Sweep()
    operators: Operators = Operators()
    replies: Replies = Replies()
    hours: tuple[MailboxHours, ...] = ()
    ladders: tuple[MailboxLadder, ...] = field(default=(), kw_only=True)
    pings: Pings = field(default_factory=Pings, kw_only=True)
    digest: Digest = field(default_factory=Digest)
    claims: Claims = Claims()


FILE_KEYS: dict[str, tuple[str, ...]] = {
    "routes": tuple(f.name for f in fields(Route)),
    "stale": tuple(f.name for f in fields(Stale)),
    "sweep": tuple(f.name for f in fields(Sweep)),
    "operators": tuple(f.name for f in fields(Operators)),
    "replies": tuple(f.name for f in fields(Replies)),
    "hours": HOURS_KEYS,
    "ladder": LADDER_KEYS,
    "pings": PINGS_KEYS,
    "digest": digestfile.KEYS,
    "claims": tuple(f.name for f in fields(Claims)),
}


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
    single = [
        key for key in FILE_KEYS if key not in ("routes", "hours", "digest", "claims", "ladder", "pings")
    ]
    stale, sweep, operators, replies = (_table(name, key, content, problems) for key in single)
    return File(
        routes,
        Stale(
            _waits(f"{name}, [stale]", stale.get("after", "2h"), problems),
            _every(f"{name}, [stale]", stale.get("every", "1m"), problems),
        ),
        Sweep(_every(f"{name}, [sweep]", sweep.get("every", "2m"), problems)),
        Operators(_operators(f"{name}, [operators]", operators.get("channel", ""), problems)),
        Replies(_hold(f"{name}, [replies]", replies.get("hold", "20s"), problems)),
        _hours(name, content.get("hours", []), problems),
        ladders=read_ladders(name, content.get("ladder", []), problems),
        pings=read_pings(f"{name}, [pings]", _table(name, "pings", content, problems), problems),
        digest=digestfile.read(
            f"{name}, [digest]",
            _table(name, "digest", content, problems),
            frozenset(route.channel for route in routes),
            problems,
        ),
        claims=_claims(f"{name}, [claims]", _table(name, "claims", content, problems), problems),
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
        notes = table.get("notes", False)
        if not isinstance(notes, bool):
            problems.append(f"{where}: notes should be true or false, without quotes.")
        route = Route(_mailbox(mailbox), channel.strip().removeprefix("#"), after, notes is True)
        if any((r.mailbox, r.channel) == (route.mailbox, route.channel) for r in routes):
            problems.append(f"{where}: the same mailbox and channel as an earlier route.")
        routes.append(route)
    return tuple(routes)


def _hours(name: str, tables: object, problems: list[str]) -> tuple[MailboxHours, ...]:
    for place, table in enumerate(tables if isinstance(tables, list) else [], start=1):
        _unknown(f"{name}, hours {place}", table if isinstance(table, dict) else {}, HOURS_KEYS, problems)
    return read_hours(name, tables, problems)


def _waits(where: str, value: object, problems: list[str]) -> tuple[timedelta, ...]:
    steps = [duration(one) for one in (value if isinstance(value, list) else [value])]
    good = [step for step in steps if step is not None]
    if not steps or len(good) < len(steps):
        problems.append(f'{where}: after should be a wait like "2h" or "1h30m", or a list of such.')
    elif good != sorted(set(good)):
        problems.append(f"{where}: the waits of after should grow from one to the next.")
    return tuple(good)


def _claims(where: str, table: Mapping[str, object], problems: list[str]) -> Claims:
    said = {key: duration(table[key]) for key in FILE_KEYS["claims"] if key in table}
    problems += [
        f'{where}: {key} should be a time like "30m" or "2h".' for key, wait in said.items() if wait is None
    ]
    return Claims(**{key: wait for key, wait in said.items() if wait is not None})


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
