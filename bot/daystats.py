"""A team's day in numbers: who waits now, what came, what was answered and how soon. Pure.

A note answers nobody. What nobody has to answer, a bounce or an out-of-office answer, is not counted as new.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bot import clock
from bot.clock import Effect
from bot.hours import Hours
from bot.model import Conversation, Status

_FAR = 31
"""Days back to the last working day, at most: for longer nobody shuts."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """The days that are told of: from one local midnight to another, and the first of them."""

    start: datetime
    end: datetime
    first: date

    @property
    def days(self) -> int:
        """How many days it is: more than one after a weekend or a holiday."""
        return round((self.end - self.start) / _DAY)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation whose customer waits. `limit` is after how long that is too long, if ever."""

    conversation: Conversation
    since: datetime
    waited: timedelta
    limit: timedelta | None = None

    @property
    def late(self) -> bool:
        """Whether they wait too long."""
        return self.limit is not None and self.waited >= self.limit


@dataclass(frozen=True, slots=True)
class Box:
    """One mailbox's numbers."""

    mailbox: int
    waiting: tuple[Waiting, ...] = ()
    """The longest wait first."""
    new: int = 0
    answered: int = 0
    firsts: tuple[timedelta, ...] = ()
    """How long each customer waited for the first answer, in business time."""

    @property
    def late(self) -> int:
        """How many wait too long."""
        return sum(one.late for one in self.waiting)

    @property
    def lateness(self) -> str:
        """How many that is, in words; empty where it is nobody."""
        if self.late < len(self.waiting):
            return f"{self.late} of them too long" if self.late else ""
        return {0: "", 1: "too long"}.get(self.late, "all of them too long")

    @property
    def median(self) -> timedelta | None:
        """The median first answer; of an even count, the middle between the two in the middle."""
        if not self.firsts:
            return None
        ordered, half = sorted(self.firsts), len(self.firsts) // 2
        return (ordered[half] + ordered[~half]) / 2


def together(boxes: Iterable[Box]) -> Box:
    """The numbers of several mailboxes as one."""
    boxes = tuple(boxes)
    return Box(
        0,
        tuple(sorted((one for box in boxes for one in box.waiting), key=longest)),
        sum(box.new for box in boxes),
        sum(box.answered for box in boxes),
        tuple(first for box in boxes for first in box.firsts),
    )


def count(
    waiting: Iterable[tuple[Conversation, timedelta | None]],
    changed: Iterable[Conversation],
    kept: Mapping[int, Hours],
    span: Span,
    now: datetime,
) -> tuple[Box, ...]:
    """Count for each mailbox in `kept`, by its hours: who of `waiting` waits, and what of `changed` happened.

    Both with all their threads, and beside those who wait after how long that is too long; conversations of
    other mailboxes do not count.
    """
    waits = [
        one
        for row, limit in waiting
        if row.mailbox_id in kept and (one := _waits(row, limit, kept[row.mailbox_id], now))
    ]
    rows = [row for row in changed if row.published and row.status is not Status.SPAM]
    boxes = []
    for mailbox, hours in kept.items():
        here = [row for row in rows if row.mailbox_id == mailbox]
        books = [clock.account(row) for row in here]
        begins = [begun(entries) for entries in books]
        answers = [list(_answers(entries, hours)) for entries in books]
        firsts = [told[0] for at, told in zip(begins, answers, strict=True) if told and at]
        boxes.append(
            Box(
                mailbox,
                tuple(sorted((w for w in waits if w.conversation.mailbox_id == mailbox), key=longest)),
                sum(1 for at in begins if at and span.start <= at < span.end),
                sum(any(span.start <= at < span.end for at, _ in told) for told in answers),
                tuple(waited for at, waited in firsts if span.start <= at < span.end),
            )
        )
    return tuple(boxes)


def begun(entries: Iterable[clock.Entry]) -> datetime | None:
    """When a customer began a conversation; None where an agent did, or where it needs no answer."""
    for entry in entries:
        if entry.thread.type in ("customer", "message") and entry.thread.state == "published":
            begins = entry.thread.type == "customer" and entry.effect is not Effect.UNCOUNTED
            return entry.thread.created_at if begins else None
    return None


def workday(day: date, hours: Hours, days: frozenset[int]) -> bool:
    """Whether somebody works on this day: it is one of these weekdays (0 is Monday), and no holiday."""
    noon = datetime.combine(day, time(12), hours.zone)
    return day.weekday() in days and (hours.week is None or bool(hours.day(noon).spans))


def last_days(now: datetime, hours: Hours, days: frozenset[int]) -> Span:
    """From the beginning of the last working day before today to the beginning of today.

    So a Monday tells of Friday and of what came since: nothing falls between two digests.
    """
    today = hours.local(now).date()
    before = (today - _DAY * back for back in range(1, _FAR))
    first = next((day for day in before if workday(day, hours, days)), today - _DAY)
    return Span(_midnight(first, hours), _midnight(today, hours), first)


def due(now: datetime, at: time, hours: Hours, days: frozenset[int], grace: timedelta) -> date | None:
    """The day whose digest is to be said at this moment: from its time on, until `grace` has passed."""
    today = hours.local(now).date()
    begins = datetime.combine(today, at, hours.zone).astimezone(UTC)  # where the clocks skip it: just after
    return today if begins <= now < begins + grace and workday(today, hours, days) else None


def _waits(row: Conversation, limit: timedelta | None, hours: Hours, now: datetime) -> Waiting | None:
    wait = clock.waiting(row)
    return Waiting(row, wait.since, wait.passed(now, hours), limit) if wait else None


def _answers(entries: Iterable[clock.Entry], hours: Hours) -> Iterator[tuple[datetime, timedelta]]:
    """When each wait was answered by a reply, and how long it had been."""
    since: datetime | None = None
    for entry in entries:
        if entry.since:
            since = entry.since
        elif entry.effect is Effect.ENDS:
            if since and entry.thread.type == "message":
                yield entry.thread.created_at, hours.passed(since, entry.thread.created_at)
            since = None


def longest(one: Waiting) -> tuple[timedelta, datetime]:
    """What sorts the longest wait first."""
    return -one.waited, one.since


def _midnight(day: date, hours: Hours) -> datetime:
    return datetime.combine(day, time(), hours.zone).astimezone(UTC)
