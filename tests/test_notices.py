"""What the operators are told in their channel, once; and webhooks that FreeScout sends once more."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.bridgefile import Sweep
from bot.routing import Route
from sandbox.freescout.webhooks import sign
from sandbox.slack import Message
from tests.conftest import House

OVER = "Over: "
LATER = timedelta(seconds=61)


async def operated(house: House, **changes: Any) -> None:
    """Start the bridge with an operators' channel."""
    house.expects_errors = True
    house.slack.subscribed |= {"channel_unarchive"}
    house.slack.add_channel("ops")
    by_id = (Route("Support", "support"), Route("Sales", house.slack.channel("sales").id))
    await house.start(operators="ops", routes=by_id, **changes)


def told(house: House) -> list[Message]:
    return house.cards("ops")


def standing(house: House) -> list[str]:
    """What the operators are told and were not told the end of."""
    return [one.all_text for one in told(house) if OVER not in one.all_text]


async def one_notice(house: House, words: str) -> Message:
    notice = await house.until(lambda: told(house) and told(house)[-1])
    await house.until(lambda: words in notice.all_text)
    return notice


def sells(house: House, subject: str = "Sale") -> int:
    return house.freescout.customer_writes("s@example.org", subject, "hello", mailbox=house.sales)


async def turns_of_the_notices(house: House, count: int = 2) -> None:
    """Let the bridge compare so many times more: it does every five seconds, and says nothing where all is said."""
    await asyncio.sleep(1.2 * count)


async def test_nothing_is_said_while_all_is_well(empty_house: House) -> None:
    house = empty_house
    await operated(house)
    await house.writes()
    await turns_of_the_notices(house, 1)
    assert told(house) == []


async def test_a_shut_channel_is_one_message_edited_when_it_is_over(empty_house: House) -> None:
    house = empty_house
    await operated(house)
    await house.slack.archives("sales")
    for number in range(3):
        sells(house, f"Sale {number}")
    notice = await one_notice(house, "the channel is archived: unarchive it, or change its route")
    assert house.slack.channel("sales").id in str(notice.blocks)
    house.freescout.customer_replies(1, "anybody?")
    await turns_of_the_notices(house)
    assert told(house) == [notice]
    assert notice.edited is None
    await house.slack.unarchives("sales")
    await house.until(lambda: OVER in notice.all_text)
    await turns_of_the_notices(house, 1)
    assert told(house) == [notice]
    await house.slack.archives("sales")
    sells(house, "Sale again")
    again = await house.until(lambda: told(house)[1:])
    assert "archived" in again[0].all_text
    assert OVER in notice.all_text
    assert len(told(house)) == 2


async def test_a_problem_that_outlives_the_bridge_is_not_called_over(empty_house: House) -> None:
    house = empty_house
    await operated(house)
    await house.slack.archives("sales")
    sells(house)
    notice = await one_notice(house, "archived")
    await house.stop()
    await house.start()
    await turns_of_the_notices(house)
    assert told(house) == [notice]
    assert OVER not in notice.all_text
    assert not [one for one in house.slack.called("chat.update") if OVER in str(one.args["blocks"])]


async def test_what_went_right_while_the_bridge_was_down_is_called_over(empty_house: House) -> None:
    house = empty_house
    await operated(house)
    await house.slack.archives("sales")
    sells(house)
    notice = await one_notice(house, "archived")
    await house.stop()
    house.slack.channel("sales").archived = False
    await house.start()
    await house.until(lambda: house.cards("sales"))
    house.clock.skip(timedelta(minutes=4))  # it is not said before whatever is still wrong was met again
    await house.until(lambda: OVER in notice.all_text)
    assert told(house) == [notice]


async def refused(house: House, count: int) -> None:
    """Slack refuses so many posts for a reason that nobody foresaw, as often as the bridge tries."""
    house.slack.faults.api("chat.postMessage", error="unforeseen_code", times=3 * count)
    tried = len(house.slack.called("chat.postMessage"))
    for number in range(count):
        sells(house, f"Broken {number}")
    for tries in (1, 2, 3):
        await house.until(
            lambda tries=tries: len(house.slack.called("chat.postMessage")) >= tried + tries * count
        )
        if tries < 3:
            await house.health(lambda told: told["work"]["later"] >= count)
            house.clock.skip(timedelta(seconds=5))


