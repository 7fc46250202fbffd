"""Channels that nobody can post in, cards that are gone: bells are taken, others go on, and it mends itself."""

import asyncio
import json
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.bridgefile import Sweep
from bot.routing import Route
from sandbox.slack import Message, payloads
from sandbox.slack.delivery import signed
from tests.conftest import House


def sells(house: House, subject: str = "Matter") -> int:
    return house.freescout.customer_writes("s@example.org", subject, "hello", mailbox=house.sales)


async def until_shut(house: House, words: str) -> None:
    await house.health(lambda told: any(words in one for one in told["problems"]))


def tries(house: House) -> int:
    """How often something was said, or tried to be."""
    return sum(one.method.startswith(("chat.", "conversations.")) for one in house.slack.calls)


async def idle(house: House, seconds: float = 3) -> int:
    """How many calls Slack gets in some seconds in which nothing happens."""
    await house.quiet()
    before = tries(house)
    await asyncio.sleep(seconds)
    return tries(house) - before


def keys(house: House) -> list[tuple[str, int, str]]:
    """All that was posted: channel, conversation and key."""
    posts = [one for one in house.slack.called("chat.postMessage") if one.reply and one.reply["ok"]]
    named = [(one.args["channel"], one.args["metadata"]["event_payload"]) for one in posts]
    return [(channel, one["conversation"], one["key"]) for channel, one in named]


def nothing_twice(house: House) -> None:
    assert sorted(keys(house)) == sorted(set(keys(house)))


async def delivers(house: House, event: dict[str, Any], *, again: int = 0) -> int:
    """Send an event to the bridge as Slack does, or send it again."""
    body = json.dumps(event).encode()
    retry = {"X-Slack-Retry-Num": str(again), "X-Slack-Retry-Reason": "http_timeout"} if again else {}
    headers = {"Content-Type": "application/json", **signed("sandbox-signing-secret", body, int(time.time()))}
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{house.address}/slack/events", content=body, headers=headers | retry)
    return answer.status_code


def unarchived(house: House, channel: str) -> dict[str, Any]:
    inner = {"type": "channel_unarchive", "channel": house.slack.channel(channel).id, "user": house.ana.id}
    return payloads.event(house.slack.workspace, inner)


async def known(house: House) -> tuple[Message, Message]:
    """A card in each channel."""
    card = await house.writes()
    sells(house, "Sale")
    sale = await house.until(lambda: house.cards("sales") and house.cards("sales")[0])
    await house.until(lambda: house.thread(card) and house.thread(sale))
    await house.quiet()
    return card, sale


def busy_meanwhile(house: House) -> None:
    """What happens in Sales while its channel is shut: to the one with a card, and two new ones."""
    house.freescout.customer_replies(2, "still there?")
    house.freescout.agent_assigns(2, house.ana_id, house.ben_id)
    sells(house, "Sale two")
    sells(house, "Sale three")


async def taken_meanwhile(house: House, card: Message) -> None:
    """Every bell was answered with 200, and the other channel goes on, with posts and with edits."""
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    house.freescout.customer_replies(1, "anybody?")
    await house.until(lambda: "Ben Brandt" in card.all_text and "anybody?" in house.said(card))
    await house.until(lambda: len(house.freescout.deliveries) >= 8)
    assert {one.outcome for one in house.freescout.deliveries} == {200}


async def all_came(house: House, sale: Message, patience: float = 30) -> None:
    await house.until(
        lambda: len(house.cards("sales")) == 3 and all(house.thread(one) for one in house.cards("sales")),
        patience,
    )
    await house.until(lambda: "still there?" in house.said(sale) and "Ben Brandt" in sale.all_text)
    await house.health(lambda told: told["problems"] == [])
    await house.quiet()
    assert len(house.cards("sales")) == 3
    nothing_twice(house)


def shut_once(caplog: pytest.LogCaptureFixture) -> int:
    said = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
    return sum("nothing goes to channel" in one for one in said)


# shut, and put right


