"""`python -m bot forget`: takes away what the bridge holds and has posted of a customer, and reports it.

It works on the database and in Slack beside a running bridge, which shows nothing of those conversations from
the moment on in which that is written down, unless the customer writes anew.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp

from bot import slackapi
from bot.channels import Channels
from bot.eraser import Eraser
from bot.erasing import THREAD, How, Thing, erased
from bot.errors import BridgeError, Misconfigured, Transient
from bot.freescout import Auth, ConversationQuery, CustomerQuery, FreeScout, NotFound
from bot.meant import known
from bot.plan import CARD, FILES, RECEIPT
from bot.poster import Poster
from bot.settings import Settings
from bot.store import Delivery, Store

PAUSE = 1.2
"""Seconds between two calls: https://docs.slack.dev/apis/web-api/rate-limits allows some fifty a minute."""
_NUMBERED = re.compile(f"{THREAD}[0-9]+")
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
    named: list[str] = field(default_factory=list)
    """What else names the address."""
    merged: list[int] = field(default_factory=list)
    """Those of the conversations that were merged with another."""
    elsewhere: list[int] = field(default_factory=list)
    """Other conversations in which messages of theirs were found."""

    def said(self) -> str:
        """The report, as it is printed."""
        if not self.conversations:
            return "Nothing is known of that: no conversation was found."
        ids = ", ".join(str(one) for one in self.conversations)
        done = "would be removed" if self.dry else "removed"
        lines = [f"Conversations: {ids}."]
        lines += [f"Messages of theirs in conversation {one}, which stays." for one in self.elsewhere]
        lines += [f"Slack: {count} {what} {done}." for what, count in sorted(self.removed.items())]
        lines += [] if self.removed else ["Slack: nothing stands there."]
        lines += [f"Database: {what}, {count} {done}." for what, count in self.rows.items()]
        lines += [f"NOT removed: {one}" for one in self.failed]
        lines += self._stays()
        return "\n".join(lines)

    def _stays(self) -> list[str]:
        found = ", ".join(str(one) for one in self.elsewhere)
        where = f"stands above as of conversation {found}" if found else "was shown under its old number"
        ends = "would be kept" if self.dry else "is kept"
        again = "nothing of them is shown again unless the customer writes anew"
        lines = [f"Stays: that these ids are forgotten {ends}, so that {again}."]
        if self.audited:
            lines.append(
                f"Stays: {self.audited} entries of the audit log, who did what to which conversation. "
                "Each holds the one before: what was taken out would break all that follow."
            )
        lines += [f"Stays: {one}" for one in self.named]
        lines += [
            f"Stays: conversation {one} was merged with another. Of what came there by it only that is known "
            f"which {where}: look at the other one."
            for one in self.merged
        ]
        lines.append("Stays: FreeScout's own data, what people wrote in Slack themselves, and what only one")
        lines.append("person saw there; Slack's exports and backups; backups of the bridge's database.")
        return lines


async def forget(
    settings: Settings,
    email: str,
    conversations: Sequence[str],
    now: datetime,
    *,
    dry: bool,
    pause: float = PAUSE,
) -> tuple[str, int]:
    """Forget a customer, or conversations; return what to print, and the exit status.

    Raises UserError, before anything is done, where one of the conversations is not known.
    """
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
        home = settings.freescout_url
        meant = [await known(freescout, store, one, home) for one in conversations]
        report = await job.run(email, meant, dry=dry)
        report.named = await _named(settings, store, email) if email else []
        return report.said(), 1 if report.failed or not report.conversations else 0


