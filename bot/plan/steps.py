"""`plan` itself: truth − mirror → steps. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from bot import cards, claimcards, clock, ladder, pings, verdicts
from bot.cards import Message, Place
from bot.model import Conversation, Status
from bot.pings import Rungs
from bot.plan.card import card_steps, card_version, left_steps, placed
from bot.plan.said import entry, file_steps, news_steps, said_steps, spoken
from bot.plan.view import ANEW, CARD, DIGEST, TOP, Bar, Posted, Step, Urgency, View, digest, step_over
from bot.quiet import Quiet
from bot.routing import Event
from bot.routing import Place as Said
from bot.verdicts import TOLD, Verdict


def plan(view: View, posted: Mapping[str, Posted]) -> list[Step]:
    """List the steps for one channel, in the order in which they are to be taken."""
    conversation, shown, held = view.conversation, posted.get(CARD), bar(view, posted)
    if conversation is None or held is Bar.DIRECT:
        gone = card_steps(posted, "gone", cards.gone_card()) if shown and conversation is None else []
        called = _pings(view, _plain_place(view), posted)
        return [*called, *_asked(view, posted), *news_steps(view, posted), *gone]
    if held is Bar.HIDDEN:
        return []
    if held is Bar.LEFT:
        place = placed(conversation, view, anew=ANEW in posted)
        left = left_steps(conversation, view, place, posted) if shown else []
        return [*_pings(view, place, posted), *left]
    return _here(conversation, view, posted, held)


def bar(view: View, posted: Mapping[str, Posted]) -> Bar:
    """What keeps a conversation from being shown as ever in a channel, if anything does.

    `plan` goes by it, and `why` explains it.
    """
    conversation, shown = view.conversation, posted.get(CARD)
    if conversation is None:
        return Bar.GONE
    if view.direct or (shown is None and view.rungs is not None and view.rungs.direct is not None):
        return Bar.DIRECT
    if not _belongs(conversation, shown):
        return Bar.HIDDEN
    if not view.routed:
        return Bar.LEFT
    if shown is None and DIGEST in posted and not _outgrown(view, posted):
        return Bar.LINE
    return Bar.NONE if shown else _cardless(conversation, view, posted)


def _cardless(conversation: Conversation, view: View, posted: Mapping[str, Posted]) -> Bar:
    """Whether no card comes to where none is, or not yet."""
    place = placed(conversation, view, anew=ANEW in posted)
    calls = any(_pings(view, place, posted)) or any(_asked(view, posted))
    if calls or DIGEST in posted:
        return Bar.NONE
    if ANEW not in posted and history(view):
        return Bar.HISTORY
    inside = [one for one in happened(view, posted) if one.place in (Said.THREAD, Said.BOTH)]
    inside = [one for one in inside if one.event is not Event.NEW or brings(one, view)]
    inside = [one for one in inside if spoken(one, view)]
    if ANEW not in posted and not (verdicts.comes(view.deliver) or inside):
        return Bar.CARDLESS
    return Bar.BUNDLED if view.deliver.place(Event.NEW) is Said.DIGEST else Bar.NONE


def brings(first: Verdict, view: View) -> bool:
    """Whether the first message brings a card by itself: one that nobody could be told of directly does."""
    return first.place is Said.THREAD and view.deliver.place(Event.NEW) is Said.ASSIGNEE


def happened(view: View, posted: Mapping[str, Posted]) -> list[Verdict]:
    """What becomes of each thing that happened, as far as the conversation is shown at all."""
    if view.conversation is None or not view.conversation.published:
        return []
    return list(verdicts.verdicts(view.conversation, view.scene(posted)))


def _here(conversation: Conversation, view: View, posted: Mapping[str, Posted], held: Bar) -> list[Step]:
    """The steps in a channel where a conversation belongs."""
    shown, place = posted.get(CARD), placed(conversation, view, anew=ANEW in posted)
    found = happened(view, posted)
    said = list(said_steps(found, view, posted))
    if held is Bar.HISTORY:
        return []
    if held in (Bar.CARDLESS, Bar.LINE):
        alone = {one.key for one in found if one.place in (Said.CHANNEL, Said.DIGEST)}
        return [step for step in said if step.key in alone]
    card = card_steps(
        posted, card_version(conversation, place), cards.card(conversation, place), conversation.created_at
    )
    if held is Bar.BUNDLED:
        return [replace(step, bundled=Event.NEW) for step in card]
    pings = [*_pings(view, place, posted), *_asked(view, posted)]
    # A new card comes first, being the head of the thread; a changed one last, when all it sums up is there.
    files = file_steps(conversation, view, posted, found)
    return [*(said + pings + card if shown else card + said + pings), *files]


def too_much(view: View, posted: Mapping[str, Posted]) -> Iterator[str]:
    """The messages of threads that show more than `view.body`, or may, and that no step makes less."""
    conversation = view.conversation
    threads = conversation.threads if conversation else ()
    written = {f"thread:{one.id}": one for one in threads if one.state == "published"}
    planned = {step.key for step in plan(view, posted)}
    for key, shown in posted.items():
        if not key.startswith("thread:") or ":" in shown.version or key in planned:
            continue
        message = entry(conversation, written[key], view) if conversation and key in written else None
        if message and shown.version.startswith(TOP):
            message = cards.titled(conversation, message, view.url)
        if message is None or shown.version.removeprefix(TOP) != digest(message.blocks):
            yield key


def history(view: View) -> bool:
    """Whether it was closed before the route was there: what was over then is no news here."""
    closed = view.conversation.closed_at if view.conversation else None
    if closed is None or view.conversation is None or view.conversation.status is not Status.CLOSED:
        return False
    return closed.timestamp() < view.since


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
    return shown is not None or shows(conversation)


def shows(conversation: Conversation) -> bool:
    """Whether it is anything to be shown: no draft, not deleted, no spam."""
    return conversation.published and conversation.status is not Status.SPAM


def _outgrown(view: View, posted: Mapping[str, Posted]) -> bool:
    """Whether a digest's line is not enough any more: somebody wrote, waits too long, or wants the card."""
    last = posted[DIGEST].version.rpartition(":")[2]
    if view.conversation is None or ANEW in posted or not last.isdecimal():
        return True
    calls = any(step.ts is None for step in _pings(view, _plain_place(view), posted))
    inside = [one for one in happened(view, posted) if one.place in (Said.THREAD, Said.BOTH)]
    newer = any(one.thread.id > int(last) and one.thread.type in TOLD for one in inside)
    return newer or calls or any(_asked(view, posted))


