"""One thread that owns the connection and commits everything waiting in one transaction.

With `synchronous=FULL` each commit waits for the disk, so callers that come together share the wait.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, Generic, TypeVar

from sqlite_utils import Database

from bot.errors import Transient

T = TypeVar("T")
R = TypeVar("R")
_Job = tuple[Callable[[Database], Any], "asyncio.Future[Any]"]
_Outcome = tuple["asyncio.Future[Any]", Any, BaseException | None]
_BATCH = 500


class Writer:
    """Runs functions of the database one after the other; a result means that it is on disk.

    A function may be run twice, where another of its batch fails: it must do nothing but change the database.
    """

    def __init__(self, open_database: Callable[[], Database]) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._opened: Future[None] = Future()
        self._closed = False
        self._thread = threading.Thread(target=self._run, args=(open_database,), name="store", daemon=True)
        self._thread.start()
        self._opened.result()

    async def do(self, job: Callable[[Database], T]) -> T:
        """Run a job in the next transaction and wait for its commit; its error undoes only itself."""
        if self._closed:
            raise Transient("the bridge is stopping")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put((job, done))
        try:
            return await done
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:  # no fault of the disk's: a wrong query
                raise
            raise Transient(f"the bridge's database cannot be used: {error}") from error

    async def close(self) -> None:
        """Finish what waits, then close the file."""
        self._closed = True
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self, open_database: Callable[[], Database]) -> None:
        try:
            database = open_database()
        except BaseException as error:  # whoever waits for the opening is told
            self._opened.set_exception(error)
            return
        self._opened.set_result(None)
        going_on = True
        while going_on:
            batch = self._waiting()
            going_on = None not in batch
            _hand_out(_commit(database, [job for job in batch if job is not None]))
        database.close()

    def _waiting(self) -> list[_Job | None]:
        batch = [self._jobs.get()]
        with suppress(queue.Empty):
            while batch[-1] is not None and len(batch) < _BATCH:
                batch.append(self._jobs.get_nowait())
        return batch


class Gathered(Generic[R]):
    """Rows that come while others are being written are written together next, in one statement.

    Each statement gives Python's lock away and must win it back from the event loop: many cost many waits.
    """

    def __init__(self, writer: Writer, write: Callable[[Database, Sequence[R]], None]) -> None:
        self._writer = writer
        self._write = write
        self._rows: list[R] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._writing: asyncio.Task[None] | None = None

    async def add(self, rows: Sequence[R]) -> None:
        """Write these rows; return when they are on disk. Whoever goes away leaves the others waiting."""
        self._rows += rows
        mine = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        await mine

    async def finish(self) -> None:
        """Return when everything that was added is written."""
        while self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write_all(self) -> None:
        while self._waiting:
            rows, waiting = self._rows, self._waiting
            self._rows, self._waiting = [], []
            failure: Exception | None = None
            try:
                await self._writer.do(partial(self._bring, rows))
            except Exception as error:
                failure = error
            for one in waiting:
                if one.done():
                    continue
                if failure is None:
                    one.set_result(None)
                else:
                    one.set_exception(failure)
        self._writing = None

    def _bring(self, rows: Sequence[R], database: Database) -> None:
        self._write(database, rows)


def _commit(database: Database, jobs: list[_Job]) -> list[_Outcome]:
    """Run all in one transaction; where one fails, again, each with a savepoint of its own."""
    try:
        with database.atomic():
            return [(done, job(database), None) for job, done in jobs]
    except BaseException:  # nothing was kept, and the careful way finds out whose fault it is
        return _commit_carefully(database, jobs)


def _commit_carefully(database: Database, jobs: list[_Job]) -> list[_Outcome]:
    try:
        with database.atomic():
            return [(done, *_attempt(database, job)) for job, done in jobs]
    except BaseException as error:  # nothing was kept: nobody may believe otherwise
        return [(done, None, error) for _, done in jobs]


def _attempt(database: Database, job: Callable[[Database], Any]) -> tuple[Any, BaseException | None]:
    try:
        with database.atomic():
            return job(database), None
    except BaseException as error:  # it belongs to the caller, not to this thread
        return None, error


def _hand_out(outcomes: list[_Outcome]) -> None:
    """Wake each event loop once for all that it waits for: to wake it costs more than to answer."""
    loops: dict[asyncio.AbstractEventLoop, list[_Outcome]] = {}
    for outcome in outcomes:
        loops.setdefault(outcome[0].get_loop(), []).append(outcome)
    for loop, its in loops.items():
        with suppress(RuntimeError):  # closed meanwhile: nobody waits any more
            loop.call_soon_threadsafe(_tell, its)


def _tell(outcomes: list[_Outcome]) -> None:
    for done, result, failure in outcomes:
        if done.done():  # nobody waits any more
            continue
        if failure is None:
            done.set_result(result)
        else:
            done.set_exception(failure)
