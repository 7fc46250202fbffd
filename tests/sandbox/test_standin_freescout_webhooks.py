"""What the stand-in FreeScout sends, and what goes wrong on the way."""

import asyncio
import base64
import hashlib
import hmac
import json

import pytest

from sandbox.freescout.shapes import encode
from tests.sandbox import freescout_house
from tests.sandbox.freescout_house import SECRET, House, Receiver, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
help_desk, bot = freescout_house.help_desk, freescout_house.bot
house, receiver = freescout_house.house, freescout_house.receiver


async def test_a_webhook_is_signed_over_bytes_as_php_writes_them(house: House, receiver: Receiver):
    house.freescout.customer_writes("zoë@example.org", "a/b é", "x", mailbox=house.support)
    await receiver.gets(2)
    created = next(each for each in receiver.got if each.event == "convo.created")
    assert b'"subject":"a\\/b \\u00e9"' in created.raw
    expected = base64.b64encode(hmac.new(SECRET.encode(), created.raw, hashlib.sha1).digest()).decode()
    assert created.signature == expected
    assert encode(json.loads(created.raw)) == created.raw


async def test_scalars_are_of_the_event_but_threads_of_the_sending(house: House, receiver: Receiver):
    house.freescout.customer_replies(house.parcel, "one")
    house.freescout.customer_replies(house.parcel, "two")
    first, second = await receiver.gets(2)
    assert [len(each.json["_embedded"]["threads"]) for each in (first, second)] == [3, 3]
    assert [each.json["preview"] for each in (first, second)] == ["Where is it?", "one"]
    assert [each.json["threadsCount"] for each in (first, second)] == [1, 2]


async def test_a_failed_webhook_is_tried_again_with_the_same_bytes(house: House, receiver: Receiver):
    receiver.answers = [500, 503]
    house.freescout.agent_notes(house.parcel, house.ben, "n")
    got = await receiver.gets(3)
    assert len({each.raw for each in got}) == 1
    await until(lambda: len(house.freescout.deliveries) == 3)
    assert [(each.attempt, each.outcome) for each in house.freescout.deliveries] == [
        (1, 500),
        (2, 503),
        (3, 200),
    ]


async def test_after_ten_attempts_it_is_gone_for_good(house: House, receiver: Receiver):
    receiver.answers = [500] * 20
    house.freescout.agent_notes(house.parcel, house.ben, "n")
    await receiver.gets(10)
    await asyncio.sleep(0.05)
    assert len(receiver.got) == len(house.freescout.deliveries) == 10


async def test_a_failed_one_does_not_hold_later_ones_back(house: House, receiver: Receiver):
    receiver.answers = [500]
    house.freescout.agent_notes(house.parcel, house.ben, "n")
    house.freescout.agent_sets_status(house.parcel, house.ben, "closed")
    await receiver.gets(3)
    assert receiver.events == ["convo.note.created", "convo.status", "convo.note.created"]


async def test_a_redirect_is_followed_as_get_without_a_body_and_counts_as_success(
    house: House, receiver: Receiver
):
    house.freescout.subscribe(f"{receiver.url}/old", ["convo.status"])
    house.freescout.agent_sets_status(house.parcel, house.ben, "closed")
    got = await receiver.gets(2)
    assert sorted((each.method, len(each.raw) > 0) for each in got) == [("GET", False), ("POST", True)]
    await until(lambda: [each.outcome for each in house.freescout.deliveries] == [200, 200])


async def test_what_is_never_sent(house: House, receiver: Receiver):
    """Unassigning, tags, subject and customer changes, a reopening, an implied status: nothing rings."""
    await house.put(byUser=house.ada, status="closed", assignTo=house.ben)
    await house.post_thread(type="message", user=house.ben, text="m")
    await house.put(byUser=house.ada, assignTo=None, subject="New")
    house.freescout.agent_tags(house.parcel, ["vip"])
    house.freescout.customer_replies(house.parcel, "again")
    house.freescout.workflow_sends(house.parcel, "my.own.event")
    await receiver.gets(5)
    await asyncio.sleep(0.05)
    assert receiver.events == [
        "convo.status",
        "convo.assigned",
        "convo.agent.reply.created",
        "convo.customer.reply.created",
        "my.own.event",
    ]