def _plain_place(view: View) -> Place:
    """Where there is no card to draw."""
    wait = clock.waiting(view.conversation) if view.conversation else None
    return Place(view.url, view.mailbox, wait, view.now)


def newest(conversation: Conversation) -> int:
    """The id of the newest message or note; 0 where there is none."""
    told = (t.id for t in conversation.threads if t.state == "published" and t.type in TOLD)
    return max(told, default=0)


def _pings(view: View, place: Place, posted: Mapping[str, Posted]) -> Iterator[Step]:
    """The steps of the ladder: those that stand here, kept true, and the one that is due."""
    rungs = view.rungs
    if rungs is None:
        return
    left = rungs.direct is None and not view.routed
    if left:
        rungs = Rungs(hours=rungs.hours)  # no ladder of this channel is its any more
    standing = {key: one.version for key, one in posted.items() if key.startswith(pings.PING)}
    for one in pings.say(view.conversation, place, rungs, view.quiet, standing):
        broadcast = one.broadcast and not view.listed
        version = digest(*one.parts)
        step = Step(one.key, version, one.message, None, Urgency.PING, broadcast=broadcast)
        if left and view.conversation and step_over(posted, step):  # what came of it since is not told here
            step = _instead(step, cards.left_reminder())
        yield from _told(view, posted, step)


def _asked(view: View, posted: Mapping[str, Posted]) -> Iterator[Step]:
    """Whether somebody is still on it, and what came of that; that a snooze is over. Each in one place."""
    if view.conversation is None or not view.conversation.published:
        return
    for key, version, message in claimcards.told(view.conversation, view.calm, view.now, posted):
        if view.asks or key in posted:
            said = cards.titled(view.conversation, message, view.url) if view.direct else message
            yield from _told(view, posted, Step(key, version, said, None, Urgency.PING))


def _told(view: View, posted: Mapping[str, Posted], step: Step) -> list[Step]:
    """The step over what stands; whose reader may not see it any more is not told what came of it."""
    steps = step_over(posted, step)
    if not (steps and view.blind):
        return steps
    return step_over(posted, _instead(step, cards.blind())) if step.key in posted else []


def _instead(step: Step, message: Message) -> Step:
    return replace(step, version=digest(message.blocks), message=message)
