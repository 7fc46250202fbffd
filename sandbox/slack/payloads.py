"""The bodies that Slack sends to an app. https://docs.slack.dev/reference/interaction-payloads"""

import secrets
import time
from typing import Any

from sandbox.slack.chat import as_json
from sandbox.slack.forms import Usable, state
from sandbox.slack.model import Channel, Message, Profile, View
from sandbox.slack.views import as_json as view_as_json
from sandbox.slack.workspace import Workspace

VERIFICATION_TOKEN = "old-style-verification-token"
DOMAIN = "sandbox"
Payload = dict[str, Any]


def slash(slack: Workspace, user: Profile, channel: Channel, command: str, text: str) -> Payload:
    """A slash command."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": slack.team,
        "team_domain": DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.handle,
        "command": command,
        "text": text,
        "api_app_id": slack.app_id,
        "is_enterprise_install": "false",
        "response_url": slack.url + slack.replies.lend(user.id, channel.id, None),
        "trigger_id": slack.triggers.pull(user.id),
    }


def channel_name(channel: Channel) -> str:
    if channel.im_with:
        return "directmessage"
    return "privategroup" if channel.private else channel.name


def _interaction(slack: Workspace, user: Profile, kind: str) -> Payload:
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.handle, "name": user.handle, "team_id": user.team},
        "api_app_id": slack.app_id,
        "token": VERIFICATION_TOKEN,
        "team": {"id": slack.team, "domain": DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _action(usable: Usable, chosen: Payload, at: str) -> Payload:
    block, element = usable.block, usable.element
    found = {
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "type": element["type"],
        "action_ts": at,
        **chosen,
    }
    if element["type"] == "button":
        found["text"] = {"emoji": True, **element["text"]}
    for key in ("style", "confirm", "placeholder"):
        if key in element and (key != "style" or element["type"] == "button"):
            found[key] = element[key]
    return found


def message_action(
    slack: Workspace, user: Profile, message: Message, usable: Usable, chosen: Payload
) -> Payload:
    """block_actions from a message. The message is left out when it is ephemeral: nobody keeps it."""
    channel = slack.channels[message.channel]
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": bool(message.only_for),
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    kept = {
        usable.block["block_id"]: {usable.element["action_id"]: {**chosen, "type": usable.element["type"]}}
    }
    reply_to = slack.replies.lend(user.id, channel.id, message, message.thread_ts)
    return {
        **_interaction(slack, user, "block_actions"),
        "container": container,
        "trigger_id": slack.triggers.pull(user.id),
        "channel": {"id": channel.id, "name": channel_name(channel)},
        **({} if message.only_for else {"message": as_json(slack, message)}),
        "state": state(message.blocks, kept),
        "response_url": slack.url + reply_to,
        "actions": [_action(usable, chosen, slack.next_ts())],
    }


def view_action(slack: Workspace, user: Profile, view: View, usable: Usable, chosen: Payload) -> Payload:
    """block_actions from a modal or the Home."""
    return {
        **_interaction(slack, user, "block_actions"),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": slack.triggers.pull(user.id, view.id),
        "view": view_as_json(slack, view),
        "actions": [_action(usable, chosen, slack.next_ts())],
    }


def submission(slack: Workspace, user: Profile, view: View) -> Payload:
    """view_submission"""
    return {
        **_interaction(slack, user, "view_submission"),
        "trigger_id": slack.triggers.pull(user.id, view.id),
        "view": view_as_json(slack, view),
        "response_urls": [],
    }


def closed(slack: Workspace, user: Profile, view: View, *, cleared: bool) -> Payload:
    """view_closed"""
    found = {"view": view_as_json(slack, view), "is_cleared": cleared}
    return {**_interaction(slack, user, "view_closed"), **found}


def shortcut(slack: Workspace, user: Profile, callback_id: str, message: Message | None) -> Payload:
    """A message shortcut, or a global one without a message."""
    found = {
        **_interaction(slack, user, "message_action" if message else "shortcut"),
        "callback_id": callback_id,
        "trigger_id": slack.triggers.pull(user.id),
        "action_ts": slack.next_ts(),
    }
    if message is None:
        return found
    channel = slack.channels[message.channel]
    reply_to = slack.replies.lend(user.id, channel.id, None, message.thread_ts)
    return {
        **found,
        "message_ts": message.ts,
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message": as_json(slack, message),
        "response_url": slack.url + reply_to,
    }


def event(slack: Workspace, inner: Payload) -> Payload:
    """An event_callback around one event. https://docs.slack.dev/reference/objects/event-object"""
    who = {"enterprise_id": None, "team_id": slack.team, "user_id": slack.bot.id}
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": slack.team,
        "api_app_id": slack.app_id,
        "event": inner,
        "type": "event_callback",
        "event_id": "Ev" + secrets.token_hex(5).upper(),
        "event_time": int(time.time()),
        "authorizations": [{**who, "is_bot": True, "is_enterprise_install": False}],
        "is_ext_shared_channel": False,
    }


def said(slack: Workspace, message: Message, kind: str = "message") -> Payload:
    """The inner event of something a person wrote: `message`, or `app_mention`."""
    channel = slack.channels[message.channel]
    found = {**as_json(slack, message), "type": kind, "channel": channel.id, "event_ts": message.ts}
    found["client_msg_id"] = secrets.token_hex(16)
    if kind == "message":
        found["channel_type"] = _channel_type(channel)
        if message.files:
            found["subtype"] = "file_share"
    return found


def reacted(slack: Workspace, user: Profile, name: str, message: Message) -> Payload:
    """The inner event of a reaction. https://docs.slack.dev/reference/events/reaction_added"""
    return {
        "type": "reaction_added",
        "user": user.id,
        "reaction": name,
        "item": {"type": "message", "channel": message.channel, "ts": message.ts},
        "item_user": message.user,
        "event_ts": slack.next_ts(),
    }


def changed(slack: Workspace, message: Message, before: Payload, *, deleted: bool = False) -> Payload:
    """The inner event of a message that was edited or deleted; `before` is how Slack wrote it earlier.

    https://docs.slack.dev/reference/events/message/message_changed
    """
    channel = slack.channels[message.channel]
    found: Payload = {
        "type": "message",
        "subtype": "message_deleted" if deleted else "message_changed",
        "hidden": True,
        "channel": channel.id,
        "channel_type": _channel_type(channel),
        "ts": (at := slack.next_ts()),
        "event_ts": at,
        "previous_message": before,
    }
    return {**found, **({"deleted_ts": message.ts} if deleted else {"message": as_json(slack, message)})}


def _channel_type(channel: Channel) -> str:
    private = "group" if channel.private else "channel"
    return "im" if channel.im_with else private
