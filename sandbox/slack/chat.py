"""The Web API's chat.* and reactions.add: posting, changing, taking back. https://docs.slack.dev/reference/methods"""

from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.blocks import check_message
from sandbox.slack.errors import SlackError
from sandbox.slack.model import Channel, Message
from sandbox.slack.workspace import Workspace

Reply = dict[str, Any]
MOST_TEXT = 40_000
MOST_UPDATED_TEXT = 4_000
SLACKBOT = "USLACKBOT"


def post_message(slack: Workspace, args: Arguments) -> Reply:
    """chat.postMessage"""
    channel = where(slack, args)
    text, blocks = content(args, MOST_TEXT)
    pictured(slack, blocks)
    thread = args.text("thread_ts")
    parent = parent_of(slack, channel, thread)
    message = slack.from_app(
        channel.id,
        text,
        blocks or [],
        thread_ts=parent.ts if parent else None,
        metadata=_metadata(args),
        broadcast=bool(parent) and args.flag("reply_broadcast"),
    )
    return {"ok": True, "channel": channel.id, "ts": message.ts, "message": as_json(slack, message, True)}


def post_ephemeral(slack: Workspace, args: Arguments) -> Reply:
    """chat.postEphemeral"""
    args.need("user")
    channel = where(slack, args)
    user = args.text("user") or ""
    if user not in slack.people or user not in channel.members:
        raise SlackError("user_not_in_channel")
    text, blocks = content(args, MOST_TEXT)
    message = slack.from_app(channel.id, text, blocks or [], thread_ts=args.text("thread_ts"), only_for=user)
    return {"ok": True, "message_ts": message.ts}


def update(slack: Workspace, args: Arguments) -> Reply:
    """chat.update"""
    args.need("channel", "ts")
    # What stands in an archived channel cannot be changed: Slack documents is_inactive here, not is_archived.
    channel = where(slack, args, archived="is_inactive")
    message = _own(slack, channel, args, "cant_update_message")
    text, blocks = content(args, MOST_UPDATED_TEXT)
    pictured(slack, blocks)
    slack.rewrite(message, args.text("text"), blocks)
    if "metadata" in args:
        message.metadata = _metadata(args)
    reply = as_json(slack, message, True)
    return {"ok": True, "channel": channel.id, "ts": message.ts, "text": text, "message": reply}


def delete(slack: Workspace, args: Arguments) -> Reply:
    """chat.delete"""
    args.need("channel", "ts")
    channel = slack.channel(args.text("channel"))
    message = _own(slack, channel, args, "cant_delete_message")
    slack.remove(message)
    return {"ok": True, "channel": channel.id, "ts": message.ts}


def get_permalink(slack: Workspace, args: Arguments) -> Reply:
    """chat.getPermalink"""
    args.need("channel", "message_ts")
    channel = slack.channel(args.text("channel"))
    message = slack.find(channel, args.text("message_ts"))
    if message is None:
        raise SlackError("message_not_found")
    return {"ok": True, "channel": channel.id, "permalink": slack.permalink(message)}


def add_reaction(slack: Workspace, args: Arguments) -> Reply:
    """reactions.add"""
    args.need("channel", "name", "timestamp")
    message = slack.find(slack.channel(args.text("channel")), args.text("timestamp"))
    if message is None:
        raise SlackError("message_not_found")
    who = message.reactions.setdefault(str(args["name"]).strip(":"), [])
    if slack.bot.id in who:
        raise SlackError("already_reacted")
    who.append(slack.bot.id)
    slack.changed()
    return {"ok": True}


def content(args: Arguments, most: int) -> tuple[str, list[dict[str, Any]] | None]:
    """The text and blocks of a call, checked; raises `no_text`, `msg_too_long`, `invalid_blocks`…"""
    text, blocks = args.text("text") or "", args.get("blocks")
    blocks = None if blocks == "" else blocks
    if blocks is not None:
        check_message(blocks)
    if not text.strip() and not blocks:
        raise SlackError("no_text")
    if len(text) > most:
        raise SlackError("msg_too_long")
    return text, blocks


