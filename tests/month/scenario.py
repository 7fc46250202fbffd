"""What happens in the month: who writes, answers, assigns, closes, moves, merges, snoozes, and when. Pure.

Customers write at full minutes, agents act half a minute later: so nothing happens in the moment in which
something is due, and which of two came first is never the question.
"""

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

START = datetime(2026, 10, 12, 0, 0, tzinfo=UTC)
"""A Monday. Europe's clocks are put back on October 25, New York's on November 1."""
DAYS = 31
HALF = timedelta(seconds=30)
LIST_FROM = 3
"""From how many on those who wait too long are a list."""
AGAIN = 1000
"""The step that is the last one of a ladder, said once more."""
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Box:
    """A mailbox, its opening hours and its ladder, told twice: to the bridge as a file, here as numbers."""

    name: str
    zone: ZoneInfo = UTC  # type: ignore[assignment]
    week: dict[int, tuple[tuple[int, int], ...]] | None = None
    """By weekday, in minutes after midnight; None is always open."""
    closed: tuple[str, ...] = ()
    """The holidays of the month, written down by hand."""
    ladder: tuple[tuple[int, str], ...] = ()
    """Minutes of business time, and who is told."""
    warn: int = 0
    duty: bool = False


def _week(days: str, *spans: str) -> dict[int, tuple[tuple[int, int], ...]]:
    def minutes(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])

    read = tuple((minutes(span[:5]), minutes(span[6:])) for span in spans)
    return {int(day): read for day in days}


BOXES = (
    Box(
        "Support",
        BERLIN,
        _week("01234", "09:00-12:30", "13:15-17:30"),
        ("2026-10-28",),
        ((60, "thread"), (120, "channel"), (240, "assignee")),
        warn=15,
        duty=True,
    ),
    Box(
        "Sales",
        NEW_YORK,
        _week("01234", "08:00-18:00"),
        ("2026-10-12", "2026-11-11"),  # Columbus Day, Veterans Day
        ((120, "thread"), (360, "assignee")),
    ),
    Box("Billing", BERLIN, _week("0123", "10:00-16:00"), (), ((120, "thread"), (480, "thread"))),
    Box("Night", ladder=((120, "thread"), (480, "thread"))),
    Box(
        "Returns",
        NEW_YORK,
        _week("012345", "09:00-17:00"),
        (),
        ((60, "thread"), (180, "group"), (300, "boss")),
        duty=True,
    ),
)
AGENTS = ("ana", "ben", "dora")
"""Dora has no account in Slack."""


@dataclass(frozen=True, order=True)
class Event:
    """Something that somebody does to a conversation; `who` is an agent, `to` depends on what it is."""

    at: datetime
    number: int
    what: str = field(compare=False)
    conversation: int = field(compare=False)
    who: str = field(compare=False, default="")
    to: int = field(compare=False, default=0)
    unheard: bool = field(compare=False, default=False)
    """Whether its webhook is lost."""


@dataclass
class Month:
    """All of it, in order of the time."""

    events: list[Event]
    boxes: dict[int, int]
    """Where each conversation begins."""
    sleeps: list[tuple[datetime, datetime]]
    """When the bridge's machine sleeps."""
    restarts: list[datetime]
    pauses: list[tuple[str, datetime, datetime]]
    """Who is not to be disturbed, and when."""
    budget: int = 1000
    """How many pings one person gets a day."""


