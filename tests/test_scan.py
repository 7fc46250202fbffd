"""The scan for waiting customers: nobody is missed, and it asks for no more however many are open."""

import asyncio
import os
import random
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from bot import slackapi
from bot.bridgefile import Stale
from bot.desk import Desk
from bot.freescout import FreeScout
from bot.health import Health
from bot.live import Live
from bot.people import People
from bot.routing import Route
from bot.scan import StaleScan
from bot.settings import Settings
from bot.store import Looked, Store
from bot.timers import Round
from sandbox.clock import Clock
from sandbox.freescout import FreeScout as HelpDesk
from sandbox.freescout.answers import Refused
from sandbox.serving import serving

HOUR = timedelta(hours=1)
LIMIT = 2 * HOUR


@dataclass
class Watch:
    """A scan by itself: a FreeScout, a store, and no bridge that looks unless it is told to."""

    clock: Clock
    helpdesk: HelpDesk
    url: str
    path: Path
    mailbox: int
    rows: int = 5
    stale: Stale = field(default_factory=lambda: Stale((LIMIT,)))
    requests: int = 0

    @asynccontextmanager
    async def scanning(self) -> AsyncIterator[StaleScan]:
        """The scan, from the start of its process to the end."""
        settings = Settings(
            self.url,
            self.helpdesk.api_key,
            "secret",
            "xoxb-1",
            routes=(Route("Support", "support"),),
            stale=self.stale,
            database_url=f"sqlite:///{self.path}",
        )
        freescout = FreeScout(self.url, self.helpdesk.api_key)
        store = Store(str(self.path), self.clock)
        async with aiohttp.ClientSession() as session:
            web = slackapi.client("xoxb-1", "http://127.0.0.1:9/", session)
            people = People(freescout, web, store, lambda: self.clock().timestamp())
            desk = Desk(Live(settings), freescout, store, web, people, self.clock)
            try:
                yield StaleScan(desk, Health(self.clock), rows=self.rows)
            finally:
                await store.close()
                await freescout.close()

    def asked(self) -> int:
        """How many lists were asked for since the last time."""
        lists = sum(one.path == "/api/conversations" for one in self.helpdesk.requests)
        count, self.requests = lists - self.requests, lists
        return count

    async def look(self) -> list[int]:
        """Answer every bell, as the worker does; return whose it was."""
        store = Store(str(self.path), self.clock)
        found: list[int] = []
        while work := await store.claim():
            found.append(work.conversation)
            one = self.helpdesk.world.conversations.get(work.conversation)
            updated = one.updated_at.timestamp() if one else 0
            await store.looked([(work, Looked(updated=updated, at=self.clock().timestamp()))])
        await store.close()
        return sorted(found)

    def unseen(self) -> list[int]:
        """Who waits too long and was not looked at as they are."""
        with sqlite3.connect(self.path) as database:
            looked = dict(database.execute("select conversation, updated from looked").fetchall())
        return [
            one.id
            for one in self.helpdesk.world.conversations.values()
            if one.status == "active"
            and one.state == "published"
            and self.clock() - one.last_reply_at > LIMIT
            and looked.get(one.id) != one.updated_at.timestamp()
        ]

    def writes(self) -> int:
        return self.helpdesk.customer_writes("z@example.org", "Help", "help", mailbox=self.mailbox)


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    clock = Clock()
    helpdesk = HelpDesk(now=clock)
    async with serving(helpdesk.app) as url:
        mailbox = helpdesk.add_mailbox("Support", "support@example.org")
        helpdesk.add_user("Ana", "Alves", "ana@example.org", role="admin")
        yield Watch(clock, helpdesk, url, tmp_path / "bridge.db", mailbox)
        await helpdesk.close()


async def test_who_waits_too_long_and_was_never_seen_is_rung_for_once(watch: Watch) -> None:
    one = watch.writes()
    async with watch.scanning() as scan:
        await scan.run()
        assert await watch.look() == []
        watch.clock.skip(LIMIT)
        await scan.run()
        assert await watch.look() == [one]
        await scan.run()
        assert await watch.look() == []


async def test_a_wait_that_no_row_tells_of_is_found_too(watch: Watch) -> None:
    """A workflow's message is FreeScout's last reply, and answers nobody: the look has to judge."""
    one = watch.writes()
    watch.helpdesk.agent_replies(one, 1, "We have got your message.", status="active")
    watch.clock.skip(LIMIT)
    async with watch.scanning() as scan:
        await scan.run()
    assert await watch.look() == [one]


async def test_who_asked_again_a_moment_ago_waits_since_the_beginning(watch: Watch) -> None:
    one = watch.writes()
    watch.clock.skip(LIMIT)
    watch.helpdesk.customer_replies(one, "Hello? Anybody there?")
    async with watch.scanning() as scan:
        await scan.run()
    assert await watch.look() == [one]


