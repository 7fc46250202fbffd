"""What no webhook said: found by the sweep, and after an absence told in one summary."""

import asyncio
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from bot import crashpoints, sweep
from bot.bridgefile import Stale, Sweep
from sandbox.slack import Message
from tests.conftest import House
from tests.test_delivery import route

OFTEN = Sweep(timedelta(seconds=0.2))
PATIENT = Stale((timedelta(days=3),), timedelta(minutes=1))
"""Nobody waits too long: what comes is there for another reason."""
NO_MORE = 100_000
AWAY = "While I was away"


def lists(house: House) -> int:
    """How many sweeps have asked what changed."""
    return sum("updatedSince" in one.query and one.query["state"] == "published" for one in asked(house))


def asked(house: House) -> list:
    return [one for one in house.freescout.requests if one.path.startswith("/api/")]


async def sweeps(house: House, count: int) -> None:
    """Wait until so many more sweeps have begun."""
    wanted = lists(house) + count
    await house.until(lambda: lists(house) >= wanted)


async def started(house: House, **changes: object) -> None:
    """Start the bridge with a fast sweep, and let its first ones pass."""
    await house.start(sweep=OFTEN, **changes)
    await sweeps(house, 1)


async def unheard(house: House, **changes: object) -> None:
    """The same, and no webhook comes any more."""
    await started(house, **changes)
    house.freescout.faults.webhooks(drop=NO_MORE)


def spoken(house: House) -> int:
    """How many messages were posted or changed."""
    return len(house.slack.called("chat.postMessage")) + len(house.slack.called("chat.update"))


async def settled(house: House) -> None:
    """Wait until two sweeps in a row found nothing to say: where one follows the other, it is never quiet."""
    seen = -1
    while seen != spoken(house):
        seen = spoken(house)
        await sweeps(house, 2)


def mark(house: House, name: str = "swept") -> float:
    with sqlite3.connect(house.settings.database_path) as database:
        return database.execute("select at from marks where name = ?", (name,)).fetchone()[0]


def known_marks(house: House) -> bool:
    with sqlite3.connect(house.settings.database_path) as database:
        return bool(database.execute("select 1 from marks where name = 'swept'").fetchone())


def keys_posted(house: House) -> list[tuple[int, str]]:
    """Everything that was ever posted, by the name that its metadata gives it."""
    posts = house.slack.called("chat.postMessage")
    told = [one.args["metadata"]["event_payload"] for one in posts if one.reply and one.reply.get("ok")]
    return [(one["conversation"], one["key"]) for one in told]


def nothing_twice(house: House) -> None:
    posted = keys_posted(house)
    assert sorted(posted) == sorted(set(posted))


# what a webhook should have said


async def test_without_a_single_webhook_everything_comes_all_the_same(empty_house: House) -> None:
    house = empty_house
    await unheard(house)
    freescout = house.freescout
    card = await house.writes(body="one")
    await house.until(lambda: "one" in house.said(card))
    freescout.customer_replies(1, "two")
    await house.until(lambda: "two" in house.said(card))
    freescout.agent_notes(1, house.ana_id, "three, a note")
    await house.until(lambda: "three, a note" in house.said(card))
    freescout.agent_replies(1, house.ana_id, "four, an answer")
    await house.until(lambda: "four, an answer" in house.said(card))
    freescout.agent_sets_status(1, house.ana_id, "closed")
    await house.until(lambda: "Closed" in card.all_text)
    freescout.agent_moves(1, house.ana_id, house.sales)
    there = await house.until(lambda: house.cards("sales") and house.cards("sales")[0])
    await house.until(lambda: "Moved to Sales" in card.all_text)
    freescout.agent_deletes(1)
    await house.until(lambda: "Deleted" in there.all_text)
    freescout.agent_restores(1)
    await house.until(lambda: "Deleted" not in there.all_text)
    await sweeps(house, 5)
    assert len(house.cards()) == len(house.cards("sales")) == 1
    words = [re.search("one|two|three|four|Closed|moved", reply.all_text) for reply in house.thread(there)]
    assert [word and word[0] for word in words] == ["one", "two", "three", "four", "Closed", "moved"]


# what no webhook ever says


def card_says(words: str) -> Callable[[House, Message], bool]:
    return lambda house, card: words in card.all_text


