"""Every action there is, in the order in which help lists them."""

from bot.surfaces import Action
from commands import assign, card, help, lists, note, reply, show, status  # noqa: A004 - an action is called so

ACTIONS: tuple[Action, ...] = (
    help.ACTION,
    show.ACTION,
    reply.ACTION,
    note.ACTION,
    assign.ACTION,
    status.ACTION,
    lists.ACTION,
    card.ACTION,
)
