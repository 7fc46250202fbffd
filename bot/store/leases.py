"""The table `leases`: which process does what only one may do. And whom the scan has to ring for."""

import os
import secrets
import socket
from collections.abc import Sequence

from sqlite_utils import Database

from bot.store.table import Table
from bot.store.work import SAME_MOMENT

_LEAP = 3600.0
_LIFE = secrets.token_hex(6)
"""Tells this process from every other, also from one that has its number, here or in another container."""


class LeaseTable(Table):
    """One file may have two processes for a while: an old one that ends, a new one that begins."""

    async def lease(self, name: str, seconds: float) -> bool:
        """Take or renew the right to do something for so long; False while another process has it.

        A process of this machine that died has it no more. So has one whose time is up, or lies further ahead
        than anybody asks for: then the clock was put back.
        """
        now, mine = self._time(), _me()

        def job(db: Database) -> bool:
            row = db.execute("select holder, until from leases where name = ?", (name,)).fetchone()
            if row and row[0] != mine and now < row[1] <= now + _LEAP + seconds and _lives(row[0]):
                return False
            db.execute("insert or replace into leases values (?, ?, ?)", (name, mine, now + seconds))
            return True

        return await self._writer.do(job)

    async def release(self, name: str) -> None:
        """Give such a right back, where it is ours."""
        change = "delete from leases where name = ? and holder = ?"
        await self._writer.do(lambda db: db.execute(change, (name, _me())))

    async def unmet(self, rows: Sequence[tuple[int, float]], since: float) -> list[int]:
        """Which of these (id and time of their last change) no look has seen as they are since that time.

        One that is being looked at, or is to be tried again, needs no bell.
        """

        def job(db: Database) -> list[int]:
            return [identity for identity, updated in rows if not _met(db, identity, updated, since)]

        return await self._writer.do(job)


def _met(db: Database, identity: int, updated: float, since: float) -> bool:
    query = (
        "select 1 from work where conversation = :id and (claimed or attempts > 0 or waits != '')"
        " union all select 1 from looked where conversation = :id and at >= :since"
        " and (updated = :updated or updated < 0) limit 1"
    )
    asked = {"id": identity, "updated": updated, "since": max(since, updated + SAME_MOMENT)}
    return db.execute(query, asked).fetchone() is not None


def _me() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{_LIFE}"


def _lives(holder: str) -> bool:
    """Whether the process that holds a lease may be alive; of another machine's nobody knows.

    Two containers may have one host name and one number: a holder with this process's own is one of those, or
    is dead. Its lease has to run out.
    """
    host, process, *_ = holder.split(":")
    if host != socket.gethostname() or os.name != "posix":  # elsewhere signal 0 is no question
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
