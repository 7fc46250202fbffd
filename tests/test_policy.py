"""Every rule for Slack's codes, driven through a real call to a Slack that answers with it."""

import logging
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from itertools import count

import aiohttp
import pytest
import pytest_asyncio

from bot import policy
from bot.cards import Message, context, plain
from bot.channels import Channels
from bot.errors import Ambiguous, BridgeError, Misconfigured, Transient
from bot.health import Health
from bot.lanes import EDITS, Lanes
from bot.plan import ANEW, CARD, Step
from bot.policy import SLACK, Rule, Then
from bot.poster import CardGone, Poster
from bot.settings import ENVIRONMENT
from bot.slackapi import SlackRefused, call, client
from bot.store import Store
from bot.turns import Pace
from sandbox.clock import Clock
from sandbox.serving import serving
from sandbox.slack import Slack

pytestmark = pytest.mark.asyncio(loop_scope="module")

THREAD = "thread:7"
NAMES = count()


def step(key: str, words: str = "It burns.", *, ts: str | None = None, version: str = "1") -> Step:
    return Step(key, version, Message(words, (context(plain(words)),)), ts)


@dataclass
class Desk:
    """A channel that is new for each test, and what the bridge has before it."""

    slack: Slack
    store: Store
    poster: Poster
    lanes: Lanes
    health: Health
    channel: str
    other: str

    async def says(self, key: str = CARD, card_ts: str | None = None, ts: str | None = None) -> str:
        """Say something, or say it anew in the message `ts`."""
        one = step(key, "New.", ts=ts, version="2") if ts else step(key)
        return await self.poster.take(1, self.channel, one, card_ts)

    async def fails(self, code: str, method: str = "chat.postMessage", **how: object) -> BridgeError:
        """Meet this error where a card is posted, and say what it came to."""
        self.slack.faults.api(method, error=code, **how)
        with pytest.raises(BridgeError) as told:
            await self.says()
        return told.value

    def shown(self) -> list[list[str]]:
        cards = self.slack.messages(self.channel)
        return [[card.all_text, *(one.all_text for one in card.thread)] for card in cards]

    async def kept(self) -> dict[str, tuple[str, str]]:
        return {one.key: (one.ts, one.version) for one in await self.store.posts(1)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def slack() -> AsyncIterator[Slack]:
    one = Slack(now=Clock(), limit_posts=False)
    async with serving(one.app) as one.url:
        yield one
    await one.close()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(slack: Slack) -> AsyncIterator[Desk]:
    slack.faults.clear()
    clock = Clock()
    store = Store(":memory:", clock)
    channel, other = (slack.add_channel(f"channel-{next(NAMES)}") for _ in range(2))
    async with aiohttp.ClientSession() as session:
        web = client(slack.bot_token, slack.api_url, session)
        health = Health(clock)
        lanes = Lanes(store, health, clock, Pace(1000))
        yield Desk(slack, store, Poster(web, store, Channels(web)), lanes, health, channel, other)
    await store.close()


def codes(*thens: Then) -> Callable[..., object]:
    """Every code that leads to one of these."""
    return pytest.mark.parametrize("code", [code for code, rule in SLACK.items() if rule.then in thens])


# The table


async def test_every_outcome_that_is_named_comes_of_something() -> None:
    named = {rule.then for rule in (*SLACK.values(), *policy.FREESCOUT.values())}
    assert named == set(Then)
    assert policy.slack("a_word_of_next_year") == policy.slack("") == Rule(Then.PERSON)


async def test_the_operator_has_words_for_what_only_they_can_mend_and_for_nothing_else() -> None:
    theirs = {Then.SHUT, Then.STOP, Then.JOIN, Then.OPERATOR, Then.WITHOUT}
    for code, rule in (SLACK | policy.FREESCOUT).items():
        assert bool(rule.words) == (rule.then in theirs), code


async def test_words_name_only_settings_that_there_are() -> None:
    for rule in (SLACK | policy.FREESCOUT).values():
        assert set(re.findall(r"[A-Z]+(?:_[A-Z]+)+", rule.words)) <= set(ENVIRONMENT)


# Each outcome


@codes(Then.LATER)
async def test_later_pauses_one_channel_and_posts_once_it_may(desk: Desk, code: str) -> None:
    error = await desk.fails(code, status=200)
    assert isinstance(error, Transient)
    assert not isinstance(error, Misconfigured)
    assert (await desk.kept(), desk.shown()) == ({}, [])
    assert desk.lanes.met(desk.channel, error)
    assert not desk.lanes.enter(desk.channel, 2)
    assert desk.lanes.enter(desk.other, 2)
    assert desk.lanes.enter(EDITS, 2)
    assert desk.health.problems == []
    await desk.says()
    assert desk.shown() == [["It burns."]]


@codes(Then.LOOK)
@pytest.mark.parametrize("after", [True, False], ids=["it stands", "it does not"])
@pytest.mark.parametrize("status", [200, 500])
async def test_what_may_have_happened_is_looked_for_and_stands_once(
    desk: Desk, code: str, after: bool, status: int
) -> None:
    error = await desk.fails(code, after=after, status=status)
    assert isinstance(error, Ambiguous)
    assert not desk.lanes.met(desk.channel, error)
    assert desk.lanes.enter(desk.channel, 2)
    (open_post,) = await desk.store.posts(1)
    assert open_post.ts == ""
    found = await desk.poster.settle(1, open_post, None)
    assert bool(found) is after
    if not found:
        await desk.says()
    assert desk.shown() == [["It burns."]]


@codes(Then.LOOK)
async def test_a_change_that_may_have_happened_is_made_again(desk: Desk, code: str) -> None:
    ts = await desk.says()
    desk.slack.faults.api("chat.update", error=code, after=True)
    with pytest.raises(Ambiguous):
        await desk.says(ts=ts)
    assert (await desk.kept())[CARD] != (ts, "2")
    await desk.says(ts=ts)
    assert desk.shown() == [["New."]]
    assert await desk.kept() == {CARD: (ts, "2")}


@codes(Then.SHUT, Then.JOIN)
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_a_channel_that_cannot_be_posted_to_is_shut_told_once_and_open_with_the_next_post(
    desk: Desk, code: str, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    ts = await desk.says("other") if method == "chat.update" else None
    desk.slack.faults.api(method, error=code, times=2)
    for _ in range(2):  # one that can be joined is tried twice by itself
        if SLACK[code].then is Then.JOIN:
            desk.slack.faults.api(method, error=code)
        with pytest.raises(Misconfigured) as told:
            await desk.says("other" if ts else CARD, ts=ts)
        assert told.value.code == code
        assert str(told.value) == f"{SLACK[code].words} ({code})"
        assert desk.lanes.met(desk.channel, told.value)
    assert CARD not in await desk.kept()
    (problem,) = desk.health.problems
    assert desk.channel in problem
    assert SLACK[code].words in problem
    assert sum(record.levelno == logging.ERROR for record in caplog.records) == 1
    assert not desk.lanes.enter(desk.channel, 2)
    assert desk.lanes.enter(desk.other, 2)
    assert desk.lanes.enter(EDITS, 2)
    desk.slack.faults.clear()
    await desk.says()
    desk.lanes.went(desk.channel)
    assert desk.health.problems == []


@codes(Then.STOP)
async def test_a_token_that_slack_does_not_take_stops_every_lane_and_slack_says_when_to_go_on(
    desk: Desk, code: str
) -> None:
    await desk.slack.revokes_token(code)
    with pytest.raises(Misconfigured) as told:
        await desk.says()
    assert told.value.code == code
    with pytest.raises(Misconfigured):
        await call(desk.poster._web.auth_test)
    assert await desk.kept() == {}
    assert desk.lanes.met(desk.channel, told.value)
    assert not any(desk.lanes.enter(lane, 2) for lane in (desk.channel, desk.other, EDITS))
    assert SLACK[code].words in desk.health.problems[0]
    await desk.slack.restores_token()
    await call(desk.poster._web.auth_test)
    desk.lanes.go_on()
    assert all(desk.lanes.enter(lane, 2) for lane in (desk.channel, desk.other, EDITS))
    assert desk.health.problems == []
    await desk.says()
    assert desk.shown() == [["It burns."]]


@codes(Then.JOIN)
async def test_a_public_channel_is_joined_and_a_private_one_waits_for_its_invitation(
    desk: Desk, code: str
) -> None:
    await desk.slack.kicks_bot(desk.channel)
    await desk.says()
    assert desk.shown() == [["It burns."]]
    private = desk.slack.add_channel(f"channel-{next(NAMES)}", private=True)
    desk.slack.faults.api("chat.postMessage", error=code)
    with pytest.raises(Misconfigured, match="invite") as told:
        await desk.poster.take(2, private, step(CARD), None)
    assert desk.lanes.met(private, told.value)
    assert not desk.lanes.enter(private, 3)
    assert await desk.store.posts(2) == []


@codes(Then.PLAIN)
async def test_what_slack_refuses_the_layout_of_is_said_and_changed_as_plain_text(
    desk: Desk, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk.slack.faults.api("chat.postMessage", error=code)
    ts = await desk.says()
    (card,) = desk.slack.messages(desk.channel)
    assert (card.text, card.blocks) == ("It burns.", [])
    desk.slack.faults.api("chat.update", error=code)
    await desk.says(ts=ts)
    assert (card.text, card.blocks) == ("New.", [])
    assert await desk.kept() == {CARD: (ts, "2")}
    assert caplog.text.count("goes as plain text") == 2


@codes(Then.PLAIN)
async def test_what_is_refused_as_plain_text_too_is_not_said_again_and_again(desk: Desk, code: str) -> None:
    error = await desk.fails(code, times=2)
    assert isinstance(error, SlackRefused)
    assert (await desk.kept(), desk.shown()) == ({}, [])
    assert (
        len([one for one in desk.slack.called("chat.postMessage") if one.args["channel"] == desk.channel])
        == 2
    )


@codes(Then.ANEW)
async def test_where_there_is_nothing_left_to_change_or_to_answer_the_card_comes_anew(
    desk: Desk, code: str
) -> None:
    ts = await desk.says()
    for change in (True, False):
        desk.slack.faults.api("chat.update" if change else "chat.postMessage", error=code)
        with pytest.raises(CardGone) as told:
            await (desk.says(ts=ts) if change else desk.says(THREAD, ts))
        assert told.value.retry_after is None  # soon, then later and later
        assert await desk.kept() == {ANEW: (ts, "1")}
        ts = await desk.says()
    assert set(await desk.kept()) == {ANEW, CARD}


@codes(Then.ANEW, Then.LEAVE)
async def test_a_message_below_a_card_that_cannot_be_changed_stays_as_it_is(desk: Desk, code: str) -> None:
    card = await desk.says()
    ts = await desk.says(THREAD, card)
    desk.slack.faults.api("chat.update", error=code)
    assert await desk.says(THREAD, card, ts) == ts
    assert desk.shown() == [["It burns.", "It burns."]]
    assert await desk.kept() == {CARD: (card, "1"), THREAD: (ts, "2")}  # and is not tried again


@codes(Then.LEAVE)
async def test_a_card_that_cannot_be_changed_stays_as_it_is(desk: Desk, code: str) -> None:
    ts = await desk.says()
    desk.slack.faults.api("chat.update", error=code)
    assert await desk.says(ts=ts) == ts
    assert desk.shown() == [["It burns."]]
    assert await desk.kept() == {CARD: (ts, "2")}


@codes(Then.OPERATOR)
async def test_what_the_operator_must_put_right_is_tried_each_minute_and_closes_no_lane(
    desk: Desk, code: str
) -> None:
    error = await desk.fails(code)
    assert isinstance(error, Misconfigured)
    assert (error.code, error.retry_after) == (code, 60)
    assert str(error) == f"{SLACK[code].words} ({code})"
    assert not desk.lanes.met(desk.channel, error)
    assert desk.lanes.enter(desk.channel, 2)
    await desk.says()
    assert desk.shown() == [["It burns."]]


@pytest.mark.parametrize("code", ["a_word_of_next_year", "no_text", "metadata_too_large"])
async def test_what_nobody_foresaw_is_a_refusal_and_nobodys_to_repeat(desk: Desk, code: str) -> None:
    error = await desk.fails(code)
    assert isinstance(error, SlackRefused)
    assert not isinstance(error, Transient)
    assert error.code == code
    assert not desk.lanes.met(desk.channel, error)
    assert desk.lanes.enter(desk.channel, 2)
    assert await desk.kept() == {}


async def test_a_channel_that_was_archived_is_shut_for_posts_and_for_changes(desk: Desk) -> None:
    ts = await desk.says()
    await desk.slack.archives(desk.channel)
    for args in ({"key": THREAD, "card_ts": ts}, {"ts": ts}):
        with pytest.raises(Misconfigured, match="archived") as told:
            await desk.says(**args)
        assert desk.lanes.met(desk.channel, told.value)
    await desk.slack.unarchives(desk.channel)
    await desk.says(ts=ts)
    assert desk.shown() == [["New."]]
