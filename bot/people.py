"""Who is who on both sides: Slack people, FreeScout users, and what each may see."""

import re
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from slack_sdk.web.async_client import AsyncWebClient

from bot import mail
from bot.errors import Ambiguous, BridgeError, Transient, UserError
from bot.freescout import FreeScout
from bot.model import Mailbox, User
from bot.slackapi import SlackRefused, call

K = TypeVar("K")
V = TypeVar("V")

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_MAIL_LINK = re.compile(r"<mailto:([^|>]+)(?:\|[^>]*)?>")


class Unknown(UserError):
    """A Slack person who is no FreeScout user."""


class _Cache(Generic[K, V]):
    """Answers that stay good for a short while."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: dict[K, tuple[float, V]] = {}

    async def get(self, key: K, fetch: Callable[[], Awaitable[V]]) -> V:
        until, value = self._kept.get(key, (0.0, None))
        if value is None or until < time.monotonic():
            value = await fetch()
            if len(self._kept) > 10_000:
                self._kept.clear()
            self._kept[key] = (time.monotonic() + self._seconds, value)
        return value

    def drop(self, key: K) -> None:
        self._kept.pop(key, None)


class People:
    """Looks people up, and remembers them for a minute: who loses a right loses it here soon after."""

    def __init__(self, freescout: FreeScout, web: AsyncWebClient) -> None:
        self._freescout = freescout
        self._web = web
        self._users: _Cache[str, User] = _Cache(60)
        self._mailboxes: _Cache[int, frozenset[int]] = _Cache(60)
        self._all_mailboxes: _Cache[None, dict[int, Mailbox]] = _Cache(300)
        self._slack_ids: _Cache[str, str] = _Cache(600)
        self.team = ""
        """Our workspace's id, once Slack has told it."""

    async def user(self, slack_user: str) -> User:
        """The FreeScout user as whom this Slack person acts; raise UserError where there is none."""
        return await self._users.get(slack_user, lambda: self._find_user(slack_user))

    async def may_see(self, user: User) -> frozenset[int]:
        """The mailboxes that FreeScout lets a user see, by id."""

        async def fetch() -> frozenset[int]:
            return frozenset(mailbox.id for mailbox in await self._freescout.mailboxes(user.id))

        return await self._mailboxes.get(user.id, fetch)

    async def mailbox(self, identity: int) -> Mailbox | None:
        """A mailbox by its id."""
        known = await self._all_mailboxes.get(None, self._fetch_mailboxes)
        if identity not in known:
            self._all_mailboxes.drop(None)
            known = await self._all_mailboxes.get(None, self._fetch_mailboxes)
        return known.get(identity)

    async def mailboxes(self) -> tuple[Mailbox, ...]:
        """Every mailbox there is."""
        return tuple((await self._all_mailboxes.get(None, self._fetch_mailboxes)).values())

    async def slack_id(self, email: str) -> str | None:
        """The Slack id of the person with this address, or None: a name will have to do."""

        async def fetch() -> str:
            told = await call(self._web.users_lookupByEmail, email=email)
            return str(told["user"]["id"])

        try:
            return await self._slack_ids.get(email.casefold(), fetch)
        except BridgeError:
            return None

    async def meant(self, words: str, asking: User) -> User | None:
        """Whom `me`, `nobody`, an @mention, an address or a name means; None is nobody."""
        words = words.strip()
        if words.casefold() in ("me", "myself"):
            return asking
        if words.casefold() in ("nobody", "noone", "none", "anyone"):
            return None
        if mention := _MENTION.fullmatch(words):
            try:
                return await self.user(mention[1])
            except Unknown as error:
                raise UserError("FreeScout has no user with that person's Slack address.") from error
        if mail_link := _MAIL_LINK.fullmatch(words):
            words = mail_link[1]
        wanted = words.lstrip("@").casefold()
        users = await self._freescout.users() if wanted else ()  # a robot may have no name
        exact = [user for user in users if wanted in (user.email.casefold(), user.name.casefold())]
        found = exact or [user for user in users if wanted == user.first.casefold()]
        if len(found) == 1:
            return found[0]
        shown = mail.one_line(words, 60)
        if found:
            raise UserError(f"More than one FreeScout user is called {shown}: say their e-mail address.")
        raise UserError(f"FreeScout has no user {shown}. Say `me`, `nobody`, a name, an address or @someone.")

    async def _fetch_mailboxes(self) -> dict[int, Mailbox]:
        return {mailbox.id: mailbox for mailbox in await self._freescout.mailboxes()}

    async def _find_user(self, slack_user: str) -> User:
        email = await self._email(slack_user)
        user = await self._freescout.user_by_email(email)
        if user is None:
            raise Unknown(
                f"FreeScout has no user with your Slack address {email}, so nothing was done. "
                "Ask an admin to add you there, or to give both the same address."
            )
        return user

    async def _email(self, slack_user: str) -> str:
        try:
            told = await call(self._web.users_info, user=slack_user)
            self.team = self.team or str((await call(self._web.auth_test)).get("team_id") or "")
        except SlackRefused as error:
            raise UserError("Slack does not say who you are, so nothing was done.") from error
        except Ambiguous as error:  # a question may be put again
            raise Transient(str(error)) from error
        person = told.get("user") or {}
        if person.get("deleted") or person.get("is_bot"):
            raise UserError("Bots and deactivated accounts cannot act in FreeScout.")
        if person.get("is_restricted") or person.get("is_ultra_restricted"):
            raise UserError("Guests of this workspace cannot act in FreeScout.")
        foreign = self.team and person.get("team_id", self.team) != self.team
        if person.get("is_stranger") or (foreign and not person.get("enterprise_user")):
            raise UserError("People of other workspaces cannot act in FreeScout.")
        email = str((person.get("profile") or {}).get("email") or "")
        if not email:
            raise UserError("Slack does not tell your e-mail address, by which FreeScout would know you.")
        return email
