"""Whom the steps of a ladder reach at this moment: asked of Slack where a step is due or stands.

Whoever was told of a wait stays told of it: do-not-disturb and budgets are for what is new.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot import clock, ladder, pings, routes
from bot.budget import Budget, Ping, next_day
from bot.desk import Desk
from bot.duty import Duty
from bot.errors import BridgeError, Misconfigured
from bot.hours import ALWAYS, Hours
from bot.ladder import Contact, Group, Reach, Told
from bot.ladderfile import Kind, Ladder, Rung
from bot.model import Conversation, Person, User
from bot.pings import PING, Rungs
from bot.quiet import Calm, Quiet
from bot.routing import Route
from bot.slackapi import SlackRefused
from bot.store import Claim, Delivery

_MOST_ASKED = 20
"""Members of a user group who are asked about, of whom the first that may be disturbed are told."""


@dataclass(slots=True)
class Climb:
    """What came of it for one conversation, judged at one moment."""

    at: datetime
    ladders: Mapping[str, Ladder] = field(default_factory=dict)
    """The ladders of the channels that show it."""
    own: tuple[Ladder, ...] = ()
    """The ladders of its mailbox's routes, also of those whose channel Slack does not find."""
    hours: Hours = ALWAYS
    told: dict[Ladder, dict[int, Told]] = field(default_factory=dict)
    """What each step comes to."""
    direct: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Which steps are whose, by the channel of their direct messages."""
    again: list[datetime] = field(default_factory=list)
    """When whom a step is meant for may be disturbed again."""
    failure: BridgeError | None = None
    """Why nobody knows whom the steps reach: then none is said or changed."""

    def rungs(self, channel: str) -> Rungs | None:
        """How the ladder stands in a channel, which may be somebody's direct messages."""
        if self.failure:
            return None
        if channel in self.ladders:
            own = self.ladders[channel]
            told = self.told.get(own, {})
            if channel != next(one for one, steps in self.ladders.items() if steps == own):
                told = {step: replace(one, mention="") for step, one in told.items()}  # each is called once
            return Rungs(own, self.hours, told)
        if not channel.startswith("D"):
            return Rungs(hours=self.hours)
        reaching = next((one for one in self.own if one.reaches), next(iter(self.own), Ladder()))
        return Rungs(reaching, self.hours, direct=self.direct.get(channel, ()))


@dataclass(frozen=True, slots=True)
class _Case:
    """One wait, as far as a ladder climbs."""

    conversation: Conversation
    hours: Hours
    ladder: Ladder
    thread: int
    said: frozenset[tuple[str, str]]
    """The channels and keys of what was said of the conversation."""
    now: datetime
    speaks: bool
    """Whether anything new is said at this moment."""

    def key(self, step: int) -> str:
        return f"{PING}{self.thread}:{step}"


