"""Whose turn it is: bursts and pauses, who goes first, what closes a lane, and that no lane holds another."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import Ambiguous, BridgeError, Misconfigured, Permanent, Transient
from bot.health import Health
from bot.lanes import EDITS, Lanes
from bot.plan import Urgency
from bot.roundup import Line
from bot.slackapi import SlackRefused
from bot.store import Looked, Store, Work
from bot.turns import DIGEST_FROM, DIGEST_MOST, Pace, Waiting
from sandbox.clock import Clock

SUPPORT, SALES = "C1", "C2"


@dataclass(frozen=True)
class Post:
    """What a conversation wants to say in a lane, as urgent as this."""

    lane: str
    urgency: Urgency = Urgency.CUSTOMER
    lined: bool = False


class Yard:
    """Lanes over a real store, and looks in place of the reconciler: they say what a test wants said."""

    def __init__(self, store: Store, clock: Clock, pace: Pace) -> None:
        self.store = store
        self.health = Health(clock)
        self.lanes = Lanes(store, self.health, clock, pace)
        self.clock = clock
        self.wanted: dict[int, list[Post]] = {}
        self.errors: dict[str, list[BridgeError]] = defaultdict(list)
        self.bugs: dict[int, list[Exception]] = defaultdict(list)
        self.looks: list[int] = []
        self.posts: list[tuple[str, int]] = []
        self.at: list[float] = []
        self.digests: list[tuple[str, list[int]]] = []
        self.before_entering: Callable[[int], object] = bool

    async def look(self, work: Work) -> None:
        """Say what there is a turn for; wait in the lanes of the rest."""
        one = work.conversation
        self.looks.append(one)
        self.lanes.leave(one)
        self.before_entering(one)
        if self.bugs[one]:
            raise self.bugs[one].pop(0)
        left: list[Post] = []
        for post in self.wanted.get(one, []):
            if any(other.lane == post.lane for other in left) or not self.lanes.enter(post.lane, one):
                left.append(post)
            elif self.errors[post.lane]:
                error = self.errors[post.lane].pop(0)
                assert self.lanes.met(post.lane, error), error
                left.append(post)
            else:
                self.said(post.lane, one)
                self.lanes.went(post.lane)
        self.wanted[one] = left
        looked = Looked(customer=1, waits=tuple(dict.fromkeys(post.lane for post in left)))
        for post in reversed(left):
            line = Line(one, one, f"Case {one}", "Mark", one) if post.lined else None
            held = work.held or self.clock().timestamp()
            self.lanes.wait(post.lane, Waiting(work, looked, post.urgency, held, line))
        await self.store.looked([(work, looked)])

    async def gather(self, lane: str, waiting: Sequence[Waiting]) -> None:
        """Say many first cards in one digest."""
        numbers = [one.work.conversation for one in waiting]
        self.digests.append((lane, numbers))
        self.at.append(time.monotonic())
        for one in numbers:
            self.wanted[one] = [post for post in self.wanted[one] if post.lane != lane]
        await self.store.looked([(one.work, Looked(customer=1)) for one in waiting])

    def said(self, lane: str, one: int) -> None:
        self.posts.append((lane, one))
        self.at.append(time.monotonic())

    def in_lane(self, lane: str) -> list[int]:
        """Who was heard in a lane, in order."""
        return [one for where, one in self.posts if where == lane]

    async def comes(self, one: int, *posts: Post) -> None:
        """The bell rings for a conversation that has this to say, and a worker looks at it."""
        self.wanted[one] = list(posts)
        await self.rings(one)

    async def rings(self, one: int) -> None:
        await self.store.ring([one], "webhook", priority=1)  # at once, whether it waits or not
        work = await self.store.claim()
        assert work is not None
        assert work.conversation == one
        await self.look(work)

    async def crowd(self, numbers: Sequence[int], *posts: Post) -> None:
        for one in numbers:
            await self.comes(one, *posts)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[asyncio.Event]:
        """Give turns while the block lasts."""
        stopping = asyncio.Event()
        running = asyncio.create_task(self.lanes.run(self.look, self.gather, stopping))
        try:
            yield stopping
        finally:
            stopping.set()
            await asyncio.wait_for(running, 30)

    async def until(self, look: Callable[[], object], patience: float = 30) -> None:
        async with asyncio.timeout(patience):
            while not look():
                await asyncio.sleep(0.005)

    def shut(self, lane: str, code: str = "is_archived") -> None:
        self.lanes.met(lane, Misconfigured(f"the channel is out of order ({code})", code))

    def pass_pause(self, lane: str) -> None:
        """As if a lane's pause were over; nobody is woken for that."""
        self.lanes._lane(lane).free = 0.0

    def pause(self, lane: str) -> float:
        """How long nobody gets a turn in a lane, in seconds."""
        seconds = self.lanes.state()[lane]["next_turn_seconds"]
        assert isinstance(seconds, float)
        return seconds


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Callable[[Pace], Yard]]:
    clock = Clock()
    store = Store(str(tmp_path / "bridge.db"), clock)
    yield lambda pace: Yard(store, clock, pace)
    await store.close()


