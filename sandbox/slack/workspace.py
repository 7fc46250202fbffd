"""What this Slack holds, without any HTTP: people, channels, messages, open views, and who may see what."""

import string
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

from sandbox.slack.errors import SlackError
from sandbox.slack.model import Channel, Message, Profile, SlackFile, UserGroup, View, fill_in_ids
from sandbox.slack.triggers import Replies, Triggers

_DIGITS = string.digits + string.ascii_uppercase


class Workspace:
    """The state. Ids and times look like Slack's."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.url = ""
        self.name = "Sandbox"
        self.organisation = ""  # the id of the Enterprise organisation that it is part of, if it is one
        self._ids = count(1)
        self._last_ts = 0
        self.version = 0  # grows with every change, so that a page knows when to look again
        self.people: dict[str, Profile] = {}
        self.channels: dict[str, Channel] = {}
        self.private: dict[str, list[Message]] = {}  # ephemeral messages, by person
        self.views: dict[str, list[View]] = {}  # the modals a person has open, the top one last
        self.homes: dict[str, View] = {}
        self.notices: dict[str, list[str]] = {}  # what Slack itself told a person, by person
        self.files: dict[str, SlackFile] = {}
        self.groups: dict[str, UserGroup] = {}
        self.pauses: dict[
            str, tuple[datetime, datetime]
        ] = {}  # do-not-disturb, from when until when, by person
        self.slow_shares: list[Callable[[], None]] | None = None  # a list: shares wait in it to be made
        self.triggers = Triggers()
        self.replies = Replies(now)
        self.team, self.app_id = self.new_id("T"), self.new_id("A")
        self.bot_id = self.new_id("B")
        self.bot = self.add_person(Profile(self.new_id("U"), "FreeScout", "", self.team, is_bot=True))

    def changed(self) -> None:
        """Say that something a person can see is different now."""
        self.version += 1

    def new_id(self, kind: str) -> str:
        """An id like `C0SB0000004`, unlike all before."""
        tail, number = "", next(self._ids)
        while number:
            number, digit = divmod(number, 36)
            tail = _DIGITS[digit] + tail
        return kind + "0SB" + tail.rjust(7, "0")

    def next_ts(self) -> str:
        """The time as Slack writes it, later than every one before."""
        self._last_ts = max(self._last_ts + 1, int(self.now().timestamp() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def add_person(self, profile: Profile) -> Profile:
        self.people[profile.id] = profile
        self.changed()
        return profile

    def person(self, user: str | None) -> Profile:
        """Somebody by id; raises `user_not_found`."""
        if user not in self.people:
            raise SlackError("user_not_found")
        return self.people[user]

    def add_channel(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        self.changed()
        return channel

    def new_channel(self, name: str, members: list[str], *, private: bool) -> Channel:
        created = int(self.now().timestamp())
        return self.add_channel(Channel(self.new_id("C"), name, private, members, created))

    def channel(self, name_or_id: str | None) -> Channel:
        """A channel by id or name, with `#` or without; raises `channel_not_found`."""
        wanted = (name_or_id or "").removeprefix("#")
        if wanted in self.channels:
            return self.channels[wanted]
        for channel in self.channels.values():
            if channel.name == wanted and not channel.im_with:
                return channel
        raise SlackError("channel_not_found")

    def channel_id(self, name_or_id: str | None) -> str:
        """The id behind a name, or the name itself where there is no such channel."""
        try:
            return self.channel(name_or_id).id
        except SlackError:
            return name_or_id or ""

    def direct(self, person: str) -> Channel:
        """The direct conversation of a person with the app, opened when there is none."""
        for channel in self.channels.values():
            if channel.im_with == person:
                return channel
        created = int(self.now().timestamp())
        members = [person, self.bot.id]
        return self.add_channel(Channel(self.new_id("D"), "", True, members, created, im_with=person))

    def find(self, channel: Channel, ts: str | None) -> Message | None:
        """The message with this `ts`, at the top or in a thread."""
        for message in channel.messages:
            for candidate in (message, *message.thread):
                if candidate.ts == ts:
                    return candidate
        return None

    def parent(self, message: Message) -> Message | None:
        """The message under which this one is a reply."""
        return self.find(self.channels[message.channel], message.thread_ts) if message.thread_ts else None

    def post(self, message: Message) -> Message:
        """Put a message where it belongs: a thread, a channel, or one person's eyes."""
        fill_in_ids(message.blocks)
        if message.only_for:
            self.private.setdefault(message.only_for, []).append(message)
        elif parent := self.parent(message):
            parent.thread.append(message)
        else:
            self.channels[message.channel].messages.append(message)
        self.changed()
        return message

    def from_app(self, channel: str, text: str, blocks: list[dict[str, Any]], **more: Any) -> Message:
        """Post as the app."""
        bot = self.bot.id
        return self.post(Message(channel, self.next_ts(), bot, text, blocks, by_app=True, **more))

    def rewrite(self, message: Message, text: str | None, blocks: list[dict[str, Any]] | None) -> None:
        """Change a message where it stands; what is None stays."""
        if text is not None:
            message.text = text
        if blocks is not None:
            fill_in_ids(blocks)
            message.blocks = blocks
        message.edited = self.next_ts()
        message.trouble = None
        self.changed()

    def remove(self, message: Message) -> None:
        """Take a message away. A parent with replies leaves a stub, which goes with the last of them."""
        message.deleted = True
        if message.only_for:
            self.private[message.only_for].remove(message)
        elif parent := self.parent(message):
            parent.thread.remove(message)
            if parent.deleted and not parent.thread:
                self.channels[parent.channel].messages.remove(parent)
        elif message.thread:
            message.text, message.blocks, message.metadata = "This message was deleted.", [], None
            message.edited, message.reactions = None, {}
        else:
            self.channels[message.channel].messages.remove(message)
        self.changed()

    def notify(self, person: str, text: str) -> None:
        """Let Slack itself say something to one person."""
        self.notices.setdefault(person, []).append(text)
        self.changed()

    def permalink(self, message: Message) -> str:
        """The address of a message, as Slack builds it."""
        link = f"{self.url}/archives/{message.channel}/p{message.ts.replace('.', '')}"
        return f"{link}?thread_ts={message.thread_ts}&cid={message.channel}" if message.thread_ts else link

    def view(self, *, view_id: str | None = None, external_id: str | None = None) -> View | None:
        """An open view, by either id."""
        everything = [view for stack in self.views.values() for view in stack] + [*self.homes.values()]
        for view in everything:
            if view.id == view_id or (external_id and view.body.get("external_id") == external_id):
                return view
        return None
