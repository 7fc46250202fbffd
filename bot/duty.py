"""Who is on duty, and whom one may disturb: user groups, do-not-disturb, direct messages, as Slack has them.

Answers stay good for a minute. What Slack refuses to tell costs a mention, never a ping.
https://docs.slack.dev/reference/methods/usergroups.list · https://docs.slack.dev/reference/methods/dnd.info
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.cache import Cache
from bot.errors import Ambiguous, Misconfigured, Transient
from bot.health import Health
from bot.ladder import Contact, Group
from bot.slackapi import SlackRefused, call

log = logging.getLogger(__name__)

T = TypeVar("T")

_NOT_OURS = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
"""Whoever is one of these is told nothing: https://docs.slack.dev/reference/objects/user-object"""
_KEPT = 60.0
"""Seconds for which an answer stays good."""


class Duty:
    """Asks Slack, and remembers for a minute."""

    def __init__(self, web: AsyncWebClient, health: Health, clock: Callable[[], float]) -> None:
        self._web = web
        self._health = health
        self._clock = clock
        self._active: Cache[str, bool] = Cache(_KEPT, clock)
        self._until: Cache[str, datetime | None] = Cache(_KEPT, clock)
        self._groups: Cache[None, dict[str, str]] = Cache(_KEPT, clock)
        self._members: Cache[str, tuple[str, ...]] = Cache(_KEPT, clock)
        self._direct: dict[str, str] = {}

    async def active(self, user: str) -> bool:
        """Whether an account is a colleague's: no bot's, guest's, stranger's; yes if Slack is silent."""
        return await self._active.get(user, lambda: self._asked_active(user))

    async def until(self, user: str) -> datetime | None:
        """Until when somebody is not to be disturbed; None where they may be."""
        return await self._until.get(user, lambda: self._asked_until(user))

    async def group(self, named: str) -> Group:
        """A user group by its handle, with or without @, or by its id; without an id where there is none."""
        handle = named.removeprefix("@")
        told = await self._told(f"user groups {named}", self._groups.get(None, self._asked_groups))
        if told is None:
            return Group(named)
        identity = handle if handle in told.values() else told.get(handle.casefold(), "")
        if not identity:
            self._wrong(f"user group {named}", f"Slack has no user group {named}, which a ladder names")
            return Group(named)
        self._health.over(f"user group {named}")
        asked = self._members.get(identity, lambda: self._asked_members(identity))
        members = await self._told(f"user group {named}", asked) or ()
        return Group(named, identity, tuple(Contact(one, one) for one in members))

    async def direct(self, user: str) -> str:
        """The channel of direct messages with somebody; empty where Slack opens none."""
        if user not in self._direct:
            told = await self._told(f"messages to {user}", _ask(self._web.conversations_open, users=user))
            if told is None:
                return ""
            self._direct[user] = str(told["channel"]["id"])
        return self._direct[user]

    async def _asked_active(self, user: str) -> bool:
        told = await self._told("who is active", self._account(user)) or {}
        person = told.get("user") or {}
        return not any(person.get(one) for one in _NOT_OURS)

    async def _account(self, user: str) -> dict[str, Any]:
        """Somebody's account; one that Slack does not know is like a deactivated one."""
        try:
            return await _ask(self._web.users_info, user=user)
        except SlackRefused as error:
            if error.code != "user_not_found":
                raise
            return {"user": {"deleted": True}}

    async def _asked_until(self, user: str) -> datetime | None:
        told = await self._told("do-not-disturb", _ask(self._web.dnd_info, user=user)) or {}
        start, end = (float(told.get(f"next_dnd_{edge}_ts") or 0) for edge in ("start", "end"))
        now = self._clock()
        return datetime.fromtimestamp(end, UTC) if told.get("dnd_enabled") and start <= now < end else None

    async def _asked_groups(self) -> dict[str, str]:
        """The ids of groups by their handles; one that was switched off is none."""
        told = await _ask(self._web.usergroups_list)
        rows = [row for row in told.get("usergroups") or [] if not row.get("date_delete")]
        return {str(row.get("handle") or "").casefold(): str(row["id"]) for row in rows}

    async def _asked_members(self, identity: str) -> tuple[str, ...]:
        told = await _ask(self._web.usergroups_users_list, usergroup=identity)
        return tuple(str(user) for user in told.get("users") or [])

    async def _told(self, what: str, asked: Awaitable[T]) -> T | None:
        """What Slack answers, or None where it refuses: the operators are told, and one goes on without."""
        try:
            answer = await asked
        except (SlackRefused, Misconfigured) as error:
            self._wrong(what, f"Slack does not tell {what}: {error}")
            return None
        self._health.over(what)
        return answer

    def _wrong(self, name: str, words: str) -> None:
        log.warning(words)
        self._health.stands(name, words)


async def _ask(method: Callable[..., Awaitable[AsyncSlackResponse]], **arguments: Any) -> dict[str, Any]:
    """Ask something that may be asked again."""
    try:
        return await call(method, **arguments)
    except Ambiguous as error:
        raise Transient(str(error)) from error
