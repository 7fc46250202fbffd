"""Which routes take a conversation, and why the others do not. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.model import Mailbox
from bot.routing.conditions import Facts, Key
from bot.routing.route import Route, Routing

NOWHERE: Collection[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Choice:
    """What one route has to do with a conversation: whether it takes it, and the reason."""

    route: Route
    taken: bool
    why: str


def chosen(
    facts: Facts, routes: Sequence[Route], routing: Routing, there: Collection[str] = NOWHERE
) -> tuple[Route, ...]:
    """List the routes that take a conversation. `there` are the channels that show it by now."""
    fits = [route for route in routes if not route.default and fits_in(route, facts, there)]
    found = fits or [route for route in routes if route.default and fits_in(route, facts, there)]
    return tuple(found[:1] if routing.first else found)


def choices(
    facts: Facts, routes: Sequence[Route], routing: Routing, there: Collection[str] = NOWHERE
) -> tuple[Choice, ...]:
    """Say of every route whether it takes a conversation, and why or why not."""
    taken = chosen(facts, routes, routing, there)
    some = any(not route.default for route in taken)
    return tuple(_choice(route, facts, taken, there, some=some) for route in routes)


def fits_in(route: Route, facts: Facts, there: Collection[str] = NOWHERE) -> bool:
    """Whether a route's mailbox and rule fit, whatever other routes do."""
    if route.mailbox is not None and not _of_mailbox(route, facts.mailbox, facts.mailboxes):
        return False
    return route.rule.holds(facts, there=route.channel in there)


def leads_from(route: Route, mailbox: Mailbox) -> bool:
    """Whether a route may lead from this mailbox: it names it by id or by name, or names none."""
    names = frozenset(one.casefold() for one in (mailbox.name, *mailbox.known_as) if one)
    return route.mailbox is None or _of_mailbox(route, mailbox.id, names)


def _of_mailbox(route: Route, identity: int, names: Collection[str]) -> bool:
    box = route.mailbox
    if isinstance(box, int):
        return box == identity
    if isinstance(box, str):
        return box.casefold() in names
    return any((one == identity) if isinstance(one, int) else (one.casefold() in names) for one in box or ())


def _choice(
    route: Route, facts: Facts, taken: Collection[Route], there: Collection[str], *, some: bool
) -> Choice:
    if any(one is route for one in taken):
        return Choice(route, taken=True, why=_because(route))
    if doubt := _doubt(route, facts, there):
        return Choice(route, taken=False, why=doubt)
    if route.default and some:
        return Choice(route, taken=False, why="it is for what no other route takes")
    return Choice(route, taken=False, why="an earlier route takes it, and only the first one does")


def _doubt(route: Route, facts: Facts, there: Collection[str]) -> str:
    if route.mailbox is not None and not _of_mailbox(route, facts.mailbox, facts.mailboxes):
        return f"mailbox {_boxes(route)}, but it is {facts.words[Key.MAILBOX]}"
    return route.rule.doubt(facts, there=route.channel in there)


def _because(route: Route) -> str:
    box = f"mailbox {_boxes(route)}" if route.mailbox is not None else ""
    told = ", ".join(filter(None, (box, str(route.rule))))
    return f"{told or 'everything'}{', as no other route takes it' if route.default else ''}"


def _boxes(route: Route) -> str:
    return " or ".join(f'"{one}"' if isinstance(one, str) else str(one) for one in route.mailboxes)
