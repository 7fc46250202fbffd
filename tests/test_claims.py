"""*I'm On It*: who is on a conversation, what that keeps quiet, and how it ends."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot import claimcards, clockwork, crashpoints
from bot.bridgefile import read_file
from bot.hours import ALWAYS, Hours, MailboxHours, Span
from bot.model import Conversation, Person, Status, Thread
from bot.quiet import Calm, Quiet, quiet
from bot.store import Claim, ClaimState, Snooze, Store
from sandbox.slack import Message
from sandbox.slack import Person as Somebody
from tests.blockcheck import problems_in_message
from tests.conftest import House

ROUTE = '[[routes]]\nmailbox = "a"\nchannel = "b"\n'
NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OFFICE = Hours(week=((Span(9 * 60, 17 * 60),),) * 7)
ANA = Person(7, "user", "Ana", "Alves", "ana@example.org")
BEN = Person(8, "user", "Ben", "Brandt", "ben@example.org")
MARK = Person(1, "customer", "Mark", "Moore", "mark@example.org")
DAEMON = Person(3, "customer", "Mail", "Delivery", "mailer-daemon@example.net")
ROBOT = Person(9, "user", "Workflow", "", "fsworkflow@example.org")
EVE = Person(2, "customer", "Eve", "Evans", "eve@example.org")


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def entry(number: int, kind: str = "customer", minutes: float = 0, **changes: Any) -> Thread:
    by = MARK if kind == "customer" else ANA
    given = {"body": f"words {number}", "created_by": by, **changes}
    return Thread(number, kind, "published", at(minutes), **given)


def asked(*threads: Thread, **changes: Any) -> Conversation:
    """A conversation of Ana's whose customer waits since nine."""
    given: dict[str, Any] = {
        "id": 5,
        "number": 412,
        "mailbox_id": 1,
        "status": Status.ACTIVE,
        "state": "published",
        "subject": "Printer on fire",
        "created_at": NINE,
        "updated_at": NINE,
        "assignee": ANA,
        "customer": MARK,
        "latest_reply_from": "customer",
        "threads": threads or (entry(1),),
    }
    return Conversation(**{**given, **changes})


def answered(*after: Thread, **changes: Any) -> Conversation:
    last = "customer" if after and after[-1].type == "customer" else "user"
    given = {"latest_reply_from": last, **changes}
    return asked(entry(1), entry(2, "message", 12), *after, **given)


def claim(**changes: Any) -> Claim:
    """Ana is on it from ten past nine to twenty to ten."""
    one = Claim(
        5, "U1", 7, "Ana Alves", True, "C1", 1, at(10).timestamp(), at(40).timestamp(), state=ClaimState.HELD
    )
    return replace(one, **changes)


def snooze(**changes: Any) -> Snooze:
    """Ben has put it aside from ten past nine to eleven."""
    one = Snooze(5, "U2", 8, "Ben Brandt", "C1", 1, at(10).timestamp(), at(120).timestamp())
    return replace(one, **changes)


ON_IT = Quiet(at(40), "Ana Alves is on it")
TO_ASK = Quiet(None, "Ana Alves is asked whether they are still on it")
ASKED = Quiet(at(51), "Ana Alves is asked whether they are still on it")
ASLEEP = Quiet(at(120), "snoozed by Ben Brandt")
LAPSES = {"lapses": at(51).timestamp()}
NOTE = entry(2, "note", 12)
LINE = entry(2, "lineitem", 12, action="changed-ticket-assignee", body="")
CLOSED = entry(7, "lineitem", 12, action="changed-ticket-status", status="closed", body="")
REOPENED = entry(8, "lineitem", 14, action="changed-ticket-status", status="active", body="")
AWAY = entry(3, "customer", 14, body="I am out of the office until 9 March.")
MERGED = entry(9, "lineitem", 16, action="merged", body="")
DRAFT = replace(entry(2, "message", 12), state="draft")
HIDDEN = replace(entry(2, "customer", 12), state="hidden")

