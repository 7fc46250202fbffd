"""Every action there is, in the order in which help lists them."""

from bot.surfaces import Action
from commands import (
    assign,
    audit,
    card,
    claim,
    help,  # noqa: A004 - an action is called so
    link,
    lists,
    mail,
    next,  # noqa: A004
    note,
    reply,
    show,
    snooze,
    status,
    watch,
    why,
)

ACTIONS: tuple[Action, ...] = (
    help.ACTION,
    show.ACTION,
    reply.ACTION,
    note.ACTION,
    assign.ACTION,
    claim.ACTION,
    snooze.ACTION,
    status.ACTION,
    next.ACTION,
    lists.ACTION,
    why.ACTION,
    audit.ACTION,
    watch.ACTION,
    link.ACTION,
    card.ACTION,
    mail.ACTION,
)
