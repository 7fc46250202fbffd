"""What goes wrong at present, and how much went through, for `/healthz`. It holds no secret."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

_REMEMBERED = timedelta(minutes=5)
"""Whatever waits for the operator tries again every minute, so that a problem that stays is renewed."""


class Health:
    """Problems that were met lately, and counts since the start."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._met: dict[str, datetime] = {}
        self.counts: Counter[str] = Counter()

    def ill(self, problem: str) -> None:
        """Say what is wrong; it counts as mended when it is not said again."""
        self._met[problem] = self._now()

    @property
    def problems(self) -> list[str]:
        """What was wrong within the last minutes."""
        since = self._now() - _REMEMBERED
        self._met = {problem: at for problem, at in self._met.items() if at > since}
        return list(self._met)

    def count(self, what: str) -> None:
        """Count one more of something."""
        self.counts[what] += 1
