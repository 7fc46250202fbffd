"""The Bolt app: actions → listeners, and the one wrapper that turns every failure into words for the person.

Over HTTP or Socket Mode, the listeners are the same.
"""

import asyncio
import difflib
import functools
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncRespond
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from bot import cards, linkcards, mail
from bot.desk import Desk, excuse
from bot.errors import BridgeError, NotAllowed, UserError
from bot.people import Unknown
from bot.surfaces import Action, Ask, FieldError, Handler, Modal, Option, Word

log = logging.getLogger(__name__)

COMMAND = "/freescout"
EVENTS = ("channel_unarchive", "group_unarchive", "member_joined_channel")
"""Somebody has put a channel right, perhaps: https://docs.slack.dev/reference/events"""
Body = dict[str, Any]
Listener = Callable[..., Awaitable[None]]


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


def build(desk: Desk, actions: Sequence[Action], reopen: Callable[[str], None], in_hand: InHand) -> AsyncApp:
    """Make the Bolt app with a listener for every surface of every action."""
    app = AsyncApp(
        client=desk.web,
        signing_secret=desk.settings.slack_signing_secret or None,
        raise_error_for_unhandled_request=True,
        logger=logging.getLogger("slack_bolt"),
    )
    words = tuple(word for action in actions for word in action.words)
    app.command(COMMAND)(in_hand.noting(_command(desk, words)))
    for action in actions:
        for button in action.buttons:
            app.action(button.action_id)(in_hand.noting(_pressed(desk, button.handler, words)))
        for option in action.options:
            app.action(cards.MORE, matchers=[_chooses(option)])(
                in_hand.noting(_pressed(desk, option.handler, words))
            )
        for modal in action.modals:
            app.view(modal.callback_id)(in_hand.noting(_submitted(desk, modal)))
            if modal.closed:
                app.view_closed(modal.callback_id)(in_hand.noting(_closed(desk, modal.closed)))
    for name in EVENTS:
        app.event(name)(in_hand.noting(_once(desk, reopen)))
    app.error(_unhandled(desk))
    return app


