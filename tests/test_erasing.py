"""What FreeScout deletes for ever goes from Slack as well; what is too old is replaced by a link."""

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot import crashpoints
from bot.bridgefile import Replies
from bot.eraser import Eraser
from bot.erasing import (
    EXPIRED,
    GONE,
    NARROWED,
    STAYS,
    How,
    Thing,
    authors,
    erased,
    expired,
    lessened,
    narrowed,
    thread_of,
)
from bot.errors import UserError
from bot.forgetting import forget
from bot.linking import new_code
from bot.model import Person, Status, Thread
from bot.plan import ASKED, LIST, Posted, View, plan
from bot.retention import MOST
from bot.retentionfile import Retention, read
from bot.roundup import Line, Missed, away, digest
from bot.routing import Body, Deliver, Event, Place, Route
from bot.scrubbing import scrubbed, spoken_of
from bot.store import Delivery, Draft, ReplyState, Store, Watch
from bot.tables import Where
from bot.veil import MASK, since
from bot.waitlist import Entry, listing
from sandbox.slack import Message
from tests.conftest import House
from tests.samples import ANA, MARK, NOW, sample_conversation
from tests.test_bursts import all_there, burst, card_of, digested, lines, settled, slowly
from tests.test_claims import assignee, later
from tests.test_delivery import start
from tests.test_pings import direct, ladder, passes, restarted
from tests.test_waitlist import settled as listed
from tests.test_waitlist import the_list, three_wait

DAY = timedelta(days=1)


def stands(house: House) -> str:
    """All that Slack shows anywhere, in channels, threads and direct messages, and the files that are left."""
    world = house.slack.workspace
    tops = [message for channel in world.channels.values() for message in channel.messages]
    said = [message.all_text for top in tops for message in (top, *house.slack.replies(top.channel, top.ts))]
    return "\n".join([*said, *(file.name for file in world.files.values() if not file.deleted)])


# ------------------------------------------------------------------------------------- the pure rules


def delivery(key: str, ts: str = "100.1", version: str = "v", channel: str = "C1") -> Delivery:
    return Delivery(channel, key, ts, version, 100.0)


def test_everything_goes_and_the_card_says_so_last() -> None:
    said = [
        delivery("card", "1.1"),
        delivery("thread:7", "2.1"),
        delivery("files:7", "3.1", "F01 F02"),
        delivery("files:8", "1.1", "F03"),  # Slack never said where that stands: the card's ts stood for it
        delivery("digest", "9.1", "name:7"),
        delivery("digest", "9.2", ASKED),
        delivery("ping:7:0", "9.1", "name:ping"),
        delivery("ping:7:1", "4.1", channel="D1"),
        delivery("reply:3", "5.1"),
        delivery("reply:4", "6.1"),
        delivery("line:9", "7.1", STAYS),
    ]
    things = erased(said, [("C1", "9.1", False), ("D2", "8.1", True)], {"reply:4"})
    assert [(one.channel, one.key, one.how.value, one.files) for one in things] == [
        ("C1", "thread:7", "deleted", ()),
        ("C1", "files:7", "deleted", ("F01", "F02")),
        ("C1", "files:8", "left", ("F03",)),
        ("C1", "digest", "left", ()),
        ("C1", "digest", "left", ()),
        ("C1", "ping:7:0", "left", ()),
        ("D1", "ping:7:1", "deleted", ()),
        ("C1", "reply:3", "deleted", ()),
        ("C1", "", "scrubbed", ()),
        ("D2", "", "deleted", ()),
        ("C1", "card", "replaced", ()),
    ]
    assert things[-1].version == GONE


def test_once_it_is_done_nothing_is_left_to_do() -> None:
    assert erased([delivery("card", "1.1", GONE), delivery("thread:7", "2.1", STAYS)], []) == []
    whole = erased([delivery("card", "1.1", GONE)], [], whole=True)
    assert [one.how for one in whole] == [How.DELETED]


def test_what_was_said_long_ago_expires_and_nothing_else() -> None:
    old, new = f"{(NOW - 91 * DAY).timestamp():.6f}", f"{(NOW - 89 * DAY).timestamp():.6f}"
    said = [
        delivery("card", old),
        delivery("thread:1", old),
        delivery("thread:2", new),
        delivery("thread:3", old, EXPIRED),
        delivery("reply:1", old),
        delivery("line:4", old),
        delivery("files:1", old, "F01"),
        delivery("files:2", new, "F02"),
        delivery("files:3", old, "before"),
    ]
    things = expired(said, "https://help.example.org/conversation/1", 90 * DAY, NOW)
    assert [(one.key, one.version) for one in things] == [
        ("thread:1", EXPIRED),
        ("reply:1", EXPIRED),
        ("files:1", EXPIRED),
    ]
    assert things[0].message is not None
    assert things[0].message.text == "Older than 90 d: in FreeScout"