def month(
    seed: int, count: int, paused: tuple[str, ...] = ("ana",), *, claims: bool = False, budget: int = 1000
) -> Month:
    """Make up a month with so many conversations; those in `paused` do not want to be disturbed at times.

    With `claims` people say that they are on it, in conversations that are not moved. Where the
    `budget` is small, `paused` should be empty: what is beyond it may go to others while somebody is away, and
    nothing tells the bridge of that moment.
    """
    chance = random.Random(seed)
    events: list[Event] = []
    boxes: dict[int, int] = {}
    for conversation in range(1, count + 1):
        boxes[conversation] = chance.randrange(len(BOXES))
        _lives(chance, conversation, boxes, events, claims=claims)
    nights = [START + timedelta(days=chance.randrange(2, DAYS - 2), hours=chance.randrange(24)) for _ in "12"]
    sleeps = sorted((night, night + timedelta(hours=chance.randrange(2, 30))) for night in nights)
    ordered = [one for one in sorted(events) if one.at < START + timedelta(days=DAYS)]
    awake = [one for one in ordered if not any(a <= one.at <= b for a, b in sleeps)]
    begun = {one.conversation for one in awake if one.what == "writes"}
    awake = _merged(chance, awake, boxes)
    kept = [one for one in awake if one.conversation in begun]
    restarts = [
        START + timedelta(days=chance.randrange(DAYS), hours=chance.randrange(24)) + HALF for _ in "12"
    ]
    return Month(kept, boxes, sleeps, sorted(restarts), _pauses(chance, paused), budget)


_PLAIN = ("writes", "asks", "notes", "assigns", "unassigns")


def _merged(chance: random.Random, events: list[Event], boxes: dict[int, int]) -> list[Event]:
    """Merge some that wait in one mailbox, before anybody has answered either: one wait goes on, the older."""
    for one in [one for one in events if one.what == "notes" and chance.random() < 0.9]:
        before = [other for other in events if other.at < one.at]
        mine = [other for other in before if other.conversation == one.conversation]
        for number, box in boxes.items():
            theirs = [other for other in before if other.conversation == number]
            here = number != one.conversation and box == boxes[one.conversation] and theirs
            plain = all(other.what in _PLAIN for other in theirs)
            plain &= all(other.what in (*_PLAIN, "claims") for other in mine)
            if here and plain and any(other.what == "writes" for other in mine):
                merge = replace(one, what="merges", to=number, unheard=True)
                kept = [other for other in events if other.conversation != number or other.at < one.at]
                events = [merge if other == one and other.what == "notes" else other for other in kept]
                break
    return events


def _pauses(chance: random.Random, paused: tuple[str, ...]) -> list[tuple[str, datetime, datetime]]:
    """One at a time for each: some hours of most days."""
    found = []
    for who in paused:
        for day in range(DAYS):
            begin = START + timedelta(days=day, hours=chance.randrange(6, 18)) + HALF
            if chance.random() < 0.7:
                found.append((who, begin, begin + timedelta(hours=chance.randrange(1, 6))))
    return sorted(found, key=lambda one: one[1])


def _lives(
    chance: random.Random, conversation: int, boxes: dict[int, int], events: list[Event], *, claims: bool
) -> None:
    at = START + timedelta(minutes=chance.randrange((DAYS - 1) * 1440))
    if chance.random() < 0.7:  # most write by day
        at = at.replace(hour=chance.randrange(7, 20))
    what, moved, claimed = "writes", False, claims and chance.random() < 0.8
    for _ in range(chance.randrange(2, 8)):
        by_customer = what in ("writes", "asks")
        when = at if by_customer else at + HALF
        who = chance.choice(AGENTS[:2] if what == "claims" else AGENTS)
        to = 0
        if what == "moves":
            to = chance.choice([one for one in range(len(BOXES)) if one != boxes[conversation]])
            moved = True
        if what == "snoozes":
            to = chance.choice((1, 3, 20))
        unheard = chance.random() < 0.06
        events.append(Event(when, len(events), what, conversation, who, to, unheard))
        pause = chance.choice(
            (chance.randrange(3, 50), chance.randrange(50, 400), chance.randrange(400, 4000))
        )
        at += timedelta(minutes=pause)
        kinds = (
            ["answers"] * 5 + ["asks"] * 3 + ["notes", "assigns", "assigns", "unassigns", "closes", "reopens"]
        )
        kinds += [] if moved or claimed else ["moves"]
        kinds += ["claims"] * 4 if claimed else []
        what = chance.choice([*kinds, "snoozes"])
