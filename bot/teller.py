"""Keeps what Slack says of replies true: to everybody in the card's thread, to the writer where they act."""

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Collection, Mapping
from contextlib import suppress

from bot import mail, receipts, routes
from bot.cards import Message, sentence
from bot.changes import Seen
from bot.channels import Channels
from bot.crashpoints import reached
from bot.desk import Desk
from bot.errors import BridgeError, Misconfigured, Transient
from bot.model import Mailbox
from bot.plan import CARD, LEFT, RECEIPT, Step, Urgency
from bot.poster import CardGone, Poster
from bot.receipts import LESS
from bot.routing import Body
from bot.slackapi import call
from bot.store import Delivery, Reply, ReplyState

log = logging.getLogger(__name__)

_AGAIN = 2.0
"""Seconds after which what Slack did not take is said again; twice that the next time."""
_LONGEST = 60.0
_THREAD_TRIES = 3
"""Tries after which the writer is told directly, instead of in a thread that does not take it."""


class Teller:
    """One loop; each reply is told of by itself, so that none waits behind another."""

    def __init__(self, desk: Desk, poster: Poster, channels: Channels) -> None:
        self._desk = desk
        self._poster = poster
        self._channels = channels
        self._busy: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: dict[int, tuple[float, int, int]] = {}
        """By reply: when to try again, how often it failed, and what was to be told then."""
        self._boxes: dict[int, Mailbox | None] = {}
        self._written: dict[int, int] = {}
        """By reply: up to which change its writer was told."""
        self._narrowed: dict[int, str] = {}

    def narrow(self, replies: Mapping[int, str]) -> None:
        """Take the words of replies, told long ago, out of the channels that show no mail whole any more."""
        self._narrowed.update(replies)
        self._desk.store.tell_anew()

    async def run(self, stopping: asyncio.Event) -> None:
        """Tell until told to stop, then finish what is in hand."""
        while not stopping.is_set():
            counting = await self._round()
            await self._desk.store.wait_for_receipts(0.5 if counting else 2.0, stopping)
        await asyncio.gather(*self._tasks)

    async def _round(self) -> bool:
        """Begin to tell what is to be told; return whether time alone changes that."""
        try:
            replies = await self._desk.store.untold()
            narrowed = await self._next_narrowed({reply.id for reply in replies})
        except Exception as error:  # a full disk passes; this loop would not come back
            log.error("the outbox cannot be read: %s", error)
            return False
        for reply in (*replies, *narrowed):
            until, _, changed = self._failed.get(reply.id, (0.0, 0, 0))
            due = until <= time.monotonic() or changed < reply.changed
            if due and reply.id not in self._busy:
                self._busy.add(reply.id)
                task = asyncio.create_task(self._tell(reply))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        return bool(replies)

    async def _next_narrowed(self, others: Collection[int]) -> list[Reply]:
        """One whose words have to go, after the other: it may be all of a channel."""
        now, ready = time.monotonic(), [one for one in self._narrowed if one not in others]
        due = next((one for one in ready if self._failed.get(one, (0.0, 0, 0))[0] <= now), None)
        if due is None or self._busy:
            return []
        reply = await self._desk.store.reply(due)
        if reply is None:
            del self._narrowed[due]
        return [reply] if reply else []

    async def _tell(self, reply: Reply) -> None:
        new = reply.told < reply.changed
        try:
            if new and reply.state in (ReplyState.BLOCKED, ReplyState.FAILED):
                await self._writer(reply)  # who is asked learns of it even where the thread takes nothing
            hidden = await self._everybody(reply, new=new)
            if new:
                await self._writer(reply)
                await self._give_back(reply, hidden=hidden)
                reached("reply.shown")
                await self._desk.store.tell_reply(reply)
            self._failed.pop(reply.id, None)
            self._written.pop(reply.id, None)
            self._narrowed.pop(reply.id, None)
        except BridgeError as error:
            log.warning("reply %s is not shown yet: %s", reply.id, error)
            shut = isinstance(error, Misconfigured)  # that is not Slack's own pause
            self._put_off(reply, error.retry_after if isinstance(error, Transient) and not shut else None)
        except Exception:
            log.exception("what became of reply %s cannot be told", reply.id)
            self._put_off(reply)
        finally:
            self._busy.discard(reply.id)

    def _put_off(self, reply: Reply, named: float | None = None) -> None:
        tries = self._failed.get(reply.id, (0.0, 0, 0))[1] + 1
        pause = max(named or 0, min(_LONGEST, _AGAIN * 2 ** min(tries - 1, 10)))
        self._failed[reply.id] = time.monotonic() + pause, tries, reply.changed

    async def _give_back(self, reply: Reply, *, hidden: bool) -> None:
        """Give the writer the text of a reply that they stopped, where nothing else shows it to them."""
        if hidden and reply.state == ReplyState.CANCELLED and reply.text:
            direct = await self._desk.direct(reply.slack_user)
            await self._desk.say(direct, receipts.cancelled(reply), reply.conversation)

    async def _everybody(self, reply: Reply, *, new: bool) -> bool:
        """Bring the message in the card's thread up to date; say whether the text must not be shown there."""
        key = f"{RECEIPT}{reply.id}"
        said = await self._desk.store.posts(reply.conversation)
        own = next((one for one in said if one.key == key), None)
        message = receipts.receipt(reply, self._url(reply), self._desk.now(), stands=own is not None)
        if message is None or (own is None and not new and reply.state != ReplyState.HELD):
            return False
        here = await self._shown_in(reply)
        heads = [one for one in said if one.key == CARD and one.ts]
        cards = {one.channel: one.ts for one in heads}
        left = {one.channel for one in heads if one.version.startswith(LEFT)}
        whole = {channel for channel, full in (here or {}).items() if full} - left
        narrow = own is not None and own.channel == self._narrowed.get(reply.id)
        away = own is not None and here is not None and own.channel not in whole
        hidden = (away or narrow) and own is not None and not own.channel.startswith("D")
        if hidden and own is not None:
            shown = narrow or (own.channel in (here or ()) and own.channel not in left)
            message = receipts.elsewhere(reply, narrowed=shown)
            if not new and not own.version.startswith(LESS) and self._written.get(reply.id) != reply.changed:
                await self._give_back(reply, hidden=True)
                self._written[reply.id] = reply.changed
        version = hashlib.sha256(json.dumps(message.blocks).encode()).hexdigest()[:16]
        version = f"{LESS}{version}" if hidden else version
        among = {channel: ts for channel, ts in cards.items() if channel in whole}
        channel = own.channel if own else await self._channel(reply, among)
        ts = await self._ts(reply, own, cards) if own else None
        if own is None or own.version != version or ts is None:
            step = Step(key, version, message, ts, Urgency.CARD)
            try:
                await self._poster.take(reply.conversation, channel, step, cards.get(channel))
            except CardGone:
                await self._desk.store.ring([reply.conversation], "card gone", priority=1)
                raise
        return hidden

    async def _ts(self, reply: Reply, own: Delivery, cards: Mapping[str, str]) -> str | None:
        """Its message's ts; one of unknown fate is looked for."""
        return own.ts or await self._poster.settle(reply.conversation, own, cards.get(own.channel))

    async def _shown_in(self, reply: Reply) -> dict[str, bool] | None:
        """The channels that show its mailbox, and whether with every word; None while nobody knows it."""
        seen = Seen.load(reply.now_seen or reply.seen)
        if seen:
            with suppress(BridgeError):  # while FreeScout is away, what is known of it holds
                self._boxes[seen.mailbox] = await self._desk.people.mailbox(seen.mailbox)
        if seen is None or seen.mailbox not in self._boxes:
            return None
        mailbox = self._boxes[seen.mailbox] or Mailbox(seen.mailbox, "")
        found: dict[str, bool] = {}
        for route in self._desk.settings.routes:
            if routes.leads_from(route, mailbox):
                with suppress(BridgeError):  # the looks tell of a channel that is not there
                    channel = await self._channels.id(route.channel)
                    found[channel] = found.get(channel, True) and route.body is Body.FULL
        return found

    async def _channel(self, reply: Reply, cards: Mapping[str, str]) -> str:
        """Where the conversation's card is, the writer's own one before others; else a direct message."""
        shut = self._failed.get(reply.id, (0.0, 0, 0))[1] >= _THREAD_TRIES
        if not cards or shut:
            return await self._desk.direct(reply.slack_user)
        return reply.channel if reply.channel in cards else next(iter(cards))

    async def _writer(self, reply: Reply) -> None:
        """Tell the writer what they have to know, wherever they look, once for each change."""
        if self._written.get(reply.id) == reply.changed:
            return
        await self._tell_writer(reply)
        self._written[reply.id] = reply.changed

    async def _tell_writer(self, reply: Reply) -> None:
        match reply.state:
            case ReplyState.HELD if reply.hold and not reply.shown and not reply.attempts:
                await self._here(reply, receipts.going(reply, await self._there(reply)))
            case ReplyState.HELD if reply.attempts == 1:
                kept = f"Your {reply.word} on #{reply.number} is kept and goes as soon as that passes."
                await self._here(reply, _words(f"{reply.error}. {kept}"))
            case ReplyState.UNKNOWN if reply.attempts == 1 and not reply.error:
                words = f"FreeScout broke off while it took your {reply.word} on #{reply.number}. "
                await self._here(reply, _words(words + "Whether it arrived is being looked up."))
            case ReplyState.SENT:
                done = "is saved" if reply.kind == "note" else f"went to {receipts.to(reply)}"
                said = f"Your {reply.word} on #{reply.number} {done}."
                await self._here(reply, _words(said))
                if reply.error:  # something is left to do: an ephemeral message would not stay
                    remark = _words(f"{said} {reply.error}")
                    direct = await self._desk.direct(reply.slack_user)
                    await self._desk.say(direct, remark, reply.conversation)
            case ReplyState.BLOCKED | ReplyState.FAILED if reply.choice:
                channel = await self._desk.direct(reply.slack_user)
                await self._desk.say(channel, receipts.asked(reply, self._url(reply)), reply.conversation)
            case _:
                return

    async def _here(self, reply: Reply, message: Message) -> None:
        await self._desk.tell(
            reply.slack_user, reply.channel, reply.thread_ts, message, about=reply.conversation
        )

    async def _there(self, reply: Reply) -> str:
        """The address of the message with the countdown; nothing where Slack does not tell."""
        key = f"{RECEIPT}{reply.id}"
        for one in await self._desk.store.posts(reply.conversation):
            if one.key == key and one.ts:
                try:
                    told = await call(
                        self._desk.web.chat_getPermalink, channel=one.channel, message_ts=one.ts
                    )
                except BridgeError:
                    return ""
                return str(told.get("permalink") or "")
        return ""

    def _url(self, reply: Reply) -> str:
        return self._desk.settings.conversation_url(reply.conversation)


def _words(words: str) -> Message:
    return Message(mail.escape(words), (sentence(words),))
