"""The Web API's conversations.*: which channels there are, who is in them, what was said."""

from typing import Any

from sandbox.slack.arguments import Arguments, page_of
from sandbox.slack.chat import as_json
from sandbox.slack.errors import SlackError
from sandbox.slack.model import Channel, Message
from sandbox.slack.workspace import Workspace

Reply = dict[str, Any]


def list_(slack: Workspace, args: Arguments) -> Reply:
    """conversations.list"""
    kinds = (args.text("types") or "public_channel").replace(" ", "").split(",")
    seen = [
        channel
        for channel in slack.channels.values()
        if _kind(channel) in kinds and _visible(slack, channel)
        if not (channel.archived and args.flag("exclude_archived"))
    ]
    some, more = page_of(seen, args)
    channels = [as_channel(slack, channel) for channel in some]
    return {"ok": True, "channels": channels, "response_metadata": {"next_cursor": more}}


def info(slack: Workspace, args: Arguments) -> Reply:
    """conversations.info"""
    channel = _seen(slack, args)
    found = as_channel(slack, channel)
    if args.flag("include_num_members"):
        found["num_members"] = len(channel.members)
    return {"ok": True, "channel": found}


def members(slack: Workspace, args: Arguments) -> Reply:
    """conversations.members"""
    some, more = page_of(_seen(slack, args).members, args)
    return {"ok": True, "members": some, "response_metadata": {"next_cursor": more}}


def join(slack: Workspace, args: Arguments) -> Reply:
    """conversations.join"""
    channel = _seen(slack, args)
    if channel.private:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.archived:
        raise SlackError("is_archived")
    already = slack.bot.id in channel.members
    if not already:
        channel.members.append(slack.bot.id)
        slack.changed()
    return {"ok": True, "channel": as_channel(slack, channel)} | (
        {"warning": "already_in_channel"} if already else {}
    )


def open_(slack: Workspace, args: Arguments) -> Reply:
    """conversations.open, for direct conversations with one person"""
    if args.text("channel"):
        channel = slack.channel(args.text("channel"))
    else:
        args.need("users")
        user = slack.person(args.text("users"))
        if user.deleted:
            raise SlackError("user_disabled")
        if user.is_bot:
            raise SlackError("cannot_dm_bot")
        channel = slack.direct(user.id)
    return {"ok": True, "channel": as_channel(slack, channel)}


def history(slack: Workspace, args: Arguments) -> Reply:
    """conversations.history"""
    channel = _read(slack, args)
    shared = [reply for message in channel.messages for reply in message.thread if reply.broadcast]
    newest_first = sorted([*channel.messages, *shared], key=lambda m: m.ts, reverse=True)
    return _page(slack, newest_first, args)


def replies(slack: Workspace, args: Arguments) -> Reply:
    """conversations.replies: of a deleted message the stub with what replies it has, else thread_not_found"""
    args.need("ts")
    found = slack.find(_read(slack, args), args.text("ts"))
    parent = (slack.parent(found) or found) if found else None
    if parent is None:
        raise SlackError("thread_not_found")
    reply = _page(slack, parent.thread, args)
    if not args.text("cursor"):
        reply["messages"].insert(0, as_json(slack, parent, args.flag("include_all_metadata")))
    return reply


def _page(slack: Workspace, messages: list[Message], args: Arguments) -> Reply:
    some, more = page_of([m for m in messages if _between(m, args)], args)
    found = [as_json(slack, message, args.flag("include_all_metadata")) for message in some]
    reply: Reply = {"ok": True, "messages": found, "has_more": bool(more)}
    return {**reply, "response_metadata": {"next_cursor": more}} if more else reply


def _between(message: Message, args: Arguments) -> bool:
    at, inclusive = _micros(message.ts), args.flag("inclusive")
    oldest, latest = args.text("oldest"), args.text("latest")
    if oldest and (at < _micros(oldest) or (at == _micros(oldest) and not inclusive)):
        return False
    return not (latest and (at > _micros(latest) or (at == _micros(latest) and not inclusive)))


def _micros(ts: str) -> int:
    """A time as a whole number: floats would blur the last digits, which tell messages apart."""
    seconds, _, rest = ts.partition(".")
    try:
        return int(seconds or 0) * 1_000_000 + int((rest + "000000")[:6])
    except ValueError:
        raise SlackError("invalid_ts_latest") from None


def _kind(channel: Channel) -> str:
    if channel.im_with:
        return "im"
    return "private_channel" if channel.private else "public_channel"


def _visible(slack: Workspace, channel: Channel) -> bool:
    return not channel.private or slack.bot.id in channel.members


def _seen(slack: Workspace, args: Arguments) -> Channel:
    args.need("channel")
    channel = slack.channel(args.text("channel"))
    if not _visible(slack, channel):
        raise SlackError("channel_not_found")
    return channel


def _read(slack: Workspace, args: Arguments) -> Channel:
    channel = _seen(slack, args)
    if slack.bot.id not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def as_channel(slack: Workspace, channel: Channel) -> dict[str, Any]:
    """A conversation as Slack writes it. https://docs.slack.dev/reference/objects/conversation-object"""
    found: dict[str, Any] = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.archived,
        "is_im": bool(channel.im_with),
        "is_org_shared": channel.org_shared,
        "context_team_id": slack.team,
    }
    if channel.im_with:
        return {**found, "user": channel.im_with, "is_open": True}
    return {
        **found,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.private,
        "is_group": channel.private,
        "is_mpim": False,
        "is_private": channel.private,
        "is_member": slack.bot.id in channel.members,
        "is_general": False,
        "is_shared": channel.shared or channel.org_shared,
        "is_ext_shared": channel.shared,
        "is_pending_ext_shared": bool(channel.pending),
        "pending_shared": list(channel.pending),
        "pending_connected_team_ids": list(channel.pending),
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "num_members": len(channel.members),
    }
