"""The loop that answers bells: claim a conversation, look, give it back. What fails waits, or is parked."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from bot.crashpoints import reached
from bot.errors import Ambiguous, BridgeError, Misconfigured, Transient
from bot.health import Health
from bot.reconcile import Reconciler
from bot.store import Looked, Store, Work
from bot.turns import Waiting

log = logging.getLogger(__name__)

T = TypeVar("T")

_FIRST = 2.0
_LONGEST = 600.0
_BELL_LATE = 60.0
"""Seconds after a change by which its webhook should have come."""


class Worker:
    """Looks at one conversation after the other; several run side by side."""

    def __init__(
        self,
        store: Store,
        reconciler: Reconciler,
        health: Health,
        now: Callable[[], datetime],
        stopping: asyncio.Event,
    ) -> None:
        self._store = store
        self._reconciler = reconciler
        self._health = health
        self._now = now
        self._stopping = stopping

    async def run(self) -> None:
        """Look at what is due, one conversation after the other, until told to stop."""
        while not self._stopping.is_set():
            work = await self._surely(self._store.claim)
            if work is None:
                await self._store.wait_for_work(1.0, self._stopping)
                continue
            reached("work.claimed")
            await self.look(work)

    async def look(self, work: Work) -> None:
        """Look at a conversation that was claimed, and give it back."""
        try:
            looked, failure = await self._reconciler.look(work)
        except Exception as error:
            given_back = partial(self._failed, work, error, Looked())
        else:
            self._count(work, looked)
            if failure is None:
                given_back = partial(self._store.looked, [(work, looked)])
            else:
                given_back = partial(self._failed, work, failure, looked)
        await self._surely(given_back)
        reached("look.done")

    async def gather(self, channel: str, waiting: Sequence[Waiting]) -> None:
        """Have looks that were claimed spoken of in one digest, and give them all back."""
        failure: Exception | None
        try:
            looks, failure = await self._reconciler.gather(channel, waiting)
        except Exception as error:
            looks, failure = [(one.work, one.looked) for one in waiting], error
        if failure is None:
            await self._surely(partial(self._store.looked, looks))
            return
        for work, looked in looks:
            # Not in this lane any more: it is looked at anew, which finds out what became of the digest.
            away = replace(looked, waits=tuple(lane for lane in looked.waits if lane != channel))
            await self._surely(partial(self._failed, work, failure, away))

    def _count(self, work: Work, looked: Looked) -> None:
        """Count what only the sweep has found: the health of FreeScout's webhooks."""
        if work.reason != "sweep" or not looked.missing:
            return
        self._health.count("found only by the sweep")
        rings = [key for key in looked.missing if key == "card" or key.startswith("thread:")]
        if rings and looked.at - looked.updated > _BELL_LATE:
            self._health.count("webhooks that never came")
            self._health.missed_bell()

    async def _surely(self, write: Callable[[], Awaitable[T]], pause: float = 1.0) -> T | None:
        """Write until the store takes it: a full disk passes, but a loop that ended would not come back."""
        while True:
            try:
                return await write()
            except Exception as error:
                log.error("the store fails a worker: %s", error)
                self._health.ill(str(error))
            if self._stopping.is_set():
                return None  # at the next start every claim is taken back
            await asyncio.sleep(pause)

    async def _failed(self, work: Work, error: Exception, looked: Looked) -> None:
        mark = secrets.token_hex(4)
        where = f"conversation {work.conversation} ({work.reason}, try {work.attempts + 1}) [{mark}]"
        if isinstance(error, Transient | Ambiguous):
            named = error.retry_after if isinstance(error, Transient) else None
            wait = named if named is not None else self._pause(work)
            if isinstance(error, Misconfigured):
                log.error("%s waits for the operator: %s", where, error)
                self._health.ill(str(error))
            else:
                log.warning("%s again in %.0f s: %s", where, wait, error)
            await self._again(work, wait, str(error), looked)
        elif not work.last_try or looked.waits:
            log.error("%s broke: %s", where, _told(error), exc_info=_bug(error))
            wait = self._pause(work)
            await self._again(work, wait, f"{_told(error)} [{mark}]", looked)
        else:
            log.error("%s is parked until its next webhook: %s", where, _told(error), exc_info=_bug(error))
            await self._store.park(work, f"{_told(error)} [{mark}]", looked.again)

    def _pause(self, work: Work) -> float:
        """Seconds until the next try: longer each time, but not much longer than it has failed already.

        Each bell brings a try before its time. A busy conversation shall not pay for that with a long wait.
        """
        failing = max(0.0, self._now().timestamp() - work.since)
        return min(_LONGEST, _FIRST * 2.0 ** min(work.attempts, 12), _FIRST + failing)

    async def _again(self, work: Work, wait: float, why: str, looked: Looked) -> None:
        due = self._now() + timedelta(seconds=wait)
        await self._store.look_again(work, due, why, looked.waits, looked.again)


def _told(error: Exception) -> str:
    """The error's own words where they are the bridge's; another's could quote a customer."""
    return str(error)[:300] if isinstance(error, BridgeError) else f"{type(error).__name__}: see the log"


def _bug(error: Exception) -> Exception | None:
    """What nobody foresaw, whose traceback is worth its room in the log."""
    return None if isinstance(error, BridgeError) else error
