"""Replies and notes on their way: each goes once, to whom its writer saw, or its writer has the text back."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.store import Draft, Reply, ReplyState, Store
from sandbox.freescout.records import Actor
from sandbox.serving import free_port, serving
from sandbox.slack import Message, Person, payloads
from tests.conftest import House
from tests.torture import evidence

POST = "POST /api/conversations/*/threads"
GET = "GET /api/conversations/*"
TEXT = "Turn it off & on again:\n<b> is bold."


async def begin(house: House, card: Message, button: str = "Reply") -> None:
    """Ana opens the modal behind a button of a card."""
    await house.opens(house.ana, button, card)


async def write(house: House, card: Message, text: str = TEXT, **fields: str) -> None:
    """Ana answers in the modal behind a card's *Reply*."""
    await begin(house, card)
    await house.ana.submits({"Reply": text, **fields})
    assert house.ana.modal is None


async def in_time(house: House, look: Callable[[], Any], step: float = 1) -> Any:
    """Wait until something is so, while hours pass in seconds."""

    def later() -> Any:
        house.clock.skip(timedelta(seconds=step))
        return look()

    return await house.until(later)


def direct(house: House, person: Person | None = None) -> list[Message]:
    """The direct messages of somebody's, Ana's where nobody is named."""
    return house.slack.workspace.direct((person or house.ana).id).messages


def told(house: House, person: Person | None = None) -> str:
    """All that somebody was told in private, be it for the moment or to stay."""
    person = person or house.ana
    return "\n".join(message.all_text for message in [*person.ephemerals, *direct(house, person)])


def tries(house: House) -> int:
    return sum(call.method == "POST" and call.path.endswith("/threads") for call in house.freescout.requests)


def outbox(house: House, statement: str = "select state from outbox order by id") -> list[Any]:
    connection = sqlite3.connect(house.settings.database_path, isolation_level=None)
    try:
        return [row[0] for row in connection.execute(statement).fetchall()]
    finally:
        connection.close()


async def left_behind(house: House, conversation: int, state: ReplyState, **more: Any) -> None:
    """What a bridge that was killed leaves in its file: a reply of Ana's in some state."""
    draft = {
        "intent": f"left {conversation}",
        "conversation": conversation,
        "number": conversation + 411,
        "kind": "message",
        "text": TEXT,
        "user": house.ana_id,
        "slack_user": house.ana.id,
        "channel": house.slack.channel("support").id,
        "thread_ts": "",
        "customer_email": "mark@example.org",
    }
    store = Store(house.settings.database_path, house.clock)
    await store.queue(Draft(**{**draft, **more}))
    reply = await store.reply(outbox(house, "select max(id) from outbox")[0])
    assert isinstance(reply, Reply)
    if state is not ReplyState.HELD:
        threads = house.freescout.world.conversations[conversation].threads
        assert await store.claim_reply(reply, max(one.id for one in threads))
        await store.mark_reply(reply, state)
    await store.close()


# The ordinary way


async def test_a_reply_goes_once_in_ones_own_name_with_cc_and_the_writer_is_told(house: House) -> None:
    card = await house.writes(cc=["boss@example.org"])
    await write(house, card, **{"Afterwards the conversation is": "Closed"})
    await house.until(lambda: "Your reply on #412 went to mark@example.org." in told(house))
    await house.quiet()
    (mail,) = house.freescout.outbox
    assert (mail.to, mail.cc) == (["mark@example.org"], ["boss@example.org"])
    assert mail.text.split() == TEXT.split()
    conversation = house.freescout.world.conversations[1]
    assert (conversation.cc, conversation.status) == (["boss@example.org"], "closed")
    assert conversation.threads[1].created_by == Actor("user", house.ana_id)
    assert "Ana Alves replied to mark@example.org, cc boss@example.org" in house.said(card)
    assert outbox(house, "select text from outbox") == [""]
    assert outbox(house, "select action || ' ' || outcome from audit") == ["reply sent"]


async def test_a_note_is_saved_whoever_the_customer_is_mails_nobody_and_keeps_cc(house: House) -> None:
    card = await house.writes(cc=["boss@example.org"])
    house.freescout.faults.api(POST, status=500, after=True)
    await begin(house, card, "Note")
    eve = house.freescout.desk.customer("eve@example.org").id
    house.freescout.desk.change_customer(
        house.freescout.world.conversations[1], eve, Actor("user", house.ben_id)
    )
    await house.ana.submits({"Note": TEXT})
    await in_time(house, lambda: "Your note on #412 is saved." in told(house))
    await house.quiet()
    assert house.freescout.outbox == []
    assert house.freescout.world.conversations[1].cc == ["boss@example.org"]
    assert "Ana Alves · internal note" in house.said(card)
    assert tries(house) == 1