def test_of_a_channel_that_shows_less_the_files_go_and_nothing_else() -> None:
    said = [
        delivery("card", "1.1"),
        delivery("thread:1", "2.1"),
        delivery("files:1", "3.1", "F01 F02"),
        delivery("files:2", "1.1", "F03"),
        delivery("files:3", "", "F04"),
        delivery("files:4", "4.1", EXPIRED),
        delivery("files:5", "5.1", "before"),
        delivery("unfetched:files:6", "7.1"),
        delivery("files:1", "6.1", "F05", channel="C2"),
    ]
    things = narrowed(said, ["C1"])
    assert [(one.key, one.ts, one.how.value, one.files, one.version) for one in things] == [
        ("files:1", "3.1", "deleted", ("F01", "F02"), ""),
        ("files:2", "1.1", "left", ("F03",), ""),
        ("files:3", "", "left", ("F04",), ""),
        ("unfetched:files:6", "7.1", "deleted", (), ""),
    ]


def written(body: Body, *, top: bool = False) -> str:
    """The version of the customer's message where a channel shows so much of it."""
    aloud = Deliver(frozenset({(Event.CUSTOMER, Place.CHANNEL)}) if top else frozenset())
    view = replace(seen(body), deliver=aloud)
    stands = {"card": Posted("1.1", "v")}
    return next(one.version for one in plan(view, stands) if one.key == "thread:2")


def seen(body: Body, *, routed: bool = True, **changes: Any) -> View:
    first = sample_conversation().threads[0]
    said = (first, replace(first, id=2, created_at=NOW, body=f"<p>{'It burns secretly. ' * 40}</p>"))
    truth = sample_conversation(**{"threads": said, **changes})
    return View(truth, None, "https://help.example.org/conversation/5", routed, None, NOW, body=body)


AWAY: Any = {"routed": False}
BINNED: Any = {"state": "deleted"}
SPAM: Any = {"status": Status.SPAM}
SILENT = Deliver(frozenset({(Event.NEW, Place.NOTHING), (Event.CUSTOMER, Place.NOTHING)}))


@pytest.mark.parametrize(
    ("version", "view", "becomes"),
    [
        (written(Body.FULL), seen(Body.NONE, **AWAY), NARROWED),
        (written(Body.FULL), seen(Body.SNIPPET, **AWAY), NARROWED),
        (written(Body.SNIPPET), seen(Body.NONE, **AWAY), NARROWED),
        (written(Body.FULL, top=True), seen(Body.NONE, **AWAY), f"top-{NARROWED}"),
        (written(Body.FULL), seen(Body.NONE, **BINNED), NARROWED),
        (written(Body.FULL), seen(Body.NONE, threads=()), NARROWED),  # FreeScout has this message no more
        # without a card the plan sees to nothing of spam, nor to what its route says no more
        (written(Body.FULL, top=True), seen(Body.NONE, **SPAM), f"top-{NARROWED}"),
        (written(Body.FULL, top=True), replace(seen(Body.NONE), deliver=SILENT), f"top-{NARROWED}"),
        # it is no more than that
        (written(Body.NONE), seen(Body.NONE, **AWAY), None),
        (written(Body.SNIPPET), seen(Body.SNIPPET, **BINNED), None),
        (written(Body.NONE, top=True), seen(Body.NONE, **AWAY), None),
        # the plan sees to it
        (written(Body.FULL), seen(Body.NONE), None),
        # nothing is left to do
        (NARROWED, seen(Body.NONE, **AWAY), None),
        (f"top-{NARROWED}", seen(Body.NONE, **AWAY), None),
        (EXPIRED, seen(Body.NONE, **AWAY), None),
        ("name:thread:2", seen(Body.NONE, **AWAY), None),  # a line of a digest
    ],
)
def test_what_no_plan_makes_less_gives_way_to_a_link(version: str, view: View, becomes: str | None) -> None:
    said = [delivery("thread:2", "2.1", version), delivery("thread:2", "3.1", version, channel="C2")]
    things = list(lessened(said, {"C1": view}))
    assert [(one.ts, one.how, one.version) for one in things] == (
        [("2.1", How.REPLACED, becomes)] if becomes else []
    )
    assert all("secretly" not in repr(one.message) for one in things)


def test_what_gave_way_to_a_link_is_drawn_again_where_the_conversation_comes_back() -> None:
    for version in (NARROWED, f"top-{NARROWED}"):
        stands = {"card": Posted("1.1", "v"), "thread:2": Posted("2.1", version)}
        again = next(one for one in plan(seen(Body.SNIPPET), stands) if one.key == "thread:2")
        assert (again.ts, again.top) == ("2.1", version.startswith("top-"))
        assert "secretly" in repr(again.message)


def missed(identity: int) -> Missed:
    url = f"https://help.example.org/conversation/{identity}"
    return Missed(identity, f"#{identity} Title {identity}", url, f"Customer {identity}", True, 0, False)


def entry(identity: int) -> Entry:
    url = f"https://help.example.org/conversation/{identity}"
    return Entry(identity, f"Title {identity}", url, f"Customer {identity}", "nobody's", NOW - DAY)


MANY = [
    digest([Line(one, one, f"Title {one}", f"Customer {one}", 1) for one in (4, 41, 412)], None),
    away([missed(4), missed(41), missed(412)], DAY),
    away([missed(4), missed(41), missed(412)], DAY, 2),
    listing([entry(4), entry(41), entry(412)], NOW),
]


