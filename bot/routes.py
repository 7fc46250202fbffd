"""Which channels show a conversation. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from bot.bridgefile import Route
from bot.model import Conversation, Mailbox
from bot.settings import Settings


def matching(
    conversation: Conversation, mailbox: Mailbox | None, routes: Sequence[Route]
) -> tuple[Route, ...]:
    """List the routes of the conversation's mailbox."""
    known = mailbox or Mailbox(conversation.mailbox_id, "")
    return tuple(route for route in routes if leads_from(route, known))


def leads_from(route: Route, mailbox: Mailbox) -> bool:
    """Tell whether a route names this mailbox: by its id, or by its name in any case."""
    if isinstance(route.mailbox, int):
        return route.mailbox == mailbox.id
    return bool(mailbox.name) and route.mailbox.casefold() == mailbox.name.casefold()


def waits(route: Route, settings: Settings) -> tuple[timedelta, ...]:
    """The waits after which this route speaks of a waiting customer."""
    return route.after or settings.stale.after
