"""What the bridge remembers, on a real file: claims, bells, posts, replies, and what a power cut leaves."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Transient
from bot.store import Choice, Draft, Looked, Reply, ReplyState, Store, Work, Writing
from bot.store.schema import MIGRATIONS
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
    await store.looked([(work, Looked(customer=9))])
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
    await store.looked([(work, Looked(customer=9))])
    assert (await claimed(store)).rung == 2


async def test_a_bell_during_a_look_is_not_put_off_by_what_the_look_found(store: Store, clock: Clock) -> None:
    await store.ring([412], "webhook")
    work = await claimed(store)
    await store.ring([412], "webhook")
    await store.looked([(work, Looked(customer=9, again=clock() + MINUTE))])
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
        await store.looked([(await claimed(store), Looked(customer=customer))])
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
    await store.looked([(work, Looked(customer=9, again=clock()))])
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
    assert await store.counts() == {
        "waiting": 0,
        "later": 0,
        "held": 0,
        "parked": 1,
        "outbox": 0,
        "failed": 0,
    }
    await store.ring([412], "webhook")
    assert (await claimed(store)).attempts == 0


async def test_what_is_parked_in_part_is_looked_at_when_time_makes_a_step_due(
    store: Store, clock: Clock
) -> None:
    await store.ring([412], "sweep")
    await store.park(await claimed(store), "refused", clock() + MINUTE)
    assert await store.claim() is None
    clock.skip(MINUTE)
    assert (await store.counts())["parked"] == 1
    work = await claimed(store)
    assert (work.reason, work.attempts, await store.claim()) == ("clock", 1, None)
    await store.park(work, "refused", clock() + MINUTE)
    clock.skip(MINUTE)
    await store.looked([(await claimed(store), Looked(customer=9, again=clock() + MINUTE))])
    assert (await store.counts())["parked"] == 0
    clock.skip(MINUTE)
    await store.park(await claimed(store), "refused", clock() + MINUTE)
    await store.retry([412])
    await store.looked([(await claimed(store), Looked(customer=9))])
    clock.skip(MINUTE)
    assert await store.claim() is None


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
    await asyncio.wait_for(waiting, 20)
    for wait in (store.wait_for_work, store.wait_for_replies):
        ending = asyncio.create_task(wait(30, stopping))
        await asyncio.sleep(0)
        stopping.set()
        await asyncio.wait_for(ending, 20)
        stopping.clear()


# Waiting for a turn


async def held(store: Store, one: int, *lanes: str, **seen: Any) -> Work:
    """A conversation that was looked at and has to wait."""
    await store.ring([one], "webhook")
    work = await claimed(store)
    await store.looked([(work, Looked(customer=9, waits=lanes or ("C1",), **seen))])
    return work


async def test_what_waits_for_its_turn_is_claimed_by_name_alone(store: Store) -> None:
    await held(store, 1)
    await store.ring([2], "webhook")
    assert (await claimed(store)).conversation == 2  # no worker takes the other
    assert await store.claim() is None
    assert await store.counts() == {
        "waiting": 1,
        "later": 0,
        "held": 1,
        "parked": 0,
        "outbox": 0,
        "failed": 0,
    }
    assert [work.conversation for work in await store.claim_these([1, 2, 77])] == [1]
    assert await store.claim_these([1]) == []  # it is in hand
    assert await store.claim_these([]) == []


async def test_what_waits_and_is_called_by_nobody_is_tried_again_after_half_an_hour(
    store: Store, clock: Clock
) -> None:
    await held(store, 1)
    clock.skip(29 * MINUTE)
    assert await store.claim() is None
    clock.skip(2 * MINUTE)
    assert (await claimed(store)).conversation == 1


async def test_what_waits_for_its_turn_is_looked_at_when_time_makes_a_step_due_elsewhere(
    store: Store, clock: Clock
) -> None:
    await held(store, 1, again=clock() + 2 * MINUTE)
    assert await store.claim() is None
    clock.skip(2.1 * MINUTE)
    work = await claimed(store)
    await store.look_again(work, clock() + 10 * MINUTE, "Slack is away", ("C2",), clock() + MINUTE)
    assert await store.claim() is None
    clock.skip(1.1 * MINUTE)
    await claimed(store)


async def test_a_bell_for_what_waits_makes_a_look_due_and_it_keeps_its_place(
    store: Store, clock: Clock
) -> None:
    await held(store, 1)
    since = (await store.work())[0]["held"]
    clock.skip(MINUTE)
    for _ in range(5):
        await store.ring([1], "webhook")
    assert await store.claim() is None  # it is going to be looked at anyway: all these bells are one
    clock.skip(timedelta(seconds=2))
    work = await claimed(store)
    assert work.held == since
    await store.looked([(work, Looked(customer=9, waits=("C1", "edits")))])
    (row,) = await store.work()
    assert (row["held"], row["waits"], row["attempts"]) == (since, "C1, edits", 0)


async def test_what_a_person_did_to_what_waits_is_looked_at_at_once(store: Store) -> None:
    await held(store, 1)
    await store.ring([1], "assign", priority=1)
    assert (await claimed(store)).conversation == 1


async def test_a_bell_during_the_look_that_has_to_wait_is_not_put_off(store: Store) -> None:
    await store.ring([1], "webhook")
    work = await claimed(store)
    await store.ring([1], "webhook")
    await store.looked([(work, Looked(customer=9, waits=("C1",)))])
    assert (await claimed(store)).rung == 2


async def test_what_was_said_in_the_end_waits_no_more_and_the_next_wait_begins_anew(
    store: Store, clock: Clock
) -> None:
    await held(store, 1)
    (work,) = await store.claim_these([1])
    assert work.held == pytest.approx(clock().timestamp(), abs=5)
    await store.looked([(work, Looked(customer=9, again=clock() + MINUTE))])
    (row,) = await store.work()
    assert (row["held"], row["waits"], row["reason"]) == (0, "", "clock")
    clock.skip(2 * MINUTE)
    work = await claimed(store)
    assert work.held == 0
    await store.looked([(work, Looked(customer=9, waits=("C1",)))])
    (again,) = await store.claim_these([1])
    assert again.held == pytest.approx(clock().timestamp(), abs=5)


async def test_what_fails_in_one_channel_still_waits_in_the_other(store: Store, clock: Clock) -> None:
    await store.ring([1], "webhook")
    work = await claimed(store)
    await store.look_again(work, clock() + MINUTE, "Slack is away", ("C2",))
    assert await store.claim() is None
    (work,) = await store.claim_these([1])
    assert work.attempts == 1
    await store.look_again(work, clock() + MINUTE, "Slack is away")  # there is nothing left to wait for
    assert await store.claim_these([1]) == []


async def test_what_fails_in_one_channel_waits_in_the_other_since_then(store: Store, clock: Clock) -> None:
    await store.ring([1], "webhook")
    await store.look_again(await claimed(store), clock() + MINUTE, "Slack is away", ("C2",))
    (work,) = await store.claim_these([1])
    assert work.held == pytest.approx(clock().timestamp(), abs=5)


async def test_looks_are_given_back_together_each_in_its_own_way(store: Store, clock: Clock) -> None:
    await store.ring([1, 2, 3], "webhook")
    works = [await claimed(store) for _ in range(3)]
    ends = (Looked(customer=7), Looked(customer=8, waits=("C1",)), Looked(customer=9, again=clock() + MINUTE))
    await store.looked(list(zip(works, ends, strict=True)))
    left = await store.work()
    assert [(row["conversation"], row["claimed"], row["waits"]) for row in left] == [(3, 0, ""), (2, 0, "C1")]
    assert [await store.ring_customer(one, "x") for one in (7, 8, 9)] == [1, 1, 1]
    await store.looked([])


async def test_opening_the_file_again_calls_what_waited_since_when_it_did(path: Path, clock: Clock) -> None:
    first = Store(str(path), clock)
    await held(first, 1)
    await held(first, 2)
    await first.claim_these([2])
    await first.ring([3], "clock", clock() + MINUTE)
    since = {row["conversation"]: row["held"] for row in await first.work()}
    await first.close()
    clock.skip(MINUTE / 2)
    second = Store(str(path), clock)
    works = [await claimed(second), await claimed(second)]
    assert {work.conversation: work.held for work in works} == {1: since[1], 2: since[2]}
    assert await second.claim() is None  # what has its time keeps it
    await second.close()


async def test_a_visitor_leaves_claims_and_waits_alone(store: Store, path: Path, clock: Clock) -> None:
    await held(store, 1)
    await store.ring([2], "webhook")
    await store.claim()
    before = await store.work()
    visitor = Store(str(path), clock, visiting=True)
    assert await visitor.work() == before
    assert await visitor.claim() is None
    await visitor.close()
    owner = Store(str(path), clock)
    assert {(await claimed(owner)).conversation, (await claimed(owner)).conversation} == {1, 2}
    await owner.close()


# What the sweep asks


async def seen(store: Store, one: int, updated: float, at: float) -> None:
    """A look at a conversation as it was at `at`, changed last at `updated`."""
    await store.ring([one], "webhook")
    (work,) = [await claimed(store)]
    await store.looked([(work, Looked(customer=9, updated=updated, at=at))])


@pytest.mark.parametrize(
    ("updated", "at", "asked", "fresh"),
    [
        (100, 200, 100, False),
        (100, 200, 101, True),  # it changed
        (100, 200, 99, True),  # an older state, as of a backup, is another as well
        (100, 103, 100, False),
        (100, 102.9, 100, True),  # the look came within the same second or so: it may have missed the rest
        (100, 100, 100, True),
    ],
)
async def test_a_conversation_is_unseen_until_a_look_saw_it_as_it_is(
    store: Store, updated: float, at: float, asked: float, fresh: bool
) -> None:
    await seen(store, 1, updated, at)
    assert await store.unseen([(1, asked)]) == ([1] if fresh else [])


async def test_what_was_never_looked_at_is_unseen_in_the_order_of_the_question(store: Store) -> None:
    assert await store.unseen([(3, 100), (1, 100), (2, 100)]) == [3, 1, 2]
    assert await store.unseen([]) == []


async def test_what_only_waits_for_its_first_look_may_be_rung_for_again(store: Store) -> None:
    await store.ring([1], "webhook")
    assert await store.unseen([(1, 100)]) == [1]


async def test_what_waits_for_another_try_needs_no_bell_and_what_waits_for_its_turn_if_it_changed(
    store: Store, clock: Clock
) -> None:
    now = clock().timestamp()
    await held(store, 1, updated=now - 60, at=now)
    await store.ring([2], "webhook")
    await store.look_again(await claimed(store), clock() + MINUTE, "away")
    assert await store.unseen([(1, now - 60), (2, now)]) == []
    assert await store.unseen([(1, now), (2, now)]) == [1]  # a digest must not speak of what it was before


async def test_what_was_parked_needs_a_bell_where_it_changed_since(store: Store, clock: Clock) -> None:
    await store.ring([1], "webhook")
    await store.park(await claimed(store), "KeyError")
    now = clock().timestamp()
    assert await store.unseen([(1, now - 60)]) == []  # as it is, it can only fail again
    assert await store.unseen([(1, now + 60)]) == [1]
    assert await store.unseen([(1, now - 1)]) == [1]  # perhaps changed since


async def test_the_longest_unseen_come_first_and_only_those_that_have_a_card(store: Store) -> None:
    for one, at in ((1, 300), (2, 100), (3, 200), (4, 50)):
        await seen(store, one, 10, at)
        if one != 4:
            await store.begin_post(one, "C1", "card", "v1")
    await store.begin_post(4, "C1", "thread:7", "v1")
    await store.begin_post(5, "C1", "card", "v1")  # never looked at to its end
    assert await store.longest_unseen(10) == [2, 3, 1]
    assert await store.longest_unseen(2) == [2, 3]


async def test_what_is_looked_at_anyway_is_not_among_the_longest_unseen(store: Store, clock: Clock) -> None:
    for one in range(1, 8):
        await store.begin_post(one, "C1", "card", "v1")
        await seen(store, one, 10, one)
    await held(store, 1)
    await store.ring([2, 3, 4], "webhook")
    works = {work.conversation: work for work in [await claimed(store) for _ in range(3)]}
    await store.look_again(works[3], clock() + MINUTE, "away")
    await store.park(works[4], "KeyError")
    await store.ring([5], "clock", clock() + MINUTE)
    await store.ring([6], "webhook")
    # 2 is in hand. What has only a time of its own, or was just rung for, may be asked for once more.
    assert await store.longest_unseen(10) == [5, 6, 7]


# Small memories


async def test_marks_say_how_far_something_came_and_outlive_a_restart(path: Path, clock: Clock) -> None:
    first = Store(str(path), clock)
    assert await first.mark("swept") is None
    await first.set_marks(swept=1.5, alive=2.5)
    await first.set_marks(swept=3.5)
    assert await first.mark("swept") == 3.5
    await first.close()
    second = Store(str(path), clock)
    assert (await second.mark("swept"), await second.mark("alive")) == (3.5, 2.5)
    await second.close()


async def test_an_event_that_was_dealt_with_is_known_for_a_day(
    store: Store, path: Path, clock: Clock
) -> None:
    assert await store.event_seen("Ev1") is False
    await store.see_event("Ev1")
    await store.see_event("Ev1")
    assert await store.event_seen("Ev1") is True
    assert await store.event_seen("Ev2") is False
    clock.skip(timedelta(hours=23))
    await store.see_event("Ev2")
    assert await store.event_seen("Ev1") is True
    clock.skip(timedelta(hours=2))
    await store.see_event("Ev3")
    assert rows(path, "select event from events_seen order by event") == [("Ev2",), ("Ev3",)]


# What the operator does


async def test_the_operator_sees_the_parked_first_and_may_ask_for_some(store: Store, clock: Clock) -> None:
    await store.ring([1, 2, 3], "webhook", clock() + MINUTE)
    await store.ring([4], "webhook")
    await store.park(await claimed(store), "KeyError [ab12]")
    told = await store.work()
    assert [row["conversation"] for row in told] == [4, 1, 2, 3]
    assert (told[0]["error"], told[0]["parked"], told[0]["attempts"]) == ("KeyError [ab12]", 1, 1)
    assert [row["conversation"] for row in await store.work([3, 4, 99])] == [4, 3]


async def test_a_retry_looks_at_once_with_all_tries_anew(store: Store, clock: Clock) -> None:
    await store.ring([1, 2], "webhook")
    for _ in range(2):
        work = await claimed(store)
        if work.conversation == 1:
            await store.park(work, "KeyError")
        else:
            await store.look_again(work, clock() + MINUTE, "away")
    assert await store.retry([1, 2, 99]) == 2
    assert {(await claimed(store)).attempts, (await claimed(store)).attempts} == {0}
    assert await store.retry([]) == 0


async def test_a_retry_during_a_look_makes_another_look_due(store: Store) -> None:
    await store.ring([1], "webhook")
    work = await claimed(store)
    await store.retry([1])
    assert await store.claim() is None
    await store.looked([(work, Looked(customer=9))])
    assert (await claimed(store)).conversation == 1


async def test_a_retry_calls_what_waits_for_its_turn(store: Store) -> None:
    await held(store, 1)
    await store.retry([1])
    assert (await claimed(store)).held > 0


async def test_what_was_dropped_wants_no_look_until_its_next_bell(store: Store) -> None:
    await store.ring([1, 2], "webhook")
    await store.park(await claimed(store), "KeyError")
    assert await store.drop([1, 2, 99]) == 2
    assert await store.drop([1]) == 0
    assert await store.work() == []
    await store.ring([1], "webhook")
    assert await claimed(store) == Work(1, "webhook", rung=1, attempts=0)


async def test_what_is_in_hand_cannot_be_dropped(store: Store, clock: Clock) -> None:
    await store.ring([1], "webhook")
    work = await claimed(store)
    assert await store.drop([1]) == 0
    await store.looked([(work, Looked(customer=9, waits=("C1",)))])
    assert await store.drop([1]) == 1
    assert await store.work() == []


async def test_a_bell_after_a_drop_is_not_answered_by_the_look_that_was_in_hand(store: Store) -> None:
    await store.ring([1], "webhook")
    work = await claimed(store)
    await store.drop([1])
    await store.ring([1], "webhook")
    await store.looked([(work, Looked(customer=9))])
    assert (await claimed(store)).conversation == 1


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


async def test_beginning_again_is_a_new_try_with_its_own_time_and_not_confirmed(
    store: Store, clock: Clock
) -> None:
    await store.begin_post(412, "C1", "card", "v1")
    await store.posted(412, "C1", "card", "1.5", "v1")
    clock.skip(MINUTE)
    await store.begin_post(412, "C1", "card", "v2")
    (again,) = await store.posts(412)
    assert (again.ts, again.version) == ("", "v2")
    assert again.begun == pytest.approx(clock().timestamp(), abs=5)


DIGEST = [(1, "digest", "d1:7"), (2, "digest", "d1:9"), (2, "ping:9:1", "d1:ping")]


async def shown(store: Store, *conversations: int) -> dict[tuple[int, str], tuple[str, str]]:
    """By conversation and key: the ts and the version."""
    return {(one, row.key): (row.ts, row.version) for one in conversations for row in await store.posts(one)}


async def test_the_rows_of_a_digest_stand_together(store: Store) -> None:
    await store.begin_posts("C1", DIGEST)
    await store.begin_posts("C2", [(1, "digest", "d1:7")])  # another channel's is another message
    await store.begin_posts("C1", [(3, "digest", "d10:7")])  # one name may begin like another
    await store.begin_post(1, "C1", "card", "d1")
    assert {row.ts for one in (1, 2, 3) for row in await store.posts(one)} == {""}
    await store.posted_together("C1", "d1", "1.5")
    assert [(row.channel, row.key, row.ts) for row in await store.posts(1)] == [
        ("C1", "card", ""),
        ("C1", "digest", "1.5"),
        ("C2", "digest", ""),
    ]
    assert await shown(store, 2, 3) == {
        (2, "digest"): ("1.5", "d1:9"),
        (2, "ping:9:1"): ("1.5", "d1:ping"),
        (3, "digest"): ("", "d10:7"),
    }


async def test_the_rows_of_a_digest_that_was_not_made_go_together_and_those_that_stand_stay(
    store: Store,
) -> None:
    await store.begin_posts("C1", [(1, "digest", "d1:7"), (9, "digest", "d1:7")])
    await store.posted(9, "C1", "digest", "1.5", "d1:7")
    await store.begin_posts("C1", [(2, "digest", "d2:9")])
    await store.unposted_together("C1", "d1")
    assert await shown(store, 1, 2, 9) == {(2, "digest"): ("", "d2:9"), (9, "digest"): ("1.5", "d1:7")}


async def test_a_newer_digest_speaks_for_a_line_that_an_older_one_held(store: Store) -> None:
    await store.begin_posts("C1", [(1, "digest", "d1:7"), (2, "digest", "d1:7")])
    await store.posted_together("C1", "d1", "1.5")
    await store.begin_posts("C1", [(1, "digest", "d2:8")])
    await store.posted_together("C1", "d2", "2.5")
    await store.unposted_together("C1", "d1")
    assert await shown(store, 1, 2) == {(1, "digest"): ("2.5", "d2:8"), (2, "digest"): ("1.5", "d1:7")}


async def test_what_stands_of_conversations_in_any_channel(store: Store) -> None:
    await store.begin_post(1, "C1", "card", "v1")
    await store.posted(1, "C1", "card", "1.1", "v1")
    await store.begin_post(1, "C1", "thread:7", "v1")  # and was cut off
    await store.begin_posts("C2", [(1, "digest", "d1:7"), (2, "digest", "d1:7")])
    await store.posted_together("C2", "d1", "2.2")
    assert await store.standing([1, 2, 3]) == {1: {"card", "digest"}, 2: {"digest"}}
    assert await store.standing([3]) == {}
    assert await store.standing([]) == {}


async def test_what_was_said_of_several_conversations_is_one_read(store: Store) -> None:
    for conversation, channel, key in (
        (1, "C1", "card"),
        (1, "C2", "card"),
        (1, "C1", "thread:7"),
        (2, "C1", "card"),
    ):
        await store.begin_post(conversation, channel, key, "v1")
    said = await store.posts_of([1, 3], ("card", "digest"))
    assert {one: {(row.channel, row.key) for row in rows} for one, rows in said.items()} == {
        1: {("C1", "card"), ("C2", "card")}
    }
    assert await store.posts_of([], ("card",)) == {}


# Replies


async def test_two_clicks_are_one_reply(store: Store) -> None:
    assert await store.queue(DRAFT) is True
    assert await store.queue(replace(DRAFT, text="Again")) is False
    reply = await store.next_reply()
    assert reply and (reply.id, reply.text, reply.state) == (1, DRAFT.text, ReplyState.HELD)
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


@pytest.mark.parametrize("state", [ReplyState.HELD, ReplyState.SENDING, ReplyState.UNKNOWN])
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
    assert await store.counts() == {
        "waiting": 0,
        "later": 0,
        "held": 0,
        "parked": 0,
        "outbox": 0,
        "failed": 1,
    }


async def test_what_was_not_told_of_a_reply_stays_as_it_was(store: Store) -> None:
    await store.queue(DRAFT)
    reply = await store.next_reply()
    assert reply
    assert await store.claim_reply(reply, 77)
    await store.mark_reply(reply, ReplyState.UNKNOWN, attempts=4)
    await store.mark_reply(reply, ReplyState.UNKNOWN)
    again = await store.reply(reply.id)
    assert again and (again.after_thread, again.attempts) == (77, 4)


async def kept(store: Store, **changes: Any) -> Reply:
    """A reply that is held for twenty seconds."""
    assert await store.queue(replace(DRAFT, **{"hold": 20.0, **changes}))
    reply = await store.reply(1)
    assert reply
    return reply


async def again(store: Store) -> Reply:
    """The same as it is now."""
    reply = await store.reply(1)
    assert reply
    return reply


async def test_a_hold_counts_from_when_it_is_shown(store: Store, clock: Clock) -> None:
    reply = await kept(store)
    clock.skip(timedelta(seconds=30))
    assert await store.next_reply() is None
    await store.tell_reply(reply)
    assert (await again(store)).due == pytest.approx(clock().timestamp() + 20, abs=1)
    clock.skip(timedelta(seconds=19))
    assert await store.next_reply() is None
    clock.skip(timedelta(seconds=2))
    assert await store.next_reply()


async def test_what_cannot_be_shown_goes_after_a_minute(store: Store, clock: Clock) -> None:
    await kept(store)
    clock.skip(timedelta(seconds=59))
    assert await store.next_reply() is None
    clock.skip(timedelta(seconds=2))
    assert await store.next_reply()


async def test_a_hold_shorter_than_the_jump_back_is_not_waited_out_twice(store: Store, clock: Clock) -> None:
    await store.tell_reply(await kept(store))
    clock.skip(-timedelta(hours=1))
    found = await store.next_reply()
    assert found and found.due > clock().timestamp() + 3000


async def test_of_a_claim_and_a_stop_one_comes_first(store: Store) -> None:
    for number in range(20):
        intent = f"race {number}"
        assert await store.queue(replace(DRAFT, intent=intent, conversation=number))
        reply = await store.reply(number + 1)
        assert reply
        moves = [store.claim_reply(reply, 7), store.stop_reply(reply, ReplyState.CANCELLED, "", Choice.EDIT)]
        done = await asyncio.gather(*(moves if number % 2 else moves[::-1]))
        assert sorted(done) == [False, True]


async def test_what_was_edited_meanwhile_is_neither_claimed_nor_stopped(store: Store) -> None:
    old = await kept(store)
    assert await store.stop_reply(old, ReplyState.CANCELLED, "edit", Choice.EDIT)
    assert await store.requeue(1, replace(DRAFT, intent="V2", text="Other"))
    assert await store.claim_reply(old, 7) is False
    assert await store.stop_reply(old, ReplyState.BLOCKED, "late", Choice.ANYWAY) is False
    await store.mark_reply(old, ReplyState.SENT)
    found = await again(store)
    assert (found.text, found.state, found.error, found.choice) == ("Other", ReplyState.HELD, "", "")


@pytest.mark.parametrize("state", list(ReplyState))
async def test_only_what_is_stopped_takes_another_text(store: Store, state: ReplyState) -> None:
    reply = await kept(store)
    await store.mark_reply(reply, state, choice=Choice.ANYWAY)
    takes = state in (ReplyState.BLOCKED, ReplyState.FAILED, ReplyState.CANCELLED)
    assert await store.requeue(1, replace(DRAFT, intent="V2")) is takes
    assert await store.requeue(1, replace(DRAFT, intent="V2")) is takes  # a second click
    assert await store.requeue(1, replace(DRAFT, intent="V3", slack_user="U2")) is False


@pytest.mark.parametrize("state", list(ReplyState))
async def test_only_what_is_stopped_is_released_and_only_as_it_was_asked_about(
    store: Store, state: ReplyState
) -> None:
    reply = await kept(store)
    now_seen = '{"customer": "eve@example.org"}'
    await store.stop_reply(reply, ReplyState.BLOCKED, "why", Choice.ANYWAY, now_seen=now_seen)
    assert await store.release_reply(reply) is False  # nobody was asked about that one
    blocked = await again(store)
    await store.mark_reply(blocked, state, error="why", choice=Choice.ANYWAY)
    done = await store.release_reply(await again(store))
    assert done is (state is ReplyState.BLOCKED)
    if done:
        found = await again(store)
        assert (found.state, found.seen, found.customer_email, found.hold) == (
            ReplyState.HELD,
            now_seen,
            "eve@example.org",
            0,
        )


async def test_what_is_thrown_away_leaves_no_text(store: Store, path: Path) -> None:
    reply = await kept(store, rich="{}", html="<p>x</p>")
    assert await store.drop_reply(reply)
    assert rows(path, "select text, rich, html, state from outbox") == [("", "", "", "cancelled")]


@pytest.mark.parametrize("state", [ReplyState.SENT, ReplyState.CANCELLED])
async def test_what_has_come_to_its_end_stays_there(store: Store, state: ReplyState) -> None:
    reply = await kept(store)
    await store.mark_reply(reply, state)
    await store.mark_reply(reply, ReplyState.UNKNOWN)
    assert (await again(store)).state == state


async def test_what_was_submitted_before_an_edit_is_no_second_reply(store: Store) -> None:
    reply = await kept(store)
    assert await store.stop_reply(reply, ReplyState.CANCELLED, "edit", Choice.EDIT)
    assert await store.requeue(1, replace(DRAFT, intent="V2", text="Other"))
    assert await store.queue(DRAFT) is False
    assert await store.queue(replace(DRAFT, intent="V3"))


async def test_what_was_put_off_in_this_moment_is_not_claimed(store: Store, clock: Clock) -> None:
    reply = await kept(store, hold=20)
    clock.skip(timedelta(seconds=61))
    found = await store.next_reply()
    assert found
    await store.tell_reply(reply)  # Slack shows it after all: its hold begins
    assert await store.claim_reply(found, 7) is False


async def test_what_is_to_be_told_stays_until_it_is_told(store: Store) -> None:
    reply = await kept(store)
    assert [one.id for one in await store.untold()] == [1]
    await store.stop_reply(reply, ReplyState.CANCELLED, "", Choice.EDIT)
    await store.tell_reply(reply)  # what was true before
    assert [one.state for one in await store.untold()] == [ReplyState.CANCELLED]
    await store.tell_reply(await again(store))
    assert await store.untold() == []


async def test_a_note_does_not_wait_for_a_reply_that_is_held(store: Store) -> None:
    await kept(store)
    await store.queue(replace(DRAFT, intent="N", kind="note"))
    found = await store.next_reply()
    assert found and found.kind == "note"


WRITING = Writing("V1", 1, "U1", "message", "Ana", "{}", "1", 0.0)


async def test_who_writes_is_known_until_the_dialog_closes(store: Store, clock: Clock) -> None:
    one = replace(WRITING, since=clock().timestamp())
    await store.begin_writing(one)
    await store.begin_writing(replace(one, view="V2", slack_user="U2", since=one.since + 1))
    await store.saw("V1", "2")
    assert [(each.view, each.version) for each in await store.writing(1)] == [("V1", "2"), ("V2", "1")]
    assert await store.writing(2) == []
    assert await store.end_writing("V1") == 1
    assert await store.end_writing("V1") == 0
    assert [each.view for each in await store.writing(1)] == ["V2"]


async def test_a_second_dialog_of_the_same_person_replaces_the_first(store: Store, clock: Clock) -> None:
    one = replace(WRITING, since=clock().timestamp())
    for view, kind in (("V1", "message"), ("V2", "note"), ("V3", "message")):
        await store.begin_writing(replace(one, view=view, kind=kind))
    assert [each.view for each in await store.writing(1)] == ["V2", "V3"]


async def test_a_dialog_of_half_an_hour_is_forgotten(store: Store, clock: Clock) -> None:
    await store.begin_writing(replace(WRITING, since=clock().timestamp()))
    clock.skip(timedelta(minutes=29))
    assert await store.writing(1)
    clock.skip(timedelta(minutes=2))
    assert await store.writing(1) == []


async def test_who_wrote_what_outlives_the_conversation_that_it_was_written_in(store: Store) -> None:
    await store.wrote(1, {11: 7, 12: 8})
    await store.wrote(2, {21: 7})
    await store.wrote(1, {})
    assert await store.written_by([7]) == {11: 1, 21: 2}
    await store.wrote(2, {21: 7, 11: 7})  # a merge
    await store.wrote(1, {12: 7})  # two customers that are one
    assert await store.written_by([7, 8]) == {11: 2, 12: 1, 21: 2}
    assert await store.written_by([8]) == {}
    await store.unwrite([21])
    await store.unwrite(conversation=1)
    assert await store.written_by([7]) == {11: 2}
    assert await store.held([2]) == {"who wrote which message": 1}
    assert await store.erase([2]) == {"who wrote which message": 1}
    assert await store.written_by([7]) == {}


async def test_who_wrote_what_is_written_once(store: Store) -> None:
    await store.wrote(1, {11: 7, 12: 8})
    before = await store._writer.do(lambda db: db.conn.total_changes)
    await store.wrote(1, {11: 7, 12: 8})
    assert await store._writer.do(lambda db: db.conn.total_changes) == before
    await store.wrote(1, {11: 7, 12: 8, 13: 7})
    assert await store._writer.do(lambda db: db.conn.total_changes) == before + 1


async def test_what_was_done_is_on_record_in_order(store: Store) -> None:
    for action in ("assign", "close"):
        await store.audit(slack_user="U1", user=3, action=action, conversation=412, outcome="done")
    assert [row["action"] for row in await store.audited(412)] == ["assign", "close"]
    assert await store.audited(413) == []


# The file


async def test_nobody_else_may_read_the_file(store: Store, path: Path) -> None:
    await store.queue(DRAFT)
    for file in path.parent.iterdir():  # the log beside it holds the same text
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def of_version_one(path: Path) -> None:
    """A file as the first version of the bridge left it: with a claim, a time, a park and a card."""
    name, script = next(iter(MIGRATIONS.items()))
    connection = sqlite3.connect(path)
    connection.executescript(
        f"create table _migrations (name text primary key); insert into _migrations values ('{name}'); {script}"
    )
    work = [
        (1, "webhook", 5, 10.0, 3, 1, 1, 0, "", 9.0),
        (2, "clock", 6, 2**40, 1, 0, 0, 0, "", 9.0),
        (3, "webhook", 5, 10.0, 1, 3, 0, 1, "KeyError", 9.0),
    ]
    connection.executemany(f"insert into work values ({', '.join('?' * 10)})", work)
    connection.execute("insert into looked values (1, 9, 8.0), (4, 9, 8.0)")
    connection.execute("insert into posts values (1, 'C1', 'card', '1.5', 'v1', 7.0)")
    connection.execute(
        "insert into audit (at, slack_user, user, action, conversation, detail, outcome)"
        " values (6.0, 'U1', 3, 'close', 1, '', 'done')"
    )
    connection.commit()
    connection.close()


async def test_a_file_of_the_first_version_goes_on_where_it_was(path: Path, clock: Clock) -> None:
    of_version_one(path)
    store = Store(str(path), clock)
    assert await claimed(store) == Work(1, "webhook", rung=3, attempts=1, held=0)
    assert await store.claim() is None
    assert (await store.counts())["parked"] == 1
    assert [(one.key, one.ts) for one in await store.posts(1)] == [("card", "1.5")]
    assert [row["action"] for row in await store.audited(1)] == ["close"]
    assert await store.unseen([(4, 8.0)]) == [4]  # nobody knows of which state its look was
    assert await store.longest_unseen(5) == []  # it is in hand
    assert await store.mark("swept") is None
    await held(store, 7)
    await store.close()
    assert rows(path, "select name from _migrations order by name") == [
        (name,) for name in sorted(MIGRATIONS)
    ]


@pytest.mark.parametrize("visiting", [False, True])
async def test_a_file_is_migrated_once_whoever_opens_it(path: Path, clock: Clock, visiting: bool) -> None:
    of_version_one(path)
    for _ in range(3):
        await Store(str(path), clock, visiting=visiting).close()
    new = path.with_name("new.db")
    await Store(str(new), clock).close()
    schema = "select type, name, sql from sqlite_master where name not like '%_migrations%' order by name"
    assert rows(path, schema) == rows(new, schema)


async def test_a_file_that_cannot_be_opened_says_so_at_the_start(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(OSError, match="nowhere"):
        Store(str(tmp_path / "nowhere" / "bridge.db"), clock)


async def test_writes_that_come_together_share_a_commit(store: Store) -> None:
    commits: list[str] = []
    await store._writer.do(
        lambda db: db.conn.set_trace_callback(lambda said: said == "commit" and commits.append(said))
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


@pytest.mark.parametrize("pause", [0, 0.0005, 0.002, 0.01])
async def test_callers_that_go_away_do_not_stop_the_writing(store: Store, pause: float) -> None:
    calls = [asyncio.create_task(store.ring([one], "webhook")) for one in range(100)]
    calls += [asyncio.create_task(store.begin_post(one, "C1", "card", "v1")) for one in range(100)]
    await asyncio.sleep(pause)  # some are not begun, some on their way, some written and not told of it
    for call in calls[::2]:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    await asyncio.wait_for(store.ring([999], "webhook"), 20)
    await asyncio.wait_for(store.begin_post(999, "C1", "card", "v1"), 20)
    kept = {row["conversation"] for row in await store.work()}
    assert kept >= {*range(1, 100, 2), 999}
    begun = await asyncio.gather(*(store.posts(one) for one in [*range(1, 100, 2), 999]))
    assert all(begun)


async def test_closing_finishes_what_waits_and_takes_no_more(path: Path, clock: Clock) -> None:
    store = Store(str(path), clock)
    writes = [asyncio.create_task(store.ring([one], "webhook")) for one in range(700)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*writes)
    assert rows(path, "select count(*) from work") == [(700,)]
    with pytest.raises(Transient, match="stopping"):
        await asyncio.wait_for(store.ring([1], "webhook"), 20)


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