async def test_each_thing_that_is_sent_has_its_name(house: House, receiver: Receiver):
    desk = house.freescout
    desk.agent_moves(house.parcel, house.ada, house.sales)
    desk.agent_deletes(house.parcel)
    desk.agent_restores(house.parcel)
    desk.customer_renamed(1, "Marc", "Moore")
    desk.agent_deletes_forever(house.parcel)
    await receiver.gets(5)
    assert receiver.events == [
        "convo.moved",
        "convo.deleted",
        "convo.restored",
        "customer.updated",
        "convo.deleted_forever",
    ]
    assert receiver.got[-1].json["_embedded"]["threads"] == []
    assert (await house.client.get(f"/api/conversations/{house.parcel}")).status_code == 404


async def test_an_agents_reply_rings_late_and_even_after_an_undo(house: House, receiver: Receiver):
    thread = house.freescout.agent_replies(house.parcel, house.ben, "Oops", status="active")
    house.freescout.agent_notes(house.parcel, house.ben, "n")
    house.freescout.agent_undoes(thread)
    await receiver.gets(2)
    assert receiver.events == ["convo.note.created", "convo.agent.reply.created"]
    assert thread not in [each["id"] for each in receiver.got[-1].json["_embedded"]["threads"]]
    assert house.freescout.outbox == []


async def test_unknown_event_names_are_dropped_and_none_left_is_a_400(house: House, receiver: Receiver):
    url = f"{receiver.url}/hook"
    answer = await house.client.post(
        "/api/webhooks", json={"url": url, "events": ["convo.moved", "convo.sneezed"]}
    )
    assert (answer.status_code, answer.json()["events"]) == (201, ["convo.moved"])
    assert (
        await house.client.post("/api/webhooks", json={"url": url, "events": ["convo.sneezed"]})
    ).status_code == 400
    assert (await house.client.delete(f"/api/webhooks/{answer.headers['resource-id']}")).status_code == 204
    assert (await house.client.delete(f"/api/webhooks/{answer.headers['resource-id']}")).status_code == 404


async def test_a_webhook_needs_a_url(house: House):
    for body in ({"events": ["convo.moved"]}, {"url": "  ", "events": ["convo.moved"]}, {"url": 7}):
        answer = await house.client.post("/api/webhooks", json=body)
        assert (answer.status_code, answer.json()["_embedded"]["errors"][0]["path"]) == (400, "url")


async def test_later_versions_list_webhooks(house: House, receiver: Receiver):
    house.freescout.subscribe(f"{receiver.url}/hook", ["convo.moved"])
    assert (await house.client.get("/api/webhooks")).status_code == 405
    house.freescout.api.lists_webhooks = True
    listed = (await house.get("/webhooks"))["_embedded"]["webhooks"]
    assert [each["events"][-1] for each in listed] == ["customer.updated", "convo.moved"]


async def test_deleting_over_the_api_tells_so_without_threads(house: House, receiver: Receiver):
    path = f"/api/conversations/{house.parcel}"
    assert [(await house.client.delete(path)).status_code for _ in range(2)] == [204, 404]
    (gone,) = await receiver.gets(1)
    assert (gone.event, gone.json["id"]) == ("convo.deleted_forever", house.parcel)
    assert gone.json["_embedded"]["threads"] == []
    assert (await house.client.get(path)).status_code == 404


async def test_a_webhook_has_the_custom_fields_too_where_the_module_is_on(house: House, receiver: Receiver):
    house.freescout.add_custom_field(house.support, "Vendor")
    house.freescout.agent_sets_status(house.parcel, house.ben, "closed")
    house.freescout.api.custom_fields_module = False
    house.freescout.agent_sets_status(house.parcel, house.ben, "active")
    first, second = await receiver.gets(2)
    assert first.json["customFields"][0]["name"] == "Vendor"
    assert "customFields" not in second.json


async def test_webhooks_can_be_lost_doubled_and_swapped(house: House, receiver: Receiver):
    desk = house.freescout
    desk.faults.webhooks(drop=1)
    desk.agent_notes(house.parcel, house.ben, "lost")
    desk.faults.webhooks(duplicate=1)
    desk.agent_notes(house.parcel, house.ben, "twice")
    await receiver.gets(2)
    desk.faults.webhooks(reorder=2)
    desk.agent_notes(house.parcel, house.ben, "n")
    desk.agent_sets_status(house.parcel, house.ben, "closed")
    await receiver.gets(4)
    assert receiver.events == ["convo.note.created"] * 2 + ["convo.status", "convo.note.created"]
    assert desk.deliveries[0].outcome == "dropped"
