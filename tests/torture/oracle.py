"""What Slack shows against what FreeScout holds: every difference in words. Pure."""

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.torture.truth import Held, Said

LOST, DOUBLED, DISORDERED, UNTRUE = KINDS = ("lost", "doubled", "disordered", "untrue")
_SEEN = 110
"""Characters of a title that a card surely shows."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that Slack should not show, or should."""

    kind: str
    conversation: int
    channel: str
    words: str

    def __str__(self) -> str:
        place = f" in #{self.channel}" if self.channel else ""
        return f"{self.kind}: conversation {self.conversation}{place}: {self.words}"


def differences(held: Iterable[Held], said: Sequence[Said]) -> list[Difference]:
    """List every difference; empty where Slack is what FreeScout is."""
    shown: dict[tuple[int, str], list[Said]] = defaultdict(list)
    listed: dict[tuple[int, str], list[Said]] = defaultdict(list)
    found: list[Difference] = []
    known = {one.id: one for one in held}
    for message in said:
        for identity in message.lines:
            listed[identity, message.channel].append(message)
        if message.conversation:
            shown[message.conversation, message.channel].append(message)
        elif not message.key:
            found.append(Difference(UNTRUE, 0, message.channel, f"message {message.ts} names nothing"))
    found += _doubled(said)
    for identity, channel in {**shown, **listed}:
        if identity not in known:
            found.append(Difference(UNTRUE, identity, channel, "FreeScout never had it"))
    for one in known.values():
        everywhere = {channel for identity, channel in {**shown, **listed} if identity == one.id}
        for channel in sorted(everywhere | set(one.channels)):
            messages = shown[one.id, channel]
            for kind, words in _compare(one, channel, messages, listed[one.id, channel]):
                found.append(Difference(kind, one.id, channel, words))
    return found


def _doubled(said: Sequence[Said]) -> Iterator[Difference]:
    """The same thing said twice in one channel."""
    times = Counter((one.channel, one.conversation, one.key) for one in said if one.key)
    for (channel, identity, key), count in times.items():
        if count > 1:
            yield Difference(DOUBLED, identity or 0, channel, f"{key} stands there {count} times")


def _compare(one: Held, channel: str, messages: list[Said], digests: list[Said]) -> Iterator[tuple[str, str]]:
    cards = [message for message in messages if message.key == "card"]
    for earlier, later in pairwise(digests):
        yield DOUBLED, f"two lines in digests, at {earlier.ts} and {later.ts}"
    if one.hidden or not (channel in one.channels or channel in one.before):
        if messages or digests:
            yield UNTRUE, f"nothing of it should ever stand here, and {len(messages + digests)} do"
        return
    yield from _places(messages)
    live = channel in one.channels and one.state == "published"
    if not cards:
        if live and one.status != "spam":
            yield from _unsaid(one, digests)
        return
    for card in cards:
        yield from _card(one, channel, card)
    if one.state == "gone" and all("for good" in card.small for card in cards):
        left = [message.key for message in messages if not message.key.startswith(("card", "reply:"))]
        left += ["a line in a digest"] * bool(digests)
        if left:
            yield UNTRUE, f"deleted for good, but there still stand {', '.join(left[:5])}"
    if live:
        yield from _complete(one, messages)
    yield from _order(one, messages)


def _unsaid(one: Held, digests: list[Said]) -> Iterator[tuple[str, str]]:
    """Without a card, a line in a digest does, until somebody writes again."""
    if not digests:
        yield LOST, "no card"
        return
    for key in _written(one, float(digests[-1].ts) + 1, math.inf):
        yield LOST, f"{key} came after the digest and brought no card"


def _written(one: Held, since: float, until: float) -> list[str]:
    """What somebody wrote between two times."""
    said = (entry for entry in one.entries if entry.kind != "lineitem")
    return [entry.key for entry in said if since < entry.at.timestamp() <= until]


def _places(messages: list[Said]) -> Iterator[tuple[str, str]]:
    """Cards stand in the channel; everything else in the thread of its own card."""
    for message in messages:
        if (message.under is None) != (message.key == "card"):
            yield (
                DISORDERED,
                f"{message.key} stands {'in a thread' if message.under else 'outside its thread'}",
            )
        elif message.under and message.under.conversation != message.conversation:
            yield UNTRUE, f"{message.key} stands under conversation {message.under.conversation}"


