"""The tables `work` and `looked`: conversations to look at, and what the last look at each one saw."""

import asyncio
import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from bot.store.rows import FOR_EVER, Looked, Work
from bot.store.table import Table
from bot.store.writer import Writer
from bot.waits import wait_for

_CLAIMED = "returning conversation, reason, rung, attempts, held, waits, first_rung"
_DUE = (
    "select conversation, priority, due from work where claimed = 0 and parked = 0 and due <= :now union all"
    " select conversation, priority, again from work indexed by work_again"
    " where again > 0 and again <= :now and claimed = 0 and parked"
)
"""What is to be looked at now; of what is parked, that of which time alone has made something due."""
_AT_LATEST = timedelta(minutes=30)
"""When a look that waits for its turn is tried again even if nothing called it."""
_ANY_TIME = -1.0
"""What was dropped counts as seen, whatever was changed until then."""
_SOON = 2
"""Seconds until a bell is answered of a conversation that waits for its turn anyway, so that many are one."""
SAME_MOMENT = 3.0
"""FreeScout tells times by the second: a look this soon after a change may have missed the next one."""


class WorkTable(Table):
    """Conversations to look at: one row each, however often the bell rings."""

    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        super().__init__(writer, now)
        self._work_changed = asyncio.Event()

    async def ring(
        self, conversations: Sequence[int], reason: str, due: datetime | None = None, *, priority: int = 5
    ) -> None:
        """Ask for a look at each; one look answers however many asked. A lower priority goes first."""
        now = self._time()
        rows = [(one, reason, priority, due.timestamp() if due else now, now) for one in conversations]
        await self._writer.add(_ring, rows)
        self._work_changed.set()

    async def ring_customer(self, customer: int, reason: str) -> int:
        """Ask for a look at everything shown of a customer; say how many that is."""
        now = self._time()

        def job(db: Database) -> int:
            shown = db.execute("select conversation from looked where customer = ?", (customer,)).fetchall()
            _ring(db, [(conversation, reason, 8, now, now) for (conversation,) in shown])
            return len(shown)

        count = await self._writer.do(job)
        self._work_changed.set()
        return count

    async def claim(self) -> Work | None:
        """Take the most urgent conversation that is due and that nobody looks at."""
        now = self._time()
        claimed = await self._writer.do(
            lambda db: db.execute(
                "update work set claimed = 1, reason = case when parked then 'clock' else reason end"
                f" where conversation = (select conversation from ({_DUE}) order by priority, due limit 1)"
                f" {_CLAIMED}",
                {"now": now},
            ).fetchall()
        )
        if not claimed:
            return None
        self._work_changed.set()  # there may be more: wake the next worker
        return Work(*claimed[0])

    async def claim_these(self, conversations: Collection[int]) -> list[Work]:
        """Take those of these conversations that wait for their turn and that nobody looks at."""
        chosen = ", ".join(str(int(one)) for one in conversations)
        return await self._writer.do(
            lambda db: [
                Work(*row)
                for row in db.execute(
                    "update work set claimed = 1 where claimed = 0 and parked = 0 and waits != ''"
                    f" and conversation in ({chosen}) {_CLAIMED}"
                ).fetchall()
            ]
        )

    async def looked(self, looks: Sequence[tuple[Work, Looked]]) -> None:
        """Mark looks as done. Each stays due if the bell rang meanwhile, or at its `again`.

        One that has to wait for its turn in a channel stays as well, until whoever gives turns claims it.
        """
        now = self._time()

        def job(db: Database) -> None:
            for work, seen in looks:
                db.execute(
                    "insert or replace into looked (conversation, customer, at, updated) values (?, ?, ?, ?)",
                    (work.conversation, seen.customer, seen.at, seen.updated),
                )
                if seen.waits:
                    _hold(db, work, seen, now)
                else:
                    _finish(db, work, seen.again.timestamp() if seen.again else None)

        await self._writer.do(job)
        self._work_changed.set()

    async def look_again(
        self, work: Work, due: datetime, error: str, waits: Sequence[str] = (), again: datetime | None = None
    ) -> None:
        """Give a look back that could not be finished, or only in the lanes in which it still waits.

        `again` is when a step that it found is due, where that is sooner than the next try.
        """
        lanes, now = ", ".join(waits), self._time()
        await self._writer.do(
            lambda db: db.execute(
                "update work set claimed = 0, parked = 0, again = 0, attempts = attempts + 1,"
                " error = ?, waits = ?,"
                " held = case when ? = '' then 0 when held = 0 then ? else held end,"
                " due = case when rung = ? then ? else due end where conversation = ?",
                (
                    error,
                    lanes,
                    lanes,
                    now,
                    work.rung,
                    _sooner(due.timestamp(), again, now),
                    work.conversation,
                ),
            )
        )
        self._work_changed.set()

    async def park(self, work: Work, error: str, again: datetime | None = None) -> None:
        """Set a look aside that can never wholly succeed as things are; the next bell takes it up again.

        `again` is when time alone makes something due that may succeed all the same: so does that moment.
        """
        now = self._time()
        until = max(again.timestamp(), now + _SOON) if again else 0
        await self._writer.do(
            lambda db: db.execute(
                "update work set claimed = 0, parked = (rung = ?), attempts = attempts + 1, waits = '',"
                " held = 0, error = ?, again = ?, due = ? where conversation = ?",
                (work.rung, error, until, now, work.conversation),
            )
        )

    async def wait_for_work(self, timeout: float, stopping: asyncio.Event | None = None) -> None:
        """Return when work may have changed, after so many seconds, or when told to stop."""
        await wait_for(self._work_changed, timeout, stopping)

    async def unseen(self, rows: Sequence[tuple[int, float]]) -> list[int]:
        """Which of these conversations (id and time of their last change) no look has seen as they are.

        One that is waiting for its turn or for another try needs no bell.
        """

        def job(db: Database) -> list[int]:
            return [identity for identity, updated in rows if not _seen(db, identity, updated)]

        return await self._writer.do(job)

    async def longest_unseen(self, most: int) -> list[int]:
        """The conversations with a card whose last look is longest ago, and that nothing waits to look at."""
        query = (
            "select conversation from looked where exists"
            " (select 1 from posts where posts.conversation = looked.conversation"
            " and key in ('card', 'digest'))"
            " and not exists (select 1 from work where work.conversation = looked.conversation and"
            " (parked or claimed or waits != '' or attempts > 0)) order by at limit ?"
        )
        rows = await self._writer.do(lambda db: db.execute(query, (most,)).fetchall())
        return [row[0] for row in rows]

    async def counts(self) -> dict[str, int]:
        """How much is due, is for later, waits for a turn, is parked, is on its way out, or failed."""
        now = self._time()
        query = (
            "select (select count(*) from work where not parked and waits = '' and due <= :now),"
            " (select count(*) from work where not parked and waits = '' and due > :now),"
            " (select count(*) from work where not parked and waits != ''),"
            " (select count(*) from work where parked),"
            " (select count(*) from outbox where state in ('queued', 'sending', 'unknown')),"
            " (select count(*) from outbox where state = 'failed')"
        )
        row = await self._writer.do(lambda db: db.execute(query, {"now": now}).fetchone())
        return dict(zip(("waiting", "later", "held", "parked", "outbox", "failed"), row, strict=True))

    # for the operator

    async def work(self, conversations: Collection[int] = ()) -> list[dict[str, Any]]:
        """List the rows, or these alone, the parked ones first."""
        chosen = ", ".join(str(int(one)) for one in conversations)
        where = f"conversation in ({chosen})" if conversations else "1"
        return await self._writer.do(
            lambda db: list(db.table("work").rows_where(where, order_by="parked desc, due"))
        )

    async def retry(self, conversations: Collection[int]) -> int:
        """Look at these again at once, with all their tries anew; say how many there were."""
        chosen = ", ".join(str(int(one)) for one in conversations)
        change = (
            "update work set parked = 0, again = 0, attempts = 0, due = ?, rung = rung + 1"
            f" where conversation in ({chosen})"
        )
        now = self._time()
        count: int = await self._writer.do(lambda db: db.execute(change, (now,)).rowcount)
        self._work_changed.set()
        return count

    async def drop(self, conversations: Collection[int]) -> int:
        """Forget that these wanted a look, but for those in hand; say how many. A bell rings as ever."""
        chosen = ", ".join(str(int(one)) for one in conversations)
        change = f"delete from work where claimed = 0 and conversation in ({chosen}) returning conversation"
        now = self._time()

        def job(db: Database) -> int:
            dropped = db.execute(change).fetchall()
            for (conversation,) in dropped:  # or the next sweep would ask for it again
                db.execute(
                    "insert into looked (conversation, customer, at, updated) values (?, 0, ?, ?)"
                    " on conflict do update set at = excluded.at, updated = excluded.updated",
                    (conversation, now, _ANY_TIME),
                )
            return len(dropped)

        return await self._writer.do(job)


