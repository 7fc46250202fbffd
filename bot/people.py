"""Who is who on both sides: Slack people, FreeScout users, and what each may see."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot import mail
from bot.cache import Cache
from bot.errors import Ambiguous, BridgeError, NotAllowed, Transient, UserError
from bot.freescout import FreeScout, NotFound, Refused
from bot.freescout.writing import is_deleted
from bot.model import Mailbox, User
from bot.names import Names
from bot.slackapi import SlackRefused, call
from bot.store import Link, Store

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_MAIL_LINK = re.compile(r"<mailto:([^|>]+)(?:\|[^>]*)?>")
_FORBIDDEN = 403


class Unknown(NotAllowed):
    """A Slack person who may act, but of whom nobody knows as which FreeScout user: they can link."""


class _Severed(Unknown):
    """Their link leads to a user whom FreeScout has no more."""

    def __init__(self, link: Link) -> None:
        self.link = link
        super().__init__(
            "The FreeScout user that you linked your account to was deleted there, so the link is gone and "
            "nothing was done. Link your account anew: `/freescout link`. Unless you do, you act as the "
            "FreeScout user with your Slack address, if there is one."
        )


@dataclass(frozen=True, slots=True)
class Acting:
    """As whom a Slack person acts, and by which link; without one it is by their address."""

    user: User
    link: Link | None = None


class People:
    """Looks people up, and remembers them for a minute: who loses a right loses it here soon after."""

    def __init__(
        self,
        freescout: FreeScout,
        web: AsyncWebClient,
        store: Store,
        clock: Callable[[], float],
        names: Names | None = None,
    ) -> None:
        self._freescout = freescout
        self._web = web
        self._store = store
        self._names = names
        self._acting: Cache[str, Acting] = Cache(60, clock)
        self._mailboxes: Cache[int, frozenset[int]] = Cache(60, clock)
        self._all_mailboxes: Cache[None, dict[int, Mailbox]] = Cache(300, clock)
        self._slack_ids: Cache[str, str] = Cache(600, clock)
        self.team = ""
        """Our workspace's id, once Slack has told it."""

    # as whom one acts

    async def user(self, slack_user: str) -> User:
        """The FreeScout user as whom this Slack person acts; raise UserError where there is none."""
        try:
            return (await self.acting(slack_user)).user
        except _Severed as error:
            await self._store.unlink(slack_user)
            await self._store.audit(
                slack_user=slack_user,
                user=error.link.user,
                action="unlink",
                conversation=0,
                outcome="done: FreeScout has deleted the user",
            )
            raise

    async def acting(self, slack_user: str) -> Acting:
        """The same, with the reason: their link comes first, then their address."""
        return await self._acting.get(slack_user, lambda: self._find(slack_user))

    async def _find(self, slack_user: str) -> Acting:
        email = await self.allowed(slack_user)
        if link := await self._store.link(slack_user):
            if user := await self.current(link.user):
                return Acting(user, link)
            raise _Severed(link)
        if not email:
            raise Unknown(
                "Slack does not tell your e-mail address, by which FreeScout would know you, so nothing was "
                "done. Link your account to say which FreeScout user you are: `/freescout link`."
            )
        found = await self._freescout.user_by_email(email)
        if found is None or is_deleted(found):
            raise Unknown(
                f"FreeScout has no user with your Slack address {email}, so nothing was done. If you have an "
                "account there under another one, link it: `/freescout link`. If you have none, ask an admin "
                "of FreeScout to add you. Alternate addresses do not count."
            )
        return Acting(found)

    async def allowed(self, slack_user: str) -> str:
        """The address, perhaps none, of a Slack person who may act; raise UserError where they may not."""
        try:
            told = await call(self._web.users_info, user=slack_user)
            self.team = self.team or str((await call(self._web.auth_test)).get("team_id") or "")
            person = told.get("user") or {}
            ours = await self._ours(person)
        except SlackRefused as error:
            raise NotAllowed(
                "Slack does not say who you are, so nothing was done. Ask an admin of this workspace whether "
                "your account is a full member's."
            ) from error
        except Ambiguous as error:  # a question may be put again
            raise Transient(str(error)) from error
        if person.get("deleted") or person.get("is_bot") or person.get("is_workflow_bot"):
            raise NotAllowed(
                "Bots, workflows and deactivated accounts cannot act in FreeScout, so nothing was done. "
                "A member of this workspace has to do it."
            )
        if person.get("is_restricted") or person.get("is_ultra_restricted"):
            raise NotAllowed(
                "Guests of this workspace cannot act in FreeScout, so nothing was done. Ask a colleague who "
                "is a full member, or have an admin make you one."
            )
        if person.get("is_stranger") or not ours:
            raise NotAllowed(
                "People of other workspaces cannot act in FreeScout, so nothing was done. Ask somebody of "
                "the workspace that this channel belongs to."
            )
        return str((person.get("profile") or {}).get("email") or "")

    async def _ours(self, person: dict[str, Any]) -> bool:
        """Whether somebody is of our workspace, or of another one of our own organisation.

        People who come through Slack Connect have an organisation as well: theirs.
        https://docs.slack.dev/reference/objects/user-object
        """
        if not self.team or person.get("team_id", self.team) == self.team:
            return True
        theirs = (person.get("enterprise_user") or {}).get("enterprise_id")
        return bool(theirs) and theirs == (await call(self._web.auth_test)).get("enterprise_id")

    async def current(self, identity: int) -> User | None:
        """A FreeScout user by their id; None where they were deleted, or never were."""
        try:
            user = await self._freescout.user(identity)
        except NotFound:
            return None
        return None if is_deleted(user) else user

    # what they may do

    async def may_see(self, user: User) -> frozenset[int]:
        """The mailboxes that FreeScout lets a user see, by id."""

        async def fetch() -> frozenset[int]:
            seen = await self._freescout.mailboxes(user.id)
            if await self.current(user.id) is None:  # of whom it does not know it lists every mailbox
                self.forget_user(user)
                raise UserError(f"{user.name} was deleted from FreeScout, so nothing was done.")
            return frozenset(mailbox.id for mailbox in seen)

        return await self._mailboxes.get(user.id, fetch)

    async def sees(self, user: User, mailbox: int) -> bool:
        """Whether FreeScout lets a user see a mailbox; not, where it has deleted them."""
        try:
            return mailbox in await self.may_see(user)
        except UserError:
            return False

    async def reads(self, slack_user: str, mailbox: int) -> bool:
        """Whether a Slack person may act at all, and see a mailbox; raise BridgeError where nobody knows."""
        try:
            acting = await self.acting(slack_user)
        except UserError:
            return False
        return await self.sees(acting.user, mailbox)

    def forget_user(self, user: User) -> None:
        """Ask anew, the next time, who acts as a user and what they may see."""
        self._acting.drop(lambda _, acting: acting.user.id == user.id)
        self._mailboxes.drop(lambda identity, _: identity == user.id)
        self._all_mailboxes.drop()

    def forget(self, slack_user: str) -> None:
        """Ask anew, the next time, as whom a Slack person acts and what they may see."""
        known = self._acting.kept(slack_user)
        self._acting.drop(lambda key, _: key == slack_user)
        if known:
            self.forget_user(known.user)

    def met(self, slack_user: str, error: BaseException) -> None:
        """Forget what was believed of a person whom FreeScout answers that it may not be, or is not there."""
        if isinstance(error, NotFound) or (isinstance(error, Refused) and error.status == _FORBIDDEN):
            self.forget(slack_user)

    async def mailbox(self, identity: int) -> Mailbox | None:
        """A mailbox by its id."""
        known = await self._all_mailboxes.get(None, self._fetch_mailboxes)
        if identity not in known:
            self._all_mailboxes.drop()
            known = await self._all_mailboxes.get(None, self._fetch_mailboxes)
        return known.get(identity)

    async def mailboxes(self) -> tuple[Mailbox, ...]:
        """Every mailbox there is."""
        return tuple((await self._all_mailboxes.get(None, self._fetch_mailboxes)).values())

    async def _fetch_mailboxes(self) -> dict[int, Mailbox]:
        found = await self._freescout.mailboxes()
        known = await self._names.mailboxes(found) if self._names else found
        return {mailbox.id: mailbox for mailbox in known}

    # who is meant

    async def owner(self, email: str) -> str:
        """The Slack id of the person with this address, or nothing; raise BridgeError where Slack fails."""
        try:
            told = await call(self._web.users_lookupByEmail, email=email)
        except SlackRefused as error:
            if error.code == "users_not_found":
                return ""
            raise
        return str(told["user"]["id"])

    async def slack_id(self, email: str, user: int = 0) -> str | None:
        """The Slack id of who is linked to a user or has their address, or None: a name will have to do."""
        try:
            return await self.found(email, user) or None
        except BridgeError:
            return None

    async def found(self, email: str, user: int = 0) -> str:
        """The same, empty for nobody; raise BridgeError where Slack fails."""
        if user and (link := await self._store.link_to(user)):
            return link.slack_user
        return await self._slack_ids.get(email.casefold(), lambda: self.owner(email)) if email else ""

    async def meant(self, words: str, asking: User) -> User | None:
        """Whom `me`, `nobody`, an @mention, an address or a name means; None is nobody."""
        words = words.strip()
        if words.casefold() in ("me", "myself"):
            return asking
        if words.casefold() in ("nobody", "noone", "none", "anyone"):
            return None
        if mention := _MENTION.fullmatch(words):
            return await self._mentioned(mention[1])
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

    async def _mentioned(self, slack_user: str) -> User:
        try:
            return (await self.acting(slack_user)).user
        except Unknown as error:
            raise UserError(
                "FreeScout has no user with that person's Slack address. Say a name or an address of "
                "FreeScout's, or ask them to say `/freescout link`."
            ) from error
        except UserError as error:
            raise UserError(
                "Guests, bots, people of other workspaces and deactivated accounts cannot act in FreeScout, "
                "and that person is one of them: say a name or an address of FreeScout's."
            ) from error
