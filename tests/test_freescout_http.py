"""One call to FreeScout on a real socket: what is tried again, what is left alone, and what each failure is called."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from bot.errors import Ambiguous, BridgeError, ConfigError, Misconfigured, Transient
from bot.freescout import Auth, FreeScout, NewConversation, NewCustomer, NewThread, NotFound, Refused
from bot.freescout import http as module
from bot.freescout.breaker import Breaker
from bot.freescout.http import RETRIES, Http
from sandbox.clock import Clock
from sandbox.freescout import FreeScout as StandIn
from sandbox.serving import serving

KEY = "the-key-of-freescout"
SAID = "My card number is 4111"

Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


def response(status: int, body: bytes = b"{}", kind: str = "application/json", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", f"Content-Type: {kind}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def said(status: int, words: str = "Bad Request", **error: str) -> bytes:
    body = {"message": words, "_embedded": {"errors": [error] if error else []}}
    return response(status, json.dumps(body).encode())


def page(status: int, **headers: str) -> bytes:
    return response(status, b"<!DOCTYPE html><h1>Whoops</h1>", "text/html; charset=UTF-8", **headers)


OK = response(200, b'{"id":1}')
NOTHING = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
FAILING = page(500)


class Server:
    """Answers with what a test lines up, and with `OK` after that."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[tuple[str, str]] = []
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.url = ""
        self.open = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = [line[15:] for line in head.split("\r\n") if line.lower().startswith("content-length:")]
            self.bodies.append(await reader.readexactly(int(length[0])) if length else b"")
            method, target, _ = head.split(" ", 2)
            self.asked.append((method, target))
            self.heads.append(head)
            answer = self.answers.pop(0) if self.answers else OK
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            writer.close()


