"""Who else reads a channel: guests and other organisations, refused unless the route says so by name."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.audience import CODE, Audience, Others, Ours, kind, shared
from bot.channels import Channels
from bot.duty import Duty
from bot.errors import Misconfigured, Transient
from bot.health import Health
from bot.routing import Deliver, Event, Place, Route
from bot.slack import EVENTS
from bot.slackapi import client
from sandbox.clock import Clock
from sandbox.serving import serving
from sandbox.slack import Slack
from sandbox.slack.faults import Fault
from tests.conftest import House

NOBODY: frozenset[str] = frozenset()
GUESTS, ORGANISATIONS = frozenset({"guests"}), frozenset({"organisations"})
BOTH = GUESTS | ORGANISATIONS
ROOT = Path(__file__).parent.parent
OURS = Ours("T1", "E1")


# Pure


@pytest.mark.parametrize(
    ("person", "what"),
    [
        ({"team_id": "T1"}, ""),
        ({}, ""),
        ({"team_id": "T1", "is_bot": True}, ""),
        ({"team_id": "T1", "is_restricted": True}, "guests"),
        ({"team_id": "T1", "is_restricted": True, "is_ultra_restricted": True}, "guests"),
        ({"team_id": "T1", "is_ultra_restricted": True}, "guests"),
        ({"team_id": "T1", "is_restricted": True, "deleted": True}, ""),
        ({"team_id": "T2"}, "organisations"),
        ({"team_id": "T2", "deleted": True}, ""),
        ({"team_id": "T2", "is_bot": True}, "organisations"),
        ({"team_id": "T1", "is_stranger": True}, "organisations"),
        ({"team_id": "T2", "enterprise_user": {"enterprise_id": "E2"}}, "organisations"),
        ({"team_id": "T2", "enterprise_user": {"enterprise_id": "E1"}}, ""),
        ({"team_id": "T2", "enterprise_user": {"enterprise_id": "E1"}, "is_restricted": True}, "guests"),
    ],
)
def test_somebody_is_of_the_team_or_a_guest_or_of_another_organisation(person: Any, what: str) -> None:
    assert kind(person, OURS) == what


def test_people_without_an_organisation_are_not_ours_because_we_have_none_either() -> None:
    assert kind({"team_id": "T2", "enterprise_user": {"enterprise_id": ""}}, Ours("T1")) == "organisations"
    assert kind({"team_id": "T2"}, Ours("T1")) == "organisations"


@pytest.mark.parametrize(
    ("flags", "is_shared"),
    [
        ({}, False),
        ({"is_shared": True, "is_org_shared": True, "shared_team_ids": ["T1", "T3"]}, False),
        ({"is_ext_shared": True}, True),
        ({"is_pending_ext_shared": True}, True),
        ({"pending_shared": ["T2"]}, True),
        ({"pending_connected_team_ids": ["T2"]}, True),
        ({"pending_shared": [], "pending_connected_team_ids": [], "is_ext_shared": False}, False),
    ],
)
def test_a_channel_is_shared_from_the_invitation_on_and_not_within_the_own_organisation(
    flags: Any, is_shared: bool
) -> None:
    assert shared(flags) is is_shared


@pytest.mark.parametrize(
    ("others", "open_to", "words"),
    [
        (Others(), NOBODY, ""),
        (Others(guests=1), GUESTS, ""),
        (Others(guests=1, shared=True), BOTH, ""),
        (Others(guests=1), NOBODY, '1 guest reads along there: remove them, or write open_to = ["guests"]'),
        (Others(guests=2), ORGANISATIONS, "2 guests read along there: remove them, or write "),
        (Others(shared=True), GUESTS, 'or write open_to = ["guests", "organisations"] in the route'),
        (Others(strangers=3), NOBODY, "another organisation reads along there: end the sharing, or write "),
        (
            Others(2, 1, shared=True),
            NOBODY,
            "2 guests and another organisation read along there: remove them",
        ),
        (Others(guests=2, shared=True), GUESTS, "another organisation reads along there: end the sharing"),
    ],
)
def test_a_route_is_refused_for_those_that_it_does_not_name(
    others: Others, open_to: frozenset[str], words: str
) -> None:
    refusal = others.refusal(open_to)
    assert others.why(open_to).split(":")[0] == str(refusal or "").split(":")[0]
    assert (refusal is None) is (words == "")
    if refusal:
        assert words in str(refusal)
        assert refusal.code == CODE


# The files that say or change anything in Slack. Those of the first line ask the guard before; `desk` says things to
# one person, or of the bridge itself; the others only take away what stands there.
SPEAKING = {
    *("poster", "carrier", "morning"),
    "desk",
    *("eraser", "retention"),
}


def test_no_other_file_speaks_in_a_channel_and_those_that_do_ask_who_reads_it() -> None:
    methods = ("chat_postMessage", "chat_update", "files_completeUploadExternal", "chat_scheduleMessage")
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py")}
    texts |= {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "commands").rglob("*.py")}
    found = {name for name, text in texts.items() if any(f"web.{method}" in text for method in methods)}
    assert found <= SPEAKING
    assert all(".guard(" in texts[name] for name in ("poster", "carrier", "morning"))


# Against Slack


@dataclass
class Desk:
    slack: Slack
    audience: Audience
    clock: Clock
    routes: list[Route]

    async def others(self, channel: str) -> Others:
        return await self.audience.others(self.slack.channel(channel).id)

    async def refused(self, channel: str, open_to: frozenset[str] = NOBODY) -> bool:
        try:
            await self.audience.admit(self.slack.channel(channel).id, open_to)
        except Misconfigured as error:
            assert error.code == CODE
            return True
        return False


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    clock = Clock()
    slack = Slack(now=clock, limit_posts=False)
    for name in ("Ana", "Ben", "Cleo"):
        slack.add_person(name, f"{name}@example.org")
    slack.add_channel("support")
    routes: list[Route] = [Route("Support", "support")]

    def seconds() -> float:
        return clock().timestamp()

    async with serving(slack.app) as slack.url, aiohttp.ClientSession() as session:
        web = client(slack.bot_token, slack.api_url, session)
        audience = Audience(web, Channels(web, seconds), lambda: routes, seconds)
        yield Desk(slack, audience, clock, routes)
    await slack.close()


async def test_the_team_is_nobody_else_and_is_asked_for_once(desk: Desk) -> None:
    told = await asyncio.gather(*(desk.others("support") for _ in range(8)))
    assert set(told) == {Others()}
    for method in ("conversations.info", "conversations.members", "users.list", "auth.test"):
        assert len(desk.slack.called(method)) == 1, method


async def test_guests_are_found_on_every_page(desk: Desk) -> None:
    crowd = [desk.slack.add_person(f"P{n}", f"p{n}@example.org") for n in range(2_300)]
    crowd[-1].profile.guest = True
    crowd[1_100].profile.alone = True
    crowd[5].profile.guest = crowd[5].profile.deleted = True
    assert await desk.others("support") == Others(guests=2)
    assert len(desk.slack.called("users.list")) == len(desk.slack.called("conversations.members")) == 3


async def test_who_is_in_no_list_is_asked_about_and_of_whom_slack_knows_nothing_is_not_ours(
    desk: Desk,
) -> None:
    await desk.others("support")
    guest = desk.slack.add_person("Gus", "gus@example.org", guest=True)
    colleague = desk.slack.add_person("Dora", "dora@example.org")
    desk.slack.channel("support").members += [guest.id, colleague.id, "U0NOBODY"]
    desk.audience.forget(desk.slack.channel("support").id)
    assert await desk.others("support") == Others(guests=1, strangers=1)
    assert len(desk.slack.called("users.list")) == 1


async def test_a_colleague_who_is_made_a_guest_is_noticed_with_the_next_list(desk: Desk) -> None:
    ben = list(desk.slack.people.values())[1].profile
    assert await desk.others("support") == Others()
    ben.guest = True
    desk.clock.skip(timedelta(minutes=5))
    await asyncio.gather(desk.audience.relist(), desk.audience.relist())
    assert await desk.others("support") == Others(guests=1)
    await desk.audience.relist()
    assert len(desk.slack.called("users.list")) == 2


async def test_a_colleague_from_another_workspace_of_the_own_organisation_is_nobody_else(desk: Desk) -> None:
    desk.slack.workspace.organisation = "E1"
    far = desk.slack.add_person("Far", "far@example.org", team="T0FAR")
    far.profile.organisation, far.profile.stranger = "E1", False
    desk.slack.channel("support").members.append(far.id)
    desk.slack.channel("support").org_shared = True
    assert await desk.others("support") == Others()


async def test_what_was_fine_is_refused_minutes_after_it_was_shared_though_no_event_came(desk: Desk) -> None:
    assert not await desk.refused("support")
    desk.slack.channel("support").pending = ["T0OTHER"]
    desk.clock.skip(timedelta(minutes=5))
    assert await desk.refused("support")
    desk.slack.channel("support").pending = []
    desk.clock.skip(timedelta(minutes=5))
    assert not await desk.refused("support")


async def test_a_route_that_is_open_to_all_asks_for_nothing(desk: Desk) -> None:
    desk.slack.channel("support").shared = True
    assert not await desk.refused("support", BOTH)
    assert desk.slack.calls == []
    assert await desk.refused("support", GUESTS)


@pytest.mark.parametrize("method", ["conversations.info", "conversations.members", "users.list", "auth.test"])
@pytest.mark.parametrize(
    "fault", [{"error": "internal_error"}, {"status": 500}, {"error": "fetch_members_failed"}]
)
async def test_nobody_is_admitted_while_slack_does_not_say_who_reads(
    desk: Desk, method: str, fault: Any
) -> None:
    desk.slack.faults.api(method, **fault)
    with pytest.raises(Transient):
        await desk.refused("support")
    assert not await desk.refused("support")


async def test_a_missing_scope_is_for_the_operator(desk: Desk) -> None:
    desk.slack.faults.api("users.list", error="missing_scope")
    with pytest.raises(Misconfigured, match="install it again with manifest"):
        await desk.others("support")


async def test_a_long_list_goes_on_where_slack_asked_for_a_pause(desk: Desk) -> None:
    for n in range(1_500):
        desk.slack.add_person(f"P{n}", f"p{n}@example.org")
    pages = iter([None, Fault(error="ratelimited", retry_after=0)])
    desk.slack.faults.chaos = lambda method: next(pages, None) if method == "users.list" else None
    assert await desk.others("support") == Others()
    cursors = [call.args.get("cursor") for call in desk.slack.called("users.list")]
    assert len(cursors) == 3
    assert cursors[1] == cursors[2]


async def test_the_last_guard_lets_by_what_was_admitted_and_of_the_rest_what_every_route_is_open_to(
    desk: Desk,
) -> None:
    desk.routes[:] = [Route("Support", "support", open_to=GUESTS), Route("Sales", "support")]
    place = desk.slack.channel("support")
    guest = desk.slack.add_person("Gus", "gus@example.org", guest=True)
    place.members.append(guest.id)
    await desk.audience.admit(place.id, GUESTS, 1)
    with pytest.raises(Misconfigured):
        await desk.audience.admit(place.id, NOBODY, 2)
    await desk.audience.guard(place.id, 1)
    await desk.audience.guard(place.id)  # the channel's own lists are of what was admitted
    for conversation in (2, 3):
        with pytest.raises(Misconfigured):
            await desk.audience.guard(place.id, conversation)
    assert await desk.audience.allowed(place.id, desk.routes) == [desk.routes[0]]
    assert await desk.audience.refusal(place.id)
    desk.routes[1] = replace(desk.routes[1], open_to=GUESTS)
    assert await desk.audience.refusal(place.id) is None
    await desk.audience.guard(place.id, 3)
    place.pending = ["T0OTHER"]
    desk.audience.forget(place.id)
    for conversation in (0, 1, 3):
        with pytest.raises(Misconfigured, match="another organisation"):
            await desk.audience.guard(place.id, conversation)
    await desk.audience.guard("D0SOMEBODY", 1)


async def test_what_was_admitted_by_routes_that_hold_no_more_is_asked_anew(desk: Desk) -> None:
    channel = desk.slack.channel("support").id
    await desk.slack.joins(desk.slack.add_person("Gus", "gus@example.org", guest=True), "support")
    await desk.audience.admit(channel, GUESTS, 1)
    await desk.audience.guard(channel, 1)
    desk.audience.readmit()
    with pytest.raises(Misconfigured, match="1 guest reads along there"):
        await desk.audience.guard(channel, 1)


async def test_nobody_is_told_directly_who_is_no_colleague(desk: Desk) -> None:
    slack = desk.slack
    guest, alone = (slack.add_person(name, f"{name}@example.org", guest=True) for name in ("Gus", "Al"))
    alone.profile.alone, alone.profile.guest = True, False
    stranger = slack.add_person("Olga", "olga@example.org", team="T0OTHER")
    async with aiohttp.ClientSession() as session:
        web = client(slack.bot_token, slack.api_url, session)
        duty = Duty(web, Health(desk.clock), lambda: desk.clock().timestamp())
        assert not [one for one in (guest, alone, stranger) if await duty.active(one.id)]
        assert await duty.active(next(iter(slack.people)))


# The whole house

SPEAKS = ("chat.postMessage", "chat.update", "files.completeUploadExternal")


def sells(house: House, subject: str, body: str = "<p>How much?</p>", **more: Any) -> None:
    house.freescout.customer_writes("sam@example.org", subject, body, mailbox=house.sales, name="Sam", **more)


def said_in(house: House, channel: str) -> int:
    """How often anything was said or changed in a channel."""
    place = house.slack.channel(channel).id
    calls = [one for one in house.slack.calls if one.method in SPEAKS]
    return sum(place in (one.args.get("channel"), one.args.get("channel_id")) for one in calls)


async def shut(house: House, words: str) -> None:
    await house.health(lambda told: any(words in one for one in told["problems"]))


async def opened(house: House) -> None:
    await house.health(lambda told: told["problems"] == [])


async def test_what_was_fine_is_refused_at_once_after_somebody_shares_it_and_comes_when_they_stop(
    house: House,
) -> None:
    house.expects_errors = True
    house.slack.subscribed |= set(EVENTS)
    sells(house, "Sale")
    card = await house.until(lambda: house.cards("sales") and house.cards("sales")[0])
    await house.until(lambda: house.thread(card))
    await house.quiet()
    await house.slack.shares("sales")
    await shut(house, "another organisation reads along there: end the sharing, or write open_to")  # unasked
    before = said_in(house, "sales")
    sells(house, "Second", attachments=[("offer.txt", "text/plain", b"secret")])
    house.freescout.customer_replies(2 if card.all_text.count("#413") else 1, "still there?")
    support = await house.writes()
    await house.until(lambda: house.thread(support))
    await house.quiet()
    assert said_in(house, "sales") == before
    assert (await house.health())["work"]["parked"] == 0
    await house.slack.unshares("sales")
    await house.until(lambda: len(house.cards("sales")) == 2 and "still there?" in house.said(card))
    await house.until(lambda: any(one.files for one in house.thread(house.cards("sales")[1])))
    await opened(house)


async def test_a_guest_who_comes_is_noticed_and_one_who_goes_too(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.expects_errors = True
    house.slack.subscribed |= set(EVENTS)
    gus = house.slack.add_person("Gus", "gus@example.org", guest=True)
    await house.slack.joins(gus, "support")
    await shut(house, "Nothing goes to #support: 1 guest reads along there: remove them, or write open_to")
    for number in range(3):
        house.freescout.customer_writes(
            f"m{number}@example.org", f"Fire {number}", "x", mailbox=house.support
        )
    await house.health(lambda told: told["lanes"].get("#support", {}).get("waiting") == 3)
    assert house.cards() == []
    assert sum("nothing goes to channel" in one.getMessage() for one in caplog.records) == 1
    await house.slack.leaves(gus, "support")
    await house.until(lambda: len(house.cards()) == 3)
    await opened(house)


async def test_a_channel_that_was_shared_before_the_start_is_refused_unless_its_route_says_so(
    empty_house: House,
) -> None:
    house = empty_house
    house.expects_errors = True
    gus = house.slack.add_person("Gus", "gus@example.org", guest=True)
    house.slack.channel("sales").members.append(gus.id)
    house.slack.channel("support").shared = True
    house.slack.add_channel("ops")
    house.slack.channel("ops").members.append(gus.id)
    routes = (Route("Support", "support", open_to=ORGANISATIONS), Route("Sales", "sales"))
    await house.start(routes=routes, operators="ops")
    sells(house, "Sale")
    await house.writes()
    await shut(house, "Nothing goes to #sales: 1 guest reads along there")
    await house.until(lambda: any("1 guest" in one.all_text for one in house.cards("ops")))
    await house.quiet()
    assert house.cards("sales") == []


async def test_a_guest_who_comes_before_the_bot_does_is_noticed_though_nobody_tells(
    empty_house: House,
) -> None:
    house = empty_house
    house.expects_errors = True
    house.slack.subscribed |= set(EVENTS)
    house.slack.add_channel("offers", bot_is_member=False)
    await house.start(routes=(Route("Support", "support"), Route("Sales", "offers")))
    await house.until(lambda: house.slack.called("conversations.members"))
    await house.quiet()
    gus = house.slack.add_person("Gus", "gus@example.org", guest=True)
    await house.slack.joins(gus, "offers")
    sells(house, "Sale")
    await house.health(lambda told: "guest" in told["lanes"].get("#offers", {}).get("trouble", ""))
    await house.quiet()
    assert house.cards("offers") == []


async def test_of_two_routes_to_a_channel_only_the_one_that_says_so_leads_there(empty_house: House) -> None:
    house = empty_house
    house.expects_errors = True
    house.slack.subscribed |= set(EVENTS)
    routes = (Route("Support", "support", open_to=GUESTS), Route("Sales", "support"))
    await house.start(routes=routes)
    sells(house, "Sale")
    sale = await house.until(lambda: house.cards() and house.cards()[0])
    await house.until(lambda: house.thread(sale))
    gus = house.slack.add_person("Gus", "gus@example.org", guest=True)
    await house.slack.joins(gus, "support")
    await shut(house, "1 guest reads along there")
    sells(house, "Second")
    house.freescout.agent_tags(1, ["vip"])
    card = await house.writes()
    house.freescout.agent_sets_status(2 if "#413" in sale.all_text else 1, house.ana_id, "closed")
    await house.until(lambda: house.thread(card))
    house.freescout.customer_replies(int(card.all_text.partition("#")[2][:3]) - 411, "anybody?")
    await house.until(lambda: "anybody?" in house.said(card))
    await house.quiet()
    assert len(house.cards()) == 2
    assert "Closed" not in sale.all_text
    assert (await house.health())["lanes"]["#support"]["trouble"]
    await house.slack.leaves(gus, "support")
    await house.until(lambda: len(house.cards()) == 3 and "Closed" in sale.all_text)
    await opened(house)


async def test_a_digest_leaves_out_whom_it_may_not_tell_the_guests_of_who_came(empty_house: House) -> None:
    """The others are not kept waiting, and their channel is not shut."""
    house = empty_house
    house.expects_errors = True
    house.slack.subscribed |= set(EVENTS)
    hourly = Deliver(frozenset({(Event.NEW, Place.DIGEST)}))
    routes = (Route("Support", "support", open_to=GUESTS), Route("Sales", "support"))
    await house.start(routes=tuple(replace(one, deliver=hourly) for one in routes))
    sells(house, "Sale")
    house.freescout.customer_writes("m@example.org", "Fire", "x", mailbox=house.support)
    await house.quiet()
    hour, now = timedelta(hours=1), house.clock()
    house.clock.skip(hour - timedelta(minutes=now.minute, seconds=now.second - 1))
    place = house.slack.channel("support").id
    await house.health(lambda told: told["lanes"].get(place, {}).get("waiting") == 2)
    gus = house.slack.add_person("Gus", "gus@example.org", guest=True)
    await house.slack.joins(gus, "support")
    digest = await house.until(lambda: house.cards() and house.cards()[0])
    assert "Fire" in digest.all_text
    assert "Sale" not in digest.all_text
    told = await house.health(lambda told: told["lanes"].get("#support", {}).get("waiting") == 1)
    assert place not in told["lanes"]
    await house.slack.leaves(gus, "support")
    house.clock.skip(hour)
    await house.until(lambda: any("Sale" in one.all_text for one in house.cards()))


@pytest.mark.parametrize("told", [True, False], ids=["Slack tells of it", "it is asked for"])
async def test_a_list_loses_whom_it_may_not_tell_the_guests_of_who_came(
    empty_house: House, *, told: bool
) -> None:
    house = empty_house
    house.expects_errors = True
    house.slack.subscribed |= set(EVENTS) if told else set()
    await house.start(routes=(Route("Support", "support", open_to=GUESTS), Route("Sales", "support")))
    for number in range(3):
        sells(house, f"Secret {number}")
        house.freescout.customer_writes(
            f"m{number}@example.org", f"Fire {number}", "x", mailbox=house.support
        )
    await house.until(lambda: len(house.cards()) == 6)
    house.clock.skip(timedelta(minutes=125))
    found = await house.until(lambda: [one for one in house.cards() if "customers wait" in one.all_text])
    await house.quiet()
    house.clock.skip(timedelta(seconds=31))
    await house.until(lambda: "6 customers wait" in found[0].all_text)
    gus = house.slack.add_person("Gus", "gus@example.org", guest=True)
    if told:
        await house.slack.joins(gus, "support")
    else:
        house.slack.channel("support").members.append(gus.id)
    house.clock.skip(timedelta(minutes=6))
    await house.until(lambda: "3 customers wait" in found[0].all_text)
    assert "Secret" not in found[0].all_text
    assert "Fire 2" in found[0].all_text
    before = len(house.slack.calls)
    house.clock.skip(timedelta(minutes=6))
    await house.until(lambda: len(house.slack.calls) > before)
    await house.quiet()
    said = [one for one in house.slack.calls[before:] if one.method.startswith("chat.")]
    assert not [one for one in said if "Secret" in str(one.args) and "3 customers" in str(one.args)]
    assert "Secret" not in found[0].all_text
