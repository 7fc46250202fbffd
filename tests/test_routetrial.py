"""`python -m bot routes` and `why` on the command line: a new file is tried, and nothing is said for it."""

from dataclasses import replace
from pathlib import Path

from bot.routetrial import listed, tried
from bot.routing import Route
from bot.routing.conditions import Condition, Field, Key, Rule
from tests.conftest import House
from tests.test_commandline import command, contract

NEW = """
[[routes]]
mailbox = "Support"
tag = "vip"
channel = "vip"

[[routes]]
mailbox = "Support"
channel = "support"
unless = [{ tag = "vip" }]
"""
PRESENT = '[[routes]]\nmailbox = "Support"\nchannel = "support"\n'


async def test_a_new_file_is_tried_and_listed_beside_what_stands(house: House, tmp_path: Path) -> None:
    house.slack.add_channel("vip")
    house.freescout.add_mailbox("Private", "private@example.org")
    await house.writes("Printer on fire")
    await house.writes("Ink is out")
    await house.quiet()
    house.freescout.agent_tags(2, ["vip"])
    house.freescout.customer_writes("z@example.org", "Hush", "…", mailbox=3)
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "bridge.toml").write_text(PRESENT)
    (folder / "new.toml").write_text(NEW)
    (folder / "bad.toml").write_text('[[routes]]\nmailbx = "Support"\nchannel = "vip"\n')
    environment = {k: v for k, v in contract(house, 0).items() if k not in ("PATH", "PYTHONPATH")}
    environment["DATABASE_URL"] = house.settings.database_url
    said = len(house.slack.calls)
    status, out, err = await command(
        "routes", "test", "new.toml", "--last", "200", folder=folder, **environment
    )
    assert (status, err) == (0, "")
    assert "Of the latest 3 conversations, 1 would be elsewhere than now." in out
    (row,) = [line for line in out.splitlines() if "Ink is out" in line]
    assert row.split("  ")[-1] == "route 1"
    assert "#support" in row and "#vip" in row
    assert "Printer on fire" not in out
    assert [line.split() for line in out.splitlines() if line.startswith("#support")] == [
        ["#support", "2", "1"]
    ]
    assert "No route would take 1: #414." in out
    status, _, err = await command("routes", "test", "bad.toml", folder=folder, **environment)
    assert status == 1
    assert "bad.toml:2" in err and "did you mean 'mailbox'" in err
    status, out, err = await command("why", "412", folder=folder, **environment)
    assert (status, err) == (0, "")
    assert 'Route 1 to #support takes it: mailbox "Support"' in out
    assert not [call for call in house.slack.calls[said:] if call.method.startswith(("chat.post", "chat.up"))]


async def test_fields_are_fetched_one_by_one_only_where_a_route_asks_for_one(house: House) -> None:
    await house.writes("Printer on fire")
    await house.quiet()
    asked = len(house.freescout.requests)
    same = await tried(house.settings, house.settings, 10, house.clock(), every=True)
    assert "none would be elsewhere" in same
    assert "Printer on fire" in same
    paths = [one.path for one in house.freescout.requests[asked:]]
    assert not [one for one in paths if one.endswith("/conversations/1")]
    field = Rule((Condition(Key.FIELD, (), 'Plan = "Gold"'),))
    new = replace(house.settings, routes=(Route("Support", "support", rule=field),))
    await tried(house.settings, new, 10, house.clock(), every=False)
    paths = [one.path for one in house.freescout.requests[asked:]]
    assert [one for one in paths if one.endswith("/conversations/1")]


async def test_a_list_that_tells_custom_fields_is_believed(house: House) -> None:
    house.freescout.api.lists_custom_fields = True
    plan = house.freescout.add_custom_field(house.support, "Plan", "dropdown", options=("Gold", "Tin"))
    await house.writes("Printer on fire")
    house.freescout.agent_sets_field(1, plan, 1)
    await house.quiet()
    asked = len(house.freescout.requests)
    field = Rule((Condition(Key.FIELD, (Field("plan", frozenset({"gold"})),), 'Plan = "Gold"'),))
    new = replace(house.settings, routes=(Route("Support", "support", rule=field),))
    assert "none would be elsewhere" in await tried(house.settings, new, 10, house.clock(), every=False)
    assert not [one for one in house.freescout.requests[asked:] if one.path.endswith("/conversations/1")]


async def test_a_channel_is_the_same_however_it_is_written(house: House) -> None:
    card = await house.writes("Printer on fire")
    await house.quiet()
    entering = Rule(entering=(Condition(Key.STATUS, frozenset({"pending"}), '"pending"'),))
    for channel in (card.channel, "Support", "support"):
        for rule in (Rule(), entering):  # what is there stays, though it would not come any more
            new = replace(house.settings, routes=(Route("Support", channel, number=1, rule=rule),))
            told = await tried(house.settings, new, 10, house.clock(), every=True)
            assert "none would be elsewhere" in told
            (row,) = [line for line in told.splitlines() if "Printer on fire" in line]
            assert row.split()[-4:] == ["#support", "#support", "route", "1"]
    new = replace(house.settings, routes=(Route("Support", "nowhere", number=1),))
    told = await tried(house.settings, new, 10, house.clock(), every=False)
    assert "1 would be elsewhere" in told
    assert "#nowhere" in told


async def test_routes_are_listed_in_their_order_those_from_slack_behind(house: House) -> None:
    house.freescout.agent_tags(
        house.freescout.customer_writes("z@example.org", "Hi", "…", mailbox=1), ["vip"]
    )
    await house.quiet()
    await house.ana.types("/freescout watch Support tag:vip", channel="sales")
    await house.until(lambda: house.slack.messages("sales"))
    told = await listed(house.settings, house.clock())
    lines = told.splitlines()
    assert lines[0] == "3 routes; every one that fits shows a conversation:"
    assert lines[-1].startswith("  watch 1, from Slack: Support, tag")
