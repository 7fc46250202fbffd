"""The bridge behind glass: what it would do to Slack, to FreeScout and to its memory is noted, and not done.

Slack and FreeScout are read as ever; the memory is a copy, which nobody keeps.
"""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import UserError
from bot.tls import trust

_READS = (
    "auth.test",
    "chat.getPermalink",
    "conversations.history",
    "conversations.info",
    "conversations.list",
    "conversations.members",
    "conversations.replies",
    "dnd.info",
    "users.info",
    "users.list",
    "users.lookupByEmail",
    "usergroups.list",
    "usergroups.users.list",
)
_HERE = "D-here-"
"""How the ids begin of direct messages that were not opened; then comes whom with."""


@dataclass(frozen=True, slots=True)
class Said:
    """Something that would be said, or said anew."""

    at: datetime
    conversation: int
    key: str
    channel: str
    text: str
    thread: bool


@dataclass(slots=True)
class Noted:
    """What would be done, in its order."""

    now: Callable[[], datetime]
    said: list[Said] = field(default_factory=list)
    written: list[tuple[datetime, str]] = field(default_factory=list)
    """What FreeScout would be told: a method and a path."""

    def post(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Note a message; answer as Slack does."""
        told = (arguments.get("metadata") or {}).get("event_payload") or {}
        channel, thread = str(arguments.get("channel", "")), arguments.get("thread_ts")
        conversation, key = int(told.get("conversation") or 0), str(told.get("key") or "")
        text = str(arguments.get("text", ""))
        self.said.append(Said(self.now(), conversation, key, channel, text, bool(thread)))
        ts = f"{self.now().timestamp():.0f}.{len(self.said):06}"
        return {"ts": ts, "channel": channel, "message": {"thread_ts": thread} if thread else {}}


class GlassSlack(AsyncWebClient):
    """Slack's client that reads, and notes whatever else it is told to do."""

    noted: Noted

    async def api_call(self, api_method: str, **more: Any) -> AsyncSlackResponse:
        """Call a method that reads; any other comes to nothing."""
        if api_method in _READS:
            return await super().api_call(api_method, **more)
        given = more.get("json") or more.get("params") or more.get("data") or {}
        told: dict[str, Any] = {}
        if api_method == "chat.postMessage":
            told = self.noted.post(given)
        elif api_method == "conversations.open":
            return await self._opened(given, more)
        return self._answer(api_method, told)

    async def _opened(self, given: dict[str, Any], more: dict[str, Any]) -> AsyncSlackResponse:
        """The direct messages that there are with somebody, or an id in their place.

        https://docs.slack.dev/reference/methods/conversations.open
        """
        asked = {**given, "prevent_creation": True}
        try:
            told = await super().api_call("conversations.open", **{**more, "json": asked, "params": None})
            if (told.get("channel") or {}).get("id"):
                return told
        except SlackApiError as error:
            if error.response.get("error") in ("user_disabled", "cannot_dm_bot", "user_not_found"):
                raise
        return self._answer("conversations.open", {"channel": {"id": f"{_HERE}{given.get('users', '')}"}})

    def _answer(self, method: str, told: dict[str, Any]) -> AsyncSlackResponse:
        return AsyncSlackResponse(
            client=self,
            http_verb="POST",
            api_url=method,
            req_args={},
            data={"ok": True, **told},
            headers={},
            status_code=200,
        )


class GlassWire(httpx.AsyncHTTPTransport):
    """The way to FreeScout on which only questions go; what would be written is noted and believed done."""

    def __init__(self, noted: Noted) -> None:
        super().__init__(verify=trust())
        self._noted = noted

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Let a question through."""
        if request.method == "GET":
            return await super().handle_async_request(request)
        self._noted.written.append((self._noted.now(), f"{request.method} {request.url.path}"))
        return httpx.Response(204, headers={"Resource-ID": "0"}, request=request)


@contextmanager
def copied(path: str, *, blank: bool = False) -> Iterator[str]:
    """A copy of the bridge's memory for as long as the block lasts; raise UserError where there is none.

    With `blank` a bridge that has not run here remembers nothing.
    """
    there_is_one = Path(path).exists()
    if not there_is_one and not blank:
        raise UserError(f"There is no {path}: the bridge has not run here.")
    with tempfile.TemporaryDirectory(prefix="freescout-slack-") as folder:
        there = str(Path(folder) / "copy.db")
        Path(there).touch(mode=0o600)
        if not there_is_one:
            yield there
            return
        source = sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True)
        target = sqlite3.connect(there)
        try:
            source.backup(target)
        except sqlite3.Error as error:
            raise UserError(f"{path} cannot be read: {error}.") from error
        finally:
            source.close()
            target.close()
        yield there


def whose(channel: str) -> str:
    """Whose direct messages a channel stands for that was not opened; empty for any other."""
    return channel.removeprefix(_HERE) if channel.startswith(_HERE) else ""
