"""What a channel's list says, and of whom. Pure.

It is a summary under conversation 0, by the same rule as everything that is said: state → plan → keyed step.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from bot import clock, mail
from bot.cards import Block, Message, button, context, named, plain, richtext_block, when
from bot.hours import ALWAYS, Hours
from bot.plan import LIST, Posted, Step, Urgency, View
from bot.richtext import Element, link, section, text
from bot.store import Delivery

NEXT, ALL = "waiting.next", "waiting.all"
"""The buttons below a list."""
MOST = 20
"""Conversations that get a line."""
NOBODY, MOVED = "nobody", "moved"
"""The versions of a list that is over, and of one that goes on further down."""
_TICK = timedelta(minutes=5)
"""How old the waits may be that a list names."""
_WORKING_DAY = timedelta(hours=8)
"""Of a day on which nobody works."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A conversation whose customer waits too long."""

    conversation: int
    title: str
    url: str
    customer: str
    whose: str
    since: datetime
    hours: Hours = ALWAYS
    card: str = ""
    """Where its card is, if it is there."""


def entry(view: View) -> Entry | None:
    """What a list says of a conversation; None where it does not belong in one.

    It does when its wait is past the first step of the ladder, and nobody has put it aside.
    """
    one, rungs, snooze = view.conversation, view.rungs, view.calm.snooze
    wait = clock.waiting(one) if one and view.routed else None
    if one is None or wait is None or rungs is None or not rungs.ladder.steps:
        return None
    if view.quiet and snooze and view.now < snooze.until_at:
        return None
    if wait.passed(view.now, rungs.hours) < rungs.ladder.steps[0].after:
        return None
    whose = named(one.assignee) if one.assignee else "nobody's"
    whose = mail.one_line(view.quiet.why if view.quiet else whose, 50)
    title, customer = mail.one_line(one.title, 80), mail.one_line(named(one.customer), 50)
    return Entry(one.id, title, view.url, customer, whose, wait.since, rungs.hours)


def unknown(view: View) -> bool:
    """Whether nobody knows if somebody waits too long: Slack could not be asked whom the steps reach."""
    one = view.conversation
    return view.rungs is None and view.routed and one is not None and clock.waiting(one) is not None


def plan(
    entries: Sequence[Entry], shown: Posted | None, least: int, now: datetime, hours: Hours = ALWAYS
) -> Step | None:
    """What a channel must be told next, if anything. `hours` are those of one of its mailboxes.

    A list begins with `least` entries, and goes on with whoever is left until nobody is. One that was said
    more than a working day ago is said anew at the end of the channel: so far up nobody sees it any more.
    """
    old = shown is not None and _aged(datetime.fromtimestamp(float(shown.ts), UTC), now, hours)
    if len(entries) < (1 if goes_on(shown) else least):
        if shown is None or not goes_on(shown):
            return None
        return Step(LIST, NOBODY, _over("white_check_mark", "Nobody waits too long here", now), shown.ts)
    message, version = listing(entries, now), _version(entries, now)
    if shown is None or shown.version == MOVED or (old and shown.version == NOBODY):
        return Step(LIST, version, message, None, Urgency.PING)
    if old:
        return Step(LIST, MOVED, _over("arrow_heading_down", "This list goes on further down", now), shown.ts)
    return Step(LIST, version, message, shown.ts) if shown.version != version else None


def goes_on(shown: Posted | Delivery | None) -> bool:
    """Whether a list stands that is not over: whoever waits too long is in it, however few they are."""
    return shown is not None and shown.version != NOBODY


def listing(entries: Sequence[Entry], now: datetime) -> Message:
    """The list itself: the oldest first."""
    oldest = sorted(entries, key=lambda one: (one.since, one.conversation))
    several = len(oldest) > 1
    head = f"{len(oldest)} customers wait too long" if several else "1 customer waits too long"
    elements: list[Element] = [
        section({"type": "emoji", "name": "hourglass_flowing_sand"}, text(f" {head}", bold=True)),
        {
            "type": "rich_text_list",
            "style": "ordered",
            "elements": [_item(one, now) for one in oldest[:MOST]],
        },
    ]
    if len(oldest) > MOST:
        more = f"… and {len(oldest) - MOST} more: /freescout waiting"
        elements.append(section(text(more, italic=True)))
    blocks = [richtext_block(*elements), offers(), context("as of", when(now))]
    longest = clock.spoken(oldest[0].hours.passed(oldest[0].since, now))
    return Message(f"{head}, {'the longest ' if several else ''}for {longest}", tuple(blocks))


def offers() -> Block:
    """The buttons below a list of those who wait."""
    take: Block = {**button(NEXT, "Take the Oldest", "-"), "style": "primary"}
    return {"type": "actions", "elements": [take, button(ALL, "Everybody Who Waits", "-")]}


def _item(one: Entry, now: datetime) -> Element:
    waited = text(f"{clock.spoken(one.hours.passed(one.since, now))} ", bold=True)
    about = text(f" · {one.customer} · {one.whose}")
    card = [text(" · "), link(one.card, "card")] if one.card else []
    return section(waited, link(one.url, one.title), about, *card)


def _over(sign: str, words: str, now: datetime) -> Message:
    return Message(words, (context(f":{sign}:", plain(words), when(now)),))


def _version(entries: Sequence[Entry], now: datetime) -> str:
    """Changes with what is said, and with the waits while they grow."""
    tick = int(now.timestamp() // _TICK.total_seconds()) if any(e.hours.open_at(now) for e in entries) else 0
    said = sorted((e.since, e.conversation, e.title, e.customer, e.whose, e.card) for e in entries)
    return hashlib.sha256(repr((tick, len(said), said[:MOST])).encode("utf-8", "replace")).hexdigest()[:16]


def _aged(said: datetime, now: datetime, hours: Hours) -> bool:
    """Whether a working day has passed, of the length of the day on which it was said."""
    midnight = datetime.combine(hours.local(said).date(), time(), hours.zone)
    working = hours.passed(midnight, midnight + timedelta(days=1)) or _WORKING_DAY
    return hours.passed(said, now) >= working