@pytest.fixture
def yard(make: Callable[[Pace], Yard]) -> Yard:
    """Lanes with one post every fiftieth of a second, and none more at once."""
    return make(Pace(50, 1))


@pytest.fixture
def slow(make: Callable[[Pace], Yard]) -> Yard:
    """Lanes with one post a minute."""
    return make(Pace(1 / 60, 1))


# Turns


async def test_the_pace_is_a_burst_and_then_one_post_at_a_time(make: Callable[[Pace], Yard]) -> None:
    yard = make(Pace(per_second=10, burst=3))
    async with yard.open():
        began = time.monotonic()
        await yard.crowd(range(1, 8), Post(SUPPORT))
        assert yard.in_lane(SUPPORT)[:3] == [1, 2, 3]
        await yard.until(lambda: len(yard.posts) == 7)
    for place in range(3, 7):
        assert yard.at[place] - began >= (place - 2) * 0.1 - 0.01
    assert yard.in_lane(SUPPORT) == [1, 2, 3, 4, 5, 6, 7]


async def test_after_a_rest_there_is_a_burst_again_and_no_more_than_one(make: Callable[[Pace], Yard]) -> None:
    lanes = make(Pace(per_second=20, burst=2)).lanes
    assert [lanes.enter(SUPPORT, one) for one in (1, 2, 3)] == [True, True, False]
    await asyncio.sleep(0.3)
    assert [lanes.enter(SUPPORT, one) for one in (1, 2, 3)] == [True, True, False]


async def test_a_channel_takes_four_at_once_and_the_edits_fifteen() -> None:
    store = Store(":memory:", Clock())
    lanes = Lanes(store, Health(Clock()), Clock())
    for name, burst in ((SUPPORT, 4), (SALES, 4), (EDITS, 15)):
        assert [lanes.enter(name, one) for one in range(burst + 1)] == [True] * burst + [False], name
    await store.close()


async def test_one_turn_is_for_one_post_however_much_a_conversation_has_to_say(yard: Yard) -> None:
    async with yard.open():
        began = time.monotonic()
        await yard.comes(1, *[Post(SUPPORT)] * 5)
        await yard.until(lambda: len(yard.posts) == 5)
        assert time.monotonic() - began >= 0.08 - 0.01
    assert yard.looks == [1] * 5  # each look fetches the truth anew
    assert await yard.store.work() == []


async def test_a_free_lane_is_not_for_one_who_comes_later_than_those_who_wait(yard: Yard) -> None:
    yard.lanes.met(SUPPORT, Transient("429", retry_after=1))
    await yard.crowd([2], Post(SUPPORT))
    await asyncio.sleep(1.05)  # there is a turn, and nobody gives it yet
    assert not yard.lanes.enter(SUPPORT, 3)
    assert yard.lanes.enter(SUPPORT, 2)


# Who goes first


