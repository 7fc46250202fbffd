"""The FreeScout client against the stand-in: what goes over the wire, and what each failure means to whom."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.errors import Ambiguous, BridgeError, Misconfigured, Permanent, Transient, UserError
from bot.freescout import ConversationQuery, FreeScout, NewThread, NotFound, Sort
from bot.freescout.breaker import Breaker
from bot.freescout.http import Http
from bot.model import Status
from sandbox.clock import Clock
from sandbox.freescout import FreeScout as StandIn
from sandbox.serving import serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "the-key-of-freescout"
SAID = "My card number is 4111-1111"
CONVERSATION = "*/api/conversations/*"
THREADS = "POST /api/conversations/*/threads"


async def at_once(_: float) -> None:
    """Instead of waiting before another try."""


def impatient(url: str, **more: Any) -> FreeScout:
    """A client that tries again at once, and never leaves a FreeScout alone."""
    client = FreeScout(url, KEY)
    client._http = Http(url, KEY, breaker=Breaker(after=1000), sleep=at_once, **more)
    return client


class Office:
    """A help desk with one conversation, and the client that looks at it."""

    def __init__(self, server: StandIn, client: FreeScout, url: str) -> None:
        self.server, self.client, self.url = server, client, url
        self.support = server.add_mailbox("Support", "support@example.org")
        self.sales = server.add_mailbox("Sales", "sales@example.org")
        self.ana = server.add_user("Ana", "Alves", "ana@example.org", role="admin")
        self.ben = server.add_user("Ben", "Brandt", "ben@example.org", mailboxes=[self.support])
        self.first = self.write("Printer", cc=["boss@example.org"])

    def write(self, subject: str, **more: Any) -> int:
        return self.server.customer_writes(
            "mark@example.org", subject, f"<p>{SAID}</p>", mailbox=self.support, name="Mark Moore", **more
        )

    @property
    def body(self) -> Any:
        return self.server.requests[-1].body

    @property
    def one(self) -> Any:
        return self.server.world.conversations[self.first]


class Front:
    """One server for this file: starting another for each test would take most of the time."""

    url = ""
    behind: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.behind(scope, receive, send)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front() -> AsyncIterator[Front]:
    one = Front()
    async with serving(one) as one.url:
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def office(front: Front) -> AsyncIterator[Office]:
    server = StandIn(now=Clock(), api_key=KEY, first_number=412)
    front.behind = server.app
    client = impatient(front.url)
    yield Office(server, client, front.url)
    await client.close()
    await server.close()


@asynccontextmanager
async def answering(answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """A server that takes any request and says to it whatever a test wants, HTTP or not."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await answer(writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1")
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def message(user: int, text: str = SAID, **more: Any) -> NewThread:
    return NewThread("message", text, user=user, **{"cc": (), **more})


def read(office: Office) -> Awaitable[Any]:
    return office.client.conversation(office.first)


def close_it(office: Office) -> Awaitable[Any]:
    return office.client.set_status(office.first, Status.CLOSED, user=office.ana)


def reply(office: Office) -> Awaitable[Any]:
    return office.client.add_thread(office.first, message(office.ana))


# What is read


async def test_a_conversation_comes_with_its_threads_and_tags_oldest_first(office: Office) -> None:
    office.server.agent_tags(office.first, ["urgent"])
    office.server.agent_notes(office.first, office.ana, "A note")
    found = await read(office)
    assert (found.id, found.number, found.subject) == (office.first, found.id + 411, "Printer")
    assert [thread.type for thread in found.threads] == ["customer", "note"]
    assert (found.tags, found.cc) == (("urgent",), ("boss@example.org",))
    assert found.customer and found.customer.email == "mark@example.org"
    assert office.server.requests[-1].headers["x-freescout-api-key"] == KEY


async def test_a_list_asks_for_published_ones_and_holds_neither_drafts_nor_deleted_ones(
    office: Office,
) -> None:
    office.server.agent_drafts(office.ana, "eve@example.org", "A draft", "…", mailbox=office.support)
    office.server.agent_deletes(office.write("To be deleted"))
    found = [
        one.subject async for one in office.client.conversations(ConversationQuery(statuses=[Status.ACTIVE]))
    ]
    assert found == ["Printer"]
    asked = office.server.requests[-1].query
    assert (asked["state"], asked["status"], asked["page"]) == ("published", "active", "1")


