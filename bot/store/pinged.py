"""The table `pinged`: whom a ping has called by name or in a direct message, on which of their days."""

from datetime import date, timedelta

from sqlite_utils import Database

from bot.store.table import Table

_REMEMBERED = timedelta(days=90)


class PingedTable(Table):
    """One row for each person and ping, however often it is asked about; it survives restarts."""

    async def may_ping(self, person: str, conversation: int, key: str, day: date, budget: int) -> bool:
        """Count a ping of a person's day; False where it is beyond the budget, now and ever after."""

        def job(db: Database) -> bool:
            one = (person, conversation, key)
            known = db.execute(
                "select over from pinged where (person, conversation, key) = (?, ?, ?)", one
            ).fetchone()
            if known:
                return not known[0]
            today = (person, day.isoformat())
            (count,) = db.execute(
                "select count(*) from pinged where person = ? and day = ? and not over", today
            ).fetchone()
            db.execute(
                "insert into pinged (person, conversation, key, day, over) values (?, ?, ?, ?, ?)",
                (*one, day.isoformat(), count >= budget),
            )
            db.execute("delete from pinged where day < ?", ((day - _REMEMBERED).isoformat(),))
            return bool(count < budget)

        return await self._writer.do(job)

    async def beyond(self, person: str, day: date) -> int:
        """How many conversations were beyond a person's budget on a day."""
        query = "select count(distinct conversation) from pinged where person = ? and day = ? and over"
        rows = await self._writer.do(lambda db: db.execute(query, (person, day.isoformat())).fetchall())
        return int(rows[0][0])
