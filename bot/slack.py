"""The Bolt app: a listener for every surface of every action, over HTTP or Socket Mode."""

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from bot import cards, listeners
from bot.desk import Desk
from bot.errors import BridgeError
from bot.listeners import COMMAND, Body, Listener
from bot.surfaces import Action, Ask, Option
from bot.threadnotes import ThreadNotes

log = logging.getLogger(__name__)

CHANNELS = (
    "channel_unarchive",
    "group_unarchive",
    "channel_rename",
    "group_rename",
    "channel_shared",
    "channel_unshared",
    "member_joined_channel",
    "member_left_channel",
)
"""Somebody has put a channel right, perhaps, or has let others read it: https://docs.slack.dev/reference/events"""
REACTION = "reaction_added"
EVENTS = (*CHANNELS, REACTION)
MESSAGES = ("message.channels", "message.groups")
"""What is typed, which is listened to only where a route wants notes of it; both come as `message`."""


class InHand:
    """The listeners at work: Bolt starts each in a task of its own, and then knows nothing of it any more."""

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[Any]] = set()

    def noting(self, listener: Listener) -> Listener:
        """Have a listener noted for as long as it runs."""

        @functools.wraps(listener)  # Bolt reads the names of its parameters
        async def noted(*arguments: Any, **named: Any) -> None:
            task = asyncio.current_task()
            if task is not None:
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
            await listener(*arguments, **named)

        return noted


def build(
    desk: Desk,
    actions: Sequence[Action],
    reopen: Callable[[str], None],
    notes: ThreadNotes,
    in_hand: InHand,
) -> AsyncApp:
    """Make the Bolt app with a listener for every surface of every action."""
    app = AsyncApp(
        name="freescout-slack",  # else Bolt reads the source of every caller to find one: a third of a second
        client=desk.web,
        signing_secret=desk.settings.slack_signing_secret or None,
        raise_error_for_unhandled_request=True,
        logger=logging.getLogger("slack_bolt"),
    )
    words = tuple(word for action in actions for word in action.words)
    app.command(COMMAND)(in_hand.noting(listeners.command(desk, words)))
    for action in actions:
        for button in action.buttons:
            app.action(button.action_id)(in_hand.noting(listeners.pressed(desk, button.handler, words)))
        for option in action.options:
            app.action(cards.MORE, matchers=[_chooses(option)])(
                in_hand.noting(listeners.pressed(desk, option.handler, words))
            )
        for shortcut in action.shortcuts:
            app.message_shortcut(shortcut.callback_id)(
                in_hand.noting(listeners.shortcut(desk, shortcut.handler))
            )
        for modal in action.modals:
            app.view(modal.callback_id)(in_hand.noting(listeners.submitted(desk, modal)))
            if modal.closed:
                app.view_closed(modal.callback_id)(in_hand.noting(listeners.closed(desk, modal.closed)))
    for name in CHANNELS:
        app.event(name)(in_hand.noting(listeners.once(desk, reopen)))
    reactions = [one for action in actions for one in action.reactions]
    app.event(REACTION, middleware=[listeners.reacted(desk, reactions)])(_nothing_more)
    listen(app, desk, notes)
    app.error(_unhandled(desk))
    return app


def listen(app: AsyncApp, desk: Desk, notes: ThreadNotes) -> None:
    """Listen to what is typed from the moment on that a route wants it."""
    if notes.wanted and not notes.listening:
        notes.listening = True
        app.event("message", middleware=[listeners.heard(desk, notes)])(_nothing_more)


async def _nothing_more() -> None:
    """Bolt wants a listener behind a middleware."""


def _chooses(option: Option) -> Callable[..., Awaitable[bool]]:
    async def chooses(action: Body) -> bool:
        return str(listeners.choice(action).get("value") or "").partition(":")[0] == option.word

    return chooses


def _unhandled(desk: Desk) -> Callable[..., Awaitable[BoltResponse | None]]:
    async def unhandled(error: Exception, body: Body) -> BoltResponse | None:
        if not isinstance(error, BoltUnhandledRequestError):
            log.error("a listener broke", exc_info=error)
            return None
        kind = str(body.get("type") or body.get("command") or "request")
        log.info("nothing handles a %s of Slack's", kind)
        if kind == "block_actions":
            await _old_button(desk, body)
        # 200: Slack would send an event again, and tell the person of a failure that is none.
        return BoltResponse(status=200, body="")

    return unhandled


async def _old_button(desk: Desk, body: Body) -> None:
    """A button of an earlier version is never simply dead."""
    ask = Ask(desk, str(body["user"]["id"]), str((body.get("channel") or {}).get("id") or ""))
    try:
        await ask.tell(f"This button is from an earlier version and does nothing any more: `{COMMAND} help`.")
    except BridgeError as error:
        log.error("cannot tell %s: %s", ask.person, error)
