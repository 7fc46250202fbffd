"""Truth − mirror → steps: what Slack must be told so that it shows what FreeScout holds. Pure.

What is said depends only on the truth, never on which webhooks came, or when: each thing said has a key, and
a key that stands already is not said again.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum

from bot import attached, cards, claimcards, clock, ladder, pings
from bot.cards import Message, Place
from bot.model import Attachment, Conversation, Mailbox, Status, Thread
from bot.pings import Rungs
from bot.quiet import Calm, Quiet
from bot.store import Writing

CARD = "card"
DIGEST = "digest"
"""The key of a line in a digest, which stands for a card that did not come."""
LIST = "waiting"
"""The key of a channel's list of those who wait too long, under conversation 0: see `waitlist`."""
RECEIPT = "reply:"
"""How the keys begin under which it is said what becomes of a reply: `teller` keeps those, not the plan."""
ANEW = "anew"
"""The key that says that a card was deleted by hand and came anew."""
FILES, UNFETCHED = "files:", "unfetched:"
"""How the keys begin of a thread's files, and of the line for those that cannot be brought."""
ASKED = "asked"
"""The version of such a line when somebody asked for the card."""
TOLD = ("customer", "message", "note")
"""The types of threads that somebody wrote."""
_LOOK = "2"
"""Part of every card's version: count it up where the card's design changes, and old cards are redrawn."""


@dataclass(frozen=True, slots=True)
class Posted:
    """Something that Slack shows: its message's ts, and the version of the truth that it shows."""

    ts: str
    version: str


class Urgency(IntEnum):
    """What goes first where a channel cannot take everything at once."""

    CARD = 0
    CUSTOMER = 1
    PING = 2
    QUIET = 3
    REFRESH = 4


@dataclass(frozen=True, slots=True)
class Step:
    """Say something under a key, or say it anew in the message `ts`. All but the card goes in its thread."""

    key: str
    version: str
    message: Message
    ts: str | None = None
    urgency: Urgency = Urgency.QUIET
    at: datetime | None = None
    """When what it tells of happened."""
    files: tuple[Attachment, ...] = ()
    """What is to be brought; such a step is the carrier's, and has no words."""
    broadcast: bool = False
    """Whether it stands in the channel as well as in the card's thread."""


@dataclass(frozen=True, slots=True)
class View:
    """All that a plan for one channel depends on. `conversation` is None where FreeScout has it no more."""

    conversation: Conversation | None
    mailbox: Mailbox | None
    url: str
    routed: bool
    """Whether this channel is where the conversation belongs now."""
    rungs: Rungs | None
    """None while nobody knows whom the steps of the ladder reach: then none is said or changed."""
    now: datetime
    quiet: Quiet | None = None
    """What keeps the wait quiet: while it holds, no step is said."""
    writing: Sequence[Writing] = ()
    """Who has a dialog open for an answer to it."""
    notes: bool = False
    """Whether what is typed in the card's thread becomes a note."""
    typed: Collection[int] = ()
    """The notes, by their thread's id, that were typed there: their words stand in Slack already."""
    listed: bool = False
    """Whether the channel's list speaks of it: then no step of the ladder is told to the channel beside."""
    calm: Calm = field(default_factory=Calm)
    """Who is on it, and until when it is put aside."""
    asks: bool = False
    """Whether this channel is where people are asked about that."""


def plan(view: View, posted: Mapping[str, Posted]) -> list[Step]:
    """List the steps for one channel, in the order in which they are to be taken."""
    shown = posted.get(CARD)
    direct = shown is None and view.rungs is not None and view.rungs.direct is not None
    if view.conversation is None or direct:
        gone = _card(posted, "gone", cards.gone_card()) if shown and view.conversation is None else []
        return [*_pings(view, _plain_place(view), posted), *gone]
    if not _belongs(view.conversation, shown):
        return []
    if shown is None and DIGEST in posted and not _outgrown(view, posted):
        return []
    wait = clock.waiting(view.conversation)
    place = Place(
        view.url,
        view.mailbox,
        wait,
        view.now,
        ANEW in posted,
        tuple(view.writing),
        view.notes,
        claimcards.lines(view.calm, view.now),
        claimcards.menu(view.conversation, view.calm, view.now),
    )
    if not view.routed:
        version = _digest("moved", view.conversation.title, view.mailbox)
        moved = _card(posted, version, cards.moved_card(view.conversation, place)) if shown else []
        return [*_pings(view, place, posted), *moved]
    version, message = _card_version(view.conversation, place), cards.card(view.conversation, place)
    card = _card(posted, version, message, view.conversation.created_at)
    said = list(_said(view.conversation, view, posted)) if view.conversation.published else []
    pings = [*_pings(view, place, posted), *_asked(view, posted)]
    # A new card comes first, being the head of the thread; a changed one last, when all it sums up is there.
    files = list(_files(view.conversation, view, posted)) if view.conversation.published else []
    return [*(said + pings + card if shown else card + said + pings), *files]


def next_look(
    conversation: Conversation, rungs: Rungs | None, now: datetime, quiet: Quiet | None = None
) -> datetime | None:
    """When time alone makes another step due."""
    wait = clock.waiting(conversation)
    if wait is None or rungs is None or (quiet and quiet.until is None):
        return None
    return quiet.until if quiet else ladder.next_due(rungs.ladder, rungs.hours, wait.since, now)


def _belongs(conversation: Conversation, shown: Posted | None) -> bool:
    """Drafts, deleted ones and spam get no card; a card that stands is kept true whatever happens."""
    return shown is not None or (conversation.published and conversation.status is not Status.SPAM)


