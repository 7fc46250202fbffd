"""`Desk`: the tools that every handler gets."""

import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from slack_sdk.web.async_client import AsyncWebClient

from bot import mail
from bot.audience import Audience
from bot.cards import Message, Place
from bot.channels import Channels
from bot.clock import waiting
from bot.downloads import same_site
from bot.errors import Ambiguous, BridgeError, Misconfigured, NotAllowed, Transient, UserError
from bot.freescout import FreeScout, NotFound
from bot.live import Live
from bot.model import Conversation, User
from bot.people import People
from bot.settings import Settings
from bot.slackapi import call
from bot.store import Store
from bot.veil import lifted

log = logging.getLogger(__name__)

_NUMBER = re.compile(r"#?([0-9]{1,12})")
_URL = re.compile(r"<?https?://([^\s|>]+?)/conversation/([0-9]{1,12})[^\s]*")


@dataclass(frozen=True, slots=True)
class Desk:
    """What an action needs to act: both sides, the memory, the clock."""

    live: Live
    freescout: FreeScout
    store: Store
    web: AsyncWebClient
    people: People
    now: Callable[[], datetime]
    channels: Channels | None = None
    """Those of the running bridge, as is the next: None on the command line."""
    audience: Audience | None = None

    @property
    def settings(self) -> Settings:
        """The settings as they are at this moment: ask anew, and keep no part of them."""
        return self.live.settings

    async def truth(self, identity: int) -> Conversation | None:
        """Fetch a conversation as it may be shown; None where nothing of it may.

        Who shows anything of a conversation fetches it here, or passes it through `veil`.
        """
        return await lifted(self.store, await self.freescout.conversation(identity))

    async def conversation(self, identity: int, user: User) -> Conversation:
        """Fetch a conversation that this user may see, as it may be shown."""
        try:
            conversation = await self.truth(identity)
        except NotFound as error:
            self.people.forget_user(user)
            raise NotFound("This conversation was deleted from FreeScout for good.") from error
        if conversation is None:
            raise UserError("This conversation's customer was forgotten here: open it in FreeScout.")
        if conversation.mailbox_id not in await self.people.may_see(user):
            self.people.forget_user(user)  # they may be given the right any moment now
            raise NotAllowed(
                "FreeScout does not let you see this conversation's mailbox, so nothing was done. "
                "Ask an admin of FreeScout for it (Manage » Users » Permissions), then try again.",
                user.id,
                identity,
            )
        return conversation

    async def workable(self, identity: int, user: User) -> Conversation:
        """Fetch a conversation to do something with, as `conversation` does; refuse one that is deleted."""
        conversation = await self.conversation(identity, user)
        if not conversation.published:
            what = "was deleted" if conversation.state == "deleted" else f"is a {conversation.state}"
            raise UserError(f"#{conversation.number} {what} in FreeScout, so nothing was done.")
        return conversation

    async def quoted(self, words: str, user: User) -> Conversation:
        """Fetch the conversation that `412`, `#412` or its address in FreeScout means."""
        return await self.conversation(await self.meant(words), user)

    async def meant(self, words: str) -> int:
        """The id of the conversation that such words mean."""
        if identity := addressed(words, self.settings.freescout_url):
            return identity
        number = _NUMBER.fullmatch(words)
        if number is None:
            raise UserError("Which conversation? Say its number, like `412`, or paste its address.")
        found = await self.freescout.numbered(int(number[1]))
        if found is None:
            raise UserError(f"FreeScout has no conversation #{number[1]}.")
        return found.id

    async def place(self, conversation: Conversation) -> Place:
        """What a card says beside the conversation."""
        return Place(
            self.settings.conversation_url(conversation.id),
            await self.people.mailbox(conversation.mailbox_id),
            waiting(conversation),
            self.now(),
        )

    @asynccontextmanager
    async def act(
        self,
        slack_user: str,
        user: User,
        action: str,
        conversation: Conversation,
        *,
        before: str = "",
        after: str = "",
    ) -> AsyncIterator[None]:
        """Do one act inside: its outcome goes on record, and the conversation is looked at afterwards."""
        outcome = "unknown: the bridge was stopped"
        try:
            yield
            outcome = "done"
        except Exception as error:
            outcome = _outcome(error)
            raise
        finally:
            await self.store.audit(
                slack_user=slack_user,
                user=user.id,
                action=action,
                conversation=conversation.id,
                before=before,
                after=after,
                outcome=outcome,
            )
            await self.store.ring([conversation.id], action, priority=1)

    async def tell(
        self, slack_user: str, channel: str, thread_ts: str, message: Message, about: int = 0
    ) -> None:
        """Tell one person something where they acted, or in a direct message where that cannot be."""
        said: dict[str, Any] = {"text": message.text, "blocks": list(message.blocks)}
        if not channel:  # they acted in a window that belongs to none
            await self.say(await self.direct(slack_user), message, about)
            return
        try:
            place: dict[str, Any] = {
                "channel": channel,
                "user": slack_user,
                **({"thread_ts": thread_ts} if thread_ts else {}),
            }
            await call(self.web.chat_postEphemeral, **place, **said)
        except BridgeError as error:
            log.info("an ephemeral message did not go (%s): trying a direct one", error)
            await self.say(await self.direct(slack_user), message, about)

    async def direct(self, slack_user: str) -> str:
        """The channel of direct messages with one person."""
        opened = await call(self.web.conversations_open, users=slack_user)
        return str(opened["channel"]["id"])

    async def say(self, channel: str, message: Message, about: int = 0) -> None:
        """Say something that stays; may say it twice where Slack broke off.

        What is said `about` a conversation goes with it, should it be deleted for ever.
        """
        said = await call(
            self.web.chat_postMessage, channel=channel, text=message.text, blocks=list(message.blocks)
        )
        if about:
            await self.store.mention(channel, str(said.get("ts") or ""), about, alone=True)


def addressed(words: str, home: str) -> int:
    """The id of the conversation whose address words are in FreeScout, `home`; 0 where they are none."""
    by_url = _URL.fullmatch(words)
    if by_url and not _same_place(by_url[1], home):
        raise UserError(
            f"That is an address of another FreeScout: this one is at {home}. "
            "Paste an address of its own, or say the conversation's number, like `412`."
        )
    return int(by_url[2]) if by_url else 0


def _same_place(place: str, home: str) -> bool:
    """Whether `help.example.org/desk` is `home`, be it under http or https."""
    here = urlsplit(home)
    url = f"{here.scheme}://{place}"
    return same_site(url, home) and urlsplit(url).path == here.path


def _outcome(error: Exception) -> str:
    """What the record says of an act that raised."""
    if not isinstance(error, BridgeError):
        return f"failed: {type(error).__name__}"
    how = {UserError: "refused", Ambiguous: "unknown"}
    word = next((word for kind, word in how.items() if isinstance(error, kind)), "failed")
    return f"{word}: {mail.one_line(str(error), 300)}"


def excuse(error: BridgeError) -> str:
    """Say an error to the person who met it."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, Misconfigured):
        return f"{error}. That is for the operator to put right, who finds it in the log."
    if isinstance(error, Transient):
        return f"{error}. Try again in a moment."
    return f"{error}. The operator has been told in the log."
