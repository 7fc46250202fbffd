"""Where each event is said: verdicts in tables, and the whole way through the stand-ins."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.doings import of_acts
from bot.model import Conversation, Person, Status, Thread
from bot.roundup import due
from bot.routing import Body, Deliver, Event, Place, Route, Routing, read_route
from bot.store import Act
from bot.tables import Where
from bot.verdicts import Scene, verdicts
from tests.conftest import House

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ANA = Person(3, "user", "Ana", "Alves", "ana@example.org")
MARK = Person(7, "customer", "Mark", "Moore", "mark@example.org")
CARD = NOON.timestamp() + 1


def thread(identity: int, kind: str, minutes: float, **changes: Any) -> Thread:
    by = MARK if kind == "customer" else Person(4, "user", "Ben")
    return Thread(
        identity,
        kind,
        "published",
        NOON + timedelta(minutes=minutes),
        created_by=changes.pop("by", by),
        **changes,
    )


THREADS = (
    thread(1, "customer", 0),
    thread(2, "lineitem", 1, action="changed-ticket-assignee", assigned_to=ANA),
    thread(3, "note", 2),
    thread(4, "message", 3),
    thread(5, "customer", 4),
    thread(6, "lineitem", 5, action="changed-ticket-status", status="pending"),
    thread(7, "lineitem", 6, action="merged"),
)


def conversation(*threads: Thread, **changes: Any) -> Conversation:
    given: dict[str, Any] = {"assignee": ANA, "customer": MARK, "threads": threads or THREADS}
    given |= changes
    return Conversation(5, 412, 1, Status.ACTIVE, "published", "Printer", NOON, NOON, **given)


def places(scene: Scene, *threads: Thread, **changes: Any) -> dict[int, Place]:
    return {one.thread.id: one.place for one in verdicts(conversation(*threads, **changes), scene)}


def deliver(**said: Place) -> Deliver:
    return Deliver(frozenset((Event(event), place) for event, place in said.items()))


def scene(card: float | None = CARD, minutes: float = 10, **said: Any) -> Scene:
    more = {name: said.pop(name) for name in ("own", "deaf", "told") if name in said}
    return Scene(deliver(**said), NOON + timedelta(minutes=minutes), card, **more)


def test_by_default_all_is_said_in_the_cards_thread() -> None:
    assert set(places(scene()).values()) == {Place.THREAD}
    assert [one.event for one in verdicts(conversation(), scene())] == [
        Event.NEW,
        Event.ASSIGNED,
        Event.NOTE,
        Event.REPLY,
        Event.CUSTOMER,
        Event.STATUS,
        Event.OTHER,
    ]


@pytest.mark.parametrize("place", list(Place))
@pytest.mark.parametrize(
    ("event", "identity"),
    [("assigned", 2), ("note", 3), ("reply", 4), ("customer", 5), ("status", 6), ("other", 7)],
)
def test_each_event_is_said_where_the_route_says(event: str, identity: int, place: Place) -> None:
    found = places(scene(**{event: place}))
    assert found.pop(identity) is place
    assert set(found.values()) == {Place.THREAD}


@pytest.mark.parametrize(
    ("given", "place", "why"),
    [
        ({}, Place.BOTH, "the route says so"),
        ({"own": (5,)}, Place.THREAD, "it was done from Slack, and is not announced twice"),
        ({"card": (NOON + timedelta(minutes=9)).timestamp()}, Place.THREAD, "it came before the card did"),
        ({"card": None}, Place.THREAD, "the card that comes with it announces it"),
        ({"minutes": 2000}, Place.THREAD, "it is more than a day old"),
        ({"card": None, "new": Place.NOTHING}, Place.BOTH, "the route says so"),
        ({"card": None, "new": Place.NOTHING, "minutes": 2000}, Place.NOTHING, "it is more than a day old"),
        ({"card": None, "new": Place.NOTHING, "own": (5,)}, Place.NOTHING, "it was done from Slack"),
    ],
)
def test_what_is_no_news_is_not_said_aloud(given: dict[str, Any], place: Place, why: str) -> None:
    found = {one.thread.id: one for one in verdicts(conversation(), scene(customer=Place.BOTH, **given))}
    assert found[5].place is place
    assert found[5].why.startswith(why)


@pytest.mark.parametrize(
    ("given", "changes", "place"),
    [
        ({}, {}, Place.ASSIGNEE),
        ({}, {"assignee": None}, Place.THREAD),
        ({"deaf": "Ana is on holiday"}, {}, Place.THREAD),
        ({}, {"assignee": Person(4, "user", "Ben")}, Place.THREAD),
        ({"card": None}, {}, Place.THREAD),
        ({"card": None, "new": Place.NOTHING}, {}, Place.ASSIGNEE),
        ({"minutes": 2000}, {}, Place.THREAD),
        ({"minutes": 2000, "told": ("thread:4",)}, {}, Place.ASSIGNEE),
        ({"told": ("thread:4",)}, {"assignee": None}, Place.ASSIGNEE),
    ],
)
def test_the_assignee_is_told_of_what_others_did_and_else_the_thread(
    given: dict[str, Any], changes: dict[str, Any], place: Place
) -> None:
    assert places(scene(reply=Place.ASSIGNEE, **given), **changes)[4] is place


@pytest.mark.parametrize(
    ("new", "card", "place"),
    [
        (Place.CHANNEL, None, Place.THREAD),
        (Place.CHANNEL, CARD, Place.THREAD),
        (Place.DIGEST, None, Place.THREAD),
        (Place.NOTHING, None, Place.NOTHING),
        (Place.NOTHING, CARD, Place.THREAD),
        (Place.ASSIGNEE, None, Place.ASSIGNEE),
        (Place.ASSIGNEE, CARD, Place.THREAD),
    ],
)
def test_the_first_message_goes_with_the_card(new: Place, card: float | None, place: Place) -> None:
    assert places(scene(card, new=new))[1] is place


def test_a_first_message_that_nobody_can_be_told_of_brings_the_card() -> None:
    for given, changes in (({"deaf": "Ana is a guest"}, {}), ({}, {"assignee": None})):
        assert places(scene(None, new=Place.ASSIGNEE, **given), **changes)[1] is Place.THREAD
    assert places(scene(None, 2000, new=Place.ASSIGNEE), assignee=None)[1] is Place.NOTHING


# ------------------------------------------------------------------------------------ the whole way


def assigned(identity: int, seconds: float, to: Person | None, by: Person = ANA) -> Thread:
    action = {"action": "changed-ticket-assignee", "assigned_to": to, "by": by}
    return thread(identity, "lineitem", seconds / 60, **action)


def act(action: str, before: str, after: str, seconds: float = 0, user: int = 3) -> Act:
    return Act(user, NOON.timestamp() + seconds, action, before, after)


TAKES = act("assign", "nobody", "Ana (3)")
CLOSED = {"action": "changed-ticket-status", "status": "closed", "by": ANA}


@pytest.mark.parametrize(
    ("acts", "lines", "own"),
    [
        ([TAKES], [assigned(5, 0, ANA), assigned(6, 40, MARK)], {5}),
        ([TAKES], [assigned(5, 0, replace(ANA, first="Anabel"))], {5}),
        ([TAKES], [assigned(5, 61, ANA)], set()),
        ([TAKES], [assigned(5, -1, ANA, by=MARK)], set()),
        ([TAKES], [assigned(5, -30, ANA), assigned(6, -20, None), assigned(7, -1, ANA)], {7}),
        ([TAKES, act("assign", "Ana (3)", "nobody", 5)], [assigned(5, 0, ANA), assigned(6, 4, None)], {5, 6}),
        ([act("claim", "Mark (7)", "Ana (3)")], [assigned(5, 0, ANA)], {5}),
        ([act("claim", "Ana (3)", "Ana (3)")], [assigned(5, 40, ANA)], set()),
        ([act("release", "Ana (3)", "nobody")], [assigned(5, 0, None)], {5}),
        ([act("release after silence", "Ana (3)", "nobody")], [assigned(5, 0, None)], {5}),
        ([act("stay on it", "", "Ana (3)")], [assigned(5, 0, ANA)], set()),
        ([act("set closed", "active", "closed")], [thread(5, "lineitem", 0, **CLOSED)], {5}),
        ([act("set pending", "active", "pending")], [thread(5, "lineitem", 0, **CLOSED)], set()),
        ([act("set closed", "active", "closed")], [assigned(5, 0, ANA)], set()),
        ([TAKES], [thread(5, "lineitem", 0, action="merged", by=ANA)], set()),
        ([TAKES], [thread(5, "note", 0, by=ANA)], set()),
    ],
)
def test_an_act_in_slack_makes_one_change_and_the_one_that_it_is_about(
    acts: list[Act], lines: list[Thread], own: set[int]
) -> None:
    assert of_acts(conversation(*lines), acts) == own


def route(house: House, **table: Any) -> Route:
    problems: list[str] = []
    made = read_route(Where("bridge.toml"), {"mailbox": "Support", "channel": "support", **table}, problems)
    assert problems == []
    assert made
    return made


async def start(house: House, *tables: dict[str, Any], **more: Any) -> None:
    await house.start(routes=tuple(route(house, **table) for table in tables), **more)


async def test_events_go_where_the_route_has_them_said(empty_house: House) -> None:
    house = empty_house
    said = {"customer": "thread and channel", "reply": "channel", "note": "nothing", "assigned": "assignee"}
    await start(house, {"deliver": said})
    card = await house.writes()
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    (told,) = await house.until(lambda: house.slack.workspace.direct(house.ben.id).messages)
    assert "Printer on fire" in told.all_text
    assert "Ana Alves assigned it to Ben Brandt" in told.all_text
    house.freescout.agent_notes(1, house.ana_id, "<p>between us</p>")
    house.freescout.customer_replies(1, "<p>still burning</p>")
    await house.until(lambda: "still burning" in house.said(card))
    house.freescout.agent_replies(1, house.ana_id, "<p>water comes</p>")
    answer = await house.until(lambda: house.cards()[1:] and house.cards()[1])
    assert "water comes" in answer.all_text
    await house.quiet()
    loud = [one for one in house.thread(card) if one.broadcast]
    assert [("still burning" in one.all_text) for one in loud] == [True]
    assert "between us" not in house.said(card) + "".join(one.all_text for one in house.cards())
    assert "assigned" not in house.said(card)
    assert len(house.slack.workspace.direct(house.ben.id).messages) == 1
    await house.stop()
    await house.start()  # what was said stands, wherever that was
    house.freescout.customer_replies(1, "<p>more</p>")
    await house.until(lambda: "more" in house.said(card))
    await house.quiet()
    assert len(house.cards()) == 2


async def test_what_was_done_from_slack_is_not_announced(empty_house: House) -> None:
    house = empty_house
    await start(house, {"deliver": {"reply": "channel", "status": "channel", "note": "thread and channel"}})
    card = await house.writes()
    await house.opens(house.ana, "Reply", card)
    await house.ana.submits({"Reply": "Take water"})
    await house.until(lambda: house.freescout.outbox)
    await house.ana.types("/freescout note 412 call them")
    await house.ana.presses("Close", on=card)
    await house.until(lambda: "Closed" in card.all_text)
    await house.until(lambda: "call them" in house.said(card))
    await house.quiet()
    assert len(house.cards()) == 1
    assert not any(one.broadcast for one in house.thread(card))


async def test_what_somebody_does_in_freescout_after_an_act_in_slack_is_told_as_ever(
    empty_house: House,
) -> None:
    house = empty_house
    await start(house, {"deliver": {"assigned": "assignee", "status": "channel"}})
    card = await house.writes()
    await house.ana.presses("Assign to Me", on=card)
    await house.until(lambda: "took it" in house.said(card))
    house.clock.skip(timedelta(seconds=40))
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    direct = house.slack.workspace.direct(house.ben.id).messages
    (told,) = await house.until(lambda: direct)
    assert "Ana Alves assigned it to Ben" in told.all_text
    assert "Ben" not in house.said(card)
    house.freescout.agent_sets_status(1, house.ana_id, "pending")
    await house.until(lambda: len(house.cards()) == 2)
    await house.ana.types("/freescout why 412")
    own = "stands (in the thread: it was done from Slack, and is not announced twice)"
    await house.until(lambda: own in house.told(house.ana))


async def test_an_assignee_who_may_not_see_its_mailbox_is_told_nothing_directly(empty_house: House) -> None:
    house = empty_house
    await start(house, {"deliver": {"assigned": "assignee"}})
    card = await house.writes()
    house.freescout.world.users[house.ben_id].mailboxes.clear()
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    await house.until(lambda: "assigned it to Ben" in house.said(card))
    assert house.slack.workspace.direct(house.ben.id).messages == []


async def test_that_a_reply_from_slack_assigned_it_is_not_announced(empty_house: House) -> None:
    house = empty_house
    await start(house, {"deliver": {"assigned": "channel", "status": "channel"}})
    card = await house.writes()
    await house.opens(house.ana, "Reply", card)
    also = {"Also": ["Assign the conversation to me"]}
    await house.ana.submits({"Reply": "Take water", **also})
    await house.until(lambda: "took it" in house.said(card))
    await house.quiet()
    assert len(house.cards()) == 1
    await house.ana.types("/freescout audit 412")
    await house.until(lambda: "assign" in house.told(house.ana))


async def test_a_tag_brings_it_to_a_second_channel_and_takes_it_away_again(empty_house: House) -> None:
    house = empty_house
    await start(house, {}, {"channel": "sales", "tag": "vip"})
    first = await house.writes()
    house.freescout.agent_tags(1, ["VIP"])
    house.freescout.agent_notes(1, house.ana_id, "<p>looks important</p>")  # tags ring no bell
    (second,) = await house.until(lambda: house.cards("sales"))
    await house.until(lambda: "It burns" in house.said(second))
    house.freescout.agent_tags(1, [])
    house.freescout.agent_notes(1, house.ana_id, "<p>or not</p>")
    await house.until(lambda: "does not belong in this channel any more" in second.all_text)
    assert f"<#{first.channel}>" in str(second.blocks)
    assert "or not" not in house.said(second)
    house.freescout.agent_edits_subject(1, house.ana_id, "We sue the partner")
    house.freescout.agent_notes(1, house.ana_id, "<p>we do</p>")
    await house.until(lambda: "We sue the partner" in first.all_text)
    await house.quiet()
    assert "#412" in second.all_text
    assert "Printer" not in second.all_text
    assert "sue" not in second.all_text
    house.freescout.agent_tags(1, ["vip"])
    house.freescout.agent_notes(1, house.ana_id, "<p>it is</p>")
    await house.until(lambda: "or not" in house.said(second))
    await house.until(lambda: "does not belong" not in second.all_text)
    assert len(house.cards("sales")) == 1


async def test_new_ones_and_notes_wait_for_the_hours_digest(empty_house: House) -> None:
    house = empty_house
    hour = Routing(digest=timedelta(hours=1))
    await start(
        house,
        {"deliver": {"new": "digest"}},
        {"channel": "sales", "deliver": {"note": "digest"}},
        routing=hour,
    )
    for number in range(3):
        house.freescout.customer_writes(
            f"c{number}@example.org", f"Case {number}", "x", mailbox=house.support
        )
    cards = await house.until(lambda: len(house.cards("sales")) == 3 and house.cards("sales"))
    (first,) = [one for one in cards if "Case 0" in one.all_text]  # they came at once, in any order
    house.freescout.agent_notes(1, house.ana_id, "<p>one</p>")
    house.freescout.agent_notes(1, house.ana_id, "<p>two</p>")
    await house.quiet()
    assert house.cards() == []
    house.clock.skip(due([house.clock()], house.clock(), timedelta(hours=1)) - house.clock())
    (digest,) = await house.until(house.cards)
    assert all(f"Case {number}" in digest.all_text for number in range(3))
    notes = await house.until(lambda: house.cards("sales")[3:] and house.cards("sales")[3])
    assert "2 notes" in notes.all_text
    assert "Case 1" not in notes.all_text
    await house.quiet()
    house.freescout.customer_replies(1, "<p>and?</p>")  # a newer message brings the card after all
    card = await house.until(lambda: house.cards()[1:] and house.cards()[1])
    assert "Case 0" in card.all_text
    await house.until(lambda: "and?" in house.said(first))
    await house.quiet()
    assert len(house.cards("sales")) == 4
    assert "one" not in house.said(first)


async def test_show_card_says_why_none_comes_and_where_there_is_one_to_whom_may_know(
    empty_house: House,
) -> None:
    house = empty_house
    house.slack.add_channel("board", private=True, members=[house.ana])
    lines = {"deliver": {"new": "digest"}, "unless": {"tag": "done"}}
    hour = Routing(digest=timedelta(hours=1))
    await start(house, lines, {"mailbox": "Sales", "channel": "board"}, routing=hour)
    for number in range(4):
        house.freescout.customer_writes(f"c{number}@example.org", "Case", "x", mailbox=house.support)
    await house.quiet()
    house.clock.skip(due([house.clock()], house.clock(), timedelta(hours=1)) - house.clock())
    (digest,) = await house.until(house.cards)
    house.freescout.agent_moves(1, house.ana_id, house.sales)
    house.freescout.agent_tags(2, ["done"])
    house.freescout.agent_sets_status(3, house.ana_id, "spam")
    (there,) = await house.until(lambda: house.cards("board"))
    await house.quiet()

    async def told(conversation: int) -> str:
        before = len(house.slack.ephemerals(house.ana))
        await house.ana.presses(f"line.{conversation}", on=digest)
        await house.until(lambda: house.slack.ephemerals(house.ana)[before:])
        return house.told(house.ana)

    moved = "This conversation was moved to Sales, and does not belong in this channel any more."
    assert await told(1) == f"{moved} Its card is in another channel: go there"
    assert house.slack.workspace.permalink(there) in str(house.slack.ephemerals(house.ana)[-1].blocks)
    house.slack.channel("board").members.remove(house.ana.id)
    assert await told(1) == moved
    assert await told(2) == "This conversation does not belong in this channel any more."
    assert await told(3) == "It is a draft, spam, or deleted in FreeScout: no card of it comes."
    assert house.cards() == [digest]
    assert await told(4) == "Its card comes to the end of this channel."
    await house.until(lambda: house.cards()[1:])


async def test_show_card_brings_the_card_of_what_a_digest_tells_of_where_none_would_come(
    empty_house: House,
) -> None:
    house = empty_house
    hour = Routing(digest=timedelta(hours=1))
    await start(house, {"deliver": {"new": "nothing", "customer": "digest"}}, routing=hour)
    house.freescout.customer_writes("m@example.org", "Fire", "x", mailbox=house.support)
    house.freescout.customer_replies(1, "<p>and?</p>")
    await house.quiet()
    house.clock.skip(due([house.clock()], house.clock(), timedelta(hours=1)) - house.clock())
    (digest,) = await house.until(house.cards)
    await house.quiet()
    await house.ana.presses("line.1", on=digest)
    await house.until(lambda: "Its card comes to the end of this channel." in house.told(house.ana))
    card = await house.until(lambda: house.cards()[1:] and house.cards()[1])
    assert "Fire" in card.all_text
    await house.quiet()
    assert "and?" not in house.said(card)  # the digest told that


@pytest.mark.parametrize("body", [Body.SNIPPET, Body.NONE])
async def test_a_body_stays_in_freescout_as_far_as_the_route_says(empty_house: House, body: Body) -> None:
    house = empty_house
    await start(house, {"body": body.value})
    words = (
        "<p>Hello, my heating is broken.</p><p>The code of the door is 4711.</p>" + "<p>and so on</p>" * 30
    )
    card = await house.writes(body=words, attachments=[("plan.png", "image/png", b"x" * 50)])
    await house.until(lambda: "Open in FreeScout" in house.said(card))
    await house.opens(house.ana, "Reply", card)
    await house.ana.submits({"Reply": "We come at nine, code 4711"})
    await house.until(lambda: house.freescout.outbox)
    await house.quiet()
    told = house.said(card)
    assert ("heating" in told) is (body is Body.SNIPPET)
    assert "and so on, and so on, and so on, and so on" not in told
    assert "code 4711" not in told or body is Body.SNIPPET
    assert not any(call.method.startswith("files.") for call in house.slack.calls)
    assert ("Show Full Mail" in str(house.slack.calls)) is (body is Body.SNIPPET)


async def test_a_card_stays_where_status_brought_it_and_goes_where_the_assignee_did(
    empty_house: House,
) -> None:
    house = empty_house
    await start(house, {"status": "active"}, {"channel": "sales", "assignee": "nobody"})
    card = await house.writes()
    (queue,) = await house.until(lambda: house.cards("sales"))
    house.freescout.agent_assigns(1, house.ana_id, house.ana_id)
    await house.until(lambda: "does not belong" in queue.all_text)
    house.freescout.agent_sets_status(1, house.ana_id, "closed")
    await house.until(lambda: "Closed" in card.all_text)
    house.freescout.agent_notes(1, house.ana_id, "<p>afterwards</p>")
    await house.until(lambda: "afterwards" in house.said(card))


async def test_a_list_of_channels_that_fails_moves_no_card(empty_house: House) -> None:
    house = empty_house
    await start(house, {"status": "active"})
    card = await house.writes()
    await house.until(lambda: "It burns" in house.said(card))
    await house.stop()
    house.slack.faults.api("conversations.list", status=500, times=3)
    await house.start()
    house.freescout.agent_notes(1, house.ana_id, "<p>noted</p>")
    await house.until(lambda: "noted" in house.said(card))
    assert not any("not shown" in str(call.args) for call in house.slack.called("chat.update"))


async def test_two_routes_tell_and_show_each_as_they_say(empty_house: House) -> None:
    house = empty_house
    quiet = {"deliver": {"customer": "assignee"}, "body": "none"}
    await start(house, quiet, {"channel": "sales"})
    card = await house.writes()
    (other,) = await house.until(lambda: house.cards("sales"))
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    await house.until(lambda: "assigned it" in house.said(card))
    house.clock.skip(timedelta(seconds=5))
    house.freescout.customer_replies(1, "<p>the code is 4711</p>")
    (told,) = await house.until(lambda: house.slack.workspace.direct(house.ben.id).messages)
    await house.until(lambda: "4711" in house.said(other))
    assert "4711" not in told.all_text
    house.freescout.agent_assigns(1, house.ana_id, None)
    house.clock.skip(timedelta(days=2))
    house.freescout.agent_notes(1, house.ana_id, "<p>later</p>")
    await house.until(lambda: "later" in house.said(other))
    await house.quiet()
    assert house.said(card).count(":incoming_envelope:") == 1
    assert len(house.slack.workspace.direct(house.ben.id).messages) == 1


async def test_spam_is_told_to_nobody(empty_house: House) -> None:
    house = empty_house
    await start(house, {"deliver": {"new": "assignee", "assigned": "assignee"}}, {"channel": "sales"})
    house.freescout.customer_writes("mark@example.org", "Pills", "<p>cheap</p>", mailbox=house.support)
    await house.until(lambda: house.cards("sales"))
    house.freescout.agent_sets_status(1, house.ana_id, "spam")
    house.freescout.agent_assigns(1, house.ana_id, house.ben_id)
    await house.quiet()
    assert house.slack.workspace.direct(house.ben.id).messages == []


async def test_what_was_closed_before_the_route_came_brings_no_card(empty_house: House) -> None:
    house = empty_house
    await start(house, {})
    card = await house.writes()
    house.freescout.agent_sets_status(1, house.ana_id, "closed")
    await house.until(lambda: "Closed" in card.all_text)
    await house.stop()
    house.clock.skip(timedelta(hours=2))
    await start(house, {}, {"channel": "sales", "tag": "vip"})
    house.freescout.agent_tags(1, ["vip"])
    house.freescout.agent_notes(1, house.ana_id, "<p>for the record</p>")
    await house.until(lambda: "for the record" in house.said(card))
    await house.quiet()
    assert house.cards("sales") == []
    house.freescout.customer_replies(1, "<p>again</p>")
    await house.until(lambda: house.cards("sales"))
