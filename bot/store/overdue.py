"""The tables `overdue` and `handed`: who waits too long in which channel, and what was just given to whom.

Ids alone: what a list says of a conversation comes from a look at it.
"""

from sqlite_utils import Database

from bot.store.table import Table

_JUST = 60.0
"""Seconds after which FreeScout knows whose a conversation is that was handed out."""


class OverdueTable(Table):
    """A restart knows its lists by it."""

    async def overdue(self) -> list[tuple[str, int]]:
        """Every channel and conversation."""
        rows = await self._writer.do(
            lambda db: db.execute("select channel, conversation from overdue").fetchall()
        )
        return [(str(channel), int(conversation)) for channel, conversation in rows]

    async def begin_overdue(self, channel: str, conversation: int) -> None:
        """Note that somebody waits too long there."""
        await self._writer.do(
            lambda db: db.execute("insert or ignore into overdue values (?, ?)", (channel, conversation))
        )

    async def end_overdue(self, channel: str, conversation: int) -> None:
        """Note that nobody does any more."""
        await self._writer.do(
            lambda db: db.execute(
                "delete from overdue where (channel, conversation) = (?, ?)", (channel, conversation)
            )
        )

    async def hand_out(self, conversation: int) -> bool:
        """Give a conversation to whoever asks first; False where it was given to another just now."""
        now = self._time()

        def job(db: Database) -> bool:
            db.execute("delete from handed where at <= ? or at > ?", (now - _JUST, now + _JUST))
            change = "insert or ignore into handed values (?, ?)"
            return bool(db.execute(change, (conversation, now)).rowcount)

        return await self._writer.do(job)

    async def hand_back(self, conversation: int) -> None:
        """Take that back: it was not taken after all."""
        await self._writer.do(
            lambda db: db.execute("delete from handed where conversation = ?", (conversation,))
        )
