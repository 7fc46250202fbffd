"""Which channels show a conversation. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from bot.model import Conversation, Mailbox
from bot.settings import Route, Settings


def matching(
    conversation: Conversation, mailbox: Mailbox | None, routes: Sequence[Route]
) -> tuple[Route, ...]:
    """List the routes of the conversation's mailbox, by its id or, whatever the case, by its name."""
    name = mailbox.name.casefold() if mailbox else None
    return tuple(
        route
        for route in routes
        if route.mailbox == conversation.mailbox_id
        or (isinstance(route.mailbox, str) and route.mailbox.casefold() == name)
    )


def waits(route: Route, settings: Settings) -> tuple[timedelta, ...]:
    """The waits after which this route speaks of a waiting customer."""
    return route.after or settings.stale.after
