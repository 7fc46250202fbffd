"""The stand-in FreeScout over real HTTP: the door, the shapes, and what it wrongly accepts."""

import json
from pathlib import Path

import httpx
import pytest

from tests.sandbox import freescout_house
from tests.sandbox.freescout_house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")
help_desk, bot = freescout_house.help_desk, freescout_house.bot
house, receiver = freescout_house.house, freescout_house.receiver


# The door


@pytest.mark.parametrize(
    "headers", [{}, {"X-FreeScout-API-Key": "wrong"}, {"Authorization": "Basic a2V5OngK"}]
)
async def test_without_the_key_it_answers_401_and_http_basic_is_no_key(house: House, headers: dict):
    async with httpx.AsyncClient(base_url=house.url) as stranger:
        answer = await stranger.get("/api/mailboxes", headers=headers)
        assert (answer.status_code, list(answer.json())) == (401, ["message"])


async def test_http_basic_does_not_open_even_with_the_right_key(house: House):
    async with httpx.AsyncClient(base_url=house.url, auth=(house.freescout.api_key, "x")) as stranger:
        assert (await stranger.get("/api/mailboxes")).status_code == 401


async def test_the_key_may_stand_in_the_query(house: House):
    answer = httpx.Response(0)
    async with httpx.AsyncClient(base_url=house.url) as stranger:
        answer = await stranger.get("/api/mailboxes", params={"api_key": house.freescout.api_key})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/nothing"),
        ("GET", "/api/webhooks"),
        ("PATCH", "/api/conversations/1"),
        ("GET", "/api/conversations/1/threads"),
    ],
)
async def test_an_unknown_route_or_method_is_405_with_a_page(house: House, method: str, path: str):
    answer = await house.client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["content-type"].startswith("text/html")


async def test_what_is_missing_is_404_in_json(house: House):
    answer = await house.client.get("/api/conversations/999")
    assert answer.status_code == 404
    assert answer.json() == {"message": "Not Found", "_embedded": {"errors": []}}


@pytest.mark.parametrize(
    "query", [{"updatedSince": "yesterday-ish"}, {"pageSize": "many"}, {"pageSize": "0"}]
)
async def test_a_bad_date_or_page_size_breaks_it(house: House, query: dict):
    answer = await house.client.get("/api/conversations", params=query)
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/html")


async def test_a_400_names_one_error_at_a_time(house: House):
    answer = await house.client.post("/api/conversations", json={})
    assert answer.status_code == 400
    (error,) = answer.json()["_embedded"]["errors"]
    assert list(error) == ["path", "message", "source"]
    assert error["path"] == "type"


async def test_another_module_answers_json_that_is_not_hal(house: House):
    house.freescout.api.wrong_module = True
    key = {"X-Api-Key": house.freescout.api_key}
    assert isinstance((await house.client.get("/api/mailboxes")).json(), list)
    assert (await house.client.get("/api/v1/mailboxes")).status_code == 401
    assert (await house.client.get("/api/v1/mailboxes", headers=key)).json()[0]["name"] == "Support"
    for method, path in (("GET", "/api/conversations/1"), ("POST", "/api/webhooks"), ("GET", "/api/tags")):
        answer = await house.client.request(method, path)
        assert (answer.status_code, answer.json()["status"]) == (404, "error")
    assert house.freescout.outbox == []


# Shapes


async def test_a_conversation_has_the_recorded_keys_in_the_recorded_order(house: House):
    recorded = (
        "id number threadsCount type folderId status state subject preview mailboxId assignee createdBy "
        "createdAt updatedAt closedBy closedByUser closedAt userUpdatedAt customerWaitingSince source cc bcc "
        "customer _embedded"
    )
    thread = (
        "id type status state action body source customer createdBy assignedTo to cc bcc createdAt openedAt "
        "_embedded"
    )
    house.freescout.api.custom_fields_module = False
    seen = await house.look()
    assert list(seen) == recorded.split()
    assert list(seen["_embedded"]["threads"][0]) == thread.split()
    assert seen["createdAt"] == "2026-11-22T06:33:08Z"
    assert (seen["id"], seen["number"]) == (1, 400)
    assert (seen["assignee"], seen["closedAt"], seen["preview"]) == (None, None, "Where is it?")


async def test_it_has_the_keys_of_every_recorded_payload_that_is_at_hand(house: House):
    folder = Path(__file__).parents[1] / "payloads"
    recorded = folder / "api.get_conversation_5.json"
    if not recorded.exists():
        pytest.skip("no recordings here")
    wanted = json.loads(recorded.read_text())["body"]
    house.freescout.api.custom_fields_module = False
    seen = await house.look()
    assert list(seen) == list(wanted)
    assert list(seen["_embedded"]["threads"][0]) == list(wanted["_embedded"]["threads"][0])


