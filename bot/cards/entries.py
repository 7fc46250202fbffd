"""A thread of FreeScout's → a message of Slack's: what somebody wrote, or a quiet line for a change."""

from collections.abc import Sequence

from bot import attached, mail, richtext
from bot.cards.blocks import (
    FULL_MAIL,
    NOTE,
    REPLY,
    Message,
    button,
    context,
    named,
    plain,
    richtext_block,
    when,
)
from bot.model import Conversation, Person, Thread
from bot.richtext import link, section, text
from bot.routing import Body

_SNIPPET = 140
BODY_BUDGET = 9_000
"""Characters of JSON for a mail's body; Slack refuses a message of about 13,200 with msg_blocks_too_long."""


def thread(conversation: Conversation, entry: Thread, url: str, shown: Body = Body.FULL) -> Message:
    """One message of the conversation: a customer's, an agent's reply, or a note, as much as may be shown."""
    if shown is not Body.FULL:
        return _little(conversation, entry, url, shown)
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


def _little(conversation: Conversation, entry: Thread, url: str, shown: Body) -> Message:
    """The same without what its route keeps out of the channel: most of the body, or all of it."""
    sign, said = headline(entry)
    blocks = [context(sign, plain(said), when(entry.created_at))]
    snippet = mail.snippet(entry.body, _SNIPPET) if shown is Body.SNIPPET else ""
    if snippet:
        blocks.append(richtext_block(section(text(snippet))))
        full = button(FULL_MAIL, "Show Full Mail", f"{conversation.id}:{entry.id}")
        blocks.append({"type": "actions", "elements": [full]})
    files = [plain(attached.named(entry))] if entry.attachments and shown is Body.SNIPPET else []
    blocks.append(context(":lock:", *files, f"<{url}|Open in FreeScout>"))
    words = mail.one_line(f"{said}: {snippet}" if snippet else said, 300)
    return Message(mail.escape(f"{words} · {mail.one_line(conversation.title, 100)}"), tuple(blocks))


def titled(conversation: Conversation | None, said: Message, url: str) -> Message:
    """What stands in a channel by itself, with what it is about."""
    if conversation is None:
        return said
    about = mail.one_line(conversation.title, 200)
    words = said.text if mail.escape(about[:100]) in said.text else f"{said.text} · {mail.escape(about)}"
    return Message(words, (richtext_block(section(link(url, about, bold=True))), *said.blocks))


def direct(conversation: Conversation, said: Message, url: str) -> Message:
    """What the assignee is told directly: the same as in a channel, with what it is about."""
    value, headed = str(conversation.id), titled(conversation, said, url)
    buttons = [{**button(REPLY, "Reply", value), "style": "primary"}, button(NOTE, "Note", value)]
    return Message(headed.text, (*headed.blocks, {"type": "actions", "elements": buttons}))


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


def _author(entry: Thread) -> str:
    if entry.created_by is None and entry.type == "customer":
        return named(entry.customer)
    return named(entry.created_by)


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
