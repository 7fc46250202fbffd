"""What an explanation is made of: asked of FreeScout, of Slack and of the memory, and nothing is changed.

No claim is ended, no ping is counted, no direct messages are opened, no row is written.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot import clock, named, routes, settling, sight, waitlist
from bot.audience import Audience
from bot.budget import Glance
from bot.channels import Channels
from bot.course import Course
from bot.desk import Desk
from bot.duty import Duty
from bot.errors import BridgeError
from bot.freescout import NotFound
from bot.glass import GlassSlack, Noted, whose
from bot.health import Health
from bot.lanes import Lanes
from bot.leading import Leading
from bot.model import Conversation
from bot.names import CHANNEL, Names
from bot.plan import FILES, LIST, RECEIPT, Posted, View
from bot.poster import Poster
from bot.ringing import Ringing
from bot.routing import Route
from bot.sight import Found
from bot.slackapi import call
from bot.store import Delivery, Work
from bot.why import Facts, Place

_MOST_LINKS = 30


class _Still(Lanes):
    """Lanes in which nobody goes: what fails is noted for whoever explains it, and for nobody else."""

    def __init__(self, desk: Desk, health: Health) -> None:
        super().__init__(desk.store, health, desk.now)
        self.told: dict[str, str] = {}

    def met(self, name: str, error: BridgeError) -> bool:
        """Note what is wrong with a channel."""
        self.told[name] = str(error)
        return True

    def went(self, name: str) -> None:
        """Nothing follows from that."""


class _Known(Names):
    """Names as they are remembered; that one changes hands is for the bridge to write down."""

    async def _hand_over(self, key: str, _name: str, holder: str, *_: object) -> None:
        """Take the new holder, without a word."""
        self._ids[key] = holder

    def _rename(self, key: str, name: str, now: str) -> None:
        """Nobody is told."""


class Reader:
    """Looks at a conversation as the bridge does, through glass.

    What a running bridge knows of channels and people is looked up there: listing all of them takes minutes.
    """

    def __init__(self, desk: Desk) -> None:
        settings = desk.settings

        def seconds() -> float:
            return desk.now().timestamp()

        health = Health(desk.now)
        web = _glass(desk)
        self._desk = desk = replace(desk, web=web)
        places = _Known(CHANNEL, desk.store, health, lambda: named.channels(settings), seconds)
        known = desk.channels
        self._channels = known.beside(web, places) if known else Channels(web, seconds, places)
        own = desk.audience or Audience(web, self._channels, lambda: settings.routes, seconds)
        audience = own.beside(web, self._channels)
        duty = Duty(web, health, seconds)
        self._lanes = _Still(desk, health)
        self._ringing = Ringing(
            desk, duty, Glance(desk, duty, Poster(web, desk.store, self._channels, audience))
        )
        self._leading = Leading(desk, self._channels, self._lanes, duty, audience=audience)

    async def facts(self, identity: int) -> Facts:
        """Gather all that is to be known; raise BridgeError where FreeScout cannot be asked."""
        desk, store = self._desk, self._desk.store
        forgotten = (await store.forgotten([identity])).get(identity)
        conversation = await self._truth(identity)
        said = [one for one in await store.posts(identity) if not one.key.startswith(RECEIPT)]
        course = Course(Work(identity, "why", 0, 0))
        found = await self._found(identity, conversation, said, course)
        known = Facts(identity, desk.settings.conversation_url(identity), desk.now(), conversation)
        known = await self._routed(known, said)
        shown = dict.fromkeys(one.channel for one in said)
        every = dict.fromkeys([*found.wanted, *shown, *found.channels])
        taking = tuple(one.route for one in known.choices if one.taken)
        places = [await self._place(one, found, said, taking) for one in every]
        rows = await store.work([identity])
        kept = desk.settings.retention.after
        return replace(
            known,
            places=tuple(places),
            quiet=found.settled.quiet,
            unreached=str(found.climb.failure or ""),
            work=rows[0] if rows else None,
            looked=await store.last_look(identity),
            forgotten=forgotten,
            redact=desk.settings.redact,
            retention=f", for {clock.spoken(kept)}" if kept else "",
            links=await self._links(said),
        )

    async def _truth(self, identity: int) -> Conversation | None:
        try:
            return await self._desk.truth(identity)
        except NotFound:
            return None

    async def _found(
        self, identity: int, conversation: Conversation | None, said: Sequence[Delivery], course: Course
    ) -> Found:
        """What a look would find out."""
        store = self._desk.store
        wanted = await self._leading.wanted(conversation, said, course)
        calm = await settling.known(self._desk, identity)
        asks = calm.held or calm.snooze
        wrong = {one: await self._wrong(one) for one in wanted} if asks else {}
        places = await settling.places(self._desk, conversation, calm, wanted, lambda one: wrong.get(one, ""))
        settled = await settling.as_it_is(self._desk, conversation, calm, said, places)
        climb = await self._ringing.climb(
            conversation, wanted, said, settled.quiet, claims=settled.calm.claims
        )
        aloud = await self._leading.aloud(conversation, wanted, said)
        writing, typed = await store.writing(identity), await store.typed_notes(identity)
        blind = await sight.blind(self._ringing, settled, said, climb, course)
        return Found(identity, settled, wanted, climb, aloud, tuple(writing), typed, blind)

    async def _routed(self, known: Facts, said: Iterable[Delivery]) -> Facts:
        """What the routes have to do with it."""
        one, settings = known.conversation, self._desk.settings
        if one is None:
            return known
        mailbox = await self._desk.people.mailbox(one.mailbox_id)
        there = await self._leading.belonging.there(settings.routes, said)
        return replace(
            known,
            mailbox=mailbox,
            hours=routes.opening(settings, mailbox),
            choices=routes.choices(one, mailbox, settings, there),
            there=there,
            first=settings.routing.first,
            nowhere={name.removeprefix("#"): why for name, why in self._lanes.told.items()},
        )

    async def _place(
        self, channel: str, found: Found, said: Sequence[Delivery], taking: Sequence[Route]
    ) -> Place:
        """What one channel shows, and what the plan for it depends on."""
        here = [one for one in said if one.channel == channel]
        seen = await sight.view(self._desk, self._leading, self._listed, channel, found)
        leading = [one for one in taking if await self._leads(one, channel)]
        told = [self._lanes.told[name] for one in leading if (name := f"#{one.channel}") in self._lanes.told]
        direct = f"Direct messages to {await self._person(channel)}" if channel.startswith("D") else ""
        return Place(
            channel,
            direct or await self._called(channel),
            seen,
            {one.key: Posted(one.ts, one.version) for one in here if one.ts},
            tuple(leading),
            next(iter(told), "" if direct else await self._wrong(channel)),
            tuple(one.key for one in here if not one.ts),
            shut=bool(told),
        )

    async def _leads(self, route: Route, channel: str) -> bool:
        try:
            return await self._channels.id(route.channel) == channel
        except BridgeError:
            return False

    async def _listed(self, channel: str, identity: int, seen: View) -> bool:
        """Whether the channel's list speaks of it: in the memory stand the list, and who is in it."""
        if waitlist.entry(seen) is None:
            return False
        lists = [one for one in await self._desk.store.posts(0) if (one.channel, one.key) == (channel, LIST)]
        if any(waitlist.goes_on(one) for one in lists):
            return True
        there = {one for where, one in await self._desk.store.overdue() if where == channel}
        return len(there | {identity}) >= self._desk.settings.pings.list_from

    # what Slack is asked

    async def _info(self, channel: str) -> Mapping[str, Any]:
        told = await call(self._desk.web.conversations_info, channel=channel)
        return told.get("channel") or {}

    async def _wrong(self, channel: str) -> str:
        try:
            return "it is archived" if (await self._info(channel)).get("is_archived") else ""
        except BridgeError as error:
            return str(error)

    async def _called(self, channel: str) -> str:
        try:
            return f"#{(await self._info(channel)).get('name') or channel}"
        except BridgeError:
            return f"Channel {channel}"

    async def _person(self, channel: str) -> str:
        try:
            person = whose(channel) or str((await self._info(channel)).get("user") or "")
            told = (await call(self._desk.web.users_info, user=person)).get("user") or {}
        except BridgeError:
            return channel
        profile = told.get("profile") or {}
        return str(told.get("real_name") or profile.get("real_name") or person)

    async def _links(self, said: Iterable[Delivery]) -> dict[tuple[str, str], str]:
        """The addresses of the newest messages; one that Slack does not tell is left out."""
        places = dict.fromkeys(
            (one.channel, one.ts) for one in said if one.ts and not one.key.startswith(FILES)
        )
        newest = sorted(places, key=lambda one: one[1], reverse=True)[:_MOST_LINKS]
        found = await asyncio.gather(*(self._link(*one) for one in newest))
        return {place: link for place, link in zip(newest, found, strict=True) if link}

    async def _link(self, channel: str, ts: str) -> str:
        try:
            told = await call(self._desk.web.chat_getPermalink, channel=channel, message_ts=ts)
        except BridgeError:
            return ""
        return str(told.get("permalink") or "")


def _glass(desk: Desk) -> GlassSlack:
    """Slack through glass, over the connections that there are."""
    settings = desk.settings
    web = GlassSlack(
        settings.slack_bot_token,
        settings.slack_api_url,
        timeout=15,
        session=desk.web.session,
        retry_handlers=[],
    )
    web.noted = Noted(desk.now)
    return web