def _command(desk: Desk, words: tuple[Word, ...]) -> Listener:
    async def typed(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        said = str(body.get("text") or "").strip()
        name, *rest = said.split(maxsplit=1) or [""]
        ask = Ask(
            desk,
            person=str(body["user_id"]),
            channel=str(body.get("channel_id") or ""),
            text="".join(rest).strip(),
            trigger=str(body.get("trigger_id") or ""),
            words=words,
            respond=respond,
            action=name,
            again=_button(linkcards.GO_ON, f"{COMMAND} {said}", said),
        )
        await _guarded(ask, word_handler(words, name))

    return typed


def word_handler(words: tuple[Word, ...], name: str) -> Handler:
    """The handler of a word; a mistyped one is only ever answered."""
    known = {word.name: word for word in words}
    found = known.get(name.lower() or "help")
    if found:
        return found.handler

    async def unknown(_: Ask) -> None:
        near = difflib.get_close_matches(name.lower(), known, 1)
        hint = f"Did you mean `{COMMAND} {near[0]}`? " if near else ""
        raise UserError(
            f"`{name[:40]}` is no word of {COMMAND}, so nothing was done. {hint}"
            f"`{COMMAND} help` lists what there is."
        )

    return unknown


def _button(action_id: str, label: str, value: str) -> cards.Block | None:
    """The button that does what was just done; None where it would carry nothing, or too much."""
    return cards.button(action_id, mail.one_line(label, 75), value) if 0 < len(value) <= 2000 else None


def _choice(action: Body) -> Body:
    """What was chosen: a menu's option, or a button, which may stand for an option."""
    return action.get("selected_option") or action


def _pressed(desk: Desk, handler: Handler, words: tuple[Word, ...]) -> Listener:
    async def pressed(ack: AsyncAck, body: Body, action: Body, respond: AsyncRespond) -> None:
        await ack()
        name, chosen = str(action.get("action_id") or ""), _choice(action)
        value, label = str(chosen.get("value") or ""), str((chosen.get("text") or {}).get("text") or "")
        message, container = body.get("message") or {}, body.get("container") or {}
        ask = Ask(
            desk,
            person=str(body["user"]["id"]),
            channel=str((body.get("channel") or {}).get("id") or container.get("channel_id") or ""),
            thread=_thread(message, container),
            text=value.partition(":")[2] if name == cards.MORE else value,
            trigger=str(body.get("trigger_id") or ""),
            view=str((body.get("view") or {}).get("id") or ""),
            words=words,
            respond=respond if body.get("response_url") else None,
            action=value.partition(":")[0] if name == cards.MORE else name.rpartition(".")[2],
            again=_button(name, label, value),
        )
        await _guarded(ask, handler)

    return pressed


def _thread(message: Body, container: Body) -> str:
    """The thread a message is in. The head of one counts as in none: its reader looks at the channel."""
    thread = str(message.get("thread_ts") or container.get("thread_ts") or "")
    return "" if thread == str(message.get("ts") or container.get("message_ts") or "") else thread


def _submitted(desk: Desk, modal: Modal) -> Listener:
    async def submitted(ack: AsyncAck, body: Body, view: Body) -> None:
        kept = _kept(view)
        ask = Ask(
            desk,
            person=str(body["user"]["id"]),
            channel=str(kept.get("channel") or ""),
            thread=str(kept.get("thread") or ""),
            view=str(view.get("id") or ""),
            kept=kept,
            action=modal.callback_id,
            **_filled(view),
        )
        if not modal.kept:
            await ack()
            await _guarded(ask, modal.handler)
            return
        # What was typed is on disk before the modal closes; if that fails, it stays open with its text.
        try:
            await modal.handler(ask)
        except FieldError as error:
            await ack(response_action="errors", errors={error.block: str(error)})
        except Exception as error:
            words = excuse(error) if isinstance(error, BridgeError) else _broken(ask, error)
            await ack(response_action="errors", errors={next(iter(ask.fields), "text"): words})
        else:
            await ack()

    return submitted


def _closed(desk: Desk, handler: Handler) -> Listener:
    async def closed(ack: AsyncAck, body: Body, view: Body) -> None:
        await ack()
        person, kept = str(body["user"]["id"]), _kept(view)
        await _guarded(Ask(desk, person, view=str(view.get("id") or ""), kept=kept), handler)

    return closed


def _once(desk: Desk, reopen: Callable[[str], None]) -> Listener:
    """Slack sends an event again whose answer it missed; it bears the same id then.

    https://docs.slack.dev/apis/events-api/#retries
    """

    async def heard(body: Body, event: Body) -> None:
        name = str(body.get("event_id") or "")
        if await desk.store.event_seen(name):
            return
        reopen(str(event.get("channel") or ""))
        await desk.store.see_event(name)  # only now: what was cut off before would not come to be done

    return heard


async def _guarded(ask: Ask, handler: Handler) -> None:
    """Run a handler that was acknowledged already. Nothing that fails stays silent."""
    unknown = False
    try:
        await handler(ask)
        return
    except UserError as error:
        ask.desk.people.met(ask.person, error)
        words, unknown = str(error), isinstance(error, Unknown)
        if isinstance(error, NotAllowed):
            await ask.refused(error)
    except BridgeError as error:
        log.warning("%s's request failed: %s", ask.person, error)
        words = excuse(error)
    except Exception as error:
        words = _broken(ask, error)
    try:
        await (ask.show(linkcards.refusal(words, ask.again)) if unknown else ask.tell(words))
    except BridgeError as error:
        log.error("cannot tell %s: %s", ask.person, error)


def _broken(ask: Ask, error: Exception) -> str:
    mark = secrets.token_hex(4)
    log.error("a request of %s broke [%s]", ask.person, mark, exc_info=error)
    return f"Something went wrong in the bridge. The operator finds it as {mark} in the log."


def _chooses(option: Option) -> Callable[..., Awaitable[bool]]:
    async def chooses(action: Body) -> bool:
        return str(_choice(action).get("value") or "").partition(":")[0] == option.word

    return chooses


def _kept(view: Mapping[str, Any]) -> dict[str, Any]:
    try:
        kept = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}


def _filled(view: Mapping[str, Any]) -> dict[str, Any]:
    """The state of a view's fields, each block of ours holding one."""
    fields: dict[str, str] = {}
    rich: dict[str, Any] = {}
    files: list[str] = []
    for block, elements in ((view.get("state") or {}).get("values") or {}).items():
        for element in elements.values():
            chosen = element.get("selected_option") or {}
            several = " ".join(str(one.get("value")) for one in element.get("selected_options") or ())
            fields[block] = str(element.get("value") or chosen.get("value") or several)
            if element.get("type") == "rich_text_input":
                rich[block] = element.get("rich_text_value") or {}
            files += [str(one["id"]) for one in element.get("files") or () if one.get("id")]
    return {"fields": fields, "rich": rich, "files": tuple(files)}


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