class Ringing:
    """Looks up who is meant, who is on duty, who may be disturbed, and who has had enough."""

    def __init__(self, desk: Desk, duty: Duty, budget: Budget) -> None:
        self._desk = desk
        self._duty = duty
        self._budget = budget

    async def climb(
        self,
        conversation: Conversation | None,
        chosen: Mapping[str, Route],
        said: Sequence[Delivery],
        quiet: Quiet | None,
        *,
        claims: Sequence[Claim],
    ) -> Climb:
        """Find out whom the steps reach that are due or were said; `chosen` has routes by channel."""
        found = Climb(self._desk.now())
        try:
            if conversation:
                await self._climb(conversation, chosen, said, quiet, found, claims=claims)
        except BridgeError as error:
            found.failure = error
        return found

    async def blind(
        self, conversation: Conversation, said: Sequence[Delivery], calm: Calm, climb: Climb
    ) -> frozenset[str]:
        """The direct messages that speak of a conversation to somebody who may not see it any more.

        Whom a step reaches in this moment and whom the file names may; raise BridgeError where nobody knows.
        """
        theirs = {one.channel for one in said if one.channel.startswith("D")} - climb.direct.keys()
        if not theirs:
            return frozenset()
        held = [one.slack_user for one in (*calm.claims, calm.snooze) if one]
        for person in dict.fromkeys((*await self._desk.store.pinged_of(conversation.id), *held)):
            reads = await self._desk.people.reads(person, conversation.mailbox_id)
            if reads or await self._names(climb, person):
                theirs.discard(await self._duty.direct(person))
        return frozenset(theirs)

    async def _names(self, climb: Climb, person: str) -> bool:
        """Whether the file says of somebody that a step shall tell them, be they on duty."""
        for steps in climb.own if await self._duty.active(person) else ():
            named = [await self._person(one.tell) for one in steps.steps if one.kind is Kind.PERSON]
            duty = (await self._duty.group(steps.on_duty)).members if steps.on_duty else ()
            if person in (*named, *(one.slack for one in duty)):
                return True
        return False

    async def _climb(
        self,
        conversation: Conversation,
        chosen: Mapping[str, Route],
        said: Sequence[Delivery],
        quiet: Quiet | None,
        found: Climb,
        *,
        claims: Sequence[Claim],
    ) -> None:
        settings, now = self._desk.settings, found.at
        mailbox = await self._desk.people.mailbox(conversation.mailbox_id)
        found.hours = hours = routes.opening(settings, mailbox)
        wait = clock.waiting(conversation)

        def steps_of(route: Route) -> Ladder:
            steps = routes.ladder(route, settings, mailbox)
            return ladder.climbed(steps, hours, wait.thread, wait.since, claims) if wait else steps

        found.ladders = {channel: steps_of(route) for channel, route in chosen.items()}
        matching = (*chosen.values(), *routes.matching(conversation, mailbox, settings))
        found.own = tuple(steps_of(route) for route in matching)
        if wait is None:
            return
        speaks = hours.open_at(now) and not quiet
        places = frozenset((one.channel, one.key) for one in said if one.key.startswith(PING))
        for steps in dict.fromkeys([*found.ladders.values(), *found.own]):
            case = _Case(conversation, hours, steps, wait.thread, places, now, speaks)
            due = ladder.due(steps, hours, wait.since, now)
            live = _said(case, found.ladders) | ({due} if due is not None and speaks else set())
            found.told[steps] = {
                step: await self._told(case, step, found, new=speaks and step == due) for step in sorted(live)
            }

    async def _told(self, case: _Case, step: int, found: Climb, *, new: bool) -> Told:
        """What one step comes to; those who get it directly are noted down. `new` is for what is due now."""
        rung = ladder.rung(case.ladder, step)
        told = ladder.told(rung.kind, await self._reach(case, rung, case.key(step)), case.now)
        missed = [one for one in told.direct if not await self._may(case, one, step, found, new=new)]
        if told.mention[:1] in ("U", "W"):
            if any(key == case.key(step) and channel in found.ladders for channel, key in case.said):
                told = await self._later(case, told, step, found, new=new)
            elif new and not await self._charge(case, told.mention, step, found):
                missed.append(told.mention)
        missed += [one for one in told.direct if not await self._duty.direct(one)]
        told = told.orphaned(missed)
        for person in told.direct:
            channel = await self._duty.direct(person)
            found.direct[channel] = (*found.direct.get(channel, ()), step)
        if told.later:
            found.again.append(told.later)
        return told

    async def _may(self, case: _Case, person: str, step: int, found: Climb, *, new: bool) -> bool:
        """Whether a direct message may go to somebody; one that stands with them is theirs."""
        if await self._was_told(case, person, case.key(step)):
            return True
        return new and await self._charge(case, person, step, found)  # else a higher step has come meanwhile

    async def _later(self, case: _Case, told: Told, step: int, found: Climb, *, new: bool) -> Told:
        """A line that stands calls nobody by an edit: whom it could not call has it directly, later."""
        person = told.mention
        if await self._was_told(case, person, case.key(step)):
            return replace(told, direct=(*told.direct, person))
        if not await self._budget.refused(await self._ping(case, person, step)):
            return told
        contact = await self._timed(case, Contact(person, person), case.key(step))
        if new and contact.free(case.now) and await self._charge(case, person, step, found):
            return replace(told, direct=(*told.direct, person))
        return replace(told, mention="", later=contact.until)

    async def _charge(self, case: _Case, person: str, step: int, found: Climb) -> bool:
        """Whether somebody's budget of the day allows one more; else it is asked again on the next day."""
        allowed = await self._budget.allows(await self._ping(case, person, step))
        tomorrow = None if allowed else next_day(case.hours, case.now)
        found.again += [tomorrow] if tomorrow else []
        return allowed

    async def _ping(self, case: _Case, person: str, step: int) -> Ping:
        assignee = case.conversation.assignee
        own = assignee is not None and (await self._assignee(case, assignee)).slack == person
        return Ping(person, case.conversation.id, case.key(step), own, case.hours, case.now)

    async def _reach(self, case: _Case, rung: Rung, key: str) -> Reach:
        directly = rung.kind in (Kind.ASSIGNEE, Kind.PERSON)
        assignee = case.conversation.assignee
        reach = Reach(assignee=await self._assignee(case, assignee) if assignee else None)
        if rung.kind is Kind.GROUP:
            return replace(reach, meant=await self._duty.group(rung.tell))
        if rung.kind is Kind.PERSON:
            reach = replace(reach, meant=await self._contact(rung.tell, await self._person(rung.tell)))
        if directly:
            meant = reach.meant if rung.kind is Kind.PERSON else reach.assignee
            meant = await self._timed(case, meant, key) if isinstance(meant, Contact) else None
            if meant and meant.free(case.now):
                return Reach(meant, meant=meant)
            by_name = rung.kind is Kind.PERSON
            reach = replace(reach, meant=meant) if by_name else replace(reach, assignee=meant)
        if not case.ladder.on_duty:
            return reach
        group = await self._duty.group(case.ladder.on_duty)
        return replace(reach, duty=await self._members(case, group, key) if directly else group)

    async def _members(self, case: _Case, group: Group, key: str) -> Group:
        """The members as they may be told; once some were, no others are."""
        told: list[Contact] = []
        others: list[Contact] = []
        for one in group.members[:_MOST_ASKED]:
            contact = await self._contact(one.name, one.slack)
            if contact.slack:
                was_told = await self._was_told(case, contact.slack, key)
                (told if was_told else others).append(await self._timed(case, contact, key))
        return replace(
            group, members=tuple(told or others)
        )  # a step is said once: not again to who comes back

    async def _timed(self, case: _Case, contact: Contact, key: str) -> Contact:
        """Somebody with the time until which they are not to be disturbed; who was told is told."""
        if not contact.slack or await self._was_told(case, contact.slack, key):
            return contact
        return replace(contact, until=await self._duty.until(contact.slack))

    async def _was_told(self, case: _Case, person: str, key: str) -> bool:
        directly = {channel for channel, said in case.said if said == key and channel.startswith("D")}
        return bool(directly) and await self._duty.direct(person) in directly

    async def _assignee(self, case: _Case, person: Person) -> Contact:
        """Whose it is; one who may not see it any more can do no more about it than one who is gone."""
        found = await self._found(person.email, person.id)
        user, box = User(person.id, person.name), case.conversation.mailbox_id
        sees = found and await self._desk.people.sees(user, box)
        return await self._contact(person.name, found if sees else "")

    async def _person(self, named: str) -> str:
        """The Slack id of whom a step names, by address or by id."""
        return await self._found(named) if "@" in named else named

    async def _found(self, email: str, user: int = 0) -> str:
        try:
            return await self._desk.people.found(email, user)
        except (SlackRefused, Misconfigured):  # a name will have to do
            return ""

    async def _contact(self, name: str, user: str) -> Contact:
        return Contact(name, user if user and await self._duty.active(user) else "")


def _said(case: _Case, ladders: Mapping[str, Ladder]) -> set[int]:
    """The steps of this ladder that were said of this wait, in its channels or to people."""
    found = set()
    for channel, key in case.said:
        thread, step = pings.numbers(key)
        ours = ladders.get(channel) == case.ladder or (channel.startswith("D") and case.ladder.reaches)
        if thread == case.thread and ours and ladder.has(case.ladder, step):
            found.add(step)
    return found
