"""`/freescout show 412`: the card, for this person only. Whoever may see the mailbox may ask."""

from dataclasses import replace

from bot import cards, claimcards, settling
from bot.desk import Desk
from bot.surfaces import Action, Ask, Button, Option, Word


async def card(desk: Desk, slack_user: str, quoted: str) -> cards.Message:
    """Make the card of the conversation that was quoted."""
    user = await desk.people.user(slack_user)
    conversation = await desk.quoted(quoted, user)
    place, calm = await desk.place(conversation), await settling.known(desk, conversation.id)
    calm = replace(calm, hours=await settling.opening(desk, conversation))
    beside = claimcards.lines(calm, place.now)
    menu = claimcards.menu(conversation, calm, place.now)
    return cards.card(conversation, replace(place, beside=beside, menu=menu))


async def typed(ask: Ask) -> None:
    """Show the card."""
    await ask.show(await card(ask.desk, ask.person, ask.text))


async def opened(_: Ask) -> None:
    """Do nothing: Slack opens the link by itself, and wants to be answered all the same."""


ACTION = Action(
    "show",
    words=(Word("show", "412", "shows a conversation, with its buttons", typed),),
    buttons=(Button(cards.OPEN, opened),),
    options=(Option("open", opened),),
)