async def test_what_is_urgent_goes_first_and_of_equal_urgency_who_waits_longest(yard: Yard) -> None:
    yard.lanes.met(SUPPORT, Transient("429", retry_after=0.5))
    order = [Urgency.REFRESH, Urgency.QUIET, Urgency.PING, Urgency.CUSTOMER, Urgency.CARD]
    for place, urgency in enumerate(order):
        await yard.comes(10 + place, Post(SUPPORT, urgency))
    for place, urgency in enumerate(reversed(order)):
        await yard.comes(20 + place, Post(SUPPORT, urgency))
    async with yard.open():
        await yard.until(lambda: len(yard.posts) == 10)
    assert yard.in_lane(SUPPORT) == [14, 20, 13, 21, 12, 22, 11, 23, 10, 24]


async def test_a_conversation_is_as_urgent_as_the_most_urgent_that_it_has_to_say(yard: Yard) -> None:
    yard.lanes.met(SUPPORT, Transient("429", retry_after=1))
    await yard.comes(1, Post(SUPPORT, Urgency.CUSTOMER))
    await yard.comes(2, Post(SUPPORT, Urgency.CARD), Post(SUPPORT, Urgency.QUIET))
    async with yard.open():
        await yard.until(lambda: len(yard.posts) == 3)
    assert yard.in_lane(SUPPORT) == [2, 1, 2]


# Lanes beside each other


async def test_a_slow_lane_holds_no_other_back(slow: Yard) -> None:
    async with slow.open():
        await slow.crowd([1, 2, 3], Post(SUPPORT))
        await slow.comes(4, Post(SALES), Post(EDITS))
        assert slow.posts == [(SUPPORT, 1), (SALES, 4), (EDITS, 4)]
        assert slow.lanes.state()[SUPPORT]["waiting"] == 2
        assert SALES not in slow.lanes.state()


async def test_one_conversation_waits_in_one_lane_and_goes_on_in_the_other(yard: Yard) -> None:
    yard.lanes.met(SUPPORT, Transient("429", retry_after=1.5))
    async with yard.open():
        await yard.comes(1, Post(SUPPORT), Post(SALES), Post(SALES))
        await yard.until(lambda: yard.in_lane(SUPPORT) == [1])
    assert yard.posts == [(SALES, 1), (SALES, 1), (SUPPORT, 1)]


async def test_a_look_that_takes_long_holds_up_its_own_lane_alone(yard: Yard) -> None:
    going_on = asyncio.Event()
    real = yard.look

    async def look(work: Work) -> None:
        if work.conversation == 1:
            await going_on.wait()
        await real(work)

    stopping = asyncio.Event()
    yard.lanes.enter(SUPPORT, 9)
    yard.lanes.enter(SALES, 9)
    await yard.comes(1, Post(SUPPORT))
    await yard.comes(2, Post(SALES))
    running = asyncio.create_task(yard.lanes.run(look, yard.gather, stopping))
    await yard.until(lambda: yard.in_lane(SALES) == [2])
    assert yard.in_lane(SUPPORT) == []
    going_on.set()
    await yard.until(lambda: yard.in_lane(SUPPORT) == [1])
    stopping.set()
    await asyncio.wait_for(running, 30)


# Pauses


async def test_a_429_holds_back_its_channel_for_as_long_as_slack_says_and_no_other(yard: Yard) -> None:
    yard.errors[SUPPORT] = [Transient("Slack asks for a pause (ratelimited)", retry_after=1.5)]
    async with yard.open():
        began = time.monotonic()
        await yard.comes(1, Post(SUPPORT))
        await yard.comes(2, Post(SUPPORT))
        await yard.crowd(range(3, 8), Post(SALES))
        await yard.until(lambda: len(yard.in_lane(SUPPORT)) == 2)
        assert [lane for lane, _ in yard.posts] == [SALES] * 5 + [SUPPORT] * 2
        assert yard.at[5] - began >= 1.5
    assert yard.health.problems == []


async def test_a_shorter_pause_does_not_shorten_a_longer_one(slow: Yard) -> None:
    await slow.crowd([1, 2], Post(SUPPORT))
    slow.lanes.met(SUPPORT, Transient("429", retry_after=300))
    slow.lanes.met(SUPPORT, Transient("429", retry_after=2))
    assert slow.pause(SUPPORT) == pytest.approx(300, abs=1)


