"""The tables `marks` and `events_seen`: how far we came, what Slack told before."""

from sqlite_utils import Database

from bot.store.table import Table

_REMEMBERED = 86_400.0
"""Seconds for which an event's id is kept; Slack sends one again within minutes."""


class RecordTable(Table):
    """Small memories."""

    async def mark(self, name: str) -> float | None:
        """How far something came, in seconds since 1970; None before its first time."""
        row = await self._writer.do(
            lambda db: db.execute("select at from marks where name = ?", (name,)).fetchone()
        )
        return float(row[0]) if row else None

    async def set_marks(self, **marks: float) -> None:
        """Say how far things came."""

        def job(db: Database) -> None:
            for name, at in marks.items():
                db.execute("insert or replace into marks values (?, ?)", (name, at))

        await self._writer.do(job)

    async def event_seen(self, event: str) -> bool:
        """Whether an event of Slack's was dealt with before."""
        query = "select 1 from events_seen where event = ?"
        return bool(await self._writer.do(lambda db: db.execute(query, (event,)).fetchone()))

    async def see_event(self, event: str) -> None:
        """Remember that an event of Slack's is dealt with."""
        now = self._time()

        def job(db: Database) -> None:
            db.execute("insert or ignore into events_seen values (?, ?)", (event, now))
            db.execute("delete from events_seen where at < ?", (now - _REMEMBERED,))

        await self._writer.do(job)
