"""The Web API's auth.test, api.test and users.*: who the app is, and who everybody else is."""

from typing import Any

from sandbox.slack.arguments import Arguments, page_of
from sandbox.slack.errors import SlackError
from sandbox.slack.workspace import Workspace

Reply = dict[str, Any]


def auth_test(slack: Workspace, _: Arguments) -> Reply:
    """auth.test"""
    return {
        "ok": True,
        "url": slack.url + "/",
        "team": slack.name,
        "user": slack.bot.handle,
        "team_id": slack.team,
        "user_id": slack.bot.id,
        "bot_id": slack.bot_id,
        "is_enterprise_install": False,
        **({"enterprise_id": slack.organisation} if slack.organisation else {}),
    }


def api_test(_: Workspace, args: Arguments) -> Reply:
    """api.test: answers with what it was sent"""
    if error := args.text("error"):
        raise SlackError(error, args=dict(args))
    return {"ok": True, "args": dict(args)}


def info(slack: Workspace, args: Arguments) -> Reply:
    """users.info"""
    args.need("user")
    return {"ok": True, "user": slack.person(args.text("user")).as_json()}


def list_(slack: Workspace, args: Arguments) -> Reply:
    """users.list"""
    some, more = page_of(list(slack.people.values()), args)
    members = [user.as_json() for user in some]
    return {"ok": True, "members": members, "response_metadata": {"next_cursor": more}}


def look_up_by_email(slack: Workspace, args: Arguments) -> Reply:
    """users.lookupByEmail; somebody who left is not found"""
    args.need("email")
    wanted = (args.text("email") or "").lower()
    for user in slack.people.values():
        if user.email.lower() == wanted and not user.deleted:
            return {"ok": True, "user": user.as_json()}
    raise SlackError("users_not_found")