@pytest.mark.parametrize("message", MANY)
def test_of_a_message_that_speaks_of_many_one_line_is_taken(message: Any) -> None:
    assert spoken_of(message.blocks) == {4, 41, 412}
    left = scrubbed(message.blocks, 41)
    assert left is not None
    told = json.dumps([left.text, left.blocks])
    assert 'Title 41"' not in told
    assert 'Customer 41"' not in told.replace(" · ", '"').replace("Customer 412", "")
    assert "Title 412" in told
    assert "Title 4" in told.replace("Title 41", "")
    assert spoken_of(left.blocks) == {4, 412}
    assert scrubbed(left.blocks, 41) is None
    last = scrubbed(scrubbed(left.blocks, 4).blocks, 412)  # type: ignore[union-attr]
    assert last is not None
    assert spoken_of(last.blocks) == set()


def test_of_what_is_forgotten_only_that_is_shown_which_its_customer_began_anew() -> None:
    conversation = sample_conversation()
    ids = [one.id for one in conversation.threads]
    assert since(conversation, max(ids)) is None
    again = since(conversation, 0)
    assert again is not None
    assert again.threads[0].type == "customer"


@pytest.mark.parametrize(
    ("kind", "created_by", "customer", "whose"),
    [
        ("customer", MARK, MARK, 1),
        ("customer", Person(2, "customer"), MARK, 2),  # in copy
        ("customer", None, MARK, 1),
        ("customer", ANA, MARK, 1),  # taken down by an agent
        ("customer", None, None, None),
        ("message", ANA, MARK, None),
        ("note", ANA, MARK, None),
        ("lineitem", None, MARK, None),
    ],
)
def test_whose_message_it_is(
    kind: str, created_by: Person | None, customer: Person | None, whose: int | None
) -> None:
    thread = Thread(77, kind, "published", NOW, created_by=created_by, customer=customer)
    assert authors(sample_conversation(threads=(thread,))) == ({} if whose is None else {77: whose})


@pytest.mark.parametrize(
    ("key", "thread"),
    [
        ("thread:77", 77),
        ("files:77", 77),
        ("unfetched:files:77", 77),
        ("ping:77:1", 0),
        ("line:77", 0),
        ("reply:77", 0),
        ("card", 0),
    ],
)
def test_under_which_keys_somebodys_words_and_files_stand(key: str, thread: int) -> None:
    assert thread_of(key) == thread


@pytest.mark.parametrize(
    ("table", "after", "says"),
    [
        ({}, None, ""),
        ({"after": "90d"}, 90 * DAY, ""),
        ({"after": "90 days"}, None, 'Did you mean "90d"?'),
        ({"after": "1h"}, None, "a day at least"),
        ({"after": 90}, None, 'like "90d"'),
    ],
)
def test_the_table_of_the_file(table: dict[str, object], after: timedelta | None, says: str) -> None:
    problems: list[str] = []
    assert read(Where("bridge.toml", "[retention]"), table, problems) == Retention(after)
    assert says in "".join(problems)
    assert bool(problems) == bool(says)


# ------------------------------------------------------------------------------------- what is remembered


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    one = Store(str(tmp_path / "bridge.db"), lambda: NOW)
    yield one
    await one.close()


async def says(store: Store, conversation: int, key: str, ts: str, version: str) -> None:
    await store.begin_post(conversation, "C1", key, version)
    await store.posted(conversation, "C1", key, ts, version)


@pytest.mark.parametrize(
    ("key", "version", "old"),
    [
        ("thread:7", "v", True),
        ("thread:7", "name:said", False),  # a digest says it
        ("thread:7", EXPIRED, False),
        ("reply:7", "v", True),
        ("files:7", "F01 F02", True),
        ("files:7", "before", False),
        ("files:7", "", False),
        ("card", "v", False),
    ],
)
async def test_only_what_expires_is_looked_for(store: Store, key: str, version: str, old: bool) -> None:
    await says(store, 5, key, "100.1", version)
    assert await store.old_posts(200, 0, 9, (EXPIRED,)) == ([5] if old else [])
    assert bool(expired(await store.posts(5), "https://help.example.org/5", DAY, NOW)) == old


async def test_old_messages_are_gone_through_but_for_a_list_that_lives(store: Store) -> None:
    for ts, alone in (("100.1", False), ("100.2", True), ("100.3", False), ("900.1", False)):
        await store.mention("C1", ts, 5, alone=alone)
    await says(store, 0, LIST, "100.3", "v")
    assert await store.old_mentions(200, 0, 1, LIST) == [("C1", "100.1")]
    assert await store.old_mentions(200, 100.1, 9, LIST) == [("C1", "100.2")]


async def test_of_many_that_are_deleted_at_once_no_line_comes_back(store: Store) -> None:
    """Each reads the message and writes what is left: nobody in between, who would write a line back."""
    stands, every = {"blocks": list(MANY[0].blocks)}, (4, 41, 412)

    async def history(**_: Any) -> Any:
        told = {"messages": [{"ts": "100.1", "blocks": list(stands["blocks"])}]}
        await asyncio.sleep(0)
        return SimpleNamespace(data=told)

    async def update(*, blocks: Any, **_: Any) -> Any:
        await asyncio.sleep(0)
        stands["blocks"] = list(blocks)
        return SimpleNamespace(data={})

    web: Any = SimpleNamespace(conversations_history=history, chat_update=update)
    eraser = Eraser(web, store)
    await asyncio.gather(*(eraser.take(one, Thing("C1", "", "100.1", How.SCRUBBED)) for one in every))
    assert spoken_of(stands["blocks"]) == set()


# ------------------------------------------------------------------------------------- in the house