@pytest.mark.parametrize(
    ("change", "right"),
    [
        (lambda house: house.freescout.agent_assigns(1, house.ana_id, None), card_says("Unassigned")),
        (lambda house: house.freescout.customer_replies(1, "Again!"), card_says("Active")),
        (lambda house: house.freescout.agent_tags(1, ["vip", "late"]), card_says("vip, late")),
        (
            lambda house: house.freescout.agent_edits_subject(1, house.ana_id, "Printer is well"),
            card_says("#412 Printer is well"),
        ),
        (
            lambda house: house.freescout.agent_changes_customer(1, house.ana_id, 2),
            card_says("Nina Novak · nina@example.org"),
        ),
    ],
    ids=["unassigned", "reopened", "retagged", "retitled", "customer changed"],
)
async def test_what_no_webhook_says_comes(empty_house: House, change, right) -> None:
    house = empty_house
    await started(house)
    card = await house.writes()
    house.freescout.customer_writes("nina@example.org", "Hi", "x", mailbox=house.sales, name="Nina Novak")
    house.freescout.agent_assigns(1, house.ana_id, house.ana_id)
    house.freescout.agent_sets_status(1, house.ana_id, "closed")
    await house.until(lambda: "Ana Alves" in card.all_text and "Closed" in card.all_text)
    await house.until(lambda: house.cards("sales"))
    house.freescout.faults.webhooks(drop=NO_MORE)
    change(house)
    await house.until(lambda: right(house, card))
    before = spoken(house)
    await sweeps(house, 5)
    assert spoken(house) == before
    nothing_twice(house)


async def test_a_merge_brings_the_threads_over_and_leaves_word_at_the_other_card(empty_house: House) -> None:
    house = empty_house
    await started(house)
    into = await house.writes("Printer on fire", "<p>It burns.</p>")
    other = await house.writes("Still burning", "<p>No answer yet?</p>")
    await house.until(lambda: house.thread(into) and house.thread(other))
    house.freescout.agent_merges(1, 2, house.ana_id)
    await house.until(lambda: "No answer yet?" in house.said(into))
    await house.until(lambda: "Deleted" in other.all_text)
    await sweeps(house, 5)
    assert house.said(into).count("No answer yet?") == 1
    assert "Deleted" not in into.all_text
    nothing_twice(house)


async def test_what_was_deleted_for_ever_is_found_in_its_turn(empty_house: House) -> None:
    house = empty_house
    await started(house)
    cards = [await house.writes(f"Matter {number}") for number in range(8)]
    house.freescout.faults.webhooks(drop=NO_MORE)
    house.freescout.agent_deletes_forever(8)
    house.freescout.agent_deletes_forever(1)
    await sweeps(house, 6)  # all were looked at
    house.clock.skip(timedelta(minutes=61))  # and those two are still not there, an hour later
    await house.until(lambda: all("for good" in cards[number].all_text for number in (0, 7)))
    assert [number for number in range(8) if "for good" in cards[number].all_text] == [0, 7]


async def test_of_two_changes_within_a_second_the_one_whose_webhook_was_lost_comes_too(
    empty_house: House,
) -> None:
    house = empty_house
    await started(house)
    card = await house.writes()
    await house.until(lambda: house.thread(card))
    moment = house.clock()
    world = house.freescout.world
    world._clock = lambda: moment
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    await house.until(lambda: "Ben Brandt" in card.all_text)
    await settled(house)
    house.freescout.faults.webhooks(drop=NO_MORE)
    house.freescout.agent_assigns(1, house.ana_id, house.ana_id)
    house.freescout.agent_notes(1, house.ana_id, "mine, then")
    world._clock = house.clock
    assert world.conversations[1].updated_at == moment.replace(microsecond=0)
    await house.until(lambda: "Ana Alves" in card.all_text and "mine, then" in house.said(card))
    nothing_twice(house)


# what it costs, and how it goes wrong


async def test_it_asks_a_handful_however_many_conversations_there_are(empty_house: House) -> None:
    house = empty_house
    house.freescout.fill(
        5_000, mailbox=house.support, statuses=("closed", "pending"), spacing=timedelta(minutes=5)
    )
    await house.start(sweep=Sweep(timedelta(seconds=1)))  # what one looks at is seen before the next
    await sweeps(house, 1)
    for number in range(12):
        await house.writes(f"Matter {number}")
    house.freescout.faults.webhooks(drop=NO_MORE)
    await sweeps(house, 5)  # each was looked at again, some seconds after its change
    await settled(house)
    requests, said, began = len(asked(house)), spoken(house), lists(house)
    await sweeps(house, 4)
    # Two lists; five whose turn it is, each one request; and perhaps the scan for who waits.
    assert len(asked(house)) - requests <= (lists(house) - began + 1) * (2 + 5) + 1
    assert spoken(house) == said
    assert len(house.cards()) == 12


