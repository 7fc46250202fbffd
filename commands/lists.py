"""`mine`, `waiting`, `find`: lists of conversations, for each person those of the mailboxes they may see."""

import re
from collections.abc import Callable
from dataclasses import replace

from bot import cards, clock, mail, routes, waiters
from bot.cards import Block, richtext_block
from bot.daystats import Waiting, longest
from bot.desk import Desk
from bot.errors import UserError
from bot.freescout import ConversationQuery, Sort
from bot.model import Conversation, Status, User
from bot.richtext import Element, link, section, text
from bot.surfaces import Action, Ask, Button, Word
from bot.veil import shown
from bot.waitlist import ALL

FURTHER = "waiting.more"
"""*More*; its value is where to go on, a colon, and the mailbox."""
MOST = 15
"""Conversations in one answer."""
_NOBODY_SEEN = "Of the conversations that were looked at, nobody waits for an answer."


async def matching(
    desk: Desk,
    user: User,
    query: ConversationQuery,
    wanted: Callable[[Conversation], object] = lambda _: True,
) -> list[Conversation]:
    """List conversations that match, are wanted and that this user may see, one more than are shown."""
    boxes = await desk.people.may_see(user)
    if not boxes:
        return []
    query = replace(query, mailboxes=sorted(boxes))
    found: list[Conversation] = []
    async for conversation in desk.freescout.conversations(query):
        if conversation.mailbox_id in boxes and wanted(conversation):
            found.append(conversation)
        if len(found) > MOST:
            break
    return await shown(desk.store, found)


async def mine(ask: Ask) -> None:
    """List what is assigned to the person who asks: first those who wait, the longest wait first."""
    user = await ask.desk.people.user(ask.person)
    boxes = await ask.desk.people.may_see(user)
    query = ConversationQuery(
        assignee=user.id,
        statuses=(Status.ACTIVE, Status.PENDING),
        sort=Sort.UPDATED,
        newest_first=True,
        threads=True,
    )
    rows = ask.desk.freescout.conversations(query, most=waiters.MOST)
    theirs = [one async for one in rows if one.assignee and one.assignee.id == user.id]
    found = await shown(ask.desk.store, [one for one in theirs if one.mailbox_id in boxes])
    waits = [(one, await waiters.waits(ask.desk, one)) for one in found]
    first = sorted((wait for _, wait in waits if wait), key=longest)
    listed = [wait.conversation for wait in first] + [one for one, wait in waits if not wait]
    await _answer(ask, "Assigned to you", listed, "Nothing is assigned to you.")


async def waiting(ask: Ask) -> None:
    """List customers who wait for an answer, the longest wait first: in one mailbox, or in all."""
    user = await ask.desk.people.user(ask.person)
    words = mail.from_slack(ask.text).strip()
    await _waiting(ask, await waiters.named(ask.desk, user, words), words, 0)


async def pressed(ask: Ask) -> None:
    """*Everybody Who Waits* below a channel's list."""
    user = await ask.desk.people.user(ask.person)
    await _waiting(ask, await ask.desk.people.may_see(user), "", 0)


async def turned(ask: Ask) -> None:
    """*More*: the next page, of who waits by then."""
    start, _, words = ask.text.partition(":")
    user = await ask.desk.people.user(ask.person)
    mailboxes = await waiters.named(ask.desk, user, words)
    await _waiting(ask, mailboxes, words, replace(ask, text=start).number)


