"""The clock's door: what is done again and again, each on one process only, never twice at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.store import Store
from bot.waits import wait_for

_LONGEST_LEASE = timedelta(minutes=5)


class Round:
    """Something done again and again, in a loop that the scheduler wakes.

    The scheduler only rings: a longer job it would cut off when it is shut down, and call it broken. Where it
    has a `store` it is done only while the lease of its name is this process's.
    """

    def __init__(
        self,
        do: Callable[[], Awaitable[None]],
        every: timedelta | Callable[[], timedelta],
        store: Store | None = None,
        name: str = "",
    ) -> None:
        self._do = do
        self._every = every
        self._store = store
        self._name = name
        self._due = asyncio.Event()
        self._due.set()  # the first time at once

    @property
    def every(self) -> timedelta:
        """How often, as it is set at this moment."""
        return self._every() if callable(self._every) else self._every

    def ring(self) -> None:
        """Have it done once more; rings during one doing are one."""
        self._due.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Do it whenever it is rung for, until told to stop."""
        while not stopping.is_set():
            await wait_for(self._due, 86_400, stopping)
            if not stopping.is_set():
                await self._once()
        if self._store is not None:
            await self._store.release(self._name)

    async def _once(self) -> None:
        """Do it, unless another process does; a lease that another has is asked for at the next ring."""
        if self._store is None:
            await self._do()
            return
        lease = min(1.5 * self.every, _LONGEST_LEASE).total_seconds() + 1  # longer than to the next ring
        if not await self._store.lease(self._name, lease):
            return
        keeping = asyncio.create_task(self._keep(self._store, lease))
        try:
            await self._do()
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _keep(self, store: Store, lease: float) -> None:
        while True:
            await asyncio.sleep(lease / 3)
            await store.lease(self._name, lease)


def schedule(rounds: Sequence[Round]) -> AsyncIOScheduler:
    """Make the scheduler: jittered, one ring to make up for any number missed."""
    # A ring is over at once: in a task of its own it may be cut off by a shutdown, and be called an error.
    scheduler = AsyncIOScheduler(timezone="UTC", executors={"default": DebugExecutor()})
    for number, one in enumerate(rounds):
        scheduler.add_job(
            one.ring,
            _trigger(one),
            id=str(number),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
    return scheduler


def follow(scheduler: AsyncIOScheduler, rounds: Sequence[Round]) -> None:
    """Ring as often as is set now, and once at once: other rules may find other things."""
    for number, one in enumerate(rounds):
        one.ring()
        if scheduler.get_job(str(number)).trigger.interval != one.every:
            scheduler.reschedule_job(str(number), trigger=_trigger(one))


def _trigger(one: Round) -> IntervalTrigger:
    seconds = one.every.total_seconds()
    return IntervalTrigger(seconds=seconds, jitter=min(10, seconds / 10), timezone="UTC")
