"""The stand-in's user groups and do-not-disturb, by the answers that Slack documents."""

from datetime import timedelta

import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.slack_house import World, world

__all__ = ["world"]


async def test_a_group_is_listed_with_its_handle_and_its_members(world: World) -> None:
    group = world.slack.add_group("support-duty", world.ana, world.ben)
    (listed,) = (await world.client.usergroups_list(include_users=True))["usergroups"]
    assert (listed["id"], listed["handle"]) == (group.id, "support-duty")
    assert listed["users"] == [world.ana.id, world.ben.id]
    told = await world.client.usergroups_users_list(usergroup=group.id)
    assert told["users"] == [world.ana.id, world.ben.id]


async def test_a_group_that_was_switched_off_is_not_found(world: World) -> None:
    group = world.slack.add_group("support-duty", world.ana)
    group.disabled = 1
    assert (await world.client.usergroups_list())["usergroups"] == []
    with pytest.raises(SlackApiError, match="no_such_subteam"):
        await world.client.usergroups_users_list(usergroup=group.id)


async def test_who_left_is_in_no_group(world: World) -> None:
    group = world.slack.add_group("support-duty", world.ana, world.ben)
    world.ana.profile.deleted = True
    assert (await world.client.usergroups_users_list(usergroup=group.id))["users"] == [world.ben.id]


async def test_do_not_disturb_says_from_when_until_when(world: World) -> None:
    told = await world.client.dnd_info(user=world.ana.id)
    assert told["dnd_enabled"] is False
    now = world.slack.workspace.now()
    world.slack.pauses(world.ana, now, now + timedelta(hours=2))
    told = await world.client.dnd_info(user=world.ana.id)
    assert told["dnd_enabled"] is True
    assert told["next_dnd_end_ts"] - told["next_dnd_start_ts"] == 7200
    assert "snooze_enabled" not in told, "that is for oneself alone"
