"""`bridge.toml`: what is shown where, and when somebody waits too long. Every problem is told at once."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import partial

from bot import digestfile, redactfile, retentionfile, routing
from bot.digestfile import Digest
from bot.hours import KEYS as HOURS_KEYS
from bot.hours import MailboxHours
from bot.hours import read as read_hours
from bot.ladderfile import KEYS as LADDER_KEYS
from bot.ladderfile import PINGS_KEYS, MailboxLadder, Pings, read_pings
from bot.ladderfile import read as read_ladders
from bot.lines import located
from bot.redact import Redact
from bot.retentionfile import Retention
from bot.routing import Route, Routing
from bot.tables import Where, duration, duration_meant, waits
from bot.tables import unknown as _unknown

_PERSON = re.compile(r"[UW][A-Z0-9]+|[^@\s]+@[^@\s]+")
_LONGEST_HOLD = timedelta(minutes=5)


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
    """Where the bridge says what an operator must put right; empty for nowhere. And who the operators are."""

    channel: str = ""
    people: tuple[str, ...] = ()
    """By their address or their id in Slack: they may change routes from there, as FreeScout's admins may."""


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
    routing: Routing = field(default_factory=Routing)
    redact: Redact = field(default_factory=Redact)
    retention: Retention = field(default_factory=Retention)


FILE_KEYS: dict[str, tuple[str, ...]] = {
    "routes": routing.KEYS,
    "routing": routing.ROUTING_KEYS,
    "stale": tuple(f.name for f in fields(Stale)),
    "sweep": tuple(f.name for f in fields(Sweep)),
    "operators": tuple(f.name for f in fields(Operators)),
    "replies": tuple(f.name for f in fields(Replies)),
    "hours": HOURS_KEYS,
    "ladder": LADDER_KEYS,
    "pings": PINGS_KEYS,
    "digest": digestfile.KEYS,
    "claims": tuple(f.name for f in fields(Claims)),
    "redact": redactfile.KEYS,
    "retention": retentionfile.KEYS,
}


def read_file(name: str, read: Callable[[str], str], problems: list[str]) -> File:
    """Read the file of this name; `read` returns its text. What is wrong is added to `problems`."""
    try:
        text = read(name)
        content, root = tomllib.loads(text), Where(name, known=located(text))
    except FileNotFoundError:
        problems.append(f"{name} is not there. It says which mailbox goes to which channel; see the README.")
        return File()
    except (OSError, UnicodeDecodeError) as error:
        hint = " Save it as UTF-8." if isinstance(error, UnicodeDecodeError) else ""
        problems.append(f"{name} cannot be read: {error}.{hint}")
        return File()
    except (ValueError, RecursionError) as error:  # numbers and brackets without end, too
        problems.append(f"{name} is not valid TOML: {error}.")
        return File()
    _unknown(root, content, tuple(FILE_KEYS), problems)
    routes = routing.read(root, content.get("routes", []), problems)
    table = partial(_table, root, content, problems)
    return File(
        routes,
        _stale(*table("stale"), problems),
        Sweep(_every(*table("sweep"), "2m", problems)),
        _operators(*table("operators"), problems),
        Replies(_hold(*table("replies"), problems)),
        read_hours(root, content.get("hours", []), problems),
        ladders=read_ladders(root, content.get("ladder", []), problems),
        pings=read_pings(*table("pings"), problems),
        digest=digestfile.read(*table("digest"), frozenset(route.channel for route in routes), problems),
        claims=_claims(*table("claims"), problems),
        routing=routing.read_routing(*table("routing"), problems),
        redact=redactfile.read(*table("redact"), problems),
        retention=retentionfile.read(*table("retention"), problems),
    )


def _table(
    root: Where, content: Mapping[str, object], problems: list[str], key: str
) -> tuple[Where, dict[str, object]]:
    """A table that is there once at most, and its place."""
    where, table = root.part(f"[{key}]", key), content.get(key, {})
    if not isinstance(table, dict):
        problems.append(f"{root.key(key)}: {key} should be a table, written [{key}].")
        return where, {}
    _unknown(where, table, FILE_KEYS[key], problems)
    return where, table


def _operators(where: Where, table: Mapping[str, object], problems: list[str]) -> Operators:
    channel, people = table.get("channel", ""), table.get("people", [])
    if not isinstance(channel, str):
        problems.append(f"{where.key('channel')}: channel should be a channel's id or its name.")
        channel = ""
    named = [one.strip() for one in people if isinstance(one, str)] if isinstance(people, list) else []
    if not isinstance(people, list) or not all(map(_PERSON.fullmatch, named)) or len(named) < len(people):
        problems.append(
            f"{where.key('people')}: people should be a list of addresses and of people's ids in Slack, "
            'like ["lea@example.org", "U0123ABCD"].'
        )
    return Operators(channel.strip().removeprefix("#"), tuple(named))


def _stale(where: Where, table: Mapping[str, object], problems: list[str]) -> Stale:
    after = waits(where.key("after"), table.get("after", "2h"), problems)
    return Stale(after, _every(where, table, "1m", problems))


def _claims(where: Where, table: Mapping[str, object], problems: list[str]) -> Claims:
    said = {key: duration(table[key]) for key in FILE_KEYS["claims"] if key in table}
    for key in (key for key, wait in said.items() if wait is None):
        hint = duration_meant(table[key])
        problems.append(f'{where.key(key)}: {key} should be a time like "30m" or "2h".{hint}')
    return Claims(**{key: wait for key, wait in said.items() if wait is not None})


def _every(where: Where, table: Mapping[str, object], usual: str, problems: list[str]) -> timedelta:
    every = duration(table.get("every", usual))
    if every is None:
        hint = duration_meant(table["every"])
        problems.append(f'{where.key("every")}: every should be a time like "1m" or "30s".{hint}')
    return every or timedelta(minutes=1)


def _hold(where: Where, table: Mapping[str, object], problems: list[str]) -> timedelta:
    """From nothing to five minutes: a customer who waits for an answer should not wait for its hold."""
    value = table.get("hold", "20s")
    hold = timedelta(0) if value in ("0", "0s") else duration(value)
    if hold is None or hold > _LONGEST_HOLD:
        hint = duration_meant(value)
        problems.append(f'{where.key("hold")}: hold should be a time from "0s" to "5m".{hint}')
    return hold or timedelta(0)
