"""The table `posts`: what Slack shows, and what it may show."""

from collections.abc import Collection, Sequence

from sqlite_utils import Database

from bot.store.rows import Delivery
from bot.store.table import Table


class PostsTable(Table):
    """Everything said, under its key: a row without `ts` was begun and not confirmed."""

    async def posts(self, conversation: int) -> list[Delivery]:
        """List what was said of a conversation, in every channel."""
        rows = await self._writer.do(
            lambda db: db.execute(
                "select channel, key, ts, version, begun from posts where conversation = ?", (conversation,)
            ).fetchall()
        )
        return [Delivery(*row) for row in rows]

    async def posts_of(
        self, conversations: Collection[int], keys: Collection[str]
    ) -> dict[int, list[Delivery]]:
        """List what was said of each of these under such keys, in one read; nothing of the others."""
        chosen, wanted = ", ".join(str(int(one)) for one in conversations), tuple(keys)
        query = (
            "select conversation, channel, key, ts, version, begun from posts"
            f" where conversation in ({chosen}) and key in ({', '.join('?' * len(wanted))})"
        )
        rows = await self._writer.do(lambda db: db.execute(query, wanted).fetchall())
        found: dict[int, list[Delivery]] = {}
        for conversation, *row in rows:
            found.setdefault(conversation, []).append(Delivery(*row))
        return found

    async def begin_post(self, conversation: int, channel: str, key: str, version: str) -> None:
        """Write down that a post is about to be made: found like this later, it may have been made."""
        await self.begin_posts(channel, [(conversation, key, version)])

    async def begin_posts(self, channel: str, said: Sequence[tuple[int, str, str]]) -> None:
        """Write down the conversations, keys and versions that one message is about to say together.

        What a row says already of an older message is overwritten: the newer one speaks for both.
        """
        now = self._time()

        def job(db: Database) -> None:
            for conversation, key, version in said:
                db.execute(
                    "insert into posts values (?, ?, ?, '', ?, ?) on conflict do update"
                    " set version = excluded.version, ts = '', begun = excluded.begun",
                    (conversation, channel, key, version, now),
                )

        await self._writer.do(job)

    async def posted(self, conversation: int, channel: str, key: str, ts: str, version: str) -> None:
        """Write down what stands in Slack."""
        await self._writer.do(
            lambda db: db.execute(
                "update posts set ts = ?, version = ? where (conversation, channel, key) = (?, ?, ?)",
                (ts, version, conversation, channel, key),
            )
        )

    async def unposted(self, conversation: int, channel: str, key: str) -> None:
        """Forget a post that was not made, or that Slack has no more."""
        await self._writer.do(
            lambda db: db.execute(
                "delete from posts where (conversation, channel, key) = (?, ?, ?)",
                (conversation, channel, key),
            )
        )

    async def posted_together(self, channel: str, name: str, ts: str) -> None:
        """Write down where the message stands whose rows have versions that begin with `name:`.

        That it speaks of those conversations is kept by itself: a newer digest writes over their rows.
        """
        its = "channel = ? and ts = '' and substr(version, 1, ?) = ?"
        its_values = (channel, len(name) + 1, f"{name}:")

        def job(db: Database) -> None:
            db.execute(
                "insert or ignore into mentioned select channel, ?, conversation, 0 from posts"
                f" where {its} and conversation > 0 group by conversation",
                (ts, *its_values),
            )
            db.execute(f"update posts set ts = ? where {its}", (ts, *its_values))

        await self._writer.do(job)

    async def unposted_together(self, channel: str, name: str) -> None:
        """Forget such a message that was not made."""
        await self._writer.do(
            lambda db: db.execute(
                "delete from posts where channel = ? and ts = '' and substr(version, 1, ?) = ?",
                (channel, len(name) + 1, f"{name}:"),
            )
        )

    async def standing(self, conversations: Collection[int]) -> dict[int, set[str]]:
        """The keys that stand in Slack of each of these conversations, in any channel."""
        chosen = ", ".join(str(int(one)) for one in conversations)
        rows = await self._writer.do(
            lambda db: db.execute(
                f"select conversation, key from posts where ts != '' and conversation in ({chosen})"
            ).fetchall()
        )
        found: dict[int, set[str]] = {}
        for conversation, key in rows:
            found.setdefault(conversation, set()).add(key)
        return found

    async def conversation_at(self, channel: str, ts: str, key: str = "") -> int | None:
        """The conversation of which a message speaks, under that key if one is given.

        None where the message is none of the bridge's, or speaks of many, as a digest does.
        """
        query = (
            "select distinct conversation from posts"
            " where channel = ? and ts = ? and ts != '' and conversation > 0 and ? in ('', key)"
        )
        rows = await self._writer.do(lambda db: db.execute(query, (channel, ts, key)).fetchall())
        return int(rows[0][0]) if len(rows) == 1 else None

    async def last_look(self, conversation: int) -> float:
        """When a conversation was looked at last, in seconds since 1970; 0 for never."""
        query = "select at from looked where conversation = ?"
        row = await self._writer.do(lambda db: db.execute(query, (conversation,)).fetchone())
        return float(row[0]) if row else 0.0
