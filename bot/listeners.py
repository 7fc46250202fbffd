"""What Slack sends → an `Ask` for the action that is meant. Whatever fails is told to the person."""

import asyncio
import difflib
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from slack_bolt.async_app import AsyncRespond
from slack_bolt.context.ack.async_ack import AsyncAck

from bot import cards, claimcards, fields, linkcards, mail, quiet
from bot.desk import Desk, excuse
from bot.errors import BridgeError, NotAllowed, UserError
from bot.people import Unknown
from bot.plan import CARD
from bot.redact import redacted
from bot.surfaces import Ask, FieldError, Handler, Modal, Reaction, Word
from bot.threadnotes import ThreadNotes

log = logging.getLogger(__name__)

COMMAND = "/freescout"
Body = dict[str, Any]
Listener = Callable[..., Awaitable[None]]


def command(desk: Desk, words: tuple[Word, ...]) -> Listener:
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
            respond=_looked_into(desk, respond),
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


def choice(action: Body) -> Body:
    """What was chosen: a menu's option, or a button, which may stand for an option."""
    return action.get("selected_option") or action


def pressed(desk: Desk, handler: Handler, words: tuple[Word, ...]) -> Listener:
    async def pressed(ack: AsyncAck, body: Body, action: Body, respond: AsyncRespond) -> None:
        await ack()
        name, chosen = str(action.get("action_id") or ""), choice(action)
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
            respond=_looked_into(desk, respond) if body.get("response_url") else None,
            action=value.partition(":")[0] if name == cards.MORE else name.rpartition(".")[2],
            again=_button(name, label, value),
            alone=bool(container.get("is_ephemeral")),
        )
        await _guarded(ask, handler)

    return pressed


def _thread(message: Body, container: Body) -> str:
    """The thread a message is in. The head of one counts as in none: its reader looks at the channel."""
    thread = str(message.get("thread_ts") or container.get("thread_ts") or "")
    return "" if thread == str(message.get("ts") or container.get("message_ts") or "") else thread


