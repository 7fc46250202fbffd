"""The round of `[retention]`: rings for conversations of which Slack shows what is too old. Off without it.

What it rings for is replaced by their looks, in their turn: see `erasing`.
"""

import logging
from datetime import timedelta

from bot.desk import Desk
from bot.erasing import DONE, expired_lines
from bot.errors import BridgeError
from bot.lanes import EDITS, Lanes
from bot.slackapi import SlackRefused, call

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
"""Rounds with little to do each, rather than one with everything."""
MOST = 100
"""Conversations a round, and messages that speak of many."""
_MARK = "retention"


class RetentionRound:
    """Finds what is too old, a part at a time; a mark says how far it came."""

    def __init__(self, desk: Desk, lanes: Lanes) -> None:
        self._desk = desk
        self._lanes = lanes

    async def run(self) -> None:
        """Ring for some conversations; wipe what came to nothing; replace old digests and summaries."""
        after = self._desk.settings.retention.after
        if after is None:
            return
        before = (self._desk.now() - after).timestamp()
        store = self._desk.store
        last = int(await store.mark(_MARK) or 0)
        found = await store.old_posts(before, last, MOST, DONE)
        await store.ring(found, "too old", priority=7)
        await store.set_marks(**{_MARK: found[-1] if len(found) == MOST else 0})
        wiped = await store.wipe_texts(before)
        if found or wiped:
            log.info("too old: %d conversations are looked at, %d texts wiped", len(found), wiped)
        for channel, ts in await store.old_mentions(before, MOST):
            if not self._lanes.enter(EDITS, 0):
                return  # the next round goes on
            await self._replace(channel, ts, after)

    async def _replace(self, channel: str, ts: str, after: timedelta) -> None:
        said = expired_lines(after)
        try:
            await call(
                self._desk.web.chat_update, channel=channel, ts=ts, text=said.text, blocks=list(said.blocks)
            )
        except SlackRefused as error:
            log.warning("message %s in %s stays as it is: %s", ts, channel, error)
        except BridgeError as error:
            log.warning("message %s in %s is replaced later: %s", ts, channel, error)
            return
        await self._desk.store.unmention(channel, ts)
