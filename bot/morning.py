"""The morning digest: once a day each channel is told how its mailboxes stand, with a picture.

A timer asks every minute. The words come first, once only under the day's key, and the picture is put into
the same message as soon as Slack has looked into the file: no message waits for a file.
https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from bot import clock, daystats, mail, picture, routes, takers, waiters
from bot.channels import Channels, hashed
from bot.daystats import Span
from bot.daytold import MOST, Told, message
from bot.desk import Desk
from bot.errors import BridgeError, Misconfigured
from bot.freescout import ConversationQuery, Sort
from bot.health import Health
from bot.hours import ALWAYS
from bot.lanes import EDITS, Lanes
from bot.model import Conversation, Mailbox, Status
from bot.plan import Posted, Step, Urgency
from bot.policy import Then, slack
from bot.poster import Poster
from bot.routing import Route
from bot.slackapi import SlackRefused, call
from bot.store import Delivery
from bot.uploads import info, upload
from bot.veil import shown

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
GRACE = timedelta(hours=2)
"""How late a digest still comes, where the bridge or FreeScout was away at its time."""
KEY = "digest:"
WORDS, WHOLE = "words", "whole"
"""The versions of a digest without its picture, which goes on with how often that was tried, and with it."""
_KEPT = timedelta(days=14)
"""For which a digest's row is kept."""
_LOOKS, _PAUSE = 10, 1.0
"""How often Slack is asked whether it has looked into the picture, and seconds between."""


def tries(version: str) -> int:
    """How often a picture was tried for a digest of this version."""
    return int(version.removeprefix(WORDS).strip() or 0)


def next_try(row: Delivery, version: str) -> datetime:
    """When its picture is tried next: each time after twice as long, so a day takes few uploads."""
    waited: int = 2 ** tries(version) - 1
    return datetime.fromtimestamp(row.begun, UTC) + EVERY * waited


