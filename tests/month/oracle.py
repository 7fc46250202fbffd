"""Which pings must have been said, and when: written from what was asked for, naive, half a minute at a time.

It knows nothing of the bridge's code: it keeps its own books of who waits, from what people did, and its own
clock on the wall.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tests.month.cases import Case, happens, opened, place
from tests.month.scenario import AGAIN, BOXES, DAYS, HALF, LIST_FROM, START, Box, Month


@dataclass(frozen=True, order=True)
class Ping:
    """Something that must be said in the half minute that begins `at`."""

    at: datetime
    conversation: int
    step: int
    told: tuple[str, ...]
    """Who gets it: `thread`, `thread @ana`, `direct ana`."""


@dataclass(frozen=True)
class Told:
    """What must come of the month."""

    pings: list[Ping]
    waiting: set[int]
    """The conversations of which somebody waits at its end."""
    looks: set[datetime]
    """When somebody is to be asked whether they are still on it, or is released."""
    late: dict[int, set[int]]
    """Which conversations wait too long at its end, by mailbox."""
    listed: set[int]
    """The mailboxes of which so many did, since nobody did last, that a list stands."""
    beyond: Mapping[tuple[str, date], set[int]]
    """The conversations for which somebody was beyond their budget, by person and day."""
    anew: set[datetime]
    """When a mailbox opens in the days after that."""


@dataclass
class _Books:
    """Who was called how often on which day, and for what nobody called them."""

    budget: int
    called: Collection[tuple[datetime, int, str]]
    """Whom the bridge called when, for which conversation: of several at one moment any may be the first."""
    spent: dict[tuple[str, date], int] = field(default_factory=dict)
    beyond: dict[tuple[str, date], set[int]] = field(default_factory=dict)
    anew: set[datetime] = field(default_factory=set)


def told(month: Month, said: Collection[Ping] = ()) -> Told:
    """All that must be said in the month, and how things stand at its end.

    Where a budget does not do for all that is due at one moment, those come first who did in what was `said`.
    """
    cases: dict[int, Case] = {}
    looks: set[datetime] = set()
    called = {(one.at, one.conversation, who) for one in said for how in one.told for who in _called(how)}
    books, listed = _Books(month.budget, called), set[int]()
    pings = list(_pings(month, cases, looks, books, listed))
    waiting = {number for number, case in cases.items() if case.since and case.status == "active"}
    late = _late(cases, START + timedelta(days=DAYS))
    return Told(pings, waiting, looks, late, listed, books.beyond, books.anew)


def _late(cases: dict[int, Case], at: datetime) -> dict[int, set[int]]:
    """Who waits too long, and is not put aside, by mailbox."""
    late: dict[int, set[int]] = {}
    for number, case in cases.items():
        waits = case.since is not None and case.status == "active"
        asleep = case.quiet is not None and at < case.quiet
        if waits and case.open_for >= 2 * BOXES[case.box].ladder[0][0] and not asleep:
            late.setdefault(case.box, set()).add(number)
    return late


def _pings(
    month: Month, cases: dict[int, Case], looks: set[datetime], books: _Books, listed: set[int]
) -> Iterator[Ping]:
    events = list(month.events)
    at = START
    while at < START + timedelta(days=DAYS):
        while events and events[0].at <= at:
            happens(cases, events.pop(0), month)
        quarter = at.replace(minute=at.minute // 15 * 15, second=0)
        now_open = {number: opened(number, quarter) for number in range(len(BOXES))}
        away = {who for who, begin, end in month.pauses if begin <= at < end}
        asleep = any(begin <= at < end for begin, end in month.sleeps)
        due: dict[int, tuple[int, tuple[str, ...]]] = {}
        for number, case in cases.items():
            if case.since is None or case.status != "active":
                continue
            here = now_open[case.box]
            if case.claim and here and not asleep:
                _asks(case, at, looks)
            if here and not case.claim and not asleep and not (case.quiet and at < case.quiet):
                step = AGAIN + case.lapsed if case.lapsed else _due(BOXES[case.box], case.open_for)
                if step >= 0:
                    due[number] = step, _told(case, step, away)
            case.open_for += here
            if case.claim and here:
                case.claim.left -= not case.claim.asked
                case.claim.grace -= case.claim.asked
        _charge(at, cases, due, books)
        for number, (step, how) in due.items():
            case = cases[number]
            new = [one for one in _within(case, step, how) if case.said.get(place(case, one), -1) < step]
            case.said |= {place(case, one): step for one in new}
            if new:
                yield Ping(at, number, min(step, AGAIN), tuple(new))
        if books.beyond and at == quarter:
            books.anew |= {at} if any(_begins(number, at, books) for number in now_open) else set()
        if not asleep:
            late = _late(cases, at)
            listed &= set(late)
            listed |= {box for box, them in late.items() if len(them) >= LIST_FROM}
        at += HALF


def _called(how: str) -> tuple[str, ...]:
    """Who is called by that, a group apart."""
    who = how.removeprefix("direct ").removeprefix("thread @")
    return () if who in ("thread", "duty") else (who,)


def _begins(number: int, at: datetime, books: _Books) -> bool:
    """Whether a mailbox opens then, or a day begins in it, soon after somebody was beyond their budget."""
    today = at.astimezone(BOXES[number].zone).date()
    before = at - timedelta(minutes=15)
    new = not opened(number, before) or before.astimezone(BOXES[number].zone).date() < today
    soon = any(day <= today <= day + timedelta(days=5) for _, day in books.beyond)
    return opened(number, at) and new and soon


def _charge(
    at: datetime, cases: Mapping[int, Case], due: Mapping[int, tuple[int, tuple[str, ...]]], books: _Books
) -> None:
    """Ask of each who would be called anew whether they may be: those first whom the bridge did call."""
    asked = [(number, who) for number, (step, told) in due.items() for who in _new(cases[number], step, told)]
    for number, who in sorted(asked, key=lambda one: (at, *one) not in books.called):
        case = cases[number]
        today = at.astimezone(BOXES[case.box].zone).date()
        day, may = case.judged.get((who, due[number][0]), (date.min, False))
        if may or day >= today:
            continue
        may = books.spent.get((who, today), 0) < books.budget
        books.spent[who, today] = books.spent.get((who, today), 0) + may
        case.judged[who, due[number][0]] = today, may
        if not may:
            case.missed.add((who, due[number][0]))
            books.beyond.setdefault((who, today), set()).add(number)


def _new(case: Case, step: int, told: tuple[str, ...]) -> Iterator[str]:
    """Who would be called by what is not said yet, or was not called by what is."""
    for how in told:
        for who in _called(how):
            if case.said.get(f"direct {who}") == step:
                continue
            refused = (who, step) in case.judged and not case.judged[who, step][1]
            if how.startswith("direct") or case.said.get(place(case, how), -1) < step or refused:
                yield who


def _within(case: Case, step: int, told: tuple[str, ...]) -> tuple[str, ...]:
    """What is left of it: a line calls nobody who has had enough, and tells them directly another day."""
    if not any(_called(how) for how in told):
        return told
    may = {who for (who, number), (_, allowed) in case.judged.items() if number == step and allowed}
    may |= {who for who in ("ana", "ben", "boss") if case.said.get(f"direct {who}") == step}
    if told[0].startswith("direct"):
        return tuple(how for how in told if may.issuperset(_called(how))) or ("thread",)
    (who,) = _called(told[0])
    if case.said.get(place(case, told[0]), -1) < step:
        return told if who in may else ("thread",)
    return (f"direct {who}",) if who in may and (who, step) in case.missed else ()


def _asks(case: Case, at: datetime, looks: set[datetime]) -> None:
    """Whoever is on it is asked once their time is up, and loses it by silence."""
    claim = case.claim
    if claim and claim.asked and claim.grace <= 0:
        looks.add(at)
        case.claim = None
        case.assignee = "" if claim.assigned else case.assignee
        case.lapsed += claim.late
    elif claim and not claim.asked and claim.left <= 0:
        looks.add(at)
        claim.asked = True


def _due(box: Box, open_for: int) -> int:
    """The highest step that is due after so many half minutes; -1 before the first."""
    due = 0 if box.warn and open_for >= 2 * (box.ladder[0][0] - box.warn) else -1
    for number, (after, _) in enumerate(box.ladder, start=1):
        if open_for >= 2 * after:
            due = number
    return due


def _told(case: Case, step: int, away: set[str]) -> tuple[str, ...]:
    """Who is told of a step: nobody who is away, unless they were told of it before."""
    box, assignee = BOXES[case.box], case.assignee
    how = box.ladder[min(step, len(box.ladder)) - 1][1] if step else "thread"
    in_slack = assignee if assignee in ("ana", "ben") else ""
    if how == "group":
        return ("thread @duty",)
    if how in ("assignee", "boss"):
        meant = "boss" if how == "boss" else in_slack
        there = [
            one for one in ("ana", "ben", "boss") if one not in away or case.said.get(f"direct {one}") == step
        ]
        if meant in there:
            return (f"direct {meant}",)
        on_duty = [one for one in ("ben", "boss") if box.duty and one in there and one != meant]
        told = [one for one in on_duty if case.said.get(f"direct {one}") == step]
        duty = tuple(f"direct {one}" for one in told or on_duty)  # whoever was told, is told for all of them
        if duty:
            return duty
        in_slack = "" if how == "assignee" and meant else in_slack
    if in_slack:
        return (f"thread @{in_slack}",)
    return ("thread @duty",) if box.duty else ("thread",)
