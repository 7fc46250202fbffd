"""Where a text is cut that is too long: before what is hidden from Slack, never within.

All that goes to Slack is looked into at the wire, but half a number is no number there. So whoever cuts asks
here first. The rules are those of the bridge that runs in this context, set once beside Slack's client.
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import lru_cache

from bot.redact.rules import Redactor
from bot.redact.spans import parted

_BEFORE, BEHIND = 1_000, 300
"""Characters around a cut that are looked at: enough to know what is hidden. Each costs a microsecond."""
_redactor: ContextVar[Callable[[], Redactor]] = ContextVar("redactor", default=Redactor)


def follow(redactor: Callable[[], Redactor]) -> None:
    """Cut by these rules in this context and in all that it starts; they are asked for at each cut."""
    _redactor.set(redactor)


def cut(text: str, most: int) -> int:
    """How many characters of a text may be shown, `most` at most: nothing hidden goes on behind them."""
    if len(text) <= most:
        return len(text)
    start = max(0, most - _BEFORE)
    return start + _cut(_redactor.get()(), text[start : most + BEHIND], most - start)


def veiled(texts: Sequence[str]) -> list[str]:
    """Texts that are one text without what is hidden: for what is shown in parts, each of them for itself."""
    return list(parted(texts, _redactor.get()().spans("".join(texts))))


@lru_cache(maxsize=2048)
def _cut(redactor: Redactor, text: str, most: int) -> int:
    """The same, kept: each look says every message of a conversation anew."""
    return next((one.start for one in redactor.spans(text) if one.start < most <= one.end), most)