async def test_parked_work_is_announced_once_and_not_by_the_piece(empty_house: House) -> None:
    house = empty_house
    await operated(house)
    await refused(house, 2)
    notice = await one_notice(house, "2 conversations are parked")
    assert "python -m bot work" in notice.all_text
    await refused(house, 1)
    await house.until(lambda: "3 conversations are parked" in notice.all_text)
    assert told(house) == [notice]
    assert house.cards("sales") == []
    for conversation in (1, 2, 3):
        house.freescout.customer_replies(conversation, "anybody?")
    await house.until(lambda: OVER in notice.all_text)
    await house.until(lambda: len(house.cards("sales")) == 3)
    assert told(house) == [notice]
    assert (await house.health())["work"]["parked"] == 0


async def test_a_refused_key_is_one_message_and_what_passes_within_a_minute_is_none(
    empty_house: House,
) -> None:
    house = empty_house
    await operated(house)
    await house.writes()
    house.freescout.faults.api("*", status=401, times=None)
    for number in range(4):
        sells(house, f"Sale {number}")
    await house.health(lambda told: "FREESCOUT_API_KEY" in str(told["problems"]))
    await turns_of_the_notices(house, 1)
    assert told(house) == []
    house.clock.skip(LATER)
    notice = await one_notice(house, "FreeScout refuses the API key (401): see FREESCOUT_API_KEY")
    house.clock.skip(LATER)
    await turns_of_the_notices(house, 1)
    assert told(house) == [notice]
    house.freescout.faults.clear()
    house.clock.skip(LATER)
    await house.until(lambda: len(house.cards("sales")) == 4)
    house.clock.skip(timedelta(minutes=5))
    await house.until(lambda: OVER in notice.all_text)
    assert told(house) == [notice]


@pytest.mark.parametrize("fault", [{"redirect": "https://else.example/"}, {"status": 404, "html": True}])
async def test_a_wrong_address_is_one_message_however_many_wait(empty_house: House, fault) -> None:
    house = empty_house
    await operated(house)
    await house.writes()
    house.freescout.faults.api("*", **fault, times=None)
    for number in range(4):
        sells(house, f"Sale {number}")
    await house.health(lambda told: "FREESCOUT_URL" in str(told["problems"]))
    for _ in range(2):
        house.clock.skip(LATER)
        await turns_of_the_notices(house, 1)
    await house.until(lambda: told(house))
    assert len(told(house)) == 1, [one.all_text for one in told(house)]


async def test_webhooks_that_do_not_come_are_told(empty_house: House) -> None:
    house = empty_house
    await operated(house, sweep=Sweep(timedelta(seconds=0.2)))
    await house.until(lambda: [one for one in house.freescout.requests if "updatedSince" in one.query])
    house.freescout.faults.webhooks(drop=1000)
    for number in range(3):
        sells(house, f"Sale {number}")
    house.clock.skip(timedelta(seconds=62))
    notice = await one_notice(house, "FreeScout's webhooks do not come")
    house.freescout.faults.clear()
    house.clock.skip(timedelta(minutes=61))
    await house.until(lambda: OVER in notice.all_text)
    assert told(house) == [notice]


# FreeScout's retries


async def rings(house: House, body: bytes) -> None:
    headers = {
        "Content-Type": "application/json",
        "X-FreeScout-Event": "convo.status",
        "X-FreeScout-Signature": sign(body, house.settings.freescout_webhook_secret),
    }
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{house.address}/freescout/webhook", content=body, headers=headers)
    assert answer.status_code == 200


@pytest.mark.timeout(60)
async def test_the_same_webhook_once_more_costs_no_request(house: House) -> None:
    await house.writes()
    await house.quiet()
    body = json.dumps({"id": 1, "number": 412}).encode()
    await rings(house, body)
    await house.quiet()
    before = len(house.freescout.requests)
    await rings(house, body)  # so soon, it may be an event of its own
    await house.until(lambda: len(house.freescout.requests) > before)
    await house.quiet()
    await asyncio.sleep(10.5)  # the clock that tells an echo by is the machine's
    requests, calls = len(house.freescout.requests), len(house.slack.calls)
    await rings(house, body)
    await house.quiet()
    assert (len(house.freescout.requests), len(house.slack.calls)) == (requests, calls)
    assert (await house.health())["webhooks"]["repeated"] == 1
    await rings(house, body + b" ")
    await house.until(lambda: len(house.freescout.requests) > requests)
