"""The steps of a ladder, end to end: who is told, once, what becomes of it, and who is left in peace."""

import asyncio
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import hours
from bot.crashpoints import arm
from bot.hours import MailboxHours
from bot.ladderfile import Ladder, MailboxLadder, Pings, Rung
from bot.store import Store
from sandbox.clock import Clock
from sandbox.slack import Message, Person
from tests.conftest import House

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def ladder(*steps: tuple[float, str], warn: float = 0, on_duty: str = "") -> tuple[MailboxLadder, ...]:
    """A ladder for every mailbox, its steps in hours."""
    rungs = tuple(Rung(timedelta(hours=after), tell) for after, tell in steps)
    return (MailboxLadder(None, Ladder(rungs, timedelta(hours=warn) if warn else None, on_duty)),)


def direct(house: House, person: Person) -> list[Message]:
    """What stands in somebody's direct messages."""
    return list(house.slack.workspace.direct(person.id).messages)


async def passes(house: House, hours: float) -> None:
    """Let time pass; what is due by then is looked at."""
    house.clock.skip(timedelta(hours=hours))
    await house.quiet()


def pings(house: House, card: Message) -> list[Message]:
    """The lines of the ladder in a card's thread."""
    return [reply for reply in house.thread(card) if reply.metadata and _key(reply).startswith("ping:")]


def _key(message: Message) -> str:
    return str((message.metadata or {}).get("event_payload", {}).get("key", ""))


