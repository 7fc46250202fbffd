"""What the bridge is told of the month's mailboxes: routes, hours, ladders, and how much is enough."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot import hours
from bot.bridgefile import Replies, Stale, Sweep
from bot.ladderfile import Pings
from bot.ladderfile import read as read_ladders
from bot.routing import Route
from bot.routing.reading import OPEN_TO
from bot.settings import Settings
from sandbox.serving import free_port
from tests.month.scenario import BERLIN, BOXES, LIST_FROM

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TELL = {"group": "@duty", "boss": "boss@example.org"}


def settings(budget: int, **given: Any) -> Settings:
    """The configuration: by the numbers of the scenario, as a file would say it."""
    problems: list[str] = []
    tables, ladders, routes = [], [], []
    for box in BOXES:
        # Open to all: who reads along is other tests' matter, and asking would be half of what Slack is asked.
        route = Route(box.name, box.name.lower(), open_to=frozenset(OPEN_TO))
        if box.week is not None:
            lines = [
                f"{_DAYS[day]} "
                + " ".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in spans)
                for day, spans in box.week.items()
            ]
            kind = "DE-BE" if box.zone == BERLIN else "US"
            own = [day for day in box.closed if kind == "DE-BE"]
            holidays = {"holidays": kind} if box.name in ("Support", "Sales") else {}
            tables.append(
                {"mailbox": box.name, "zone": str(box.zone), "open": lines, "closed": own, **holidays}
            )
        if box.name in ("Billing", "Night"):
            route = replace(route, after=tuple(timedelta(minutes=after) for after, _ in box.ladder))
        else:
            steps = [{"after": f"{after}m", "tell": _TELL.get(tell, tell)} for after, tell in box.ladder]
            table: dict[str, object] = {"mailbox": box.name, "steps": steps}
            table |= {"warn": f"{box.warn}m"} if box.warn else {}
            table |= {"on_duty": "@duty"} if box.duty else {}
            ladders.append(table)
        routes.append(route)
    read = {
        "hours": hours.read("month", tables, problems),
        "ladders": read_ladders("month", ladders, problems),
    }
    assert not problems, problems
    return Settings(
        routes=tuple(routes),
        stale=Stale((timedelta(hours=2),), timedelta(seconds=1)),
        sweep=Sweep(timedelta(seconds=0.5)),
        replies=Replies(timedelta(0)),
        pings=Pings(budget=budget, list_from=LIST_FROM),
        host="127.0.0.1",
        port=free_port(),
        **read,
        **given,
    )
