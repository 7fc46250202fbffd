"""Users and customers of the stand-in FreeScout: made, changed, deleted, and found."""

import pytest

from tests.sandbox import freescout_house
from tests.sandbox.freescout_house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")
help_desk, bot = freescout_house.help_desk, freescout_house.bot
house, receiver = freescout_house.house, freescout_house.receiver


async def refused(house: House, path: str, body: dict, verb: str = "POST") -> str:
    answer = await house.client.request(verb, f"/api{path}", json=body)
    assert answer.status_code == 400
    (error,) = answer.json()["_embedded"]["errors"]
    return error["path"]


async def found(house: House, **query: object) -> list[int]:
    listed = await house.get("/customers", **query)
    return [each["id"] for each in listed["_embedded"]["customers"]]


JOE = {"firstName": "Joe", "lastName": "Doe", "email": "joe@example.org"}


async def test_a_new_user_is_no_admin_and_has_no_mailbox(house: House):
    more = {
        "jobTitle": "Support",
        "phone": "777",
        "timezone": "Asia/Tokyo",
        "alternateEmails": "j@example.org",
    }
    answer = await house.client.post("/api/users", json={**JOE, **more, "password": "x", "role": "admin"})
    made = answer.json()
    assert (answer.status_code, answer.headers["resource-id"]) == (201, str(made["id"]))
    assert {key: made[key] for key in more} == more
    assert (made["role"], "password" in made) == ("user", False)
    assert await house.get(f"/users/{made['id']}") == made
    assert (await house.get("/mailboxes", userId=made["id"]))["_embedded"]["mailboxes"] == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"firstName": " ", "lastName": ""}, "firstName"),
        ({"lastName": None}, "lastName"),
        ({"email": ""}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "BEN@example.org"}, "email"),
    ],
)
async def test_a_user_is_refused_for_one_thing_at_a_time(house: House, change: dict, path: str):
    assert await refused(house, "/users", {**JOE, **change}) == path


async def test_a_deleted_user_stays_in_the_list_with_a_mark_and_frees_the_address(house: House):
    path = f"/api/users/{house.ben}"
    assert [(await house.client.delete(path)).status_code for _ in range(2)] == [204, 204]
    assert (await house.client.delete("/api/users/99")).status_code == 404
    emails = [each["email"] for each in (await house.get("/users"))["_embedded"]["users"]]
    assert sorted(emails) == ["ada@example.org", f"ben@example.org_deleted{house.ben}"]
    again = await house.client.post("/api/users", json={**JOE, "email": "ben@example.org"})
    assert again.status_code == 201


async def test_disabled_and_robot_users_bear_no_mark(house: House):
    house.freescout.add_user("Dis", "Abled", "dis@example.org", kind="disabled")
    house.freescout.add_user("Ro", "Bot", "ro@example.org", kind="robot")
    users = (await house.get("/users"))["_embedded"]["users"]
    assert {frozenset(each) for each in users} == {frozenset(users[0])}
    assert {each["email"] for each in users} >= {"dis@example.org", "ro@example.org"}
    assert "Ro Bot" not in (await house.client.get("/")).text


WHOLE = {
    "firstName": "Lee",
    "lastName": "Morrison",
    "phone": "777-777-777",
    "jobTitle": "Secretary",
    "company": "Example, Inc",
    "notes": "Nothing special",
    "address": {"city": "LA", "zip": "123123", "country": "US"},
    "emails": [{"value": "lee@example.org", "type": "home"}, {"value": "l@example.org"}],
    "phones": [{"value": "888", "type": "home"}],
    "socialProfiles": [{"value": "@lee", "type": "twitter"}],
    "websites": [{"value": "https://example.org"}],
}


async def test_a_new_customer_has_all_that_was_said(house: House, receiver: freescout_house.Receiver):
    answer = await house.client.post("/api/customers", json=WHOLE)
    made = answer.json()
    assert (answer.status_code, answer.headers["resource-id"]) == (201, str(made["id"]))
    inner = made["_embedded"]
    assert [(each["value"], each["type"]) for each in inner["emails"]] == [
        ("lee@example.org", "home"),
        ("l@example.org", "work"),
    ]
    assert inner["phones"] == [
        {"id": 0, "value": "888", "type": "home"},
        {"id": 0, "value": "777-777-777", "type": "work"},
    ]
    assert inner["social_profiles"] == [{"id": 0, "value": "@lee", "type": "twitter"}]
    assert inner["websites"] == [{"id": 0, "value": "https://example.org"}]
    assert inner["address"] == {
        "city": "LA",
        "state": None,
        "zip": "123123",
        "country": "US",
        "address": None,
    }
    assert await house.get(f"/customers/{made['id']}") == made
    (rung,) = await receiver.gets(1)
    assert (rung.event, rung.json) == ("customer.created", made)


async def test_nobody_is_made_when_all_addresses_are_taken(house: House):
    taken, free = {"value": "MARK@example.org"}, {"value": "new@example.org"}
    assert await refused(house, "/customers", {"emails": [taken]}) == "emails"
    assert await refused(house, "/customers", {"emails": [{"value": "nonsense"}]}) == "emails"
    assert await found(house) == [1]
    made = (await house.client.post("/api/customers", json={"emails": [taken, free]})).json()
    assert [each["value"] for each in made["_embedded"]["emails"]] == ["new@example.org"]


async def test_changing_a_customer_replaces_what_is_named_and_keeps_the_rest(house: House):
    made = (await house.client.post("/api/customers", json=WHOLE)).json()
    path = f"/customers/{made['id']}"
    body = {"company": "Other", "notes": None, "emails": [{"value": "l@example.org", "type": "work"}]}
    answer = await house.client.put(f"/api{path}", json=body)
    assert (answer.status_code, answer.content) == (204, b"")
    seen = await house.get(path)
    assert (seen["firstName"], seen["company"], seen["notes"]) == ("Lee", "Other", None)
    assert seen["_embedded"]["emails"] == made["_embedded"]["emails"][1:]
    assert seen["_embedded"]["phones"] == made["_embedded"]["phones"]
    assert await found(house, email="lee@example.org") == []
    assert await refused(house, path, {"emails": [{"value": "mark@example.org"}]}, "PUT") == "emails"
    assert (await house.client.put("/api/customers/99", json={})).status_code == 404


async def test_customers_are_found_by_what_one_knows_of_them(house: House):
    house.time.moves(minutes=1)
    lee = (await house.client.post("/api/customers", json=WHOLE)).json()["id"]
    for query in (
        {"email": "L@example.org"},
        {"firstName": "lee"},
        {"lastName": "Morrison"},
        {"phone": "777777777"},
        {"query": "example, inc"},
        {"query": "l@exa"},
        {"updatedSince": "2026-11-22T06:34:08Z"},
    ):
        assert await found(house, **query) == [lee], query
    assert await found(house) == [lee, 1]
    assert await found(house, nonsense="x", sortField="firstName", sortOrder="desc") == [1, lee]
    assert await found(house, sortOrder="asc", page=2) == []
    assert (await house.client.get("/api/customers", params={"updatedSince": "x"})).status_code == 500
