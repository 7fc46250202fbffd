"""What every table's verbs stand on."""

import asyncio
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


async def wait_for(event: asyncio.Event, timeout: float, stopping: asyncio.Event | None) -> None:
    """Return when `event` is set, after `timeout` seconds, or when `stopping` is set."""
    waits = [asyncio.ensure_future(one.wait()) for one in (event, stopping) if one is not None]
    try:
        await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    event.clear()  # before the caller looks: what comes from now on sets it again
