"""The same listeners behind a socket: no public address, no signing secret."""

import asyncio
import logging

import httpx
import pytest

from bot import socketmode
from tests.conftest import House


async def test_everything_works_over_socket_mode(empty_house: House) -> None:
    house = empty_house
    await house.start(slack_signing_secret="", slack_app_token=house.slack.app_token)
    await house.until(lambda: house.slack.sockets.connected)
    card = await house.writes()
    await house.ana.types("/freescout help")
    await house.until(lambda: "/freescout close" in house.told(house.ana))
    await house.opens(house.ana, "Reply", card)
    await house.ana.submits({"Reply": "  "})
    assert house.ana.modal
    assert house.ana.modal.errors
    await house.ana.submits({"Reply": "by wire"})
    await house.until(lambda: "by wire" in house.said(card))
    await house.ana.presses("Close", on=card)
    await house.until(lambda: "Closed" in card.all_text)
    async with httpx.AsyncClient() as client:
        assert (await client.post(f"{house.address}/slack/events")).status_code == 404


async def test_it_comes_back_after_slack_has_closed_the_socket(empty_house: House) -> None:
    house = empty_house
    await house.start(slack_signing_secret="", slack_app_token=house.slack.app_token)
    await house.until(lambda: house.slack.sockets.connected)
    await house.slack.sockets.refresh()
    await house.until(lambda: house.slack.sockets.connected, patience=15)
    await house.ana.types("/freescout help")
    await house.until(lambda: "/freescout close" in house.told(house.ana))


async def test_a_wrong_app_token_is_loud_once_and_stops_nothing_else(
    empty_house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = empty_house
    monkeypatch.setattr(socketmode, "_LOOK", 0.1)
    house.expects_errors = True
    await house.start(slack_signing_secret="", slack_app_token="xapp-wrong")
    await house.writes()
    told = await house.health(lambda told: "SLACK_APP_TOKEN" in str(told["problems"]))
    assert told["status"] == "degraded"
    assert "Slack refuses the app token" in str(told["problems"])
    await asyncio.sleep(0.5)  # it is looked at some times more
    complaints = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert ["SLACK_APP_TOKEN" in record.getMessage() for record in complaints] == [True]
    assert not any(record.exc_info for record in complaints)


async def test_it_connects_as_soon_as_slack_takes_the_app_token(
    empty_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = empty_house
    monkeypatch.setattr(socketmode, "_PAUSE", 0.05)
    house.slack.faults.api("apps.connections.open", times=3, status=500)
    await house.start(slack_signing_secret="", slack_app_token=house.slack.app_token)
    await house.until(lambda: house.slack.sockets.connected)
    assert len(house.slack.called("apps.connections.open")) == 4


async def test_a_wrong_bot_token_is_loud_and_webhooks_are_kept(empty_house: House) -> None:
    house = empty_house
    house.expects_errors = True
    await house.start(slack_bot_token="xoxb-wrong")
    house.freescout.customer_writes("m@example.org", "Hi", "x", mailbox=house.support)
    async with httpx.AsyncClient() as client:
        await house.until(lambda: house.freescout.deliveries)
        await house.until(lambda: house.slack.called("conversations.list"))
        told = (await client.get(f"{house.address}/healthz")).json()
    assert "SLACK_BOT_TOKEN" in str(told["problems"])
    assert sum(told["work"].values()) == 1
    await house.stop()
    await house.start(slack_bot_token=house.slack.bot_token)
    await house.until(house.cards)  # nothing else has to happen
