"""What becomes of each thing that could be said of a conversation in one channel, and why. Pure.

It asks `plan` what it does, and what it is kept from: a trace can tell no other story than the looks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot import attached, cards, clock, erasing, ladder, pings
from bot.model import Conversation, Status
from bot.plan import (
    ANEW,
    CARD,
    DIGEST,
    FILES,
    LEFT,
    TOLD,
    TOP,
    UNFETCHED,
    Bar,
    Posted,
    Step,
    View,
    bar,
    happened,
    plan,
)
from bot.quiet import QUESTION, ROUSED
from bot.routing import Body, Event
from bot.routing import Place as Said
from bot.verdicts import OLD, Verdict
from bot.why.ladder import called, moment, unsaid


class Fate(StrEnum):
    """What becomes of it."""

    STANDS = "stands"
    EDITED = "stands, and will be edited"
    WILL = "will be said"
    LATER = "will be said in its digest"
    SILENT = "is not said"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is, could be or will be said. `ts` is where it stands."""

    key: str
    what: str
    fate: Fate
    why: str
    ts: str = ""


@dataclass(frozen=True, slots=True)
class _Case:
    view: View
    posted: Mapping[str, Posted]
    bar: Bar
    found: Mapping[str, Verdict]
    planned: Mapping[str, Step]


def trace(view: View, posted: Mapping[str, Posted]) -> tuple[Item, ...]:
    """Tell of everything that stands there, that will be said, or that is not."""
    planned = {one.key: one for one in plan(view, posted) if not _done(posted.get(one.key))}
    held = bar(view, posted)
    asked = view.news if held is Bar.DIRECT else happened(view, posted)
    case = _Case(view, posted, held, {one.key: one for one in asked}, planned)
    every = dict.fromkeys((*_possible(case), *posted, *planned))
    return tuple(_item(case, key) for key in every)


def _possible(case: _Case) -> Iterator[str]:
    """The keys of all that could be said."""
    conversation, card = case.view.conversation, case.bar not in (Bar.DIRECT, Bar.GONE)
    if conversation is None:
        return
    if card:
        yield CARD
    for key, one in case.found.items():
        yield key
        if (
            card
            and not one.closing
            and one.thread.type in TOLD
            and attached.brought(one.thread, case.view.url)
        ):
            yield f"{FILES}{one.thread.id}"
    wait, rungs = clock.waiting(conversation), case.view.rungs
    if wait and rungs and rungs.direct is not None:
        yield from (f"{pings.PING}{wait.thread}:{step}" for step in sorted(rungs.direct))
    elif wait and rungs and rungs.ladder.steps and case.bar is not Bar.LEFT:
        yield from (f"{pings.PING}{wait.thread}:{step}" for step in ladder.numbers(rungs.ladder))


def _done(posted: Posted | None) -> bool:
    return posted is not None and posted.version in (erasing.EXPIRED, erasing.STAYS)


def _item(case: _Case, key: str) -> Item:
    shown, step = case.posted.get(key), case.planned.get(key)
    what = _what(case, key)
    if shown:
        why = _stands(shown) or _hushed(case, key)
        return Item(key, what, Fate.EDITED if step else Fate.STANDS, why, shown.ts)
    if step:
        return Item(key, what, Fate.LATER if step.bundled else Fate.WILL, _because(case, key, step))
    return Item(key, what, Fate.SILENT, _silence(case, key))


_NAMES = {CARD: "the card", DIGEST: "a line in a digest", ANEW: "word that the card came anew"}
_STARTS = {QUESTION: "“Still on it?”", ROUSED: "“Snooze is over”"}
_OF_THREADS = {FILES: "files of ", UNFETCHED: "word of files that cannot be brought, of "}


def _what(case: _Case, key: str) -> str:
    start, _, identity = key.partition(":")
    if key.startswith(pings.PING):
        return called(pings.numbers(key)[1])
    if of := _OF_THREADS.get(f"{start}:"):
        return of + _thread(case, identity)
    if one := case.found.get(key):
        return _told(one)
    known = _NAMES.get(key) or _STARTS.get(f"{start}:")
    return known or (_thread(case, identity) if start in ("thread", "line") else key)


def _thread(case: _Case, identity: str) -> str:
    threads = case.view.conversation.threads if case.view.conversation else ()
    found = next((one for one in threads if str(one.id) == identity), None)
    return f"thread {identity}" if found is None else f"thread {identity}, {moment(found.created_at)}"


_KINDS = {"customer": "message", "message": "reply", "note": "note"}


def _told(one: Verdict) -> str:
    thread, when = one.thread, moment(one.thread.created_at)
    if one.closing:
        return f"that it was closed, {when}"
    if thread.type == "lineitem":
        line = cards.line(thread)
        return f"“{line.text if line else thread.action or 'a change'}”, {when}"
    by = thread.created_by or (thread.customer if thread.type == "customer" else None)
    return f"{_KINDS.get(thread.type, thread.type)} of {cards.named(by)}, {when}"


