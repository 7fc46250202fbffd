"""Who waits in some mailboxes, by the honest clock: the longest business time first.

FreeScout's own order moves with every message of the customer's, so the threads are fetched with the list.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot import clock, mail, quiet, routes, takers
from bot.daystats import Waiting, longest
from bot.desk import Desk
from bot.errors import UserError
from bot.freescout import ConversationQuery, NotFound, Sort
from bot.model import Conversation, Mailbox, Status, User
from bot.routing import Route
from bot.settings import Settings
from bot.veil import shown

MOST = 300
"""Open conversations whose threads are read, in requests of fifty: those last written to longest ago."""
FURTHEST = 3_000
"""Open conversations that are passed by, without threads, where many of the first ones were answered."""
CUT = "There are more open conversations, which were not looked at."
_PAGE = 50
_FEW = 2
"""Conversations of one page that are fetched each by itself rather than with the whole page."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Those who wait. `cut` says that there are more than were read."""

    waiting: tuple[Waiting, ...]
    cut: bool = False


async def queue(desk: Desk, mailboxes: Collection[int], most: int = MOST) -> Queue:
    """List who waits in these mailboxes."""
    rows, cut = await open_ones(desk, mailboxes, most)
    await asyncio.to_thread(lambda: [clock.waiting(row) for row in rows])  # reads them; verdicts are kept
    found = [one for row in rows if (one := await waits(desk, row))]
    return Queue(tuple(sorted(found, key=longest)), cut)


async def open_ones(
    desk: Desk, mailboxes: Collection[int], most: int = MOST
) -> tuple[list[Conversation], bool]:
    """Fetch who may wait there, with threads; say whether there are more that were not looked at.

    The first `most` are read whoever wrote last: an automatic answer is no answer, and only threads tell.
    Where they are not all, the rest is passed by without threads until `most` customers wrote last.
    """
    if not mailboxes:
        return [], False
    query = ConversationQuery(
        mailboxes=sorted(mailboxes), statuses=(Status.ACTIVE,), sort=Sort.WAITING, threads=True
    )
    first = [row async for row in desk.freescout.conversations(query, most=most)]
    further, cut = await _further(desk, query, first, most) if len(first) >= most else ([], False)
    return await shown(desk.store, [row for row in (*first, *further) if row.mailbox_id in mailboxes]), cut


async def _further(
    desk: Desk, query: ConversationQuery, first: list[Conversation], most: int
) -> tuple[list[Conversation], bool]:
    """Those after the first ones in which the customer wrote last, and whether there are more."""
    known = {row.id for row in first}
    left = most - sum(row.latest_reply_from == "customer" for row in first)
    pages: dict[int, int] = {}
    """By conversation, the page on which it stood."""
    passed, cut = 0, False
    light = replace(query, threads=False, page_size=2 * _PAGE)
    async for row in desk.freescout.conversations(light, most=FURTHEST):
        passed += 1
        if row.id not in known and row.latest_reply_from == "customer":
            if len(pages) >= left:
                cut = True
                break
            pages[row.id] = (passed - 1) // _PAGE + 1
    return await _threads(desk, replace(query, page_size=_PAGE), pages), cut or passed >= FURTHEST


async def _threads(desk: Desk, query: ConversationQuery, pages: dict[int, int]) -> list[Conversation]:
    """Fetch these with threads: page by page, and each that is not there any more by itself."""
    found: dict[int, Conversation] = {}
    for number, some in Counter(pages.values()).items():
        if some > _FEW:
            page = await desk.freescout.page(query, number)
            found.update({row.id: row for row in page.rows if row.id in pages})
    for identity in pages:
        if identity not in found:
            try:
                found[identity] = await desk.freescout.conversation(identity, ("threads", "tags"))
            except NotFound:
                continue  # deleted meanwhile
    return list(found.values())


async def waits(desk: Desk, row: Conversation) -> Waiting | None:
    """How long the customer of a conversation waits, if they do; not yet whether that is too long."""
    wait = clock.waiting(row)
    if wait is None:
        return None
    mailbox = await desk.people.mailbox(row.mailbox_id)
    return Waiting(row, wait.since, wait.passed(desk.now(), routes.opening(desk.settings, mailbox)))


async def limited(desk: Desk, some: Sequence[Waiting]) -> list[Waiting]:
    """The same few with what is too long for each, by the routes that take it as far as that is known."""
    settings = desk.settings
    rows = await takers.taken(desk, [one.conversation for one in some], settings.routes)
    by = {row.conversation.id: row.routes for row in rows}
    return [
        replace(
            one,
            limit=limit(
                settings,
                by.get(one.conversation.id, ()),
                await desk.people.mailbox(one.conversation.mailbox_id),
            ),
        )
        for one in some
    ]


def limit(settings: Settings, taken: Iterable[Route], mailbox: Mailbox | None) -> timedelta | None:
    """After how long a wait is too long where these routes lead: at the soonest first step, if ever."""
    ladders = [routes.ladder(route, settings, mailbox) for route in taken]
    return min((ladder.steps[0].after for ladder in ladders if ladder.steps), default=None)


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
