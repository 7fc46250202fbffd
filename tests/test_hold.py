"""The hold: everybody sees a reply before it goes, and what changed meanwhile stops it."""

import asyncio
import copy
import random
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.settings import Replies
from bot.store import Store
from sandbox.slack import Message, Person, payloads
from tests.conftest import House

HOLD = 20
TEXT = "We have sent you a new one."
POST = "POST /api/conversations/*/threads"


@pytest.fixture
async def held(empty_house: House) -> AsyncIterator[House]:
    """A house in which replies are held for twenty seconds."""
    await empty_house.start(replies=Replies(timedelta(seconds=HOLD)))
    yield empty_house


async def submits(house: House, card: Message, person: Person, text: Any = TEXT, **fields: Any) -> None:
    """Somebody answers in the dialog."""
    await house.opens(person, "Reply", card)
    await person.submits({"Reply": text, **fields})
    assert person.modal is None, person.modal.all_text


async def answers(
    house: House, card: Message, person: Person | None = None, text: Any = TEXT, **fields: Any
) -> Message:
    """The same; return the message that counts down."""
    before = len(house.thread(card))
    await submits(house, card, person or house.ana, text, **fields)
    shown = await house.until(
        lambda: next((m for m in house.thread(card)[before:] if "It goes in" in m.all_text), None)
    )
    await counts(house)
    return shown


async def counts(house: House) -> None:
    """Wait until the bridge knows that Slack shows all that is held: from then on the hold counts."""
    await house.until(lambda: not rows(house, "select 1 from outbox where state = 'held' and shown = 0"))


def later(house: House, seconds: float = HOLD + 1) -> None:
    house.clock.skip(timedelta(seconds=seconds))


async def gone(house: House, count: int = 1) -> list[str]:
    """What was mailed, once there is so much of it and nothing more is to come."""
    await house.until(lambda: len(house.freescout.outbox) >= count)
    await house.quiet()
    return [mail.text for mail in house.freescout.outbox]


def told(house: House, person: Person) -> str:
    """All that somebody was told in private, for the moment or to stay."""
    direct = house.slack.workspace.direct(person.id).messages
    return "\n".join(message.all_text for message in [*person.ephemerals, *direct])


def asked(house: House, person: Person) -> Message:
    """What somebody was asked last in a direct message."""
    return house.slack.workspace.direct(person.id).messages[-1]


def buttons(message: Message) -> list[str]:
    rows = [block for block in message.blocks if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row["elements"]]


def rows(house: House, statement: str = "select state from outbox order by id") -> list[Any]:
    connection = sqlite3.connect(house.settings.database_path, isolation_level=None)
    try:
        return [row[0] for row in connection.execute(statement).fetchall()]
    finally:
        connection.close()


async def calm(house: House) -> None:
    """Wait until nothing is asked and nothing is said for a moment, though something is held."""
    seen, still = -1, 0
    while still < 6:
        await asyncio.sleep(0.1)
        now = len(house.slack.calls) + len(house.freescout.requests)
        seen, still = now, still + 1 if now == seen else 0


async def stopped(house: House, shown: Message, why: str) -> None:
    """It does not go when its time has come, and everybody sees why."""
    later(house)
    await house.until(lambda: why in shown.all_text)
    assert "Not sent." in shown.all_text
    await house.until(lambda: why in told(house, house.ana))
    assert TEXT not in mailed(house)
    assert TEXT in shown.all_text


def mailed(house: House) -> list[str]:
    return [mail.text for mail in house.freescout.outbox]


# The ordinary way


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
    assert await gone(held) == [TEXT]
    assert buttons(shown) == []
    await held.until(lambda: "Your reply on #412 went to mark@example.org." in held.told(held.ana))
    assert rows(held, "select text || rich || html from outbox") == [""]
    assert told(held, held.ana).count("went to mark@example.org") == 1
    assert len([one for one in held.thread(card) if "Ana Alves's reply" in one.all_text]) == 1


