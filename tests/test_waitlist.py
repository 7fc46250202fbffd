"""Where several wait too long in one channel, one list says so: oldest first, once, and true."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.health import Health
from bot.hours import read
from bot.ladderfile import Ladder, MailboxLadder, Pings, Rung
from bot.lanes import Lanes
from bot.pings import Rungs
from bot.plan import LIST, Posted, Step, View
from bot.quiet import Calm, Quiet
from bot.store import Snooze, Store, Work
from bot.waitlist import MOST, MOVED, NOBODY, Entry, Waitlist, entry, listing, plan
from sandbox.slack import Message
from tests.blockcheck import problems_in_message
from tests.conftest import House
from tests.samples import NOW, sample_conversation

LONGEST = 12_500
LATE = timedelta(hours=2, minutes=1)


def one(number: int, waited: float = 3, **changes: object) -> Entry:
    """Somebody who has waited so many hours."""
    url = f"https://help.example.org/conversation/{number}"
    made = Entry(number, f"#{number} It burns", url, "Mark Moore", "nobody's", NOW - timedelta(hours=waited))
    return replace(made, **changes)


THREE = [one(1), one(2, 5), one(3, 4)]


def shown(step: Step | None, at: datetime = NOW) -> Posted:
    assert step is not None
    return Posted(step.ts or f"{at.timestamp():.6f}", step.version)


def words(step: Step | None) -> str:
    assert step is not None
    return json.dumps(step.message.blocks, ensure_ascii=False)


# the plan


def test_up_to_two_need_no_list() -> None:
    assert plan(THREE[:2], None, 3, NOW) is None


def test_from_three_on_there_is_one_the_oldest_first() -> None:
    step = plan(THREE, None, 3, NOW)
    assert step is not None
    assert step.ts is None
    said = words(step)
    assert said.index("#2") < said.index("#3") < said.index("#1")
    assert step.message.text == "3 customers wait too long, the longest for 5 h"


def test_a_list_that_is_true_is_left_alone_for_five_minutes() -> None:
    stands = shown(plan(THREE, None, 3, NOW))
    assert plan(THREE, stands, 3, NOW + timedelta(minutes=4, seconds=59)) is None
    later = plan(THREE, stands, 3, NOW + timedelta(minutes=5))
    assert later is not None
    assert later.ts == stands.ts
    assert "5 h 05 min" in words(later)


def test_nothing_grows_at_night_and_nothing_is_edited() -> None:
    [office] = read("b", [{"zone": "UTC", "open": ["mon-fri 09:00-17:00"]}], [])
    night = NOW.replace(hour=20)
    shut = [replace(each, hours=office.hours) for each in THREE]
    stands = shown(plan(shut, None, 3, night, office.hours), night)
    assert plan(shut, stands, 3, night + timedelta(hours=10), office.hours) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "#1 It has burnt"},
        {"whose": "Ana Alves"},
        {"customer": "Mia"},
        {"card": "https://x.slack.com/p1"},
    ],
)
def test_what_changes_is_edited_in_place(changes: dict[str, str]) -> None:
    stands = shown(plan(THREE, None, 3, NOW))
    step = plan([replace(THREE[0], **changes), *THREE[1:]], stands, 3, NOW)
    assert step is not None
    assert step.ts == stands.ts
    assert next(iter(changes.values())) in words(step)


def test_it_goes_on_with_whoever_is_left_until_nobody_waits() -> None:
    stands = shown(plan(THREE, None, 3, NOW))
    for left, said in ((2, "2 customers wait too long"), (1, "1 customer waits too long")):
        fewer = plan(THREE[:left], stands, 3, NOW)
        assert fewer is not None
        assert fewer.ts == stands.ts
        assert said in words(fewer)
        assert fewer.message.text.startswith(said)
    over = plan([], stands, 3, NOW)
    assert over is not None
    assert (over.ts, over.version) == (stands.ts, NOBODY)
    assert "Nobody waits too long here" in words(over)
    assert plan([], shown(over), 3, NOW) is None


def test_once_it_is_over_a_new_one_begins_with_three() -> None:
    over = Posted(f"{NOW.timestamp()}", NOBODY)
    assert plan(THREE[:2], over, 3, NOW) is None
    assert plan(THREE, over, 3, NOW) is not None


@pytest.mark.parametrize("left", [0, 1])
def test_one_that_goes_on_further_down_does_so_or_says_that_nobody_waits(left: int) -> None:
    step = plan(THREE[:left], Posted(f"{NOW.timestamp()}", MOVED), 3, NOW)
    assert step is not None
    assert (step.ts is None) is bool(left)
    assert ("1 customer waits" if left else "Nobody waits") in words(step)


def test_when_three_wait_again_soon_it_is_the_same_message() -> None:
    over = Posted(f"{NOW.timestamp()}", NOBODY)
    again = plan(THREE, over, 3, NOW + timedelta(hours=3))
    assert again is not None
    assert again.ts == over.ts


def test_after_a_working_day_it_is_said_anew_at_the_end() -> None:
    """Without hours a working day is a day: the old message says so, then the new one comes."""
    stands = shown(plan(THREE, None, 3, NOW))
    old = NOW + timedelta(days=1)
    moved = plan(THREE, stands, 3, old)
    assert moved is not None
    assert (moved.ts, moved.version) == (stands.ts, MOVED)
    anew = plan(THREE, shown(moved), 3, old)
    assert anew is not None
    assert anew.ts is None
    # and one that was over is left as it is
    after = plan(THREE, Posted(stands.ts, NOBODY), 3, old)
    assert after is not None
    assert after.ts is None


def test_a_working_day_is_as_long_as_the_day_on_which_it_was_said() -> None:
    [office] = read("b", [{"zone": "UTC", "open": ["mon-fri 09:00-17:00"]}], [])
    monday = datetime(2026, 3, 2, 10, tzinfo=UTC)
    stands = shown(plan(THREE, None, 3, monday, office.hours), monday)
    for hour, expected in ((9.9, False), (10, True)):
        step = plan(THREE, stands, 3, datetime(2026, 3, 3, tzinfo=UTC) + timedelta(hours=hour), office.hours)
        assert (step is not None and step.version == MOVED) is expected


def test_the_largest_is_taken_by_slack_and_says_how_many_more_there_are() -> None:
    long = {"title": "ö" * 80, "customer": "Ж" * 50, "whose": "雨" * 50}
    address = "https://helpdesk.support.example.org/conversation/123456"
    card = "https://workspace-of-ours.slack.com/archives/C0123456789/p1234567890123456"
    message = listing([one(n, url=address, card=card, **long) for n in range(1, 33)], NOW)
    said = json.dumps(list(message.blocks), ensure_ascii=False)
    assert len(said) < LONGEST
    assert said.count("Ж" * 50) == MOST
    assert "… and 12 more: /freescout waiting" in said
    assert problems_in_message({"text": message.text, "blocks": list(message.blocks)}) == []


def test_nothing_that_a_customer_wrote_can_ping_or_link() -> None:
    evil = "<!channel> <@U123> <https://evil.example|x>"
    message = listing([one(n, customer=evil, title=evil) for n in range(3)], NOW)
    assert "evil" not in message.text
    for block in message.blocks:
        if block["type"] != "rich_text":
            assert "evil" not in json.dumps(block)
    assert problems_in_message({"text": message.text, "blocks": list(message.blocks)}) == []


# what belongs in it


def view(waited: float, **changes: object) -> View:
    """A look at a conversation that waits since nine, so many hours later."""
    ladder = Ladder((Rung(timedelta(hours=2)), Rung(timedelta(hours=4))))
    then = NOW.replace(hour=9) + timedelta(hours=waited)
    return replace(
        View(
            sample_conversation(), None, "https://help.example.org/conversation/5", True, Rungs(ladder), then
        ),
        **changes,
    )


SNOOZE = Snooze(5, "U1", 7, "Ana", "C1", 1, 0, (NOW + timedelta(days=1)).timestamp())


@pytest.mark.parametrize(
    ("look", "listed"),
    [
        (view(1.9), False),
        (view(2), True),
        (view(50), True),
        (view(5, routed=False), False),
        (view(5, conversation=None), False),
        (view(5, conversation=sample_conversation(threads=(), latest_reply_from="user")), False),
        (view(5, rungs=Rungs(Ladder())), False),
        (view(5, rungs=None), False),
        (view(5, quiet=Quiet(None, "Ana is on it")), True),
        (view(5, quiet=Quiet(None, "snoozed by Ana"), calm=Calm(snooze=SNOOZE)), False),
        (view(50, calm=Calm(snooze=SNOOZE)), True),
    ],
)
def test_who_is_past_the_first_step_and_not_put_aside_belongs_in_it(look: View, listed: bool) -> None:
    assert (entry(look) is not None) is listed


def test_an_entry_says_whose_it_is_or_who_is_on_it() -> None:
    free, claimed = entry(view(5)), entry(view(5, quiet=Quiet(None, "Ana is on it")))
    assert free
    assert claimed
    assert (free.whose, claimed.whose) == ("nobody's", "Ana is on it")


# the house


async def three_wait(house: House, count: int = 3) -> list[Message]:
    """So many customers write, two minutes apart, and wait too long."""
    cards = []
    for number in range(count):
        cards.append(
            await house.writes(f"Question {number}", email=f"c{number}@example.org", name=f"C{number}")
        )
        house.clock.skip(timedelta(minutes=2))
    house.clock.skip(LATE)
    await house.until(lambda: all("has waited" in house.said(card) for card in cards))
    return cards


def lists(house: House, channel: str = "support") -> list[Message]:
    signs = ("wait too long", "waits too long", "goes on further down")
    return [card for card in house.cards(channel) if any(sign in card.all_text for sign in signs)]


async def the_list(house: House) -> Message:
    return await house.until(lambda: lists(house) and lists(house)[-1])


async def settled(house: House, look: object) -> None:
    """Wait until something is so, the list's pace of half a minute passing quickly."""
    async with asyncio.timeout(60):
        while not look():
            house.clock.skip(timedelta(seconds=11))
            await asyncio.sleep(0.3)