async def morning(house: House) -> None:
    """Go on tomorrow at nine, so that no midnight comes between what is told in a test."""
    tomorrow = (house.clock() + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    house.clock.skip(tomorrow - house.clock())
    await house.quiet()


async def restarted(house: House, **changes: Any) -> None:
    await house.quiet()
    await house.stop()
    await house.start(**changes)


async def climbing(house: House, *steps: tuple[float, str], **more: Any) -> Message:
    """A house with this ladder, and a conversation of Ana's in it."""
    budget = more.pop("pings", Pings())
    opening = more.pop("hours", ())
    await restarted(house, ladders=ladder(*steps, **more), pings=budget, hours=opening)
    card = await house.writes()
    house.freescout.agent_assigns(1, house.ana_id, house.ana_id)
    await house.until(lambda: "took it" in house.said(card))
    return card


# ------------------------------------------------------------------------------------- what is told


async def test_a_line_in_the_thread_calls_the_assignee(house: House) -> None:
    card = await climbing(house, (1, "thread"))
    await passes(house, 1.01)
    (line,) = await house.until(lambda: pings(house, card))
    assert (
        line.text
        == f"<@{house.ana.id}> Mark Moore has waited 1 h on #412 Printer on fire. Ana Alves, it is yours."
    )
    assert "It is yours." in line.all_text
    assert "Reply" in line.all_text
    assert "I'm On It" in line.all_text
    assert not line.broadcast
    assert direct(house, house.ana) == []


async def test_told_to_the_channel_it_stands_there_as_well(house: House) -> None:
    card = await climbing(house, (1, "channel"))
    await passes(house, 1.01)
    (line,) = await house.until(lambda: pings(house, card))
    assert line.broadcast


async def test_a_direct_message_goes_to_the_assignee_and_says_what_it_is_about(house: House) -> None:
    card = await climbing(house, (1, "assignee"))
    await passes(house, 1.01)
    (said,) = await house.until(lambda: direct(house, house.ana))
    for words in (
        "Mark Moore has waited 1 h",
        "#412 Printer on fire",
        "Assigned to Ana Alves",
        "Reply",
        "I'm On It",
    ):
        assert words in said.all_text
    assert pings(house, card) == []
    assert direct(house, house.ben) == []


async def test_a_user_group_is_mentioned_in_the_thread_and_in_the_channel(house: House) -> None:
    group = house.slack.add_group("support-leads", house.ben)
    card = await climbing(house, (1, "@support-leads"))
    await passes(house, 1.01)
    (line,) = await house.until(lambda: pings(house, card))
    assert line.broadcast
    assert line.text.startswith(f"<!subteam^{group.id}> ")
    assert group.id in line.all_text


@pytest.mark.parametrize("by", ["address", "id"])
async def test_a_person_gets_a_direct_message(house: House, by: str) -> None:
    await climbing(house, (1, house.ben.id if by == "id" else "Ben@example.org"))
    await passes(house, 1.01)
    await house.until(lambda: direct(house, house.ben))
    assert direct(house, house.ana) == []


async def test_the_warning_says_how_much_time_is_left(house: House) -> None:
    card = await climbing(house, (1, "thread"), warn=0.25)
    await passes(house, 0.76)
    (line,) = await house.until(lambda: pings(house, card))
    assert "14 min are left for an answer." in line.all_text
    assert _key(line).endswith(":0")
    await passes(house, 0.25)
    await house.until(lambda: len(pings(house, card)) == 2)


async def test_each_step_comes_once_and_a_restart_says_none_again(house: House) -> None:
    card = await climbing(house, (1, "thread"), (2, "channel"), (3, "assignee"), (4, "ben@example.org"))
    for step in range(1, 5):
        await passes(house, 1.01)
        told = lambda: len(pings(house, card)) + len(direct(house, house.ana)) + len(direct(house, house.ben))  # noqa: E731
        await house.until(lambda step=step, told=told: told() == step)
        await restarted(house)
        assert told() == step
    assert [len(pings(house, card)), len(direct(house, house.ana)), len(direct(house, house.ben))] == [
        2,
        1,
        1,
    ]


async def test_a_bridge_that_was_away_says_the_highest_step_alone(house: House) -> None:
    card = await climbing(house, (1, "thread"), (2, "channel"), (3, "assignee"))
    await house.quiet()
    await house.stop()
    house.clock.skip(timedelta(hours=10))
    await house.start()
    await house.until(lambda: direct(house, house.ana))
    await house.quiet()
    assert pings(house, card) == []


async def test_the_short_form_says_a_line_for_each_wait(house: House) -> None:
    card = await house.writes()
    await passes(house, 2.01)
    (line,) = await house.until(lambda: pings(house, card))
    assert "Nobody is assigned." in line.all_text


# --------------------------------------------------------------------------- edited, and taken back


async def test_an_answer_takes_everything_back(house: House) -> None:
    card = await climbing(house, (1, "channel"), (2, "assignee"))
    await passes(house, 1.01)
    await house.until(lambda: pings(house, card))
    await passes(house, 1.07)
    await house.until(lambda: direct(house, house.ana))
    house.freescout.agent_replies(1, house.ana_id, "<p>Use water.</p>")
    line, said = pings(house, card)[0], direct(house, house.ana)[0]
    for message in (line, said):
        await house.until(lambda message=message: "Answered by Ana Alves after 2 h 0" in message.all_text)
        assert "Reply" not in message.all_text
        assert house.ana.id not in message.text + message.all_text
    assert len(pings(house, card)) == len(direct(house, house.ana)) == 1


async def test_another_assignee_is_called_in_the_same_line(house: House) -> None:
    card = await climbing(house, (1, "thread"))
    await passes(house, 1.01)
    (line,) = await house.until(lambda: pings(house, card))
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    await house.until(lambda: house.ben.id in line.all_text)
    assert house.ana.id not in line.all_text
    assert len(pings(house, card)) == 1


async def test_another_assignee_gets_a_message_of_their_own_and_the_old_one_says_so(house: House) -> None:
    await climbing(house, (1, "assignee"))
    await passes(house, 1.01)
    (said,) = await house.until(lambda: direct(house, house.ana))
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    await house.until(lambda: "It went to Ben Brandt" in said.all_text)
    assert "Reply" not in said.all_text
    await house.until(lambda: direct(house, house.ben))
    house.freescout.agent_assigns(1, house.ana_id, house.ana_id)  # and back: nobody is called again
    await house.until(lambda: "Mark Moore has waited" in said.all_text)
    assert len(direct(house, house.ana)) == len(direct(house, house.ben)) == 1


async def test_a_question_asked_again_is_counted_in_the_line(house: House) -> None:
    card = await climbing(house, (1, "thread"))
    await passes(house, 1.01)
    (line,) = await house.until(lambda: pings(house, card))
    house.freescout.customer_replies(1, "<p>Hello?</p>")
    await house.until(lambda: "asked 2 times" in line.all_text)


@pytest.mark.parametrize(
    ("status", "words"),
    [("closed", "Closed by Ana Alves after 1 h"), ("pending", "Set to Pending by Ana Alves")],
)
async def test_what_ends_a_wait_otherwise_is_said_as_well(house: House, status: str, words: str) -> None:
    card = await climbing(house, (1, "thread"))
    await passes(house, 1.01)
    (line,) = await house.until(lambda: pings(house, card))
    house.freescout.agent_sets_status(1, house.ana_id, status)
    await house.until(lambda: words in line.all_text)


# ------------------------------------------------------------------------------------- who is there


async def test_what_is_nobodys_goes_to_those_on_duty(house: House) -> None:
    group = house.slack.add_group("support-duty", house.ben)
    await restarted(house, ladders=ladder((1, "thread"), (2, "assignee"), on_duty="@support-duty"))
    card = await house.writes()
    await passes(house, 1.01)
    (line,) = await house.until(lambda: pings(house, card))
    assert line.text.startswith(f"<!subteam^{group.id}> ")
    await passes(house, 1.01)
    (said,) = await house.until(lambda: direct(house, house.ben))
    assert "Nobody is assigned." in said.all_text


async def test_what_is_nobodys_without_anybody_on_duty_goes_to_the_thread(house: House) -> None:
    await restarted(house, ladders=ladder((1, "assignee")))
    card = await house.writes()
    await passes(house, 1.01)
    (line,) = await house.until(lambda: pings(house, card))
    assert "<" not in line.text


async def test_a_deactivated_assignee_is_not_the_only_one_told(house: House) -> None:
    house.slack.add_group("support-duty", house.ben)
    await climbing(house, (1, "assignee"), on_duty="@support-duty")
    house.ana.profile.deleted = True
    await passes(house, 1.01)
    await house.until(lambda: direct(house, house.ben))
    assert direct(house, house.ana) == []


async def test_who_may_not_see_where_it_was_moved_is_told_nothing_more_of_it(house: House) -> None:
    card = await climbing(house, (1, "assignee"), (9, "assignee"))
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    await passes(house, 1.01)
    (said,) = await house.until(lambda: direct(house, house.ben))
    private = house.freescout.add_mailbox("Private", "private@example.org")
    house.freescout.agent_moves(1, house.ana_id, private)
    house.freescout.agent_edits_subject(1, house.ana_id, "Ben is to be dismissed")
    await house.until(lambda: "not shown in any channel" in card.all_text)
    await house.until(lambda: "You may not see the mailbox" in said.all_text)
    house.freescout.agent_replies(1, house.ana_id, "Done.")
    await passes(house, 9)
    await restarted(house)
    assert direct(house, house.ben) == [said]
    assert not any(words in said.all_text for words in ("dismissed", "Private", "Ana", "Reply"))


async def test_an_assignee_who_lost_the_mailbox_is_not_the_only_one_told(house: House) -> None:
    card = await climbing(house, (1, "assignee"), (2, "assignee"))
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    await passes(house, 1.01)
    (said,) = await house.until(lambda: direct(house, house.ben))
    house.freescout.world.users[house.ben_id].mailboxes.clear()
    await passes(house, 1)
    (line,) = await house.until(lambda: pings(house, card))
    assert house.ben.id not in line.text
    house.freescout.agent_edits_subject(1, house.ana_id, "Ben is to be dismissed")
    await house.until(lambda: "You may not see the mailbox" in said.all_text)
    assert direct(house, house.ben) == [said]
    assert "dismissed" not in said.all_text


@pytest.mark.parametrize("named", [True, False])
async def test_whom_the_file_names_hears_how_it_ended_as_long_as_it_does(house: House, named: bool) -> None:
    lea = house.slack.add_person("Lea", "lea@example.org")
    await climbing(house, (1, "lea@example.org"))
    await passes(house, 1.01)
    (said,) = await house.until(lambda: direct(house, lea))
    await restarted(house, ladders=ladder((1, "lea@example.org" if named else "ben@example.org")))
    house.freescout.agent_replies(1, house.ana_id, "Done.")
    await house.until(
        lambda: ("Answered by Ana" if named else "You may not see the mailbox") in said.all_text
    )


async def test_do_not_disturb_delays_a_direct_message_until_its_end(house: House) -> None:
    group = house.slack.add_group("support-duty")
    card = await climbing(house, (1, "assignee"), on_duty="@support-duty")
    house.slack.pauses(house.ana, house.clock(), house.clock() + timedelta(hours=3))
    await passes(house, 1.01)
    (line,) = await house.until(lambda: pings(house, card))  # somebody is told at once
    assert group.id not in line.text, "a group without members reaches nobody"
    assert direct(house, house.ana) == []
    await passes(house, 2)
    await house.until(lambda: direct(house, house.ana))
    await house.quiet()
    assert len(direct(house, house.ana)) == len(pings(house, card)) == 1


async def test_while_the_assignee_is_away_those_on_duty_are_told(house: House) -> None:
    house.slack.add_group("support-duty", house.ana, house.ben)
    await climbing(house, (1, "assignee"), on_duty="@support-duty")
    house.slack.pauses(house.ana, house.clock(), house.clock() + timedelta(hours=3))
    await passes(house, 1.01)
    (said,) = await house.until(lambda: direct(house, house.ben))
    await passes(house, 2)
    await house.until(lambda: direct(house, house.ana))
    await house.until(lambda: "It went to Ana Alves" in said.all_text)
    house.slack.pauses(house.ana, house.clock(), house.clock() + timedelta(hours=3))
    house.freescout.customer_replies(1, "<p>Hello?</p>")  # who was told is told
    await house.until(lambda: "asked 2 times" in direct(house, house.ana)[0].all_text)
    assert len(direct(house, house.ben)) == 1


async def test_a_group_that_slack_does_not_know_is_named_and_the_operators_hear_of_it(house: House) -> None:
    group = house.slack.add_group("support-leads", house.ben)
    card = await climbing(house, (1, "@support-leads"), (2, "@support-leads"))
    await passes(house, 1.01)
    await house.until(lambda: len(pings(house, card)) == 1)
    group.handle = "leads"
    await passes(house, 1.01)
    line = (await house.until(lambda: pings(house, card)[1:]))[0]
    assert "<" not in line.text
    assert "@support-leads" in line.all_text
    await house.health(lambda told: "no user group @support-leads" in str(told["problems"]))
    group.handle = "support-leads"
    house.clock.skip(2 * MINUTE)
    house.freescout.customer_replies(1, "<p>Hello?</p>")
    await house.until(lambda: group.id in line.all_text)
    await house.health(lambda told: "support-leads" not in str(told["problems"]))


async def test_beyond_the_budget_one_message_a_day_says_how_many_more_wait(house: House) -> None:
    await morning(house)
    await restarted(house, ladders=ladder((1, "assignee")), pings=Pings(2))
    for number in range(1, 5):
        await house.writes(f"Printer {number}", email=f"m{number}@example.org")
        house.freescout.agent_assigns(number, house.ana_id, house.ana_id)
    await house.quiet()
    await passes(house, 1.01)
    await house.until(
        lambda: (
            len(direct(house, house.ana)) == 3
            and any(
                "2 more" in one.text for one in direct(house, house.ana)
            )  # the others may be on their way
        )
    )
    await restarted(house)
    await house.quiet()
    said = [one.all_text for one in direct(house, house.ana)]
    assert len(said) == 3
    assert "2 more wait: `/freescout mine`" in "".join(said)


@pytest.mark.parametrize("budget", [1, 2])
async def test_the_last_step_once_more_calls_whoever_is_on_duty_within_their_budget(
    house: House, budget: int
) -> None:
    """Ben was told directly, Ana took it and let it go by silence: Ben again, or on the next day."""
    house.slack.add_group("duty", house.ben)
    await morning(house)
    opening = ladder((1, "assignee"), on_duty="@duty")
    await restarted(house, ladders=opening, pings=Pings(budget=budget))
    card = await house.writes()
    await passes(house, 1.01)
    (first,) = await house.until(lambda: direct(house, house.ben))
    await house.ana.presses("I'm On It", on=card)
    await house.until(lambda: "Ana Alves is on it" in first.all_text)
    await passes(house, 0.51)
    await house.until(lambda: "Still on it?" in house.said(card))
    await passes(house, 0.18)
    await house.until(lambda: "so it is released" in house.said(card))
    await house.until(lambda: len(direct(house, house.ben)) == 2)
    second = direct(house, house.ben)[1]
    if budget == 1:
        assert "1 more waits" in second.all_text
        assert "has waited" in house.said(card)
        await passes(house, 24)
        await house.until(lambda: len(direct(house, house.ben)) == 3)
        second = direct(house, house.ben)[2]
    assert "has waited" in second.all_text
    await passes(house, 48)
    assert len(direct(house, house.ben)) == 4 - budget
    house.freescout.agent_replies(1, house.ana_id, "Here.")
    await house.until(lambda: "Answered by Ana Alves" in first.all_text and "Answered" in second.all_text)


async def test_a_budget_counts_mentions_as_well(house: House) -> None:
    await morning(house)
    card = await climbing(house, (1, "thread"), (2, "thread"), pings=Pings(1))
    await passes(house, 1.01)
    await house.until(lambda: pings(house, card))
    await passes(house, 1.01)
    second = (await house.until(lambda: pings(house, card)[1:]))[0]
    assert house.ana.id not in second.all_text
    assert "Ana Alves, it is yours." in second.all_text


async def test_a_budget_is_charged_once_a_step_and_judged_anew_each_day(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "bridge.db"), Clock())
    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)

    async def may(conversation: int, day: date, *, own: bool = True) -> bool:
        return await store.may_ping("U1", conversation, "ping:1:1", day, 2, own=own)

    assert [await may(one, monday) for one in (1, 2, 1, 3, 3, 2)] == [True, True, True, False, False, True]
    assert await store.beyond("U1", monday) == (1, True)
    assert not await may(4, monday, own=False)
    assert await store.beyond("U1", monday) == (2, False)
    assert [await may(one, tuesday) for one in (3, 1, 4, 5)] == [True, True, True, False]
    assert await store.beyond("U1", tuesday) == (1, True)
    assert await store.beyond("U1", monday) == (0, True)
    assert await store.pinged_beyond("U1", 5, "ping:1:1")
    assert not await store.pinged_beyond("U1", 3, "ping:1:1")
    await store.close()


