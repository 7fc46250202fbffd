"""Which step of a ladder is due, and whom it tells. Pure: `now` and the people are handed in.

Steps count from 1; 0 is the warning before the first. The last one is said once more for each claim after it
that was given back, under a number above all others. A wait climbs in business time, and nothing is said
while it is closed. https://docs.slack.dev/reference/methods/dnd.info tells who is not to be disturbed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.hours import NEVER, Hours
from bot.ladderfile import Kind, Ladder, Rung
from bot.store import Claim, ClaimState

WARNING = 0
_AGAIN = 1_000_000
"""From which number on a step is the last one, said once more."""
_GIVEN_BACK = (ClaimState.LAPSED, ClaimState.RELEASED)
_MOST_ON_DUTY = 5
"""Members of a user group who get a direct message each, where nobody else can be told."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who may be told; without `slack`, their id, Slack has nobody active of that name."""

    name: str
    slack: str = ""
    until: datetime | None = None
    """Until when they are not to be disturbed."""

    def free(self, now: datetime) -> bool:
        """Whether a direct message may go to them."""
        return bool(self.slack) and (self.until is None or self.until <= now)


@dataclass(frozen=True, slots=True)
class Group:
    """A user group; without an `id` Slack has none of that name."""

    name: str
    id: str = ""
    members: tuple[Contact, ...] = ()

    @property
    def mention(self) -> str:
        """What mentions it: nothing where that would reach nobody."""
        return self.id if any(member.slack for member in self.members) else ""


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a step may reach: `assignee` is None where there is none, `meant` whom the step itself names."""

    assignee: Contact | None = None
    duty: Group | None = None
    meant: Contact | Group | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a step comes to: a line in the card's thread, and direct messages."""

    line: bool = False
    broadcast: bool = False
    """Whether the line stands in the channel, too."""
    mention: str = ""
    """The Slack id of a person or of a user group."""
    name: str = ""
    """The user group that is meant and that Slack does not know."""
    direct: tuple[str, ...] = ()
    """The Slack ids of those who get a direct message."""
    later: datetime | None = None
    """When whom it is meant for may be disturbed again."""

    def without(self, people: Iterable[str]) -> "Told":
        """The same where some have had enough of it for today."""
        kept = tuple(one for one in self.direct if one not in people)
        return replace(self, direct=kept, mention="" if self.mention in people else self.mention)

    def orphaned(self, people: Iterable[str]) -> "Told":
        """The same without these; where nobody is left to get it directly, the thread says it."""
        left = self.without(people)
        return replace(left, line=True) if self.direct and not left.direct else left


def climbed(ladder: Ladder, hours: Hours, thread: int, since: datetime, claims: Iterable[Claim]) -> Ladder:
    """The ladder of the wait that began with this thread: its last step once more for each claim given back.

    Only for those that were made when it was due already: else it comes after them by itself. The number is
    the second in which they were made, so that each has its own, and a later one's is higher.
    """
    if not ladder.steps:
        return ladder
    last = limit(ladder, len(ladder.steps))
    back = [one for one in claims if one.thread == thread and one.state in _GIVEN_BACK]
    made = {int(one.since): hours.passed(since, datetime.fromtimestamp(one.since, UTC)) for one in back}
    return replace(ladder, again=tuple(sorted((one, after) for one, after in made.items() if after >= last)))


def again(step: int) -> bool:
    """Whether it is the last step, said once more."""
    return step >= _AGAIN


def has(ladder: Ladder, step: int) -> bool:
    """Whether a ladder has such a step; each has the warning, as it may have had one."""
    return step <= len(ladder.steps) or step in dict(ladder.again)


def rung(ladder: Ladder, step: int) -> Rung:
    """What a step is; the warning is a line in the thread."""
    return Rung(limit(ladder, step)) if step == WARNING else ladder.steps[-1 if again(step) else step - 1]


def limit(ladder: Ladder, step: int) -> timedelta:
    """How much business time passes before a step."""
    if again(step):
        return dict(ladder.again)[step]
    first = ladder.steps[max(step, 1) - 1].after
    return first - (ladder.warn or timedelta(0)) if step == WARNING else first


def due(ladder: Ladder, hours: Hours, since: datetime, now: datetime) -> int | None:
    """The highest step whose time has come; None before them all."""
    passed = hours.passed(since, now)
    return max((step for step in numbers(ladder) if passed >= limit(ladder, step)), default=None)


def next_due(ladder: Ladder, hours: Hours, since: datetime, now: datetime) -> datetime | None:
    """When time alone may make something due: the next step's, or the opening that a due one waits for."""
    moments = [hours.after(since, limit(ladder, step)) for step in numbers(ladder)]
    ahead = [moment for moment in moments if moment > now]
    if len(ahead) < len(moments) and not hours.open_at(now):
        ahead.append(hours.next_open(now))
    first = min(ahead, default=NEVER)
    return first if first < NEVER else None


def told(how: Kind, reach: Reach, now: datetime) -> Told:
    """Whom a step of this kind tells. Nobody who is absent is the only one."""
    if how in (Kind.THREAD, Kind.CHANNEL):
        return _line(reach, broadcast=how is Kind.CHANNEL)
    if how is Kind.GROUP:
        group = reach.meant if isinstance(reach.meant, Group) else Group("")
        return Told(True, True, mention=group.id, name="" if group.id else group.name)
    meant = reach.assignee if how is Kind.ASSIGNEE else reach.meant
    if isinstance(meant, Contact) and meant.free(now):
        return Told(direct=(meant.slack,))
    away = meant if isinstance(meant, Contact) and meant.slack else None
    return replace(_duty(reach, away, now), later=away.until if away else None)


def _duty(reach: Reach, away: Contact | None, now: datetime) -> Told:
    """Whom it goes to instead: those on duty who may be disturbed, else a line where everybody sees it."""
    members = reach.duty.members if reach.duty else ()
    free = [one.slack for one in members if one.free(now) and (away is None or one.slack != away.slack)]
    if free:
        return Told(direct=tuple(free[:_MOST_ON_DUTY]))
    return _line(reach if away is None else replace(reach, assignee=None), broadcast=False)


def _line(reach: Reach, *, broadcast: bool) -> Told:
    if reach.assignee and reach.assignee.slack:
        return Told(True, broadcast, mention=reach.assignee.slack)
    if reach.duty is None:
        return Told(True, broadcast)
    return Told(True, broadcast, mention=reach.duty.mention, name="" if reach.duty.id else reach.duty.name)


def numbers(ladder: Ladder) -> tuple[int, ...]:
    """The numbers of all its steps, in their order."""
    if not ladder.steps:
        return ()
    first = WARNING if ladder.warn else 1
    return (*range(first, len(ladder.steps) + 1), *(number for number, _ in ladder.again))