async def full(house: House, **changes: Any) -> Message:
    """A conversation of which Slack shows all that it can."""
    steps = ladder((1, "thread"), (2, "channel"), (4, "assignee"))
    await restarted(house, ladders=steps, **changes)
    files = [("plan.pdf", "application/pdf", b"%PDF")]
    card = await house.writes("Secret fire", "<p>It burns secretly.</p>", attachments=files)
    await house.until(lambda: "plan.pdf" in [one.name for one in house.slack.workspace.files.values()])
    house.freescout.agent_assigns(1, house.ana_id, house.ana_id)
    await house.ana.types("/freescout note 412 A secret note", channel="support")
    await house.until(lambda: "A secret note" in house.said(card))
    for hours in (1.5, 1, 2):
        await passes(house, hours)
    await house.until(lambda: direct(house, house.ana))
    return card


def only_the_card(house: House, card: Message) -> bool:
    told = stands(house).lower()
    return "for good" in card.all_text and not any(
        one in told for one in ("secret", "fire", "plan.pdf", "mark")
    )


async def test_what_is_deleted_for_ever_leaves_one_line(house: House) -> None:
    card = await full(house)
    house.freescout.agent_deletes_forever(1)
    await house.until(lambda: only_the_card(house, card))
    assert house.thread(card) == []
    calls = len(house.slack.calls)
    house.clock.skip(timedelta(minutes=3))  # it is made sure, and nothing is left to do
    await house.quiet()
    assert [one.method for one in house.slack.calls[calls:] if "delete" in one.method] == []


async def test_what_is_not_there_without_a_word_gets_an_hour(house: House) -> None:
    card = await full(house)
    world = house.freescout.world.conversations
    house.freescout.faults.webhooks(drop=1000)
    gone = dict(world)
    house.freescout.agent_deletes_forever(1)
    await looked_at(house)
    house.clock.skip(timedelta(minutes=59))
    await looked_at(house)
    assert "secret" in house.said(card)  # FreeScout may be on its way back
    world.update(gone)
    house.clock.skip(timedelta(minutes=2))
    await looked_at(house)
    world.pop(1)
    house.clock.skip(timedelta(days=2))
    await looked_at(house)
    assert "secret" in house.said(card)
    house.clock.skip(timedelta(minutes=61))
    await house.until(lambda: only_the_card(house, card))


async def looked_at(house: House, *conversations: int) -> None:
    """Have the bridge look at conversations once more: at the first, where none is named."""
    every = conversations or (1,)
    asked = len(house.freescout.requests)
    store = Store(house.settings.database_path, house.clock, visiting=True)
    await store.ring(every, "sweep")
    await store.close()
    for one in every:
        await house.until(lambda: any(f"/{one}" in had.path for had in house.freescout.requests[asked:]))
    await house.quiet()


@pytest.mark.parametrize("asked", [False, True])
async def test_a_line_in_a_digest_goes_with_its_conversation(empty_house: House, asked: bool) -> None:
    house = empty_house
    await slowly(house)
    burst(house, 16)
    await all_there(house, 16)
    digest, conversation = await digested(house)
    if asked:
        await house.ana.presses(f"line.{conversation}", on=digest)
        await house.until(lambda: card_of(house, conversation))
    await settled(house)
    left = [one for one in lines(digest) if one != f"line.{conversation}"]
    house.freescout.agent_deletes_forever(conversation)
    await house.until(lambda: f"line.{conversation}" not in lines(digest) or digest not in house.cards())
    await settled(house)
    assert digest in house.cards()
    assert lines(digest) == left


@pytest.mark.parametrize("point", ["erase.begun", "erase.made"])
async def test_a_deletion_that_is_cut_off_is_taken_up(house: House, point: str) -> None:
    card = await full(house)
    dies = iter([False, True, False, True])

    def die(reached: str) -> None:
        if reached == point and next(dies, False):
            raise OSError("cut off")

    house.expects_errors = True
    crashpoints.arm(die)
    try:
        house.freescout.agent_deletes_forever(1)
        await house.until(lambda: next(dies, None) is None or only_the_card(house, card))
    finally:
        crashpoints.arm(None)
    await restarted(house)
    await house.until(lambda: only_the_card(house, card))


async def test_what_slack_lets_nobody_delete_says_nothing_any_more(house: House) -> None:
    card = await full(house)
    house.slack.faults.api("chat.delete", error="cant_delete_message", times=100)
    house.freescout.agent_deletes_forever(1)
    await house.until(lambda: only_the_card(house, card))


async def test_an_archived_channel_keeps_no_other_waiting(house: House) -> None:
    both = tuple(Route("Support", channel) for channel in ("sales", "support"))
    await restarted(house, routes=both)
    card = await house.writes("Secret fire", "<p>It burns secretly.</p>")
    elsewhere = await house.until(lambda: next(iter(house.cards("sales")), None))
    house.expects_errors = True
    house.slack.subscribed |= {"channel_unarchive"}
    await house.slack.archives("sales")
    house.freescout.agent_deletes_forever(1)
    await house.until(lambda: "for good" in card.all_text)
    assert house.thread(card) == []
    assert "Secret fire" in elsewhere.all_text
    another = await house.writes("Another", "<p>It works.</p>")
    house.freescout.agent_assigns(2, house.ana_id, house.ana_id)
    await house.until(lambda: "Ana" in another.all_text, 15)  # edits go on
    await house.slack.unarchives("sales")
    await house.until(lambda: "for good" in elsewhere.all_text)
    assert house.thread(elsewhere) == []