TABLE: list[tuple[Claim | None, Snooze | None, Conversation | None, float, Quiet | None]] = [
    # nothing is remembered
    (None, None, asked(), 20, None),
    (None, None, None, 20, None),
    # a claim, as time goes by
    (claim(), None, asked(), 9, ON_IT),  # the clock was put back
    (claim(), None, asked(), 10, ON_IT),
    (claim(), None, asked(), 39.99, ON_IT),
    (claim(), None, asked(), 40, TO_ASK),
    (claim(), None, asked(), 45, TO_ASK),
    (claim(), None, asked(), 5000, TO_ASK),  # the bridge was away: they are asked first
    (claim(**LAPSES), None, asked(), 40, ASKED),
    (claim(**LAPSES), None, asked(), 50.99, ASKED),
    (claim(**LAPSES), None, asked(), 51, None),
    (claim(**LAPSES), None, asked(), 5000, None),
    # one that does not hold
    *[(claim(state=one), None, asked(), 20, None) for one in ClaimState if one is not ClaimState.HELD],
    # what happens meanwhile and ends nothing
    (claim(), None, asked(entry(1), entry(2, "customer", 12)), 20, ON_IT),
    (claim(), None, asked(entry(1), NOTE), 20, ON_IT),
    (claim(), None, asked(entry(1), LINE), 20, ON_IT),
    (claim(), None, asked(entry(1), DRAFT), 20, ON_IT),
    (claim(), None, asked(subject="Another", tags=("vip",)), 20, ON_IT),
    (claim(), None, asked(mailbox_id=2), 20, ON_IT),
    (claim(thread=2), None, asked(entry(1), entry(2, "customer", 5), MERGED), 20, ON_IT),
    (claim(), None, asked(entry(1), entry(2, "customer", 5), MERGED), 20, ON_IT),
    (claim(thread=8), None, asked(entry(1), entry(2, "customer", 5), CLOSED, REOPENED, MERGED), 20, ON_IT),
    # what ends it
    (claim(), None, answered(), 20, None),
    (claim(), None, answered(status=Status.PENDING), 20, None),
    (claim(), None, answered(entry(3, "customer", 14)), 20, None),
    (claim(), None, asked(status=Status.PENDING), 20, None),
    (claim(), None, asked(status=Status.CLOSED), 20, None),
    (claim(), None, asked(status=Status.SPAM), 20, None),
    (claim(), None, asked(state="deleted"), 20, None),
    (claim(), None, None, 20, None),
    (claim(), None, asked(assignee=BEN), 20, None),
    (claim(), None, asked(assignee=None), 20, None),
    (claim(thread=9), None, asked(), 20, None),  # it was claimed in an earlier wait
    (claim(), None, asked(entry(1), CLOSED, REOPENED), 20, None),  # it was settled, and waits anew
    (claim(thread=2), None, answered(MERGED, entry(3, "customer", 18)), 20, None),
    # what is left after a merge is another's wait, whose answer went to the customer of this one
    (
        claim(thread=2),
        None,
        asked(
            entry(1, customer=EVE, created_by=EVE),
            entry(2, "customer", 5, customer=MARK),
            entry(3, "message", 12, customer=MARK),
            MERGED,
        ),
        20,
        None,
    ),
    (claim(**LAPSES), None, answered(), 45, None),
    # a snooze, as time goes by
    (None, snooze(), asked(), 9, ASLEEP),
    (None, snooze(), asked(), 10, ASLEEP),
    (None, snooze(), asked(), 119.99, ASLEEP),
    (None, snooze(), asked(), 120, None),
    (None, snooze(), asked(), 5000, None),
    # what happens meanwhile and ends nothing
    (None, snooze(), asked(assignee=None), 20, ASLEEP),
    (None, snooze(), asked(assignee=BEN), 20, ASLEEP),
    (None, snooze(), asked(status=Status.PENDING), 20, ASLEEP),
    (None, snooze(), asked(entry(1), NOTE), 20, ASLEEP),
    (None, snooze(), asked(entry(1), LINE), 20, ASLEEP),
    (None, snooze(), asked(entry(1), DRAFT), 20, ASLEEP),
    (None, snooze(), asked(entry(1), HIDDEN), 20, ASLEEP),
    (None, snooze(newest=2), answered(AWAY), 20, ASLEEP),
    (None, snooze(newest=2), answered(entry(3, "customer", 14, body="Thank you!")), 20, ASLEEP),
    (None, snooze(newest=2), answered(entry(3, "customer", 14, created_by=DAEMON)), 20, ASLEEP),
    (None, snooze(), asked(entry(1), entry(2, "message", 12, created_by=ROBOT)), 20, ASLEEP),
    (None, snooze(newest=2), asked(entry(1), entry(2, "customer", 5), MERGED), 20, ASLEEP),
    # replies that were submitted before it
    (None, snooze(sent=frozenset({2})), answered(), 20, ASLEEP),
    (None, snooze(sending=frozenset({7})), answered(), 20, ASLEEP),
    (None, snooze(sent=frozenset({2})), answered(AWAY), 20, ASLEEP),
    # what ends it
    (None, snooze(sent=frozenset({2})), answered(entry(3, "message", 14)), 20, None),
    (None, snooze(sent=frozenset({2})), answered(entry(3, "customer", 14)), 20, None),
    (None, snooze(sending=frozenset({8})), answered(), 20, None),  # another's answer, written elsewhere
    (None, snooze(newest=2), answered(AWAY, entry(4, "customer", 15)), 20, None),
    (None, snooze(), asked(entry(1), entry(2, "customer", 12)), 20, None),
    (None, snooze(newest=2), asked(entry(1), entry(2, "customer", 5)), 20, ASLEEP),
    (None, snooze(), answered(), 20, None),
    (None, snooze(), asked(status=Status.CLOSED), 20, None),
    (None, snooze(), asked(status=Status.SPAM), 20, None),
    (None, snooze(), asked(state="deleted"), 20, None),
    (None, snooze(), None, 20, None),
    # both, which nobody can bring about: it is quiet while either holds
    (claim(), snooze(), asked(), 20, ASLEEP),
    (claim(), snooze(), asked(assignee=BEN), 20, ASLEEP),
    (claim(until=at(200).timestamp()), snooze(), asked(), 130, Quiet(at(200), "Ana Alves is on it")),
    (claim(), snooze(newest=0), asked(), 20, ON_IT),
    (claim(), snooze(), answered(), 20, None),
]


