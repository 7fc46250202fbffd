"""Routes, changed from Slack: who may, in which channel, what is refused, and word of it to all there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot import mail
from bot.cards import Message, context, richtext_block
from bot.desk import Desk
from bot.errors import BridgeError, Misconfigured, NotAllowed, UserError
from bot.names import CHANNEL
from bot.people import Unknown
from bot.richtext import Element, section, text
from bot.routing import Route
from bot.routing.reading import OPEN_TO
from bot.slackapi import SlackRefused, call
from bot.store import Watch
from bot.watching import book, checks, phrases, stored
from bot.watching.stored import Problem, Table

LIST = "`/freescout routes` lists what leads here."


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks: as which FreeScout user, 0 for none, and whether they may change routes."""

    slack_user: str
    user: int
    name: str
    may: bool

    @property
    def element(self) -> Element:
        """Their name as text: to be named pings nobody."""
        return text(self.name) if self.name else {"type": "user", "user_id": self.slack_user}


@dataclass(frozen=True, slots=True)
class Here:
    """A channel, by its id and by every name that routes may call it."""

    id: str
    names: frozenset[str]
    member: bool = True
    private: bool = False

    def leads(self, route: Route) -> bool:
        """Whether a route leads here."""
        return route.channel == self.id or route.channel.casefold() in self.names


class Wrong(UserError):
    """A route that cannot be: each problem with its key."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(one.words for one in problems))


async def who(desk: Desk, slack_user: str) -> Who:
    """Say who asks; raise NotAllowed where they may not even look."""
    address = (await desk.people.allowed(slack_user)).casefold()
    people = {one.casefold() for one in desk.settings.operator_people}
    named = slack_user.casefold() in people or (bool(address) and address in people)
    try:
        user = await desk.people.user(slack_user)
    except Unknown:
        if not named:
            raise
        return Who(slack_user, 0, "", may=True)
    return Who(slack_user, user.id, mail.one_line(user.name, 80), may=named or user.role == "admin")


async def operator(desk: Desk, slack_user: str) -> Who:
    """The same for whoever wants to change something; raise NotAllowed where they may not."""
    asking = await who(desk, slack_user)
    if not asking.may:
        raise NotAllowed(
            "Only admins of FreeScout, and people whom the bridge's configuration names as operators, change "
            "routes, so nothing was done. Ask one of them; `/freescout routes` shows you what there is.",
            asking.user,
        )
    return asking


async def here(desk: Desk, channel: str) -> Here:
    """The channel in which somebody asks; what Slack does not tell of it is left out."""
    try:
        told = (await call(desk.web.conversations_info, channel=channel)).get("channel") or {}
    except (SlackRefused, Misconfigured):
        told = {"is_private": True}  # the bot is not in it: of a public one Slack would tell
    remembered = await desk.store.names(CHANNEL)
    names = {name for name, identity in remembered.items() if identity == channel}
    names |= {str(told.get("name") or "").casefold()} - {""}
    direct = channel.startswith("D") or told.get("is_im") or told.get("is_mpim")
    if direct or not channel:
        raise UserError("Routes lead to channels: say this in the channel that shall show the conversations.")
    private = bool(told.get("is_private"))
    return Here(channel, frozenset(names), bool(told.get("is_member")), private)


async def enter(desk: Desk, place: Here, route: Route) -> None:
    """Make sure that the bot can speak where a route leads; raise UserError where somebody has to let it in.

    Who else reads along is asked before: that the app has come is seen by all.
    """
    if place.private and not place.member:
        raise UserError("The app is not in this channel, so nothing was done: `/invite` it, and try again.")
    await _open(desk, route)
    if place.member:
        return
    try:
        await call(desk.web.conversations_join, channel=place.id)
    except (SlackRefused, Misconfigured) as error:
        raise UserError(f"The app cannot join this channel, so nothing was done: {error}.") from error


async def add(desk: Desk, by: Who, place: Here, spec: Table) -> None:
    """Add a route to a channel; raise Wrong where it cannot be."""
    spec, route = await _valid(desk, place.id, spec)
    await enter(desk, place, route)
    new = Watch(place.id, stored.dumps(spec), by.slack_user, by.user)
    async with desk.live.changing:
        await _refuse_twins(desk, place, route)
        called = await _called(desk)
        watch = await desk.store.add_watch(new)
        await _hold(desk, by, "watch", "", _words(watch, called))
    await _say(desk, by, watch, f"watches {_told(watch, called)} here.")


async def change(desk: Desk, by: Who, place: Here, before: Watch, spec: Table) -> None:
    """Write a route anew; raise Wrong where it cannot be, and UserError where it is not as it was seen."""
    spec, route = await _valid(desk, before.channel, spec)
    after = replace(before, spec=stored.dumps(spec), slack_user=by.slack_user, user=by.user)
    if after.spec == before.spec:
        return
    await _open(desk, route)
    async with desk.live.changing:
        await _refuse_twins(desk, place, replace(route, number=before.id, watched=True))
        known, _ = book.read(before)
        anew = known is None or stored.taken(known) != stored.taken(route)
        called = await _called(desk)
        if not await desk.store.change_watch(before, after, anew=anew):
            raise UserError(
                "Somebody changed or removed this route meanwhile, so nothing was done. Look again."
            )
        await _hold(desk, by, "edit watch", _words(before, called), _words(after, called))
    await _say(desk, by, after, f"changed watch {before.id} of this channel to {_told(after, called)}.")


async def remove(desk: Desk, by: Who, watch: Watch) -> None:
    """Take a route away."""
    called = await _called(desk)
    async with desk.live.changing:
        if not await desk.store.remove_watch(watch.id):
            raise UserError(f"Watch {watch.id} was removed already.")
        await _hold(desk, by, "unwatch", _words(watch, called), "")
    await _say(desk, by, watch, f"no longer watches {_told(watch, called)} here.")


async def watch_of(desk: Desk, identity: int) -> Watch | None:
    """A route from Slack by its number."""
    return next((one for one in await desk.store.watches() if one.id == identity), None)


def fixed(desk: Desk, route: Route, user: int) -> NotAllowed:
    """The refusal to change what the file says."""
    return NotAllowed(
        f"{route.called.capitalize()} is {_from_file(desk, route)}: change it there. "
        "What the file says cannot be changed from Slack, so nothing was done.",
        user,
    )


def _from_file(desk: Desk, route: Route) -> str:
    line = f", line {route.line}" if route.line else ""
    return f"from {desk.settings.bridge_config}{line}"


async def meant(desk: Desk, place: Here, spec: Table) -> Route | None:
    """The route of a channel that takes what a table says."""
    _, route = await _valid(desk, place.id, spec)
    return await _twin(desk, place, route)


async def _valid(desk: Desk, channel: str, spec: Table) -> tuple[Table, Route]:
    _, problems = stored.read(spec, channel)
    if problems:
        raise Wrong(problems)
    checked, problems = await checks.checked(desk, spec)
    route, _ = stored.read(checked, channel)
    if problems or route is None:
        raise Wrong(problems)
    return checked, route


async def _open(desk: Desk, route: Route) -> None:
    """Raise Wrong where others read the channel than a route, which has its id, is open to."""
    if desk.audience is None:
        return
    others = await desk.audience.others(route.channel)
    needs = " ".join(f"open_to:{kind}" for kind in OPEN_TO if kind in others.kinds - route.open_to)
    if why := others.why(route.open_to, f"add {needs}"):
        raise Wrong((Problem("open_to", f"Nothing would be said in this channel. {why}."),))


async def _refuse_twins(desk: Desk, place: Here, route: Route) -> None:
    if twin := await _twin(desk, place, route):
        whose = f" ({_from_file(desk, twin)})" if not twin.watched else ""
        raise Wrong((Problem("", f"The same comes here already by {twin.called}{whose}."),))


async def _twin(desk: Desk, place: Here, route: Route) -> Route | None:
    """Another route that brings the same to this channel, however it names the mailbox."""
    boxes = await desk.people.mailboxes()
    wanted = stored.taken(route)
    for one in desk.settings.routes:
        itself = one.watched and route.watched and one.number == route.number
        ids = tuple(checks.identity(box, boxes) or box for box in one.mailboxes)
        same = stored.taken(replace(one, mailbox=ids or None)) == wanted
        if same and place.leads(one) and not itself:
            return one
    return None


async def _called(desk: Desk) -> dict[int, str]:
    """The names of mailboxes, asked for before a route is written: FreeScout may not answer."""
    return checks.called(await desk.people.mailboxes())


def _words(watch: Watch, called: Mapping[int, str]) -> str:
    """A route as the record has it: the channel's id, and what would be typed."""
    return f"{watch.channel}: {phrases.words(stored.loads(watch.spec), called)}"


