"""Claims and snoozes, as the looks find them: what the truth or the time has ended is ended here."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.claiming import ENDS, SURE, give_back, hold, hours
from bot.desk import Desk
from bot.errors import Ambiguous, BridgeError, Misconfigured, Transient
from bot.freescout import NotFound
from bot.hours import ALWAYS, NEVER, Hours
from bot.model import Conversation, User
from bot.quiet import QUESTION, ROUSED, Calm, Quiet, assigned_to, ended, quiet, roused
from bot.store import Claim, ClaimState, Delivery, Snooze

log = logging.getLogger(__name__)

_SAID = timedelta(minutes=1)
"""After which it is made sure that the end of a snooze was said, and the snooze is forgotten."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a look goes on with: the truth, what is quiet about it, and when time alone changes that."""

    conversation: Conversation | None
    calm: Calm
    quiet: Quiet | None = None
    again: tuple[datetime, ...] = ()


async def known(desk: Desk, conversation: int) -> Calm:
    """What is remembered. A look asks before it fetches the truth: what is held then, the truth knows of."""
    return Calm(*await desk.store.calm(conversation))


async def places(
    desk: Desk,
    conversation: Conversation | None,
    calm: Calm,
    wanted: Iterable[str],
    trouble: Callable[[str], str],
) -> list[str]:
    """The channels in which can be asked; where there is none, the direct messages of whom it concerns.

    A conversation that was moved to where they may not look is nothing to them any more.
    """
    here = [one for one in wanted if not trouble(one)]
    whose = calm.held or calm.snooze
    if here or whose is None or conversation is None or desk.now() < whose.until_at:
        return here
    try:
        if not await desk.people.reads(whose.slack_user, conversation.mailbox_id):
            return []
        direct = await desk.direct(whose.slack_user)
    except BridgeError as error:
        if isinstance(error, Transient | Ambiguous) and not isinstance(error, Misconfigured):
            raise
        log.warning("%s cannot be asked about conversation %s: %s", whose.slack_user, conversation.id, error)
        return []
    return [] if trouble(direct) else [direct]


async def settle(
    desk: Desk, conversation: Conversation | None, calm: Calm, said: Sequence[Delivery], places: Sequence[str]
) -> Settled:
    """End what the truth or the time has ended. `places` are the channels in which can be asked."""
    again: list[datetime] = []
    identity = next((one.conversation for one in (*calm.claims, calm.snooze) if one), 0)
    if not identity:
        return Settled(conversation, calm)
    open_hours = await opening(desk, conversation)
    for claim in calm.claims:
        again += await _claim(desk, conversation, claim, said, places, kept=open_hours)
    if calm.snooze:
        again += await _snooze(desk, conversation, calm.snooze, said, places)
    now = await known(desk, identity)
    if conversation and any(one.state in ENDS for one in now.claims):
        conversation = await _finish(desk, conversation, now)
        now = await known(desk, identity)
    seen = await as_it_is(desk, conversation, now, said, places)
    return replace(seen, again=tuple(again))


async def as_it_is(
    desk: Desk, conversation: Conversation | None, calm: Calm, said: Sequence[Delivery], places: Sequence[str]
) -> Settled:
    """Say what is quiet about a conversation. Nothing is ended for that, and nobody is told."""
    kept, home, also = await opening(desk, conversation), _home(calm, said, places), ""
    over = calm.snooze and calm.snooze.until_at <= desk.now() and not home.startswith("D")
    if over and conversation and conversation.assignee:
        whose = conversation.assignee
        also = await desk.people.slack_id(whose.email, whose.id) or ""
    calm = replace(calm, also=also, home=home, grace=desk.settings.claims.grace, hours=kept)
    return Settled(conversation, calm, quiet(calm.held, calm.snooze, conversation, desk.now(), kept))


async def _claim(
    desk: Desk,
    conversation: Conversation | None,
    claim: Claim,
    said: Sequence[Delivery],
    places: Sequence[str],
    *,
    kept: Hours,
) -> list[datetime]:
    """Bring one claim to where it has to be; return when time alone changes it."""
    if claim.state == ClaimState.TAKING:
        return await _taking(desk, conversation, claim)
    over = ended(claim, conversation)
    if claim.state == ClaimState.HELD and over:
        await desk.store.end_claim(claim, over)
    elif claim.state == ClaimState.HELD:
        return await _held(desk, claim, said, places, kept)
    return []


