"""`/freescout why 412`, asked as a person would; and that asking changes nothing, anywhere."""

import hashlib
import sqlite3
from contextlib import closing
from datetime import timedelta

from bot.ladderfile import Ladder, MailboxLadder, Rung
from bot.routing import Deliver, Event, Place, Route
from bot.routing.conditions import Condition, Key, Rule
from bot.whyasked import explained
from sandbox.slack import Person
from tests.conftest import House

READS = {"auth.test", "chat.getPermalink", "dnd.info"}
VIP = Rule((Condition(Key.TAG, frozenset({"vip"}), '"vip"'),))
LADDER = Ladder((Rung(timedelta(hours=1)), Rung(timedelta(hours=3), "assignee")), warn=timedelta(minutes=15))


def memory(house: House) -> str:
    """All that is remembered, but what a look of the bridge's own writes down of its time."""
    with closing(sqlite3.connect(house.settings.database_path)) as db:
        tables = [
            one for (one,) in db.execute("select name from sqlite_master where type = 'table' order by 1")
        ]
        rows = [
            repr((one, db.execute(f"select * from {one}").fetchall())) for one in tables if one not in QUICK
        ]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


QUICK = ("marks", "leases", "events_seen", "sqlite_sequence")
"""What the bridge's own clocks write all the time."""


async def asks(house: House, person: Person, words: str) -> str:
    before = len(house.slack.ephemerals(person))
    await person.types(f"/freescout why {words}")
    await house.until(lambda: len(house.slack.ephemerals(person)) > before)
    return house.told(person)


async def test_it_says_which_routes_took_it_what_stands_with_links_and_what_comes_next(
    empty_house: House,
) -> None:
    house = empty_house
    house.slack.add_channel("vip")
    routes = (
        Route("Support", "support", number=1),
        Route("Support", "vip", rule=VIP, number=2),
        Route("Support", "nowhere", number=3),
    )
    house.expects_errors = True  # there is no such channel
    await house.start(routes=routes, ladders=(MailboxLadder(None, LADDER),))
    card = await house.writes("Printer on fire")
    house.freescout.agent_assigns(1, house.ana_id, house.ana_id)
    await house.until(lambda: "took it" in house.said(card))
    await house.quiet()
    kept, calls, asked = memory(house), len(house.slack.calls), len(house.freescout.requests)
    told = await asks(house, house.ana, "412")
    assert 'Route 1 to #support takes it: mailbox "Support"' in told
    assert 'Route 2 to #vip does not take it: tag "vip", but it is without any' in told
    assert "Route 3 to #nowhere takes it" in told
    assert "But Slack has no channel #nowhere that the bot can see" in told
    assert "The card: stands. Open" in told
    assert "Not said yet: the warning, because it is due" in told
    assert "step 2, because it is due" in told
    assert house.slack.workspace.permalink(card) in str(house.slack.ephemerals(house.ana)[-1].blocks)
    made = {call.method for call in house.slack.calls[calls:]}
    assert all(one in READS or one.split(".")[1] in ("info", "list", "members") for one in made), made
    assert {one.method for one in house.freescout.requests[asked:]} <= {"GET"}
    assert memory(house) == kept


async def test_it_is_for_whoever_may_see_the_mailbox_alone(house: House) -> None:
    house.freescout.customer_writes("z@example.org", "Secret plan", "…", mailbox=house.sales)
    await house.until(lambda: house.cards("sales"))
    assert "does not let you see this conversation's mailbox" in await asks(house, house.ben, "412")
    calls = len(house.slack.calls)
    assert "Secret plan" in await asks(house, house.ana, "412")
    made = {one.method for one in house.slack.calls[calls:]}
    assert made.isdisjoint({"conversations.list", "users.list"})  # the bridge has both lists


async def test_it_tells_no_more_of_routes_and_private_channels_than_the_list_of_routes(
    empty_house: House,
) -> None:
    house = empty_house
    board = house.slack.add_channel("board", private=True, members=[house.ana])
    mark = Rule((Condition(Key.CUSTOMER, frozenset({"mark@example.org"}), '"mark@example.org"'),))
    cy = Rule((Condition(Key.CUSTOMER, frozenset({"cy@example.org"}), '"cy@example.org"'),))
    routes = (
        Route("Support", "support", number=1, name="Everyday"),
        Route("Sales", "support", number=2, name="Takeover", rule=cy),
        Route(("Support", "Sales"), "support", number=3, name="Both"),
        Route("Support", "board", number=4, name="Merger", rule=mark),
        Route(None, "support", number=5, rule=cy),
    )
    await house.start(routes=routes)
    house.freescout.customer_writes("mark@example.org", "Printer", "Help", mailbox=house.support)
    await house.until(lambda: house.cards() and house.cards("board"))
    await house.quiet()
    whole = await asks(house, house.ana, "412")
    for words in ("#board", "“Merger”", "“Takeover”", "cy@example.org"):
        assert words in whole
    told = await asks(house, house.ben, "412")
    assert 'Route 1 “Everyday” to #support takes it: mailbox "Support".' in told
    assert "Route 2 to #support does not take it: it is for a mailbox that you may not see." in told
    assert "Route 3 to #support takes it: it is for a mailbox that you may not see, too." in told
    assert "Route 4 leads to a channel that you are not in." in told
    assert "customer (not said here), but it is mark@example.org" in told
    shown = str(house.slack.ephemerals(house.ben)[-1].blocks)
    for secret in ("board", board, "Merger", "Takeover", "Both", "cy@example.org"):
        assert secret not in shown, secret


async def test_who_is_told_directly_is_named_and_what_was_not_told_has_its_reason(empty_house: House) -> None:
    house = empty_house
    loud = Deliver(frozenset({(Event.CUSTOMER, Place.ASSIGNEE), (Event.NOTE, Place.NOTHING)}))
    await house.start(routes=(Route("Support", "support", number=1, deliver=loud),))
    await house.writes("Printer on fire")
    house.freescout.agent_assigns(1, house.ana_id, house.ana_id)
    await house.quiet()
    house.clock.skip(timedelta(seconds=5))
    house.freescout.customer_replies(1, "And the toner, too.")
    await house.until(lambda: house.slack.called("conversations.open"))
    house.freescout.agent_notes(1, house.ben_id, "Psst.")
    await house.quiet()
    told = await asks(house, house.ana, "412")
    assert "Direct messages to Ana Alves" in told
    assert "note of Ben Brandt" in told
    assert "because nothing: the route says so" in told
    assert "because assignee: " in told


async def test_the_command_line_tells_the_same_beside_a_running_bridge(house: House) -> None:
    await house.writes("Printer on fire")
    await house.ana.types("/freescout claim 412")
    await house.until(lambda: "is on it" in house.cards()[0].all_text)
    await house.quiet()
    kept = memory(house)
    told = await explained(house.settings, "412", house.clock())
    assert "#412 Printer on fire" in told
    assert "Reminders are quiet: Ana Alves is on it, until" in told
    assert "The card: stands.  http" in told
    later = await explained(house.settings, "412", house.clock() + timedelta(hours=3))
    assert "Step 1: will be said" in later or "Step 1 was said" in later or "is asked whether" in later
    assert memory(house) == kept
