"""Which routes take the conversations of a list, which tells less of each than the truth does.

What a channel shows by now the store says, in one read for all. Custom fields nobody has seen in a list, and
FreeScout's manual shows them empty there: where a route asks for one, each that tells none is fetched by
itself.
https://api-docs.freescout.net/#list-conversations
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bot import routes
from bot.desk import Desk
from bot.errors import BridgeError
from bot.freescout import NotFound
from bot.model import Conversation, Mailbox
from bot.plan import HEADS, shown_in
from bot.routing import Key, Route
from bot.settings import Settings

log = logging.getLogger(__name__)

MOST = 300
"""Conversations of one list that are fetched each by itself; what routes take the others is not known."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A conversation of a list, and the routes that take it for certain."""

    conversation: Conversation
    routes: tuple[Route, ...]
    doubtful: tuple[Route, ...] = ()
    """Those that may take it as well, which its custom fields would tell."""


async def taken(
    desk: Desk, rows: Sequence[Conversation], wanted: Sequence[Route], most: int | None = None
) -> list[Taken]:
    """Say which of the wanted routes take each of these; what was deleted meanwhile is left out.

    `most` of them, else `MOST`, are fetched each by itself, the first ones first.
    """
    left = MOST if most is None else most
    there, settings, found = await _there(desk, rows), desk.settings, []
    hidden: dict[int, tuple[Route, ...]] = {}
    """By mailbox, the routes that only custom fields decide."""
    for row in rows:
        mailbox = await desk.people.mailbox(row.mailbox_id)
        if row.mailbox_id not in hidden:
            hidden[row.mailbox_id] = deciding(wanted, settings, mailbox or Mailbox(row.mailbox_id, ""))
        one: Conversation | None = row
        doubtful = () if row.fields else hidden[row.mailbox_id]
        if doubtful and left > 0:
            left -= 1
            try:
                one, doubtful = await whole(desk, row), ()
            except BridgeError as error:  # no other need wait for it
                log.warning("the custom fields of conversation %s are not known: %s", row.id, error)
        if one:
            matching = routes.matching(one, mailbox, settings, there.get(row.id, frozenset()))
            certain = tuple(route for route in matching if route in wanted and route not in doubtful)
            found.append(Taken(one, certain, doubtful))
    return found


async def whole(desk: Desk, row: Conversation) -> Conversation | None:
    """A conversation of a list with its custom fields; None where FreeScout has it no more."""
    try:
        return replace(row, fields=(await desk.freescout.conversation(row.id, ())).fields)
    except NotFound:
        return None


def asks(route: Route) -> bool:
    """Whether a route asks for a custom field anywhere."""
    return Key.FIELD in route.rule.keys


def deciding(wanted: Sequence[Route], settings: Settings, mailbox: Mailbox) -> tuple[Route, ...]:
    """Those of the wanted routes that may take what is in a mailbox or not, as its custom fields are. Pure.

    They ask for one, or for what the others leave: where only the first takes it, that is all of them.
    """
    here = [route for route in settings.routes if routes.leads_from(route, mailbox)]
    if not any(map(asks, here)):
        return ()
    leaves = settings.routing.first
    return tuple(one for one in here if one in wanted and (leaves or one.default or asks(one)))


async def _there(desk: Desk, rows: Sequence[Conversation]) -> dict[int, frozenset[str]]:
    """By conversation, the channels that show it, of those whose routes might not take it at this moment."""
    known = {route.channel for route in desk.settings.routes if route.rule.enters}
    if not known or desk.channels is None:
        return {}
    ids: dict[str, str] = {}
    for name in known:
        with suppress(BridgeError):  # a channel that nobody finds: who leads there says so
            ids[name] = await desk.channels.id(name)
    said = await desk.store.posts_of([row.id for row in rows], HEADS)
    return {
        identity: frozenset(name for name, channel in ids.items() if channel in shown)
        for identity, posts in said.items()
        if (shown := shown_in(posts))
    }