async def _held(
    desk: Desk, claim: Claim, said: Sequence[Delivery], places: Sequence[str], kept: Hours
) -> list[datetime]:
    now = desk.now()
    if now < claim.until_at:
        return [claim.until_at]
    lapses = claim.lapses_at if claim.lapses else await _asked(desk, claim, said, places, kept)
    if lapses is None and (opens := kept.next_open(now)) > now:  # nobody is asked at night
        return [opens]
    if lapses is None:  # it is about to be asked, and silence counts from then on
        return [now + desk.settings.claims.grace]
    if now < lapses:
        return [lapses]
    await desk.store.begin_release(claim, ClaimState.LAPSING)
    return []


async def _taking(desk: Desk, conversation: Conversation | None, claim: Claim) -> list[datetime]:
    """Find out whether FreeScout was told of a claim."""
    begun = datetime.fromtimestamp(claim.since, UTC)
    if conversation and assigned_to(conversation, claim.user):
        await hold(desk, claim, conversation)
    elif abs(desk.now() - begun) >= SURE:  # or the clock was put back
        await desk.store.drop_claim(claim.id)
    else:
        return [begun + SURE]
    return []


async def _asked(
    desk: Desk, claim: Claim, said: Sequence[Delivery], places: Sequence[str], kept: Hours
) -> datetime | None:
    """When silence releases a claim that was asked about, or that can be asked about nowhere."""
    key = f"{QUESTION}{int(claim.until)}"
    asked = [one.begun for one in said if one.key == key and one.ts]
    if not asked and places:
        return None
    begun = datetime.fromtimestamp(min(asked), UTC) if asked else claim.until_at
    lapses = kept.after(begun, desk.settings.claims.grace)
    await desk.store.ask_claim(claim.id, lapses.timestamp())
    return lapses


async def opening(desk: Desk, conversation: Conversation | None) -> Hours:
    """The mailbox's hours; where it never opens, the time counts by the clock."""
    kept = await hours(desk, conversation) if conversation else ALWAYS
    return kept if kept.next_open(desk.now()) < NEVER else ALWAYS


async def _snooze(
    desk: Desk,
    conversation: Conversation | None,
    snooze: Snooze,
    said: Sequence[Delivery],
    places: Sequence[str],
) -> list[datetime]:
    now = desk.now()
    told = any(one.key == f"{ROUSED}{int(snooze.until)}" and one.ts for one in said)
    nowhere = now >= snooze.until_at and not places  # nor will it ever be said
    if told or nowhere or roused(snooze, conversation):
        await desk.store.end_snooze(snooze)
        return []
    return [snooze.until_at if now < snooze.until_at else now + _SAID]


async def _finish(desk: Desk, conversation: Conversation, calm: Calm) -> Conversation:
    """Give back what is to be given back, in the name of whoever was on it; return the truth afterwards."""
    for claim in calm.claims:
        if claim.state in ENDS:
            who = User(claim.user, claim.name)
            try:
                await give_back(desk, conversation, claim, claim.slack_user, who)
            except (Transient, Ambiguous):
                raise
            except BridgeError as error:
                log.warning(
                    "conversation %s stays assigned to user %s: %s", conversation.id, claim.user, error
                )
                await desk.store.end_claim(claim, ENDS[ClaimState(claim.state)])
    try:
        now = await desk.truth(conversation.id)
    except NotFound:
        return conversation
    if now is None:
        raise Transient("the customer was forgotten meanwhile", retry_after=0)
    return now


def _home(calm: Calm, said: Sequence[Delivery], places: Sequence[str]) -> str:
    """Where is asked and told: where that stands already, else where they acted, else anywhere."""
    keys = [f"{QUESTION}{int(calm.held.until)}"] if calm.held else []
    keys += [f"{ROUSED}{int(calm.snooze.until)}"] if calm.snooze else []
    own = [one.channel for one in (calm.held, calm.snooze) if one and one.channel in places]
    stands = [one.channel for one in said if one.key in keys and _may_stand(one, places)]
    return next(iter([*stands, *own, *places]), "")


def _may_stand(one: Delivery, places: Sequence[str]) -> bool:
    """Whether something stands, or was begun where one can find out about it."""
    return bool(one.ts) or one.channel in places or one.channel.startswith("D")
