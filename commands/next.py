"""`/freescout next`: take the oldest conversation that nobody is on. Whoever may see its mailbox may take it.

Two who ask at once get different ones.
"""

from bot import claiming, clock, mail, showing, waiters
from bot.daystats import Waiting
from bot.errors import BridgeError, UserError
from bot.freescout import NotFound
from bot.model import Conversation, User
from bot.surfaces import Action, Ask, Button, Word
from bot.waitlist import NEXT


async def take(ask: Ask, user: User, queue: waiters.Queue) -> Conversation | None:
    """Take the longest wait of a queue that is nobody's; None where there is none."""
    desk = ask.desk
    for one in queue.waiting:
        identity = one.conversation.id
        if not await _free(ask, one) or not await desk.store.hand_out(identity):
            continue
        try:
            now = await desk.conversation(identity, user)
            if now.assignee is None and clock.waiting(now):
                await claiming.take(desk, ask.person, user, now, ask.channel)
                return await desk.conversation(identity, user)
        except NotFound:
            continue
        except BridgeError:
            await desk.store.hand_back(identity)
            raise
        await desk.store.hand_back(identity)
    return None


async def _free(ask: Ask, one: Waiting) -> bool:
    return one.conversation.assignee is None and not await waiters.hushed(ask.desk, one.conversation)


async def typed(ask: Ask) -> None:
    """`/freescout next`, or `next Support` for one mailbox."""
    await _show(ask, mail.from_slack(ask.text).strip())


async def pressed(ask: Ask) -> None:
    """*Take the Oldest*."""
    await _show(ask, "")


async def _show(ask: Ask, words: str) -> None:
    user = await ask.desk.people.user(ask.person)
    mailboxes = await waiters.named(ask.desk, user, words)
    queue = await waiters.queue(ask.desk, mailboxes)
    taken = await take(ask, user, queue)
    if taken is None:
        nobody = "Nobody waits whom nobody is on yet."
        if queue.cut:
            nobody = f"Of those that were looked at, nobody waits whom nobody is on yet. {waiters.CUT}"
        raise UserError(
            f"{nobody} `/freescout mine` lists what is yours, `/freescout waiting` everybody who waits."
        )
    await ask.show(await showing.card(ask.desk, taken))


ACTION = Action(
    "next",
    words=(Word("next", "", "takes the oldest conversation that nobody is on, and shows its card", typed),),
    buttons=(Button(NEXT, pressed),),
)
