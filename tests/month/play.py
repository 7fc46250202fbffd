"""The month, played: the real bridge between the stand-ins, a clock that jumps, and what was said in the end."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from bot import hours
from bot.app import running
from bot.bridgefile import Replies, Stale, Sweep
from bot.ladderfile import Pings
from bot.ladderfile import read as read_ladders
from bot.lanes import Pace
from bot.routing import Route
from bot.settings import Settings
from sandbox.clock import Clock
from sandbox.freescout import FreeScout
from sandbox.freescout.shapes import encode
from sandbox.freescout.webhooks import sign
from sandbox.serving import serving
from sandbox.slack import Person, Slack
from tests.conftest import free_port
from tests.month.oracle import Ping, told
from tests.month.scenario import BERLIN, BOXES, DAYS, HALF, START, Event, Month

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TELL = {"group": "@duty", "boss": "boss@example.org"}


@dataclass
class Played:
    """What came of it. Pings that are of one moment and one step of one conversation are one."""

    wanted: list[Ping]
    said: list[Ping] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    """Where a channel's list does not speak of just those who wait too long at the end."""
    unended: list[str] = field(default_factory=list)
    """Pings that still call for somebody, though the wait is over."""

    def differences(self) -> list[str]:
        """Every difference in words; empty where all is right."""
        wanted, said = set(self.wanted), set(self.said)
        found = [f"missing: {_words(one)}" for one in sorted(wanted - said)]
        found += [f"not wanted: {_words(one)}" for one in sorted(said - wanted)]
        twice = [one for one in said if self.said.count(one) > 1]
        return sorted(
            [*found, *(f"twice: {_words(one)}" for one in twice)], key=lambda one: one.split(": ", 1)[1]
        )


def _words(one: Ping) -> str:
    return f"{one.at:%a %m-%d %H:%M:%S} conversation {one.conversation} step {one.step} {', '.join(one.told)}"


@dataclass
class Stage:
    """The bridge, the stand-ins, and who is there."""

    clock: Clock
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
        async with asyncio.timeout(30):
            while self._sweeps() < asked + 3:
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
            number = desk.world.conversations[one].number
            await self.people["ana"].types(f"/freescout snooze {number} {event.to}h")
        elif event.what == "claims":
            await self.claims(one, event.who)
        await self.settle()
        if event.unheard:
            desk.faults.webhooks()
            await self.swept()

    async def claims(self, conversation: int, who: str) -> None:
        """Have somebody say that they are on it, and wait until they are answered."""
        person, number = self.people[who], self.freescout.world.conversations[conversation].number
        answers = len(self.slack.ephemerals(person))
        await person.types(f"/freescout claim {number}")
        async with asyncio.timeout(30):
            while len(self.slack.ephemerals(person)) == answers:
                await asyncio.sleep(0.005)

    async def lists(self, late: dict[int, set[int]]) -> list[str]:
        """Compare each channel's list with those who wait too long, as soon as it is as it should be."""
        least = self.settings.pings.list_from
        wanted = {
            box.name: late.get(at, set()) if len(late.get(at, set())) >= least else set()
            for at, box in enumerate(BOXES)
        }
        found: dict[str, set[int]] = {}
        for _ in range(100):
            found = {box.name: self._listed(box.name.lower()) for box in BOXES}
            if found == wanted:
                return []
            await asyncio.sleep(0.1)
        return [
            f"{name}: {found[name]}, not {wanted[name]}" for name in wanted if found[name] != wanted[name]
        ]

    def _listed(self, channel: str) -> set[int]:
        """The conversations in a channel's list, or none where it says that it is over."""
        stands = [one.all_text for one in self.slack.messages(channel) if "wait too long" in one.all_text]
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
            found.setdefault((at, ours[told["conversation"]], int(key.split(":")[2])), []).append(how)
        return [Ping(*where, tuple(sorted(how))) for where, how in found.items()]

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


