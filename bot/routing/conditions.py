"""What a route asks of a conversation: conditions, and rules made of them. Pure.

A condition names one fact and the values that it may have; one of them is enough. A rule holds where all of
its conditions do, one of its `any`, and none of its `unless`. `doubt` finds the first part that does not.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

from bot.hours import ALWAYS, Hours, Span
from bot.model import Conversation, Mailbox, Person
from bot.routing.subject import Text

Week = tuple[tuple[Span, ...], ...]
NOBODY, ANYBODY = "nobody", "anybody"
OPEN, CLOSED = "open", "closed"
_MINUTES = 24 * 60


class Key(StrEnum):
    """What can be asked for, as the file says it."""

    MAILBOX = "mailbox"
    TAG = "tag"
    CUSTOMER = "customer"
    SUBJECT = "subject"
    TYPE = "type"
    ASSIGNEE = "assignee"
    STATUS = "status"
    FIELD = "field"
    TIME = "time"


ENTERING = (Key.STATUS, Key.TIME)
"""What decides whether a conversation comes to a channel, and not whether it stays there."""


@dataclass(frozen=True, slots=True)
class Field:
    """A custom field, and the values it may have; empty for any at all."""

    name: str
    values: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is asked of one conversation, found out once for all rules. Words are casefolded."""

    boxes: frozenset[int | str]
    """The mailbox's id, its name, and those it had before."""
    tags: frozenset[str]
    customer: frozenset[str]
    """The customer's address, and its domain behind an @."""
    subject: str
    written: str
    """The subject as it is, for patterns."""
    type: str
    status: str
    assignee: frozenset[str]
    """The assignee's address, name and id, and `anybody`; or `nobody`."""
    fields: Mapping[str, frozenset[str]]
    """What each custom field says, by its name and by its id."""
    at: datetime
    """When the customer wrote last."""
    hours: Hours = ALWAYS
    words: Mapping[Key, str] = field(default_factory=dict)
    """What is so, as it is said to people."""

    @property
    def wall(self) -> datetime:
        """What the clock on the wall of the mailbox's people said then."""
        return self.hours.local(self.at)


