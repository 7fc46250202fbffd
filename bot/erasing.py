"""What stands in Slack of a conversation that was deleted for ever, is to be forgotten, or is too old.

Pure; `eraser` does it.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from bot import clock, mail
from bot.cards import Message, gone_card, richtext_block
from bot.model import Conversation
from bot.plan import CARD, DIGEST, FILES, RECEIPT, TOP, UNFETCHED, Posted, View, too_much
from bot.richtext import link, section, text
from bot.store import Delivery

GONE = "gone"
"""The version of what says that its conversation was deleted."""
EXPIRED = "expired"
"""The version of what is older than it may be: only a link to FreeScout is left."""
STAYS = "stays"
"""The version of what Slack lets nobody take away."""
DONE = (GONE, EXPIRED, STAYS)
NARROWED = "narrowed"
"""The version of what showed more than its channel does by now; a conversation that comes back is redrawn."""
THREAD = "thread:"
_OF_THREAD = re.compile(f"(?:{THREAD}|(?:{UNFETCHED})?{FILES})([0-9]+)")


class How(Enum):
    """What happens to a message."""

    DELETED = "deleted"
    REPLACED = "replaced"
    SCRUBBED = "scrubbed"
    """One that speaks of many loses what it says of this one."""
    LEFT = "left"
    """Only its row goes: what it says is another row's to take away."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that stands in Slack, and what is to become of it."""

    channel: str
    key: str
    ts: str
    how: How
    files: tuple[str, ...] = ()
    """Slack's ids of files that go with it."""
    message: Message | None = None
    version: str = ""
    """Of the message that takes its place."""


Mention = tuple[str, str, bool]
"""A message that speaks of a conversation: channel, ts, whether of nothing else."""


def thread_of(key: str) -> int:
    """The thread whose words or files stand under a key; 0 where it is no thread's."""
    found = _OF_THREAD.fullmatch(key)
    return int(found[1]) if found else 0


def authors(conversation: Conversation) -> dict[int, int]:
    """Which customer wrote which thread, by their ids; what an agent took down is its customer's."""
    found: dict[int, int] = {}
    for one in conversation.threads:
        by = one.created_by if one.created_by and one.created_by.type == "customer" else one.customer
        if one.type == "customer" and by:
            found[one.id] = by.id
    return found


def erased(
    said: Sequence[Delivery], mentions: Sequence[Mention], kept: Collection[str] = (), *, whole: bool = False
) -> list[Thing]:
    """All that has to go of a conversation. Its card comes last: it says that it was deleted, unless `whole`.

    `kept` are the keys of receipts that hold words which nobody but their writers has.
    """
    cards = {(one.channel, one.ts) for one in said if one.key == CARD}
    mine = [one for one in said if one.key not in kept and (one.ts or one.key.startswith(FILES))]
    things = [_thing(one, cards, whole=whole) for one in sorted(mine, key=lambda one: one.key == CARD)]
    lines = [
        Thing(channel, "", ts, How.DELETED if alone else How.SCRUBBED) for channel, ts, alone in mentions
    ]
    todo = [one for one in things if one is not None]
    return [*(one for one in todo if one.key != CARD), *lines, *(one for one in todo if one.key == CARD)]


def _thing(one: Delivery, cards: Collection[tuple[str, str]], *, whole: bool) -> Thing | None:
    if one.version == STAYS or (one.version == GONE and not whole):
        return None
    if one.key.startswith(FILES):
        own = one.ts and (one.channel, one.ts) not in cards
        how = How.DELETED if own else How.LEFT
        return Thing(one.channel, one.key, one.ts, how, _files(one.version))
    if one.key == CARD and not whole:
        return Thing(one.channel, one.key, one.ts, How.REPLACED, (), gone_card(), GONE)
    among = one.key == DIGEST or ":" in one.version  # it stands in a message that speaks of others, too
    return Thing(one.channel, one.key, one.ts, How.LEFT if among else How.DELETED)


def _files(version: str) -> tuple[str, ...]:
    return tuple(one for one in version.split() if one[:1] == "F" and one.isalnum())


def expired(said: Sequence[Delivery], url: str, after: timedelta, now: datetime) -> list[Thing]:
    """What is older than `after` and still shows what somebody wrote, or a file."""
    before = (now - after).timestamp()
    cards = {(one.channel, one.ts) for one in said if one.key == CARD}
    old = [one for one in said if one.ts and float(one.ts) < before and one.version not in DONE]
    told = [one for one in old if one.key.startswith((THREAD, RECEIPT)) and ":" not in one.version]
    things = [
        Thing(one.channel, one.key, one.ts, How.REPLACED, (), expired_message(url, after), EXPIRED)
        for one in told
    ]
    return things + [replace(thing, version=EXPIRED) for thing in _file_things(old, cards)]


def narrowed(said: Sequence[Delivery], channels: Collection[str]) -> list[Thing]:
    """The files in channels that show no whole mail any more, and what names those that did not come."""
    cards = {(one.channel, one.ts) for one in said if one.key == CARD}
    here = [one for one in said if one.channel in channels and one.version not in DONE]
    names = [one for one in here if one.ts and one.key.startswith(UNFETCHED)]
    lines = [Thing(one.channel, one.key, one.ts, How.DELETED) for one in names]
    return [*_file_things(here, cards), *lines]


def lessened(said: Sequence[Delivery], views: Mapping[str, View]) -> Iterator[Thing]:
    """What somebody wrote, where a channel shows less of it by now and no plan sees to that: by channel."""
    over = (*DONE, NARROWED)
    for channel, view in views.items():
        here = {one.key: one for one in said if one.ts and one.channel == channel}
        for key in too_much(view, {key: Posted(one.ts, one.version) for key, one in here.items()}):
            one, message = here[key], narrowed_message(view.url)
            if one.version.removeprefix(TOP) not in over:
                top = TOP if one.version.startswith(TOP) else ""  # where it stands, it stays
                yield Thing(channel, key, one.ts, How.REPLACED, (), message, top + NARROWED)


def _file_things(said: Sequence[Delivery], cards: Collection[tuple[str, str]]) -> list[Thing]:
    """The files with the messages that show them; without, where a crash left none known."""
    found = [(one, _files(one.version)) for one in said if one.key.startswith(FILES)]
    own = [bool(one.ts) and (one.channel, one.ts) not in cards for one, _ in found]
    return [
        Thing(one.channel, one.key, one.ts, How.DELETED if alone else How.LEFT, files)
        for (one, files), alone in zip(found, own, strict=True)
        if files
    ]


def expired_message(url: str, after: timedelta) -> Message:
    """What takes the place of a text that is too old."""
    return _only_a_link(f"Older than {clock.spoken(after)}: ", url)


def narrowed_message(url: str) -> Message:
    """What takes the place of a text that is more than its channel shows by now."""
    return _only_a_link("Not shown in this channel any more: ", url)


def _only_a_link(words: str, url: str) -> Message:
    shown = richtext_block(section(text(words, italic=True), link(url, "Open in FreeScout")))
    return Message(mail.escape(f"{words}in FreeScout"), (shown,))


def expired_lines(after: timedelta) -> Message:
    """What takes the place of a message that spoke of many."""
    words = f"What stood here is older than {clock.spoken(after)}."
    return Message(words, (richtext_block(section(text(words, italic=True))),))
