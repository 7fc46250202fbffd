"""What was forgotten is not shown again: a conversation begins where its customer wrote anew."""

from collections.abc import Sequence
from dataclasses import replace

from bot.model import Conversation
from bot.store import Store


def since(conversation: Conversation, newest: int) -> Conversation | None:
    """What may be shown of a conversation that is forgotten up to a thread; None where nothing came since."""
    newer = [one for one in conversation.threads if one.id > newest]
    begun = min(
        (one.id for one in newer if one.type == "customer" and one.state == "published"), default=None
    )
    if begun is None:
        return None
    return replace(conversation, threads=tuple(one for one in newer if one.id >= begun), preview="")


async def shown(store: Store, rows: Sequence[Conversation]) -> list[Conversation]:
    """Those of a list that may be shown, and of each what may be. The rows need their threads."""
    newest = await store.forgotten([row.id for row in rows])
    seen = (since(row, newest[row.id]) if row.id in newest else row for row in rows)
    return [row for row in seen if row is not None]


async def hidden(store: Store, conversation: Conversation) -> bool:
    """Whether nothing of a conversation may be shown."""
    return await shown(store, [conversation]) == []
