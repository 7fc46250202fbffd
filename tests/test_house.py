"""The mirror, end to end: what happens in FreeScout comes to stand in Slack, once, in order."""

import asyncio
from datetime import timedelta

from bot.lanes import Pace
from bot.routing import Route
from tests.conftest import House


async def test_a_new_conversation_gets_one_card_and_its_message_under_it(house: House) -> None:
    card = await house.writes("Printer on fire", "<p>It <b>burns</b>.</p>")
    await house.until(lambda: house.thread(card))
    await house.quiet()
    assert len(house.cards()) == 1
    assert "#412 Printer on fire" in card.all_text
    assert "Mark Moore · mark@example.org → Support" in card.all_text
    assert "waiting since" in card.all_text
    assert f"{house.settings.freescout_url}/conversation/1" in str(card.blocks)
    assert [reply.all_text.splitlines()[-1] for reply in house.thread(card)] == ["It burns."]


async def test_looking_twice_changes_nothing(house: House) -> None:
    card = await house.writes()
    await house.until(lambda: house.thread(card))
    await house.quiet()
    before = len(house.slack.called("chat.postMessage")) + len(house.slack.called("chat.update"))
    for _ in range(5):
        house.freescout.workflow_sends(1, "convo.status")
    await house.until(lambda: len(house.freescout.deliveries) >= 6)
    await house.quiet()
    assert len(house.slack.called("chat.postMessage")) + len(house.slack.called("chat.update")) == before
    assert card.edited is None


async def test_a_conversation_is_told_in_order_and_its_card_shows_the_present(house: House) -> None:
    freescout = house.freescout
    card = await house.writes(body="<p>first</p>")
    freescout.agent_notes(1, house.ana_id, "<p>second, a note</p>")
    freescout.agent_assigns(1, house.ana_id, house.ben_id)
    freescout.customer_replies(1, "<p>third</p>")
    freescout.agent_replies(1, house.ben_id, "<p>fourth, an answer</p>", status="pending")
    freescout.agent_sets_status(1, house.ana_id, "closed")
    await house.until(lambda: "Closed" in card.all_text)
    await house.quiet()
    said = [reply.all_text.replace("\n", " ") for reply in house.thread(card)]
    order = ["first", "second", "assigned it to Ben Brandt", "third", "fourth", "set it to Closed"]
    assert [word in line for word, line in zip(order, said, strict=True)] == [True] * 6
    assert "internal note" in said[1]
    assert "Ben Brandt replied to mark@example.org" in said[4]
    assert "Ben Brandt" in card.all_text
    assert "waiting since" not in card.all_text


async def test_two_messages_within_one_second_keep_their_order(house: House) -> None:
    card = await house.writes(body="one")
    for word in ("two", "three", "four", "five"):
        house.freescout.customer_replies(1, word)
    await house.until(lambda: len(house.thread(card)) == 5)
    said = [reply.all_text.splitlines()[-1] for reply in house.thread(card)]
    assert said == ["one", "two", "three", "four", "five"]


async def test_many_conversations_at_once_all_come_each_in_its_own_thread(house: House) -> None:
    for number in range(20):
        house.freescout.customer_writes(
            f"c{number}@example.org", f"Matter {number}", f"body {number}", mailbox=house.support
        )
    for conversation in range(1, 21):
        house.freescout.customer_replies(conversation, "more")
    await house.until(
        lambda: len(house.cards()) == 20 and all(len(house.thread(c)) == 2 for c in house.cards())
    )
    await house.quiet()
    for card in house.cards():
        number = card.text.split("Matter ")[1].split(" ")[0]
        assert [reply.all_text.splitlines()[-1] for reply in house.thread(card)] == [f"body {number}", "more"]


async def test_webhooks_doubled_and_out_of_order_come_out_the_same(house: House) -> None:
    card = await house.writes(body="one")
    house.freescout.faults.webhooks(duplicate=3, reorder=2)
    house.freescout.customer_replies(1, "two")
    house.freescout.agent_assigns(1, house.ana_id, house.ana_id)
    await house.until(lambda: "took it" in house.said(card))
    await house.quiet()
    assert len(house.cards()) == 1
    assert len(house.thread(card)) == 3


async def test_what_no_webhook_said_comes_with_the_next_one(house: House) -> None:
    card = await house.writes()
    house.freescout.agent_assigns(1, house.ana_id, house.ana_id)
    await house.until(lambda: "Ana Alves" in card.all_text)
    house.freescout.faults.webhooks(drop=1)
    house.freescout.agent_assigns(1, house.ana_id, None)
    house.freescout.agent_tags(1, ["vip", "printer"])
    house.freescout.agent_notes(1, house.ana_id, "a note")
    house.freescout.agent_notes(1, house.ana_id, "another note")
    await house.until(lambda: "Unassigned" in card.all_text)
    assert "vip, printer" in card.all_text
    assert "unassigned it" in house.said(card)


