"""What a look has found out about a conversation, and what a channel's plan depends on then.

The looks go by it, and so does whoever explains them.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.course import Course
from bot.desk import Desk
from bot.errors import BridgeError
from bot.leading import Aloud, Leading
from bot.plan import View
from bot.ringing import Climb, Ringing
from bot.routing import Route
from bot.settling import Settled
from bot.store import Delivery, Writing

Listed = Callable[[str, int, View], Awaitable[bool]]
"""Whether a channel's list speaks of a conversation, by the channel, the conversation's id and its view."""
Unlisted = Callable[[int, Collection[str]], Awaitable[None]]
"""Takes a conversation out of the lists of all channels but these, which show it or are to."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is found out before one turns to the channels."""

    identity: int
    settled: Settled
    wanted: Mapping[str, Route]
    climb: Climb
    aloud: Aloud
    writing: tuple[Writing, ...]
    typed: Mapping[int, str]
    blind: frozenset[str] = frozenset()
    """Direct messages whose reader may not see it any more."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Every channel that has to show something of it, people's direct messages among them."""
        home = self.settled.calm.home
        return (*self.wanted, *self.climb.direct, *self.aloud.news, *([home] if home else []))


async def view(desk: Desk, leading: Leading, listed: Listed | None, channel: str, found: Found) -> View:
    """All that the plan for a channel depends on."""
    conversation, route = found.settled.conversation, found.wanted.get(channel)
    left = conversation is not None and route is None
    seen = View(
        conversation,
        await desk.people.mailbox(conversation.mailbox_id) if conversation else None,
        desk.settings.conversation_url(found.identity),
        routed=route is not None,
        rungs=found.climb.rungs(channel),
        now=found.climb.at,  # a step that comes due just now is the next look's, and that look's moment ahead
        quiet=found.settled.quiet,
        writing=found.writing,
        typed=[one for one, where in found.typed.items() if where == channel],
        calm=found.settled.calm,
        asks=channel == found.settled.calm.home,
        own=found.aloud.own,
        deaf=found.aloud.deaf,
        told=found.aloud.told,
        news=found.aloud.news.get(channel, ()),
        elsewhere=tuple(one for one in found.wanted if one != channel),
        moved=bool(conversation and left and await leading.belonging.moved(conversation, channel)),
        direct=channel.startswith("D"),
        blind=channel in found.blind,
    ).by(route)
    return replace(seen, listed=bool(listed and await listed(channel, found.identity, seen)))


async def blind(
    ringing: Ringing, settled: Settled, said: Sequence[Delivery], climb: Climb, course: Course
) -> frozenset[str]:
    """The direct messages whose reader may not see it any more; where nobody knows, they stay as they are."""
    if settled.conversation is None:
        return frozenset()
    try:
        return await ringing.blind(settled.conversation, said, settled.calm, climb)
    except BridgeError as error:
        course.failures.append(error)
        course.closed.update(one.channel for one in said if one.channel.startswith("D"))
        return frozenset()


async def narrow(
    desk: Desk, leading: Leading, found: Found, said: Sequence[Delivery], closed: Collection[str]
) -> dict[str, View]:
    """The channels that show no mail whole any more, those that it has left too, and how much they show."""
    if found.settled.conversation is None:
        return {}
    bodies = await leading.belonging.narrow(said, found.wanted, closed)
    return {
        channel: replace(await view(desk, leading, None, channel, found), body=body)
        for channel, body in bodies.items()
    }
