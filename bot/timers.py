"""The clock's door: look for customers who wait, and ring for each.

A look rings for itself when the next step of a known wait is due; this scan finds what no look has seen.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot import clock, routes
from bot.bridgefile import Route
from bot.desk import Desk
from bot.errors import BridgeError
from bot.freescout import ConversationQuery, Sort
from bot.health import Health
from bot.model import Conversation, Status
from bot.waits import wait_for

log = logging.getLogger(__name__)


class StaleScan:
    """Finds conversations whose customer has waited longer than their mailbox's limit."""

    def __init__(self, desk: Desk, health: Health) -> None:
        self._desk = desk
        self._health = health
        self._rung: dict[tuple[int, datetime | None], int] = {}

    async def run(self) -> None:
        """Scan once; a failure is told, and the next scan makes up for it."""
        try:
            due = await self._due()
        except BridgeError as error:
            log.warning("the scan for waiting customers failed: %s", error)
            self._health.ill(str(error))
            return
        if due:
            await self._desk.store.ring(due, "clock", priority=6)

    async def _due(self) -> list[int]:
        """Those with a step due that no earlier scan has rung for."""
        limits = [limit for route in self._desk.settings.routes for limit in self._waits(route)]
        if not limits:
            return []
        await self._check_routes()
        now = self._desk.now()
        query = ConversationQuery(statuses=(Status.ACTIVE,), sort=Sort.WAITING)
        rung: dict[tuple[int, datetime | None], int] = {}
        due: list[int] = []
        async for row in self._desk.freescout.conversations(query, most=5_000):
            if row.waiting_since and now - row.waiting_since < min(limits):
                break  # sorted: whoever comes now waits less
            step = await self._step(row, now)
            if step:
                wait = (row.id, row.waiting_since)
                rung[wait] = step
                if self._rung.get(wait, 0) < step:
                    due.append(row.id)
        self._rung = rung
        return due

    async def _check_routes(self) -> None:
        """Say which routes lead from nowhere: what is misspelt would be silent for ever."""
        known = await self._desk.people.mailboxes()
        for route in self._desk.settings.routes:
            if not any(routes.leads_from(route, mailbox) for mailbox in known):
                problem = f"FreeScout has no mailbox {route.mailbox!r}, which a route names"
                if problem not in self._health.problems:
                    log.error(problem)
                self._health.ill(problem)

    async def _step(self, row: Conversation, now: datetime) -> int:
        wait = clock.waiting(row)
        if wait is None:
            return 0
        mailbox = await self._desk.people.mailbox(row.mailbox_id)
        found = routes.matching(row, mailbox, self._desk.settings.routes)
        return max((wait.step(self._waits(route), now) for route in found), default=0)

    def _waits(self, route: Route) -> Sequence[timedelta]:
        return routes.waits(route, self._desk.settings)


class Round:
    """Something done again and again, in a loop that the scheduler wakes.

    The scheduler only rings: a longer job it would cut off when it is shut down, and call it broken.
    """

    def __init__(self, do: Callable[[], Awaitable[None]], every: timedelta) -> None:
        self._do = do
        self.every = every
        self._due = asyncio.Event()
        self._due.set()  # the first time at once

    async def ring(self) -> None:
        """Have it done once more; rings during one doing are one."""
        self._due.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Do it whenever it is rung for, until told to stop."""
        while not stopping.is_set():
            await wait_for(self._due, 86_400, stopping)
            if not stopping.is_set():
                await self._do()


def schedule(rounds: Sequence[Round]) -> AsyncIOScheduler:
    """Make the scheduler: jittered, one ring to make up for any number missed."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    for one in rounds:
        seconds = one.every.total_seconds()
        scheduler.add_job(
            one.ring,
            IntervalTrigger(seconds=seconds, jitter=min(10, seconds / 10), timezone="UTC"),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
    return scheduler
