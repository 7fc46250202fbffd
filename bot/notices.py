"""The operators' channel: a mirror of what is wrong, by the same rule as everything else that is said.

Each problem is one message. It is edited when its words change and when the problem is over, and said again
only if it comes back.
"""

import asyncio
import hashlib
import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from bot import mail
from bot.cards import Message, context, richtext_block, when
from bot.channels import Channels
from bot.desk import Desk
from bot.errors import BridgeError, Transient
from bot.health import Health
from bot.lanes import EDITS, Lanes
from bot.plan import Posted, Step, Urgency
from bot.poster import Poster
from bot.richtext import Element, section, text

log = logging.getLogger(__name__)

_EVERY, _LATER = 1.0, 60.0
"""Seconds between two looks: at what is wrong, and at what keeps the operators from hearing of it."""
_GRACE = timedelta(minutes=3)
_OVER = "over"
_NOTICE = "notice:"
_CHANNEL = re.compile(r"\b([CG][A-Z0-9]{8,})\b")


def plan(
    current: Mapping[str, str], posted: Mapping[str, Posted], met: Mapping[str, str], now: datetime
) -> list[Step]:
    """List what the operators' channel must be told, and what it must be told is over. Pure.

    `met` are the words of what was wrong before, by the key of its message.
    """
    steps = []
    named = {_key(name): words for name, words in current.items()}
    for key, words in named.items():
        shown, version = posted.get(key), _short(words)
        if shown is None or shown.version != version:
            message = _message("rotating_light", words, now)
            steps.append(Step(key, version, message, shown.ts if shown else None, Urgency.CARD))
    for key, shown in posted.items():
        if key not in named:
            was = met.get(key, "what was said here is put right.")
            message = _message("white_check_mark", f"Over: {was}", now)
            steps.append(Step(key, _OVER, message, shown.ts, Urgency.CARD))
    return steps


def _message(sign: str, words: str, now: datetime) -> Message:
    said = mail.one_line(words, 1500)
    leaves: list[Element] = [{"type": "emoji", "name": sign}, text(" ")]
    for place, part in enumerate(_CHANNEL.split(said)):
        named: Element = {"type": "channel", "channel_id": part}
        leaves += [named] if place % 2 else [text(part)] if part else []
    return Message(mail.escape(said), (richtext_block(section(*leaves)), context(when(now))))


def _key(name: str) -> str:
    return f"{_NOTICE}{_short(name)}"


def _short(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:16]


class Notices:
    """Keeps the operators' channel true."""

    def __init__(self, desk: Desk, health: Health, channels: Channels, poster: Poster, lanes: Lanes) -> None:
        self._desk = desk
        self._health = health
        self._channels = channels
        self._poster = poster
        self._lanes = lanes
        self._met: dict[str, str] = {}
        """What was wrong since the start, in words, by the key of its message."""
        self._silenced = ""

    async def run(self, stopping: asyncio.Event) -> None:
        """Compare every few seconds, until told to stop."""
        began = self._desk.now()
        while not stopping.is_set():
            try:
                await self._count_parked()
                if self._desk.settings.operators:
                    await self._compare(await self._channels.id(self._desk.settings.operators), began)
                self._silenced, pause = "", _EVERY
            except BridgeError as error:
                if self._silenced != str(error):
                    self._silenced = str(error)
                    log.error("the operators cannot be told in Slack: %s", error)
                self._health.ill(f"The operators cannot be told in Slack: {error}")
                pause = _EVERY if type(error) is Transient else _LATER
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), pause)

    async def _count_parked(self) -> None:
        parked = (await self._desk.store.counts())["parked"]
        if parked:
            some = "1 conversation is" if parked == 1 else f"{parked} conversations are"
            words = f"{some} parked: the bridge cannot show what changed there. See python -m bot work"
            self._health.stands("parked", words)
        else:
            self._health.over("parked")

    async def _compare(self, channel: str, began: datetime) -> None:
        posted = {}
        for delivery in await self._desk.store.posts(0):
            if delivery.channel == channel and delivery.key.startswith(_NOTICE):
                ts = delivery.ts or await self._poster.settle(0, delivery, None)
                if ts:
                    posted[delivery.key] = Posted(ts, delivery.version)
        lasting = self._health.lasting
        self._met |= {_key(name): words for name, words in lasting.items()}
        for step in plan(lasting, posted, self._met, self._desk.now()):
            recent = self._desk.now() - began < _GRACE
            if step.version == _OVER and step.key not in self._met and recent:
                continue  # it was wrong before the start, and may be so still without having been met again
            lane = EDITS if step.ts else channel
            if not self._lanes.enter(lane, 0):
                continue  # its turn comes
            try:
                await self._poster.take(0, channel, step, None)
            except BridgeError as error:
                self._lanes.met(lane if type(error) is Transient else channel, error)
                raise
            self._lanes.went(lane)
            if step.version == _OVER:
                await self._desk.store.unposted(0, channel, step.key)
