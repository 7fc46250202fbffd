"""*Show Card* in a digest brings the conversation's own card. Whoever may see its mailbox may ask."""

from bot.cards import richtext_block
from bot.desk import Desk
from bot.errors import UserError
from bot.plan import ASKED, CARD, DIGEST
from bot.richtext import link, section, text
from bot.roundup import SHOW_CARD
from bot.slackapi import call
from bot.surfaces import Action, Ask, Button


async def ask_for(desk: Desk, slack_user: str, conversation: int, channel: str) -> str:
    """Have the card come; return where it stands if it came already, else nothing."""
    user = await desk.people.user(slack_user)
    await desk.conversation(conversation, user)
    shown = {one.key: one for one in await desk.store.posts(conversation) if one.channel == channel}
    if CARD in shown and shown[CARD].ts:
        told = await call(desk.web.chat_getPermalink, channel=channel, message_ts=shown[CARD].ts)
        return str(told["permalink"])
    if DIGEST not in shown:
        raise UserError("This conversation does not belong in this channel any more.")
    await desk.store.posted(conversation, channel, DIGEST, shown[DIGEST].ts, ASKED)
    await desk.store.ring([conversation], "asked", priority=1)
    return ""


async def pressed(ask: Ask) -> None:
    """Say where the card is, or that it comes."""
    where = await ask_for(ask.desk, ask.person, ask.number, ask.channel)
    if where:
        said = "Its card is here already: "
        await ask.tell(said, richtext_block(section(text(said), link(where, "go there"))))
    else:
        await ask.tell("Its card comes to the end of this channel.")


ACTION = Action("card", buttons=(Button(SHOW_CARD, pressed),))
