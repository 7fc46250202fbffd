"""`mine`, `waiting`, `find`: lists of conversations, for each person those of the mailboxes they may see."""

import re
from collections.abc import Callable
from dataclasses import replace

from bot import cards, clock, mail
from bot.cards import Block, richtext_block
from bot.desk import Desk
from bot.errors import UserError
from bot.freescout import ConversationQuery, Sort
from bot.model import Conversation, Status, User
from bot.richtext import link, section, text
from bot.surfaces import Action, Ask, Word

MOST = 15
"""Conversations in one answer."""


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
    return found


async def mine(ask: Ask) -> None:
    """List what is assigned to the person who asks."""
    user = await ask.desk.people.user(ask.person)
    query = ConversationQuery(
        assignee=user.id, statuses=(Status.ACTIVE, Status.PENDING), sort=Sort.UPDATED, newest_first=True
    )
    found = await matching(ask.desk, user, query, lambda one: one.assignee and one.assignee.id == user.id)
    await _answer(ask, "Assigned to you", found, "Nothing is assigned to you.")


async def waiting(ask: Ask) -> None:
    """List customers who wait for an answer, the longest wait first."""
    user = await ask.desk.people.user(ask.person)
    query = ConversationQuery(statuses=(Status.ACTIVE,), sort=Sort.WAITING)
    found = await matching(ask.desk, user, query, clock.waiting)
    await _answer(ask, "Waiting for an answer", found, "Nobody waits for an answer.")


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
    )
    found = await matching(ask.desk, user, query)
    shown = mail.one_line(words, 60)
    await _answer(ask, f"Found for {shown}", found, f"FreeScout has nothing for {shown}.")


async def _answer(ask: Ask, title: str, found: list[Conversation], nothing: str) -> None:
    if not found:
        await ask.tell(nothing)
        return
    items = [_item(ask, one) for one in found[:MOST]]
    head = section(text(title, bold=True))
    blocks: list[Block] = [
        richtext_block(head, {"type": "rich_text_list", "style": "bullet", "elements": items})
    ]
    if len(found) > MOST:
        blocks.append(cards.context("There are more: narrow it down, or look in FreeScout."))
    await ask.tell(f"{title}: {len(found[:MOST])}", *blocks)


def _item(ask: Ask, one: Conversation) -> Block:
    wait = clock.waiting(one)
    parts = [one.customer.name if one.customer else "", one.assignee.name if one.assignee else "unassigned"]
    parts.append(f"waiting {clock.spoken(ask.desk.now() - wait.since)}" if wait else one.status.value)
    about = " · ".join(mail.one_line(part, 80) for part in parts if part)
    url = ask.desk.settings.conversation_url(one.id)
    return section(link(url, mail.one_line(one.title, 120)), text(f" · {about}"))


ACTION = Action(
    "lists",
    words=(
        Word("mine", "", "lists what is assigned to you", mine),
        Word("waiting", "", "lists customers who wait, the longest first", waiting),
        Word("find", "words", "finds by the customer's address or by words of the subject", find),
    ),
)
