"""Why something was said of a conversation, will be said, or is not: see `commands/why.py`. Pure."""

from bot.why.ladder import called, moment, unsaid
from bot.why.seen import channels, seen
from bot.why.telling import Facts, Line, Place, Section, explain, printed
from bot.why.trace import Fate, Item, trace

__all__ = [
    "Facts",
    "Fate",
    "Item",
    "Line",
    "Place",
    "Section",
    "called",
    "channels",
    "explain",
    "moment",
    "printed",
    "seen",
    "trace",
    "unsaid",
]
