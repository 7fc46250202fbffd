"""A conversation's card for one person alone, as it is at this moment."""

from dataclasses import replace

from bot import cards, claimcards, settling
from bot.desk import Desk
from bot.model import Conversation


async def card(desk: Desk, conversation: Conversation) -> cards.Message:
    """Make the card, with who is on it, until when it is put aside, and what can be done about that."""
    place, calm = await desk.place(conversation), await settling.known(desk, conversation.id)
    calm = replace(calm, hours=await settling.opening(desk, conversation))
    beside = claimcards.lines(calm, place.now)
    menu = claimcards.menu(conversation, calm, place.now)
    return cards.card(conversation, replace(place, beside=beside, menu=menu))
