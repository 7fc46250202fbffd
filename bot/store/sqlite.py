"""The store's verbs over SQLite."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bot.store.rows import Delivery, Draft, Reply, ReplyState, Work
from bot.store.schema import open_database
from bot.store.writer import Writer

_REPLY = ", ".join(field.name for field in fields(Reply))
_UNDONE = "('queued', 'sending', 'unknown')"


class Store:
    """What the bridge remembers. Every verb returns after its change is on disk."""

    def __init__(self, path: str, now: Callable[[], datetime]) -> None:
        self._writer = Writer(lambda: open_database(path))
        self._now = now
        self._work_changed = asyncio.Event()
        self._outbox_changed = asyncio.Event()

    async def close(self) -> None:
        """Finish what is being written and close the file."""
        await self._writer.close()

    # work: conversations to look at

    async def ring(
        self, conversations: Sequence[int], reason: str, due: datetime | None = None, *, priority: int = 5
    ) -> None:
        """Ask for a look at each; one look answers however many asked. A lower priority goes first."""
        now = self._time()
        at = due.timestamp() if due else now
        rows = [(conversation, reason, priority, at, now) for conversation in conversations]
        await self._writer.do(lambda db: _ring(db, rows))
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
                "update work set claimed = 1 where conversation = (select conversation from work"
                " where claimed = 0 and parked = 0 and due <= ? order by priority, due limit 1)"
                " returning conversation, reason, rung, attempts",
                (now,),
            ).fetchall()
        )
        if not claimed:
            return None
        self._work_changed.set()  # there may be more: wake the next worker
        return Work(*claimed[0])

    async def looked(self, work: Work, customer: int, again: datetime | None) -> None:
        """Mark a look as done; it stays due if the bell rang meanwhile, or at `again`."""
        now = self._time()

        def job(db: Database) -> None:
            db.execute("insert or replace into looked values (?, ?, ?)", (work.conversation, customer, now))
            _finish(db, work, again.timestamp() if again else None)

        await self._writer.do(job)
        self._work_changed.set()

    async def look_again(self, work: Work, due: datetime, error: str) -> None:
        """Give a look back that could not be finished."""
        await self._writer.do(
            lambda db: db.execute(
                "update work set claimed = 0, attempts = attempts + 1, error = ?,"
                " due = case when rung = ? then ? else due end where conversation = ?",
                (error, work.rung, due.timestamp(), work.conversation),
            )
        )
        self._work_changed.set()

    async def park(self, work: Work, error: str) -> None:
        """Set a look aside that can never succeed as things are; the next bell takes it up again."""
        await self._writer.do(
            lambda db: db.execute(
                "update work set claimed = 0, parked = (rung = ?), error = ? where conversation = ?",
                (work.rung, error, work.conversation),
            )
        )

    async def wait_for_work(self, timeout: float, stopping: asyncio.Event | None = None) -> None:
        """Return when work may have changed, after `timeout` seconds, or when `stopping` is set."""
        await _wait(self._work_changed, timeout, stopping)

    async def counts(self) -> dict[str, int]:
        """How much waits, is parked, is on its way out, or failed."""
        query = (
            "select (select count(*) from work where not parked), (select count(*) from work where parked),"
            f" (select count(*) from outbox where state in {_UNDONE}),"
            " (select count(*) from outbox where state = 'failed')"
        )
        row = await self._writer.do(lambda db: db.execute(query).fetchone())
        return dict(zip(("waiting", "parked", "outbox", "failed"), row, strict=True))

    # posts: what Slack shows

    async def posts(self, conversation: int) -> list[Delivery]:
        """List what was said of a conversation, in every channel."""
        rows = await self._writer.do(
            lambda db: db.execute(
                "select channel, key, ts, version, begun from posts where conversation = ?", (conversation,)
            ).fetchall()
        )
        return [Delivery(*row) for row in rows]

    async def begin_post(self, conversation: int, channel: str, key: str, version: str) -> None:
        """Write down that a post is about to be made: found like this later, it may have been made."""
        await self._writer.do(
            lambda db: db.execute(
                "insert into posts values (?, ?, ?, '', ?, ?)"
                " on conflict do update set version = excluded.version",
                (conversation, channel, key, version, self._time()),
            )
        )

    async def posted(self, conversation: int, channel: str, key: str, ts: str, version: str) -> None:
        """Write down what stands in Slack."""
        await self._writer.do(
            lambda db: db.execute(
                "update posts set ts = ?, version = ? where (conversation, channel, key) = (?, ?, ?)",
                (ts, version, conversation, channel, key),
            )
        )

    async def unposted(self, conversation: int, channel: str, key: str) -> None:
        """Forget a post that was not made, or that Slack has no more."""
        await self._writer.do(
            lambda db: db.execute(
                "delete from posts where (conversation, channel, key) = (?, ?, ?)",
                (conversation, channel, key),
            )
        )

    # outbox: replies and notes on their way to FreeScout

    async def queue(self, draft: Draft) -> bool:
        """Keep a reply or note for sending; False where its intent was kept before (a second click)."""
        now = self._time()
        row = {**asdict(draft), "state": ReplyState.QUEUED.value, "due": now, "created": now}
        insert = f"insert or ignore into outbox ({', '.join(row)}) values ({', '.join('?' * len(row))})"
        count = await self._writer.do(lambda db: db.execute(insert, list(row.values())).rowcount)
        self._outbox_changed.set()
        return bool(count)

    async def next_reply(self, busy: Collection[int] = ()) -> Reply | None:
        """The oldest reply that is due and not in hand, with any that an earlier process was cut off from.

        A conversation's replies go one after the other: none overtakes one whose fate is open.
        """
        skipped = ", ".join(str(int(one)) for one in busy)
        query = (
            f"select {_REPLY} from outbox mine"
            f" where state in {_UNDONE} and due <= ? and id not in ({skipped})"
            " and not exists (select 1 from outbox before where before.conversation = mine.conversation"
            f" and before.id < mine.id and before.state in {_UNDONE}) order by due, id limit 1"
        )
        now = self._time()
        rows = await self._writer.do(lambda db: db.execute(query, (now,)).fetchall())
        return Reply(*rows[0]) if rows else None

    async def reply(self, identity: int) -> Reply | None:
        """A reply by its id."""
        query = f"select {_REPLY} from outbox where id = ?"
        rows = await self._writer.do(lambda db: db.execute(query, (identity,)).fetchall())
        return Reply(*rows[0]) if rows else None

    async def mark_reply(
        self,
        reply: Reply,
        state: ReplyState,
        *,
        due: datetime | None = None,
        after_thread: int | None = None,
        error: str = "",
        attempts: int | None = None,
    ) -> None:
        """Move a reply on in its life. The text of one that was sent is not kept."""
        await self._writer.do(
            lambda db: db.execute(
                "update outbox set state = ?, due = coalesce(?, due),"
                " after_thread = coalesce(?, after_thread), error = ?, attempts = coalesce(?, attempts),"
                " text = case ? when 'sent' then '' else text end"
                " where id = ?",
                (
                    state.value,
                    due.timestamp() if due else None,
                    after_thread,
                    error,
                    attempts,
                    state.value,
                    reply.id,
                ),
            )
        )
        self._outbox_changed.set()  # the conversation's next one may go now

    async def wait_for_replies(self, timeout: float, stopping: asyncio.Event | None = None) -> None:
        """Return when a reply may be due, after `timeout` seconds, or when `stopping` is set."""
        await _wait(self._outbox_changed, timeout, stopping)

    # audit: who did what

    async def audit(
        self, *, slack_user: str, user: int, action: str, conversation: int, detail: str, outcome: str
    ) -> None:
        """Keep one act for the record; `detail` holds no customer's words."""
        row = (self._time(), slack_user, user, action, conversation, detail, outcome)
        await self._writer.do(
            lambda db: db.execute(
                "insert into audit (at, slack_user, user, action, conversation, detail, outcome)"
                " values (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        )

    async def audited(self, conversation: int) -> list[dict[str, Any]]:
        """What was done to a conversation from Slack, oldest first."""
        return await self._writer.do(
            lambda db: list(db.table("audit").rows_where("conversation = ?", [conversation], order_by="id"))
        )

    def _time(self) -> float:
        return self._now().timestamp()


def _ring(db: Database, rows: Sequence[tuple[int, str, int, float, float]]) -> None:
    for conversation, reason, priority, due, now in rows:
        db.execute(
            "insert into work (conversation, reason, priority, due, rung, first_rung)"
            " values (:conversation, :reason, :priority, :due, 1, :now) on conflict do update set"
            " rung = rung + 1, attempts = case when parked then 0 else attempts end, parked = 0,"
            " priority = min(priority, excluded.priority),"
            " reason = case when excluded.due < due then excluded.reason else reason end,"
            " due = min(due, excluded.due)",
            {
                "conversation": conversation,
                "reason": reason,
                "priority": priority,
                "due": due,
                "now": now,
            },
        )


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
        "update work set claimed = 0, attempts = 0, error = '' where conversation = ?", (work.conversation,)
    )


async def _wait(event: asyncio.Event, timeout: float, stopping: asyncio.Event | None) -> None:
    waits = [asyncio.ensure_future(one.wait()) for one in (event, stopping) if one is not None]
    try:
        await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    event.clear()  # before the caller looks: what comes from now on sets it again
