"""Who else reads a channel: guests, and people of other organisations. Asked before anything is said there.

Nothing is said before that is known. What may be said to whom is the route's: `open_to`.
https://docs.slack.dev/apis/slack-connect/ · https://docs.slack.dev/reference/objects/user-object
"""

import asyncio
import copy
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.cache import Cache
from bot.channels import Channels
from bot.errors import Ambiguous, BridgeError, Misconfigured, Transient
from bot.routing import Route
from bot.routing.reading import GUESTS, OPEN_TO, ORGANISATIONS
from bot.slackapi import SlackRefused, call

CODE = "others_read_along"
"""The bridge's own word, beside Slack's: see `policy`."""
_KEPT = 300.0
"""Seconds for which an answer is good, where no event says that it is not."""
_LISTED = 3600.0
"""Seconds for which the list of all people may serve, where the watch does not come to ask for a newer one.

In a workspace of tens of thousands a list takes minutes, for which nobody should have to wait.
"""
_PAGE = 1000
_PATIENCE = 30.0
"""Seconds that Slack may ask for between two pages: who began anew each time would never come to the end."""
_MOST = 50_000
_ALL = frozenset(OPEN_TO)


@dataclass(frozen=True, slots=True)
class Ours:
    """Our workspace, and the organisation that it is part of, if it is."""

    team: str
    organisation: str = ""


@dataclass(frozen=True, slots=True)
class Others:
    """Who reads a channel beside the team. `shared` counts before anybody of theirs has come."""

    guests: int = 0
    strangers: int = 0
    shared: bool = False
    told: bool = True
    """Whether Slack tells us who comes. Not where the bot is no member yet: no such answer may be kept.

    https://docs.slack.dev/reference/events/member_joined_channel
    """

    @property
    def kinds(self) -> frozenset[str]:
        """What a route has to be open to."""
        found = {GUESTS: self.guests, ORGANISATIONS: self.strangers or self.shared}
        return frozenset(kind for kind, some in found.items() if some)

    def refusal(self, open_to: frozenset[str]) -> Misconfigured | None:
        """Why nothing is said where a route is open to no more than that; None where all may read it."""
        wanted = ", ".join(f'"{kind}"' for kind in OPEN_TO if kind in open_to | self.kinds)
        why = self.why(open_to, f"write open_to = [{wanted}] in the route")
        return Misconfigured(f"{why} ({CODE})", CODE) if why else None

    def why(self, open_to: frozenset[str], instead: str = "") -> str:
        """The same in words, with what to do `instead` of keeping them out; empty where all may read it."""
        missing = [kind for kind in OPEN_TO if kind in self.kinds - open_to]
        if not missing:
            return ""
        who = {GUESTS: _some(self.guests, "guest"), ORGANISATIONS: "another organisation"}
        mend = {GUESTS: "remove them", ORGANISATIONS: "end the sharing"}
        said = " and ".join(who[kind] for kind in missing)
        reads = "read" if len(missing) > 1 or (self.guests > 1 and GUESTS in missing) else "reads"
        mended = " and ".join(mend[kind] for kind in missing)
        return f"{said} {reads} along there: {mended}{f', or {instead}' if instead else ''}"


def shared(channel: Mapping[str, Any]) -> bool:
    """Whether a channel is shared with another organisation, or about to be.

    `is_org_shared` is sharing within the own organisation, and counts for nothing here.
    https://docs.slack.dev/reference/objects/conversation-object
    """
    flags = ("is_ext_shared", "is_pending_ext_shared", "pending_shared", "pending_connected_team_ids")
    return any(channel.get(flag) for flag in flags)


def kind(person: Mapping[str, Any], ours: Ours) -> str:
    """What somebody is to us: of another organisation, a guest, or, said by nothing, one of the team."""
    if person.get("deleted"):
        return ""
    theirs = (person.get("enterprise_user") or {}).get("enterprise_id")
    foreign = ours.team and person.get("team_id", ours.team) != ours.team
    if person.get("is_stranger") or (foreign and not (theirs and theirs == ours.organisation)):
        return ORGANISATIONS
    return GUESTS if person.get("is_restricted") or person.get("is_ultra_restricted") else ""


