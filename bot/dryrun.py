"""`python -m bot stale --dry-run`: what would be said of waiting customers until some time, where and why.

The bridge's own looks play it, behind glass, in the order of the time, with FreeScout as it is now.
"""

import heapq
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from bot import clock, ladder, mail, named, pings, routes, settling
from bot.audience import Audience
from bot.budget import ENOUGH, Budget
from bot.channels import Channels
from bot.desk import Desk
from bot.duty import Duty
from bot.errors import BridgeError
from bot.freescout import ConversationQuery, NotFound, Sort
from bot.glass import Noted, Said, copied, whose
from bot.hours import NEVER, Hours
from bot.ladderfile import Ladder
from bot.lanes import Lanes
from bot.leading import Leading
from bot.model import Conversation, Mailbox, Status
from bot.names import CHANNEL, Names
from bot.poster import Poster
from bot.quiet import QUESTION, ROUSED, Calm, quiet
from bot.reconcile import Reconciler
from bot.ringing import Ringing
from bot.scan import earliest, soonest
from bot.settings import Settings
from bot.slackapi import call
from bot.staging import Moment, staged
from bot.store import Work
from bot.turns import Pace
from bot.waitlist import Waitlist
from bot.why import called, unsaid
from bot.why import moment as _when

_SPOKEN = (pings.PING, QUESTION, ROUSED, ENOUGH)
"""How the keys begin of what is said because of a wait. Cards and messages are the mirror's business."""
_MOST_LOOKS = 200
_CALLED = re.compile(r"<(?:@([UW][A-Z0-9]+)|!subteam\^(S[A-Z0-9]+))[^>]*>")


@dataclass(frozen=True, slots=True)
class _Stage:
    """What the play needs."""

    desk: Desk
    duty: Duty
    channels: Channels
    reconciler: Reconciler
    noted: Noted
    moment: Moment


async def rehearsed(settings: Settings, at: datetime, now: datetime) -> str:
    """Play until `at`, beginning now, and tell what came of it; raise BridgeError where that cannot be."""
    with copied(settings.database_path) as copy:
        async with _staged(settings, copy, now) as stage:
            chosen, young = await _chosen(stage.desk, max(at, now))
            failed = await _play(stage, chosen, max(at, now))
            stage.moment.now = max(at, now)
            return "\n".join([line async for line in _told(stage, chosen, failed, young)])


@asynccontextmanager
async def _staged(settings: Settings, copy: str, now: datetime) -> AsyncIterator[_Stage]:
    async with staged(settings, copy, now) as there:
        desk, health, moment = there.desk, there.health, there.moment
        web, store, live = desk.web, desk.store, desk.live

        def seconds() -> float:
            return moment().timestamp()

        places = Names(CHANNEL, store, health, lambda: named.channels(live.settings), seconds)
        channels = Channels(web, seconds, places)
        audience = Audience(web, channels, lambda: live.settings.routes, seconds)
        lanes = Lanes(store, health, moment, Pace(per_second=1_000_000))
        poster = Poster(web, store, channels, audience)
        duty = Duty(web, health, seconds)
        listed = Waitlist(desk, poster, lanes).seen
        ringing = Ringing(desk, duty, Budget(desk, duty, poster))
        leading = Leading(desk, channels, lanes, duty, audience=audience, listed=listed)
        reconciler = Reconciler(desk, poster, lanes, ringing=ringing, leading=leading, listed=listed)
        yield _Stage(desk, duty, channels, reconciler, there.noted, moment)


async def _chosen(desk: Desk, at: datetime) -> tuple[list[int], int]:
    """Who may wait too long by then, the longest first, and how many more are open."""
    limit, young = at - await soonest(desk), 0
    found: dict[int, None] = {}
    query = ConversationQuery(statuses=(Status.ACTIVE,), sort=Sort.WAITING, page_size=100)
    async for row in desk.freescout.conversations(query, most=10**9):
        if earliest(row) <= limit:
            found[row.id] = None
        else:
            young += 1
    rows, then = await desk.store.work(), at.timestamp()
    due = [row for row in rows if not row["parked"] and row["due"] <= then]
    timed = [row for row in due if row["reason"] in ("clock", "claim", "snooze")]
    timed += [row for row in rows if row["parked"] and 0 < row["again"] <= then]  # parked in part
    found |= dict.fromkeys(row["conversation"] for row in timed)
    return list(found), young


async def _play(stage: _Stage, chosen: Sequence[int], until: datetime) -> dict[int, str]:
    """Look at each as often as the time makes a look due; return what went wrong, by conversation."""
    failed: dict[int, str] = {}
    due = [(stage.moment.now, place, identity) for place, identity in enumerate(chosen)]
    looks = dict.fromkeys(chosen, 0)
    while due:
        when, place, identity = heapq.heappop(due)
        stage.moment.now = when
        looks[identity] += 1
        try:
            looked, failure = await stage.reconciler.look(Work(identity, "clock", 0, 0))
        except BridgeError as error:
            failed[identity] = str(error)
            continue
        if wrong := str(failure or looked.why):
            failed[identity] = wrong
        if looked.again and when < looked.again <= until and looks[identity] < _MOST_LOOKS:
            heapq.heappush(due, (looked.again, place, identity))
    return failed


async def _told(
    stage: _Stage, chosen: Sequence[int], failed: dict[int, str], young: int
) -> AsyncIterator[str]:
    said = [one for one in stage.noted.said if one.key.startswith(_SPOKEN)]
    yield f"Until {_when(stage.moment.now)} {len(said) or 'nothing'} would be said{':' if said else '.'}"
    for one in said:
        yield ""
        async for line in _line(stage, one):
            yield line
    for when, what in stage.noted.written:
        yield f"\n{_when(when)}  FreeScout would be told: {what}"
    spoken = {one.conversation for one in said}
    silent = [(one, await _why_not(stage, one, failed)) for one in chosen if one not in spoken]
    waiting = [(one, why) for one, why in silent if why]
    if waiting:
        yield f"\nNothing would be said of {len(waiting)} who wait{'s' * (len(waiting) == 1)}:"
    for identity, why in waiting:
        yield f"  {identity}: {why}"
    if young:
        yield f"\n{young} more are open, too young for any step by then."


