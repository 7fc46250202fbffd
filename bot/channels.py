"""Channels as the routes name them → channels as Slack knows them."""

import asyncio
import logging
import math
import re
import time
from collections.abc import Callable

from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Misconfigured
from bot.slackapi import SlackRefused, call

log = logging.getLogger(__name__)
_ID = re.compile(r"[CGD][A-Z0-9]+")  # names have no capitals


_PAUSE = 15.0
"""Seconds before a name that is missing is looked for again: each conversation of its mailbox asks for it."""


class Channels:
    """Names to ids, remembered until a name is not among them."""

    def __init__(self, web: AsyncWebClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._web = web
        self._clock = clock
        self._ids: dict[str, str] = {}
        self._archived: dict[str, str] = {}
        self._listing = asyncio.Lock()
        self._lists = 0
        self._listed = -math.inf

    async def id(self, channel: str) -> str:
        """Say which channel a route means; raise Misconfigured where the bot sees none of that name."""
        if _ID.fullmatch(channel):
            return channel
        known = channel in self._ids or channel in self._archived
        if not known and self._clock() > self._listed + _PAUSE:
            await self._list()  # names change hands: what is not there is asked for anew
        if channel not in self._ids and channel in self._archived:
            return self._archived[channel]  # whoever posts there learns what is wrong
        if channel not in self._ids:
            raise Misconfigured(
                f"Slack has no channel #{channel} that the bot can see: mend its route, or invite the bot",
                "channel_not_found",
            )
        return self._ids[channel]

    def forget(self) -> None:
        """Ask Slack for the names anew: somebody has changed something."""
        self._listed = -math.inf
        self._ids.clear()

    async def join(self, channel: str) -> bool:
        """Join a public channel; say whether that went."""
        try:
            await call(self._web.conversations_join, channel=channel)
        except (SlackRefused, Misconfigured) as error:
            log.warning("cannot join channel %s: %s", channel, error)
            return False
        return True

    async def _list(self) -> None:
        """List the channels; who comes while that goes on is served by the same list."""
        lists = self._lists
        async with self._listing:
            if lists == self._lists:
                await self._fetch()
                self._lists += 1
                self._listed = self._clock()

    async def _fetch(self) -> None:
        self._archived = {}
        cursor = None
        while True:
            told = await call(
                self._web.conversations_list,
                types="public_channel,private_channel",
                limit=200,
                cursor=cursor,
            )
            for row in told.get("channels") or []:
                identity = str(row.get("id", ""))
                found = {str(row.get("name", "")): identity, identity: identity}
                if row.get("is_archived"):
                    self._archived |= found
                else:
                    self._ids |= found
            cursor = (told.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return
