"""`Wait`: somebody waits since then, and what that makes due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.hours import ALWAYS, NEVER, Hours


@dataclass(frozen=True, slots=True)
class Wait:
    """A customer waits. `thread` tells one wait from the next.

    It is the id of the first message that nobody answered, or of the line item by which an agent reopened the
    conversation; 0 where FreeScout says that somebody waits, and no thread shows it.
    """

    since: datetime
    thread: int
    asked: int = 1
    """How many messages of theirs nobody has answered."""

    def passed(self, now: datetime, hours: Hours = ALWAYS) -> timedelta:
        """How long they have waited, in business time where hours are set."""
        return hours.passed(self.since, now)

    def due(self, limit: timedelta, hours: Hours = ALWAYS) -> datetime:
        """When they will have waited so long, in UTC; `hours.NEVER` where that never comes."""
        return hours.after(self.since, limit)

    def step(self, after: Sequence[timedelta], now: datetime, hours: Hours = ALWAYS) -> int:
        """How many of the waits in `after` have passed: 0 before the first."""
        return sum(self.due(limit, hours) <= now for limit in after)

    def next_due(self, after: Sequence[timedelta], now: datetime, hours: Hours = ALWAYS) -> datetime | None:
        """When the next step is due, or None after the last."""
        steps = (self.due(limit, hours) for limit in after)
        return next((due for due in steps if now.astimezone(UTC) < due < NEVER), None)


def spoken(wait: timedelta) -> str:
    """Say a wait as people do: `45 s`, `5 min`, `2 h 05 min`, `3 d 4 h`."""
    seconds = max(0, int(wait.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 60:
        return f"{seconds} s"
    if minutes < 60:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {minutes % 60:02} min" if minutes % 60 else f"{hours} h"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"
