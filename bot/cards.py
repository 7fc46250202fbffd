"""Conversation → what Slack shows: the card, the messages under it, the lines and pings. Pure.

Whatever a customer or a colleague wrote goes into `rich_text` or `plain_text`, where it can neither ping nor
link nor format; only words of our own are mrkdwn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot import attached, clock, mail, richtext
from bot.clock import Wait
from bot.model import Conversation, Mailbox, Person, Status, Thread
from bot.richtext import link, section, text
from bot.store import Writing

Block = dict[str, object]

REPLY, NOTE, ASSIGN_ME = "card.reply", "card.note", "card.assign_me"
CLOSE, REOPEN, MORE, OPEN = "card.close", "card.reopen", "card.more", "card.open"

STATUS_WORDS = {
    Status.ACTIVE: ":large_green_circle: Active",
    Status.PENDING: ":large_yellow_circle: Pending",
    Status.CLOSED: ":white_circle: Closed",
    Status.SPAM: ":no_entry_sign: Spam",
}
FULL_MAIL = "mail.full"
_MOST_OPTIONS = 5
"""Slack shows no more in a menu: the last, which opens what the title opens, gives way."""
BODY_BUDGET = 9_000
"""Characters of JSON for a mail's body; Slack refuses a message of about 13,200 with msg_blocks_too_long."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one post says. `text` is what notifications and screen readers say of it."""

    text: str
    blocks: tuple[Block, ...]


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


def moved_card(conversation: Conversation, place: Place) -> Message:
    """What is left of a card in a channel that no longer shows the conversation's mailbox."""
    where = mail.one_line(place.mailbox.name, 60) if place.mailbox else "another mailbox"
    title = richtext_block(section(link(place.url, mail.one_line(conversation.title, 200), bold=True)))
    moved = f"Moved to {where}, which is not shown in this channel"
    return Message(
        mail.escape(f"{mail.one_line(conversation.title, 200)} · {moved}"),
        (title, context(":truck:", plain(moved))),
    )


def thread(conversation: Conversation, entry: Thread, url: str) -> Message:
    """One message of the conversation: a customer's, an agent's reply, or a note."""
    read = mail.read(entry.body, forwarded=mail.is_forward(conversation, entry))
    body, whole = richtext.build(read.lines, BODY_BUDGET)
    sign, said = headline(entry)
    blocks = [
        context(sign, plain(said), when(entry.created_at)),
        richtext_block(*(body or [section(text("(no text)", italic=True))])),
    ]
    if entry.attachments:
        more = [f"<{url}|Open in FreeScout>"] if attached.stays(entry) else []
        blocks.append(context(":paperclip:", plain(attached.named(entry)), *more))
    if hidden := mail.hidden(read, whole=whole):
        full = button(FULL_MAIL, "Show Full Mail", f"{conversation.id}:{entry.id}")
        blocks += [context(f":scissors: {hidden}"), {"type": "actions", "elements": [full]}]
    said = mail.one_line(f"{said}: {mail.one_line(read.said, 200)}", 300)
    return Message(mail.escape(f"{said} · {mail.one_line(conversation.title, 100)}"), tuple(blocks))


def headline(entry: Thread) -> tuple[str, str]:
    """The sign of a message's kind, and who says it to whom."""
    who = _author(entry)
    kinds = {
        "customer": (":incoming_envelope:", who),
        "message": (":outbox_tray:", f"{who} replied to {_recipients(entry)}"),
    }
    return kinds.get(entry.type, (":memo:", f"{who} · internal note"))


def line(entry: Thread) -> Message | None:
    """The quiet line for a change of status, assignee, mailbox or customer, and for a typed note, or None."""
    who = _author(entry)
    if entry.type == "note":
        change = "saved that as a note"
    elif entry.action == "changed-ticket-status":
        change = {"nochange": "changed the status"}.get(entry.status, f"set it to {entry.status.title()}")
    elif entry.action == "changed-ticket-assignee":
        change = _assigned(entry)
    elif entry.action == "moved-from-mailbox":
        change = "moved it here from another mailbox"
    elif entry.action == "changed-ticket-customer":
        change = f"changed the customer to {named(entry.customer)}"
    elif entry.action == "merged":
        change = "merged it with another conversation"
    else:
        return None
    return _quiet(f"{who} {change}")


def closed_line(by: Person | None) -> Message:
    """The quiet line for a conversation that a reply closed: FreeScout makes no entry of its own for it."""
    return _quiet(f"Closed by {named(by)}" if by else "Closed with the reply")


def left_out(missing: Sequence[str], url: str) -> Message:
    """The quiet line for files that could not be brought; `missing` has a few words for each."""
    words = mail.one_line(", ".join(missing), 1500)
    return Message(mail.escape(words), (context(":paperclip:", plain(words), f"<{url}|Open in FreeScout>"),))


def richtext_block(*elements: richtext.Element) -> Block:
    """A block that shows text as it is."""
    return {"type": "rich_text", "elements": list(elements)}


def context(*elements: str | Block) -> Block:
    """A small grey line; a string in it is mrkdwn of our own."""
    made = [{"type": "mrkdwn", "text": one} if isinstance(one, str) else one for one in elements]
    return {"type": "context", "elements": made}


def plain(words: str) -> Block:
    """Text that is shown as it is."""
    return {"type": "plain_text", "text": words, "emoji": False}


def when(moment: datetime) -> str:
    """A time that each reader sees in their own zone."""
    fallback = f"{moment:%Y-%m-%d %H:%M} UTC"
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} at {{time}}|{fallback}>"


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


def button(action: str, label: str, value: str) -> Block:
    """A button."""
    return {"type": "button", "action_id": action, "text": label_text(label), "value": value}


def _option(label: str, value: str) -> Block:
    return {"text": label_text(label), "value": value}


def label_text(words: str) -> Block:
    """The words of a button, an option or a field."""
    return {"type": "plain_text", "text": words}


def _author(entry: Thread) -> str:
    if entry.created_by is None and entry.type == "customer":
        return named(entry.customer)
    return named(entry.created_by)


def named(person: Person | None) -> str:
    """What a person is called."""
    known = (person.name, person.email) if person else ()
    return next((shown for one in known if (shown := mail.one_line(one, 80))), "Someone")


def _assigned(entry: Thread) -> str:
    if entry.assigned_to is None:
        return "unassigned it"
    if entry.created_by and (entry.assigned_to.id, entry.assigned_to.type) == (
        entry.created_by.id,
        entry.created_by.type,
    ):
        return "took it"
    return f"assigned it to {named(entry.assigned_to)}"


def _recipients(entry: Thread) -> str:
    to = _addresses(entry.to) or "the customer"
    return to + (f", cc {_addresses(entry.cc)}" if entry.cc else "")


def _addresses(addresses: Sequence[str]) -> str:
    shown = ", ".join(mail.one_line(address, 60) for address in addresses[:5])
    return shown + (f" and {len(addresses) - 5} more" if len(addresses) > 5 else "")


def _quiet(words: str) -> Message:
    return Message(mail.escape(words), (context(plain(words)),))
