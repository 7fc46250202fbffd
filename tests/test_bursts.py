"""More than Slack takes at once: digests, whose turn it is, and what is late says so."""

import re
from collections import Counter
from datetime import timedelta

import pytest

from bot.ladderfile import Ladder, MailboxLadder, Pings, Rung
from bot.routing import Route
from bot.turns import Pace
from sandbox.slack import Message
from tests.conftest import House

SLOW = Pace(per_second=4, burst=1)


async def slowly(house: House, pace: Pace = SLOW, **changes: object) -> None:
    house.pace = pace
    await house.start(**changes)


def burst(house: House, count: int, mailbox: int | None = None) -> None:
    for number in range(count):
        house.freescout.customer_writes(
            f"c{number}@example.org", f"Matter {number}", f"body {number}", mailbox=mailbox or house.support
        )


def lines(message: Message) -> list[str]:
    """The block ids of the conversations that a digest speaks of."""
    return [name for block in message.blocks if (name := block["block_id"]).startswith("line.")]


def digests(house: House, channel: str = "support") -> list[Message]:
    return [one for one in house.cards(channel) if lines(one)]


def cards(house: House, channel: str = "support") -> list[Message]:
    return [one for one in house.cards(channel) if not lines(one)]


def numbers(messages: list[Message]) -> Counter[str]:
    return Counter(number for one in messages for number in re.findall(r"#(\d+) Matter", one.all_text))


def row_of(digest: Message, conversation: int) -> bool:
    return f"line.{conversation}" in lines(digest)


async def all_there(house: House, count: int) -> None:
    """Wait until each of so many conversations is shown, and every card has its first message."""
    await house.until(lambda: len(numbers(house.cards())) == count, patience=60)
    await house.until(lambda: all(house.thread(card) for card in cards(house)), patience=60)


async def digested(house: House) -> tuple[Message, int]:
    """A digest, and the id of a conversation of which it speaks."""
    digest = digests(house)[0]
    return digest, int(lines(digest)[3].removeprefix("line."))


def card_of(house: House, conversation: int) -> Message | None:
    return next((one for one in cards(house) if f"#{conversation + 411} " in one.text), None)


def posts(house: House) -> list[tuple[int, str]]:
    """What was posted, in order: conversation and key."""
    said = [one for one in house.slack.called("chat.postMessage") if one.reply and one.reply["ok"]]
    named = [one.args["metadata"]["event_payload"] for one in said]
    return [(one["conversation"], one["key"]) for one in named]


async def waiting(house: House, count: int) -> None:
    """Wait until so many looks wait for a turn in some channel."""
    await house.health(lambda told: sum(lane["waiting"] for lane in told["lanes"].values()) >= count)


async def settled(house: House) -> None:
    """Wait until nobody waits for a turn and all is quiet."""
    await house.health(lambda told: not told["lanes"] and not told["work"]["held"], patience=60)
    await house.quiet()


# digests


async def test_sixty_at_once_are_all_said_once_in_cards_and_digests(empty_house: House) -> None:
    house = empty_house
    await slowly(house)
    burst(house, 60)
    await all_there(house, 60)
    await settled(house)
    assert len(digests(house)) >= 2
    assert set(numbers(house.cards()).values()) == {1}
    assert len(house.slack.called("chat.postMessage")) < 60
    for card in cards(house):
        assert [one.all_text.splitlines()[-1][:5] for one in house.thread(card)] == ["body "]
    for digest in digests(house):
        assert 10 <= len(lines(digest)) <= 25
        assert house.thread(digest) == []


async def test_show_card_brings_the_card_and_then_leads_to_it(empty_house: House) -> None:
    house = empty_house
    await slowly(house)
    burst(house, 30)
    await all_there(house, 30)
    digest, conversation = await digested(house)
    await house.ana.presses(f"line.{conversation}", on=digest)
    card = await house.until(lambda: card_of(house, conversation))
    await house.until(lambda: house.thread(card))
    assert [one.all_text.splitlines()[-1] for one in house.thread(card)] == [f"body {conversation - 1}"]
    await house.until(lambda: "Its card comes to the end of this channel." in house.told(house.ana))
    await house.ana.presses(f"line.{conversation}", on=digest)
    await house.until(lambda: "here already" in house.told(house.ana))
    seen = house.slack.ephemerals(house.ana)[-1]
    assert house.slack.workspace.permalink(card) in str(seen.blocks)
    await settled(house)
    assert set(numbers(cards(house)).values()) == {1}
    assert not house.ana.notices


