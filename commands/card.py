"""*Show Card* in a digest brings the conversation's own card. Whoever may see its mailbox may ask."""

import asyncio
from collections.abc import Sequence

from bot import mail
from bot.belonging import Belonging
from bot.cards import richtext_block
from bot.desk import Desk
from bot.errors import UserError
from bot.model import Conversation
from bot.plan import ASKED, CARD, DIGEST, shown_in, shows
from bot.richtext import link, section, text
from bot.roundup import SHOW_CARD
from bot.slackapi import call
from bot.store import Delivery
from bot.surfaces import Action, Ask, Button
from bot.watching.sight import sight

_NO_MORE = "This conversation does not belong in this channel any more."


async def ask_for(desk: Desk, slack_user: str, conversation: int, channel: str) -> tuple[str, str]:
    """Have the card come where it belongs; return what there is to say, and where a card of it stands."""
    user = await desk.people.user(slack_user)
    found = await desk.conversation(conversation, user)
    said = await desk.store.posts(conversation)
    shown = {one.key: one for one in said if one.channel == channel}
    if CARD in shown and shown[CARD].ts:
        return "Its card is here already: ", await _address(desk, shown[CARD])
    if not shows(found):
        raise UserError("It is a draft, spam, or deleted in FreeScout: no card of it comes.")
    if reason := await _left(desk, found, said, channel):
        there = await _elsewhere(desk, slack_user, said)
        return (f"{reason} Its card is in another channel: ", there) if there else (reason, "")
    line = shown.get(DIGEST) or next((one for one in shown.values() if one.ts and ":" in one.version), None)
    if line is None:
        raise UserError(_NO_MORE)
    begun = [] if line.key == DIGEST else [desk.store.begin_post(conversation, channel, DIGEST, ASKED)]
    said_so = desk.store.posted(conversation, channel, DIGEST, line.ts, ASKED)
    await asyncio.gather(*begun, said_so)  # no look comes between
    await desk.store.ring([conversation], "asked", priority=1)
    return "Its card comes to the end of this channel.", ""


async def _left(desk: Desk, conversation: Conversation, said: Sequence[Delivery], channel: str) -> str:
    """Why it belongs in a channel no more; nothing where it does, or may."""
    if desk.channels is None:
        return ""
    belonging = Belonging(desk, desk.channels)
    if await belonging.leads(conversation, said, channel):
        return ""
    if not await belonging.moved(conversation, channel):
        return _NO_MORE
    mailbox = await desk.people.mailbox(conversation.mailbox_id)
    box = mail.one_line(mailbox.name, 60) if mailbox else "another mailbox"
    return f"This conversation was moved to {box}, and does not belong in this channel any more."


async def _elsewhere(desk: Desk, slack_user: str, said: Sequence[Delivery]) -> str:
    """The address of a card in another channel that this person may know of; nothing where there is none."""
    heads = shown_in(said)
    cards = [one for one in said if one.key == CARD and one.ts and one.channel in heads]
    known = await sight(desk, slack_user, [one.channel for one in cards]) if cards else None
    first = next((one for one in cards if known and one.channel in known.channels), None)
    return await _address(desk, first) if first else ""


async def _address(desk: Desk, card: Delivery) -> str:
    told = await call(desk.web.chat_getPermalink, channel=card.channel, message_ts=card.ts)
    return str(told["permalink"])


async def pressed(ask: Ask) -> None:
    """Say where the card is, that it comes, or why it does not."""
    said, where = await ask_for(ask.desk, ask.person, ask.number, ask.channel)
    there = [link(where, "go there")] if where else []
    await ask.tell(said, richtext_block(section(text(said), *there)))


ACTION = Action("card", buttons=(Button(SHOW_CARD, pressed),))
