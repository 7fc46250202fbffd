"""Reply to the customer, from a modal that says who will get it. Whoever may see the mailbox may do it."""

from bot import cards, compose, mail
from bot.errors import UserError
from bot.outbox import TRY_AGAIN
from bot.surfaces import Action, Ask, Button, Modal, Word


async def typed(ask: Ask) -> None:
    """`/freescout reply 412`: open the modal. Words behind the number are put in its field, not sent."""
    quoted, words = ask.split()
    if not quoted:
        raise UserError("To which conversation? For example `/freescout reply 412`.")
    find = compose.by_quote(ask, quoted)
    await ask.open("Reply", lambda: compose.view(ask, "message", find, mail.from_slack(words)))


async def pressed(ask: Ask) -> None:
    """*Reply* on a card."""
    await ask.open("Reply", lambda: compose.view(ask, "message", compose.by_id(ask, ask.number)))


async def submitted(ask: Ask) -> None:
    """Keep the reply; the outbox sends it."""
    await compose.send(ask, compose.draft(ask, "message"))


async def again(ask: Ask) -> None:
    """*Try Again* under what did not go: the modal once more, the text in it."""
    failed = await ask.desk.store.reply(ask.number)
    if failed is None or failed.slack_user != ask.person or not failed.text:
        raise UserError("That text is not there any more.")
    kind: compose.Kind = "note" if failed.kind == "note" else "message"
    find = compose.by_id(ask, failed.conversation)
    await ask.open("Try Again", lambda: compose.view(ask, kind, find, failed.text))


ACTION = Action(
    "reply",
    words=(Word("reply", "412", "answers the customer, after showing who will get it", typed),),
    buttons=(Button(cards.REPLY, pressed), Button(TRY_AGAIN, again)),
    modals=(Modal(compose.CALLBACKS["message"], submitted, kept=True),),
)
