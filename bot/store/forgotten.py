"""What is not shown any more, `forgotten` and `forgotten_threads`; which messages speak of many, `mentioned`.

And what else is held of a conversation, in every table: listed and taken away as one.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlite_utils import Database

from bot.store.rows import Delivery
from bot.store.table import Table

_HELD = {
    "outbox": "replies and notes",
    "posts": "what Slack shows",
    "mentioned": "messages that speak of it among others",
    "looked": "when it was looked at, and whose it is",
    "wrote": "who wrote which message",
    "claims": "who was on it",
    "snoozes": "what was put aside",
    "writing": "open dialogs",
    "overdue": "lists of those who wait",
    "handed": "what was handed out",
    "pinged": "who was reminded of it",
}
"""Every table that knows conversations, but `work`, which has no words of anybody's, and `audit`."""
_OF_THREADS = ("thread", "files", "unfetched:files")
"""How the keys begin of what Slack shows of a thread."""
_OVERWRITING = "pragma secure_delete = on"
"""What is taken away is overwritten on disk: https://www.sqlite.org/pragma.html#pragma_secure_delete"""
_ENDED = ("cancelled", "failed")
_ON_THEIR_WAY = "state in ('held', 'sending', 'unknown')"


class ForgottenTable(Table):
    """What is to be no more."""

    async def forget(self, conversation: int, newest: int) -> None:
        """Show nothing of a conversation any more up to its thread `newest`."""
        now = self._time()
        await self._writer.do(
            lambda db: db.execute(
                "insert into forgotten values (?, ?, ?) on conflict do update"
                " set newest = max(newest, excluded.newest), at = excluded.at",
                (conversation, newest, now),
            )
        )

    async def forgotten(self, conversations: Collection[int] | None = None) -> dict[int, int]:
        """Up to which thread conversations are forgotten, of those given or of all."""
        chosen = ", ".join(str(int(one)) for one in conversations or ())
        query = "select conversation, newest from forgotten"
        query += f" where conversation in ({chosen})" if conversations is not None else ""
        rows = await self._writer.do(lambda db: db.execute(query).fetchall())
        return {int(conversation): int(newest) for conversation, newest in rows}

    async def forget_threads(self, threads: Mapping[int, int]) -> None:
        """Show these threads no more, each of a conversation, wherever a merge hands them."""
        rows = ", ".join(f"({int(one)}, {int(conversation)})" for one, conversation in threads.items())
        if rows:
            await self._writer.do(
                lambda db: db.execute(f"insert or ignore into forgotten_threads values {rows}")
            )

    async def forgotten_threads(self, threads: Collection[int]) -> set[int]:
        """Those of these threads that are forgotten."""
        query = f"select thread from forgotten_threads where thread in ({_list(threads)})"
        return {int(row[0]) for row in await self._writer.do(lambda db: db.execute(query).fetchall())}

    async def said_elsewhere(
        self, threads: Collection[int], but: Collection[int]
    ) -> dict[int, list[Delivery]]:
        """What Slack shows of threads under other conversations than these."""
        keys = ", ".join(f"'{kind}:{int(one)}'" for one in threads for kind in _OF_THREADS)
        query = (
            "select conversation, channel, key, ts, version, begun from posts"
            f" where key in ({keys}) and conversation not in ({_list(but)})"
        )
        found: dict[int, list[Delivery]] = {}
        for conversation, *row in await self._writer.do(lambda db: db.execute(query).fetchall()):
            found.setdefault(int(conversation), []).append(Delivery(*row))
        return found

    async def mention(self, channel: str, ts: str, conversation: int, *, alone: bool = False) -> None:
        """Note that a message speaks of a conversation; `alone` where of nothing else."""
        row = (channel, ts, conversation, alone)
        await self._writer.do(
            lambda db: db.execute("insert or replace into mentioned values (?, ?, ?, ?)", row)
        )

    async def mentions(self, conversation: int) -> list[tuple[str, str, bool]]:
        """The messages that speak of a conversation among others: channel, ts, whether of it alone."""
        query = "select channel, ts, alone from mentioned where conversation = ? order by ts"
        rows = await self._writer.do(lambda db: db.execute(query, (conversation,)).fetchall())
        return [(str(channel), str(ts), bool(alone)) for channel, ts, alone in rows]

    async def unmention(self, channel: str, ts: str, conversation: int | None = None) -> None:
        """Forget that a message speaks of a conversation, or of any."""
        query = "delete from mentioned where channel = ? and ts = ? and ? in (conversation, 0)"
        await self._writer.do(lambda db: db.execute(query, (channel, ts, conversation or 0)))

    async def old_mentions(
        self, before: float, after: float, most: int, living: str
    ) -> list[tuple[str, str]]:
        """Messages that speak of conversations, said between two times, but those of a `living` post."""
        query = (
            "select distinct channel, ts from mentioned where cast(ts as real) < ? and cast(ts as real) > ?"
            " and not exists (select 1 from posts where posts.channel = mentioned.channel"
            " and posts.ts = mentioned.ts and posts.key = ?)"
            " order by cast(ts as real) limit ?"
        )
        rows = await self._writer.do(lambda db: db.execute(query, (before, after, living, most)).fetchall())
        return [(str(channel), str(ts)) for channel, ts in rows]

    async def old_posts(self, before: float, after: int, most: int, done: Sequence[str]) -> list[int]:
        """Conversations beyond `after` of which bodies or files were said before a time and still stand."""
        said = "(key like 'thread:%' or key like 'reply:%') and instr(version, ':') = 0"
        files = "key like 'files:%' and ' ' || version like '% F%'"  # those that have Slack's ids
        kinds = f"({said} or {files})"
        query = (
            f"select distinct conversation from posts where {kinds} and ts != '' and conversation > ?"
            f" and cast(ts as real) < ? and version not in ({', '.join('?' * len(done))})"
            " order by conversation limit ?"
        )
        values = (after, before, *done, most)
        rows = await self._writer.do(lambda db: db.execute(query, values).fetchall())
        return [int(row[0]) for row in rows]

    async def wipe_texts(self, before: float) -> int:
        """Take the words out of replies and notes that came to nothing before a time; return how many."""
        states = ", ".join(f"'{state}'" for state in _ENDED)
        query = (
            "update outbox set text = '', rich = '', html = '', seen = '', now_seen = '', choice = ''"
            f" where state in ({states}) and created < ? and told >= changed and (text != '' or html != '')"
        )

        def job(db: Database) -> int:
            db.execute(_OVERWRITING)
            return int(db.execute(query, (before,)).rowcount)

        return await self._writer.do(job)

    async def undecided(self, conversation: int) -> list[int]:
        """The replies and notes whose words nobody but their writers has: they are given back in Slack."""
        query = "select id from outbox where conversation = ? and state != 'sent'"
        query += " and (state not in ('cancelled', 'failed') or text != '' or html != '')"
        rows = await self._writer.do(lambda db: db.execute(query, (conversation,)).fetchall())
        return [int(row[0]) for row in rows]

    async def on_their_way(self, conversation: int) -> list[int]:
        """The replies and notes that still go to FreeScout, or may have gone: till then their rows stay."""
        query = f"select id from outbox where conversation = ? and {_ON_THEIR_WAY}"
        rows = await self._writer.do(lambda db: db.execute(query, (conversation,)).fetchall())
        return [int(row[0]) for row in rows]

    async def conversations_of(self, customer: int, email: str) -> list[int]:
        """The conversations that are known as a customer's: from looks, and from replies to their address."""
        query = (
            "select conversation from looked where customer = ? and customer > 0 union"
            " select conversation from outbox where lower(customer_email) = lower(?) order by 1"
        )
        rows = await self._writer.do(lambda db: db.execute(query, (customer, email)).fetchall())
        return [int(row[0]) for row in rows]

    async def held(self, conversations: Collection[int]) -> dict[str, int]:
        """How many rows are held of conversations, by what they are."""
        return await self._writer.do(lambda db: _counted(db, _list(conversations)))

    async def erase(self, conversations: Collection[int]) -> dict[str, int]:
        """Take all of that away, but what Slack still shows; return how many rows, by what they were."""
        chosen = _list(conversations)

        def job(db: Database) -> dict[str, int]:
            db.execute(_OVERWRITING)
            counted = _counted(db, chosen)
            for table in _HELD:
                if table not in ("posts", "mentioned"):
                    db.execute(f"delete from {table} where conversation in ({chosen}){_but(table)}")
            db.execute(f"update work set error = '' where conversation in ({chosen})")
            return counted

        return await self._writer.do(job)

    async def on_record_as(self, words: str) -> list[int]:
        """The record's entries about no conversation, but about routes, in which words stand."""
        query = "select id from audit where conversation = 0"
        query += " and instr(lower(before || ' ' || after), lower(?)) > 0 order by id"
        rows = await self._writer.do(lambda db: db.execute(query, (words,)).fetchall())
        return [int(row[0]) for row in rows]

    async def on_record(self, conversations: Collection[int]) -> int:
        """How many entries of the record are about conversations: they stay, each holding the one before."""
        query = f"select count(*) from audit where conversation in ({_list(conversations)})"
        return await self._writer.do(lambda db: int(db.execute(query).fetchone()[0]))


def _list(conversations: Collection[int]) -> str:
    return ", ".join(str(int(one)) for one in conversations)


def _counted(db: Database, chosen: str) -> dict[str, int]:
    counts = {
        what: int(
            db.execute(
                f"select count(*) from {table} where conversation in ({chosen}){_but(table)}"
            ).fetchone()[0]
        )
        for table, what in _HELD.items()
    }
    return {what: count for what, count in counts.items() if count}


def _but(table: str) -> str:
    return f" and not {_ON_THEIR_WAY}" if table == "outbox" else ""
