"""Which conversation an operator means by a word, where what is done cannot be undone: one that is known."""

import re

from bot.desk import addressed
from bot.errors import UserError
from bot.freescout import FreeScout, NotFound
from bot.store import Store

_ID, _NUMBER = re.compile(r"[0-9]{1,12}"), re.compile(r"#([0-9]{1,12})")


async def known(freescout: FreeScout, store: Store, words: str, home: str) -> int:
    """The id of a conversation by its id, its address in FreeScout, `home`, or `#` and its number.

    Raises UserError where neither FreeScout knows it nor the bridge.
    """
    if numbered := _NUMBER.fullmatch(words):
        if found := await freescout.numbered(int(numbered[1])):
            return found.id
        raise UserError(f"FreeScout has no conversation {words}, so nothing was done.")
    identity = int(words) if _ID.fullmatch(words) else addressed(words, home)
    if not identity:
        raise UserError(f"{words!r} is no conversation: say its id, like 87, or its address in FreeScout.")
    if not await _is_known(freescout, store, identity):
        raise UserError(
            f"No conversation with the id {identity} is known, so nothing was done. The id stands in "
            f"FreeScout's address of it, {home}/conversation/…; if {identity} is the number that people "
            f"say, write '#{identity}'."
        )
    return identity


async def _is_known(freescout: FreeScout, store: Store, identity: int) -> bool:
    """Whether FreeScout has it, or the bridge anything of it: what is deleted there may stand in Slack."""
    if await store.held([identity]) or await store.forgotten([identity]):
        return True
    try:
        await freescout.conversation(identity)
    except NotFound:
        return False
    return True