async def test_at_once_where_nothing_is_held(house: House) -> None:
    card = await house.writes()
    await submits(house, card, house.ana)
    assert await gone(house) == [TEXT]
    await house.until(lambda: "Your reply on #412 went to mark@example.org." in told(house, house.ana))
    assert "It goes" not in house.said(card)
    assert "goes to mark" not in told(house, house.ana)


async def test_five_minutes_are_counted_in_minutes(empty_house: House) -> None:
    house = empty_house
    await house.start(replies=Replies(timedelta(minutes=5)))
    card = await house.writes()
    shown = await answers(house, card)
    assert "in 300 s" in shown.all_text
    edits = len(house.slack.called("chat.update"))
    for seconds, words in ((70, "in 240 s"), (100, "in 180 s"), (60, "in 75 s"), (50, "in 20 s")):
        later(house, seconds)
        await house.until(lambda words=words: words in shown.all_text)
    assert len(house.slack.called("chat.update")) - edits < 15
    assert house.freescout.outbox == []
    later(house, 22)
    assert await gone(house) == [TEXT]


async def test_a_note_is_not_held(held: House) -> None:
    card = await held.writes()
    await held.opens(held.ana, "Note", card)
    await held.ana.submits({"Note": "Call them."})
    await held.until(lambda: "Your note on #412 is saved." in told(held, held.ana))
    assert "Ana Alves's note" not in held.said(card)


