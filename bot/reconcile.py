"""The heart: look at a conversation, compare it with what Slack shows, take the steps that are missing."""

import asyncio
import logging
from datetime import datetime

from bot import clock, routes
from bot.channels import Channels
from bot.desk import Desk
from bot.errors import Ambiguous, BridgeError, Misconfigured, Transient
from bot.freescout import NotFound
from bot.model import Conversation
from bot.plan import CARD, Posted, View, next_look, plan
from bot.poster import Poster
from bot.settings import Route
from bot.store import Delivery

log = logging.getLogger(__name__)


class Reconciler:
    """Makes Slack a mirror of FreeScout, a conversation at a time. Looking twice changes nothing."""

    def __init__(
        self, desk: Desk, channels: Channels, poster: Poster, stopping: asyncio.Event | None = None
    ) -> None:
        self._desk = desk
        self._stopping = stopping or asyncio.Event()
        self._channels = channels
        self._poster = poster

    async def look(self, identity: int) -> tuple[int, datetime | None]:
        """Look once. Return the customer's id (0 for none) and when time alone makes another look due.

        A channel that fails does not keep the others from being brought up to date; its error comes last,
        and of several the one that passes soonest: what can be made good must not wait for what cannot.
        """
        conversation = await self._truth(identity)
        failures: list[BridgeError] = []
        wanted = await self._wanted(conversation, failures)
        shown = _by_channel(await self._desk.store.posts(identity))
        again: list[datetime] = []
        for channel in {**dict.fromkeys(shown), **wanted}:
            view = await self._view(identity, conversation, wanted.get(channel))
            try:
                await self._bring_up(identity, channel, view, shown.get(channel, []))
            except BridgeError as error:
                failures.append(error)
            if conversation and view.routed and (due := next_look(conversation, view.after, view.now)):
                again.append(due)
        if failures:
            raise min(failures, key=_hopeless)
        customer = conversation.customer.id if conversation and conversation.customer else 0
        return customer, min(again, default=None)

    async def _truth(self, identity: int) -> Conversation | None:
        try:
            return await self._desk.freescout.conversation(identity)
        except NotFound:
            return None

    async def _wanted(
        self, conversation: Conversation | None, failures: list[BridgeError]
    ) -> dict[str, Route]:
        """The channels that should show the conversation, by Slack's id."""
        if conversation is None:
            return {}
        mailbox = await self._desk.people.mailbox(conversation.mailbox_id)
        found: dict[str, Route] = {}
        for route in routes.matching(conversation, mailbox, self._desk.settings.routes):
            try:
                found.setdefault(await self._channels.id(route.channel), route)
            except BridgeError as error:
                failures.append(error)
        return found

    async def _view(self, identity: int, conversation: Conversation | None, route: Route | None) -> View:
        desk = self._desk
        now = desk.now()
        after = routes.waits(route, desk.settings) if route else ()
        mailbox = await desk.people.mailbox(conversation.mailbox_id) if conversation else None
        mention = None
        wait = clock.waiting(conversation) if conversation else None
        if conversation and wait and wait.step(after, now) and conversation.assignee:
            mention = await desk.people.slack_id(conversation.assignee.email)
        url = desk.settings.conversation_url(identity)
        return View(conversation, mailbox, url, route is not None, after, now, mention)

    async def _bring_up(self, identity: int, channel: str, view: View, shown: list[Delivery]) -> None:
        posted = await self._settled(identity, shown)
        card_ts = posted[CARD].ts if CARD in posted else None
        for step in plan(view, posted):
            if self._stopping.is_set():
                raise Transient("the bridge is stopping", retry_after=0)
            ts = await self._poster.take(identity, channel, step, card_ts)
            if step.key == CARD:
                card_ts = ts

    async def _settled(self, identity: int, shown: list[Delivery]) -> dict[str, Posted]:
        """What Slack shows, each post that was cut off found out about first, the card before its thread."""
        posted: dict[str, Posted] = {}
        for delivery in sorted(shown, key=lambda one: one.key != CARD):
            card_ts = posted[CARD].ts if CARD in posted else None
            ts = delivery.ts or await self._poster.settle(identity, delivery, card_ts)
            if ts:
                posted[delivery.key] = Posted(ts, delivery.version)
        return posted


def _hopeless(error: BridgeError) -> int:
    if isinstance(error, Misconfigured):
        return 1
    return 0 if isinstance(error, Transient | Ambiguous) else 2


def _by_channel(deliveries: list[Delivery]) -> dict[str, list[Delivery]]:
    found: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        found.setdefault(delivery.channel, []).append(delivery)
    return found