@dataclass(frozen=True, slots=True)
class Condition:
    """One fact, and what it may be: `wanted` depends on the key, `said` is how the file puts it."""

    key: Key
    wanted: Any
    said: str = field(compare=False)

    holds: Callable[["Facts"], bool] = field(init=False, compare=False, repr=False)
    """Whether it is so."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "holds", partial(_TESTS[self.key], self.wanted))

    def __str__(self) -> str:
        return f"{self.key} {self.said}"


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions that all hold, of `any` at least one rule, of `every` each, of `unless` none."""

    conditions: tuple[Condition, ...] = ()
    every: tuple["Rule", ...] = ()
    any: tuple["Rule", ...] = ()
    unless: tuple["Rule", ...] = ()
    entering: tuple[Condition, ...] = ()
    """Conditions that count only until the conversation is there."""
    plain: bool = field(init=False, compare=False, repr=False)
    """Whether its conditions are all that it asks."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "plain", not (self.every or self.any or self.unless or self.entering))

    def holds(self, facts: Facts, *, there: bool = False) -> bool:
        """Whether it holds; `there` says that the conversation has come by it already."""
        for condition in self.conditions:
            if not condition.holds(facts):
                return False
        return self.plain or self._rest(facts, there=there)

    def _rest(self, facts: Facts, *, there: bool) -> bool:
        """The same of all but the conditions that stay; loops, as a thousand rules are asked at once."""
        if not there:
            for condition in self.entering:
                if not condition.holds(facts):
                    return False
        for rule in self.every:
            if not rule.holds(facts, there=there):
                return False
        for rule in self.unless:
            if rule.holds(facts) and not (there and rule.enters):
                return False
        return not self.any or self._some(facts, there=there)

    def _some(self, facts: Facts, *, there: bool) -> bool:
        for rule in self.any:  # noqa: SIM110 - a generator costs more than most rules do
            if rule.holds(facts, there=there):
                return True
        return False

    def doubt(self, facts: Facts, *, there: bool = False) -> str:
        """The first part that does not hold, beside what is so instead; empty where all of it holds."""
        asked = (*self.conditions, *(() if there else self.entering))
        if failing := next((one for one in asked if not one.holds(facts)), None):
            return f"{failing}, but it is {facts.words.get(failing.key) or 'none'}"
        for rule in self.every:
            if why := rule.doubt(facts, there=there):
                return why
        if self.any and not any(one.holds(facts, there=there) for one in self.any):
            return f"none of: {'; '.join(map(str, self.any))}"
        counted = (one for one in self.unless if not (there and one.enters))
        if excluded := next((one for one in counted if one.holds(facts)), None):
            return f"unless {excluded}, and so it is"
        return ""

    @property
    def enters(self) -> bool:
        """Whether it asks for anything that counts only until the conversation is there."""
        return bool(self.entering) or any(one.enters for one in (*self.every, *self.any, *self.unless))

    @property
    def keys(self) -> frozenset[Key]:
        """Everything that it asks about."""
        rules = (*self.every, *self.any, *self.unless)
        own = frozenset(one.key for one in (*self.conditions, *self.entering))
        return own.union(*(one.keys for one in rules))

    def __str__(self) -> str:
        parts = [str(one) for one in (*self.conditions, *self.entering)]
        parts += [f"({one})" for one in self.every]
        parts += ["(" + " or ".join(map(str, self.any)) + ")"] if self.any else []
        parts += [f"unless {one}" for one in self.unless]
        return ", ".join(parts)


def facts(conversation: Conversation, mailbox: Mailbox | None, hours: Hours = ALWAYS) -> Facts:
    """Find out what rules ask of a conversation."""
    box = mailbox or Mailbox(conversation.mailbox_id, "")
    customer = conversation.customer.email if conversation.customer else ""
    at = _written(conversation)
    return Facts(
        boxes(box),
        frozenset(tag.casefold() for tag in conversation.tags),
        _address(customer),
        conversation.subject.casefold(),
        conversation.subject,
        conversation.type.casefold(),
        conversation.status.value,
        _assignee(conversation.assignee),
        _fields(conversation),
        at,
        hours,
        {
            Key.MAILBOX: box.name or f"mailbox {box.id}",
            Key.TAG: ", ".join(conversation.tags) or "without any",
            Key.CUSTOMER: customer or "without an address",
            Key.SUBJECT: f"“{conversation.subject}”",
            Key.TYPE: conversation.type or "unknown",
            Key.ASSIGNEE: conversation.assignee.name if conversation.assignee else NOBODY,
            Key.STATUS: conversation.status.value,
            Key.FIELD: "; ".join(f"{one.name}: {one.text or one.value}" for one in conversation.fields)
            or "without any",
            Key.TIME: f"{hours.local(at):%a %H:%M}, when {'open' if hours.open_at(at) else 'closed'}",
        },
    )


def boxes(mailbox: Mailbox) -> frozenset[int | str]:
    """All by which a mailbox can be meant: its id, its name, and those it had before."""
    names = (one.casefold() for one in (mailbox.name, *mailbox.known_as) if one)
    return frozenset((mailbox.id, *names))


def _written(conversation: Conversation) -> datetime:
    """When the customer wrote last: a rule about times depends on that, and not on when one looks."""
    theirs = [
        one.created_at for one in conversation.threads if one.type == "customer" and one.state == "published"
    ]
    return max(theirs, default=conversation.created_at)


def _address(email: str) -> frozenset[str]:
    address = email.casefold().strip()
    _, _, domain = address.rpartition("@")
    return frozenset(filter(None, (address, f"@{domain}" if domain else "")))


def _assignee(person: Person | None) -> frozenset[str]:
    if person is None:
        return frozenset((NOBODY,))
    return frozenset(filter(None, (ANYBODY, person.email.casefold(), person.name.casefold(), str(person.id))))


def _fields(conversation: Conversation) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for one in conversation.fields:
        said = frozenset(word.casefold() for word in (one.value, one.text) if word)
        found[one.name.casefold()] = found[str(one.id)] = said
    return found


def _about(wanted: Collection[Text], facts: Facts) -> bool:
    """Words stand in the subject as words, patterns anywhere."""
    for one in wanted:  # noqa: SIM110 - a generator costs more than most searches do
        if one.found(facts.subject, facts.written):
            return True
    return False


def _field(wanted: Sequence[Field] | Sequence[frozenset[Field]], facts: Facts) -> bool:
    """Each field of a table has to fit, and of several tables one."""
    alone = [one for one in wanted if isinstance(one, Field)]
    tables = [one for one in wanted if isinstance(one, frozenset)]
    return any(_fit(one, facts) for one in tables) if tables else _fit(alone, facts)


def _fit(wanted: Iterable[Field], facts: Facts) -> bool:
    for one in wanted:
        said = facts.fields.get(one.name)
        if not said or (one.values and one.values.isdisjoint(said)):
            return False
    return True


def _within(wanted: Collection[Week | str], facts: Facts) -> bool:
    """The time at which the customer wrote last, by the mailbox's own clock and hours."""
    for one in wanted:
        if isinstance(one, str):
            if facts.hours.open_at(facts.at) == (one == OPEN):
                return True
        elif _covers(one, facts.wall):
            return True
    return False


def _covers(week: Week, wall: datetime) -> bool:
    minute = wall.hour * 60 + wall.minute
    today, before = week[wall.weekday()], week[(wall - timedelta(days=1)).weekday()]
    return any(one.start <= minute < one.end for one in today) or any(
        one.start <= minute + _MINUTES < one.end for one in before
    )


_TESTS: dict[Key, Callable[[Any, Facts], bool]] = {
    Key.MAILBOX: lambda wanted, facts: not wanted.isdisjoint(facts.boxes),
    Key.TAG: lambda wanted, facts: not wanted.isdisjoint(facts.tags),
    Key.CUSTOMER: lambda wanted, facts: not wanted.isdisjoint(facts.customer),
    Key.SUBJECT: _about,
    Key.TYPE: lambda wanted, facts: facts.type in wanted,
    Key.ASSIGNEE: lambda wanted, facts: not wanted.isdisjoint(facts.assignee),
    Key.STATUS: lambda wanted, facts: facts.status in wanted,
    Key.FIELD: _field,
    Key.TIME: _within,
}
