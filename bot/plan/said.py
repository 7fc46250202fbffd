"""The steps for what happened: messages, lines and files, each where its verdict has it said."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot import attached, cards
from bot.cards import Message
from bot.model import Conversation, Thread
from bot.plan.view import CARD, FILES, TOP, Posted, Step, Urgency, View, digest, step_over
from bot.routing import Body
from bot.routing import Place as Said
from bot.verdicts import TOLD, Verdict


def said_steps(found: Sequence[Verdict], view: View, posted: Mapping[str, Posted]) -> Iterator[Step]:
    """What is to be said in this channel, and what stands there and reads otherwise by now."""
    for one in found:
        message = _message(one, view)
        if message and _alone(one, posted):
            message = cards.titled(view.conversation, message, view.url)
        if message is None or (one.key not in posted and one.place in (Said.ASSIGNEE, Said.NOTHING)):
            continue
        step = Step(one.key, *_worded(one, message), at=_happened(one, view))
        yield from step_over(posted, _told(step, one))


def _told(step: Step, one: Verdict) -> Step:
    """A step as the place wants it in which it is said."""
    urgent = one.thread.type == "customer" and not one.closing
    step = replace(step, urgency=Urgency.CUSTOMER if urgent else Urgency.QUIET)
    if one.place is Said.CHANNEL:
        return replace(step, version=TOP + step.version)
    if one.place is Said.DIGEST:
        return replace(step, bundled=one.event)
    return replace(step, broadcast=one.place is Said.BOTH)


def _alone(one: Verdict, posted: Mapping[str, Posted]) -> bool:
    """Whether it stands by itself in the channel, or will: then it has to say what it is about."""
    shown = posted.get(one.key)
    return shown.version.startswith(TOP) if shown else one.place is Said.CHANNEL


def spoken(one: Verdict, view: View) -> bool:
    """Whether there is anything to say of it."""
    return _message(one, view) is not None


def _message(one: Verdict, view: View) -> Message | None:
    """What is said of something in its channel; None where there is nothing to say."""
    conversation, thread = view.conversation, one.thread
    if conversation is None:
        return None
    if one.closing:
        return cards.closed_line(conversation.closed_by or thread.created_by)
    if thread.type == "lineitem":
        return cards.line(thread)
    return entry(conversation, thread, view)


def entry(conversation: Conversation, thread: Thread, view: View) -> Message:
    """What somebody wrote, as far as it is shown."""
    quiet = cards.line(thread) if thread.id in view.typed else None
    return quiet or cards.thread(conversation, thread, view.url, view.body)


def _worded(one: Verdict, message: Message) -> tuple[str, Message]:
    """Its version: what somebody wrote may be edited, a line never changes."""
    return (digest(message.blocks) if one.thread.type in TOLD and not one.closing else "1"), message


def _happened(one: Verdict, view: View) -> datetime:
    closed = view.conversation.closed_at if view.conversation else None
    return closed if one.closing and closed else one.thread.created_at


def news_steps(view: View, posted: Mapping[str, Posted]) -> Iterator[Step]:
    """What the assignee is told directly; it stands as it was said."""
    for one in view.news:
        seen = replace(view, body=one.body)
        if view.conversation and one.key not in posted and (said := _message(one, seen)):
            message = cards.direct(view.conversation, said, view.url)
            yield Step(one.key, "1", message, None, Urgency.CUSTOMER, one.thread.created_at)


def file_steps(
    conversation: Conversation, view: View, posted: Mapping[str, Posted], found: Sequence[Verdict]
) -> Iterator[Step]:
    """The files of threads, once each, whenever Slack can take them: no message waits for a file."""
    if view.body is not Body.FULL:
        return
    inside = {one.thread.id for one in found if one.place in (Said.THREAD, Said.BOTH) or one.key in posted}
    new = [one for one in conversation.threads if f"{FILES}{one.id}" not in posted and one.id in inside]
    threads = [one for one in new if one.id not in view.typed]
    brought = {one.id: its for one in threads if (its := attached.brought(one, view.url))}
    if brought:
        card = float(posted[CARD].ts) if CARD in posted else None
        for thread in attached.old_and_new(conversation, TOLD, card):
            if thread.id in brought:
                yield Step(f"{FILES}{thread.id}", "", Message("", ()), files=brought[thread.id])
