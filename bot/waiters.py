"""Who waits in some mailboxes, by the honest clock: the longest business time first.

FreeScout's own order moves with every message of the customer's, so the threads are fetched with the list.
"""

from collections.abc import Collection
from dataclasses import dataclass

from bot import clock, mail, quiet, routes
from bot.daystats import Kept, Waiting, longest
from bot.desk import Desk
from bot.errors import UserError
from bot.freescout import ConversationQuery, Sort
from bot.model import Conversation, Mailbox, Status, User

MOST = 300
"""Open conversations that are read, in requests of fifty: those whose customers wrote longest ago."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Those who wait. `cut` says that there are more than were read."""

    waiting: tuple[Waiting, ...]
    cut: bool = False


async def queue(desk: Desk, mailboxes: Collection[int], most: int = MOST) -> Queue:
    """List who waits in these mailboxes."""
    rows = await open_ones(desk, mailboxes, most)
    found = [one for row in rows if (one := await waits(desk, row))]
    return Queue(tuple(sorted(found, key=longest)), len(rows) >= most)


async def open_ones(desk: Desk, mailboxes: Collection[int], most: int = MOST) -> list[Conversation]:
    """Fetch what is active there, with threads: at most `most`."""
    if not mailboxes:
        return []
    query = ConversationQuery(
        mailboxes=sorted(mailboxes), statuses=(Status.ACTIVE,), sort=Sort.WAITING, threads=True
    )
    rows = desk.freescout.conversations(query, most=most)
    return [row async for row in rows if row.mailbox_id in mailboxes]


async def waits(desk: Desk, row: Conversation) -> Waiting | None:
    """How long the customer of a conversation waits, if they do."""
    wait = clock.waiting(row)
    if wait is None:
        return None
    its = kept(desk, await desk.people.mailbox(row.mailbox_id))
    return Waiting(row, wait.since, wait.passed(desk.now(), its.hours), its.limit)


def kept(desk: Desk, mailbox: Mailbox | None) -> Kept:
    """What a mailbox's waits are measured by: its hours, and the first step of its soonest route."""
    if mailbox is None:
        return Kept()
    settings = desk.settings
    found = [route for route in settings.routes if routes.leads_from(route, mailbox)]
    ladders = [routes.ladder(route, settings, mailbox) for route in found]
    limits = [ladder.steps[0].after for ladder in ladders if ladder.steps]
    return Kept(routes.opening(settings, mailbox), min(limits, default=None))


async def hushed(desk: Desk, conversation: Conversation) -> str:
    """Why nobody is reminded of a conversation, in a few words: who is on it, or who put it aside."""
    claims = await desk.store.claims(conversation.id)
    held = next((one for one in claims if one.state == "held"), None)
    found = quiet.quiet(held, await desk.store.snoozed(conversation.id), conversation, desk.now())
    return found.why if found else ""


async def named(desk: Desk, user: User, words: str) -> frozenset[int]:
    """The mailboxes that words mean, an id or a name, of those that this user may see; all for no words."""
    seen = await desk.people.may_see(user)
    if not words:
        return seen
    boxes = [box for box in await desk.people.mailboxes() if box.id in seen]
    found = [box for box in boxes if words.casefold() in (str(box.id), box.name.casefold())]
    found = found or [box for box in boxes if words.casefold() in box.name.casefold()]
    if len(found) != 1:
        known = ", ".join(mail.one_line(box.name, 60) for box in boxes[:20]) or "none"
        raise UserError(f"Which mailbox? You may see: {known}.")
    return frozenset((found[0].id,))
