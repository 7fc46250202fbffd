"""`/freescout show 412`: the card, for this person only. Whoever may see the mailbox may ask."""

from bot import cards, showing
from bot.surfaces import Action, Ask, Button, Option, Word


async def typed(ask: Ask) -> None:
    """Show the card of the conversation that was quoted."""
    user = await ask.desk.people.user(ask.person)
    await ask.show(await showing.card(ask.desk, await ask.desk.quoted(ask.text, user)))


async def opened(_: Ask) -> None:
    """Do nothing: Slack opens the link by itself, and wants to be answered all the same."""


ACTION = Action(
    "show",
    words=(Word("show", "412", "shows a conversation, with its buttons", typed),),
    buttons=(Button(cards.OPEN, opened),),
    options=(Option("open", opened),),
)
