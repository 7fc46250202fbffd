"""The table `names`: which id a name of bridge.toml meant last."""

from sqlite_utils import Database

from bot.store.table import Table


class NamesTable(Table):
    """Names of channels and mailboxes, as long as somebody writes them."""

    async def names(self, kind: str) -> dict[str, str]:
        """Ids by name, for names of one kind."""
        rows = await self._writer.do(
            lambda db: db.execute("select name, id from names where kind = ?", (kind,)).fetchall()
        )
        return dict(rows)

    async def remember_name(self, kind: str, name: str, identity: str) -> None:
        """Remember what a name means; what it meant before is forgotten."""

        def job(db: Database) -> None:
            db.execute("insert or replace into names values (?, ?, ?)", (kind, name, identity))

        await self._writer.do(job)
