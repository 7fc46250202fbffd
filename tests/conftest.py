"""The house under test: a real FreeScout stand-in, a real Slack stand-in, the real bridge, real HTTP between."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.app import running
from bot.lanes import Pace
from bot.reread import Understand
from bot.routing import Route
from bot.settings import Replies, Settings, Stale
from sandbox.clock import Clock
from sandbox.freescout import FreeScout, sign
from sandbox.serving import free_port, serving
from sandbox.slack import Message, Person, Slack, View
from tests.blockcheck import problems_in_message, problems_in_view

LONG = ("test_torture.py", "test_reply_kills.py", "test_month.py", "test_hold_holes.py")
PROCESSES = 5


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, in every process: one that comes last keeps all others waiting."""
    long = [item for item in items if item.path.name in LONG]
    short = [item for item in items if item.path.name not in LONG]
    size = len(short) // PROCESSES + 1
    shares = [[*long[n::PROCESSES], *short[n * size : (n + 1) * size]] for n in range(PROCESSES)]
    items[:] = [item for share in shares for item in share]


@dataclass
class House:
    """Everything a test touches. `expects_errors` is set by tests in which the bridge is right to complain; those in
    which it may complain of one thing alone say in `may_complain` what it then says.
    """

    clock: Clock
    freescout: FreeScout
    slack: Slack
    settings: Settings
    support: int
    sales: int
    ana: Person
    ben: Person
    ana_id: int
    ben_id: int
    expects_errors: bool = False
    may_complain: str = ""
    pace: Pace = field(default_factory=lambda: Pace(per_second=1000))
    address: str = ""
    understand: Understand | None = None
    """Where the test writes a file: what its text comes to."""
    _known: bool = False
    _bridge: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self, **changes: Any) -> None:
        """Start the bridge, or start it again after `stop`, with other settings where some are given."""
        self.settings = replace(self.settings, **changes)
        self.address = await self._bridge.enter_async_context(
            running(self.settings, self.clock, self.pace, self.understand)
        )
        if not self._known:  # later it comes back to the same place
            self._known = True
            self.freescout.subscribe(f"{self.address}/freescout/webhook")
        self.slack.request_url = (
            f"{self.address}/slack/events" if self.settings.slack_signing_secret else None
        )

    async def stop(self) -> None:
        """Stop the bridge, as SIGTERM does."""
        await self._bridge.aclose()

    async def writes(
        self, subject: str = "Printer on fire", body: str = "<p>It burns.</p>", **more: Any
    ) -> Message:
        """A customer writes to Support; return the card once it is there."""
        name, email = more.pop("name", "Mark Moore"), more.pop("email", "mark@example.org")
        before = len(self.cards())
        self.freescout.customer_writes(email, subject, body, mailbox=self.support, name=name, **more)
        return await self.until(lambda: self.cards()[before:] and self.cards()[before])

    async def opens(self, person: Person, name: str, card: Message) -> View:
        """A person presses what opens a modal; return it once it is there, filled."""
        await person.presses(name, on=card)
        return await self.until(
            lambda: person.modal if person.modal and "Loading" not in person.modal.all_text else None
        )

    def told(self, person: Person) -> str:
        """What this person alone saw last."""
        seen = self.slack.ephemerals(person)
        return seen[-1].all_text if seen else ""

    def cards(self, channel: str = "support") -> list[Message]:
        return self.slack.messages(channel)

    def thread(self, card: Message) -> list[Message]:
        return self.slack.replies(card.channel, card.ts)

    def said(self, card: Message) -> str:
        """All that stands in a card's thread."""
        return "\n".join(reply.all_text for reply in self.thread(card))

    async def until(self, look: Callable[[], Any], patience: float = 30) -> Any:
        """Wait until something is so; fail when it is not in time."""
        try:
            async with asyncio.timeout(patience):
                while not (found := look()):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            pytest.fail(f"did not come about within {patience} s")
        return found

    async def health(self, right: Callable[[Any], Any] = bool, patience: float = 30) -> Any:
        """What `/healthz` says, as soon as it is right."""
        async with httpx.AsyncClient(verify=False) as client, asyncio.timeout(patience):
            while not right(told := (await client.get(f"{self.address}/healthz")).json()):
                await asyncio.sleep(0.05)
        return told

    async def quiet(self) -> None:
        """Wait until nothing is due and nothing was said for a moment."""
        async with httpx.AsyncClient(verify=False) as client, asyncio.timeout(30):
            calm, seen = 0, -1
            while calm < 3:
                await asyncio.sleep(0.05)
                now = len(self.slack.calls) + len(self.freescout.requests)
                work = (await client.get(f"{self.address}/healthz")).json()["work"]
                if work["waiting"] and now == seen:
                    await self._wake(client)
                calm = calm + 1 if now == seen and not (work["outbox"] or work["waiting"]) else 0
                seen = now

    async def _wake(self, client: httpx.AsyncClient) -> None:
        """Have the bridge look at the clock now, and not within a second: it may have jumped."""
        body = b'{"id": 999999}'
        headers = {
            "X-FreeScout-Event": "customer.updated",
            "X-FreeScout-Signature": sign(body, self.freescout.webhook_secret),
        }
        await client.post(f"{self.address}/freescout/webhook", content=body, headers=headers)


