"""What every table's verbs stand on."""

from collections.abc import Callable
from datetime import datetime

from bot.store.writer import Writer


class Table:
    """Some verbs over the one database. Every verb returns after its change is on disk."""

    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        self._writer = writer
        self._now = now

    def _time(self) -> float:
        return self._now().timestamp()