async def test_a_slack_that_names_no_pause_is_asked_after_longer_and_longer_ones(yard: Yard) -> None:
    await yard.crowd([1, 2], Post(SUPPORT))
    for pause in (2, 4, 8, 16, 32, 60, 60):
        yard.pass_pause(SUPPORT)
        assert yard.lanes.met(SUPPORT, Transient("Slack cannot be reached"))
        assert yard.pause(SUPPORT) == pytest.approx(pause, abs=0.5)
    yard.pass_pause(SUPPORT)
    yard.lanes.went(SUPPORT)
    yard.lanes.met(SUPPORT, Transient("Slack cannot be reached"))
    assert yard.pause(SUPPORT) == pytest.approx(2, abs=0.5)


@pytest.mark.parametrize(
    "error",
    [
        Ambiguous("cut off"),
        Permanent("a no"),
        SlackRefused("message_not_found"),
        SlackRefused("a_word_of_next_year"),
        Misconfigured("the Slack app lacks a scope", "missing_scope"),
    ],
)
async def test_what_a_lane_can_do_nothing_about_is_not_its_trouble(yard: Yard, error: BridgeError) -> None:
    assert not yard.lanes.met(SUPPORT, error)
    assert yard.lanes.enter(SUPPORT, 1)
    assert yard.health.problems == []


# What closes a lane


async def test_a_channel_out_of_order_is_shut_and_told_and_no_other_is(
    slow: Yard, caplog: pytest.LogCaptureFixture
) -> None:
    slow.shut(SUPPORT)
    slow.pass_pause(SUPPORT)
    slow.shut(SUPPORT)
    told = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(told) == 1  # once, not at every try
    assert slow.health.problems == [f"Nothing goes to {SUPPORT}: the channel is out of order (is_archived)"]
    assert slow.health.lasting == slow.health.current
    slow.pass_pause(SUPPORT)
    assert not slow.lanes.enter(SUPPORT, 1)  # a try is given by the pump alone
    assert slow.lanes.enter(SALES, 1)
    assert slow.lanes.enter(EDITS, 1)


async def test_a_shut_channel_is_tried_after_a_minute_then_two_at_last_every_ten(yard: Yard) -> None:
    for pause in (60, 120, 240, 480, 600, 600):
        yard.pass_pause(SUPPORT)
        yard.shut(SUPPORT)
        assert yard.pause(SUPPORT) == pytest.approx(pause, abs=0.5)


async def test_posts_that_were_on_their_way_together_are_one_try(make: Callable[[Pace], Yard]) -> None:
    yard = make(Pace())
    assert all(yard.lanes.enter(SUPPORT, one) for one in range(4))
    for _ in range(4):
        yard.shut(SUPPORT)
    assert yard.pause(SUPPORT) == pytest.approx(60, abs=1)


async def test_one_try_goes_to_a_shut_channel_and_where_it_fails_all_others_wait_on(yard: Yard) -> None:
    yard.errors[SUPPORT] = [Misconfigured("archived", "is_archived") for _ in range(2)]
    async with yard.open():
        await yard.crowd([1, 2, 3], Post(SUPPORT))
        assert yard.looks == [1, 2, 3]
        yard.pass_pause(SUPPORT)
        yard.lanes._lane(SUPPORT).changed.set()
        await yard.until(lambda: len(yard.looks) == 4)
        await asyncio.sleep(0.1)
        assert len(yard.looks) == 4
        assert yard.posts == []
        assert yard.pause(SUPPORT) == pytest.approx(120, abs=1)
        # The next try goes: the channel is open, and nothing is left to tell.
        yard.pass_pause(SUPPORT)
        yard.lanes._lane(SUPPORT).changed.set()
        await yard.until(lambda: len(yard.posts) == 3)
    assert yard.health.problems == []
    assert yard.lanes.state() == {}


async def test_a_channel_that_somebody_put_right_is_tried_at_once(yard: Yard) -> None:
    yard.errors[SUPPORT] = [Misconfigured("invite it", "not_in_channel")]
    async with yard.open():
        await yard.crowd([1, 2, 3], Post(SUPPORT))
        yard.lanes.reopen(SUPPORT)
        await yard.until(lambda: len(yard.posts) == 3)
    assert yard.health.problems == []