async def test_show_card_pressed_by_two_at_once_brings_one_card(empty_house: House) -> None:
    house = empty_house
    await slowly(house)
    burst(house, 30)
    await all_there(house, 30)
    digest, conversation = await digested(house)
    await house.ana.presses(f"line.{conversation}", on=digest)
    await house.ben.presses(f"line.{conversation}", on=digest)
    await house.until(lambda: card_of(house, conversation))
    await house.until(lambda: house.told(house.ana) and house.told(house.ben))
    await settled(house)
    assert set(numbers(cards(house)).values()) == {1}


async def test_show_card_in_the_middle_of_a_burst_does_not_end_in_the_next_digest(
    empty_house: House,
) -> None:
    house = empty_house
    await slowly(house, Pace(per_second=2, burst=1))
    burst(house, 80)
    await house.until(lambda: digests(house))
    digest, conversation = await digested(house)
    await house.ana.presses(f"line.{conversation}", on=digest)
    await house.until(lambda: card_of(house, conversation), patience=60)
    assert sum(row_of(one, conversation) for one in digests(house)) == 1


async def test_a_reply_to_what_only_a_digest_told_brings_its_card(empty_house: House) -> None:
    house = empty_house
    await slowly(house)
    burst(house, 30)
    await all_there(house, 30)
    _, conversation = await digested(house)
    house.freescout.agent_tags(conversation, ["vip"])
    house.freescout.workflow_sends(conversation, "convo.status")
    await settled(house)
    assert card_of(house, conversation) is None
    house.freescout.customer_replies(conversation, "Did you get this?")
    card = await house.until(lambda: card_of(house, conversation))
    await house.until(lambda: len(house.thread(card)) == 2)
    said = [one.all_text.splitlines()[-1] for one in house.thread(card)]
    assert said == [f"body {conversation - 1}", "Did you get this?"]


async def test_who_waits_at_the_first_start_comes_in_digests(empty_house: House) -> None:
    house = empty_house
    house.freescout.fill(
        60, mailbox=house.support, statuses=("active",), spacing=timedelta(minutes=1), subject="Matter {}"
    )
    house.clock.skip(timedelta(hours=3))
    leads = house.slack.add_group("support-leads", house.ben)
    steps = MailboxLadder(None, Ladder((Rung(timedelta(hours=2), "@support-leads"),)))
    await slowly(house, pings=Pings(list_from=1000), ladders=(steps,))  # their list is another matter
    await house.until(lambda: len(numbers(house.cards())) == 60, patience=60)
    await settled(house)
    assert set(numbers(house.cards()).values()) == {1}
    assert len(digests(house)) >= 2
    assert len(house.slack.called("chat.postMessage")) < 60
    for digest in digests(house):
        assert digest.all_text.count("has waited") == len(lines(digest))
        assert digest.text.count(f"<!subteam^{leads.id}>") == 1
        assert leads.id in digest.all_text
    before = len(house.slack.called("chat.postMessage"))
    await house.stop()
    await house.start()
    await settled(house)
    assert len(house.slack.called("chat.postMessage")) == before


# whose turn it is


async def test_a_flood_holds_up_no_refresh(empty_house: House) -> None:
    house = empty_house
    await slowly(house, Pace(per_second=1, burst=2))
    card = await house.writes("Printer on fire")
    await house.until(lambda: house.thread(card))
    house.slack.faults.api("chat.postMessage", error="ratelimited", retry_after=60)  # or digests take them
    burst(house, 30)
    await waiting(house, 20)
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    await house.until(lambda: "Ben Brandt" in card.all_text)
    told = await house.health()
    assert sum(lane["waiting"] for lane in told["lanes"].values()) > 5


async def test_refreshes_of_one_conversation_become_the_newest(empty_house: House) -> None:
    house = empty_house
    await slowly(house, Pace(per_second=1, burst=1))
    card = await house.writes("Printer on fire")
    await house.until(lambda: house.thread(card))
    await settled(house)
    for number in range(1, 21):
        house.freescout.agent_edits_subject(1, house.ana_id, f"Printer {number}")
        house.freescout.workflow_sends(1, "convo.status")
        seen = len(house.freescout.deliveries)
        await house.until(lambda: len(house.freescout.deliveries) > seen)
    await house.until(lambda: "Printer 20" in card.all_text)
    await settled(house)
    assert "Printer 20" in card.all_text
    assert len(house.slack.called("chat.update")) <= 8


