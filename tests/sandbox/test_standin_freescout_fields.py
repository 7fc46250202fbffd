"""What modules add to the stand-in FreeScout: custom fields and timelogs."""

import pytest

from tests.sandbox import freescout_house
from tests.sandbox.freescout_house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")
help_desk, bot = freescout_house.help_desk, freescout_house.bot
house, receiver = freescout_house.house, freescout_house.receiver


async def put_fields(house: House, *fields: dict) -> int:
    path = f"/api/conversations/{house.parcel}/custom_fields"
    return (await house.client.put(path, json={"customFields": list(fields)})).status_code


async def values(house: House) -> dict:
    return {each["name"]: (each["value"], each["text"]) for each in (await house.look())["customFields"]}


async def test_a_mailbox_lists_its_fields_with_options_only_where_there_are_some(house: House):
    desk = house.freescout
    desk.add_custom_field(house.support, "Priority", "dropdown", options=["Low", "High"], required=True)
    desk.add_custom_field(house.sales, "Region")
    for name, kind in (("Bought", "date"), ("Vendor", "text"), ("Comments", "multi"), ("Amount", "number")):
        desk.add_custom_field(house.support, name, kind)
    found = await house.get(f"/mailboxes/{house.support}/custom_fields")
    first, *others = found["_embedded"]["custom_fields"]
    assert first == {
        "id": 1,
        "name": "Priority",
        "type": "dropdown",
        "options": {"1": "Low", "2": "High"},
        "required": True,
        "sortOrder": 1,
    }
    assert [(each["type"], each["options"], each["sortOrder"]) for each in others] == [
        ("date", None, 2),
        ("singleline", "", 3),
        ("multiline", "", 4),
        ("number", "", 5),
    ]
    assert found["page"]["totalElements"] == 5
    assert (await house.client.get("/api/mailboxes/99/custom_fields")).status_code == 404


async def test_values_are_text_and_a_dropdown_says_what_its_number_means(house: House):
    priority = house.freescout.add_custom_field(
        house.support, "Priority", "dropdown", options={4: "Low", 7: "High"}
    )
    amount = house.freescout.add_custom_field(house.support, "Amount", "number")
    assert await values(house) == {"Priority": (None, ""), "Amount": (None, "")}
    house.freescout.agent_sets_field(house.parcel, amount, 12)
    assert await put_fields(house, {"id": priority, "value": 7}) == 204
    assert await values(house) == {"Priority": ("7", "High"), "Amount": ("12", "")}


async def test_lists_show_none_as_in_the_manual_unless_told_to(house: House):
    amount = house.freescout.add_custom_field(house.support, "Amount", "number")
    house.freescout.agent_sets_field(house.parcel, amount, 12)
    listed = (await house.get("/conversations"))["_embedded"]["conversations"][0]
    assert listed["customFields"] == []
    house.freescout.api.lists_custom_fields = True
    listed = (await house.get("/conversations"))["_embedded"]["conversations"][0]
    assert [each["value"] for each in listed["customFields"]] == ["12"]
    house.freescout.api.custom_fields_module = False
    assert "customFields" not in (await house.get("/conversations"))["_embedded"]["conversations"][0]


async def test_what_it_does_not_know_is_passed_over_in_silence(house: House):
    vendor = house.freescout.add_custom_field(house.support, "Vendor")
    elsewhere = house.freescout.add_custom_field(house.sales, "Region")
    fields = [{"id": 99, "value": "x"}, {"id": elsewhere, "value": "x"}, {"name": "Vendor", "value": "x"}]
    assert await put_fields(house, *fields, {"id": str(vendor), "value": None}) == 204
    assert await values(house) == {"Vendor": ("", "")}
    answer = await house.client.put(f"/api/conversations/{house.parcel}/custom_fields", json={})
    assert (answer.status_code, answer.json()["_embedded"]["errors"][0]["path"]) == (400, "customFields")


async def test_without_the_module_the_key_is_absent_and_the_routes_are_400(house: House):
    house.freescout.api.custom_fields_module = False
    assert "customFields" not in await house.look()
    assert await put_fields(house) == 400
    assert (await house.client.get(f"/api/mailboxes/{house.support}/custom_fields")).status_code == 400


async def test_a_new_conversation_can_bring_values(house: House):
    vendor = house.freescout.add_custom_field(house.support, "Vendor")
    body = {
        "type": "email",
        "mailboxId": house.support,
        "subject": "s",
        "customer": {"email": "li@example.org"},
        "threads": [{"type": "customer", "text": "t", "customer": {"email": "li@example.org"}}],
        "customFields": [{"id": vendor, "value": "Acme"}],
    }
    made = (await house.client.post("/api/conversations", json=body)).json()
    assert made["customFields"] == [{"id": vendor, "name": "Vendor", "value": "Acme", "text": ""}]


async def test_timelogs_come_newest_first_in_pages_and_embedded(house: House):
    first = house.freescout.agent_logs_time(house.parcel, house.ben, 711)
    house.time.moves(minutes=5)
    house.freescout.agent_sets_status(house.parcel, house.ben, "pending")
    house.freescout.agent_logs_time(house.parcel, house.ada, 219, paused=True, finished=False)
    path = f"/conversations/{house.parcel}/timelogs"
    found = await house.get(path)
    newest, oldest = found["_embedded"]["timelogs"]
    assert newest == {
        "id": first + 1,
        "conversationStatus": "pending",
        "userId": house.ada,
        "timeSpent": 219,
        "paused": True,
        "finished": False,
        "createdAt": "2026-11-22T06:38:08Z",
        "updatedAt": "2026-11-22T06:38:08Z",
    }
    assert (oldest["id"], oldest["conversationStatus"], oldest["finished"]) == (first, "active", True)
    assert found["page"] == {"size": 50, "totalElements": 2, "totalPages": 1, "number": 1}
    assert (await house.get(path, page=2))["_embedded"]["timelogs"] == []
    seen = await house.get(f"/conversations/{house.parcel}", embed="timelogs")
    assert seen["_embedded"] == {"threads": [], "timelogs": [newest, oldest]}
    assert (await house.client.get("/api/conversations/99/timelogs")).status_code == 404