async def test_hostile_text_neither_pings_nor_formats_nor_breaks(house: House) -> None:
    card = await house.writes(
        "<!channel> *win* <https://evil.example|bank> \u202egnp.exe",
        "<p>&lt;!here&gt; <a href='javascript:alert(1)'>x</a> <script>alert(1)</script></p>"
        + "lorem " * 9000,
        name="<@U123> *Boss* أحمد",
    )
    await house.until(lambda: house.thread(card))
    for message in (card, *house.thread(card)):
        mrkdwn = [e["text"] for b in message.blocks for e in b["elements"] if e["type"] == "mrkdwn"]
        assert not any(word in text for text in mrkdwn for word in ("channel", "here", "Boss", "evil"))
        assert "<!" not in message.text
    assert "This is the beginning" in house.said(card)
    assert "alert(1)" not in house.said(card)


async def test_a_conversation_without_customer_name_subject_or_text_still_shows(house: House) -> None:
    card = await house.writes("", "", name="", email="anon@example.org")
    await house.until(lambda: house.thread(card))
    assert "(no subject)" in card.all_text
    assert "anon@example.org" in card.all_text
    assert "(no text)" in house.said(card)


async def test_drafts_and_spam_get_no_card(house: House) -> None:
    house.freescout.agent_drafts(house.ana_id, "z@example.org", "Draft", "not yet", mailbox=house.support)
    await house.until(lambda: house.freescout.deliveries)
    await house.quiet()
    assert house.cards() == []


async def test_deleting_takes_the_buttons_and_restoring_brings_them_back(house: House) -> None:
    card = await house.writes()
    house.freescout.agent_deletes(1)
    await house.until(lambda: "Deleted" in card.all_text)
    assert "actions" not in [block["type"] for block in card.blocks]
    house.freescout.agent_restores(1)
    await house.until(lambda: "actions" in [block["type"] for block in card.blocks])


async def test_a_conversation_deleted_for_ever_leaves_a_card_that_says_so(house: House) -> None:
    card = await house.writes()
    await house.quiet()
    house.freescout.agent_deletes_forever(1)
    await house.until(lambda: "for good" in card.all_text)
    assert "Mark" not in card.all_text


async def test_a_move_brings_a_card_to_the_other_channel_and_leaves_word_in_the_first(house: House) -> None:
    card = await house.writes()
    await house.until(lambda: house.thread(card))
    house.freescout.agent_moves(1, house.ana_id, house.sales)
    there = await house.until(lambda: house.cards("sales") and house.cards("sales")[0])
    await house.until(lambda: "Moved to Sales" in card.all_text)
    await house.until(lambda: "It burns." in house.said(there))
    assert "actions" not in [block["type"] for block in card.blocks]


async def test_a_mailbox_without_a_route_is_not_shown(empty_house: House) -> None:
    house = empty_house
    await house.start(routes=(Route("Sales", "sales"),))
    house.freescout.customer_writes("m@example.org", "Hi", "x", mailbox=house.support)
    await house.until(lambda: house.freescout.deliveries)
    await house.quiet()
    assert house.cards() == []
    assert house.cards("sales") == []


async def test_a_mailbox_with_two_routes_is_shown_in_both_channels(empty_house: House) -> None:
    house = empty_house
    await house.start(routes=(Route("support", "support"), Route(house.support, "sales")))
    card = await house.writes()
    twin = await house.until(lambda: house.cards("sales") and house.cards("sales")[0])
    await house.until(lambda: house.thread(card) and house.thread(twin))
    house.freescout.agent_sets_status(1, house.ana_id, "closed")
    await house.until(lambda: "Closed" in card.all_text and "Closed" in twin.all_text)


async def test_a_customer_renamed_in_freescout_is_renamed_on_the_card(house: House) -> None:
    card = await house.writes()
    await house.quiet()
    house.freescout.customer_renamed(1, "Markus", "Moor")
    await house.until(lambda: "Markus Moor" in card.all_text)


async def test_what_came_while_the_bridge_was_down_is_there_after_the_next_bell(house: House) -> None:
    card = await house.writes(body="one")
    await house.until(lambda: house.thread(card))
    await house.stop()
    before = len(house.freescout.deliveries)
    house.freescout.customer_replies(1, "two")
    house.freescout.agent_notes(1, house.ana_id, "three")
    await house.until(lambda: len(house.freescout.deliveries) >= before + 2)
    await house.start()
    await house.until(lambda: "three" in house.said(card))
    await house.quiet()
    assert len(house.cards()) == 1
    assert len(house.thread(card)) == 3


async def test_attachments_are_named_and_never_linked(house: House) -> None:
    card = await house.writes(attachments=[("invoice.pdf", "application/pdf", b"x" * 2331)])
    await house.until(lambda: "invoice.pdf (2 kB)" in house.said(card))
    assert all("token=" not in str(message.blocks) for message in house.thread(card))


