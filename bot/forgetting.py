"""`python -m bot forget`: takes away what the bridge holds and has posted of a customer, and reports it.

It works on the database and in Slack beside a running bridge, which shows nothing of those conversations from
the moment on in which that is written down, unless the customer writes anew.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp

from bot import slackapi
from bot.channels import Channels
from bot.eraser import Eraser
from bot.erasing import How, Thing, erased
from bot.errors import BridgeError, Misconfigured, Transient
from bot.freescout import Auth, ConversationQuery, CustomerQuery, FreeScout, NotFound
from bot.plan import CARD, FILES, RECEIPT
from bot.poster import Poster
from bot.settings import Settings
from bot.store import Store

PAUSE = 1.2
"""Seconds between two calls: https://docs.slack.dev/apis/web-api/rate-limits allows some fifty a minute."""
_TRIES = 5
_LONGEST = 60.0


@dataclass
class Report:
    """What was found, taken away, and what was not."""

    dry: bool
    conversations: list[int] = field(default_factory=list)
    removed: Counter[str] = field(default_factory=Counter)
    rows: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    audited: int = 0
    named: bool = False
    """Whether a route of the file names the address."""

    def said(self) -> str:
        """The report, as it is printed."""
        if not self.conversations:
            return "Nothing is known of that: no conversation was found."
        ids = ", ".join(str(one) for one in self.conversations)
        done = "would be removed" if self.dry else "removed"
        lines = [f"Conversations: {ids}."]
        lines += [f"Slack: {count} {what} {done}." for what, count in sorted(self.removed.items())]
        lines += [] if self.removed else ["Slack: nothing stands there."]
        lines += [f"Database: {what}, {count} {done}." for what, count in self.rows.items()]
        lines += [f"NOT removed: {one}" for one in self.failed]
        lines += self._stays()
        return "\n".join(lines)

    def _stays(self) -> list[str]:
        ends = "would be kept" if self.dry else "is kept"
        again = "nothing of them is shown again unless the customer writes anew"
        lines = [f"Stays: that these ids are forgotten {ends}, so that {again}."]
        if self.audited:
            lines.append(
                f"Stays: {self.audited} entries of the audit log, who did what to which conversation. "
                "Each holds the one before: what was taken out would break all that follow."
            )
        if self.named:
            lines.append("Stays: a route of the configuration names this address. Take it out there.")
        lines.append("Stays: FreeScout's own data, what people wrote in Slack themselves, and what only one")
        lines.append("person saw there; Slack's exports and backups; backups of the bridge's database.")
        return lines


async def forget(
    settings: Settings,
    email: str,
    conversations: Sequence[int],
    now: datetime,
    *,
    dry: bool,
    pause: float = PAUSE,
) -> tuple[str, int]:
    """Forget a customer, or conversations; return what to print, and the exit status."""
    async with AsyncExitStack() as stack:
        store = Store(settings.database_path, lambda: now, visiting=True)
        stack.push_async_callback(store.close)
        auth = Auth(settings.freescout_auth)
        freescout = FreeScout(settings.freescout_url, settings.freescout_api_key, auth=auth)
        stack.push_async_callback(freescout.close)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        web = slackapi.client(
            settings.slack_bot_token, settings.slack_api_url, session, lambda: settings.redactor
        )
        poster = Poster(web, store, Channels(web, now.timestamp))
        job = _Forgetting(freescout, store, poster, Eraser(web, store), pause)
        report = await job.run(email, conversations, dry=dry)
        report.named = bool(email) and email.casefold() in repr(settings.routes).casefold()
        return report.said(), 1 if report.failed or not report.conversations else 0


@dataclass
class _Forgetting:
    freescout: FreeScout
    store: Store
    poster: Poster
    eraser: Eraser
    pause: float

    async def run(self, email: str, conversations: Sequence[int], *, dry: bool) -> Report:
        report = Report(dry, sorted({*conversations, *(await self._of(email) if email else ())}))
        newest = {one: await self._newest(one) for one in report.conversations}
        report.audited = await self.store.on_record(newest)
        if dry:
            for one in newest:
                report.removed.update(_said(thing) for thing in await self._things(one))
            report.rows = await self.store.held(newest)
            return report
        for one, thread in newest.items():
            await self.store.forget(one, thread)
        for one in newest:
            await self._remove(one, report)
        report.rows = await self.store.erase(newest)
        for one in newest:
            await self.store.audit(slack_user="", user=0, action="forget", conversation=one, outcome="done")
        # What a look had in hand meanwhile is found by another: it takes away what it comes upon.
        await self.store.ring(list(newest), "forgotten", priority=1)
        return report

    async def _of(self, email: str) -> Collection[int]:
        """The conversations of whoever has this address: those that FreeScout lists, and those known here."""
        found: set[int] = set()
        known = [one async for one in self.freescout.customers(CustomerQuery(email=email))]
        for customer in known:
            found.update(await self.store.conversations_of(customer.id, email))
        found.update(await self.store.conversations_of(0, email))
        for state in ("published", "deleted"):
            query = ConversationQuery(customer_email=email, state=state)
            found.update([one.id async for one in self.freescout.conversations(query, most=100_000)])
        return found

    async def _newest(self, conversation: int) -> int:
        try:
            threads = (await self.freescout.conversation(conversation)).threads
        except NotFound:
            return 0
        return max((one.id for one in threads), default=0)

    async def _things(self, conversation: int) -> list[Thing]:
        said = await self.store.posts(conversation)
        kept = {f"{RECEIPT}{one}" for one in await self.store.on_their_way(conversation)}
        return erased(said, await self.store.mentions(conversation), kept, whole=True)

    async def _remove(self, conversation: int, report: Report) -> None:
        """Take away what Slack shows; what fails is reported, and the bridge's looks go on with it."""
        said = await self.store.posts(conversation)
        cards = {one.channel: one.ts for one in said if one.key == CARD}
        for cut in (one for one in said if not one.ts and not one.key.startswith((FILES, RECEIPT))):
            try:
                await self.poster.settle(conversation, cut, cards.get(cut.channel) or None)
            except BridgeError as error:
                report.failed.append(f"{cut.key} of conversation {conversation}: {error}")
        for thing in await self._things(conversation):
            try:
                stays = await self._take(conversation, thing)
            except BridgeError as error:
                where = f"{thing.key or 'a line'} in {thing.channel}, {thing.ts}"
                report.failed.append(f"{where}, of conversation {conversation}: {error}")
            else:
                if stays:
                    report.failed.append(f"{thing.channel}, {thing.ts}: {stays}")
                else:
                    report.removed[_said(thing)] += 1

    async def _take(self, conversation: int, thing: Thing) -> str:
        """Take it away, as often as Slack asks for a pause."""
        tries = 1
        while True:
            try:
                stays = await self.eraser.take(conversation, thing)
            except Transient as error:
                if tries == _TRIES or isinstance(error, Misconfigured):
                    raise
                await asyncio.sleep(min(error.retry_after or self.pause, _LONGEST))
                tries += 1
            else:
                await asyncio.sleep(self.pause)
                return stays


def _said(thing: Thing) -> str:
    """What a thing is called in the report."""
    if thing.how is How.SCRUBBED:
        return "lines in messages that speak of several"
    kind = thing.key.partition(":")[0]
    words = {"thread": "messages", "files": "files' messages", "ping": "reminders", "reply": "receipts"}
    words |= {"card": "cards", "digest": "places in digests", "": "direct messages"}
    return words.get(kind, "other lines")
