"""The loop that answers bells: what fails waits or is parked, and holds nothing else up."""

import asyncio
import logging
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.course import _hopeless
from bot.errors import Ambiguous, BridgeError, Misconfigured, Permanent, Transient
from bot.health import Health
from bot.store import Looked, Store, Work
from bot.worker import Worker
from sandbox.clock import Clock
from tests.conftest import House


class Looks:
    """Looks at conversations in place of the reconciler, and meets what a test puts in the way."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.errors: dict[int, Iterator[Exception]] = {}
        self.failures: dict[int, Iterator[BridgeError]] = {}
        """What goes wrong in one channel, while the look itself comes to its end."""
        self.made: list[int] = []
        self.at: list[datetime] = []
        self.now: dict[int, int] = defaultdict(int)
        self.most_at_once = 0
        self.came = Looked(customer=9)
        self.meanwhile: Callable[[], object] = bool

    async def look(self, work: Work) -> tuple[Looked, BridgeError | None]:
        identity = work.conversation
        self.made.append(identity)
        self.at.append(self.clock())
        self.now[identity] += 1
        assert self.now[identity] == 1, "two looks at one conversation"
        self.most_at_once = max(self.most_at_once, sum(self.now.values()))
        try:
            await asyncio.sleep(0.001)
            self.meanwhile()
            if error := next(self.errors.get(identity, iter(())), None):
                raise error
        finally:
            self.now[identity] -= 1
        return self.came, next(self.failures.get(identity, iter(())), None)


class Shop:
    """A store, some workers, and a clock that tests wind on."""

    def __init__(self, store: Store, looks: Looks, clock: Clock) -> None:
        self.store, self.looks, self.clock = store, looks, clock
        self.health = Health(clock)

    @asynccontextmanager
    async def at_work(self, workers: int = 1) -> AsyncIterator[None]:
        stopping = asyncio.Event()
        reconciler: Any = self.looks
        tasks = [
            asyncio.create_task(Worker(self.store, reconciler, self.health, self.clock, stopping).run())
            for _ in range(workers)
        ]
        try:
            yield
        finally:
            stopping.set()
            await asyncio.gather(*tasks)

    async def until(self, look: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not look():
                await asyncio.sleep(0.005)

    async def wind(self, seconds: float) -> None:
        """Let time pass once nothing is in hand, and let the workers see it."""
        query = "select count(*) from work where claimed"
        while await self.store._writer.do(lambda db: db.execute(query).fetchone()[0]):
            await asyncio.sleep(0.001)
        self.clock.skip(timedelta(seconds=seconds))
        self.store._work_changed.set()
        await asyncio.sleep(0.03)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    clock = Clock()
    store = Store(str(tmp_path / "bridge.db"), clock)
    yield Shop(store, Looks(clock), clock)
    await store.close()


async def test_what_passes_is_tried_again_after_longer_and_longer_waits_until_it_goes(shop: Shop) -> None:
    shop.looks.errors[1] = iter([Transient("away"), Ambiguous("cut off"), Transient("away")])
    await shop.store.ring([1], "webhook")
    async with shop.at_work():
        for wait, looks in ((0, 1), (1.5, 1), (1, 2), (3, 2), (1.5, 3), (7, 3), (1.5, 4), (600, 4)):
            await shop.wind(wait)
            await shop.until(lambda: len(shop.looks.made) >= looks)
            assert len(shop.looks.made) == looks, wait
    assert (await shop.store.counts())["waiting"] == 0


async def test_the_waits_end_at_ten_minutes_and_there_is_always_another_try(shop: Shop) -> None:
    shop.looks.errors[1] = iter([Transient("away")] * 100)
    await shop.store.ring([1], "webhook")
    async with shop.at_work():
        for tries in range(1, 25):
            await shop.until(lambda: len(shop.looks.made) >= tries)
            await shop.wind(601)


async def test_a_pause_that_the_other_side_names_is_kept(shop: Shop) -> None:
    shop.looks.errors[1] = iter([Transient("429", retry_after=30)])
    await shop.store.ring([1], "webhook")
    async with shop.at_work():
        await shop.until(lambda: len(shop.looks.made) == 1)
        await shop.wind(29)
        assert len(shop.looks.made) == 1
        await shop.wind(2)
        await shop.until(lambda: len(shop.looks.made) == 2)


async def test_a_bell_does_not_wait_for_the_pause(shop: Shop) -> None:
    shop.looks.errors[1] = iter([Transient("away", retry_after=3600)])
    await shop.store.ring([1], "webhook")
    async with shop.at_work():
        await shop.until(lambda: len(shop.looks.made) == 1)
        await asyncio.sleep(0.02)
        await shop.store.ring([1], "webhook")
        await shop.until(lambda: len(shop.looks.made) == 2)


async def test_bells_that_ring_while_it_fails_do_not_make_the_next_wait_long(shop: Shop) -> None:
    shop.looks.errors[1] = iter([Transient("away")] * 8)
    async with shop.at_work():
        for bells in range(1, 9):
            await shop.store.ring([1], "webhook")
            await shop.until(lambda: len(shop.looks.made) >= bells)
            await shop.wind(1)
        await shop.wind(10)  # it failed for eight seconds: it waits for about as long, not for four minutes
        await shop.until(lambda: len(shop.looks.made) == 9)
    assert (await shop.store.counts())["waiting"] == 0


@pytest.mark.parametrize("error", [KeyError("a bug"), Permanent("Slack refuses: invalid_blocks")])
async def test_a_bug_is_parked_after_three_tries_holds_nobody_up_and_a_bell_takes_it_up(
    shop: Shop, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    shop.looks.errors[1] = iter([error] * 3)
    await shop.store.ring([1], "webhook")
    async with shop.at_work():
        for tries in (1, 2, 3):
            await shop.until(lambda: shop.looks.made.count(1) == tries)
            await shop.wind(3)
        await shop.wind(86_400)
        assert shop.looks.made.count(1) == 3
        assert (await shop.store.counts())["parked"] == 1
        assert "is parked until its next webhook" in caplog.text
        await shop.store.ring([2], "webhook")
        await shop.until(lambda: 2 in shop.looks.made)
        await shop.store.ring([1], "webhook")
        await shop.until(lambda: shop.looks.made.count(1) == 4)
    assert await shop.store.counts() == {
        "waiting": 0,
        "later": 0,
        "held": 0,
        "parked": 0,
        "outbox": 0,
        "failed": 0,
    }


async def test_what_waits_for_the_operator_is_told_and_tried_every_minute(shop: Shop) -> None:
    shop.looks.errors[1] = iter([Misconfigured("Slack has no channel #x")] * 2)
    await shop.store.ring([1], "webhook")
    async with shop.at_work():
        await shop.until(lambda: shop.health.problems == ["Slack has no channel #x"])
        await shop.wind(61)
        await shop.until(lambda: len(shop.looks.made) == 2)
        await shop.wind(61)
        await shop.until(lambda: len(shop.looks.made) == 3)
    shop.clock.skip(timedelta(minutes=5))
    assert shop.health.problems == []


async def test_a_look_for_later_comes_by_itself(shop: Shop) -> None:
    shop.looks.came = Looked(customer=9, again=shop.clock() + timedelta(hours=2))
    await shop.store.ring([1], "webhook")
    async with shop.at_work():
        await shop.until(lambda: len(shop.looks.made) == 1)
        await shop.wind(7000)
        assert len(shop.looks.made) == 1
        shop.looks.came = Looked(customer=9)
        await shop.wind(300)
        await shop.until(lambda: len(shop.looks.made) == 2)


async def test_eight_workers_share_the_work_and_never_look_at_one_conversation_together(shop: Shop) -> None:
    async with shop.at_work(8):
        for _ in range(20):
            await shop.store.ring(range(40), "webhook")
            await asyncio.sleep(0.002)
        async with asyncio.timeout(30):
            while (await shop.store.counts())["waiting"]:
                await asyncio.sleep(0.01)
    assert set(shop.looks.made) == set(range(40))
    assert 1 < shop.looks.most_at_once <= 8


async def test_a_store_that_fails_for_a_while_ends_no_worker_and_loses_no_look(
    shop: Shop, tmp_path: Path
) -> None:
    await shop.store._writer.do(lambda db: db.execute("pragma busy_timeout = 10"))
    other = sqlite3.connect(tmp_path / "bridge.db", isolation_level=None)
    await shop.store.ring([1], "webhook")
    shop.looks.meanwhile = lambda: other.execute("begin immediate")  # so that the look cannot be given back
    async with shop.at_work(2):
        await shop.until(lambda: len(shop.health.problems) == 1)
        assert "database" in shop.health.problems[0]
        shop.looks.meanwhile = bool
        other.execute("rollback")
        async with asyncio.timeout(30):
            while (await shop.store.counts())["waiting"]:
                await asyncio.sleep(0.01)
        assert shop.looks.made == [1]
    other.close()


async def test_a_channel_that_failed_is_looked_at_again_and_what_the_look_has_seen_is_not(shop: Shop) -> None:
    shop.looks.failures[1] = iter([Transient("away"), Misconfigured("a scope", "missing_scope")])
    await shop.store.ring([1], "webhook")
    async with shop.at_work():
        for wait, looks in ((0, 1), (3, 2), (59, 2), (2, 3)):
            await shop.wind(wait)
            await shop.until(lambda: len(shop.looks.made) >= looks)
            assert len(shop.looks.made) == looks, wait
            if looks < 3:
                assert await shop.store.unseen([(1, 0.0)]) == []  # it comes again by itself: no bell for it
    assert shop.health.problems == ["a scope"]
    assert await shop.store.work() == []


@pytest.mark.parametrize("failure", [None, Transient("away"), Permanent("a no")])
async def test_a_look_that_waits_for_its_turn_is_kept_for_whoever_gives_turns(
    shop: Shop, failure: BridgeError | None
) -> None:
    shop.looks.came = Looked(customer=9, waits=("C1", "edits"))
    shop.looks.failures[1] = iter([failure] * 9 if failure else [])
    await shop.store.ring([1], "webhook")
    async with shop.at_work():
        await shop.until(lambda: len(shop.looks.made) == 1)
        for _ in range(4):
            await shop.wind(1)
    (row,) = await shop.store.work()
    assert (row["waits"], row["claimed"], row["parked"]) == ("C1, edits", 0, 0)
    assert [work.conversation for work in await shop.store.claim_these([1])] == [1]


async def test_a_look_that_waits_is_not_parked_for_what_is_refused_elsewhere(shop: Shop) -> None:
    shop.looks.came = Looked(customer=9, waits=("C1",))
    shop.looks.failures[1] = iter([Permanent("a no")] * 5)
    await shop.store.ring([1], "webhook")
    async with shop.at_work():
        for tries in range(1, 6):
            await shop.until(lambda: len(shop.looks.made) == tries)
            await shop.wind(2**tries + 1)  # after longer and longer pauses
    assert (await shop.store.counts())["parked"] == 0


async def test_a_look_that_was_given_a_turn_is_given_back_like_any_other(shop: Shop) -> None:
    reconciler: Any = shop.looks
    worker = Worker(shop.store, reconciler, shop.health, shop.clock, asyncio.Event())
    shop.looks.came = Looked(customer=9, waits=("C1",))
    await shop.store.ring([1], "webhook")
    async with shop.at_work():
        await shop.until(lambda: len(shop.looks.made) == 1)
    shop.looks.came = Looked(customer=9)
    (work,) = await shop.store.claim_these([1])
    assert work.held > 0
    await worker.look(work)
    assert await shop.store.work() == []


async def test_three_looks_that_only_the_sweep_asked_for_say_that_webhooks_do_not_come(shop: Shop) -> None:
    at = shop.clock().timestamp()

    async def sweeps(updated: float, *missing: str, reason: str = "sweep") -> dict[str, int]:
        shop.looks.came = Looked(updated=updated, at=at, missing=missing)
        looks = len(shop.looks.made)
        await shop.store.ring([1], reason)
        await shop.until(lambda: len(shop.looks.made) > looks)
        await shop.wind(0)
        return dict(shop.health.counts)

    async with shop.at_work():
        assert await sweeps(at - 300, "card", reason="convo.created") == {}
        assert await sweeps(at - 300) == {}  # there was nothing to find
        assert await sweeps(at - 300, "line:7") == {"found only by the sweep": 1}  # no webhook tells of that
        assert await sweeps(at - 59, "thread:8") == {"found only by the sweep": 2}  # it may still come
        assert shop.health.problems == []
        for _ in range(3):
            told = await sweeps(at - 61, "thread:8")
    assert told == {"found only by the sweep": 5, "webhooks that never came": 3}
    assert "webhooks do not come" in shop.health.problems[0]


def test_of_several_failures_the_one_that_passes_soonest_decides() -> None:
    soonest: list[BridgeError] = [Transient("a"), Ambiguous("b"), Misconfigured("c"), Permanent("d")]
    assert [_hopeless(error) for error in soonest] == [0, 0, 1, 2]


# Through the whole house


async def healthz(house: House) -> dict[str, Any]:
    async with httpx.AsyncClient() as browser:
        answer: dict[str, Any] = (await browser.get(f"{house.address}/healthz")).json()
    return answer


async def test_what_an_outage_kept_away_comes_when_it_is_over_each_in_its_order(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.freescout.faults.api("GET /api/conversations/*", status=503, times=12)
    for count in range(12):
        house.freescout.customer_writes(f"{count}@example.org", f"Case {count}", "m0", mailbox=house.support)

    def all_there() -> bool:
        house.clock.skip(timedelta(seconds=1))
        return len(house.cards()) == 12

    await house.until(all_there)
    for turn in range(1, 6):
        for count in range(12):
            house.freescout.customer_replies(count + 1, f"m{turn}")
    await house.until(lambda: all(len(card.thread) == 6 for card in house.cards()))
    await house.quiet()
    for card in house.cards():
        assert [one.all_text.splitlines()[-1] for one in card.thread] == [f"m{turn}" for turn in range(6)]
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_poisoned_conversation_is_parked_with_its_reason_and_the_others_go_on(house: House) -> None:
    house.expects_errors = True
    house.freescout.customer_writes("a@example.org", "Poisoned", "x", mailbox=house.support)
    house.freescout.faults.api("GET /api/conversations/1", status=200, times=3)  # JSON, but no conversation
    card = await house.writes("Sound")
    await house.until(lambda: card.thread)
    parked = 0
    async with asyncio.timeout(30):
        while not parked:
            house.clock.skip(timedelta(seconds=1))
            house.freescout.workflow_sends(2, "convo.status")  # so that the workers look up
            parked = (await healthz(house))["work"]["parked"]
            await asyncio.sleep(0.05)
    house.freescout.customer_replies(1, "Is anybody there?")
    await house.until(lambda: len(house.cards()) == 2)
    await house.quiet()
    assert (await healthz(house))["work"]["parked"] == 0


async def test_a_wrong_key_shows_in_healthz_and_what_waits_goes_when_it_is_right(house: House) -> None:
    house.expects_errors = True
    house.freescout.faults.api("GET /api/conversations/*", status=401)
    house.freescout.customer_writes("a@example.org", "Case", "x", mailbox=house.support)
    told: dict[str, Any] = {"problems": []}
    async with asyncio.timeout(30):
        while not told["problems"]:
            await asyncio.sleep(0.02)
            told = await healthz(house)
    assert told["status"] == "degraded"
    assert "FREESCOUT_API_KEY" in told["problems"][0]
    assert house.settings.freescout_api_key not in str(told)
    house.clock.skip(timedelta(seconds=61))
    await house.until(house.cards)