@pytest.mark.parametrize(("held", "aside", "truth", "minutes", "expected"), TABLE)
def test_what_keeps_a_wait_quiet(
    held: Claim | None,
    aside: Snooze | None,
    truth: Conversation | None,
    minutes: float,
    expected: Quiet | None,
) -> None:
    assert quiet(held, aside, truth, at(minutes)) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", (30, 10)),
        ('quiet = "1h"', (60, 10)),
        ('quiet = "1h30m"\ngrace = "5m"', (90, 5)),
    ],
)
def test_how_long_is_for_the_operator_to_say(words: str, expected: tuple[int, int]) -> None:
    problems: list[str] = []
    claims = read_file("f", lambda _: f"{ROUTE}[claims]\n{words}", problems).claims
    assert problems == []
    assert (claims.quiet, claims.grace) == tuple(timedelta(minutes=one) for one in expected)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ('quiet = "soon"', 'f:5, [claims]: quiet should be a time like "30m" or "2h".'),
        ("grace = 10", 'f:5, [claims]: grace should be a time like "30m" or "2h".'),
        ('grase = "10m"', "f:5, [claims]: 'grase' is unknown; did you mean 'grace'?"),
    ],
)
def test_what_is_amiss_with_that_is_told(words: str, said: str) -> None:
    problems: list[str] = []
    read_file("f", lambda _: f"{ROUTE}[claims]\n{words}", problems)
    assert problems == [said]


def test_the_table_is_as_long_as_it_should_be() -> None:
    assert len(TABLE) >= 40


@pytest.mark.parametrize("state", [*ClaimState])
def test_all_that_is_said_of_a_claim_is_what_slack_takes(state: ClaimState) -> None:
    one = claim(state=state, by="Ben <!channel>", name="Ana <@U0>")
    calm = Calm((one,), snooze(), also="U3", grace=timedelta(minutes=10))
    for _, _, message in claimcards.told(asked(), calm, at(500), {f"claim:{int(one.until)}"}):
        assert problems_in_message({"text": message.text, "blocks": list(message.blocks)}) == []
        assert "<!channel>" not in message.text


# ------------------------------------------------------------------------------------------ the house


def on_it(card: Message) -> bool:
    return "is on it until" in card.all_text


def questions(house: House, card: Message) -> list[Message]:
    return [one for one in house.thread(card) if "Still on it?" in one.all_text]


def pings(house: House, card: Message) -> list[Message]:
    """What reminds of the wait as things stand."""
    return [one for one in house.thread(card) if "has waited" in one.all_text]


def assignee(house: House) -> int | None:
    return house.freescout.world.conversations[1].assignee


def direct(house: House, person: Somebody) -> str:
    """What the app told somebody in a direct message."""
    channel = house.slack.workspace.direct(person.id)
    return "\n".join(one.all_text for one in channel.messages)


async def record(house: House) -> list[tuple[str, str]]:
    store = Store(house.settings.database_path, house.clock, visiting=True)
    rows = await store.audited(1)
    await store.close()
    return [(row["action"], row["outcome"].partition(":")[0]) for row in rows]


async def claimed(house: House, person: Somebody) -> Message:
    """Ten minutes after a customer wrote, somebody says that they are on it."""
    card = await house.writes()
    await house.until(lambda: house.thread(card))
    house.clock.skip(timedelta(minutes=10))
    await person.presses("I'm On It", on=card)
    await house.until(lambda: on_it(card))
    return card


async def later(house: House, minutes: float) -> None:
    """Let time pass, and the bridge do what is due by then."""
    house.clock.skip(timedelta(minutes=minutes))
    await house.health(lambda told: not told["work"]["waiting"])
    await house.quiet()


async def test_the_menu_assigns_and_says_who_is_on_it_and_until_when(house: House) -> None:
    card = await claimed(house, house.ben)
    assert "Ben Brandt is on it until" in card.all_text
    assert assignee(house) == house.ben_id
    until = house.clock() + timedelta(minutes=30)
    assert any(f"{moment:%H:%M} UTC" in card.all_text for moment in (until, until - timedelta(minutes=1)))
    assert await record(house) == [("claim", "done")]


async def test_eyes_on_the_card_or_in_its_thread_say_the_same(house: House) -> None:
    card = await house.writes()
    [first] = await house.until(lambda: house.thread(card))
    await house.ana.reacts("eyes", on=card)
    await house.until(lambda: "Ana Alves is on it until" in card.all_text)
    await house.ben.reacts("eyes", on=first)
    await house.until(lambda: "Ben Brandt is on it until" in card.all_text)
    assert assignee(house) == house.ben_id


async def test_other_reactions_and_those_on_other_messages_do_nothing(house: House) -> None:
    card = await house.writes()
    said = await house.ana.types("what a mess")
    below = await house.ana.types("oh dear", thread=card)
    assert said
    assert below
    await house.ana.reacts("tada", on=card)
    await house.ana.reacts("eyes", on=said)
    await house.ana.reacts("eyes", on=below)
    await house.quiet()
    assert not on_it(card)
    assert assignee(house) is None
    assert house.told(house.ana) == ""


async def test_a_reaction_that_slack_tells_of_again_is_one(house: House) -> None:
    card = await house.writes()
    house.freescout.faults.api("PUT /api/conversations/1", hang=0.5, after=True)
    reacting = asyncio.create_task(house.ana.reacts("eyes", on=card))
    sent = await reacting
    await asyncio.gather(*(house.slack.delivery.event(sent) for _ in range(3)))
    await house.until(lambda: on_it(card))
    await house.quiet()
    assert await record(house) == [("claim", "done")]
    writes = [one for one in house.freescout.requests if one.method == "PUT"]
    assert len(writes) == 1


