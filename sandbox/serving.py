"""Serve an ASGI app on loopback for as long as a block runs."""

import asyncio
import itertools
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress

import uvicorn
from starlette.types import ASGIApp

_FIRST, _PARTS, _SIZE = 20_000, 8, 1_500
"""Where `free_port` looks: below what a system gives to whoever asks for any port (from 32768, or later)."""
_PART = int(os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw") or os.getpid()) % _PARTS
_tries = itertools.count(os.getpid())


def free_port() -> int:
    """A port to open later, or to close and come back to: nobody else is given it meanwhile.

    The processes of one test run choose from a part each, as none of them listens yet when it has chosen.
    """
    for nth in itertools.islice(_tries, _SIZE):
        port = _FIRST + _PART * _SIZE + nth % _SIZE
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError(f"all {_SIZE} ports from {_FIRST + _PART * _SIZE} are taken")


class _Server(uvicorn.Server):
    """Ends when it is told to, and not at its next look: the tests end a thousand of them."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ending = asyncio.Event()

    async def main_loop(self) -> None:
        """Serve until told to stop."""
        await self.on_tick(0)
        await self.ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more requests, and give those in hand a second."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for listener in sockets or []:
            listener.close()
        if self.server_state.tasks:
            _, late = await asyncio.wait(self.server_state.tasks, timeout=1)
            for task in late:
                task.cancel()

    def capture_signals(self) -> AbstractContextManager[None]:
        """Leave Ctrl-C to whoever started us."""
        return nullcontext()


@asynccontextmanager
async def serving(app: ASGIApp, port: int = 0, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """Listen on `port` (0: any free one) and yield the address, like `http://127.0.0.1:40123`."""
    listener = socket.create_server((host, port))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio sets it only where proto is set
    config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells by a flag alone
            await asyncio.sleep(0.005)
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.ending.set()
        await task
        listener.close()