def _outgrown(view: View, posted: Mapping[str, Posted]) -> bool:
    """Whether a digest's line is not enough any more: somebody wrote, waits too long, or wants the card."""
    last = posted[DIGEST].version.rpartition(":")[2]
    if view.conversation is None or ANEW in posted or not last.isdecimal():
        return True
    calls = any(step.ts is None for step in _pings(view, _plain_place(view), posted))
    return newest(view.conversation) > int(last) or calls or any(_asked(view, posted))


def _plain_place(view: View) -> Place:
    """Where there is no card to draw."""
    wait = clock.waiting(view.conversation) if view.conversation else None
    return Place(view.url, view.mailbox, wait, view.now)


def newest(conversation: Conversation) -> int:
    """The id of the newest message or note; 0 where there is none."""
    told = (t.id for t in conversation.threads if t.state == "published" and t.type in TOLD)
    return max(told, default=0)


def _card(
    posted: Mapping[str, Posted], version: str, message: Message, at: datetime | None = None
) -> list[Step]:
    shown = posted.get(CARD)
    if shown and shown.version == version:
        return []
    return [_over(shown, Step(CARD, version, message, None, Urgency.CARD, at))]


def _over(shown: Posted | None, step: Step) -> Step:
    """The same step, in the message that stands already where there is one."""
    return replace(step, ts=shown.ts, urgency=Urgency.REFRESH) if shown else step


def _card_version(conversation: Conversation, place: Place) -> str:
    since = (place.wait.since, place.wait.asked) if place.wait else None
    return _digest(
        _LOOK,
        conversation.title,
        conversation.status,
        conversation.state,
        conversation.assignee,
        conversation.customer,
        conversation.tags,
        place.mailbox,
        place.url,
        since,
        *([] if place.wait else [clock.unwaited(conversation)]),
        *(["anew"] if place.again else []),
        *place.beside,
        *place.menu,
        *(["notes"] if place.notes else []),
        *((one.slack_user, one.kind, one.since) for one in place.writing),
    )


def _said(conversation: Conversation, view: View, posted: Mapping[str, Posted]) -> Iterator[Step]:
    closing = _closing_reply(conversation)
    for thread in conversation.threads:
        if thread.state != "published":
            continue
        if thread.type in TOLD:
            quiet = cards.line(thread) if thread.id in view.typed else None
            message = quiet or cards.thread(conversation, thread, view.url)
            urgency = Urgency.CUSTOMER if thread.type == "customer" else Urgency.QUIET
            version = _digest(message.blocks)
            said = Step(f"thread:{thread.id}", version, message, None, urgency, thread.created_at)
            yield from _step(posted, said)
        elif thread.type == "lineitem" and (line := cards.line(thread)):
            yield from _step(posted, Step(f"line:{thread.id}", "1", line, at=thread.created_at))
        if thread is closing and (closed := conversation.closed_at):
            line = cards.closed_line(conversation.closed_by or thread.created_by)
            yield from _step(posted, Step(f"closed:{int(closed.timestamp())}", "1", line, at=closed))


def _files(conversation: Conversation, view: View, posted: Mapping[str, Posted]) -> Iterator[Step]:
    """The files of threads, once each, whenever Slack can take them: no message waits for a file."""
    new = [one for one in conversation.threads if f"{FILES}{one.id}" not in posted]
    threads = [one for one in new if one.id not in view.typed]
    found = {one.id: files for one in threads if (files := attached.brought(one, view.url))}
    if found:
        card = float(posted[CARD].ts) if CARD in posted else None
        for thread in attached.old_and_new(conversation, TOLD, card):
            if thread.id in found:
                yield Step(f"{FILES}{thread.id}", "", Message("", ()), files=found[thread.id])


def _closing_reply(conversation: Conversation) -> Thread | None:
    """Find the one reply that closed the conversation: FreeScout writes no line item for that."""
    closed = conversation.closed_at
    if closed is None or conversation.status is not Status.CLOSED:
        return None
    near = [t for t in conversation.threads if abs(t.created_at - closed) <= timedelta(seconds=2)]
    if any(t.action == "changed-ticket-status" and t.status == Status.CLOSED for t in near):
        return None
    replies = [t for t in near if t.type == "message" and t.state == "published"]
    return min(reversed(replies), key=lambda t: abs(t.created_at - closed), default=None)


def _step(posted: Mapping[str, Posted], step: Step) -> Iterator[Step]:
    shown = posted.get(step.key)
    if shown is None or shown.version != step.version:
        yield _over(shown, step)


def _pings(view: View, place: Place, posted: Mapping[str, Posted]) -> Iterator[Step]:
    """The steps of the ladder: those that stand here, kept true, and the one that is due."""
    rungs = view.rungs
    if rungs is None:
        return
    if rungs.direct is None and not view.routed:
        rungs = Rungs(hours=rungs.hours)  # no ladder of this channel is its any more
    standing = {key: one.version for key, one in posted.items() if key.startswith(pings.PING)}
    for one in pings.say(view.conversation, place, rungs, view.quiet, standing):
        broadcast = one.broadcast and not view.listed
        version = _digest(*one.parts)
        yield from _step(posted, Step(one.key, version, one.message, None, Urgency.PING, broadcast=broadcast))


def _asked(view: View, posted: Mapping[str, Posted]) -> Iterator[Step]:
    """Whether somebody is still on it, and what came of that; that a snooze is over. Each in one channel."""
    if view.conversation is None or not view.conversation.published:
        return
    for key, version, message in claimcards.told(view.conversation, view.calm, view.now, posted):
        if view.asks or key in posted:
            yield from _step(posted, Step(key, version, message, None, Urgency.PING))


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8", "replace")).hexdigest()[:16]