async def test_taking_the_eyes_away_changes_nothing(house: House) -> None:
    card = await house.writes()
    await house.ana.reacts("eyes", on=card)
    await house.until(lambda: on_it(card))
    house.ana.takes_back("eyes", on=card)
    await house.quiet()
    assert on_it(card)
    assert assignee(house) == house.ana_id


async def test_the_command_says_until_when_and_release_gives_it_back(house: House) -> None:
    card = await house.writes()
    house.ana.profile.tz = "Asia/Kolkata"
    await house.ana.types("/freescout claim 412")
    await house.until(lambda: "You are on #412 until" in house.told(house.ana))
    end = (house.clock() + timedelta(minutes=30)).astimezone(ZoneInfo("Asia/Kolkata"))
    assert any(
        f"{moment:%H:%M}. Nobody" in house.told(house.ana) for moment in (end, end - timedelta(minutes=1))
    )
    await house.until(lambda: on_it(card))
    await house.ana.types("/freescout release 412")
    await house.until(lambda: "#412 is released" in house.told(house.ana))
    await house.until(lambda: not on_it(card) and "Unassigned" in card.all_text)
    await house.ana.types("/freescout release 412")
    await house.until(lambda: "Nobody has said that they are on #412" in house.told(house.ana))
    assert await record(house) == [("claim", "done"), ("release", "done")]


async def test_a_claim_quiets_the_ladder_then_asks_once_and_silence_releases(house: House) -> None:
    card = await house.writes()
    await house.until(lambda: house.thread(card))
    house.clock.skip(timedelta(minutes=110))
    await house.ana.presses("I'm On It", on=card)
    await house.until(lambda: on_it(card))
    await later(house, 15)
    assert pings(house, card) == []
    house.clock.skip(timedelta(minutes=16))
    [question] = await house.until(lambda: questions(house, card))
    assert house.ana.id in str(question.blocks)
    await house.until(lambda: "asked whether they are still on it" in card.all_text)
    await later(house, 8)
    assert assignee(house) == house.ana_id
    assert pings(house, card) == []
    house.clock.skip(timedelta(minutes=3))
    await house.until(lambda: "so it is released" in question.all_text)
    await house.until(lambda: "Unassigned" in card.all_text)
    await house.until(lambda: pings(house, card))
    assert questions(house, card) == []
    await house.until(lambda: "asked whether" not in card.all_text)
    assert await record(house) == [("claim", "done"), ("release after silence", "done")]
    assert len(pings(house, card)) == 1


async def test_a_reminder_has_the_button_as_well(house: House) -> None:
    card = await house.writes()
    await house.until(lambda: house.thread(card))
    house.clock.skip(timedelta(hours=2, minutes=1))
    [reminder] = await house.until(lambda: pings(house, card))
    await house.ben.presses("I'm On It", on=reminder)
    await house.until(lambda: "Ben Brandt is on it until" in card.all_text)
    assert assignee(house) == house.ben_id


async def test_yes_begins_another_while_and_each_is_asked_about_once(house: House) -> None:
    card = await claimed(house, house.ana)
    house.clock.skip(timedelta(minutes=31))
    [first] = await house.until(lambda: questions(house, card))
    await house.ana.presses("Yes", on=first)
    await house.until(lambda: "Ana Alves is still on it" in first.all_text)
    await house.until(lambda: on_it(card))
    await later(house, 29)
    assert questions(house, card) == []
    house.clock.skip(timedelta(minutes=2))
    [second] = await house.until(lambda: questions(house, card))
    assert second is not first
    assert [block for block in first.blocks if block["type"] == "actions"] == []
    assert await record(house) == [("claim", "done"), ("stay on it", "done")]


async def test_release_gives_it_back_at_once(house: House) -> None:
    card = await claimed(house, house.ana)
    house.clock.skip(timedelta(minutes=31))
    [question] = await house.until(lambda: questions(house, card))
    await house.ana.presses("Release", on=question)
    await house.until(lambda: "Unassigned" in card.all_text)
    await house.until(lambda: "released it" in question.all_text)
    assert assignee(house) is None


async def test_what_was_theirs_before_stays_theirs(house: House) -> None:
    card = await house.writes()
    house.freescout.agent_assigns(1, house.ben_id, house.ana_id)
    await house.until(lambda: "Ana Alves" in card.all_text)
    await house.ana.presses("I'm On It", on=card)
    await house.until(lambda: on_it(card))
    assert not [one for one in house.freescout.requests if one.method == "PUT"]
    house.clock.skip(timedelta(minutes=31))
    [question] = await house.until(lambda: questions(house, card))
    house.clock.skip(timedelta(minutes=11))
    await house.until(lambda: "so it is released" in question.all_text)
    await house.quiet()
    assert assignee(house) == house.ana_id


async def test_an_answer_ends_it_without_a_word(house: House) -> None:
    card = await claimed(house, house.ana)
    before = len(house.thread(card))
    house.freescout.agent_replies(1, house.ben_id, "done", status="active")
    await house.until(lambda: not on_it(card) and "done" in house.said(card))
    await later(house, 60)
    assert questions(house, card) == []
    assert len(house.thread(card)) == before + 1
    assert assignee(house) == house.ana_id


