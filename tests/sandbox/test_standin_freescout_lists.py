"""The stand-in FreeScout's lists: filters, order and pages, with few and with many."""

import asyncio
import itertools
import random
from operator import attrgetter
from types import SimpleNamespace

import pytest

from sandbox.freescout.orders import Order
from tests.sandbox import freescout_house
from tests.sandbox.freescout_house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")
help_desk, bot = freescout_house.help_desk, freescout_house.bot
house, receiver = freescout_house.house, freescout_house.receiver


async def test_an_unfiltered_list_holds_drafts_and_deleted_ones_too(house: House):
    draft = house.freescout.agent_drafts(house.ben, "zoe@example.org", "Draft", "…", mailbox=house.support)
    gone = house.freescout.customer_writes("zoe@example.org", "Gone", "x", mailbox=house.support)
    house.freescout.agent_deletes(gone)
    assert set(await house.listed(nonsense="ignored")) == {house.parcel, draft, gone}
    assert await house.listed(state="published") == [house.parcel]


async def test_filters_narrow_the_list(house: House):
    house.time.moves(minutes=1)
    other = house.freescout.customer_writes("li@example.org", "Login", "x", mailbox=house.sales)
    house.freescout.agent_assigns(other, house.ada, house.ben)
    house.freescout.agent_sets_status(other, house.ada, "pending")
    house.freescout.agent_tags(other, ["vip"])
    both = {house.parcel, other}
    assert set(await house.listed(mailboxId=f"{house.support},{house.sales}")) == both
    assert set(await house.listed(status="active,pending")) == both
    for query in (
        {"mailboxId": house.sales},
        {"status": "pending"},
        {"assignedTo": house.ben},
        {"customerEmail": "li@example.org"},
        {"customerId": 2},
        {"number": 401},
        {"subject": "log"},
        {"tag": "vip"},
        {"createdSince": "2026-11-22T06:34:08Z"},
        {"updatedSince": "2026-11-22T06:34:08Z"},
    ):
        assert await house.listed(**query) == [other], query
    assert await house.listed(assignedTo="") == [house.parcel]
    assert await house.listed(sortField="updatedAt", sortOrder="asc") == [house.parcel, other]
    assert await house.listed(updatedSince="2026-11-22T06:34:09Z") == []


async def test_pages_hold_fifty_and_past_the_last_is_an_empty_list(house: House):
    for count in range(59):
        house.freescout.customer_writes("bulk@example.org", f"No. {count}", "x", mailbox=house.support)
    first, last, past = [await house.get("/conversations", page=page) for page in (1, 2, 3)]
    assert [len(each["_embedded"]["conversations"]) for each in (first, last, past)] == [50, 10, 0]
    assert first["page"] == {"size": 50, "totalElements": 60, "totalPages": 2, "number": 1}


async def test_users_and_customers_are_found_by_address(house: House):
    users = await house.get("/users", email="ben@example.org")
    assert [each["id"] for each in users["_embedded"]["users"]] == [house.ben]
    customers = await house.get("/customers", email="mark@example.org")
    assert customers["_embedded"]["customers"][0]["firstName"] == "Mark"
    assert (await house.client.put("/api/customers/1", json={"firstName": "Marc"})).status_code == 204
    assert (await house.get("/customers/1"))["lastName"] == "Moore"
    house.freescout.delete_user(house.ben)
    assert "_deleted" in (await house.get(f"/users/{house.ben}"))["email"]
    folders = (await house.get(f"/mailboxes/{house.support}/folders"))["_embedded"]["folders"]
    assert folders[0]["name"] == "Unassigned"
    assert folders[0]["totalCount"] == 1


async def test_folders_belong_to_a_mailbox_and_filter_its_conversations(house: House):
    other = house.freescout.customer_writes("li@example.org", "Login", "x", mailbox=house.sales)
    house.freescout.agent_assigns(house.parcel, house.ada, house.ben)
    folders = (await house.get(f"/mailboxes/{house.support}/folders"))["_embedded"]["folders"]
    by_name = {each["name"]: each for each in folders}
    assert await house.listed(folderId=by_name["Assigned"]["id"]) == [house.parcel]
    assert await house.listed(folderId=by_name["Unassigned"]["id"]) == []
    assert await house.listed(folderId=by_name["Assigned"]["id"], mailboxId=house.sales) == []
    assert await house.listed(folderId=999) == []
    assert (by_name["Assigned"]["totalCount"], by_name["Assigned"]["activeCount"]) == (1, 1)
    assert set(await house.listed(closedSince="2030-01-01T00:00:00Z", folder="1")) == {house.parcel, other}


