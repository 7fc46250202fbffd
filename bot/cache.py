"""Answers that were given a moment ago."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Cache(Generic[K, V]):
    """Answers that stay good for some seconds. A clock that is put back makes none good for longer."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._kept: dict[K, tuple[float, V]] = {}
        self._drops = 0

    async def get(self, key: K, fetch: Callable[[], Awaitable[V]]) -> V:
        if key in self._kept:
            at, value = self._kept[key]
            if 0 <= self._clock() - at < self._seconds:
                return value
        began, drops = self._clock(), self._drops
        value = await fetch()
        if drops == self._drops:  # else it may be as old as what was dropped
            if len(self._kept) > 10_000:
                self._kept.clear()
            self._kept[key] = began, value
        return value

    def kept(self, key: K) -> V | None:
        """What is remembered, however old."""
        return self._kept[key][1] if key in self._kept else None

    def drop(self, which: Callable[[K, V], object] = lambda *_: True) -> None:
        """Forget answers: all, or those that are meant."""
        self._drops += 1
        for key in [key for key, (_, value) in self._kept.items() if which(key, value)]:
            del self._kept[key]
