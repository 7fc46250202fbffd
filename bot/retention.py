"""The round of `[retention]`: rings for conversations of which Slack shows what is too old. Off without it.

What it rings for is replaced by their looks, in their turn: see `erasing`.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta

from bot.desk import Desk
from bot.erasing import DONE, expired_lines
from bot.errors import BridgeError
from bot.lanes import EDITS, Lanes
from bot.plan import LIST
from bot.slackapi import SlackRefused, call, shuts

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
"""Rounds with little to do each, rather than one with everything."""
MOST = 100
"""Conversations a round, and messages that speak of many."""
_MARK, _LINES = "retention", "retention lines"


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
        last_line = await store.mark(_LINES) or 0.0
        lines = await store.old_mentions(before, last_line, MOST, LIST)
        through = await self._replace_all(lines, after)
        done = through == len(lines) < MOST
        last_line = float(lines[through - 1][1]) if through else last_line
        await store.set_marks(**{_LINES: 0 if done else last_line})

    async def _replace_all(self, lines: Sequence[tuple[str, str]], after: timedelta) -> int:
        """Replace messages as far as Slack allows it now; return how many are done with for this time.

        Those of a channel that is archived, or that the bot does not see, wait for the mark to come round.
        """
        shut: set[str] = set()
        for count, (channel, ts) in enumerate(lines):
            if channel in shut:
                continue
            if not self._lanes.enter(EDITS, 0):
                return count
            try:
                await self._replace(channel, ts, after)
            except BridgeError as error:
                log.warning("message %s in %s is replaced later: %s", ts, channel, error)
                if not shuts(error):
                    return count
                shut.add(channel)
        return len(lines)

    async def _replace(self, channel: str, ts: str, after: timedelta) -> None:
        said = expired_lines(after)
        try:
            await call(
                self._desk.web.chat_update, channel=channel, ts=ts, text=said.text, blocks=list(said.blocks)
            )
        except SlackRefused as error:
            log.warning("message %s in %s stays as it is: %s", ts, channel, error)
        await self._desk.store.unmention(channel, ts)
