"""Chaos at Slack's side: of every kind, before and after the call happened, but never for who the bot is."""

from collections import Counter

import pytest
from aiohttp import ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.chaos import SLACK, Chaos, Rates
from tests.sandbox import slack_house
from tests.sandbox.slack_house import World

world = slack_house.world


async def says(world: World) -> str:
    client = AsyncWebClient(token=world.slack.bot_token, base_url=world.slack.api_url, retry_handlers=[])
    try:
        await client.chat_postMessage(channel=world.ana.id, text="x")
    except SlackApiError as refused:
        found = refused.response
        return str(found["error"]) if isinstance(found.data, dict) and found.get("error") else "broken"
    except ClientError:
        return "cut"
    except (AttributeError, ValueError):
        return "broken"
    return "ok"


async def test_every_kind_of_fault_happens_to_slack_but_to_no_auth_test(world: World):
    world.slack._api._pace = None  # this is not about the pace
    chaos = Chaos(1, slack=world.slack, rates=Rates(0, 0, 1))
    found = Counter([await says(world) for _ in range(90)])
    made = {kind: chaos.counts[f"slack {kind}"] for kind in SLACK}
    assert all(made.values())
    assert sum(made.values()) == 90
    assert found["ratelimited"] == made["429"]
    assert found["cut"] == made["cut"] + made["cut after"]
    assert found["internal_error"] == made["internal_error"] + made["internal_error after"]
    posted = world.slack.messages(world.slack.workspace.direct(world.ana.id).id)
    assert len(posted) == sum(count for kind, count in made.items() if "after" in kind)
    assert (await world.client.auth_test())["ok"]
    chaos.calm()
    assert await says(world) == "ok"


async def test_a_pace_is_asked_for_with_its_header(world: World):
    Chaos(
        1,
        slack=world.slack,
        rates=Rates(0, 0, 1),
        without=[f"slack {kind}" for kind in SLACK if kind != "429"],
    )
    with pytest.raises(SlackApiError) as caught:
        await world.client.users_list()
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "1")
