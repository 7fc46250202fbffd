"""Close, reopen, mark as pending, mark as spam. Whoever may see the conversation's mailbox may do it."""

from bot import cards
from bot.desk import Desk
from bot.model import Conversation, Status, User
from bot.surfaces import Action, Ask, Button, Handler, Option, Word


async def set_status(
    desk: Desk, slack_user: str, user: User, conversation: Conversation, status: Status
) -> None:
    """Set a conversation's status in the user's name."""
    before, after = conversation.status.value, status.value
    async with desk.act(slack_user, user, f"set {after}", conversation, before=before, after=after):
        await desk.freescout.set_status(conversation.id, status, user=user.id)


def _typed(status: Status) -> Handler:
    async def typed(ask: Ask) -> None:
        user = await ask.desk.people.user(ask.person)
        conversation = await ask.desk.workable(await ask.desk.meant(ask.text), user)
        await set_status(ask.desk, ask.person, user, conversation, status)
        await ask.tell(_done(conversation, status))

    return typed


def _pressed(status: Status) -> Handler:
    async def pressed(ask: Ask) -> None:
        user = await ask.desk.people.user(ask.person)
        conversation = await ask.desk.workable(ask.number, user)
        await set_status(ask.desk, ask.person, user, conversation, status)
        await ask.done(_done(conversation, status))

    return pressed


def _done(conversation: Conversation, status: Status) -> str:
    return f"#{conversation.number} is {status.value} now."


ACTION = Action(
    "status",
    words=(
        Word("close", "412", "closes a conversation", _typed(Status.CLOSED)),
        Word("reopen", "412", "makes it active again", _typed(Status.ACTIVE)),
        Word("pending", "412", "marks it as pending", _typed(Status.PENDING)),
        Word("spam", "412", "marks it as spam", _typed(Status.SPAM)),
    ),
    buttons=(
        Button(cards.CLOSE, _pressed(Status.CLOSED)),
        Button(cards.REOPEN, _pressed(Status.ACTIVE)),
    ),
    options=(
        Option("pending", _pressed(Status.PENDING)),
        Option("reopen", _pressed(Status.ACTIVE)),
        Option("spam", _pressed(Status.SPAM)),
    ),
)
