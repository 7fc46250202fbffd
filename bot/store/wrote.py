"""The table `wrote`: which customer wrote which thread, wherever it stands. Ids alone.

`looked` knows only whose a conversation is, and that changes: a merge, another customer, the emptied trash.
"""

import json
from collections.abc import Collection, Mapping, Sequence

from sqlite_utils import Database

from bot.store.table import Table


class WroteTable(Table):
    """Each look fills it with what is new."""

    async def wrote(self, conversation: int, authors: Mapping[int, int]) -> None:
        """Note who wrote which of a conversation's threads; what is known costs no write."""
        if authors:
            rows = [(thread, customer, conversation) for thread, customer in authors.items()]
            await self._writer.add(_add, rows)

    async def written_by(self, customers: Collection[int]) -> dict[int, int]:
        """The threads that these customers wrote, each with the conversation that showed it last."""
        chosen = ", ".join(str(int(one)) for one in customers)
        query = f"select thread, conversation from wrote where customer in ({chosen})"
        return dict(await self._writer.do(lambda db: db.execute(query).fetchall()))

    async def unwrite(self, threads: Collection[int] = (), *, conversation: int = 0) -> None:
        """Forget who wrote these threads, or those of a conversation."""
        chosen = ", ".join(str(int(one)) for one in threads)
        query = f"delete from wrote where thread in ({chosen}) or conversation = ?"
        await self._writer.do(lambda db: db.execute(query, (conversation,)))


def _add(db: Database, rows: Sequence[tuple[int, int, int]]) -> None:
    db.execute(
        "insert into wrote select json_extract(value, '$[0]'), json_extract(value, '$[1]'),"
        " json_extract(value, '$[2]') from json_each(?) where true on conflict do update"
        " set customer = excluded.customer, conversation = excluded.conversation"
        " where (customer, conversation) != (excluded.customer, excluded.conversation)",
        (json.dumps(rows),),
    )
