"""What one place, a card's thread or a person's direct messages, shows of the steps of a ladder. Pure.

A step is said once for each wait. It stands under its key from then on, and is edited: while the wait lasts
it says whose it is by now, afterwards what came of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bot.cards import Message, Place
from bot.hours import ALWAYS, Hours
from bot.ladder import WARNING, Told, again, due, has, limit, rung
from bot.ladderfile import Kind, Ladder
from bot.model import Conversation
from bot.pings import words
from bot.quiet import Quiet

PING = "ping:"
"""How the key of a step begins; then come the wait's first thread, and the step's number."""
_EARLIER = "1"
"""The version of pings that were never edited, from before there were ladders: they stay as they are."""


@dataclass(frozen=True, slots=True)
class Rungs:
    """How a ladder stands in one place."""

    ladder: Ladder = field(default_factory=Ladder)
    hours: Hours = ALWAYS
    told: Mapping[int, Told] = field(default_factory=dict)
    """What the steps come to that are due or were said, by their number."""
    direct: tuple[int, ...] | None = None
    """The steps that are this person's, where the place is their direct messages."""


@dataclass(frozen=True, slots=True)
class Saying:
    """What is to stand under a key; a place where other `parts` stand is to be edited."""

    key: str
    parts: tuple[object, ...]
    message: Message
    broadcast: bool = False


def numbers(key: str) -> tuple[int, int]:
    """The wait's first thread and the step in the key of a ping."""
    thread, _, step = key.removeprefix(PING).partition(":")
    return int(thread), int(step)


def say(
    conversation: Conversation | None,
    place: Place,
    rungs: Rungs,
    quiet: Quiet | None,
    standing: Mapping[str, str],
) -> Iterator[Saying]:
    """Yield what the pings that stand there are to say, and the one that is due. `standing` has versions."""
    for key, version in standing.items():
        if version != _EARLIER and ":" not in version:  # nor is it a line in a digest
            yield _stands(key, conversation, place, rungs, quiet)
    if conversation and place.wait and not quiet and rungs.hours.open_at(place.now):
        step = _new(place, rungs, [numbers(key) for key in standing])
        if step is not None:
            yield _calls(f"{PING}{place.wait.thread}:{step}", step, conversation, place, rungs)


def calls(rungs: Rungs | None, keys: Iterable[str]) -> tuple[str, ...]:
    """Whom the lines under these keys mention, by Slack's ids."""
    steps = [numbers(key)[1] for key in keys] if rungs else []
    found = [_told(rungs, step).mention for step in steps] if rungs else []
    return tuple(mention for mention in found if mention)


def _new(place: Place, rungs: Rungs, said: list[tuple[int, int]]) -> int | None:
    """The step that is to be said here, unless it or a higher one was said of this wait."""
    if place.wait is None:
        return None
    if rungs.direct is None:
        step = due(rungs.ladder, rungs.hours, place.wait.since, place.now)
        step = step if step is not None and _told(rungs, step).line else None
    else:
        step = max(rungs.direct, default=None)
    here = [
        one
        for thread, one in said
        if thread == place.wait.thread and (not again(one) or has(rungs.ladder, one))
    ]
    return None if step is None or max(here, default=-1) >= step else step


def _stands(
    key: str, conversation: Conversation | None, place: Place, rungs: Rungs, quiet: Quiet | None
) -> Saying:
    """What a ping that stands there is to say by now."""
    thread, step = numbers(key)
    if conversation and place.wait and place.wait.thread == thread and rungs.ladder.steps:
        if quiet:
            return _edited(key, words.quieted(conversation, place, quiet))
        if rungs.direct is not None and step not in rungs.direct:
            return _edited(key, words.elsewhere(conversation, place))
        return _calls(key, step, conversation, place, rungs)
    return _edited(key, words.ended(conversation, place, thread, rungs.hours))


def _edited(key: str, message: Message) -> Saying:
    return Saying(key, (message.blocks,), message)


def _calls(key: str, step: int, conversation: Conversation, place: Place, rungs: Rungs) -> Saying:
    told, hours = _told(rungs, step), rungs.hours
    parts = words.version(conversation, place, told, hours)
    if rungs.direct is not None:
        return Saying(key, ("direct", *parts), words.direct(conversation, place, hours))
    left = limit(rungs.ladder, 1) - hours.passed(place.wait.since, place.now) if place.wait else None
    left = left if step == WARNING and left and left.total_seconds() > 0 else None
    return Saying(key, parts, words.line(conversation, place, told, hours, left), told.broadcast)


def _told(rungs: Rungs, step: int) -> Told:
    """What a step comes to; without anybody to call where nobody was looked up."""
    if step in rungs.told:
        return rungs.told[step]
    how = rung(rungs.ladder, step).kind if has(rungs.ladder, step) else Kind.THREAD
    return Told(how in (Kind.THREAD, Kind.CHANNEL, Kind.GROUP), how in (Kind.CHANNEL, Kind.GROUP))