def _card(one: Held, channel: str, card: Said) -> Iterator[tuple[str, str]]:
    """The card tells the present."""
    if one.state == "gone":
        if "for good" not in card.small:
            yield UNTRUE, f"deleted for good, but the card says {_brief(card.text)}"
        return
    title = normal(one.title)[:_SEEN]
    if channel not in one.channels:
        number, _, subject = title.partition(" ")
        if number not in normal(card.text).split() or subject in normal(card.text):
            yield UNTRUE, f"what went is named {number} alone, but the card says {_brief(card.text)}"
        if "Moved to" not in card.small or normal(one.mailbox) not in normal(card.small):
            yield UNTRUE, f"moved to {one.mailbox}, but the card says {_brief(card.small)}"
        return
    if title not in normal(card.text):
        yield UNTRUE, f"the card's title is not {title!r} but {_brief(card.text)}"
    if one.state != "published":
        if "Deleted" not in card.small:
            yield UNTRUE, f"deleted, but the card says {_brief(card.small)}"
        return
    yield from _standing(one, card)


def _standing(one: Held, card: Said) -> Iterator[tuple[str, str]]:
    small = normal(card.small)
    if f": {one.status.title()}" not in small:
        yield UNTRUE, f"its status is {one.status}, but the card says {_brief(small)}"
    if normal(one.assignee or "Unassigned") not in small:
        yield UNTRUE, f"it is {one.assignee or 'nobody'}'s, but the card says {_brief(small)}"
    labelled = (line for line in card.small.splitlines() if line.startswith(":label:"))
    tags = normal(next(labelled, "").removeprefix(":label:"))
    if tags != normal(", ".join(one.tags)):
        yield UNTRUE, f"its tags are {', '.join(one.tags) or 'none'}, but the card says {tags or 'none'}"
    if one.waiting is not None and one.waiting != ("waiting since" in small):
        yield (
            UNTRUE,
            f"its customer {'waits' if one.waiting else 'does not wait'}, the card says {_brief(small)}",
        )
    for what in (one.customer, f"→ {one.mailbox}"):
        if normal(what) not in normal(card.text):
            yield UNTRUE, f"the card does not say {what!r} but {_brief(card.text)}"


def _complete(one: Held, messages: list[Said]) -> Iterator[tuple[str, str]]:
    """Everything that was said in it stands in the card's thread, and in its own words."""
    shown = {message.key: message for message in messages}
    for entry in one.entries:
        message = shown.get(entry.key)
        if message is not None and entry.words not in message.text:
            yield UNTRUE, f"{entry.key} does not say {entry.words} but {_brief(message.text)}"
        elif message is None and entry.due:
            yield LOST, f"{entry.key} ({entry.kind}, {entry.words or 'a line'}) is not there"
    known = {entry.key for entry in one.entries} | {f"thread:{gone}" for gone in one.gave}
    known |= {f"line:{gone}" for gone in one.gave}
    for key in shown:
        if key.startswith(("thread:", "line:")) and key not in known:
            yield UNTRUE, f"{key} is none of its published threads"


def _order(one: Held, messages: list[Said]) -> Iterator[tuple[str, str]]:
    """The messages stand in the order in which they were written.

    What came by a merge is older than what stood there already, and Slack cannot put it in between: only among
    those that were written in one conversation is there an order to keep.
    """
    for home in dict.fromkeys(entry.home for entry in one.entries):
        due = [entry.key for entry in one.entries if entry.home == home and entry.kind != "lineitem"]
        place = {key: number for number, key in enumerate(due)}
        stands: list[str] = []
        for message in sorted(messages, key=lambda message: float(message.ts)):
            if message.key in place and message.key not in stands:
                stands.append(message.key)
        for before, after in pairwise(stands):
            if place[before] > place[after]:
                yield DISORDERED, f"{before} stands before {after}"


def normal(text: str) -> str:
    """Text without what is not seen of it: controls, marks of direction, and the width of spaces."""
    seen = (" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in _UNSEEN)
    return " ".join("".join(seen).split())


_UNSEEN = frozenset({"Cc", "Cf", "Cs"})


def _brief(text: str) -> str:
    shown = normal(text)
    return repr(shown if len(shown) <= 160 else f"{shown[:160]}…")
