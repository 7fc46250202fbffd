"""One call to Slack: each way in which it fails, through a real server, and what that means to whom."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from slack_sdk.web.async_client import AsyncWebClient

from bot import policy
from bot.errors import Ambiguous, BridgeError, Misconfigured, Transient
from bot.slackapi import SlackRefused, call, client
from sandbox.clock import Clock
from sandbox.serving import serving
from sandbox.slack import Slack

pytestmark = pytest.mark.asyncio(loop_scope="module")

SAID = "My card number is 4111"


@dataclass
class Line:
    """A workspace with a channel, and a client that talks to it."""

    slack: Slack
    web: AsyncWebClient
    channel: str

    async def post(self, deadline: float = 5) -> dict[str, Any]:
        return await call(self.web.chat_postMessage, deadline=deadline, channel=self.channel, text=SAID)

    @property
    def posted(self) -> int:
        return len(self.slack.messages(self.channel))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_line() -> AsyncIterator[Line]:
    slack = Slack(now=Clock(), limit_posts=False)
    async with serving(slack.app) as slack.url, aiohttp.ClientSession() as session:
        yield Line(slack, client(slack.bot_token, slack.api_url, session), slack.add_channel("support"))
    await slack.close()


@pytest_asyncio.fixture(loop_scope="module")
async def line(one_line: Line) -> Line:
    one_line.slack.faults.clear()
    one_line.slack.channel("support").messages.clear()
    return one_line


async def test_an_answer_comes_as_it_is(line: Line) -> None:
    told = await line.post()
    assert told["ok"] is True
    assert told["ts"] == line.slack.messages("support")[0].ts


@pytest.mark.parametrize("code", [code for code, rule in policy.SLACK.items() if rule.words])
async def test_what_the_operator_must_mend_keeps_slacks_word_and_waits_a_minute(
    line: Line, code: str
) -> None:
    line.slack.faults.api("chat.postMessage", error=code)
    with pytest.raises(Misconfigured) as told:
        await line.post()
    assert (told.value.code, told.value.retry_after) == (code, 60)
    assert f"({code})" in str(told.value)


@pytest.mark.parametrize(
    ("fault", "pause"),
    [
        ({"error": "ratelimited", "retry_after": 7}, 7),
        ({"error": "ratelimited", "retry_after": 99_999}, 3600),
        ({"error": "ratelimited"}, 5),
        ({"error": "ratelimited", "status": 200}, 5),
        ({"error": "rate_limited", "status": 200}, 5),
        ({"error": "message_limit_exceeded"}, 5),
        ({"error": "service_unavailable", "status": 503}, 5),
        ({"error": "team_added_to_org"}, 5),
        ({"html": True, "status": 429, "retry_after": 3}, 3),
    ],
)
async def test_what_passes_names_its_pause(line: Line, fault: dict[str, Any], pause: float) -> None:
    line.slack.faults.api("chat.postMessage", **fault)
    with pytest.raises(Transient) as told:
        await line.post()
    assert not isinstance(told.value, Misconfigured)
    assert told.value.retry_after == pause
    assert line.posted == 0


@pytest.mark.parametrize("after", [False, True], ids=["before it happened", "after it happened"])
@pytest.mark.parametrize(
    "fault",
    [
        {"error": "internal_error"},
        {"error": "internal_error", "status": 500},
        {"error": "fatal_error"},
        {"error": "request_timeout"},
        {"html": True, "status": 500},
        {"html": True, "status": 200},
        {"status": 503},
        {"status": 200},
        {"cut": True},
    ],
    ids=str,
)
async def test_what_was_cut_off_may_have_happened(line: Line, fault: dict[str, Any], after: bool) -> None:
    line.slack.faults.api("chat.postMessage", after=after, **fault)
    with pytest.raises(Ambiguous):
        await line.post()
    assert line.posted == int(after)


@pytest.mark.parametrize("after", [False, True], ids=["before it happened", "after it happened"])
async def test_a_call_that_hangs_is_given_up_in_time(line: Line, after: bool) -> None:
    line.slack.faults.api("chat.postMessage", hang=5, after=after)
    with pytest.raises(Ambiguous, match="TimeoutError"):
        await line.post(deadline=0.1)


async def _garbled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"ok":t')
    await writer.drain()
    writer.close()


async def _halved(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"ok"')
    await writer.drain()
    writer.close()


async def _not_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("answer", [_garbled, _halved, _not_http])
async def test_an_answer_that_is_half_or_none_may_hide_a_post(answer: Any) -> None:
    server = await asyncio.start_server(answer, "127.0.0.1")
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/"
    async with aiohttp.ClientSession() as session:
        with pytest.raises(Ambiguous):
            await call(client("xoxb-1", address, session).chat_postMessage, channel="C1", text=SAID)
    server.close()


async def test_a_slack_that_is_not_there_was_told_nothing() -> None:
    async with aiohttp.ClientSession() as session:
        web = client("xoxb-1", "http://127.0.0.1:9/api/", session)
        with pytest.raises(Transient, match="cannot be reached"):
            await call(web.chat_postMessage, channel="C1", text=SAID)


@pytest.mark.parametrize("code", ["message_not_found", "invalid_blocks", "a_word_of_next_year"])
async def test_any_other_no_is_a_refusal_under_slacks_word(line: Line, code: str) -> None:
    line.slack.faults.api("chat.postMessage", error=code)
    with pytest.raises(SlackRefused, match=code) as told:
        await line.post()
    assert told.value.code == code


async def test_a_refusal_of_blocks_says_where_they_are_wrong(line: Line) -> None:
    with pytest.raises(SlackRefused, match="invalid_blocks") as told:
        await call(line.web.chat_postMessage, channel=line.channel, blocks=[{"type": "sektion"}], text="x")
    assert "(" in str(told.value)


async def test_a_wrong_token_is_the_operators(line: Line) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(Misconfigured, match="SLACK_BOT_TOKEN"):
            await call(client("xoxb-wrong", line.slack.api_url, session).auth_test)


async def test_the_client_itself_repeats_nothing(line: Line) -> None:
    before = len(line.slack.called("chat.postMessage"))
    for fault in ({"cut": True}, {"error": "ratelimited", "retry_after": 0}, {"status": 500}):
        line.slack.faults.api("chat.postMessage", **fault)
        with pytest.raises(BridgeError):
            await line.post()
    assert len(line.slack.called("chat.postMessage")) - before == 3


async def test_neither_token_nor_text_is_in_errors_or_the_log(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    told: list[str] = []
    faults: list[dict[str, Any]] = [{"cut": True}, {"status": 500}, {"html": True}, {"error": "invalid_auth"}]
    for fault in [*faults, {"error": "no_such_word"}, {"error": "ratelimited"}, {"error": "internal_error"}]:
        line.slack.faults.api("chat.postMessage", after=True, **fault)
        with pytest.raises(BridgeError) as error:
            await line.post()
        told += [str(error.value), repr(error.value), str(error.value.__cause__)]
    everything = "\n".join([*told, *(record.getMessage() for record in caplog.records)])
    assert line.slack.bot_token not in everything
    assert "4111" not in everything
