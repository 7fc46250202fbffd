"""The tables `[[routes]]` of bridge.toml: what is shown in which channel, and how. Pure.

A route that people add from Slack is such a table, too. Every problem is told at once.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.routing.conditionfile import CONDITIONS, GROUPS, LONGEST, read_mailboxes, read_rule
from bot.routing.conditions import Key, Rule
from bot.routing.delivery import Body, read_deliver
from bot.routing.route import Route, Routing
from bot.tables import Where, duration, duration_meant, meant, unknown, waits

GUESTS, ORGANISATIONS = "guests", "organisations"
OPEN_TO = (GUESTS, ORGANISATIONS)

KEYS = (
    "channel",
    *CONDITIONS,
    *GROUPS,
    "default",
    "name",
    "deliver",
    "body",
    "open_to",
    "after",
    "notes",
)
_SHORTEST = timedelta(minutes=5)
ROUTING_KEYS = ("match", "digest")


def read_routing(where: Where, table: Mapping[str, object], problems: list[str]) -> Routing:
    """Read the table `[routing]`."""
    match = table.get("match", "all")
    if match not in ("all", "first"):
        problems.append(
            f'{where.key("match")}: match should be "all" or "first".{meant(match, ("all", "first"))}'
        )
    every = duration(table.get("digest", "1h"))
    if every is None or every < _SHORTEST:
        hint = duration_meant(table["digest"])
        problems.append(
            f'{where.key("digest")}: digest should be a time like "1h", of five minutes or more.{hint}'
        )
    return Routing(match == "first", every or timedelta(hours=1))


def read(file: Where, tables: object, problems: list[str]) -> tuple[Route, ...]:
    """Read all routes of the file; what is wrong is added to `problems`."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.append(f"{file.key('routes')}: a route is a table, written [[routes]].")
        return ()
    if not tables:
        problems.append(f"{file} has no [[routes]]: nothing would ever be shown.")
    routes: list[Route] = []
    met: set[Route] = set()
    for number, table in enumerate(tables, start=1):
        where = file.part(f"route {number}", "routes", number - 1)
        route = read_route(where, table, problems)
        if route is not None:
            if (nameless := replace(route, name="")) in met:
                problems.append(f"{where}: the same mailbox and channel as an earlier route.")
            met.add(nameless)
            routes.append(replace(route, number=number, line=where.line or 0))
    return tuple(routes)


def read_route(where: Where, table: Mapping[str, Any], problems: list[str]) -> Route | None:
    """Read one route; None where it leads nowhere."""
    unknown(where, table, KEYS, problems)
    before = len(problems)
    channel = table.get("channel")
    if not isinstance(channel, str) or not channel.strip(" #"):
        problems.append(f"{where.key('channel')}: channel should be a channel's id or its name.")
    box = read_mailboxes(where, table["mailbox"], problems) if Key.MAILBOX in table else None
    beside = {key: value for key, value in table.items() if key != Key.MAILBOX}
    rule = read_rule(where, beside, problems)
    if box is None and rule == Rule() and table.get("default") is not True and len(problems) == before:
        problems.append(
            f"{where}: which conversations? Say a mailbox, a tag or another condition. "
            "default = true is for what no other route takes."
        )
    route = Route(
        box,
        str(channel).strip().removeprefix("#"),
        waits(where.key("after"), table["after"], problems) if "after" in table else None,
        _flag(where, table, "notes", problems),
        rule=rule,
        name=_text(where, "name", table.get("name", ""), problems),
        default=_flag(where, table, "default", problems),
        deliver=read_deliver(where, table.get("deliver", {}), problems),
        body=_body(where, table.get("body", Body.FULL), problems),
        open_to=_open_to(where, table.get("open_to", []), problems),
    )
    return route if isinstance(channel, str) and channel.strip(" #") else None


def _flag(where: Where, table: Mapping[str, Any], key: str, problems: list[str]) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        problems.append(f"{where.key(key)}: {key} should be true or false, without quotes.")
    return value is True


def _text(where: Where, key: str, value: object, problems: list[str]) -> str:
    if not isinstance(value, str) or len(value) > LONGEST:
        problems.append(f"{where.key(key)}: {key} should be a few words.")
        return ""
    return value.strip()


def _body(where: Where, value: object, problems: list[str]) -> Body:
    if not isinstance(value, str) or value not in tuple(Body):
        near = meant(value, tuple(Body))
        problems.append(f'{where.key("body")}: body should be "full", "snippet" or "none".{near}')
        return Body.NONE
    return Body(value)


def _open_to(where: Where, value: object, problems: list[str]) -> frozenset[str]:
    said = value if isinstance(value, list) else [value]
    wrong = [one for one in said if one not in OPEN_TO]
    if wrong:
        near = meant(wrong[0], OPEN_TO)
        problems.append(
            f'{where.key("open_to")}: open_to should name "guests", "organisations" or both.{near}'
        )
    return frozenset(one for one in said if one in OPEN_TO)
