"""A post of unknown fate, looked for in Slack: in its thread, or in the channel where there is none.

It is known by the metadata that names it: https://docs.slack.dev/messaging/message-metadata
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot import policy
from bot.errors import Transient
from bot.policy import Then
from bot.slackapi import SlackRefused, call
from bot.store import Delivery

log = logging.getLogger(__name__)

EVENT_TYPE = "freescout_post"
_SKEW = 300.0
"""Seconds by which our clock and Slack's may differ."""


async def sought(
    web: AsyncWebClient, wanted: dict[str, Any], delivery: Delivery, card_ts: str | None
) -> dict[str, Any] | None:
    """Find the message that bears a name; None where Slack has none."""
    try:
        async for message in _said_since(web, delivery, card_ts):
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == EVENT_TYPE and metadata.get("event_payload") == wanted:
                return message
    except SlackRefused as error:
        if card_ts and policy.slack(error.code).then is Then.ANEW:
            return await sought(web, wanted, delivery, None)
        if error.code != "unknown_method":
            # What cannot be looked for must not be said again: it may stand.
            raise Transient(f"what was said cannot be looked for: {error}", retry_after=60) from error
        log.warning("cannot look for %s: %s", wanted, error)
    return None


async def _said_since(
    web: AsyncWebClient, delivery: Delivery, card_ts: str | None
) -> AsyncIterator[dict[str, Any]]:
    arguments: dict[str, Any] = {
        "channel": delivery.channel,
        "include_all_metadata": True,
        "oldest": f"{delivery.begun - _SKEW:.6f}",
        "limit": 200,
    }
    method: Callable[..., Awaitable[AsyncSlackResponse]] = web.conversations_history
    if card_ts:
        method, arguments["ts"] = web.conversations_replies, card_ts
    while True:
        told = await call(method, **arguments)
        for message in told.get("messages") or []:
            yield message
        arguments["cursor"] = (told.get("response_metadata") or {}).get("next_cursor")
        if not arguments["cursor"]:
            return
