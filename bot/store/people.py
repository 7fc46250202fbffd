"""The tables `links` and `link_codes`: who proved to be which FreeScout user, and who is about to."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlite_utils import Database

from bot.store.table import Table

CODES_AN_HOUR = 5
"""How many codes a person is given within an hour."""
_HOUR = 3600.0
_KEPT = 86_400.0
"""Seconds for which a code is remembered: a note that was written in time may be seen late."""
_CODE = "digest, slack_user, given, state, channel, thread_ts, wanted, ousted"


@dataclass(frozen=True, slots=True)
class Link:
    """A Slack person who proved to be a FreeScout user, when, and `how`."""

    slack_user: str
    user: int
    at: float
    how: str


@dataclass(frozen=True, slots=True)
class LinkCode:
    """A code that a Slack person was given. Only its hash is kept.

    It is `open` until it is `replaced` by a newer one or `proved`; then, when they were told, `done`.
    """

    digest: str
    slack_user: str
    given: float
    state: str
    channel: str
    thread_ts: str
    wanted: str
    """The button that they would have pressed, as JSON, or nothing."""
    ousted: str
    """The Slack person who was linked to that user until then, or nothing."""

    @property
    def given_at(self) -> datetime:
        """When it was given."""
        return datetime.fromtimestamp(self.given, UTC)


class PeopleTable(Table):
    """Who acts as whom by a link. A person has one link, and a user has one person."""

    async def link(self, slack_user: str) -> Link | None:
        """As whom a Slack person acts by a link."""
        return await self._link("slack_user = ?", slack_user)

    async def link_to(self, user: int) -> Link | None:
        """Who acts as a FreeScout user by a link."""
        return await self._link("user = ?", user)

    async def _link(self, which: str, value: object) -> Link | None:
        query = f"select slack_user, user, at, how from links where {which}"
        row = await self._writer.do(lambda db: db.execute(query, (value,)).fetchone())
        return Link(*row) if row else None

    async def unlink(self, slack_user: str) -> None:
        """Take a person's link away."""
        await self._writer.do(
            lambda db: db.execute("delete from links where slack_user = ?", (slack_user,)).rowcount
        )

    async def give_code(
        self, digest: str, slack_user: str, channel: str, thread_ts: str, wanted: str
    ) -> float:
        """Keep a code in place of the person's earlier one; return 0.

        Where they had too many within the hour, keep nothing and return in how many seconds they may again.
        """
        now = self._time()

        def job(db: Database) -> float:
            db.execute("delete from link_codes where given < ?", (now - _KEPT,))
            recent = db.execute(
                "select given from link_codes where slack_user = ? and given > ? and given <= ?"
                " order by given desc limit ?",
                (slack_user, now - _HOUR, now, CODES_AN_HOUR),
            ).fetchall()
            if len(recent) == CODES_AN_HOUR:
                return float(recent[-1][0]) + _HOUR - now
            db.execute(
                "update link_codes set state = 'replaced', wanted = ''"
                " where slack_user = ? and state = 'open'",
                (slack_user,),
            )
            db.execute(
                f"insert into link_codes ({_CODE}) values (?, ?, ?, 'open', ?, ?, ?, '')",
                (digest, slack_user, now, channel, thread_ts, wanted),
            )
            return 0.0

        return await self._writer.do(job)

    async def code(self, digest: str) -> LinkCode | None:
        """A code by its hash."""
        query = f"select {_CODE} from link_codes where digest = ?"
        row = await self._writer.do(lambda db: db.execute(query, (digest,)).fetchone())
        return LinkCode(*row) if row else None

    async def last_code(self, slack_user: str) -> LinkCode | None:
        """The code that a person was given last."""
        query = f"select {_CODE} from link_codes where slack_user = ? order by given desc, rowid desc limit 1"
        row = await self._writer.do(lambda db: db.execute(query, (slack_user,)).fetchone())
        return LinkCode(*row) if row else None

    async def prove(self, digest: str, user: int, how: str) -> LinkCode | None:
        """Link the person of an open code to a user; None where it is not open any more.

        Whoever was linked to that user until now is so no more, and stands in the code as `ousted`.
        """
        now = self._time()

        def job(db: Database) -> tuple[object, ...] | None:
            row = db.execute(
                "update link_codes set state = 'proved', ousted = coalesce((select slack_user from links"
                " where links.user = ? and links.slack_user != link_codes.slack_user), '')"
                f" where digest = ? and state = 'open' returning {_CODE}",
                (user, digest),
            ).fetchone()
            if row is None:
                return None
            db.execute("delete from links where user = ? or slack_user = ?", (user, row[1]))
            db.execute(
                "insert into links (slack_user, user, at, how) values (?, ?, ?, ?)", (row[1], user, now, how)
            )
            return tuple(row)

        row = await self._writer.do(job)
        return LinkCode(*row) if row else None  # type: ignore[arg-type]

    async def finish_code(self, digest: str) -> None:
        """Note that the person of a proved code was told; what they had wanted is not kept."""
        await self._writer.do(
            lambda db: db.execute(
                "update link_codes set state = 'done', wanted = '' where digest = ? and state = 'proved'",
                (digest,),
            )
        )
