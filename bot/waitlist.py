"""A channel's list: where several wait too long at once, one message says so, oldest first, and is kept true.

It is a summary under conversation 0, by the same rule as everything that is said: state → plan → keyed step.
What is in it comes from the looks; a restart knows the ids from disk and looks at each of them again.
"""

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from bot import clock, mail
from bot.cards import Block, Message, button, context, named, plain, richtext_block, when
from bot.desk import Desk
from bot.errors import BridgeError, Misconfigured
from bot.hours import ALWAYS, Hours
from bot.lanes import EDITS, Lanes
from bot.plan import CARD, DIGEST, LIST, Posted, Step, Urgency, View
from bot.poster import CardGone, Poster
from bot.richtext import Element, link, section, text
from bot.slackapi import SlackRefused, call
from bot.waits import wait_for

log = logging.getLogger(__name__)

NEXT, ALL = "waiting.next", "waiting.all"
"""The buttons below a list."""
MOST = 20
"""Conversations that get a line."""
PACE = timedelta(seconds=30)
"""Between two versions of a channel's list."""
NOBODY, MOVED = "nobody", "moved"
"""The versions of a list that is over, and of one that goes on further down."""
_TICK = timedelta(minutes=5)
"""How old the waits may be that a list names."""
_WORKING_DAY = timedelta(hours=8)
"""Of a day on which nobody works."""
_EVERY = 2.0
_KEPT = 5_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A conversation whose customer waits too long."""

    conversation: int
    title: str
    url: str
    customer: str
    whose: str
    since: datetime
    hours: Hours = ALWAYS
    card: str = ""
    """Where its card is, if it is there."""


def entry(view: View) -> Entry | None:
    """What a list says of a conversation; None where it does not belong in one.

    It does when its wait is past the first step of the ladder, and nobody has put it aside.
    """
    one, rungs, snooze = view.conversation, view.rungs, view.calm.snooze
    wait = clock.waiting(one) if one and view.routed else None
    if one is None or wait is None or rungs is None or not rungs.ladder.steps:
        return None
    if view.quiet and snooze and view.now < snooze.until_at:
        return None
    if wait.passed(view.now, rungs.hours) < rungs.ladder.steps[0].after:
        return None
    whose = named(one.assignee) if one.assignee else "nobody's"
    whose = mail.one_line(view.quiet.why if view.quiet else whose, 50)
    title, customer = mail.one_line(one.title, 80), mail.one_line(named(one.customer), 50)
    return Entry(one.id, title, view.url, customer, whose, wait.since, rungs.hours)


def unknown(view: View) -> bool:
    """Whether nobody knows if somebody waits too long: Slack could not be asked whom the steps reach."""
    one = view.conversation
    return view.rungs is None and view.routed and one is not None and clock.waiting(one) is not None


def plan(
    entries: Sequence[Entry], shown: Posted | None, least: int, now: datetime, hours: Hours = ALWAYS
) -> Step | None:
    """What a channel must be told next, if anything. Pure; `hours` are those of one of its mailboxes.

    A list that was said more than a working day ago is said anew at the end of the channel: so far up nobody
    sees it any more.
    """
    old = shown is not None and _aged(datetime.fromtimestamp(float(shown.ts), UTC), now, hours)
    if len(entries) < least:
        if shown is None or shown.version in (NOBODY, MOVED):
            return None
        return Step(LIST, NOBODY, _over("white_check_mark", "Nobody waits too long here", now), shown.ts)
    message, version = listing(entries, now), _version(entries, now)
    if shown is None or shown.version == MOVED or (old and shown.version == NOBODY):
        return Step(LIST, version, message, None, Urgency.PING)
    if old:
        return Step(LIST, MOVED, _over("arrow_heading_down", "This list goes on further down", now), shown.ts)
    return Step(LIST, version, message, shown.ts) if shown.version != version else None


def listing(entries: Sequence[Entry], now: datetime) -> Message:
    """The list itself: the oldest first."""
    oldest = sorted(entries, key=lambda one: (one.since, one.conversation))
    head = f"{len(oldest)} customers wait too long"
    elements: list[Element] = [
        section({"type": "emoji", "name": "hourglass_flowing_sand"}, text(f" {head}", bold=True)),
        {
            "type": "rich_text_list",
            "style": "ordered",
            "elements": [_item(one, now) for one in oldest[:MOST]],
        },
    ]
    if len(oldest) > MOST:
        more = f"… and {len(oldest) - MOST} more: /freescout waiting"
        elements.append(section(text(more, italic=True)))
    blocks = [richtext_block(*elements), offers(), context("as of", when(now))]
    longest = clock.spoken(oldest[0].hours.passed(oldest[0].since, now))
    return Message(f"{head}, the longest for {longest}", tuple(blocks))


def offers() -> Block:
    """The buttons below a list of those who wait."""
    take: Block = {**button(NEXT, "Take the Oldest", "-"), "style": "primary"}
    return {"type": "actions", "elements": [take, button(ALL, "Everybody Who Waits", "-")]}


def _item(one: Entry, now: datetime) -> Element:
    waited = text(f"{clock.spoken(one.hours.passed(one.since, now))} ", bold=True)
    about = text(f" · {one.customer} · {one.whose}")
    card = [text(" · "), link(one.card, "card")] if one.card else []
    return section(waited, link(one.url, one.title), about, *card)


def _over(sign: str, words: str, now: datetime) -> Message:
    return Message(words, (context(f":{sign}:", plain(words), when(now)),))


def _version(entries: Sequence[Entry], now: datetime) -> str:
    """Changes with what is said, and with the waits while they grow."""
    tick = int(now.timestamp() // _TICK.total_seconds()) if any(e.hours.open_at(now) for e in entries) else 0
    said = sorted((e.since, e.conversation, e.title, e.customer, e.whose, e.card) for e in entries)
    return hashlib.sha256(repr((tick, len(said), said[:MOST])).encode("utf-8", "replace")).hexdigest()[:16]


def _aged(said: datetime, now: datetime, hours: Hours) -> bool:
    """Whether a working day has passed, of the length of the day on which it was said."""
    midnight = datetime.combine(hours.local(said).date(), time(), hours.zone)
    working = hours.passed(midnight, midnight + timedelta(days=1)) or _WORKING_DAY
    return hours.passed(said, now) >= working


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
        self._hours: dict[str, Hours] = {}
        self._said: dict[str, datetime] = {}
        self._cards: dict[tuple[str, str], str] = {}
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
        return found is not None and len(here) >= self._desk.settings.pings.list_from

    async def run(self, stopping: asyncio.Event) -> None:
        """Compare each list with what stands in Slack, until told to stop."""
        await self._loaded()
        restored = sorted({identity for here in self._here.values() for identity in here})
        await self._desk.store.ring(restored, "list", priority=6)
        while not stopping.is_set():
            await wait_for(self._changed, _EVERY, stopping)
            await self._forget()
            for channel, here in list(self._here.items()):
                known = [one for one in here.values() if one is not None]
                least = max(self._restored.get(channel, 0), self._desk.settings.pings.list_from)
                if stopping.is_set() or (None in here.values() and len(known) < least):
                    continue  # it does not shrink before all that it spoke of were looked at
                try:
                    await self._compare(channel, known)
                except BridgeError as error:
                    log.warning("the list in %s: %s", channel, error)

    async def _forget(self) -> None:
        """Drop what was looked at and has nothing to do with its channel any more: no look speaks of it."""
        unseen = [(channel, one) for channel, here in self._here.items() for one in here if here[one] is None]
        if not unseen:
            return
        now = self._desk.now().timestamp()
        rows = await self._desk.store.work([one for _, one in unseen])
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
        for delivery in await self._desk.store.posts(0):
            if delivery.key == LIST:
                self._here.setdefault(delivery.channel, {})

    async def _compare(self, channel: str, entries: Sequence[Entry]) -> None:
        now, least = self._desk.now(), self._desk.settings.pings.list_from
        if channel in self._said and abs(now - self._said[channel]) < PACE:
            return
        shown = await self._shown(channel)
        entries = [one for one in entries if await self._poster.may(channel, one.conversation)]
        if shown is None and len(entries) < least:
            return
        if len(entries) >= least:
            entries = await self._linked(channel, entries)
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

    async def _linked(self, channel: str, entries: Sequence[Entry]) -> list[Entry]:
        """The same with the cards' addresses; those that Slack does not tell stay without."""
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