async def _hold(desk: Desk, by: Who, action: str, before: str, after: str) -> None:
    """Put a change on record, and let it hold from now on."""
    await desk.store.audit(
        slack_user=by.slack_user,
        user=by.user,
        action=action,
        conversation=0,
        before=before,
        after=after,
        outcome="done",
    )
    await book.load(desk.live, desk.store)


def _told(watch: Watch, called: Mapping[int, str]) -> str:
    """What a route takes, as its channel is told: who reads that need not know of which customers."""
    route, _ = book.read(watch)
    return stored.told(stored.discreet(route), called) if route else f"what watch {watch.id} said"


async def _say(desk: Desk, by: Who, watch: Watch, sentence: str) -> None:
    """Tell everybody in the channel, for what stands there changes for all of them.

    Who asked is told instead, as an error, where others read along than the route is open to.
    """
    route, _ = book.read(watch)
    words = mail.one_line(sentence, 1500)
    how = mail.one_line("; ".join(stored.manner(route)) if route else "", 500)
    leaves = [by.element, text(f" {words}"), *([text(f"\n{how}", italic=True)] if how else [])]
    shown = (richtext_block(section(*leaves)), context(LIST))
    try:
        if not (why := await _overheard(desk, watch.channel, route)):
            await desk.say(watch.channel, Message(mail.escape(f"{by.name or 'An operator'} {words}"), shown))
    except BridgeError as error:
        raise UserError(f"That holds from now on, but the channel could not be told: {error}.") from error
    if why:
        raise UserError(f"That holds from now on. The channel was not told, for {why.partition(':')[0]}.")


async def _overheard(desk: Desk, channel: str, route: Route | None) -> str:
    """Who reads what is said of a route that is not open to them; nothing where nobody does."""
    if desk.audience is None:
        return ""
    return (await desk.audience.others(channel)).why(route.open_to if route else frozenset())
