"""What is shown of linking: the refusal that offers it, how it is done, and the way back afterwards. Pure."""

import json
from datetime import timedelta

from bot import cards, mail
from bot.cards import Block, Message, richtext_block, sentence
from bot.model import User
from bot.richtext import section, text

NOTHING = "null"
"""What is kept where there is nothing to go on with."""
START, CHECK, GO_ON = "link.start", "link.check", "link.go_on"
GOOD_FOR = timedelta(minutes=15)
"""How long a code is good."""
_LONGEST = 2000
"""Characters that a button's value may have."""


def refusal(words: str, again: Block | None) -> Message:
    """Say why nothing was done, with a button that links and afterwards goes on with `again`."""
    wanted = json.dumps(again)
    button = cards.button(START, "Link My Account", wanted if len(wanted) <= _LONGEST else NOTHING)
    blocks: tuple[Block, ...] = (sentence(words), {"type": "actions", "elements": [button]})
    return Message(mail.escape(words), blocks)


def welcome(user: User, wanted: str) -> Message:
    """Say as whom somebody acts now, with the button that they would have pressed, as `refusal` kept it."""
    words = f"You act as {mail.one_line(user.name, 80)} in FreeScout now."
    blocks: list[Block] = [richtext_block(section(text(words)))]
    if again := json.loads(wanted or NOTHING):
        blocks += [cards.context("Go on with what you were about to do:")]
        blocks += [{"type": "actions", "elements": [again]}]
    return Message(mail.escape(words), tuple(blocks))


def minutes(span: timedelta) -> str:
    """Say a short span."""
    return f"{span.total_seconds() / 60:.0f} minutes"


def instructions(code: str) -> Message:
    """Say what to do with a code."""
    note = [text("Add an internal "), text("note", bold=True), text(" that holds this and nothing else: ")]
    last = "You are told here when the note is seen. If that takes more than a minute, press Check."
    steps = [
        section(text("Log in to FreeScout as yourself, and open any conversation.")),
        section(*note, text(code, code=True)),
        section(text(last)),
    ]
    warning = (
        f"This code is good for {minutes(GOOD_FOR)}, and for you alone: it lets you act in FreeScout as the "
        "author of the note. For the same reason never put somebody else's code in a note."
    )
    blocks: tuple[Block, ...] = (
        richtext_block(
            section(text("Show which FreeScout account is yours", bold=True)),
            {"type": "rich_text_list", "style": "ordered", "elements": steps},
        ),
        cards.context(":warning:", cards.plain(warning)),
        {"type": "actions", "elements": [cards.button(CHECK, "Check", "check")]},
    )
    return Message(f"Add an internal note in FreeScout that holds {code} and nothing else.", blocks)