async def test_an_answer_after_the_question_makes_it_needless(house: House) -> None:
    card = await claimed(house, house.ana)
    house.clock.skip(timedelta(minutes=31))
    [question] = await house.until(lambda: questions(house, card))
    house.freescout.agent_replies(1, house.ana_id, "done", status="active")
    await house.until(lambda: "Nobody waits for that answer any more" in question.all_text)
    await later(house, 60)
    assert assignee(house) == house.ana_id
    await house.ana.presses("claim.release", on=replace_buttons(question))
    await house.until(lambda: "settled already" in house.told(house.ana))


def replace_buttons(question: Message) -> Message:
    """The question as somebody's screen still shows it: with its buttons."""
    value = "1"
    buttons = [
        {
            "type": "button",
            "action_id": name,
            "text": {"type": "plain_text", "text": name},
            "value": value,
        }
        for name in ("claim.yes", "claim.release")
    ]
    return replace(question, blocks=[{"type": "actions", "block_id": "old", "elements": buttons}])


async def test_whoever_takes_over_tells_the_other_one(house: House) -> None:
    card = await claimed(house, house.ana)
    await house.ben.presses("I'm On It", on=card)
    await house.until(lambda: "Ben Brandt is on it until" in card.all_text)
    await house.until(
        lambda: "Ben Brandt is on it now. Until now you were on it." in direct(house, house.ana)
    )
    assert assignee(house) == house.ben_id
    assert direct(house, house.ben) == ""
    house.clock.skip(timedelta(minutes=31))
    [question] = await house.until(lambda: questions(house, card))
    assert house.ben.id in str(question.blocks)
    house.clock.skip(timedelta(minutes=11))
    await house.until(lambda: "Unassigned" in card.all_text)


async def test_who_may_not_see_it_by_now_is_not_told_who_took_over(house: House) -> None:
    card = await claimed(house, house.ben)
    private = house.freescout.add_mailbox("Private", "private@example.org")
    house.freescout.agent_moves(1, house.ana_id, private)
    house.freescout.agent_edits_subject(1, house.ana_id, "Ben is to be dismissed")
    await house.until(lambda: "not shown in any channel" in card.all_text)
    await house.ana.types("/freescout claim 412")
    await house.until(lambda: "You are on #412" in house.told(house.ana))
    await house.quiet()
    assert direct(house, house.ben) == ""


async def test_what_came_of_a_question_is_not_told_to_who_may_not_see_it_by_now(house: House) -> None:
    other = house.freescout.add_mailbox("Other", "other@example.org")
    mine = house.freescout.world.users[house.ben_id].mailboxes
    mine.add(other)
    card = await claimed(house, house.ben)
    house.freescout.agent_moves(1, house.ana_id, other)
    await house.until(lambda: not on_it(card))
    house.clock.skip(timedelta(minutes=31))
    [question] = await house.until(lambda: asked_directly(house, house.ben))
    mine.discard(other)
    house.freescout.agent_edits_subject(1, house.ana_id, "Ben is to be dismissed")
    await later(house, 11)
    await house.until(lambda: assignee(house) is None)
    await house.until(lambda: "You may not see the mailbox" in question.all_text)
    assert "dismissed" not in direct(house, house.ben)


async def test_of_two_at_once_whose_it_is_in_freescout_and_who_is_on_it_are_one(house: House) -> None:
    card = await house.writes()
    await house.quiet()
    house.freescout.faults.api("PUT /api/conversations/1", hang=0.4, after=True)
    first = asyncio.create_task(house.ana.presses("I'm On It", on=card))
    await house.until(lambda: assignee(house) == house.ana_id)
    await house.ben.presses("I'm On It", on=card)
    await first
    await house.until(lambda: "Ben Brandt is on it" in card.all_text)
    await house.quiet()
    assert assignee(house) == house.ben_id
    assert "Ben Brandt is on it" in card.all_text


async def test_two_at_once_are_one_in_the_end(house: House) -> None:
    card = await house.writes()
    await asyncio.gather(house.ana.presses("I'm On It", on=card), house.ben.types("/freescout claim 412"))
    await house.quiet()
    store = Store(house.settings.database_path, house.clock, visiting=True)
    held = [one for one in await store.claims(1) if one.state == ClaimState.HELD]
    await store.close()
    assert len(held) <= 1
    if held:
        assert held[0].user == assignee(house)
        assert f"{held[0].name} is on it until" in card.all_text


async def test_yes_is_whoever_was_asked_to_say_and_release_anybody(house: House) -> None:
    card = await claimed(house, house.ana)
    house.clock.skip(timedelta(minutes=31))
    [question] = await house.until(lambda: questions(house, card))
    await house.ben.presses("Yes", on=question)
    await house.until(lambda: "asked of Ana Alves" in house.told(house.ben))
    await house.ben.presses("Release", on=question)
    await house.until(lambda: "Ben Brandt released it" in question.all_text)
    await house.until(lambda: "Ben Brandt released it. Until now you were on it." in direct(house, house.ana))
    assert assignee(house) is None


async def test_a_colleague_to_whom_it_is_assigned_ends_it(house: House) -> None:
    card = await claimed(house, house.ana)
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    await house.until(lambda: not on_it(card))
    await later(house, 60)
    assert questions(house, card) == []
    assert assignee(house) == house.ben_id


