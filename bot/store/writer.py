"""One thread that owns the connection and commits everything waiting in one transaction.

With `synchronous=FULL` each commit waits for the disk, so callers that come together share the wait.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, TypeVar

from sqlite_utils import Database

from bot.errors import Transient

T = TypeVar("T")
R = TypeVar("R")


class _Job(NamedTuple):
    done: "asyncio.Future[Any]"
    run: Callable[[Database], Any]
    rows: Sequence[Any] | None = None
    """What `run_rows` is to write together with the rows of other such jobs."""
    run_rows: Callable[[Database, Sequence[Any]], None] | None = None


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
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        await self._kept(_Job(done, job))
        return done.result()

    async def add(self, write: Callable[[Database, Sequence[R]], None], rows: Sequence[R]) -> None:
        """Have rows written in the next transaction, in one statement with all others that `write` gets.

        Each statement gives Python's lock away and must win it back from the event loop: many, many waits.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self._kept(_Job(done, lambda database: write(database, rows), rows, write))

    async def _kept(self, job: _Job) -> None:
        if self._closed:
            raise Transient("the bridge is stopping")
        self._jobs.put(job)
        try:
            await job.done
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


@contextmanager
def _transaction(database: Database) -> Iterator[None]:
    """Take the right to write at once: who reads first is refused it where another process wrote meanwhile.

    https://www.sqlite.org/lang_transaction.html#deferred_immediate_and_exclusive_transactions
    """
    database.execute("begin immediate")
    try:
        yield
        database.execute(
            "commit"
        )  # it fails where a full disk has ended the transaction; `commit()` would not
    except BaseException:
        database.rollback()
        raise


def _commit(database: Database, jobs: list[_Job]) -> list[_Outcome]:
    """Run all in one transaction; where one fails, again, each with a savepoint of its own."""
    together: dict[Callable[[Database, Sequence[Any]], None], list[Any]] = {}
    for job in jobs:
        if job.run_rows is not None:
            together.setdefault(job.run_rows, []).extend(job.rows or ())
    try:
        with _transaction(database):
            for write, rows in together.items():
                write(database, rows)
            return [(job.done, None if job.run_rows else job.run(database), None) for job in jobs]
    except BaseException:  # nothing was kept, and the careful way finds out whose fault it is
        return _commit_carefully(database, jobs)


def _commit_carefully(database: Database, jobs: list[_Job]) -> list[_Outcome]:
    try:
        with _transaction(database):
            return [(job.done, *_attempt(database, job.run)) for job in jobs]
    except BaseException as error:  # nothing was kept: nobody may believe otherwise
        return [(job.done, None, error) for job in jobs]


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
