"""Ways in which a reply once could go wrong, each told as it happens."""

from sandbox.slack import Message, Person, payloads
from tests.conftest import House
from tests.test_hold import (
    TEXT,
    another_customer,
    answers,
    asked,
    buttons,
    calm,
    counts,
    gone,
    held,
    later,
    mailed,
    rows,
    stopped,
    told,
)

__all__ = ["held"]  # the fixture

GET = "GET /api/conversations/*"


def everywhere(house: House) -> str:
    """All that stands in the channels, and in their threads."""
    channels = [one for one in house.slack.workspace.channels.values() if not one.im_with]
    said = [message for channel in channels for message in channel.messages]
    return "\n".join(one.all_text for message in said for one in (message, *message.thread))


def direct(house: House, person: Person, words: str) -> list[Message]:
    """The direct messages of somebody's that say so."""
    return [one for one in house.slack.workspace.direct(person.id).messages if words in one.all_text]


# What changed meanwhile


async def test_a_draft_from_before_the_newest_mail_that_is_sent_meanwhile_stops_it(held: House) -> None:
    card = await held.writes()
    draft = held.freescout.agent_begins_reply(1, held.ben_id, "Use water.")
    later(held, 60)
    newest = held.freescout.customer_replies(1, "It still burns.")
    assert newest > draft
    await held.until(lambda: "It still burns." in held.said(card))
    later(held, 60)
    shown = await answers(held, card)
    await calm(held)
    held.freescout.agent_sends_draft(draft)
    await stopped(held, shown, "Ben Brandt answered meanwhile.")
    assert mailed(held) == ["Use water."]
    await held.ana.presses("Send Anyway", on=shown)
    assert await gone(held, 2) == ["Use water.", TEXT]


async def test_another_customer_appears_in_the_open_dialog_and_is_asked_about(held: House) -> None:
    card = await held.writes()
    await held.opens(held.ana, "Reply", card)
    held.ana.fills({"Reply": TEXT})
    another_customer(held)
    held.freescout.agent_notes(1, held.ben_id, "That is Eve's.")  # no webhook tells of the customer
    await held.until(
        lambda: (
            "Since you opened this: The conversation belongs to eve@example.org now."
            in held.ana.modal.all_text
        )
    )
    assert TEXT in held.ana.modal.all_text
    await held.ana.submits()
    await held.until(lambda: rows(held, "select shown > 0 from outbox") == [1])
    later(held)
    question = "Send Anyway would send it to eve@example.org."
    await held.until(lambda: direct(held, held.ana, question))
    assert held.freescout.outbox == []
    await held.ana.presses("Send Anyway", on=asked(held, held.ana))
    assert await gone(held) == [TEXT]
    assert [mail.to for mail in held.freescout.outbox] == [["eve@example.org"]]


# Who may see what


async def test_who_may_not_see_it_any_more_sees_no_new_words_and_keeps_their_own(held: House) -> None:
    card = await held.writes()
    await held.opens(held.ben, "Reply", card)
    held.ben.fills({"Reply": TEXT})
    held.freescout.agent_moves(1, held.ana_id, held.sales)
    held.freescout.customer_replies(1, "The secret number is 4711.")
    await held.until(lambda: "4711" in everywhere(held))  # in Sales, where it belongs
    barred = "FreeScout does not let you see this conversation any more"
    await held.until(lambda: held.ben.modal and barred in held.ben.modal.all_text)
    await calm(held)
    shown = [call.args["view"] for call in held.slack.calls if "view" in call.args]
    assert "4711" not in str(shown)
    assert TEXT in held.ben.modal.all_text
    await held.ben.submits()
    later(held, 130)
    await held.until(lambda: TEXT in told(held, held.ben) and "does not let you see" in told(held, held.ben))
    assert "4711" not in told(held, held.ben)
    assert (held.freescout.outbox, rows(held)) == ([], ["blocked"])


