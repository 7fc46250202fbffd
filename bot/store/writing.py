"""The table `writing`: who has a dialog open in which an answer is written."""

from dataclasses import astuple
from datetime import timedelta

from sqlite_utils import Database

from bot.store.rows import Writing
from bot.store.table import Table

FORGOTTEN = timedelta(minutes=30)
"""Slack does not say that a dialog was closed by a laptop's lid."""


class WritingTable(Table):
    """Dialogs come and go with the views that Slack shows."""

    async def begin_writing(self, one: Writing) -> None:
        """Note that somebody writes; an older dialog of theirs for the same is forgotten."""

        def job(db: Database) -> None:
            db.execute(
                "delete from writing where (conversation, slack_user, kind) = (?, ?, ?)",
                (one.conversation, one.slack_user, one.kind),
            )
            db.execute("delete from writing where since < ?", (self._time() - FORGOTTEN.total_seconds(),))
            db.execute("insert or replace into writing values (?, ?, ?, ?, ?, ?, ?, ?)", astuple(one))

        await self._writer.do(job)

    async def saw(self, view: str, version: str) -> None:
        """Note what a dialog shows now."""
        await self._writer.do(
            lambda db: db.execute("update writing set version = ? where view = ?", (version, view))
        )

    async def end_writing(self, view: str) -> int:
        """Note that a dialog is closed; return its conversation, 0 where nobody knew of it."""

        def job(db: Database) -> int:
            row = db.execute("select conversation from writing where view = ?", (view,)).fetchone()
            db.execute("delete from writing where view = ?", (view,))
            return int(row[0]) if row else 0

        return await self._writer.do(job)

    async def writing(self, conversation: int) -> list[Writing]:
        """Who writes an answer to a conversation, whoever began first leading."""
        oldest = self._time() - FORGOTTEN.total_seconds()
        query = (
            "select view, conversation, slack_user, kind, name, kept, version, since from writing"
            " where conversation = ? and since > ? order by since, view"
        )
        rows = await self._writer.do(lambda db: db.execute(query, (conversation, oldest)).fetchall())
        return [Writing(*row) for row in rows]