async def test_the_first_start_brings_no_flood_of_history(empty_house: House) -> None:
    house = empty_house
    house.freescout.fill(100, mailbox=house.support, spacing=timedelta(seconds=30))
    house.clock.skip(timedelta(minutes=5))
    await started(house)
    await sweeps(house, 3)
    await settled(house)
    assert house.cards() == []
    assert "chat.postMessage" not in {one.method for one in house.slack.calls}
    house.freescout.faults.webhooks(drop=NO_MORE)
    house.freescout.customer_replies(7, "hello again")
    card = await house.until(lambda: house.cards() and house.cards()[0])
    await house.until(lambda: "hello again" in house.said(card))


async def test_health_counts_what_only_the_sweep_found(empty_house: House) -> None:
    house = empty_house
    await unheard(house)
    await house.writes()
    told = await house.health(lambda told: told["webhooks"].get("found only by the sweep"))
    assert "webhooks that never came" not in told["webhooks"]
    assert told["problems"] == []


async def test_webhooks_that_do_not_come_are_a_problem_from_the_third_on(empty_house: House) -> None:
    house = empty_house
    await unheard(house)
    for number in (1, 2):
        house.freescout.customer_writes(f"c{number}@example.org", "Hi", "x", mailbox=house.support)
    house.clock.skip(timedelta(seconds=62))
    told = await house.health(lambda told: told["webhooks"].get("webhooks that never came") == 2)
    assert told["problems"] == []
    house.freescout.customer_writes("c3@example.org", "Hi", "x", mailbox=house.support)
    house.clock.skip(timedelta(seconds=62))
    told = await house.health(lambda told: told["problems"])
    assert told["status"] == "degraded"
    assert "FreeScout's webhooks do not come" in told["problems"][0]
    house.clock.skip(timedelta(minutes=61))
    await house.health(lambda told: not told["problems"])


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 200, "html": True}], ids=["500", "a page"])
async def test_a_sweep_that_fails_is_made_up_for(empty_house: House, fault) -> None:
    house = empty_house
    await unheard(house)
    await house.writes("Before")
    await sweeps(house, 6)
    before = mark(house), mark(house, "alive")
    house.freescout.faults.api("GET /api/conversations", **fault, times=None)
    house.freescout.customer_writes("m@example.org", "Meanwhile", "x", mailbox=house.support)
    await house.health(lambda told: told["problems"])
    await sweeps(house, 1)
    assert len(house.cards()) == 1
    assert mark(house) == before[0]
    alive = mark(house, "alive")
    house.freescout.faults.clear()
    house.freescout.faults.webhooks(drop=NO_MORE)
    house.clock.skip(timedelta(seconds=15))  # a FreeScout that failed is left alone for a moment
    card = await house.until(lambda: house.cards()[1:] and house.cards()[1])
    assert "Meanwhile" in card.all_text
    await house.until(lambda: mark(house) > before[0] and mark(house, "alive") > alive)
    nothing_twice(house)


# after an absence


def summaries(house: House, channel: str = "support") -> list[Message]:
    return [one for one in house.cards(channel) if AWAY in one.all_text]


def cards(house: House, channel: str = "support") -> list[str]:
    return [one.all_text.splitlines()[0] for one in house.cards(channel) if AWAY not in one.all_text]


def url(house: House, conversation: int) -> str:
    return f"{house.settings.freescout_url}/conversation/{conversation}"


async def three_known(house: House, **changes: object) -> list[Message]:
    """Three conversations with cards, and the bridge is gone."""
    await started(house, **changes)
    known = [await house.writes(f"Known {number}", f"first of {number}") for number in (1, 2, 3)]
    await house.until(lambda: all(house.thread(card) for card in known))
    await sweeps(house, 5)
    await settled(house)
    await house.stop()
    house.freescout.faults.webhooks(drop=NO_MORE)
    return known