async def test_in_a_mailbox_without_a_route_its_words_stand_in_no_channel(held: House) -> None:
    card = await held.writes()
    held.freescout.agent_moves(1, held.ana_id, held.freescout.add_mailbox("Board", "board@example.org"))
    await held.until(lambda: "Moved to Board" in card.all_text)
    await held.ana.types("/freescout reply 412")
    await held.until(lambda: held.ana.modal and "Loading" not in held.ana.modal.all_text)
    await held.ana.submits({"Reply": TEXT})
    (shown,) = await held.until(lambda: direct(held, held.ana, "It goes in 20 s"))
    assert TEXT in shown.all_text
    await counts(held)
    assert TEXT not in everywhere(held)
    later(held)
    assert await gone(held) == [TEXT]
    await held.until(lambda: "went to mark@example.org" in shown.all_text)
    assert TEXT not in everywhere(held)


# Whoever wrote it learns what became of it


async def test_in_a_channel_archived_meanwhile_its_writer_is_asked_within_seconds(held: House) -> None:
    held.expects_errors = True
    card = await held.writes()
    await answers(held, card)
    await calm(held)
    await held.slack.archives("support")
    edits = len(held.slack.called("chat.update"))
    later(held, 6)
    await held.until(lambda: len(held.slack.called("chat.update")) > edits)  # the countdown cannot go on
    held.freescout.agent_replies(1, held.ben_id, "Done.")
    later(held)
    await held.until(lambda: direct(held, held.ana, "Ben Brandt answered meanwhile."), patience=10)
    question = asked(held, held.ana)
    assert TEXT in question.all_text
    assert mailed(held) == ["Done."]
    await held.ana.presses("Send Anyway", on=question)
    assert await gone(held, 2) == ["Done.", TEXT]


async def test_a_note_that_waited_in_vain_is_asked_about_and_names_no_recipient(house: House) -> None:
    house.expects_errors = True  # the looks fail as well
    card = await house.writes()
    await house.quiet()
    await house.opens(house.ana, "Note", card)
    house.freescout.faults.api(GET, status=503, times=None)
    await house.ana.submits({"Note": TEXT})
    await house.until(lambda: rows(house, "select attempts from outbox") != [0])
    await house.stop()
    rows(house, "update outbox set attempts = 180")
    await house.start()

    def given_back() -> list[Message]:
        later(house, 10)
        return direct(house, house.ana, "Your note on #412 did not go.")

    (question,) = await house.until(given_back)
    assert "Ana Alves's note" in question.all_text
    assert TEXT in question.all_text
    assert "mark@example.org" not in question.all_text
    assert "Send Anyway" in buttons(question)
    house.freescout.faults.clear()
    later(house, 600)  # a breaker that has opened looks again
    await house.ana.presses("Send Anyway", on=question)

    def saved() -> bool:
        later(house, 3)
        return "Your note on #412 is saved." in told(house, house.ana)

    await house.until(saved)
    assert house.freescout.outbox == []
    notes = [one for one in house.freescout.world.conversations[1].threads if one.type == "note"]
    assert [note.body for note in notes] == [f"<p>{TEXT}</p>"]


async def test_what_is_left_to_do_after_it_went_stays_to_be_read(held: House) -> None:
    card = await held.writes()
    await held.opens(held.ana, "Reply", card)
    # FreeScout leaves out what it cannot read, and says nothing of it.
    files = [
        held.slack.add_file(held.ana, "empty.txt", b""),
        held.slack.add_file(held.ana, "a.txt", b"words"),
    ]
    held.ana.fills({"Reply": TEXT, "Also": ["Assign the conversation to me"]})
    held.freescout.faults.api("PUT /api/conversations/1", status=403, times=5)
    await held.ana.submits({"Files": files})
    shown = await held.until(lambda: next((m for m in held.thread(card) if "It goes in" in m.all_text), None))
    await counts(held)
    later(held)
    assert await gone(held) == [TEXT]
    remarks = ("FreeScout left out 1 of its files: attach them there.", "It is not assigned to you:")
    await held.until(lambda: all(remark in shown.all_text for remark in remarks))
    (stays,) = await held.until(lambda: direct(held, held.ana, "went to mark@example.org."))
    assert all(remark in stays.all_text for remark in remarks)


