"""What the bridge's door is measured against: HMAC-SHA1 and one durable insert, and not one thing more.

    python -m benchmarks.bareserver DATABASE

A plain asyncio server. Inserts that come together share a transaction, as in the bridge. Prints the port
that it listens on.
"""

import asyncio
import base64
import hashlib
import hmac
import queue
import sqlite3
import sys
import threading
from contextlib import suppress

from benchmarks.payloads import SECRET

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nOK"
_NO = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
_BATCH = 500

Jobs = queue.SimpleQueue[tuple[asyncio.Future[None], str]]


class Door:
    """Takes requests; it knows as much of HTTP as the load generator speaks."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests."""
        with suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
                body = await reader.readexactly(int(headers[b"Content-Length"]))
                expected = base64.b64encode(hmac.digest(SECRET.encode(), body, hashlib.sha1))
                if hmac.compare_digest(expected, headers[b"X-FreeScout-Signature"]):
                    await self._kept(headers[b"X-FreeScout-Event"].decode())
                    writer.write(_OK)
                else:
                    writer.write(_NO)
        writer.close()

    def _kept(self, event: str) -> asyncio.Future[None]:
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._jobs.put((kept, event))
        return kept


def write(path: str, jobs: Jobs, loop: asyncio.AbstractEventLoop) -> None:
    """Insert what waits, commit, tell; again."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = full")
    database.execute("create table bells (id integer primary key, event text not null)")
    while True:
        batch = [jobs.get()]
        with suppress(queue.Empty):
            while len(batch) < _BATCH:
                batch.append(jobs.get_nowait())
        database.execute("begin immediate")
        database.executemany("insert into bells (event) values (?)", [(event,) for _, event in batch])
        database.execute("commit")
        loop.call_soon_threadsafe(_tell, [kept for kept, _ in batch])


def _tell(waiting: list[asyncio.Future[None]]) -> None:
    for kept in waiting:
        if not kept.done():
            kept.set_result(None)


async def main(path: str) -> None:
    """Listen until the process is ended."""
    jobs: Jobs = queue.SimpleQueue()
    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(Door(jobs).serve, "127.0.0.1", 0)
    threading.Thread(target=write, args=(path, jobs, loop), daemon=True).start()
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
