"""The stand-in FreeScout's page."""

from datetime import timedelta

import pytest

from tests.sandbox import freescout_house
from tests.sandbox.freescout_house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")
help_desk, bot = freescout_house.help_desk, freescout_house.bot
house, receiver = freescout_house.house, freescout_house.receiver


async def test_the_page_shows_text_and_never_runs_it(house: House):
    house.freescout.customer_writes(
        "x@example.org",
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>&lt;b&gt;hi",
        mailbox=house.support,
    )
    page = (await house.client.get("/conversation/2")).text
    assert "&lt;img src=x" in page
    assert "<img" not in page
    assert "alert(1)</script>" not in page
    assert "&lt;b&gt;hi" in page


async def test_people_can_write_on_the_page_without_script(house: House):
    form = {
        "email": "nora@example.org",
        "name": "Nora Quist",
        "mailbox": "1",
        "subject": "Hello",
        "message": "a <b>\nc",
    }
    answer = await house.client.post("/customer/write", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?open=2&as=")
    await house.client.post(
        "/desk/write", data={"open": "2", "user": "2", "kind": "reply", "status": "closed", "message": "Hi"}
    )
    await house.client.post("/desk/write", data={"open": "2", "user": "2", "kind": "note", "message": "psst"})
    await house.client.post("/customer/answer", data={"conversation": "2", "message": "Thanks"})
    await house.client.post(
        "/desk/set", data={"open": "2", "user": "1", "assignee": "2", "tags": "vip, late", "mailbox": "2"}
    )
    page = (await house.client.get("/?open=2")).text
    assert [
        word
        for word in ("a &lt;b&gt;\nc", "Internal note", "psst", "Thanks", "vip", "Mailed")
        if word not in page
    ] == []
    (mail,) = house.freescout.outbox
    assert (mail.to, mail.text) == (["nora@example.org"], "Hi")


async def test_other_sites_cannot_post(house: House):
    form = {"minutes": "30"}
    before = house.time.now
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}):
        assert (await house.client.post("/clock/skip", data=form, headers=headers)).status_code == 403
    assert house.time.now == before
    assert (
        await house.client.post("/clock/skip", data=form, headers={"Origin": house.url})
    ).status_code == 303
    assert house.time.now == before + timedelta(minutes=30)


async def test_the_page_asks_for_news_and_gets_none_when_nothing_happened(house: House):
    first = (await house.client.get("/live", params={"open": "1"})).json()
    same = {"open": "1", "version": first["version"]}
    assert (await house.client.get("/live", params=same)).status_code == 204
    house.freescout.customer_replies(house.parcel, "News")
    assert "News" in (await house.client.get("/live", params=same)).json()["parts"]["history"]
