"""Channels as the routes name them → channels as Slack knows them."""

import asyncio
import copy
import logging
import math
import re
import time
from collections.abc import Callable
from typing import Self

from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import BridgeError, Misconfigured
from bot.names import Names
from bot.slackapi import SlackRefused, call

log = logging.getLogger(__name__)
_ID = re.compile(r"[CGD][A-Z0-9]+")  # names have no capitals


_PAUSE = 15.0
"""Seconds before a name that is missing is looked for again: each conversation of its mailbox asks for it."""
_FRESH = 600.0
"""Seconds for which a list is good: names change hands, and where the app hears no events nobody says so."""


def is_id(channel: str) -> bool:
    """Whether a route means its channel by the id, as those from Slack do, and not by the name."""
    return _ID.fullmatch(channel) is not None


def hashed(channel: str) -> str:
    """A route's channel as people read it: `#support`, or its id."""
    return channel if is_id(channel) else f"#{channel}"


class Channels:
    """Names to ids, remembered for a while; with `names` also those that channels had before."""

    def __init__(
        self,
        web: AsyncWebClient,
        clock: Callable[[], float] = time.monotonic,
        names: Names | None = None,
    ) -> None:
        self._web = web
        self._clock = clock
        self._names = names
        self._ids: dict[str, str] = {}
        self._archived: dict[str, str] = {}
        self._called: dict[str, str] = {}
        self._listing = asyncio.Lock()
        self._lists = 0
        self._listed = -math.inf

    def beside(self, web: AsyncWebClient, names: Names | None) -> Self:
        """The same list for whoever only wants to know: what they find out stays with them."""
        other = copy.copy(self)
        other._web, other._names = web, names  # noqa: SLF001 - it is one of us
        return other

    async def id(self, channel: str) -> str:
        """Say which channel a route means; raise Misconfigured where the bot sees none of that name."""
        if is_id(channel):
            return channel
        found = await self._meant(channel)
        age = self._clock() - self._listed
        if not 0 <= age < _FRESH or (found is None and age > _PAUSE):
            found = await self._asked(channel, found)
        if found is None:
            raise Misconfigured(
                f"Slack has no channel #{channel} that the bot can see: mend its route, or invite the bot",
                "channel_not_found",
            )
        return found

    def forget(self) -> None:
        """Ask Slack for the names anew: somebody has changed something."""
        self._listed = -math.inf

    def tidy(self) -> None:
        """Say no more of names that are written nowhere any more."""
        if self._names:
            self._names.tidy()

    async def join(self, channel: str) -> bool:
        """Join a public channel; say whether that went."""
        try:
            await call(self._web.conversations_join, channel=channel)
        except (SlackRefused, Misconfigured) as error:
            log.warning("cannot join channel %s: %s", channel, error)
            return False
        return True

    async def _meant(self, channel: str) -> str | None:
        """The channel of a name in the last list: one that is in use, before one that is archived.

        Who posts in an archived one learns what is wrong.
        """
        now = self._ids.get(channel)
        if self._names and self._lists:
            now = await self._names.meant(channel, [now] if now else [], self._called)
        return now or self._archived.get(channel)

    async def _asked(self, channel: str, known: str | None) -> str | None:
        """The same in a new list; what was known holds for a while where Slack gives none."""
        try:
            await self._list()
        except BridgeError as error:
            if known is None:
                raise
            log.info("the names of channels cannot be asked for: %s", error)
            self._listed = self._clock() - _FRESH + _PAUSE
            return known
        return await self._meant(channel)

    async def _list(self) -> None:
        """List the channels; who comes while that goes on is served by the same list."""
        lists = self._lists
        async with self._listing:
            if lists == self._lists:
                await self._fetch()
                self._lists += 1
                self._listed = self._clock()

    async def _fetch(self) -> None:
        used: dict[str, str] = {}
        archived: dict[str, str] = {}
        cursor = None
        while True:
            told = await call(
                self._web.conversations_list,
                types="public_channel,private_channel",
                limit=200,
                cursor=cursor,
            )
            for row in told.get("channels") or []:
                found = archived if row.get("is_archived") else used
                found[str(row.get("name", ""))] = str(row.get("id", ""))
            cursor = (told.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                self._ids, self._archived = used, archived
                self._called = {identity: name for name, identity in (archived | used).items()}
                return
