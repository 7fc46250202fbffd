"""The server under contract: the stand-in, or a real FreeScout where the environment names one.

    FREESCOUT_CONTRACT_URL=https://help.example.com FREESCOUT_CONTRACT_KEY=… \
        .venv/bin/python -m pytest tests/contract

FREESCOUT_CONTRACT_MAILBOX and FREESCOUT_CONTRACT_USER are ids; else the first mailbox is taken, and the first user
who may see it. Every conversation is the suite's own, imported so that no customer is mailed, and deleted at the
end; so are its webhook and its user. FreeScout has no way to delete customers and tags: those stay, named
`contract-…` at example.org. Agents may be notified, as their settings have it.
"""

import os
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio

from bot.errors import BridgeError, Misconfigured
from bot.freescout import FreeScout, NewConversation, NewThread, NotFound, Refused
from bot.model import Conversation, Mailbox, User
from sandbox.clock import Clock
from sandbox.freescout import FreeScout as StandIn
from sandbox.serving import serving

URL = os.environ.get("FREESCOUT_CONTRACT_URL", "")
KEY = os.environ.get("FREESCOUT_CONTRACT_KEY", "")
MAILBOX = int(os.environ.get("FREESCOUT_CONTRACT_MAILBOX") or 0)
USER = int(os.environ.get("FREESCOUT_CONTRACT_USER") or 0)


@dataclass
class Desk:
    """The server, our client, bare HTTP beside it, and the conversations that are to be deleted."""

    url: str
    key: str = field(repr=False)  # a failing test prints the rest
    client: FreeScout
    raw: httpx.AsyncClient
    mailbox: Mailbox
    user: User
    standin: StandIn | None = None
    token: str = field(default_factory=lambda: f"contract-{secrets.token_hex(6)}")
    made: list[int] = field(default_factory=list)
    _count: int = 0

    def address(self) -> str:
        """A customer that nobody has heard of."""
        self._count += 1
        return f"{self.token}-{self._count}@example.org"

    def opening(self, customer: str, subject: str = "", **more: Any) -> NewConversation:
        thread = NewThread("customer", "<p>It does not work.</p>", (), customer=customer, imported=True)
        values = {"threads": [thread], "imported": True, **more}
        return NewConversation(self.mailbox.id, f"{self.token} {subject}".strip(), customer, **values)

    async def opens(self, subject: str = "", customer: str = "", **more: Any) -> Conversation:
        """Open a conversation of our own."""
        made = await self.client.create_conversation(
            self.opening(customer or self.address(), subject, **more)
        )
        self.made.append(made.id)
        return made

    def thread(
        self, kind: str, text: str = "<p>Words.</p>", cc: Sequence[str] = (), **more: Any
    ) -> NewThread:
        """A thread that mails nobody."""
        if kind != "customer":
            more["user"] = self.user.id
        return NewThread(kind, text, cc, imported=True, **more)

    async def asks(self, path: str, **query: str | int) -> httpx.Response:
        """GET without our client between."""
        return await self.raw.get(path, params=query)

    async def list(self, **query: str | int) -> Mapping[str, Any]:
        """A page of conversations as it comes over the wire."""
        told: Mapping[str, Any] = (await self.asks("conversations", **query)).json()
        return told


def without(error: BridgeError, what: str) -> None:
    """Skip where the server says that it lacks a module; else what it says is a failure."""
    lacking = isinstance(error, Refused | NotFound) or (
        isinstance(error, Misconfigured) and error.code in ("404", "405")
    )
    if lacking:
        pytest.skip(f"this FreeScout has no {what}: {error}")
    raise error


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk() -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        if bool(URL) != bool(KEY):
            pytest.fail("FREESCOUT_CONTRACT_URL and FREESCOUT_CONTRACT_KEY belong together")
        standin = None if URL else _standin()
        if standin:
            stack.push_async_callback(standin.close)
        url = await stack.enter_async_context(serving(standin.app)) if standin else URL.rstrip("/")
        key = standin.api_key if standin else KEY
        client = FreeScout(url, key)
        stack.push_async_callback(client.close)
        raw = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"{url}/api/", headers={"X-FreeScout-API-Key": key}, timeout=30)
        )
        mailbox = await _mailbox(client)
        one = Desk(url, key, client, raw, mailbox, await _user(client, mailbox), standin)
        try:
            yield one
        finally:
            for conversation in one.made:
                await client.delete_conversation(conversation)


def _standin() -> StandIn:
    """A help desk that others use too: nothing may count on being alone."""
    one = StandIn(now=Clock(), first_number=412)
    one.api.lists_webhooks = True
    support = one.add_mailbox("Support", "support@example.org")
    one.add_mailbox("Sales", "sales@example.org")
    ana = one.add_user("Ana", "Alves", "ana@example.org", role="admin")
    one.add_user("Ben", "Brandt", "ben@example.org", mailboxes=[support])
    one.add_custom_field(support, "Currency", "dropdown", options=["USD", "EUR"])
    one.add_custom_field(support, "Order", "text")
    for conversation in one.fill(120, mailbox=support, tags=[("vip",), ()], threads=2):
        one.agent_logs_time(conversation, ana, 60)
    one.subscribe("http://127.0.0.1:9/another", ["convo.moved"])
    return one


async def _mailbox(client: FreeScout) -> Mailbox:
    boxes = await client.mailboxes()
    found = [box for box in boxes if box.id == (MAILBOX or box.id)]
    return found[0] if found else pytest.fail("there is no such mailbox")


async def _user(client: FreeScout, mailbox: Mailbox) -> User:
    for user in [await client.user(USER)] if USER else await client.users():
        if mailbox in await client.mailboxes(user.id):
            return user
    pytest.fail(f"nobody may see mailbox {mailbox.id}")
