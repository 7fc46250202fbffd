"""Where a conversation belongs: its routes, the channels they mean, and what the assignee is told."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot import doings
from bot.audience import CODE, Audience
from bot.belonging import Belonging, is_nowhere
from bot.channels import Channels
from bot.course import Course
from bot.desk import Desk
from bot.duty import Duty
from bot.errors import BridgeError, Misconfigured, Transient
from bot.freescout import NotFound
from bot.lanes import Lanes
from bot.model import Conversation, User
from bot.plan import Bar, Posted, Urgency, View, bar, shows
from bot.routing import Body, Place, Route
from bot.slackapi import SlackRefused
from bot.store import Delivery, Work
from bot.verdicts import Verdict, verdicts

Listed = Callable[[str, int, View], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Aloud:
    """What is told beside the cards' threads: `news` by the channel of the assignee's direct messages."""

    own: frozenset[int] = frozenset()
    deaf: str = ""
    told: frozenset[str] = frozenset()
    """The keys of what stands in direct messages."""
    news: Mapping[str, tuple[Verdict, ...]] = field(default_factory=dict)


class Leading:
    """Finds out where a conversation belongs; a channel that fails keeps no other from its cards."""

    def __init__(
        self,
        desk: Desk,
        channels: Channels,
        lanes: Lanes,
        duty: Duty,
        *,
        audience: Audience | None = None,
        listed: Listed | None = None,
    ) -> None:
        self._desk = desk
        self._channels = channels
        self._lanes = lanes
        self._duty = duty
        self._audience = audience
        self._listed = listed
        self.belonging = Belonging(desk, channels)

    async def wanted(
        self, conversation: Conversation | None, said: Iterable[Delivery], course: Course
    ) -> dict[str, Route]:
        """The channels that should show the conversation, by Slack's id."""
        if conversation is None:
            return {}
        found: dict[str, Route] = {}
        for route in await self.belonging.matching(conversation, said):
            try:
                channel = await self._channels.id(route.channel)
                opens = channel in found or await self._admitted(channel, route, conversation, course)
            except BridgeError as error:
                self._failed(route, error, said, course)
            else:
                found.setdefault(channel, route)
                if opens:
                    self._lanes.went(f"#{route.channel}")
        course.closed.difference_update(found)
        return found

    def _failed(self, route: Route, error: BridgeError, said: Iterable[Delivery], course: Course) -> None:
        """Note that a route's channel is not known, or closed; what may be meant stays as it is meanwhile."""
        if self._lanes.met(f"#{route.channel}", error):
            course.wait(f"#{route.channel}", Urgency.QUIET)
        else:
            course.failures.append(error)
        if not is_nowhere(error):
            course.unsure = True
            course.closed.update(one.channel for one in said if not one.channel.startswith("D"))

    async def brings(self, identity: int, channel: str, thread: int) -> bool:
        """Whether the files of a thread may stand in a channel, as things are at this moment."""
        try:
            conversation = await self._desk.truth(identity)
        except NotFound:
            return False
        here = [one.id for one in conversation.threads if one.state == "published"] if conversation else []
        if conversation is None or not conversation.published or thread not in here:
            return False
        course = Course(Work(identity, "files", 0, 0))
        wanted = await self.wanted(conversation, await self._desk.store.posts(identity), course)
        if channel in course.closed:
            raise course.failure or Transient("whether files may stand in a channel is not known")
        return channel in wanted and wanted[channel].body is Body.FULL

    async def _admitted(self, channel: str, route: Route, conversation: Conversation, course: Course) -> bool:
        """Raise where others read a channel than a route is open to; say whether none of its routes waits."""
        if self._audience is None:
            return True
        course.closed.add(channel)  # until it is known who reads it
        try:
            await self._audience.admit(channel, route.open_to, conversation.id)
        except Misconfigured as error:
            if error.code == CODE and self._listed:
                apart = View(conversation, None, "", routed=False, rungs=None, now=self._desk.now())
                await self._listed(channel, conversation.id, apart)
            raise
        opens = not self._lanes.trouble(f"#{route.channel}") or await self._audience.refusal(channel) is None
        course.closed.discard(channel)
        if CODE in self._lanes.trouble(channel):
            self._lanes.went(channel)
        return opens

    async def aloud(
        self,
        conversation: Conversation | None,
        wanted: Mapping[str, Route],
        said: Sequence[Delivery],
        course: Course | None = None,
    ) -> Aloud:
        """Find out what is told beside the threads, where a route wants that."""
        loud = {channel: route for channel, route in wanted.items() if route.deliver.said}
        if conversation is None or not loud or not shows(conversation):
            return Aloud()
        told = frozenset(one.key for one in said if one.ts and one.channel.startswith("D"))
        aloud = Aloud(await self._own(conversation), told=told)
        if not _news(conversation, loud, said, aloud, self._desk.now()):
            return aloud
        try:
            to, deaf = await self._reach(conversation)
        except BridgeError as error:  # it waits, and keeps no channel from its cards
            if course:
                course.failures.append(error)
            return aloud
        if deaf:
            return replace(aloud, deaf=deaf)
        return replace(aloud, news={to: _news(conversation, loud, said, aloud, self._desk.now())})

    async def _own(self, conversation: Conversation) -> frozenset[int]:
        """The threads that came of what somebody did in Slack."""
        store = self._desk.store
        by_act = doings.of_acts(conversation, await store.acts(conversation.id))
        return frozenset(await store.made_here(conversation.id) | by_act)

    async def _reach(self, conversation: Conversation) -> tuple[str, str]:
        """The channel of the assignee's direct messages; or nothing, and why there is none."""
        assignee = conversation.assignee
        if assignee is None:
            return "", "nobody is assigned"
        try:
            person = await self._desk.people.found(assignee.email, assignee.id)
        except (SlackRefused, Misconfigured):
            person = ""
        if not person:
            return "", f"Slack knows nobody with {assignee.name}'s address"
        if not await self._duty.active(person):
            return "", f"{assignee.name} is no full member of the Slack workspace"
        if not await self._desk.people.sees(User(assignee.id, assignee.name), conversation.mailbox_id):
            return "", f"{assignee.name} may not see its mailbox"
        channel = await self._duty.direct(person)
        return channel, "" if channel else f"Slack opens no direct messages with {assignee.name}"


def _news(
    conversation: Conversation,
    loud: Mapping[str, Route],
    said: Sequence[Delivery],
    aloud: Aloud,
    now: datetime,
) -> tuple[Verdict, ...]:
    """What the assignee is to be told, and as much of it as every route shows that wants it told."""
    found: dict[str, Verdict] = {}
    for channel, route in loud.items():
        here = {one.key: Posted(one.ts, one.version) for one in said if one.channel == channel and one.ts}
        view = View(conversation, None, "", True, None, now, own=aloud.own, told=aloud.told).by(route)
        if bar(view, here) in (Bar.HISTORY, Bar.HIDDEN):
            continue
        for one in verdicts(conversation, view.scene(here)):
            if one.place is Place.ASSIGNEE and one.key not in here and one.key not in aloud.told:
                body = found[one.key].body if one.key in found else Body.FULL
                found[one.key] = replace(one, body=max(body, route.body, key=list(Body).index))
    return tuple(found.values())
