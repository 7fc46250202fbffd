"""Takes out of Slack what has to go: deletes, replaces or scrubs a message, and its files with it.

Whatever is cut off is done again: what is gone already is as good as deleted.
https://docs.slack.dev/reference/methods/chat.delete
https://docs.slack.dev/reference/methods/files.delete
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.cards import Message, gone_card
from bot.course import Course
from bot.crashpoints import reached
from bot.desk import Desk
from bot.erasing import EXPIRED, STAYS, How, Thing, erased, expired, lessened, narrowed, thread_of
from bot.errors import BridgeError, Misconfigured
from bot.lanes import EDITS, Lanes
from bot.model import Conversation
from bot.plan import CARD, FILES, RECEIPT, Posted, Urgency, View
from bot.poster import Poster
from bot.scrubbing import scrubbed, unpictured
from bot.slackapi import SlackRefused, call, shuts
from bot.store import FOR_EVER, Delivery, Store

log = logging.getLogger(__name__)

_GONE = ("message_not_found", "thread_not_found", "file_not_found", "file_deleted")
"""What is not there any more."""
_NOWHERE = "channel_not_found"
"""What Slack says of a channel that is gone, and of a private one that the bot has left."""
DOUBT = timedelta(hours=1)
"""After which a conversation that is not there was deleted."""
_LAPSED = timedelta(days=1)
"""After which it was another time that it was not there."""
_SURE = timedelta(minutes=2)
"""After which it is looked once more for what was on its way: a file, a receipt."""


class Eraser:
    """One thing at a time."""

    def __init__(self, web: AsyncWebClient, store: Store) -> None:
        self._web = web
        self._store = store
        self._scrubbing = asyncio.Lock()

    async def take(self, conversation: int, thing: Thing) -> str:
        """Do it, in Slack first and then in what is remembered; say why it stands there yet, if it may.

        What stands where the bot sees no channel is remembered no more: nothing could ever be done about it.
        """
        reached("erase.begun")
        for file in thing.files:
            await self._gone(self._web.files_delete, file=file)
        nowhere = False
        try:
            stays = await self._message(conversation, thing)
        except Misconfigured as error:
            if error.code != _NOWHERE:
                raise
            log.warning("message %s is left in %s: the bot sees no such channel", thing.ts, thing.channel)
            stays, nowhere = False, True
        reached("erase.made")
        await self._forget(conversation, thing, stays=stays)
        if nowhere:
            return "the bot sees no such channel: if there still is one, delete this message by hand"
        return "Slack lets no app delete it" if stays else ""

    async def _message(self, conversation: int, thing: Thing) -> bool:
        """See to the message; say whether it stays as it is."""
        here: dict[str, Any] = {"channel": thing.channel, "ts": thing.ts}
        match thing.how:
            case How.LEFT:
                return False
            case How.SCRUBBED:
                return not await self._scrub(conversation, here)
            case How.REPLACED if thing.message and await self._says(here, thing.message):
                return False
            case _:
                done = await self._gone(self._web.chat_delete, **here)
        if done or await self._says(here, gone_card()):
            return False
        log.error("message %s in %s is not to be deleted: Slack refuses it", thing.ts, thing.channel)
        return True

    async def _forget(self, conversation: int, thing: Thing, *, stays: bool) -> None:
        if thing.how is How.SCRUBBED or not thing.key:
            await self._store.unmention(thing.channel, thing.ts, conversation)
        elif stays or thing.version:
            version = STAYS if stays else thing.version
            await self._store.posted(conversation, thing.channel, thing.key, thing.ts, version)
        else:
            await self._store.unposted(conversation, thing.channel, thing.key)

    async def _gone(self, method: Callable[..., Awaitable[Any]], **what: Any) -> bool:
        """Delete something; True where it is gone."""
        try:
            await call(method, **what)
        except SlackRefused as error:
            if error.code not in _GONE:
                log.warning("Slack does not delete %s: %s", what, error)
            return error.code in _GONE
        return True

    async def _says(self, here: Mapping[str, Any], message: Message) -> bool:
        """Put other words in a message's place; True also where it is gone."""
        try:
            await call(self._web.chat_update, **here, text=message.text, blocks=list(message.blocks))
        except SlackRefused as error:
            return error.code in _GONE
        return True

    async def _scrub(self, conversation: int, here: Mapping[str, Any]) -> bool:
        """Take out of a message what it says of a conversation.

        One after the other: who had read it before another's line went would write that line back.
        """
        async with self._scrubbing:
            return await self._scrub_alone(conversation, here)

    async def _scrub_alone(self, conversation: int, here: Mapping[str, Any]) -> bool:
        channel, ts = here["channel"], here["ts"]
        try:
            told = await call(
                self._web.conversations_history,
                channel=channel,
                latest=ts,
                oldest=ts,
                inclusive=True,
                limit=1,
            )
        except SlackRefused as error:
            return error.code in _GONE
        found = [one for one in told.get("messages") or [] if one.get("ts") == ts]
        left = scrubbed(found[0].get("blocks") or [], conversation) if found else None
        if left is None:
            return True
        return await self._says(here, left) or await self._says(here, unpictured(left))


