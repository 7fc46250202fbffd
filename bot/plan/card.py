"""The step for a card: as it is, or what is left of it where the conversation belongs no more."""

from collections.abc import Mapping
from datetime import datetime

from bot import cards, claimcards, clock
from bot.cards import Message, Place
from bot.model import Conversation
from bot.plan.view import CARD, LEFT, Posted, Step, Urgency, View, digest, over

_LOOK = "2"
"""Part of every card's version: count it up where the card's design changes, and old cards are redrawn."""


def placed(conversation: Conversation, view: View, *, anew: bool) -> Place:
    """What the card says beside the conversation."""
    return Place(
        view.url,
        view.mailbox,
        clock.waiting(conversation),
        view.now,
        anew,
        tuple(view.writing),
        view.notes,
        claimcards.lines(view.calm, view.now),
        claimcards.menu(conversation, view.calm, view.now),
    )


def left_steps(
    conversation: Conversation, view: View, place: Place, posted: Mapping[str, Posted]
) -> list[Step]:
    """What is left of the card of a conversation that belongs here no more."""
    left = cards.left_card(conversation, place, view.elsewhere, moved=view.moved)
    return card_steps(posted, LEFT + digest(left.blocks), left)


def card_steps(
    posted: Mapping[str, Posted], version: str, message: Message, at: datetime | None = None
) -> list[Step]:
    """Post it, or edit the one that stands; nothing where that is of the same version."""
    shown = posted.get(CARD)
    if shown and shown.version == version:
        return []
    return [over(shown, Step(CARD, version, message, None, Urgency.CARD, at))]


def card_version(conversation: Conversation, place: Place) -> str:
    """All that a card says but the time."""
    since = (place.wait.since, place.wait.asked) if place.wait else None
    return digest(
        _LOOK,
        conversation.title,
        conversation.status,
        conversation.state,
        conversation.assignee,
        conversation.customer,
        conversation.tags,
        place.mailbox,
        place.url,
        since,
        *([] if place.wait else [clock.unwaited(conversation)]),
        *(["anew"] if place.again else []),
        *place.beside,
        *place.menu,
        *(["notes"] if place.notes else []),
        *((one.slack_user, one.kind, one.since) for one in place.writing),
    )