async def test_an_archived_channel_waits_until_it_is_brought_back(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.expects_errors = True
    house.slack.subscribed |= {"channel_archive", "channel_unarchive"}
    card, sale = await known(house)
    await house.slack.archives("sales")
    busy_meanwhile(house)
    await until_shut(house, "the channel is archived: unarchive it, or change its route")
    await taken_meanwhile(house, card)
    assert await idle(house) == 0
    assert len((await house.health())["problems"]) == 1
    assert shut_once(caplog) == 1
    await house.slack.unarchives("sales")
    await all_came(house, sale)


async def test_a_channel_that_was_archived_before_the_start_waits_as_well(empty_house: House) -> None:
    house = empty_house
    house.expects_errors = True
    house.slack.subscribed |= {"channel_unarchive"}
    await house.slack.archives("sales")
    await house.start()
    sells(house)
    told = await house.health(lambda told: told["problems"])
    assert await idle(house) == 0
    await house.slack.unarchives("sales")
    await house.until(lambda: house.cards("sales"), patience=20)
    await house.health(lambda told: told["problems"] == [])
    nothing_twice(house)
    assert "the channel is archived: unarchive it" in told["problems"][0]


async def test_an_edit_alone_in_an_archived_channel_waits_as_well(house: House) -> None:
    house.expects_errors = True
    house.slack.subscribed |= {"channel_unarchive"}
    card, sale = await known(house)
    await house.slack.archives("sales")
    house.freescout.agent_tags(2, ["vip"])
    house.freescout.workflow_sends(2, "convo.status")
    await until_shut(house, "the channel is archived: unarchive it, or change its route")
    house.freescout.agent_tags(1, ["late"])
    house.freescout.workflow_sends(1, "convo.status")
    await house.until(lambda: "late" in card.all_text)
    assert await idle(house) == 0
    await house.slack.unarchives("sales")
    await house.until(lambda: "vip" in sale.all_text)
    assert (await house.health())["work"]["parked"] == 0


@pytest.mark.parametrize("route", ["sales", "C"], ids=["by name", "by id"])
async def test_a_private_channel_waits_for_the_bot_to_be_invited(empty_house: House, route: str) -> None:
    house = empty_house
    house.expects_errors = True
    house.slack.subscribed |= {"member_joined_channel"}
    channel = house.slack.channel("sales")
    channel.private, channel.open_to_all = True, False
    there = channel.id if route == "C" else "sales"
    await house.start(routes=(Route("Support", "support"), Route("Sales", there)))
    card, sale = await known(house)
    await house.slack.kicks_bot("sales")
    busy_meanwhile(house)
    await until_shut(house, "Slack has no such channel that the bot can see: invite it there")
    await taken_meanwhile(house, card)
    assert await idle(house) == 0
    await house.slack.invites_bot("sales")
    await all_came(house, sale)


async def test_a_public_channel_is_entered_again(house: House) -> None:
    _, sale = await known(house)
    await house.slack.kicks_bot("sales")
    busy_meanwhile(house)
    await all_came(house, sale)


async def test_a_private_channel_known_by_name_alone_waits_for_the_bot_to_be_invited(
    empty_house: House,
) -> None:
    house = empty_house
    house.expects_errors = True
    house.slack.subscribed |= {"member_joined_channel"}
    house.slack.add_channel("secret", private=True, members=[house.ana], bot_is_member=False)
    await house.start(routes=(Route("Support", "support"), Route("Sales", "secret")))
    for number in range(3):
        sells(house, f"Sale {number}")
    await until_shut(house, "Slack has no channel #secret that the bot can see: mend its route")
    await house.writes()
    assert {one.outcome for one in house.freescout.deliveries} == {200}
    assert await idle(house) == 0
    await house.slack.invites_bot("secret")
    await house.until(lambda: len(house.cards("secret")) == 3, patience=20)
    await house.health(lambda told: told["problems"] == [])
    nothing_twice(house)


async def no_such_name(house: House) -> None:
    """Five conversations of a mailbox whose route names a channel that is not there."""
    house.expects_errors = True
    await house.start(routes=(Route("Support", "support"), Route("Sales", "sale")))
    for number in range(5):
        sells(house, f"Sale {number}")
    await until_shut(house, "Slack has no channel #sale that the bot can see: mend its route")
    await house.health(lambda told: told["lanes"].get("#sale", {}).get("waiting") == 5)


async def test_a_channel_that_is_not_there_by_that_name_is_tried_a_minute_later(empty_house: House) -> None:
    house = empty_house
    await no_such_name(house)
    await house.writes()
    assert await idle(house) == 0
    told = await house.health()
    assert len(told["problems"]) == 1
    assert {one.outcome for one in house.freescout.deliveries} == {200}
    assert told["lanes"]["#sale"]["next_turn_seconds"] <= 60


async def test_a_channel_that_was_renamed_is_found_by_one_for_all(empty_house: House) -> None:
    house = empty_house
    await no_such_name(house)
    await house.slack.renames("sales", "sale")
    house.clock.skip(timedelta(seconds=20))  # a name that was missing is not looked for all the time
    sells(house, "Sale 5")
    await house.until(lambda: house.cards("sale"))
    await house.until(lambda: len(house.cards("sale")) == 6, patience=20)
    await house.health(lambda told: told["problems"] == [])
    nothing_twice(house)


async def test_a_revoked_token_stops_all_posts_and_loses_none(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.expects_errors = True
    card, sale = await known(house)
    await house.slack.revokes_token()
    busy_meanwhile(house)
    house.freescout.customer_replies(1, "anybody?")
    await until_shut(house, "the Slack bot token was revoked: install the app again")
    await house.until(lambda: len(house.freescout.deliveries) >= 8)
    assert {one.outcome for one in house.freescout.deliveries} == {200}
    assert await idle(house) == 0
    assert len((await house.health())["problems"]) == 1
    said = [one.getMessage() for one in caplog.records]
    assert sum("nothing is posted any more" in one for one in said) == 1
    await house.slack.restores_token()
    await house.until(lambda: "anybody?" in house.said(card), patience=60)
    await all_came(house, sale, patience=60)


# the same event twice


async def test_an_event_that_comes_again_does_its_work_once(house: House) -> None:
    house.expects_errors = True
    await known(house)
    await house.slack.archives("sales")
    sells(house)
    await until_shut(house, "the channel is archived")
    await house.quiet()
    tried = len(house.slack.called("chat.postMessage"))
    event = unarchived(house, "sales")  # but somebody archives it again at once
    assert await delivers(house, event) == 200
    await house.until(lambda: len(house.slack.called("chat.postMessage")) == tried + 1)
    await house.quiet()
    assert await delivers(house, event, again=1) == 200
    assert await delivers(house, event, again=2) == 200
    assert await idle(house, 2) == 0
    assert len(house.slack.called("chat.postMessage")) == tried + 1
    assert await delivers(house, unarchived(house, "sales")) == 200  # another event is another
    await house.until(lambda: len(house.slack.called("chat.postMessage")) == tried + 2)


# cards deleted by hand

AGAIN = "An earlier card was deleted here"


async def test_a_card_deleted_by_hand_comes_anew_with_the_next_change_and_says_so(house: House) -> None:
    card, _ = await known(house)
    await house.slack.deletes(card)
    await house.quiet()
    assert len(keys(house)) == 4
    house.freescout.agent_sets_status(1, house.ana_id, "closed")
    new = await house.until(lambda: [one for one in house.cards() if AGAIN in one.all_text])
    assert "Closed" in new[0].all_text
    house.freescout.customer_replies(1, "still burning")
    await house.until(lambda: "still burning" in house.said(new[0]))
    await house.until(lambda: "Active" in new[0].all_text)
    await house.quiet()
    assert len([one for one in house.cards() if not one.deleted]) == 1
    assert [one for one in keys(house) if one[2] == "card"].count((new[0].channel, 1, "card")) == 2
    assert "It burns." not in house.said(new[0])


async def test_a_card_deleted_twice_comes_twice(house: House) -> None:
    card, _ = await known(house)
    for status in ("closed", "active"):
        await house.slack.deletes(card)
        house.freescout.agent_sets_status(1, house.ana_id, status)
        card = await house.until(
            lambda: next((one for one in house.cards() if AGAIN in one.all_text and not one.deleted), None)
        )
    await house.quiet()
    assert "Active" in card.all_text
    assert len([one for one in house.cards() if not one.deleted]) == 1


@pytest.mark.parametrize("replies", [True, False], ids=["its replies stay", "with all its replies"])
async def test_a_message_whose_card_was_deleted_comes_under_a_new_one(house: House, replies: bool) -> None:
    card, _ = await known(house)
    if not replies:
        for reply in house.thread(card):
            await house.slack.deletes(reply)
    await house.slack.deletes(card)
    house.freescout.customer_replies(1, "anybody?")
    new = await house.until(lambda: [one for one in house.cards() if AGAIN in one.all_text])
    if not replies:
        await house.until(lambda: "anybody?" in house.said(new[0]))
    await house.quiet()
    assert [one for one in house.cards() if not one.deleted] == new
    said = "".join(one.all_text for message in house.cards() for one in message.thread)
    assert said.count("anybody?") == 1
    house.freescout.customer_replies(1, "hello?")
    await house.until(lambda: "hello?" in house.said(new[0]))


async def test_a_refresh_alone_brings_a_deleted_card_back_though_no_webhook_told(empty_house: House) -> None:
    house = empty_house
    await house.start(sweep=Sweep(timedelta(seconds=0.2)))
    card, _ = await known(house)
    await house.slack.deletes(card)
    house.freescout.agent_tags(1, ["vip"])
    new = await house.until(lambda: [one for one in house.cards() if AGAIN in one.all_text])
    assert "vip" in new[0].all_text