class Erasing:
    """What a look takes away, in its turn."""

    def __init__(self, desk: Desk, lanes: Lanes, poster: Poster) -> None:
        self._desk = desk
        self._lanes = lanes
        self._poster = poster
        self._eraser = Eraser(desk.web, desk.store)

    async def see_to(
        self,
        course: Course,
        conversation: Conversation | None,
        said: Sequence[Delivery],
        narrow: Mapping[str, View],
        *,
        whole: bool,
    ) -> None:
        """Take away what has to go: all, what is too old, or too much in channels that are `narrow`."""
        if conversation is None:
            await self._erase(course, said, whole=whole)
        else:
            await self._hide(course, conversation, said)
            await self._expire(course, said)
            await self._all(course, [*narrowed(said, narrow), *lessened(said, narrow)], sure=False)

    async def _erase(self, course: Course, said: Sequence[Delivery], *, whole: bool) -> None:
        """Take away all that Slack shows of a conversation that is not there any more.

        Its card says that it was deleted; with `whole` it goes as well.
        """
        identity = course.work.conversation
        if said and not whole and not await self._certain(course):
            return
        try:
            known = await self._settled(identity, said)
        except BridgeError as error:  # it cannot be looked for now: the next look goes on
            course.failures.append(error)
            known = [one for one in said if one.ts]
        mentions = await self._desk.store.mentions(identity)
        open_ones = await self._desk.store.undecided(identity)  # `forget` leaves only what was on its way
        kept = {f"{RECEIPT}{one}" for one in open_ones}
        mentions = [one for one in mentions if not (one[2] and open_ones)]  # there they are asked
        things = erased(known, mentions, kept, whole=whole)
        await self._all(course, things)
        if not things:
            await self._desk.store.unwrite(conversation=identity)

    async def _hide(self, course: Course, conversation: Conversation, said: Sequence[Delivery]) -> None:
        """Take away what a look still said of threads that were forgotten while it had them in hand."""
        unseen = {thread_of(one.key) for one in said} - {one.id for one in conversation.threads} - {0}
        if hidden := await self._desk.store.forgotten_threads(unseen) if unseen else ():
            known = await self._desk.store.posts(conversation.id)  # what was cut off is found by now
            its = [one for one in known if thread_of(one.key) in hidden]
            await self._all(course, erased(its, [], whole=True))

    async def _certain(self, course: Course) -> bool:
        """Whether FreeScout said that it is deleted, or still has it no more an hour later.

        Nothing brings back what is taken from Slack, and a FreeScout that is being restored, or another at
        the same address, answers just like that.
        """
        store, now = self._desk.store, self._desk.now().timestamp()
        name, doubt = f"gone {course.work.conversation}", DOUBT.total_seconds()
        if course.work.reason == FOR_EVER:
            await store.set_marks(**{name: now - doubt})
            return True
        since = await store.mark(name)
        if since is None or not now - _LAPSED.total_seconds() < since <= now:
            identity = course.work.conversation
            log.warning("FreeScout has conversation %s no more: in an hour it goes from Slack", identity)
            await store.set_marks(**{name: now})
            since = now
        if now - since >= doubt:
            return True
        course.again.append(datetime.fromtimestamp(since + doubt, UTC))
        return False

    async def _settled(self, identity: int, said: Sequence[Delivery]) -> Sequence[Delivery]:
        """What stands there, each post that was cut off found out about first, but receipts."""
        cut = [one for one in said if not one.ts and not one.key.startswith((FILES, RECEIPT))]
        cards = {one.channel: one.ts for one in said if one.key == CARD}
        for one in cut:
            try:
                await self._poster.settle(identity, one, cards.get(one.channel) or None)
            except Misconfigured as error:
                if error.code != _NOWHERE:
                    raise
                await self._desk.store.unposted(identity, one.channel, one.key)
        return await self._desk.store.posts(identity) if cut else said

    async def _expire(self, course: Course, said: Sequence[Delivery]) -> None:
        """Replace what is older than it may be."""
        after = self._desk.settings.retention.after
        if after is not None:
            url = self._desk.settings.conversation_url(course.work.conversation)
            await self._all(course, expired(said, url, after, self._desk.now()), sure=False)

    async def _all(self, course: Course, things: Sequence[Thing], *, sure: bool = True) -> None:
        """Take things away, each in its turn; what stands in a channel that is shut keeps no other waiting.

        Unless it has to be made `sure`, nothing waits for such a channel: the next round comes upon it again.
        """
        shut: set[str] = set()
        if sure and any(self._lane(thing) == EDITS for thing in things):
            course.again.append(self._desk.now() + _SURE)
        for thing in things:
            lane = self._lane(thing)
            if thing.channel in shut or (lane != EDITS and not sure):
                continue
            if await self._turn(lane, course.work.conversation):
                lane = await self._take(course, thing, lane, sure=sure)
                if not lane:
                    continue
            if lane == EDITS:
                course.wait(EDITS, Urgency.REFRESH)
                return
            shut.add(thing.channel)
            if sure:
                course.wait(thing.channel, Urgency.REFRESH)

    def _lane(self, thing: Thing) -> str:
        """The lane of edits, but for what stands in a channel that is shut: there one try opens it."""
        shut = thing.how is not How.LEFT and self._lanes.trouble(thing.channel)
        return thing.channel if shut else EDITS

    async def _turn(self, lane: str, identity: int) -> bool:
        return self._lanes.enter(lane, identity) or await self._lanes.next_turn(lane, identity)

    async def _take(self, course: Course, thing: Thing, lane: str, *, sure: bool) -> str:
        """Take one thing away; return the lane that turned out to be shut, if one did."""
        try:
            stays = await self._eraser.take(course.work.conversation, thing)
        except BridgeError as error:
            # That a channel is shut is learnt for the channel alone: the lane of edits is everybody's.
            lane = thing.channel if isinstance(error, Misconfigured) else lane
            if not sure and shuts(error):
                return lane
            if self._lanes.met(lane, error):
                return lane
            course.failures.append(error)
        else:
            if not stays:
                self._lanes.went(lane)
        return ""


def done(posted: Posted | None) -> bool:
    """Whether the plan has nothing to say in its place any more."""
    return posted is not None and posted.version in (EXPIRED, STAYS)
