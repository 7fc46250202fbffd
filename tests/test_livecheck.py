"""`check --live`: every name in bridge.toml against those that FreeScout and Slack have. Nothing is written."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bot.lines import located
from bot.livecheck import checked
from bot.livecheck.mentions import mentions
from bot.livecheck.workspace import SCOPES
from bot.tables import Where
from tests.conftest import House
from tests.test_commandline import command, contract

ROOT = Path(__file__).parent.parent
FILE = """\
[[routes]]
mailbox = "Suport"
channel = "suport"
[[routes]]
mailbox = ["Support", 99]
channel = "sales"
tag = ["vip", "vpi"]
assignee = ["nobody", "Ana Alvez"]
field = { Plan = ["Gold", "Glod"], Plann = true }
any = [
  { customer = "@example.org" },
  { tag = "urgnt", unless = { assignee = "ben@exampel.org" } },
]
[[routes]]
mailbox = "Sales"
channel = "#old"
[[routes]]
mailbox = "Sales"
channel = "partners"
[[routes]]
mailbox = "Support"
channel = "partners"
open_to = "organisations"
[[hours]]
mailbox = "Supports"
zone = "UTC"
open = ["mon-fri 09:00-17:00"]
[[ladder]]
on_duty = "@suport-duty"
steps = [
  { after = "1h", tell = "channel" },
  { after = "2h", tell = "bne@example.org" },
  { after = "3h", tell = "gone@example.org" },
  { after = "4h", tell = "gast@example.org" },
]
[operators]
channel = "ops"
people = ["ana@example.org", "anna@example.org"]
"""
WRONG = [
    '2, route 1: FreeScout has no mailbox "Suport". Did you mean "Support"?',
    "5, route 2: FreeScout has no mailbox 99.",
    '25, hours 1: FreeScout has no mailbox "Supports". Did you mean "Support"?',
    '7, route 2: FreeScout has no tag "vpi", unless nobody has used it yet. Did you mean "vip"?',
    '12, route 2, any 2: FreeScout has no tag "urgnt", unless nobody has used it yet.',
    '9, route 2: the custom field "Plan" has no value "Glod". Did you mean "Gold"?',
    '9, route 2: FreeScout has no custom field "Plann". Did you mean "Plan"?',
    '8, route 2: FreeScout has no user "Ana Alvez". Did you mean "Ana Alves"?',
    '12, route 2, any 2, unless 1: FreeScout has no user "ben@exampel.org". Did you mean "ben@example.org"?',
    (
        '3, route 1: Slack has no channel "suport" that the bot can see; to a private one it must be invited. '
        'Did you mean "support"?'
    ),
    "16, route 3: the channel #old is archived.",
    (
        "19, route 4: nothing goes to #partners: another organisation reads along there: end the sharing, "
        'or write open_to = ["organisations"] in the route.'
    ),
    '29, ladder 1: Slack has no user group "@suport-duty". Did you mean "@support-duty"?',
    '32, ladder 1, step 2: Slack has no person "bne@example.org". Did you mean "ben@example.org"?',
    "33, ladder 1, step 3: the account of gone@example.org is deactivated.",
    "34, ladder 1, step 4: gast@example.org is a bot, a guest or of another organisation.",
    '38, [operators]: Slack has no person "anna@example.org". Did you mean "ana@example.org"?',
]


@pytest.fixture
def town(empty_house: House) -> House:
    house, slack = empty_house, empty_house.slack
    for name in ("old", "partners"):
        slack.add_channel(name)
    slack.add_channel("ops", bot_is_member=False)
    slack.workspace.channel("old").archived = True
    slack.workspace.channel("partners").shared = True
    slack.add_person("Gone", "gone@example.org", deleted=True)
    slack.add_person("Gast", "gast@example.org", guest=True)
    slack.add_group("support-duty", house.ana)
    slack._api.scopes = ",".join(SCOPES)
    house.freescout.add_custom_field(house.support, "Plan", "dropdown", options=("Gold", "Silver"))
    return house


def writes(house: House) -> list[str]:
    """What was more than asking."""
    posts = [one.method for one in house.slack.calls if one.method.split(".")[-1] not in READS]
    return posts + [one.method for one in house.freescout.requests if one.method != "GET"]


READS = ("test", "list", "info", "members")


async def test_every_mismatch_is_one_line_with_the_nearest_right_name(town: House) -> None:
    one = town.freescout.customer_writes("mo@example.org", "Hi", "<p>Hi</p>", mailbox=town.support)
    town.freescout.agent_tags(one, ["vip"])
    found = await checked(town.settings, FILE)
    assert [told.removeprefix("bridge.toml:") for told in found.wrong] == WRONG
    assert found.unknown == []
    assert "the bot is not in #ops yet" in "\n".join(found.met)
    assert writes(town) == []


async def test_what_cannot_be_found_out_is_said_and_fails_nothing(town: House) -> None:
    town.freescout.api.tags_module = False
    town.slack._api.scopes = None
    text = '[[routes]]\nmailbox = "Support"\nchannel = "support"\ntag = "vip"\n'
    found = await checked(town.settings, text)
    assert found.wrong == []
    assert [told.split(":")[0] for told in found.unknown] == ["FreeScout's tags", "the app's scopes"]


async def test_scopes_that_the_app_lacks_are_named(town: House) -> None:
    town.slack._api.scopes = ", ".join(SCOPES[1:])
    found = await checked(town.settings, LEAST)
    assert found.wrong == [
        "Slack: the app lacks the scope channels:history: install it again with manifest.yml."
    ]


LEAST = '[[routes]]\nmailbox = "Support"\nchannel = "support"\n'


@pytest.mark.parametrize("token", ["xapp-of-another-app", "xoxb-sandbox-bot"])
async def test_an_app_token_that_slack_does_not_take_is_named(town: House, token: str) -> None:
    (wrong,) = (await checked(replace(town.settings, slack_app_token=token), LEAST)).wrong
    assert "SLACK_APP_TOKEN" in wrong
    assert token not in wrong
    assert writes(town) == ["apps.connections.open"]  # an address, which nobody goes to


async def test_the_app_token_is_tried_and_no_socket_is_opened(town: House) -> None:
    settings = replace(town.settings, slack_app_token=town.slack.app_token)
    found = await checked(settings, LEAST)
    assert (found.wrong, found.unknown) == ([], [])
    assert town.slack.sockets.connected == 0
    town.slack.faults.api("apps.connections.open", status=503)
    found = await checked(settings, LEAST)
    assert (found.wrong, [told.split(":")[0] for told in found.unknown]) == ([], ["Socket Mode"])


async def test_the_command_ends_with_the_verdict(town: House, tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text(LEAST)
    environment = contract(town, 0)
    status, out, err = await command("check", "--live", folder=tmp_path, **environment)
    assert (status, err) == (0, "")
    assert "All names in the configuration were found." in out
    await town.slack.revokes_token("token_revoked")
    town.freescout.api.wrong_module = True
    status, out, err = await command("check", "--live", folder=tmp_path, **environment)
    assert (status, out) == (1, "")
    assert "FreeScout: " in err
    assert "Slack: " in err
    assert writes(town) == []


def test_the_scopes_that_are_missed_are_those_of_the_manifest() -> None:
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    assert sorted(SCOPES) == sorted(manifest["oauth_config"]["scopes"]["bot"])


def test_each_name_stands_where_it_is_said_to() -> None:
    lines = FILE.splitlines()
    root = Where("bridge.toml", known=located(FILE))
    for one in mentions(root, tomllib.loads(FILE)):
        assert str(one.name) in lines[(one.where.line or 0) - 1]