@dataclass
class _Forgetting:
    freescout: FreeScout
    store: Store
    poster: Poster
    eraser: Eraser
    pause: float

    async def run(self, email: str, conversations: Sequence[int], *, dry: bool) -> Report:
        people = await self._people(email) if email else set()
        found = await self._of(email, people) if email else ()
        report = Report(dry, sorted({*conversations, *found}))
        threads = {one: await self._threads(one, report) for one in report.conversations}
        elsewhere = await self._elsewhere(threads, people)
        report.elsewhere = sorted(elsewhere)
        report.audited = await self.store.on_record(threads)
        await self._on_their_way(report)
        if dry:
            for one in (*threads, *elsewhere):
                report.removed.update(_said(thing) for thing in await self._things(one, elsewhere))
            report.rows = await self.store.held(threads)
            return report
        for one, its in threads.items():
            await self.store.forget(one, max(its, default=0))
            await self.store.forget_threads(one, its)
        for one in (*threads, *elsewhere):
            await self._remove(one, elsewhere, report)
        report.rows = await self.store.erase(threads)
        for one in threads:
            await self.store.audit(slack_user="", user=0, action="forget", conversation=one, outcome="done")
        # What a look had in hand meanwhile is found by another: it takes away what it comes upon.
        await self.store.ring([*threads, *elsewhere], "forgotten", priority=1)
        return report

    async def _on_their_way(self, report: Report) -> None:
        """Say which replies are left alone: what has gone, or may have, must not lose its row."""
        for one in report.conversations:
            if count := len(await self.store.on_their_way(one)):
                what = f"{count} of the replies and notes to conversation {one}"
                report.failed.append(f"{what}, as they are on their way: run it again once they went")

    async def _people(self, email: str) -> set[int]:
        """The ids of whoever has this address in FreeScout."""
        return {one.id async for one in self.freescout.customers(CustomerQuery(email=email))}

    async def _of(self, email: str, people: Collection[int]) -> Collection[int]:
        """The conversations of whoever has this address: those that FreeScout lists, and those known here."""
        found = set(await self.store.conversations_of(0, email))
        for customer in people:
            found.update(await self.store.conversations_of(customer, email))
        for state in ("published", "deleted"):
            query = ConversationQuery(customer_email=email, state=state)
            found.update([one.id async for one in self.freescout.conversations(query, most=100_000)])
        return found

    async def _threads(self, conversation: int, report: Report) -> set[int]:
        """The threads of a conversation: those of now, and those that a merge has taken from it."""
        said = await self.store.posts(conversation)
        shown = {int(one.key.removeprefix(THREAD)) for one in said if _NUMBERED.fullmatch(one.key)}
        try:
            threads = (await self.freescout.conversation(conversation)).threads
        except NotFound:
            return shown
        report.merged += [conversation] if any(one.action == "merged" for one in threads) else []
        return shown | {one.id for one in threads}

    async def _elsewhere(
        self, threads: dict[int, set[int]], people: Collection[int]
    ) -> dict[int, list[Delivery]]:
        """What stands of these threads under other conversations; what these people wrote there joins."""
        every = {thread: one for one, its in threads.items() for thread in its}
        for other, said in (await self.store.said_elsewhere(every, threads)).items():
            with suppress(NotFound):
                told = (await self.freescout.conversation(other)).threads
                home = every[int(said[0].key.partition(":")[2])]
                wrote = [one for one in told if one.type == "customer" and one.created_by]
                its = {one.id for one in wrote if one.created_by and one.created_by.id in people}
                threads[home] |= its
                every |= dict.fromkeys(its, home)
        return await self.store.said_elsewhere(every, threads)

    async def _things(self, conversation: int, elsewhere: Mapping[int, Sequence[Delivery]]) -> list[Thing]:
        said = await self.store.posts(conversation)
        if theirs := elsewhere.get(conversation):
            places = {(one.channel, one.key) for one in theirs}
            return [one for one in erased(said, [], whole=True) if (one.channel, one.key) in places]
        kept = {f"{RECEIPT}{one}" for one in await self.store.on_their_way(conversation)}
        return erased(said, await self.store.mentions(conversation), kept, whole=True)

    async def _remove(
        self, conversation: int, elsewhere: Mapping[int, Sequence[Delivery]], report: Report
    ) -> None:
        """Take away what Slack shows; what fails is reported, and the bridge's looks go on with it."""
        if conversation not in elsewhere:
            await self._settle(conversation, report)
        for thing in await self._things(conversation, elsewhere):
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

    async def _settle(self, conversation: int, report: Report) -> None:
        """Find out about what was cut off."""
        said = await self.store.posts(conversation)
        cards = {one.channel: one.ts for one in said if one.key == CARD}
        for cut in (one for one in said if not one.ts and not one.key.startswith((FILES, RECEIPT))):
            try:
                await self.poster.settle(conversation, cut, cards.get(cut.channel) or None)
            except BridgeError as error:
                report.failed.append(f"{cut.key} of conversation {conversation}: {error}")

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


async def _named(settings: Settings, store: Store, email: str) -> list[str]:
    """What names an address beside conversations: routes, and what the record says of them."""
    address = email.casefold()
    words = []
    if any(address in repr(one).casefold() for one in settings.routes if not one.watched):
        words.append("a route of the configuration names this address. Take it out there.")
    words += [
        f"watch {one.id} of channel {one.channel} names this address, and so may the word of it in that "
        f"channel: `/freescout unwatch {one.id}` there, and delete the word."
        for one in await store.watches()
        if address in one.spec.casefold()
    ]
    if entries := await store.on_record_as(email):
        numbers = ", ".join(str(one) for one in entries)
        words.append(
            f"entries {numbers} of the audit log name this address, in routes: word of them may stand in "
            "their channels."
        )
    return words


def _said(thing: Thing) -> str:
    """What a thing is called in the report."""
    if thing.how is How.SCRUBBED:
        return "lines in messages that speak of several"
    kind = thing.key.partition(":")[0]
    words = {"thread": "messages", "files": "files' messages", "ping": "reminders", "reply": "receipts"}
    words |= {"card": "cards", "digest": "places in digests", "": "direct messages"}
    return words.get(kind, "other lines")