async def test_whoever_merges_an_older_one_into_what_they_are_on_stays_on_it(house: House) -> None:
    await house.writes("Older", email="m@example.org")
    house.clock.skip(timedelta(minutes=5))
    house.freescout.customer_writes("m@example.org", "Newer", "again: it burns", mailbox=house.support)
    card = await house.until(lambda: house.cards()[1:] and house.cards()[1])
    house.clock.skip(timedelta(minutes=100))
    await house.ana.types("/freescout claim 413")
    await house.until(lambda: on_it(card))
    house.clock.skip(timedelta(minutes=20))
    house.freescout.agent_merges(2, 1, house.ana_id)  # no webhook tells of that, as in FreeScout
    house.freescout.agent_notes(2, house.ana_id, "it is the same matter")
    await house.until(lambda: "the same matter" in house.said(card) and "asked 2 times" in card.all_text)
    await house.quiet()
    assert on_it(card)
    assert pings(house, card) == []


async def test_refusals_say_why_to_whoever_reacted_alone(house: House) -> None:
    card = await house.writes()
    uma = house.slack.add_person("Uma Unknown", "uma@example.org")
    await uma.reacts("eyes", on=card)
    await house.until(lambda: "no user with your Slack address" in house.told(uma))
    house.freescout.customer_writes("z@example.org", "Lamps", "twelve", mailbox=house.sales)
    lamps = await house.until(lambda: house.cards("sales") and house.cards("sales")[0])
    await house.ben.reacts("eyes", on=lamps)
    await house.until(lambda: "does not let you see" in house.told(house.ben))
    house.freescout.agent_replies(1, house.ana_id, "done")
    await house.until(lambda: "done" in house.said(card))
    await house.ana.reacts("eyes", on=card)
    await house.until(lambda: "Nobody waits for an answer on #412" in house.told(house.ana))
    assert assignee(house) is None
    assert not [one for one in house.freescout.requests if one.method == "PUT"]


async def test_where_freescout_fails_nobody_is_on_it(house: House) -> None:
    card = await house.writes()
    house.freescout.faults.api("PUT /api/conversations/1", status=500, times=3)
    await house.ana.presses("I'm On It", on=card)
    await house.until(lambda: "FreeScout fails" in house.told(house.ana))
    await later(house, 3)
    assert not on_it(card)
    assert (await record(house))[0] == ("claim", "failed")
    await house.ana.presses("I'm On It", on=card)
    await house.until(lambda: on_it(card))


def asked_directly(house: House, person: Somebody) -> list[Message]:
    messages = house.slack.workspace.direct(person.id).messages
    return [one for one in messages if "Still on it?" in one.all_text]


async def test_what_no_channel_shows_is_asked_about_in_a_direct_message(house: House) -> None:
    private = house.freescout.add_mailbox("Private", "private@example.org")
    house.freescout.customer_writes("z@example.org", "Hush", "pay me?", mailbox=private)
    await house.quiet()
    await house.ana.types("/freescout claim 412")
    await house.until(lambda: "You are on #412" in house.told(house.ana))
    house.clock.skip(timedelta(minutes=31))
    [first] = await house.until(lambda: asked_directly(house, house.ana))
    assert "#412 Hush" in first.all_text
    await house.ana.presses("Yes", on=first)
    await house.until(lambda: "Ana Alves is still on it" in first.all_text)
    assert "#412 Hush" in first.all_text
    await later(house, 29)
    assert asked_directly(house, house.ana) == []
    house.clock.skip(timedelta(minutes=2))
    [second] = await house.until(lambda: asked_directly(house, house.ana))
    assert assignee(house) == house.ana_id
    await house.ana.presses("Release", on=second)
    await house.until(lambda: "Ana Alves released it" in second.all_text and assignee(house) is None)
    assert len(house.slack.workspace.direct(house.ana.id).messages) == 2


async def test_silence_in_a_direct_message_releases_what_was_moved_away(house: House) -> None:
    private = house.freescout.add_mailbox("Private", "private@example.org")
    card = await claimed(house, house.ana)
    house.freescout.agent_moves(1, house.ana_id, private)
    await house.until(lambda: not on_it(card))
    await later(house, 31)
    [question] = asked_directly(house, house.ana)
    await later(house, 8)
    assert assignee(house) == house.ana_id
    house.clock.skip(timedelta(minutes=3))
    await house.until(lambda: "so it is released" in question.all_text)
    assert assignee(house) is None
    assert questions(house, card) == []


async def test_whom_slack_lets_nobody_write_to_is_not_waited_for(house: House) -> None:
    private = house.freescout.add_mailbox("Private", "private@example.org")
    for name in ("y", "z"):
        house.freescout.customer_writes(f"{name}@example.org", "Hush", "pay me?", mailbox=private)
    await house.quiet()
    await house.ana.types("/freescout claim 412")
    await house.until(lambda: "You are on #412" in house.told(house.ana))
    await house.ana.types("/freescout snooze 413 30m")
    await house.until(lambda: "#413 is snoozed" in house.told(house.ana))
    house.ana.profile.deleted = True
    await later(house, 31)
    await later(house, 11)
    await house.until(lambda: assignee(house) is None)
    store = Store(house.settings.database_path, house.clock, visiting=True)
    assert await store.snoozed(2) is None
    await store.close()