async def test_two_clicks_on_send_are_one_mail(house: House) -> None:
    card = await house.writes()
    await begin(house, card)
    house.ana.fills({"Reply": TEXT})
    view = house.ana.modal
    assert view
    sent = payloads.submission(house.slack.workspace, house.ana.profile, view)
    answers = await asyncio.gather(*(house.slack.delivery.interaction(sent) for _ in range(3)))
    assert all(answer.ok for answer in answers)
    await house.until(lambda: house.freescout.outbox)
    await house.quiet()
    assert (len(house.freescout.outbox), tries(house)) == (1, 1)
    assert told(house).count("went to") == 1


async def test_the_same_words_sent_twice_on_purpose_are_two_mails_in_order(house: House) -> None:
    card = await house.writes()
    house.freescout.faults.api(POST, cut=True, after=True)
    await write(house, card, "Thanks!")
    await write(house, card, "Thanks!")
    await write(house, card, "And bye.")
    await in_time(house, lambda: len(house.freescout.outbox) == 3)
    assert [mail.text for mail in house.freescout.outbox] == ["Thanks!", "Thanks!", "And bye."]
    assert tries(house) == 3


# An answer that is lost

LOST: list[dict[str, Any]] = [{"status": 500}, {"status": 502, "html": True}, {"cut": True}]


async def test_replies_whose_answer_is_lost_are_found_and_not_mailed_twice(house: House) -> None:
    for count, fault in enumerate(LOST, 1):
        card = await house.writes(f"Case {count}")
        house.freescout.faults.api(POST, after=True, **fault)
        await write(house, card)
        await house.until(lambda: tries(house) == count)
    await in_time(house, lambda: told(house).count("went to mark@example.org") == len(LOST))
    await house.quiet()
    assert [mail.conversation for mail in house.freescout.outbox] == [1, 2, 3]
    assert tries(house) == len(LOST)
    assert "did not go" not in told(house)


async def never_arrives(house: House) -> tuple[Message, Message]:
    """A reply of Ana's of which nobody can say whether it went: the card, and what she is asked."""
    card = await house.writes()
    house.freescout.faults.api(POST, status=500)
    await write(house, card)
    await in_time(house, lambda: "Nobody can say whether your reply on #412 went." in told(house), step=3)
    return card, direct(house)[-1]


async def test_a_reply_that_never_arrived_is_not_sent_again_by_itself_but_given_back(house: House) -> None:
    card, notice = await never_arrives(house)
    assert "did not go" not in told(house)  # it may yet arrive, and a second copy would be mailed
    assert "Not sent" not in told(house)
    await house.quiet()
    assert (house.freescout.outbox, tries(house)) == ([], 1)
    assert "Look before you send it again" in notice.all_text
    assert TEXT in notice.all_text
    assert "It may have gone." in house.said(card)
    # Nobody else can press it, and it opens the modal with the text.
    await house.ben.presses("Try Again", on=notice)
    await house.until(lambda: "Only whoever wrote it" in told(house, house.ben))
    assert house.ben.modal is None
    view = await house.opens(house.ana, "Try Again", notice)
    assert TEXT in view.all_text
    await house.ana.submits({})
    await house.until(lambda: "went to" in told(house))
    assert [mail.text.split() for mail in house.freescout.outbox] == [TEXT.split()]
    assert outbox(house) == ["sent"]
    await house.until(lambda: "reply went to mark@example.org" in house.said(card))
    assert "It may have gone" not in house.said(card)


async def test_who_looked_and_found_it_says_so_and_nothing_is_sent(house: House) -> None:
    card, notice = await never_arrives(house)
    urls = [one.get("url") for block in notice.blocks for one in block.get("elements", [])]
    assert f"{house.settings.freescout_url}/conversation/1" in urls
    await house.ben.presses("It Arrived", on=notice)
    await house.until(lambda: "Only whoever wrote it" in told(house, house.ben))
    await house.ana.presses("It Arrived", on=notice)
    await house.until(lambda: outbox(house) == ["sent"])
    await house.until(lambda: "reply went to mark@example.org" in house.said(card))
    await house.ana.presses("It Arrived", on=notice)
    await house.until(lambda: "It went already." in told(house))
    assert outbox(house, "select text || rich || html from outbox") == [""]
    await house.quiet()
    assert tries(house) == 1
    ((row,), broken) = evidence.outbox(Path(house.settings.database_path))
    assert (row.recorded, broken) == (True, "")  # as whoever holds the torture run to the record sees it