async def test_three_who_wait_are_one_list_with_their_cards(house: House) -> None:
    cards = await three_wait(house)
    one_list = await the_list(house)
    await settled(house, lambda: "3 customers wait too long" in one_list.all_text)
    said = one_list.all_text
    assert said.index("Question 0") < said.index("Question 1") < said.index("Question 2")
    assert "C0" in said
    assert "nobody's" in said
    assert len(lists(house)) == 1
    for card in cards:
        assert house.slack.called("chat.getPermalink")
        assert card.ts.replace(".", "") in json.dumps(one_list.blocks)
    assert lists(house, "sales") == []


async def test_it_is_edited_as_things_change_and_says_when_it_is_over(house: House) -> None:
    cards = await three_wait(house)
    one_list = await the_list(house)
    await house.ana.presses("Assign to Me", on=cards[1])
    await settled(house, lambda: "Ana Alves" in one_list.all_text)
    for left, card in (("2 customers wait", cards[0]), ("1 customer waits", cards[1]), ("Nobody", cards[2])):
        await house.ana.presses("Close", on=card)
        await settled(house, lambda left=left: left in one_list.all_text)
    assert len(lists(house)) == 1


async def test_two_versions_of_it_are_half_a_minute_apart(house: House) -> None:
    cards = await three_wait(house)
    one_list = await the_list(house)
    await settled(house, lambda: "card" in one_list.all_text)
    before = len([call for call in house.slack.called("chat.update") if call.args["ts"] == one_list.ts])
    for card in cards:
        await house.ana.presses("Assign to Me", on=card)
        await house.until(lambda card=card: "Ana Alves" in card.all_text)
    await asyncio.sleep(2.5)
    after = len([call for call in house.slack.called("chat.update") if call.args["ts"] == one_list.ts])
    assert after <= before + 1
    await settled(house, lambda: one_list.all_text.count("Ana Alves") == 3)


