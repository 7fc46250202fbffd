"""One conversation as the oracle keeps it: who waits, whose it is, what was said, and what people do to that."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache

from tests.month.scenario import BOXES, HALF, Box, Event, Month

CLAIMED, GRACE = 30, 10
"""Minutes of business time for which somebody is on it, and which they then have for an answer."""


@dataclass
class Case:
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
    claim: "Claim | None" = None
    judged: dict[tuple[str, int], tuple[date, bool]] = field(default_factory=dict)
    """By person and step, on which day it was last asked whether they may be called, and the answer."""
    missed: set[tuple[str, int]] = field(default_factory=set)
    """Who was once not called by a step that was said."""
    lapsed: int = 0
    """How many who were on it from after the last step on let it go by silence."""


@dataclass
class Claim:
    """Somebody is on it: quiet for a while of business time, then asked, and after silence released."""

    who: str
    assigned: bool
    """Whether it was not theirs before."""
    left: int = 2 * CLAIMED
    grace: int = 2 * GRACE
    asked: bool = False
    late: bool = False
    """Whether it was made after the last step."""


@cache
def opened(number: int, quarter: datetime) -> bool:
    """The same, asked once for each quarter of an hour: all hours begin and end at one."""
    return is_open(BOXES[number], quarter)


def is_open(box: Box, at: datetime) -> bool:
    """Whether somebody is there in the half minute that begins then, by the clock on their wall."""
    if box.week is None:
        return True
    wall = at.astimezone(box.zone)
    if wall.date().isoformat() in box.closed:
        return False
    minute = wall.hour * 60 + wall.minute
    return any(first <= minute < last for first, last in box.week.get(wall.weekday(), ()))


def place(case: Case, how: str) -> str:
    return how if how.startswith("direct") else f"thread in {BOXES[case.box].name}"


def _begin(case: Case, at: datetime) -> None:
    case.since, case.open_for = at, 0
    _unsaid(case)


def _unsaid(case: Case) -> None:
    """Nobody has heard of this wait yet."""
    case.said, case.judged, case.missed, case.lapsed = {}, {}, set(), 0


def happens(cases: dict[int, Case], event: Event, month: Month) -> None:
    what = event.what
    if what == "writes":
        cases[event.conversation] = Case(month.boxes[event.conversation], unanswered=True)
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


def _claims(case: Case, event: Event) -> None:
    """Where nobody waits there is nothing to be on."""
    if case.since is None or case.status != "active":
        return
    before = case.claim
    again = before is not None and before.who == event.who and before.assigned
    late = case.open_for >= 2 * BOXES[case.box].ladder[-1][0]
    case.claim = Claim(event.who, case.assignee != event.who or again, late=late)
    case.assignee, case.quiet = event.who, None


def _assigned(case: Case, who: str) -> None:
    """Somebody else's it is not the claim's any more."""
    case.assignee = who
    if case.claim and case.claim.who != who:
        case.claim = None


def _merges(case: Case, other: Case) -> None:
    """The older wait goes on, in the conversation that is left, where nobody has heard of it yet."""
    if case.since and other.since and other.since < case.since:
        case.since, case.open_for = other.since, other.open_for
        _unsaid(case)
        if case.claim:
            case.claim.late = False  # the last step of this wait is still ahead
    other.since = None


def _moves(case: Case, event: Event) -> None:
    """The wait goes on, under the hours and the ladder of where it is now, and is told of there anew."""
    case.box = event.to
    if case.since:
        at, case.open_for = case.since, 0
        while at < event.at:
            case.open_for += is_open(BOXES[case.box], at)
            at += HALF