async def test_lists_embed_threads_and_tags_only_when_asked(house: House):
    await house.client.put(f"/api/conversations/{house.parcel}/tags", json={"tags": ["vip", "late"]})
    plain = (await house.get("/conversations"))["_embedded"]["conversations"][0]
    full = (await house.get("/conversations", embed="threads,tags"))["_embedded"]["conversations"][0]
    assert plain["_embedded"] == {"threads": []}
    assert len(full["_embedded"]["threads"]) == 1
    assert full["_embedded"]["tags"] == [{"id": 1, "name": "vip"}, {"id": 2, "name": "late"}]
    assert [each["name"] for each in (await house.get("/tags"))["_embedded"]["tags"]] == ["vip", "late"]


async def test_without_the_tags_module_tagging_is_a_400(house: House):
    house.freescout.api.tags_module = False
    answer = await house.client.put(f"/api/conversations/{house.parcel}/tags", json={"tags": ["vip"]})
    assert answer.status_code == 400


async def test_waiting_is_the_last_reply_by_anyone_with_a_text_for_people(house: House):
    house.time.moves(minutes=31)
    assert (await house.look())["customerWaitingSince"] == {
        "time": "2026-11-22T06:33:08Z",
        "friendly": "31 min ago",
        "latestReplyFrom": "customer",
    }
    house.freescout.customer_replies(house.parcel, "Hello?")
    assert (await house.look())["customerWaitingSince"]["time"] == "2026-11-22T07:04:08Z"
    house.freescout.agent_replies(house.parcel, house.ben, "Here")
    assert (await house.look())["customerWaitingSince"]["latestReplyFrom"] == "user"


# What it wrongly accepts


async def test_a_thread_without_cc_wipes_the_conversations_list_even_a_note(house: House):
    assert (await house.look())["cc"] == ["boss@example.org"]
    await house.post_thread(type="note", user=house.ben, text="hm", cc=["boss@example.org"])
    assert (await house.look())["cc"] == ["boss@example.org"]
    await house.post_thread(type="note", user=house.ben, text="hm")
    assert (await house.look())["cc"] == []


@pytest.mark.parametrize("status", ["done", None, 7])
async def test_an_unknown_status_becomes_active(house: House, status: object):
    await house.put(byUser=house.ben, status="closed")
    assert (await house.put(byUser=house.ben, status=status)).status_code == 204
    assert (await house.look())["status"] == "active"


async def test_a_ticket_given_to_nobody_is_lost(house: House):
    answer = await house.put(byUser=house.ben, assignTo=77)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await house.look())["assignee"] is None
    assert await house.listed(assignedTo="") == []
    await house.put(byUser=house.ben, assignTo=-1)
    assert await house.listed(assignedTo="") == [house.parcel]


async def test_a_thread_of_unknown_type_is_a_customers_reply(house: House):
    answer = await house.post_thread(type="reply", user=house.ben, text="Secret words")
    thread = answer.json()
    assert (answer.status_code, thread["type"], thread["createdBy"]["email"]) == (
        201,
        "customer",
        "mark@example.org",
    )


async def test_a_customer_in_a_reply_takes_the_ticket_over(house: House):
    await house.post_thread(type="message", user=house.ben, text="Hi", customer={"email": "eve@example.org"})
    assert (await house.look())["customer"]["email"] == "eve@example.org"
    assert house.freescout.outbox[-1].to == ["eve@example.org"]


async def test_any_user_is_believed_whatever_they_may_see(house: House):
    await house.put(byUser=house.ada, mailboxId=house.sales)
    assert (await house.post_thread(type="note", user=house.ben, text="no access")).status_code == 201
    assert (await house.post_thread(type="note", user=99, text="nobody")).json()["createdBy"] is None


async def test_blank_text_goes_out_as_an_empty_mail(house: House):
    answer = await house.post_thread(type="message", user=house.ben, text="  ")
    assert answer.json()["body"] is None
    assert house.freescout.outbox[-1].text == ""


async def test_a_repeated_post_mails_the_customer_twice(house: House):
    for _ in range(2):
        await house.post_thread(type="message", user=house.ben, text="Once only")
    assert len(house.freescout.outbox) == 2


async def test_threads_of_one_second_come_in_the_wrong_order(house: House):
    house.time.moves(seconds=5)
    house.freescout.customer_replies(house.parcel, "one")
    house.freescout.customer_replies(house.parcel, "two")
    bodies = [each["body"] for each in (await house.look())["_embedded"]["threads"]]
    assert bodies == ["one", "two", "<p>Where is <b>it</b>?</p>"]


async def test_an_unknown_user_sees_all_mailboxes(house: House):
    async def names(user: int) -> list[str]:
        found = await house.get("/mailboxes", userId=user)
        return [each["name"] for each in found["_embedded"]["mailboxes"]]

    assert await names(house.ben) == ["Support"]
    assert await names(house.ada) == ["Support", "Sales"]
    assert await names(99) == ["Support", "Sales"]


async def test_keys_of_a_put_apply_in_their_order_and_those_before_an_error_stay(house: House):
    answer = await house.put(byUser=house.ben, status="closed", mailboxId=99, assignTo=house.ben)
    assert answer.status_code == 400
    seen = await house.look()
    assert (seen["status"], seen["assignee"]) == ("closed", None)
    assert (await house.put(status="active")).status_code == 400