async def test_what_was_beyond_the_budget_is_said_on_the_next_day_if_the_wait_lasts(house: House) -> None:
    await morning(house)
    await restarted(house, ladders=ladder((1, "assignee")), pings=Pings(1))
    for number in range(1, 4):
        await house.writes(f"Printer {number}", email=f"m{number}@example.org")
        house.freescout.agent_assigns(number, house.ana_id, house.ana_id)
    await house.quiet()
    await passes(house, 1.01)
    counted = await house.until(lambda: [one for one in direct(house, house.ana) if "2 more" in one.text])
    said = {one.text for one in direct(house, house.ana)}
    beyond = next(n for n in range(1, 4) if not any(f"Printer {n}" in text for text in said))
    house.freescout.agent_replies(beyond, house.ana_id, "<p>Done.</p>")
    await house.quiet()
    await passes(house, 14.1)
    await house.until(lambda: sum("Printer" in one.text for one in direct(house, house.ana)) == 2)
    await house.quiet()
    assert not any(f"Printer {beyond}" in one.text for one in direct(house, house.ana))
    assert len(counted) == 1
    assert not any(one.text.startswith("0 more") for one in direct(house, house.ana))


async def test_an_edit_of_a_line_that_stands_uses_up_no_budget_and_a_call_that_was_missed_comes_directly(
    house: House,
) -> None:
    await morning(house)
    first = await climbing(house, (1, "thread"), pings=Pings(1))
    other = await house.writes("Other", email="other@example.org")
    await passes(house, 1.01)
    await house.until(lambda: pings(house, first) and pings(house, other))
    assert house.ana.id in pings(house, first)[0].text
    house.freescout.agent_assigns(2, house.ana_id, house.ana_id)
    await house.until(lambda: house.ana.id in pings(house, other)[0].all_text)
    await house.quiet()
    assert direct(house, house.ana) == []
    third = await house.writes("Third", email="third@example.org")
    house.freescout.agent_assigns(3, house.ana_id, house.ana_id)
    await passes(house, 1.01)
    line = (await house.until(lambda: pings(house, third)))[0]
    assert house.ana.id not in line.text
    assert [one.text for one in direct(house, house.ana)] == ["1 more waits: /freescout mine"]
    await passes(house, 13.1)
    await house.until(lambda: "Third" in direct(house, house.ana)[-1].text)
    await house.quiet()
    assert sum("waited" in one.text for one in direct(house, house.ana)) == 1


