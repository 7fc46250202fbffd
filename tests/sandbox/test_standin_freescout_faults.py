"""What tests can have go wrong with the stand-in FreeScout's answers."""

import asyncio

import httpx
import pytest

from tests.sandbox import freescout_house
from tests.sandbox.freescout_house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")
help_desk, bot = freescout_house.help_desk, freescout_house.bot
house, receiver = freescout_house.house, freescout_house.receiver


async def test_a_fault_after_the_write_loses_only_the_answer(house: House):
    house.freescout.faults.api("POST /api/conversations/*/threads", status=502, html=True, after=True)
    answer = await house.post_thread(type="message", user=house.ben, text="Hi")
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert len(house.freescout.outbox) == 1
    assert (await house.post_thread(type="message", user=house.ben, text="Hi")).status_code == 201


@pytest.mark.parametrize("after", [True, False])
async def test_a_cut_connection_gives_no_answer_at_all(house: House, after: bool):
    house.freescout.faults.api("POST *", cut=True, after=after)
    with pytest.raises(httpx.TransportError):
        await house.post_thread(type="message", user=house.ben, text="Hi")
    assert len(house.freescout.outbox) == int(after)


async def test_a_hanging_call_times_out_and_a_slow_one_is_answered(house: House):
    timeout = httpx.Timeout(5, read=0.2)
    house.freescout.faults.api("POST *", hang=30)
    with pytest.raises(httpx.ReadTimeout):
        await house.client.post(f"/api/conversations/{house.parcel}/threads", json={}, timeout=timeout)
    house.freescout.faults.api("POST *", hang=0.02, after=True)
    assert (await house.post_thread(type="note", user=house.ben, text="n")).status_code == 201


async def test_every_call_is_recorded(house: House):
    await house.post_thread(type="note", user=house.ben, text="n")
    await house.get("/conversations", status="active")
    first, second = house.freescout.requests
    assert (first.method, first.path, first.body["text"]) == ("POST", "/api/conversations/1/threads", "n")
    assert (second.method, second.query, second.body) == ("GET", {"status": "active"}, None)


async def test_it_can_point_elsewhere(house: House):
    house.freescout.faults.api("GET *", redirect="https://help.example.org/api/mailboxes")
    answer = await house.client.get("/api/mailboxes")
    assert (answer.status_code, answer.headers["location"]) == (301, "https://help.example.org/api/mailboxes")


async def test_maintenance_is_a_page_and_may_say_when_to_come_back(house: House):
    house.freescout.faults.api("GET *", maintenance=True, retry_after=60)
    answer = await house.client.get("/api/mailboxes")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert answer.headers["content-type"].startswith("text/html")
    house.freescout.faults.api("GET *", retry_after="Wed, 21 Oct 2026 07:28:00 GMT")
    answer = await house.client.get("/api/mailboxes")
    assert (answer.status_code, answer.headers["retry-after"][:3]) == (429, "Wed")


async def test_a_405_with_a_page_can_stand_for_an_old_module(house: House):
    house.freescout.faults.api("GET *", status=405, html=True)
    answer = await house.client.get("/api/mailboxes")
    assert (answer.status_code, "Method Not Allowed" in answer.text) == (405, True)


async def test_a_truncated_answer_looks_whole_until_it_is_parsed(house: House):
    house.freescout.faults.api("POST *", truncate=True)
    answer = await house.post_thread(type="note", user=house.ben, text="n")
    assert (answer.status_code, int(answer.headers["content-length"])) == (201, len(answer.content))
    with pytest.raises(ValueError):
        answer.json()
    assert len((await house.look())["_embedded"]["threads"]) == 2


async def test_a_connection_can_break_in_the_middle_of_a_body(house: House):
    house.freescout.faults.api("POST *", cut="body")
    with pytest.raises(httpx.RemoteProtocolError):
        await house.post_thread(type="note", user=house.ben, text="n")
    assert len((await house.look())["_embedded"]["threads"]) == 2


async def test_an_answer_can_drip(house: House):
    wanted = (await house.client.get("/api/users/1")).content
    house.freescout.faults.api("GET *", drip=0.0001)
    assert (await house.client.get("/api/users/1")).content == wanted
    house.freescout.faults.api("GET *", drip=0.02)
    with pytest.raises(TimeoutError):
        # Each byte comes in time for the client's own timeout, all of them do not.
        await asyncio.wait_for(house.client.get("/api/mailboxes", timeout=0.5), 0.4)
    house.freescout.faults.api("GET *", status=500, drip=0.0001)
    assert (await house.client.get("/api/mailboxes")).json() == {"message": "Error"}