async def test_the_writer_may_act_where_they_are_told(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    going = await held.until(lambda: [one for one in held.ana.ephemerals if "goes to mark" in one.all_text])
    assert buttons(going[0]) == ["Cancel", "Edit"]
    assert "its thread" in going[0].all_text
    await held.ana.presses("Cancel", on=going[0])
    await held.until(lambda: "cancelled it: nothing was sent." in shown.all_text)
    await held.ana.presses("Cancel", on=going[0])
    await held.until(lambda: "It was cancelled already" in told(held, held.ana))
    view = await held.opens(held.ana, "Edit", going[0])
    assert TEXT in view.all_text


# Cancel


async def test_cancel_stops_it_for_good_and_keeps_the_text(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    await held.ana.presses("Cancel", on=shown)
    await held.until(lambda: "Ana Alves cancelled it: nothing was sent." in shown.all_text)
    later(held, 3600)
    await held.quiet()
    assert held.freescout.outbox == []
    assert buttons(shown) == ["Edit", "Discard"]
    await held.opens(held.ana, "Edit", shown)
    assert TEXT in held.ana.modal.all_text
    await held.ana.submits({"Reply": "Better words."})
    await held.until(lambda: "It goes in" in shown.all_text)
    await counts(held)
    later(held)
    assert await gone(held) == ["Better words."]


async def test_a_colleague_may_stop_it_and_the_writer_is_asked(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    await held.ben.presses("Cancel", on=shown)
    await held.until(lambda: "Ben Brandt stopped it." in shown.all_text)
    later(held, 600)
    await held.until(lambda: "Ben Brandt stopped it." in told(held, held.ana))
    for name in ("Send Anyway", "Discard", "Edit"):
        await held.ben.presses(name, on=shown)
        await held.until(lambda: "Only whoever wrote it can do that." in held.told(held.ben))
        held.ben.ephemerals.clear()
    assert held.ben.modal is None
    assert (held.freescout.outbox, rows(held)) == ([], ["blocked"])
    await held.ana.presses("Send Anyway", on=asked(held, held.ana))
    assert await gone(held) == [TEXT]
    await held.until(lambda: "went to mark@example.org" in shown.all_text)


async def test_who_has_no_access_stops_nothing(held: House) -> None:
    cy = held.slack.add_person("Cy Cole", "cy@example.org")
    held.freescout.add_user("Cy", "Cole", "cy@example.org", mailboxes=[held.sales])
    dee = held.slack.add_person("Dee Dark", "dee@example.org")
    card = await held.writes()
    shown = await answers(held, card)
    await cy.presses("Cancel", on=shown)
    await held.until(lambda: "does not let you see" in told(held, cy))
    await dee.presses("Cancel", on=shown)
    await held.until(lambda: "no user with your Slack address" in told(held, dee))
    assert rows(held) == ["held"]
    store = Store(held.settings.database_path, held.clock, visiting=True)
    assert [one["outcome"].partition(":")[0] for one in await store.audited(1)] == ["refused"]
    await store.close()
    later(held)
    assert await gone(held) == [TEXT]


async def test_what_went_cannot_be_cancelled_edited_or_discarded(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    going = await held.until(lambda: [one for one in held.ana.ephemerals if "goes to mark" in one.all_text])
    later(held)
    await gone(held)
    await held.until(lambda: "went to" in shown.all_text)
    for name in ("Cancel", "Edit"):
        held.ana.ephemerals[1:] = []
        await held.ana.presses(name, on=going[0])
        await held.until(lambda: "It went already." in held.told(held.ana))
    assert held.ana.modal is None
    assert rows(held) == ["sent"]


@pytest.mark.parametrize("seed", range(12))
async def test_what_was_called_cancelled_was_not_mailed(held: House, seed: int) -> None:
    dice = random.Random(seed)
    cards = [await held.writes(f"Case {number}") for number in range(3)]
    shown = [await answers(held, card, text=f"Case {number}") for number, card in enumerate(cards)]
    await calm(held)
    later(held, HOLD - 0.2)

    old = [copy.copy(message) for message in shown]  # as they stand on a screen that is slow

    async def presses(message: Message) -> None:
        await asyncio.sleep(dice.uniform(0, 0.6))
        await dice.choice([held.ana, held.ana, held.ben]).presses("Cancel", on=message)

    async def skips() -> None:
        await asyncio.sleep(dice.uniform(0, 0.2))
        later(held, 1)

    def pressable(message: Message) -> bool:
        return "Cancel" in buttons(message)

    assert all(pressable(message) for message in old)
    await asyncio.gather(skips(), *(presses(message) for message in old))
    await held.until(lambda: set(rows(held)) <= {"sent", "cancelled", "blocked"})
    await held.until(lambda: not any(pressable(message) for message in shown))
    await held.quiet()
    states = dict(zip((f"Case {number}" for number in range(3)), rows(held), strict=True))
    assert sorted(mailed(held)) == sorted(text for text, state in states.items() if state == "sent")
    for message in shown:
        assert ("went to" in message.all_text) != (
            "nothing was sent" in message.all_text or "Not sent" in message.all_text
        )


# Edit


async def test_what_is_edited_does_not_go_by_itself_and_goes_as_edited(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card, Cc="boss@example.org")
    view = await held.opens(held.ana, "Edit", shown)
    assert "boss@example.org" in str(view.body)
    await held.until(lambda: "opened it to edit it: nothing was sent." in shown.all_text)
    later(held, 600)
    await held.quiet()
    assert held.freescout.outbox == []
    await held.ana.submits({"Reply": "Second words."})
    assert held.ana.modal is None
    await held.until(lambda: "It goes in 20 s" in shown.all_text)
    assert "Second words." in shown.all_text
    # Once more, before its new time is over.
    await held.opens(held.ana, "Edit", shown)
    await held.ana.submits({"Reply": "Third words."})
    await held.until(lambda: "Third words." in shown.all_text)
    await counts(held)
    later(held)
    assert await gone(held) == ["Third words."]
    assert held.freescout.outbox[0].cc == ["boss@example.org"]
    assert "did not go" not in told(held, held.ana)


async def test_an_edit_that_is_closed_leaves_it_unsent_with_its_text(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    await held.opens(held.ana, "Edit", shown)
    await held.until(lambda: "nothing was sent" in shown.all_text)
    await held.ana.closes()
    later(held, 600)
    await held.quiet()
    assert (held.freescout.outbox, rows(held)) == ([], ["cancelled"])
    assert TEXT in shown.all_text
    assert buttons(shown) == ["Edit", "Discard"]
    await held.until(lambda: "is writing" not in card.all_text)


async def test_two_edits_at_once_are_one_mail(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    first = await held.opens(held.ana, "Edit", shown)
    held.ana.fills({"Reply": "First."})
    await held.until(lambda: "nothing was sent" in shown.all_text)
    await held.ana.presses("Edit", on=shown)  # on her telephone
    await held.until(lambda: held.ana.modal is not first and "Loading" not in held.ana.modal.all_text)
    await held.ana.submits({"Reply": "Second."})
    await held.until(lambda: "Second." in shown.all_text)
    answer = await held.slack.delivery.interaction(
        payloads.submission(held.slack.workspace, held.ana.profile, first)
    )
    assert "That reply is gone or thrown away already." in str(answer.json())
    await counts(held)
    later(held)
    assert await gone(held) == ["Second."]


async def test_an_edit_submitted_twice_is_one_mail(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    await held.opens(held.ana, "Edit", shown)
    held.ana.fills({"Reply": "Edited."})
    view = held.ana.modal
    assert view
    sent = payloads.submission(held.slack.workspace, held.ana.profile, view)
    answered = await asyncio.gather(*(held.slack.delivery.interaction(sent) for _ in range(3)))
    assert all(answer.ok and "errors" not in str(answer.json()) for answer in answered)
    await held.until(lambda: "It goes in" in shown.all_text)
    await counts(held)
    later(held)
    assert await gone(held) == ["Edited."]
    answer = await held.slack.delivery.interaction(sent)  # Slack's own retry, after it went
    assert answer.ok
    later(held, 60)
    await held.quiet()
    assert len(held.freescout.outbox) == 1


async def test_nobody_but_the_writer_edits(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    await held.ben.presses("Edit", on=shown)
    await held.until(lambda: "Only whoever wrote it can do that." in held.told(held.ben))
    assert held.ben.modal is None
    assert rows(held) == ["held"]


async def test_discard_throws_the_text_away(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    await held.ana.presses("Cancel", on=shown)
    await held.until(lambda: "Discard" in buttons(shown))
    await held.ana.presses("Discard", on=shown)
    await held.until(lambda: "was thrown away" in shown.all_text)
    assert TEXT not in shown.all_text
    assert buttons(shown) == []
    assert rows(held, "select text || rich || html from outbox") == [""]
    later(held, 600)
    await held.quiet()
    assert held.freescout.outbox == []


# What stops it


def another_customer(house: House) -> None:
    eve = house.freescout.desk.customer("eve@example.org").id
    house.freescout.agent_changes_customer(1, house.ben_id, eve)


def merged_into_this(house: House) -> None:
    house.freescout.agent_merges(1, 2, house.ben_id)


def merged_away(house: House) -> None:
    house.freescout.agent_merges(2, 1, house.ben_id)


def no_access(house: House) -> None:
    house.freescout.world.users[house.ana_id].role = "user"
    house.freescout.world.users[house.ana_id].mailboxes.clear()


def linked_to_another(house: House) -> None:
    rows(house, f"insert into links values ('{house.ana.id}', {house.ben_id}, 0, 'test')")


CAUSES: dict[str, tuple[Callable[[House], object], str, bool]] = {
    "another customer": (another_customer, "The conversation belongs to eve@example.org now.", True),
    "a newer mail": (
        lambda house: house.freescout.customer_replies(1, "Wait!"),
        "The customer wrote again.",
        True,
    ),
    "an answer": (
        lambda house: house.freescout.agent_replies(1, house.ben_id, "Done.", status="active"),
        "Ben Brandt answered meanwhile.",
        True,
    ),
    "one's own on the web": (
        lambda house: house.freescout.agent_replies(1, house.ana_id, "Done."),
        "You answered meanwhile.",
        True,
    ),
    "closed": (
        lambda house: house.freescout.agent_sets_status(1, house.ben_id, "closed"),
        "The conversation is closed now.",
        True,
    ),
    "deleted": (lambda house: house.freescout.agent_deletes(1), "The conversation was deleted.", False),
    "deleted for ever": (
        lambda house: house.freescout.agent_deletes_forever(1),
        "FreeScout does not have the conversation any more",
        False,
    ),
    "merged into this": (merged_into_this, "Another conversation was merged into this one.", True),
    "merged away": (merged_away, "The conversation was deleted.", False),
    "no access": (no_access, "FreeScout does not let you see this conversation's mailbox", False),
    "linked to another user": (
        linked_to_another,
        "You are another FreeScout user now than when you wrote it.",
        False,
    ),
    "user deleted": (
        lambda house: house.freescout.delete_user(house.ana_id),
        "FreeScout has no user with your Slack address",
        False,
    ),
}


@pytest.mark.parametrize("cause", CAUSES)
async def test_what_changed_stops_it_and_everybody_sees_why(held: House, cause: str) -> None:
    happens, why, again = CAUSES[cause]
    held.freescout.customer_writes("mark@example.org", "Another", "x", mailbox=held.support)
    await held.until(lambda: len(held.cards()) == 1)
    held.freescout.customer_writes("mark@example.org", "And one", "x", mailbox=held.support)
    await held.until(lambda: len(held.cards()) == 2)
    card = held.cards()[0]
    shown = await answers(held, card)
    await calm(held)
    happens(held)
    await stopped(held, shown, why)
    assert ("Send Anyway" in buttons(shown)) == again
    assert "Open in FreeScout" in buttons(asked(held, held.ana))
    if again:
        await held.ana.presses("Send Anyway", on=shown)
        await held.until(lambda: "went to" in shown.all_text)
    else:
        later(held, 600)
    await held.quiet()
    assert mailed(held).count(TEXT) == again
    assert len(held.slack.workspace.direct(held.ana.id).messages) == 1


async def test_a_move_stops_it_hides_it_where_it_does_not_belong_and_asks_its_writer(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    held.freescout.agent_moves(1, held.ben_id, held.sales)
    later(held)
    await held.until(lambda: "was stopped. The conversation is not shown in this channel" in shown.all_text)
    assert TEXT not in shown.all_text
    question = asked(held, held.ana)
    assert "The conversation was moved to another mailbox." in question.all_text
    await held.ana.presses("Send Anyway", on=question)
    assert await gone(held) == [TEXT]
    await held.until(lambda: "went out. The conversation is not shown in this channel" in shown.all_text)
    assert "mark@example.org" not in shown.all_text


QUIET: dict[str, Callable[[House], object]] = {
    "a colleague's note": lambda house: house.freescout.agent_notes(1, house.ben_id, "Hm."),
    "one's own note": lambda house: house.freescout.agent_notes(1, house.ana_id, "Hm."),
    "somebody assigned": lambda house: house.freescout.agent_assigns(1, house.ben_id, house.ben_id),
    "a tag": lambda house: house.freescout.agent_tags(1, ["vip"]),
    "another subject": lambda house: house.freescout.agent_edits_subject(1, house.ben_id, "Fire!"),
    "another conversation": lambda house: house.freescout.customer_writes(
        "mark@example.org", "New", "x", mailbox=house.support
    ),
}


async def test_what_does_not_concern_it_does_not_stop_it(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    for happens in QUIET.values():
        happens(held)
    later(held)
    assert await gone(held) == [TEXT]
    await held.until(lambda: "went to" in shown.all_text)


async def test_two_in_a_row_by_one_person_go_though_the_first_sets_pending(held: House) -> None:
    card = await held.writes()
    await held.opens(held.ana, "Reply", card)
    await held.ana.submits({"Reply": "One.", "Afterwards the conversation is": "Closed"})
    await held.opens(held.ana, "Reply", card)
    await held.ana.submits({"Reply": "Two."})
    await held.until(lambda: rows(held, "select shown > 0 from outbox") == [1, 1])
    later(held)
    assert await gone(held, 2) == ["One.", "Two."]
    assert "did not go" not in told(held, held.ana)


async def test_of_two_persons_the_second_is_asked(held: House) -> None:
    card = await held.writes()
    await held.opens(held.ben, "Reply", card)
    held.ben.fills({"Reply": "Ben's."})
    await answers(held, card, text="Ana's.")
    await held.until(lambda: "Ana Alves's reply is about to go to the customer" in held.ben.modal.all_text)
    await held.ben.submits()
    await held.until(lambda: rows(held, "select shown > 0 from outbox") == [1, 1])
    later(held)
    await held.until(lambda: "Ana Alves answered meanwhile." in told(held, held.ben))
    assert await gone(held) == ["Ana's."]


async def test_the_same_words_twice_on_purpose_are_two_mails(held: House) -> None:
    card = await held.writes()
    for _ in range(2):
        await submits(held, card, held.ana, "Thanks!")
    await held.until(lambda: rows(held, "select shown > 0 from outbox") == [1, 1])
    later(held)
    assert await gone(held, 2) == ["Thanks!", "Thanks!"]


# Send Anyway


async def test_another_customer_is_named_before_it_goes_there(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    another_customer(held)
    await stopped(held, shown, "Send Anyway would send it to eve@example.org.")
    for name in ("Send Anyway",):
        await held.ben.presses(name, on=shown)
        await held.until(lambda: "Only whoever wrote it" in held.told(held.ben))
    assert held.freescout.outbox == []
    await held.ana.presses("Send Anyway", on=shown)
    await gone(held)
    assert [mail.to for mail in held.freescout.outbox] == [["eve@example.org"]]
    await held.until(lambda: "reply went to eve@example.org" in shown.all_text)


async def test_what_changes_once_more_stops_it_once_more_and_the_old_question_is_void(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    another_customer(held)
    await stopped(held, shown, "Send Anyway would send it to eve@example.org.")
    first = asked(held, held.ana)
    held.freescout.agent_changes_customer(1, held.ben_id, held.freescout.desk.customer("zoe@example.org").id)
    await held.ana.presses("Send Anyway", on=first)
    await held.until(lambda: "Send Anyway would send it to zoe@example.org." in told(held, held.ana))
    assert held.freescout.outbox == []
    second = asked(held, held.ana)
    assert second is not first
    # The first question named Eve: whoever says yes to that must not write to Zoe.
    await held.ana.presses("Send Anyway", on=first)
    await held.until(lambda: "it is another now" in told(held, held.ana))
    await held.ana.presses("Discard", on=first)
    await held.quiet()
    assert (held.freescout.outbox, rows(held)) == ([], ["blocked"])
    await held.ana.presses("Send Anyway", on=second)
    await gone(held)
    assert [mail.to for mail in held.freescout.outbox] == [["zoe@example.org"]]
    for name in ("Send Anyway", "Edit", "Discard"):
        held.ana.ephemerals.clear()
        await held.ana.presses(name, on=second)
        await held.until(lambda: "It went already." in told(held, held.ana))
    assert len(held.freescout.outbox) == 1


async def test_where_nothing_is_held_the_answered_question_does_not_stay(house: House) -> None:
    card = await house.writes()
    await house.quiet()
    await house.opens(house.ana, "Reply", card)
    house.freescout.agent_sets_status(1, house.ben_id, "closed")
    await house.ana.submits({"Reply": TEXT})
    await house.until(lambda: "The conversation is closed now." in house.said(card))
    await house.until(lambda: "did not go" in told(house, house.ana))
    await house.ana.presses("Send Anyway", on=asked(house, house.ana))
    assert await gone(house) == [TEXT]
    await house.until(lambda: "reply went to mark@example.org" in house.said(card))
    assert "Not sent." not in house.said(card)


async def test_twice_anyway_is_one_mail(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    held.freescout.agent_sets_status(1, held.ben_id, "closed")
    await stopped(held, shown, "The conversation is closed now.")
    notice = asked(held, held.ana)
    await asyncio.gather(*(held.ana.presses("Send Anyway", on=one) for one in (shown, notice, shown)))
    assert await gone(held) == [TEXT]


# Restarts and clocks


@pytest.mark.parametrize(("minutes", "goes"), [(1, True), (4.5, True), (7, False), (600, False)])
async def test_after_a_restart_it_goes_or_is_asked_about(held: House, minutes: float, goes: bool) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    await calm(held)
    await held.stop()
    held.clock.skip(timedelta(minutes=minutes))
    await held.start()
    if goes:
        assert await gone(held) == [TEXT]
        await held.until(lambda: "went to" in shown.all_text)
    else:
        await held.until(lambda: "minutes ago, but the bridge was away." in shown.all_text)
        assert held.freescout.outbox == []
        await held.ana.presses("Send Anyway", on=shown)
        assert await gone(held) == [TEXT]
    assert len([one for one in held.thread(card) if "Ana Alves's reply" in one.all_text]) == 1


async def test_after_a_short_restart_the_countdown_goes_on(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    later(held, 6)
    await held.until(lambda: "in 15 s" in shown.all_text)
    await held.stop()
    await held.start()
    await held.ana.presses("Cancel", on=shown)
    await held.until(lambda: "nothing was sent" in shown.all_text)
    await held.stop()
    later(held)
    await held.start()
    await held.quiet()
    assert held.freescout.outbox == []


async def test_a_clock_that_jumps_ahead_by_hours_asks(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    later(held, 3 * 3600)
    await held.until(lambda: "It should have gone 180 minutes ago" in shown.all_text)
    assert held.freescout.outbox == []


@pytest.mark.parametrize("back", [3600, 86400 * 400])
async def test_a_clock_that_is_put_back_neither_hurries_nor_delays_it(held: House, back: float) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    await calm(held)
    later(held, -back)
    await held.until(lambda: rows(held, "select attempts from outbox where changed > 1") != [])
    await calm(held)
    assert held.freescout.outbox == []
    later(held, HOLD - 8)
    await calm(held)
    assert held.freescout.outbox == []
    later(held, 9)
    assert await gone(held) == [TEXT]
    await held.until(lambda: "went to" in shown.all_text)


async def test_a_clock_that_is_put_back_a_little_delays_it_a_little(held: House) -> None:
    card = await held.writes()
    await answers(held, card)
    later(held, -40)
    later(held, 61)
    assert await gone(held) == [TEXT]


# A Slack that does not take it


async def test_the_hold_begins_when_slack_shows_it(held: House) -> None:
    card = await held.writes()
    await held.quiet()
    held.slack.faults.api("chat.postMessage", retry_after=1, error="ratelimited", times=2)
    await submits(held, card, held.ana)
    later(held, HOLD + 1)
    await held.until(lambda: "It goes in" in held.said(card))
    await counts(held)
    assert held.freescout.outbox == []
    later(held, HOLD - 2)
    await calm(held)
    assert held.freescout.outbox == []
    later(held, 3)
    assert await gone(held) == [TEXT]


async def test_what_slack_cannot_show_goes_after_a_minute_and_the_writer_is_told(held: House) -> None:
    held.expects_errors = True
    card = await held.writes()
    await held.quiet()
    fault = held.slack.faults.api("chat.postMessage", status=503, times=1000)
    await submits(held, card, held.ana)
    later(held, 40)
    await asyncio.sleep(1.2)
    assert held.freescout.outbox == []
    later(held, 21)
    await held.until(lambda: held.freescout.outbox)
    fault.times = 0
    held.slack.faults.clear()
    await held.until(
        lambda: "Your reply on #412 went to mark@example.org." in told(held, held.ana), patience=90
    )
    assert len(held.freescout.outbox) == 1


async def test_in_an_archived_channel_the_writer_is_shown_it_directly(held: House) -> None:
    held.expects_errors = True
    card = await held.writes()
    await held.opens(held.ana, "Reply", card)
    await held.slack.archives("support")
    await held.ana.submits({"Reply": TEXT})
    direct = held.slack.workspace.direct(held.ana.id).messages
    shown = await held.until(lambda: [one for one in direct if "It goes in" in one.all_text])
    assert held.freescout.outbox == []
    await held.ana.presses("Cancel", on=shown[0])
    await held.until(lambda: "nothing was sent" in shown[0].all_text)
    later(held, 600)
    assert (held.freescout.outbox, rows(held)) == ([], ["cancelled"])


async def test_a_card_that_is_deleted_meanwhile_changes_nothing(held: House) -> None:
    held.expects_errors = True
    card = await held.writes()
    await answers(held, card)
    await held.slack.deletes(card)
    later(held)
    assert await gone(held) == [TEXT]
    await held.until(lambda: "Your reply on #412 went to mark@example.org." in told(held, held.ana))


async def test_a_card_that_is_gone_before_it_is_shown_does_not_keep_it(held: House) -> None:
    held.expects_errors = True
    card = await held.writes()
    await held.opens(held.ana, "Reply", card)
    await held.slack.deletes(card)
    await held.ana.submits({"Reply": TEXT})

    def shown() -> list[Message]:
        direct = held.slack.workspace.direct(held.ana.id).messages
        threads = [one for each in held.cards() for one in held.thread(each)]
        return [one for one in [*direct, *threads] if "It goes in" in one.all_text]

    await held.until(shown)
    await counts(held)
    later(held)
    assert await gone(held) == [TEXT]


async def test_an_update_that_fails_is_made_later(held: House) -> None:
    card = await held.writes()
    shown = await answers(held, card)
    held.slack.faults.api("chat.update", status=500, times=2)
    later(held)
    assert await gone(held) == [TEXT]
    await held.until(lambda: "went to mark@example.org" in shown.all_text)
    await held.until(lambda: "went to mark@example.org." in told(held, held.ana))
    assert told(held, held.ana).count("went to mark") == 1


async def test_a_receipt_whose_answer_is_lost_stands_once(held: House) -> None:
    card = await held.writes()
    await held.quiet()
    held.slack.faults.api("chat.postMessage", cut=True, after=True)
    await submits(held, card, held.ana)
    await held.until(lambda: rows(held, "select shown > 0 from outbox") == [1])
    later(held)
    await gone(held)
    await held.until(lambda: "reply went to mark@example.org" in held.said(card))
    assert len([one for one in held.thread(card) if "Ana Alves's reply" in one.all_text]) == 1


# What is in it


async def test_a_long_wild_text_goes_whole_and_is_not_in_the_log(
    held: House, caplog: pytest.LogCaptureFixture
) -> None:
    line = "Geheim <!channel> & <b> \u05e9\u05dc\u05d5\u05dd \U0001f469\u200d\U0001f467 line\n"
    leaf = {"type": "text", "text": line * 150}
    text = line * 150 * 6
    assert len(text.encode()) > 40_000
    card = await held.writes()
    block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}] * 6}
    shown = await answers(held, card, text=block)
    assert "Geheim <!channel>" in shown.all_text
    assert len(shown.all_text) < 12_000
    later(held)
    (went,) = await gone(held)
    assert went.split() == text.split()
    said = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("bot"))
    assert "Geheim" not in said
    assert rows(held, "select count(*) from outbox where text || rich || html like '%Geheim%'") == [0]


async def test_assigned_afterwards_or_told_why_not(held: House) -> None:
    card = await held.writes()
    other = await held.writes("Another")
    await submits(held, card, held.ana, Also=["Assign the conversation to me"])
    await held.until(lambda: "assigned to Ana Alves" in held.said(card))
    await counts(held)
    later(held)
    await gone(held)
    await held.until(lambda: "Ana Alves" in card.all_text and "Unassigned" not in card.all_text)
    held.freescout.faults.api("PUT /api/conversations/2", status=403, times=5)
    await submits(held, other, held.ana, Also=["Assign the conversation to me"])
    await held.until(lambda: "assigned to Ana Alves" in held.said(other))
    await counts(held)
    later(held)
    await gone(held, 2)
    await held.until(lambda: "went to mark@example.org. It is not assigned to you:" in told(held, held.ana))
    assert rows(held) == ["sent", "sent"]


# Who may not be stopped by whom


async def test_a_note_does_not_wait_for_a_reply_that_is_held(held: House) -> None:
    card = await held.writes()
    await answers(held, card)
    await held.opens(held.ben, "Note", card)
    await held.ben.submits({"Note": "On the phone."})
    await held.until(lambda: "Your note on #412 is saved." in told(held, held.ben))
    assert held.freescout.outbox == []
    later(held)
    assert await gone(held) == [TEXT]
