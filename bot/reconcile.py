"""The heart: look at a conversation, compare it with what Slack shows, take the steps that are missing.

A step that finds no turn in its lane is not taken: the look waits there, and is made again in its turn.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot import compose, linking, roundup, settling, sight
from bot.course import Course, in_digest
from bot.crashpoints import reached
from bot.desk import Desk
from bot.eraser import Erasing, done
from bot.erasing import DONE, authors
from bot.errors import BridgeError, Misconfigured, Permanent, Transient
from bot.freescout import NotFound
from bot.lanes import EDITS, Lanes
from bot.leading import Leading
from bot.model import Conversation
from bot.plan import CARD, FILES, RECEIPT, Posted, Step, Urgency, View, newest, next_look, plan
from bot.poster import CardGone, Poster
from bot.receipts import LESS
from bot.ringing import Ringing
from bot.sight import Found, Listed, Unlisted
from bot.slackapi import SlackRefused
from bot.store import FORGOTTEN, Delivery, Looked, Work
from bot.turns import Waiting
from bot.veil import lifted

log = logging.getLogger(__name__)

_YOUNG = timedelta(seconds=5)
"""How old the truth may be that a look goes on with; an older one is fetched anew."""
_FILES_SURE = timedelta(minutes=2)
"""After which it is made sure that files have come."""
_TOLD_SURE = timedelta(hours=1)
"""The same for receipts that lose their words."""


class Carry(Protocol):
    """Whoever brings files: see `carrier`."""

    def __call__(self, conversation: int, channel: str, steps: Sequence[Step], *, begin: bool) -> bool:
        """Take over all that is to come to a channel; say whether any is on its way."""


class Reconciler:
    """Makes Slack a mirror of FreeScout, a conversation at a time. Looking twice changes nothing."""

    def __init__(
        self,
        desk: Desk,
        poster: Poster,
        lanes: Lanes,
        stopping: asyncio.Event | None = None,
        *,
        ringing: Ringing,
        leading: Leading,
        erasing: Erasing | None = None,
        carry: Carry | None = None,
        narrow: Callable[[Mapping[int, str]], None] = lambda _: None,
        listed: Listed | None = None,
        unlisted: Unlisted | None = None,
    ) -> None:
        self._desk = desk
        self._stopping = stopping or asyncio.Event()
        self._poster = poster
        self._lanes = lanes
        self._ringing = ringing
        self._erasing = erasing
        self._carry = carry
        self._narrow = narrow
        self._listed = listed
        self._unlisted = unlisted
        self._leading = leading

    async def look(self, work: Work) -> tuple[Looked, BridgeError | None]:
        """Look once. Return what came of it, and what went wrong in some channel.

        A channel that fails does not keep the others from being brought up to date; its error comes last,
        and of several the one that passes soonest: what can be made good must not wait for what cannot.
        Nor does a message that Slack refuses for good keep the others of its channel, once it was tried.
        """
        self._lanes.leave(work.conversation)
        at, course = self._desk.now(), Course(work)
        found, said, forgotten = await self._find_out(course)
        conversation = found.settled.conversation
        await self._bring_all_up(course, found, said)
        narrow = await sight.narrow(self._desk, self._leading, found, said, course.closed)
        if over := _too_much(said, narrow):
            self._narrow(over)
            course.again.append(self._desk.now() + _TOLD_SURE)
        if self._erasing:
            await self._erasing.see_to(course, conversation, said, narrow, whole=forgotten)
        if conversation:
            await compose.freshen(self._desk, conversation, found.writing)
        reached("look.taken")
        looked = course.looked(conversation, at, self._lanes.trouble)
        for lane, (urgency, line) in course.waits.items():
            held = work.held or self._desk.now().timestamp()
            self._lanes.wait(lane, Waiting(work, looked, urgency, held, line))
        return looked, course.failure

    async def gather(
        self, channel: str, waiting: Sequence[Waiting]
    ) -> tuple[list[tuple[Work, Looked]], BridgeError | None]:
        """Speak of many first cards in one digest: with that the looks that wait for those cards are done.

        Return what came of each, and what went wrong with the digest. Who may not be spoken of in the channel
        any more, as others read it by now, keeps nobody else out: they are looked at anew.
        """
        try:
            told = [one for one in waiting if await self._poster.may(channel, one.work.conversation)]
            await self._tell_of(channel, told)
        except BridgeError as error:
            if not self._lanes.met(channel, error):
                return [(one.work, one.looked) for one in waiting], error
            for one in waiting:
                self._lanes.wait(channel, one)
            return [(one.work, one.looked) for one in waiting], None
        looks = [(one.work, self._still(one)) for one in waiting]
        now, its = self._desk.now(), {one.work.conversation for one in told}
        return [(one, it if one.conversation in its else replace(it, again=now)) for one, it in looks], None

    async def _tell_of(self, channel: str, waiting: Sequence[Waiting]) -> None:
        """Say a digest, where there is anybody to speak of."""
        lines = [one.line for one in waiting if one.line]
        if not lines:
            return
        told = repr(sorted((line.conversation, line.newest) for line in lines)) + str(self._desk.now())
        name = hashlib.sha256(told.encode()).hexdigest()[:16]
        late = self._desk.now() - datetime.fromtimestamp(min(one.held for one in waiting), UTC)
        await self._poster.gather(channel, name, lines, late)
        self._lanes.went(channel)

    def _still(self, one: Waiting) -> Looked:
        """What came of a look, with the lanes in which it waits at this moment."""
        lanes = one.looked.waits
        return replace(
            one.looked, waits=tuple(lane for lane in lanes if self._lanes.waits(lane, one.work.conversation))
        )

    async def _find_out(self, course: Course) -> tuple[Found, list[Delivery], bool]:
        """The truth, what Slack shows, and whether something of it is forgotten; what was over is ended."""
        identity = course.work.conversation
        calm = await settling.known(self._desk, identity)
        conversation, forgotten = await self._truth(identity)
        reached("look.fetched")
        wrote = self._desk.store.wrote(identity, authors(conversation) if conversation else {})
        said, _ = await asyncio.gather(self._desk.store.posts(identity), wrote)  # one commit for both
        wanted = await self._leading.wanted(conversation, said, course)
        trouble = self._lanes.trouble
        places = await settling.places(self._desk, conversation, calm, wanted, trouble)
        settled = await settling.settle(self._desk, conversation, calm, said, places)
        course.again += settled.again
        writing = await self._desk.store.writing(identity)
        course.again += [datetime.fromtimestamp(one.since, UTC) + FORGOTTEN for one in writing]
        claims = settled.calm.claims
        climb = await self._ringing.climb(settled.conversation, wanted, said, settled.quiet, claims=claims)
        course.failures += [climb.failure] if climb.failure else []
        course.again += climb.again
        aloud = await self._leading.aloud(settled.conversation, wanted, said, course)
        typed = await self._desk.store.typed_notes(identity)
        blind = await sight.blind(self._ringing, settled, said, climb, course)
        return Found(identity, settled, wanted, climb, aloud, tuple(writing), typed, blind), said, forgotten

    async def _truth(self, identity: int) -> tuple[Conversation | None, bool]:
        """The conversation as it may be shown, and whether something of it is forgotten."""
        newest = (await self._desk.store.forgotten([identity])).get(identity)
        try:
            conversation = await self._desk.freescout.conversation(identity)
        except NotFound:
            return None, newest is not None
        await linking.noticed(self._desk, conversation)
        return await lifted(self._desk.store, conversation), newest is not None

    async def _bring_all_up(self, course: Course, found: Found, said: list[Delivery]) -> None:
        """Bring every channel up to date that shows it or is to."""
        shown = _by_channel([one for one in said if not one.key.startswith(RECEIPT)])
        channels = dict.fromkeys([*shown, *found.channels])
        for channel in channels:
            if channel not in course.closed:  # what stands there stays as it is
                await self._look_in(course, channel, found, shown.get(channel, []))
        if self._unlisted and not course.unsure:
            await self._unlisted(found.identity, {*channels, *course.closed})

    async def _look_in(self, course: Course, channel: str, found: Found, shown: list[Delivery]) -> None:
        """Bring one channel up to date."""
        view = await sight.view(self._desk, self._leading, self._listed, channel, found)
        try:
            await self._bring_up(course, channel, view, shown)
        except BridgeError as error:
            course.failures.append(error)
        if view.conversation and view.routed:
            course.look_at(next_look(view.conversation, view.rungs, view.now, view.quiet))

    async def _bring_up(self, course: Course, channel: str, view: View, shown: list[Delivery]) -> None:
        if view.conversation is None and self._erasing:
            return  # all of it goes, at the end of the look
        identity = course.work.conversation
        posted = await self._settled(identity, shown)
        card_ts = posted[CARD].ts if CARD in posted else None
        planned = [step for step in plan(view, posted) if not done(posted.get(step.key))]
        steps = [step for step in planned if not step.files and step.bundled is None]
        course.missing += [step.key for step in steps]
        blocked = False
        for step in steps:
            if self._stopping.is_set():
                raise Transient("the bridge is stopping", retry_after=0)
            lane = EDITS if step.ts and not self._lanes.trouble(channel) else channel
            if not (blocked and lane == channel) and await self._turn(lane, identity, view.now):
                try:
                    taken = await self._take(course, channel, lane, step, card_ts)
                except (SlackRefused, Permanent) as error:
                    course.refused(error, beneath=card_ts is not None or channel.startswith("D"))
                    continue
                if taken is not None:
                    card_ts = taken if step.key == CARD else card_ts
                    continue
            lane = channel if self._lanes.trouble(channel) else lane
            course.wait(lane, step.urgency, in_digest(view, steps, posted) if step.key == CARD else None)
            blocked |= lane == channel  # what stands already may be corrected all the same
        self._bundle(course, channel, view, [step for step in planned if step.bundled is not None])
        self._bring_files(course, channel, [step for step in planned if step.files], begin=not blocked)

    def _bundle(self, course: Course, channel: str, view: View, steps: list[Step]) -> None:
        """Have what is to be said together wait for its hour, and then for the channel's digest."""
        if not steps or view.conversation is None:
            return
        every = self._desk.settings.routing.digest
        due = roundup.due([step.at for step in steps if step.at], view.now, every)
        if view.now < due:
            course.again.append(due)
            return
        events = {step.key: step.bundled for step in steps if step.bundled}
        line = roundup.bundled(view.conversation, newest(view.conversation), events)
        course.wait(channel, Urgency.QUIET, line)

    def _bring_files(self, course: Course, channel: str, steps: list[Step], *, begin: bool) -> None:
        """Hand files over, and look again later: a process that dies has forgotten what it was handed."""
        if self._carry and self._carry(course.work.conversation, channel, steps, begin=begin):
            course.again.append(self._desk.now() + _FILES_SURE)

    async def _turn(self, lane: str, identity: int, fetched: datetime) -> bool:
        """Take a turn, waiting for the next one where this look was called and nobody else wants it."""
        young = self._desk.now() - fetched < _YOUNG
        return self._lanes.enter(lane, identity) or (young and await self._lanes.next_turn(lane, identity))

    async def _take(
        self, course: Course, channel: str, lane: str, step: Step, card_ts: str | None
    ) -> str | None:
        """Take a step; None where its lane has just closed."""
        late = timedelta(0)
        waited = course.work.waits.split(", ")
        if step.at and (channel in waited or any(lane.startswith("#") for lane in waited)):
            late = self._desk.now() - max(step.at, datetime.fromtimestamp(course.work.held, UTC))
        try:
            ts = await self._poster.take(course.work.conversation, channel, step, card_ts, late)
        except CardGone:
            raise
        except BridgeError as error:
            # That a channel is shut is learnt for the channel, whichever way the step was to go.
            if not self._lanes.met(channel if isinstance(error, Misconfigured) else lane, error):
                raise
            return None
        self._lanes.went(lane)
        return ts

    async def _settled(self, identity: int, shown: list[Delivery]) -> dict[str, Posted]:
        """What Slack shows, each post that was cut off found out about first, the card before its thread."""
        posted: dict[str, Posted] = {}
        for delivery in sorted(shown, key=lambda one: one.key != CARD):
            card_ts = posted[CARD].ts if CARD in posted else None
            if delivery.key.startswith(FILES) and not delivery.ts:
                continue  # the carrier finds out
            ts = delivery.ts or await self._poster.settle(identity, delivery, card_ts)
            if ts:
                posted[delivery.key] = Posted(ts, delivery.version)
        return posted


def _too_much(said: Sequence[Delivery], narrow: Collection[str]) -> dict[int, str]:
    """The replies whose words stand in a channel where no mail is shown whole any more, with that channel."""
    own = [one for one in said if one.channel in narrow and one.ts and one.key.startswith(RECEIPT)]
    more = [one for one in own if not one.version.startswith((LESS, *DONE))]
    return {int(one.key.removeprefix(RECEIPT)): one.channel for one in more}


def _by_channel(deliveries: list[Delivery]) -> dict[str, list[Delivery]]:
    found: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        found.setdefault(delivery.channel, []).append(delivery)
    return found
