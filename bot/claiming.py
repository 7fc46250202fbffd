"""Being on it, and putting aside: claims and snoozes, as people make and end them.

What FreeScout has to be told is written down before, so that a look finishes what a dead process began.
"""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

from bot import clock, mail, routes, until
from bot.assigning import assign, named
from bot.claimcards import notice
from bot.crashpoints import reached
from bot.desk import Desk
from bot.errors import Ambiguous, BridgeError, Transient, UserError
from bot.hours import NEVER, Hours
from bot.model import Conversation, Mailbox, Status, User
from bot.quiet import Calm, assigned_to, newest_message
from bot.slackapi import call
from bot.store import Claim, ClaimState, Ended, Snooze, Store

log = logging.getLogger(__name__)

SURE = timedelta(minutes=2)
"""After which a claim that FreeScout knows nothing of was never made."""
_in_hand: set[tuple[Store, int]] = set()
"""Claims that are being given back: a look must not do it beside whoever pressed the button."""
_one_by_one: WeakValueDictionary[tuple[Store, int], asyncio.Lock] = WeakValueDictionary()
"""Who takes a conversation while somebody else takes it waits for them."""
ENDS = {ClaimState.RELEASING: ClaimState.RELEASED, ClaimState.LAPSING: ClaimState.LAPSED}
"""How a claim ends that is being given back."""


async def take(desk: Desk, slack_user: str, user: User, conversation: Conversation, channel: str) -> Claim:
    """Have somebody be on it: it is theirs in FreeScout, and quiet for a while.

    One after the other: else the last assign and the last claim could be two people's.
    """
    async with _one_by_one.setdefault((desk.store, conversation.id), asyncio.Lock()):
        return await _take(desk, slack_user, user, conversation, channel)


async def _take(desk: Desk, slack_user: str, user: User, conversation: Conversation, channel: str) -> Claim:
    wait = clock.waiting(conversation)
    if wait is None:
        raise UserError(
            f"Nobody waits for an answer on #{conversation.number}, so nothing was done. "
            f"`/freescout assign {conversation.number} me` assigns it to you all the same."
        )
    now = desk.now()
    theirs = assigned_to(conversation, user.id)
    held = Calm(await desk.store.claims(conversation.id)).held
    claim = Claim(
        conversation=conversation.id,
        slack_user=slack_user,
        user=user.id,
        name=mail.one_line(user.name, 80),
        assigned=not theirs or bool(held and held.slack_user == slack_user and held.assigned),
        channel=channel,
        thread=wait.thread,
        since=now.timestamp(),
        until=(await _after(desk, conversation, now, desk.settings.claims.quiet)).timestamp(),
    )
    claim = replace(claim, id=await desk.store.begin_claim(claim))
    await desk.store.ring([conversation.id], "claim", now + SURE)
    reached("claim.begun")
    try:
        if theirs:
            before = named(conversation.assignee)
            async with desk.act(slack_user, user, "claim", conversation, before=before, after=before):
                pass
        else:
            await assign(desk, slack_user, user, conversation, user, action="claim")
    except (Transient, Ambiguous):
        raise  # it may have arrived: the looks find out
    except BridgeError:
        await desk.store.drop_claim(claim.id)
        raise
    reached("claim.assigned")
    await hold(desk, claim, conversation)
    return claim


async def hold(desk: Desk, claim: Claim, conversation: Conversation) -> None:
    """Have a claim hold that FreeScout knows, and tell those whom it concerns."""
    instead = await desk.store.hold_claim(claim.id)
    await desk.store.ring([claim.conversation], "claim", priority=1)
    if instead:
        await _tell(desk, conversation, instead, claim.slack_user, f"{claim.name} is on it now")


async def renew(desk: Desk, slack_user: str, user: User, conversation: Conversation, claim: Claim) -> Claim:
    """Begin another period of a claim: they are still on it."""
    if claim.slack_user != slack_user:
        raise UserError(
            f"That was asked of {claim.name}, so nothing was done. "
            f"`/freescout claim {conversation.number}` has you take over."
        )
    until = await _after(desk, conversation, desk.now(), desk.settings.claims.quiet)
    if not await desk.store.renew_claim(claim, until.timestamp()):
        raise _too_late(conversation)
    async with desk.act(slack_user, user, "stay on it", conversation, after=until.isoformat()):
        pass
    return replace(claim, until=until.timestamp())


async def release(desk: Desk, slack_user: str, user: User, conversation: Conversation, claim: Claim) -> None:
    """Give a claim back. It is unassigned if the claim had assigned it and it is still theirs."""
    by = mail.one_line(user.name, 80)
    if not await desk.store.begin_release(claim, ClaimState.RELEASING, by):
        raise _too_late(conversation)
    releasing = replace(claim, state=ClaimState.RELEASING)
    await give_back(desk, conversation, releasing, slack_user, user)
    if claim.slack_user != slack_user:
        await _tell(desk, conversation, Ended(claim), slack_user, f"{by} released it")


