"""The one place where real things are chosen and put together, started, and stopped in order."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import aiohttp
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot import auditing, morning, named, redact, retention, serving, slack, slackapi, socketmode, timers, web
from bot.audience import Audience
from bot.budget import Budget
from bot.carrier import Carrier
from bot.channels import Channels
from bot.desk import Desk
from bot.duty import Duty
from bot.eraser import Erasing
from bot.errors import BridgeError
from bot.freescout import Auth, Breaker, FreeScout
from bot.health import Health
from bot.lanes import Lanes
from bot.leading import Leading
from bot.live import Live
from bot.morning import Morning
from bot.names import CHANNEL, MAILBOX, Names
from bot.notices import Notices
from bot.outbox import Outbox
from bot.people import People
from bot.poster import Poster
from bot.reconcile import Reconciler
from bot.redact import Redactor
from bot.reread import Reread, Understand
from bot.retention import RetentionRound
from bot.ringing import Ringing
from bot.scan import StaleScan
from bot.settings import Settings
from bot.store import Store
from bot.sweep import Sweep
from bot.teller import Teller
from bot.threadnotes import ThreadNotes
from bot.turns import Pace
from bot.waitlist import Waitlist
from bot.watch import Watch
from bot.watching import book
from bot.worker import Worker
from commands import ACTIONS

log = logging.getLogger(__name__)

WORKERS = 8
"""Conversations looked at side by side."""
_FIRST_SWEEP = 20.0
"""Seconds that looks wait for the first sweep, which has to tell of an absence before they mend it."""
_LAST_STEP = 6.0
"""Seconds that a step in hand may take once the bridge is told to stop."""


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


@asynccontextmanager
async def running(
    settings: Settings,
    now: Callable[[], datetime] = utc_now,
    pace: Pace | None = None,
    understand: Understand | None = None,
) -> AsyncIterator[str]:
    """Run the bridge for as long as the block lasts; yield the address it listens on.

    With `understand`, changes to the file are taken up meanwhile.
    Stops in order: no more requests, then no more claims, then the step in hand, then the connections.
    """
    async with contextlib.AsyncExitStack() as stack:
        listener = stack.enter_context(serving.listening(settings.host, settings.port))
        store = Store(settings.database_path, now)
        stack.push_async_callback(store.close)

        def clock() -> float:
            return now().timestamp()

        breaker = Breaker(clock=clock)
        auth = Auth(settings.freescout_auth)
        freescout = FreeScout(settings.freescout_url, settings.freescout_api_key, auth=auth, breaker=breaker)
        stack.push_async_callback(freescout.close)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        health = Health(now)
        live = Live(settings, health)
        await book.take_up(live, store, settings)
        await book.load(live, store)

        def hides() -> Redactor:
            return live.settings.redactor

        redact.follow(hides)
        client = slackapi.client(settings.slack_bot_token, settings.slack_api_url, session, hides)
        boxes = Names(MAILBOX, store, health, lambda: named.mailboxes(live.settings), clock)
        people = People(freescout, client, store, clock, boxes)
        places = Names(CHANNEL, store, health, lambda: named.channels(live.settings), clock)
        channels = Channels(client, clock, places)
        audience = Audience(client, channels, lambda: live.settings.routes, clock)
        desk = Desk(live, freescout, store, client, people, now, channels, audience)
        stopping = asyncio.Event()
        lanes = Lanes(store, health, now, pace)
        watch = Watch(desk, channels, audience, lanes)
        poster = Poster(client, store, channels, audience)
        in_hand = slack.InHand()
        house = _House(desk, health, lanes, channels, audience, watch, poster, in_hand, stopping)
        notes = ThreadNotes(desk, channels)
        bolt = slack.build(desk, ACTIONS, watch.put_right, notes, in_hand)
        application = web.build(
            store,
            health,
            lanes,
            settings.freescout_webhook_secret,
            bolt if settings.slack_signing_secret else None,
        )
        scheduler, rounds = await stack.enter_async_context(_loops(house))

        def follow() -> None:
            watch.all_put_right()
            slack.listen(bolt, desk, notes)
            timers.follow(scheduler, rounds)

        live.then = follow
        take = partial(book.take_up, live, store)
        if understand:
            await stack.enter_async_context(_rereading(Reread(settings, understand, take, health), house))
        await stack.enter_async_context(socketmode.connected(bolt, settings, health))
        await stack.enter_async_context(serving.serving(application, listener))
        host, port = listener.getsockname()[:2]
        yield f"http://{host}:{port}"


@dataclass(frozen=True)
class _House:
    """What the loops share."""

    desk: Desk
    health: Health
    lanes: Lanes
    channels: Channels
    audience: Audience
    watch: Watch
    poster: Poster
    in_hand: slack.InHand
    stopping: asyncio.Event


@asynccontextmanager
async def _loops(house: _House) -> AsyncIterator[tuple[AsyncIOScheduler, list[timers.Round]]]:
    desk, health, lanes, stopping = house.desk, house.health, house.lanes, house.stopping
    waitlist = Waitlist(desk, house.poster, lanes)
    duty = Duty(desk.web, health, lambda: desk.now().timestamp())
    leading = Leading(desk, house.channels, lanes, duty, audience=house.audience, listed=waitlist.seen)
    carrier = Carrier(desk, house.poster, lanes, health, leading.brings)
    teller = Teller(desk, house.poster, house.channels)
    reconciler = Reconciler(
        desk,
        house.poster,
        lanes,
        stopping,
        ringing=Ringing(desk, duty, Budget(desk, duty, house.poster)),
        leading=leading,
        erasing=Erasing(desk, lanes, house.poster),
        carry=carrier.carry,
        narrow=teller.narrow,
        listed=waitlist.seen,
        unlisted=waitlist.left,
    )
    worker = Worker(desk.store, reconciler, health, desk.now, stopping)
    sweep = Sweep(desk, house.channels, house.poster, lanes, health)
    scan = StaleScan(desk, health)
    # No customer is spoken of in the operators' channel: it may be read by whomever they let in.
    notices = Notices(desk, health, house.channels, Poster(desk.web, desk.store, house.channels), lanes)
    digest = Morning(desk, house.channels, house.poster, lanes, health)
    outbox = Outbox(desk)
    rounds = [
        timers.Round(sweep.run, lambda: desk.settings.sweep.every, desk.store, "sweep"),
        timers.Round(scan.run, lambda: desk.settings.stale.every, desk.store, "scan"),
        timers.Round(digest.run, morning.EVERY, desk.store, "digest"),
        timers.Round(RetentionRound(desk, lanes).run, retention.EVERY, desk.store, "retention"),
        timers.Round(partial(auditing.log_head, desk.store), timedelta(days=1)),
    ]
    scheduler = timers.schedule(rounds)

    async def give_turns() -> None:
        await lanes.run(worker.look, worker.gather, stopping)

    async def look() -> None:
        with suppress(TimeoutError):  # a FreeScout that does not answer holds nobody up for ever
            await asyncio.wait_for(sweep.tried.wait(), _FIRST_SWEEP)
        await worker.run()

    until_told: list[Callable[[asyncio.Event], Awaitable[None]]] = [
        outbox.run,
        teller.run,
        notices.run,
        carrier.run,
        waitlist.run,
        house.watch.run,
        *(one.run for one in rounds),
    ]
    loops: list[Callable[[], Awaitable[None]]] = [*[look] * WORKERS, give_turns]
    loops += [partial(run, stopping) for run in until_told]
    tasks = [asyncio.create_task(_kept_up(loop, health, stopping)) for loop in loops]
    greeting = asyncio.create_task(_greet(desk, health, lanes))
    scheduler.start()
    try:
        yield scheduler, rounds
    finally:
        scheduler.shutdown(wait=False)
        greeting.cancel()
        stopping.set()
        _, late = await asyncio.wait([*tasks, *house.in_hand.tasks], timeout=_LAST_STEP)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, *late, greeting, return_exceptions=True)


@asynccontextmanager
async def _rereading(reread: Reread, house: _House) -> AsyncIterator[None]:
    task = asyncio.create_task(_kept_up(partial(reread.run, house.stopping), house.health, house.stopping))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _kept_up(loop: Callable[[], Awaitable[None]], health: Health, stopping: asyncio.Event) -> None:
    """Start a loop again that broke, say on a full disk: one that only seems to live is worse than none."""
    while not stopping.is_set():
        try:
            await loop()
        except Exception as error:
            log.exception("a loop broke and starts again")
            health.ill(f"a loop of the bridge breaks ({type(error).__name__}): see the log")
            await asyncio.sleep(1)


async def _greet(desk: Desk, health: Health, lanes: Lanes) -> None:
    """Ask Slack who we are until it says so, and again whenever it lets nobody post. Bells ring meanwhile."""
    while True:
        try:
            told = await slackapi.call(desk.web.auth_test)
        except BridgeError as error:
            log.error("Slack does not answer to the bot token: %s", error)
            health.stands("slack", str(error))
            await asyncio.sleep(30)
        else:
            desk.people.team = str(told.get("team_id") or "")
            log.info("connected to Slack as %s in %s", told.get("user"), told.get("team"))
            lanes.go_on()
            await lanes.stopped.wait()
            await asyncio.sleep(5)
