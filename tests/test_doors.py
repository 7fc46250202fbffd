"""The doors, driven as a person does: signed requests through the real app, against real servers."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.store import Store
from sandbox.slack.model import Message
from tests.conftest import House


def writes_of(house: House) -> list[tuple[str, Any]]:
    """What was written to FreeScout through its API."""
    return [(f"{one.method} {one.path}", one.body) for one in house.freescout.requests if one.method != "GET"]


async def test_a_reply_shows_who_gets_it_is_mailed_once_and_stands_in_the_thread(house: House) -> None:
    card = await house.writes(cc=["boss@example.org"])
    shown = (await house.opens(house.ana, "Reply", card)).all_text
    for words in (
        "To Mark Moore · mark@example.org",
        "boss@example.org",
        "From Support, as Ana Alves",
        "It burns.",
    ):
        assert words in shown
    await house.ana.submits({"Reply": "We are <on> it & more.\nSecond line", "status": "Closed"})
    assert house.ana.modal is None
    await house.until(lambda: "We are <on> it & more." in house.said(card))
    await house.until(lambda: "Closed" in card.all_text)
    [mail] = house.freescout.outbox
    assert (mail.to, mail.cc) == (["mark@example.org"], ["boss@example.org"])
    assert mail.text == "We are <on> it & more.\nSecond line"
    await house.until(lambda: "Your reply on #412 went to mark@example.org." in house.told(house.ana))
    [(path, body)] = writes_of(house)
    assert path == "POST /api/conversations/1/threads"
    assert (body["user"], body["type"], body["cc"], body["status"]) == (
        house.ana_id,
        "message",
        ["boss@example.org"],
        "closed",
    )
    assert "customer" not in body


async def test_a_note_reaches_no_customer_and_keeps_the_cc(house: House) -> None:
    card = await house.writes(cc=["boss@example.org"])
    await house.opens(house.ben, "Note", card)
    await house.ben.submits({"Note": "call them"})
    await house.until(lambda: "call them" in house.said(card))
    assert house.freescout.outbox == []
    [(_, body)] = writes_of(house)
    assert (body["type"], body["user"], body["cc"]) == ("note", house.ben_id, ["boss@example.org"])
    assert "status" not in body


async def test_an_empty_reply_is_stopped_at_its_field(house: House) -> None:
    card = await house.writes()
    await house.opens(house.ana, "Reply", card)
    await house.ana.submits({"Reply": "   \n "})
    assert house.ana.modal
    assert house.ana.modal.errors
    assert writes_of(house) == []


@pytest.mark.parametrize(
    ("press", "shown"),
    [
        ("Close", "Closed"),
        ("Pending", "Pending"),
        ("Spam", "Spam"),
        ("Assign to Me", "Ana Alves"),
    ],
)
async def test_each_button_does_what_it_says(house: House, press: str, shown: str) -> None:
    card = await house.writes()
    await house.ana.presses(press, on=card)
    await house.until(lambda: shown in card.all_text)
    [(path, body)] = writes_of(house)
    assert path == "PUT /api/conversations/1"
    assert body["byUser"] == house.ana_id
    assert house.slack.ephemerals(house.ana) == []


async def test_what_is_closed_can_be_reopened(house: House) -> None:
    card = await house.writes()
    await house.ana.presses("Close", on=card)
    await house.until(lambda: "Closed" in card.all_text)
    await house.ana.presses("Reopen", on=card)
    await house.until(lambda: "Active" in card.all_text)


async def test_assign_to_offers_everybody_and_nobody(house: House) -> None:
    card = await house.writes()
    await house.opens(house.ana, "Assign to…", card)
    await house.ana.submits({"To whom": "Ben Brandt"})
    await house.until(lambda: "Ben Brandt" in card.all_text)
    await house.opens(house.ana, "Assign to…", card)
    await house.ana.submits({"To whom": "Nobody"})
    await house.until(lambda: "Unassigned" in card.all_text)


async def test_nobody_is_assigned_who_cannot_see_the_mailbox(house: House) -> None:
    house.freescout.customer_writes("z@example.org", "Lamps", "twelve", mailbox=house.sales)
    card = await house.until(lambda: house.cards("sales") and house.cards("sales")[0])
    await house.ana.types("/freescout assign 412 ben@example.org", channel="sales")
    await house.until(lambda: "cannot see this conversation's mailbox" in house.told(house.ana))
    assert writes_of(house) == []
    assert "Unassigned" in card.all_text


async def test_the_words_of_the_command_act(house: House) -> None:
    card = await house.writes()
    for typed, told, shown in [
        ("assign 412 me", "assigned to Ana Alves", "Ana Alves"),
        ("assign #412 @Ben Brandt", "", ""),
        ("assign 412 ben@example.org", "assigned to Ben Brandt", "Ben Brandt"),
        ("assign 412 nobody", "assigned to nobody", "Unassigned"),
        ("pending 412", "#412 is pending now", "Pending"),
        ("reopen 412", "#412 is active now", "Active"),
        ("spam 412", "#412 is spam now", "Spam"),
        ("close #412", "#412 is closed now", "Closed"),
    ]:
        await house.ana.types(f"/freescout {typed}")
        if told:
            await house.until(lambda told=told: told in house.told(house.ana))
            await house.until(lambda shown=shown: shown in card.all_text)


async def test_help_lists_every_word_and_is_what_no_word_gets(house: House) -> None:
    await house.ana.types("/freescout")
    await house.until(lambda: "/freescout close 412" in house.told(house.ana))
    for word in "help show reply note assign close reopen pending spam mine waiting find".split():
        assert f"/freescout {word}" in house.told(house.ana)


async def test_a_mistyped_word_does_nothing_and_says_the_nearest(house: House) -> None:
    await house.writes()
    await house.ana.types("/freescout replly 412 we hate you")
    await house.until(lambda: "Did you mean /freescout reply" in house.told(house.ana))
    assert "nothing was done" in house.told(house.ana)
    assert house.ana.modal is None
    assert writes_of(house) == []


async def test_words_behind_reply_are_put_in_the_field_and_not_sent(house: House) -> None:
    await house.writes()
    await house.ana.types("/freescout reply 412 dear <Mark> & co")
    modal = await house.until(lambda: house.ana.modal)
    assert "dear <Mark> & co" in str(modal.body)
    assert house.freescout.outbox == []
    await house.ana.submits({})
    await house.until(lambda: house.freescout.outbox)
    assert house.freescout.outbox[0].text == "dear <Mark> & co"


async def test_note_with_words_saves_them_and_without_opens_a_dialog(house: House) -> None:
    card = await house.writes()
    await house.ben.types("/freescout note 412 they <called> twice")
    await house.until(lambda: "they <called> twice" in house.said(card))
    await house.ben.types("/freescout note 412")
    await house.until(lambda: house.ben.modal)


async def shown_alone(house: House) -> Message:
    """The card as Ana alone sees it, in another channel."""
    await house.ana.types("/freescout show #412", channel="sales")
    await house.until(lambda: "#412 Printer on fire" in house.told(house.ana))
    return house.slack.ephemerals(house.ana)[-1]


async def test_show_gives_the_card_with_buttons_that_work_and_say_so(house: House) -> None:
    card = await house.writes()
    alone = await shown_alone(house)
    for press, filled, told in [
        ("I'm On It", {}, "You are on #412 until"),
        ("Snooze…", {"Until": "In 1 hour"}, "#412 is snoozed until"),
        ("Assign to…", {"To whom": "Ben Brandt"}, "#412 is assigned to Ben Brandt now."),
        ("Assign to Me", {}, "#412 is assigned to Ana Alves now."),
        ("Pending", {}, "#412 is pending now."),
        ("Close", {}, "#412 is closed now."),
        ("Spam", {}, "#412 is spam now."),
    ]:
        if filled:
            await house.opens(house.ana, press, alone)
            await house.ana.submits(filled)
        else:
            await house.ana.presses(press, on=alone)
        await house.until(lambda told=told: told in house.told(house.ana))
    await house.until(lambda: "Spam" in card.all_text)


async def test_to_what_was_deleted_nothing_is_done(house: House) -> None:
    await house.writes()
    alone = await shown_alone(house)
    house.freescout.agent_deletes(1)
    address = f"{house.settings.freescout_url}/conversation/1"
    for press in ("I'm On It", "Snooze…", "Assign to…", "Assign to Me", "Pending", "Close"):
        await house.ana.presses(press, on=alone)
    for words in ("claim {}", "close {}", "assign {} me", "snooze {} 2h"):
        await house.ana.types(f"/freescout {words.format(address)}")
    told = await house.until(lambda: len(found := house.slack.ephemerals(house.ana)[1:]) == 10 and found)
    assert {one.all_text for one in told} == {"#412 was deleted in FreeScout, so nothing was done."}
    assert house.ana.modal is None
    assert writes_of(house) == []


async def test_a_conversation_can_be_named_by_its_address(house: House) -> None:
    await house.writes()
    await house.ana.types(f"/freescout show {house.settings.freescout_url}/conversation/1")
    await house.until(lambda: "#412 Printer on fire" in house.told(house.ana))


async def test_an_address_of_another_freescout_is_not_taken_for_ours(house: House) -> None:
    await house.writes()
    home = house.settings.freescout_url
    port = home.rpartition(":")[2]
    for other in (
        "https://staging.other.example/conversation/1",
        f"{home}/elsewhere/conversation/1",
        f"{home}0/conversation/1",
        f"http://evil.example@127.0.0.1:{port}/conversation/1",
    ):
        await house.ana.types(f"/freescout show {other}")
        said = await house.until(lambda: house.told(house.ana))
        assert f"an address of another FreeScout: this one is at {home}" in said
        assert "Printer on fire" not in said
        house.ana.ephemerals.clear()
    await house.ana.types(f"/freescout show {home.replace('http:', 'https:')}/conversation/1")
    await house.until(lambda: "#412 Printer on fire" in house.told(house.ana))


async def test_lists_show_what_one_may_see(house: House) -> None:
    await house.writes("Printer on fire")
    house.freescout.customer_writes("zoe@example.com", "Lamps", "twelve", mailbox=house.sales, name="Zoë")
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    await house.ben.types("/freescout mine")
    await house.until(lambda: "#412 Printer on fire" in house.told(house.ben))
    await house.ben.types("/freescout waiting")
    await house.until(lambda: "Waiting for" in house.told(house.ben))
    assert "Lamps" not in house.told(house.ben)
    await house.ana.types("/freescout waiting")
    await house.until(lambda: "#413 Lamps" in house.told(house.ana))
    await house.ana.types("/freescout find zoe@example.com")
    await house.until(
        lambda: "Found for zoe@example.com" in house.told(house.ana) and "Lamps" in house.told(house.ana)
    )
    await house.ana.types("/freescout find printer")
    await house.until(
        lambda: "Found for printer" in house.told(house.ana) and "on fire" in house.told(house.ana)
    )
    await house.ana.types("/freescout find unicorns")
    await house.until(lambda: "no subject has unicorns in it" in house.told(house.ana))
    await house.ana.types("/freescout find Zoë")
    await house.until(lambda: "Customers are found by their address." in house.told(house.ana))
    await house.ana.types("/freescout find zoe@example.org")
    await house.until(lambda: "a customer whose address is zoe@example.org" in house.told(house.ana))


async def test_find_knows_since_when_somebody_waits_and_whether(house: House) -> None:
    await house.writes()
    house.clock.skip(timedelta(hours=3))
    house.freescout.customer_replies(1, "<p>Still burning, are you there?</p>")
    await house.ana.types("/freescout find Printer")
    await house.until(lambda: "waiting 3 h" in house.told(house.ana))
    house.freescout.agent_replies(1, house.ana_id, "<p>Put out.</p>", status="active")
    house.freescout.customer_replies(1, "<p>Thank you!</p>")
    await house.ana.types("/freescout find printer")
    await house.until(lambda: "Found for printer" in house.told(house.ana))
    assert "waiting" not in house.told(house.ana)


async def test_text_typed_in_a_channel_or_a_thread_goes_nowhere(house: House) -> None:
    card = await house.writes()
    await house.until(lambda: house.thread(card))
    await house.ana.types("I think this customer is a pain", thread=card)
    await house.ana.types("@FreeScout close 412", channel="support")
    await house.quiet()
    assert writes_of(house) == []
    assert house.freescout.outbox == []


async def test_a_stranger_to_freescout_is_told_so_and_nothing_is_done(house: House) -> None:
    card = await house.writes()
    uma = house.slack.add_person("Uma Unknown", "uma@example.org")
    for attempt in (
        uma.presses("Reply", on=card),
        uma.presses("Close", on=card),
        uma.types("/freescout close 412"),
        uma.types("/freescout note 412 hi"),
    ):
        before = len(house.slack.ephemerals(uma))
        await attempt
        await house.until(lambda before=before: len(house.slack.ephemerals(uma)) > before)
        assert "no user with your Slack address uma@example.org" in house.told(uma)
    assert uma.modal is None
    assert writes_of(house) == []


async def test_guests_and_strangers_gain_no_right_by_a_matching_address(house: House) -> None:
    card = await house.writes()
    guest = house.slack.add_person("Gus Guest", "ana@example.org", guest=True)
    await guest.presses("Close", on=card)
    await house.until(lambda: "Guests" in house.told(guest))
    foreign = house.slack.add_person("Fay Foreign", "ben@example.org", team="T0OTHER")
    await foreign.presses("Close", on=card)
    await house.until(lambda: "other workspaces" in house.told(foreign))
    assert writes_of(house) == []


async def test_one_acts_only_in_mailboxes_that_freescout_lets_one_see(house: House) -> None:
    house.freescout.customer_writes("z@example.org", "Lamps", "twelve", mailbox=house.sales)
    card = await house.until(lambda: house.cards("sales") and house.cards("sales")[0])
    for press in ("Reply", "Note", "Assign to Me", "Close", "Assign to…", "Spam"):
        before = len(house.slack.ephemerals(house.ben))
        await house.ben.presses(press, on=card)
        await house.until(lambda before=before: len(house.slack.ephemerals(house.ben)) > before)
        assert "does not let you see" in house.told(house.ben)
    assert writes_of(house) == []


async def test_what_freescout_refuses_or_cannot_do_is_told(house: House) -> None:
    card = await house.writes()
    house.freescout.faults.api("PUT /api/conversations/*", status=500, html=True, times=3)
    await house.ana.presses("Close", on=card)
    await house.until(lambda: "FreeScout fails with a web page (500" in house.told(house.ana))
    await house.ana.types("/freescout close 999")
    await house.until(lambda: "FreeScout has no conversation #999." in house.told(house.ana))
    await house.ana.types("/freescout close the door")
    await house.until(lambda: "Say its number" in house.told(house.ana))


async def test_slack_is_answered_at_once_while_freescout_hangs(house: House) -> None:
    card = await house.writes()
    await house.quiet()
    house.freescout.faults.api("GET /api/conversations/1*", hang=2.5, after=True)
    await house.ana.presses("Reply", on=card)
    assert house.ana.last_answer
    assert house.ana.last_answer.seconds < 1
    modal = await house.until(lambda: house.ana.modal)
    assert "Loading" in modal.all_text
    await house.until(lambda: house.ana.modal and "To Mark Moore" in house.ana.modal.all_text)
    await house.ana.submits({"Reply": "at last"})
    await house.until(lambda: house.freescout.outbox)


async def test_a_button_of_an_earlier_version_says_that_it_is_dead(house: House) -> None:
    card = await house.writes()
    old = [block for block in card.blocks if block["type"] == "actions"][0]
    old["elements"][1]["action_id"] = "card.of_yore"
    await house.ana.presses("card.of_yore", on=card)
    await house.until(lambda: "earlier version" in house.told(house.ana))


async def test_two_clicks_are_one_reply(house: House) -> None:
    card = await house.writes()
    await house.opens(house.ana, "Reply", card)
    await asyncio.gather(house.ana.submits({"Reply": "once"}), house.ana.submits({"Reply": "once"}))
    await house.until(lambda: house.freescout.outbox)
    await house.quiet()
    assert len(house.freescout.outbox) == 1


async def test_everything_done_is_on_record(house: House) -> None:
    card = await house.writes()
    await house.ana.presses("Assign to Me", on=card)
    await house.until(lambda: "Ana Alves" in card.all_text)
    house.freescout.faults.api("PUT /api/conversations/*", status=500, times=3)
    await house.ana.presses("Close", on=card)
    await house.until(lambda: "fails" in house.told(house.ana))
    await house.ana.types("/freescout note 412 secret words")
    await house.until(lambda: "secret words" in house.said(card))
    await house.quiet()
    store = Store(house.settings.database_path, house.clock)
    rows = await store.audited(1)
    await store.close()
    assert [(row["slack_user"], row["user"], row["action"]) for row in rows] == [
        (house.ana.id, house.ana_id, "assign"),
        (house.ana.id, house.ana_id, "set closed"),
        (house.ana.id, house.ana_id, "note"),
    ]
    assert [row["outcome"].split(":")[0] for row in rows] == ["done", "failed", "sent"]
    assert "secret words" not in str(rows)


async def test_who_has_no_address_cannot_be_replied_to_and_one_is_told_so(house: House) -> None:
    house.freescout.customer_writes("", "Called us", "by phone", mailbox=house.support, name="Phil")
    card = await house.until(lambda: house.cards() and house.cards()[0])
    await house.ana.presses("Reply", on=card)
    await house.until(lambda: "no e-mail address" in house.told(house.ana))
    await house.opens(house.ana, "Note", card)


async def test_line_breaks_between_the_words_of_a_command_are_blanks(house: House) -> None:
    card = await house.writes()
    await house.ana.types("/freescout note\n412\nfirst line\nsecond line")
    await house.until(lambda: "first line\nsecond line" in house.said(card))


async def test_what_cannot_be_answered_the_short_way_is_told_the_long_way(house: House) -> None:
    await house.writes()
    house.clock.skip(timedelta(hours=-1))
    asking = asyncio.create_task(house.ana.types("/freescout show 412"))
    house.clock.skip(timedelta(hours=1))  # the response_url is older than its 30 minutes
    await asking
    await house.until(lambda: "#412" in house.told(house.ana))


async def test_who_waits_is_found_behind_many_who_were_answered(house: House) -> None:
    for number in range(20):
        house.freescout.customer_writes(f"c{number}@example.org", "Answered", "x", mailbox=house.support)
        house.freescout.agent_replies(number + 1, house.ana_id, "done", status="active")
    house.freescout.customer_writes("zoe@example.org", "Still waiting", "hello?", mailbox=house.support)
    await house.ana.types("/freescout waiting")
    await house.until(lambda: "Still waiting" in house.told(house.ana))


async def test_a_number_can_be_found(house: House) -> None:
    await house.writes()
    for words in ("412", "#412"):
        await house.ana.types(f"/freescout find {words}")
        await house.until(lambda words=words: f"Found for {words}" in house.told(house.ana))
    assert "#412 Printer on fire" in house.told(house.ana)


async def test_many_words_stand_whole_in_the_field(house: House) -> None:
    await house.writes()
    await house.ana.types("/freescout reply 412 " + "word " * 700 + "end")
    modal = await house.until(lambda: house.ana.modal)
    assert "word " * 700 + "end" in modal.all_text


async def test_assigning_to_somebody_freescout_does_not_know_blames_nobody_else(house: House) -> None:
    await house.writes()
    house.slack.add_person("Uma Unknown", "uma@example.org")
    await house.ana.types("/freescout assign 412 @Uma Unknown")
    await house.ana.types("/freescout assign 412 uma@example.org")
    await house.until(lambda: "FreeScout has no user" in house.told(house.ana))
    assert "your" not in house.told(house.ana)


async def test_what_only_the_operator_can_mend_is_not_called_passing(house: House) -> None:
    house.expects_errors = True
    card = await house.writes()
    await house.quiet()
    house.freescout.faults.api("GET /api/conversations/*", status=401, times=None)
    await house.ana.presses("Close", on=card)
    await house.until(lambda: "for the operator to put right" in house.told(house.ana))
    assert "Try again" not in house.told(house.ana)


async def test_what_was_asked_for_is_answered_before_the_bridge_ends(house: House) -> None:
    await house.writes()
    await house.quiet()
    before = len(house.freescout.requests)
    house.freescout.faults.api("GET /api/conversations*", hang=1, after=True)
    asking = asyncio.create_task(house.ana.types("/freescout show 412"))
    await house.until(lambda: len(house.freescout.requests) > before)
    await house.stop()
    await asking
    assert "Printer on fire" in house.told(house.ana)
