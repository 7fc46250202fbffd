"""The hold: everybody sees a reply before it goes, and what changed meanwhile stops it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.settings import Replies
from sandbox.slack import Message, Person
from tests.conftest import House

HOLD = 20
TEXT = "We have sent you a new one."


@pytest.fixture
async def held(empty_house: House) -> AsyncIterator[House]:
    """A house in which replies are held for twenty seconds."""
    await empty_house.start(replies=Replies(timedelta(seconds=HOLD)))
    yield empty_house


async def answers(house: House, card: Message, person: Person | None = None, text: str = TEXT, **fields: Any) -> Message:
    """Somebody answers in the dialog; return the message that counts down."""
    person = person or house.ana
    before = len(house.thread(card))
    await house.opens(person, "Reply", card)
    await person.submits({"Reply": text, **fields})
    assert person.modal is None, person.modal.all_text
    return await house.until(lambda: next((m for m in house.thread(card)[before:] if "It goes" in m.all_text), None))


def later(house: House, seconds: float = HOLD + 1) -> None:
    house.clock.skip(timedelta(seconds=seconds))


async def test_a_reply_is_held_counted_down_and_goes(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    assert "Ana Alves's reply to mark@example.org" in shown.all_text
    assert TEXT in shown.all_text
    assert "in 20 s" in shown.all_text
    assert held.freescout.outbox == []
    await held.until(lambda: "goes to mark@example.org at" in held.told(held.ana))
    later(held, 11)
    await held.until(lambda: "in 10 s" in shown.all_text)
    assert held.freescout.outbox == []
    later(held, 10)
    await held.until(lambda: "went to mark@example.org" in shown.all_text)
    assert [mail.text for mail in held.freescout.outbox] == [TEXT]
    assert not [block for block in shown.blocks if block["type"] == "actions"]
    await held.until(lambda: "Your reply on #412 went to mark@example.org." in held.told(held.ana))


async def test_cancel_stops_it_for_good_and_keeps_the_text(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    await held.ana.presses("Cancel", on=shown)
    await held.until(lambda: "Ana Alves cancelled it: nothing was sent." in shown.all_text)
    later(held, 3600)
    await held.quiet()
    assert held.freescout.outbox == []
    await held.opens(held.ana, "Edit", shown)
    assert TEXT in held.ana.modal.all_text
    await held.ana.submits({"Reply": "Better words."})
    later(held)
    await held.until(lambda: held.freescout.outbox)
    assert [mail.text for mail in held.freescout.outbox] == ["Better words."]


async def test_a_newer_message_of_the_customer_stops_it(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    held.freescout.customer_replies(1, "<p>Never mind, it works again.</p>")
    later(held)
    await held.until(lambda: "The customer wrote again." in shown.all_text)
    assert held.freescout.outbox == []
    await held.ana.presses("Send Anyway", on=shown)
    await held.until(lambda: held.freescout.outbox)


async def test_the_card_says_who_is_writing_and_the_second_one_sees_it(held: House) -> None:
    card = await held.writes()
    await held.opens(held.ana, "Reply", card)
    await held.until(lambda: "Ana Alves is writing a reply since" in card.all_text)
    view = await held.opens(held.ben, "Reply", card)
    assert "Ana Alves is writing a reply since" in view.all_text
    await held.until(lambda: "Ben Brandt is writing a reply since" in held.ana.modal.all_text)
    held.ana.fills({"Reply": "half a sent"})
    held.freescout.customer_replies(1, "<p>It works again.</p>")
    await held.until(lambda: "It works again." in held.ana.modal.all_text)
    assert "half a sent" in held.ana.modal.all_text
    await held.ben.closes()
    await held.ana.closes()
    await held.until(lambda: "is writing" not in card.all_text)
