"""Chaos at FreeScout's side: of every kind, as often as asked for, the same for a seed, over when calmed."""

import asyncio
from collections import Counter

import httpx
import pytest

from sandbox.chaos import API, WEBHOOKS, Chaos, Rates
from tests.sandbox import freescout_house
from tests.sandbox.freescout_house import House, Receiver, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
help_desk, bot = freescout_house.help_desk, freescout_house.bot
house, receiver = freescout_house.house, freescout_house.receiver

ALL = Rates(1, 1, 1)


async def met(call) -> str:
    """In a word, what became of a call of FreeScout's API."""
    try:
        answer = await call
        answer.json()
    except httpx.HTTPError:
        return "cut"
    except ValueError:
        return "broken"
    return str(answer.status_code)


async def tries(house: House, count: int) -> list[str]:
    return [
        await met(house.post_thread(type="note", user=house.ben, text="n", status="active"))
        for _ in range(count)
    ]


def notes(house: House) -> int:
    threads = house.freescout.world.conversations[house.parcel].threads
    return sum(thread.type == "note" for thread in threads)


# FreeScout's API


async def test_every_kind_of_fault_happens_to_the_api_and_is_counted(house: House):
    chaos = Chaos(1, freescout=house.freescout, rates=Rates(0, 1, 0), longest=0.02)
    found = Counter(await tries(house, 120))
    assert set(chaos.counts) == {f"freescout {kind}" for kind in API}
    assert chaos.counts.total() == 120
    made = {kind: chaos.counts[f"freescout {kind}"] for kind in API}
    assert found["429"] == made["429"]
    assert found["201"] == made["hang"]
    assert found["cut"] == made["cut"] + made["cut after"] + made["cut body"]
    happened = [kind for kind in API if "after" in kind or kind in ("cut body", "truncated", "hang")]
    assert notes(house) == sum(made[kind] for kind in happened)


async def test_too_many_requests_say_when_to_come_back(house: House):
    without = [f"freescout {kind}" for kind in API if kind != "429"]
    Chaos(1, freescout=house.freescout, rates=ALL, without=without)
    answer = await house.client.get("/api/mailboxes")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


async def test_the_rate_is_kept_and_calm_ends_it(house: House):
    chaos = Chaos(7, freescout=house.freescout, without=["freescout hang"])
    found = await tries(house, 200)
    assert 8 <= chaos.counts.total() <= 40
    assert found.count("201") == 200 - sum(
        count for kind, count in chaos.counts.items() if kind.startswith("freescout")
    )
    chaos.calm()
    assert await tries(house, 20) == ["201"] * 20


async def test_the_same_seed_gives_the_same_faults_whatever_comes_between(house: House):
    seen = []
    for seed, between in ((3, False), (3, True), (4, False)):
        chaos = Chaos(seed, freescout=house.freescout, rates=Rates(0, 0.5, 0), longest=0.02)
        found = []
        for _ in range(30):
            if between:
                await met(house.client.get("/api/users"))
            found += await tries(house, 1)
        chaos.calm()
        seen.append(found)
    assert seen[0] == seen[1] != seen[2]


async def test_what_a_test_armed_comes_before_chaos(house: House, receiver: Receiver):
    chaos = Chaos(1, freescout=house.freescout, rates=ALL, without=["freescout hang"])
    house.freescout.faults.api("GET *", status=418)
    house.freescout.faults.webhooks(drop=1)
    assert (await house.client.get("/api/mailboxes")).status_code == 418
    house.freescout.agent_notes(house.parcel, house.ben, "n")
    assert not chaos.counts
    assert [each.outcome for each in house.freescout.deliveries] == ["dropped"]


# Webhooks


def only(kind: str) -> list[str]:
    return [f"webhooks {other}" for other in WEBHOOKS if other != kind]


async def test_webhooks_are_dropped(house: House, receiver: Receiver):
    chaos = Chaos(1, freescout=house.freescout, rates=Rates(1, 0, 0), without=only("dropped"))
    house.freescout.agent_notes(house.parcel, house.ben, "n")
    chaos.calm()
    house.freescout.agent_sets_status(house.parcel, house.ben, "closed")
    await receiver.gets(1)
    assert (receiver.events, chaos.counts) == (["convo.status"], {"webhooks dropped": 1})


async def test_webhooks_are_duplicated(house: House, receiver: Receiver):
    Chaos(1, freescout=house.freescout, rates=Rates(1, 0, 0), without=only("duplicated"))
    house.freescout.agent_notes(house.parcel, house.ben, "n")
    await receiver.gets(2)
    assert receiver.events == ["convo.note.created"] * 2


async def test_webhooks_are_delayed_one_by_one(house: House, receiver: Receiver):
    chaos = Chaos(1, freescout=house.freescout, rates=Rates(1, 0, 0), without=only("delayed"), longest=0.2)
    house.freescout.agent_notes(house.parcel, house.ben, "n")
    chaos.calm()
    house.freescout.agent_sets_status(house.parcel, house.ben, "closed")
    await receiver.gets(2)
    assert receiver.events == ["convo.status", "convo.note.created"]


async def test_webhooks_are_reordered_and_none_is_kept_for_ever(house: House, receiver: Receiver):
    chaos = Chaos(1, freescout=house.freescout, rates=Rates(1, 0, 0), without=only("reordered"), longest=0.2)
    house.freescout.agent_notes(house.parcel, house.ben, "n")
    house.freescout.agent_sets_status(house.parcel, house.ben, "closed")
    await receiver.gets(2)
    assert receiver.events == ["convo.status", "convo.note.created"]
    house.freescout.agent_notes(house.parcel, house.ben, "alone")
    await receiver.gets(3)
    assert chaos.counts == {"webhooks reordered": 2}


async def test_calm_lets_go_what_is_kept_back(house: House, receiver: Receiver):
    chaos = Chaos(1, freescout=house.freescout, rates=Rates(1, 0, 0), without=only("reordered"), longest=900)
    house.freescout.agent_notes(house.parcel, house.ben, "n")
    await asyncio.sleep(0.03)
    assert receiver.got == []
    chaos.calm()
    await receiver.gets(1)


async def test_what_rings_where_no_loop_runs_is_not_kept_back(house: House, receiver: Receiver):
    Chaos(1, freescout=house.freescout, rates=Rates(1, 0, 0), without=only("reordered"), longest=9)
    await asyncio.to_thread(house.freescout.agent_notes, house.parcel, house.ben, "n")
    await house.get("/mailboxes")
    await receiver.gets(1)


async def test_every_fate_of_a_webhook_comes_in_time_and_what_is_not_dropped_arrives(
    house: House, receiver: Receiver
):
    chaos = Chaos(2, freescout=house.freescout, rates=Rates(0.6, 0, 0), longest=0.05)
    for _ in range(60):
        house.freescout.agent_notes(house.parcel, house.ben, "n")
    chaos.calm()
    counts = chaos.counts
    assert set(counts) == {f"webhooks {kind}" for kind in WEBHOOKS}
    wanted = 60 - counts["webhooks dropped"] + counts["webhooks duplicated"]
    await until(lambda: len(receiver.got) == wanted)
    await asyncio.sleep(0.05)
    assert len(receiver.got) == wanted


async def test_no_rate_makes_no_fault(house: House, receiver: Receiver):
    chaos = Chaos(1, freescout=house.freescout, rates=Rates(0, 0, 0))
    assert await tries(house, 20) == ["201"] * 20
    await receiver.gets(20)
    assert not chaos.counts
