"""The table `audit`: who did what from Slack, when, and how it came out. Entries are chained: see `chain`."""

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.store import chain
from bot.store.chain import Entry, Head
from bot.store.table import Table


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did from Slack, as the record has it."""

    user: int
    """Whose, by FreeScout's id."""
    at: float
    """When it was done, in seconds since 1970."""
    action: str
    before: str
    after: str


class AuditTable(Table):
    """What was done."""

    async def audit(
        self,
        *,
        slack_user: str,
        user: int,
        action: str,
        conversation: int,
        before: str = "",
        after: str = "",
        outcome: str,
    ) -> None:
        """Keep one act for the record, which is never changed afterwards.

        `before` and `after` are states, names or addresses: no customer's words, no mail's text, no secret.
        `user` and `conversation` are 0 where there is none.
        """
        entry: Entry = {
            "id": 0,
            "at": self._now().astimezone(UTC).isoformat(timespec="microseconds"),
            "slack_user": chain.clean(slack_user),
            "user": user,
            "action": chain.clean(action),
            "conversation": conversation,
            "before": chain.clean(before),
            "after": chain.clean(after),
            "outcome": chain.clean(outcome),
            "previous": "",
            "hash": "",
        }
        await self._writer.do(lambda database: chain.append(database, entry))

    async def audited(self, conversation: int, most: int = 1000) -> list[Entry]:
        """The newest of what was done to a conversation from Slack, oldest first."""
        where = "where conversation = ? order by id desc limit ?"
        newest = await self._writer.do(lambda database: chain.entries(database, where, (conversation, most)))
        return newest[::-1]

    async def acts(self, conversation: int, most: int = 100) -> list[Act]:
        """What was done to a conversation from Slack: the newest, oldest first."""
        return [
            Act(
                one["user"],
                datetime.fromisoformat(one["at"]).timestamp(),
                one["action"],
                one["before"],
                one["after"],
            )
            for one in await self.audited(conversation, most)
            if one["outcome"] == "done"
        ]

    async def audit_head(self) -> Head:
        """How many entries there are, and the hash of the newest."""
        return await self._writer.do(chain.head)