async def _waiting(ask: Ask, mailboxes: frozenset[int], words: str, start: int) -> None:
    found = await waiters.queue(ask.desk, mailboxes)
    page = await waiters.limited(ask.desk, found.waiting[start : start + MOST])
    if not page:
        nobody = "Nobody else waits by now." if start else "Nobody waits for an answer."
        looked = "Of those that were looked at, nobody else waits." if start else _NOBODY_SEEN
        await ask.tell(f"{looked} {waiters.CUT}" if found.cut else nobody)
        return
    title = f"Waiting for an answer: {len(found.waiting)}{'+' if found.cut else ''}"
    items = [_row(ask, one, await waiters.hushed(ask.desk, one.conversation)) for one in page]
    listing: Element = {"type": "rich_text_list", "style": "ordered", "elements": items}
    blocks: list[Block] = [richtext_block(section(text(title, bold=True)), {**listing, "offset": start})]
    if found.cut:
        blocks.append(cards.context(waiters.CUT))
    if len(found.waiting) > start + MOST:
        value = f"{start + MOST}:{words[:100]}"
        blocks.append({"type": "actions", "elements": [cards.button(FURTHER, "More", value)]})
    await ask.tell(title, *blocks)


def _row(ask: Ask, one: Waiting, hushed: str) -> Element:
    row = one.conversation
    late: list[Element] = [text("too long ", bold=True)] if one.late else []
    whose = cards.named(row.assignee) if row.assignee else "unassigned"
    about = " · ".join(filter(None, (cards.named(row.customer), whose, mail.one_line(hushed, 100))))
    return section(
        text(f"{clock.spoken(one.waited)} ", bold=True),
        *late,
        link(ask.desk.settings.conversation_url(row.id), mail.one_line(row.title, 120)),
        text(f" · {about}"),
    )


async def find(ask: Ask) -> None:
    """List conversations by the customer's address, or by words of the subject."""
    words = mail.from_slack(ask.text).strip()
    if not words:
        raise UserError("What? For example `/freescout find ana@example.org` or `/freescout find invoice`.")
    user = await ask.desk.people.user(ask.person)
    if re.fullmatch("#?[0-9]+", words):
        await _answer(ask, f"Found for {words}", [await ask.desk.quoted(words, user)], "")
        return
    address = "@" in words and " " not in words
    query = ConversationQuery(
        customer_email=words if address else "",
        subject="" if address else words,
        sort=Sort.UPDATED,
        newest_first=True,
        threads=True,  # only they tell since when somebody waits, and whether
    )
    found = await matching(ask.desk, user, query)
    shown = mail.one_line(words, 60)
    nothing = f"Of what you may see, no subject has {shown} in it. Customers are found by their address."
    if address:
        nothing = f"Of what you may see, nothing is from a customer whose address is {shown}."
    await _answer(ask, f"Found for {shown}", found, nothing)


async def _answer(ask: Ask, title: str, found: list[Conversation], nothing: str) -> None:
    if not found:
        await ask.tell(nothing)
        return
    items = [await _item(ask, one) for one in found[:MOST]]
    head = section(text(title, bold=True))
    blocks: list[Block] = [
        richtext_block(head, {"type": "rich_text_list", "style": "bullet", "elements": items})
    ]
    if len(found) > MOST:
        blocks.append(cards.context("There are more: narrow it down, or look in FreeScout."))
    await ask.tell(f"{title}: {len(found[:MOST])}", *blocks)


async def _item(ask: Ask, one: Conversation) -> Block:
    mailbox = await ask.desk.people.mailbox(one.mailbox_id)
    wait = clock.waiting(one)
    parts = [one.customer.name if one.customer else "", one.assignee.name if one.assignee else "unassigned"]
    hours = routes.opening(ask.desk.settings, mailbox)
    waited = clock.spoken(wait.passed(ask.desk.now(), hours)) if wait else ""
    parts.append(f"waiting {waited}" if waited else one.status.value)
    about = " · ".join(mail.one_line(part, 80) for part in parts if part)
    url = ask.desk.settings.conversation_url(one.id)
    return section(link(url, mail.one_line(one.title, 120)), text(f" · {about}"))


ACTION = Action(
    "lists",
    words=(
        Word("mine", "", "lists what is assigned to you", mine),
        Word(
            "waiting", "", "lists customers who wait, the longest first; a mailbox's name narrows it", waiting
        ),
        Word("find", "words", "finds by the customer's address or by words of the subject", find),
    ),
    buttons=(Button(ALL, pressed), Button(FURTHER, turned)),
)
