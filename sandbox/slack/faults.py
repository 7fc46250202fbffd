"""What tests can make go wrong between an app and this Slack."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response


@dataclass
class Fault:
    """One thing to go wrong, `times` times, with a method of the Web API (None: with any).

    Without `after` the call does not happen. With it the call happens, and then its answer is lost:
    that is the fault from which careless apps post twice.
    """

    method: str | None = None
    error: str | None = None
    retry_after: int | None = None
    status: int | None = None
    html: bool = False
    hang: float = 0.0
    cut: bool = False
    times: int = 1
    after: bool = False

    def answer(self) -> Response | None:
        """What is sent instead of the real answer; None when there is nothing but the wait or the cut."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        if self.html:
            page = "<!doctype html><title>Server Error</title><h1>Something went wrong</h1>"
            return HTMLResponse(page, self.status or 200, headers)
        if self.error is not None:
            status = self.status or (429 if self.error == "ratelimited" else 200)
            return JSONResponse({"ok": False, "error": self.error}, status, headers)
        if self.status is not None:
            return PlainTextResponse("upstream connect error", self.status, headers)
        return None


@dataclass
class Faults:
    """The faults that are armed. Where none of them strikes, chaos is asked, if there is one."""

    armed: list[Fault] = field(default_factory=list)
    chaos: Callable[[str], Fault | None] | None = None
    refuses: Callable[[str, Mapping[str, Any]], str | None] = lambda *_: None
    """The code with which a call of a method is refused for what it says, as long as this is so."""

    def api(self, method: str | None = None, **what: Any) -> Fault:
        """Arm a fault, described by the fields of `Fault`.

        A `hang` without `after` ends in a cut; with it, in the late real answer.
        """
        fault = Fault(method, **what)
        self.armed.append(fault)
        return fault

    def clear(self) -> None:
        """Disarm everything; chaos goes on."""
        self.armed.clear()

    def take(self, method: str) -> Fault | None:
        """The fault that strikes this call, if one does."""
        for fault in self.armed:
            if fault.method in (None, method):
                fault.times -= 1
                if fault.times <= 0:
                    self.armed.remove(fault)
                return fault
        return self.chaos(method) if self.chaos else None


async def strike(fault: Fault, request: Request, call: Callable[[], Awaitable[Response]]) -> Response:
    """Let a fault happen to a call."""
    real = await call() if fault.after else None
    if fault.hang:
        await _wait(fault.hang, request)
    answer = fault.answer()
    if fault.cut or (answer is None and real is None):
        cut(request)
    return answer or real or PlainTextResponse("")


async def _wait(seconds: float, request: Request) -> None:
    """Keep a client waiting, but no longer than it waits: a server that shuts down must not hang itself."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not await request.is_disconnected():  # noqa: ASYNC110, ASGI can only be asked
        await asyncio.sleep(0.02)


def cut(request: Request) -> None:
    """Drop the connection without a word.

    ASGI has no way to say that, so this reaches for uvicorn: a request carries its `receive`.
    """
    cycle = getattr(request.receive, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is not None:
        transport.abort()
