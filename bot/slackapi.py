"""One call to Slack's Web API, and what its failure means to whom: see `policy` for the codes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot import policy
from bot.errors import Ambiguous, BridgeError, Misconfigured, Permanent, Transient
from bot.policy import Then
from bot.redact import Redactor, redacted

DEADLINE = 20.0
"""Seconds for a whole call: the SDK forgets its own timeout where it is given a session."""
_NO_SOCKET = (
    "Slack refuses the app token: put the one with the scope connections:write in SLACK_APP_TOKEN, "
    "see that Socket Mode is switched on, and start the bridge anew"
)
_SAID = ("json", "params", "data")
"""The arguments of the SDK's `api_call` that hold what is said."""


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


async def socket_address(web: AsyncWebClient, app_token: str) -> str:
    """Where a socket may be opened, once, by whoever has the app token. It is asked for, and not opened.

    Raises Misconfigured where Slack takes no such token, and what `call` raises otherwise.
    """
    try:
        told = await call(web.apps_connections_open, app_token=app_token)
    except (Misconfigured, SlackRefused) as error:
        raise Misconfigured(f"{_NO_SOCKET} ({error.code})", error.code) from error
    return str(told.get("url") or "")


class Client(AsyncWebClient):
    """The SDK's client, through which nothing goes that is hidden from Slack, whoever calls it."""

    redactor: Callable[[], Redactor] = Redactor

    async def api_call(self, api_method: str, **more: Any) -> AsyncSlackResponse:
        """Call a method with all that people will read of it redacted."""
        said = {name: redacted(self.redactor(), more[name]) for name in _SAID if more.get(name)}
        return await super().api_call(api_method, **{**more, **said})


def client(
    token: str,
    base_url: str,
    session: aiohttp.ClientSession,
    redactor: Callable[[], Redactor] = Redactor,
) -> Client:
    """Make the SDK's client without its retries: one of them would post a message a second time.

    `redactor` is asked at each call, for what is hidden may change while the bridge runs.
    """
    made = Client(token=token, base_url=base_url, session=session, retry_handlers=[], timeout=15)
    made.redactor = redactor
    return made


def meaning(error: SlackApiError) -> BridgeError:
    """Say what Slack's refusal means to whom."""
    response = error.response
    data = response.data if isinstance(response, AsyncSlackResponse) else None
    code = str(data.get("error") or "") if isinstance(data, dict) else ""
    status = getattr(response, "status_code", getattr(response, "status", 0))
    rule = policy.slack(code)
    if status == 429 or rule.then is Then.LATER:
        return Transient(f"Slack asks for a pause ({code or status})", _retry_after(response))
    if not code or rule.then is Then.LOOK:
        return Ambiguous(f"Slack fails ({code or status})")
    if rule.words:
        return Misconfigured(f"{rule.words} ({code})", code)
    return SlackRefused(code, _detail(data))


def shuts(error: BridgeError) -> bool:
    """Whether an error is one channel's, which somebody has to put right: it is archived, say."""
    code = error.code if isinstance(error, Misconfigured) else ""
    return policy.slack(code).then in (Then.SHUT, Then.JOIN)


def _retry_after(response: Any) -> float:
    value = str(getattr(response, "headers", {}).get("Retry-After", ""))
    return min(float(value), 3600.0) if value.isascii() and value.isdigit() else 5.0


def _detail(data: Any) -> str:
    """The places that Slack names for wrong blocks; they hold no text of anybody's."""
    metadata = data.get("response_metadata") if isinstance(data, dict) else None
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    return "; ".join(str(one) for one in messages)[:300] if isinstance(messages, list) else ""
