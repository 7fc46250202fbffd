"""`/freescout why 412`: why it was said where, and why not. Whoever may see the mailbox may ask.

Of routes and channels it tells no more than `/freescout routes` does.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from bot import cards, mail
from bot.cards import Block, richtext_block
from bot.richtext import Element, link, section, text
from bot.surfaces import Action, Ask, Word
from bot.watching import changes, sight
from bot.why import Line, Section, channels, explain, seen
from bot.whyfacts import Reader

_BUDGET = 9_000
"""Characters of JSON for all lines: Slack refuses a message of about 13,200."""
_LONGEST = 400
"""Characters of one line."""
_MOMENT = re.compile(r"[A-Z][a-z]{2} (2[0-9]{3}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]) UTC")
"""A time, as `bot/why` writes it."""


async def typed(ask: Ask) -> None:
    """Explain what became of a conversation, to whoever asks and to nobody else."""
    user = await ask.desk.people.user(ask.person)
    conversation = await ask.desk.quoted(ask.text, user)
    facts = await Reader(ask.desk).facts(conversation.id)
    if not (await changes.who(ask.desk, ask.person)).may:
        facts = seen(facts, await sight.sight(ask.desk, ask.person, channels(facts)))
    elements, left = _cut(explain(facts), _BUDGET)
    blocks: list[Block] = [richtext_block(*elements)]
    if left:
        words = f"{left} more lines, which the operator can list: "
        blocks.append(cards.context(f"{words}`python -m bot why {conversation.number}`"))
    await ask.tell(f"Why #{conversation.number} is where it is", *blocks)


def _cut(sections: Sequence[Section], budget: int) -> tuple[list[Element], int]:
    """As many lines as one answer may have, and how many are left."""
    made: list[Element] = []
    left = 0
    for one in sections:
        items: list[Element] = []
        for line in one.lines:
            item = section(*_leaves(line))
            budget -= len(json.dumps(item, ensure_ascii=False)) if budget > 0 else 0
            items += [item] if budget > 0 else []
        left += len(one.lines) - len(items)
        made += _section(one, items) if items else []
    return made, left


def _section(one: Section, items: list[Element]) -> Iterator[Element]:
    title = mail.one_line(one.title, 150)
    yield section(link(one.link, title, bold=True) if one.link else text(title, bold=True))
    yield {"type": "rich_text_list", "style": "bullet", "elements": items}


def _leaves(line: Line) -> Iterator[Element]:
    """Plain text alone: to be named here pings nobody. Times are those of the reader's own zone."""
    words = mail.one_line(line.words, _LONGEST)
    start = 0
    for found in _MOMENT.finditer(words):
        yield text(words[start : found.start()] or " ")
        yield _when(found[0], found[1])
        start = found.end()
    yield text(f"{words[start:]} ")
    if line.link:
        yield link(line.link, "Open")


def _when(said: str, moment: str) -> Element:
    try:
        at = datetime.strptime(moment, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    except ValueError:  # somebody's own words
        return text(said)
    shown = "{date_short_pretty} {time}"
    return {"type": "date", "timestamp": int(at.timestamp()), "format": shown, "fallback": said}


ACTION = Action(
    "why",
    words=(Word("why", "412", "says why it is in which channel, what is said there, and what not", typed),),
)