async def test_who_gets_a_conversation_late_is_charged_for_what_they_are_told_alone(house: House) -> None:
    await morning(house)
    await climbing(house, (1, "assignee"), (2, "assignee"), pings=Pings(2))
    await passes(house, 1.01)
    await passes(house, 1)
    await house.until(lambda: len(direct(house, house.ana)) == 2)
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    await house.until(lambda: len(direct(house, house.ben)) == 1)
    await house.writes("Other", email="other@example.org")
    house.freescout.agent_assigns(2, house.ana_id, house.ben_id)
    await passes(house, 1.01)
    await house.until(lambda: "Other" in direct(house, house.ben)[-1].text)


async def test_who_is_called_only_where_a_conversation_moved_to_is_charged_for_it(house: House) -> None:
    await morning(house)
    card = await climbing(house, (1, "thread"), pings=Pings(1))
    house.freescout.agent_assigns(1, house.ana_id, None)
    await passes(house, 1.01)
    await house.until(lambda: pings(house, card))
    house.freescout.agent_assigns(1, house.ana_id, house.ana_id)
    await house.quiet()
    house.freescout.agent_moves(1, house.ana_id, house.sales)
    moved = (await house.until(lambda: house.cards("sales")))[0]
    line = (await house.until(lambda: pings(house, moved)))[0]
    assert house.ana.id in line.text
    other = await house.writes("Other", email="other@example.org")
    house.freescout.agent_assigns(2, house.ana_id, house.ana_id)
    await passes(house, 1.01)
    line = (await house.until(lambda: pings(house, other)))[0]
    assert house.ana.id not in line.text


