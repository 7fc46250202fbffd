"""*Show Full Mail* under a message opens all of it, for one person. Whoever may see its mailbox may ask."""

import asyncio
import re

from bot import attached, mail, richtext
from bot.cards import FULL_MAIL, Block, button, context, headline, label_text, plain, richtext_block, when
from bot.desk import Desk
from bot.errors import UserError
from bot.forms import View
from bot.model import Thread
from bot.richtext import section, text
from bot.slackapi import call
from bot.surfaces import Action, Ask, Button

NEXT, PREVIOUS = "mail.next", "mail.previous"
TITLE = "Full Mail"
_MOST = 400_000
"""Characters that are read of a mail. What is longer is no letter any more."""
_BLOCK = 6_000
_BLOCKS = 5
"""In one part: 30 kB of JSON. Slack takes 250 kB, and sends all of it along with each press."""


async def view(ask: Ask) -> View:
    """Make the part of a mail that a button names: `<conversation>:<thread>`, and `:<part>`, from 0."""
    named = re.fullmatch(r"([0-9]{1,18}):([0-9]{1,18})(?::([0-9]{1,6}))?", ask.text)
    if named is None:
        raise UserError("This button is broken: open the conversation in FreeScout.")
    conversation, thread, part = (int(number or 0) for number in named.groups())
    entry = await find(ask.desk, ask.person, conversation, thread)
    parts, cut = await asyncio.to_thread(_read, entry.body)
    at = min(part, len(parts) - 1)
    sign, said = headline(entry)
    head = context(sign, plain(said), when(entry.created_at))
    blocks = [head, *parts[at]]
    if at == len(parts) - 1:
        if entry.attachments:
            blocks.append(context(":paperclip:", plain(attached.named(entry))))
        if cut:
            url = ask.desk.settings.conversation_url(conversation)
            blocks.append(context(f":scissors: There is still more. <{url}|Read the rest in FreeScout>"))
    blocks += _turning(f"{conversation}:{thread}", at, len(parts))
    return {"type": "modal", "title": label_text(TITLE), "close": label_text("Close"), "blocks": blocks}


async def find(desk: Desk, slack_user: str, conversation: int, thread: int) -> Thread:
    """Fetch a message that this person may see."""
    user = await desk.people.user(slack_user)
    found = await desk.conversation(conversation, user)
    for entry in found.threads:
        if entry.id == thread and entry.state == "published":
            return entry
    raise UserError("FreeScout does not have this message any more.")


def _read(body: str) -> tuple[list[list[Block]], bool]:
    """Read all of a mail into the blocks of each part; say whether even that is not all."""
    reading = mail.whole(body, _MOST)
    blocks = [richtext_block(*elements) for elements in richtext.parts(reading.lines, _BLOCK)]
    blocks = blocks or [richtext_block(section(text("(no text)", italic=True)))]
    return [blocks[at : at + _BLOCKS] for at in range(0, len(blocks), _BLOCKS)], reading.cut


def _turning(value: str, at: int, count: int) -> list[Block]:
    if count == 1:
        return []
    buttons = [button(PREVIOUS, "Previous Part", f"{value}:{at - 1}")] if at else []
    buttons += [button(NEXT, "Next Part", f"{value}:{at + 1}")] if at < count - 1 else []
    return [context(f"Part {at + 1} of {count}"), {"type": "actions", "elements": buttons}]


async def opened(ask: Ask) -> None:
    """*Show Full Mail* under a message."""
    await ask.open(TITLE, lambda: view(ask))


async def turned(ask: Ask) -> None:
    """*Next Part* or *Previous Part* in the modal."""
    await call(ask.desk.web.views_update, view_id=ask.view, view=await view(ask))


ACTION = Action("mail", buttons=(Button(FULL_MAIL, opened), Button(NEXT, turned), Button(PREVIOUS, turned)))
