"""What an action offers in Slack, and what it is told when a person uses it. Bolt itself stays in `slack`.

An action is one file in `commands/`. It ends with an `Action` that lists its surfaces; `commands/__init__`
lists the actions.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from bot import mail
from bot.cards import Block, Message, sentence, uncoded
from bot.desk import Desk, excuse
from bot.errors import BridgeError, NotAllowed, UserError
from bot.forms import View, notice
from bot.people import Unknown
from bot.redact import cut
from bot.slackapi import SlackRefused, call

log = logging.getLogger(__name__)

_BEFORE_LOADING = 1.5
"""Seconds of the three that a trigger lives: what takes longer opens as a loading view first."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a person did in Slack, told in one shape whether they typed, pressed or submitted."""

    desk: Desk
    person: str
    channel: str = ""
    thread: str = ""
    """The ts of the thread in which they see answers; empty outside of one."""
    text: str = ""
    """The words after the command, or the value of the button."""
    trigger: str = ""
    view: str = ""
    """The id of the view that was submitted, two clicks bearing the same one, or that holds the button."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What was put into a modal's fields, by block; of several choices, their values with spaces between."""
    rich: Mapping[str, Any] = field(default_factory=dict)
    """What was put into those that take rich text, as a block of Slack's, by block."""
    files: tuple[str, ...] = ()
    """Slack's ids of the files that were put into a modal."""
    kept: Mapping[str, Any] = field(default_factory=dict)
    """What the modal carried along."""
    words: tuple["Word", ...] = ()
    """Every word of the command, for `help`."""
    respond: Callable[..., Awaitable[Any]] | None = None
    action: str = ""
    """What they used, as the record calls it: a word of the command, a button, an option or a modal."""
    message: Mapping[str, Any] = field(default_factory=dict)
    """The message on which they used a shortcut, or that they typed, as Slack sent it."""
    place: str = ""
    """The name of its channel, as Slack sends it with a shortcut."""
    lead: Callable[..., Awaitable[Any]] | None = None
    """Answers a modal that was submitted: what is opened then takes its place."""
    again: Block | None = None
    """A button that does the same once more."""
    alone: bool = False
    """Whether nobody but them sees where they pressed: nothing there shows by itself what came of it."""

    def split(self) -> tuple[str, str]:
        """The first word, which says what conversation is meant, and the rest."""
        first, *rest = self.text.split(maxsplit=1) or [""]
        return first, "".join(rest)

    async def done(self, words: str) -> None:
        """Tell this person what was done where they alone see what they pressed; else it shows there."""
        if self.alone:
            await self.tell(words)

    async def tell(self, words: str, *blocks: Block) -> None:
        """Tell this person, and nobody else; what stands in backticks is shown as code."""
        shown = blocks or (sentence(words),)
        await self.show(Message(mail.escape(words[: cut(words, 2500)]), tuple(shown)))

    async def show(self, message: Message) -> None:
        """Show this person a message, and nobody else."""
        if self.respond is not None:
            with suppress(Exception):  # whatever breaks the short way, the long way is next
                said = {"text": message.text, "blocks": list(message.blocks)}
                answer = await self.respond(**said, response_type="ephemeral", replace_original=False)
                if answer.status_code == HTTPStatus.OK:
                    return
        await self.desk.tell(self.person, self.channel, self.thread, message)

    @property
    def number(self) -> int:
        """The id that a button carries."""
        if not self.text.isdecimal():
            raise UserError("This button is broken: use the one on the conversation's card.")
        return int(self.text)

    async def _open(self, view: View) -> dict[str, Any]:
        if self.lead is not None:
            await self.lead(response_action="update", view=view)
            return {"view": {"id": self.view}}
        try:
            return await call(self.desk.web.views_open, trigger_id=self.trigger, view=view)
        except SlackRefused as error:
            if error.code in ("expired_trigger_id", "exchanged_trigger_id"):
                raise UserError("That took too long for Slack to open a dialog: press again.") from error
            raise

    async def refused(self, error: NotAllowed) -> None:
        """Put on record that this person was told no."""
        try:
            await self.desk.store.audit(
                slack_user=self.person,
                user=error.user,
                action=self.action,
                conversation=error.conversation,
                outcome=f"refused: {mail.one_line(str(error), 300)}",
            )
        except BridgeError as broken:
            log.error("that %s was refused something is not on record: %s", self.person, broken)

    async def open(
        self, title: str, build: Callable[[], Awaitable[View]], failed: "Failed | None" = None
    ) -> str:
        """Open the modal that `build` makes, or a loading view first where it takes its time.

        Where that fails after the loading view, show what `failed` makes of the reason: what was typed in a
        modal would be gone with it. Return the view's id, nothing where there was nothing to open.
        """
        building = asyncio.ensure_future(build())
        done, _ = await asyncio.wait({building}, timeout=_BEFORE_LOADING)
        if done:
            opened = await self._open(building.result())
            return str(opened["view"]["id"])
        opened = await self._open(notice(title, "Loading…"))
        identity = str(opened["view"]["id"])
        try:
            view = await building
        except Exception as error:
            words = excuse(error) if isinstance(error, BridgeError) else "Something went wrong in the bridge."
            instead = failed(words) if failed else notice(title, words)
            await call(self.desk.web.views_update, view_id=identity, view=instead)
            if isinstance(error, Unknown) or not isinstance(error, BridgeError):
                raise  # a button to link is due, which a view has not; or a line in the log
            self.desk.people.met(self.person, error)
            if isinstance(error, NotAllowed):
                await self.refused(error)
            return ""
        await call(self.desk.web.views_update, view_id=identity, view=view)
        return identity


class FieldError(UserError):
    """Something to put right in a modal, which stays open: at a field, `block`, and perhaps at others."""

    def __init__(self, block: str, message: str, others: Mapping[str, str] | None = None) -> None:
        said = {**(others or {}), block: message}
        self.fields = {at: uncoded(words) for at, words in said.items()}  # Slack shows those as they are
        super().__init__(message)


Handler = Callable[[Ask], Awaitable[None]]
Failed = Callable[[str], View]


@dataclass(frozen=True, slots=True)
class Word:
    """`/freescout NAME …`. `usage` is what follows the name; `says` explains it in a line."""

    name: str
    usage: str
    says: str
    handler: Handler


@dataclass(frozen=True, slots=True)
class Button:
    """A button, by its action_id."""

    action_id: str
    handler: Handler


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the card's overflow menu, by the word before the colon of its value."""

    word: str
    handler: Handler


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A message shortcut, by its callback_id; manifest.yml gives it its name."""

    callback_id: str
    handler: Handler


@dataclass(frozen=True, slots=True)
class Reaction:
    """A reaction to a card or to a message of ours in its thread, by its name; it means that conversation."""

    name: str
    handler: Handler


@dataclass(frozen=True, slots=True)
class Modal:
    """A modal, by its callback_id.

    One that is `kept` is handled before it closes: a local write, or the next view, which takes its place.
    `closed` is told when somebody closes it without submitting; the view has to ask for that.
    """

    callback_id: str
    handler: Handler
    kept: bool = False
    closed: Handler | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """All surfaces of one action."""

    name: str
    words: tuple[Word, ...] = ()
    buttons: tuple[Button, ...] = ()
    options: tuple[Option, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    modals: tuple[Modal, ...] = ()
    reactions: tuple[Reaction, ...] = ()