async def give_back(
    desk: Desk, conversation: Conversation, claim: Claim, slack_user: str, user: User
) -> None:
    """Finish a release that is written down, unless somebody is about to."""
    mine = desk.store, claim.id
    if mine in _in_hand:
        return
    _in_hand.add(mine)
    try:
        await _give_back(desk, conversation, claim, slack_user, user)
    finally:
        _in_hand.discard(mine)


async def _give_back(
    desk: Desk, conversation: Conversation, claim: Claim, slack_user: str, user: User
) -> None:
    action = "release" if claim.state == ClaimState.RELEASING else "release after silence"
    if claim.assigned and assigned_to(conversation, claim.user):
        await assign(desk, slack_user, user, conversation, None, action=action)
        reached("claim.unassigned")
    else:
        before = named(conversation.assignee)
        async with desk.act(slack_user, user, action, conversation, before=before, after=before):
            pass
    await desk.store.end_claim(claim, ENDS[ClaimState(claim.state)])
    await desk.store.ring([claim.conversation], "claim", priority=1)


async def snooze(
    desk: Desk,
    slack_user: str,
    user: User,
    conversation: Conversation,
    until: datetime,
    *,
    channel: str,
    newest: int | None = None,
) -> None:
    """Put a conversation aside. `newest` is the newest message that the person saw, where that is known."""
    if not conversation.published or conversation.status not in (Status.ACTIVE, Status.PENDING):
        raise UserError(f"#{conversation.number} is not open, so there is nothing to snooze.")
    name = mail.one_line(user.name, 80)
    one = Snooze(
        conversation=conversation.id,
        slack_user=slack_user,
        user=user.id,
        name=name,
        channel=channel,
        newest=newest_message(conversation) if newest is None else newest,
        since=desk.now().timestamp(),
        until=until.timestamp(),
    )
    async with desk.act(slack_user, user, "snooze", conversation, after=until.isoformat()):
        instead = await desk.store.snooze(one)
    await _tell(desk, conversation, instead, slack_user, f"{name} snoozed it")


async def wake(desk: Desk, slack_user: str, user: User, conversation: Conversation) -> None:
    """End a snooze before its time."""
    found = await desk.store.snoozed(conversation.id)
    if found is None or found.until_at <= desk.now():
        raise UserError(f"#{conversation.number} is not snoozed, so nothing was done.")
    async with desk.act(slack_user, user, "unsnooze", conversation, before=found.until_at.isoformat()):
        await desk.store.end_snooze(found)
    name = mail.one_line(user.name, 80)
    await _tell(desk, conversation, Ended(snooze=found), slack_user, f"{name} woke it up")


async def _tell(desk: Desk, conversation: Conversation, instead: Ended, by: str, words: str) -> None:
    """Tell those whose claim or snooze is no more that somebody else's act has ended it, each once.

    Not whoever may not see the conversation by now: it is nothing to them any more.
    """
    theirs = {one.slack_user: one for one in (instead.snooze, instead.claim) if one}
    url = desk.settings.conversation_url(conversation.id)
    for person, one in theirs.items():
        if person == by or (isinstance(one, Snooze) and one.until_at <= desk.now()):
            continue
        what = "you were on it" if isinstance(one, Claim) else "you had snoozed it"
        try:
            if not await desk.people.reads(person, conversation.mailbox_id):
                continue
            said = notice(conversation, url, f"{words}. Until now {what}.")
            await desk.say(await desk.direct(person), said, conversation.id)
        except BridgeError as error:
            log.warning("%s is not told what became of conversation %s: %s", person, conversation.id, error)


def _too_late(conversation: Conversation) -> UserError:
    return UserError(
        f"That was settled already: see the card of #{conversation.number}. "
        f"`/freescout claim {conversation.number}` has you be on it."
    )


async def hours(desk: Desk, conversation: Conversation) -> Hours:
    """The opening hours of a conversation's mailbox."""
    mailbox = await desk.people.mailbox(conversation.mailbox_id)
    return routes.opening(desk.settings, mailbox or Mailbox(conversation.mailbox_id, ""))


async def _after(desk: Desk, conversation: Conversation, start: datetime, wait: timedelta) -> datetime:
    """When so much business time has passed; by the clock where the mailbox never opens."""
    moment = (await hours(desk, conversation)).after(start, wait)
    return moment if moment < NEVER else start + wait


async def zone(desk: Desk, slack_user: str) -> ZoneInfo:
    """The time zone that a person has set in Slack. https://docs.slack.dev/reference/objects/user-object"""
    told = await call(desk.web.users_info, user=slack_user)
    return until.zone_named(str((told.get("user") or {}).get("tz") or "UTC"))
