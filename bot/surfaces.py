"""What an action offers in Slack, and what it is told when a person uses it. Bolt itself stays in `slack`.

An action is one file in `commands/`. It ends with an `Action` that lists its surfaces; `commands/__init__`
lists the actions.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from bot import mail
from bot.cards import Block, Message, context, label_text, plain, richtext_block
from bot.desk import Desk, excuse
from bot.errors import BridgeError, NotAllowed, UserError
from bot.people import Unknown
from bot.richtext import section, text
from bot.slackapi import SlackRefused, call

log = logging.getLogger(__name__)

View = dict[str, Any]

LONGEST = 3000
"""Characters that a field of Slack's takes."""
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
    again: Block | None = None
    """A button that does the same once more."""

    def split(self) -> tuple[str, str]:
        """The first word, which says what conversation is meant, and the rest."""
        first, *rest = self.text.split(maxsplit=1) or [""]
        return first, "".join(rest)

    async def tell(self, words: str, *blocks: Block) -> None:
        """Tell this person, and nobody else; the words are shown as they are."""
        shown = blocks or (richtext_block(section(text(words))),)
        await self.show(Message(mail.escape(words[:2500]), tuple(shown)))

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

    async def open(self, title: str, build: Callable[[], Awaitable[View]]) -> str:
        """Open the modal that `build` makes, or a loading view first where it takes its time.

        Return the view's id, nothing where there was nothing to open.
        """
        building = asyncio.ensure_future(build())
        done, _ = await asyncio.wait({building}, timeout=_BEFORE_LOADING)
        if done:
            opened = await self._open(building.result())
            return str(opened["view"]["id"])
        opened = await self._open(_notice(title, "Loading…"))
        identity = str(opened["view"]["id"])
        try:
            view = await building
        except BridgeError as error:
            await call(self.desk.web.views_update, view_id=identity, view=_notice(title, excuse(error)))
            if isinstance(error, Unknown):  # a button to link is due, which a notice has not
                raise
            self.desk.people.met(self.person, error)
            if isinstance(error, NotAllowed):
                await self.refused(error)
            return ""
        await call(self.desk.web.views_update, view_id=identity, view=view)
        return identity


class FieldError(UserError):
    """Something to put right in a modal, which stays open; `block` is the field."""

    def __init__(self, block: str, message: str) -> None:
        self.block = block
        super().__init__(message)


Handler = Callable[[Ask], Awaitable[None]]


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
class Modal:
    """A modal, by its callback_id. One that is `kept` is handled before it closes: a local write, no more.

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
    modals: tuple[Modal, ...] = ()


def modal(callback_id: str, title: str, submit: str, blocks: list[Block], kept: Mapping[str, Any]) -> View:
    """Make a modal that carries `kept` along."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": label_text(title),
        "submit": label_text(submit),
        "close": label_text("Cancel"),
        "private_metadata": json.dumps(kept),
        "blocks": blocks,
    }


def text_input(block: str, label: str, *, initial: str = "", hint: str = "") -> Block:
    """A field for many lines."""
    element: Block = {
        "type": "plain_text_input",
        "action_id": "value",
        "multiline": True,
        "max_length": LONGEST,
    }
    if initial:
        element["initial_value"] = initial[:LONGEST]
    made: Block = {"type": "input", "block_id": block, "label": label_text(label), "element": element}
    return {**made, "hint": label_text(hint)} if hint else made


def rich_input(block: str, label: str, initial: Mapping[str, Any] | None = None) -> Block:
    """A field for text with its form: bold, lists, links, code, quotes.

    https://docs.slack.dev/reference/block-kit/block-elements/rich-text-input-element
    """
    element: Block = {"type": "rich_text_input", "action_id": "value"}
    if initial:
        element["initial_value"] = dict(initial)
    return {"type": "input", "block_id": block, "label": label_text(label), "element": element}


def line_input(block: str, label: str, *, initial: str = "", placeholder: str = "") -> Block:
    """A field for one line, which may stay empty."""
    element: Block = {"type": "plain_text_input", "action_id": "value", "max_length": LONGEST}
    if initial:
        element["initial_value"] = initial[:LONGEST]
    if placeholder:
        element["placeholder"] = label_text(placeholder[:150])
    made: Block = {"type": "input", "block_id": block, "label": label_text(label), "element": element}
    return {**made, "optional": True}


def checks_input(block: str, label: str, options: list[tuple[str, str]], checked: Collection[str]) -> Block:
    """Boxes to tick, each (value, words); none has to be."""
    made = [{"text": label_text(words[:75]), "value": value} for value, words in options]
    element: Block = {"type": "checkboxes", "action_id": "value", "options": made}
    chosen = [option for option in made if option["value"] in checked]
    if chosen:
        element["initial_options"] = chosen
    whole: Block = {"type": "input", "block_id": block, "label": label_text(label), "element": element}
    return {**whole, "optional": True}


def files_input(block: str, label: str, most: int) -> Block:
    """A field for files, which may stay empty.

    https://docs.slack.dev/reference/block-kit/block-elements/file-input-element
    """
    element: Block = {"type": "file_input", "action_id": "value", "max_files": most}
    whole: Block = {"type": "input", "block_id": block, "label": label_text(label), "element": element}
    return {**whole, "optional": True}


def select_input(block: str, label: str, options: list[tuple[str, str]], initial: str = "") -> Block:
    """A field with a choice of (value, words)."""
    made = [{"text": label_text(words[:75]), "value": value} for value, words in options[:100]]
    element: Block = {"type": "static_select", "action_id": "value", "options": made}
    chosen = [option for option in made if option["value"] == initial]
    if chosen:
        element["initial_option"] = chosen[0]
    return {"type": "input", "block_id": block, "label": label_text(label), "element": element}


def _notice(title: str, words: str) -> View:
    return {
        "type": "modal",
        "title": label_text(title),
        "close": label_text("Close"),
        "blocks": [context(plain(words[:2000]))],
    }
