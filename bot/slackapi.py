"""One call to Slack's Web API, and what its failure means to whom.

The codes are those of https://docs.slack.dev/reference/methods/chat.postMessage#errors and its neighbours.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import Ambiguous, BridgeError, Misconfigured, Permanent, Transient

OPERATOR = {
    "invalid_auth": "Slack refuses the bot token: see SLACK_BOT_TOKEN",
    "not_authed": "Slack refuses the bot token: see SLACK_BOT_TOKEN",
    "account_inactive": "the app was removed from the Slack workspace: install it again",
    "token_revoked": "the Slack bot token was revoked: install the app again",
    "token_expired": "the Slack bot token has expired: install the app again",
    "missing_scope": "the Slack app lacks a scope: install it again with manifest.yml",
    "not_in_channel": "the bot is not in the channel: invite it there",
    "channel_not_found": "Slack has no such channel that the bot can see: invite it there, or mend the route",
    "is_archived": "the channel is archived: unarchive it, or mend the route",
    "restricted_action": "a workspace setting keeps the bot from posting there",
}
DEADLINE = 20.0
"""Seconds for a whole call: the SDK forgets its own timeout where it is given a session."""
_PASSING = frozenset(
    {"ratelimited", "rate_limited", "message_limit_exceeded", "service_unavailable", "team_added_to_org"}
)
_CUT_OFF = frozenset({"internal_error", "fatal_error", "request_timeout"})


class SlackRefused(Permanent):
    """Slack's own no, under its code; nothing was done."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code = code
        super().__init__(f"Slack refuses: {code}{f' ({detail})' if detail else ''}")


async def call(
    method: Callable[..., Awaitable[AsyncSlackResponse]], *, deadline: float = DEADLINE, **arguments: Any
) -> dict[str, Any]:
    """Call a method of the SDK's client; return the answer.

    Raises Misconfigured, SlackRefused or Transient where nothing was done, and Ambiguous where nobody knows.
    """
    try:
        async with asyncio.timeout(deadline):
            response = await method(**arguments)
    except SlackApiError as error:
        raise meaning(error) from error
    except aiohttp.ClientConnectorError as error:
        raise Transient(f"Slack cannot be reached ({type(error).__name__})") from error
    except (aiohttp.ClientError, TimeoutError, AttributeError, ValueError) as error:
        # AttributeError: the SDK's own, where Slack's edge answers with text instead of JSON
        raise Ambiguous(f"Slack broke off ({type(error).__name__})") from error
    data = response.data
    return data if isinstance(data, dict) else {}


def client(token: str, base_url: str, session: aiohttp.ClientSession) -> AsyncWebClient:
    """Make the SDK's client without its retries: one of them would post a message a second time."""
    return AsyncWebClient(token=token, base_url=base_url, session=session, retry_handlers=[], timeout=15)


def meaning(error: SlackApiError) -> BridgeError:
    """Say what Slack's refusal means to whom."""
    response = error.response
    data = response.data if isinstance(response, AsyncSlackResponse) else None
    code = str(data.get("error") or "") if isinstance(data, dict) else ""
    status = getattr(response, "status_code", getattr(response, "status", 0))
    if status == 429 or code in _PASSING:
        return Transient(f"Slack asks for a pause ({code or status})", _retry_after(response))
    if code in OPERATOR:
        return Misconfigured(f"{OPERATOR[code]} ({code})", code)
    if not code or code in _CUT_OFF:
        return Ambiguous(f"Slack fails ({code or status})")
    return SlackRefused(code, _detail(data))


def _retry_after(response: Any) -> float:
    value = str(getattr(response, "headers", {}).get("Retry-After", ""))
    return min(float(value), 3600.0) if value.isascii() and value.isdigit() else 5.0


def _detail(data: Any) -> str:
    """The places that Slack names for wrong blocks; they hold no text of anybody's."""
    metadata = data.get("response_metadata") if isinstance(data, dict) else None
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    return "; ".join(str(one) for one in messages)[:300] if isinstance(messages, list) else ""