class Audience:
    """Asks Slack who reads a channel, and remembers it for some minutes."""

    def __init__(
        self,
        web: AsyncWebClient,
        channels: Channels,
        routes: Callable[[], Iterable[Route]],
        clock: Callable[[], float],
    ) -> None:
        self._web = web
        self._channels = channels
        self._routes = routes
        self._others: Cache[str, Others] = Cache(_KEPT, clock)
        self._ours: Cache[None, Ours] = Cache(_LISTED, clock)
        self._people: dict[str, str] = {}
        self._listed = -math.inf
        self._clock = clock
        self._person: Cache[str, str] = Cache(_KEPT, clock)
        self._locks: dict[str, asyncio.Lock] = {}
        self._admitted: dict[tuple[str, int], frozenset[str]] = {}
        """By channel and conversation: what the route is open to by which it came there last."""

    def beside(self, web: AsyncWebClient, channels: Channels) -> Self:
        """The same answers for whoever only wants to know: what they admit is admitted for nobody else."""
        other = copy.copy(self)
        other._web, other._channels, other._admitted = web, channels, {}  # noqa: SLF001 - it is one of us
        return other

    async def others(self, channel: str) -> Others:
        """Who else reads a channel; raise Transient or Misconfigured where Slack does not say."""
        async with self._lock(channel):  # whoever comes meanwhile is served by the same answer
            found = await self._others.get(channel, lambda: self._ask(channel))
            if not found.told:
                self._others.drop(lambda known, _: known == channel)
            return found

    async def admit(self, channel: str, open_to: frozenset[str], conversation: int = 0) -> None:
        """Raise Misconfigured where others read a channel than a route is open to.

        Named, a conversation may be spoken of there from now on, as long as nobody else comes.
        """
        try:
            await self._require(channel, open_to)
        except BridgeError:  # until then nothing is said of it that was not a moment ago
            self._admitted.pop((channel, conversation), None)
            raise
        if conversation:
            if len(self._admitted) > _MOST:
                self._admitted.clear()
            self._admitted[channel, conversation] = open_to

    async def guard(self, channel: str, conversation: int = 0) -> None:
        """The same for whoever is about to speak, in the last moment, whatever was looked at before.

        Without a conversation it is a channel's own message, made of what was admitted. A conversation that
        was not admitted since the start came by nobody knows which route: every one has to be open.
        """
        if channel.startswith(("C", "G")):
            known = self._admitted.get((channel, conversation))
            said = await self._said(channel) if known is None else [known]
            admitted = frozenset[str]().union(*said) if not conversation else _common(said)
            await self._require(channel, admitted)

    async def allowed(self, channel: str, routes: Sequence[Route]) -> list[Route]:
        """Those of a channel's routes that are open to all who read it."""
        if all(route.open_to >= _ALL for route in routes):
            return list(routes)
        kinds = (await self.others(channel)).kinds
        return [route for route in routes if route.open_to >= kinds]

    async def refusal(self, channel: str) -> Misconfigured | None:
        """Why some route to a channel waits; None where every one is open to all who read it."""
        common = _common(await self._said(channel))
        return None if common >= _ALL else (await self.others(channel)).refusal(common)

    def forget(self, channel: str) -> None:
        """Ask anew who reads a channel: somebody has come or gone, or it was shared."""
        self._others.drop(lambda known, _: known == channel)
        self._person.drop()

    def readmit(self) -> None:
        """Have each conversation admitted anew: the routes by which it came are others by now."""
        self._admitted.clear()

    async def relist(self, age: float = _KEPT) -> None:
        """List everybody anew where the list is older; meanwhile the old one serves."""
        async with self._lock(""):
            began = self._clock()
            if 0 <= began - self._listed < age:
                return
            ours = await self._who_we_are()
            people = await _pages(self._web.users_list, "members")
            self._people = {str(one.get("id")): kind(one, ours) for one in people}
            self._listed = began

    async def _require(self, channel: str, open_to: frozenset[str]) -> None:
        if open_to >= _ALL:
            return
        if refusal := (await self.others(channel)).refusal(open_to):
            raise refusal

    async def _said(self, channel: str) -> list[frozenset[str]]:
        """What each route to a channel is open to."""
        found = []
        for route in self._routes():
            try:
                leads = await self._channels.id(route.channel) == channel
            except BridgeError:  # the looks tell the operators of it
                leads = False
            found += [route.open_to] if leads else []
        return found

    # what is asked of Slack

    async def _ask(self, channel: str) -> Others:
        told = (await _ask(self._web.conversations_info, channel=channel)).get("channel") or {}
        members = await _pages(self._web.conversations_members, "members", channel=channel)
        kinds = [await self._kind(str(one)) for one in members]
        member = bool(told.get("is_member"))
        return Others(kinds.count(GUESTS), kinds.count(ORGANISATIONS), shared(told), member)

    async def _kind(self, member: str) -> str:
        if not 0 <= self._clock() - self._listed < _LISTED:
            await self.relist(_LISTED)
        if member in self._people:
            return self._people[member]
        return await self._person.get(member, lambda: self._look_up(member))  # come since, or of elsewhere

    async def _look_up(self, member: str) -> str:
        """What somebody is who is not in our list; of whom Slack knows nothing, they are not ours."""
        try:
            told = await call(self._web.users_info, user=member)
        except Ambiguous as error:
            raise Transient(str(error)) from error
        except SlackRefused:
            return ORGANISATIONS
        return kind(told.get("user") or {}, await self._who_we_are())

    async def _who_we_are(self) -> Ours:
        async def fetch() -> Ours:
            told = await _ask(self._web.auth_test)
            return Ours(str(told.get("team_id") or ""), str(told.get("enterprise_id") or ""))

        return await self._ours.get(None, fetch)

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())


def _common(said: Sequence[frozenset[str]]) -> frozenset[str]:
    """What all of them are open to; nothing where there are none."""
    return frozenset.intersection(*said) if said else frozenset()


def _some(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


async def _pages(
    method: Callable[..., Awaitable[AsyncSlackResponse]], key: str, **arguments: Any
) -> list[Any]:
    """Everything in a list, page by page. https://docs.slack.dev/apis/web-api/pagination"""
    found: list[Any] = []
    cursor = None
    while True:
        try:
            told = await _ask(method, limit=_PAGE, cursor=cursor, **arguments)
        except Misconfigured:
            raise
        except Transient as error:
            if cursor is None or error.retry_after is None or error.retry_after > _PATIENCE:
                raise
            await asyncio.sleep(error.retry_after)
            continue
        found += told.get(key) or []
        cursor = (told.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return found


async def _ask(method: Callable[..., Awaitable[AsyncSlackResponse]], **arguments: Any) -> dict[str, Any]:
    """Ask something that may be asked again. While Slack refuses to say it, nothing is said."""
    try:
        return await call(method, **arguments)
    except Ambiguous as error:
        raise Transient(str(error)) from error
    except SlackRefused as error:
        raise Transient(f"who reads a channel cannot be asked for: {error}", retry_after=60) from error
