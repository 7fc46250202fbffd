"""Add a note, which colleagues see and the customer does not. Whoever may see the mailbox may do it."""

import uuid

from bot import cards, compose, mail
from bot.dialog import ASKING, CALLBACKS
from bot.errors import UserError
from bot.model import Conversation, User
from bot.store import Draft
from bot.surfaces import Action, Ask, Button, Modal, Shortcut, Word


async def save(ask: Ask, user: User, conversation: Conversation, words: str) -> None:
    """Put a note on its way."""
    if not words.strip():
        raise UserError("There is nothing in it yet.")
    note = Draft(
        intent=uuid.uuid4().hex,
        conversation=conversation.id,
        number=conversation.number,
        kind="note",
        text=words,
        html=mail.to_html(words),
        user=user.id,
        name=mail.one_line(user.name, 80),
        slack_user=ask.person,
        channel=ask.channel,
        thread_ts=ask.thread,
    )
    await ask.desk.store.queue(note)


async def typed(ask: Ask) -> None:
    """`/freescout note 412 words`; without words, a dialog to write them in."""
    quoted, words = ask.split()
    if not quoted:
        raise UserError("On which conversation? For example `/freescout note 412 called them back`.")
    if not words:
        await compose.write(ask, "Note", "note", compose.by_quote(ask, quoted))
        return
    user = await ask.desk.people.user(ask.person)
    await save(ask, user, await ask.desk.quoted(quoted, user), mail.from_slack(words))


async def pressed(ask: Ask) -> None:
    """*Note* on a card."""
    await compose.write(ask, "Note", "note", compose.by_id(ask, ask.number))


async def submitted(ask: Ask) -> None:
    """Keep the note that was written in the dialog."""
    await compose.send(ask, "note")


async def used(ask: Ask) -> None:
    """*Add as Note* on any message."""
    await compose.take(ask, "note")


async def chosen(ask: Ask) -> None:
    """The conversation that such a note is for."""
    await compose.chosen(ask, "note")


ACTION = Action(
    "note",
    words=(Word("note", "412 words", "adds a note, which the customer does not see", typed),),
    buttons=(Button(cards.NOTE, pressed),),
    shortcuts=(Shortcut("note.message", used),),
    modals=(
        Modal(CALLBACKS["note"], submitted, kept=True, closed=compose.stopped),
        Modal(ASKING["note"], chosen, kept=True),
    ),
)