async def test_other_mailboxes_and_who_was_answered_are_left_alone(watch: Watch) -> None:
    other = watch.helpdesk.add_mailbox("Private", "private@example.org")
    watch.helpdesk.customer_writes("z@example.org", "Hush", "…", mailbox=other)
    watch.helpdesk.agent_replies(watch.writes(), 1, "Done.")
    watch.helpdesk.agent_sets_status(watch.writes(), 1, "closed")
    watch.helpdesk.agent_deletes(watch.writes(), 1)
    watch.clock.skip(LIMIT)
    async with watch.scanning() as scan:
        await scan.run()
    assert await watch.look() == []


async def test_what_has_piled_up_is_worked_off_oldest_first_a_few_pages_at_a_time(watch: Watch) -> None:
    made = list(watch.helpdesk.fill(100, mailbox=watch.mailbox, statuses=("active",)))
    watch.clock.skip(LIMIT)
    async with watch.scanning() as scan:
        await scan.run()
        found = await watch.look()
        assert found[:15] == made[:15]
        assert watch.asked() <= 6
        for _ in range(10):
            await scan.run()
            assert watch.asked() <= 6
        await watch.look()
    assert watch.unseen() == []


@pytest.mark.parametrize("count", [10, 1000])
async def test_a_scan_asks_for_two_pages_however_many_wait(watch: Watch, count: int) -> None:
    watch.rows = 100
    watch.helpdesk.fill(count, mailbox=watch.mailbox, statuses=("active",))
    watch.clock.skip(LIMIT)
    async with watch.scanning() as scan:
        for _ in range(8):
            await scan.run()
            await watch.look()
        watch.asked()
        for _ in range(5):
            watch.clock.skip(timedelta(minutes=1))
            await scan.run()
            assert watch.asked() == 2
    assert watch.unseen() == []


async def test_where_most_were_answered_it_finds_its_place_again(watch: Watch) -> None:
    made = list(watch.helpdesk.fill(300, mailbox=watch.mailbox, statuses=("active",)))
    watch.clock.skip(LIMIT)
    async with watch.scanning() as scan:
        for _ in range(20):
            await scan.run()
        await watch.look()
        for one in made[:280]:
            watch.helpdesk.agent_sets_status(one, 1, "closed")
        new = watch.writes()
        watch.clock.skip(LIMIT)
        watch.asked()
        await scan.run()
        assert new in await watch.look()
        assert watch.asked() <= 14


async def test_other_rules_are_asked_of_those_that_were_seen(watch: Watch) -> None:
    one = watch.writes()
    watch.clock.skip(LIMIT)
    async with watch.scanning() as scan:
        await scan.run()
        assert await watch.look() == [one]
    watch.stale = Stale((HOUR,))
    watch.clock.skip(HOUR)
    async with watch.scanning() as scan:
        await scan.run()
        assert await watch.look() == [one]
        await scan.run()
        assert await watch.look() == []


async def test_a_page_that_freescout_cannot_give_holds_nobody_else_up_for_ever(watch: Watch) -> None:
    """Say, a conversation whose mail breaks the server: all but its page is found by the round."""
    watch.helpdesk.fill(60, mailbox=watch.mailbox, statuses=("active",))
    watch.clock.skip(LIMIT)
    broken = 4
    real = watch.helpdesk.api.lists.conversations

    def page(query):
        if query.get("page") == str(broken) and query.get("sortField") == "waitingSince":
            raise Refused("page", "a mail that breaks the server")
        return real(query)

    watch.helpdesk.api.lists.conversations = page
    async with watch.scanning() as scan:
        for _ in range(20):
            await scan.run()
        await watch.look()
    assert len(watch.unseen()) == 5