def meanwhile(house: House) -> None:
    """Two replies, one known one closed, three new ones of which one is answered and closed; one in Sales."""
    freescout = house.freescout
    house.clock.skip(timedelta(hours=1))
    freescout.customer_replies(1, "anybody?")
    freescout.customer_replies(1, "hello?")
    freescout.agent_sets_status(2, house.ana_id, "closed")
    for number in (4, 5, 6):
        freescout.customer_writes(f"c{number}@example.org", f"New {number}", "help", mailbox=house.support)
    freescout.agent_replies(5, house.ana_id, "Done.", status="closed")
    freescout.customer_writes("c7@example.org", "New 7", "help", mailbox=house.sales)
    house.clock.skip(timedelta(hours=1))


@pytest.mark.parametrize("stale", [PATIENT, None], ids=["", "and known customers wait too long"])
async def test_an_absence_is_told_in_one_summary(empty_house: House, stale: Stale | None) -> None:
    house = empty_house
    known = await three_known(house, **({"stale": stale} if stale else {}))
    meanwhile(house)
    await house.start()
    summary = await house.until(lambda: summaries(house) and summaries(house)[0])
    await house.until(lambda: len(cards(house)) == 5 and "hello?" in house.said(known[0]))
    await house.until(lambda: "Closed" in known[1].all_text and cards(house, "sales"))
    await sweeps(house, 5)
    assert "(2 h): 3 new, 2 replies, 2 already closed." in summary.all_text
    assert {one for one in range(1, 8) if f"{url(house, one)}'" in str(summary.blocks)} == {1, 2, 4, 5, 6}
    assert cards(house)[:3] == ["#412 Known 1", "#413 Known 2", "#414 Known 3"]
    assert sorted(cards(house)[3:]) == ["#415 New 4", "#417 New 6"]
    assert cards(house, "sales") == ["#418 New 7"]
    assert summaries(house, "sales") == []
    assert len(summaries(house)) == 1
    assert house.said(known[0]).count("anybody?") == house.said(known[0]).count("hello?") == 1
    assert "set it to Closed" in house.said(known[1])
    assert "New 5" not in "".join(cards(house))
    nothing_twice(house)


async def test_what_was_only_in_the_summary_gets_its_card_when_its_customer_writes_again(
    empty_house: House,
) -> None:
    house = empty_house
    await three_known(house, stale=PATIENT)
    meanwhile(house)
    await house.start()
    await house.until(lambda: len(cards(house)) == 5)
    await sweeps(house, 4)
    house.freescout.faults.clear()
    house.freescout.customer_replies(5, "It is not done at all.")
    card = await house.until(lambda: [one for one in house.cards() if "#416 New 5" in one.text])
    await house.until(lambda: "not done at all" in house.said(card[0]))
    assert "Active" in card[0].all_text
    assert ["help" in one.all_text for one in house.thread(card[0])][0]
    nothing_twice(house)


async def test_what_was_shown_before_the_absence_is_not_counted(empty_house: House) -> None:
    house = empty_house
    await house.start(stale=PATIENT)  # with two minutes from one sweep to the next
    await house.until(lambda: known_marks(house))
    house.clock.skip(timedelta(minutes=1))
    card = await house.writes("Known", "first")
    house.freescout.customer_replies(1, "second")
    await house.until(lambda: "second" in house.said(card))
    await house.quiet()
    await house.stop()
    house.freescout.faults.webhooks(drop=NO_MORE)
    house.clock.skip(timedelta(hours=1))
    for number in range(4):
        house.freescout.customer_writes(f"c{number}@example.org", "New", "help", mailbox=house.support)
    house.clock.skip(timedelta(hours=1))
    await house.start()
    summary = await house.until(lambda: summaries(house) and summaries(house)[0])
    assert "4 new, 0 replies, 0 already closed." in summary.all_text


async def test_webhooks_that_could_not_come_in_an_absence_are_no_problem(empty_house: House) -> None:
    house = empty_house
    await three_known(house, stale=PATIENT)
    meanwhile(house)
    await house.start()
    await house.until(lambda: len(cards(house)) == 5)
    await sweeps(house, 3)
    assert (await house.health())["problems"] == []


async def test_a_short_absence_is_not_spoken_of(empty_house: House) -> None:
    house = empty_house
    await three_known(house, stale=PATIENT)
    for number in range(4, 10):
        house.freescout.customer_writes(f"c{number}@example.org", "New", "help", mailbox=house.support)
    house.clock.skip(timedelta(minutes=9))
    await house.start()
    await house.until(lambda: len(house.cards()) == 9)
    await sweeps(house, 2)
    assert summaries(house) == []
    nothing_twice(house)


