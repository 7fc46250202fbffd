"""`Hours`: when a mailbox is open, in the zone of those who sit there.

A moment is open where the clock on their wall shows a time within a span of that day. So an hour that the
clocks skip is nobody's, one that they repeat counts twice, and a span that begins in a skipped hour begins
after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.hours.public import holiday
from bot.hours.week import Closed, Spans, Week

Interval = tuple[datetime, datetime]

NEVER = datetime(9000, 1, 1, tzinfo=UTC)
"""When what is never open opens."""
_HOPELESS = 800
"""Days without an opening after which there will be none."""
_KEPT = 5000
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """A day on the wall's calendar: when it is open, and why those are not the usual hours."""

    date: date
    spans: Spans
    why: str = ""

    def __str__(self) -> str:
        told = ", ".join(map(str, self.spans)) or "closed"
        return f"{self.date:%a %Y-%m-%d} {told}{f' ({self.why})' if self.why else ''}"


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours. Without a `week` it is always open."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    week: Week | None = None
    holidays: str = ""
    """A country or a country and region: `DE`, `DE-BE`."""
    closed: tuple[Closed, ...] = ()
    extra: tuple[tuple[date, Spans], ...] = ()
    """Days with hours of their own, which go before everything else."""
    _known: dict[date, tuple[Interval, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def passed(self, start: datetime, end: datetime) -> timedelta:
        """How much business time lies between two moments; none where `end` comes first."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if self.week is None:
            return max(end - start, timedelta(0))
        total = timedelta(0)
        day = start.date()
        while day <= end.date():
            for opens, closes in self._openings(day):
                total += max(min(closes, end) - max(opens, start), timedelta(0))
            day += _DAY
        return total

    def after(self, start: datetime, wait: timedelta) -> datetime:
        """The first moment by which so much business time has passed, in UTC; NEVER where it never will."""
        start = start.astimezone(UTC)
        if wait <= timedelta(0):
            return start
        for opens, closes in self._from(start):
            if closes - opens >= wait:
                return opens + wait
            wait -= closes - opens
        return NEVER

    def open_at(self, moment: datetime) -> bool:
        """Whether it is open at this moment; at the end of a span it is not."""
        moment = moment.astimezone(UTC)
        return self.week is None or any(a <= moment < b for a, b in self._openings(moment.date()))

    def next_open(self, moment: datetime) -> datetime:
        """This moment where it is open, else when it opens next, in UTC; NEVER where it never does."""
        return next((opens for opens, _ in self._from(moment.astimezone(UTC))), NEVER)

    def day(self, moment: datetime) -> Day:
        """The day that it is there at this moment."""
        return self._day(self.local(moment).date())

    def local(self, moment: datetime) -> datetime:
        """The same moment on the clock on their wall."""
        return moment.astimezone(self.zone)

    def _day(self, day: date) -> Day:
        own = [spans for extra, spans in self.extra if extra == day]
        if own:
            return Day(day, tuple(span for spans in own for span in spans), "a day with hours of its own")
        if any(day in closed for closed in self.closed):
            return Day(day, (), "closed on this date")
        if self.holidays and (name := holiday(self.holidays, day)):
            return Day(day, (), name)
        return Day(day, self.week[day.weekday()] if self.week is not None else ())

    def _from(self, start: datetime) -> Iterator[Interval]:
        """The openings from a moment on, the first one cut to it."""
        if self.week is None:
            yield start, NEVER
            return
        day, without = start.date(), 0
        while without < _HOPELESS and day < NEVER.date():
            openings = self._openings(day)
            without = 0 if openings else without + 1
            yield from ((max(opens, start), closes) for opens, closes in openings if closes > start)
            day += _DAY

    def _openings(self, day: date) -> tuple[Interval, ...]:
        """When it is open within a day of UTC."""
        if day not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[day] = tuple(self._joined(day))
        return self._known[day]

    def _joined(self, day: date) -> Iterator[Interval]:
        until: Interval | None = None
        for opens, closes in sorted(self._found(day)):
            if until and opens <= until[1]:
                until = (until[0], max(until[1], closes))
                continue
            if until:
                yield until
            until = (opens, closes)
        if until:
            yield until

    def _found(self, day: date) -> Iterator[Interval]:
        for start, end in self._steady(day):
            offset = start.astimezone(self.zone).utcoffset() or timedelta(0)
            first, last = (start + offset).date(), (end + offset).date()
            wall = first - _DAY  # yesterday's late shift
            while wall <= last:
                midnight = datetime.combine(wall, time(), UTC) - offset
                for span in self._day(wall).spans:
                    opens = max(midnight + timedelta(minutes=span.start), start)
                    closes = min(midnight + timedelta(minutes=span.end), end)
                    if opens < closes:
                        yield opens, closes
                wall += _DAY

    def _steady(self, day: date) -> Iterator[Interval]:
        """Cut a day of UTC where the zone's clocks are changed, to the second."""
        midnight = datetime.combine(day, time(), UTC)
        start = midnight
        for hour, following in pairwise(midnight + timedelta(hours=count) for count in range(25)):
            if self._offset(hour) != self._offset(following):
                change = self._change(hour, following)
                yield start, change
                start = change
        if start < midnight + _DAY:
            yield start, midnight + _DAY

    def _change(self, before: datetime, after: datetime) -> datetime:
        low, high = 0, int((after - before).total_seconds())
        while high - low > 1:
            middle = (low + high) // 2
            if self._offset(before + timedelta(seconds=middle)) == self._offset(before):
                low = middle
            else:
                high = middle
        return before + timedelta(seconds=high)

    def _offset(self, moment: datetime) -> timedelta | None:
        return moment.astimezone(self.zone).utcoffset()


ALWAYS = Hours()
"""What counts where no hours are set."""