def shortcut(desk: Desk, handler: Handler) -> Listener:
    """https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload"""

    async def used(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        message, channel = body.get("message") or {}, body.get("channel") or {}
        ask = Ask(
            desk,
            person=str(body["user"]["id"]),
            channel=str(channel.get("id") or ""),
            thread=_thread(message, {}),
            trigger=str(body.get("trigger_id") or ""),
            respond=_looked_into(desk, respond) if body.get("response_url") else None,
            action=str(body.get("callback_id") or ""),
            message=message,
            place=str(channel.get("name") or ""),
        )
        await _guarded(ask, handler)

    return used


def submitted(desk: Desk, modal: Modal) -> Listener:
    async def submitted(ack: AsyncAck, body: Body, view: Body) -> None:
        kept, answer = fields.kept(view), _looked_into(desk, ack)
        ask = Ask(
            desk,
            person=str(body["user"]["id"]),
            channel=str(kept.get("channel") or ""),
            thread=str(kept.get("thread") or ""),
            view=str(view.get("id") or ""),
            kept=kept,
            action=modal.callback_id,
            alone=bool(kept.get("alone")),
            lead=answer,
            **fields.filled(view),
        )
        if not modal.kept:
            await ack()
            await _guarded(ask, modal.handler)
            return
        # What was typed is on disk before the modal closes; if that fails, it stays open with its text.
        try:
            await modal.handler(ask)
        except Exception as error:
            if ack.response is not None:  # another view stands in its place already
                await _tell(ask, error)
            elif isinstance(error, FieldError):
                await answer(response_action="errors", errors=error.fields)
            else:
                words = await _excused(ask, error)
                first = next(iter(ask.fields), "text")
                await answer(response_action="errors", errors={first: cards.uncoded(words)})
        else:
            if ack.response is None:
                await ack()

    return submitted


def _looked_into(desk: Desk, answer: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """One of Bolt's own ways to answer, which do not go through Slack's client: redacted as well."""

    async def said(**words: Any) -> Any:
        return await answer(**redacted(desk.settings.redactor, words))

    return said


def closed(desk: Desk, handler: Handler) -> Listener:
    async def closed(ack: AsyncAck, body: Body, view: Body) -> None:
        await ack()
        person, kept = str(body["user"]["id"]), fields.kept(view)
        await _guarded(Ask(desk, person, view=str(view.get("id") or ""), kept=kept), handler)

    return closed


def once(desk: Desk, reopen: Callable[[str], None]) -> Listener:
    """Slack sends an event again whose answer it missed; it bears the same id then.

    https://docs.slack.dev/apis/events-api/#retries
    """

    async def heard(body: Body, event: Body) -> None:
        name = str(body.get("event_id") or "")
        if await desk.store.event_seen(name):
            return
        where = event.get("channel") or ""  # where it has another name, there is more to say than its id
        reopen(str(where.get("id") if isinstance(where, dict) else where))
        await desk.store.see_event(name)  # only now: what was cut off before would not come to be done

    return heard


def heard(desk: Desk, notes: ThreadNotes) -> Listener:
    """What is typed, as a middleware: what is cut off before Slack is answered comes again.

    One after the other, so that notes keep their order. https://docs.slack.dev/apis/events-api/#retries
    """
    in_order = asyncio.Lock()

    async def hear(body: Body, event: Body, next_: Callable[[], Awaitable[Any]]) -> None:
        if await notes.concerns(event):
            async with in_order:
                name = str(body.get("event_id") or "")
                if not await desk.store.event_seen(name):
                    await _guarded(notes.ask(event), notes.heard, "That did not become a note. ")
                    await desk.store.see_event(name)
        await next_()

    return hear


def reacted(desk: Desk, reactions: Sequence[Reaction]) -> Listener:
    """A reaction, as a middleware: what is cut off before Slack is answered comes again, and is the same one.

    https://docs.slack.dev/reference/events/reaction_added
    """
    handlers = {one.name: one.handler for one in reactions}
    at_work: dict[str, asyncio.Task[None]] = {}

    async def react(name: str, event: Body, handler: Handler) -> None:
        if await desk.store.event_seen(name):
            return
        if ask := await _reaction(desk, event):
            await _guarded(ask, handler)
        await desk.store.see_event(name)

    async def hear(body: Body, event: Body, next_: Callable[[], Awaitable[Any]]) -> None:
        name, handler = str(body.get("event_id") or ""), handlers.get(str(event.get("reaction") or ""))
        if handler:
            if name not in at_work:
                at_work[name] = asyncio.create_task(react(name, event, handler))
                at_work[name].add_done_callback(lambda _: at_work.pop(name, None))
            await asyncio.shield(at_work[name])
        await next_()

    return hear


async def _reaction(desk: Desk, event: Body) -> Ask | None:
    """What a reaction asks for; None where the message is none of ours, or speaks of many conversations."""
    item = event.get("item") or {}
    channel, ts = str(item.get("channel") or ""), str(item.get("ts") or "")
    identity = await desk.store.conversation_at(channel, ts)
    if identity is None:
        return None
    said = await desk.store.posts(identity)
    card = next((one.ts for one in said if (one.channel, one.key) == (channel, CARD)), "")
    again = cards.button(quiet.TAKE, claimcards.ON_IT, str(identity))
    person, thread, name = str(event.get("user") or ""), "" if ts == card else card, str(event["reaction"])
    return Ask(desk, person, channel, thread, str(identity), action=name, again=again)


async def _guarded(ask: Ask, handler: Handler, failing: str = "") -> None:
    """Run a handler that was acknowledged already. Nothing that fails stays silent."""
    try:
        await handler(ask)
    except Exception as error:
        await _tell(ask, error, failing)


async def _tell(ask: Ask, error: Exception, failing: str = "") -> None:
    """Tell a person why what they wanted failed, with `failing` before it."""
    words = f"{failing}{await _excused(ask, error)}"
    try:
        if isinstance(error, Unknown):
            await ask.show(linkcards.refusal(words, ask.again))
        else:
            await ask.tell(words)
    except BridgeError as broken:
        log.error("cannot tell %s: %s", ask.person, broken)


async def _excused(ask: Ask, error: Exception) -> str:
    """Say an error to the person who met it; a refusal goes on record."""
    if not isinstance(error, BridgeError):
        return _broken(ask, error)
    if not isinstance(error, UserError):
        log.warning("%s's request failed: %s", ask.person, error)
    ask.desk.people.met(ask.person, error)
    if isinstance(error, NotAllowed):
        await ask.refused(error)
    return excuse(error)


def _broken(ask: Ask, error: Exception) -> str:
    mark = secrets.token_hex(4)
    log.error("a request of %s broke [%s]", ask.person, mark, exc_info=error)
    return f"Something went wrong in the bridge. The operator finds it as {mark} in the log."
