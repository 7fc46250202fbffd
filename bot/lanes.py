"""Whose turn it is. Slack takes about one post a second in a channel: https://docs.slack.dev/apis/web-api/rate-limits

A lane is a channel, or the one way by which all edits go. A look that finds its lane free goes at once; one
that does not is put down and waits here, while its worker does something else. The lane's pump calls the most
urgent look when there is a turn, and that one fetches the truth anew: what is posted late is never old.
Many first cards that wait together become a digest.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from bot import policy
from bot.audience import CODE
from bot.errors import BridgeError, Misconfigured, Transient
from bot.health import Health
from bot.policy import Then
from bot.store import Store, Work
from bot.turns import (
    DIGEST_MOST,
    EDIT_PACE,
    NAME_PACE,
    Lane,
    Pace,
    Waiting,
    bundles,
    bundling,
    order,
    ready_in,
    shown,
    together_of,
)
from bot.waits import wait_for

log = logging.getLogger(__name__)

EDITS = "edits"
"""The lane of every chat.update: Slack counts those together, apart from the posts."""
_MISS = 0.03
_MOST_MISSES = 200
_ONE_TRY = 5.0
"""A channel that stays shut for longer was shut by another post of the same try."""
_PATIENCE = 8.0
"""Seconds that a lane waits for a look that it called."""


Look = Callable[[Work], Coroutine[Any, Any, None]]
Gather = Callable[[str, Sequence[Waiting]], Awaitable[None]]


class Lanes:
    """Every lane, and the pumps that give turns."""

    def __init__(
        self, store: Store, health: Health, now: Callable[[], datetime], pace: Pace | None = None
    ) -> None:
        self._store = store
        self._now = now
        self._health = health
        self._pace = pace or Pace()
        self._edit_pace = EDIT_PACE if pace is None else pace
        self._lanes: dict[str, Lane] = {}
        self._pumps: dict[str, asyncio.Task[None]] = {}
        self._looking: set[asyncio.Task[None]] = set()
        self._patience = _PATIENCE
        self._calls: tuple[Look, Gather, asyncio.Event] | None = None
        self.stopped = asyncio.Event()
        """Set while Slack lets nobody post."""

    # what a look asks

    def enter(self, name: str, conversation: int) -> bool:
        """Take a turn if there is one for this conversation; without it, nothing may be posted."""
        lane = self._lane(name)
        if not self.stopped.is_set() and (lane.granted == conversation or conversation in lane.owed):
            lane.granted = None if lane.granted == conversation else lane.granted
            lane.owed.discard(conversation)
            lane.spend()
            return True
        # 0 is the bridge itself: what it says of itself waits behind nobody.
        if lane.granted is not None:  # the turn is another's, who is on the way
            return False
        others = len(lane.waiting) - (conversation in lane.waiting) if conversation else 0
        if self.stopped.is_set() or (lane.trouble and conversation) or others or lane.turn() > 0:
            return False
        lane.waiting.pop(conversation, None)
        lane.spend()
        return True

    async def next_turn(self, name: str, conversation: int) -> bool:
        """Wait for one more turn, in a look that the pump has called, and as long as nobody else waits."""
        lane = self._lane(name)
        pause = lane.turn()
        if lane.called != conversation or lane.waiting or pause > 2 / lane.pace.per_second:
            return False
        await asyncio.sleep(max(0.0, pause))
        return self.enter(name, conversation)

    def wait(self, name: str, waiting: Waiting) -> None:
        """Wait in a lane; whoever waits there already is the older look of the same conversation."""
        lane = self._lane(name)
        if waiting.line and waiting.line.bundled:
            waiting.not_before = time.monotonic() + bundling(name)
        lane.waiting[waiting.work.conversation] = waiting
        lane.changed.set()

    def trouble(self, name: str) -> str:
        """Why nothing goes to this channel until somebody has put it right; empty where nothing is wrong."""
        return self._lane(name).trouble

    def waits(self, name: str, conversation: int) -> bool:
        """Whether a look waits in a lane."""
        return conversation in self._lane(name).waiting

    def leave(self, conversation: int) -> None:
        """Wait nowhere any more."""
        for lane in self._lanes.values():
            lane.waiting.pop(conversation, None)

    def anew(self) -> list[int]:
        """Have no digest speak for those that wait, and list them: the routes are others by now."""
        every = [one for lane in self._lanes.values() for one in lane.waiting.values()]
        for one in every:
            one.line = None
        return [one.work.conversation for one in every]

    def met(self, name: str, error: BridgeError) -> bool:
        """Learn from a post that failed; say whether it is enough to wait in the lane."""
        lane = self._lane(name)
        then = policy.slack(error.code).then if isinstance(error, Misconfigured) else Then.LATER
        if then is Then.STOP:
            self.stop(str(error))
        elif then in (Then.SHUT, Then.JOIN):
            self.shut(name, str(error))
        elif isinstance(error, Transient) and then is Then.LATER:
            lane.failures += 1
            lane.pause(error.retry_after or min(60.0, 2.0 ** min(lane.failures, 6)))
            log.warning("lane %s waits: %s", name, error)
        else:
            return False
        return True

    def went(self, name: str) -> None:
        """Learn from a post that stands."""
        lane = self._lane(name)
        lane.failures = 0
        if lane.trouble:
            lane.trouble = ""
            lane.free = 0.0
            lane.changed.set()
            log.info("lane %s is open again", name)
            self._health.over(f"lane {name}")

    # what closes and opens

    def shut(self, name: str, why: str) -> None:
        """Post nothing in a channel but a try after a minute, then after two, at last every ten."""
        lane = self._lane(name)
        if not lane.trouble or lane.turn() < _ONE_TRY:
            lane.failures = lane.failures + 1 if lane.trouble else 1
            lane.pause(min(600.0, 60.0 * 2 ** min(lane.failures - 1, 4)))
        if lane.trouble != why:
            lane.trouble = why
            log.error("nothing goes to channel %s any more: %s", name, why)
        self._health.stands(f"lane {name}", f"Nothing goes to {shown(name)}: {why}")

    def reopen(self, name: str) -> None:
        """Try a channel at once that somebody has just put right, and any that was not found by its name.

        One that others read along in is tried by the watch: it would be called open, and shut again.
        """
        for lane in self._lanes.values():
            if lane.trouble and (lane.name == name or lane.name.startswith("#")):
                lane.free = 0.0
                lane.failures = 0
                lane.changed.set()
                watched = lane.name.startswith("#") and CODE in lane.trouble
                if not lane.waiting and not watched:  # nobody is there to try
                    self.went(lane.name)

    def stop(self, why: str) -> None:
        """Post nothing anywhere until `go_on`."""
        if not self.stopped.is_set():
            log.error("nothing is posted any more: %s", why)
        self._health.stands("slack", why)
        self.stopped.set()

    def go_on(self) -> None:
        """Post again."""
        self._health.over("slack")
        if self.stopped.is_set():
            log.info("Slack takes posts again")
            self.stopped.clear()
            for lane in self._lanes.values():
                lane.changed.set()

    def state(self) -> dict[str, dict[str, object]]:
        """What waits where, for the health page."""
        now = self._now().timestamp()
        return {
            lane.name: {
                "waiting": len(lane.waiting),
                "oldest_seconds": round(max((now - one.held for one in lane.waiting.values()), default=0)),
                "next_turn_seconds": round(max(0.0, lane.turn()), 1),
                "trouble": lane.trouble,
            }
            for lane in self._lanes.values()
            if lane.waiting or lane.trouble
        }

    # the pumps

    async def run(self, look: Look, gather: Gather, stopping: asyncio.Event) -> None:
        """Give turns until told to stop."""
        self._calls = (look, gather, stopping)
        for lane in self._lanes.values():
            self._start(lane)
        await stopping.wait()
        for lane in self._lanes.values():
            lane.changed.set()
        await asyncio.gather(*self._pumps.values(), *self._looking)

    def _lane(self, name: str) -> Lane:
        if name not in self._lanes:
            pace = self._edit_pace if name == EDITS else self._pace
            pace = NAME_PACE if name.startswith("#") else pace
            self._lanes[name] = Lane(name, pace)
            self._start(self._lanes[name])
        return self._lanes[name]

    def _start(self, lane: Lane) -> None:
        if self._calls is not None and lane.name not in self._pumps:
            self._pumps[lane.name] = asyncio.create_task(self._pump(lane, *self._calls))

    async def _pump(self, lane: Lane, look: Look, gather: Gather, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            if not lane.waiting or self.stopped.is_set():
                await wait_for(lane.changed, 3600, stopping)
            elif (pause := lane.turn()) > 0:
                await wait_for(lane.changed, pause, stopping)
            else:
                try:
                    await self._give_turn(lane, look, gather)
                except Exception as error:  # a full disk passes; a lane without a pump would not
                    log.exception("lane %s stumbles", lane.name)
                    self._health.ill(f"a lane of the bridge breaks ({type(error).__name__}): see the log")
                    await asyncio.sleep(1)

    async def _give_turn(self, lane: Lane, look: Look, gather: Gather) -> None:
        ready = ready_in(lane)
        # In trouble one look tries for all, but a digest can only be tried as one.
        if (lined := together_of(ready)) and (not lane.trouble or bundles(lined)):
            together, strays = await self._claim(lane, lined[:DIGEST_MOST])
            if together:
                lane.spend()
                await gather(lane.name, [waiting for waiting, _ in together])
            for work in strays:
                await look(work)
            return
        if not ready:
            await asyncio.sleep(_MISS)
            return
        called, strays = await self._claim(lane, [min(ready, key=order)])
        for work in [*(work for _, work in called), *strays]:
            lane.called = lane.granted = work.conversation
            looking = asyncio.create_task(look(work))
            self._looking.add(looking)
            looking.add_done_callback(self._looking.discard)
            # One that FreeScout keeps waiting keeps nobody else waiting: it is owed its turn when it is back.
            await asyncio.wait([looking], timeout=self._patience)
            if not looking.done() and lane.granted is not None:
                lane.owed.add(work.conversation)
                looking.add_done_callback(partial(lane.forgive, work.conversation))
            lane.called = lane.granted = None
            if looking.done():
                looking.result()

    async def _claim(
        self, lane: Lane, wanted: Sequence[Waiting]
    ) -> tuple[list[tuple[Waiting, Work]], list[Work]]:
        """Take looks out of the lane, but those that a worker has in hand at this moment.

        Second come those that a worker had in hand until just now, and that wait here no more.
        """
        works = await self._store.claim_these([one.work.conversation for one in wanted])
        found = {work.conversation: lane.waiting.pop(work.conversation, None) for work in works}
        for one in wanted:
            if one.work.conversation not in found:
                one.misses += 1
                one.not_before = time.monotonic() + _MISS
                if one.misses > _MOST_MISSES and lane.waiting.get(one.work.conversation) is one:
                    del lane.waiting[one.work.conversation]  # it was parked, or dropped
        called = [(waiting, work) for work in works if (waiting := found[work.conversation])]
        return called, [work for work in works if found[work.conversation] is None]