async def test_new_conversations_and_customers_go_before_the_quiet_lines(empty_house: House) -> None:
    house = empty_house
    await house.start()
    for number in range(9):
        await house.writes(f"Matter {number}")
    await house.until(lambda: all(house.thread(card) for card in house.cards()))
    await settled(house)
    await house.stop()
    await slowly(house, Pace(per_second=1, burst=1))
    before = len(posts(house))
    house.slack.faults.api("chat.postMessage", error="ratelimited", retry_after=4)  # until all of them wait
    for conversation in range(1, 9):
        house.freescout.agent_notes(conversation, house.ana_id, "a note")
        house.freescout.agent_assigns(conversation, house.ana_id, house.ben_id)
    await waiting(house, 7)
    began = len(posts(house))
    house.freescout.customer_replies(9, "Still burning!")
    house.freescout.customer_writes("n@example.org", "New", "help", mailbox=house.support)
    await house.until(lambda: (10, "card") in posts(house) and (9, "thread:26") in posts(house))
    after = posts(house)[began:]
    place = {what: at for at, what in enumerate(after)}
    assert place[10, "card"] <= 3
    assert place[9, "thread:26"] <= 4
    await house.until(lambda: len(posts(house)) - before == 19, patience=60)
    for conversation in range(1, 9):
        kinds = [key.split(":")[0] for one, key in posts(house)[before:] if one == conversation]
        assert kinds == ["thread", "line"]


# what is late says so


async def test_what_waited_for_slack_says_so(house: House) -> None:
    house.slack.faults.api("chat.postMessage", error="ratelimited", retry_after=3)
    house.freescout.customer_writes("m@example.org", "Late", "hello", mailbox=house.support)
    await waiting(house, 1)
    house.clock.skip(timedelta(minutes=5))
    card = await house.until(lambda: house.cards() and house.cards()[0])
    await house.until(lambda: house.thread(card))
    assert "Delayed 5 min by Slack" in card.all_text
    assert "Delayed 5 min by Slack" in house.said(card)
    house.freescout.customer_replies(1, "And now?")
    await house.until(lambda: "And now?" in house.said(card))
    assert "Delayed" not in house.thread(card)[-1].all_text
    assert len(house.slack.called("chat.postMessage")) == 4


async def test_what_waited_less_than_a_minute_says_nothing(house: House) -> None:
    house.slack.faults.api("chat.postMessage", error="ratelimited", retry_after=1)
    card = await house.writes()
    await house.until(lambda: house.thread(card))
    assert "Delayed" not in card.all_text + house.said(card)


async def test_a_channel_that_waits_makes_nothing_late_in_another(empty_house: House) -> None:
    house = empty_house
    house.expects_errors = True
    await house.start(routes=(Route("Support", "support"), Route("Support", "sales")))
    await house.until(lambda: house.slack.called("auth.test"))
    house.slack.channel("sales").archived = True
    card = await house.writes()
    await house.until(lambda: house.thread(card))
    await waiting(house, 1)
    house.clock.skip(timedelta(hours=2, minutes=1))
    await house.until(lambda: "has waited 2 h" in house.said(card))
    assert "Delayed" not in house.said(card)


@pytest.mark.parametrize("answer", [{"error": "ratelimited"}, {"status": 429}], ids=["json", "plain"])
async def test_a_channel_told_to_wait_is_left_alone(house: House, answer) -> None:
    house.slack.faults.api("chat.postMessage", retry_after=2, **answer)
    burst(house, 5)
    await waiting(house, 1)
    house.freescout.customer_writes("s@example.org", "Sale", "x", mailbox=house.sales)
    await house.until(lambda: house.cards("sales"))
    assert (
        len([c for c in house.slack.called("chat.postMessage") if c.args.get("channel") == "C0SB0000005"])
        <= 5
    )
    await all_there(house, 5)
    assert set(numbers(house.cards()).values()) == {1}


async def test_a_burst_in_two_channels_at_once_leaves_nobody_waiting(empty_house: House) -> None:
    house = empty_house
    house.pace = Pace(per_second=4, burst=1)
    await house.start(routes=(Route("Support", "support"), Route("Support", "sales")))
    for number in range(24):
        house.freescout.customer_writes(f"c{number}@example.org", "Flood", "x", mailbox=house.support)
    for channel in ("support", "sales"):
        await house.until(
            lambda channel=channel: (
                {f"#{412 + number} " for number in range(24)}
                <= set(re.findall(r"#\d+ ", "".join(one.all_text for one in house.cards(channel))))
            )
        )
    await house.health(lambda told: told["work"]["held"] == 0 and not told["lanes"])