async def test_reopening_what_is_not_shut_or_not_known_changes_nothing(slow: Yard) -> None:
    slow.lanes.reopen("C9")
    await slow.crowd([1, 2], Post(SUPPORT))
    slow.lanes.reopen(SUPPORT)
    assert slow.pause(SUPPORT) > 50


async def test_a_revoked_token_stops_every_lane_until_slack_takes_it_again(
    yard: Yard, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="bot")
    yard.errors[SUPPORT] = [Misconfigured("the Slack bot token was revoked (token_revoked)", "token_revoked")]
    async with yard.open():
        await yard.comes(1, Post(SUPPORT))
        await yard.comes(2, Post(SALES), Post(EDITS))
        assert yard.lanes.stopped.is_set()
        await asyncio.sleep(0.1)
        assert yard.posts == []
        assert yard.looks == [1, 2]  # bells are taken and looked at, nobody is called in vain
        assert yard.health.problems == ["the Slack bot token was revoked (token_revoked)"]
        yard.lanes.stop("the same again")
        yard.lanes.go_on()
        await yard.until(lambda: len(yard.posts) == 3)
    assert yard.health.problems == []
    told = [record.getMessage() for record in caplog.records if "posted any more" in record.getMessage()]
    assert len(told) == 1


async def test_going_on_keeps_a_lane_shut_that_has_its_own_trouble(slow: Yard) -> None:
    slow.shut(SUPPORT)
    slow.lanes.stop("revoked")
    slow.lanes.go_on()
    assert not slow.lanes.enter(SUPPORT, 1)
    assert slow.lanes.enter(SALES, 1)


# Digests


async def test_nine_first_cards_that_wait_come_one_by_one_and_ten_come_together(yard: Yard) -> None:
    for lane, many in ((SUPPORT, DIGEST_FROM - 1), (SALES, DIGEST_FROM)):
        yard.lanes.met(lane, Transient("429", retry_after=1))
        first = 100 if lane == SALES else 0
        await yard.crowd(range(first, first + many), Post(lane, Urgency.CARD, lined=True))
    async with yard.open():
        await yard.until(lambda: len(yard.posts) == 9 and yard.digests)
    assert yard.digests == [(SALES, list(range(100, 110)))]
    assert yard.in_lane(SUPPORT) == list(range(9))
    assert await yard.store.work() == []


async def test_a_digest_holds_no_more_than_25_and_each_takes_a_turn(make: Callable[[Pace], Yard]) -> None:
    yard = make(Pace(per_second=5, burst=1))
    yard.lanes.met(SUPPORT, Transient("429", retry_after=1))
    await yard.crowd(range(62), Post(SUPPORT, Urgency.CARD, lined=True))
    async with yard.open():
        await yard.until(lambda: len(yard.digests) == 3)
    assert [one for _, held in yard.digests for one in held] == list(
        range(62)
    )  # who waits longest comes first
    assert [len(held) for _, held in yard.digests] == [DIGEST_MOST, DIGEST_MOST, 12]
    assert yard.at[1] - yard.at[0] >= 0.19
    assert yard.at[2] - yard.at[1] >= 0.19
    assert yard.posts == []
    assert yard.looks == list(range(62))  # nobody was looked at once more for it


async def test_what_is_no_first_card_is_in_no_digest(yard: Yard) -> None:
    yard.lanes.met(SUPPORT, Transient("429", retry_after=1))
    await yard.crowd(range(10), Post(SUPPORT, Urgency.CARD, lined=True))
    await yard.crowd(range(10, 25), Post(SUPPORT, Urgency.CUSTOMER))
    async with yard.open():
        await yard.until(lambda: len(yard.posts) == 15)
    assert yard.digests == [(SUPPORT, list(range(10)))]
    assert yard.in_lane(SUPPORT) == list(range(10, 25))


async def test_a_shut_channel_is_not_tried_with_a_digest(yard: Yard) -> None:
    yard.shut(SUPPORT)
    await yard.crowd(range(12), Post(SUPPORT, Urgency.CARD, lined=True))
    async with yard.open():
        yard.lanes.reopen(SUPPORT)
        await yard.until(lambda: yard.digests)
    assert yard.posts == [(SUPPORT, 0)]
    assert yard.digests == [(SUPPORT, list(range(1, 12)))]


