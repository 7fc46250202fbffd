"""The Web API over HTTP: tokens, faults, the pace of posting, and the list of methods."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.slack import chat, conversations, files, groups, users, views
from sandbox.slack.arguments import Arguments, read_arguments, token_of
from sandbox.slack.errors import SlackError
from sandbox.slack.faults import Faults, strike
from sandbox.slack.workspace import Workspace

Method = Callable[[Workspace, Arguments], dict[str, Any]]

METHODS: dict[str, Method] = {
    "api.test": users.api_test,
    "auth.test": users.auth_test,
    "users.info": users.info,
    "users.list": users.list_,
    "users.lookupByEmail": users.look_up_by_email,
    "usergroups.list": groups.list_,
    "usergroups.users.list": groups.users_list,
    "dnd.info": groups.dnd_info,
    "conversations.list": conversations.list_,
    "conversations.info": conversations.info,
    "conversations.members": conversations.members,
    "conversations.join": conversations.join,
    "conversations.open": conversations.open_,
    "conversations.history": conversations.history,
    "conversations.replies": conversations.replies,
    "chat.postMessage": chat.post_message,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.update": chat.update,
    "chat.delete": chat.delete,
    "chat.getPermalink": chat.get_permalink,
    "reactions.add": chat.add_reaction,
    "files.getUploadURLExternal": files.get_upload_url,
    "files.completeUploadExternal": files.complete_upload,
    "files.info": files.info,
    "files.delete": files.delete,
    "views.open": views.open_,
    "views.push": views.push,
    "views.update": views.update,
    "views.publish": views.publish,
}
WITHOUT_TOKEN = ("api.test",)
SOCKET = "apps.connections.open"


@dataclass
class Call:
    """One call of the Web API: what was asked, and what came of it (None where a fault ate the call)."""

    method: str
    args: dict[str, Any]
    reply: dict[str, Any] | None = None


@dataclass
class Pace:
    """About one post a second in each channel, after a burst. In real time: it is the wire that is slow."""

    burst: int = 5
    per_second: float = 1.0
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def spend(self, channel: str) -> None:
        """Count one post; raises `ratelimited` when it came too soon."""
        now = time.monotonic()
        left, since = self._left.get(channel, (float(self.burst), now))
        left = min(float(self.burst), left + (now - since) * self.per_second)
        if left < 1:
            self._left[channel] = (left, now)
            wait = ceil((1 - left) / self.per_second)
            raise SlackError("ratelimited", status=429, retry_after=wait)
        self._left[channel] = (left - 1, now)


class WebApi:
    """Answers `/api/<method>` for one workspace."""

    def __init__(
        self,
        slack: Workspace,
        faults: Faults,
        *,
        bot_token: str,
        app_token: str,
        open_socket: Callable[[], Awaitable[str]],
        pace: Pace | None,
    ) -> None:
        self.calls: list[Call] = []
        self.scopes: str | None = None  # what the header X-OAuth-Scopes says
        self.revoked: str | None = None  # the error that the bot token answers with, once it is revoked
        self._slack, self._faults, self._pace = slack, faults, pace
        self._bot_token, self._app_token = bot_token, app_token
        self._open_socket = open_socket

    async def endpoint(self, request: Request) -> Response:
        """Answer one call, or let it fail as a test asked for."""
        method = request.path_params["method"]

        async def answer() -> Response:
            return await self._answer(method, request)

        fault = self._faults.take(method)
        if fault is None:
            return await answer()
        if not fault.after:
            self.calls.append(Call(method, await _readable(request)))
        return await strike(fault, request, answer)

    async def _answer(self, method: str, request: Request) -> Response:
        call = Call(method, {})
        self.calls.append(call)
        try:
            args = await read_arguments(request)
            token = token_of(request, args)
            call.args = dict(args)
            self._authenticate(method, token)
            call.reply = await self._call(method, args)
        except SlackError as refused:
            call.reply = refused.reply
            wait = refused.retry_after
            headers = {} if wait is None else {"Retry-After": str(wait)}
            return JSONResponse(refused.reply, refused.status, headers)
        return JSONResponse(
            call.reply, headers={} if self.scopes is None else {"X-OAuth-Scopes": self.scopes}
        )

    async def _call(self, method: str, args: Arguments) -> dict[str, Any]:
        await asyncio.sleep(0)  # so that two calls at once really interleave
        if method == SOCKET:
            return {"ok": True, "url": await self._open_socket()}
        if code := self._faults.refuses(method, args):
            raise SlackError(code)
        if method not in METHODS:
            raise SlackError("unknown_method", req_method=method)
        if self._pace and method == "chat.postMessage":
            self._pace.spend(self._slack.channel_id(args.text("channel")))
        return METHODS[method](self._slack, args)

    def _authenticate(self, method: str, token: str) -> None:
        if method in WITHOUT_TOKEN:
            return
        if not token:
            raise SlackError("not_authed")
        if token not in (self._bot_token, self._app_token):
            raise SlackError("invalid_auth")
        if token == self._bot_token and self.revoked:
            raise SlackError(self.revoked)
        if (token == self._app_token) != (method == SOCKET):
            raise SlackError("not_allowed_token_type")


async def _readable(request: Request) -> dict[str, Any]:
    """The arguments of a call that a fault will eat, for the record."""
    try:
        args = await read_arguments(request)
    except SlackError:
        return {}
    args.pop("token", None)
    return dict(args)
