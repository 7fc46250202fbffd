"""The stage of the month: the real bridge between the stand-ins, a clock that jumps, and what was said."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx

from bot.app import running
from bot.lanes import Pace
from bot.settings import Settings
from sandbox.freescout import FreeScout
from sandbox.freescout.shapes import encode
from sandbox.freescout.webhooks import sign
from sandbox.serving import serving
from sandbox.slack import Person, Slack
from tests.month.configured import settings
from tests.month.oracle import Ping
from tests.month.scenario import AGAIN, BOXES, HALF, START, Event


class Jumping:
    """A clock that hardly moves but by jumps: on a loaded machine, too, things happen when they should."""

    def __init__(self, at: datetime) -> None:
        self._at, self._began = at, time.monotonic()

    def __call__(self) -> datetime:
        """The time now, in UTC."""
        return self._at + timedelta(seconds=(time.monotonic() - self._began) / 100)

    def skip(self, by: timedelta) -> None:
        """Jump ahead."""
        self._at += by


@dataclass
class Stage:
    """The bridge, the stand-ins, and who is there."""

    clock: Jumping
    freescout: FreeScout
    slack: Slack
    settings: Settings
    boxes: Sequence[int]
    users: dict[str, int]
    people: dict[str, Person]
    client: httpx.AsyncClient
    bridge: AsyncExitStack = field(default_factory=AsyncExitStack)
    known: dict[int, int] = field(default_factory=dict)
    """FreeScout's ids of the month's conversations."""
    address: str = ""

    async def start(self) -> None:
        self.address = await self.bridge.enter_async_context(
            running(self.settings, self.clock, Pace(per_second=100_000))
        )
        self.slack.request_url = f"{self.address}/slack/events"
        if not self.freescout.webhooks.subscriptions:
            self.freescout.subscribe(f"{self.address}/freescout/webhook")

    async def stop(self) -> None:
        await self.bridge.aclose()
        self.bridge = AsyncExitStack()

    async def at(self, moment: datetime) -> None:
        """Let it be that moment, and everything happen that is due by then."""
        ahead = moment - self.clock()
        if ahead > timedelta(0):
            self.clock.skip(ahead)
        if self.address:
            await self.settle()

    async def settle(self) -> None:
        """Wake the bridge, and wait until nothing is due."""
        body = encode({"id": 999_999})
        headers = {
            "X-FreeScout-Event": "customer.updated",
            "X-FreeScout-Signature": sign(body, self.freescout.webhook_secret),
            "Content-Type": "application/json",
        }
        calm = 0
        async with asyncio.timeout(60):
            while self.freescout.webhooks._tasks:
                await asyncio.sleep(0.002)
            await self.client.post(f"{self.address}/freescout/webhook", content=body, headers=headers)
            while calm < 2:
                work = (await self.client.get(f"{self.address}/healthz")).json()["work"]
                calm = calm + 1 if not (work["waiting"] or work["held"]) else 0
                await asyncio.sleep(0.001 if calm else 0.004)

    async def swept(self) -> None:
        """Wait for the sweep to have gone over everything once more."""
        asked = self._sweeps()
        async with asyncio.timeout(60):
            while self._sweeps() < asked + 4:  # two a sweep: what began since is over once the next begins
                await asyncio.sleep(0.01)
        await self.settle()

    def _sweeps(self) -> int:
        return sum("updatedSince" in one.query for one in self.freescout.requests[-2000:])

    async def happens(self, event: Event) -> None:
        """Let somebody do something."""
        one, who = self.known.get(event.conversation, 0), self.users.get(event.who, 0)
        if event.unheard:
            self.freescout.faults.webhooks(drop=1)
        desk, email = self.freescout, f"c{event.conversation}@example.org"
        if event.what == "writes":
            box = self.boxes[event.to]
            self.known[event.conversation] = desk.customer_writes(
                email,
                f"Matter {event.conversation}",
                "<p>It does not work. What shall I do?</p>",
                mailbox=box,
            )
        elif event.what == "asks":
            desk.customer_replies(one, "<p>Is anybody there? It still does not work.</p>")
        elif event.what == "answers":
            desk.agent_replies(one, who, "<p>Try it again.</p>")
        elif event.what == "notes":
            desk.agent_notes(one, who, "Hm.")
        elif event.what == "closes":
            desk.agent_sets_status(one, who, "closed")
        elif event.what == "reopens":
            desk.agent_sets_status(one, who, "active")
        elif event.what == "assigns":
            desk.agent_assigns(one, self.users["ana"], who)
        elif event.what == "unassigns":
            desk.agent_assigns(one, self.users["ana"], None)
        elif event.what == "merges":
            desk.agent_merges(one, self.known[event.to], who)
        elif event.what == "moves":
            desk.agent_moves(one, who, self.boxes[event.to])
        elif event.what == "snoozes":
            await self.types("ana", "snooze", one, f" {event.to}h")
        elif event.what == "claims":
            await self.types(event.who, "claim", one)
        await self.settle()
        if event.unheard:
            desk.faults.webhooks()
        if event.unheard or event.what == "unassigns":  # FreeScout says of that to nobody
            await self.swept()

    async def types(self, who: str, word: str, conversation: int, rest: str = "") -> None:
        """Have somebody type a command, and wait until they are answered: only then it has happened."""
        person, number = self.people[who], self.freescout.world.conversations[conversation].number
        answers = len(self.slack.ephemerals(person))
        await person.types(f"/freescout {word} {number}{rest}")
        async with asyncio.timeout(60):
            while len(self.slack.ephemerals(person)) == answers:
                await asyncio.sleep(0.005)

    async def lists(self, late: dict[int, set[int]], listed: set[int]) -> list[str]:
        """Compare each channel's list with those who wait too long, as soon as it is as it should be.

        Where it was over for a moment only, it may have gone on with the few who came then.
        """
        wrong: list[str] = []
        for _ in range(100):
            found = {at: self._listed(box.name.lower()) for at, box in enumerate(BOXES)}
            wanted = {
                at: late.get(at, set()) if at in listed or found[at] else set() for at in range(len(BOXES))
            }
            wrong = [
                f"{BOXES[at].name}: {found[at]}, not {them}"
                for at, them in wanted.items()
                if found[at] != them
            ]
            if not wrong:
                break
            await asyncio.sleep(0.1)
        return wrong

    def _listed(self, channel: str) -> set[int]:
        """The conversations in a channel's list, or none where it says that it is over."""
        told = [one.all_text for one in self.slack.messages(channel)]
        stands = [words for words in told if re.search(r"\d customers? waits? too long", words)]
        return {int(number) for number in re.findall(r"Matter (\d+)", stands[-1])} if stands else set()

    def said(self) -> list[Ping]:
        """Every ping that was posted."""
        ours = {identity: conversation for conversation, identity in self.known.items()}
        names = {person.id: name for name, person in self.people.items()}
        names |= {group.id: "duty" for group in self.slack.workspace.groups.values()}
        found: dict[tuple[datetime, int, int], list[str]] = {}
        for call in self.slack.called("chat.postMessage"):
            told = (call.args.get("metadata") or {}).get("event_payload") or {}
            key = str(told.get("key", ""))
            if not key.startswith("ping:") or not call.reply or not call.reply["ok"]:
                continue
            ts = float(call.reply["ts"])
            at = START + (datetime.fromtimestamp(ts, UTC) - START) // HALF * HALF
            how = self._told(str(call.reply["channel"]), str(call.args["text"]), names)
            step = min(int(key.split(":")[2]), AGAIN)
            found.setdefault((at, ours[told["conversation"]], step), []).append(how)
        return [Ping(*where, tuple(sorted(how))) for where, how in found.items()]

    def enough(self, beyond: Mapping[tuple[str, date], set[int]]) -> list[str]:
        """Compare what people were told of what was beyond their budget with what was, day by day."""
        wanted = sorted(f"{who} {day}: {len(them)}" for (who, day), them in beyond.items())
        names = {person.id: name for name, person in self.people.items()}
        found = sorted(
            f"{names[channel.im_with]} {key.removeprefix('enough:')}: {message.text.split()[0]}"
            for channel in self.slack.workspace.channels.values()
            for message in channel.messages
            if (key := str(((message.metadata or {}).get("event_payload") or {}).get("key"))).startswith(
                "enough:"
            )
        )
        return [] if found == wanted else [f"said: {found}", f"wanted: {wanted}"]

    def unended(self, waiting: set[int]) -> list[str]:
        """The pings that still call for somebody where nobody waits any more."""
        over = {identity for conversation, identity in self.known.items() if conversation not in waiting}
        return [
            f"{message.text} still stands in {channel.name or channel.id}"
            for channel in self.slack.workspace.channels.values()
            for head in channel.messages
            for message in (head, *head.thread)
            if (told := (message.metadata or {}).get("event_payload") or {})
            and str(told.get("key", "")).startswith("ping:")
            and told["conversation"] in over
            and "has waited" in message.text
        ]

    def _told(self, channel: str, text: str, names: dict[str, str]) -> str:
        if channel.startswith("D"):
            user = self.slack.workspace.channels[channel].im_with
            return f"direct {names.get(user, user)}"
        called = [name for identity, name in names.items() if identity in text]
        return f"thread @{called[0]}" if called else "thread"


