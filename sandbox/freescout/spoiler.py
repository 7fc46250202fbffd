"""Between the wire and the API: records each call, and lets armed faults have their way with its answer."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.freescout.faults import ApiFault, Faults

STORED = "/storage/attachment/"


class Spoiler:
    """Middleware that records each API call and lets the faults have their way with it, and with files."""

    def __init__(self, app: ASGIApp, faults: Faults, record: Callable[[Scope, bytes], None]) -> None:
        self._app = app
        self._faults = faults
        self._record = record

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(("/api/", STORED)):
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        if not scope["path"].startswith(STORED):
            self._record(scope, body)
        fault = self._faults.take(scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, _again(body, receive), send)
        else:
            await self._spoil(fault, body, scope, receive, send)

    async def _spoil(self, fault: ApiFault, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        answer: list[Message] = []
        if fault.needs_the_answer:
            await self._app(scope, _again(body, receive), _keep(answer))
        if fault.hang and await _gone_within(receive, fault.hang):
            return
        if (other := fault.answer()) is not None:
            answer.clear()
            await other(scope, receive, _keep(answer))
        if not answer or fault.cut is True:
            await _cut(receive)
        else:
            await _send(fault, answer, receive, send)


async def _send(fault: ApiFault, answer: list[Message], receive: Receive, send: Send) -> None:
    """Send an answer that was kept, with whatever the fault does to its body."""
    start, body = answer[0], b"".join(message.get("body", b"") for message in answer[1:])
    half = body[: len(body) // 2]
    if fault.truncate:
        body = half
        start["headers"] = _with_length(start["headers"], len(body))
    await send(start)
    if fault.cut == "body":
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await _close(receive)
    elif fault.drip:
        await _drip(body, fault.drip, receive, send)
    else:
        await send({"type": "http.response.body", "body": body})


def _with_length(headers: Iterable[tuple[bytes, bytes]], length: int) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if name != b"content-length"]
    return [*kept, (b"content-length", b"%d" % length)]


async def _drip(body: bytes, pause: float, receive: Receive, send: Send) -> None:
    for index in range(len(body)):
        await send({"type": "http.response.body", "body": body[index : index + 1], "more_body": True})
        if await _gone_within(receive, pause):
            return
    await send({"type": "http.response.body", "body": b""})


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


async def _close(receive: Receive) -> None:
    """Drop it after what was sent: that still arrives."""
    cycle: Any = getattr(receive, "__self__", None)
    cycle.transport.close()
    await receive()
