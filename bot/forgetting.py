"""`python -m bot forget`: takes away what the bridge holds and has posted of a customer, and reports it.

It works on the database and in Slack beside a running bridge, which shows nothing of those conversations from
the moment on in which that is written down, unless the customer writes anew.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime

import aiohttp

from bot import slackapi
from bot.channels import Channels
from bot.eraser import Eraser
from bot.erasing import Thing, authors, erased, thread_of
from bot.errors import BridgeError, Misconfigured, Transient
from bot.forgetreport import Report, called
from bot.freescout import Auth, ConversationQuery, CustomerQuery, FreeScout, NotFound
from bot.meant import known
from bot.plan import CARD, FILES, RECEIPT
from bot.poster import Poster
from bot.settings import Settings
from bot.store import Delivery, Store

PAUSE = 1.2
"""Seconds between two calls: https://docs.slack.dev/apis/web-api/rate-limits allows some fifty a minute."""
_TRIES = 5
_LONGEST = 60.0


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
        return report.said(), 1 if report.failed or report.empty else 0


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
        wrote = await self.store.written_by(people)
        theirs = wrote | {one: home for home, its in threads.items() for one in its}
        elsewhere = await self._elsewhere(theirs, threads, people)
        report.elsewhere = sorted(elsewhere)
        report.audited = await self.store.on_record(threads)
        await self._on_their_way(report)
        if dry:
            for one in (*threads, *elsewhere):
                report.removed.update(called(thing) for thing in await self._things(one, elsewhere))
            report.rows = await self.store.held(threads) | _rows(wrote, threads)
            return report
        for one, its in threads.items():
            await self.store.forget(one, max(its, default=0))
        await self.store.forget_threads(theirs)
        for one in (*threads, *elsewhere):
            await self._remove(one, elsewhere, report)
        report.rows = await self.store.erase(threads)
        if not report.failed:  # else it is found again by them
            await self.store.unwrite(wrote)
            report.rows |= _rows(wrote, threads)
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
        shown = {thread_of(one.key) for one in said} - {0}
        try:
            threads = (await self.freescout.conversation(conversation)).threads
        except NotFound:
            return shown
        report.merged += [conversation] if any(one.action == "merged" for one in threads) else []
        return shown | {one.id for one in threads}

    async def _elsewhere(
        self, theirs: dict[int, int], own: Collection[int], people: Collection[int]
    ) -> dict[int, list[Delivery]]:
        """What stands of these threads in conversations that stay; what these people wrote there joins."""
        found: dict[int, list[Delivery]] = {}
        for other in {*await self.store.said_elsewhere(theirs, own), *theirs.values()} - {*own}:
            with suppress(NotFound):
                told = await self.freescout.conversation(other)
                theirs |= {one: other for one, who in authors(told).items() if who in people}
                found |= {other: []} if any(one.id in theirs for one in told.threads) else {}
        return found | await self.store.said_elsewhere(theirs, own)

    async def _things(self, conversation: int, elsewhere: Mapping[int, Sequence[Delivery]]) -> list[Thing]:
        said = _going(await self.store.posts(conversation), elsewhere.get(conversation))
        if conversation in elsewhere:
            return erased(said, [], whole=True)
        kept = {f"{RECEIPT}{one}" for one in await self.store.on_their_way(conversation)}
        return erased(said, await self.store.mentions(conversation), kept, whole=True)

    async def _remove(
        self, conversation: int, elsewhere: Mapping[int, Sequence[Delivery]], report: Report
    ) -> None:
        """Take away what Slack shows; what fails is reported, and the bridge's looks go on with it."""
        await self._settle(conversation, elsewhere.get(conversation), report)
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
                    report.removed[called(thing)] += 1

    async def _settle(self, conversation: int, some: Sequence[Delivery] | None, report: Report) -> None:
        """Find out about what was cut off."""
        said = await self.store.posts(conversation)
        cards = {one.channel: one.ts for one in said if one.key == CARD}
        going = _going(said, some)
        for cut in (one for one in going if not one.ts and not one.key.startswith((FILES, RECEIPT))):
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


def _going(said: Sequence[Delivery], some: Sequence[Delivery] | None) -> Sequence[Delivery]:
    """All that was said, or some of it as it stands by now."""
    if some is None:
        return said
    places = {(one.channel, one.key) for one in some}
    return [one for one in said if (one.channel, one.key) in places]


def _rows(wrote: Mapping[int, int], own: Collection[int]) -> dict[str, int]:
    """How many rows say what was written in conversations that are others'."""
    count = sum(where not in own for where in wrote.values())
    return {"who wrote which message of others' conversations": count} if count else {}