async def test_a_step_that_comes_due_while_a_look_is_under_way_is_the_next_looks(house: House) -> None:
    card = await climbing(house, (1, "thread"), (2, "thread"))
    await passes(house, 1.01)
    await house.until(lambda: pings(house, card))
    house.clock.skip(58 * MINUTE)
    slow = house.slack.faults.api("users.info", hang=0.5, after=True)
    house.freescout.customer_replies(1, "<p>Hello?</p>")
    await house.until(lambda: slow.times == 0)
    house.clock.skip(2 * MINUTE)
    second = (await house.until(lambda: pings(house, card)[1:]))[0]
    assert house.ana.id in second.text


async def test_who_is_told_because_they_are_on_duty_is_pointed_to_all_that_wait(house: House) -> None:
    await morning(house)
    house.slack.add_group("duty", house.ben)
    await restarted(house, ladders=ladder((1, "assignee"), on_duty="duty"), pings=Pings(1))
    for number in (1, 2):
        await house.writes(f"Printer {number}", email=f"m{number}@example.org")
    await passes(house, 1.01)
    await house.until(
        lambda: "1 more waits: /freescout waiting" in [one.text for one in direct(house, house.ben)]
    )


# ------------------------------------------------------------------------------------ night and day


def opened(house: House, *lines: str) -> tuple[MailboxHours, ...]:
    problems: list[str] = []
    table = {"zone": "UTC", "open": list(lines)}
    made = hours.read("bridge.toml", [table], problems)
    assert problems == []
    return made