async def test_a_restart_goes_on_with_the_same_list(house: House) -> None:
    cards = await three_wait(house)
    one_list = await the_list(house)
    await house.stop()
    await house.start()
    await house.ana.presses("Close", on=cards[2])
    await settled(house, lambda: "2 customers wait too long" in one_list.all_text)
    assert len(lists(house)) == 1


async def test_nobody_waits_untold_when_others_of_the_list_are_answered(empty_house: House) -> None:
    """The list has spoken for them to the channel, so it speaks on, after a restart too."""
    house = empty_house
    steps = Ladder((Rung(timedelta(hours=1)), Rung(timedelta(hours=2), "channel")))
    await house.start(ladders=(MailboxLadder(None, steps),))
    cards = [await house.writes(f"Question {n}", email=f"c{n}@example.org") for n in range(3)]
    house.clock.skip(timedelta(minutes=61))
    one_list = await the_list(house)
    await settled(house, lambda: "3 customers wait too long" in one_list.all_text)
    house.freescout.agent_replies(1, house.ana_id, "Here.")
    await settled(house, lambda: "2 customers wait too long" in one_list.all_text)
    await house.stop()
    await house.start()
    house.clock.skip(timedelta(minutes=60))
    await house.until(lambda: all(house.said(card).count("has waited") == 2 for card in cards[1:]))
    assert not [one for one in house.slack.called("chat.postMessage") if one.args.get("reply_broadcast")]
    await house.ben.types("/freescout why 413")
    await house.until(lambda: "The channel's list of those who wait speaks of it" in house.told(house.ben))
    house.freescout.agent_replies(2, house.ana_id, "Here.")
    house.freescout.agent_replies(3, house.ana_id, "Here.")
    await settled(house, lambda: "Nobody waits too long here" in one_list.all_text)
    alone = await house.writes("Question 3", email="c3@example.org")
    house.clock.skip(timedelta(minutes=121))
    await house.until(lambda: "has waited" in house.said(alone))
    assert [one for one in house.slack.called("chat.postMessage") if one.args.get("reply_broadcast")]


