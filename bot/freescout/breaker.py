"""Leave a FreeScout alone that does not answer: calls fail at once, but for one now and then that tries."""

import math
import time
from collections.abc import Callable

from bot.errors import Transient


class Breaker:
    """Opens after `after` failures in a row, for `pause` seconds; then one call finds out, the rest wait."""

    def __init__(
        self, after: int = 6, pause: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._after = after
        self._pause = pause
        self._clock = clock
        self._failures = 0
        self._until = 0.0

    def check(self) -> None:
        """Let a call pass, or raise Transient with the seconds that are left."""
        if self._failures < self._after:
            return
        left = self._until - self._clock()
        if left > 0:
            raise Transient(
                f"FreeScout has not answered {self._failures} times in a row and is left alone for a moment",
                retry_after=math.ceil(left),
            )
        self._until = self._clock() + self._pause

    def failed(self) -> None:
        """Count a call that got no answer, or one that says that nothing works."""
        self._failures += 1
        if self._failures >= self._after:
            self._until = self._clock() + self._pause

    def answered(self) -> None:
        """Count a call that was answered, whatever the answer."""
        self._failures = 0