async def test_at_night_nothing_is_said_and_in_the_morning_the_truth_decides(house: House) -> None:
    tomorrow = (house.clock() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    opening = opened(house, "mon-sun 09:00-17:00")
    house.clock.skip(tomorrow + timedelta(hours=16) - house.clock())
    card = await climbing(house, (1, "thread"), (2, "assignee"), hours=opening)
    other = await house.writes("Fax", email="mia@example.org", name="Mia")
    await passes(house, 1.5)  # 17:30: the first hour is over just as it closes
    assert pings(house, card) == []
    house.freescout.agent_replies(2, house.ana_id, "<p>Done.</p>")
    await house.quiet()
    house.clock.skip(tomorrow + timedelta(days=1, hours=9, minutes=1) - house.clock())
    (line,) = await house.until(lambda: pings(house, card))
    assert "of opening hours)" in line.all_text
    assert pings(house, other) == []
    await passes(house, 1)
    await house.until(lambda: direct(house, house.ana))


# --------------------------------------------------------------------------------- what breaks on the way


async def test_slack_that_is_down_during_a_step_delays_it(house: House) -> None:
    house.expects_errors = True
    await climbing(house, (1, "assignee"))
    house.slack.faults.api(error="internal_error", times=4)
    house.clock.skip(1.01 * HOUR)
    await asyncio.sleep(0.3)
    house.slack.faults.clear()
    house.clock.skip(15 * MINUTE)
    await house.until(lambda: direct(house, house.ana))
    await house.quiet()
    assert len(direct(house, house.ana)) == 1


async def test_an_app_that_may_write_to_nobody_is_the_operators_to_put_right(house: House) -> None:
    house.expects_errors = True
    card = await climbing(house, (1, "assignee"))
    house.slack.faults.refuses = lambda method, asked: (
        "messages_tab_disabled"
        if method == "chat.postMessage" and str(asked.get("channel")).startswith("D")
        else None
    )
    await passes(house, 1.01)
    told = await house.health(lambda told: "App Home » Messages Tab" in str(told["problems"]))
    assert told["work"]["parked"] == 0
    house.freescout.customer_replies(1, "Still burning.")
    await house.until(lambda: "Still burning." in house.said(card))


async def test_a_message_that_slack_refuses_for_good_keeps_no_other_and_no_step_from_being_said(
    house: House,
) -> None:
    house.expects_errors = True
    card = await climbing(house, (1, "thread"), (2, "assignee"))
    house.slack.faults.refuses = lambda _, args: "odd" if "Explosives" in str(args.get("text")) else None
    house.freescout.customer_replies(1, "Explosives!")
    for _ in range(2):
        await house.health(lambda told: told["work"]["later"])
        house.clock.skip(timedelta(seconds=5))
    await house.health(lambda told: told["work"]["parked"] == 1)
    house.clock.skip(1.01 * HOUR)
    await house.until(lambda: pings(house, card))
    house.clock.skip(HOUR)
    await house.until(lambda: direct(house, house.ana))
    assert (await house.health())["work"]["parked"] == 1
    assert "Explosives" not in house.said(card)
    house.slack.faults.refuses = lambda *_: None
    house.freescout.customer_replies(1, "Hello?")
    await house.health(lambda told: told["work"]["parked"] == 0)
    await house.until(lambda: "Hello?" in house.said(card))
    assert house.said(card).count("Explosives") == 1


async def test_a_confirmation_that_is_lost_leaves_one_message(house: House) -> None:
    await climbing(house, (1, "assignee"))
    house.slack.faults.api("chat.postMessage", cut=True, after=True)
    house.clock.skip(1.01 * HOUR)
    await house.until(lambda: direct(house, house.ana))
    house.clock.skip(MINUTE)
    await house.quiet()
    await restarted(house)
    assert len(direct(house, house.ana)) == 1


async def test_a_process_that_dies_between_the_post_and_its_row_says_it_once(house: House) -> None:
    house.expects_errors = True
    await climbing(house, (1, "assignee"))
    await house.quiet()  # or it dies at another post
    deaths: list[str] = []

    def die(point: str) -> None:
        if point == "post.made" and not deaths:
            deaths.append(point)
            raise RuntimeError("dies")

    arm(die)
    try:
        house.clock.skip(1.01 * HOUR)
        await house.until(lambda: deaths)
        await house.stop()
    finally:
        arm(None)
    assert len(direct(house, house.ana)) == 1
    house.clock.skip(MINUTE)
    await house.start()
    await house.quiet()
    assert len(direct(house, house.ana)) == 1
    house.freescout.agent_replies(1, house.ana_id, "<p>Use water.</p>")
    await house.until(lambda: "Answered by Ana Alves" in direct(house, house.ana)[0].all_text)


async def test_reply_works_in_a_direct_message(house: House) -> None:
    await climbing(house, (1, "assignee"))
    await passes(house, 1.01)
    (said,) = await house.until(lambda: direct(house, house.ana))
    view = await house.opens(house.ana, "Reply", said)
    assert "mark@example.org" in view.all_text


async def test_what_a_customer_writes_pings_nobody(house: House) -> None:
    await restarted(house, ladders=ladder((1, "thread"), (2, "ben@example.org")))
    card = await house.writes("<!channel> <@U123> &amp;", name="<!here>")
    await passes(house, 1.01)
    (line,) = await house.until(lambda: pings(house, card))
    await passes(house, 1.01)
    (said,) = await house.until(lambda: direct(house, house.ben))
    for message in (line, said):
        assert "<" not in message.text
        assert "&lt;!channel&gt;" in message.text


async def test_a_channel_that_is_not_there_keeps_no_direct_message_back(house: House) -> None:
    house.expects_errors = True
    card = await climbing(house, (1, "assignee"))
    await house.slack.renames("support", "help")
    await restarted(house)
    house.clock.skip(1.01 * HOUR)
    (said,) = await house.until(lambda: direct(house, house.ana))
    assert "Mark Moore has waited" in said.all_text
    assert pings(house, card) == []


async def test_a_claim_quiets_what_stands_and_what_would_come(house: House) -> None:
    card = await climbing(house, (1, "thread"), (1.25, "assignee"))
    await passes(house, 1.01)
    (line,) = await house.until(lambda: pings(house, card))
    await house.ana.presses("I'm On It", on=line)
    await house.until(lambda: "is on it" in line.all_text)
    assert house.ana.id not in line.all_text
    await passes(house, 0.3)
    assert direct(house, house.ana) == []


async def test_a_missing_scope_costs_a_mention_and_no_ping(house: House) -> None:
    house.slack.add_group("support-duty", house.ben)
    await restarted(house, ladders=ladder((1, "thread"), on_duty="@support-duty"))
    house.slack.faults.api("usergroups.list", error="missing_scope", times=50)
    card = await house.writes()
    await passes(house, 1.01)
    (line,) = await house.until(lambda: pings(house, card))
    assert "For @support-duty." in line.all_text


async def test_whom_slack_lets_nobody_write_to_is_not_the_only_one_told(house: House) -> None:
    house.expects_errors = True
    card = await climbing(house, (1, "assignee"))
    house.slack.faults.api("conversations.open", error="missing_scope", times=10_000)
    await passes(house, 1.1)
    [line] = await house.until(lambda: pings(house, card))
    assert "Mark Moore has waited" in line.all_text
