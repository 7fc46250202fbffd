"""The bridge's parts behind glass, with a copy of its memory: for whoever only wants to know."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import aiohttp

from bot import named
from bot.desk import Desk
from bot.freescout import Auth, FreeScout
from bot.glass import GlassSlack, GlassWire, Noted
from bot.health import Health
from bot.live import Live
from bot.names import MAILBOX, Names
from bot.people import People
from bot.settings import Settings
from bot.store import Store
from bot.watching import book


@dataclass(slots=True)
class Moment:
    """The time behind the glass."""

    now: datetime

    def __call__(self) -> datetime:
        """The time."""
        return self.now


@dataclass(frozen=True, slots=True)
class Staged:
    """The desk, what it did and did not do, and its clock."""

    desk: Desk
    noted: Noted
    moment: Moment
    health: Health


@asynccontextmanager
async def staged(settings: Settings, copy: str, now: datetime) -> AsyncIterator[Staged]:
    """Put the desk up for as long as the block lasts; `copy` is a memory that nobody keeps."""
    moment = Moment(now)
    noted = Noted(moment)
    async with AsyncExitStack() as stack:
        store = Store(copy, moment)
        stack.push_async_callback(store.close)
        auth = Auth(settings.freescout_auth)
        freescout = FreeScout(settings.freescout_url, settings.freescout_api_key, GlassWire(noted), auth)
        stack.push_async_callback(freescout.close)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        web = GlassSlack(
            settings.slack_bot_token, settings.slack_api_url, timeout=15, session=session, retry_handlers=[]
        )
        web.noted = noted
        health, live = Health(moment), Live(settings)
        await book.take_up(live, store, settings)
        await book.load(live, store)

        def seconds() -> float:
            return moment().timestamp()

        boxes = Names(MAILBOX, store, health, lambda: named.mailboxes(live.settings), seconds)
        people = People(freescout, web, store, seconds, boxes)
        yield Staged(Desk(live, freescout, store, web, people, moment), noted, moment, health)
