"""`python -m bot routes`: the routes as the bridge understands them, and a new file tried before it holds.

The trial asks which channels the latest conversations would come to, beside where their cards stand.
FreeScout and Slack are read, the memory is a copy: nothing is said or written.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bot import mail, routes, takers, verdicts
from bot.channels import Channels, hashed
from bot.desk import Desk
from bot.errors import BridgeError
from bot.freescout import ConversationQuery, Sort
from bot.glass import copied
from bot.live import Live
from bot.model import Conversation, Mailbox, Status
from bot.names import CHANNEL, Names
from bot.plan import shown_in
from bot.routing import Route
from bot.settings import Settings
from bot.staging import Staged, staged
from bot.store import Store
from bot.watching import book, stored

_PAGE = 100


@dataclass(frozen=True, slots=True)
class Case:
    """One conversation: the channels that show it now, those of the trial, and by which routes."""

    number: int
    title: str
    now: tuple[str, ...]
    then: tuple[str, ...]
    by: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether the trial comes to something else."""
        return set(self.now) != set(self.then)


@dataclass(frozen=True, slots=True)
class _Trial:
    """The settings of now and those of then, each with all channels by their ids."""

    desk: Desk
    now: Settings
    then: Settings
    names: Mapping[str, str]
    """What the routes call each channel, by its id."""

    def called(self, channels: Sequence[str]) -> tuple[str, ...]:
        """Channels as they are printed, each once."""
        return tuple(sorted({hashed(self.names.get(one, one)) for one in channels}))


async def listed(settings: Settings, now: datetime) -> str:
    """List every route in its order, those from Slack behind the file's."""
    live = Live(settings)
    if _remembered(settings):
        with copied(settings.database_path) as copy:
            async with staged(settings, copy, now) as there:
                live = there.desk.live
                called = await _called(there.desk)
    else:
        called = {}
    rule = "the first that fits" if settings.routing.first else "every one that fits"
    head = f"{len(live.settings.routes)} routes; {rule} shows a conversation:"
    return "\n".join([head, *(_listed(one, called) for one in live.settings.routes)])


def _remembered(settings: Settings) -> bool:
    return Path(settings.database_path).exists()


async def _called(desk: Desk) -> Mapping[int, str]:
    """The names of mailboxes, where FreeScout tells them."""
    try:
        return {one.id: one.name for one in await desk.people.mailboxes()}
    except BridgeError:
        return {}


def _listed(route: Route, called: Mapping[int, str]) -> str:
    where = f", line {route.line}" if route.line else ", from Slack" if route.watched else ""
    manner = "; ".join(stored.manner(route))
    told = f"{stored.told(route, called)} → {hashed(route.channel)}"
    return f"  {route.called}{where}: {told}{f' ({manner})' if manner else ''}"


async def tried(settings: Settings, new: Settings, last: int, now: datetime, *, every: bool) -> str:
    """Tell what `new` would do with the latest conversations, beside what the present settings did."""
    with copied(settings.database_path) as copy:
        async with staged(settings, copy, now) as there:
            trial = await _trial(there, await _watched(new, there.desk.store))
            cases = [case async for case in _cases(trial, last)]
    return "\n".join(_told(cases, every=every))


async def _watched(new: Settings, store: Store) -> Settings:
    """The new settings with the routes from Slack behind the file's."""
    live = Live(new)
    await book.load(live, store)
    return live.settings


async def _cases(trial: _Trial, last: int) -> AsyncIterator[Case]:
    asks = any(map(takers.asks, (*trial.now.routes, *trial.then.routes)))
    newest = ConversationQuery(sort=Sort.CREATED, newest_first=True, threads=True, page_size=_PAGE)
    async for row in trial.desk.freescout.conversations(newest, most=last):
        one = await takers.whole(trial.desk, row) if asks and not row.fields else row
        if one:
            yield await _case(trial, one)


async def _trial(there: Staged, new: Settings) -> _Trial:
    present = there.desk.settings
    ids = await _ids(there, (*present.routes, *new.routes))
    names: dict[str, str] = {}
    for route in (*present.routes, *new.routes):
        if (identity := ids[route.channel]) != route.channel:
            names.setdefault(identity, route.channel)
    return _Trial(there.desk, _by_id(present, ids), _by_id(new, ids), names)


async def _ids(there: Staged, known: Sequence[Route]) -> Mapping[str, str]:
    """The id of each channel by the ways in which routes write it; where Slack does not find it, itself."""

    def seconds() -> float:
        return there.moment().timestamp()

    written = frozenset(one.channel for one in known)
    names = Names(CHANNEL, there.desk.store, there.health, lambda: written, seconds)
    channels = Channels(there.desk.web, seconds, names)
    found: dict[str, str] = {}
    for one in written:
        with suppress(BridgeError):
            found[one] = await channels.id(one)
    return {one: found.get(one, one) for one in written}


def _by_id(settings: Settings, ids: Mapping[str, str]) -> Settings:
    """The same with every channel by its id: two ways to write one are one place."""
    return replace(settings, routes=tuple(replace(one, channel=ids[one.channel]) for one in settings.routes))


async def _case(trial: _Trial, one: Conversation) -> Case:
    desk = trial.desk
    mailbox = await desk.people.mailbox(one.mailbox_id)
    said = await desk.store.posts(one.id)
    there = shown_in(said)
    now = _taking(one, mailbox, trial.now, there)
    then = _taking(one, mailbox, trial.then, there)
    stands = [*there, *(route.channel for route in now if not verdicts.comes(route.deliver))]
    title = mail.one_line(one.title, 48)
    return Case(
        one.number,
        title,
        trial.called(stands if there else [route.channel for route in now]),
        trial.called([route.channel for route in then]),
        tuple(route.called for route in then),
    )


def _taking(
    one: Conversation, mailbox: Mailbox | None, settings: Settings, there: frozenset[str]
) -> tuple[Route, ...]:
    """The routes that take it; spam comes to no channel."""
    return () if one.status is Status.SPAM else routes.matching(one, mailbox, settings, there)


def _told(cases: Sequence[Case], *, every: bool) -> Iterator[str]:
    shown = [one for one in cases if every or one.differs]
    different = sum(one.differs for one in cases)
    yield f"Of the latest {len(cases)} conversations, {different or 'none'} would be elsewhere than now."
    if shown:
        yield ""
        yield from _table([("CONVERSATION", "NOW", "THEN", "BY"), *map(_row, shown)])
    yield ""
    yield from _table([("CHANNEL", "NOW", "THEN"), *_counts(cases)])
    if nobody := [f"#{one.number}" for one in cases if not one.then]:
        yield ""
        yield f"No route would take {len(nobody)}: {', '.join(nobody)}."


def _row(one: Case) -> tuple[str, ...]:
    return one.title, ", ".join(one.now) or "-", ", ".join(one.then) or "-", ", ".join(one.by) or "no route"


def _counts(cases: Sequence[Case]) -> Iterator[tuple[str, ...]]:
    now, then = (Counter(place for one in cases for place in getattr(one, when)) for when in ("now", "then"))
    for place in sorted({*now, *then}):
        yield place, str(now[place]), str(then[place])


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
