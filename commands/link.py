"""`link`, `unlink`, `whoami`: as whom one acts in FreeScout. Every full member of the workspace may ask."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from bot import linkcards, linking, mail
from bot.cards import richtext_block
from bot.desk import Desk
from bot.errors import UserError
from bot.listeners import word_handler
from bot.people import Acting, Unknown
from bot.richtext import section, text
from bot.surfaces import Action, Ask, Button, Word


async def typed(ask: Ask) -> None:
    """`/freescout link` gives a code, `/freescout link 412` looks for it there."""
    if ask.text:
        await _check(ask, ask.text)
    else:
        await ask.show(await linking.give(ask.desk, ask.person, ask.channel, ask.thread, ""))


async def started(ask: Ask) -> None:
    """*Link My Account* under a refusal; its value is the button to go on with."""
    await ask.show(await linking.give(ask.desk, ask.person, ask.channel, ask.thread, ask.text))


async def checked(ask: Ask) -> None:
    """*Check*: look for the code in what changed since it was given."""
    await _check(ask, "")


async def _check(ask: Ask, words: str) -> None:
    if told := await linking.check(ask.desk, ask.person, words):
        await ask.tell(told)


async def went_on(ask: Ask) -> None:
    """Do what was typed before the account was linked: the same words, looked up in the same way."""
    name, *rest = ask.text.split(maxsplit=1) or [""]
    await word_handler(ask.words, name)(replace(ask, text="".join(rest).strip()))


async def unlink(desk: Desk, slack_user: str) -> str:
    """Take a person's link away; return what to tell them."""
    link = await desk.store.link(slack_user)
    if link is None:
        raise UserError(
            "You have no link, so nothing was done. `/freescout whoami` says as whom you act, and why."
        )
    await desk.store.unlink(slack_user)
    desk.people.forget(slack_user)
    await desk.store.audit(
        slack_user=slack_user, user=link.user, action="unlink", conversation=0, outcome="done"
    )
    acting: Acting | None = None
    with suppress(Unknown):
        acting = await desk.people.acting(slack_user)
    if acting is None:
        return "Your link is gone. You act as nobody in FreeScout now: `/freescout link` links you anew."
    return f"Your link is gone. You act as {acting.user.name} now, who has your Slack address."


async def unlinked(ask: Ask) -> None:
    """`/freescout unlink`."""
    await ask.tell(await unlink(ask.desk, ask.person))


async def asked(ask: Ask) -> None:
    """`/freescout whoami`: as whom one acts, why, and where."""
    people = ask.desk.people
    user = await people.user(ask.person)
    acting = await people.acting(ask.person)
    boxes = await people.may_see(user)
    names = sorted(mail.one_line(box.name, 60) for box in await people.mailboxes() if box.id in boxes)
    why = "because that user has your Slack address."
    if acting.link:
        why = f"because you linked your account on {datetime.fromtimestamp(acting.link.at, UTC):%d %B %Y}."
    email = f" ({mail.one_line(user.email, 100)})" if user.email else ""
    where = f"You may act in {', '.join(names[:30])}" + (
        f" and {len(names) - 30} more." if names[30:] else "."
    )
    if not names:
        where = "FreeScout lets that user see no mailbox: ask an admin of FreeScout to give you one."
    said = f"You act as {mail.one_line(user.name, 80)}{email}, {why} {where}"
    await ask.tell(said, richtext_block(section(text(said))))


ACTION = Action(
    "link",
    words=(
        Word("link", "", "links your account, where FreeScout does not know your Slack address", typed),
        Word("unlink", "", "takes that link away", unlinked),
        Word("whoami", "", "says as whom you act in FreeScout, why, and in which mailboxes", asked),
    ),
    buttons=(
        Button(linkcards.START, started),
        Button(linkcards.CHECK, checked),
        Button(linkcards.GO_ON, went_on),
    ),
)