@pytest.mark.parametrize("restarts", [False, True])
async def test_what_a_look_was_told_of_a_list_comes_true(tmp_path: Path, restarts: bool) -> None:
    """Three are in it, so no step of theirs is told to the channel: two are a list, once one is answered."""
    store = Store(str(tmp_path / "bridge.db"), lambda: NOW)
    try:
        desk: Any = SimpleNamespace(store=store, settings=SimpleNamespace(pings=Pings()))
        nothing: Any = None
        kept = Waitlist(desk, nothing, nothing)
        told = [await kept.met("C1", each.conversation, each) for each in THREE]
        assert told == [False, False, True]
        if restarts:  # before the list stands in Slack
            kept = Waitlist(desk, nothing, nothing)
        assert not await kept.met("C1", 3, None)
        assert await kept.met("C1", 2, THREE[1])
    finally:
        await store.close()


async def test_what_left_a_channel_before_its_card_came_is_in_its_list_no_more(tmp_path: Path) -> None:
    """Moved while nothing could be posted there, say: no look turns to that channel any more."""
    store = Store(str(tmp_path / "bridge.db"), lambda: NOW)
    try:
        desk: Any = SimpleNamespace(store=store, settings=SimpleNamespace(pings=Pings()))
        nothing: Any = None
        kept = Waitlist(desk, nothing, nothing)
        for channel in ("C1", "C2"):
            await kept.met(channel, 1, THREE[0])
        await kept.met("C1", 2, THREE[1])
        await kept.left(1, {"C2"})
        assert sorted(await store.overdue()) == [("C1", 2), ("C2", 1)]
    finally:
        await store.close()


