"""Steps → Slack: each thing said once.

A post is written down before it is made. Found unconfirmed later, it is first looked for in Slack by the
metadata that names it: https://docs.slack.dev/messaging/message-metadata
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot import policy
from bot.audience import CODE, Audience
from bot.cards import Block, Message
from bot.channels import Channels
from bot.crashpoints import reached
from bot.errors import Ambiguous, Misconfigured, Transient
from bot.plan import ANEW, CARD, DIGEST, LEFT, LIST, TOP, Step
from bot.policy import Then
from bot.roundup import Line, delayed, digest
from bot.routing import Route
from bot.scrubbing import spoken_of
from bot.slackapi import SlackRefused, call
from bot.sought import EVENT_TYPE, sought
from bot.store import Delivery, Store

log = logging.getLogger(__name__)

UNKNOWN = ""
"""The version of a message that is being edited: like none that a plan could want."""
_TOLD_FROM = timedelta(minutes=1)
"""From which delay on a message says that it was late."""


class CardGone(Transient):
    """Somebody deleted the card: the next look posts it anew."""

    def __init__(self) -> None:
        super().__init__("the card was deleted in Slack")  # tried later and later, if that goes on


class Poster:
    """Takes one step after the other."""

    def __init__(
        self, web: AsyncWebClient, store: Store, channels: Channels, audience: Audience | None = None
    ) -> None:
        self._web = web
        self._store = store
        self._channels = channels
        self._audience = audience
        self._flying: set[str] = set()

    async def take(
        self,
        conversation: int,
        channel: str,
        step: Step,
        card_ts: str | None,
        late: timedelta = timedelta(0),
    ) -> str:
        """Say what the step says; return its message's ts. `late` is for how long it had to wait."""
        await self.guard(channel, conversation)
        if step.ts is not None:
            await self._update(conversation, channel, step, step.ts)
            return step.ts
        await self._store.begin_post(conversation, channel, step.key, step.version)
        reached("post.begun")
        blocks = [*step.message.blocks, *([delayed(late)] if late >= _TOLD_FROM else [])]
        thread = None if step.top or card_ts is None else card_ts
        try:
            name, words = _name(conversation, step.key), step.message.text
            told = await self._post(channel, name, words, blocks, thread, broadcast=step.broadcast)
        except Ambiguous:
            raise  # it may stand: whoever looks next finds it unconfirmed, and searches first
        except Exception as error:
            await self._store.unposted(conversation, channel, step.key)
            if thread and isinstance(error, SlackRefused) and policy.slack(error.code).then is Then.ANEW:
                raise await self.anew(conversation, channel, thread) from error
            raise
        reached("post.made")
        ts = str(told["ts"])
        if thread and not (told.get("message") or {}).get("thread_ts"):
            raise await self._astray(conversation, channel, step.key, ts, thread)
        await self._store.posted(conversation, channel, step.key, ts, step.version)
        reached("post.kept")
        if not conversation:
            await self.speaks(channel, ts, step.message.blocks)
        return ts

    async def gather(self, channel: str, name: str, lines: Sequence[Line], late: timedelta) -> None:
        """Say many new conversations in one message; `name` tells this digest from every other."""
        said = [(one.conversation, DIGEST, f"{name}:{one.newest}") for one in lines if one.first]
        said += [(one.conversation, ping, f"{name}:ping") for one in lines for ping in one.pings]
        said += [(one.conversation, key, f"{name}:said") for one in lines for key in one.keys]
        for one in lines:
            await self.guard(channel, one.conversation)
        message = digest(lines, late if late >= _TOLD_FROM else None)
        await self._together(channel, name, said, message)

    async def summarise(
        self, channel: str, name: str, message: Message, instead: Sequence[tuple[int, int]]
    ) -> None:
        """Say a summary once. It stands for the cards of those in `instead`, up to a thread of each."""
        own = f"summary:{name}"
        for delivery in await self._store.posts(0):
            told = (delivery.channel, delivery.key) == (channel, own)
            if told and (delivery.ts or await self.settle(0, delivery, None)):
                return
        await self.guard(channel)
        said = [(identity, DIGEST, f"{name}:{newest}") for identity, newest in instead]
        await self._together(channel, name, [(0, own, f"{name}:0"), *said], message)

    async def guard(self, channel: str, conversation: int = 0) -> None:
        """Raise Misconfigured where others read a channel than its route is open to.

        The operators' channel, where no customer is spoken of, has a poster without an audience.
        """
        if self._audience:
            await self._audience.guard(channel, conversation)

    async def may(self, channel: str, conversation: int) -> bool:
        """Whether a conversation may be spoken of in a channel, whoever reads it by now."""
        try:
            await self.guard(channel, conversation)
        except Misconfigured as error:
            if error.code != CODE:
                raise
            return False
        return True

    async def allowed(self, channel: str, routes: Sequence[Route]) -> Sequence[Route]:
        """Those of a channel's routes that are open to all who read it."""
        return await self._audience.allowed(channel, routes) if self._audience else routes

    async def _together(
        self, channel: str, name: str, said: Sequence[tuple[int, str, str]], message: Message
    ) -> None:
        """Post one message that stands for many rows."""
        self._flying.add(name)
        try:
            await self._fly(channel, name, said, message)
        finally:
            self._flying.discard(name)

    async def _fly(
        self, channel: str, name: str, said: Sequence[tuple[int, str, str]], message: Message
    ) -> None:
        await self._store.begin_posts(channel, said)
        reached("digest.begun")
        try:
            told = await self._post(channel, _name(0, f"{DIGEST}:{name}"), message.text, message.blocks, None)
        except Ambiguous:
            raise
        except Exception:
            await self._store.unposted_together(channel, name)
            raise
        reached("digest.made")
        await self._store.posted_together(channel, name, str(told["ts"]))
        reached("digest.kept")
        await self.speaks(channel, str(told["ts"]), message.blocks)

    async def speaks(self, channel: str, ts: str, blocks: Sequence[Block]) -> None:
        """Remember of which conversations a message speaks: should one be deleted, its line goes."""
        for conversation in spoken_of(blocks):
            await self._store.mention(channel, ts, conversation)

    async def settle(self, conversation: int, delivery: Delivery, card_ts: str | None) -> str | None:
        """Find out about a post that was begun and not confirmed; return its ts where Slack has it."""
        channel = delivery.channel
        name, together, _ = delivery.version.partition(":")
        if together and name in self._flying:
            raise Transient("a digest is on its way", retry_after=1)
        if together:  # many rows stand for one message
            found = await sought(self._web, _name(0, f"{DIGEST}:{name}"), delivery, None)
            if found is None:
                await self._store.unposted_together(channel, name)
                return None
            await self._store.posted_together(channel, name, str(found["ts"]))
            await self.speaks(channel, str(found["ts"]), found.get("blocks") or [])
            return str(found["ts"])
        # Direct messages are said to no card, and what stands in the channel is in no thread.
        top = delivery.key == CARD or channel.startswith("D") or delivery.version.startswith(TOP)
        card_ts = None if top else card_ts
        message = await sought(self._web, _name(conversation, delivery.key), delivery, card_ts)
        if message is None:
            await self._store.unposted(conversation, channel, delivery.key)
            return None
        ts = str(message["ts"])
        if conversation and card_ts and not message.get("thread_ts"):
            raise await self._astray(conversation, channel, delivery.key, ts, card_ts or "")
        await self._store.posted(conversation, channel, delivery.key, ts, delivery.version)
        if not conversation:
            await self.speaks(channel, ts, message.get("blocks") or [])
        return ts

    async def _post(
        self,
        channel: str,
        name: dict[str, Any],
        text: str,
        blocks: Sequence[Block],
        thread: str | None,
        *,
        broadcast: bool = False,
    ) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "channel": channel,
            "text": text,
            "blocks": list(blocks),
            "metadata": {"event_type": EVENT_TYPE, "event_payload": name},
            "unfurl_links": False,
            "unfurl_media": False,
            **({"thread_ts": thread} if thread else {}),
            **({"reply_broadcast": True} if thread and broadcast else {}),
        }
        return await self._somehow(self._web.chat_postMessage, arguments)

    async def _somehow(
        self, method: Callable[..., Awaitable[AsyncSlackResponse]], arguments: dict[str, Any]
    ) -> dict[str, Any]:
        """Say it as plain text where Slack refuses its layout: nothing is lost for its form."""
        try:
            return await self._joining(method, arguments)
        except SlackRefused as error:
            if policy.slack(error.code).then is not Then.PLAIN:
                raise
            log.error("a message of ours goes as plain text, because %s", error)
        return await self._joining(method, {**arguments, "blocks": []})

    async def _joining(
        self, method: Callable[..., Awaitable[AsyncSlackResponse]], arguments: dict[str, Any]
    ) -> dict[str, Any]:
        """Call a method, once more after joining the channel where the bot is not in it."""
        try:
            return await call(method, **arguments)
        except Misconfigured as error:
            joins = policy.slack(error.code).then is Then.JOIN
            if not joins or not await self._channels.join(arguments["channel"]):
                raise
        return await call(method, **arguments)

    async def _update(self, conversation: int, channel: str, step: Step, ts: str) -> None:
        arguments = {
            "channel": channel,
            "ts": ts,
            "text": step.message.text,
            "blocks": list(step.message.blocks),
        }
        # Until the answer is here nobody knows what it shows; the truth may be back where it was by then.
        kept = next((one for one in (LEFT, TOP) if step.version.startswith(one)), UNKNOWN)
        await self._store.posted(conversation, channel, step.key, ts, kept)
        reached("update.begun")
        try:
            await self._somehow(self._web.chat_update, arguments)
        except SlackRefused as error:
            then = policy.slack(error.code).then
            if then not in (Then.ANEW, Then.LEAVE):
                raise
            if step.key == LIST and then is Then.ANEW:
                await self._store.unposted(conversation, channel, step.key)
                raise CardGone from error
            log.warning("message %s of conversation %s is left as it is: %s", step.key, conversation, error)
            if step.key == CARD and then is Then.ANEW:
                raise await self.anew(conversation, channel, ts) from error
        reached("update.made")
        await self._store.posted(conversation, channel, step.key, ts, step.version)
        if not conversation:
            await self.speaks(channel, ts, step.message.blocks)

    async def anew(self, conversation: int, channel: str, old: str) -> CardGone:
        """Forget a card that is gone. What stood in its thread is not said again: it was said once."""
        await self._store.begin_post(conversation, channel, ANEW, "1")
        await self._store.posted(conversation, channel, ANEW, old, "1")
        await self._store.unposted(conversation, channel, CARD)
        return CardGone()

    async def _astray(self, conversation: int, channel: str, key: str, ts: str, parent: str) -> CardGone:
        """Take back a reply that stands in the channel, its parent being gone: nobody would understand it.

        https://docs.slack.dev/reference/methods/chat.delete
        """
        try:
            await call(self._web.chat_delete, channel=channel, ts=ts)
        except SlackRefused as error:
            log.warning("a reply of conversation %s stays in %s: %s", conversation, channel, error)
        await self._store.unposted(conversation, channel, key)
        return await self.anew(conversation, channel, parent) if parent else CardGone()


def _name(conversation: int, key: str) -> dict[str, Any]:
    return {"conversation": conversation, "key": key}
