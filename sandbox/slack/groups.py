"""The Web API's usergroups.* and dnd.info: who is meant by a handle, and who is not to be disturbed.

https://docs.slack.dev/reference/methods/usergroups.list
"""

from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.errors import SlackError
from sandbox.slack.workspace import Workspace

Reply = dict[str, Any]


def list_(slack: Workspace, args: Arguments) -> Reply:
    """usergroups.list"""
    users, disabled = args.flag("include_users"), args.flag("include_disabled")
    shown = [one for one in slack.groups.values() if disabled or not one.disabled]
    return {"ok": True, "usergroups": [one.as_json(slack.team, users=users) for one in shown]}


def users_list(slack: Workspace, args: Arguments) -> Reply:
    """usergroups.users.list; people who were deactivated are in no group any more"""
    args.need("usergroup")
    group = slack.groups.get(args.text("usergroup") or "")
    if group is None or (group.disabled and not args.flag("include_disabled")):
        raise SlackError("no_such_subteam")
    return {"ok": True, "users": [one for one in group.users if not slack.people[one].deleted]}


def dnd_info(slack: Workspace, args: Arguments) -> Reply:
    """dnd.info; of others than oneself nothing is told about a snooze but that one is not to be disturbed"""
    user = slack.person(args.text("user") or slack.bot.id)
    pause = slack.pauses.get(user.id)
    start, end = (int(moment.timestamp()) for moment in pause) if pause else (1, 1)
    return {"ok": True, "dnd_enabled": pause is not None, "next_dnd_start_ts": start, "next_dnd_end_ts": end}
