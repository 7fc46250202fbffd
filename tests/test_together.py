"""Not at the same time: who writes is seen by everybody, and what is new is seen before it is sent."""

import asyncio
from datetime import timedelta

import pytest

from bot.settings import Replies
from sandbox.slack import Message, Person
from tests.conftest import House

WRITES = "Ana Alves is writing a reply since"


@pytest.fixture
async def card(house: House) -> Message:
    """A card to answer from."""
    return await house.writes()


async def begins(house: House, person: Person, card: Message, text: str = "", kind: str = "Reply") -> None:
    """Somebody opens the dialog, and writes something in it."""
    await house.opens(person, kind, card)
    if text:
        person.fills({kind: text})


async def test_the_card_says_who_is_writing_and_the_second_one_sees_it(house: House, card: Message) -> None:
    await begins(house, house.ana, card, "half a sent")
    await house.until(lambda: WRITES in card.all_text)
    view = await house.opens(house.ben, "Reply", card)
    assert WRITES in view.all_text
    await house.until(lambda: "Ben Brandt is writing a reply since" in house.ana.modal.all_text)
    assert "half a sent" in house.ana.modal.all_text
    await house.ben.closes()
    await house.until(lambda: "Ben Brandt" not in house.ana.modal.all_text)
    await house.ana.closes()
    await house.until(lambda: "is writing" not in card.all_text)


async def test_nobody_is_warned_of_themselves(house: House, card: Message) -> None:
    await begins(house, house.ana, card)
    await house.until(lambda: WRITES in card.all_text)
    assert WRITES not in house.ana.modal.all_text


async def test_a_note_is_told_from_a_reply(house: House, card: Message) -> None:
    await begins(house, house.ben, card, kind="Note")
    await house.until(lambda: "Ben Brandt is writing a note since" in card.all_text)
    await begins(house, house.ana, card)
    assert "Ben Brandt is writing a note since" in house.ana.modal.all_text
    await house.until(lambda: WRITES in house.ben.modal.all_text)


async def test_sending_ends_it(house: House, card: Message) -> None:
    await begins(house, house.ana, card)
    await house.until(lambda: WRITES in card.all_text)
    await house.ana.submits({"Reply": "Done."})
    await house.until(lambda: "is writing" not in card.all_text)


async def test_half_an_hour_ends_it(house: House, card: Message) -> None:
    await begins(house, house.ana, card)
    await house.until(lambda: WRITES in card.all_text)
    house.clock.skip(timedelta(minutes=31))
    await house.until(lambda: "is writing" not in card.all_text)


async def test_a_restart_does_not_forget_it(house: House, card: Message) -> None:
    await begins(house, house.ana, card)
    await house.until(lambda: WRITES in card.all_text)
    await house.stop()
    await house.start()
    view = await house.opens(house.ben, "Reply", card)
    assert WRITES in view.all_text
    await house.ana.closes()
    await house.until(lambda: "Ana Alves" not in house.ben.modal.all_text)


async def test_a_newer_mail_appears_and_what_is_typed_stays(house: House, card: Message) -> None:
    await begins(house, house.ana, card, "half a sent")
    await house.until(lambda: WRITES in card.all_text)
    house.freescout.customer_replies(1, "<p>It works again.</p>")
    await house.until(lambda: "It works again." in house.ana.modal.all_text)
    assert "Since you opened this: The customer wrote again." in house.ana.modal.all_text
    assert "half a sent" in house.ana.modal.all_text
    await house.ana.submits()  # she has seen it, so nobody asks
    await house.until(lambda: house.freescout.outbox)
    assert house.freescout.outbox[0].text == "half a sent"


async def test_a_colleagues_answer_appears(house: House, card: Message) -> None:
    await begins(house, house.ana, card, "half a sent")
    await house.until(lambda: WRITES in card.all_text)
    house.freescout.agent_replies(1, house.ben_id, "Use water.")
    await house.until(lambda: "Ben Brandt has answered this already" in house.ana.modal.all_text)


async def test_what_did_not_appear_in_time_stops_the_reply(house: House, card: Message) -> None:
    await begins(house, house.ana, card, "half a sent")
    await house.until(lambda: WRITES in card.all_text)
    await house.quiet()
    house.slack.faults.api("views.update", error="internal_error", times=1000)
    house.freescout.customer_replies(1, "<p>It works again.</p>")
    await house.until(lambda: "It works again." in house.said(card))
    assert "It works again." not in house.ana.modal.all_text
    await house.ana.submits()
    await house.until(lambda: "The customer wrote again." in house.said(card))
    assert house.freescout.outbox == []


async def test_a_dialog_that_slack_has_closed_does_no_harm(house: House, card: Message) -> None:
    await begins(house, house.ana, card)
    await house.until(lambda: WRITES in card.all_text)
    house.ana.modals.clear()  # a laptop's lid: Slack tells nobody
    house.freescout.customer_replies(1, "<p>It works again.</p>")
    await house.until(lambda: "It works again." in house.said(card))
    await house.quiet()
    await begins(house, house.ana, card, "Fine.")
    await house.ana.submits()
    await house.until(lambda: house.freescout.outbox)
    await house.until(lambda: "is writing" not in card.all_text)


@pytest.mark.parametrize("forever", [False, True])
async def test_a_conversation_deleted_meanwhile_gives_the_text_back(
    house: House, card: Message, forever: bool
) -> None:
    await begins(house, house.ana, card, "To nobody.")
    await house.until(lambda: WRITES in card.all_text)
    if forever:
        house.freescout.agent_deletes_forever(1)
    else:
        house.freescout.agent_deletes(1)
    await house.quiet()
    await house.ana.submits()
    direct = house.slack.workspace.direct(house.ana.id).messages
    await house.until(lambda: direct and "deleted" in direct[-1].all_text)
    assert "To nobody." in direct[-1].all_text
    assert house.freescout.outbox == []


async def test_the_second_dialog_of_one_person_takes_the_place_of_the_first(
    house: House, card: Message
) -> None:
    await begins(house, house.ana, card, "First.")
    first = house.ana.modal
    await house.ana.presses("Reply", on=card)
    await house.until(lambda: house.ana.modal is not first and "Loading" not in house.ana.modal.all_text)
    await house.until(lambda: card.all_text.count(WRITES) == 1)
    await house.ana.submits({"Reply": "Second."})
    await house.until(lambda: house.freescout.outbox)
    await house.until(lambda: "is writing" not in card.all_text)
    assert [mail.text for mail in house.freescout.outbox] == ["Second."]


async def test_a_held_reply_of_a_colleagues_is_told_before_one_begins(empty_house: House) -> None:
    house = empty_house
    await house.start(replies=Replies(timedelta(seconds=20)))
    card = await house.writes()
    await begins(house, house.ana, card, "Done.")
    await house.ana.submits()
    await house.until(lambda: "It goes in" in house.said(card))
    view = await house.opens(house.ben, "Reply", card)
    assert "Ana Alves's reply is about to go to the customer" in view.all_text


async def test_many_who_open_it_at_once_are_all_named(house: House, card: Message) -> None:
    crowd = [house.slack.add_person(f"P{number} Q", f"p{number}@example.org") for number in range(4)]
    for number in range(4):
        house.freescout.add_user(f"P{number}", "Q", f"p{number}@example.org", mailboxes=[house.support])
    await asyncio.gather(*(begins(house, one, card) for one in crowd))
    await house.until(lambda: all(f"P{number} Q is writing" in card.all_text for number in range(4)))
    await asyncio.gather(*(one.closes() for one in crowd))
    await house.until(lambda: "is writing" not in card.all_text)
