"""`waiting`, `next` and `mine`: who waits, and who takes whom."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import waiters
from tests.conftest import House
from tests.test_delivery import route


def asks(house: House, subject: str, mailbox: int = 0, **more: str) -> int:
    """A customer writes, and two minutes pass."""
    email = f"{subject.replace(' ', '-').lower()}@example.org"
    made = house.freescout.customer_writes(
        email,
        subject,
        "<p>Does it?</p>",
        mailbox=mailbox or house.support,
        name=f"Customer of {subject}",
        **more,
    )
    house.clock.skip(timedelta(minutes=2))
    return made


async def hears(house: House, person: object, words: str) -> str:
    await house.until(lambda: words in house.told(person))
    return house.told(person)


# waiting


async def test_the_true_start_counts_not_the_newest_message(house: House) -> None:
    first = asks(house, "Oldest")
    house.clock.skip(timedelta(hours=3))
    asks(house, "Younger")
    house.freescout.customer_replies(first, "<p>Hello? Anybody?</p>")
    await house.ana.types("/freescout waiting")
    said = await hears(house, house.ana, "Waiting for an answer: 2")
    assert said.index("Oldest") < said.index("Younger")
    assert "3 h" in said
    assert "too long" in said[: said.index("Oldest")]
    assert "too long" not in said[said.index("Oldest") :]


@pytest.mark.parametrize("asked", [{"tag": "vip"}, {"field": {"Plan": "Gold"}}], ids=["tag", "field"])
async def test_too_long_is_what_the_routes_say_that_take_it(
    empty_house: House, asked: dict[str, Any]
) -> None:
    house = empty_house
    house.slack.add_channel("vip")
    plan = house.freescout.add_custom_field(house.support, "Plan", "dropdown", options=("Gold", "Tin"))
    vip = replace(route(house, channel="vip", **asked), after=(timedelta(minutes=15),))
    await house.start(routes=(route(house), vip))
    asks(house, "Ordinary")
    important = asks(house, "Important")
    house.freescout.agent_tags(important, ["vip"])
    house.freescout.agent_sets_field(important, plan, 1)
    house.clock.skip(timedelta(minutes=20))
    await house.ana.types("/freescout waiting")
    said = await hears(house, house.ana, "Waiting for an answer: 2")
    assert "too long #413" in said
    assert said.count("too long") == 1


async def test_a_mailbox_narrows_it_and_one_that_is_none_is_told(house: House) -> None:
    asks(house, "Lamps", house.sales)
    asks(house, "Printer")
    await house.ana.types("/freescout waiting sales")
    said = await hears(house, house.ana, "Waiting for an answer: 1")
    assert "Lamps" in said
    assert "Printer" not in said
    await house.ana.types("/freescout waiting nowhere")
    await hears(house, house.ana, "Which mailbox? You may see: Support, Sales.")
    await house.ben.types("/freescout waiting sales")
    await hears(house, house.ben, "Which mailbox? You may see: Support.")


async def test_fifteen_stand_on_a_page_and_more_brings_the_next(house: House) -> None:
    for number in range(18):
        asks(house, f"Question {number:02}")
    await house.ana.types("/freescout waiting support")
    said = await hears(house, house.ana, "Waiting for an answer: 18")
    assert "Question 14" in said
    assert "Question 15" not in said
    await house.ana.presses("More", on=house.slack.ephemerals(house.ana)[-1])
    said = await hears(house, house.ana, "Question 15")
    assert "Question 17" in said
    assert "Question 14" not in said
    assert "More" not in said


async def test_who_is_on_it_and_what_is_put_aside_is_marked(house: House) -> None:
    card = await house.writes("Claimed")
    other = await house.writes("Asleep", email="z@example.org")
    await house.ana.types("/freescout claim 412")
    await house.until(lambda: "is on it" in card.all_text)
    await house.ben.types("/freescout snooze 413 3h")
    await house.until(lambda: "Snoozed" in other.all_text)
    await house.ben.types("/freescout waiting")
    said = await hears(house, house.ben, "Waiting for an answer: 2")
    assert "Ana Alves is on it" in said
    assert "snoozed by Ben Brandt" in said


async def test_many_that_were_answered_hide_nobody_who_waits(
    empty_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only those whose customers wrote last fill the limit; where the read is cut, both answers say so."""
    house = empty_house
    monkeypatch.setattr(waiters, "FURTHEST", 310)
    for number in range(waiters.MOST + 1):
        answered = asks(house, f"Old {number}")
        house.freescout.agent_replies(answered, house.ana_id, "<p>Yes.</p>", status="active")
    asks(house, "Really waiting")
    await house.start()
    await house.ana.types("/freescout waiting")
    said = await hears(house, house.ana, "Waiting for an answer: 1")
    assert "Really waiting" in said
    assert waiters.CUT not in said
    for number in range(3):  # so many are fetched together
        asks(house, f"Waits too {number}")
    await house.ana.types("/freescout waiting")
    assert "Waits too 2" in await hears(house, house.ana, "Waiting for an answer: 4")
    await house.ben.types("/freescout next")
    await hears(house, house.ben, "Really waiting")
    monkeypatch.setattr(waiters, "FURTHEST", waiters.MOST)
    await house.ana.types("/freescout waiting")
    said = await hears(house, house.ana, waiters.CUT)
    assert "Of the conversations that were looked at, nobody waits" in said
    await house.ben.types("/freescout next")
    said = await hears(house, house.ben, waiters.CUT)
    assert "nobody waits whom nobody is on yet" in said