def _ring(db: Database, rows: Sequence[tuple[int, str, int, float, float]]) -> None:
    db.execute(
        "insert into work (conversation, reason, priority, due, rung, first_rung)"
        " select json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),"
        " json_extract(value, '$[3]'), 1, json_extract(value, '$[4]')"
        " from json_each(?) where true on conflict do update set"
        " rung = rung + 1, attempts = case when parked then 0 else attempts end, parked = 0, again = 0,"
        " priority = min(priority, excluded.priority), first_rung = min(first_rung, excluded.first_rung),"
        f" reason = case when reason != '{FOR_EVER}' and (excluded.due < due or"
        f" excluded.reason = '{FOR_EVER}') then excluded.reason else reason end,"
        " due = min(due, excluded.due"
        f" + case when waits != '' and excluded.priority > 1 then {_SOON} else 0 end)",
        (json.dumps(rows),),
    )


def _hold(db: Database, work: Work, seen: Looked, now: float) -> None:
    db.execute(
        "update work set claimed = 0, parked = 0, again = 0, waits = ?, error = ?,"
        " held = case held when 0 then ? else held end,"
        " due = case when rung = ? then ? else due end where conversation = ?",
        (
            ", ".join(seen.waits),
            seen.why,
            now,
            work.rung,
            _sooner(now + _AT_LATEST.total_seconds(), seen.again, now),
            work.conversation,
        ),
    )


