"""Which routes take the conversations of a list.

What channels show by now the store says, in one read for all.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from bot import routes
from bot.desk import Desk
from bot.errors import BridgeError
from bot.model import Conversation
from bot.plan import HEADS, shown_in
from bot.routing import Route


@dataclass(frozen=True, slots=True)
class Taken:
    """A conversation of a list, and the routes that take it."""

    conversation: Conversation
    routes: tuple[Route, ...]


async def taken(desk: Desk, rows: Sequence[Conversation], wanted: Sequence[Route]) -> list[Taken]:
    """Say which of the wanted routes take each of these."""
    there, settings, found = await _there(desk, rows), desk.settings, []
    for row in rows:
        mailbox = await desk.people.mailbox(row.mailbox_id)
        matching = routes.matching(row, mailbox, settings, there.get(row.id, frozenset()))
        found.append(Taken(row, tuple(route for route in matching if route in wanted)))
    return found


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
