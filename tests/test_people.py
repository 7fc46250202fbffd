"""Who is who: a person in Slack acts as the FreeScout user with their address, or not at all."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
import pytest
import pytest_asyncio
from slack_sdk.web.async_client import AsyncWebClient
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.errors import Misconfigured, Transient, UserError
from bot.freescout import FreeScout, NotFound, Refused
from bot.model import User
from bot.people import People, Unknown
from bot.slackapi import client
from bot.store import Store
from sandbox.clock import Clock
from sandbox.freescout import FreeScout as HelpDesk
from sandbox.serving import serving
from sandbox.slack import Slack

pytestmark = pytest.mark.asyncio(loop_scope="module")

CUT = {"cut": True, "times": 2}
"""aiohttp itself asks once more where a GET was cut off; a POST it leaves alone."""


class Front:
    """One server for this file: starting another for each test would take most of the time."""

    url = ""
    behind: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.behind(scope, receive, send)


@dataclass
class Both:
    """A help desk and a workspace, and who is who between them."""

    freescout: HelpDesk
    slack: Slack
    web: AsyncWebClient
    api: FreeScout
    people: People
    support: int
    ana: User
    store: Store
    clock: Clock

    def anew(self) -> People:
        """The same without anything remembered."""
        return People(self.api, self.web, self.store, lambda: self.clock().timestamp())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fronts() -> AsyncIterator[tuple[Front, Front]]:
    one, other = Front(), Front()
    async with serving(one) as one.url, serving(other) as other.url:
        yield one, other


@pytest_asyncio.fixture(loop_scope="module")
async def both(fronts: tuple[Front, Front]) -> AsyncIterator[Both]:
    clock = Clock()
    freescout, slack = HelpDesk(now=clock), Slack(now=clock, limit_posts=False)
    fronts[0].behind, fronts[1].behind, slack.url = freescout.app, slack.app, fronts[1].url
    support = freescout.add_mailbox("Support", "support@example.org")
    freescout.add_mailbox("Sales", "sales@example.org")
    ana = freescout.add_user("Ana", "Alves", "ana@example.org", role="admin")
    freescout.add_user("Ben", "Brandt", "ben@example.org", mailboxes=[support])
    freescout.add_user("Ana", "Zidane", "zidane@example.org")
    freescout.add_user("Cleo", "Ng", "cleo@example.org")
    freescout.add_user("Cleo", "Ng", "cleo.ng@example.org")
    api = FreeScout(fronts[0].url, freescout.api_key)
    store = Store(":memory:", clock)
    async with aiohttp.ClientSession() as session:
        web = client(slack.bot_token, slack.api_url, session)
        asking = User(ana, "Ana", "Alves", "ana@example.org", "admin")
        people = People(api, web, store, lambda: clock().timestamp())
        yield Both(freescout, slack, web, api, people, support, asking, store, clock)
    await store.close()
    await api.close()
    await slack.close()
    await freescout.close()


async def test_a_person_is_the_user_with_their_address_whatever_its_case(both: Both) -> None:
    person = both.slack.add_person("Ana A.", "Ana@Example.org")
    assert await both.people.user(person.id) == both.ana


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ({"guest": True}, "Guests"),
        ({"is_bot": True}, "Bots"),
        ({"deleted": True}, "deactivated"),
        ({"team": "T0OTHER"}, "other workspaces"),
    ],
    ids=str,
)
async def test_a_matching_address_gives_no_rights_to_a_stranger(both: Both, who: dict, why: str) -> None:
    person = both.slack.add_person("Somebody", "ana@example.org", **who)
    with pytest.raises(UserError, match=why):
        await both.people.user(person.id)
    assert both.freescout.requests == []


async def test_one_of_another_workspace_is_refused_by_the_workspace_alone(both: Both) -> None:
    person = both.slack.add_person("Somebody", "ana@example.org", team="T0OTHER")
    person.profile.stranger = False
    with pytest.raises(UserError, match="other workspaces"):
        await both.people.user(person.id)  # nobody has told `team` yet: it is asked for
    assert both.people.team == both.slack.team


async def test_as_long_as_slack_does_not_say_which_workspace_is_ours_nobody_acts(both: Both) -> None:
    person = both.slack.add_person("Ana", "ana@example.org")
    both.slack.faults.api("auth.test", status=500)
    with pytest.raises(Transient):
        await both.people.user(person.id)
    assert await both.people.user(person.id) == both.ana


async def test_who_has_no_address_or_none_that_freescout_knows_is_told_so(both: Both) -> None:
    nameless = both.slack.add_person("Nobody", "")
    with pytest.raises(UserError, match="does not tell your e-mail"):
        await both.people.user(nameless.id)
    unknown = both.slack.add_person("Dan", "dan@example.org")
    with pytest.raises(UserError, match=r"no user with your Slack address dan@example\.org"):
        await both.people.user(unknown.id)
    with pytest.raises(UserError, match="does not say who you are"):
        await both.people.user("U0NOBODY")
    # Who was refused is asked about anew: an admin may have added them.
    both.freescout.add_user("Dan", "D.", "dan@example.org")
    assert (await both.people.user(unknown.id)).first == "Dan"


async def test_a_stumbling_slack_is_no_open_question_but_passes(both: Both) -> None:
    person = both.slack.add_person("Ana", "ana@example.org")
    for fault in ({"status": 500}, CUT, {"html": True}, {"error": "internal_error"}):
        both.slack.faults.api("users.info", **fault)
        with pytest.raises(Transient):
            await both.people.user(person.id)
    both.slack.faults.api("users.info", error="missing_scope")
    with pytest.raises(Misconfigured, match="manifest"):
        await both.people.user(person.id)


async def test_a_person_is_looked_up_once_a_minute_and_not_for_each_click(both: Both) -> None:
    person = both.slack.add_person("Ana", "ana@example.org")
    for _ in range(5):
        user = await both.people.user(person.id)
        await both.people.may_see(user)
    assert len(both.slack.called("users.info")) == 1
    assert len(both.freescout.requests) == 3  # who they are, what they may see, whether they are there still


# Whom words mean


@pytest.mark.parametrize(
    ("words", "whom"),
    [
        ("me", "ana@example.org"),
        (" Myself ", "ana@example.org"),
        ("nobody", None),
        ("NONE", None),
        ("noone", None),
        ("anyone", None),
        ("ben@example.org", "ben@example.org"),
        ("BEN@example.org", "ben@example.org"),
        ("<mailto:ben@example.org|ben@example.org>", "ben@example.org"),
        ("<mailto:ben@example.org>", "ben@example.org"),
        ("Ben", "ben@example.org"),
        ("@ben", "ben@example.org"),
        ("ben brandt", "ben@example.org"),
        ("Ana Alves", "ana@example.org"),
        ("cleo.ng@example.org", "cleo.ng@example.org"),
    ],
)
async def test_words_mean_one_user_or_nobody(both: Both, words: str, whom: str | None) -> None:
    found = await both.people.meant(words, both.ana)
    assert (found and found.email) == whom


async def test_a_mention_means_the_user_behind_that_person(both: Both) -> None:
    ben = both.slack.add_person("Ben Brandt", "ben@example.org")
    for words in (f"<@{ben.id}>", f"<@{ben.id}|ben.brandt>"):
        found = await both.people.meant(words, both.ana)
        assert found
        assert found.email == "ben@example.org"


async def test_a_mention_of_a_guest_is_refused(both: Both) -> None:
    guest = both.slack.add_person("Ben Brandt", "ben@example.org", guest=True)
    with pytest.raises(UserError, match="Guests"):
        await both.people.meant(f"<@{guest.id}>", both.ana)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("ana", "More than one"),
        ("Cleo Ng", "More than one"),
        ("Brandt", "no user Brandt"),
        ("zoe@example.org", r"no user zoe@example\.org"),
        ("<!channel>", "no user"),
        ("@", "no user"),
        ("", "no user"),
        ("me too", "no user me too"),
        ("x" * 500, "no user x"),
    ],
)
async def test_words_that_mean_nobody_or_several_are_asked_back(both: Both, words: str, why: str) -> None:
    both.freescout.add_user("", "Robot", "robot@example.org")  # nobody means one without a first name
    with pytest.raises(UserError, match=why) as told:
        await both.people.meant(words, both.ana)
    assert len(str(told.value)) < 200


async def test_a_deleted_user_is_meant_by_nothing(both: Both) -> None:
    ben = await both.people.meant("ben", both.ana)
    assert ben
    both.freescout.delete_user(ben.id)
    for words in ("ben", "ben brandt", "ben@example.org"):
        with pytest.raises(UserError, match="no user"):
            await both.people.meant(words, both.ana)


# What they may see


async def test_a_user_sees_the_mailboxes_that_freescout_gives_them_and_an_admin_all(both: Both) -> None:
    ben = await both.people.meant("ben", both.ana)
    zidane = await both.people.meant("zidane@example.org", both.ana)
    assert ben and zidane
    assert await both.people.may_see(both.ana) == {1, 2}
    assert await both.people.may_see(ben) == {both.support}
    assert await both.people.may_see(zidane) == frozenset()


async def test_who_sees_nothing_is_not_asked_about_with_every_click(both: Both) -> None:
    zidane = await both.people.meant("zidane@example.org", both.ana)
    assert zidane
    before = len(both.freescout.requests)
    for _ in range(3):
        assert await both.people.may_see(zidane) == frozenset()
    assert len(both.freescout.requests) == before + 2


async def test_a_lost_right_is_lost_here_within_a_minute(both: Both) -> None:
    ben = await both.people.meant("ben", both.ana)
    assert ben
    assert await both.people.may_see(ben)
    both.freescout.world.users[ben.id].mailboxes.clear()
    both.clock.skip(timedelta(seconds=61))
    assert await both.people.may_see(ben) == frozenset()


@pytest.mark.parametrize(
    "error", [NotFound("gone"), Refused(403, "no")], ids=lambda error: type(error).__name__
)
async def test_a_lost_right_is_lost_here_at_once_when_freescout_says_no(both: Both, error: Exception) -> None:
    person = both.slack.add_person("Ben Brandt", "ben@example.org")
    ben = await both.people.user(person.id)
    assert await both.people.may_see(ben) == {both.support}
    both.freescout.world.users[ben.id].mailboxes.clear()
    both.people.met(person.id, Refused(400, "something else"))
    assert await both.people.may_see(ben) == {both.support}
    both.people.met(person.id, error)
    assert await both.people.may_see(ben) == frozenset()


async def test_a_clock_that_is_put_back_makes_no_right_last_longer(both: Both) -> None:
    ben = await both.people.meant("ben", both.ana)
    assert ben
    assert await both.people.may_see(ben)
    both.freescout.world.users[ben.id].mailboxes.clear()
    both.clock.skip(timedelta(hours=-1))
    assert await both.people.may_see(ben) == frozenset()


async def test_an_answer_that_was_asked_for_before_a_right_was_lost_is_not_kept(both: Both) -> None:
    ben = await both.people.meant("ben", both.ana)
    assert ben
    asking = asyncio.create_task(both.people.may_see(ben))
    await asyncio.sleep(0)
    both.people.forget_user(ben)
    assert await asking == {both.support}
    both.freescout.world.users[ben.id].mailboxes.clear()
    assert await both.people.may_see(ben) == frozenset()


async def test_a_user_whom_freescout_has_no_more_does_not_see_every_mailbox(both: Both) -> None:
    """For an id that it does not know, the server lists them all."""
    person = both.slack.add_person("Ben Brandt", "ben@example.org")
    ben = await both.people.user(person.id)
    del both.freescout.world.users[ben.id]
    with pytest.raises(UserError, match="was deleted from FreeScout"):
        await both.people.may_see(ben)
    with pytest.raises(UserError, match="no user with your Slack address"):
        await both.people.user(person.id)  # at once, and not when the minute is over


async def test_an_address_that_changes_on_either_side_counts_within_a_minute(both: Both) -> None:
    person = both.slack.add_person("Ben Brandt", "ben@example.org")
    ben = await both.people.user(person.id)
    person.profile.email = "ana@example.org"
    both.clock.skip(timedelta(seconds=61))
    assert await both.people.user(person.id) == both.ana
    both.freescout.world.users[both.ana.id].email = "ana.alves@example.org"
    both.freescout.world.users[ben.id].email = "Ana@example.org"
    both.clock.skip(timedelta(seconds=61))
    assert (await both.people.user(person.id)).id == ben.id


async def test_an_alternate_address_does_not_count(both: Both) -> None:
    both.freescout.world.users[both.ana.id].details = {"alternateEmails": "ana@home.example.org"}
    person = both.slack.add_person("Ana", "ana@home.example.org")
    with pytest.raises(Unknown, match="Alternate addresses do not count"):
        await both.people.user(person.id)


async def test_somebody_of_the_same_organisation_may_act_from_another_of_its_workspaces(both: Both) -> None:
    both.slack.workspace.organisation = "E0OURS"
    person = both.slack.add_person("Ana", "ana@example.org", team="T0SISTER")
    person.profile.stranger, person.profile.organisation = False, "E0OURS"
    assert await both.people.user(person.id) == both.ana
    foreign = both.slack.add_person("Ana", "ana@example.org", team="T0OTHER")
    foreign.profile.stranger, foreign.profile.organisation = False, "E0THEIRS"
    with pytest.raises(UserError, match="other workspaces"):
        await both.people.user(foreign.id)


async def test_who_is_linked_to_a_user_is_mentioned_for_them(both: Both) -> None:
    ben = both.slack.add_person("Ben", "ben@example.org")
    uma = both.slack.add_person("Uma", "uma@example.org")
    await both.store.give_code("d", uma.id, "C1", "", "null")
    assert await both.store.prove("d", 2, "a note")
    assert await both.people.slack_id("ben@example.org", 2) == uma.id
    assert await both.people.slack_id("ben@example.org", 9) == ben.id


async def test_a_mailbox_that_is_new_is_found_without_waiting(both: Both) -> None:
    found = await both.people.mailbox(both.support)
    assert found
    assert found.name == "Support"
    new = both.freescout.add_mailbox("Press", "press@example.org")
    found = await both.people.mailbox(new)
    assert found
    assert found.name == "Press"
    assert await both.people.mailbox(99) is None


async def test_a_slack_id_is_found_by_address_and_a_failure_is_no_reason_to_stop(both: Both) -> None:
    ben = both.slack.add_person("Ben", "ben@example.org")
    assert await both.people.slack_id("Ben@example.org") == ben.id
    assert await both.people.slack_id("nobody@example.org") is None
    for fault in ({"status": 500}, CUT, {"error": "ratelimited", "retry_after": 5}):
        both.slack.faults.api("users.lookupByEmail", **fault)
        assert await both.anew().slack_id("ben@example.org") is None
    assert await both.anew().slack_id("ben@example.org") == ben.id