async def test_equals_are_listed_by_id_whichever_way_the_list_goes(house: House):
    for email in ("a@example.org", "b@example.org"):
        house.freescout.customer_writes(email, "x", "x", mailbox=house.support)
    assert await house.listed() == await house.listed(sortOrder="asc") == [1, 2, 3]


FIELDS = "createdAt mailboxId number subject updatedAt waitingSince".split()
KEYS = {
    "mailboxId": "mailbox",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "waitingSince": "last_reply_at",
}


async def test_lists_stay_in_order_whatever_changes_between_two_looks(house: House):
    """Every few changes, all six orders both ways against sorting it all."""
    chance, world, desk = random.Random(7), house.freescout.world, house.freescout
    ids = list(desk.fill(60, mailbox=house.support, customers=5))
    for _ in range(30):
        for one in chance.sample(ids, 4):
            house.time.moves(seconds=chance.choice([0, 0, 1]))
            chance.choice(
                [
                    lambda one=one: desk.customer_replies(one, "again"),
                    lambda one=one: setattr(world.conversations[one], "subject", chance.choice("abC")),
                    lambda one=one: desk.agent_moves(one, house.ada, chance.choice([1, 2])),
                    lambda one=one: (desk.agent_deletes_forever(one), ids.remove(one)),
                    lambda: ids.append(desk.customer_writes("n@example.org", "b", "x", mailbox=1)),
                ]
            )()
        for field, order in itertools.product(FIELDS, ("asc", "desc")):
            name = KEYS.get(field, field)
            wanted = sorted(
                world.conversations.values(),
                key=lambda one, name=name: str(getattr(one, name)).lower(),
                reverse=order == "desc",
            )
            seen = await house.listed(sortField=field, sortOrder=order, pageSize=200)
            assert seen == [one.id for one in wanted], field


async def test_filling_makes_many_at_once_and_tells_nobody(house: House, receiver: freescout_house.Receiver):
    ids = house.freescout.fill(
        400,
        mailbox=house.sales,
        customers=7,
        threads=3,
        statuses=["active", "closed"],
        assignees=[None, house.ben],
        tags=[["vip"], []],
        subject="Case {}",
    )
    await asyncio.sleep(0.01)
    assert (len(ids), receiver.got, house.freescout.outbox) == (400, [], [])
    found = await house.get("/conversations", mailboxId=house.sales, status="closed", tag="", page=4)
    assert found["page"]["totalElements"] == 200
    one = await house.get(f"/conversations/{ids[1]}")
    kinds = [each["type"] for each in one["_embedded"]["threads"]]
    assert (one["subject"], one["status"], one["threadsCount"]) == (f"Case {one['number']}", "closed", 3)
    assert (kinds, one["assignee"]["id"]) == (["customer", "message", "customer"], house.ben)
    assert len(await house.listed(customerEmail="customer0@example.org", pageSize=100)) == 58
    assert len(house.freescout.fill(0, mailbox=house.sales)) == 0


async def test_a_change_moves_one_and_sorts_nothing():
    """Counted, not timed: what a change costs does not grow with the number of conversations."""
    things = {number: SimpleNamespace(id=number, at=number) for number in range(1, 1001)}
    for down in (False, True):
        order = Order(attrgetter("at"), descending=down)
        order.look(things)
        assert (order.sorts, order.moves) == (1, 0)
        things[500].at += 5000
        del things[min(things)]
        things[max(things) + 1] = SimpleNamespace(id=max(things) + 1, at=0)
        seen = order.look(things)
        assert (order.sorts, order.moves) == (1, 2)
        assert [one.at for one in seen] == sorted((one.at for one in things.values()), reverse=down)
