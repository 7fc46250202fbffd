"""Names that change: a route goes on with what its name meant, and the operators are told what to mend."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from bot import named
from bot.channels import Channels
from bot.digestfile import Digest
from bot.errors import Misconfigured
from bot.health import Health
from bot.hours import ALWAYS, Hours, MailboxHours
from bot.ladderfile import Ladder, MailboxLadder
from bot.model import Mailbox
from bot.names import CHANNEL, MAILBOX, Names
from bot.routes import leads_from, opening
from bot.routing import Route
from bot.settings import Settings
from bot.slack import EVENTS
from bot.slackapi import client
from bot.store import Store
from sandbox.clock import Clock
from sandbox.serving import serving
from sandbox.slack import Slack
from tests.conftest import House


@dataclass
class Memory:
    """A store, and what is written in the configuration."""

    path: Path
    clock: Clock
    used: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin, or begin anew after a restart."""
        self.store = Store(str(self.path / "bridge.db"), self.clock)
        self.health = Health(self.clock)

    def names(self, kind: str) -> Names:
        return Names(kind, self.store, self.health, lambda: self.used, lambda: self.clock().timestamp())

    def told(self) -> str:
        return "\n".join(self.health.problems)


@pytest.fixture
async def memory(tmp_path: Path) -> AsyncIterator[Memory]:
    one = Memory(tmp_path, Clock())
    yield one
    await one.store.close()


SETTINGS = Settings("", "", "", "", routes=(Route("Support", "support"), Route("Sales", "sales")))


# What a name means: the names of all by their ids, time after time, and what #support means then.

TIMES: dict[str, list[tuple[dict[str, str], str | None, str]]] = {
    "nothing happens": [({"C1": "support"}, "C1", ""), ({"C1": "support"}, "C1", "")],
    "it is renamed": [({"C1": "support"}, "C1", ""), ({"C1": "help"}, "C1", "which is called #help now")],
    "it is renamed twice": [
        ({"C1": "support"}, "C1", ""),
        ({"C1": "help"}, "C1", "which is called #help now"),
        ({"C1": "aid"}, "C1", "which is called #aid now"),
    ],
    "and back": [
        ({"C1": "support"}, "C1", ""),
        ({"C1": "help"}, "C1", "#help"),
        ({"C1": "support"}, "C1", ""),
    ],
    "another one takes the name": [
        ({"C1": "support", "C2": "sales"}, "C1", ""),
        ({"C1": "help", "C2": "support"}, "C2", "another channel than it was"),
        ({"C1": "help", "C2": "support"}, "C2", "The former one is called #help now"),
        ({"C1": "help", "C2": "sales"}, "C2", "which is called #sales now"),
    ],
    "it goes, and another one comes": [
        ({"C1": "support"}, "C1", ""),
        ({}, None, ""),
        ({"C2": "support"}, "C2", "The former one is not there any more"),
    ],
    "it was never there": [({"C1": "help"}, None, ""), ({"C1": "support"}, "C1", "")],
    "two swap": [
        ({"C1": "support", "C2": "sales"}, "C1", ""),
        ({"C2": "support", "C1": "sales"}, "C2", "The former one is called #sales now"),
    ],
}


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("restarts", [False, True], ids=["", "with restarts"])
async def test_a_name_means_its_present_holder_else_the_last_one(
    memory: Memory, times: list[tuple[dict[str, str], str | None, str]], restarts: bool
) -> None:
    memory.used = ["support"]
    names = memory.names(CHANNEL)
    for place, (listed, meant, words) in enumerate(times):
        if restarts and place and "former" not in words:
            await memory.store.close()
            memory.start()
            names = memory.names(CHANNEL)
        holders = [identity for identity, name in listed.items() if name == "support"]
        assert await names.meant("support", holders, listed) == meant
        assert words in memory.told()
        if not words and place != 1:
            assert memory.told() == ""


async def test_what_was_told_is_over_once_the_configuration_is_mended_or_a_day_has_passed(
    memory: Memory,
) -> None:
    memory.used = ["support", "sales"]
    names = memory.names(CHANNEL)
    await names.meant("support", ["C1"], {"C1": "support", "C2": "sales"})
    await names.meant("sales", ["C2"], {"C1": "support", "C2": "sales"})
    now = {"C1": "help", "C3": "sales", "C2": "old-sales"}
    await names.meant("support", [], now)
    await names.meant("sales", ["C3"], now)
    assert len(memory.health.problems) == 2
    memory.used = ["help", "sales"]
    names.tidy()
    assert len(memory.health.problems) == 1
    memory.clock.skip(timedelta(days=1))
    names.tidy()
    assert memory.health.problems == []


async def test_mailboxes_are_known_by_what_they_were_called_as_long_as_that_is_written_and_free(
    memory: Memory,
) -> None:
    memory.used = ["SUPPORT", "Sales"]
    names = memory.names(MAILBOX)
    boxes = (Mailbox(1, "Support"), Mailbox(2, "Sales"))
    assert await names.mailboxes(boxes) == boxes
    renamed = (Mailbox(1, "Help"), Mailbox(2, "Sales"))
    help_, _ = found = await names.mailboxes(renamed)
    assert found == (Mailbox(1, "Help", known_as=("support",)), Mailbox(2, "Sales"))
    assert "names the mailbox SUPPORT, which is called Help now" in memory.told()
    assert leads_from(Route("Support", "x"), help_)
    taken = await names.mailboxes((Mailbox(1, "Help"), Mailbox(2, "Support")))
    assert [leads_from(Route("Support", "x"), box) for box in taken] == [False, True]
    assert [leads_from(Route("Sales", "x"), box) for box in taken] == [False, True]
    assert "the mailbox SUPPORT is another mailbox than it was" in memory.told()
    memory.used = ["Help"]
    assert await names.mailboxes(renamed) == renamed
    assert memory.told() == ""


