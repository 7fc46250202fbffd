"""The table `routes`: what people watch from Slack. And since when each route of the file is there."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from sqlite_utils import Database

from bot.store.table import Table

_DATED = "routes"
"""The mark that says that the file's routes were dated before; theirs begin with it and a colon."""
_ROW = "id, channel, spec, slack_user, user, at, since"


@dataclass(frozen=True, slots=True)
class Watch:
    """A route that somebody added from Slack: `spec` is its table, without the channel, as JSON."""

    channel: str
    spec: str
    slack_user: str
    user: int
    """The FreeScout user as whom they acted, 0 for none."""
    id: int = 0
    at: float = 0
    """When it was written last, in seconds since 1970."""
    since: float = 0
    """Since when it takes what it takes."""


class RoutesTable(Table):
    """Ids are never given twice: who says `unwatch 3` means what they have seen."""

    async def watches(self) -> list[Watch]:
        """Every route from Slack, the oldest first."""
        query = f"select {_ROW} from routes order by id"
        return [_watch(row) for row in await self._writer.do(lambda db: db.execute(query).fetchall())]

    async def add_watch(self, new: Watch) -> Watch:
        """Keep a new route; return it with its id and its times."""
        now = self._time()

        def job(db: Database) -> int:
            values = (new.channel, new.spec, new.slack_user, new.user, now, now)
            insert = (
                "insert into routes (channel, spec, slack_user, user, at, since) values (?, ?, ?, ?, ?, ?)"
            )
            return int(db.execute(insert, values).lastrowid or 0)

        return replace(new, id=await self._writer.do(job), at=now, since=now)

    async def change_watch(self, before: Watch, after: Watch, *, anew: bool) -> bool:
        """Write a route anew if it is as it was seen; `anew` says that it takes other conversations."""
        now = self._time()
        values = (after.spec, after.slack_user, after.user, now, now if anew else before.since)
        change = (
            "update routes set spec = ?, slack_user = ?, user = ?, at = ?, since = ?"
            " where id = ? and spec = ?"
        )
        return await self._writer.do(
            lambda db: db.execute(change, (*values, before.id, before.spec)).rowcount > 0
        )

    async def remove_watch(self, identity: int) -> bool:
        """Take a route away; False where it is gone already."""
        delete = "delete from routes where id = ?"
        return await self._writer.do(lambda db: db.execute(delete, (identity,)).rowcount > 0)

    async def date_routes(self, names: Mapping[str, Collection[str]]) -> dict[str, float]:
        """Since when the file has each of these routes, in seconds since 1970, remembered from now on.

        At the first time nobody knows, which is 0. Those that the file has no more are forgotten. Beside each
        name stand those under which earlier versions may have kept it: of several the oldest holds.
        """
        now = self._time()

        def job(db: Database) -> dict[str, float]:
            rows = db.execute("select name, at from marks where name like ?", (f"{_DATED}%",)).fetchall()
            known = dict(rows)
            new = now if _DATED in known else 0.0
            every = {name: [f"{_DATED}:{one}" for one in (name, *before)] for name, before in names.items()}
            dated = {
                name: min((float(known[one]) for one in keys if one in known), default=new)
                for name, keys in every.items()
            }
            db.execute("delete from marks where name like ?", (f"{_DATED}:%",))
            db.execute("insert or ignore into marks values (?, ?)", (_DATED, now))
            for name, at in dated.items():
                db.execute("insert into marks values (?, ?)", (f"{_DATED}:{name}", at))
            return dated

        return await self._writer.do(job)


def _watch(row: tuple[int, str, str, str, int, float, float]) -> Watch:
    identity, channel, spec, slack_user, user, at, since = row
    return Watch(channel, spec, slack_user, user, identity, at, since)