async def test_nothing_waits_for_a_channel_that_the_bot_does_not_see(house: House) -> None:
    card = await full(house)
    house.slack.faults.api("chat.delete", error="channel_not_found", times=100)
    house.freescout.agent_deletes_forever(1)
    await house.until(lambda: "for good" in card.all_text)
    await house.quiet()
    assert (await house.health())["lanes"] == {}
    store = Store(house.settings.database_path, house.clock, visiting=True)
    assert {one.key for one in await store.posts(1)} == {"card"}
    await store.close()


async def test_what_people_were_told_directly_goes_with_its_conversation(house: House) -> None:
    card = await house.writes("Secret fire", "<p>It burns secretly.</p>")
    await house.ana.presses("I'm On It", on=card)
    await house.until(lambda: "is on it" in card.all_text)
    await house.ben.types("/freescout snooze 412 5h", channel="support")
    await house.until(lambda: any("Secret fire" in one.all_text for one in direct(house, house.ana)))
    house.freescout.agent_deletes_forever(1)
    await house.until(lambda: "for good" in card.all_text)
    assert direct(house, house.ana) == []


def texts(house: House) -> set[tuple[str, ...]]:
    """What the outbox holds of people's words."""
    with closing(sqlite3.connect(house.settings.database_path)) as database:
        return set(database.execute("select text, html, rich from outbox"))


async def test_what_is_too_old_becomes_a_link(house: House) -> None:
    card = await full(house, retention=Retention(90 * DAY), replies=Replies(timedelta(minutes=1)))
    await house.opens(house.ana, "Reply", card)
    await house.ana.submits({"Reply": "Never mind the ladder"})
    held = await house.until(
        lambda: next((m for m in house.thread(card) if "the ladder" in m.all_text), None)
    )
    await house.ana.presses("Cancel", on=held)
    await house.until(lambda: "Cancel" not in held.all_text.replace("Cancelled", ""))
    house.freescout.agent_replies(1, house.ana_id, "<p>No secret.</p>")
    await house.until(lambda: "No secret" in house.said(card))
    house.clock.skip(91 * DAY)
    await restarted(house)  # its rounds are made at once
    bodies = ("secretly", "A secret note", "No secret.", "the ladder")
    await house.until(lambda: not any(one in house.said(card) for one in bodies))
    assert "Older than 90 d: Open in FreeScout" in house.said(card)
    await house.until(lambda: texts(house) == {("", "", "")})
    assert "plan.pdf" not in stands(house)
    house.freescout.customer_replies(1, "<p>It burns anew.</p>")
    await house.until(lambda: "It burns anew." in house.said(card))
    assert "secretly" not in house.said(card)


async def test_an_archived_channel_keeps_no_other_from_growing_old(house: House) -> None:
    await restarted(house, retention=Retention(90 * DAY))
    sales, support = house.slack.channel("sales").id, house.slack.channel("support").id
    summary = house.slack.workspace.from_app(support, "Secret fire", [])
    await house.slack.archives("sales")
    store = Store(house.settings.database_path, house.clock, visiting=True)
    for number in range(MOST):
        await store.mention(sales, f"100.{number:06}", 7)
    await store.mention(support, summary.ts, 7)
    house.clock.skip(91 * DAY)
    for _ in range(2):  # each start makes a round
        await restarted(house)
    await house.until(lambda: summary.text != "Secret fire")
    await house.quiet()
    assert len(await store.mentions(7)) == MOST
    await store.close()


async def test_a_reply_that_was_given_up_goes_once_its_words_are_wiped(store: Store) -> None:
    draft = Draft("V1", 5, 412, "message", "Hello", 3, "U1", "C1", "1.2", "mark@example.org", "pending")
    assert await store.queue(draft)
    (reply,) = await store.untold()
    await store.mark_reply(reply, ReplyState.FAILED)
    assert await store.undecided(5) == [reply.id]
    (failed,) = await store.untold()
    await store.tell_reply(failed)
    assert await store.wipe_texts(NOW.timestamp() + 1) == 1
    assert await store.undecided(5) == []


# ------------------------------------------------------------------------------------- forgetting


async def forgotten(
    house: House, *conversations: int, email: str = "mark@example.org", dry: bool = False
) -> str:
    ids = [str(one) for one in conversations]
    said, _ = await forget(house.settings, email, ids, house.clock(), dry=dry, pause=0)
    return said