async def test_earlier_tries_do_not_shorten_the_search_for_a_reply(house: House) -> None:
    card = await house.writes()
    await house.quiet()
    await begin(house, card)
    house.freescout.faults.api(GET, status=503, times=2)
    house.freescout.faults.api(POST, status=500)
    await house.ana.submits({"Reply": "It was slow."})
    await in_time(house, lambda: tries(house), step=4)
    await in_time(house, lambda: outbox(house, "select attempts from outbox") == [2], step=0.1)
    house.freescout.agent_replies(1, house.ana_id, "It was slow.")  # FreeScout was, and now it is there
    await in_time(house, lambda: "went to" in told(house), step=2)
    assert (len(house.freescout.outbox), tries(house)) == (1, 1)
    assert "did not go" not in told(house)


async def test_while_freescout_is_away_the_search_goes_on_and_is_told_once(house: House) -> None:
    card = await house.writes()
    await house.quiet()
    await begin(house, card)
    house.freescout.faults.api(POST, cut=True, after=True)
    await house.ana.submits({"Reply": TEXT})
    await house.until(lambda: outbox(house) == ["unknown"])
    house.freescout.faults.api(GET, status=503, times=9)
    await in_time(house, lambda: "went to" in told(house), step=5)
    assert told(house).count("Whether it arrived is being looked up.") == 1
    assert (len(house.freescout.outbox), tries(house)) == (1, 1)


async def test_a_search_in_a_conversation_that_is_gone_ends(house: House) -> None:
    card = await house.writes()
    house.freescout.faults.api(POST, cut=True)
    await write(house, card)
    await house.until(lambda: outbox(house) == ["unknown"])
    house.freescout.agent_deletes_forever(1)
    await in_time(house, lambda: "does not have the conversation any more" in told(house))
    assert outbox(house) == ["failed"]
    assert "Nobody can say whether" in told(house)


# A FreeScout that cannot be reached


async def test_a_reply_waits_for_a_freescout_that_is_away_and_its_writer_is_told_once(
    empty_house: House,
) -> None:
    house = empty_house
    async with AsyncExitStack() as door:
        address = await door.enter_async_context(serving(house.freescout.app, free_port()))
        await house.start(freescout_url=address)
        card = await house.writes()
        await house.quiet()
        await begin(house, card)
    await house.ana.submits({"Reply": TEXT})
    assert house.ana.modal is None
    await in_time(house, lambda: outbox(house, "select 1 from outbox where attempts >= 3"), step=3)
    assert told(house).count("is kept and goes as soon as that passes") == 1
    assert "cannot be reached" in told(house)
    async with serving(house.freescout.app, port=int(address.rpartition(":")[2])):
        await in_time(house, lambda: "went to" in told(house), step=3)
        assert (len(house.freescout.outbox), tries(house)) == (1, 1)


async def test_a_429_is_waited_out(house: House) -> None:
    card = await house.writes()
    house.freescout.faults.api(POST, status=429, headers={"Retry-After": "2"}, times=2)
    await write(house, card)
    await in_time(house, lambda: "went to" in told(house), step=4)
    assert (len(house.freescout.outbox), tries(house)) == (1, 3)
    assert told(house).count("is kept") == 1


@pytest.mark.parametrize(("match", "status"), [(POST, 429), (GET, 503)])
async def test_after_half_an_hour_the_writer_is_asked(house: House, match: str, status: int) -> None:
    house.expects_errors = True  # the looks fail as well
    card = await house.writes()
    await house.quiet()
    await begin(house, card)
    house.freescout.faults.api(match, status=status, times=None)
    await house.ana.submits({"Reply": TEXT})
    await in_time(house, lambda: "is kept" in told(house))
    await house.stop()
    assert outbox(house, "update outbox set attempts = 178 returning attempts") == [178]
    await house.start()
    tried = "select state from outbox where attempts = 180"
    assert await in_time(house, lambda: outbox(house, tried), step=10) in (["held"], ["sending"])
    await in_time(house, lambda: "did not go" in told(house), step=10)
    assert TEXT in told(house)
    assert outbox(house, "select state || ' ' || choice from outbox") == ["blocked anyway"]
    assert house.freescout.outbox == []
    house.freescout.faults.clear()
    later = direct(house)[-1]
    house.clock.skip(timedelta(minutes=10))  # a breaker that has opened looks again
    await house.ana.presses("Send Anyway", on=later)
    await in_time(house, lambda: "went to" in told(house), step=3)
    assert len(house.freescout.outbox) == 1


# What was true when it was written, and is not any more


