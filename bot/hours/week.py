"""Opening hours as people write them: `mon-fri 09:00-12:00 13:00-17:30`, and days on which all is closed."""

import re
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from bot.tables import nearest

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = 24 * 60
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_GROUPS = {"weekdays": "mon-fri", "workdays": "mon-fri", "weekend": "sat-sun", "daily": "mon-sun"}

_DAYS = re.compile(r"([a-z]{3})[a-z]*(?:-([a-z]{3})[a-z]*)?")
_SPAN = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")
_YEARLY = re.compile(r"[0-9]{2}-[0-9]{2}")
_LEAP_YEAR = 2000


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From one minute of a day to another, by the clock on the wall; one past midnight ends above 1440."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{_clock(self.start)}-{_clock(self.end)}"


Spans = tuple[Span, ...]
Week = tuple[Spans, ...]
"""Monday first."""


@dataclass(frozen=True, slots=True)
class Closed:
    """From one day to another, both with them; `yearly` in every year, whatever year they are in."""

    first: date
    last: date
    yearly: bool = False

    def __contains__(self, day: date) -> bool:
        if not self.yearly:
            return self.first <= day <= self.last
        first, last, asked = (one.timetuple()[1:3] for one in (self.first, self.last, day))
        return first <= asked <= last if first <= last else asked >= first or asked <= last


def opening(line: str) -> tuple[tuple[int, ...] | date, Spans] | None:
    """Read one line: its weekdays (0 is Monday) or its date, and when it is open; else None."""
    when, *times = line.strip().lower().replace("–", "-").split()
    spans = [span(one) for one in times]
    good = tuple(sorted(one for one in spans if one is not None))
    days = _date(when) or weekdays(when)
    return (days, good) if days and good and len(good) == len(spans) else None


def span(text: str) -> Span | None:
    """Read `09:00-12:30`; one that ends before it begins goes on past midnight."""
    found = _SPAN.fullmatch(text)
    if found is None:
        return None
    hour, minute, to_hour, to_minute = map(int, found.groups())
    start, end = hour * 60 + minute, to_hour * 60 + to_minute
    if max(minute, to_minute) > 59 or start >= MIDNIGHT or end > MIDNIGHT or start == end:
        return None
    return Span(start, end if end > start else end + MIDNIGHT)


def overlap(spans: Spans) -> tuple[Span, Span] | None:
    """Find two spans of a day that overlap."""
    return next(((one, two) for one, two in pairwise(sorted(spans)) if two.start < one.end), None)


def closed(text: object) -> Closed | None:
    """Read `2026-12-24`, `12-31` (every year), or two of a kind with a slash between; else None.

    TOML has dates of its own, without quotes: those are understood too.
    """
    if not isinstance(text, str):
        return Closed(text, text) if type(text) is date else None
    ends = [part.strip() for part in text.split("/")]
    yearly = all(_YEARLY.fullmatch(end) for end in ends)
    days = [_date(f"{_LEAP_YEAR}-{end}" if yearly else end) for end in ends]
    first, last = days[0], days[-1]
    if len(days) > 2 or first is None or last is None or (not yearly and last < first):
        return None
    return Closed(first, last, yearly)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        return None


def weekdays(text: str) -> tuple[int, ...]:
    """`mon-fri`, `mon,wed`, `fri-mon`; nothing where one of them is no weekday."""
    days: list[int] = []
    for part in text.split(","):
        found = _DAYS.fullmatch(part)
        if found is None or found[1] not in DAYS or (found[2] or found[1]) not in DAYS:
            return ()
        first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
        days += [(first + more) % 7 for more in range((last - first) % 7 + 1)]
    return tuple(sorted(set(days)))


def weekdays_meant(text: object) -> str:
    """Say which weekdays a misspelt `mno-fri` may mean; nothing where none come to mind."""
    said = text.strip().lower() if isinstance(text, str) else ""
    parts = [_GROUPS.get(word, word) for word in re.findall("[a-z]+|[^a-z]+", said)]
    near = [word if word in _GROUPS.values() or not word.isalpha() else _near(word) for word in parts]
    found = "".join(near)
    return f' Did you mean "{found}"?' if all(near) and weekdays(found) else ""


def _near(word: str) -> str:
    return nearest(word, _NAMES)[:3] if len(word) > len(DAYS[0]) else nearest(word, DAYS)


def _clock(minutes: int) -> str:
    return f"{minutes // 60 - 24 * (minutes > MIDNIGHT):02}:{minutes % 60:02}"
