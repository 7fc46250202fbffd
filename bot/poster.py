"""Steps → Slack: paced by channel, each thing said once.

A post is written down before it is made. Found unconfirmed later, it is first looked for in Slack by the
metadata that names it: https://docs.slack.dev/messaging/message-metadata
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.channels import Channels
from bot.errors import Ambiguous, Misconfigured, Transient
from bot.plan import CARD, Step
from bot.slackapi import SlackRefused, call
from bot.store import Delivery, Store

log = logging.getLogger(__name__)

EVENT_TYPE = "freescout_post"
_SKEW = 300.0
"""Seconds by which our clock and Slack's may differ."""
_LONGEST_WAIT = 2.6
_LAYOUT = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"})
_LEFT_ALONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})


class Pace:
    """Slack takes about one post a second in a channel, and a short burst.

    https://docs.slack.dev/apis/web-api/rate-limits
    """

    def __init__(
        self,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        per_second: float = 1.0,
        burst: int = 4,
    ) -> None:
        self._sleep = sleep
        self._gap = 1 / per_second
        self._burst = burst
        self._free: dict[str, float] = {}
        self._promised: dict[str, float] = {}

    async def turn(self, channel: str) -> None:
        """Return when a post may be made in this channel; raise Transient where that takes long.

        Whoever waits holds a worker, and a slow channel must not hold them all.
        """
        now = time.monotonic()
        at = max(self._free.get(channel, 0.0), now - self._gap * self._burst) + self._gap
        if at - now > _LONGEST_WAIT:
            # Each comes back at a time of its own: together they would all be too many again.
            later = max(self._promised.get(channel, 0.0) + self._gap, at)
            self._promised[channel] = later
            raise Transient(f"channel {channel} takes no more posts for the moment", retry_after=later - now)
        self._free[channel] = at
        if at > now:
            await self._sleep(at - now)

    def pause(self, channel: str, seconds: float) -> None:
        """Hold a channel's posts back."""
        self._free[channel] = max(self._free.get(channel, 0.0), time.monotonic() + seconds)


class Poster:
    """Takes one step after the other."""

    def __init__(self, web: AsyncWebClient, store: Store, channels: Channels, pace: Pace) -> None:
        self._web = web
        self._store = store
        self._channels = channels
        self._pace = pace

    async def take(self, conversation: int, channel: str, step: Step, card_ts: str | None) -> str:
        """Say what the step says; return its message's ts."""
        if step.ts is not None:
            await self._update(conversation, channel, step, step.ts)
            return step.ts
        await self._pace.turn(channel)  # before it is written down: what never left need not be looked for
        await self._store.begin_post(conversation, channel, step.key, step.version)
        try:
            ts = await self._post(conversation, channel, step, card_ts)
        except Ambiguous:
            raise  # it may stand: whoever looks next finds it unconfirmed, and searches first
        except Exception:
            await self._store.unposted(conversation, channel, step.key)
            raise
        await self._store.posted(conversation, channel, step.key, ts, step.version)
        return ts

    async def settle(self, conversation: int, delivery: Delivery, card_ts: str | None) -> str | None:
        """Find out about a post that was begun and not confirmed; return its ts where Slack has it."""
        found = await self._find(conversation, delivery, card_ts)
        if found is None:
            await self._store.unposted(conversation, delivery.channel, delivery.key)
        else:
            await self._store.posted(conversation, delivery.channel, delivery.key, found, delivery.version)
        return found

    async def _post(self, conversation: int, channel: str, step: Step, card_ts: str | None) -> str:
        arguments: dict[str, Any] = {
            "channel": channel,
            "text": step.message.text,
            "blocks": list(step.message.blocks),
            "metadata": {"event_type": EVENT_TYPE, "event_payload": _name(conversation, step.key)},
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if step.key != CARD:
            arguments["thread_ts"] = card_ts
        try:
            told = await self._somehow(self._web.chat_postMessage, arguments)
        except Misconfigured:
            raise
        except Transient as error:
            self._pace.pause(channel, error.retry_after or 0)
            raise
        return str(told["ts"])

    async def _somehow(
        self, method: Callable[..., Awaitable[AsyncSlackResponse]], arguments: dict[str, Any]
    ) -> dict[str, Any]:
        """Say it as plain text where Slack refuses its layout: nothing is lost for its form."""
        try:
            return await self._joining(method, arguments)
        except SlackRefused as error:
            if error.code not in _LAYOUT:
                raise
            log.error("a message of ours goes as plain text, because %s", error)
        return await self._joining(method, {**arguments, "blocks": []})

    async def _joining(
        self, method: Callable[..., Awaitable[AsyncSlackResponse]], arguments: dict[str, Any]
    ) -> dict[str, Any]:
        """Call a method, once more after joining the channel where the bot is not in it."""
        try:
            return await call(method, **arguments)
        except Misconfigured as error:
            if error.code != "not_in_channel" or not await self._channels.join(arguments["channel"]):
                raise
        return await call(method, **arguments)

    async def _update(self, conversation: int, channel: str, step: Step, ts: str) -> None:
        arguments = {
            "channel": channel,
            "ts": ts,
            "text": step.message.text,
            "blocks": list(step.message.blocks),
        }
        try:
            await self._somehow(self._web.chat_update, arguments)
        except SlackRefused as error:
            if error.code not in _LEFT_ALONE:
                raise
            log.warning("message %s of conversation %s is left as it is: %s", step.key, conversation, error)
            if step.key == CARD and error.code == "message_not_found":
                await self._store.unposted(conversation, channel, CARD)
                raise Transient("the card was deleted in Slack", retry_after=0) from error
        await self._store.posted(conversation, channel, step.key, ts, step.version)

    async def _find(self, conversation: int, delivery: Delivery, card_ts: str | None) -> str | None:
        wanted = _name(conversation, delivery.key)
        try:
            async for message in self._said_since(delivery, card_ts):
                metadata = message.get("metadata") or {}
                if metadata.get("event_type") == EVENT_TYPE and metadata.get("event_payload") == wanted:
                    return str(message["ts"])
        except SlackRefused as error:
            log.warning("cannot look for %s of %s: %s", delivery.key, conversation, error)
        return None

    async def _said_since(self, delivery: Delivery, card_ts: str | None) -> AsyncIterator[dict[str, Any]]:
        arguments: dict[str, Any] = {
            "channel": delivery.channel,
            "include_all_metadata": True,
            "oldest": f"{delivery.begun - _SKEW:.6f}",
            "limit": 200,
        }
        method: Callable[..., Awaitable[AsyncSlackResponse]] = self._web.conversations_history
        if delivery.key != CARD and card_ts:
            method, arguments["ts"] = self._web.conversations_replies, card_ts
        while True:
            told = await call(method, **arguments)
            for message in told.get("messages") or []:
                yield message
            arguments["cursor"] = (told.get("response_metadata") or {}).get("next_cursor")
            if not arguments["cursor"]:
                return


def _name(conversation: int, key: str) -> dict[str, Any]:
    return {"conversation": conversation, "key": key}
