"""The sandbox's time: it may run fast, and it can be set."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Call it for the time.

    Starts `ago` in the past and runs `speed` times as fast until it has caught up with the real time; from
    then on both are the same, plus whatever was skipped.
    """

    def __init__(self, ago: timedelta = timedelta(0), speed: float = 1.0) -> None:
        self._behind = ago.total_seconds()
        self._speed = max(speed, 1.0)
        self._started = time.monotonic()
        self._real = time.time()
        self._skipped = 0.0

    def __call__(self) -> datetime:
        """The time now, in UTC."""
        elapsed = time.monotonic() - self._started
        behind = max(0.0, self._behind - elapsed * (self._speed - 1))
        return datetime.fromtimestamp(self._real + elapsed - behind + self._skipped, UTC)

    def skip(self, by: timedelta) -> None:
        """Jump ahead, or back where `by` is negative."""
        self._skipped += by.total_seconds()