@asynccontextmanager
async def staged(folder: Path, budget: int) -> AsyncIterator[Stage]:
    """Put everything on the stage, but do not start the bridge."""
    clock = Jumping(START - timedelta(minutes=5))
    freescout = FreeScout(now=clock, speed=20_000, first_number=1000)
    slack = Slack(now=clock, limit_posts=False)
    async with serving(freescout.app) as helpdesk, serving(slack.app) as workspace:
        slack.url = workspace
        boxes = [freescout.add_mailbox(box.name, f"{box.name.lower()}@example.org") for box in BOXES]
        names = {"ana": "Alves", "ben": "Brandt", "dora": "Diaz", "boss": "Bauer"}
        users = {
            first: freescout.add_user(first.title(), last, f"{first}@example.org", role="admin")
            for first, last in names.items()
        }
        for box in BOXES:
            slack.add_channel(box.name.lower())
        people = {
            first: slack.add_person(f"{first.title()} {names[first]}", f"{first}@example.org")
            for first in ("ana", "ben", "boss")
        }
        slack.add_group("duty", people["ben"], people["boss"])
        made = settings(
            budget,
            freescout_url=helpdesk,
            freescout_api_key=freescout.api_key,
            freescout_webhook_secret=freescout.webhook_secret,
            slack_bot_token=slack.bot_token,
            slack_signing_secret=slack.signing_secret,
            slack_api_url=slack.api_url,
            database_url=f"sqlite:///{folder / 'bridge.db'}",
        )
        async with httpx.AsyncClient(timeout=30) as client:
            stage = Stage(clock, freescout, slack, made, boxes, users, people, client)
            try:
                yield stage
            finally:
                await stage.stop()
                await slack.close()
                await freescout.close()
