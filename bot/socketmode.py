"""Socket Mode: a socket to Slack where there is an app token, which the SDK connects and connects again."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot import slackapi
from bot.errors import BridgeError
from bot.health import Health
from bot.settings import Settings

log = logging.getLogger(__name__)

_LOOK = 2.0
"""Seconds between two looks at whether it is open."""
_PAUSE = 10.0
"""Seconds until Slack is asked again where it names no time itself."""


@asynccontextmanager
async def connected(bolt: AsyncApp, settings: Settings, health: Health) -> AsyncIterator[None]:
    """Keep a socket open to Slack for as long as the block lasts; say it, while there is none."""
    if not settings.slack_app_token:
        yield
        return
    handler = AsyncSocketModeHandler(bolt, settings.slack_app_token)
    socket = _Socket(bolt, handler, settings.slack_app_token, health)
    handler.client.issue_new_wss_url = socket.address  # type: ignore[method-assign]
    tasks = [
        asyncio.create_task(handler.connect_async()),  # type: ignore[no-untyped-call]
        asyncio.create_task(socket.watch()),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await handler.close_async()  # type: ignore[no-untyped-call]


class _Socket:
    """What is known of the one socket."""

    def __init__(self, bolt: AsyncApp, handler: AsyncSocketModeHandler, token: str, health: Health) -> None:
        self._web, self._client = bolt.client, handler.client
        self._token, self._health = token, health
        self._refusal = ""

    async def address(self) -> str:
        """Where to open it: asked until Slack says it, for the SDK would log each no with its traceback."""
        while True:
            try:
                found = await slackapi.socket_address(self._web, self._token)
            except BridgeError as error:
                self._refusal = str(error)
                await asyncio.sleep(getattr(error, "retry_after", None) or _PAUSE)
            else:
                self._refusal = ""
                return found

    async def watch(self) -> None:
        """Say what is wrong for as long as it is, and log it once."""
        logged = ""
        while True:
            await asyncio.sleep(_LOOK)
            words = "" if await self._client.is_connected() else self._problem()
            if words:
                self._health.ill(words)
            if words and words != logged:
                log.error("%s", words)
            elif logged and not words:
                log.info("Socket Mode is connected again")
            logged = words

    def _problem(self) -> str:
        why = self._refusal or "see SLACK_APP_TOKEN, and whether it is switched on"
        return f"Socket Mode is not connected: {why}"
