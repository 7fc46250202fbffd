"""The stand-in FreeScout: what changes in silence, is seen in lists alone, and what merging leaves."""

import asyncio
from collections.abc import Callable

import pytest

from tests.sandbox import freescout_house
from tests.sandbox.freescout_house import House, Receiver

pytestmark = pytest.mark.asyncio(loop_scope="module")
help_desk, bot = freescout_house.help_desk, freescout_house.bot
house, receiver = freescout_house.house, freescout_house.receiver

SINCE = "2026-11-22T06:34:00Z"

CHANGES: dict[str, tuple[Callable[[House], object], list[str]]] = {
    "retag": (lambda h: h.freescout.agent_tags(h.parcel, ["vip"]), []),
    "retitle": (lambda h: h.freescout.agent_edits_subject(h.parcel, h.ben, "Order #43"), []),
    "unassign": (lambda h: h.freescout.agent_assigns(h.parcel, h.ada, None), []),
    "reopen": (
        lambda h: h.freescout.customer_replies(h.parcel, "Still?"),
        ["convo.customer.reply.created"],
    ),
    "move": (lambda h: h.freescout.agent_moves(h.parcel, h.ada, h.sales), ["convo.moved"]),
    "another customer": (
        lambda h: h.freescout.agent_changes_customer(
            h.parcel, h.ben, h.freescout.desk.customer("li@x.org").id
        ),
        ["customer.created"],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_is_seen_in_lists_whether_or_not_a_webhook_tells(
    house: House, receiver: Receiver, name: str
):
    change, told = CHANGES[name]
    house.freescout.agent_assigns(house.parcel, house.ada, house.ben)
    house.freescout.agent_sets_status(house.parcel, house.ada, "closed")
    await receiver.gets(2)
    house.time.moves(minutes=1)
    assert await house.listed(updatedSince=SINCE) == []
    change(house)
    await receiver.gets(2 + len(told))
    await asyncio.sleep(0.03)
    assert receiver.events[2:] == told
    assert await house.listed(updatedSince=SINCE) == [house.parcel]
    assert (await house.look())["updatedAt"] == "2026-11-22T06:34:08Z"


async def test_a_change_to_what_it_is_already_is_none(house: House):
    before = await house.look()
    house.time.moves(minutes=1)
    house.freescout.agent_edits_subject(house.parcel, house.ben, "Order #42")
    house.freescout.agent_changes_customer(house.parcel, house.ben, before["customer"]["id"])
    await house.put(byUser=house.ben, subject="Order #42")
    assert (await house.look())["updatedAt"] == before["updatedAt"]


async def test_the_subject_and_the_customer_change(house: House):
    li = house.freescout.desk.customer("li@example.org", "Li", "Wei").id
    house.freescout.agent_edits_subject(house.parcel, house.ben, "Parcel")
    house.freescout.agent_changes_customer(house.parcel, house.ben, li)
    seen = await house.look()
    assert (seen["subject"], seen["customer"]["email"]) == ("Parcel", "li@example.org")
    (line,) = [each for each in seen["_embedded"]["threads"] if each["type"] == "lineitem"]
    assert line["action"]["type"] == "changed-ticket-customer"


async def test_merging_moves_the_threads_and_leaves_the_other_deleted(house: House, receiver: Receiver):
    desk = house.freescout
    other = desk.customer_writes("mark@example.org", "Again", "<p>Hello?</p>", mailbox=house.support)
    note = desk.agent_notes(other, house.ben, "n")
    desk.agent_sets_status(house.parcel, house.ben, "closed")
    before = await house.look()
    await receiver.gets(3)
    house.time.moves(minutes=1)
    desk.agent_merges(house.parcel, other, house.ada)
    into, gone = await house.look(), await house.get(f"/conversations/{other}")

    kept = [each["id"] for each in into["_embedded"]["threads"]]
    assert set(kept) >= {note, note - 1, *(each["id"] for each in before["_embedded"]["threads"])}
    (line, *_) = into["_embedded"]["threads"]
    assert (line["type"], line["status"], line["body"]) == ("lineitem", "closed", "")
    assert line["action"]["type"] == "merged"
    assert line["action"]["text"] == "Ada Admin merged with another conversation"
    same = ("status", "preview", "threadsCount", "customerWaitingSince", "subject")
    assert [into[key]["time"] if key[-5:] == "Since" else into[key] for key in same] == [
        before[key]["time"] if key[-5:] == "Since" else before[key] for key in same
    ]

    assert gone["state"] == "deleted"
    assert [each["action"]["text"] for each in gone["_embedded"]["threads"]] == [
        "Ada Admin merged into conversation #400",
        f"Ada Admin deleted conversation #{gone['number']}",
    ]
    assert sorted(await house.listed(updatedSince=SINCE)) == [house.parcel, other]
    assert await house.listed(updatedSince=SINCE, state="published") == [house.parcel]
    await asyncio.sleep(0.03)
    assert len(receiver.got) == 3


async def test_a_merge_may_ring_as_the_deletion_of_the_other(house: House, receiver: Receiver):
    other = house.freescout.customer_writes("li@example.org", "x", "x", mailbox=house.support)
    house.freescout.agent_merges(house.parcel, other, house.ada, rings=True)
    got = await receiver.gets(3)
    assert (got[-1].event, got[-1].json["id"]) == ("convo.deleted", other)


async def test_what_was_merged_goes_on_where_it_is_now(house: House, receiver: Receiver):
    desk = house.freescout
    other = desk.customer_writes("mark@example.org", "Again", "x", mailbox=house.support)
    reply = desk.agent_replies(other, house.ben, "On its way")
    desk.agent_merges(house.parcel, other, house.ada)
    desk.agent_merges(house.parcel, house.parcel, house.ada)
    desk.agent_undoes(reply)
    assert reply not in [each["id"] for each in (await house.look())["_embedded"]["threads"]]
    desk.agent_deletes_forever(other)
    assert [each["action"]["type"] for each in (await house.look())["_embedded"]["threads"]].count(
        "merged"
    ) == 1
    assert (await house.client.get(f"/api/conversations/{other}")).status_code == 404
