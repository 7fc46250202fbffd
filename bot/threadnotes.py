"""What people type in the thread of a card becomes a note, where its route says `notes = true`.

It becomes a note and nothing else: no way leads from here to a customer.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from bot import mail, messages, routes, written
from bot.channels import Channels
from bot.desk import Desk
from bot.errors import Misconfigured, UserError
from bot.freescout import NotFound
from bot.messages import Taken
from bot.plan import CARD
from bot.richtext import section, text
from bot.routing import Route
from bot.store import TYPED, Draft, ReplyState
from bot.surfaces import Ask

_PLAIN = (None, "file_share", "thread_broadcast")
"""The subtypes of what a person said: https://docs.slack.dev/reference/events/message#subtypes"""
_CHANGES = ("message_changed", "message_deleted")
_COMMAND = re.compile(r"\s*/[^\W\d_]")
_SLACKBOT = "USLACKBOT"


class ThreadNotes:
    """Hears what is typed, once a route wants it."""

    def __init__(self, desk: Desk, channels: Channels) -> None:
        self._desk = desk
        self._channels = channels
        self.listening = False
        """Whether Bolt hands over what is typed."""

    @property
    def wanted(self) -> bool:
        """Whether any route wants notes: else nothing typed is listened to."""
        return bool(self._routes)

    @property
    def _routes(self) -> list[Route]:
        return [route for route in self._desk.settings.routes if route.notes]

    async def concerns(self, event: Mapping[str, Any]) -> bool:
        """Say whether a message may be a note, or was one and is another now; of no other is more read."""
        said = _said(event)
        kind = event.get("subtype")
        person = said.get("user") and said.get("user") != _SLACKBOT and not said.get("bot_id")
        threaded = said.get("thread_ts") and said.get("thread_ts") != said.get("ts")
        if not (person and threaded and kind in (*_PLAIN, *_CHANGES)):
            return False
        channel = str(event.get("channel") or "")
        return any([await self._leads(route, channel) for route in self._routes])

    async def _leads(self, route: Route, channel: str) -> bool:
        try:
            return await self._channels.id(route.channel) == channel
        except Misconfigured:  # the looks tell the operators of it
            return False

    def ask(self, event: Mapping[str, Any]) -> Ask:
        """What its writer asks for."""
        said = _said(event)
        channel, thread = str(event.get("channel") or ""), str(said.get("thread_ts") or "")
        return Ask(self._desk, str(said["user"]), channel, thread, action="note", message=event)

    async def heard(self, ask: Ask) -> None:
        """Make a note of a message; raise UserError where that cannot be, which its writer is told."""
        if ask.message.get("subtype") in _CHANGES:
            await self._changed(ask)
            return
        identity = await self._desk.store.conversation_at(ask.channel, ask.thread, CARD)
        if identity is None or not await self._opted_in(identity, ask.channel):
            return
        if _COMMAND.match(str(ask.message.get("text") or "")):
            raise UserError(
                "It begins like a command, and Slack takes commands outside of threads only. Use the buttons "
                "on the card, or begin it with another sign to make a note of it."
            )
        user = await self._desk.people.user(ask.person)
        conversation = await self._desk.conversation(identity, user)
        if not conversation.published:
            raise UserError("The conversation was deleted in FreeScout.")
        taken = await messages.take(self._desk, ask.message)
        rich = _worded(taken)
        note = Draft(
            intent=_intent(ask.channel, ask.message),
            conversation=conversation.id,
            number=conversation.number,
            kind="note",
            text=written.plain(rich),
            user=user.id,
            slack_user=ask.person,
            channel=ask.channel,
            thread_ts=ask.thread,
            rich=json.dumps(rich),
            html=written.html(rich),
            files=" ".join(taken.files),
            name=mail.one_line(user.name, 80),
        )
        await self._desk.store.queue(note)

    async def _opted_in(self, identity: int, channel: str) -> bool:
        """Say whether the conversation's own route to this channel wants notes; raise where it has none."""
        try:
            conversation = await self._desk.truth(identity)
        except NotFound as error:
            raise NotFound("This conversation was deleted from FreeScout for good.") from error
        if conversation is None:
            return True  # whoever makes the note is told why there is none
        mailbox = await self._desk.people.mailbox(conversation.mailbox_id)
        settings = self._desk.settings
        there = [route.channel for route in settings.routes if await self._leads(route, channel)]
        matching = routes.matching(conversation, mailbox, settings, there)
        here = [route for route in matching if route.channel in there]
        if not here:
            raise UserError("The conversation was moved to a mailbox that is not shown in this channel.")
        return here[0].notes  # as its card says

    async def _changed(self, ask: Ask) -> None:
        """Tell whoever edits or deletes what became a note that the note stays: no API changes one."""
        before, now = (ask.message.get(name) or {} for name in ("previous_message", "message"))
        if now and now.get("text") == before.get("text"):
            return  # a link was given its preview
        note = await self._desk.store.intended(_intent(ask.channel, before or now))
        if note and note.state not in (ReplyState.FAILED, ReplyState.CANCELLED):
            done = "edited" if now else "deleted"
            await ask.tell(
                f"You {done} a message that became a note on #{note.number}. The note stays as it was, "
                "because FreeScout lets no app change one: change or delete it there."
            )


def _said(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The message of which an event tells."""
    said = event.get("message") or event.get("previous_message") or event
    return said if isinstance(said, Mapping) else {}


def _intent(channel: str, message: Mapping[str, Any]) -> str:
    """One message is one note, however often Slack tells of it."""
    return f"{TYPED}{channel}:{message.get('ts')}"


def _worded(taken: Taken) -> written.Block:
    """The words of a note: a file without any has its name, and what does not go along is named."""
    if taken.rich is None:
        return taken.ending(section(text(", ".join(taken.along))))
    if taken.behind:
        return taken.ending(section(text(f"Not attached: {', '.join(taken.behind)}")))
    return taken.rich
