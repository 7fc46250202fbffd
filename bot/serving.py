"""The HTTP server: uvicorn, on a socket of ours, started and stopped with the bridge."""

import asyncio
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from bot.errors import ConfigError
from bot.starting import about_address


class _Server(uvicorn.Server):
    """Ends when it is told to: uvicorn itself looks ten times a second whether it is."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ending = asyncio.Event()

    async def main_loop(self) -> None:
        """Serve until told to stop."""
        await self.on_tick(0)
        await self.ending.wait()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to the command line: uvicorn would end the process before the loops have finished."""
        yield


@asynccontextmanager
async def serving(application: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """Serve for as long as the block lasts."""
    config = uvicorn.Config(
        application,
        http="httptools",
        ws="none",
        proxy_headers=False,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
        date_header=False,
        server_header=False,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells by a flag alone
            await asyncio.sleep(0.01)
        yield
    finally:
        server.ending.set()
        await task


def listening(host: str, port: int) -> socket.socket:
    """Open the socket to serve on, before anything else is begun: an address that is taken ends it all.

    Raises ConfigError, with what to do.
    """
    try:
        return _bound(host, port)
    except (OSError, UnicodeError) as error:
        raise ConfigError([about_address(host, port, error)]) from error


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted connections inherit it; without it each answer waits 40 ms for the other side's ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
    except (OSError, UnicodeError):
        listener.close()
        raise
    return listener