def _settings(**given: Any) -> Settings:
    problems: list[str] = []
    tables, ladders, routes = [], [], []
    for box in BOXES:
        route = Route(box.name, box.name.lower())
        if box.week is not None:
            lines = [
                f"{_DAYS[day]} "
                + " ".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in spans)
                for day, spans in box.week.items()
            ]
            kind = "DE-BE" if box.zone == BERLIN else "US"
            own = [day for day in box.closed if kind == "DE-BE"]
            holidays = {"holidays": kind} if box.name in ("Support", "Sales") else {}
            tables.append(
                {"mailbox": box.name, "zone": str(box.zone), "open": lines, "closed": own, **holidays}
            )
        if box.name in ("Billing", "Night"):
            route = replace(route, after=tuple(timedelta(minutes=after) for after, _ in box.ladder))
        else:
            steps = [{"after": f"{after}m", "tell": _TELL.get(tell, tell)} for after, tell in box.ladder]
            table: dict[str, object] = {"mailbox": box.name, "steps": steps}
            table |= {"warn": f"{box.warn}m"} if box.warn else {}
            table |= {"on_duty": "@duty"} if box.duty else {}
            ladders.append(table)
        routes.append(route)
    read = {
        "hours": hours.read("month", tables, problems),
        "ladders": read_ladders("month", ladders, problems),
    }
    assert not problems, problems
    return Settings(
        routes=tuple(routes),
        stale=Stale((timedelta(hours=2),), timedelta(seconds=1)),
        sweep=Sweep(timedelta(seconds=0.5)),
        replies=Replies(timedelta(0)),
        pings=Pings(budget=1000, list_from=3),
        host="127.0.0.1",
        port=free_port(),
        **read,
        **given,
    )


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    """Put everything on the stage, but do not start the bridge."""
    clock = Clock()
    clock.skip(START - timedelta(minutes=5) - clock())
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
        settings = _settings(
            freescout_url=helpdesk,
            freescout_api_key=freescout.api_key,
            freescout_webhook_secret=freescout.webhook_secret,
            slack_bot_token=slack.bot_token,
            slack_signing_secret=slack.signing_secret,
            slack_api_url=slack.api_url,
            database_url=f"sqlite:///{folder / 'bridge.db'}",
        )
        async with httpx.AsyncClient(timeout=30) as client:
            stage = Stage(clock, freescout, slack, settings, boxes, users, people, client)
            try:
                yield stage
            finally:
                await stage.stop()
                await slack.close()
                await freescout.close()


async def play(month: Month, folder: Path) -> Played:
    """Play a month."""
    expected = told(month)
    played = Played(expected.pings)
    async with staged(folder) as stage:
        await stage.start()
        await stage.at(START - timedelta(minutes=1))
        due = {moment for one in played.wanted for moment in (one.at - HALF, one.at)}
        due |= {
            one.at + timedelta(seconds=5) for one in played.wanted if one.at.second
        }  # a snooze's fraction
        pauses = list(month.pauses)
        moments = sorted(
            due
            | {begin for _, begin, _ in pauses}
            | {one.at for one in month.events}
            | {end for _, end in month.sleeps}
            | {look + timedelta(seconds=after) for look in expected.looks for after in (5, 15)}
            | set(month.restarts)
        )
        events = list(month.events)
        for moment in moments:
            if any(begin <= moment < end for begin, end in month.sleeps):
                continue
            while pauses and pauses[0][1] <= moment:
                who, begin, end = pauses.pop(0)
                stage.slack.pauses(stage.people[who], begin, end)
            await stage.at(moment)
            if moment in month.restarts:
                await stage.stop()
                await stage.start()
                await stage.settle()
            while events and events[0].at <= moment:
                event = events.pop(0)
                if event.what == "writes":
                    event = replace(event, to=month.boxes[event.conversation])
                if event.what == "writes" or event.conversation in stage.known:
                    await stage.happens(event)
        played.said = stage.said()
        played.unended = stage.unended(expected.waiting)
        await stage.at(START + timedelta(days=DAYS, seconds=45))
        played.lists = await stage.lists(expected.late)
    return played