def pictured(slack: Workspace, blocks: list[dict[str, Any]] | None) -> None:
    """Raise `invalid_blocks` where a block shows a file that is not there, or that is not completed.

    https://github.com/slackapi/python-slack-sdk/issues/1658
    """
    for block in blocks or []:
        if block.get("type") == "image" and "slack_file" in block:
            file = slack.files.get(block["slack_file"].get("id", ""))
            if file is None or not file.completed or file.deleted or not file.mime.startswith("image/"):
                raise SlackError("invalid_blocks", errors=["invalid slack file"])


def where(
    slack: Workspace, args: Arguments, archived: str = "is_archived", field: str = "channel"
) -> Channel:
    """The channel in which the app may write; a person's id stands for the direct conversation."""
    args.need(field)
    name = args.text(field) or ""
    if name in slack.people and name != slack.bot.id:
        return slack.direct(name)
    channel = slack.channel(name)
    if slack.bot.id not in channel.members:
        raise SlackError("channel_not_found" if channel.private else "not_in_channel")
    if channel.archived:
        raise SlackError(archived)
    return channel


def parent_of(slack: Workspace, channel: Channel, thread_ts: str | None) -> Message | None:
    """The message that a thread hangs from.

    Known: where the message is gone, Slack posts at the top of the channel without a word; only the missing
    `thread_ts` in its answer tells (https://github.com/slack-go/slack/issues/1571). Guessed: a deleted parent
    with replies still takes more of them, as it does from people; and a `thread_ts` that names a reply finds
    its thread, but none once that reply is deleted.
    """
    found = slack.find(channel, thread_ts) if thread_ts else None
    return (slack.parent(found) or found) if found else None


def _own(slack: Workspace, channel: Channel, args: Arguments, otherwise: str) -> Message:
    """The app's message that a call names. That the stub of a deleted one is not found either is guessed."""
    message = slack.find(channel, args.text("ts"))
    if message is None or message.deleted:
        raise SlackError("message_not_found")
    if message.user != slack.bot.id:
        raise SlackError(otherwise)
    return message


def _metadata(args: Arguments) -> dict[str, Any] | None:
    metadata = args.get("metadata") or None
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_format")
    if not metadata.get("event_type"):
        raise SlackError("invalid_metadata_format")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


def as_json(slack: Workspace, message: Message, metadata: bool = False) -> dict[str, Any]:
    """A message as Slack writes it. https://docs.slack.dev/reference/events/message"""
    if message.deleted and message.thread:
        return _stub(message)
    found: dict[str, Any] = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": slack.team,
    }
    if message.by_app:
        found |= {"bot_id": slack.bot_id, "app_id": slack.app_id}
    if message.blocks:
        found["blocks"] = message.blocks
    if message.files:
        found |= {"files": [file.as_json() for file in message.files], "upload": True}
    if message.edited:
        found["edited"] = {"user": message.user, "ts": message.edited}
    if message.thread_ts:
        found["thread_ts"] = message.thread_ts
    elif message.thread:
        found |= _thread(message)
    if message.broadcast:
        found["subtype"] = "thread_broadcast"
    if message.reactions:
        found["reactions"] = [
            {"name": name, "users": who, "count": len(who)} for name, who in message.reactions.items()
        ]
    if metadata and message.metadata:
        found["metadata"] = message.metadata
    return found


def _stub(message: Message) -> dict[str, Any]:
    """What a deleted message with replies leaves; its author is Slackbot, and nothing tells whose it was.

    Seen by others: https://github.com/hackclub/toriel/pull/238
    """
    return {
        "type": "message",
        "subtype": "tombstone",
        "text": message.text,
        "user": SLACKBOT,
        "hidden": True,
        "ts": message.ts,
        "parent_user_id": SLACKBOT,
        "is_locked": False,
        "subscribed": False,
        **_thread(message),
    }


def _thread(message: Message) -> dict[str, Any]:
    users = list(dict.fromkeys(reply.user for reply in message.thread))
    return {
        "thread_ts": message.ts,
        "reply_count": len(message.thread),
        "reply_users": users,
        "reply_users_count": len(users),
        "latest_reply": message.thread[-1].ts,
    }