async def test_a_list_of_many_pages_yields_each_conversation_once_while_rows_move_down(
    office: Office,
) -> None:
    wanted = {office.first, *(office.write(f"number {count}") for count in range(120))}
    found: list[int] = []
    async for one in office.client.conversations(ConversationQuery(sort=Sort.NUMBER, newest_first=True)):
        if len(found) in (10, 60):  # while a page is read, newer ones push the rows over to the next page
            for _ in range(3):
                office.write("meanwhile")
        found.append(one.id)
    assert len(found) == len(set(found))
    assert wanted <= set(found)


async def test_a_list_ends_where_the_caller_has_enough(office: Office) -> None:
    for count in range(60):
        office.write(f"number {count}")
    assert len([one async for one in office.client.conversations(ConversationQuery(), most=7)]) == 7
    assert len(office.server.requests) == 1


async def test_a_list_that_shrinks_while_it_is_read_comes_to_an_end(office: Office) -> None:
    more = [office.write(f"number {count}") for count in range(110)]
    found = 0
    async for _ in office.client.conversations(ConversationQuery()):
        found += 1
        if found == 50:
            for one in more:
                office.server.agent_deletes_forever(one)
    assert found == 50


async def test_a_number_finds_its_conversation_and_an_unknown_one_finds_nothing(office: Office) -> None:
    office.write("Another")
    found = await office.client.numbered(412)
    assert found and found.id == office.first
    assert await office.client.numbered(999) is None


async def test_a_number_is_compared_where_the_server_does_not_know_the_filter(office: Office) -> None:
    page = (
        b'{"_embedded":{"conversations":[{"id":1,"number":7},{"id":2,"number":412}]},"page":{"totalPages":1}}'
    )

    async def everything(writer: asyncio.StreamWriter) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        writer.write(head % len(page) + page)
        await writer.drain()

    async with answering(everything) as url:
        client = FreeScout(url, KEY)
        found = await client.numbered(412)
        assert found and found.id == 2
        assert await client.numbered(5) is None
        await client.close()


async def test_a_deleted_conversation_has_no_number(office: Office) -> None:
    office.server.agent_deletes(office.first)
    assert await office.client.numbered(412) is None


async def test_mailboxes_are_all_or_those_of_a_user(office: Office) -> None:
    assert [box.name for box in await office.client.mailboxes()] == ["Support", "Sales"]
    assert [box.id for box in await office.client.mailboxes(office.ben)] == [office.support]


async def test_users_come_from_every_page_without_the_deleted(office: Office) -> None:
    for count in range(60):
        office.server.add_user("Nr", str(count), f"nr{count}@example.org")
    office.server.delete_user(office.ben)
    users = await office.client.users()
    assert len(users) == 61
    assert "Ben" not in {user.first for user in users}


async def test_a_user_is_found_by_address_whatever_its_case_and_not_once_deleted(office: Office) -> None:
    found = await office.client.user_by_email("BEN@example.org")
    assert found and (found.id, found.name) == (office.ben, "Ben Brandt")
    office.server.delete_user(office.ben)
    assert await office.client.user_by_email("ben@example.org") is None
    assert await office.client.user_by_email("nobody@example.org") is None


# What is written


async def test_a_reply_always_carries_cc_and_never_a_customer(office: Office) -> None:
    written = await office.client.add_thread(
        office.first, message(office.ana, "Done.", cc=office.one.cc, status=Status.CLOSED)
    )
    assert office.body == {
        "type": "message",
        "text": "Done.",
        "user": office.ana,
        "cc": ["boss@example.org"],
        "status": "closed",
    }
    assert (written.id, written.missing) == (office.one.threads[-1].id, 0)
    assert (office.one.cc, office.one.status) == (["boss@example.org"], "closed")
    assert office.server.outbox[-1].text == "Done."


async def test_a_note_carries_cc_even_where_there_is_none_and_mails_nobody(office: Office) -> None:
    await office.client.add_thread(office.first, NewThread("note", "Called them.", (), user=office.ana))
    assert office.body == {"type": "note", "text": "Called them.", "user": office.ana, "cc": []}
    assert office.server.outbox == []


