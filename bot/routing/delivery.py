"""What happens in a conversation, and where a route has it said. Pure.

`[[routes]]` may have `deliver = { customer = "thread and channel", note = "nothing" }`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.tables import Where, meant


class Event(StrEnum):
    """What happens, as the file says it."""

    NEW = "new"
    """A conversation comes to the channel."""
    CUSTOMER = "customer"
    """The customer writes again."""
    REPLY = "reply"
    NOTE = "note"
    ASSIGNED = "assigned"
    STATUS = "status"
    OTHER = "other"
    """Moved, merged, given to another customer."""


class Place(StrEnum):
    """Where it is said, as the file says it."""

    THREAD = "thread"
    BOTH = "thread and channel"
    CHANNEL = "channel"
    ASSIGNEE = "assignee"
    """A direct message to whoever it is assigned to."""
    DIGEST = "digest"
    """Collected, and said together each hour."""
    NOTHING = "nothing"


class Body(StrEnum):
    """How much of a message a channel gets to see."""

    FULL = "full"
    SNIPPET = "snippet"
    NONE = "none"


DEFAULTS: Mapping[Event, Place] = {
    **dict.fromkeys(Event, Place.THREAD),
    Event.NEW: Place.CHANNEL,
}
OF_NEW = (Place.CHANNEL, Place.ASSIGNEE, Place.DIGEST, Place.NOTHING)


@dataclass(frozen=True, slots=True)
class Deliver:
    """Where each event is said; what is not among `said` goes where it goes by default."""

    said: frozenset[tuple[Event, Place]] = field(default_factory=frozenset)

    def place(self, event: Event) -> Place:
        """Where an event is said."""
        return next((place for one, place in self.said if one is event), DEFAULTS[event])

    def chosen(self, event: Event) -> bool:
        """Whether the route says so, rather than the default."""
        return any(one is event for one, _ in self.said)


def read_deliver(where: Where, table: object, problems: list[str]) -> Deliver:
    """Read `deliver` of a route; what is wrong is added to `problems`."""
    where = where.key("deliver")
    if not isinstance(table, dict):
        problems.append(f'{where}: deliver should be like {{ customer = "thread and channel" }}.')
        return Deliver()
    said = set()
    for name, value in table.items():
        if name not in tuple(Event):
            known = ", ".join(Event)
            hint = meant(name, tuple(Event)) or f" Known are {known}."
            problems.append(f"{where.key(name)}: {name!r} is no event.{hint}")
            continue
        event = Event(name)
        known_places = OF_NEW if event is Event.NEW else tuple(Place)
        if not isinstance(value, str) or value not in known_places:
            allowed = ", ".join(known_places)
            problems.append(
                f"{where.key(name)}: {name} goes to one of {allowed}.{meant(value, known_places)}"
            )
            continue
        said.add((event, Place(value)))
    return Deliver(frozenset(said))
