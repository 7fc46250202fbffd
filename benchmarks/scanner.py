"""A process that scans again and again, and tells what each scan took: `scanner URL DATABASE MAILBOX SCANS`.

With `all` for a number of scans it lists everything that is open once, as the obvious way would.
"""

import asyncio
import json
import os
import sys
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from bot import slackapi
from bot.bridgefile import Stale
from bot.desk import Desk
from bot.freescout import ConversationQuery, FreeScout, Sort
from bot.health import Health
from bot.live import Live
from bot.model import Status
from bot.people import People
from bot.routing import Route
from bot.scan import StaleScan
from bot.settings import Settings
from bot.store import Store

KEY = "freescout-api-key"
_WARM = 10


def now() -> datetime:
    return datetime.now(UTC)


def resident() -> float:
    """Resident memory, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


async def scan(url: str, path: str, mailbox: str, scans: int) -> dict[str, object]:
    """Scan until the front has caught up, and then so many times more."""
    settings = Settings(
        url, KEY, "secret", "xoxb-1", routes=(Route(mailbox, "x"),), stale=Stale((timedelta(hours=2),))
    )
    async with AsyncExitStack() as stack:
        freescout = FreeScout(url, KEY)
        stack.push_async_callback(freescout.close)
        store = Store(path, now)
        stack.push_async_callback(store.close)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        web = slackapi.client("xoxb-1", "http://127.0.0.1:9/", session)
        people = People(freescout, web, store, time.time)
        one = StaleScan(Desk(Live(settings), freescout, store, web, people, now), Health(now))
        spans: list[tuple[float, float]] = []
        memory: list[float] = []

        async def once() -> float | None:
            began = time.perf_counter()
            await one.run()
            spans.append((began, time.perf_counter()))
            memory.append(resident())
            return await store.mark("scan page")

        before = None
        while (reached := await once()) != before:
            before = reached
        caught_up = len(spans)
        for _ in range(scans):
            await once()
    return {"spans": spans, "caught_up": caught_up, "memory": memory[min(_WARM, caught_up - 1) :]}


async def everything(url: str) -> dict[str, object]:
    """List all that is open, and keep who waits too long."""
    freescout = FreeScout(url, KEY)
    query = ConversationQuery(statuses=(Status.ACTIVE,), sort=Sort.WAITING, page_size=100)
    before, began = resident(), time.perf_counter()
    limit = now() - timedelta(hours=2)
    rows = [row async for row in freescout.conversations(query, most=10**9)]
    due = [row for row in rows if row.waiting_since and row.waiting_since < limit]
    ended, after = time.perf_counter(), resident()
    await freescout.close()
    return {"spans": [(began, ended)], "caught_up": 0, "memory": [before, after], "due": len(due)}


async def main() -> None:
    """Do what is asked."""
    url, path, mailbox, scans = sys.argv[1:]
    told = await (everything(url) if scans == "all" else scan(url, path, mailbox, int(scans)))
    print(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(main())
