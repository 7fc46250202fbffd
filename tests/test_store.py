"""What the bridge remembers, on a real file: claims, bells, posts, replies, and what a power cut leaves."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Transient
from bot.store import Draft, ReplyState, Store, Work
from sandbox.clock import Clock

MINUTE = timedelta(minutes=1)
DRAFT = Draft(
    intent="V1",
    conversation=1,
    number=412,
    kind="message",
    text="Turn it off and on.",
    user=3,
    slack_user="U1",
    channel="C1",
    thread_ts="1.2",
    customer_email="mark@example.org",
    status="pending",
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bridge.db"


@pytest.fixture
async def store(path: Path, clock: Clock) -> AsyncIterator[Store]:
    one = Store(str(path), clock)
    yield one
    await one.close()


async def claimed(store: Store) -> Work:
    work = await store.claim()
    assert work is not None
    return work


def rows(path: Path, query: str, *values: object) -> list[Any]:
    with sqlite3.connect(path) as connection:
        found = connection.execute(query, values).fetchall()
    connection.close()
    return found


# Bells and looks


async def test_a_bell_is_claimed_once_and_gone_when_it_was_answered(store: Store) -> None:
    await store.ring([412], "convo.created")
    work = await claimed(store)
    assert work == Work(412, "convo.created", rung=1, attempts=0)
    assert await store.claim() is None
    await store.looked(work, customer=9, again=None)
    assert await store.claim() is None
    assert (await store.counts())["waiting"] == 0


async def test_many_bells_make_one_look(store: Store) -> None:
    for _ in range(5):
        await store.ring([412, 412, 413], "webhook")
    assert {(await claimed(store)).conversation, (await claimed(store)).conversation} == {412, 413}
    assert await store.claim() is None


async def test_a_bell_during_a_look_makes_another_look_due(store: Store) -> None:
    await store.ring([412], "webhook")
    work = await claimed(store)
    await store.ring([412], "webhook")
    assert await store.claim() is None  # nobody else looks meanwhile
    await store.looked(work, customer=9, again=None)
    assert (await claimed(store)).rung == 2


async def test_a_bell_during_a_look_is_not_put_off_by_what_the_look_found(store: Store, clock: Clock) -> None:
    await store.ring([412], "webhook")
    work = await claimed(store)
    await store.ring([412], "webhook")
    await store.looked(work, customer=9, again=clock() + MINUTE)
    assert (await claimed(store)).conversation == 412


async def test_a_look_for_later_waits_for_its_time_and_a_bell_brings_it_forward(
    store: Store, clock: Clock
) -> None:
    await store.ring([1, 2], "clock", clock() + MINUTE)
    assert await store.claim() is None
    await store.ring([2], "webhook")
    assert await claimed(store) == Work(2, "webhook", rung=2, attempts=0)
    clock.skip(MINUTE)
    assert (await claimed(store)).conversation == 1


async def test_what_a_person_did_goes_before_webhooks_and_webhooks_before_the_clock(store: Store) -> None:
    await store.ring([1], "clock", priority=6)
    await store.ring([2], "webhook")
    await store.ring([3], "assign", priority=1)
    assert [(await claimed(store)).conversation for _ in range(3)] == [3, 2, 1]


async def test_of_equal_weight_the_longest_due_goes_first(store: Store, clock: Clock) -> None:
    for conversation in (5, 3, 4):
        await store.ring([conversation], "webhook")
        clock.skip(timedelta(seconds=1))
    assert [(await claimed(store)).conversation for _ in range(3)] == [5, 3, 4]


async def test_a_customers_bell_rings_for_all_that_was_shown_of_them(store: Store) -> None:
    await store.ring([1, 2, 3], "webhook")
    for customer in (9, 9, 8):
        await store.looked(await claimed(store), customer, None)
    assert await store.ring_customer(9, "customer.updated") == 2
    assert {(await claimed(store)).conversation, (await claimed(store)).conversation} == {1, 2}
    assert await store.ring_customer(77, "customer.updated") == 0


async def test_a_look_that_failed_comes_again_later_and_counts_its_tries(store: Store, clock: Clock) -> None:
    await store.ring([412], "webhook")
    await store.look_again(await claimed(store), clock() + MINUTE, "FreeScout is away")
    assert await store.claim() is None
    clock.skip(MINUTE)
    work = await claimed(store)
    assert work.attempts == 1
    await store.looked(work, 9, clock())
    assert (await claimed(store)).attempts == 0


async def test_a_bell_during_a_failing_look_does_not_wait(store: Store, clock: Clock) -> None:
    await store.ring([412], "webhook")
    work = await claimed(store)
    await store.ring([412], "webhook")
    await store.look_again(work, clock() + MINUTE, "FreeScout is away")
    assert (await claimed(store)).attempts == 1


async def test_a_parked_look_rests_until_the_next_bell_and_then_has_all_its_tries(
    store: Store, clock: Clock
) -> None:
    await store.ring([412], "webhook")
    await store.look_again(await claimed(store), clock(), "KeyError")
    await store.park(await claimed(store), "KeyError")
    clock.skip(timedelta(days=3))
    assert await store.claim() is None
    assert await store.counts() == {"waiting": 0, "parked": 1, "outbox": 0, "failed": 0}
    await store.ring([412], "webhook")
    assert (await claimed(store)).attempts == 0


async def test_a_bell_during_the_look_that_would_be_parked_saves_it(store: Store) -> None:
    await store.ring([412], "webhook")
    work = await claimed(store)
    await store.ring([412], "webhook")
    await store.park(work, "KeyError")
    assert (await claimed(store)).conversation == 412


async def test_no_conversation_is_claimed_twice_however_many_ask(store: Store) -> None:
    await store.ring(range(200), "webhook")
    found = await asyncio.gather(*(store.claim() for _ in range(300)))
    taken = [work.conversation for work in found if work]
    assert sorted(taken) == list(range(200))


async def test_opening_the_file_again_takes_back_what_was_claimed(path: Path, clock: Clock) -> None:
    first = Store(str(path), clock)
    await first.ring([412], "webhook")
    await first.claim()
    await first.close()
    second = Store(str(path), clock)
    assert (await claimed(second)).conversation == 412
    await second.close()


async def test_who_waits_for_work_is_woken_by_a_bell_by_the_stop_or_by_time(store: Store) -> None:
    stopping = asyncio.Event()
    await store.wait_for_work(0.01, stopping)
    waiting = asyncio.create_task(store.wait_for_work(30, stopping))
    await asyncio.sleep(0)
    await store.ring([1], "webhook")
    await asyncio.wait_for(waiting, 1)
    for wait in (store.wait_for_work, store.wait_for_replies):
        ending = asyncio.create_task(wait(30, stopping))
        await asyncio.sleep(0)
        stopping.set()
        await asyncio.wait_for(ending, 1)
        stopping.clear()


# Posts


async def test_a_post_is_unconfirmed_until_it_stands_and_gone_when_it_does_not(store: Store) -> None:
    await store.begin_post(412, "C1", "card", "v1")
    begun = (await store.posts(412))[0]
    assert (begun.channel, begun.key, begun.ts, begun.version) == ("C1", "card", "", "v1")
    await store.posted(412, "C1", "card", "1.5", "v2")
    assert [(one.ts, one.version) for one in await store.posts(412)] == [("1.5", "v2")]
    await store.begin_post(412, "C2", "card", "v1")
    await store.unposted(412, "C1", "card")
    assert [one.channel for one in await store.posts(412)] == ["C2"]


async def test_beginning_again_keeps_the_time_of_the_first_try(store: Store, clock: Clock) -> None:
    await store.begin_post(412, "C1", "card", "v1")
    first = (await store.posts(412))[0].begun
    clock.skip(MINUTE)
    await store.begin_post(412, "C1", "card", "v2")
    again = (await store.posts(412))[0]
    assert (again.begun, again.version) == (first, "v2")


# Replies


async def test_two_clicks_are_one_reply(store: Store) -> None:
    assert await store.queue(DRAFT) is True
    assert await store.queue(replace(DRAFT, text="Again")) is False
    reply = await store.next_reply()
    assert reply and (reply.id, reply.text, reply.state) == (1, DRAFT.text, ReplyState.QUEUED)
    assert await store.next_reply({1}) is None
    assert await store.reply(1) == reply
    assert await store.reply(2) is None


async def test_the_replies_of_a_conversation_go_in_order_and_others_do_not_wait(store: Store) -> None:
    for intent, conversation in (("a", 1), ("b", 1), ("c", 2)):
        await store.queue(replace(DRAFT, intent=intent, conversation=conversation))
    first = await store.next_reply()
    assert first and first.intent == "a"
    other = await store.next_reply({first.id})
    assert other and other.intent == "c"
    assert await store.next_reply({first.id, other.id}) is None


@pytest.mark.parametrize("state", [ReplyState.QUEUED, ReplyState.SENDING, ReplyState.UNKNOWN])
async def test_no_reply_overtakes_one_whose_fate_is_open(
    store: Store, clock: Clock, state: ReplyState
) -> None:
    await store.queue(DRAFT)
    await store.queue(replace(DRAFT, intent="V2"))
    first = await store.next_reply()
    assert first
    await store.mark_reply(first, state, due=clock() + MINUTE, attempts=1)
    assert await store.next_reply() is None
    clock.skip(MINUTE)
    again = await store.next_reply()
    assert again and (again.id, again.attempts, again.state) == (first.id, 1, state)
    await store.mark_reply(first, ReplyState.FAILED)
    second = await store.next_reply()
    assert second and second.intent == "V2"


async def test_the_text_of_a_sent_reply_is_not_kept_and_that_of_a_failed_one_is(
    store: Store, path: Path
) -> None:
    await store.queue(DRAFT)
    await store.queue(replace(DRAFT, intent="V2", conversation=2, text="Kept"))
    for state in (ReplyState.SENT, ReplyState.FAILED):
        reply = await store.next_reply()
        assert reply
        await store.mark_reply(reply, state, error="because")
    assert rows(path, "select text, state from outbox order by id") == [("", "sent"), ("Kept", "failed")]
    assert await store.counts() == {"waiting": 0, "parked": 0, "outbox": 0, "failed": 1}


async def test_what_was_not_told_of_a_reply_stays_as_it_was(store: Store) -> None:
    await store.queue(DRAFT)
    reply = await store.next_reply()
    assert reply
    await store.mark_reply(reply, ReplyState.SENDING, after_thread=77, attempts=4)
    await store.mark_reply(reply, ReplyState.UNKNOWN)
    again = await store.reply(reply.id)
    assert again and (again.after_thread, again.attempts) == (77, 4)


async def test_what_was_done_is_on_record_in_order(store: Store) -> None:
    for action in ("assign", "close"):
        await store.audit(slack_user="U1", user=3, action=action, conversation=412, detail="", outcome="done")
    assert [row["action"] for row in await store.audited(412)] == ["assign", "close"]
    assert await store.audited(413) == []


# The file


async def test_nobody_else_may_read_the_file(store: Store, path: Path) -> None:
    await store.queue(DRAFT)
    for file in path.parent.iterdir():  # the log beside it holds the same text
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


async def test_a_file_that_cannot_be_opened_says_so_at_the_start(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(OSError, match="nowhere"):
        Store(str(tmp_path / "nowhere" / "bridge.db"), clock)


async def test_writes_that_come_together_share_a_commit(store: Store) -> None:
    commits: list[str] = []
    await store._writer.do(
        lambda db: db.conn.set_trace_callback(lambda said: said == "COMMIT" and commits.append(said))
    )
    commits.clear()
    await asyncio.gather(*(store.ring([one], "webhook") for one in range(300)))
    assert 1 <= len(commits) < 30
    assert (await store.counts())["waiting"] == 300


async def test_a_write_that_fails_undoes_itself_and_nothing_else(store: Store) -> None:
    def half(db: Any) -> None:
        db.execute("delete from work")
        raise LookupError("a bug")

    outcomes = await asyncio.gather(
        store.ring([1], "webhook"),
        store._writer.do(half),
        store.ring([2], "webhook"),
        return_exceptions=True,
    )
    assert [type(one) for one in outcomes] == [type(None), LookupError, type(None)]
    assert (await store.counts())["waiting"] == 2


async def test_a_file_locked_by_another_is_passing_and_a_wrong_query_is_a_bug(
    store: Store, path: Path
) -> None:
    await store._writer.do(lambda db: db.execute("pragma busy_timeout = 20"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(Transient, match="database"):
        await store.ring([1], "webhook")
    other.execute("rollback")
    other.close()
    await store.ring([1], "webhook")
    with pytest.raises(sqlite3.OperationalError):
        await store._writer.do(lambda db: db.execute("select nothing from nowhere"))


class Leaving(Future[Any]):
    """What a caller waits for who goes away in the moment in which the writer asks whether they did."""

    def cancelled(self) -> bool:
        gone = super().cancelled()
        self.cancel()
        return gone


async def test_callers_that_go_away_do_not_stop_the_writing(store: Store) -> None:
    calls = [asyncio.create_task(store.ring([one], "webhook")) for one in range(100)]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    store._writer._jobs.put((lambda _: None, Leaving()))
    await asyncio.wait_for(store.ring([999], "webhook"), 2)
    assert (await store.counts())["waiting"] == 101


async def test_closing_finishes_what_waits_and_takes_no_more(path: Path, clock: Clock) -> None:
    store = Store(str(path), clock)
    writes = [asyncio.create_task(store.ring([one], "webhook")) for one in range(700)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*writes)
    assert rows(path, "select count(*) from work") == [(700,)]
    with pytest.raises(Transient, match="stopping"):
        await asyncio.wait_for(store.ring([1], "webhook"), 1)


RINGING = """
import asyncio, sys
from datetime import UTC, datetime
from bot.store import Draft, Store

async def main():
    store = Store(sys.argv[1], lambda: datetime.now(UTC))
    async def ring(start):
        for one in range(start, 10**9, 10):
            await store.ring([one], "webhook")
            print(one, flush=True)
    await asyncio.gather(*(ring(start) for start in range(10)))

asyncio.run(main())
"""


def ring_until_killed(path: Path) -> set[int]:
    """Ring in another process, kill it, and return what it had been told is on disk."""
    command = [sys.executable, "-c", RINGING, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as child:
        assert child.stdout
        told = [child.stdout.readline()]
        time.sleep(0.2)  # the pipe holds what is said meanwhile
        child.kill()
        told += child.stdout.readlines()
    return {int(line) for line in told}


async def test_what_was_acknowledged_outlives_a_kill(path: Path, clock: Clock) -> None:
    acknowledged = ring_until_killed(path)
    assert len(acknowledged) > 20
    store = Store(str(path), clock)
    await store.close()
    assert acknowledged <= {one for (one,) in rows(path, "select conversation from work")}
    assert rows(path, "pragma integrity_check") == [("ok",)]
