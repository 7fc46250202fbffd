"""The budget of pings: how many one person gets a day, and the one message for all that is beyond it.

Only what is new is charged: a step that stands may be edited as often as the truth changes. What is beyond
the budget is judged anew on the next day, if the wait still lasts.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bot import pings
from bot.desk import Desk
from bot.duty import Duty
from bot.errors import Misconfigured
from bot.hours import NEVER, Hours
from bot.plan import Posted, Step
from bot.poster import Poster
from bot.slackapi import SlackRefused
from bot.store import Delivery

log = logging.getLogger(__name__)

ENOUGH = "enough:"
"""How the key begins under which a person is told, once a day, how many more wait."""
_KEPT = timedelta(days=14)
"""For which that message can still be counted on in."""


@dataclass(frozen=True, slots=True)
class Ping:
    """One step of one wait, on its way to one person. `own` says whether the conversation is theirs."""

    person: str
    conversation: int
    key: str
    own: bool
    hours: Hours
    now: datetime

    @property
    def day(self) -> date:
        """The day that it is where the mailbox is."""
        return self.hours.local(self.now).date()


def next_day(hours: Hours, now: datetime) -> datetime | None:
    """When the mailbox next opens on another day; None where it never does."""
    tomorrow = hours.local(now).date() + timedelta(days=1)
    opens = hours.next_open(datetime.combine(tomorrow, time(), hours.zone).astimezone(UTC))
    return opens if opens < NEVER else None


class Budget:
    """Charges pings, and tells people once a day how many more wait."""

    def __init__(self, desk: Desk, duty: Duty, poster: Poster) -> None:
        self._desk = desk
        self._duty = duty
        self._poster = poster
        self._telling = asyncio.Lock()

    async def allows(self, ping: Ping) -> bool:
        """Charge a ping that is new; where it is beyond the budget, its person is told how many more wait."""
        one = (ping.person, ping.conversation, ping.key, ping.day)
        budget = self._desk.settings.pings.budget
        allowed = await self._desk.store.may_ping(*one, budget, own=ping.own)
        if not allowed and ping.hours.open_at(ping.now):
            await self._enough(ping.person, ping.day)
        return allowed

    async def refused(self, ping: Ping) -> bool:
        """Whether a step was beyond its person's budget, and was not said to them since."""
        return await self._desk.store.pinged_beyond(ping.person, ping.conversation, ping.key)

    async def _enough(self, person: str, day: date) -> None:
        channel = await self._duty.direct(person)
        if not channel:
            return
        try:
            async with self._telling:
                await self._tell(person, channel, day)
        except (SlackRefused, Misconfigured) as error:  # no ladder stops for that
            log.warning("%s is not told how many more wait: %s", person, error)

    async def _tell(self, person: str, channel: str, day: date) -> None:
        """Say it under the day's key, or count on in the message that stands."""
        count, own = await self._desk.store.beyond(person, day)
        key, version = f"{ENOUGH}{day.isoformat()}", str(count) if own else f"{count} of all"
        rows = [one for one in await self._desk.store.posts(0) if one.channel == channel]
        said = [one for one in rows if one.key == key]
        stands = [Posted(ts, one.version) for one in said if (ts := await self._stands(one))]
        if not (stands and stands[0].version == version):
            step = Step(key, version, pings.enough(count, own=own), stands[0].ts if stands else None)
            await self._poster.take(0, channel, step, None)
        await self._forget(rows, day)

    async def _forget(self, rows: list[Delivery], day: date) -> None:
        """Forget the messages of days long past: nothing is counted on in them any more."""
        for one in rows:
            if one.key.startswith(ENOUGH) and one.key < f"{ENOUGH}{day - _KEPT}":
                await self._desk.store.unposted(0, one.channel, one.key)

    async def _stands(self, one: Delivery) -> str | None:
        return one.ts or await self._poster.settle(0, one, None)


class Glance(Budget):
    """Judges pings as they would be judged; charges nothing, and tells nobody."""

    async def allows(self, ping: Ping) -> bool:
        """Whether it is within the budget."""
        one = (ping.person, ping.conversation, ping.key, ping.day)
        return await self._desk.store.would_ping(*one, self._desk.settings.pings.budget)
