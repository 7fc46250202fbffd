"""Who waits, since when, and how loudly to say so."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.clock import Wait, spoken, waiting
from bot.model import Conversation, Status, Thread

NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ASKED = ("customer", 0)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def after_nine(count: float) -> datetime:
    return NINE + minutes(count)


def conversation(*said: tuple[str, float], **changes: Any) -> Conversation:
    """A conversation with these kinds of threads, so many minutes after nine, numbered from 1."""
    threads = tuple(
        Thread(place, kind, "published", after_nine(when)) for place, (kind, when) in enumerate(said, start=1)
    )
    given: dict[str, Any] = {
        "id": 5,
        "number": 412,
        "mailbox_id": 1,
        "status": Status.ACTIVE,
        "state": "published",
        "subject": "",
        "created_at": NINE,
        "updated_at": NINE,
        "latest_reply_from": "customer",
        "threads": threads,
    }
    return Conversation(**{**given, **changes})


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        # a customer asks
        (conversation(ASKED), Wait(NINE, 1)),
        (conversation(ASKED, ("customer", 5)), Wait(NINE, 1, asked=2)),
        (conversation(ASKED, ("customer", 5), ("customer", 500)), Wait(NINE, 1, asked=3)),
        (conversation(ASKED, ("note", 5)), Wait(NINE, 1)),
        (conversation(("note", -5), ASKED), Wait(NINE, 2)),
        (conversation(ASKED, ("lineitem", 5), ("note", 6), ("lineitem", 7)), Wait(NINE, 1)),
        (conversation(ASKED, waiting_since=after_nine(90)), Wait(NINE, 1)),
        # an agent answers, the customer asks again
        (conversation(ASKED, ("message", 5), latest_reply_from="user"), None),
        (conversation(ASKED, ("message", 5), ("customer", 9)), Wait(after_nine(9), 3)),
        (
            conversation(ASKED, ("message", 5), ("customer", 9), ("customer", 11)),
            Wait(after_nine(9), 3, asked=2),
        ),
        (conversation(ASKED, ("message", 5), ("note", 7), ("customer", 9)), Wait(after_nine(9), 4)),
        (conversation(ASKED, ("message", 5), ("message", 6), ("customer", 9)), Wait(after_nine(9), 4)),
        (
            conversation(ASKED, ("message", 5), ("customer", 9), ("message", 10), ("customer", 15)),
            Wait(after_nine(15), 5),
        ),
        (conversation(ASKED, ("message", 5), ("note", 9), latest_reply_from="user"), None),
        # an agent begins
        (conversation(("message", 0), latest_reply_from="user"), None),
        (conversation(("message", 0), ("customer", 9)), Wait(after_nine(9), 2)),
        # within one second the ids tell the order
        (conversation(ASKED, ("customer", 0)), Wait(NINE, 1, asked=2)),
        (conversation(ASKED, ("message", 0), ("customer", 0)), Wait(NINE, 3)),
        # nobody waits for these
        (conversation(ASKED, status=Status.PENDING), None),
        (conversation(ASKED, status=Status.CLOSED), None),
        (conversation(ASKED, status=Status.SPAM), None),
        (conversation(ASKED, state="draft"), None),
        (conversation(ASKED, state="deleted"), None),
        # FreeScout's own word is late where conversations were merged, or a reply was undone
        (conversation(ASKED, latest_reply_from="user"), Wait(NINE, 1)),
        (conversation(ASKED, latest_reply_from=""), Wait(NINE, 1)),
        # a row of a list has no threads
        (conversation(), Wait(NINE, 0)),
        (conversation(waiting_since=after_nine(30)), Wait(after_nine(30), 0)),
        (conversation(created_at=after_nine(-60)), Wait(after_nine(-60), 0)),
        (conversation(latest_reply_from="user"), None),
        (conversation(status=Status.CLOSED), None),
        # the server says that a customer wrote last, and its threads do not show it
        (conversation(ASKED, ("message", 5), waiting_since=after_nine(7)), Wait(after_nine(7), 0)),
        (conversation(("note", 0), waiting_since=after_nine(7)), Wait(after_nine(7), 0)),
    ],
)
def test_a_customer_waits_from_the_first_message_that_nobody_answered(
    one: Conversation, expected: Wait | None
) -> None:
    assert waiting(one) == expected


LADDER = (minutes(30), minutes(120), minutes(480))


@pytest.mark.parametrize(
    ("passed", "step", "due"),
    [
        (-5, 0, 30),
        (0, 0, 30),
        (29.99, 0, 30),
        (30, 1, 120),
        (119, 1, 120),
        (120, 2, 480),
        (479.99, 2, 480),
        (480, 3, None),
        (100_000, 3, None),
    ],
)
def test_a_wait_climbs_the_ladder_and_knows_its_next_rung(
    passed: float, step: int, due: float | None
) -> None:
    wait, now = Wait(NINE, 1), after_nine(passed)
    assert wait.step(LADDER, now) == step
    assert wait.next_due(LADDER, now) == (None if due is None else after_nine(due))


def test_without_a_ladder_nothing_is_ever_due() -> None:
    assert Wait(NINE, 1).step((), after_nine(9999)) == 0
    assert Wait(NINE, 1).next_due((), NINE) is None


def test_at_the_moment_when_a_step_is_due_it_is_taken_and_not_waited_for() -> None:
    due = Wait(NINE, 1).next_due(LADDER, NINE)
    assert due is not None
    assert Wait(NINE, 1).step(LADDER, due) == 1
    assert Wait(NINE, 1).step(LADDER, due - timedelta(microseconds=1)) == 0


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(0), "0 s"),
        (timedelta(milliseconds=999), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (minutes(1), "1 min"),
        (timedelta(seconds=119), "1 min"),
        (minutes(59), "59 min"),
        (minutes(60), "1 h"),
        (minutes(61), "1 h 01 min"),
        (minutes(125), "2 h 05 min"),
        (timedelta(hours=23, minutes=59), "23 h 59 min"),
        (timedelta(days=1), "1 d"),
        (timedelta(days=1, minutes=59), "1 d"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
        (timedelta(days=1000), "1000 d"),
    ],
)
def test_a_wait_is_said_as_people_say_it(wait: timedelta, expected: str) -> None:
    assert spoken(wait) == expected