async def _line(stage: _Stage, one: Said) -> AsyncIterator[str]:
    where = await _where(stage, one)
    words = mail.one_line(await _named(stage, one.text), 200)
    yield f"{_when(one.at)}  {where}"
    yield f"  {words}"
    if one.key.startswith(pings.PING) and (conversation := await _conversation(stage.desk, one.conversation)):
        mailbox = await stage.desk.people.mailbox(conversation.mailbox_id)
        yield f"  because {await _because(stage, one, conversation, mailbox)}"


async def _where(stage: _Stage, one: Said) -> str:
    about = f", conversation {one.conversation}" if one.conversation else ""
    for route in stage.desk.settings.routes:
        if await stage.channels.id(route.channel) == one.channel:
            return f"#{route.channel}{', in the thread of the card' if one.thread else ''}{about}"
    person = whose(one.channel) or await _member(stage, one.channel)
    return f"direct message to {await _person(stage, person) if person else one.channel}{about}"


async def _member(stage: _Stage, channel: str) -> str:
    try:
        told = await call(stage.desk.web.conversations_info, channel=channel)
    except BridgeError:
        return ""
    return str((told.get("channel") or {}).get("user") or "")


async def _person(stage: _Stage, slack_user: str) -> str:
    try:
        told = (await call(stage.desk.web.users_info, user=slack_user)).get("user") or {}
    except BridgeError:
        return slack_user
    return str(told.get("real_name") or (told.get("profile") or {}).get("real_name") or slack_user)


async def _named(stage: _Stage, text: str) -> str:
    """The text with people's names for their ids."""
    for found in list(_CALLED.finditer(text)):
        name = await _person(stage, found[1]) if found[1] else f"group {found[2]}"
        text = text.replace(found[0], f"@{name}")
    return text


async def _because(stage: _Stage, one: Said, conversation: Conversation, mailbox: Mailbox | None) -> str:
    hours, wait = routes.opening(stage.desk.settings, mailbox), clock.waiting(conversation)
    _, step = pings.numbers(one.key)
    since = f"a customer waits since {_when(wait.since)}" if wait else "a customer waited"
    steps = await _ladder(stage, one, conversation, mailbox)
    if wait is None or steps is None or (step > len(steps.steps) and not ladder.again(step)):
        return since
    open_for = "" if hours.week is None else f", {clock.spoken(hours.passed(wait.since, one.at))} of it open"
    waited = f"{clock.spoken(one.at - wait.since)}{open_for}"
    if ladder.again(step):
        return f"{since}, {waited}: nobody is on it any more, so the last step is said once more"
    return f"{since}, {waited}: {called(step)} is due after {clock.spoken(ladder.limit(steps, step))}"


async def _ladder(
    stage: _Stage, one: Said, conversation: Conversation, mailbox: Mailbox | None
) -> Ladder | None:
    settings = stage.desk.settings
    found = routes.matching(conversation, mailbox, settings)
    here = [route for route in found if await stage.channels.id(route.channel) == one.channel] or found
    return routes.ladder(here[0], settings, mailbox) if here else None


async def _why_not(stage: _Stage, identity: int, failed: dict[int, str]) -> str:
    """Why nothing is said of somebody who waits; empty where nobody does."""
    desk, now = stage.desk, stage.moment.now
    conversation = await _conversation(desk, identity)
    wait = clock.waiting(conversation) if conversation else None
    if conversation is None or wait is None:
        return failed.get(identity, "")
    held = Calm(await desk.store.claims(identity)).held
    hours = await settling.opening(desk, conversation)
    still = quiet(held, await desk.store.snoozed(identity), conversation, now, hours)
    if still:
        why = f"{still.why}{f', until {_when(still.until)}' if still.until else ''}"
    else:
        why = failed.get(identity) or await _no_step(stage, conversation, wait)
    return f"since {_when(wait.since)}; {why}"


async def _no_step(stage: _Stage, conversation: Conversation, wait: clock.Wait) -> str:
    """Why no step of a ladder is said of a wait that nothing keeps quiet."""
    desk, now = stage.desk, stage.moment.now
    mailbox = await desk.people.mailbox(conversation.mailbox_id)
    hours = routes.opening(desk.settings, mailbox)
    found = routes.matching(conversation, mailbox, desk.settings)
    if not found:
        return "no route leads from its mailbox"
    steps, claims = routes.ladder(found[0], desk.settings, mailbox), await desk.store.claims(conversation.id)
    steps = ladder.climbed(steps, hours, wait.thread, wait.since, claims)
    due = ladder.due(steps, hours, wait.since, now)
    if due is None:
        return _first(steps, hours, wait.since)
    posts = await desk.store.posts(conversation.id)
    said = [pings.numbers(one.key) for one in posts if one.key.startswith(pings.PING)]
    before = [step for thread, step in said if thread == wait.thread]
    return unsaid(pings.Rungs(steps, hours), wait, due, now, said=before)


def _first(steps: Ladder, hours: Hours, since: datetime) -> str:
    first = hours.after(since, ladder.limit(steps, ladder.WARNING))
    return f"the first step is due {_when(first)}" if first < NEVER else "its mailbox never opens"


async def _conversation(desk: Desk, identity: int) -> Conversation | None:
    try:
        return await desk.truth(identity)
    except NotFound:
        return None
