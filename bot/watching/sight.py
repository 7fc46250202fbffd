"""What somebody may read in the list of routes: of mailboxes and private channels of others no conditions."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.desk import Desk
from bot.errors import BridgeError
from bot.model import Mailbox
from bot.routing import Route
from bot.slackapi import call
from bot.watching import checks, stored
from bot.watching.lists import NO_CHANNEL, NO_MAILBOX, Row

_UNREAD = "whoever may change routes is told why"


@dataclass(frozen=True, slots=True)
class Sight:
    """What one person may see: mailboxes by id, and channels as the routes call them."""

    seen: frozenset[int]
    boxes: Sequence[Mailbox]
    channels: frozenset[str]


async def sight(desk: Desk, slack_user: str, channels: Iterable[str]) -> Sight:
    """Find out what somebody may see, and which of these channels they may know of."""
    named = list(dict.fromkeys(channels))
    seen = await desk.people.may_see(await desk.people.user(slack_user))
    known = await asyncio.gather(*(_may_know(desk, slack_user, one) for one in named))
    there = frozenset(one for one, may in zip(named, known, strict=True) if may)
    return Sight(seen, await desk.people.mailboxes(), there)


def row(one: Row, by: Sight) -> Row:
    """A row as somebody may read it."""
    if one.channel not in by.channels:
        return replace(one, hidden=NO_CHANNEL)
    if one.route is None:
        return replace(one, wrong=_UNREAD)
    route, hidden = read(one.route, by)
    return replace(one, route=route, hidden=hidden)


def read(route: Route, by: Sight) -> tuple[Route, str]:
    """A route as somebody may read it, and why they are not told what it asks, nor its name."""
    if route.channel not in by.channels:
        return replace(route, name=""), NO_CHANNEL
    boxes = stored.boxes(route)
    if not {checks.identity(box, by.boxes) for box in boxes} <= by.seen:
        return replace(route, name=""), NO_MAILBOX
    whole = boxes or by.seen >= {box.id for box in by.boxes}
    return route if whole else stored.discreet(route), ""


async def _may_know(desk: Desk, slack_user: str, channel: str) -> bool:
    """Whether a channel is public, or somebody is in it; of one that Slack does not tell, nobody may."""
    try:
        identity = await desk.channels.id(channel) if desk.channels else channel
        told = (await call(desk.web.conversations_info, channel=identity)).get("channel") or {}
        return not told.get("is_private") or await _is_in(desk, slack_user, identity)
    except BridgeError:
        return False


async def _is_in(desk: Desk, slack_user: str, channel: str) -> bool:
    """Page by page: https://docs.slack.dev/reference/methods/conversations.members."""
    cursor = None
    while True:
        told = await call(desk.web.conversations_members, channel=channel, limit=1000, cursor=cursor)
        cursor = (told.get("response_metadata") or {}).get("next_cursor")
        if slack_user in (told.get("members") or []) or not cursor:
            return slack_user in (told.get("members") or [])
