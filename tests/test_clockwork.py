"""`python -m bot clock 412` explains a wait, as a process of its own, out of FreeScout's answers and a copy of the memory."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.forgetting import forget
from tests.conftest import House
from tests.test_commandline import TOML, command, contract

HOURS = '[[hours]]\nzone = "Europe/Berlin"\nopen = ["mon-fri 09:00-17:00"]\nholidays = "DE-BE"\n'


@pytest.fixture
def folder(house: House, tmp_path: Path) -> Path:
    (tmp_path / "bridge.toml").write_text(TOML.replace('"2h"', '["2h", "1d"]') + HOURS)
    return tmp_path


async def explained(house: House, folder: Path, *words: str) -> tuple[int, str, str]:
    environment = {k: v for k, v in contract(house, 0).items() if k not in ("PATH", "PYTHONPATH")}
    return await command("clock", *words, folder=folder, **environment)


async def test_it_explains_every_step_of_a_wait(house: House, folder: Path) -> None:
    house.freescout.customer_writes(
        "mark@example.org", "Printer on fire", "<p>It burns.</p>", mailbox=house.support, name="Mark Moore"
    )
    began = house.clock()
    house.clock.skip(timedelta(minutes=10))
    house.freescout.agent_notes(1, house.ana_id, "Who has the keys?")
    house.clock.skip(timedelta(minutes=10))
    house.freescout.customer_replies(1, "Still burning, in every room of the house and in the garden as well")
    house.clock.skip(timedelta(minutes=10))
    status, out, err = await explained(
        house, folder, "#412", "--at", (began + timedelta(days=30)).isoformat()
    )
    assert (status, err) == (0, "")
    for words in (
        "#412 Printer on fire",
        "Mailbox Support, opening hours in Europe/Berlin, holidays of DE-BE.",
        "begins",
        "nothing: nobody but agents sees it",
        "asked again",
        "It burns.",
        "last written by: customer. That is the last message; the wait counts from the first",
        "asked 2 times",
        "30 d by the clock",
        "of opening hours",
        "In #support:",
        "step 1, thread: after 2 h, was due ",
        "step 2, thread: after 1 d, was due ",
    ):
        assert words in out, (words, out)
    assert "garden" not in out  # the beginning of a message is enough


async def test_it_says_why_nobody_waits(house: House, folder: Path) -> None:
    house.freescout.customer_writes(
        "mark@example.org", "Printer on fire", "It burns.", mailbox=house.support, name="Mark Moore"
    )
    house.freescout.agent_replies(1, house.ana_id, "Unplug it.", status="active")
    assert "Nobody waits: the last word is an agent's." in (await explained(house, folder, "412"))[1]
    house.freescout.customer_replies(1, "Thanks Ana, that works!")
    out = (await explained(house, folder, f"{house.settings.freescout_url}/conversation/1"))[1]
    assert "not counted: bare thanks" in out
    assert "Nobody waits: not counted: bare thanks." in out
    house.freescout.agent_replies(1, house.ana_id, "Bye.", status="closed")
    assert "Nobody waits: the conversation is closed." in (await explained(house, folder, "412"))[1]


async def test_what_cannot_be_explained_is_said_in_a_line(house: House, folder: Path) -> None:
    for words, expected in (
        (["9999"], "FreeScout has no conversation #9999."),
        (["fire"], "Which conversation? Say its number, like `412`, or paste its address."),
        (["https://elsewhere.example.org/conversation/1"], "That is an address of another FreeScout"),
        (["412", "--at", "noon"], "'noon' is no day or time"),
    ):
        status, out, err = await explained(house, folder, *words)
        assert (status, out) == (1, "")
        assert err.startswith(expected)


async def test_it_tells_who_keeps_the_steps_quiet_and_of_routes_from_slack(
    house: House, folder: Path
) -> None:
    card = await house.writes()
    await house.ana.types("/freescout watch Support", channel="sales")
    await house.until(lambda: house.cards("sales"))
    await house.ana.types("/freescout snooze 412 3h")
    await house.until(lambda: "Snoozed" in card.all_text)
    _, out, _ = await explained(house, folder, "412")
    assert "  Nobody is reminded until " in out
    assert ": snoozed by Ana Alves." in out
    assert f"In {house.cards('sales')[0].channel}:" in out
    later = (house.clock() + timedelta(hours=4)).isoformat()
    assert "Nobody is reminded" not in (await explained(house, folder, "412", "--at", later))[1]


async def test_what_was_forgotten_counts_as_little_as_in_slack(house: House, folder: Path) -> None:
    await house.writes(body="Secret fire.")
    await house.quiet()
    await forget(house.settings, "mark@example.org", (), house.clock(), dry=False, pause=0.1)
    status, out, err = await explained(house, folder, "412")
    assert (status, out) == (1, "")
    assert err.startswith("This conversation's customer was forgotten here")
    house.freescout.customer_replies(1, "It burns again.")
    _, out, _ = await explained(house, folder, "412")
    assert "It burns again." in out
    assert "Secret" not in out


async def test_it_needs_no_memory(house: House, folder: Path, tmp_path: Path) -> None:
    await house.writes()
    await house.stop()
    (tmp_path / "bridge.db").rename(tmp_path / "away.db")
    status, out, err = await explained(house, folder, "412")
    assert (status, err) == (0, "")
    assert "step 1, thread: after 2 h" in out
    assert not (tmp_path / "bridge.db").exists()
    await house.start()
