"""Socket Mode: WebSockets on a loopback port of their own. https://docs.slack.dev/apis/events-api/using-socket-mode"""

import asyncio
import json
import secrets
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.slack.errors import SlackError


class Sockets:
    """The connections that an app has open. The server starts with the first one asked for."""

    def __init__(self, app_id: str) -> None:
        self._app_id = app_id
        self._tickets: set[str] = set()
        self._open: list[web.WebSocketResponse] = []
        self._leaving: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._runner: web.AppRunner | None = None
        self._closed = False
        self._starting = asyncio.Lock()

    @property
    def connected(self) -> int:
        """How many sockets are open."""
        return len(self._open)

    async def ticket(self) -> str:
        """A `ws://` address, good for one connection."""
        if self._closed:
            raise SlackError("internal_error")
        async with self._starting:
            if self._runner is None:
                self._runner = await self._serve()
        ticket = secrets.token_urlsafe(12)
        self._tickets.add(ticket)
        port = self._runner.addresses[0][1]
        return f"ws://127.0.0.1:{port}/link/?ticket={ticket}&app_id={self._app_id}"

    async def _serve(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/link/", self._connection)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    async def _connection(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=401, text="this address was already used")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json(self._hello())
        self._open.append(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._acknowledged(message.data)
        finally:
            self._forget(socket)
        return socket

    def _hello(self) -> dict[str, Any]:
        about = {"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18060}
        info = {"app_id": self._app_id}
        number = len(self._open) + 1
        return {"type": "hello", "num_connections": number, "connection_info": info, "debug_info": about}

    def _acknowledged(self, data: str) -> None:
        try:
            sent = json.loads(data)
        except ValueError:
            return
        waiting = self._waiting.get(sent.get("envelope_id", "")) if isinstance(sent, dict) else None
        if waiting and not waiting.done():
            waiting.set_result(sent.get("payload"))

    def _forget(self, socket: web.WebSocketResponse) -> None:
        for sockets in (self._open, self._leaving):
            if socket in sockets:
                sockets.remove(socket)

    async def deliver(self, kind: str, payload: dict[str, Any], *, attempt: int, patience: float) -> Any:
        """Send one envelope and wait for what it is acknowledged with; TimeoutError when it is not."""
        envelope: dict[str, Any] = {
            "envelope_id": secrets.token_hex(16),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = waiting
        socket = self._open.pop(0)
        self._open.append(socket)  # the next delivery goes to the next socket
        try:
            await socket.send_json(envelope)
            return await asyncio.wait_for(waiting, patience)
        except ConnectionError:
            self._forget(socket)
            raise TimeoutError from None
        finally:
            del self._waiting[envelope["envelope_id"]]

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask the app to come back on a new connection, as Slack does now and then.

        Nothing is delivered on the old ones any more. They are left to the app to close: closed from here at
        once, its SDK would reconnect twice over.
        """
        going, self._open = self._open, []
        self._leaving += going
        for socket in going:
            about = {"host": "applink-sandbox"}
            if not socket.closed:
                await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": about})

    async def close(self) -> None:
        """End all connections and the server."""
        self._closed = True
        await self.refresh("link_disabled")
        for socket in list(self._leaving):
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()
