"""Writing an answer from Slack: the dialog opened, kept true while it is open, put on its way."""

import json
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

from bot import dialog, messages, written
from bot.changes import Seen, changes
from bot.crashpoints import reached
from bot.desk import Desk
from bot.dialog import Before, Kind, Scene
from bot.errors import BridgeError, UserError
from bot.forms import View
from bot.model import Conversation, User
from bot.slackapi import SlackRefused, call
from bot.store import Draft, Writing
from bot.surfaces import Ask, Failed, FieldError

Finder = Callable[[User], Awaitable[Conversation]]
Maker = Callable[[], Awaitable[Before]]

LONGEST = 100_000
"""Characters of HTML: what is longer is no answer, and FreeScout's database may cut it."""


async def write(
    ask: Ask,
    title: str,
    kind: Kind,
    find: Finder,
    before: Before | Maker | None = None,
    *,
    failed: Failed | None = None,
) -> None:
    """Open the dialog for a conversation that `find` fetches for the person who asks; let others know.

    `failed` makes the view in its place where that failed after a while.
    """
    made: list[tuple[View, Scene]] = []

    async def build() -> View:
        user = await ask.desk.people.user(ask.person)
        conversation = await find(user)
        if not conversation.published:
            raise UserError("The conversation was deleted in FreeScout, so there is nothing to answer.")
        if kind == "message" and not (conversation.customer and conversation.customer.email):
            raise UserError(
                "The customer has no e-mail address, so a reply would reach nobody. Add a note instead."
            )
        scene = await _scene(ask.desk, conversation, ask.person)
        start = await before() if callable(before) else before or Before()
        view = dialog.dialog(kind, scene, user, start, (ask.channel, ask.thread))
        made.append((view, scene))
        return view

    identity = await ask.open(title, build, failed)
    if not identity:
        return
    view, scene = made[0]
    writing = Writing(
        view=identity,
        conversation=scene.conversation.id,
        slack_user=ask.person,
        kind=kind,
        name=json.loads(view["private_metadata"])["name"],
        kept=json.dumps(view),
        version=scene.version,
        since=ask.desk.now().timestamp(),
    )
    await ask.desk.store.begin_writing(writing)
    await ask.desk.store.ring([scene.conversation.id], "writing", priority=1)


async def take(ask: Ask, kind: Kind) -> None:
    """Open the dialog with what a message says.

    A message in the thread of a card belongs to its conversation; of any other that is asked first.
    """
    title = "Note" if kind == "note" else "Reply"
    before = partial(_taken, ask, kind)
    for ts in (ask.message.get("thread_ts"), ask.message.get("ts")):
        if found := await ask.desk.store.conversation_at(ask.channel, str(ts or "")):
            await write(ask, title, kind, by_id(ask, found), before)
            return

    async def build() -> View:
        await ask.desk.people.user(ask.person)
        return dialog.which(kind, await before(), (ask.channel, ask.thread))

    await ask.open(title, build)


async def chosen(ask: Ask, kind: Kind) -> None:
    """Open the dialog for the conversation that was asked for, in the place of the question."""
    quoted = ask.fields.get(dialog.WHICH, "").strip()
    rich, files, hint = ask.rich.get(dialog.TEXT), ask.kept.get("files"), ask.kept.get("hint")
    before = Before(rich or None, files=str(files or ""), hint=str(hint or ""))

    def again(words: str) -> View:
        return dialog.which(kind, before, (ask.channel, ask.thread), quoted, words)

    await write(ask, "Note" if kind == "note" else "Reply", kind, by_quote(ask, quoted), before, failed=again)


async def _taken(ask: Ask, kind: Kind) -> Before:
    """What is taken over of a message; a note says whose it was, which a customer need not know."""
    taken = await messages.take(ask.desk, ask.message)
    rich = taken.rich
    if kind == "note" and ask.message.get("user") != ask.person:
        rich = taken.ending(await messages.origin(ask.desk, ask.message, ask.channel, ask.place))
    return Before(rich, files=" ".join(taken.files), hint=taken.about_files)


async def freshen(desk: Desk, conversation: Conversation, writing: Sequence[Writing]) -> None:
    """Show in each open dialog what was said, and who else writes, since it was opened."""
    for one in writing:
        scene = await _scene(desk, conversation, one.slack_user)
        if scene.version == one.version:
            continue
        try:
            view = await _anew(desk, one, scene)
            await call(desk.web.views_update, view_id=one.view, view=view)
        except SlackRefused:  # closed by now, without a word from Slack
            await desk.store.end_writing(one.view)
            await desk.store.ring([conversation.id], "writing", priority=1)
            continue
        except BridgeError:  # what changed is found before anything is sent
            continue
        await desk.store.saw(one.view, scene.version)


