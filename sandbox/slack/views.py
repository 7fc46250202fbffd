"""The Web API's views.*: modals and the app's Home. https://docs.slack.dev/surfaces/modals"""

import copy
import secrets
from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.blocks import check_view
from sandbox.slack.errors import SlackError
from sandbox.slack.forms import state
from sandbox.slack.model import View, fill_in_ids
from sandbox.slack.workspace import Workspace

Reply = dict[str, Any]
MOST_STACKED = 3


def open_(slack: Workspace, args: Arguments) -> Reply:
    """views.open: a new modal, in the place of whatever was open"""
    args.need("trigger_id", "view")
    check_view(args["view"])
    trigger = slack.triggers.exchange(args.text("trigger_id"))
    view = new_view(slack, trigger.person, args["view"])
    slack.views[trigger.person] = [view]
    return {"ok": True, "view": as_json(slack, view)}


def push(slack: Workspace, args: Arguments) -> Reply:
    """views.push: a modal on top of the one in which the trigger was pulled"""
    args.need("trigger_id", "view")
    check_view(args["view"])
    trigger = slack.triggers.exchange(args.text("trigger_id"))
    stack = slack.views.get(trigger.person, [])
    if not stack or trigger.view is None:
        raise SlackError("not_found")
    return {"ok": True, "view": as_json(slack, stacked(slack, stack, args["view"]))}


def update(slack: Workspace, args: Arguments) -> Reply:
    """views.update, by view_id or external_id"""
    args.need("view")
    if not args.text("view_id") and not args.text("external_id"):
        args.need("view_id")
    check_view(args["view"])
    view = slack.view(view_id=args.text("view_id"), external_id=args.text("external_id"))
    if view is None:
        raise SlackError("not_found")  # not view_not_found: this is the word in Slack's list for the method
    if args.text("hash") and args.text("hash") != view.hash:
        raise SlackError("hash_conflict")
    replace(slack, view, args["view"])
    return {"ok": True, "view": as_json(slack, view)}


def publish(slack: Workspace, args: Arguments) -> Reply:
    """views.publish: the app's Home for one person"""
    args.need("user_id", "view")
    user = slack.person(args.text("user_id"))
    check_view(args["view"], "home")
    view = slack.homes.get(user.id)
    if view and args.text("hash") and args.text("hash") != view.hash:
        raise SlackError("hash_conflict")
    if view:
        replace(slack, view, args["view"])
    else:
        view = slack.homes[user.id] = new_view(slack, user.id, args["view"])
    return {"ok": True, "view": as_json(slack, view)}


def new_view(slack: Workspace, person: str, body: dict[str, Any]) -> View:
    """A view with an id of its own, not yet on anybody's screen."""
    external = body.get("external_id")
    if external and slack.view(external_id=external):
        raise SlackError("duplicate_external_id")
    view = View(slack.new_id("V"), person, {}, root="")
    view.root = view.id
    replace(slack, view, body)
    return view


def stacked(slack: Workspace, stack: list[View], body: dict[str, Any]) -> View:
    """Put a view on top of others; raises `push_limit_reached` over three."""
    if len(stack) >= MOST_STACKED:
        raise SlackError("push_limit_reached")
    view = new_view(slack, stack[0].person, body)
    view.root, view.previous = stack[0].id, stack[-1].id
    stack.append(view)
    slack.changed()
    return view


def replace(slack: Workspace, view: View, body: dict[str, Any]) -> None:
    """Show something else in an open view. What was typed stays where block_id and action_id do."""
    view.body = copy.deepcopy(body)
    fill_in_ids(view.blocks)
    there = state(view.blocks, view.typed)["values"]
    view.typed = {block: kept for block, kept in view.typed.items() if block in there}
    view.hash = f"{slack.next_ts()}.{secrets.token_hex(4)}"
    view.errors, view.trouble = {}, None
    slack.changed()


def as_json(slack: Workspace, view: View) -> dict[str, Any]:
    """A view as Slack writes it, with what stands in its fields."""
    nothing = {"submit": None, "close": None, "private_metadata": "", "callback_id": "", "external_id": ""}
    return {
        **nothing,
        "clear_on_close": False,
        "notify_on_close": False,
        **copy.deepcopy(view.body),
        "id": view.id,
        "team_id": slack.team,
        "state": state(view.blocks, view.typed),
        "hash": view.hash,
        "root_view_id": view.root,
        "previous_view_id": view.previous,
        "app_id": slack.app_id,
        "app_installed_team_id": slack.team,
        "bot_id": slack.bot_id,
    }
