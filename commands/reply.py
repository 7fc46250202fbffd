"""Reply to the customer, from a dialog that says who will get it. Whoever may see the mailbox may do it."""

from dataclasses import replace

from bot import cards, compose, mail, receipts, written
from bot.changes import Seen
from bot.dialog import ASKING, CALLBACKS, Before, Kind
from bot.errors import NotAllowed, UserError
from bot.store import Choice, Reply, ReplyState
from bot.surfaces import Action, Ask, Button, Modal, Shortcut, Word

_TOO_LATE = {
    ReplyState.SENDING: "It is on its way: too late to stop it.",
    ReplyState.UNKNOWN: "It is on its way: too late to stop it. Whether it arrived is being looked up.",
    ReplyState.SENT: "It went already.",
    ReplyState.CANCELLED: "It was cancelled already: nothing was sent.",
    ReplyState.HELD: "It goes by itself in a moment: Cancel stops it.",
}


async def typed(ask: Ask) -> None:
    """`/freescout reply 412`: open the dialog. Words behind the number are put in its field, not sent."""
    quoted, words = ask.split()
    if not quoted:
        raise UserError("To which conversation? For example `/freescout reply 412`.")
    before = Before(rich=written.from_text(mail.from_slack(words))) if words else None
    await compose.write(ask, "Reply", "message", compose.by_quote(ask, quoted), before)


async def pressed(ask: Ask) -> None:
    """*Reply* on a card."""
    await compose.write(ask, "Reply", "message", compose.by_id(ask, ask.number))


async def used(ask: Ask) -> None:
    """*Reply with This* on any message: it opens the dialog, no more."""
    await compose.take(ask, "message")


async def chosen(ask: Ask) -> None:
    """The conversation that such a reply is for."""
    await compose.chosen(ask, "message")


async def submitted(ask: Ask) -> None:
    """Keep the reply; the outbox sends it."""
    await compose.send(ask, "message")


async def cancel(ask: Ask) -> None:
    """*Cancel*: nothing is sent. A colleague who may see the mailbox can stop it, too."""
    reply = await _reply(ask)
    if reply.slack_user == ask.person:
        words = f"{mail.one_line(reply.name, 80)} cancelled it: nothing was sent."
        done = await ask.desk.store.stop_reply(reply, ReplyState.CANCELLED, words, Choice.EDIT)
        user = reply.user
    else:
        colleague = await ask.desk.people.user(ask.person)
        seen = Seen.load(reply.seen)
        if seen and seen.mailbox not in await ask.desk.people.may_see(colleague):
            raise NotAllowed(
                "FreeScout does not let you see this conversation's mailbox, so nothing was done.",
                colleague.id,
                reply.conversation,
            )
        words = f"{mail.one_line(colleague.name, 80)} stopped it."
        done = await ask.desk.store.stop_reply(reply, ReplyState.BLOCKED, words, Choice.ANYWAY)
        user = colleague.id
    await _moved(ask, reply, done=done)
    await _record(ask, reply, user, "cancel reply")
    await ask.tell(
        f"The reply on #{reply.number} is stopped: nothing was sent. Its text stays in its thread."
    )


async def edit(ask: Ask) -> None:
    """*Edit*: it does not go while its writer has it open, nor afterwards by itself."""
    reply = await _own(ask)
    if reply.state == ReplyState.HELD:
        words = f"{mail.one_line(reply.name, 80)} opened it to edit it: nothing was sent."
        done = await ask.desk.store.stop_reply(reply, ReplyState.CANCELLED, words, Choice.EDIT)
        await _moved(ask, reply, done=done)
    elif reply.state not in (ReplyState.BLOCKED, ReplyState.FAILED, ReplyState.CANCELLED):
        raise UserError(_TOO_LATE[ReplyState(reply.state)])
    if not reply.text:
        raise UserError("That text is not there any more.")
    find = compose.by_id(ask, reply.conversation)
    kind: Kind = "note" if reply.kind == "note" else "message"
    await compose.write(ask, "Edit", kind, find, Before.of(reply))


async def anyway(ask: Ask) -> None:
    """*Send Anyway*: to whom the question said, unless something changes once more."""
    reply = await _asked(ask)
    allowed = reply.state == ReplyState.BLOCKED and reply.choice == Choice.ANYWAY
    done = allowed and await ask.desk.store.release_reply(reply)
    await _moved(ask, reply, done=done)
    await _record(ask, reply, reply.user, "send reply anyway")


async def discard(ask: Ask) -> None:
    """*Discard*: thrown away."""
    reply = await _asked(ask)
    await _moved(ask, reply, done=await ask.desk.store.drop_reply(reply))
    await _record(ask, reply, reply.user, f"discard {reply.word}")


async def arrived(ask: Ask) -> None:
    """*It Arrived*: its writer has looked, which the bridge could not."""
    reply = await _asked(ask)
    doubtful = reply.state == ReplyState.FAILED and reply.choice == Choice.DOUBT
    if doubtful:
        await ask.desk.store.mark_reply(reply, ReplyState.SENT)
    await _moved(ask, reply, done=doubtful)
    await _record(ask, reply, reply.user, f"confirm {reply.word}")


async def _reply(ask: Ask) -> Reply:
    number = ask.text.partition(":")[0]
    reply = await ask.desk.store.reply(replace(ask, text=number).number)
    if reply is None:
        raise UserError("That reply is not there any more.")
    return reply


async def _own(ask: Ask) -> Reply:
    reply = await _reply(ask)
    if reply.slack_user != ask.person:
        raise UserError("Only whoever wrote it can do that. You can stop it with Cancel, and write your own.")
    return reply


async def _asked(ask: Ask) -> Reply:
    """The same for an answer to a question: an older question may have named another customer."""
    reply = await _own(ask)
    if ask.text.partition(":")[2] != str(reply.changed):
        old = "That was asked about it before, and it is another now: see the card's thread."
        raise UserError(_TOO_LATE.get(ReplyState(reply.state), old))
    return reply


async def _moved(ask: Ask, reply: Reply, *, done: bool) -> None:
    """Say why nothing was done, where nothing was: somebody was quicker."""
    if not done:
        now = await ask.desk.store.reply(reply.id)
        state = ReplyState(now.state) if now else ReplyState.CANCELLED
        raise UserError(_TOO_LATE.get(state, "It was stopped already: see what is asked about it."))


async def _record(ask: Ask, reply: Reply, user: int, action: str) -> None:
    await ask.desk.store.audit(
        slack_user=ask.person,
        user=user,
        action=action,
        conversation=reply.conversation,
        before=reply.state,
        after=f"outbox {reply.id}",
        outcome="done",
    )


ACTION = Action(
    "reply",
    words=(Word("reply", "412", "answers the customer, after showing who will get it", typed),),
    buttons=(
        Button(cards.REPLY, pressed),
        Button(receipts.CANCEL, cancel),
        Button(receipts.EDIT, edit),
        Button(receipts.AGAIN, edit),
        Button(receipts.ANYWAY, anyway),
        Button(receipts.DISCARD, discard),
        Button(receipts.ARRIVED, arrived),
    ),
    shortcuts=(Shortcut("reply.message", used),),
    modals=(
        Modal(CALLBACKS["message"], submitted, kept=True, closed=compose.stopped),
        Modal(ASKING["message"], chosen, kept=True),
    ),
)
