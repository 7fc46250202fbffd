"""Once only: whatever Slack answers, or fails to answer, each thing stands there once."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import httpx
import pytest
import pytest_asyncio
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.cards import Message, context, plain
from bot.channels import Channels
from bot.errors import Ambiguous, BridgeError, Misconfigured, Transient
from bot.health import Health
from bot.lanes import Lanes
from bot.plan import ANEW, CARD, DIGEST, Step, Urgency
from bot.poster import EVENT_TYPE, UNKNOWN, CardGone, Poster
from bot.reconcile import Reconciler
from bot.roundup import Line
from bot.routing import Route
from bot.slack import EVENTS
from bot.slackapi import SlackRefused, client
from bot.store import Looked, Store, Work
from bot.turns import DIGEST_FROM, Pace, Waiting
from bot.worker import Worker
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
    async with aiohttp.ClientSession() as session:
        web = client(slack.bot_token, slack.api_url, session)
        poster = Poster(web, store, Channels(web, lambda: clock().timestamp()))
        yield Wall(slack, store, poster, channel, clock)
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
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"error": "posting_to_channel_denied"}, Misconfigured),
        ({"error": "a_word_of_next_year"}, SlackRefused),
        ({"error": "ratelimited", "retry_after": 2}, Transient),
    ],
)
@pytest.mark.parametrize("key", [CARD, THREAD])
async def test_a_post_that_slack_refused_is_simply_made_later(
    wall: Wall, fault: dict[str, Any], error: type[BridgeError], key: str
) -> None:
    if key == THREAD:
        await wall.look(CARD)
    wall.slack.faults.api("chat.postMessage", **fault)
    with pytest.raises(error) as told:
        await wall.look(CARD, key)
    if isinstance(told.value, Transient) and not isinstance(told.value, Misconfigured):
        assert told.value.retry_after == 2
    assert [one.key for one in await wall.store.posts(1)] == ([CARD] if key == THREAD else [])
    await wall.look(CARD, THREAD)
    assert wall.shown() == [["It burns.", "It burns."]]
    assert wall.slack.called("conversations.history") == []
    assert wall.slack.called("conversations.replies") == []


@IN_MODULE
async def test_a_post_bears_the_metadata_that_names_it_and_unfurls_nothing(wall: Wall) -> None:
    await wall.look(CARD, THREAD)
    calls = [call.args for call in wall.slack.called("chat.postMessage")]
    assert [call["metadata"] for call in calls] == [
        {"event_type": EVENT_TYPE, "event_payload": {"conversation": 1, "key": CARD}},
        {"event_type": EVENT_TYPE, "event_payload": {"conversation": 1, "key": THREAD}},
    ]
    assert {(call["unfurl_links"], call["unfurl_media"]) for call in calls} <= {
        (False, False),
        ("0", "0"),
        ("false", "false"),
    }


# What is late


LATE = "Delayed"


@IN_MODULE
@pytest.mark.parametrize(
    ("late", "told"),
    [
        (timedelta(0), ""),
        (timedelta(seconds=59.9), ""),
        (timedelta(minutes=1), "Delayed 1 min by Slack"),
        (timedelta(hours=3), "Delayed 3 h by Slack"),
        (timedelta(minutes=-5), ""),
    ],
)
async def test_a_post_says_that_it_was_late_from_one_minute_on(
    wall: Wall, late: timedelta, told: str
) -> None:
    card = await wall.poster.take(1, wall.channel, step(CARD), None, late)
    await wall.poster.take(1, wall.channel, step(THREAD), card, late)
    await wall.poster.gather(wall.channel, "d1", LINES, late)
    for message in (*wall.slack.messages("support"), *wall.slack.messages("support")[0].thread):
        assert (LATE in message.all_text) == bool(told)
        assert told in message.all_text


@IN_MODULE
async def test_a_change_is_never_late(wall: Wall) -> None:
    await wall.look(CARD)
    ts = wall.slack.messages("support")[0].ts
    await wall.poster.take(1, wall.channel, step(CARD, "New", ts=ts, version="2"), None, timedelta(hours=1))
    assert wall.shown() == [["New"]]


# Many in one


LINES = [
    Line(1, 412, "Printer on fire", "Mark", 7),
    Line(2, 413, "Fax & phone <here>", "Mia", 9, ("ping:9:1",), timedelta(hours=3)),
    Line(3, 414, "Copier", "Mo", 4),
]


async def mirror(wall: Wall, *conversations: int) -> dict[tuple[int, str], tuple[str, str]]:
    """What the store holds, by conversation and key: ts and version."""
    return {
        (one, row.key): (row.ts, row.version) for one in conversations for row in await wall.store.posts(one)
    }


@IN_MODULE
async def test_a_digest_is_one_message_and_a_row_for_each_line_and_for_each_ping_in_it(wall: Wall) -> None:
    await wall.poster.gather(wall.channel, "d1", LINES, timedelta(0))
    (message,) = wall.slack.messages("support")
    for words in ("3 conversations", "Printer on fire", "Fax & phone <here>", "has waited 3 h", "Mo"):
        assert words in message.all_text
    assert await mirror(wall, 1, 2, 3) == {
        (1, DIGEST): (message.ts, "d1:7"),
        (2, DIGEST): (message.ts, "d1:9"),
        (2, "ping:9:1"): (message.ts, "d1:ping"),
        (3, DIGEST): (message.ts, "d1:4"),
    }
    (call,) = wall.slack.called("chat.postMessage")
    assert call.args["metadata"] == {
        "event_type": EVENT_TYPE,
        "event_payload": {"conversation": 0, "key": "digest:d1"},
    }


@IN_MODULE
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"error": "ratelimited", "retry_after": 9}, Transient),
        ({"error": "is_archived"}, Misconfigured),
        ({"error": "a_word_of_next_year"}, SlackRefused),
    ],
)
async def test_a_digest_that_slack_refuses_leaves_no_row(
    wall: Wall, fault: dict[str, Any], error: type[BridgeError]
) -> None:
    wall.slack.faults.api("chat.postMessage", **fault)
    with pytest.raises(error):
        await wall.poster.gather(wall.channel, "d1", LINES, timedelta(0))
    assert await mirror(wall, 1, 2, 3) == {}
    await wall.poster.gather(wall.channel, "d2", LINES, timedelta(0))
    assert len(wall.shown()) == 1


@IN_MODULE
async def test_a_digest_whose_layout_is_refused_is_said_as_plain_text(
    wall: Wall, caplog: pytest.LogCaptureFixture
) -> None:
    wall.slack.faults.api("chat.postMessage", error="invalid_blocks")
    await wall.poster.gather(wall.channel, "d1", LINES, timedelta(0))
    (message,) = wall.slack.messages("support")
    assert message.blocks == []
    assert all(
        words in message.text for words in ("Printer on fire", "Fax &amp; phone &lt;here&gt;", "Copier")
    )


@IN_MODULE
@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
async def test_a_digest_whose_answer_is_lost_is_found_again_with_one_search_for_all_its_rows(
    wall: Wall, fault: dict[str, Any]
) -> None:
    wall.slack.faults.api("chat.postMessage", after=True, **fault)
    with pytest.raises(Ambiguous):
        await wall.poster.gather(wall.channel, "d1", LINES, timedelta(0))
    assert {ts for ts, _ in (await mirror(wall, 1, 2, 3)).values()} == {""}
    for _ in range(30):
        wall.slack.workspace.from_app(wall.channel, "chatter", [])
    (message, *_) = wall.slack.messages("support")
    (row,) = await wall.store.posts(3)
    assert await wall.poster.settle(3, row, None) == message.ts
    assert {ts for ts, _ in (await mirror(wall, 1, 2, 3)).values()} == {message.ts}
    assert set(await mirror(wall, 2)) == {(2, DIGEST), (2, "ping:9:1")}
    assert len(wall.slack.called("conversations.history")) == 1


@IN_MODULE
async def test_a_digest_that_was_never_made_is_forgotten_with_one_search_for_all_its_rows(wall: Wall) -> None:
    wall.slack.faults.api("chat.postMessage", cut=True)
    with pytest.raises(Ambiguous):
        await wall.poster.gather(wall.channel, "d1", LINES, timedelta(0))
    (row,) = await wall.store.posts(1)
    assert await wall.poster.settle(1, row, None) is None
    assert await mirror(wall, 1, 2, 3) == {}
    assert len(wall.slack.called("conversations.history")) == 1


@IN_MODULE
async def test_one_digest_is_not_taken_for_another(wall: Wall) -> None:
    await wall.poster.gather(wall.channel, "d1", LINES[:1], timedelta(0))
    await wall.store.begin_posts(wall.channel, [(2, DIGEST, "d2:9")])
    await wall.look()
    (row,) = await wall.store.posts(2)
    assert await wall.poster.settle(2, row, None) is None
    assert await mirror(wall, 1, 2) == {(1, DIGEST): (wall.slack.messages("support")[0].ts, "d1:7")}


@IN_MODULE
async def test_a_digest_that_waits_for_the_operator_is_tried_each_minute(wall: Wall) -> None:
    store, health = wall.store, Health(wall.clock)
    lanes = Lanes(store, health, wall.clock, Pace(1000))
    desk: Any = SimpleNamespace(store=store, now=wall.clock)  # all of it that a digest needs
    reconciler = Reconciler(desk, wall.poster, lanes, ringing=cast(Any, None), leading=cast(Any, None))
    wall.slack.faults.api("chat.postMessage", error="missing_scope")
    await store.ring([1], "webhook")
    work = await store.claim()
    assert work is not None
    looked = Looked(customer=1, waits=(wall.channel,))
    held = wall.clock().timestamp()
    worker = Worker(store, reconciler, health, wall.clock, asyncio.Event())
    await worker.gather(wall.channel, [Waiting(work, looked, Urgency.CARD, held, LINES[0])])
    (row,) = await store.work()
    assert "scope" in row["error"]
    assert row["due"] == pytest.approx(wall.clock().timestamp() + 60, abs=5)


@IN_MODULE
async def test_a_disk_that_is_full_while_a_digest_is_made_keeps_nobody_out_for_good(
    wall: Wall, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, stopping = wall.store, asyncio.Event()
    lanes = Lanes(store, Health(wall.clock), wall.clock, Pace(1000))
    desk: Any = SimpleNamespace(store=store, now=wall.clock)  # all of it that a digest needs
    reconciler = Reconciler(desk, wall.poster, lanes, ringing=cast(Any, None), leading=cast(Any, None))
    await store._writer.do(lambda db: db.execute("pragma busy_timeout = 10"))
    other = sqlite3.connect(tmp_path / "bridge.db", isolation_level=None)
    for one in range(1, DIGEST_FROM + 1):
        await store.ring([one], "webhook")
        work = await store.claim()
        assert work is not None
        looked = Looked(customer=1, waits=(wall.channel,))
        line = Line(one, one, "Case", "Mark", 7)
        lanes.wait(wall.channel, Waiting(work, looked, Urgency.CARD, wall.clock().timestamp(), line))
        await store.looked([(work, looked)])

    worker = Worker(store, reconciler, Health(wall.clock), wall.clock, stopping)

    async def gather(lane: str, waiting: Sequence[Waiting]) -> None:
        other.execute("begin immediate")
        await worker.gather(lane, waiting)

    async def look(work: Work) -> None:
        await store.looked([(work, Looked(customer=1))])

    running = asyncio.create_task(lanes.run(look, gather, stopping))
    await asyncio.sleep(0.5)
    other.execute("rollback")
    other.close()
    await asyncio.sleep(1.5)
    stopping.set()
    await asyncio.wait_for(running, 30)
    await store.retry([row["conversation"] for row in await store.work()])
    for _ in await store.work():
        assert await store.claim() is not None


SUMMARY = Message("While I was away: 4 new", (context(plain("While I was away: 4 new")),))


@IN_MODULE
async def test_a_summary_is_said_once_and_stands_for_the_cards_it_names(wall: Wall) -> None:
    for _ in range(3):
        await wall.poster.summarise(wall.channel, "s1", SUMMARY, [(5, 12), (6, 0)])
    (message,) = wall.slack.messages("support")
    assert await mirror(wall, 0, 5, 6) == {
        (0, "summary:s1"): (message.ts, "s1:0"),
        (5, DIGEST): (message.ts, "s1:12"),
        (6, DIGEST): (message.ts, "s1:0"),
    }
    await wall.poster.summarise(wall.channel, "s2", SUMMARY, [])
    await wall.poster.summarise(wall.slack.add_channel("sales"), "s1", SUMMARY, [])
    assert len(wall.slack.called("chat.postMessage")) == 3


@IN_MODULE
@pytest.mark.parametrize("made", [True, False], ids=["and stood", "and did not"])
async def test_a_summary_whose_answer_was_lost_in_a_crash_is_said_once(wall: Wall, made: bool) -> None:
    wall.slack.faults.api("chat.postMessage", cut=True, after=made)
    with pytest.raises(Ambiguous):
        await wall.poster.summarise(wall.channel, "s1", SUMMARY, [(5, 12)])
    assert len(wall.shown()) == int(made)
    for _ in range(2):
        await wall.poster.summarise(wall.channel, "s1", SUMMARY, [(5, 12)])
    (message,) = wall.slack.messages("support")
    assert await mirror(wall, 0, 5) == {
        (0, "summary:s1"): (message.ts, "s1:0"),
        (5, DIGEST): (message.ts, "s1:12"),
    }
    assert len(wall.slack.called("chat.postMessage")) == (1 if made else 2)


@IN_MODULE
async def test_what_speaks_of_conversations_is_noted_so_also_where_it_was_cut_off(wall: Wall) -> None:
    spoken = Message("Two wait", ({**context(plain("A ladder")), "block_id": "line.6"},))
    wall.slack.faults.api("chat.postMessage", cut=True, after=True, times=2)
    for say in (
        wall.poster.summarise(wall.channel, "s1", spoken, []),
        wall.poster.take(0, wall.channel, Step("list", "1", spoken, None), None),
    ):
        with pytest.raises(Ambiguous):
            await say
    for row in await wall.store.posts(0):
        await wall.poster.settle(0, row, None)
    said = [(wall.channel, one.ts, False) for one in wall.slack.messages("support")]
    assert len(said) == 2
    assert await wall.store.mentions(6) == said


@IN_MODULE
async def test_a_summary_that_slack_refuses_may_be_said_later(wall: Wall) -> None:
    wall.slack.faults.api("chat.postMessage", error="ratelimited", retry_after=1)
    with pytest.raises(Transient):
        await wall.poster.summarise(wall.channel, "s1", SUMMARY, [(5, 12)])
    assert await mirror(wall, 0, 5) == {}


# What was deleted by hand


async def gone(wall: Wall) -> str:
    """A card that stood alone, and that somebody deleted: nothing of it is left. Return its ts."""
    await wall.look(CARD)
    (card,) = wall.slack.messages("support")
    await wall.slack.deletes(card)
    assert wall.shown() == []
    return card.ts


async def kept(wall: Wall) -> dict[str, str]:
    return {one.key: one.ts for one in await wall.store.posts(1)}


@IN_MODULE
async def test_a_reply_whose_parent_is_gone_does_not_stay_in_the_channel_and_the_card_comes_anew(
    wall: Wall,
) -> None:
    old = await gone(wall)
    with pytest.raises(CardGone) as told:
        await wall.look(CARD, THREAD)
    assert told.value.retry_after is None  # soon, then later and later
    assert wall.shown() == []
    assert await kept(wall) == {ANEW: old}
    await wall.look(CARD, THREAD)
    assert wall.shown() == [["It burns.", "It burns."]]
    assert set(await kept(wall)) == {ANEW, CARD, THREAD}


@IN_MODULE
async def test_a_reply_below_the_stub_of_a_deleted_card_stays_there(wall: Wall) -> None:
    await wall.look(CARD, THREAD)
    (card,) = wall.slack.messages("support")
    await wall.slack.deletes(card)
    await wall.look(CARD, THREAD, "thread:8")
    assert len(card.thread) == 2
    assert len(wall.shown()) == 1


@IN_MODULE
@pytest.mark.parametrize("code", ["thread_not_found", "message_not_found"])
async def test_a_slack_that_refuses_a_reply_to_what_is_gone_leads_to_a_new_card_too(
    wall: Wall, code: str
) -> None:
    old = await gone(wall)
    wall.slack.faults.api("chat.postMessage", error=code)
    with pytest.raises(CardGone):
        await wall.look(CARD, THREAD)
    assert await kept(wall) == {ANEW: old}
    await wall.look(CARD, THREAD)
    assert wall.shown() == [["It burns.", "It burns."]]


@IN_MODULE
async def test_a_reply_whose_parent_is_gone_and_whose_answer_is_lost_does_not_stay(wall: Wall) -> None:
    await gone(wall)
    wall.slack.faults.api("chat.postMessage", cut=True, after=True)
    for error in (Ambiguous, CardGone):
        with pytest.raises(error):
            await wall.look(CARD, THREAD)
    await wall.look(CARD, THREAD)
    assert wall.shown() == [["It burns.", "It burns."]]


@IN_MODULE
@pytest.mark.parametrize(
    "fault", [{"error": "ratelimited", "retry_after": 1}, {"cut": True}, {"error": "internal_error"}], ids=str
)
async def test_a_reply_whose_parent_is_gone_does_not_stay_though_it_cannot_be_deleted_at_first(
    wall: Wall, fault: dict[str, Any]
) -> None:
    await gone(wall)
    wall.slack.faults.api("chat.delete", **fault)
    for error in (BridgeError, CardGone):
        with pytest.raises(error):
            await wall.look(CARD, THREAD)
    await wall.look(CARD, THREAD)
    assert wall.shown() == [["It burns.", "It burns."]]


@IN_MODULE
async def test_a_card_that_is_gone_when_it_changes_comes_anew_and_what_stood_below_it_does_not(
    wall: Wall,
) -> None:
    await wall.look(CARD, THREAD)
    (card,) = wall.slack.messages("support")
    await wall.slack.deletes(card)
    with pytest.raises(CardGone):
        await wall.poster.take(1, wall.channel, step(CARD, "New", ts=card.ts, version="2"), None)
    assert await kept(wall) == {ANEW: card.ts, THREAD: card.thread[0].ts}
    await wall.look(CARD, THREAD)
    assert [row for row in wall.shown() if row == ["It burns."]] == [["It burns."]]
    assert set(await kept(wall)) == {ANEW, CARD, THREAD}


@IN_MODULE
async def test_a_card_deleted_twice_comes_twice(wall: Wall) -> None:
    for _ in range(2):
        await wall.look(CARD)
        (card,) = wall.slack.messages("support")
        await wall.slack.deletes(card)
        with pytest.raises(CardGone):
            await wall.look(CARD, THREAD)
    await wall.look(CARD, THREAD)
    assert wall.shown() == [["It burns.", "It burns."]]


@IN_MODULE
async def test_a_reply_that_is_gone_when_it_changes_is_left_gone(wall: Wall) -> None:
    await wall.look(CARD, THREAD)
    (card,) = wall.slack.messages("support")
    (reply,) = card.thread
    await wall.slack.deletes(reply)
    taken = step(THREAD, "New", ts=reply.ts, version="2")
    assert await wall.poster.take(1, wall.channel, taken, card.ts) == reply.ts
    assert wall.shown() == [["It burns."]]
    assert await kept(wall) == {CARD: card.ts, THREAD: reply.ts}


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
    assert (await wall.store.posts(1))[0].version == UNKNOWN  # even where the truth is back where it was
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


async def test_a_card_deleted_by_hand_comes_anew_once_says_so_and_what_follows_is_in_its_thread(
    house: House,
) -> None:
    card = await house.writes()
    await house.until(lambda: card.thread)
    await house.slack.deletes(card)
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)  # with the card's next change it is missed
    await house.until(lambda: len(house.cards()) == 2)
    again = house.cards()[1]
    house.freescout.agent_notes(1, house.ana_id, "Called them.")
    await house.until(lambda: "Called them." in house.said(again))
    await house.quiet()
    assert len(house.cards()) == 2  # the old one is a stub above its thread
    assert "deleted" in again.all_text
    assert "It burns." not in house.said(again)  # it was said once
    house.freescout.agent_sets_status(1, house.ana_id, "closed")
    await house.until(lambda: "Closed" in again.all_text)
    await house.quiet()
    assert len(house.cards()) == 2


async def test_a_card_deleted_by_hand_with_nothing_below_it_comes_anew_with_the_next_message(
    house: House,
) -> None:
    card = await house.writes()
    await house.until(lambda: card.thread)
    for message in (*card.thread, card):
        await house.slack.deletes(message)
    assert house.cards() == []
    house.freescout.customer_replies(1, "Still burning.")
    await house.until(lambda: house.cards() and "Still burning." in house.said(house.cards()[0]))
    await house.quiet()
    assert len(house.cards()) == 1  # the reply to what is gone did not stay beside it
    assert len(house.cards()[0].thread) == 1


async def test_a_channel_out_of_order_is_told_to_the_operator_and_holds_nothing_else_up(house: House) -> None:
    house.expects_errors = True
    await house.stop()
    house.slack.subscribed |= set(EVENTS)
    house.slack.add_channel("archive")
    routes = (Route("Support", "nowhere"), Route("Support", "archive"), *house.settings.routes)
    await house.start(routes=routes)
    await house.slack.archives("archive")
    card = await house.writes("Printer")
    await house.until(lambda: card.thread)
    told = await house.health(lambda told: len(told["problems"]) == 2 and told["work"]["held"] == 1)
    assert "#nowhere" in str(told["problems"])
    assert {lane["waiting"] for lane in told["lanes"].values()} == {1}
    # Mended while it runs: the next bell finds it out.
    await house.slack.unarchives("archive")
    house.slack.add_channel("nowhere")
    house.clock.skip(timedelta(minutes=1))
    house.freescout.workflow_sends(1, "convo.status")
    await house.until(lambda: house.cards("nowhere") and house.cards("archive"))
    await house.until(lambda: all(house.cards(name)[0].thread for name in ("nowhere", "archive")))
    await house.quiet()
    assert await problems(house) == ""
    assert len(house.cards()) == 1
    # Put out of order again with a card in it: Slack's own word for it is told.
    await house.slack.archives("support")
    house.freescout.customer_replies(1, "Still burning.")
    await house.until(lambda: "Still burning." in house.said(house.cards("nowhere")[0]))
    told = await house.health(lambda told: told["problems"])
    assert "is_archived" in str(told["problems"])
    await house.slack.unarchives("support")
    await house.until(lambda: "Still burning." in house.said(card))
    await house.quiet()
    assert await problems(house) == ""


@pytest.mark.parametrize("private", [True, False], ids=["invited", "unarchived"])
async def test_a_channel_that_a_route_names_is_tried_at_once_when_slack_says_it_is_right(
    empty_house: House, private: bool
) -> None:
    house = empty_house
    house.expects_errors = True
    house.slack.subscribed |= set(EVENTS)
    house.slack.add_channel("desk", private=private, bot_is_member=not private)
    if not private:
        await house.slack.archives("desk")
    await house.start(routes=(Route("Support", "desk"),))
    house.freescout.customer_writes("x@example.org", "Case", "x", mailbox=house.support)
    await house.health(lambda told: told["problems"])
    house.clock.skip(timedelta(seconds=16))
    await (house.slack.invites_bot("desk") if private else house.slack.unarchives("desk"))
    await house.until(lambda: house.cards("desk"), patience=3)


async def test_what_stands_in_an_archived_channel_is_changed_once_it_is_open_again(house: House) -> None:
    house.expects_errors = True
    house.slack.subscribed |= set(EVENTS)
    card = await house.writes("Printer")
    await house.until(lambda: card.thread)
    other = house.freescout.customer_writes("x@example.org", "Bulk order", "x", mailbox=house.sales)
    await house.until(lambda: house.cards("sales") and house.cards("sales")[0].thread)
    await house.quiet()
    await house.slack.archives("support")
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    told = await house.health(lambda told: told["problems"])
    assert "archived" in str(told["problems"])
    house.freescout.agent_assigns(other, house.ana_id, house.ana_id)
    await house.until(lambda: "Ana Alves" in house.cards("sales")[0].all_text)  # edits go on elsewhere
    assert "Ben Brandt" not in card.all_text
    await house.slack.unarchives("support")
    await house.until(lambda: "Ben Brandt" in card.all_text)
    await house.quiet()
    assert await problems(house) == ""


async def test_what_slack_refuses_the_layout_of_is_said_as_plain_text(house: House) -> None:
    house.expects_errors = True
    house.slack.faults.api(method="chat.postMessage", error="invalid_blocks")
    card = await house.writes("Odd one")
    assert card.blocks == []
    assert "#412 Odd one" in card.text
    await house.until(lambda: house.thread(card))
    house.freescout.agent_sets_status(1, house.ana_id, "closed")
    await house.until(lambda: "Closed" in card.all_text)


@IN_MODULE
async def test_what_slack_does_not_let_us_look_for_is_not_said_again(wall: Wall) -> None:
    wall.slack.faults.api("chat.postMessage", after=True, cut=True)
    with pytest.raises(Ambiguous):
        await wall.look(CARD)
    wall.slack.faults.api("conversations.history", error="access_denied")
    with pytest.raises(Transient) as told:
        await wall.look(CARD)
    assert told.value.retry_after == 60
    await wall.look(CARD)
    assert len(wall.shown()) == 1


@IN_MODULE
async def test_a_digest_on_its_way_is_not_taken_for_one_that_was_cut_off(wall: Wall) -> None:
    wall.slack.faults.api("chat.postMessage", after=True, hang=0.5)
    gathering = asyncio.create_task(wall.poster.gather(wall.channel, "name", LINES, timedelta(0)))
    while not (begun := await wall.store.posts(LINES[0].conversation)):
        await asyncio.sleep(0.01)
    with pytest.raises(Transient, match="on its way"):
        await wall.poster.settle(LINES[0].conversation, begun[0], None)
    await gathering
    (row,) = [one for one in await wall.store.posts(LINES[0].conversation) if one.key == DIGEST]
    assert row.ts
