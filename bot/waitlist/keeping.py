"""Who keeps the channels' lists: what is in them comes from the looks.

A restart knows the ids from disk, and looks at each of them again.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.desk import Desk
from bot.errors import BridgeError, Misconfigured
from bot.hours import ALWAYS, Hours
from bot.lanes import EDITS, Lanes
from bot.plan import CARD, DIGEST, LIST, Posted, View
from bot.poster import CardGone, Poster
from bot.slackapi import SlackRefused, call
from bot.waitlist.listing import MOST, MOVED, Entry, entry, goes_on, plan, unknown
from bot.waits import wait_for

log = logging.getLogger(__name__)

PACE = timedelta(seconds=30)
"""Between two versions of a channel's list."""
_EVERY = 2.0
_KEPT = 5_000
_TRIES = 5
"""Looks that fail one after the other, from which on a conversation may never be looked at."""


class Waitlist:
    """Keeps every channel's list true. Its state is what the looks saw last."""

    def __init__(self, desk: Desk, poster: Poster, lanes: Lanes) -> None:
        self._desk = desk
        self._poster = poster
        self._lanes = lanes
        self._here: dict[str, dict[int, Entry | None]] = {}
        """By channel and conversation; None where this process has not looked at it yet."""
        self._restored: dict[str, int] = {}
        """How many were in each channel's list before the restart."""
        self._begun: set[str] = set()
        """The channels in which a list stands, or is about to: what a look was told of one comes true."""
        self._hours: dict[str, Hours] = {}
        self._said: dict[str, datetime] = {}
        self._cards: dict[tuple[str, str], str] = {}
        self._failing: set[int] = set()
        """Whose looks have failed again and again since the restart."""
        self._changed = asyncio.Event()
        self._loading = asyncio.Lock()
        self._known = False

    async def seen(self, channel: str, conversation: int, view: View) -> bool:
        """Learn from a look; say whether the channel's list speaks of the conversation."""
        if unknown(view):
            return False  # what was true stays; no step is said, and the look is made again
        return await self.met(channel, conversation, entry(view))

    async def met(self, channel: str, conversation: int, found: Entry | None) -> bool:
        """Learn from a look whether somebody waits too long; say whether the channel's list speaks of it."""
        await self._loaded()
        here = self._here.get(channel, {})
        if found is not None:
            here = self._here.setdefault(channel, here)
            self._hours[channel] = found.hours
            if conversation not in here:
                await self._desk.store.begin_overdue(channel, conversation)
            if here.get(conversation) != found:
                here[conversation] = found
                self._changed.set()
        elif conversation in here:
            await self._desk.store.end_overdue(channel, conversation)
            here.pop(conversation, None)
            self._changed.set()
        if len(here) >= self._desk.settings.pings.list_from:
            self._begun.add(channel)
        return found is not None and channel in self._begun

    async def left(self, conversation: int, channels: Collection[str]) -> None:
        """Learn from a look that a conversation has nothing to do with any channel but these.

        Where nothing of it stands, as it was forgotten, or moved before its card came, no view tells.
        """
        await self._loaded()
        for channel in [one for one, here in self._here.items() if conversation in here]:
            if channel not in channels:
                await self.met(channel, conversation, None)

    async def run(self, stopping: asyncio.Event) -> None:
        """Compare each list with what stands in Slack, until told to stop."""
        await self._loaded()
        restored = sorted({identity for here in self._here.values() for identity in here})
        await self._desk.store.ring(restored, "list", priority=6)
        while not stopping.is_set():
            await wait_for(self._changed, _EVERY, stopping)
            await self._forget()
            for channel, here in list(self._here.items()):
                if stopping.is_set() or self._early(channel, here):
                    continue
                try:
                    await self._compare(channel)
                except BridgeError as error:
                    log.warning("the list in %s: %s", channel, error)

    def _early(self, channel: str, here: Mapping[int, Entry | None]) -> bool:
        """Whether a list does not shrink yet, as not all that it spoke of before a restart were looked at.

        Those whose looks fail again and again keep nobody else untold, once there is anybody to tell of.
        """
        unseen = {one for one, found in here.items() if found is None}
        inside = len(self._inside(channel))
        hopeless = inside and unseen <= self._failing
        return bool(unseen) and not hopeless and inside < self._restored.get(channel, 0)

    async def _forget(self) -> None:
        """Drop what was looked at and has nothing to do with its channel any more: no look speaks of it."""
        unseen = [(channel, one) for channel, here in self._here.items() for one in here if here[one] is None]
        if not unseen:
            return
        now = self._desk.now().timestamp()
        rows = await self._desk.store.work([one for _, one in unseen])
        self._failing = {row["conversation"] for row in rows if row["parked"] or row["attempts"] >= _TRIES}
        looks = ("claimed", "parked", "attempts", "waits")
        ahead = {row["conversation"] for row in rows if row["due"] <= now or any(row[key] for key in looks)}
        for channel, one in unseen:
            if one not in ahead and self._here[channel].get(one, self) is None:
                await self.met(channel, one, None)

    async def _loaded(self) -> None:
        """Know, from the first moment on, what waited before the restart."""
        async with self._loading:
            if not self._known:
                await self._load()
                self._known = True

    async def _load(self) -> None:
        for channel, conversation in await self._desk.store.overdue():
            self._here.setdefault(channel, {})[conversation] = None
            self._restored[channel] = len(self._here[channel])
        least = self._desk.settings.pings.list_from
        self._begun |= {channel for channel, some in self._restored.items() if some >= least}
        for delivery in await self._desk.store.posts(0):
            if delivery.key == LIST:
                self._here.setdefault(delivery.channel, {})
                if goes_on(delivery):  # also one that was cut off
                    self._begun.add(delivery.channel)

    def _inside(self, channel: str) -> list[Entry]:
        """Who waits too long there, as far as this process has looked."""
        return [one for one in self._here[channel].values() if one is not None]

    async def _compare(self, channel: str) -> None:
        now = self._desk.now()
        if channel in self._said and abs(now - self._said[channel]) < PACE:
            return
        shown = await self._shown(channel)
        if goes_on(shown):
            self._begun.add(channel)
        inside = self._inside(channel)
        least = 1 if channel in self._begun else self._desk.settings.pings.list_from
        entries = await self._linked(channel, inside, least)
        if not entries:
            if self._inside(channel) != inside:
                return  # somebody came meanwhile, and was told that the list speaks of them
            self._begun.discard(channel)
        step = plan(entries, shown, least, now, self._hours.get(channel, ALWAYS))
        if step is None:
            return
        lane = EDITS if step.ts and not self._lanes.trouble(channel) else channel
        if not self._lanes.enter(lane, 0):
            return  # its turn comes
        try:
            await self._poster.take(0, channel, step, None)
        except CardGone:
            return  # somebody deleted it: it comes anew
        except BridgeError as error:
            self._lanes.met(channel if isinstance(error, Misconfigured) else lane, error)
            raise
        self._lanes.went(lane)
        if step.version != MOVED:
            self._said[channel] = now

    async def _shown(self, channel: str) -> Posted | None:
        """What stands there, a post that was cut off found out about first."""
        for one in await self._desk.store.posts(0):
            if (one.channel, one.key) == (channel, LIST):
                ts = one.ts or await self._poster.settle(0, one, None)
                return Posted(ts, one.version) if ts else None
        return None

    async def _linked(self, channel: str, inside: Sequence[Entry], least: int) -> list[Entry]:
        """Those who may be spoken of there, with the cards' addresses where there are `least` of them.

        Those that Slack does not tell stay without.
        """
        entries = [one for one in inside if await self._poster.may(channel, one.conversation)]
        if len(entries) < least:
            return entries
        oldest = sorted(entries, key=lambda one: (one.since, one.conversation))
        return [
            replace(one, card=await self._card(channel, one.conversation)) if place < MOST else one
            for place, one in enumerate(oldest)
        ]

    async def _card(self, channel: str, conversation: int) -> str:
        said: Mapping[str, str] = {
            one.key: one.ts for one in await self._desk.store.posts(conversation) if one.channel == channel
        }
        ts = said.get(CARD) or said.get(DIGEST) or ""
        if ts and (channel, ts) not in self._cards:
            try:
                told = await call(self._desk.web.chat_getPermalink, channel=channel, message_ts=ts)
            except SlackRefused:
                return ""
            if len(self._cards) > _KEPT:
                self._cards.clear()
            self._cards[channel, ts] = str(told["permalink"])
        return self._cards.get((channel, ts), "")
