"""A stand-in Slack that is being served, for the tests of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.serving import serving
from sandbox.slack import Person, Slack


@dataclass
class World:
    """A stand-in Slack that is being served, with two people in it."""

    slack: Slack
    ana: Person
    ben: Person
    support: str
    client: AsyncWebClient
    skipped: timedelta = timedelta()
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def serve(self, endpoint: Callable[[Request], Awaitable[Response]]) -> None:
        """Serve an app's request URL."""
        app = Starlette(routes=[Route("/slack/events", endpoint, methods=["POST"])])
        self.slack.request_url = await self.stack.enter_async_context(serving(app)) + "/slack/events"

    async def post(self, **what: Any) -> Any:
        """Post as the app and return the message as the stand-in holds it."""
        reply = await self.client.chat_postMessage(**{"channel": self.support, "text": "Hello", **what})
        return self.slack.workspace.find(self.slack.channel(reply["channel"]), reply["ts"])


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made: list[World] = []

    def now() -> datetime:
        return datetime.now(UTC) + (made[0].skipped if made else timedelta())

    slack = Slack(now=now)
    async with AsyncExitStack() as stack:
        slack.url = await stack.enter_async_context(serving(slack.app))
        stack.push_async_callback(slack.close)
        ana, ben = (
            slack.add_person("Ana Silva", "ana@example.com"),
            slack.add_person("Ben", "ben@example.com"),
        )
        support = slack.add_channel("support")
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, timeout=5)
        made.append(World(slack, ana, ben, support, client, stack=stack))
        yield made[0]


async def until(true: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        await asyncio.sleep(0.005)


async def error(call: Awaitable[Any]) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])
