"""One seed: play the scenario, let everything go wrong, kill the bridge again and again, compare at the end."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot import crashpoints
from sandbox.chaos import Chaos, Rates
from tests.torture import evidence
from tests.torture.crew import Crew
from tests.torture.letters import World, count, wrongs
from tests.torture.oracle import Difference, differences
from tests.torture.scenario import ROUTES, Scenario
from tests.torture.stage import SWEEP, Broken, Stage, staged
from tests.torture.truth import held, said

POINTS = tuple(point for point in crashpoints.POINTS if not point.startswith(("files.", "claim.")))
"""All but those of files and claims: nobody attaches any, or says that they are on it."""
RATES = Rates(webhooks=0.3, freescout=0.1, slack=0.12, threads=0.35)
"""How much goes wrong: much more, and little but trying again would be left to look at."""
NO_DROPS = ("webhooks dropped",)
_SLOW = 2.0
"""Posts a second in a channel in those lives that are to see a digest: what waits for its turn becomes one."""
_FLOOD = 26
_VANISH = 2
_EVENING = 3.5
"""Seconds of each life in which no customer comes, and people look after what they wrote."""
_PATIENCE = 60.0
"""Real seconds, eight minutes of the fast time, in which all has to come right."""
_TRIES = 3
_GRACE = 2.5
"""Seconds that a life goes on after its last event, for its point to be reached."""
_LONG_GRACE = 12.0
"""The same for a digest's: nothing is said before it is known who reads a channel, and Slack fails meanwhile. And
for a deletion's, whose webhook may be lost: then it has to be gone for a while."""
_REPLY_GRACE = 12.0
"""The same for a point of a reply's: somebody has to write it, and it is held."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one seed."""

    seed: int
    events: int
    faults: Mapping[str, int]
    deaths: Sequence[str]
    kills: int
    starts: int
    posts: int
    found: Sequence[Difference]
    seconds: float
    trouble: str = ""
    written: Mapping[str, int] = field(default_factory=dict)
    """What people wrote in Slack, and what became of it."""

    @property
    def right(self) -> bool:
        return not self.found and not self.trouble

    def count(self, kind: str) -> int:
        return sum(one.kind == kind for one in self.found)


@dataclass
class Run:
    """A seed that is being played."""

    seed: int
    events: int
    stage: Stage
    scenario: Scenario
    chaos: Chaos
    crew: Crew
    tell: Callable[[int], None]
    played: int = 0
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(f"deaths of {self.seed}")

    def differences(self) -> list[Difference]:
        truth = held(self.stage.freescout, self.scenario.past, ROUTES)
        mirror = differences(truth, said(self.stage.slack))
        return [*self.crew.wrong, *wrongs(self.crew.letters, self.world()), *mirror]

    def world(self) -> World:
        """What there is to see of people's replies."""
        stage = self.stage
        return evidence.world(stage.freescout, stage.slack, self.scenario.past, stage.database)

    async def torture(self, points: Sequence[str]) -> None:
        """One life after the other, each to die at a point of its own, then wherever it is."""
        orders = deque((self._order(point), 1) for point in points)
        share = max(3, self.events // (len(points) + 2))
        while orders or self.played < self.events:
            order, tries = orders.popleft() if orders else ("", 0)
            point = order.partition(":")[0]
            digest = point.startswith("digest.")
            await self.stage.start(order, **({"posts_per_second": _SLOW} if digest else {}))
            if digest:
                self.scenario.flood(_FLOOD)
            if point.startswith("erase."):
                self.scenario.vanish(_VANISH)
            if point.startswith("reply."):
                self.crew.step(eager=True)
            await self._live(share if order else max(share, (self.events - self.played) // 2), order)
            if self.stage.alive:
                await self.stage.kill()
            if order and point not in self.stage.deaths and tries < _TRIES:
                orders.append((f"{point}:1", tries + 1))
            for _ in range(self.dice.randrange(3)):
                self._step()  # while nobody listens

    async def evening(self, lives: int) -> None:
        """Let people see to what they were asked, while calls still go wrong and the bridge still dies."""
        for _ in range(lives):
            await self.stage.start()
            until = time.monotonic() + _EVENING * self.dice.uniform(0.7, 1.3)
            while time.monotonic() < until:
                self.crew.step(eager=True, writing=0.4)
                await asyncio.sleep(0.15)
                self.stage.ended()
            await self.stage.kill()

    def _order(self, point: str) -> str:
        return f"{point}:{1 if point.startswith(('digest.', 'erase.')) else self.dice.randint(1, 2)}"

    async def _live(self, share: int, order: str) -> None:
        """Let things happen until it dies, or enough of them did; where a point is not met yet, more and slower."""
        for _ in range(share):
            if self.stage.ended():
                return
            self._step()
            await asyncio.sleep(self.dice.uniform(0, 0.06))
        of_reply, waits = order.startswith("reply."), order.startswith(("digest.", "erase."))
        long = _REPLY_GRACE if of_reply else _LONG_GRACE if waits else 0
        grace = long or (_GRACE if order else self.dice.uniform(0, 0.6))
        until = time.monotonic() + grace
        while time.monotonic() < until and not self.stage.ended():
            await asyncio.sleep(0.1)
            if of_reply:
                self.crew.step(eager=True)
            elif order:
                self._step()

    def _step(self) -> None:
        self.scenario.step()
        self.crew.step()
        self.played += 1
        self.tell(self.played)

    async def verdict(self) -> list[Difference]:
        """Let the bridge come to rest undisturbed and compare; look at all of it anew, and compare again."""
        self.chaos.calm()
        await self.stage.start()
        await self.crew.rest()
        await self.stage.settled(lambda: not self.differences(), patience=_PATIENCE)
        if found := self.differences():
            return found
        await self.stage.stop()
        await self.stage.start()
        freescout = self.stage.freescout
        for identity in self.scenario.past:
            if identity in freescout.world.conversations:
                freescout.workflow_sends(identity, "convo.status")
        await self.stage.settled(lambda: not self.differences(), quiet=0.8)
        found = self.differences()
        await self.stage.stop()
        return found


async def play(
    seed: int,
    events: int,
    points: Sequence[str],
    folder: Path,
    *,
    tell: Callable[[int], None] = lambda _: None,
    without: Collection[str] = (),
    more: str = SWEEP,
) -> Outcome:
    """Play a seed through. `points` are those that the bridge is to die at; `tell` is called at each event."""
    began = time.monotonic()
    async with staged(folder, more=more) as stage:
        scenario = Scenario(seed, stage.freescout)
        chaos = Chaos(seed, freescout=stage.freescout, slack=stage.slack, rates=RATES, without=without)
        crew = Crew(seed, stage.freescout, stage.slack, scenario)
        run = Run(seed, events, stage, scenario, chaos, crew, tell)
        found: list[Difference] = []
        trouble = ""
        try:
            await run.torture(points)
            await run.evening(1 + events // 60)
            found = await run.verdict()
        except Broken as error:
            trouble = f"the bridge is broken: {error}"
            await crew.rest(0)
        posts = sum(1 for _ in stage.slack.called("chat.postMessage"))
        return Outcome(
            seed,
            run.played,
            dict(chaos.counts),
            tuple(stage.deaths),
            stage.kills,
            stage.starts,
            posts,
            tuple(found),
            time.monotonic() - began,
            trouble,
            count(crew.letters, run.world()),
        )