async def test_a_customer_is_forgotten_beside_the_running_bridge(house: House) -> None:
    card = await full(house)
    house.freescout.agent_replies(1, house.ana_id, "<p>It is a secret.</p>")
    await house.until(lambda: "It is a secret." in house.said(card))
    await house.quiet()
    before = stands(house)
    told = await forgotten(house, dry=True)
    assert "Conversations: 1." in told
    assert "1 cards would be removed" in told
    assert stands(house) == before
    told = await forgotten(house)
    assert "1 cards removed" in told
    assert "NOT" not in told
    assert "audit log" in told
    await house.quiet()
    for word in ("secret", "fire", "plan.pdf", "mark"):
        assert word not in stands(house).lower()
    house.freescout.agent_assigns(1, house.ben_id, house.ana_id)
    house.clock.skip(timedelta(minutes=3))
    await house.quiet()
    await house.ana.types("/freescout waiting", channel="support")
    await house.ana.types("/freescout show 412", channel="support")
    await house.until(
        lambda: any("was forgotten here" in one.all_text for one in house.slack.ephemerals(house.ana))
    )
    assert "fire" not in stands(house).lower()
    assert (
        "fire"
        not in "".join(one.all_text for one in house.slack.ephemerals(house.ana))[len(before) :].lower()
    )
    calls = len(house.slack.calls)
    house.freescout.customer_replies(1, "<p>Hello again.</p>")
    anew = await house.until(lambda: house.cards() and house.cards()[-1])
    await house.until(lambda: "Hello again." in house.said(anew))
    assert "secret" not in stands(house).lower().replace("secret fire", "")
    assert any(one.method == "chat.postMessage" for one in house.slack.calls[calls:])


async def test_who_is_forgotten_does_not_come_back_with_the_list_of_those_who_wait(house: House) -> None:
    """Nothing else stands of it by then: the list is told all the same."""
    await three_wait(house, 4)
    one_list = await the_list(house)
    await listed(house, lambda: "4 customers wait too long" in one_list.all_text)
    await house.quiet()
    await forgotten(house, email="c1@example.org")
    assert "Question 1" not in one_list.all_text
    await listed(house, lambda: "3 customers wait too long" in one_list.all_text)
    assert "Question 1" not in one_list.all_text
    assert "C1" not in one_list.all_text


async def test_what_is_forgotten_does_not_come_back_with_a_claim_that_ends(house: House) -> None:
    card = await house.writes(body="<p>It is a secret.</p>")
    house.freescout.agent_notes(1, house.ana_id, f"<p>{new_code()}</p>")
    await house.until(lambda: MASK in house.said(card))
    await house.quiet()
    await forgotten(house)
    await house.quiet()
    house.clock.skip(timedelta(minutes=5))
    house.freescout.customer_replies(1, "<p>Hello again.</p>")
    anew = await house.until(lambda: house.cards() and house.cards()[-1])
    code = new_code()
    house.freescout.agent_notes(1, house.ana_id, f"<p>{code}</p>")
    await house.until(lambda: MASK in house.said(anew))
    await house.quiet()
    await house.ben.types("/freescout claim 412")
    await house.until(lambda: assignee(house) == house.ben_id)
    await house.quiet()
    await later(house, 31)
    await house.until(lambda: "Still on it" in house.said(anew))
    await later(house, 11)
    await house.until(lambda: assignee(house) != house.ben_id)
    await house.until(lambda: "so it is released" in house.said(anew))
    await house.quiet()
    assert "secret" not in stands(house)
    assert code not in stands(house)


async def test_what_is_forgotten_is_not_turned_to_in_a_window_that_is_open(house: House) -> None:
    body = "".join(f"<p>This is paragraph {number} of a secret.</p>" for number in range(1, 1501))
    card = await house.writes(body=body)
    mail = await house.until(lambda: house.thread(card) and house.thread(card)[0])
    modal = await house.opens(house.ana, "Show Full Mail", mail)
    before = modal.all_text
    await forgotten(house)
    await house.quiet()
    house.clock.skip(timedelta(minutes=5))
    house.freescout.customer_replies(1, "<p>Hello again.</p>")
    await house.until(lambda: house.cards() and "Hello again." in house.said(house.cards()[-1]))
    await house.ana.presses("Next Part")
    await house.until(lambda: "does not have this message" in stands(house))
    assert modal.all_text == before


async def test_what_could_not_be_removed_is_reported(house: House) -> None:
    card = await full(house)
    for method in ("chat.delete", "chat.update"):
        house.slack.faults.api(method, error="cant_delete_message", times=100)
    house.expects_errors = True
    told = await forgotten(house, 1, email="")
    assert "NOT removed" in told
    assert card.ts in told


async def test_what_stands_where_the_bot_sees_nothing_is_reported_as_not_removed(house: House) -> None:
    card = await full(house)
    house.slack.faults.api("chat.delete", error="channel_not_found", times=100)
    told = await forgotten(house)
    assert f"NOT removed: {card.channel}, {card.ts}: the bot sees no such channel" in told
    assert "removed." not in told.split("Database")[0].replace("NOT removed", "")


async def test_what_is_forgotten_does_not_come_back_by_a_merge(house: House) -> None:
    card = await house.writes("Secret fire", "<p>It burns secretly.</p>")
    await forgotten(house)
    assert card not in house.cards()
    other = await house.writes("A ladder", "<p>It is too short.</p>", email="anna@example.org")
    house.freescout.agent_merges(2, 1, house.ana_id)
    await looked_at(house, 2)
    assert "too short" in house.said(other)
    assert "secretly" not in stands(house)


async def test_what_a_merge_has_taken_elsewhere_is_forgotten_there(house: House) -> None:
    await house.writes("Secret fire", "<p>It burns secretly.</p>")
    other = await house.writes("A ladder", "<p>It is too short.</p>", email="anna@example.org")
    house.freescout.agent_merges(2, 1, house.ana_id)
    await looked_at(house, 2)
    await house.until(lambda: "secretly" in house.said(other))
    told = await forgotten(house)
    assert "Messages of theirs in conversation 2, which stays." in told
    assert "conversation 1 was merged with another" in told
    await house.quiet()
    assert "secretly" not in stands(house)
    assert "too short" in house.said(other)
    assert other in house.cards()


