"""A person at this Slack: types, presses, submits, and sees what comes of it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.slack import payloads
from sandbox.slack.chat import as_json
from sandbox.slack.delivery import TIMED_OUT, Answer, Delivery
from sandbox.slack.files import share
from sandbox.slack.forms import PRESSED, Usable, Wanted, look_up, missing, pressed, value_for
from sandbox.slack.model import Channel, Message, Profile, SlackFile, View
from sandbox.slack.responses import show_answer
from sandbox.slack.spelling import as_sent
from sandbox.slack.submission import TROUBLE, obey
from sandbox.slack.workspace import Workspace

Values = Mapping[str, Wanted]


class Person:
    """Drives the app as this person. Every verb sends a real request and waits for the app's answer."""

    def __init__(self, profile: Profile, slack: Workspace, delivery: Delivery) -> None:
        self.profile, self.last_answer = profile, Answer(None)
        self._slack, self._delivery = slack, delivery

    def __repr__(self) -> str:
        return f"<Person {self.name} {self.id}>"

    @property
    def id(self) -> str:
        return self.profile.id

    @property
    def name(self) -> str:
        return self.profile.name

    @property
    def email(self) -> str:
        return self.profile.email

    @property
    def modals(self) -> list[View]:
        """The modals this person has open, the top one last."""
        return self._slack.views.get(self.id, [])

    @property
    def modal(self) -> View | None:
        """The modal on top."""
        return self.modals[-1] if self.modals else None

    @property
    def home(self) -> View | None:
        """The app's Home, as published for this person."""
        return self._slack.homes.get(self.id)

    @property
    def notices(self) -> list[str]:
        """What Slack itself told this person: a command that failed, a button without an answer."""
        return self._slack.notices.get(self.id, [])

    @property
    def ephemerals(self) -> list[Message]:
        """What only this person was shown and still is."""
        return self._slack.private.get(self.id, [])

    def may_see(self, channel: Channel) -> bool:
        """Whether this channel is on this person's screen at all."""
        if self.id in channel.members:
            return True
        outsider = self.profile.guest or self.profile.stranger or self.profile.deleted
        return not channel.private and not outsider

    def sees(self, text: str) -> bool:
        """Whether this text is anywhere this person can see: channels, threads, private answers, modals."""
        shown = [*self.notices, *(m.all_text for m in self.ephemerals), *(v.all_text for v in self.modals)]
        for channel in self._slack.channels.values():
            if self.may_see(channel):
                for message in channel.messages:
                    shown += [m.all_text for m in (message, *message.thread)]
                    shown += [m.trouble or "" for m in (message, *message.thread)]
        return any(text in each for each in shown)

    async def types(
        self,
        text: str,
        *,
        channel: str = "support",
        thread: str | Message | None = None,
        files: Sequence[SlackFile] = (),
    ) -> Message | None:
        """Type into a channel. A slash makes it a command, which brings no message; anything else is said."""
        where = self._enter(channel)
        command, _, rest = text.strip().partition(" ")
        if re.fullmatch(r"/[a-z][\w-]*", command):
            await self._command(where, command, rest.strip(), in_thread=thread is not None)
            return None
        return await self._say(where, text, thread.ts if isinstance(thread, Message) else thread, files)

    async def edits(self, message: Message, text: str) -> None:
        """Write a message of one's own anew."""
        before = as_json(self._slack, message)
        self._slack.rewrite(message, self._sent(text, named=False), None)
        await self._told(payloads.changed(self._slack, message, before))

    async def deletes(self, message: Message) -> None:
        """Take a message of one's own away."""
        before = as_json(self._slack, message)
        self._slack.remove(message)
        await self._told(payloads.changed(self._slack, message, before, deleted=True))

    async def reacts(self, name: str, *, on: Message) -> dict[str, Any]:
        """Add a reaction, by its name; return what the app was sent of it, as it would be sent once more."""
        who = on.reactions.setdefault(name, [])
        if self.id in who:
            raise ValueError(f"{self.name} has reacted with :{name}: already")
        who.append(self.id)
        self._slack.changed()
        sent = payloads.event(self._slack, payloads.reacted(self._slack, self.profile, name, on))
        there = self._slack.bot.id in self._slack.channels[on.channel].members
        if there and sent["event"]["type"] in self._delivery.subscriptions:
            self.last_answer = await self._delivery.event(sent)
        return sent

    def takes_back(self, name: str, *, on: Message) -> None:
        """Take a reaction away. No app of ours wants to hear of it."""
        on.reactions[name].remove(self.id)
        self._slack.changed()

    def _enter(self, name: str) -> Channel:
        channel = self._slack.channel(name)
        if not self.may_see(channel):
            raise PermissionError(f"{self.name} is not in #{channel.name}")
        if self.id not in channel.members:
            channel.members.append(self.id)
        return channel

    def _sent(self, text: str, *, named: bool) -> str:
        slack = self._slack
        channels = [channel for channel in slack.channels.values() if self.may_see(channel)]
        return as_sent(text, slack.people.values(), channels, named=named)

    async def _command(self, channel: Channel, command: str, rest: str, *, in_thread: bool) -> None:
        if in_thread:
            self._slack.notify(self.id, f"{command} is not supported in threads. Sorry!")
            return
        sent = payloads.slash(self._slack, self.profile, channel, command, self._sent(rest, named=True))
        answer = self.last_answer = await self._delivery.slash(sent)
        if answer.trouble:
            self._slack.notify(self.id, f"{command} failed with the error {answer.trouble}")
        else:
            show_answer(self._slack, answer, self.id, channel.id)

    async def _say(
        self, channel: Channel, text: str, thread: str | None, files: Sequence[SlackFile] = ()
    ) -> Message:
        slack = self._slack
        sent = self._sent(text, named=False)
        message = Message(channel.id, slack.next_ts(), self.id, sent, files=list(files))
        if thread and (found := slack.find(channel, thread)):
            message.thread_ts = (slack.parent(found) or found).ts
        slack.post(message)
        for file in files:
            share(file, channel, message.ts, message.thread_ts)
        await self._told(payloads.said(slack, message))
        if f"<@{slack.bot.id}>" in message.text and not channel.im_with:
            await self._told(payloads.said(slack, message, "app_mention"))
        return message

    async def _told(self, inner: dict[str, Any]) -> None:
        """Tell the app of a message in a channel that it is in."""
        if self._slack.bot.id in self._slack.channels[inner["channel"]].members:
            await self._event(inner)

    async def _event(self, inner: dict[str, Any]) -> None:
        if inner["type"] in self._delivery.subscriptions:
            self.last_answer = await self._delivery.event(payloads.event(self._slack, inner))

    async def presses(self, label_or_action_id: str, *, on: Message | View | None = None) -> None:
        """Press a button, or choose an option by its text; on a message, or (None) in the modal on top.

        Raises LookupError, naming what is there, when nothing is called that. Confirms are agreed to.
        """
        place = on or self._top()
        if isinstance(place, Message) and place.deleted:
            raise LookupError("that message is gone")
        usable, chosen = pressed(place.blocks, label_or_action_id, self._slack.people.values())
        await self.uses(place, usable, chosen)

    async def uses(self, place: Message | View, usable: Usable, chosen: dict[str, Any]) -> None:
        """Send one action, and show at its place when the app does not take it."""
        if isinstance(place, Message):
            sent = payloads.message_action(self._slack, self.profile, place, usable, chosen)
        else:
            self._keep(place, usable, chosen)
            sent = payloads.view_action(self._slack, self.profile, place, usable, chosen)
        answer = self.last_answer = await self._delivery.interaction(sent)
        place.trouble = None if answer.ok else _trouble(answer)
        if place.trouble:
            self._slack.notify(self.id, place.trouble)
        self._slack.changed()

    def _keep(self, view: View, usable: Usable, chosen: dict[str, Any]) -> None:
        if usable.element["type"] not in PRESSED:
            _, block_id, action_id = usable.names
            view.typed.setdefault(block_id, {})[action_id] = {**chosen, "type": usable.element["type"]}

    def _top(self) -> View:
        if self.modal is None:
            raise LookupError(f"{self.name} has no modal open; notices: {self.notices[-3:]}")
        return self.modal

    def fills(self, values: Values) -> None:
        """Put values into the fields of the modal on top, by label, block_id or action_id.

        A rich-text field takes plain text, a rich_text block or its elements; a file field takes files.
        """
        view = self._top()
        for name, wanted in values.items():
            usable = look_up(view.blocks, name)
            _, block_id, action_id = usable.names
            value = value_for(usable.element, wanted, self._slack.people.values())
            view.typed.setdefault(block_id, {})[action_id] = value
        self._slack.changed()

    async def submits(self, values: Values | None = None) -> None:
        """Submit the modal on top, after filling in `values`, and do what the app answers.

        A required field that is empty stops it before the app is asked.
        """
        view = self._top()
        self.fills(values or {})
        view.errors, view.trouble = missing(view.blocks, view.typed), None
        self._slack.changed()
        if view.errors:
            return
        sent = payloads.submission(self._slack, self.profile, view)
        answer = self.last_answer = await self._delivery.interaction(sent)
        view.trouble = None if answer.ok else TROUBLE
        if answer.ok:
            obey(self._slack, view, answer.json())
        self._slack.changed()

    async def closes(self, *, everything: bool = False) -> None:
        """Close the modal on top; with `everything`, or when it says so, all that are stacked."""
        view = self._top()
        everything = everything or bool(view.body.get("clear_on_close"))
        going = list(reversed(self.modals)) if everything else [view]
        for each in going:
            self.modals.remove(each)
        self._slack.changed()
        for each in going:
            if each.body.get("notify_on_close"):
                sent = payloads.closed(self._slack, self.profile, each, cleared=everything)
                self.last_answer = await self._delivery.interaction(sent)

    async def shortcut(self, callback_id: str, *, on: Message | None = None) -> None:
        """Use a shortcut of the app, on a message or (None) from anywhere."""
        sent = payloads.shortcut(self._slack, self.profile, callback_id, on)
        answer = self.last_answer = await self._delivery.interaction(sent)
        if not answer.ok:
            self._slack.notify(self.id, _trouble(answer))

    async def opens_home(self) -> None:
        """Open the app's Home tab."""
        slack = self._slack
        inner = {"type": "app_home_opened", "user": self.id, "channel": slack.direct(self.id).id}
        inner |= {"tab": "home", "event_ts": slack.next_ts()}
        await self._event(inner)


def _trouble(answer: Answer) -> str:
    why = "in time" if answer.trouble == TIMED_OUT else f"(status {answer.status or 'none'})"
    return f"⚠️ The app did not answer {why}. Try again?"