def _sooner(due: float, again: datetime | None, now: float) -> float:
    """When to look at the latest; what time makes due meanwhile is not put off, nor asked for in a loop."""
    return min(due, max(again.timestamp(), now + _SOON)) if again else due


def _finish(db: Database, work: Work, again: float | None) -> None:
    one = (work.conversation, work.rung)
    if again is None:
        db.execute("delete from work where (conversation, rung) = (?, ?)", one)
    else:
        db.execute(
            "update work set due = ?, reason = 'clock', priority = 5, rung = rung + 1, first_rung = ?"
            " where (conversation, rung) = (?, ?)",
            (again, again, *one),
        )
    db.execute(
        "update work set claimed = 0, parked = 0, again = 0, attempts = 0, error = '', waits = '', held = 0"
        " where conversation = ?",
        (work.conversation,),
    )


def _seen(db: Database, identity: int, updated: float) -> bool:
    waiting = db.execute(
        "select 1 from work where conversation = ?"
        " and waits = '' and attempts > 0 and (not parked or due >= ?)",
        (identity, updated + SAME_MOMENT),
    ).fetchone()
    if waiting:
        # It is looked at anyway, as soon as it can be: a bell now would only call it before its time.
        return True
    last = db.execute("select at, updated from looked where conversation = ?", (identity,)).fetchone()
    return last is not None and last[1] in (updated, _ANY_TIME) and last[0] >= updated + SAME_MOMENT