@pytest.mark.parametrize("seed", range(8))
async def test_nobody_is_missed_whatever_happens(watch: Watch, seed: int) -> None:
    """Every webhook is lost; the process dies, the clock jumps, FreeScout fails on any page."""
    chance = random.Random(seed)
    watch.helpdesk.fill(40, mailbox=watch.mailbox, statuses=("active",), spacing=timedelta(minutes=7))
    for _ in range(6):
        async with watch.scanning() as scan:
            for _ in range(chance.randrange(1, 12)):
                for _ in range(chance.randrange(5)):
                    happens(watch, chance)
                watch.clock.skip(timedelta(minutes=chance.choice((1, 1, 5, 60, 600, -3, -600))))
                if chance.random() < 0.3:
                    times = chance.randrange(1, 6)
                    watch.helpdesk.faults.api("GET /api/conversations", retry_after=60, times=times)
                await scan.run()
                if chance.random() < 0.8:
                    await watch.look()
    watch.helpdesk.faults.clear()
    watch.clock.skip(12 * HOUR)
    async with watch.scanning() as scan:
        for _ in range(2 * (len(watch.helpdesk.world.conversations) // watch.rows + 2)):
            watch.clock.skip(timedelta(minutes=1))
            await scan.run()
            await watch.look()
    assert watch.unseen() == []


def happens(watch: Watch, chance: random.Random) -> None:
    """Something, to somebody."""
    known = list(watch.helpdesk.world.conversations)
    one = chance.choice(known)
    what = chance.randrange(8)
    if what == 0:
        watch.writes()
    elif what == 1:
        watch.helpdesk.customer_replies(one, "Hello?")
    elif what == 2:
        watch.helpdesk.agent_replies(one, 1, "Here.", status=chance.choice(("pending", "active", "closed")))
    elif what == 3:
        watch.helpdesk.agent_sets_status(one, 1, chance.choice(("active", "closed", "pending")))
    elif what == 4:
        watch.helpdesk.agent_deletes(one, 1)
    elif what == 5:
        watch.helpdesk.agent_restores(one, 1)
    elif what == 6:
        other = chance.choice(known)
        watch.helpdesk.agent_merges(one, other, 1)
    else:
        watch.helpdesk.agent_notes(one, 1, "Hm.")


# one process only

_HOLDS = """
import asyncio, sys
from datetime import UTC, datetime
from bot.store import Store
async def main():
    store = Store(sys.argv[1], lambda: datetime.now(UTC), visiting=True)
    print(await store.lease("scan", 60), flush=True)
    sys.stdin.readline()
    if sys.argv[2] == "release":
        await store.release("scan")
        await store.close()
asyncio.run(main())
"""


def other(path: Path, how: str = "release") -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(path), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    )


def now() -> datetime:
    return datetime.now(UTC)


async def test_of_two_processes_one_has_the_lease_until_it_gives_it_back(tmp_path: Path) -> None:
    path = tmp_path / "bridge.db"
    store = Store(str(path), now)
    first = other(path)
    assert first.stdout.readline() == "True\n"
    assert not await store.lease("scan", 60)
    assert await store.lease("sweep", 60)
    first.communicate("\n")
    assert await store.lease("scan", 60)
    second = other(path)
    assert second.communicate("\n")[0] == "False\n"
    await store.close()


async def test_a_process_that_was_killed_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "bridge.db"
    store = Store(str(path), now)
    first = other(path)
    first.stdout.readline()
    first.kill()
    first.wait()
    first.stdin.close()
    first.stdout.close()
    assert await store.lease("scan", 60)
    await store.close()


async def test_a_container_of_the_same_name_and_number_is_another_process(tmp_path: Path) -> None:
    clock = Clock()
    store = Store(str(tmp_path / "bridge.db"), clock)
    await store.lease("scan", 60)
    with sqlite3.connect(tmp_path / "bridge.db") as database:
        database.execute("update leases set holder = ?", (f"{socket.gethostname()}:{os.getpid()}:other",))
    assert not await store.lease("scan", 60)
    clock.skip(timedelta(seconds=61))
    assert await store.lease("scan", 60)
    await store.close()


async def test_a_lease_of_another_machine_ends_with_its_time_or_where_the_clock_was_put_back(
    tmp_path: Path,
) -> None:
    clock = Clock()
    store = Store(str(tmp_path / "bridge.db"), clock)
    await store.lease("scan", 60)
    with sqlite3.connect(tmp_path / "bridge.db") as database:
        database.execute("update leases set holder = 'elsewhere:17'")
    assert not await store.lease("scan", 60)
    clock.skip(timedelta(seconds=61))
    assert await store.lease("scan", 60)
    with sqlite3.connect(tmp_path / "bridge.db") as database:
        database.execute("update leases set holder = 'elsewhere:17'")
    clock.skip(-timedelta(days=1))
    assert await store.lease("scan", 60)
    await store.close()


async def test_a_round_rests_while_another_process_does_it_and_never_overlaps(tmp_path: Path) -> None:
    path = tmp_path / "bridge.db"
    store = Store(str(path), now)
    first = other(path)
    first.stdout.readline()
    begun, running = 0, 0

    async def do() -> None:
        nonlocal begun, running
        begun += 1
        running += 1
        assert running == 1
        await asyncio.sleep(0.05)
        running -= 1

    stopping = asyncio.Event()
    one = Round(do, timedelta(seconds=1), store, "scan")
    task = asyncio.create_task(one.run(stopping))
    for _ in range(5):
        one.ring()
        await asyncio.sleep(0.01)
    assert begun == 0
    first.communicate("\n")
    for _ in range(20):
        one.ring()
        await asyncio.sleep(0.01)
    assert 0 < begun < 20
    stopping.set()
    await task
    assert other(path).communicate("\n")[0] == "True\n"
    await store.close()
