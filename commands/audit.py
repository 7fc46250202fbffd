"""`/freescout audit 412`: what was done to a conversation from Slack. Whoever may see the mailbox may ask."""

import json
from datetime import datetime

from bot import cards, mail
from bot.cards import Block, richtext_block
from bot.richtext import Element, section, text
from bot.store.chain import Entry
from bot.surfaces import Action, Ask, Word

MOST = 20
"""Entries in one answer."""
_LONGEST = 100
"""Characters of each thing that an entry says: twenty entries fit into a message then."""


async def typed(ask: Ask) -> None:
    """List the newest entries, oldest first."""
    user = await ask.desk.people.user(ask.person)
    conversation = await ask.desk.quoted(ask.text, user)
    found = await ask.desk.store.audited(conversation.id, MOST + 1)
    if not found:
        await ask.tell(
            f"Nothing was done to #{conversation.number} from Slack yet. Replies, notes, assignments and "
            "statuses from here are listed here, with who, when and what came of it. What is done in "
            "FreeScout itself stands in its own history."
        )
        return
    names = {one.id: one.name for one in await ask.desk.freescout.users()}
    items = [_item(one, names) for one in found[-MOST:]]
    title = f"Done to #{conversation.number} from Slack"
    head = section(text(title, bold=True))
    blocks: list[Block] = [
        richtext_block(head, {"type": "rich_text_list", "style": "bullet", "elements": items})
    ]
    if len(found) > MOST:
        words = f"These are the last {MOST}. The operator can list all: "
        blocks.append(cards.context(f"{words}`python -m bot audit --conversation {conversation.id}`"))
    await ask.tell(f"{title}: {len(items)}", *blocks)


def _item(one: Entry, names: dict[int, str]) -> Element:
    """Plain text alone: to be named here pings nobody."""
    who = names.get(one["user"]) or (f"user {one['user']}" if one["user"] else one["slack_user"])
    change = " → ".join(filter(None, (one["before"], _said(one["after"]))))
    parts = (mail.one_line(part, _LONGEST) for part in (who, one["action"], change, one["outcome"]) if part)
    return section(_when(one["at"]), text("".join(f" · {part}" for part in parts)))


def _said(after: str) -> str:
    """What a reply was to do is on record as JSON; this reads `to mark@example.org, status closed`."""
    try:
        meant = json.loads(after)
    except ValueError:
        return after
    if not isinstance(meant, dict):
        return after
    named = ((name, value) for name, value in meant.items() if name != "outbox")
    return ", ".join(f"{name} {' '.join(v) if isinstance(v, list) else v}" for name, v in named)


def _when(at: str) -> Element:
    """A time that each reader sees in their own zone."""
    moment = datetime.fromisoformat(at)
    return {
        "type": "date",
        "timestamp": int(moment.timestamp()),
        "format": "{date_short_pretty} {time}",
        "fallback": f"{moment:%Y-%m-%d %H:%M} UTC",
    }


ACTION = Action(
    "audit",
    words=(Word("audit", "412", "lists who did what to it from Slack", typed),),
)
