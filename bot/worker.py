"""The loop that answers bells: claim a conversation, look, give it back. What fails waits, or is parked."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from bot.errors import Ambiguous, Misconfigured, Transient
from bot.health import Health
from bot.reconcile import Reconciler
from bot.store import Store, Work

log = logging.getLogger(__name__)

T = TypeVar("T")

_FIRST = 2.0
_LONGEST = 600.0
_BUG_TRIES = 3
"""What is nobody's known fault is tried again this often before it is parked."""


async def run(
    store: Store, reconciler: Reconciler, health: Health, now: Callable[[], datetime], stopping: asyncio.Event
) -> None:
    """Look at what is due, one conversation after the other, until told to stop."""
    while not stopping.is_set():
        work = await _surely(store.claim, health, stopping)
        if work is None:
            await store.wait_for_work(1.0, stopping)
            continue
        try:
            customer, again = await reconciler.look(work.conversation)
        except Exception as error:
            given_back = partial(_failed, store, health, now, work, error)
        else:
            given_back = partial(store.looked, work, customer, again)
        await _surely(given_back, health, stopping)


async def _surely(
    write: Callable[[], Awaitable[T]], health: Health, stopping: asyncio.Event, pause: float = 1.0
) -> T | None:
    """Write until the store takes it: a full disk passes, but a loop that ended would not come back."""
    while True:
        try:
            return await write()
        except Exception as error:
            log.error("the store fails a worker: %s", error)
            health.ill(str(error))
        if stopping.is_set():
            return None  # at the next start every claim is taken back
        await asyncio.sleep(pause)


async def _failed(
    store: Store, health: Health, now: Callable[[], datetime], work: Work, error: Exception
) -> None:
    mark = secrets.token_hex(4)
    where = f"conversation {work.conversation} ({work.reason}, try {work.attempts + 1}) [{mark}]"
    if isinstance(error, Transient | Ambiguous):
        named = error.retry_after if isinstance(error, Transient) else None
        wait = named if named is not None else min(_LONGEST, _FIRST * 2 ** min(work.attempts, 12))
        if isinstance(error, Misconfigured):
            log.error("%s waits for the operator: %s", where, error)
            health.ill(str(error))
        else:
            log.warning("%s in %.0f s again: %s", where, wait, error)
        await store.look_again(work, now() + timedelta(seconds=wait), str(error))
        return
    if work.attempts + 1 < _BUG_TRIES:
        log.error("%s broke", where, exc_info=error)
        await store.look_again(work, now() + timedelta(seconds=_FIRST), f"{type(error).__name__} [{mark}]")
        return
    log.error("%s is parked until its next webhook", where, exc_info=error)
    await store.park(work, f"{type(error).__name__} [{mark}]")
