"""One thread that owns the connection and commits everything waiting in one transaction.

With `synchronous=FULL` each commit waits for the disk, so callers that come together share the wait.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from sqlite_utils import Database

from bot.errors import Transient

T = TypeVar("T")
_Job = tuple[Callable[[Database], Any], "Future[Any]"]
_BATCH = 500


class Writer:
    """Runs functions of the database one after the other; a result means that it is on disk."""

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
        done: Future[T] = Future()
        self._jobs.put((job, done))
        try:
            return await asyncio.wrap_future(done)
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
            _commit(database, [job for job in batch if job is not None])
        database.close()

    def _waiting(self) -> list[_Job | None]:
        batch = [self._jobs.get()]
        with suppress(queue.Empty):
            while batch[-1] is not None and len(batch) < _BATCH:
                batch.append(self._jobs.get_nowait())
        return batch


def _commit(database: Database, jobs: list[_Job]) -> None:
    outcomes: list[tuple[Future[Any], Any, BaseException | None]] = []
    try:
        with database.atomic():
            outcomes = [(done, *_attempt(database, job)) for job, done in jobs]
    except BaseException as error:  # nothing was kept: nobody may believe otherwise
        outcomes = [(done, None, error) for _, done in jobs]
    for done, result, failure in outcomes:
        if not done.set_running_or_notify_cancel():  # nobody waits any more; from here on nobody can leave
            continue
        if failure is None:
            done.set_result(result)
        else:
            done.set_exception(failure)


def _attempt(database: Database, job: Callable[[Database], Any]) -> tuple[Any, BaseException | None]:
    try:
        with database.atomic():
            return job(database), None
    except BaseException as error:  # it belongs to the caller, not to this thread
        return None, error