async def test_a_few_conversations_speak_for_themselves(empty_house: House) -> None:
    house = empty_house
    await three_known(house, stale=PATIENT)
    house.freescout.customer_replies(1, "anybody?")
    for number in (4, 5):
        house.freescout.customer_writes(f"c{number}@example.org", "New", "help", mailbox=house.support)
    house.clock.skip(timedelta(hours=2))
    await house.start()
    await house.until(lambda: len(house.cards()) == 5)
    await sweeps(house, 2)
    assert summaries(house) == []
    nothing_twice(house)


class Died(Exception):
    """The process is gone."""


@contextmanager
def dying_at(point: str) -> Iterator[asyncio.Event]:
    """From this point on nothing more is done; the event says that it was reached."""
    died = asyncio.Event()

    def hook(name: str) -> None:
        if died.is_set() or name == point:
            died.set()
            raise Died(name)

    crashpoints.arm(hook)
    try:
        yield died
    finally:
        crashpoints.arm(None)


@pytest.mark.parametrize(
    "point", ["", "sweep.listed", "digest.begun", "digest.made", "digest.kept", "sweep.rung"]
)
async def test_a_bridge_that_ends_around_the_summary_says_nothing_twice(
    empty_house: House, point: str
) -> None:
    house = empty_house
    house.expects_errors = bool(point)
    known = await three_known(house, stale=PATIENT)
    meanwhile(house)
    if point:
        with dying_at(point) as died:
            await house.start()
            await house.until(died.is_set)
            await house.stop()
    else:
        await house.start()
        await house.until(lambda: summaries(house))
        await house.stop()
    await house.start()
    await house.until(lambda: summaries(house))
    await house.until(lambda: len(cards(house)) == 5 and "hello?" in house.said(known[0]))
    await house.until(lambda: "Closed" in known[1].all_text and cards(house, "sales"))
    await sweeps(house, 5)
    assert len(summaries(house)) == 1
    assert "3 new, 2 replies, 2 already closed." in summaries(house)[0].all_text
    assert sorted(cards(house)[3:]) == ["#415 New 4", "#417 New 6"]
    nothing_twice(house)


@pytest.mark.parametrize("most", [100, 5])
async def test_a_summary_names_nobody_whom_only_a_custom_field_keeps_from_its_channel(
    empty_house: House, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    house = empty_house
    house.slack.add_channel("legal")
    monkeypatch.setattr(sweep, "_FIELDS", most)
    routes = (
        route(house, unless={"field": {"Confidential": "Yes"}}),
        route(house, channel="legal", field={"Confidential": "Yes"}),
    )
    field = house.freescout.add_custom_field(house.support, "Confidential", "dropdown", options=("Yes", "No"))
    await unheard(house, stale=PATIENT, routes=routes)
    await sweeps(house, 3)
    await house.stop()
    house.clock.skip(timedelta(hours=1))
    for number in range(1, 6):
        house.freescout.customer_writes(f"c{number}@example.org", f"New {number}", "x", mailbox=house.support)
        house.clock.skip(timedelta(minutes=1))
    secret = house.freescout.customer_writes("m@example.org", "Whistleblower", "x", mailbox=house.support)
    house.freescout.agent_sets_field(secret, field, 1)
    house.clock.skip(timedelta(hours=1))
    await house.start()
    (one,) = await house.until(lambda: summaries(house))
    await house.until(lambda: house.cards("legal"))
    assert "5 new" in one.all_text
    assert ("1 more conversation may belong here" in one.all_text) == (most == 5)
    assert "Whistleblower" not in "".join(card.all_text for card in house.cards())


async def test_one_time_in_the_future_does_not_blind_the_sweep(empty_house: House) -> None:
    house = empty_house
    await unheard(house)
    house.clock.skip(timedelta(days=1))
    house.freescout.customer_writes("f@example.org", "From tomorrow", "x", mailbox=house.support)
    house.clock.skip(timedelta(days=-1))
    await house.until(house.cards)
    await sweeps(house, 2)
    assert mark(house) <= house.clock().timestamp()
    house.freescout.customer_writes("n@example.org", "From today", "x", mailbox=house.support)
    await house.until(lambda: len(house.cards()) == 2)
