"""The card: what a conversation is about, how it stands, what one can do; and what is left of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot import clock, mail, richtext
from bot.cards.blocks import (
    ASSIGN_ME,
    CLOSE,
    MORE,
    NOTE,
    REOPEN,
    REPLY,
    Block,
    Message,
    button,
    context,
    label_text,
    named,
    plain,
    richtext_block,
    when,
)
from bot.clock import Wait
from bot.model import Conversation, Mailbox, Status
from bot.richtext import link, section, text
from bot.store import Writing

STATUS_WORDS = {
    Status.ACTIVE: ":large_green_circle: Active",
    Status.PENDING: ":large_yellow_circle: Pending",
    Status.CLOSED: ":white_circle: Closed",
    Status.SPAM: ":no_entry_sign: Spam",
}
_MOST_OPTIONS = 5
"""Slack shows no more in a menu: the last, which opens what the title opens, gives way."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a card says beside the conversation itself."""

    url: str
    mailbox: Mailbox | None
    wait: Wait | None
    now: datetime
    again: bool = False
    """Whether an earlier card of this channel was deleted by hand."""
    writing: tuple[Writing, ...] = ()
    """Who writes an answer just now."""
    notes: bool = False
    """Whether what is typed in the card's thread becomes a note."""
    beside: tuple[Block, ...] = ()
    """What else it says, in blocks."""
    menu: tuple[tuple[str, str], ...] = ()
    """What else its menu offers: words, and the word of the option's value."""


def card(conversation: Conversation, place: Place) -> Message:
    """The card: what it is about, how it stands, what one can do."""
    blocks = [
        richtext_block(section(*_about(conversation, place))),
        context(*_standing(conversation, place)),
    ]
    tags = ", ".join(filter(None, (mail.one_line(tag, 40) for tag in conversation.tags[:20])))
    if tags:
        blocks.append(context(":label:", plain(tags)))
    if place.again:
        words = "An earlier card was deleted here. What was said before is in FreeScout."
        blocks.append(context(":card_index_dividers:", plain(words)))
    if place.notes:
        blocks.append(context(":memo: What is said in this thread becomes an internal note"))
    blocks += [*place.beside, *(writer(one) for one in place.writing[:5])]
    if conversation.published:
        blocks.append({"type": "actions", "elements": _actions(conversation, place)})
    return Message(_summary(conversation, place), tuple(blocks))


def gone_card() -> Message:
    """What is left of a card when FreeScout has no such conversation any more."""
    words = "This conversation was deleted from FreeScout for good."
    return Message(words, (context(":wastebasket:", plain(words)),))


def left_card(conversation: Conversation, place: Place, elsewhere: Sequence[str], *, moved: bool) -> Message:
    """What is left of a card in a channel where the conversation does not belong any more: where it went.

    Whoever reads there is told nothing else: it has no title, which may be another by now.
    """
    box = mail.one_line(place.mailbox.name, 60) if place.mailbox else "another mailbox"
    left = f"Moved to {box}" if moved else "It does not belong in this channel any more"
    number = f"#{conversation.number}"
    title = richtext_block(section(link(place.url, number, bold=True)))
    channels = ", ".join(f"<#{channel}>" for channel in elsewhere[:10])
    now = f"now in {channels}" if elsewhere else "not shown in any channel"
    return Message(
        mail.escape(f"{number} · {left}"),
        (title, context(":truck:", plain(left), f"·  {now}")),
    )


def left_reminder() -> Message:
    """What is left there of a reminder that somebody waits."""
    words = "This reminder is over: the conversation is not shown in this channel any more."
    return Message(words, (context(":truck:", plain(words)),))


def blind() -> Message:
    """What is left of a direct message where its reader may not see the conversation any more."""
    words = "You may not see the mailbox of this conversation any more, so nothing more of it is told here."
    return Message(words, (context(":lock:", plain(words)),))


def writer(one: Writing) -> Block:
    """The line that says that somebody is at it."""
    what = "a note" if one.kind == "note" else "a reply"
    words = f"{mail.one_line(one.name, 80)} is writing {what} since"
    return context(":writing_hand:", plain(words), when(datetime.fromtimestamp(one.since, UTC)))


def _about(conversation: Conversation, place: Place) -> list[richtext.Element]:
    customer = conversation.customer
    who = named(customer)
    address = mail.one_line(customer.email, 120) if customer and customer.email else ""
    if address and address != who:
        who = f"{who} · {address}"
    mailbox = f" → {mail.one_line(place.mailbox.name, 60)}" if place.mailbox else ""
    return [
        link(place.url, mail.one_line(conversation.title, 200), bold=True),
        text(f"\n{who}{mailbox}"),
    ]


def _standing(conversation: Conversation, place: Place) -> list[str | Block]:
    if not conversation.published:
        return [":wastebasket: Deleted in FreeScout"]
    parts: list[str | Block] = [STATUS_WORDS[conversation.status]]
    parts.append(plain(named(conversation.assignee) if conversation.assignee else "Unassigned"))
    if place.wait:
        asked = f", asked {place.wait.asked} times" if place.wait.asked > 1 else ""
        parts.append(f":hourglass_flowing_sand: waiting since {when(place.wait.since)}{asked}")
    elif why := clock.unwaited(conversation):
        parts.append(plain(why))
    return parts


def _summary(conversation: Conversation, place: Place) -> str:
    parts = [mail.one_line(conversation.title, 200)]
    if not conversation.published:
        parts.append("deleted")
    elif place.wait:
        parts.append(f"waiting {clock.spoken(place.now - place.wait.since)}")
    else:
        parts.append(conversation.status.value)
    parts.append(named(conversation.assignee) if conversation.assignee else "unassigned")
    return mail.escape(" · ".join(parts))


def _actions(conversation: Conversation, place: Place) -> list[Block]:
    value = str(conversation.id)
    opened = conversation.status in (Status.ACTIVE, Status.PENDING)
    closing = (CLOSE, "Close") if opened else (REOPEN, "Reopen")
    buttons = [
        {**button(REPLY, "Reply", value), "style": "primary"},
        button(NOTE, "Note", value),
        button(ASSIGN_ME, "Assign to Me", value),
        button(*closing, value),
    ]
    options = [*place.menu, ("Assign to…", "assign")]
    options += [("Pending", "pending")] if conversation.status is Status.ACTIVE else []
    options += [("Reopen", "reopen")] if conversation.status is Status.PENDING else []
    options += [("Spam", "spam")] if conversation.status is not Status.SPAM else []
    menu = [_option(label, f"{word}:{value}") for label, word in options]
    menu.append({**_option("Open in FreeScout", f"open:{value}"), "url": place.url})
    return [*buttons, {"type": "overflow", "action_id": MORE, "options": menu[:_MOST_OPTIONS]}]


def _option(label: str, value: str) -> Block:
    return {"text": label_text(label), "value": value}
