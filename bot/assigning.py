"""Giving a conversation to somebody, in the name of whoever does it: both must see its mailbox."""

from bot import mail
from bot.desk import Desk
from bot.errors import UserError
from bot.model import Conversation, Person, User

NOBODY = "nobody"


async def assign(
    desk: Desk,
    slack_user: str,
    user: User,
    conversation: Conversation,
    assignee: User | None,
    *,
    action: str = "assign",
) -> None:
    """Assign in the user's name. The server believes any id: who cannot see the mailbox would lose it."""
    before, after = named(conversation.assignee), named(assignee)
    async with desk.act(slack_user, user, action, conversation, before=before, after=after):
        if assignee and conversation.mailbox_id not in await desk.people.may_see(assignee):
            raise UserError(f"{assignee.name} cannot see this conversation's mailbox, so nothing was done.")
        await desk.freescout.assign(conversation, assignee, user=user.id)


def named(someone: Person | User | None) -> str:
    """Somebody as the record calls them: names change, ids do not."""
    return f"{mail.one_line(someone.name, 80)} ({someone.id})" if someone else NOBODY
