"""What is not shown of a conversation: what was forgotten, and codes that link people.

One that is forgotten begins where its customer wrote anew.
"""

import html
import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from bot import mail
from bot.model import Conversation, Thread
from bot.store import Store

MASK = "link-••••-••••"
SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Of a code: without those that look like others: 0 and O, 1 and I and L."""
CODE = re.compile(rf"\blink-[{SIGNS}]{{4}}-[{SIGNS}]{{4}}\b", re.IGNORECASE)


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
    """A conversation without threads that are forgotten: of a merge, or of one who wrote among others."""
    left = tuple(one for one in conversation.threads if one.id not in threads)
    return replace(conversation, threads=left, preview="") if left != conversation.threads else conversation


async def shown(store: Store, rows: Sequence[Conversation]) -> list[Conversation]:
    """Those of a list that may be shown, and of each what may be. The rows need their threads."""
    newest = await store.forgotten([row.id for row in rows])
    threads = await store.forgotten_threads([one.id for row in rows for one in row.threads])
    left = [without(row, threads) for row in rows]
    seen = (since(row, newest[row.id]) if row.id in newest else row for row in left)
    return [masked(row) for row in seen if row is not None]


async def lifted(store: Store, conversation: Conversation) -> Conversation | None:
    """What may be shown of one; None where nothing may."""
    return next(iter(await shown(store, [conversation])), None)


def code_in(thread: Thread) -> str | None:
    """The code that a thread holds, if it holds one."""
    if thread.state != "published" or "link-" not in thread.body.casefold():  # most have none: cheap
        return None
    found = CODE.search(mail.plain(thread.body))
    return found[0] if found else None


def masked(conversation: Conversation) -> Conversation:
    """A conversation with the codes in its notes masked."""
    held = [one.id for one in conversation.threads if one.type == "note" and code_in(one)]
    threads = tuple(_masked(one) if one.id in held else one for one in conversation.threads)
    return replace(conversation, threads=threads) if held else conversation


def _masked(thread: Thread) -> Thread:
    words = html.escape(CODE.sub(MASK, mail.plain(thread.body)))
    return replace(thread, body=words.replace("\n", "<br>"))
