"""`python -m bot stale --dry-run`: what would be said, and that nothing is said or written for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.dryrun import rehearsed
from bot.errors import UserError
from bot.ladderfile import Ladder, MailboxLadder, Rung
from bot.routing import Route
from tests.conftest import House

LADDER = Ladder((Rung(timedelta(hours=1)), Rung(timedelta(hours=3), "assignee")), warn=timedelta(minutes=15))


def spoken(house: House) -> int:
    return len(house.slack.called("chat.postMessage")) + len(house.slack.called("chat.update"))


def memory(house: House) -> bytes:
    return Path(house.settings.database_path).read_bytes()


async def test_it_tells_each_step_until_then_in_order_and_says_and_writes_nothing(empty_house: House) -> None:
    house = empty_house
    await house.start(ladders=(MailboxLadder(None, LADDER),))
    await house.writes("Printer on fire")
    house.freescout.agent_assigns(1, house.ana_id, house.ana_id)
    await house.writes("Ink is out")
    house.freescout.agent_replies(2, house.ben_id, "Here.")
    await house.until(lambda: "Ben Brandt replied" in house.said(house.cards()[1]))
    await house.quiet()
    await house.stop()
    said, kept, asked = spoken(house), memory(house), len(house.freescout.requests)
    now = house.clock()
    told = await rehearsed(house.settings, now + timedelta(hours=4), now)
    assert "3 would be said" in told
    lines = [line for line in told.splitlines() if " UTC  " in line]
    assert ["thread" in line for line in lines] == [True, True, False]
    assert "#support, in the thread of the card" in lines[0]
    assert "direct message to Ana Alves" in lines[2]
    due = [datetime.strptime(line[:20], "%a %Y-%m-%d %H:%M").replace(tzinfo=UTC) for line in lines]
    assert [round((one - now).total_seconds() / 60, -1) for one in due] == pytest.approx(
        [40, 60, 180], abs=10
    )
    assert "the warning is due after 45 min" in told
    assert "step 2 is due after 3 h" in told
    assert (spoken(house), memory(house)) == (said, kept)
    assert {one.method for one in house.freescout.requests[asked:]} == {"GET"}


async def test_who_waits_and_gets_nothing_is_told_with_the_reason(house: House) -> None:
    await house.writes("Printer on fire")
    house.clock.skip(timedelta(hours=3))
    await house.until(lambda: "has waited" in house.said(house.cards()[0]))
    await house.quiet()
    now = house.clock()
    told = await rehearsed(house.settings, now, now)
    assert "nothing would be said." in told
    assert "step 1 was said before" in told
    private = house.freescout.add_mailbox("Private", "private@example.org")
    house.freescout.customer_writes("z@example.org", "Hush", "…", mailbox=private)
    later = now + timedelta(hours=3)
    told = await rehearsed(house.settings, later, now)
    assert "no route leads from its mailbox" in told


async def test_it_agrees_with_the_bridge(empty_house: House) -> None:
    house = empty_house
    await house.start(ladders=(MailboxLadder(None, LADDER),))
    await house.writes("Printer on fire")
    await house.quiet()
    now = house.clock()
    told = await rehearsed(house.settings, now + timedelta(hours=2), now)
    house.clock.skip(timedelta(minutes=50))
    await house.until(lambda: "has waited" in house.said(house.cards()[0]))
    house.clock.skip(timedelta(minutes=50))
    await house.until(lambda: house.said(house.cards()[0]).count("has waited") == 2)
    assert "2 would be said" in told


async def test_who_asked_again_a_moment_ago_waits_since_the_beginning(empty_house: House) -> None:
    house = empty_house
    await house.start(ladders=(MailboxLadder(None, LADDER),))
    await house.stop()
    house.freescout.customer_writes("a@example.org", "Help", "Where is it?", mailbox=house.support)
    house.clock.skip(timedelta(hours=2))
    house.freescout.customer_replies(1, "Hello? Anybody there?")
    house.clock.skip(timedelta(minutes=10))
    now = house.clock()
    assert "1 would be said" in await rehearsed(house.settings, now, now)


async def test_it_tells_what_comes_of_a_claim_that_nobody_keeps(house: House) -> None:
    card = await house.writes("Printer on fire")
    house.clock.skip(timedelta(hours=8, minutes=1))
    await house.until(lambda: "has waited" in house.said(card))
    await house.ana.presses("I'm On It", on=card)
    await house.until(lambda: "is on it until" in card.all_text)
    await house.quiet()
    now = house.clock()
    told = await rehearsed(house.settings, now + timedelta(hours=1), now)
    assert "2 would be said" in told
    assert "8 h 41 min: nobody is on it any more, so the last step is said once more" in told


async def test_where_the_bridge_has_not_run_it_says_so(empty_house: House) -> None:
    with pytest.raises(UserError, match="has not run here"):
        await rehearsed(empty_house.settings, empty_house.clock(), empty_house.clock())


async def test_a_route_to_nowhere_is_told(empty_house: House) -> None:
    house = empty_house
    await house.start()
    await house.writes("Printer on fire")
    await house.quiet()
    await house.stop()
    house.expects_errors = True
    house.settings = replace(house.settings, routes=(Route("Support", "nowhere"),))
    now = house.clock()
    told = await rehearsed(house.settings, now + timedelta(hours=3), now)
    assert "Slack has no channel #nowhere" in told
