"""The blocks that everything said is made of, and what people are called.

Whatever a customer or a colleague wrote goes into `rich_text` or `plain_text`, where it can neither ping nor
link nor format; only words of our own are mrkdwn.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from bot import mail, richtext
from bot.model import Person

Block = dict[str, object]

REPLY, NOTE, ASSIGN_ME = "card.reply", "card.note", "card.assign_me"
CLOSE, REOPEN, MORE, OPEN = "card.close", "card.reopen", "card.more", "card.open"
FULL_MAIL = "mail.full"
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Message:
    """What one post says. `text` is what notifications and screen readers say of it."""

    text: str
    blocks: tuple[Block, ...]


def richtext_block(*elements: richtext.Element) -> Block:
    """A block that shows text as it is."""
    return {"type": "rich_text", "elements": list(elements)}


def coded(words: str) -> list[richtext.Element]:
    """The leaves of a sentence of ours: what stands in backticks is shown as code, all else as it is."""
    parts = enumerate(_CODE.split(words))
    return [richtext.text(part, code=True) if at % 2 else richtext.text(part) for at, part in parts if part]


def uncoded(words: str) -> str:
    """The same sentence for where Slack shows plain text alone: without the backticks."""
    return _CODE.sub(r"\1", words)


def sentence(words: str, sign: str = "") -> Block:
    """A block that says a sentence of ours, after an emoji's name."""
    emoji: list[richtext.Element] = [{"type": "emoji", "name": sign}, richtext.text(" ")] if sign else []
    return richtext_block(richtext.section(*emoji, *coded(words)))


def context(*elements: str | Block) -> Block:
    """A small grey line; a string in it is mrkdwn of our own."""
    made = [{"type": "mrkdwn", "text": one} if isinstance(one, str) else one for one in elements]
    return {"type": "context", "elements": made}


def plain(words: str) -> Block:
    """Text that is shown as it is."""
    return {"type": "plain_text", "text": words, "emoji": False}


def when(moment: datetime) -> str:
    """A time that each reader sees in their own zone."""
    fallback = f"{moment:%Y-%m-%d %H:%M} UTC"
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} at {{time}}|{fallback}>"


def button(action: str, label: str, value: str) -> Block:
    """A button."""
    return {"type": "button", "action_id": action, "text": label_text(label), "value": value}


def label_text(words: str) -> Block:
    """The words of a button, an option or a field."""
    return {"type": "plain_text", "text": words}


def named(person: Person | None) -> str:
    """What a person is called."""
    known = (person.name, person.email) if person else ()
    return next((shown for one in known if (shown := mail.one_line(one, 80))), "Someone")
