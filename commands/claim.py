"""Be on a conversation: *I'm On It*, :eyes:, `/freescout claim 412`. Whoever may see its mailbox may do it.

It is theirs in FreeScout then, and nobody is reminded of it for a while. Afterwards they are asked.
"""

from bot import claimcards, claiming, quiet, settling
from bot.errors import UserError
from bot.model import Conversation, User
from bot.quiet import Calm
from bot.store import Claim
from bot.surfaces import Action, Ask, Button, Option, Reaction, Word


async def typed(ask: Ask) -> None:
    """`/freescout claim 412`."""
    user = await ask.desk.people.user(ask.person)
    conversation = await ask.desk.workable(await ask.desk.meant(ask.text), user)
    claim = await claiming.take(ask.desk, ask.person, user, conversation, ask.channel)
    await _tell(ask, conversation, claim)


async def pressed(ask: Ask) -> None:
    """*I'm On It*, or :eyes:."""
    user = await ask.desk.people.user(ask.person)
    conversation = await ask.desk.workable(ask.number, user)
    claim = await claiming.take(ask.desk, ask.person, user, conversation, ask.channel)
    if ask.alone:
        await _tell(ask, conversation, claim)


async def _tell(ask: Ask, conversation: Conversation, claim: Claim) -> None:
    hours, zone = await settling.opening(ask.desk, conversation), await claiming.zone(ask.desk, ask.person)
    await ask.tell(claimcards.taken(conversation, claim, ask.desk.now(), hours, zone))


async def yes(ask: Ask) -> None:
    """*Yes*, still on it."""
    user, conversation, claim = await _asked(ask)
    await claiming.renew(ask.desk, ask.person, user, conversation, claim)


async def release(ask: Ask) -> None:
    """*Release*. A colleague may, too: then whoever was on it is told."""
    user, conversation, claim = await _asked(ask)
    await claiming.release(ask.desk, ask.person, user, conversation, claim)


async def released(ask: Ask) -> None:
    """`/freescout release 412`."""
    user = await ask.desk.people.user(ask.person)
    conversation = await ask.desk.workable(await ask.desk.meant(ask.text), user)
    claim = Calm(await ask.desk.store.claims(conversation.id)).held
    if claim is None:
        raise UserError(f"Nobody has said that they are on #{conversation.number}, so nothing was done.")
    await claiming.release(ask.desk, ask.person, user, conversation, claim)
    await ask.tell(f"#{conversation.number} is released, and reminders go on.")


async def _asked(ask: Ask) -> tuple[User, Conversation, Claim]:
    """Who answers, and what was asked."""
    claim = await ask.desk.store.claim_by_id(ask.number)
    if claim is None:
        raise UserError("That was settled long ago, so nothing was done: see the conversation's card.")
    user = await ask.desk.people.user(ask.person)
    return user, await ask.desk.workable(claim.conversation, user), claim


ACTION = Action(
    "claim",
    words=(
        Word("claim", "412", "says that you are on it: it is yours, and reminders pause", typed),
        Word("release", "412", "says that nobody is on it any more: reminders go on", released),
    ),
    buttons=(
        Button(quiet.TAKE, pressed),
        Button(quiet.YES, yes),
        Button(quiet.RELEASE, release),
    ),
    options=(Option(claimcards.CLAIM, pressed),),
    reactions=(Reaction(quiet.EYES, pressed),),
)
