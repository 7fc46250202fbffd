"""Which routes take a conversation, and why the others do not. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.model import Mailbox
from bot.routing.conditions import Facts, Key, boxes
from bot.routing.guide import Guide
from bot.routing.route import Route, Routing

NOWHERE: Collection[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Choice:
    """What one route has to do with a conversation: whether it takes it, and the reason."""

    route: Route
    taken: bool
    why: str
    hidden: str = ""
    """Why whoever reads this is not told what the route asks."""


def chosen(
    facts: Facts, routes: Sequence[Route], routing: Routing, there: Collection[str] = NOWHERE
) -> tuple[Route, ...]:
    """List the routes that take a conversation. `there` are the channels that show it by now."""
    some = routes.fitting(facts) if isinstance(routes, Guide) else routes
    fits = [route for route in some if not route.default and fits_in(route, facts, there)]
    found = fits or [route for route in some if route.default and fits_in(route, facts, there)]
    return tuple(found[:1] if routing.first else found)


def choices(
    facts: Facts, routes: Sequence[Route], routing: Routing, there: Collection[str] = NOWHERE
) -> tuple[Choice, ...]:
    """Say of every route whether it takes a conversation, and why or why not."""
    taken = chosen(facts, routes, routing, there)
    ids, some = {id(route) for route in taken}, any(not route.default for route in taken)
    return tuple(
        Choice(route, taken=True, why=_because(route))
        if id(route) in ids
        else Choice(route, taken=False, why=_why_not(route, facts, there, some=some))
        for route in routes
    )


def fits_in(route: Route, facts: Facts, there: Collection[str] = NOWHERE) -> bool:
    """Whether a route's mailbox and rule fit, whatever other routes do."""
    if route.mailbox is not None and route.boxes.isdisjoint(facts.boxes):
        return False
    return route.rule.holds(facts, there=route.channel in there)


def leads_from(route: Route, mailbox: Mailbox) -> bool:
    """Whether a route may lead from this mailbox: it names it by id or by name, or names none."""
    return route.mailbox is None or not route.boxes.isdisjoint(boxes(mailbox))


def _why_not(route: Route, facts: Facts, there: Collection[str], *, some: bool) -> str:
    if doubt := _doubt(route, facts, there):
        return doubt
    if route.default and some:
        return "it is for what no other route takes"
    return "an earlier route takes it, and only the first one does"


def _doubt(route: Route, facts: Facts, there: Collection[str]) -> str:
    if route.mailbox is not None and route.boxes.isdisjoint(facts.boxes):
        return f"mailbox {_boxes(route)}, but it is {facts.words[Key.MAILBOX]}"
    return route.rule.doubt(facts, there=route.channel in there)


def _because(route: Route) -> str:
    box = f"mailbox {_boxes(route)}" if route.mailbox is not None else ""
    told = ", ".join(filter(None, (box, str(route.rule))))
    return f"{told or 'everything'}{', as no other route takes it' if route.default else ''}"


def _boxes(route: Route) -> str:
    return " or ".join(f'"{one}"' if isinstance(one, str) else str(one) for one in route.mailboxes)
