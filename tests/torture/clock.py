"""One time for the stand-ins and the bridge, in two processes: faster than the real one, so that waits are short."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

SPEED = 8.0
"""A back-off of a minute passes in 7.5 seconds."""


def fast(origin: float, speed: float = SPEED) -> Callable[[], datetime]:
    """Call it for the time, which is the real one at `origin` and runs `speed` times as fast from there."""

    def now() -> datetime:
        return datetime.fromtimestamp(origin + (time.time() - origin) * speed, UTC)

    return now