async def test_everything_survives_a_restart(house: House) -> None:
    card = await claimed(house, house.ana)
    await house.stop()
    house.clock.skip(timedelta(minutes=31))
    await house.start()
    [question] = await house.until(lambda: questions(house, card))
    await house.stop()
    house.clock.skip(timedelta(hours=5))
    await house.start()
    await house.until(lambda: "so it is released" in question.all_text)
    await house.until(lambda: "Unassigned" in card.all_text)
    await house.quiet()
    assert len([one for one in house.thread(card) if "on it" in one.all_text]) == 1


async def test_after_an_absence_they_are_asked_before_anything_lapses(house: House) -> None:
    card = await claimed(house, house.ana)
    await house.stop()
    house.clock.skip(timedelta(days=1))
    await house.start()
    await house.until(lambda: questions(house, card))
    await house.quiet()
    assert assignee(house) == house.ana_id
    assert pings(house, card) == []


async def test_after_the_last_step_silence_has_it_said_once_more(house: House) -> None:
    """Nothing else would call anybody again; each claim that lapses does so once."""
    card = await house.writes()
    await house.until(lambda: house.thread(card))
    await later(house, 8 * 60 + 1)
    for count, who in ((2, house.ben), (3, house.ana)):
        await who.presses("I'm On It", on=card)
        await house.until(lambda: on_it(card))
        assert pings(house, card) == []
        await later(house, 31)
        assert questions(house, card)
        await later(house, 11)
        await house.until(lambda count=count: len(pings(house, card)) == count)
        assert assignee(house) is None
    await house.stop()
    await house.start()
    await later(house, 60 * 24)
    assert len(pings(house, card)) == 3
    await house.ana.types("/freescout why 412")
    await house.until(lambda: "last step once more: stands" in house.told(house.ana))
    told = await clockwork.explained(house.settings, "412", house.clock())
    assert "the last step once more, thread: after 8 h 01 min, was due" in told
    house.freescout.agent_replies(1, house.ana_id, "Here.")
    await house.until(lambda: pings(house, card) == [])
    assert house.said(card).count("Answered by Ana Alves") == 3


async def test_after_the_last_step_a_release_has_it_said_once_more(house: House) -> None:
    card = await house.writes()
    await later(house, 8 * 60 + 1)
    await house.ana.presses("I'm On It", on=card)
    await house.until(lambda: on_it(card))
    await house.ana.types("/freescout release 412")
    await house.until(lambda: len(pings(house, card)) == 2)


async def test_where_a_mailbox_never_opens_clock_says_what_the_card_does(house: House) -> None:
    """Who is on it there is asked by the clock."""
    await claimed(house, house.ana)
    settings = replace(house.settings, hours=(MailboxHours(None, Hours(week=((),) * 7)),))
    told = await clockwork.explained(settings, "412", house.clock() + timedelta(minutes=31))
    assert "Nobody is reminded: Ana Alves is asked whether they are still on it." in told


async def test_a_clock_that_jumps_asks_once(house: House) -> None:
    card = await claimed(house, house.ana)
    house.clock.skip(timedelta(minutes=31))
    await house.until(lambda: questions(house, card))
    for jump in (-60, 55, -20, 24):
        await later(house, jump)
    assert len(questions(house, card)) == 1
    assert assignee(house) == house.ana_id


class Died(Exception):
    """The process is gone."""


@contextmanager
def dying_at(point: str) -> Iterator[asyncio.Event]:
    """From this point on nothing more is done; the event says that it was reached."""
    died = asyncio.Event()

    def hook(name: str) -> None:
        if died.is_set() or name == point:
            died.set()
            raise Died(name)

    crashpoints.arm(hook)
    try:
        yield died
    finally:
        crashpoints.arm(None)


@pytest.mark.parametrize("point", ["claim.begun", "claim.assigned"])
async def test_a_bridge_killed_around_the_assignment_knows_afterwards(house: House, point: str) -> None:
    house.expects_errors = True
    card = await house.writes()
    await house.quiet()
    with dying_at(point) as died:
        await house.ana.presses("I'm On It", on=card)
        await house.until(died.is_set)
        await house.stop()
    await house.start()
    if point == "claim.assigned":
        await house.until(lambda: "Ana Alves is on it until" in card.all_text)
        assert assignee(house) == house.ana_id
    else:
        await later(house, 3)
        assert not on_it(card)
        assert assignee(house) is None
    await house.ben.presses("I'm On It", on=card)
    await house.until(lambda: "Ben Brandt is on it until" in card.all_text)


async def test_a_bridge_killed_around_a_release_releases(house: House) -> None:
    house.expects_errors = True
    card = await claimed(house, house.ana)
    house.clock.skip(timedelta(minutes=31))
    [question] = await house.until(lambda: questions(house, card))
    with dying_at("claim.unassigned") as died:
        await house.ana.presses("Release", on=question)
        await house.until(died.is_set)
        await house.stop()
    await house.start()
    await house.until(lambda: "Unassigned" in card.all_text and "released it" in question.all_text)
    assert not on_it(card)