def _stands(shown: Posted) -> str:
    if shown.version == erasing.EXPIRED:
        return "without its words: it is older than it may be shown"
    if shown.version.removeprefix(TOP) == erasing.NARROWED:
        return "without its words: this channel shows less than it did"
    if shown.version in (erasing.GONE, erasing.STAYS):
        return "deleted, or to be deleted"
    if shown.version.startswith(LEFT):
        return "with word that it does not belong here"
    if shown.version.startswith(TOP):
        return "in the channel"
    return "as a line of a message about several" if ":" in shown.version else ""


def _hushed(case: _Case, key: str) -> str:
    """Why something stands in the card's thread alone that its route has said aloud."""
    one = case.found.get(key)
    if one is None or one.place is not Said.THREAD or one.why == OLD:
        return ""  # what is old by now was not when it was said
    meant = case.view.deliver.place(one.event)
    return "" if one.event is Event.NEW or meant is Said.THREAD else f"in the thread: {one.why}"


def _because(case: _Case, key: str, step: Step) -> str:
    if one := case.found.get(key):
        return f"{one.place}: {one.why}"
    if key == CARD:
        return "somebody asked for it" if ANEW in case.posted else _comes(case)
    if key.startswith(pings.PING):
        due = "nobody is on it any more" if ladder.again(pings.numbers(key)[1]) else "it is due"
        return due + (", told in the channel as well" if step.broadcast else "")
    return "it goes with its message" if key.startswith(FILES) else "it is due"


def _comes(case: _Case) -> str:
    deliver = case.view.deliver
    return (
        f"new: {deliver.place(Event.NEW)}" if deliver.chosen(Event.NEW) else "a new conversation, by default"
    )


def _silence(case: _Case, key: str) -> str:
    """Why something is neither there nor will be."""
    if key.startswith(pings.PING) and case.bar is not Bar.LEFT:
        return _not_due(case, key)
    one = case.found.get(key)
    shown = case.bar not in (Bar.LEFT, Bar.HIDDEN, Bar.GONE)
    if one and shown and one.place in (Said.ASSIGNEE, Said.NOTHING):
        return f"{one.place}: {one.why}"
    if one and shown and one.thread.type == "lineitem" and not one.closing and cards.line(one.thread) is None:
        return "no line is made of such a change"
    if case.bar is not Bar.NONE:
        return _barred(case)
    return _no_files(case, key) if key.startswith(FILES) else ""


def _not_due(case: _Case, key: str) -> str:
    thread, step = pings.numbers(key)
    view = case.view
    wait = clock.waiting(view.conversation) if view.conversation else None
    if wait is None:
        return "nobody waits"
    standing = [pings.numbers(one) for one in case.posted if one.startswith(pings.PING)]
    said = [number for first, number in standing if first == thread]
    direct = view.rungs.direct if view.rungs else None
    if direct and step < max(direct):
        return f"{called(max(direct))} takes its place"
    return unsaid(view.rungs, wait, step, view.now, said=said, quiet=view.quiet)


def _barred(case: _Case) -> str:
    conversation = case.view.conversation
    if case.bar is Bar.HIDDEN and conversation:
        return f"{_state(conversation)}, and gets no card"
    if case.bar is Bar.HISTORY and conversation and conversation.closed_at:
        since = datetime.fromtimestamp(case.view.since, conversation.closed_at.tzinfo)
        closed = f"it was closed {moment(conversation.closed_at)}"
        return f"{closed}, before this route was there ({moment(since)})"
    place, more = (
        case.view.deliver.place(Event.NEW),
        "Show Card brings the card, and so does the next message",
    )
    return {
        Bar.LEFT: "no route leads here any more",
        Bar.LINE: f"its line in a digest stands for it: {more}",
        Bar.CARDLESS: f"no card comes here, in whose thread it would stand: new: {place}",
        Bar.BUNDLED: "the digest tells of the conversation first",
        Bar.DIRECT: "it is not for whose direct messages these are",
        Bar.GONE: "FreeScout has it no more",
    }.get(case.bar, "")


def _state(conversation: Conversation) -> str:
    if not conversation.published:
        return "it is deleted" if conversation.state == "deleted" else f"it is a {conversation.state}"
    return "it is spam" if conversation.status is Status.SPAM else "it is not shown"


def _no_files(case: _Case, key: str) -> str:
    identity, view = int(key.removeprefix(FILES)), case.view
    if view.body is not Body.FULL:
        return f"body: {view.body} keeps files in FreeScout"
    if identity in view.typed:
        return "it was typed in Slack, where its files stand already"
    verdicts: Sequence[Verdict] = [one for one in case.found.values() if one.thread.id == identity]
    if not any(one.place in (Said.THREAD, Said.BOTH) or one.key in case.posted for one in verdicts):
        return "its message is not said in the card's thread"
    return "it is older than the card, and only the last five messages before a card bring their files"
