"""An explanation, in sections of lines: made of facts alone, and printed as text. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from bot import clock, mail
from bot.channels import hashed
from bot.hours import ALWAYS, NEVER, Hours
from bot.model import Conversation, Mailbox
from bot.plan import Posted, View
from bot.quiet import Quiet
from bot.redact import Redact
from bot.routing import Body, Choice, Route
from bot.watching.lists import NO_CHANNEL
from bot.why.ladder import moment
from bot.why.trace import Fate, Item, trace

_FEW = 3
"""Silent things of one reason that are named one by one."""


@dataclass(frozen=True, slots=True)
class Place:
    """A channel, or somebody's direct messages, as the next look would find it."""

    channel: str
    name: str
    view: View
    posted: Mapping[str, Posted]
    routes: tuple[Route, ...] = ()
    """Those that lead there and take the conversation."""
    trouble: str = ""
    """Why nothing can be said there."""
    begun: tuple[str, ...] = ()
    """What was begun to be said, and is not confirmed."""
    shut: bool = field(default=False, kw_only=True)
    """Whether it is not touched, because of who else reads there."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that an explanation depends on."""

    identity: int
    url: str
    now: datetime
    conversation: Conversation | None = None
    mailbox: Mailbox | None = None
    hours: Hours = ALWAYS
    choices: tuple[Choice, ...] = ()
    there: frozenset[str] = frozenset()
    """The channels, as routes name them, that show it by now."""
    unread: int = 0
    """How many routes are not spoken of: there are too many."""
    first: bool = False
    """Whether only the first route that fits takes it."""
    nowhere: Mapping[str, str] = field(default_factory=dict)
    """Why a route's channel cannot be had, by its name."""
    places: tuple[Place, ...] = ()
    quiet: Quiet | None = None
    unreached: str = ""
    """Why nobody knows whom the steps of the ladder reach."""
    work: Mapping[str, Any] | None = None
    looked: float = 0
    forgotten: int | None = None
    """Up to which thread it is forgotten; None where it is not."""
    redact: Redact = field(default_factory=Redact)
    retention: str = ""
    links: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Addresses of messages, by their channel and ts."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line, with where it leads."""

    words: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a heading."""

    title: str
    lines: tuple[Line, ...]
    link: str = ""


def explain(facts: Facts) -> tuple[Section, ...]:
    """Say why, from what it is about to what comes next."""
    sections = [
        Section(_title(facts), tuple(map(Line, _head(facts))), facts.url),
        Section("Routes", tuple(map(Line, _routes(facts)))),
        *(_place(facts, one) for one in facts.places),
        Section("What the bridge does", tuple(map(Line, _work(facts)))),
    ]
    return tuple(one for one in sections if one.lines)


def printed(sections: Sequence[Section]) -> str:
    """The same as text."""
    return "\n\n".join("\n".join(_printed(one)) for one in sections)


def _printed(section: Section) -> Iterator[str]:
    yield f"{section.title}{f'  {section.link}' if section.link else ''}"
    for line in section.lines:
        yield f"  {line.words}{f'  {line.link}' if line.link else ''}"


def _title(facts: Facts) -> str:
    if facts.conversation is None:
        return f"Conversation {facts.identity}"
    return mail.one_line(facts.conversation.title, 100)


def _head(facts: Facts) -> Iterator[str]:
    one = facts.conversation
    if facts.forgotten is not None:
        later = "what its customer wrote since is shown" if one else "nothing of it is shown any more"
        yield f"It was forgotten here up to thread {facts.forgotten}: {later}."
    if one is None:
        if facts.forgotten is None:
            yield "FreeScout has it no more: it was deleted for good, and so is what Slack showed of it."
        return
    state = one.status.value if one.published else one.state
    whose = one.assignee.name if one.assignee else "nobody"
    box = facts.mailbox.name if facts.mailbox else f"mailbox {one.mailbox_id}"
    yield f"Mailbox {box}, {state}, assigned to {whose}, tags: {', '.join(one.tags) or 'none'}."
    yield _waits(one, facts)
    if facts.quiet:
        until = f", until {moment(facts.quiet.until)}" if facts.quiet.until else ""
        yield f"Reminders are quiet: {facts.quiet.why}{until}."
    if not facts.hours.open_at(facts.now):
        opens = facts.hours.next_open(facts.now)
        end = f"until {moment(opens)}" if opens < NEVER else "and never opens"
        yield f"Its mailbox is closed {end}: reminders wait."


def _waits(one: Conversation, facts: Facts) -> str:
    wait = clock.waiting(one)
    if wait is None:
        return f"Nobody waits for an answer{f': {why}' if (why := clock.unwaited(one)) else ''}."
    asked = f", asked {wait.asked} times" if wait.asked > 1 else ""
    open_for = (
        "" if facts.hours.week is None else f", {clock.spoken(wait.passed(facts.now, facts.hours))} open"
    )
    waited = clock.spoken(facts.now - wait.since)
    return f"Its customer waits since {moment(wait.since)}: {waited}{open_for}{asked}."


def _routes(facts: Facts) -> Iterator[str]:
    if facts.conversation is None:
        return
    if facts.first:
        yield 'Only the first route that fits takes a conversation (match = "first").'
    read = [one for one in facts.choices if one.hidden != NO_CHANNEL]
    for one in facts.choices:
        called = one.route.called[:1].upper() + one.route.called[1:]
        if one not in read:
            yield f"{called} leads {one.hidden}."
            continue
        verb = "takes it" if one.taken else "does not take it"
        trouble = facts.nowhere.get(one.route.channel, "") if one.taken else ""
        but = f" But {trouble}." if trouble else ""
        why = f"it is {one.hidden}{', too' if one.taken else ''}" if one.hidden else one.why
        yield f"{called} to {hashed(one.route.channel)} {verb}: {why}.{but}"
    if facts.unread:
        yield f"{facts.unread} more routes are not looked up here: /freescout routes all lists them."
    if not any(one.taken for one in read):
        whole = len(read) == len(facts.choices) and not facts.unread
        every = "No route takes it, so it comes to no channel."
        yield every if whole else "None of the routes that you may read takes it."


def _place(facts: Facts, place: Place) -> Section:
    items = trace(place.view, place.posted)
    card = next((facts.links.get((place.channel, one.ts), "") for one in items if one.key == "card"), "")
    return Section(place.name, tuple(_lines(facts, place, items)), card)


def _lines(facts: Facts, place: Place, items: Sequence[Item]) -> Iterator[Line]:
    for words in _policies(facts, place):
        yield Line(words)
    if place.shut:
        yield Line(f"What stands there, {len(place.posted)} in all, stays as it is.")
        return
    for item in items:
        if item.fate is not Fate.SILENT:
            yield Line(_said(item, place), facts.links.get((place.channel, item.ts), ""))
    for one in place.begun:
        yield Line(f"{one} is being said in this moment, or was cut off: the next look makes sure.")
    silent = [one for one in items if one.fate is Fate.SILENT]
    for why, alike in groupby(sorted(silent, key=lambda one: one.why), key=lambda one: one.why):
        yield _silent(list(alike), why)


def _said(item: Item, place: Place) -> str:
    fate = item.fate.value
    if place.trouble and item.fate in (Fate.WILL, Fate.LATER):
        fate = "would be said, but nothing goes there"
    said = f"{item.what}: {fate}{f' ({item.why})' if item.why else ''}."
    return said[:1].upper() + said[1:]


def _silent(alike: Sequence[Item], why: str) -> Line:
    names = ", ".join(one.what for one in alike[:_FEW])
    more = f" and {len(alike) - _FEW} more" if len(alike) > _FEW else ""
    yet = " yet" if why.startswith("it is due") else ""
    return Line(f"Not said{yet}: {names}{more}, because {why or 'nobody knows'}.")


def _policies(facts: Facts, place: Place) -> Iterator[str]:
    if place.trouble:
        yield f"Nothing goes there: {place.trouble}."
    if place.routes:
        several = "; how things are said is the first one's" if len(place.routes) > 1 else ""
        yield f"By {', '.join(one.called for one in place.routes)}{several}."
    if facts.conversation is None or place.view.direct or not place.view.routed:
        return
    body, hidden = place.view.body, _redacted(facts.redact)
    shown = "bodies in full" if body is Body.FULL else f"bodies: {body}"
    yield f"Shown are {shown}{f', without {hidden}' if hidden else ''}{facts.retention}."
    said = [f"{event}: {where}" for event, where in sorted(place.view.deliver.said)]
    if said:
        yield f"The route says where: {', '.join(said)}; all else is said as ever."
    if place.view.listed:
        yield "The channel's list of those who wait speaks of it, so no step is told to the channel beside."
    if facts.unreached:
        yield f"Nobody knows whom the steps reach, so none is said: {facts.unreached}."


def _redacted(redact: Redact) -> str:
    kinds = {"card numbers": redact.cards, "IBANs": redact.ibans, "tokens": redact.tokens}
    kinds |= {"passwords": redact.passwords, "patterns of your own": bool(redact.patterns)}
    return ", ".join(name for name, hides in kinds.items() if hides)


_REASONS = {
    "sweep": "the sweep found a change that no webhook told of",
    "round": "it was not looked at for long",
    "start": "it changed while the bridge was away",
    "clock": "time alone makes something due",
}


def _work(facts: Facts) -> Iterator[str]:
    row = facts.work
    if facts.looked:
        yield f"It looked at this last: {moment(datetime.fromtimestamp(facts.looked, UTC))}."
    else:
        yield "It has never looked at this: no webhook of it came, and the sweep has not found it (yet)."
    if row is None:
        yield "Nothing is to do until its next webhook, or until the sweep finds a change."
        return
    why = _REASONS.get(str(row["reason"]), f"{row['reason']} asked for it")
    due = moment(datetime.fromtimestamp(row["again"] if row["parked"] and row["again"] else row["due"], UTC))
    if row["parked"]:
        on = f"; what time makes due goes on: {due}" if row["again"] else ""
        yield f"Parked: trying again does not help, so it waits for its next webhook{on}."
    elif row["claimed"]:
        yield f"It is being looked at in this moment: {why}."
    elif row["waits"]:
        turn = "nothing goes at present" if row["error"] else "Slack takes about one post a second"
        yield f"It waits for its turn in {row['waits']}, where {turn}."
    else:
        yield f"It looks next: {due}, because {why}."
    if row["error"]:
        yield f"What went wrong: {row['error']}"
