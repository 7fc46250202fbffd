"""What was forgotten is not shown again: a conversation begins where its customer wrote anew."""

from collections.abc import Collection, Sequence
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


def without(conversation: Conversation, threads: Collection[int]) -> Conversation:
    """A conversation without threads that are forgotten, which came to it by a merge."""
    left = tuple(one for one in conversation.threads if one.id not in threads)
    return replace(conversation, threads=left, preview="") if left != conversation.threads else conversation


async def shown(store: Store, rows: Sequence[Conversation]) -> list[Conversation]:
    """Those of a list that may be shown, and of each what may be. The rows need their threads."""
    newest = await store.forgotten([row.id for row in rows])
    threads = await store.forgotten_threads([one.id for row in rows for one in row.threads])
    left = [without(row, threads) for row in rows]
    seen = (since(row, newest[row.id]) if row.id in newest else row for row in left)
    return [row for row in seen if row is not None]


async def lifted(store: Store, conversation: Conversation) -> Conversation | None:
    """What may be shown of one; None where nothing may."""
    return next(iter(await shown(store, [conversation])), None)


async def hidden(store: Store, conversation: Conversation) -> bool:
    """Whether nothing of a conversation may be shown."""
    return await lifted(store, conversation) is None