class Pauses:
    """Instead of sleeping: what was asked for is written down."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    one = Server()
    listener = await asyncio.start_server(one.talk, "127.0.0.1")
    one.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    yield one
    listener.close()


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
async def http(server: Server, pauses: Pauses) -> AsyncIterator[Http]:
    one = Http(server.url, KEY, breaker=Breaker(after=1000), sleep=pauses)
    yield one
    await one.close()


def get(http: Http) -> Awaitable[Any]:
    return http.get("conversations/1")


def put(http: Http) -> Awaitable[Any]:
    return http.put("conversations/1", {"byUser": 1, "status": "closed"})


def delete(http: Http) -> Awaitable[Any]:
    return http.delete("conversations/1")


def post(http: Http) -> Awaitable[Any]:
    return http.post("conversations/1/threads", {"type": "note", "text": SAID, "user": 1, "cc": []})


Call = Callable[[Http], Awaitable[Any]]
REPEATABLE = pytest.mark.parametrize("call", [get, put, delete])
ANY = pytest.mark.parametrize("call", [get, put, delete, post])


async def cut(writer: asyncio.StreamWriter) -> None:
    """Close without a byte."""


async def cut_body(writer: asyncio.StreamWriter) -> None:
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n" + b'{"id":'
    )
    await writer.drain()


async def hang(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(2)


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
    for _ in range(200):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


def hurry(http: Http, answer: Answer) -> None:
    """Let what this answer runs into come soon. All else has its time: a busy machine is no failure."""
    if answer is hang:
        http._client.timeout = httpx.Timeout(http._deadline, read=0.15)
    elif answer is drip:
        http._deadline = 0.5


# ------------------------------------------------------------------------------------------- retries

PASSING: dict[str, Answer] = {
    "a page with 500": FAILING,
    "JSON with 502": response(502, b'{"message":"Error"}'),
    "maintenance": page(503),
    "a gateway's timeout": page(504),
    "429 without a pause": response(429),
    "429 with a short pause": response(429, Retry_After="0"),
    "cut off": cut,
    "cut off in the body": cut_body,
    "half of the JSON": response(200, b'{"id":'),
    "a page where JSON should be": page(200),
}


@REPEATABLE
@pytest.mark.parametrize("failure", PASSING.values(), ids=PASSING)
async def test_what_may_be_repeated_is_tried_three_times(
    http: Http, server: Server, pauses: Pauses, call: Call, failure: Answer
) -> None:
    server.answers = [failure, failure, OK]
    await call(http)
    assert len(server.asked) == 3
    assert len({*server.asked, *server.bodies}) == 2  # the same call every time
    assert pauses.taken == list(RETRIES)


@REPEATABLE
@pytest.mark.parametrize("failure", PASSING.values(), ids=PASSING)
async def test_three_failures_are_told_as_passing(
    http: Http, server: Server, call: Call, failure: Answer
) -> None:
    server.answers = [failure] * 3
    with pytest.raises(Transient):
        await call(http)
    assert len(server.asked) == 3


@pytest.mark.parametrize("failure", PASSING.values(), ids=PASSING)
async def test_a_post_is_never_tried_again(
    http: Http, server: Server, pauses: Pauses, failure: Answer
) -> None:
    server.answers = [failure]
    with pytest.raises((Ambiguous, Transient)):
        await post(http)
    assert (len(server.asked), pauses.taken) == (1, [])


FINAL: dict[str, tuple[bytes, type[BridgeError]]] = {
    "the wrong key": (response(401, b'{"message":"Not authorized"}'), Misconfigured),
    "a redirect": (page(301, Location="https://127.0.0.1:9/"), Misconfigured),
    "no such route": (page(405), Misconfigured),
    "no such page": (page(404), Misconfigured),
    "gone": (said(404, "Not Found"), NotFound),
    "refused": (said(400, path="user", message="may not be empty"), Refused),
}


@ANY
@pytest.mark.parametrize(("failure", "kind"), FINAL.values(), ids=FINAL)
async def test_what_stays_wrong_is_not_tried_again(
    http: Http, server: Server, pauses: Pauses, call: Call, failure: bytes, kind: type[BridgeError]
) -> None:
    server.answers = [failure]
    with pytest.raises(kind):
        await call(http)
    assert (len(server.asked), pauses.taken) == (1, [])


@REPEATABLE
async def test_a_longer_pause_than_ours_is_left_to_who_has_the_time(
    http: Http, server: Server, pauses: Pauses, call: Call
) -> None:
    server.answers = [response(429, Retry_After="5")]
    with pytest.raises(Transient) as told:
        await call(http)
    assert (told.value.retry_after, len(server.asked), pauses.taken) == (5, 1, [])
    server.answers = [FAILING, response(429, Retry_After="1"), OK]  # 1 is no longer than the second pause
    await call(http)
    assert len(server.asked) == 4
    server.answers = [response(429, Retry_After="1")]  # but longer than the first
    with pytest.raises(Transient):
        await call(http)
    assert len(server.asked) == 5


async def test_a_failure_that_took_long_is_not_repeated_while_somebody_waits(
    server: Server, pauses: Pauses
) -> None:
    async def slowly(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(module._QUICK + 0.1)
        writer.write(FAILING)
        await writer.drain()

    http = Http(server.url, KEY, deadline=20, breaker=Breaker(after=1000), sleep=pauses)
    server.answers = [slowly]
    with pytest.raises(Transient, match="500"):
        await get(http)
    assert (len(server.asked), pauses.taken) == (1, [])
    await http.close()


# ----------------------------------------------------------------------------------- the circuit breaker


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
async def guarded(server: Server, clock: Time) -> AsyncIterator[Http]:
    """A client that leaves FreeScout alone for ten seconds after three failures."""
    one = Http(server.url, KEY, breaker=Breaker(after=3, pause=10, clock=clock))
    yield one
    await one.close()


async def fails(http: Http, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Ambiguous):
            await post(http)


async def test_a_freescout_that_fails_is_left_alone_and_then_asked_once(
    guarded: Http, server: Server, clock: Time
) -> None:
    server.answers = [FAILING] * 3
    await fails(guarded, 3)
    clock.now += 3.5
    for call in (get, put, delete, post):
        began = time.monotonic()
        with pytest.raises(Transient, match="left alone") as told:
            await call(guarded)
        assert told.value.retry_after == 7
        assert time.monotonic() - began < 5  # nobody is kept waiting for those seven seconds
    assert len(server.asked) == 3
    clock.now += 7
    server.answers = [FAILING]
    await fails(guarded, 1)  # one finds out, in vain
    with pytest.raises(Transient, match="left alone"):
        await get(guarded)
    assert len(server.asked) == 4
    clock.now += 10
    await post(guarded)
    await asyncio.gather(get(guarded), put(guarded), delete(guarded))
    assert len(server.asked) == 8


async def test_while_one_finds_out_the_others_wait(guarded: Http, server: Server, clock: Time) -> None:
    server.answers = [FAILING] * 3
    await fails(guarded, 3)
    clock.now += 10

    async def late(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.15)
        writer.write(OK)
        await writer.drain()

    server.answers = [late]
    results = await asyncio.gather(*(get(guarded) for _ in range(5)), return_exceptions=True)
    assert [type(one) for one in results] == [dict, *[Transient] * 4]
    assert len(server.asked) == 4
    await get(guarded)


async def test_one_that_was_to_find_out_and_was_cancelled_does_not_shut_the_door(
    guarded: Http, server: Server, clock: Time
) -> None:
    server.answers = [FAILING] * 3
    await fails(guarded, 3)
    clock.now += 10
    server.answers = [hang]
    finding_out = asyncio.create_task(get(guarded))
    while len(server.asked) < 4:
        await asyncio.sleep(0.01)
    finding_out.cancel()
    with pytest.raises(asyncio.CancelledError):
        await finding_out
    clock.now += 10
    assert await get(guarded) == {"id": 1}


@pytest.mark.parametrize("answer", [said(404), said(400), response(401), page(405), response(429), OK])
async def test_any_answer_but_a_failure_shows_that_freescout_is_there(
    guarded: Http, server: Server, answer: bytes
) -> None:
    server.answers = [FAILING, FAILING, answer, FAILING, FAILING]
    for _ in range(5):
        try:
            await post(guarded)
        except BridgeError:
            continue
    assert await get(guarded) == {"id": 1}


async def test_no_answer_counts_as_a_failure(server: Server, clock: Time) -> None:
    http = Http("http://127.0.0.1:9", KEY, breaker=Breaker(after=3, clock=clock), sleep=Pauses())
    with pytest.raises(Transient, match="cannot be reached"):
        await get(http)  # tried three times
    with pytest.raises(Transient, match="left alone"):
        await get(http)
    await http.close()


async def test_a_call_that_is_tried_again_stops_when_the_door_shuts(
    server: Server, clock: Time, pauses: Pauses
) -> None:
    http = Http(server.url, KEY, breaker=Breaker(after=2, clock=clock), sleep=pauses)
    server.answers = [FAILING] * 9
    with pytest.raises(Transient, match="left alone"):
        await get(http)
    assert len(server.asked) == 2
    await http.close()


async def test_a_whole_client_fails_at_once_too(server: Server, clock: Time) -> None:
    client = FreeScout(server.url, KEY, breaker=Breaker(after=1, clock=clock))
    server.answers = [cut]
    with pytest.raises(Ambiguous):
        await client.add_thread(1, NewThread("note", "x", (), user=1))
    with pytest.raises(Transient, match="left alone"):
        await client.mailboxes()
    await client.close()


NAMELESS = {
    "an empty object": response(200),
    "an error that is none": response(200, b'{"error":"Something"}'),
    "null": response(201, b"null"),
    "no id": response(201, b'{"id":null}'),
    "an id of nothing": response(201, b'{"id":0}'),
    "nothing": NOTHING,
}
MADE: dict[str, Callable[[FreeScout], Awaitable[Any]]] = {
    "thread": lambda client: client.add_thread(1, NewThread("note", "x", (), user=1)),
    "conversation": lambda client: client.create_conversation(
        NewConversation(1, "Subject", "eve@example.org", [NewThread("note", "x", (), user=1)])
    ),
    "customer": lambda client: client.create_customer(NewCustomer("Eve", emails=["eve@example.org"])),
    "webhook": lambda client: client.create_webhook("https://bridge.example.org/", ["convo.created"]),
}


@pytest.mark.parametrize("answer", NAMELESS.values(), ids=NAMELESS)
@pytest.mark.parametrize("what", MADE)
async def test_what_is_made_without_a_name_may_or_may_not_be_made(
    server: Server, what: str, answer: bytes
) -> None:
    client = FreeScout(server.url, KEY)
    server.answers = [answer]
    with pytest.raises(Ambiguous, match=f"takes a {what} without saying which"):
        await MADE[what](client)
    assert len(server.asked) == 1
    await client.close()


async def test_a_new_thread_is_named_by_the_header_or_by_the_body(server: Server) -> None:
    client = FreeScout(server.url, KEY)
    server.answers = [response(201, Resource_ID="7"), response(201, b'{"id":8}')]
    assert [(await MADE["thread"](client)).id for _ in range(2)] == [7, 8]
    await client.close()


# -------------------------------------------------------------------------------- how the key is shown

SHOWN = {
    Auth.HEADER: ("x-freescout-api-key: " + KEY, ""),
    Auth.PARAMETER: ("", "api_key=" + KEY),
    Auth.BASIC: ("authorization: basic ", ""),
}


@pytest.mark.parametrize("auth", Auth)
async def test_the_key_is_shown_in_the_one_way_that_was_asked_for(server: Server, auth: Auth) -> None:
    http = Http(server.url, KEY, auth=auth)
    await http.get("conversations", {"page": 2})
    await post(http)
    for (_, target), head in zip(server.asked, server.heads, strict=True):
        fields = head.partition("\r\n")[2].lower()
        for other, (header, parameter) in SHOWN.items():
            assert bool(header and header in fields) is (other is auth and bool(header))
            assert bool(parameter and parameter in target) is (other is auth and bool(parameter))
    assert "page=2" in server.asked[0][1]
    await http.close()


async def test_header_and_parameter_open_a_freescout_and_basic_does_not() -> None:
    freescout = StandIn(now=Clock(), api_key=KEY)
    freescout.add_mailbox("Support", "support@example.org")
    async with serving(freescout.app) as url:
        for auth in (Auth.HEADER, Auth.PARAMETER):
            client = FreeScout(url, KEY, auth=auth)
            assert [box.name for box in await client.mailboxes()] == ["Support"]
            await client.close()
        client = FreeScout(url, KEY, auth=Auth.BASIC)
        with pytest.raises(Misconfigured, match="FREESCOUT_API_KEY"):
            await client.mailboxes()
        await client.close()


@pytest.mark.parametrize("key", ["", "a\nkey", "a key", "a kéy", "key\r\nX-Other: 1"])
@pytest.mark.parametrize("auth", Auth)
def test_what_cannot_be_a_key_is_refused_without_being_quoted(key: str, auth: Auth) -> None:
    with pytest.raises(ConfigError) as told:
        Http("http://127.0.0.1:9", key, auth=auth)
    assert "FREESCOUT_API_KEY" in str(told.value)
    assert "éy" not in str(told.value)


@pytest.mark.parametrize("auth", Auth)
async def test_the_key_is_in_no_exception_and_in_no_line_of_ours(
    server: Server, auth: Auth, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    http = Http(server.url, KEY, auth=auth, breaker=Breaker(after=1000), sleep=Pauses())
    patient = http._client.timeout, http._deadline
    failures = [*PASSING.values(), *(answer for answer, _ in FINAL.values()), hang, drip]
    told: list[str] = []
    for failure in failures:
        http._client.timeout, http._deadline = patient
        hurry(http, failure)
        for call in (get, post):
            server.answers = [failure] * 3
            try:
                await call(http)
            except BridgeError as error:
                told += [str(error), repr(error), repr(error.__cause__)]
            server.answers = []
    other = Http("http://127.0.0.1:9", KEY, auth=auth, sleep=Pauses())
    with pytest.raises(Transient) as refused:
        await get(other)
    told += [str(refused.value), repr(refused.value.__cause__)]
    ours = [one.getMessage() for one in caplog.records if not one.name.startswith("http")]
    everything = "\n".join([*told, *ours])
    assert len(told) > 50
    assert KEY not in everything
    assert "4111" not in everything
    if auth is Auth.HEADER:  # the libraries' own lines hold addresses: `bot.__main__` keeps them quiet
        assert KEY not in "\n".join(one.getMessage() for one in caplog.records)
    await http.close()
    await other.close()


# ----------------------------------------------------------------------------- each failure has a name

NAMED: dict[str, tuple[Answer, str]] = {
    "a page with 500": (page(500), "fails with a web page \\(500"),
    "maintenance": (page(503), "fails with a web page \\(503"),
    "JSON with 502": (response(502, b'{"message":"Error"}'), "FreeScout fails \\(502"),
    "a page with 200": (page(200), "a web page where JSON should be"),
    "half of the JSON": (response(200, b'{"id":'), "JSON that ends in the middle"),
    "nested beyond reason": (response(200, b"[" * 100_000), "JSON that ends in the middle"),
    "cut off": (cut, "broke off in the middle"),
    "cut off in the body": (cut_body, "broke off in the middle"),
    "packed in a way that it is not": (
        response(200, b"abcd", Content_Encoding="gzip"),
        "what cannot be unpacked",
    ),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.6\r\n", "broke off in the middle"),
    "hangs": (hang, "hangs: no answer came"),
    "drips": (drip, "drips"),
}


@pytest.mark.parametrize(("answer", "named"), NAMED.values(), ids=NAMED)
async def test_a_failure_is_named_and_only_a_post_is_left_open_by_it(
    http: Http, server: Server, answer: Answer, named: str
) -> None:
    hurry(http, answer)
    server.answers = [answer] * 3
    with pytest.raises(Transient, match=named) as told:
        await get(http)
    assert "GET conversations/1" in str(told.value)
    assert not isinstance(told.value, Misconfigured)
    server.answers = [answer]
    with pytest.raises(Ambiguous, match=named) as open_:
        await post(http)
    assert "POST conversations/1/threads" in str(open_.value)


@ANY
async def test_a_refused_connection_did_nothing(pauses: Pauses, call: Call) -> None:
    http = Http("http://127.0.0.1:9", KEY, sleep=pauses)
    with pytest.raises(Transient, match="cannot be reached"):
        await call(http)
    await http.close()


@ANY
@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (page(301, Location="https://127.0.0.1:9/"), "final address"),
        (page(302, Location="/login"), "final address"),
        (page(405), "no .* \\(405\\): is the API & Webhooks module on"),
        (page(404), "no .* \\(404\\): is the API & Webhooks module on"),
        (response(401, b'{"message":"Not authorized"}'), "refuses the API key"),
        (page(401), "refuses the API key"),
    ],
)
async def test_what_the_operator_has_to_put_right_says_what_it_is(
    http: Http, server: Server, call: Call, answer: bytes, named: str
) -> None:
    server.answers = [answer]
    with pytest.raises(Misconfigured, match=named):
        await call(http)


@pytest.mark.parametrize(
    "body",
    [
        b'{"status":"error","message":"Endpoint not found"}',
        b'{"message":"no route"}',
        b"{}",
        b"null",
        b"",
        b"[]",
    ],
)
@ANY
async def test_anothers_404_is_not_the_end_of_a_conversation(
    http: Http, server: Server, call: Call, body: bytes
) -> None:
    server.answers = [response(404, body)]
    with pytest.raises(Misconfigured):
        await call(http)


@ANY
async def test_a_404_that_came_in_half_is_nobodys_mistake(http: Http, server: Server, call: Call) -> None:
    whole = json.dumps({"message": "Not Found", "_embedded": {"errors": []}}).encode()
    server.answers = [response(404, whole[: len(whole) // 2])] * (len(RETRIES) + 1)
    with pytest.raises(Transient, match="ends in the middle") as told:
        await call(http)
    assert not isinstance(told.value, Misconfigured)
    if len(server.asked) > 1:  # what may be tried again was
        server.answers = [response(404, whole[:-1]), response(404, whole)]
        with pytest.raises(NotFound):
            await call(http)


async def test_a_module_of_the_same_name_is_recognised() -> None:
    freescout = StandIn(now=Clock(), api_key=KEY)
    freescout.add_mailbox("Support", "support@example.org")
    freescout.api.wrong_module = True
    async with serving(freescout.app) as url:
        client = FreeScout(url, KEY)
        with pytest.raises(Misconfigured, match="another module"):
            await client.mailboxes()
        with pytest.raises(Misconfigured, match="module"):
            await client.conversation(1)
        with pytest.raises(Misconfigured, match="module"):
            await client.add_thread(1, NewThread("note", "x", (), user=1))
        await client.close()


async def test_a_missing_list_of_webhooks_is_told_from_a_wrong_key(server: Server) -> None:
    client = FreeScout(server.url, KEY)
    server.answers = [page(405)]
    assert await client.webhooks() is None
    for answer in (response(401), page(404), page(301, Location="/login"), response(200, b"[]")):
        server.answers = [answer]
        with pytest.raises(Misconfigured):
            await client.webhooks()
    await client.close()


@ANY
async def test_freescouts_own_words_come_with_the_field_they_are_about(
    http: Http, server: Server, call: Call
) -> None:
    server.answers = [said(400, path="status", message="Expected one of these")]
    with pytest.raises(Refused) as told:
        await call(http)
    assert (told.value.status, told.value.path) == (400, "status")
    assert str(told.value) == "FreeScout refuses this (400): Bad Request; status Expected one of these"
    server.answers = [page(403)]
    with pytest.raises(Refused, match="gives no reason"):
        await call(http)


@ANY
@pytest.mark.parametrize(("status", "header"), [(429, "7"), (503, "7")])
async def test_a_named_pause_is_passed_on(
    http: Http, server: Server, call: Call, status: int, header: str
) -> None:
    server.answers = [page(status, Retry_After=header)]
    with pytest.raises(BridgeError) as told:
        await call(http)
    if call is post and status == 503:
        assert isinstance(told.value, Ambiguous)
    else:
        assert isinstance(told.value, Transient)
        assert told.value.retry_after == 7


# ------------------------------------------------------------------------------- one that hangs


async def test_calls_that_hang_leave_room_for_others(server: Server) -> None:
    http = Http(server.url, KEY, breaker=Breaker(after=1000))
    over = asyncio.Event()

    async def stay(_: asyncio.StreamWriter) -> None:
        await over.wait()

    server.answers = [stay] * 19
    stuck = [asyncio.create_task(post(http)) for _ in range(19)]
    while len(server.asked) < 19:
        await asyncio.sleep(0.01)
    for _ in range(5):
        assert await get(http) == {"id": 1}
    assert server.open == 19
    for task in stuck:
        task.cancel()
    over.set()
    await asyncio.gather(*stuck, return_exceptions=True)
    assert await get(http) == {"id": 1}
    await http.close()


async def test_no_more_than_twenty_connections_are_opened_and_who_gets_none_is_told(
    server: Server, pauses: Pauses
) -> None:
    http = Http(server.url, KEY, breaker=Breaker(after=1000), deadline=8.0, sleep=pauses)
    over = asyncio.Event()

    async def stay(_: asyncio.StreamWriter) -> None:
        await over.wait()

    server.answers = [stay] * 60
    stuck = [asyncio.create_task(post(http)) for _ in range(20)]
    while len(server.asked) < 20:
        await asyncio.sleep(0.01)
    with pytest.raises(Transient, match="PoolTimeout"):
        await post(http)  # never sent, and therefore not left open
    assert (server.open, len(server.asked)) == (20, 20)
    over.set()
    results = await asyncio.gather(*stuck, return_exceptions=True)
    assert {type(one) for one in results} == {Ambiguous}
    await http.close()


async def test_a_freescout_that_hangs_stops_nothing_else_and_is_soon_left_alone(
    server: Server, clock: Time, pauses: Pauses
) -> None:
    http = Http(server.url, KEY, breaker=Breaker(after=3, clock=clock), sleep=pauses)
    hurry(http, hang)
    server.answers = [hang] * 9
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.create_task(tick())
    with pytest.raises(Transient, match="hangs"):
        await get(http)
    ticking.cancel()
    assert ticks > 10
    with pytest.raises(Transient, match="left alone"):
        await get(http)
    await http.close()