@pytest.mark.parametrize("seen", [True, False])
async def test_what_a_merge_has_taken_is_forgotten_though_the_trash_was_emptied(
    house: House, seen: bool
) -> None:
    await house.writes("Secret fire", "<p>It burns secretly.</p>")
    other = await house.writes("A ladder", "<p>It is too short.</p>", email="anna@example.org")
    house.freescout.agent_merges(2, 1, house.ana_id)
    if seen:
        await looked_at(house, 2)
        await house.until(lambda: "secretly" in house.said(other))
    house.freescout.agent_deletes_forever(1)
    await house.quiet()
    told = await forgotten(house)
    assert "Conversations: none of their own." in told
    assert ("Messages of theirs in conversation 2, which stays." in told) is seen
    await looked_at(house, 2)
    assert "secretly" not in stands(house)
    assert "too short" in house.said(other)
    assert "Nothing is known" in await forgotten(house)


def mark_gave_his_to_anna(house: House) -> None:
    anna = house.freescout.world.customer_with("anna@example.org")
    assert anna
    house.freescout.agent_changes_customer(1, house.ana_id, anna.id)
    house.freescout.agent_notes(1, house.ana_id, "<p>It is hers.</p>")


def mark_wrote_in_hers(house: House) -> None:
    house.freescout.customer_replies(2, "<p>Mark here, secretly.</p>", email="mark@example.org")


@pytest.mark.parametrize(
    ("done", "where", "own"), [(mark_gave_his_to_anna, 1, ""), (mark_wrote_in_hers, 2, "1")]
)
async def test_what_somebody_wrote_in_a_conversation_of_another_is_forgotten_and_nothing_else(
    house: House, done: Callable[[House], None], where: int, own: str
) -> None:
    cards = [await house.writes("Fire", "<p>It burns secretly.</p>")]
    cards.append(await house.writes("A ladder", "<p>It is too short.</p>", email="anna@example.org"))
    card = cards[where - 1]
    done(house)
    await house.quiet()
    assert "secretly" in house.said(card)
    before = stands(house)
    told = await forgotten(house, dry=True)
    assert "would be removed" in told
    assert stands(house) == before
    told = await forgotten(house)
    assert f"Conversations: {own or 'none of their own'}." in told
    assert f"Messages of theirs in conversation {where}, which stays." in told
    assert f"Stays: of conversation {where}, the subject and what others wrote there." in told
    await house.quiet()
    house.freescout.customer_replies(where, "<p>Anna again.</p>", email="anna@example.org")
    await house.until(lambda: "Anna again." in house.said(card))
    assert "secretly" not in stands(house)
    assert card in house.cards()
    assert "too short" in stands(house)
    house.freescout.customer_replies(where, "<p>Mark anew.</p>", email="mark@example.org")
    await house.until(lambda: "Mark anew." in house.said(card))


async def test_what_is_kept_to_find_them_again_is_not_reported_as_removed(house: House) -> None:
    card = await house.writes("A ladder", "<p>It is too short.</p>", email="anna@example.org")
    house.freescout.customer_replies(1, "<p>It burns secretly.</p>", email="mark@example.org")
    await house.until(lambda: "secretly" in house.said(card))
    await house.quiet()
    for method in ("chat.delete", "chat.update"):
        house.slack.faults.api(method, error="cant_delete_message", times=2)
    house.expects_errors = True
    rows = "Database: who wrote which message of others' conversations, 1 removed."
    told = await forgotten(house)
    assert "NOT removed" in told
    assert rows not in told
    assert rows in await forgotten(house)


@pytest.mark.parametrize("cut_off", [False, True])
async def test_a_look_takes_away_what_was_said_of_a_message_while_it_was_forgotten(
    house: House, cut_off: bool
) -> None:
    card = await house.writes("Fire", "<p>It burns secretly.</p>")
    house.freescout.customer_replies(1, "<p>And it smokes.</p>")
    await house.until(lambda: "smokes" in house.said(card))
    await house.quiet()
    visiting = Store(house.settings.database_path, house.clock, visiting=True)
    first = min(house.freescout.world.conversations[1].threads, key=lambda one: one.id)
    await visiting.forget_threads({first.id: 1})  # as if a look had said it a moment later
    if cut_off:
        await visiting.begin_post(1, card.channel, f"thread:{first.id}", "v")
    await visiting.close()
    await looked_at(house)
    await house.until(lambda: "secretly" not in stands(house))
    assert "smokes" in house.said(card)


async def test_who_wrote_what_is_forgotten_with_what_is_deleted_for_ever(house: House) -> None:
    await house.writes("Fire", "<p>It burns secretly.</p>")
    await house.quiet()
    visiting = Store(house.settings.database_path, house.clock, visiting=True)
    mark = house.freescout.world.conversations[1].customer
    assert list((await visiting.written_by([mark])).values()) == [1]
    house.freescout.agent_deletes_forever(1)
    await house.quiet()
    house.clock.skip(timedelta(minutes=3))
    await house.quiet()
    assert await visiting.written_by([mark]) == {}
    await visiting.close()