async def test_a_customer_who_waits_is_spoken_of_once_for_each_step(house: House) -> None:
    card = await house.writes()
    await house.until(lambda: house.thread(card))
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    await house.until(lambda: "Ben" in house.said(card))
    house.clock.skip(timedelta(hours=1))
    house.freescout.customer_replies(1, "anybody?")  # asking again does not start the wait anew
    await house.until(lambda: "anybody?" in house.said(card))
    house.clock.skip(timedelta(hours=1, minutes=1))
    await house.until(lambda: "has waited 2 h" in house.said(card))
    ping = house.thread(card)[-1]
    assert {"type": "user", "user_id": house.ben.id} in ping.blocks[0]["elements"][0]["elements"]
    assert "Ben Brandt, it is yours." in ping.text
    assert "It is yours." in ping.all_text
    await house.stop()
    await house.start()
    await asyncio.sleep(1.5)
    house.freescout.workflow_sends(1, "convo.status")
    await house.quiet()
    assert house.said(card).count("has waited") == 1
    house.clock.skip(timedelta(hours=6))
    await house.until(lambda: house.said(card).count("has waited") == 2)
    assert "has waited 8 h" in house.said(card)


async def test_an_answer_ends_the_wait_and_the_next_wait_is_another(house: House) -> None:
    card = await house.writes()
    house.clock.skip(timedelta(hours=3))
    await house.until(lambda: house.said(card).count("has waited 3 h") == 1)
    house.freescout.agent_replies(1, house.ana_id, "there you are")
    await house.until(lambda: "there you are" in house.said(card))
    house.clock.skip(timedelta(hours=3))
    house.freescout.customer_replies(1, "one more thing")
    await house.until(lambda: "one more thing" in house.said(card))
    assert house.said(card).count("has waited") == 0
    assert house.said(card).count("Answered by Ana Alves after 3 h") == 1
    house.clock.skip(timedelta(hours=2, minutes=1))
    await house.until(lambda: house.said(card).count("has waited") == 1)


async def test_the_scan_finds_who_waits_though_no_webhook_ever_came(house: House) -> None:
    house.freescout.faults.webhooks(drop=1000)
    house.freescout.customer_writes("m@example.org", "Lost", "hello?", mailbox=house.support)
    house.clock.skip(timedelta(hours=3))
    await house.stop()
    await house.start()  # the first scan runs at once
    card = await house.until(lambda: house.cards() and house.cards()[0])
    await house.until(lambda: "has waited 3 h" in house.said(card))


async def test_a_route_from_a_mailbox_that_is_not_there_is_loud(empty_house: House) -> None:
    house = empty_house
    house.expects_errors = True
    await house.start(routes=(Route("Suport", "support"), Route("Sales", "sales")))
    told = await house.health(lambda told: told["problems"])
    assert told["status"] == "degraded"
    assert "'Suport'" in str(told["problems"])
    assert "Sales" not in str(told["problems"])


async def test_a_busy_channel_holds_no_other_channel_up(empty_house: House) -> None:
    house = empty_house
    house.pace = Pace(per_second=2, burst=2)
    await house.start()
    for number in range(30):
        house.freescout.customer_writes(f"c{number}@example.org", "Flood", "x", mailbox=house.sales)
    await house.until(lambda: len(house.cards("sales")) >= 2)
    began = asyncio.get_running_loop().time()
    await house.writes("Urgent")
    assert asyncio.get_running_loop().time() - began < 4
    shown = await house.until(
        lambda: "#441" in (said := "".join(m.all_text for m in house.cards("sales"))) and said
    )
    assert [shown.count(f"#{number} Flood") for number in range(412, 442)] == [1] * 30


async def test_an_edit_whose_answer_was_lost_is_made_again_though_the_truth_went_back(house: House) -> None:
    card = await house.writes()
    await house.until(lambda: house.thread(card))
    house.freescout.agent_sets_status(1, house.ana_id, "pending")
    await house.until(lambda: "Pending" in card.all_text)
    await house.quiet()
    house.slack.faults.api("chat.update", cut=True, after=True)
    house.freescout.agent_sets_status(1, house.ana_id, "active")
    await house.until(lambda: "Active" in card.all_text)
    house.freescout.agent_sets_status(1, house.ana_id, "pending")
    await house.until(lambda: "Pending" in card.all_text)


async def test_ten_messages_in_a_second_cost_few_fetches(empty_house: House) -> None:
    house = empty_house
    house.pace = Pace(per_second=4, burst=4)
    await house.start()
    card = await house.writes(body="one")
    await house.quiet()
    before = len(house.freescout.requests)
    for number in range(10):
        house.freescout.customer_replies(1, f"word {number}")
    await house.until(lambda: "word 9" in house.said(card))
    await house.quiet()
    assert len(house.freescout.requests) - before <= 6
