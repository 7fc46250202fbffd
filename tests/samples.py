"""Conversations to test with."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.cards import Place
from bot.clock import waiting
from bot.model import Conversation, Mailbox, Person, Status, Thread

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MARK = Person(1, "customer", "Mark", "Moore", "mark@example.org")
ANA = Person(7, "user", "Ana", "Alves", "ana@example.org")
SUPPORT = Mailbox(1, "Support", "support@example.org")


def sample_conversation(**changes: Any) -> Conversation:
    """A conversation whose customer waits since nine."""
    began = NOW.replace(hour=9)
    first = Thread(1, "customer", "published", began, body="<p>It burns.</p>", created_by=MARK, customer=MARK)
    one = Conversation(
        id=5,
        number=412,
        mailbox_id=1,
        status=Status.ACTIVE,
        state="published",
        subject="Printer on fire",
        created_at=began,
        updated_at=began,
        customer=MARK,
        waiting_since=began,
        latest_reply_from="customer",
        threads=(first,),
    )
    return replace(one, **changes)


def sample_place(conversation: Conversation | None = None) -> Place:
    """What stands beside it."""
    conversation = conversation or sample_conversation()
    return Place("https://help.example.org/conversation/5", SUPPORT, waiting(conversation), NOW)
