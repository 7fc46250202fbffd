"""Assign a conversation: to oneself, to somebody else, to nobody. Both must be allowed to see its mailbox."""

from bot import cards, mail
from bot.assigning import NOBODY, assign
from bot.cards import context, plain
from bot.errors import UserError
from bot.forms import View, modal, select_input, text_input
from bot.model import Conversation, User
from bot.surfaces import Action, Ask, Button, Modal, Option, Word

CALLBACK = "assign"
_MOST = 99
"""Slack shows 100 options; one of them is nobody."""


async def typed(ask: Ask) -> None:
    """`/freescout assign 412 me`."""
    quoted, whom = ask.split()
    if not whom:
        raise UserError("Whom? For example `/freescout assign 412 me`, or `@someone`, or `nobody`.")
    user = await ask.desk.people.user(ask.person)
    conversation = await ask.desk.workable(await ask.desk.meant(quoted), user)
    assignee = await ask.desk.people.meant(whom, user)
    await assign(ask.desk, ask.person, user, conversation, assignee)
    await ask.tell(_done(conversation, assignee))


async def taken(ask: Ask) -> None:
    """*Assign to Me*."""
    user = await ask.desk.people.user(ask.person)
    conversation = await ask.desk.workable(ask.number, user)
    await assign(ask.desk, ask.person, user, conversation, user)
    await ask.done(_done(conversation, user))


async def asked(ask: Ask) -> None:
    """*Assign to…*: ask whom."""

    async def build() -> View:
        user = await ask.desk.people.user(ask.person)
        conversation = await ask.desk.workable(ask.number, user)
        kept = {"conversation": conversation.id, "channel": ask.channel, "thread": ask.thread}
        kept["alone"] = ask.alone
        users = await ask.desk.freescout.users()
        title = context(plain(mail.one_line(conversation.title, 200)))
        return modal(CALLBACK, "Assign", "Assign", [title, _field(users, conversation)], kept)

    await ask.open("Assign", build)


async def submitted(ask: Ask) -> None:
    """Assign to whom was chosen."""
    user = await ask.desk.people.user(ask.person)
    conversation = await ask.desk.workable(int(ask.kept["conversation"]), user)
    chosen = ask.fields.get("assignee", "")
    if chosen.startswith("user:"):
        users = await ask.desk.freescout.users()
        assignee = next((one for one in users if f"user:{one.id}" == chosen), None)
        if assignee is None:
            raise UserError("FreeScout does not have that user any more, so nothing was done.")
    else:
        assignee = await ask.desk.people.meant(chosen, user)
    await assign(ask.desk, ask.person, user, conversation, assignee)
    await ask.done(_done(conversation, assignee))


def _done(conversation: Conversation, assignee: User | None) -> str:
    return f"#{conversation.number} is assigned to {assignee.name if assignee else NOBODY} now."


def _field(users: tuple[User, ...], conversation: Conversation) -> cards.Block:
    if len(users) > _MOST:
        return text_input("assignee", "To whom", hint="A name, an e-mail address, me, or nobody")
    by_name = sorted(users, key=lambda user: user.name.casefold())
    options = [(NOBODY, "Nobody"), *((f"user:{user.id}", mail.one_line(user.name, 75)) for user in by_name)]
    present = f"user:{conversation.assignee.id}" if conversation.assignee else NOBODY
    return select_input("assignee", "To whom", options, present)


ACTION = Action(
    "assign",
    words=(Word("assign", "412 me", "assigns: to `me`, `@someone`, a name, an address, `nobody`", typed),),
    buttons=(Button(cards.ASSIGN_ME, taken),),
    options=(Option("assign", asked),),
    modals=(Modal(CALLBACK, submitted),),
)