@pytest.fixture
async def house(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[House]:
    """A running house; at its end, all that Slack was ever sent is checked block by block."""
    async for one in _house(tmp_path, caplog, start=True):
        yield one


@pytest.fixture
async def empty_house(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[House]:
    """The same before the bridge is started: the test does that itself."""
    async for one in _house(tmp_path, caplog, start=False):
        yield one


async def _house(tmp_path: Path, caplog: pytest.LogCaptureFixture, *, start: bool) -> AsyncIterator[House]:
    caplog.set_level(logging.INFO, logger="bot")
    clock = Clock()
    freescout = FreeScout(now=clock, speed=100, first_number=412)
    slack = Slack(now=clock, limit_posts=False)
    async with serving(freescout.app) as helpdesk, serving(slack.app) as workspace:
        slack.url = workspace
        support = freescout.add_mailbox("Support", "support@example.org")
        sales = freescout.add_mailbox("Sales", "sales@example.org")
        ana_id = freescout.add_user("Ana", "Alves", "ana@example.org", role="admin")
        ben_id = freescout.add_user("Ben", "Brandt", "ben@example.org", mailboxes=[support])
        slack.add_channel("support")
        slack.add_channel("sales")
        settings = Settings(
            freescout_url=helpdesk,
            freescout_api_key=freescout.api_key,
            freescout_webhook_secret=freescout.webhook_secret,
            slack_bot_token=slack.bot_token,
            slack_signing_secret=slack.signing_secret,
            slack_api_url=slack.api_url,
            database_url=f"sqlite:///{tmp_path / 'bridge.db'}",
            host="127.0.0.1",
            port=free_port(),
            replies=Replies(timedelta(0)),
            routes=(Route("Support", "support"), Route("Sales", "sales")),
            stale=Stale((timedelta(hours=2), timedelta(hours=8)), timedelta(minutes=1)),
        )
        ana = slack.add_person("Ana Alves", "ana@example.org")
        ben = slack.add_person("Ben Brandt", "ben@example.org")
        one = House(clock, freescout, slack, settings, support, sales, ana, ben, ana_id, ben_id)
        if start:
            await one.start()
        try:
            yield one
        finally:
            await one.stop()
            await slack.close()
            await freescout.close()
    assert _problems(slack) == []
    if not one.expects_errors:
        complaints = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
        assert [words for words in complaints if not one.may_complain or one.may_complain not in words] == []


def _problems(slack: Slack) -> list[str]:
    """What Slack would refuse of all that it was sent."""
    found: list[str] = []
    for call in slack.calls:
        if "view" in call.args:
            found += problems_in_view(call.args["view"])
        elif "blocks" in call.args or "text" in call.args:
            found += problems_in_message(dict(call.args))
    for answer in slack.responses:
        found += problems_in_message(dict(answer))
    return found