# Once is enough


async def test_half_an_hour_old_dialogs_are_deleted_when_another_opens(held: House) -> None:
    card = await held.writes()
    other = await held.writes("Another")
    await held.opens(held.ana, "Reply", card)
    await held.until(lambda: rows(held, "select slack_user from writing") == [held.ana.id])
    later(held, 29 * 60)
    await held.opens(held.ben, "Reply", other)
    await held.until(lambda: rows(held, "select count(*) from writing") == [2])
    later(held, 2 * 60)
    await held.opens(held.ben, "Note", other)
    kinds = "select kind from writing order by since"
    await held.until(lambda: rows(held, kinds) == ["message", "note"])
    assert rows(held, "select distinct slack_user from writing") == [held.ben.id]


async def test_the_first_dialogs_submission_comes_late_and_is_no_second_mail(held: House) -> None:
    card = await held.writes()
    await held.opens(held.ana, "Reply", card)
    held.ana.fills({"Reply": "First."})
    first = payloads.submission(held.slack.workspace, held.ana.profile, held.ana.modal)
    shown = await answers_in(held, card, held.ana)
    for words in ("Second.", "Third."):
        await held.opens(held.ana, "Edit", shown)
        await held.ana.submits({"Reply": words})
        await held.until(lambda words=words: words in shown.all_text and "It goes in" in shown.all_text)
        assert (await held.slack.delivery.interaction(first)).ok
        await counts(held)
    later(held)
    assert await gone(held) == ["Third."]
    assert (await held.slack.delivery.interaction(first)).ok
    later(held, 120)
    await held.quiet()
    assert mailed(held) == ["Third."]
    assert rows(held) == ["sent"]


async def answers_in(house: House, card: Message, person: Person) -> Message:
    """Submit the dialog that is open; return the message that counts down."""
    await person.submits()
    shown = await house.until(
        lambda: next((m for m in house.thread(card) if "It goes in" in m.all_text), None)
    )
    await counts(house)
    return shown


def to_its_time(house: House) -> None:
    """Go on to when the reply is tried next, and not beyond: on a busy machine, hours would pass meanwhile."""
    for due in rows(house, "select due from outbox where state = 'held'"):
        later(house, max(0.0, due - house.clock().timestamp() + 0.1))


async def test_files_are_not_fetched_again_and_again_while_freescout_is_away(house: House) -> None:
    house.expects_errors = True  # the looks fail as well
    card = await house.writes()
    await house.quiet()
    await house.opens(house.ana, "Reply", card)
    file = house.slack.add_file(house.ana, "big.bin", b"x" * 100_000)
    house.freescout.faults.api("*", status=503, times=None)
    await house.ana.submits({"Reply": TEXT, "Files": [file]})

    def tried() -> list[int]:
        to_its_time(house)
        return rows(house, "select 1 from outbox where attempts >= 6")

    await house.until(tried)
    assert house.slack.called("files.info") == []
    house.freescout.faults.clear()

    def went() -> list[str]:
        to_its_time(house)
        return mailed(house)

    assert await house.until(went) == [TEXT]
    assert len(house.slack.called("files.info")) == 1
    (thread,) = [one for one in house.freescout.world.conversations[1].threads if one.type == "message"]
    assert [one.name for one in thread.attachments] == ["big.bin"]


async def test_after_a_restart_without_freescout_the_countdown_stays_where_it_is(held: House) -> None:
    held.expects_errors = True
    card = await held.writes()
    shown = await answers(held, card)
    await held.stop()
    held.freescout.faults.api("GET /api/*", status=503, times=10_000)
    await held.start()
    later(held, 6)
    await held.until(lambda: "It goes in 15 s" in shown.all_text)
    assert "Cancel" in shown.all_text
