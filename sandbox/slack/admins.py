"""What people do to an app's messages, channels and token behind its back, as verbs that tests drive.

Each tells the app by the event that Slack sends, where the app has subscribed to it; like all events it is
sent again up to three times until it is taken. The events: https://docs.slack.dev/reference/events
"""

from datetime import datetime
from typing import Any

from sandbox.slack import payloads
from sandbox.slack.api import WebApi
from sandbox.slack.chat import SLACKBOT, as_json
from sandbox.slack.delivery import Delivery
from sandbox.slack.model import Channel, Message, UserGroup
from sandbox.slack.person import Person
from sandbox.slack.workspace import Workspace


class Admins:
    """A part of `Slack`. `by` is who does it: the first person that was added, where nobody is named."""

    workspace: Workspace
    delivery: Delivery
    people: dict[str, Person]
    subscribed: set[str]
    """Names as in a manifest, like `channel_archive` or `message.channels`; changed at any time."""
    _api: WebApi

    async def deletes(self, message: Message) -> None:
        """Delete a message by hand; one with replies leaves a stub. The event does not say who did it."""
        if message.deleted or message.only_for:
            raise LookupError("that message is gone, or one person's alone")
        channel, before = self.workspace.channels[message.channel], as_json(self.workspace, message)
        self.workspace.remove(message)
        if self.workspace.bot.id not in channel.members:
            return
        kind = "im" if channel.im_with else "group" if channel.private else "channel"
        name = "message.im" if channel.im_with else f"message.{kind}s"
        what: dict[str, Any] = {"subtype": "message_deleted", "deleted_ts": message.ts}
        if message.thread:
            what = {"subtype": "message_changed", "message": as_json(self.workspace, message)}
        what |= {"type": "message", "previous_message": before, "hidden": True, "channel": channel.id}
        await self._tell(name, {**what, "channel_type": kind, "ts": self.workspace.next_ts()})

    async def archives(self, name: str, *, by: Person | None = None) -> None:
        """Archive a channel. Its members stay in it: whether they do in Slack is not documented."""
        channel = self.workspace.channel(name)
        if not channel.archived:
            channel.archived = True
            who = {"user": self._id(by), "is_moved": 0}
            await self._tell_of(channel, "archive", {"channel": channel.id, **who})

    async def unarchives(self, name: str, *, by: Person | None = None) -> None:
        """Bring an archived channel back."""
        channel = self.workspace.channel(name)
        if channel.archived:
            channel.archived = False
            who = "actor_id" if channel.private else "user"  # as the SDK for Node types them
            await self._tell_of(channel, "unarchive", {"channel": channel.id, who: self._id(by)})

    async def renames(self, name: str, to: str) -> None:
        """Give a channel another name."""
        channel = self.workspace.channel(name)
        channel.name = to
        about = {"id": channel.id, "name": to, "name_normalized": to, "created": channel.created}
        await self._tell_of(channel, "rename", {"channel": about})

    async def kicks_bot(self, name: str, *, by: Person | None = None) -> None:
        """Remove the app from a channel.

        `member_left_channel` is for those who stay: the one that was removed never gets it
        (https://github.com/slackapi/bolt-js/issues/1847).
        """
        channel = self.workspace.channel(name)
        if self.workspace.bot.id in channel.members:
            channel.members.remove(self.workspace.bot.id)
            left = "group_left" if channel.private else "channel_left"
            await self._tell(left, {"channel": channel.id, "actor_id": self._id(by)})

    async def invites_bot(self, name: str, *, by: Person | None = None) -> None:
        """Invite the app into a channel."""
        channel, bot = self.workspace.channel(name), self.workspace.bot.id
        if bot not in channel.members:
            channel.members.append(bot)
            kind = "G" if channel.private else "C"
            where = {"channel": channel.id, "channel_type": kind, "team": self.workspace.team}
            await self._tell("member_joined_channel", {"user": bot, **where, "inviter": self._id(by)})

    async def joins(self, person: Person, name: str) -> None:
        """Let somebody come into a channel, whoever they are."""
        await self._moves(person, name, "joined", come=True)

    async def leaves(self, person: Person, name: str) -> None:
        """Let somebody leave a channel, or be removed."""
        await self._moves(person, name, "left", come=False)

    async def shares(self, name: str, team: str = "T0OTHER") -> None:
        """Share a channel with another organisation. https://docs.slack.dev/reference/events/channel_shared"""
        channel = self.workspace.channel(name)
        channel.shared, channel.pending = True, []
        inner = {"channel": channel.id, "connected_team_id": team}
        await self._tell("channel_shared", inner, heard=self._hears(channel))

    async def unshares(self, name: str, team: str = "T0OTHER") -> None:
        """End that. https://docs.slack.dev/reference/events/channel_unshared"""
        channel = self.workspace.channel(name)
        channel.shared = False
        inner = {"channel": channel.id, "previously_connected_team_id": team, "is_ext_shared": False}
        await self._tell("channel_unshared", inner, heard=self._hears(channel))

    async def revokes_token(self, error: str = "token_revoked") -> None:
        """Revoke the bot token: every method that takes it answers `error` from now on.

        Slack's pages name `account_inactive` as well, for the bot token of an app that was removed.
        """
        self._api.revoked = error
        await self._tell("tokens_revoked", {"tokens": {"oauth": [], "bot": [self.workspace.bot.id]}})

    async def restores_token(self) -> None:
        """Make the same token good again, as an app that was installed anew would be given another."""
        self._api.revoked = None

    def add_group(self, handle: str, *members: Person) -> UserGroup:
        """Make a user group, to look at or to change (`handle`, `users`, `disabled`)."""
        group = UserGroup(self.workspace.new_id("S"), handle, handle.title(), [one.id for one in members])
        self.workspace.groups[group.id] = group
        return group

    def pauses(self, person: Person, start: datetime, end: datetime) -> None:
        """Let nobody disturb a person from `start` to `end`."""
        self.workspace.pauses[person.id] = (start, end)

    def _id(self, by: Person | None) -> str:
        return by.id if by else next(iter(self.people), SLACKBOT)

    async def _tell_of(self, channel: Channel, what: str, inner: dict[str, Any]) -> None:
        """Tell of a channel; of a private one only its members."""
        kind = "group" if channel.private else "channel"
        await self._tell(f"{kind}_{what}", inner, heard=self._hears(channel))

    def _hears(self, channel: Channel) -> bool:
        return not channel.private or self.workspace.bot.id in channel.members

    async def _moves(self, person: Person, name: str, what: str, *, come: bool) -> None:
        """Tell of somebody who comes or goes; the app hears it in its own channels alone."""
        channel = self.workspace.channel(name)
        if come != (person.id in channel.members):
            (channel.members.append if come else channel.members.remove)(person.id)
            where = {"channel": channel.id, "channel_type": "G" if channel.private else "C"}
            inner = {"user": person.id, **where, "team": self.workspace.team}
            heard = self.workspace.bot.id in channel.members
            await self._tell(f"member_{what}_channel", inner, heard=heard)

    async def _tell(self, name: str, inner: dict[str, Any], *, heard: bool = True) -> None:
        self.workspace.changed()
        if heard and name in self.subscribed:
            event = {"type": name, "event_ts": self.workspace.next_ts(), **inner}
            await self.delivery.event(payloads.event(self.workspace, event))