@pytest.mark.parametrize("blank", ["", "  ", "\n\t\u00a0"])
async def test_a_blank_reply_is_refused_before_the_wire(office: Office, blank: str) -> None:
    with pytest.raises(UserError, match="no text"):
        await office.client.add_thread(office.first, message(office.ana, blank))
    assert office.server.requests == []


async def test_a_status_is_set_in_a_users_name(office: Office) -> None:
    await close_it(office)
    assert office.body == {"byUser": office.ana, "status": "closed"}
    assert (office.one.status, office.one.closed_by) == ("closed", office.ana)


@pytest.mark.parametrize("word", ["open", "", "Closed", None])
async def test_only_a_known_status_reaches_the_wire(office: Office, word: Any) -> None:
    with pytest.raises(UserError, match="no status"):
        await office.client.set_status(office.first, word, user=office.ana)
    if word is not None:  # a reply may leave the status to FreeScout
        with pytest.raises(UserError, match="no status"):
            await office.client.add_thread(office.first, message(office.ana, status=word))
    assert office.server.requests == []


async def test_nobody_is_minus_one(office: Office) -> None:
    ben = await office.client.user_by_email("ben@example.org")
    await office.client.assign(await office.client.conversation(office.first), ben, user=office.ana)
    assert office.body == {"byUser": office.ana, "assignTo": office.ben}
    assert office.one.assignee == office.ben
    await office.client.assign(await office.client.conversation(office.first), None, user=office.ana)
    assert office.body == {"byUser": office.ana, "assignTo": -1}
    assert office.one.assignee is None


# What fails

FAULTS: dict[str, dict[str, Any]] = {
    "a page with status 500": {"status": 500, "html": True},
    "JSON with status 502": {"status": 502},
    "a cut": {"cut": True},
    "a page where JSON should be": {"status": 200, "html": True},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("after", [False, True], ids=["before it happened", "after it happened"])
async def test_a_broken_answer_is_passing_for_what_may_be_repeated_and_open_for_a_reply(
    office: Office, fault: dict[str, Any], after: bool
) -> None:
    office.server.faults.api(CONVERSATION, times=3 + 3 + 1, after=after, **fault)
    with pytest.raises(Transient) as told:
        await read(office)
    assert not isinstance(told.value, Misconfigured)
    with pytest.raises(Transient):
        await close_it(office)
    with pytest.raises(Ambiguous):
        await reply(office)
    assert len(office.server.outbox) == int(after)


CALLS = pytest.mark.parametrize("call", [read, close_it, reply])


@CALLS
async def test_a_wrong_key_is_the_operators(office: Office, call: Callable[[Office], Awaitable[Any]]) -> None:
    office.server.faults.api(status=401)
    with pytest.raises(Misconfigured, match="FREESCOUT_API_KEY"):
        await call(office)


@CALLS
async def test_what_is_gone_is_told_from_a_route_that_is_not_there(
    office: Office, call: Callable[[Office], Awaitable[Any]]
) -> None:
    office.server.faults.api(status=404, html=True)
    with pytest.raises(Misconfigured, match="API & Webhooks module"):
        await call(office)
    office.server.faults.api(status=405, html=True)
    with pytest.raises(Misconfigured, match="FREESCOUT_URL"):
        await call(office)
    office.server.agent_deletes_forever(office.first)
    with pytest.raises(NotFound):
        await call(office)


async def test_a_route_of_another_module_says_so(office: Office) -> None:
    client = FreeScout(f"{office.url}/somewhere", KEY)
    with pytest.raises(Misconfigured, match="FREESCOUT_URL"):
        await client.mailboxes()
    await client.close()


async def test_freescouts_own_words_reach_the_person(office: Office) -> None:
    with pytest.raises(UserError, match="user may not be empty"):
        await office.client.add_thread(office.first, message(0))


@CALLS
@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("999999", 3600), ("soon", None), ("-1", None), ("²", None)]
)
async def test_a_429_names_its_pause_and_nothing_was_done(
    office: Office, call: Callable[[Office], Awaitable[Any]], header: str, seconds: float | None
) -> None:
    if not header.isascii():
        header = header.encode().decode("latin-1")
    office.server.faults.api(status=429, headers={"Retry-After": header}, times=None)
    with pytest.raises(Transient) as told:
        await call(office)
    assert told.value.retry_after == seconds
    assert office.server.outbox == []


