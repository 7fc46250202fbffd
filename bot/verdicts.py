"""What becomes of each thing that happened, in one channel: where it is said, and why. Pure.

`plan` takes its steps from these verdicts, and `why` explains them: the two cannot tell different stories.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.model import Conversation, Status, Thread
from bot.routing import Body, Deliver, Event, Place

TOLD = ("customer", "message", "note")
"""The types of threads that somebody wrote."""
_EVENTS = {
    "customer": Event.CUSTOMER,
    "message": Event.REPLY,
    "note": Event.NOTE,
    "changed-ticket-status": Event.STATUS,
    "changed-ticket-assignee": Event.ASSIGNED,
}
_LOUD = (Place.BOTH, Place.CHANNEL, Place.ASSIGNEE, Place.DIGEST)
"""Where it is more than a line in the card's thread."""
_SECOND = 1.0
"""FreeScout tells times by the second, rounded down."""
_THEIRS = (Event.NEW, Event.ASSIGNED)
OLD = "it is more than a day old"
_FRESH = timedelta(days=1)
"""After which nothing is news any more that would be said beside the card's thread."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What the verdicts for one channel depend on, beside the conversation."""

    deliver: Deliver
    now: datetime
    card: float | None = None
    """When the card was posted, in seconds since 1970; None where there is none."""
    own: Collection[int] = ()
    """The threads that came of what somebody did in Slack."""
    deaf: str = ""
    """Why the assignee gets no direct messages; empty where they do."""
    told: Collection[str] = ()
    """The keys of what stands in direct messages."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where one thing is said."""

    key: str
    event: Event
    place: Place
    why: str
    thread: Thread = field(repr=False)
    closing: bool = False
    """Whether it is not the thread itself, but that the conversation was closed with it."""
    body: Body = Body.FULL
    """How much of it is told directly."""


def verdicts(conversation: Conversation, scene: Scene) -> Iterator[Verdict]:
    """Say of everything that happened, oldest first, what becomes of it."""
    first = next((one.id for one in conversation.threads if one.type in TOLD and one.state == "published"), 0)
    closing = closing_reply(conversation)
    for thread in conversation.threads:
        if thread.state != "published":
            continue
        key = f"{'thread' if thread.type in TOLD else 'line'}:{thread.id}"
        if thread.type in TOLD or thread.type == "lineitem":
            event = Event.NEW if thread.id == first else event_of(thread)
            yield Verdict(key, event, *_judged(key, conversation, thread, event, scene), thread)
        if thread is closing and (closed := conversation.closed_at):
            key = f"closed:{int(closed.timestamp())}"
            judged = _judged(key, conversation, thread, Event.STATUS, scene)
            yield Verdict(key, Event.STATUS, *judged, thread, closing=True)


def event_of(thread: Thread) -> Event:
    """What kind of thing a thread tells of."""
    return _EVENTS.get(thread.type if thread.type in TOLD else thread.action, Event.OTHER)


def closing_reply(conversation: Conversation) -> Thread | None:
    """Find the one reply that closed the conversation: FreeScout writes no line item for that."""
    closed = conversation.closed_at
    if closed is None or conversation.status is not Status.CLOSED:
        return None
    near = [t for t in conversation.threads if abs(t.created_at - closed) <= timedelta(seconds=2)]
    if any(t.action == "changed-ticket-status" and t.status == Status.CLOSED for t in near):
        return None
    replies = [t for t in near if t.type == "message" and t.state == "published"]
    return min(reversed(replies), key=lambda t: abs(t.created_at - closed), default=None)


def _judged(
    key: str, conversation: Conversation, thread: Thread, event: Event, scene: Scene
) -> tuple[Place, str]:
    """Where it is said, and why; what somebody was told directly is not said again in the thread."""
    if key in scene.told and scene.deliver.place(event) is Place.ASSIGNEE:
        return Place.ASSIGNEE, "it was told directly"
    return _place(conversation, thread, event, scene)


def _place(conversation: Conversation, thread: Thread, event: Event, scene: Scene) -> tuple[Place, str]:
    place = scene.deliver.place(event)
    why = "the route says so" if scene.deliver.chosen(event) else "by default"
    if event is Event.NEW:
        return _first(conversation, thread, place, why, scene)
    if place not in _LOUD:
        return place, why
    if reason := _hush(conversation, thread, event, scene):
        return _quietly(scene), reason
    return place, why


def _first(
    conversation: Conversation, thread: Thread, place: Place, why: str, scene: Scene
) -> tuple[Place, str]:
    """The first message: what announces it is the card, and it stands in the card's thread."""
    if place is Place.ASSIGNEE and not (reason := _hush(conversation, thread, Event.NEW, scene)):
        return place, why
    if scene.card is not None or place in (Place.CHANNEL, Place.DIGEST):
        return Place.THREAD, "the card's own message"
    if place is Place.ASSIGNEE and (scene.deaf or conversation.assignee is None) and reason != OLD:
        return Place.THREAD, f"a card comes, as {reason}"
    return Place.NOTHING, why if place is Place.NOTHING else reason


def _hush(conversation: Conversation, thread: Thread, event: Event, scene: Scene) -> str:
    """Why something is not said aloud; empty where it is."""
    directly = scene.deliver.place(event) is Place.ASSIGNEE
    if thread.id in scene.own:
        return "it was done from Slack, and is not announced twice"
    if scene.card is not None and thread.created_at.timestamp() + _SECOND <= scene.card:
        return "it came before the card did"
    # A new card says nothing to whoever is meant: that it is theirs, or new, they are told all the same.
    if scene.card is None and comes(scene.deliver) and not (directly and event in _THEIRS):
        return "the card that comes with it announces it"
    if scene.now - thread.created_at > _FRESH:
        return OLD
    return _unheard(conversation, thread, scene) if directly else ""


def _unheard(conversation: Conversation, thread: Thread, scene: Scene) -> str:
    """Why the assignee is not told directly; empty where they are."""
    assignee = conversation.assignee
    if assignee is None:
        return "nobody is assigned"
    by = thread.created_by
    if by and by.type == "user" and by.id == assignee.id:
        return "it is the assignee's own doing"
    return scene.deaf


def _quietly(scene: Scene) -> Place:
    """Where something is said that is not said aloud: in the thread, where there is one or one comes."""
    return Place.THREAD if scene.card is not None or comes(scene.deliver) else Place.NOTHING


def comes(deliver: Deliver) -> bool:
    """Whether a new conversation has a card by itself, at once or after a digest."""
    return deliver.place(Event.NEW) in (Place.CHANNEL, Place.DIGEST)
