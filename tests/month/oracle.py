"""Which pings must have been said, and when: written from what was asked for, naive, half a minute at a time.

It knows nothing of the bridge's code: it keeps its own books of who waits, from what people did, and its own
clock on the wall.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.month.scenario import BOXES, DAYS, HALF, START, Box, Event, Month

CLAIMED, GRACE = 30, 10
"""Minutes of business time for which somebody is on it, and which they then have for an answer."""


@dataclass(frozen=True, order=True)
class Ping:
    """Something that must be said in the half minute that begins `at`."""

    at: datetime
    conversation: int
    step: int
    told: tuple[str, ...]
    """Who gets it: `thread`, `thread @ana`, `direct ana`."""


@dataclass
class _Case:
    """One conversation."""

    box: int
    status: str = "active"
    since: datetime | None = None
    """Since when a customer waits, and the steps said of that so far."""
    said: dict[str, int] = field(default_factory=dict)
    """By place, a channel's thread or a person: one who gets the conversation later is told of it then."""
    open_for: int = 0
    """Half minutes of business time so far."""
    assignee: str = ""
    unanswered: bool = False
    """Whether something of the customer's is unanswered, were it closed or not."""
    quiet: datetime | None = None
    claim: "_Claim | None" = None


@dataclass
class _Claim:
    """Somebody is on it: quiet for a while of business time, then asked, and after silence released."""

    who: str
    assigned: bool
    """Whether it was not theirs before."""
    left: int = 2 * CLAIMED
    grace: int = 2 * GRACE
    asked: bool = False


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


def is_open(box: Box, at: datetime) -> bool:
    """Whether somebody is there in the half minute that begins then, by the clock on their wall."""
    if box.week is None:
        return True
    wall = at.astimezone(box.zone)
    if wall.date().isoformat() in box.closed:
        return False
    minute = wall.hour * 60 + wall.minute
    return any(first <= minute < last for first, last in box.week.get(wall.weekday(), ()))


def told(month: Month) -> Told:
    """All that must be said in the month, and how things stand at its end."""
    cases: dict[int, _Case] = {}
    looks: set[datetime] = set()
    said = list(_pings(month, cases, looks))
    waiting = {number for number, case in cases.items() if case.since and case.status == "active"}
    end = START + timedelta(days=DAYS)
    late: dict[int, set[int]] = {}
    for number in waiting:
        case = cases[number]
        asleep = case.quiet is not None and end < case.quiet
        if case.open_for >= 2 * BOXES[case.box].ladder[0][0] and not asleep:
            late.setdefault(case.box, set()).add(number)
    return Told(said, waiting, looks, late)


def _pings(month: Month, cases: dict[int, _Case], looks: set[datetime]) -> Iterator[Ping]:
    events = list(month.events)
    at = START
    opened: dict[int, bool] = {}
    while at < START + timedelta(days=DAYS):
        while events and events[0].at <= at:
            _happens(cases, events.pop(0), month)
        opened = {number: is_open(box, at) for number, box in enumerate(BOXES)}
        away = {who for who, begin, end in month.pauses if begin <= at < end}
        asleep = any(begin <= at < end for begin, end in month.sleeps)
        for number, case in cases.items():
            if case.since is None or case.status != "active":
                continue
            here = opened[case.box]
            if case.claim and here and not asleep:
                _asks(case, at, looks)
            if here and not case.claim and not asleep and not (case.quiet and at < case.quiet):
                step = _due(BOXES[case.box], case.open_for)
                told = _told(case, step, away) if step >= 0 else ()
                new = [how for how in told if case.said.get(_place(case, how), -1) < step]
                case.said |= {_place(case, how): step for how in new}
                if new:
                    yield Ping(at, number, step, tuple(new))
            case.open_for += here
            if case.claim and here:
                case.claim.left -= not case.claim.asked
                case.claim.grace -= case.claim.asked
        at += HALF


def _asks(case: _Case, at: datetime, looks: set[datetime]) -> None:
    """Whoever is on it is asked once their time is up, and loses it by silence."""
    claim = case.claim
    if claim and claim.asked and claim.grace <= 0:
        looks.add(at)
        case.claim = None
        case.assignee = "" if claim.assigned else case.assignee
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


def _place(case: _Case, how: str) -> str:
    return how if how.startswith("direct") else f"thread in {BOXES[case.box].name}"


def _told(case: _Case, step: int, away: set[str]) -> tuple[str, ...]:
    """Who is told of a step: nobody who is away, unless they were told of it before."""
    box, assignee = BOXES[case.box], case.assignee
    how = box.ladder[step - 1][1] if step else "thread"
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


def _begin(case: _Case, at: datetime) -> None:
    case.since, case.said, case.open_for = at, {}, 0


def _happens(cases: dict[int, _Case], event: Event, month: Month) -> None:
    what = event.what
    if what == "writes":
        cases[event.conversation] = _Case(month.boxes[event.conversation], unanswered=True)
        _begin(cases[event.conversation], event.at)
        return
    case = cases.get(event.conversation)
    if case is None:
        return
    if what == "asks":
        case.quiet = None
        if case.since is None or case.status != "active":
            _begin(case, event.at)
        case.status, case.unanswered = "active", True
    elif what == "claims":
        _claims(case, event)
    elif what == "answers":
        case.claim = None
        case.status, case.since, case.unanswered, case.quiet = "pending", None, False, None
    elif what == "closes":
        case.status, case.since, case.quiet, case.claim = "closed", None, None, None
    elif what == "reopens":
        if case.status != "active" and case.unanswered:
            _begin(case, event.at)
        case.status = "active"
    elif what == "assigns":
        _assigned(case, event.who)
    elif what == "unassigns":
        _assigned(case, "")
    elif what == "merges":
        _merges(case, cases[event.to])
    elif what == "moves":
        _moves(case, event)
    elif what == "snoozes" and case.status != "closed":
        case.quiet, case.claim = event.at + timedelta(hours=event.to), None


def _claims(case: _Case, event: Event) -> None:
    """Where nobody waits there is nothing to be on."""
    if case.since is None or case.status != "active":
        return
    before = case.claim
    again = before is not None and before.who == event.who and before.assigned
    case.claim = _Claim(event.who, case.assignee != event.who or again)
    case.assignee, case.quiet = event.who, None


def _assigned(case: _Case, who: str) -> None:
    """Somebody else's it is not the claim's any more."""
    case.assignee = who
    if case.claim and case.claim.who != who:
        case.claim = None


def _merges(case: _Case, other: _Case) -> None:
    """The older wait goes on, in the conversation that is left, where nobody has heard of it yet."""
    if case.since and other.since and other.since < case.since:
        case.since, case.said, case.open_for = other.since, {}, other.open_for
    other.since = None


def _moves(case: _Case, event: Event) -> None:
    """The wait goes on, under the hours and the ladder of where it is now, and is told of there anew."""
    case.box = event.to
    if case.since:
        at, case.open_for = case.since, 0
        while at < event.at:
            case.open_for += is_open(BOXES[case.box], at)
            at += HALF