@CALLS
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed_but_told_to_the_operator(
    office: Office, call: Callable[[Office], Awaitable[Any]], status: int
) -> None:
    office.server.faults.api(status=status, headers={"Location": "https://127.0.0.1:9/api"})
    with pytest.raises(Misconfigured, match="final address"):
        await call(office)


async def test_a_conversation_without_an_id_is_nobodys_to_repeat(office: Office) -> None:
    office.server.faults.api(status=200)
    with pytest.raises(Permanent, match="without an id"):
        await read(office)


@pytest.mark.parametrize("status", [200, 201, 204])
async def test_a_new_thread_that_is_not_named_may_or_may_not_be_written(office: Office, status: int) -> None:
    office.server.faults.api(THREADS, status=status, after=True)
    with pytest.raises(Ambiguous, match="without saying which"):
        await reply(office)
    assert len(office.server.outbox) == 1


async def test_a_server_that_is_not_there_has_done_nothing(office: Office) -> None:
    client = impatient("http://127.0.0.1:9")
    for call in (client.conversation(1), client.add_thread(1, message(1))):
        with pytest.raises(Transient, match="cannot be reached"):
            await call
    await client.close()


async def _halved(writer: asyncio.StreamWriter) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n"
    writer.write(head + b'{"id":')
    await writer.drain()


async def _silent(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(5)


async def _dripping(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
    for _ in range(999):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _not_http(writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
    await writer.drain()


async def _wrongly_packed(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd")
    await writer.drain()


ENDINGS = [
    (_halved, "broke off in the middle"),
    (_silent, "hangs"),
    (_dripping, "drips"),
    (_not_http, "broke off in the middle"),
    (_wrongly_packed, "cannot be unpacked"),
]


@pytest.mark.parametrize(("answer", "named"), ENDINGS)
async def test_an_answer_that_never_ends_well_is_passing_to_read_and_open_to_write(
    answer: Callable[[asyncio.StreamWriter], Awaitable[None]], named: str
) -> None:
    async with answering(answer) as url:
        http = Http(url, KEY, breaker=Breaker(after=1000), sleep=at_once)
        # Soon, where the answer never ends. All else has its time: a busy machine is no failure.
        if answer is _silent:
            http._client.timeout = httpx.Timeout(http._deadline, read=0.15)
        elif answer is _dripping:
            http._deadline = 0.5
        with pytest.raises(Transient, match=named):
            await http.get("conversations/1")
        with pytest.raises(Transient, match=named):
            await http.put("conversations/1", {})
        with pytest.raises(Ambiguous, match=named):
            await http.post("conversations/1/threads", {"text": SAID})
        await http.close()


async def test_neither_the_key_nor_a_customers_words_are_in_errors_or_the_log(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    kinds: list[dict[str, Any]] = [*FAULTS.values(), *({"status": s} for s in (400, 401, 404, 418, 429, 503))]
    kinds += [
        {"redirect": "https://127.0.0.1:9/"},
        {"truncate": True},
        {"cut": "body"},
        {"maintenance": True},
    ]
    for kind in [*kinds, {"status": 301}, {"status": 404, "html": True}]:
        for call in (read, close_it, reply):
            office.server.faults.api(CONVERSATION, after=True, times=None, **kind)
            if kind in ({"truncate": True}, {"cut": "body"}) and call is close_it:
                continue  # 204 has no body that could be spoilt
            with pytest.raises(BridgeError) as error:
                await call(office)
            office.server.faults.clear()
            told += [str(error.value), repr(error.value), str(error.value.__cause__)]
    await read(office)
    bot = [record.getMessage() for record in caplog.records if record.name.startswith("bot")]
    everything = "\n".join([*told, *(record.getMessage() for record in caplog.records)])
    assert KEY not in everything
    assert "4111-1111" not in everything
    assert all("mark@example.org" not in line for line in [*told, *bot])
