"""What goes wrong at present, and how much went through, for `/healthz` and the operators. No secrets."""

import re
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

_REMEMBERED = timedelta(minutes=5)
"""Whatever waits for the operator tries again every minute, so that a problem that stays is renewed."""
_NUMBERS = re.compile(r"\d+")
_LASTING = timedelta(minutes=1)
_BELLS, _LATELY = 3, timedelta(hours=1)
"""So many missed webhooks within that time are no accident."""


@dataclass(frozen=True, slots=True)
class _Met:
    words: str
    first: datetime
    last: datetime


class Health:
    """Problems that were met lately or that stand, and counts since the start."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._met: dict[str, _Met] = {}
        self._standing: dict[str, str] = {}
        self._missed: deque[datetime] = deque(maxlen=_BELLS)
        self.counts: Counter[str] = Counter()

    def ill(self, problem: str) -> None:
        """Say what is wrong; it counts as mended when it is not said again.

        Words that differ in numbers alone, say of conversations, are of one problem.
        """
        name, now = _NUMBERS.sub("…", problem), self._now()
        met = self._met.get(name)
        first = met.first if met and met.last > now - _REMEMBERED else now
        self._met[name] = _Met(problem, first, now)

    def stands(self, name: str, problem: str) -> None:
        """Say what is wrong until `over` is said of the same name."""
        self._standing[name] = problem

    def over(self, name: str) -> None:
        """Say that something is right again."""
        self._standing.pop(name, None)

    def missed_bell(self) -> None:
        """Learn that a webhook did not come."""
        self._missed.append(self._now())

    @property
    def current(self) -> dict[str, str]:
        """What is wrong, by a name that stays the same while the words may change."""
        since = self._now() - _REMEMBERED
        self._met = {name: met for name, met in self._met.items() if met.last > since}
        return {name: met.words for name, met in self._met.items()} | self._lasting()

    @property
    def lasting(self) -> dict[str, str]:
        """The same without what was met just once or twice: that is no news to wake anybody for."""
        return {
            name: words
            for name, words in self.current.items()
            if name not in self._met or self._met[name].last - self._met[name].first >= _LASTING
        }

    def _lasting(self) -> dict[str, str]:
        found = dict(self._standing)
        if len(self._missed) == _BELLS and self._missed[0] > self._now() - _LATELY:
            found["webhooks"] = (
                "FreeScout's webhooks do not come: what happens there is found by the sweep alone, and late. "
                "See Manage » API & Webhooks in FreeScout, and whether its queue worker runs"
            )
        return found

    @property
    def problems(self) -> list[str]:
        """What is wrong, in words."""
        return list(self.current.values())

    def count(self, what: str) -> None:
        """Count one more of something."""
        self.counts[what] += 1