async def test_what_a_worker_has_in_hand_is_left_out_of_a_digest(yard: Yard) -> None:
    yard.lanes.met(SUPPORT, Transient("429", retry_after=1))
    await yard.crowd(range(12), Post(SUPPORT, Urgency.CARD, lined=True))
    (taken,) = await yard.store.claim_these([3])
    async with yard.open():
        await yard.until(lambda: yard.digests)
        await yard.look(taken)
        await yard.until(lambda: yard.posts)
    assert yard.digests == [(SUPPORT, [one for one in range(12) if one != 3])]
    assert yard.posts == [(SUPPORT, 3)]


# Waiting


async def test_a_conversation_that_is_looked_at_again_while_it_waits_is_called_once(yard: Yard) -> None:
    yard.lanes.met(SUPPORT, Transient("429", retry_after=1))
    await yard.crowd([1, 2], Post(SUPPORT))
    for _ in range(3):
        await yard.rings(1)
    assert yard.lanes.state()[SUPPORT]["waiting"] == 2
    async with yard.open():
        await yard.until(lambda: len(yard.posts) == 2)
        await asyncio.sleep(0.1)
    assert yard.posts == [(SUPPORT, 1), (SUPPORT, 2)]  # and it kept its place
    assert yard.looks == [1, 2, 1, 1, 1, 1, 2]


async def test_one_that_left_the_lane_is_not_called(yard: Yard) -> None:
    yard.lanes.met(SUPPORT, Transient("429", retry_after=1))
    await yard.crowd([1, 2], Post(SUPPORT), Post(SALES))
    yard.wanted[1] = []
    await yard.rings(1)  # it turns out that there is nothing to say any more
    async with yard.open():
        await yard.until(lambda: yard.in_lane(SUPPORT) == [2])
        await asyncio.sleep(0.1)
    assert 1 not in yard.in_lane(SUPPORT)
    assert yard.looks.count(1) == 2


async def test_a_turn_that_is_not_taken_goes_to_the_next(slow: Yard) -> None:
    slow.lanes.met(SUPPORT, Transient("429", retry_after=1))
    await slow.crowd([1, 2], Post(SUPPORT))
    slow.wanted[1] = []
    async with slow.open():
        await slow.until(lambda: slow.posts == [(SUPPORT, 2)])
    assert slow.looks == [1, 2, 1, 2]


async def test_a_turn_is_for_whom_it_was_given_to(slow: Yard) -> None:
    others: list[bool] = []
    slow.lanes.met(SUPPORT, Transient("429", retry_after=1))
    await slow.comes(1, Post(SUPPORT))
    slow.before_entering = lambda _: others.append(slow.lanes.enter(SUPPORT, 77))
    async with slow.open():
        await slow.until(lambda: slow.posts)
    assert slow.posts == [(SUPPORT, 1)]
    assert others == [False]


async def test_whose_channel_was_found_after_all_waits_no_longer(make: Callable[[Pace], Yard]) -> None:
    yard = make(Pace())
    async with yard.open():
        yard.lanes.shut("#support", "no such channel")
        await yard.comes(1, Post("#support"))
        yard.lanes.went("#support")  # another conversation of the mailbox has found it
        await yard.until(lambda: yard.posts)


async def test_a_bug_in_one_look_does_not_end_its_lane(yard: Yard, caplog: pytest.LogCaptureFixture) -> None:
    yard.lanes.met(SUPPORT, Transient("429", retry_after=1))
    await yard.crowd([1, 2], Post(SUPPORT))
    yard.bugs[1] = [LookupError("a bug")]
    async with yard.open():
        await yard.until(lambda: yard.posts == [(SUPPORT, 2)])
    assert "lane C1 stumbles" in caplog.text
    assert "LookupError" in yard.health.problems[0]


async def test_what_was_parked_or_dropped_does_not_block_its_lane(yard: Yard) -> None:
    yard.lanes.met(SUPPORT, Transient("429", retry_after=1))
    await yard.crowd(range(1, 6), Post(SUPPORT))
    (parked,) = await yard.store.claim_these([1])
    await yard.store.park(parked, "KeyError")
    await yard.store.drop([2])
    async with yard.open():
        began = time.monotonic()
        await yard.until(lambda: yard.in_lane(SUPPORT) == [3, 4, 5])
        await yard.until(lambda: not yard.lanes.state())  # and is forgotten in the end
        assert time.monotonic() - began > 1  # a worker may have had it in hand for that long
    assert yard.in_lane(SUPPORT) == [3, 4, 5]


