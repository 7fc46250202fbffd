"""Which channels show a conversation, and what its mailbox keeps: hours, and a ladder. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from bot import hours, ladderfile
from bot.bridgefile import Route
from bot.hours import Hours
from bot.ladderfile import Ladder
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


def ladder(route: Route, settings: Settings, mailbox: Mailbox | None) -> Ladder:
    """The ladder of a waiting customer here: the route's own waits, the mailbox's ladder, or `[stale]`."""
    if route.after:
        return ladderfile.of_waits(route.after)
    known = mailbox or Mailbox(0, "")
    own = ladderfile.kept(settings.ladders, known.id, known.name)
    return own or ladderfile.of_waits(settings.stale.after)


def opening(settings: Settings, mailbox: Mailbox | None) -> Hours:
    """The hours that a mailbox keeps."""
    known = mailbox or Mailbox(0, "")
    return hours.kept(settings.hours, known.id, known.name)


def waits(route: Route, settings: Settings) -> tuple[timedelta, ...]:
    """The waits after which this route speaks of a waiting customer."""
    return route.after or settings.stale.after
