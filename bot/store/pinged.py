"""The table `pinged`: whom a ping has called by name or in a direct message, on which of their days."""

from datetime import date, timedelta

from sqlite_utils import Database

from bot.store.table import Table

_REMEMBERED = timedelta(days=90)


class PingedTable(Table):
    """One row for each person and ping, however often it is asked about; it survives restarts."""

    async def may_ping(
        self, person: str, conversation: int, key: str, day: date, budget: int, *, own: bool = True
    ) -> bool:
        """Count a ping of a person's day; False where it is beyond the budget, until another day.

        `own` says whether the conversation is theirs.
        """
        today, one = day.isoformat(), (person, conversation, key)

        def job(db: Database) -> bool:
            allowed, known = _judged(db, one, today, budget)
            if known:
                return allowed
            db.execute(
                "insert or replace into pinged (person, conversation, key, day, over, own)"
                " values (?, ?, ?, ?, ?, ?)",
                (*one, today, not allowed, own),
            )
            db.execute("delete from pinged where day < ?", ((day - _REMEMBERED).isoformat(),))
            return allowed

        return await self._writer.do(job)

    async def would_ping(self, person: str, conversation: int, key: str, day: date, budget: int) -> bool:
        """Whether that would be within a person's budget; nothing is counted."""
        today, one = day.isoformat(), (person, conversation, key)

        def job(db: Database) -> bool:
            return _judged(db, one, today, budget)[0]

        return await self._writer.do(job)

    async def pinged_beyond(self, person: str, conversation: int, key: str) -> bool:
        """Whether a ping was beyond a person's budget when it was last asked about."""
        query = "select over from pinged where (person, conversation, key) = (?, ?, ?)"
        one = (person, conversation, key)
        row = await self._writer.do(lambda db: db.execute(query, one).fetchone())
        return bool(row and row[0])

    async def pinged_of(self, conversation: int) -> tuple[str, ...]:
        """Whom pings of a conversation have called, within their budget or not."""
        query = "select distinct person from pinged where conversation = ?"
        rows = await self._writer.do(lambda db: db.execute(query, (conversation,)).fetchall())
        return tuple(str(person) for (person,) in rows)

    async def beyond(self, person: str, day: date) -> tuple[int, bool]:
        """How many conversations were beyond a person's budget on a day; whether all of them are theirs."""
        query = (
            "select count(distinct conversation), min(own) from pinged where person = ? and day = ? and over"
        )
        row = await self._writer.do(lambda db: db.execute(query, (person, day.isoformat())).fetchone())
        return int(row[0]), row[1] != 0


def _judged(db: Database, one: tuple[str, int, str], today: str, budget: int) -> tuple[bool, bool]:
    """Whether a ping is within a person's budget, and whether that was judged before, for today."""
    known = db.execute("select over, day from pinged where (person, conversation, key) = (?, ?, ?)", one)
    before = known.fetchone()
    if before and (not before[0] or before[1] >= today):
        return not before[0], True
    spent = "select count(*) from pinged where person = ? and day = ? and not over"
    return bool(db.execute(spent, (one[0], today)).fetchone()[0] < budget), False
