"""Conversations to test with."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.cards import Place
from bot.clock import waiting
from bot.model import Conversation, Mailbox, Person, Status, Thread
from bot.store import Reply

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


def sample_reply(**changes: Any) -> Reply:
    """A reply that its writer can still stop."""
    one = Reply(
        intent="V1",
        conversation=5,
        number=412,
        kind="message",
        text="Turn it off and on.",
        user=7,
        slack_user="U1",
        channel="C1",
        thread_ts="1.2",
        customer_email="mark@example.org",
        status="pending",
        name="Ana Alves",
        hold=20,
        id=3,
        shown=NOW.timestamp(),
        due=NOW.timestamp() + 20,
    )
    return replace(one, **changes)
