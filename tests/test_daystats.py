"""A team's day in numbers, against answers worked out by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot import clock
from bot.daystats import Box, Span, Waiting, begun, count, due, last_days, together, workday
from bot.hours import ALWAYS, Hours, read
from bot.model import Conversation, Person, Status, Thread
from tests.samples import MARK

BERLIN = ZoneInfo("Europe/Berlin")
WEEKDAYS = frozenset(range(5))
FRIDAY = datetime(2026, 3, 6, tzinfo=BERLIN).astimezone(UTC)
MONDAY = datetime(2026, 3, 9, tzinfo=BERLIN).astimezone(UTC)
WEEKEND = Span(FRIDAY, MONDAY, date(2026, 3, 6))
NOW = datetime(2026, 3, 9, 8, 30, tzinfo=BERLIN)


def hours(**more: Any) -> Hours:
    """Nine to five in Berlin, Monday to Friday."""
    problems: list[str] = []
    table = {"zone": "Europe/Berlin", "open": ["mon-fri 09:00-17:00"], **more}
    [found] = read("bridge.toml", [table], problems)
    assert problems == []
    return found.hours


OFFICE = hours()


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def said(*threads: tuple[str, datetime], number: int = 1, **changes: Any) -> Conversation:
    """A conversation of these kinds of threads at these times."""
    made = tuple(
        Thread(place, kind, "published", when, body="<p>Does it work?</p>", created_by=MARK, customer=MARK)
        for place, (kind, when) in enumerate(threads, start=1)
    )
    last = next((t.type for t in reversed(made) if t.type in ("customer", "message")), "")
    given: dict[str, Any] = {
        "id": number,
        "number": 400 + number,
        "mailbox_id": 1,
        "status": Status.ACTIVE,
        "state": "published",
        "subject": "It",
        "created_at": threads[0][1],
        "updated_at": threads[-1][1],
        "customer": MARK,
        "latest_reply_from": "customer" if last == "customer" else "user",
        "threads": made,
    }
    return Conversation(**{**given, **changes})


def turned(one: Conversation, *statuses: str) -> Conversation:
    """The same, its line items being changes to these statuses."""
    left = iter(statuses)
    threads = [
        replace(thread, action="changed-ticket-status", status=next(left))
        if thread.type == "lineitem"
        else thread
        for thread in one.threads
    ]
    return replace(one, threads=tuple(threads))


def stats(*changed: Conversation, kept: Hours = OFFICE, span: Span = WEEKEND) -> Box:
    """The numbers of mailbox 1."""
    [box] = count([(one, timedelta(hours=2)) for one in changed], changed, {1: kept}, span, NOW)
    return box


def minutes(*each: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=one) for one in each)


ASKED = ("customer", at(6, 10))
ROWS = [
    # what is said, new, answered, first answers in minutes
    ("nothing but a question", said(ASKED), 1, 0, ()),
    ("a question and its answer", said(ASKED, ("message", at(6, 10, 40))), 1, 1, (40,)),
    ("a note answers nobody", said(ASKED, ("note", at(6, 10, 5))), 1, 0, ()),
    ("a note before the answer", said(ASKED, ("note", at(6, 10, 5)), ("message", at(6, 11))), 1, 1, (60,)),
    (
        "two answers are one answered",
        said(ASKED, ("message", at(6, 11)), ("message", at(6, 12))),
        1,
        1,
        (60,),
    ),
    (
        "asked twice before the answer counts from the first",
        said(ASKED, ("customer", at(6, 10, 50)), ("message", at(6, 11))),
        1,
        1,
        (60,),
    ),
    (
        "only the first answer counts",
        said(ASKED, ("message", at(6, 10, 30)), ("customer", at(6, 12)), ("message", at(6, 16))),
        1,
        1,
        (30,),
    ),
    (
        "asked before the office opened: counts from nine",
        said(("customer", at(6, 7)), ("message", at(6, 9, 15))),
        1,
        1,
        (15,),
    ),
    (
        "asked at night, answered the next morning",
        said(("customer", at(5, 22)), ("message", at(6, 9, 20))),
        0,
        1,
        (20,),
    ),
    (
        "asked before the last hour, answered today: not yet told of",
        said(("customer", at(6, 16)), ("message", at(9, 9, 10))),
        1,
        0,
        (),
    ),
    ("answered on Thursday: told of already", said(("customer", at(5, 9)), ("message", at(5, 10))), 0, 0, ()),
    (
        "asked on Wednesday, answered on Friday over two nights",
        said(("customer", at(4, 16)), ("message", at(6, 10))),
        0,
        1,
        (60 + 8 * 60 + 60,),
    ),
    ("came on Saturday", said(("customer", at(7, 12))), 1, 0, ()),
    (
        "answered on Saturday: no business time passed",
        said(("customer", at(7, 12)), ("message", at(7, 18))),
        1,
        1,
        (0,),
    ),
    (
        "answered later on its second question: no first answer any more",
        said(("customer", at(2, 9)), ("message", at(2, 10)), ("customer", at(5, 10)), ("message", at(6, 10))),
        0,
        1,
        (),
    ),
    ("an agent began it", said(("message", at(6, 9))), 0, 0, ()),
    (
        "an agent began it, and answered the customer later",
        said(("message", at(6, 9)), ("customer", at(6, 10)), ("message", at(6, 11))),
        0,
        1,
        (),
    ),
    ("spam", said(ASKED, status=Status.SPAM), 0, 0, ()),
    ("deleted", said(ASKED, state="deleted"), 0, 0, ()),
    ("of another mailbox", said(ASKED, ("message", at(6, 11)), mailbox_id=2), 0, 0, ()),
    (
        "wrongly spam for five hours: counts from its beginning",
        turned(
            said(ASKED, ("lineitem", at(6, 10, 1)), ("lineitem", at(6, 15)), ("message", at(6, 15, 30))),
            "spam",
            "active",
        ),
        1,
        1,
        (330,),
    ),
    (
        "closed unanswered and taken up again: counts from there",
        turned(
            said(ASKED, ("lineitem", at(6, 10, 1)), ("lineitem", at(6, 15)), ("message", at(6, 15, 30))),
            "closed",
            "active",
        ),
        1,
        1,
        (30,),
    ),
    ("came at midnight, the first moment", said(("customer", at(6, 0))), 1, 0, ()),
    ("came at midnight, the first moment after", said(("customer", at(9, 0))), 0, 0, ()),
]


@pytest.mark.parametrize(
    ("one", "new", "answered", "firsts"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
)
def test_each_conversation_counts_as_worked_out_by_hand(
    one: Conversation, new: int, answered: int, firsts: tuple[int, ...]
) -> None:
    box = stats(one)
    assert (box.new, box.answered, box.firsts) == (new, answered, minutes(*firsts))


def test_a_draft_of_an_answer_is_none() -> None:
    asked = said(ASKED)
    draft = Thread(9, "message", "draft", at(6, 11), customer=MARK)
    assert stats(Conversation(**{**_fields(asked), "threads": (*asked.threads, draft)})).answered == 0


def test_a_bounce_is_no_new_question() -> None:
    daemon = Person(9, "customer", "", "", "mailer-daemon@example.org")
    bounce = Thread(
        1, "customer", "published", at(6, 10), body="Undelivered", created_by=daemon, customer=daemon
    )
    one = Conversation(**{**_fields(said(ASKED)), "threads": (bounce,), "customer": daemon})
    assert begun(clock.account(one)) is None
    assert stats(one).new == 0


def _fields(one: Conversation) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


@pytest.mark.parametrize(
    ("firsts", "middle"),
    [((), None), ((7,), 7), ((1, 9), 5), ((9, 1, 2), 2), ((4, 1, 100, 3), 3.5), ((5, 5, 5, 50), 5)],
)
def test_the_median_of_an_even_count_is_between_the_two_in_the_middle(
    firsts: tuple[int, ...], middle: float | None
) -> None:
    found = Box(1, firsts=minutes(*firsts)).median
    assert found == (None if middle is None else timedelta(minutes=middle))


def test_who_waits_is_listed_by_business_time_the_longest_first() -> None:
    box = stats(
        said(("customer", at(6, 16)), number=1),  # an hour on Friday, none on Monday before nine
        said(("customer", at(5, 15)), number=2),  # two and eight hours
        said(("customer", at(8, 12)), number=3),  # Sunday: nothing yet
        said(("customer", at(6, 15)), number=4),  # two hours: at the limit is too long
        said(("customer", at(6, 9)), ("message", at(6, 10)), number=5),
    )
    told = [(one.conversation.id, one.waited / timedelta(hours=1), one.late) for one in box.waiting]
    assert told == [(2, 10, True), (4, 2, True), (1, 1, False), (3, 0, False)]
    assert box.late == 2


def test_nobody_is_late_where_there_is_no_limit() -> None:
    assert not Waiting(said(ASKED), at(6, 10), timedelta(days=9)).late


def test_several_mailboxes_are_one_whole() -> None:
    rows = [said(ASKED, ("message", at(6, 11))), said(("customer", at(5, 9)), number=2, mailbox_id=2)]
    boxes = count([(one, None) for one in rows], rows, {2: ALWAYS, 1: OFFICE}, WEEKEND, NOW)
    assert [box.mailbox for box in boxes] == [2, 1]
    whole = together(boxes)
    assert (whole.new, whole.answered, len(whole.waiting), whole.median) == (1, 1, 1, timedelta(hours=1))


@pytest.mark.parametrize(
    ("today", "first", "days"),
    [
        (date(2026, 3, 10), date(2026, 3, 9), 1),  # Tuesday tells of Monday
        (date(2026, 3, 9), date(2026, 3, 6), 3),  # Monday tells of Friday to Sunday
        (date(2026, 3, 8), date(2026, 3, 6), 2),
        (date(2026, 4, 7), date(2026, 4, 2), 5),  # Easter: Thursday to Monday
    ],
)
def test_the_last_working_day_begins_the_span(today: date, first: date, days: int) -> None:
    now = datetime.combine(today, time(8, 30), BERLIN)
    span = last_days(now, hours(holidays="DE"), WEEKDAYS)
    assert (span.first, span.days) == (first, days)
    assert span.end == datetime.combine(today, time(), BERLIN)


def test_a_day_on_which_the_clocks_change_is_one_day() -> None:
    for now in (datetime(2026, 3, 30, 8, tzinfo=BERLIN), datetime(2026, 10, 26, 8, tzinfo=BERLIN)):
        span = last_days(now, Hours(BERLIN), frozenset(range(7)))
        assert span.days == 1
        assert span.end - span.start in (timedelta(hours=23), timedelta(hours=25))


EIGHT_THIRTY, GRACE = time(8, 30), timedelta(hours=2)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 3, 9, 8, 29, 59, tzinfo=BERLIN), None),
        (datetime(2026, 3, 9, 8, 30, tzinfo=BERLIN), date(2026, 3, 9)),
        (datetime(2026, 3, 9, 10, 29, 59, tzinfo=BERLIN), date(2026, 3, 9)),
        (datetime(2026, 3, 9, 10, 30, tzinfo=BERLIN), None),  # was away for too long
        (datetime(2026, 3, 8, 8, 30, tzinfo=BERLIN), None),  # a Sunday
        (datetime(2026, 5, 1, 8, 30, tzinfo=BERLIN), None),  # a holiday
        (datetime(2026, 3, 30, 6, 30, tzinfo=UTC), date(2026, 3, 30)),  # summer time has begun
        (datetime(2026, 3, 27, 6, 30, tzinfo=UTC), None),
        (datetime(2026, 3, 27, 7, 30, tzinfo=UTC), date(2026, 3, 27)),
        (datetime(2026, 10, 26, 7, 30, tzinfo=UTC), date(2026, 10, 26)),  # and is over
    ],
)
def test_a_digest_is_due_for_two_hours_by_the_clock_on_the_wall(now: datetime, expected: date | None) -> None:
    assert due(now, EIGHT_THIRTY, hours(holidays="DE"), WEEKDAYS, GRACE) == expected


def test_a_time_that_the_clocks_skip_comes_just_after() -> None:
    every_day = frozenset(range(7))
    skipped = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # the clocks go from 2:00 to 3:00
    found = [
        minute
        for minute in range(120)
        if due(
            skipped + timedelta(minutes=minute - 30),
            time(2, 30),
            Hours(BERLIN),
            every_day,
            timedelta(minutes=1),
        )
    ]
    assert found == [60]  # at 3:30 by the new time, an hour and a half after midnight as ever


def test_without_hours_every_chosen_weekday_is_a_working_day() -> None:
    assert [workday(date(2026, 3, day), ALWAYS, WEEKDAYS) for day in range(6, 10)] == [
        True,
        False,
        False,
        True,
    ]
