"""The file's own patterns: Python's regular expressions, of which none can keep the bridge busy. Pure.

https://docs.python.org/3/library/re.html#regular-expression-syntax
"""

import re
from collections.abc import Callable, Iterator
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from bot.redact.spans import OWN, Span

_WINDOW = 256
"""Characters that a pattern sees at once: what it shall find may be half as long."""
_MOST_WAYS = 2_000
"""Ways in which a pattern may be tried from one place: with the window that bounds what it may cost."""
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT)
_WITHIN: dict[Any, Callable[[Any], Any]] = {
    op.SUBPATTERN: lambda what: what[-1],
    op.ATOMIC_GROUP: lambda what: what,
    op.POSSESSIVE_REPEAT: lambda what: what[2],
    op.ASSERT: lambda what: what[1],
    op.ASSERT_NOT: lambda what: what[1],
}
"""Where the parser puts what such a part is made of."""


def problem(pattern: str) -> str:
    """Say what is wrong with a pattern; nothing where it is good."""
    if wrong := endless(pattern):
        return wrong
    compiled = re.compile(pattern)
    if compiled.search("") or compiled.search("a "):
        return "would hide everything: it finds what is empty, or any letter"
    return ""


def endless(pattern: str) -> str:
    """Say why a pattern cannot be tried on a text of a few hundred characters; nothing where it can."""
    try:
        re.compile(pattern)
        ways = _ways(_counted(list(_parser.parse(pattern))))
    except (re.error, RecursionError, OverflowError) as error:
        return f"is no regular expression: {error}"
    if ways > _MOST_WAYS:
        return (
            "could be tried in too many ways and hold everything up: say how often at most, "
            "like {1,20} instead of + or *, and repeat nothing that repeats something"
        )
    return ""


def found(pattern: re.Pattern[str], text: str) -> Iterator[Span]:
    """What a pattern finds, within windows that overlap by half."""
    for start in range(0, max(1, len(text) - _WINDOW // 2), _WINDOW // 2):
        for one in pattern.finditer(text, start, start + _WINDOW):
            if one.end() > one.start():
                yield Span(one.start(), one.end(), OWN)


def _counted(parts: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """The parts of a pattern but a repetition at its end: nothing follows that could make it try again."""
    again = bool(parts) and parts[-1][0] in _REPEATS and _ways(parts[-1][1][2]) == 1
    return parts[:-1] if again else parts


def _ways(tree: Any) -> int:
    """In how many ways at most the parts of a pattern can share a text among them."""
    product = 1
    for kind, what in tree:
        product *= max(1, _part(kind, what))
        if product > _MOST_WAYS:
            return product
    return product


def _part(kind: Any, what: Any) -> int:
    if kind in _REPEATS:
        return _repeated(*what)
    if kind is op.BRANCH:
        return sum(_ways(one) for one in what[1])
    if kind in _WITHIN:
        return _ways(_WITHIN[kind](what))
    return _WINDOW if kind in (op.GROUPREF, op.GROUPREF_EXISTS) else 1


def _repeated(least: int, most: int, inner: Any) -> int:
    most, each = min(int(most), _WINDOW), _ways(inner)
    times = most - min(int(least), most) + 1
    return times if each == 1 else min(each ** min(most, 12), 10**9) * times
