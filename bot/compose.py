"""The modal in which a reply or a note is written, and what becomes of it when it is submitted."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Literal

from bot import mail, richtext
from bot.cards import Block, context, plain, richtext_block
from bot.errors import UserError
from bot.model import Conversation, Status, Thread, User
from bot.store import Draft
from bot.surfaces import LONGEST, Ask, FieldError, View, modal, select_input, text_input

Kind = Literal["message", "note"]
Finder = Callable[[User], Awaitable[Conversation]]

CALLBACKS: dict[Kind, str] = {"message": "reply", "note": "note"}
_EXCERPT = 800
"""Characters of the customer's newest message, above the field."""
_LINES = 8
_AFTER = [(Status.PENDING, "Pending"), (Status.ACTIVE, "Active"), (Status.CLOSED, "Closed")]


async def view(ask: Ask, kind: Kind, find: Finder, written: str = "") -> View:
    """Make the modal for a conversation that `find` fetches for the person who asks."""
    user = await ask.desk.people.user(ask.person)
    conversation = await find(user)
    customer = conversation.customer
    if not conversation.published:
        raise UserError("The conversation was deleted in FreeScout, so there is nothing to answer.")
    if len(written) > LONGEST:
        raise UserError(f"That is longer than the {LONGEST:,} characters that Slack's field takes.")
    if kind == "message" and not (customer and customer.email):
        raise UserError(
            "The customer has no e-mail address, so a reply would reach nobody. Add a note instead."
        )
    kept = {
        "conversation": conversation.id,
        "number": conversation.number,
        "user": user.id,
        "customer": customer.email if customer else "",
        "channel": ask.channel,
        "thread": ask.thread,
    }
    if kind == "note":
        head = context(":memo:", plain(f"Internal, on {mail.one_line(conversation.title, 200)}"))
        return modal(
            CALLBACKS[kind], "Note", "Save Note", [head, text_input("text", "Note", initial=written)], kept
        )
    place = await ask.desk.place(conversation)
    mailbox = mail.one_line(place.mailbox.name, 60) if place.mailbox else "FreeScout"
    blocks = [
        *_heading(conversation, f"From {mailbox}, as {mail.one_line(user.name, 80)}"),
        text_input("text", "Reply", initial=written),
        select_input("status", "Afterwards the conversation is", [*_AFTER], Status.PENDING),
    ]
    return modal(CALLBACKS[kind], "Reply", "Send Reply", blocks, kept)


def by_id(ask: Ask, identity: int) -> Finder:
    """Find a conversation by its id."""
    return lambda user: ask.desk.conversation(identity, user)


def by_quote(ask: Ask, words: str) -> Finder:
    """Find a conversation as people quote it."""
    return lambda user: ask.desk.quoted(words, user)


def draft(ask: Ask, kind: Kind) -> Draft:
    """Read what was submitted. The view's id makes two clicks one intent."""
    return Draft(
        intent=ask.view or uuid.uuid4().hex,
        conversation=int(ask.kept["conversation"]),
        number=int(ask.kept["number"]),
        kind=kind,
        text=ask.fields.get("text", ""),
        user=int(ask.kept["user"]),
        slack_user=ask.person,
        channel=ask.channel,
        thread_ts=ask.thread,
        customer_email=str(ask.kept.get("customer", "")) if kind == "message" else "",
        status=ask.fields.get("status", "") if kind == "message" else "",
    )


async def send(ask: Ask, written: Draft) -> None:
    """Put a draft on its way; twice the same intent is sent once."""
    if not written.text.strip():
        raise FieldError("text", "There is nothing in it yet.")
    await ask.desk.store.queue(written)


def _heading(conversation: Conversation, sender: str) -> list[Block]:
    customer = conversation.customer
    name = mail.one_line(customer.name, 80) if customer else "nobody"
    to = f"To {name}"
    if customer and customer.email and customer.email != name:
        to += f" · {mail.one_line(customer.email, 120)}"
    if conversation.cc:
        to += f"\nCc {mail.one_line(', '.join(conversation.cc), 400)}"
    about = richtext_block(
        richtext.section(
            richtext.text(mail.one_line(conversation.title, 200), bold=True), richtext.text(f"\n{to}")
        )
    )
    return [about, context(":outbox_tray:", plain(sender)), *_newest(conversation.threads)]


def _newest(threads: tuple[Thread, ...]) -> list[Block]:
    asked = [thread for thread in threads if thread.type == "customer"]
    if not asked:
        return []
    body = "\n".join(mail.plain(asked[-1].body, _EXCERPT).splitlines()[:_LINES])
    body = f"{body[:_EXCERPT].rstrip()}…" if len(body) > _EXCERPT else body or "(no text)"
    quote: Block = {"type": "rich_text_quote", "elements": [richtext.text(body)]}
    return [richtext_block(quote)]