async def test_what_is_no_longer_meant_so_is_given_back_with_its_reason(house: House) -> None:
    cards = [await house.writes(f"Case {count}") for count in range(4)]
    await house.quiet()
    reasons = (
        "belongs to eve@example.org now. Send Anyway would send it to eve@example.org.",
        "was deleted",
        "FreeScout does not have the conversation any more",
        "(400): Error",
    )

    def meanwhile(count: int) -> None:
        if count == 0:
            eve = house.freescout.desk.customer("eve@example.org").id
            house.freescout.agent_changes_customer(1, house.ben_id, eve)
        elif count == 1:
            house.freescout.agent_deletes(2)
        elif count == 2:
            house.freescout.agent_deletes_forever(3)
        else:
            house.freescout.faults.api(POST, status=400)

    for count, card in enumerate(cards):
        await begin(house, card)
        meanwhile(count)
        await house.ana.submits({"Reply": f"To case {count}"})
        notice = await house.until(
            lambda count=count: [one for one in direct(house) if f"To case {count}" in one.all_text]
        )
        assert f"Your reply on #{412 + count} did not go." in notice[0].all_text
        assert reasons[count] in notice[0].all_text
        await house.until(lambda card=card, count=count: f"To case {count}" in house.said(card))
    assert house.freescout.outbox == []
    assert tries(house) == 1  # the one that FreeScout refused


async def test_who_lost_their_rights_meanwhile_has_their_text_back(empty_house: House) -> None:
    house = empty_house
    for _ in range(3):
        house.freescout.customer_writes("mark@example.org", "Fire", "x", mailbox=house.support)
    ben = {"user": house.ben_id, "slack_user": house.ben.id}
    await left_behind(house, 1, ReplyState.HELD, text="one", **ben)
    house.freescout.world.users[house.ben_id].mailboxes.clear()
    await house.start()
    await house.until(lambda: "does not let you see this conversation's mailbox" in told(house, house.ben))
    await house.stop()
    house.freescout.world.users[house.ben_id].mailboxes.add(house.support)
    await left_behind(house, 2, ReplyState.HELD, text="two", **{**ben, "user": house.ana_id})
    await house.start()
    await house.until(lambda: "You are another FreeScout user now" in told(house, house.ben))
    await house.stop()
    house.freescout.delete_user(house.ben_id)
    await left_behind(house, 3, ReplyState.HELD, text="three", **ben)
    await house.start()
    await house.until(lambda: "FreeScout has no user with your Slack address" in told(house, house.ben))
    assert all(text in told(house, house.ben) for text in ("one", "two", "three"))
    assert tries(house) == 0


# A bridge that was stopped in the middle


async def test_what_was_waiting_when_the_bridge_stopped_goes_once(empty_house: House) -> None:
    house = empty_house
    for _ in range(3):
        house.freescout.customer_writes("mark@example.org", "Fire", "x", mailbox=house.support)
    await left_behind(house, 1, ReplyState.HELD)
    # Cut off after FreeScout had it, and cut off before.
    await left_behind(house, 2, ReplyState.SENDING)
    html = TEXT.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")
    house.freescout.agent_replies(2, house.ana_id, html)
    await left_behind(house, 3, ReplyState.SENDING)
    # Slack stumbles while it is asked who she is: nothing was sent yet, so that this is no open question.
    house.slack.faults.api("users.info", status=500, times=1)
    await house.start()
    await in_time(house, lambda: outbox(house) == ["sent", "sent", "failed"], step=3)
    await house.quiet()
    assert sorted(mail.conversation for mail in house.freescout.outbox) == [1, 2]
    assert tries(house) == 1
    assert "Nobody can say whether your reply on #414 went." in told(house)


async def test_a_reply_in_hand_is_finished_before_the_bridge_stops(house: House) -> None:
    card = await house.writes()
    house.freescout.faults.api(POST, hang=0.3, after=True)
    await write(house, card)
    await house.until(lambda: tries(house))
    await house.stop()
    assert outbox(house) == ["sent"]
    await house.start()  # if the receipt was not out by then, it comes later
    await house.until(lambda: "went to" in told(house))
    await house.quiet()
    assert (told(house).count("went to"), tries(house)) == (1, 1)


# Faults of our own


async def test_a_bug_after_the_sending_calls_nothing_failed_that_went(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.expects_errors = True
    card = await house.writes()
    await house.quiet()
    outbox(house, "alter table audit rename to elsewhere")
    await write(house, card)
    await house.until(lambda: any(record.levelno >= logging.ERROR for record in caplog.records))
    outbox(house, "alter table elsewhere rename to audit")
    await write(house, card, "The next one.")
    await in_time(house, lambda: outbox(house) == ["sent", "sent"])
    await house.until(lambda: told(house).count("went to") == 2)
    assert "did not go" not in told(house)
    assert len(house.freescout.outbox) == 2
    assert TEXT.splitlines()[0] not in "\n".join(record.getMessage() for record in caplog.records)


async def test_who_cannot_be_told_in_the_channel_is_told_directly(house: House) -> None:
    card = await house.writes()
    house.slack.faults.api("chat.postEphemeral", error="user_not_in_channel")
    await write(house, card)
    await house.until(lambda: [one for one in direct(house) if "went to" in one.all_text])
