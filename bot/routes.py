"""Which channels show a conversation, and what its mailbox keeps: hours, and a ladder. Pure."""

from collections.abc import Collection
from datetime import timedelta

from bot import hours, ladderfile, routing
from bot.hours import Hours
from bot.ladderfile import Ladder
from bot.model import Conversation, Mailbox
from bot.routing import Choice, Facts, Route, leads_from
from bot.settings import Settings

__all__ = ["choices", "facts", "ladder", "leads_from", "matching", "opening", "waits"]


def matching(
    conversation: Conversation, mailbox: Mailbox | None, settings: Settings, there: Collection[str] = ()
) -> tuple[Route, ...]:
    """List the routes that take a conversation. `there` are the channels that show it by now."""
    return routing.chosen(facts(conversation, mailbox, settings), settings.guide, settings.routing, there)


def choices(
    conversation: Conversation, mailbox: Mailbox | None, settings: Settings, there: Collection[str] = ()
) -> tuple[Choice, ...]:
    """Say of every route whether it takes a conversation, and why or why not."""
    return routing.choices(facts(conversation, mailbox, settings), settings.routes, settings.routing, there)


def facts(conversation: Conversation, mailbox: Mailbox | None, settings: Settings) -> Facts:
    """What the routes ask of a conversation."""
    return routing.facts(conversation, mailbox, opening(settings, mailbox))


def ladder(route: Route, settings: Settings, mailbox: Mailbox | None) -> Ladder:
    """The ladder of a waiting customer here: the route's own waits, the mailbox's ladder, or `[stale]`."""
    if route.after:
        return ladderfile.of_waits(route.after)
    known = mailbox or Mailbox(0, "")
    own = ladderfile.kept(settings.ladders, known.id, known.name, *known.known_as)
    return own or ladderfile.of_waits(settings.stale.after)


def opening(settings: Settings, mailbox: Mailbox | None) -> Hours:
    """The hours that a mailbox keeps."""
    known = mailbox or Mailbox(0, "")
    return hours.kept(settings.hours, known.id, known.name, *known.known_as)


def waits(route: Route, settings: Settings) -> tuple[timedelta, ...]:
    """The waits after which this route speaks of a waiting customer."""
    return route.after or settings.stale.after
