"""The stand-ins round the bridge, each visit to them timed, and a bell to ring at its door."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.payloads import bell, recorded
from sandbox.clock import Clock
from sandbox.freescout import FreeScout
from sandbox.serving import serving
from sandbox.slack import Slack

POST = "/api/chat.postMessage"
_CREATED = next(told for event, told in recorded() if event == "convo.created")


@dataclass(eq=False)
class Visit:
    """One request that a stand-in was asked, and when it began and ended."""

    what: str
    begun: float
    ended: float = float("inf")


class Watched:
    """An application whose visits are written down."""

    def __init__(self, application: ASGIApp) -> None:
        self.visits: list[Visit] = []
        self._application = application
        self._waiting: list[tuple[Callable[[Visit], bool], asyncio.Future[Visit]]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit = Visit(scope["path"], time.perf_counter())
        self.visits.append(visit)
        for wanted, found in self._waiting:
            if not found.done() and wanted(visit):
                found.set_result(visit)
        try:
            await self._application(scope, receive, send)
        finally:
            visit.ended = time.perf_counter()

    @contextmanager
    def next(self, path: str) -> Iterator["asyncio.Future[Visit]"]:
        """The next visit of a path, from now on."""
        found: asyncio.Future[Visit] = asyncio.get_running_loop().create_future()
        waiting = (lambda visit: visit.what == path, found)
        self._waiting.append(waiting)
        try:
            yield found
        finally:
            self._waiting.remove(waiting)


@dataclass
class Stage:
    """A FreeScout with a mailbox for each channel of a Slack."""

    freescout: FreeScout
    slack: Slack
    helpdesk: Watched
    workspace: Watched
    helpdesk_url: str
    workspace_url: str
    mailboxes: Sequence[int]
    agents: Sequence[int]
    routes: dict[str, str]
    _written: int = field(default=0)

    def write(self) -> int:
        """A customer writes to the next mailbox; return the conversation's id. No webhook is sent."""
        box = self.mailboxes[self._written % len(self.mailboxes)]
        self._written += 1
        return self.freescout.customer_writes(
            f"zoe{self._written}@example.org",
            f"Printer on fire, {self._written}",
            "<p>It burns. What shall I do?</p>",
            mailbox=box,
            name="Zoë Zander",
        )

    @property
    def asked(self) -> int:
        """How many requests both stand-ins were sent."""
        return len(self.helpdesk.visits) + len(self.workspace.visits)

    async def calm(self, seconds: float, patience: float = 120) -> None:
        """Wait until nobody has asked the stand-ins anything for so long."""
        async with asyncio.timeout(patience):
            before = -1
            while before != self.asked:
                before = self.asked
                await asyncio.sleep(seconds)

    def answering(self, since: float, until: float) -> float:
        """The seconds of that time in which a stand-in had something to answer."""
        spans = sorted(
            (max(one.begun, since), min(one.ended, until))
            for one in (*self.helpdesk.visits, *self.workspace.visits)
            if one.ended > since and one.begun < until
        )
        total, reached = 0.0, since
        for begun, ended in spans:
            total += max(0.0, ended - max(begun, reached))
            reached = max(reached, ended)
        return total


@asynccontextmanager
async def stage(channels: int, *, limit_posts: bool = False) -> AsyncIterator[Stage]:
    """Serve both stand-ins from this process."""
    clock = Clock()
    freescout = FreeScout(now=clock, speed=100)
    slack = Slack(now=clock, limit_posts=limit_posts)
    helpdesk, workspace = Watched(freescout.app), Watched(slack.app)
    async with serving(helpdesk) as helpdesk_url, serving(workspace) as workspace_url:
        slack.url = workspace_url
        agents = [
            freescout.add_user(first, last, f"{first.lower()}@example.org", role="admin")
            for first, last in (("Ana", "Alves"), ("Ben", "Brandt"))
        ]
        slack.add_person("Ana Alves", "ana@example.org")
        slack.add_person("Ben Brandt", "ben@example.org")
        names = [f"box-{number}" for number in range(channels)]
        mailboxes = [freescout.add_mailbox(name, f"{name}@example.org") for name in names]
        for name in (*names, "bare"):
            slack.add_channel(name)
        try:
            yield Stage(
                freescout,
                slack,
                helpdesk,
                workspace,
                helpdesk_url,
                workspace_url,
                mailboxes,
                agents,
                {name: name for name in names},
            )
        finally:
            await slack.close()
            await freescout.close()


class Doorbell:
    """A kept connection to the bridge's door, over which webhooks go without delay."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ring(self, conversation: int) -> None:
        """Say that a conversation was created; return when it was answered."""
        self._writer.write(bell("convo.created", _CREATED, conversation))
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"the bridge refused a webhook: {head.decode()}")
        length = head.partition(b"content-length: ")[2].partition(b"\r")[0]
        await self._reader.readexactly(int(length))


@asynccontextmanager
async def doorbell(port: int) -> AsyncIterator[Doorbell]:
    """Connect for as long as a block lasts."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Doorbell(reader, writer)
    finally:
        writer.close()