async def test_first_cards_that_were_dropped_do_not_block_their_lane(yard: Yard) -> None:
    yard.lanes.met(SUPPORT, Transient("429", retry_after=1))
    await yard.crowd(range(1, 31), Post(SUPPORT, Urgency.CARD, lined=True))
    await yard.comes(31, Post(SUPPORT, Urgency.CUSTOMER))
    await yard.store.drop(range(1, 31))
    async with yard.open():
        await yard.until(lambda: yard.in_lane(SUPPORT) == [31])
    assert yard.digests == []


async def test_who_waits_when_the_lanes_open_is_called_and_lanes_that_come_later_are_open_too(
    yard: Yard,
) -> None:
    yard.lanes.met(SUPPORT, Transient("429", retry_after=0.05))
    await yard.comes(1, Post(SUPPORT))
    async with yard.open():
        await yard.until(lambda: yard.posts == [(SUPPORT, 1)])
        yard.lanes.met("C3", Transient("429", retry_after=0.05))
        await yard.comes(2, Post("C3"))
        await yard.until(lambda: ("C3", 2) in yard.posts)


async def test_stopping_while_many_wait_is_quick_and_keeps_them_all(slow: Yard) -> None:
    slow.lanes.stop("revoked")
    lanes = [f"C{number}" for number in range(10)]
    works = range(1, 401)
    for one in works:
        slow.wanted[one] = [Post(lanes[one % 10])]
    await slow.store.ring(works, "webhook")
    while work := await slow.store.claim():
        await slow.look(work)
    async with slow.open() as stopping:
        await asyncio.sleep(0.05)
        began = time.monotonic()
        stopping.set()
    assert time.monotonic() - began < 10  # as is promised of SIGTERM
    assert (await slow.store.counts())["held"] == 400
    assert slow.posts == []


async def test_the_state_tells_who_waits_where_for_how_long_and_why(slow: Yard) -> None:
    await slow.crowd([1, 2, 3], Post(SUPPORT))
    slow.clock.skip(timedelta(minutes=5))
    slow.shut(SALES)
    told = slow.lanes.state()
    assert set(told) == {SUPPORT, SALES}
    assert (told[SUPPORT]["waiting"], told[SUPPORT]["trouble"]) == (2, "")
    assert 300 <= float(str(told[SUPPORT]["oldest_seconds"])) < 310
    assert (told[SALES]["waiting"], told[SALES]["oldest_seconds"]) == (0, 0)
    assert "is_archived" in str(told[SALES]["trouble"])


async def test_a_channel_that_is_shut_for_months_and_a_slack_that_is_away_for_days_break_nothing(
    yard: Yard,
) -> None:
    for _ in range(1100):
        yard.lanes.met(SUPPORT, Transient("away"))
        yard.lanes.shut(SALES, "the channel is archived")
        yard.pass_pause(SALES)
    assert yard.pause(SALES) <= 600


async def test_who_is_slower_than_the_lane_is_patient_gets_its_turn_when_it_is_back(
    slow: Yard,
) -> None:
    slow.lanes._patience = 0.1
    slow.lanes.met(SUPPORT, Transient("429", retry_after=1))
    await slow.crowd([1, 2, 3], Post(SUPPORT))
    look = slow.look

    async def slowly(work: Work) -> None:
        await asyncio.sleep(0.3)
        await look(work)

    stopping = asyncio.Event()
    running = asyncio.create_task(slow.lanes.run(slowly, slow.gather, stopping))
    await slow.until(lambda: slow.posts)
    stopping.set()
    await asyncio.wait_for(running, 30)


async def test_a_channel_put_right_with_nobody_waiting_is_open(yard: Yard) -> None:
    yard.shut(SUPPORT)
    yard.lanes.reopen(SUPPORT)
    assert yard.health.problems == []
    assert yard.lanes.enter(SUPPORT, 7)
