"""A help desk of the stand-in FreeScout on a real socket, for the tests of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.tls import trust
from sandbox.freescout import FreeScout
from sandbox.serving import serving

SECRET = "a-secret-of-thirty-two-characters"


class Switch:
    """Serves whichever app a test plugs in: starting a server for each test would take most of their time."""

    def __init__(self) -> None:
        self.app: ASGIApp = Starlette()
        self.url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class Time:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 6, 33, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def moves(self, **by: float) -> None:
        self.now += timedelta(**by)


class Receiver:
    """Takes webhooks, and answers what it was told to: 200 unless `answers` holds something else."""

    def __init__(self) -> None:
        self.got: list[SimpleNamespace] = []
        self.answers: list[int] = []
        self.app = Starlette(
            routes=[
                Route("/hook", self._hook, methods=["GET", "POST"]),
                Route("/old", self._old, methods=["POST"]),
            ]
        )
        self.url = ""

    async def _hook(self, request: Request) -> Response:
        body = await request.body()
        event = request.headers.get("x-freescout-event")
        self.got.append(
            SimpleNamespace(
                method=request.method,
                event=event,
                raw=body,
                json=json.loads(body) if body else None,
                signature=request.headers.get("x-freescout-signature"),
            )
        )
        return Response(status_code=self.answers.pop(0) if self.answers else 200)

    async def _old(self, _request: Request) -> Response:
        return RedirectResponse("/hook", 302)

    @property
    def events(self) -> list[str]:
        return [each.event for each in self.got]

    async def gets(self, count: int) -> list[SimpleNamespace]:
        await until(lambda: len(self.got) >= count)
        return self.got


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


class House:
    """A help desk with two mailboxes, an admin, an agent of the first mailbox, and one conversation."""

    def __init__(self, freescout: FreeScout, time: Time, client: httpx.AsyncClient, url: str) -> None:
        self.freescout, self.time, self.client, self.url = freescout, time, client, url
        self.support = freescout.add_mailbox("Support", "support@example.org")
        self.sales = freescout.add_mailbox("Sales", "sales@example.org")
        self.ada = freescout.add_user("Ada", "Admin", "ada@example.org", role="admin")
        self.ben = freescout.add_user("Ben", "Agent", "ben@example.org", mailboxes=[self.support])
        self.parcel = freescout.customer_writes(
            "mark@example.org",
            "Order #42",
            "<p>Where is <b>it</b>?</p>",
            mailbox=self.support,
            name="Mark Moore",
            cc=["boss@example.org"],
        )

    async def get(self, path: str, **query: object) -> dict:
        answer = await self.client.get(f"/api{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def look(self) -> dict:
        return await self.get(f"/conversations/{self.parcel}")

    async def listed(self, **query: object) -> list[int]:
        found = await self.get("/conversations", **query)
        return [each["id"] for each in found["_embedded"]["conversations"]]

    async def post_thread(self, **body: object) -> httpx.Response:
        return await self.client.post(f"/api/conversations/{self.parcel}/threads", json=body)

    async def put(self, **body: object) -> httpx.Response:
        return await self.client.put(f"/api/conversations/{self.parcel}", json=body)


async def switch() -> AsyncIterator[Switch]:
    one = Switch()
    async with serving(one) as url:
        one.url = url
        yield one


help_desk = pytest_asyncio.fixture(switch, scope="module", loop_scope="module", name="help_desk")
bot = pytest_asyncio.fixture(switch, scope="module", loop_scope="module", name="bot")


@pytest_asyncio.fixture(loop_scope="module")
async def house(help_desk: Switch) -> AsyncIterator[House]:
    time = Time()
    freescout = FreeScout(
        now=time,
        webhook_secret=SECRET,
        speed=100_000,
        first_number=400,
        skip=lambda by: time.moves(seconds=by.total_seconds()),
    )
    help_desk.app = freescout.app
    headers = {"X-FreeScout-API-Key": freescout.api_key}
    async with httpx.AsyncClient(
        base_url=help_desk.url, headers=headers, timeout=5, verify=trust()
    ) as client:
        yield House(freescout, time, client, help_desk.url)
    await freescout.close()


@pytest.fixture
def receiver(house: House, bot: Switch) -> Receiver:
    one = Receiver()
    bot.app, one.url = one.app, bot.url
    house.freescout.subscribe(f"{one.url}/hook")
    return one