async def test_a_reply_on_its_way_is_reported_and_its_writer_keeps_their_words(house: House) -> None:
    await restarted(house, replies=Replies(timedelta(minutes=5)))
    card = await house.writes("Secret fire", "<p>It burns secretly.</p>")
    await house.opens(house.ana, "Reply", card)
    await house.ana.submits({"Reply": "My own words"})
    await house.until(lambda: "My own words" in house.said(card))
    told = await forgotten(house)
    assert "NOT removed: 1 of the replies and notes to conversation 1" in told
    house.clock.skip(timedelta(minutes=6))
    await house.until(lambda: direct(house, house.ana))
    house.clock.skip(timedelta(minutes=3))
    await house.quiet()
    assert house.freescout.outbox == []
    assert "My own words" in stands(house)
    assert "secretly" not in stands(house)
    assert "NOT" not in await forgotten(house)
    assert "My own words" not in stands(house)


async def test_routes_that_name_somebody_who_is_forgotten_are_reported(house: House) -> None:
    await house.writes("Secret fire", "<p>It burns secretly.</p>")
    store = Store(house.settings.database_path, house.clock, visiting=True)
    await store.add_watch(Watch("C7", '{"customer": "Mark@example.org"}', "U1", 3))
    said = "C7: customer = Mark@example.org"
    await store.audit(slack_user="U1", user=3, action="watch", conversation=0, after=said, outcome="done")
    await store.close()
    told = await forgotten(house)
    assert "watch 1 of channel C7 names this address" in told
    assert "entries 1 of the audit log name this address" in told


async def test_nobody_is_forgotten_who_is_not_known(house: House) -> None:
    assert "no conversation was found" in await forgotten(house, email="nobody@example.org")


async def test_a_conversation_is_forgotten_by_its_id_its_address_or_its_number(house: House) -> None:
    for subject in ("Mark", "Other", "Third"):
        await house.writes(f"{subject} secret", "<p>It burns.</p>", email=f"{subject}@example.org")
    await house.quiet()
    for words, subject in (("1", "Mark"), (house.settings.conversation_url(2), "Other"), ("#414", "Third")):
        assert f"{subject} secret" in stands(house)
        said, status = await forget(house.settings, "", [words], house.clock(), dry=False, pause=0)
        assert status == 0
        assert "1 cards removed" in said
        assert f"{subject} secret" not in stands(house)
    house.freescout.agent_deletes_forever(1)
    await house.quiet()
    said, status = await forget(house.settings, "", ["1"], house.clock(), dry=False, pause=0)
    assert status == 0  # again, of what only the bridge knows any more


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("412", "No conversation with the id 412 is known, so nothing was done."),
        ("412", "if 412 is the number that people say, write '#412'"),
        ("#1", "FreeScout has no conversation #1"),
        ("https://other.example/conversation/1", "an address of another FreeScout"),
        ("Printer", "'Printer' is no conversation"),
    ],
)
async def test_nothing_is_forgotten_where_a_conversation_is_not_known(
    house: House, words: str, says: str
) -> None:
    await house.writes("Mark secret", "<p>It burns.</p>")
    await house.quiet()
    with pytest.raises(UserError, match=re.escape(says)):
        await forget(house.settings, "", ["1", words], house.clock(), dry=False, pause=0)
    assert "Mark secret" in stands(house)


async def test_who_has_yet_to_decide_keeps_the_question_and_their_words(house: House) -> None:
    await restarted(house, replies=Replies(timedelta(minutes=1)))
    card = await house.writes("Secret fire", "<p>It burns secretly.</p>")
    await house.opens(house.ana, "Reply", card)
    await house.ana.submits({"Reply": "My own words"})
    await house.until(lambda: "My own words" in house.said(card))
    house.freescout.agent_deletes_forever(1)
    await house.until(lambda: "for good" in card.all_text)
    house.clock.skip(timedelta(minutes=2))
    await house.until(lambda: direct(house, house.ana))
    house.clock.skip(timedelta(minutes=3))
    await house.quiet()
    assert direct(house, house.ana)
    assert "secretly" not in stands(house)
    assert "My own words" in stands(house)


async def test_a_body_that_becomes_less_does_so_where_a_conversation_left_or_was_deleted(
    empty_house: House,
) -> None:
    house = empty_house
    sales = {"mailbox": "Sales", "channel": "sales"}
    await start(house, {}, sales)
    files = [("plan.pdf", "application/pdf", b"%PDF")]
    moved = await house.writes("Moved", "<p>Code 4711 moved.</p>", attachments=files)
    binned = await house.writes("Trash", "<p>Code 4711 trashed.</p>")
    brought = house.slack.workspace.files
    await house.until(lambda: brought)
    await house.quiet()
    house.freescout.agent_moves(1, house.ana_id, house.sales)
    house.freescout.agent_deletes(2)
    await house.until(lambda: "Moved to Sales" in moved.all_text and "Deleted" in binned.all_text)
    await house.quiet()
    assert "4711" in house.said(moved)
    await house.stop()
    await start(house, {"body": "none"}, sales)
    await looked_at(house, 1, 2)
    assert "4711" not in house.said(moved) + house.said(binned)
    assert "Not shown in this channel any more: Open in FreeScout" in house.said(moved)
    (there,) = house.cards("sales")
    assert "4711" in house.said(there)
    assert [one.deleted for one in brought.values()] == [True, False]