class Morning:
    """Says each channel's digest once a day."""

    def __init__(self, desk: Desk, channels: Channels, poster: Poster, lanes: Lanes, health: Health) -> None:
        self._desk = desk
        self._channels = channels
        self._poster = poster
        self._lanes = lanes
        self._health = health

    async def run(self) -> None:
        """Say what is due; a failure is told, and a minute later it is tried again."""
        settings, digest, now = self._desk.settings, self._desk.settings.digest, self._desk.now()
        if digest.at is None:
            return
        kept = [ALWAYS, *(one.hours for one in settings.hours)]
        if not any(daystats.due(now, digest.at, one, digest.days, GRACE) for one in kept):
            return  # whatever mailbox it is: nothing need be asked for
        try:
            places = await self._places()
        except BridgeError as error:
            self._waits("every channel", error)
            return
        for channel, its in places.items():
            try:
                await self._channel(channel, its)
            except BridgeError as error:
                self._waits(hashed(its[0].channel), error)

    async def _places(self) -> dict[str, list[Route]]:
        """The channels that get a digest, each with all its routes: a file says names, a watch ids."""
        settings, ids = self._desk.settings, dict[str, str]()
        names = dict.fromkeys(route.channel for route in settings.routes)
        wanted = settings.digest.channels or tuple(names)
        for name in names:
            try:
                ids[name] = await self._channels.id(name)
            except Misconfigured as error:
                if error.code != "channel_not_found":
                    raise  # whose routes are not known would be missing in another's digest
                if name in wanted:
                    self._waits(hashed(name), error)
        found: dict[str, list[Route]] = {ids[name]: [] for name in wanted if name in ids}
        for route in settings.routes:
            if ids.get(route.channel) in found:
                found[ids[route.channel]].append(route)
        return found

    def _waits(self, channel: str, error: BridgeError) -> None:
        log.warning("the digest of %s waits: %s", channel, error)
        self._health.ill(f"The morning digest of {channel} waits: {error}")

    async def _channel(self, channel: str, its: Sequence[Route]) -> None:
        """Tell a channel of its day, by these routes to it."""
        digest, now = self._desk.settings.digest, self._desk.now()
        if digest.at is None:
            return
        boxes = await self._mailboxes(its)
        if not boxes:
            return  # its routes lead from nowhere: the scan says so
        kept = routes.opening(self._desk.settings, boxes[0])
        today = daystats.due(now, digest.at, kept, digest.days, GRACE)
        if today is None:
            return
        key = f"{KEY}{today}"
        its = await self._poster.allowed(channel, its)
        boxes = await self._mailboxes(its)
        if not boxes:
            return  # others read along there: the looks and the watch say so
        rows = {one.key: one for one in await self._desk.store.posts(0) if one.channel == channel}
        shown = await self._shown(rows.get(key))
        if shown and (shown.version == WHOLE or now < next_try(rows[key], shown.version)):
            return
        told = await self._told(its, boxes, today, daystats.last_days(now, kept, digest.days))
        if shown is None:
            shown = await self._say(channel, Step(key, WORDS, message(told), None, Urgency.PING))
        await self._complete(channel, key, shown, told)
        for old in rows:
            if old.startswith(KEY) and old < f"{KEY}{today - _KEPT}":
                await self._desk.store.unposted(0, channel, old)

    async def _complete(self, channel: str, key: str, shown: Posted | None, told: Told) -> None:
        """Put the picture into what is shown; that it is tried is written down before."""
        if shown is None:
            return
        await self._desk.store.posted(0, channel, key, shown.ts, f"{WORDS} {tries(shown.version) + 1}")
        if await self._pictured(channel, shown.ts, told):
            await self._desk.store.posted(0, channel, key, shown.ts, WHOLE)

    async def _mailboxes(self, its: Sequence[Route]) -> list[Mailbox]:
        """The mailboxes of a channel's routes, in their order."""
        known = await self._desk.people.mailboxes()
        found = {box.id: box for route in its for box in known if routes.leads_from(route, box)}
        return list(found.values())

    async def _shown(self, row: Delivery | None) -> Posted | None:
        if row is None:
            return None
        ts = row.ts or await self._poster.settle(0, row, None)
        return Posted(ts, row.version) if ts else None

    async def _told(self, its: Sequence[Route], boxes: Sequence[Mailbox], today: date, span: Span) -> Told:
        """Count, in 26 requests; more where `waiters.MOST` are not all that is open, or for custom fields."""
        desk = self._desk
        kept = {box.id: routes.opening(desk.settings, box) for box in boxes}
        opened, unread = await waiters.open_ones(desk, kept)
        changed = await self._changed(list(kept), span)
        cut = len(changed) >= MOST
        opened = await asyncio.to_thread(lambda: [row for row in opened if clock.waiting(row)])
        changed = [row for row in changed if row.published and row.status is not Status.SPAM]
        rows = {row.id: row for row in (*opened, *changed)}  # whose fields are read first: those who wait
        taken = await takers.taken(desk, list(rows.values()), its)
        by = {one.conversation.id: one.routes for one in taken if one.routes}
        waiting = [
            (row, waiters.limit(desk.settings, by[row.id], await desk.people.mailbox(row.mailbox_id)))
            for row in opened
            if row.id in by
        ]
        changed = [row for row in changed if row.id in by]
        unsure = sum(bool(one.doubtful) and not one.routes for one in taken)
        counted = await asyncio.to_thread(daystats.count, waiting, changed, kept, span, desk.now())
        whole = daystats.together(counted)
        url = desk.settings.conversation_url(whole.waiting[0].conversation.id) if whole.waiting else ""
        names = tuple(mail.one_line(box.name, 60) for box in boxes)
        return Told(today, span, counted, names, url, cut, unread, unsure)

    async def _changed(self, mailboxes: Sequence[int], span: Span) -> list[Conversation]:
        query = ConversationQuery(
            mailboxes=mailboxes, updated_since=span.start, sort=Sort.UPDATED, threads=True
        )
        rows = [row async for row in self._desk.freescout.conversations(query, most=MOST)]
        return await shown(self._desk.store, rows)

    async def _say(self, channel: str, step: Step) -> Posted | None:
        if not self._lanes.enter(channel, 0):
            return None
        try:
            ts = await self._poster.take(0, channel, step, None)
        except BridgeError as error:
            self._lanes.met(channel, error)
            raise
        self._lanes.went(channel)
        return Posted(ts, step.version)

    async def _pictured(self, channel: str, ts: str, told: Told) -> bool:
        """Put the picture into the message; True also where Slack will never take it: the words stand."""
        drawn = await asyncio.to_thread(picture.draw, told.whole, told.before)
        try:
            file = await upload(self._desk, f"digest-{told.today}.png", drawn)
            named = [{"id": file, "title": f"{told.today:%A}"}]
            await call(self._desk.web.files_completeUploadExternal, files=named)
        except Misconfigured as error:
            if slack(error.code).then not in (Then.WITHOUT, Then.OPERATOR):
                raise
            log.error("digests come without pictures: %s", error)
            self._health.stands("files", f"Pictures of digests do not come to Slack: {error}")
            return True
        for _ in range(_LOOKS):  # it looks into a file before it shows it
            if (await info(self._desk, file) or {}).get("mimetype"):
                break
            await asyncio.sleep(_PAUSE)
        if not self._lanes.enter(EDITS, 0):
            return False
        said = message(told, file)
        await self._poster.guard(channel)
        try:
            await call(
                self._desk.web.chat_update, channel=channel, ts=ts, text=said.text, blocks=list(said.blocks)
            )
        except SlackRefused as error:
            log.warning("the digest in %s stays without its picture for now: %s", channel, error)
            return slack(error.code).then in (Then.ANEW, Then.LEAVE)  # deleted, or too old to be changed
        await self._poster.speaks(channel, ts, said.blocks)  # it may name another than the words did
        self._health.over("files")
        return True