async def test_a_reaction_cut_off_comes_again_and_is_one(house: House) -> None:
    house.expects_errors = True
    card = await house.writes()
    await house.quiet()
    with dying_at("claim.assigned") as died:
        sent = await house.ana.reacts("eyes", on=card)
        await house.until(died.is_set)
        await house.stop()
    await house.start()
    await house.slack.delivery.event(sent)
    await house.until(lambda: on_it(card))
    await house.quiet()
    store = Store(house.settings.database_path, house.clock, visiting=True)
    held = [one for one in await store.claims(1) if one.state == ClaimState.HELD]
    await store.close()
    assert len(held) == 1


async def test_a_while_is_business_time_where_the_mailbox_has_hours(house: House) -> None:
    await house.stop()
    now = house.clock()
    minute = now.hour * 60 + now.minute
    closes = Span((minute - 60) % 1440, (minute - 60) % 1440 + 60 + 10)
    hours = Hours(week=((closes,),) * 7)
    await house.start(hours=(MailboxHours(None, hours),))
    card = await house.writes()
    house.ana.profile.tz = "Asia/Kolkata"
    await house.ana.types("/freescout claim 412")
    await house.until(lambda: on_it(card) and house.told(house.ana))
    store = Store(house.settings.database_path, house.clock, visiting=True)
    [held] = await store.claims(1)
    await store.close()
    assert held.until_at - now > timedelta(hours=22)
    told = claimcards.taken(asked(), held, now, hours, ZoneInfo("Asia/Kolkata"))
    assert house.told(house.ana) == told


async def test_nobody_is_asked_at_night_nor_released_for_being_asleep(house: House) -> None:
    await house.stop()
    tomorrow = (house.clock() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    house.clock.skip(tomorrow + timedelta(hours=16) - house.clock())
    await house.start(hours=(MailboxHours(None, OFFICE),))
    card = await house.writes()
    house.clock.skip(tomorrow + timedelta(hours=16, minutes=25) - house.clock())
    await house.ana.presses("I'm On It", on=card)
    await house.until(lambda: on_it(card))
    house.clock.skip(tomorrow + timedelta(hours=16, minutes=56) - house.clock())
    [question] = await house.until(lambda: questions(house, card))
    assert "of opening hours" in question.all_text
    house.clock.skip(tomorrow + timedelta(hours=23) - house.clock())
    await house.quiet()
    assert assignee(house) == house.ana_id
    house.clock.skip(tomorrow + timedelta(hours=24 + 9, minutes=7) - house.clock())
    await house.until(lambda: "so it is released" in question.all_text)


async def test_a_while_that_ends_while_it_is_closed_is_asked_about_when_it_opens(house: House) -> None:
    card = await claimed(house, house.ana)
    await house.stop()
    now = house.clock()
    opens = (now.hour * 60 + now.minute + 180) % 1440
    await house.start(hours=(MailboxHours(None, Hours(week=((Span(opens, opens + 60),),) * 7)),))
    await later(house, 31)
    assert questions(house, card) == []
    assert on_it(card)
    house.clock.skip(timedelta(minutes=151))
    await house.until(lambda: questions(house, card))
    assert assignee(house) == house.ana_id


@pytest.mark.parametrize(
    ("zone", "hours", "end", "said"),
    [
        ("UTC", ALWAYS, at(30), "09:30"),
        ("Asia/Kolkata", ALWAYS, at(30), "15:00"),
        ("UTC", ALWAYS, at(15 * 60), "Tue 2026-11-24 00:00"),
        ("Pacific/Auckland", ALWAYS, at(90), "23:30"),
        ("Pacific/Auckland", ALWAYS, at(120), "Tue 2026-11-24 00:00"),
        ("UTC", OFFICE, at(8 * 60), "Tue 2026-11-24 09:00"),  # as the card says: nobody is asked at night
    ],
)
def test_who_takes_it_is_told_until_when_with_the_day_if_that_is_another(
    zone: str, hours: Hours, end: datetime, said: str
) -> None:
    told = claimcards.taken(asked(), claim(until=end.timestamp()), NINE, hours, ZoneInfo(zone))
    assert told == f"You are on #412 until {said}. Nobody is reminded of it until then."


def test_what_ends_at_night_is_asked_in_the_morning() -> None:
    held, night = claim(), NINE.replace(hour=3) + timedelta(days=1)
    calm = Calm((held,), hours=OFFICE)
    assert list(claimcards.told(asked(), calm, night, ())) == []
    assert quiet(held, None, asked(), night, OFFICE) == Quiet(at(24 * 60), "Ana Alves is on it")
    assert "is on it until" in str(claimcards.lines(calm, night))
    key = f"claim:{int(held.until)}"
    assert [one[0] for one in claimcards.told(asked(), calm, at(24 * 60), ())] == [key]
    assert [one[0] for one in claimcards.told(asked(), calm, night, {key})] == [key]


async def test_a_conversation_in_a_digest_gets_its_card_when_it_has_to_be_asked(house: House) -> None:
    for number in range(12):
        house.freescout.customer_writes(f"c{number}@example.org", "Burst", "x", mailbox=house.support)
    await house.quiet()
    await house.ana.types("/freescout claim 412")
    await house.until(lambda: "You are on #412" in house.told(house.ana))
    house.clock.skip(timedelta(minutes=31))
    await house.until(
        lambda: [card for card in house.cards() if "#412" in card.all_text and questions(house, card)]
    )
