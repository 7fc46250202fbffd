"""What can go wrong on the wire, armed by tests: lost, late or broken answers, lost or doubled webhooks."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.freescout.shapes import encode


@dataclass(slots=True)
class ApiFault:
    """One armed fault: `match` is a pattern over `METHOD /path`."""

    match: str
    status: int | None
    html: bool
    hang: float
    cut: bool
    after: bool
    times: int | None
    headers: dict[str, str]

    def answer(self) -> Response | None:
        """The answer in place of the real one, if there is to be any."""
        if self.status is None and not self.html:
            return None
        status = self.status or 500
        if self.html:
            page = (
                "<!DOCTYPE html><html><body><h1>Whoops, looks like something went wrong.</h1></body></html>"
            )
            return HTMLResponse(page, status, self.headers)
        return Response(encode({"message": "Error"}), status, self.headers, "application/json")


@dataclass(slots=True)
class WebhookFault:
    """How many of the next deliveries meet which fate; `delay` is in seconds and stays until cleared."""

    drop: int = 0
    duplicate: int = 0
    reorder: int = 0
    delay: float = 0


class Faults:
    """Arm them one by one; each is used up after its `times` (None: never)."""

    def __init__(self) -> None:
        self._api: list[ApiFault] = []
        self.next_webhooks = WebhookFault()

    def api(
        self,
        match: str = "*",
        *,
        status: int | None = None,
        html: bool = False,
        hang: float = 0,
        cut: bool = False,
        after: bool = False,
        times: int | None = 1,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Spoil API calls that match, like `POST /api/conversations/*/threads`.

        `status` answers so, as JSON, or as a page with `html`; `cut` drops the connection without an answer;
        `hang` first waits so many real seconds. With `after` the call is carried out, and only then is its
        answer spoiled. `hang` alone loses the call, and with `after` only makes it slow.
        """
        self._api.append(ApiFault(match, status, html, hang, cut, after, times, headers or {}))

    def webhooks(self, *, drop: int = 0, duplicate: int = 0, delay: float = 0, reorder: int = 0) -> None:
        """Lose, send twice, or hold and send in reverse so many of the next deliveries; delay all."""
        self.next_webhooks = WebhookFault(drop=drop, duplicate=duplicate, reorder=reorder, delay=delay)

    def clear(self) -> None:
        self._api.clear()
        self.next_webhooks = WebhookFault()

    def take(self, method: str, path: str) -> ApiFault | None:
        """The armed fault for this call, counted down."""
        for fault in self._api:
            if fnmatchcase(f"{method} {path}", fault.match):
                if fault.times is not None:
                    fault.times -= 1
                    if not fault.times:
                        self._api.remove(fault)
                return fault
        return None


class Spoiler:
    """Middleware that records each API call and lets the faults have their way with it."""

    def __init__(self, app: ASGIApp, faults: Faults, record: Callable[[Scope, bytes], None]) -> None:
        self._app = app
        self._faults = faults
        self._record = record

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        self._record(scope, body)
        fault = self._faults.take(scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, _again(body, receive), send)
        else:
            await self._spoil(fault, body, scope, receive, send)

    async def _spoil(self, fault: ApiFault, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        true_answer: list[Message] = []
        if fault.after:
            await self._app(scope, _again(body, receive), _keep(true_answer))
        if fault.hang and await _gone_within(receive, fault.hang):
            return
        answer = None if fault.cut else fault.answer()
        if answer is not None:
            await answer(scope, receive, send)
        elif true_answer and not fault.cut:
            for message in true_answer:
                await send(message)
        else:
            await _cut(receive)


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


def _again(body: bytes, receive: Receive) -> Receive:
    """Hand out a body that was read already, and then whatever comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _keep(kept: list[Message]) -> Send:
    async def send(message: Message) -> None:
        kept.append(dict(message))

    return send


async def _gone_within(receive: Receive, seconds: float) -> bool:
    """Wait, but no longer than the caller does: a server that shuts down should not have to wait for us."""
    try:
        await asyncio.wait_for(receive(), seconds)
    except TimeoutError:
        return False
    return True


async def _cut(receive: Receive) -> None:
    """Drop the connection before a byte of an answer. ASGI has no word for it; uvicorn's transport has."""
    cycle: Any = getattr(receive, "__self__", None)
    cycle.transport.abort()
    await receive()
