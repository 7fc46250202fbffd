"""The table `outbox`: replies and notes on their way to FreeScout."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import asdict, fields
from datetime import datetime

from bot.store.rows import Draft, Reply, ReplyState
from bot.store.table import Table
from bot.store.writer import Writer
from bot.waits import wait_for

_REPLY = ", ".join(field.name for field in fields(Reply))
_UNDONE = "('queued', 'sending', 'unknown')"


class OutboxTable(Table):
    """What people wrote, until FreeScout has it."""

    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        super().__init__(writer, now)
        self._outbox_changed = asyncio.Event()

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
        await wait_for(self._outbox_changed, timeout, stopping)
