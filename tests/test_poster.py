"""Once only: whatever Slack answers, or fails to answer, each thing stands there once."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import pytest_asyncio
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.cards import Message, context, plain
from bot.channels import Channels
from bot.errors import Ambiguous, Misconfigured, Transient
from bot.lanes import Pace
from bot.plan import CARD, Step
from bot.poster import Poster
from bot.settings import Route
from bot.slackapi import SlackRefused, client
from bot.store import Store
from sandbox.clock import Clock
from sandbox.serving import serving
from sandbox.slack import Slack
from tests.conftest import House

LOST = {
    "status 500": {"status": 500},
    "a cut": {"cut": True},
    "a page": {"html": True},
    "Slack's own internal_error": {"error": "internal_error"},
}
THREAD = "thread:7"


def step(key: str, words: str = "It burns.", *, ts: str | None = None, version: str = "1") -> Step:
    return Step(key, version, Message(words, (context(plain(words)),)), ts)


@dataclass
class Wall:
    """A channel, a poster in front of it, and what the poster remembers."""

    slack: Slack
    store: Store
    poster: Poster
    channel: str
    clock: Clock
    slept: list[float]

    async def look(self, *keys: str) -> None:
        """What a reconciler does for conversation 1: settle what is open, then take what is missing."""
        posted: dict[str, str] = {}
        for one in sorted(await self.store.posts(1), key=lambda each: each.key != CARD):
            ts = one.ts or await self.poster.settle(1, one, posted.get(CARD))
            if ts:
                posted[one.key] = ts
        for key in keys:
            if key not in posted:
                posted[key] = await self.poster.take(1, self.channel, step(key), posted.get(CARD))

    def shown(self) -> list[list[str]]:
        """Each message of the channel, and after it those of its thread."""
        return [
            [card.all_text, *(one.all_text for one in card.thread)]
            for card in self.slack.messages(self.channel)
        ]

    async def unconfirmed(self) -> list[str]:
        return [one.key for one in await self.store.posts(1) if not one.ts]


class Front:
    """One server for this file: starting another for each test would take most of the time."""

    url = ""
    behind: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.behind(scope, receive, send)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front() -> AsyncIterator[Front]:
    one = Front()
    async with serving(one) as one.url:
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def wall(front: Front, tmp_path: Path) -> AsyncIterator[Wall]:
    clock = Clock()
    slack = Slack(now=clock, limit_posts=False)
    front.behind, slack.url = slack.app, front.url
    channel = slack.add_channel("support")
    store = Store(str(tmp_path / "bridge.db"), clock)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async with aiohttp.ClientSession() as session:
        web = client(slack.bot_token, slack.api_url, session)
        poster = Poster(web, store, Channels(web, lambda: clock().timestamp()), Pace(sleep, per_second=1000))
        yield Wall(slack, store, poster, channel, clock, slept)
    await store.close()
    await slack.close()


IN_MODULE = pytest.mark.asyncio(loop_scope="module")


# A post whose answer is lost


@IN_MODULE
@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
@pytest.mark.parametrize("after", [True, False], ids=["after it happened", "before it happened"])
@pytest.mark.parametrize("key", [CARD, THREAD])
async def test_a_post_whose_answer_is_lost_stands_once(
    wall: Wall, fault: dict[str, Any], after: bool, key: str
) -> None:
    if key == THREAD:
        await wall.look(CARD)
    wall.slack.faults.api("chat.postMessage", after=after, **fault)
    with pytest.raises(Ambiguous):
        await wall.look(CARD, THREAD)
    assert await wall.unconfirmed() == [key]
    await wall.look(CARD, THREAD)
    assert wall.shown() == [["It burns.", "It burns."]]
    assert await wall.unconfirmed() == []


@IN_MODULE
async def test_it_is_adopted_with_the_version_that_was_posted(wall: Wall) -> None:
    wall.slack.faults.api("chat.postMessage", after=True, cut=True)
    with pytest.raises(Ambiguous):
        await wall.poster.take(1, wall.channel, step(CARD, version="as posted"), None)
    await wall.look(CARD)
    (kept,) = await wall.store.posts(1)
    assert (kept.ts, kept.version) == (wall.slack.messages("support")[0].ts, "as posted")


@IN_MODULE
async def test_it_is_found_among_much_that_others_said_meanwhile(wall: Wall) -> None:
    wall.slack.faults.api("chat.postMessage", after=True, cut=True)
    with pytest.raises(Ambiguous):
        await wall.look(CARD)
    for count in range(450):  # more than two pages of history
        wall.slack.workspace.from_app(wall.channel, f"chatter {count}", [])
    await wall.look(CARD)
    assert sum(row[0] == "It burns." for row in wall.shown()) == 1


@IN_MODULE
async def test_another_conversations_card_and_another_apps_message_are_not_taken_for_it(wall: Wall) -> None:
    await wall.poster.take(2, wall.channel, step(CARD), None)
    metadata = {"event_type": "another_app", "event_payload": {"conversation": 1, "key": CARD}}
    wall.slack.workspace.from_app(wall.channel, "It burns.", [], metadata=metadata)
    await wall.store.begin_post(1, wall.channel, CARD, "1")
    await wall.look(CARD)
    assert len(wall.shown()) == 3


@IN_MODULE
async def test_while_slack_does_not_let_us_look_nothing_is_posted(wall: Wall) -> None:
    await wall.store.begin_post(1, wall.channel, CARD, "1")
    wall.slack.faults.api("conversations.history", status=503)
    with pytest.raises(Ambiguous):
        await wall.look(CARD)
    assert wall.shown() == []
    await wall.look(CARD)
    assert len(wall.shown()) == 1


@IN_MODULE
async def test_a_post_that_slack_refused_is_simply_made_later(wall: Wall) -> None:
    wall.slack.faults.api("chat.postMessage", error="posting_to_channel_denied")
    with pytest.raises(SlackRefused):
        await wall.look(CARD)
    assert await wall.store.posts(1) == []
    await wall.look(CARD)
    assert len(wall.shown()) == 1
    assert wall.slack.called("conversations.history") == []


# Pace


@IN_MODULE
async def test_a_429_holds_back_its_channel_and_no_other(wall: Wall) -> None:
    other = wall.slack.add_channel("sales")
    wall.slack.faults.api("chat.postMessage", error="ratelimited", retry_after=2)
    with pytest.raises(Transient) as told:
        await wall.look(CARD)
    assert told.value.retry_after == 2
    await wall.poster.take(2, other, step(CARD), None)
    assert wall.slept == []
    await wall.look(CARD)
    assert len(wall.slept) == 1
    assert 1 < wall.slept[0] <= 2.01
    assert len(wall.shown()) == 1


@IN_MODULE
async def test_the_pace_is_a_burst_and_then_one_post_at_a_time() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(round(seconds, 1))

    pace = Pace(sleep, per_second=2, burst=3)
    for _ in range(3):
        await pace.turn("C1")
    assert slept == []
    for _ in range(3):
        await pace.turn("C1")
    assert slept == [0.5, 1, 1.5]  # nobody really slept: each waits for those before it
    await pace.turn("C2")
    assert len(slept) == 3
    pace.pause("C2", 1.5)
    await pace.turn("C2")
    assert slept[3] == pytest.approx(2, abs=0.2)
    pace.pause("C2", 0.2)  # a shorter pause does not shorten a longer one
    await pace.turn("C2")
    assert slept[4] == pytest.approx(2.5, abs=0.2)


# Channels


@IN_MODULE
async def test_a_public_channel_is_joined_for_a_post_and_for_a_change(wall: Wall) -> None:
    channel = wall.slack.channel("support")
    channel.members.clear()
    await wall.look(CARD)
    channel.members.clear()
    await wall.poster.take(1, wall.channel, step(CARD, "Changed.", ts=channel.messages[0].ts), None)
    assert wall.shown() == [["Changed."]]
    assert len(wall.slack.called("conversations.join")) == 2


@IN_MODULE
async def test_a_private_channel_is_left_to_the_operator(wall: Wall) -> None:
    there = wall.slack.add_channel("secret", private=True, bot_is_member=False)
    with pytest.raises(Misconfigured, match="invite"):
        await wall.poster.take(1, there, step(CARD), None)
    assert await wall.store.posts(1) == []


@IN_MODULE
async def test_a_channel_that_cannot_be_joined_is_left_to_the_operator(wall: Wall) -> None:
    wall.slack.channel("support").members.clear()
    wall.slack.faults.api("conversations.join", error="missing_scope")
    with pytest.raises(Misconfigured, match="not_in_channel"):
        await wall.look(CARD)


@IN_MODULE
async def test_channels_are_listed_once_for_all_who_ask_at_the_same_time(wall: Wall) -> None:
    for count in range(210):  # more than a page
        wall.slack.add_channel(f"channel-{count}")
    channels = wall.poster._channels
    found = await asyncio.gather(*(channels.id("channel-209") for _ in range(8)))
    assert set(found) == {wall.slack.channel("channel-209").id}
    assert len(wall.slack.called("conversations.list")) == 2
    with pytest.raises(Misconfigured, match="#nowhere"):
        await channels.id("nowhere")
    wall.slack.add_channel("nowhere")
    with pytest.raises(Misconfigured, match="#nowhere"):
        await channels.id("nowhere")  # not asked again for every conversation
    wall.clock.skip(timedelta(seconds=16))
    assert await channels.id("nowhere") == wall.slack.channel("nowhere").id


# Changes


@IN_MODULE
async def test_a_change_that_slack_no_longer_takes_is_left_and_noted(wall: Wall) -> None:
    await wall.look(CARD, THREAD)
    wall.slack.faults.api("chat.update", error="edit_window_closed")
    ts = wall.slack.messages("support")[0].ts
    assert await wall.poster.take(1, wall.channel, step(CARD, "New", ts=ts, version="2"), None) == ts
    assert {one.key: one.version for one in await wall.store.posts(1)} == {CARD: "2", THREAD: "1"}


@IN_MODULE
async def test_a_change_whose_answer_is_lost_is_made_again(wall: Wall) -> None:
    await wall.look(CARD)
    changed = step(CARD, "New", ts=wall.slack.messages("support")[0].ts, version="2")
    wall.slack.faults.api("chat.update", cut=True, after=True)
    with pytest.raises(Ambiguous):
        await wall.poster.take(1, wall.channel, changed, None)
    assert (await wall.store.posts(1))[0].version == "1"
    await wall.poster.take(1, wall.channel, changed, None)
    assert wall.shown() == [["New"]]


# Through the whole house


def database(house: House, statement: str) -> list[Any]:
    connection = sqlite3.connect(house.settings.database_path, isolation_level=None)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


async def problems(house: House) -> str:
    async with httpx.AsyncClient() as browser:
        health = (await browser.get(f"{house.address}/healthz")).json()
    assert health["status"] == ("degraded" if health["problems"] else "ok")
    return "\n".join(health["problems"])


async def test_a_mirror_that_is_cut_off_at_every_step_says_each_thing_once(house: House) -> None:
    for after, fault in ((True, {"status": 500}), (False, {"cut": True}), (True, {"html": True})):
        house.slack.faults.api("chat.postMessage", after=after, **fault)
    house.freescout.customer_writes("mark@example.org", "Fire", "one", mailbox=house.support)
    house.freescout.customer_replies(1, "two")

    def done() -> bool:
        house.clock.skip(timedelta(seconds=3))
        return bool(house.cards()) and len(house.cards()[0].thread) == 2

    await house.until(done)
    await house.quiet()
    (card,) = house.cards()
    assert [one.all_text.splitlines()[-1] for one in card.thread] == ["one", "two"]


async def test_a_process_that_died_in_the_middle_of_a_post_never_posts_it_twice(house: House) -> None:
    card = await house.writes(body="one")
    await house.quiet()
    await house.stop()
    house.freescout.customer_replies(1, "two")
    # The card and its first reply stand, and were not written down; the second was begun, and never made.
    database(house, "update posts set ts = ''")
    thread = max(one.id for one in house.freescout.world.conversations[1].threads)
    database(
        house,
        "insert into posts (conversation, channel, key, version, begun)"
        f" select conversation, channel, 'thread:{thread}', 'x', begun from posts where key = 'card'",
    )
    await house.start()
    house.freescout.workflow_sends(1, "convo.status")
    await house.until(lambda: len(card.thread) == 2)
    await house.quiet()
    assert house.cards() == [card]
    assert [one.all_text.splitlines()[-1] for one in card.thread] == ["one", "two"]
    assert database(house, "select count(*) from posts where ts = ''") == [(0,)]


async def test_a_card_deleted_by_hand_comes_anew_and_what_follows_is_in_its_thread(house: House) -> None:
    card = await house.writes()
    await house.until(lambda: card.thread)
    house.slack.workspace.remove(card)
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)  # with the card's next change it is missed
    await house.until(lambda: len(house.cards()) == 2)
    house.freescout.agent_notes(1, house.ana_id, "Called them.")
    await house.until(lambda: "Called them." in house.said(house.cards()[1]))
    await house.quiet()
    assert len(house.cards()) == 2  # the old one is a stub above its thread


async def test_a_channel_out_of_order_is_told_to_the_operator_and_holds_nothing_else_up(house: House) -> None:
    house.expects_errors = True
    await house.stop()
    house.slack.add_channel("archive")
    routes = (Route("Support", "nowhere"), Route("Support", "archive"), *house.settings.routes)
    await house.start(routes=routes)
    house.slack.channel("archive").archived = True
    card = await house.writes("Printer")
    await house.until(lambda: card.thread)
    await house.until(lambda: database(house, "select 1 from work where attempts > 0"))
    assert "#nowhere" in await problems(house)
    # Mended while it runs: the next look, a minute later, brings all up to date.
    house.slack.add_channel("nowhere")
    house.slack.channel("archive").archived = False
    house.clock.skip(timedelta(minutes=1))
    await house.until(lambda: house.cards("nowhere") and house.cards("archive"))
    house.clock.skip(timedelta(minutes=5))
    await house.quiet()
    assert await problems(house) == ""
    assert len(house.cards()) == 1
    # Put out of order again with a card in it: Slack's own word for it is told.
    house.slack.channel("support").archived = True
    house.freescout.customer_replies(1, "Still burning.")
    await house.until(lambda: database(house, "select 1 from work where error like '%is_archived%'"))
    assert "is_archived" in await problems(house)
    await house.until(lambda: "Still burning." in house.said(house.cards("nowhere")[0]))
    house.slack.channel("support").archived = False
    house.clock.skip(timedelta(minutes=1))
    await house.until(lambda: "Still burning." in house.said(card))


async def test_what_slack_refuses_the_layout_of_is_said_as_plain_text(house: House) -> None:
    house.expects_errors = True
    house.slack.faults.api(method="chat.postMessage", error="invalid_blocks")
    card = await house.writes("Odd one")
    assert card.blocks == []
    assert "#412 Odd one" in card.text
    await house.until(lambda: house.thread(card))
    house.freescout.agent_sets_status(1, house.ana_id, "closed")
    await house.until(lambda: "Closed" in card.all_text)


async def test_a_channel_that_is_paused_for_long_holds_no_worker() -> None:
    pace = Pace(per_second=1000)
    pace.pause("C1", 60)
    with pytest.raises(Transient) as told:
        await pace.turn("C1")
    assert told.value.retry_after is not None
    assert 55 < told.value.retry_after <= 61
    await pace.turn("C2")
