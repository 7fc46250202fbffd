"""The sweep: ask FreeScout what changed, and ring for what no look has seen.

It finds what no webhook says (unassigned, retagged, merged, …), what one should have said and did not, and at
the start whatever happened while the bridge was down. https://api-docs.freescout.net/#list-conversations
"""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot import cards, mail, roundup, takers
from bot.channels import Channels
from bot.crashpoints import reached
from bot.desk import Desk
from bot.errors import BridgeError
from bot.freescout import ConversationQuery, Sort
from bot.health import Health
from bot.lanes import Lanes
from bot.model import Conversation, Status
from bot.plan import CARD, DIGEST, newest
from bot.poster import Poster
from bot.roundup import Missed
from bot.routing import Event, Place, Route
from bot.veil import shown

log = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=2)
"""How far each sweep goes back behind the last one: what is being written may show up late."""
AWAY = timedelta(minutes=10)
"""From which absence on a channel is told what it missed."""
_ROUND = 5
"""Conversations that each sweep looks at again for no other reason than their turn."""
_FEW = 3
"""Up to so many conversations need no summary: they speak for themselves."""
_FIELDS = 100
"""Conversations that are fetched each by itself for a summary, while all looks wait for it."""
_MOST = 20_000
_STATES = ("published", "deleted")


class Sweep:
    """Looks for changes behind the webhooks' back. A failed sweep is made up for by the next."""

    def __init__(self, desk: Desk, channels: Channels, poster: Poster, lanes: Lanes, health: Health) -> None:
        self._desk = desk
        self._channels = channels
        self._poster = poster
        self._lanes = lanes
        self._health = health
        self._first = True
        self.tried = asyncio.Event()
        """Set when the first sweep is over or has failed: no look may mend before it what it has to tell."""

    async def run(self) -> None:
        """Sweep once."""
        try:
            await self._sweep()
        except BridgeError as error:
            log.warning("the sweep failed: %s", error)
            self._health.ill(str(error))
        finally:
            self.tried.set()

    async def _sweep(self) -> None:
        desk, store = self._desk, self._desk.store
        now = desk.now()
        mark = await store.mark("swept")
        if mark is None:  # the first start: what was before is history
            await store.set_marks(swept=now.timestamp(), alive=now.timestamp())
            return
        alive = datetime.fromtimestamp(await store.mark("alive") or now.timestamp(), UTC)
        away = now - alive if self._first else timedelta(0)
        mark = min(mark, now.timestamp())  # a clock of FreeScout's that was ahead must not blind us
        since = datetime.fromtimestamp(mark, UTC) - OVERLAP
        absent = max(AWAY, 3 * desk.settings.sweep.every)  # only a sweep says that we are alive
        found = await self._changed(since, threads=away >= absent)
        reached("sweep.listed")
        fresh = set(await store.unseen([(one.id, one.updated_at.timestamp()) for one in found]))
        changed = [one for one in found if one.id in fresh]
        if away >= absent and len(changed) > _FEW:
            await self._tell(changed, alive, away)
        if changed:
            why = "start" if self._first else "sweep"
            await store.ring([one.id for one in changed], why, priority=7)
        # And a few of those that nobody has looked at for longest: some changes move no time in FreeScout.
        await store.ring(await store.longest_unseen(_ROUND), "round", priority=9)
        reached("sweep.rung")
        newest_change = max((one.updated_at.timestamp() for one in found), default=mark)
        await store.set_marks(swept=min(max(mark, newest_change), now.timestamp()), alive=now.timestamp())
        self._first = False
        reached("sweep.marked")

    async def _changed(self, since: datetime, *, threads: bool) -> list[Conversation]:
        """What changed since then, the deleted among it: the oldest change first."""
        found: list[Conversation] = []
        for state in _STATES:
            query = ConversationQuery(state=state, updated_since=since, sort=Sort.UPDATED, threads=threads)
            found += [row async for row in self._desk.freescout.conversations(query, most=_MOST)]
        return found

    async def _tell(self, changed: Sequence[Conversation], since: datetime, away: timedelta) -> None:
        """Tell each channel in one message what it missed."""
        changed = await shown(self._desk.store, changed)
        stands = await self._desk.store.standing([one.id for one in changed])
        seen = [one for one in changed if one.published and one.status is not Status.SPAM]
        missed = {one.id: self._missed(one, since, stands.get(one.id, set())) for one in seen}
        rows = [one for one in seen if (it := missed[one.id]).new or it.replies or it.closed]
        # The others want to hear of new ones otherwise, or not at all.
        wanted = [one for one in self._desk.settings.routes if one.deliver.place(Event.NEW) is Place.CHANNEL]
        told: dict[str, list[tuple[Conversation, Missed]]] = {}
        unsure: Counter[str] = Counter()
        for row in await takers.taken(self._desk, rows, wanted, _FIELDS):
            its = await self._channels_of(row.routes)
            for channel in its:
                told.setdefault(channel, []).append((row.conversation, missed[row.conversation.id]))
            unsure.update(one for one in await self._channels_of(row.doubtful) if one not in its)
        for channel, lines in told.items():
            if len(lines) > _FEW:
                await self._say(channel, lines, unsure[channel], since, away)

    async def _channels_of(self, some: Sequence[Route]) -> list[str]:
        """The channels of these routes that may be told of what they bring."""
        channels = []
        for route in some:
            try:
                channel = await self._channels.id(route.channel)
                channels += [channel] if await self._poster.allowed(channel, [route]) else []
            except BridgeError as error:  # its looks will say so, and wait
                log.warning("no summary for #%s: %s", route.channel, error)
        return list(dict.fromkeys(channels))

    async def _say(
        self,
        channel: str,
        told: Sequence[tuple[Conversation, Missed]],
        unsure: int,
        since: datetime,
        away: timedelta,
    ) -> None:
        name = hashlib.sha256(f"{channel} {since}".encode()).hexdigest()[:16]
        # A new one that is closed already needs no card: its line in this message stands for it.
        lines = roundup.listed([what for _, what in told])
        over = [(one.id, newest(one)) for one, what in told if what.new and what.closed and what in lines]
        message = roundup.away([what for _, what in told], away, unsure)
        self._lanes.enter(channel, 0)  # it counts as a post, and comes before them all
        try:
            await self._poster.summarise(channel, name, message, over)
        except BridgeError as error:
            # Nobody may be left without cards for want of a summary.
            self._lanes.met(channel, error)
            log.warning("no summary in %s: %s", channel, error)

    def _missed(self, one: Conversation, since: datetime, stands: set[str]) -> Missed:
        """What of a conversation came since then and does not stand in Slack already."""
        fresh = not {CARD, DIGEST} & stands and one.created_at >= since - OVERLAP
        theirs = [t for t in one.threads if t.type == "customer" and t.state == "published"]
        said = [t for t in theirs if t.created_at >= since - OVERLAP and f"thread:{t.id}" not in stands]
        closed = one.status is Status.CLOSED and (one.closed_at is None or one.closed_at > since)
        return Missed(
            one.id,
            mail.one_line(one.title, 80),
            self._desk.settings.conversation_url(one.id),
            cards.named(one.customer),
            new=fresh,
            replies=max(0, len(said) - 1) if fresh else len(said),
            closed=closed,
        )