@pytest.mark.parametrize(("before", "failed"), [((1,), 0), ((1, 4, 5), 5)])
async def test_those_that_cannot_be_looked_at_after_a_restart_keep_nobody_else_out(
    tmp_path: Path, before: tuple[int, ...], failed: int
) -> None:
    """A list that stands speaks of whoever comes to it: no step of theirs is told to the channel."""
    store, said, stopping = Store(str(tmp_path / "bridge.db"), lambda: NOW), list[str](), asyncio.Event()

    async def take(_conversation: int, _channel: str, step: Step, _card: None) -> None:
        said.append(words(step))
        stopping.set()

    async def may(_channel: str, _conversation: int) -> bool:
        return True

    try:
        for one in before:
            await store.begin_overdue("C1", one)
            await store.ring([one], "list")
            for _ in range(failed):
                await store.look_again(Work(one, "list", 1, 0), NOW, "FreeScout answered 500")
        await store.begin_post(0, "C1", LIST, "it speaks of one")
        await store.posted(0, "C1", LIST, f"{NOW.timestamp()}", "it speaks of one")
        desk: Any = SimpleNamespace(store=store, settings=SimpleNamespace(pings=Pings()), now=lambda: NOW)
        poster: Any = SimpleNamespace(take=take, may=may)
        kept = Waitlist(desk, poster, Lanes(store, Health(lambda: NOW), lambda: NOW))
        assert await kept.met("C1", 2, THREE[1])
        async with asyncio.timeout(10):
            await kept.run(stopping)
        assert "#2 It burns" in said[0]
    finally:
        await store.close()


async def test_nothing_is_forgotten_while_slack_cannot_be_asked(tmp_path: Path) -> None:
    """Whom the steps reach is not known: whoever was in the list stays in it, on disk too."""
    store = Store(str(tmp_path / "bridge.db"), lambda: NOW)
    try:
        desk: Any = SimpleNamespace(store=store, settings=SimpleNamespace(pings=Pings()))
        nothing: Any = None
        kept = Waitlist(desk, nothing, nothing)
        await kept.seen("C1", 5, view(5))
        await kept.seen("C1", 5, view(5, rungs=None))
        assert await store.overdue() == [("C1", 5)]
        await kept.seen("C1", 5, view(5, rungs=None, conversation=None))
        assert await store.overdue() == []
    finally:
        await store.close()


async def test_after_a_restart_a_list_does_not_shrink_before_all_were_looked_at(house: House) -> None:
    """However long that takes."""
    house.expects_errors = True
    await three_wait(house)
    one_list = await the_list(house)
    await house.stop()
    house.freescout.faults.api("GET /api/conversations", status=503, times=999)
    await house.start()
    house.clock.skip(timedelta(minutes=6))
    await asyncio.sleep(4)
    assert "3 customers wait too long" in one_list.all_text
    house.freescout.faults.clear()
    await settled(house, lambda: "2 h 1" in one_list.all_text)
    assert len(lists(house)) == 1


async def test_one_that_was_deleted_comes_anew(house: House) -> None:
    cards = await three_wait(house)
    one_list = await the_list(house)
    await house.slack.deletes(one_list)
    await house.ana.presses("Assign to Me", on=cards[1])
    await settled(house, lambda: any("Ana Alves" in other.all_text for other in lists(house)))


async def test_after_a_day_it_goes_on_at_the_end_of_the_channel(house: House) -> None:
    await three_wait(house)
    old = await the_list(house)
    house.clock.skip(timedelta(days=1))
    await settled(house, lambda: len(lists(house)) == 2)
    assert "goes on further down" in old.all_text
    assert "3 customers wait too long" in lists(house)[-1].all_text


async def test_the_button_takes_the_oldest_and_another_lists_all(house: House) -> None:
    cards = await three_wait(house)
    one_list = await the_list(house)
    await house.ben.presses("Take the Oldest", on=one_list)
    await house.until(lambda: "Question 0" in house.told(house.ben))
    await house.until(lambda: "Ben Brandt" in cards[0].all_text)
    await house.ben.presses("Everybody Who Waits", on=one_list)
    await house.until(lambda: "Waiting for an answer: 3" in house.told(house.ben))
