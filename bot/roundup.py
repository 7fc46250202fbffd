"""Many conversations in one message: the digest of a burst, and what came while the bridge was away. Pure."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot import clock, mail, pings
from bot.cards import Block, Message, button, context, named, plain, richtext_block
from bot.model import Conversation
from bot.redact import cut
from bot.richtext import Element, link, section, text
from bot.routing import Event

SHOW_CARD = "digest.card"
CARD = "card"
_EVENTS: Mapping[Event, Callable[[int], str]] = {
    Event.NEW: lambda _: "new",
    Event.CUSTOMER: lambda n: f"{n} customer message{'s' * (n > 1)}",
    Event.REPLY: lambda n: "1 reply" if n == 1 else f"{n} replies",
    Event.NOTE: lambda n: f"{n} note{'s' * (n > 1)}",
    Event.ASSIGNED: lambda _: "assigned",
    Event.STATUS: lambda _: "status changed",
    Event.OTHER: lambda n: f"{n} other change{'s' * (n > 1)}",
}
_IN_TIME = timedelta(minutes=2)
"""How late a digest may still be made that was due."""
_MOST_LINKS = 30
"""Lines of a list: with long subjects, more would be refused as msg_blocks_too_long."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a digest says of a conversation. `pings` are the keys of what the line says in their place."""

    conversation: int
    number: int
    title: str
    customer: str
    newest: int
    """The id of its newest message: a newer one brings the card after all."""
    pings: tuple[str, ...] = ()
    waited: timedelta | None = None
    keys: tuple[str, ...] = ()
    """What else the line says, by its keys."""
    what: str = ""
    bundled: bool = False
    """Whether it comes in its hour, together with whatever else there is by then."""
    first: bool = True
    """Whether it stands in the place of a first card."""
    calls: tuple[str, ...] = ()
    """Whom those pings mention, by Slack's ids."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A conversation that changed while the bridge was away."""

    conversation: int
    title: str
    url: str
    customer: str
    new: bool
    replies: int
    closed: bool


def line(
    conversation: Conversation,
    newest: int,
    said: Sequence[str],
    waited: timedelta | None,
    calls: tuple[str, ...] = (),
) -> Line:
    """Make the line of a conversation."""
    return Line(
        conversation.id,
        conversation.number,
        mail.one_line(conversation.title, 100),
        named(conversation.customer),
        newest,
        tuple(said),
        waited if said else None,
        calls=calls,
    )


def bundled(conversation: Conversation, newest: int, events: Mapping[str, Event]) -> Line:
    """Make the line for what happened in a conversation since the last digest of its channel."""
    counts = Counter(events.values())
    what = [_EVENTS[event](count) for event, count in counts.items()]
    return Line(
        conversation.id,
        conversation.number,
        mail.one_line(conversation.title, 100),
        named(conversation.customer),
        newest,
        keys=tuple(key for key in events if key != CARD),
        what=", ".join(what),
        bundled=True,
        first=CARD in events,
    )


def tick(moments: Sequence[datetime], every: timedelta) -> datetime:
    """The full hour, or whatever `every` is, after the first of these moments."""
    seconds = every.total_seconds()
    first = min((one.timestamp() for one in moments), default=0.0)
    return datetime.fromtimestamp((first // seconds + 1) * seconds, UTC)


def due(moments: Sequence[datetime], now: datetime, every: timedelta) -> datetime:
    """When the digest comes that tells of these moments: what was missed by then waits for the next one.

    So there is one for all, also for what comes to a channel long after it happened.
    """
    first, last = tick(moments, every), tick([now], every) - every
    return first if now < first or now - last < _IN_TIME else last + every


def digest(lines: Sequence[Line], late: timedelta | None) -> Message:
    """Several conversations at once: a line and a button for each."""
    waiting = sum(bool(one.waited) for one in lines)
    some = f"{len(lines)} conversation{'s' * (len(lines) > 1)}"
    head = f"{some}, {waiting} of them waiting too long" if waiting else f"{some} at once"
    if all(one.bundled for one in lines):
        head = f"News of {some}"
    if waiting and waiting == len(lines):
        head = f"{some} waiting too long"
    called = list(dict.fromkeys(mention for one in lines for mention in one.calls))
    hint = "Show Card brings a card here; so does the next message of that conversation."
    blocks: list[Block] = [
        richtext_block(
            section({"type": "emoji", "name": "inbox_tray"}, text(f" {head}", bold=True), *_calls(called))
        ),
        context(plain(hint)),
        *(_row(one) for one in lines),
        *([delayed(late)] if late else []),
    ]
    names = ", ".join(one.title for one in lines)
    words = f"{head}: {names}"
    words = mail.escape(words[: cut(words, 3000)])
    return Message(" ".join([*map(pings.called, called), words]), tuple(blocks))


def _calls(people: Sequence[str]) -> list[Element]:
    """Whom a line calls is called once by the whole message."""
    return [leaf for one in people for leaf in (text(" "), pings.call(one))]


def _row(one: Line) -> Block:
    waited = f" · has waited {clock.spoken(one.waited)}" if one.waited else ""
    waited += f" · {one.what}" if one.what else ""
    show = {
        **button(SHOW_CARD, "Show Card", str(one.conversation)),
        "accessibility_label": f"Show the card of #{one.number}",
    }
    return {
        "type": "section",
        "block_id": f"line.{one.conversation}",
        "text": {"type": "plain_text", "text": f"{one.title}\n{one.customer}{waited}", "emoji": False},
        "accessory": show,
    }


def away(missed: Sequence[Missed], gap: timedelta, unsure: int = 0) -> Message:
    """What came while the bridge was away; cards and messages follow for what is still open.

    Of `unsure` more nobody knew whether they belong here.
    """
    new = sum(one.new for one in missed)
    replies = sum(one.replies for one in missed)
    closed = sum(one.closed for one in missed)
    told = f"While I was away ({clock.spoken(gap)}): {new} new, {_count(replies)}, {closed} already closed."
    lines = listed(missed)
    items = [section(link(one.url, one.title), text(f" · {one.customer} · {_what(one)}")) for one in lines]
    elements: list[Element] = [section({"type": "emoji", "name": "wave"}, text(f" {told}", bold=True))]
    elements.append({"type": "rich_text_list", "style": "bullet", "elements": items})
    if len(missed) > len(lines):
        elements.append(section(text(f"and {len(missed) - len(lines)} more.", italic=True)))
    blocks = [richtext_block(*elements), *([context(plain(unread(unsure)))] if unsure else [])]
    return Message(mail.escape(told), tuple(blocks))


def unread(some: int) -> str:
    """Say of how many conversations nobody knows whether a channel's routes take them."""
    more = f"{some} more conversation{'s' * (some > 1)}"
    return f"{more} may belong here: the custom fields that decide it were not read."


def listed(missed: Sequence[Missed]) -> list[Missed]:
    """Those that get a line of their own: the open ones first, and of them the new ones."""
    return sorted(missed, key=lambda one: (one.closed, not one.new))[:_MOST_LINKS]


def delayed(late: timedelta) -> Block:
    """Say that a message had to wait for Slack."""
    return context(":hourglass:", plain(f"Delayed {clock.spoken(late)} by Slack"))


def _count(replies: int) -> str:
    return f"{replies} {'reply' if replies == 1 else 'replies'}"


def _what(one: Missed) -> str:
    said = ["new"] if one.new else []
    said += [_count(one.replies)] if one.replies else []
    said += ["closed"] if one.closed else []
    return ", ".join(said) or "changed"
