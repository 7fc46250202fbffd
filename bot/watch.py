"""The watch over channels: who reads them, every few minutes and whenever Slack tells of a change.

So the operators learn of a guest before anything is to be said, and a channel opens once it is put right.
"""

import asyncio
import logging
from collections.abc import Collection

from bot.audience import CODE, Audience
from bot.channels import Channels
from bot.desk import Desk
from bot.errors import BridgeError
from bot.lanes import Lanes
from bot.waits import wait_for

log = logging.getLogger(__name__)

_EVERY = 120.0


class Watch:
    """One loop. It speaks to nobody: it shuts and opens the lanes of the routes' channels."""

    def __init__(self, desk: Desk, channels: Channels, audience: Audience, lanes: Lanes) -> None:
        self._desk = desk
        self._channels = channels
        self._audience = audience
        self._lanes = lanes
        self._changed = asyncio.Event()
        self._anew: list[int] = []

    def put_right(self, channel: str) -> None:
        """Ask anew, at once: something about a channel is different, perhaps for the better."""
        self._channels.forget()
        self._audience.forget(channel)
        self._lanes.reopen(channel)
        self._changed.set()

    def all_put_right(self) -> None:
        """Ask anew about every channel, and look anew at all that waits: the configuration is another."""
        self._audience.readmit()
        self._anew += self._lanes.anew()
        for name in ("", *self._lanes.state()):
            self.put_right(name)

    async def run(self, stopping: asyncio.Event) -> None:
        """Look until told to stop."""
        while not stopping.is_set():
            anew, self._anew = self._anew, []
            if anew:
                await self._desk.store.ring(anew, "another configuration")
            routed = dict.fromkeys(route.channel for route in self._desk.settings.routes)
            await self._relist()
            for name in routed:
                await self._look(name)
            self._let_go(frozenset(routed))
            self._channels.tidy()
            await wait_for(self._changed, _EVERY, stopping)

    async def _relist(self) -> None:
        try:
            await self._audience.relist()
        except BridgeError as error:
            log.info("the people of the workspace cannot be listed: %s", error)

    def _let_go(self, routed: Collection[str]) -> None:
        """Say nothing more of a name to which no route leads, and for which nobody waits."""
        for lane, state in self._lanes.state().items():
            if lane.startswith("#") and lane[1:] not in routed and not state["waiting"]:
                self._lanes.went(lane)

    async def _look(self, name: str) -> None:
        try:
            channel = await self._channels.id(name)
            refusal = await self._audience.refusal(channel)
        except BridgeError as error:  # the looks that want to go there tell of it
            log.info("who reads #%s is not known: %s", name, error)
        else:
            if refusal:
                self._lanes.met(f"#{name}", refusal)
            elif CODE in self._lanes.trouble(f"#{name}"):
                self._lanes.went(f"#{name}")
