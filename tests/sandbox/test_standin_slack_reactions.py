"""The stand-in Slack's reactions and its date and time field: what an app is sent of them."""

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.slack.blocks import check_view
from sandbox.slack.errors import SlackError
from sandbox.slack.forms import moment
from tests.blockcheck import problems_in_view
from tests.sandbox import slack_house
from tests.sandbox.slack_house import World

world = slack_house.world
Json = dict[str, Any]


async def told(world: World, status: int = 200) -> list[Json]:
    """Serve an app that keeps what it is told of events and submitted modals."""
    got: list[Json] = []

    async def endpoint(request: Request) -> Response:
        body = (await request.body()).decode()
        got.append(
            json.loads(body) if body.startswith("{") else json.loads(parse_qs(body)["payload"][0])["view"]
        )
        return JSONResponse({}, status)

    await world.serve(endpoint)
    return got


async def test_an_app_hears_of_a_reaction_as_slack_tells_it(world: World) -> None:
    got = await told(world)
    said = await world.ben.types("look at this")
    assert said
    got.clear()
    sent = await world.ana.reacts("eyes", on=said)
    [event] = got
    assert event == sent
    assert event["event"] == {
        "type": "reaction_added",
        "user": world.ana.id,
        "reaction": "eyes",
        "item": {"type": "message", "channel": said.channel, "ts": said.ts},
        "item_user": world.ben.id,
        "event_ts": event["event"]["event_ts"],
    }
    assert said.reactions == {"eyes": [world.ana.id]}


async def test_nobody_reacts_twice_and_taking_it_back_is_not_told(world: World) -> None:
    got = await told(world)
    said = await world.ben.types("look at this")
    assert said
    await world.ana.reacts("eyes", on=said)
    with pytest.raises(ValueError, match="already"):
        await world.ana.reacts("eyes", on=said)
    before = len(got)
    world.ana.takes_back("eyes", on=said)
    assert len(got) == before
    assert said.reactions == {"eyes": []}
    await world.ana.reacts("eyes", on=said)
    assert len(got) == before + 1


async def test_a_reaction_that_the_app_does_not_take_comes_again_with_the_same_id(world: World) -> None:
    said = await world.ben.types("look at this")
    assert said
    got = await told(world, status=500)
    await world.ana.reacts("eyes", on=said)
    assert len(got) == 4
    assert len({one["event_id"] for one in got}) == 1


def asking(**more: Any) -> Json:
    element = {"type": "datetimepicker", "action_id": "at", **more}
    label = {"type": "plain_text", "text": "When"}
    return {"type": "input", "block_id": "when", "label": label, "element": element, "optional": True}


def modal(block: Json) -> Json:
    title = {"type": "plain_text", "text": "Snooze"}
    return {"type": "modal", "title": title, "submit": title, "blocks": [block]}


@pytest.mark.parametrize(
    ("more", "typed", "sent"),
    [
        ({}, None, None),
        ({}, "1798100000", 1798100000),
        ({"initial_date_time": 1798100000}, None, None),  # emptied
    ],
)
async def test_a_moment_is_sent_in_seconds(world: World, more: Json, typed: str | None, sent: int) -> None:
    got = await told(world)
    trigger = world.slack.workspace.triggers.pull(world.ana.id)
    await world.client.views_open(trigger_id=trigger, view=modal(asking(**more)))
    await world.ana.submits({"When": typed})
    state = got[-1]["state"]["values"]
    assert state == {"when": {"at": {"type": "datetimepicker", "selected_date_time": sent}}}


def test_both_checks_know_the_field() -> None:
    good = modal(asking(initial_date_time=1798100000))
    check_view(good)
    assert problems_in_view(good) == []
    for bad in (asking(initial_date_time=17), asking(placeholder={"type": "plain_text", "text": "x"})):
        with pytest.raises(SlackError):
            check_view(modal(bad))
        assert problems_in_view(modal(bad))


def test_the_page_reads_a_time_in_utc() -> None:
    assert moment("2026-12-01T09:00") == 1796115600
    assert moment("") is None