# next


async def test_next_takes_the_oldest_and_shows_its_card(house: House) -> None:
    asks(house, "Oldest")
    asks(house, "Younger")
    await house.ben.types("/freescout next")
    said = await hears(house, house.ben, "Oldest")
    assert "Ben Brandt is on it until" in said
    card = house.slack.ephemerals(house.ben)[-1]
    assert all(offered in str(card.blocks) for offered in ("I'm On It", "Snooze…"))
    await house.opens(house.ben, "Reply", card)
    await house.ben.types("/freescout next")
    await hears(house, house.ben, "Younger")
    await house.ben.types("/freescout next")
    await hears(house, house.ben, "Nobody waits whom nobody is on yet.")


async def test_next_leaves_what_is_anothers_claimed_or_put_aside(house: House) -> None:
    cards = [await house.writes(f"Q{n}", email=f"q{n}@example.org") for n in range(4)]
    await house.ana.types("/freescout assign 412 me")
    await house.ana.types("/freescout snooze 413 3h")
    await house.ana.types("/freescout claim 414")
    await house.until(lambda: "Ana Alves" in cards[0].all_text and "Snoozed" in cards[1].all_text)
    await house.until(lambda: "is on it" in cards[2].all_text)
    await house.ben.types("/freescout next")
    await hears(house, house.ben, "Q3")


async def test_next_gives_only_what_one_may_see(house: House) -> None:
    asks(house, "Lamps", house.sales)
    await house.ben.types("/freescout next")
    await hears(house, house.ben, "Nobody waits whom nobody is on yet.")
    await house.ana.types("/freescout next sales")
    await hears(house, house.ana, "Lamps")


async def test_two_who_press_at_once_get_different_ones(house: House) -> None:
    asks(house, "Oldest")
    asks(house, "Younger")
    await asyncio.gather(house.ana.types("/freescout next"), house.ben.types("/freescout next"))
    await house.until(lambda: house.told(house.ana) and house.told(house.ben))
    got = {
        subject
        for person in (house.ana, house.ben)
        for subject in ("Oldest", "Younger")
        if subject in house.told(person)
    }
    assert got == {"Oldest", "Younger"}


async def test_what_freescout_does_not_take_can_be_taken_again(house: House) -> None:
    house.expects_errors = True
    asks(house, "Oldest")
    house.freescout.faults.api("PUT /api/conversations/1", status=400)
    await house.ben.types("/freescout next")
    await house.until(lambda: house.told(house.ben))
    assert "Oldest" not in house.told(house.ben)
    await house.ana.types("/freescout next")
    await hears(house, house.ana, "Oldest")


# mine


async def test_mine_lists_those_who_wait_first(house: House) -> None:
    answered = asks(house, "Answered", house.support)
    asks(house, "Waits")
    asks(house, "Waits longer")
    for number in (412, 413, 414):
        await house.ana.types(f"/freescout assign {number} me")
        await hears(house, house.ana, f"#{number} is assigned")
    house.freescout.agent_replies(answered, house.ana_id, "<p>Yes.</p>")
    await house.ana.types("/freescout mine")
    said = await hears(house, house.ana, "Assigned to you")
    assert said.index("Waits") < said.index("Waits longer") < said.index("Answered")
    await house.ben.types("/freescout mine")
    await hears(house, house.ben, "Nothing is assigned to you.")
