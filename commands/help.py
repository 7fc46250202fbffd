"""`/freescout help`: what can be said. Anyone may ask."""

from bot.cards import Block, context
from bot.listeners import COMMAND
from bot.surfaces import Action, Ask, Word


async def typed(ask: Ask) -> None:
    """List every word of the command."""
    lines = [
        f"`{COMMAND} {word.name}{' ' if word.usage else ''}{word.usage}` {word.says}" for word in ask.words
    ]
    note = "Text typed in a channel or a thread reaches no customer: only *Reply* does."
    section: Block = {"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(lines)}}
    await ask.tell("What /freescout understands", section, context(note))


ACTION = Action("help", words=(Word("help", "", "lists what there is", typed),))