async def test_two_mailboxes_of_one_name_are_no_news(memory: Memory) -> None:
    memory.used = ["Support"]
    names = memory.names(MAILBOX)
    for boxes in ([1, 2], [2, 1], [1, 2]):
        await names.mailboxes([Mailbox(one, "Support") for one in boxes])
    assert memory.told() == ""


def test_hours_and_ladders_go_on_by_the_old_name_but_first_by_the_present_one() -> None:
    own, other = Hours(), Hours()
    settings = replace(SETTINGS, hours=(MailboxHours("Support", own), MailboxHours("Help", other)))
    assert opening(settings, Mailbox(1, "Help", known_as=("support",))) is other
    assert opening(settings, Mailbox(1, "Aid", known_as=("support",))) is own
    assert opening(settings, Mailbox(1, "Aid")) is ALWAYS
    ladders = (MailboxLadder("Sales", Ladder()), MailboxLadder(3, Ladder()), MailboxLadder(None, Ladder()))
    routes = (*settings.routes, Route(("A", 7), "a"))
    settings = replace(settings, ladders=ladders, routes=routes, operators="ops")
    settings = replace(settings, digest=replace(Digest(), channels=("news",)))
    assert named.mailboxes(settings) == {"Support", "Sales", "Help", "A"}
    assert named.channels(settings) == {"support", "sales", "a", "ops", "news"}


# Channels, against Slack


@dataclass
class Desk:
    slack: Slack
    channels: Channels
    memory: Memory


@pytest_asyncio.fixture
async def desk(memory: Memory) -> AsyncIterator[Desk]:
    slack = Slack(now=memory.clock, limit_posts=False)
    slack.add_channel("support")
    memory.used = ["support"]
    async with serving(slack.app) as slack.url, aiohttp.ClientSession() as session:
        web = client(slack.bot_token, slack.api_url, session)
        yield Desk(slack, Channels(web, lambda: memory.clock().timestamp(), memory.names(CHANNEL)), memory)
    await slack.close()


async def test_names_are_asked_for_anew_after_some_minutes_and_hold_while_slack_does_not_say(
    desk: Desk,
) -> None:
    first = await desk.channels.id("support")
    await desk.slack.renames("support", "help")
    assert await desk.channels.id("support") == first
    assert desk.memory.told() == ""
    desk.memory.clock.skip(timedelta(minutes=11))
    desk.slack.faults.api("conversations.list", status=500)
    assert await desk.channels.id("support") == first
    asked = len(desk.slack.called("conversations.list"))
    assert await desk.channels.id("support") == first
    assert len(desk.slack.called("conversations.list")) == asked == 2
    desk.memory.clock.skip(timedelta(seconds=16))
    assert await desk.channels.id("support") == first
    assert "which is called #help now" in desk.memory.told()
    second = desk.slack.add_channel("support")
    desk.channels.forget()
    assert await desk.channels.id("support") == second
    assert "#support is another channel than it was" in desk.memory.told()


async def test_a_renamed_channel_that_is_archived_or_private_is_no_more_than_it_was(desk: Desk) -> None:
    first = await desk.channels.id("support")
    await desk.slack.renames("support", "help")
    await desk.slack.archives("help")
    desk.channels.forget()
    assert await desk.channels.id("support") == first  # who posts there learns that it is archived
    await desk.slack.unarchives("help")
    desk.slack.channel("help").private = True
    await desk.slack.kicks_bot("help")
    desk.channels.forget()
    with pytest.raises(Misconfigured, match="Slack has no channel #support that the bot can see"):
        await desk.channels.id("support")
    await desk.slack.invites_bot("help")
    desk.channels.forget()
    assert await desk.channels.id("support") == first


# The whole house


async def test_a_renamed_channel_keeps_its_conversations_over_a_restart_and_the_operators_are_told(
    empty_house: House,
) -> None:
    house = empty_house
    house.slack.subscribed |= set(EVENTS)
    house.slack.add_channel("ops")
    await house.start(operators="ops")
    card = await house.writes()
    await house.until(lambda: house.thread(card))
    await house.slack.renames("support", "help")
    await house.until(lambda: any("called #help now" in one.all_text for one in house.cards("ops")))
    await house.stop()
    await house.start()
    house.freescout.customer_replies(1, "anybody?")
    await house.until(lambda: "anybody?" in house.said(card))
    house.freescout.customer_writes("new@example.org", "New", "x", mailbox=house.support)
    await house.until(lambda: len(house.cards("help")) == 2)
    await house.stop()
    await house.start(routes=(replace(house.settings.routes[0], channel="help"), house.settings.routes[1]))
    await house.health(lambda told: told["problems"] == [])


async def test_a_renamed_mailbox_keeps_its_channel_over_a_restart(house: House) -> None:
    card = await house.writes()
    await house.until(lambda: house.thread(card))
    box = house.freescout.world.mailboxes[house.support]
    box.name = "Help"
    await house.stop()
    await house.start()
    house.freescout.customer_replies(1, "anybody?")
    await house.until(lambda: "anybody?" in house.said(card))
    await house.health(lambda told: any("called Help now" in one for one in told["problems"]))
    house.freescout.customer_writes("new@example.org", "New", "x", mailbox=house.support)
    await house.until(lambda: len(house.cards()) == 2)