async def _anew(desk: Desk, one: Writing, scene: Scene) -> View:
    """An open dialog as it should be now, for whoever has it open."""
    opened = json.loads(one.kept)
    try:
        user = await desk.people.user(one.slack_user)
        allowed = scene.conversation.mailbox_id in await desk.people.may_see(user)
    except UserError:
        allowed = False
    if not allowed:
        return dialog.barred(opened)
    kept = json.loads(opened["private_metadata"])
    news = tuple(changes(Seen.read(kept["seen"]), scene.conversation, kept["user"], {}))
    kind: Kind = "note" if one.kind == "note" else "message"
    return dialog.anew(opened, kind, replace(scene, news=news))


async def stopped(ask: Ask) -> None:
    """Note that a dialog was closed without anything sent."""
    await _closed(ask)


def by_id(ask: Ask, identity: int) -> Finder:
    """Find a conversation by its id."""
    return lambda user: ask.desk.conversation(identity, user)


def by_quote(ask: Ask, words: str) -> Finder:
    """Find a conversation as people quote it."""
    return lambda user: ask.desk.quoted(words, user)


async def send(ask: Ask, kind: Kind) -> None:
    """Put what was submitted on its way; raise FieldError where it cannot be."""
    draft = await _draft(ask, kind)
    edited = int(ask.kept.get("outbox") or 0)
    if not edited:
        await ask.desk.store.queue(draft)
    elif not await ask.desk.store.requeue(edited, draft):
        raise FieldError(
            dialog.TEXT, "That reply is gone or thrown away already. To send this, begin a new one."
        )
    reached("reply.held")
    await _closed(ask)


async def _draft(ask: Ask, kind: Kind) -> Draft:
    """Read what was submitted. The view's id makes two clicks one intent."""
    rich = ask.rich.get(dialog.TEXT) or {}
    if written.blank(rich):
        raise FieldError(dialog.TEXT, "There is nothing in it yet.")
    names = await messages.names(ask.desk, written.mentioned(rich))
    html = written.html(rich, names)
    if len(html) > LONGEST:
        raise FieldError(dialog.TEXT, f"That is {len(html):,} characters long; at most {LONGEST:,} can go.")
    own = str(ask.kept.get("own") or "")
    boxes = ask.fields.get(dialog.MORE, "").split()
    files = [*(str(ask.kept.get("files") or "").split() if dialog.KEEP in boxes else []), *ask.files]
    files = list(dict.fromkeys(files))
    if len(files) > dialog.MOST_FILES:
        raise FieldError(
            dialog.FILES, f"These are {len(files)} with those kept; at most {dialog.MOST_FILES} files can go."
        )
    note = Draft(
        intent=ask.view or uuid.uuid4().hex,
        conversation=int(ask.kept["conversation"]),
        number=int(ask.kept["number"]),
        kind=kind,
        text=written.plain(rich, names),
        user=int(ask.kept["user"]),
        slack_user=ask.person,
        channel=ask.channel,
        thread_ts=ask.thread,
        rich=json.dumps(rich),
        html=html,
        files=" ".join(files),
        name=str(ask.kept.get("name") or ""),
        seen=json.dumps(ask.kept["seen"]),
    )
    if kind == "note":
        return note
    return replace(
        note,
        customer_email=str(ask.kept.get("customer") or ""),
        cc="\n".join(dialog.addresses(ask.fields.get(dialog.CC, ""), dialog.CC, own)),
        bcc="\n".join(dialog.addresses(ask.fields.get(dialog.BCC, ""), dialog.BCC, own)),
        status=ask.fields.get(dialog.STATUS, ""),
        assign=int(dialog.ASSIGN in boxes),
        hold=ask.desk.settings.replies.hold.total_seconds(),
    )


async def _scene(desk: Desk, conversation: Conversation, person: str) -> Scene:
    writing = await desk.store.writing(conversation.id)
    held = await desk.store.held_replies(conversation.id)
    return Scene(
        conversation,
        await desk.people.mailbox(conversation.mailbox_id),
        tuple(one for one in writing if one.slack_user != person),
        tuple(one for one in held if one.slack_user != person),
    )


async def _closed(ask: Ask) -> None:
    conversation = await ask.desk.store.end_writing(ask.view)
    if conversation:
        await ask.desk.store.ring([conversation], "writing", priority=1)
