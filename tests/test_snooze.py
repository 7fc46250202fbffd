"""Snooze: a conversation is put aside until a time, and wakes up before it where somebody writes."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import until
from bot.errors import UserError
from bot.hours import ALWAYS, Closed, Hours, MailboxHours, Span
from bot.quiet import ROUSED
from bot.settings import Replies
from bot.store import Choice, ClaimState, Draft, Reply, ReplyState, Snooze, Store
from sandbox.clock import Clock
from sandbox.slack import Message
from tests.conftest import House
from tests.test_claims import direct, dying_at, later, pings, questions, record
from tests.test_hold import answers, gone, rows

BERLIN, YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
"""A Wednesday: 15:00 in Berlin, 09:00 in New York."""
DAY = (Span(8 * 60, 17 * 60),)
OFFICE = Hours(BERLIN, (DAY,) * 5 + ((),) * 2, closed=(Closed(date(2026, 11, 30), date(2026, 11, 30)),))
"""From eight to five on weekdays, but not on Monday the 30th."""
ROUND = Hours(BERLIN, ((Span(0, 1440),),) * 7)


def berlin(day: int, hour: int, minute: int = 0, month: int = 11, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("words", "zone", "hours", "expected"),
    [
        # for a while
        ("2h", BERLIN, ALWAYS, NOW + timedelta(hours=2)),
        ("3d", BERLIN, ALWAYS, NOW + timedelta(days=3)),
        ("1h30m", BERLIN, ALWAYS, NOW + timedelta(minutes=90)),
        ("2 h", BERLIN, ALWAYS, NOW + timedelta(hours=2)),
        (" `45M` ", BERLIN, ALWAYS, NOW + timedelta(minutes=45)),
        # a day: when the mailbox opens, or nine where the person is
        ("tomorrow", BERLIN, ALWAYS, berlin(26, 9)),
        ("tomorrow", YORK, ALWAYS, datetime(2026, 11, 26, 9, tzinfo=YORK)),
        ("Tomorrow", BERLIN, OFFICE, berlin(26, 8)),
        ("tomorrow", YORK, OFFICE, berlin(26, 8)),
        ("tomorrow", BERLIN, ROUND, berlin(26, 9)),
        ("tomorrow", BERLIN, Hours(BERLIN, ((),) * 7), berlin(26, 9)),
        ("friday", BERLIN, ALWAYS, berlin(27, 9)),
        ("fri", BERLIN, OFFICE, berlin(27, 8)),
        ("saturday", BERLIN, OFFICE, berlin(1, 8, month=12)),  # closed until Tuesday
        ("monday", BERLIN, ALWAYS, berlin(30, 9)),
        ("monday", BERLIN, OFFICE, berlin(1, 8, month=12)),
        ("wednesday", BERLIN, ALWAYS, berlin(2, 9, month=12)),  # not today
        ("2026-12-01", BERLIN, ALWAYS, berlin(1, 9, month=12)),
        ("2026-12-01", BERLIN, OFFICE, berlin(1, 8, month=12)),
        ("2026-12-1", BERLIN, ALWAYS, berlin(1, 9, month=12)),
        # a time on the clock on their wall
        ("15:30", BERLIN, OFFICE, berlin(25, 15, 30)),
        ("23:59", BERLIN, ALWAYS, berlin(25, 23, 59)),
        ("9:30", YORK, ALWAYS, datetime(2026, 11, 25, 9, 30, tzinfo=YORK)),
        ("today 18:00", BERLIN, ALWAYS, berlin(25, 18)),
        ("tomorrow 07:15", BERLIN, OFFICE, berlin(26, 7, 15)),
        ("mon 14:30", BERLIN, ALWAYS, berlin(30, 14, 30)),
        ("2026-12-01 09:00", BERLIN, ALWAYS, berlin(1, 9, month=12)),
        ("2026-12-01   09:00", YORK, ALWAYS, datetime(2026, 12, 1, 9, tzinfo=YORK)),
        ("2027-11-25", BERLIN, ALWAYS, berlin(25, 9, year=2027)),
        # summer time begins on 28 March 2027: nine is nine
        ("2027-03-28", BERLIN, ALWAYS, datetime(2027, 3, 28, 7, tzinfo=UTC)),
        ("2027-03-28 02:30", BERLIN, ALWAYS, datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),  # no such time
    ],
)
def test_the_times_that_people_say(words: str, zone: ZoneInfo, hours: Hours, expected: datetime) -> None:
    assert until.until(words, NOW, zone, hours) == expected


def test_of_an_hour_that_is_repeated_the_one_to_come_is_meant() -> None:
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert until.until("02:30", first - timedelta(minutes=1), BERLIN, ALWAYS) == first
    assert until.until("02:30", first + timedelta(minutes=1), BERLIN, ALWAYS) == second


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("14:59", r"2026-11-25 14:59 \(Europe/Berlin\) has passed.*`2026-11-26 14:59`"),
        ("15:00", "has passed"),
        ("today", "has passed"),
        ("2026-11-24", "has passed"),
        ("2026-11-24 18:00", "has passed"),
        ("1999-01-01", "has passed"),
        ("400d", "more than a year away.*at most `2027-11-26`"),
        ("2027-12-01", "more than a year away"),
        ("9999-12-31", "more than a year away"),
        ("9000-01-01 09:00", "more than a year away"),
        ("", "no time that is understood.*`2h`"),
        ("soon", "no time that is understood"),
        ("0h", "no time that is understood"),
        ("t", "no time that is understood"),
        ("25:00", "no time that is understood"),
        ("12:60", "no time that is understood"),
        ("2026-13-01", "no time that is understood"),
        ("2026-02-30 09:00", "no time that is understood"),
        ("tomorrow at nine", "no time that is understood"),
        ("99999999h", "no time that is understood"),
    ],
)
def test_other_times_are_refused_with_what_to_say(words: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        until.until(words, NOW, BERLIN, ALWAYS)


# ------------------------------------------------------------------------------------------ the house


def asleep(card: Message) -> bool:
    return "Snoozed by" in card.all_text


def over(house: House, card: Message) -> list[Message]:
    return [one for one in house.thread(card) if "Snooze is over" in one.all_text]


async def snoozed(house: House, words: str = "3h") -> Message:
    """A customer wrote, and Ana put it aside."""
    card = await house.writes()
    await house.until(lambda: house.thread(card))
    await house.ana.types(f"/freescout snooze 412 {words}")
    await house.until(lambda: asleep(card))
    return card


async def test_a_snooze_makes_no_rung_and_says_once_when_it_is_over(house: House) -> None:
    card = await snoozed(house)
    assert "Snoozed by Ana Alves until" in card.all_text
    assert "#412 is snoozed until" in house.told(house.ana)
    await later(house, 150)
    assert pings(house, card) == []
    house.clock.skip(timedelta(minutes=31))
    [said] = await house.until(lambda: over(house, card))
    assert house.ana.id in str(said.blocks)
    assert "Mark Moore has waited 3 h" in said.all_text
    await house.until(lambda: not asleep(card))
    await house.until(lambda: [one for one in pings(house, card) if one is not said])
    await later(house, 30)
    assert len(over(house, card)) == 1
    assert await record(house) == [("snooze", "done")]


async def test_the_assignee_is_told_as_well_if_it_is_another(house: House) -> None:
    card = await snoozed(house)
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    await house.until(lambda: "Ben Brandt" in card.all_text)
    house.clock.skip(timedelta(hours=3, minutes=1))
    [said] = await house.until(lambda: over(house, card))
    assert house.ana.id in str(said.blocks)
    assert house.ben.id in str(said.blocks)


async def test_the_menu_asks_until_when(house: House) -> None:
    card = await house.writes()
    view = await house.opens(house.ben, "Snooze…", card)
    for words in ("In 1 hour", "In 3 hours", "Tomorrow morning, ", "Monday morning, "):
        assert words in str(view.body)
    await house.ben.submits({"choice": "3h"})
    assert house.ben.modal is None
    await house.until(lambda: asleep(card))
    until_ = house.clock() + timedelta(hours=3)
    assert any(f"{m:%H:%M} UTC" in card.all_text for m in (until_, until_ - timedelta(minutes=1)))


async def test_a_date_and_time_that_is_chosen_counts(house: House) -> None:
    card = await house.writes()
    await house.opens(house.ben, "Snooze…", card)
    moment = int((house.clock() + timedelta(days=9)).timestamp())
    await house.ben.submits({"Or until": str(moment)})
    await house.until(lambda: asleep(card))
    assert f"<!date^{moment}^" in card.all_text


@pytest.mark.parametrize(
    ("off", "said"),
    [(timedelta(minutes=-1), "has passed"), (timedelta(days=400), "more than a year away")],
)
async def test_a_time_that_will_not_do_is_said_at_its_field(house: House, off: timedelta, said: str) -> None:
    card = await house.writes()
    await house.opens(house.ben, "Snooze…", card)
    await house.ben.submits({"Or until": str(int((house.clock() + off).timestamp()))})
    assert house.ben.modal
    assert said in house.ben.modal.errors["moment"]
    await house.quiet()
    assert not asleep(card)


async def test_what_the_customer_wrote_while_the_dialog_was_open_ends_it(house: House) -> None:
    card = await house.writes()
    await house.opens(house.ben, "Snooze…", card)
    house.freescout.customer_replies(1, "it still burns")
    await house.until(lambda: "it still burns" in house.said(card))
    await house.ben.submits({"choice": "1h"})
    await house.quiet()
    assert not asleep(card)
    assert await record(house) == [("snooze", "done")]


@pytest.mark.parametrize("what", ["writes", "answered", "closed", "deleted"])
async def test_it_ends_before_its_time(house: House, what: str) -> None:
    card = await snoozed(house)
    if what == "writes":
        house.freescout.customer_replies(1, "hello?")
    elif what == "answered":
        house.freescout.agent_replies(1, house.ben_id, "done", status="active")
    elif what == "closed":
        house.freescout.agent_sets_status(1, house.ben_id, "closed")
    else:
        house.freescout.agent_deletes(1)
    await house.until(lambda: not asleep(card))
    await later(house, 200)
    assert over(house, card) == []
    assert bool(pings(house, card)) == (what == "writes")


async def test_what_ends_nothing(house: House) -> None:
    card = await snoozed(house)
    house.freescout.agent_notes(1, house.ben_id, "thinking")
    house.freescout.agent_sets_status(1, house.ben_id, "pending")
    house.freescout.agent_assigns(1, house.ben_id, house.ben_id)
    await house.until(lambda: "thinking" in house.said(card) and "Pending" in card.all_text)
    assert asleep(card)
    house.clock.skip(timedelta(hours=4))
    [said] = await house.until(lambda: over(house, card))
    assert "has waited" not in said.all_text


async def test_an_out_of_office_answer_does_not_end_it(house: House) -> None:
    card = await house.writes()
    house.freescout.agent_replies(1, house.ana_id, "Which number is on the invoice?", status="pending")
    await house.until(lambda: "on the invoice" in house.said(card))
    await house.ana.types("/freescout snooze 412 3h")
    await house.until(lambda: asleep(card))
    house.freescout.customer_replies(1, "I am out of the office until 3 December.")
    await house.until(lambda: "out of the office" in house.said(card))
    await house.quiet()
    assert asleep(card)
    house.clock.skip(timedelta(hours=3, minutes=1))
    await house.until(lambda: over(house, card))


async def test_a_reply_that_was_held_when_it_began_does_not_end_it(empty_house: House) -> None:
    house = empty_house
    await house.start(replies=Replies(timedelta(seconds=20)))
    card = await house.writes()
    await answers(house, card)
    await house.ben.types("/freescout snooze 412 3h")
    await house.until(lambda: asleep(card))
    house.clock.skip(timedelta(seconds=21))
    await gone(house)
    await house.until(lambda: "Ana Alves replied" in house.said(card))
    assert asleep(card)
    await answers(house, card, text="And one more thing.")
    house.clock.skip(timedelta(seconds=21))
    await gone(house, 2)
    await house.until(lambda: not asleep(card))


@pytest.mark.parametrize("what", ["no route", "archived"])
async def test_what_no_channel_shows_is_told_once_in_a_direct_message(house: House, what: str) -> None:
    private = house.freescout.add_mailbox("Private", "private@example.org")
    box = private if what == "no route" else house.support
    house.freescout.customer_writes("z@example.org", "Hush", "pay me?", mailbox=box)
    await house.quiet()
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    await house.ana.types("/freescout snooze 412 2h")
    await house.until(lambda: "is snoozed until" in house.told(house.ana))
    if what == "archived":
        house.expects_errors = True
        await house.slack.archives("support")
    await house.quiet()
    await later(house, 121)
    house.clock.skip(timedelta(minutes=2))  # that the channel is archived may have come out only now
    await house.until(lambda: "Snooze is over" in direct(house, house.ana))
    house.clock.skip(timedelta(minutes=2))
    await house.until(lambda: not rows(house, "select 1 from snoozes"))
    await later(house, 2)
    [said] = house.slack.workspace.direct(house.ana.id).messages
    assert "#412 Hush" in said.all_text
    assert house.ben.id not in str(said.blocks)  # who does not read here


async def test_who_may_not_see_where_it_was_moved_is_told_nothing_of_it(house: House) -> None:
    card = await house.writes()
    await house.ben.types("/freescout snooze 412 2h")
    await house.until(lambda: asleep(card))
    private = house.freescout.add_mailbox("Private", "private@example.org")
    house.freescout.agent_moves(1, house.ana_id, private)
    house.freescout.agent_edits_subject(1, house.ana_id, "Ben is to be dismissed")
    await house.until(lambda: "not shown in any channel" in card.all_text)
    await later(house, 121)
    await house.until(lambda: not rows(house, "select 1 from snoozes"))
    assert direct(house, house.ben) == ""


async def test_which_replies_were_on_their_way_when_it_began(tmp_path: Path) -> None:
    clock = Clock()
    store = Store(str(tmp_path / "bridge.db"), clock)

    async def submitted(user: int, kind: str = "message") -> Reply:
        name = f"{user} {kind} {clock()}"
        draft = Draft(name, 5, 412, kind, "Hello", user, f"U{user}", "C1", "1.2", hold=20)
        assert await store.queue(draft)
        reply = await store.intended(name)
        assert reply
        clock.skip(timedelta(seconds=1))
        return reply

    held, stopped, dropped, note = [await submitted(*one) for one in ((1,), (2,), (3,), (4, "note"))]
    assert await store.stop_reply(stopped, ReplyState.BLOCKED, "It changed.", Choice.ANYWAY)
    assert await store.drop_reply(dropped)
    await store.snooze(Snooze(5, "U9", 9, "Ana", "C1", 1, clock().timestamp(), clock().timestamp() + 7200))
    clock.skip(timedelta(seconds=1))
    await submitted(5)
    found = await store.snoozed(5)
    assert found and (found.sent, found.sending) == (frozenset(), {held.user})
    await store.mark_reply(held, ReplyState.SENT, thread=77)
    await store.mark_reply(note, ReplyState.SENT, thread=78)
    blocked = await store.reply(stopped.id)
    assert blocked and await store.release_reply(blocked)  # its writer has it sent now, all the same
    _, found = await store.calm(5)
    assert found and (found.sent, found.sending) == ({77}, frozenset())
    await store.close()


async def test_wake_up_wakes_it_and_tells_whoever_snoozed(house: House) -> None:
    card = await snoozed(house)
    await house.ben.presses("Wake Up", on=card)
    await house.until(lambda: not asleep(card))
    await house.until(
        lambda: "Ben Brandt woke it up. Until now you had snoozed it." in direct(house, house.ana)
    )
    await house.ana.types("/freescout unsnooze 412")
    await house.until(lambda: "#412 is not snoozed" in house.told(house.ana))
    await house.ana.types("/freescout snooze 412 2h")
    await house.until(lambda: asleep(card))
    await house.ana.types("/freescout unsnooze 412")
    await house.until(lambda: "#412 is awake" in house.told(house.ana))
    assert [one for one, _ in await record(house)] == ["snooze", "unsnooze", "snooze", "unsnooze"]
    await later(house, 125)
    assert over(house, card) == []


async def test_of_two_at_once_the_last_one_counts_and_the_other_is_told(house: House) -> None:
    card = await house.writes()
    await asyncio.gather(
        house.ana.types("/freescout snooze 412 2h"), house.ben.types("/freescout snooze 412 5h")
    )
    await house.quiet()
    await house.until(lambda: asleep(card))
    told = [direct(house, one) for one in (house.ana, house.ben)]
    assert sum("Until now you had snoozed it." in one for one in told) == 1
    loser = house.ana if told[0] else house.ben
    assert f"Snoozed by {loser.name}" not in card.all_text


async def test_whoever_is_on_it_is_told_that_it_was_put_aside_and_the_other_way_round(house: House) -> None:
    card = await house.writes()
    await house.ana.presses("I'm On It", on=card)
    await house.until(lambda: "Ana Alves is on it" in card.all_text)
    await house.ben.types("/freescout snooze 412 5h")
    await house.until(lambda: asleep(card) and "is on it" not in card.all_text)
    await house.until(lambda: "Ben Brandt snoozed it. Until now you were on it." in direct(house, house.ana))
    await later(house, 60)
    assert questions(house, card) == []
    await house.ana.reacts("eyes", on=card)
    await house.until(lambda: "Ana Alves is on it until" in card.all_text and not asleep(card))
    await house.until(lambda: "Until now you had snoozed it." in direct(house, house.ben))
    store = Store(house.settings.database_path, house.clock, visiting=True)
    assert [one.state for one in await store.claims(1)] == [ClaimState.SNOOZED, ClaimState.HELD]
    await store.close()


async def test_times_are_those_of_whoever_says_them(house: House) -> None:
    house.ana.profile.tz = "Pacific/Auckland"
    card = await snoozed(house, "tomorrow 14:30")
    here = house.clock().astimezone(ZoneInfo("Pacific/Auckland")) + timedelta(days=1)
    expected = here.replace(hour=14, minute=30, second=0, microsecond=0)
    assert f"<!date^{int(expected.timestamp())}^" in card.all_text
    assert "14:30 (Pacific/Auckland)" in house.told(house.ana)


async def test_tomorrow_is_when_the_mailbox_opens(house: House) -> None:
    await house.stop()
    hours = Hours(ZoneInfo("UTC"), ((Span(11 * 60, 12 * 60),),) * 7)
    await house.start(hours=(MailboxHours("Support", hours),))
    card = await snoozed(house, "tomorrow")
    expected = (house.clock() + timedelta(days=1)).replace(hour=11, minute=0, second=0, microsecond=0)
    assert f"<!date^{int(expected.timestamp())}^" in card.all_text


async def test_what_cannot_be_is_refused(house: House) -> None:
    card = await house.writes()
    for words, said in [
        ("snooze", "For example /freescout snooze 412 2h"),
        ("snooze 412", "For example /freescout snooze 412 2h"),
        ("snooze 412 never", "never is no time"),
        ("snooze 412 2001-01-01", "has passed"),
        ("snooze 412 700d", "more than a year away"),
        ("snooze 999 2h", "no conversation #999"),
    ]:
        await house.ana.types(f"/freescout {words}")
        await house.until(lambda said=said: said in house.told(house.ana))
    house.freescout.customer_writes("z@example.org", "Lamps", "twelve", mailbox=house.sales)
    await house.until(lambda: house.cards("sales"))
    await house.ben.types("/freescout snooze 413 2h")
    await house.until(lambda: "does not let you see" in house.told(house.ben))
    house.freescout.agent_sets_status(1, house.ana_id, "closed")
    await house.until(lambda: "Closed" in card.all_text)
    await house.ana.types("/freescout snooze 412 2h")
    await house.until(lambda: "#412 is not open" in house.told(house.ana))
    assert not asleep(card)


async def test_it_survives_a_restart_and_an_absence(house: House) -> None:
    card = await snoozed(house)
    await house.stop()
    house.clock.skip(timedelta(hours=1))
    await house.start()
    await house.quiet()
    assert asleep(card)
    await house.stop()
    house.clock.skip(timedelta(days=2))
    await house.start()
    await house.until(lambda: over(house, card))
    await house.stop()
    await house.start()
    await house.quiet()
    assert len(over(house, card)) == 1


async def test_a_clock_that_jumps_says_it_once(house: House) -> None:
    card = await snoozed(house, "1h")
    for jump in (-120, 30, 95, -120, 121):
        await later(house, jump)
        assert len(over(house, card)) <= 1
    house.clock.skip(timedelta(minutes=61))
    await house.until(lambda: over(house, card))
    await house.quiet()
    assert len(over(house, card)) == 1


@pytest.mark.parametrize("point", ["post.begun", "post.made", "post.kept"])
async def test_a_bridge_killed_while_it_says_so_says_it_once(house: House, point: str) -> None:
    house.expects_errors = True
    card = await snoozed(house, "1h")
    await house.quiet()
    with dying_at(point) as died:
        house.clock.skip(timedelta(minutes=61))
        await house.until(died.is_set)
        await house.stop()
    await house.start()
    await house.until(lambda: over(house, card))
    for _ in range(2):
        await later(house, 5)
    assert len(over(house, card)) == 1
    store = Store(house.settings.database_path, house.clock, visiting=True)
    assert await store.snoozed(1) is None
    assert [one.key for one in await store.posts(1) if one.key.startswith(ROUSED)]
    await store.close()


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", ""])
def test_a_zone_that_nobody_knows_is_taken_for_utc(name: str) -> None:
    assert until.zone_named(name) == ZoneInfo("UTC")
