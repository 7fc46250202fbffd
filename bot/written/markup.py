"""Rich text → HTML that mail programs show as it was meant, and → plain text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any

from bot.written.reading import NOBODY, Names, Part, Run, broken, parts

_TAGS = {"bold": "strong", "italic": "em", "strike": "del", "underline": "u", "code": "code"}
"""From the outside in."""


def html(block: Mapping[str, Any] | None, names: Names = NOBODY) -> str:
    """Make HTML of what a person wrote: tags that every mail program shows, no attribute but href and start.

    `names` are those behind the ids that `mentioned` finds: mentions become plain words.
    """
    groups = groupby(parts(block, names), key=lambda part: part.listed)
    return "".join(_lists(group) if listed else "".join(map(_part, group)) for listed, group in groups)


def plain(block: Mapping[str, Any] | None, names: Names = NOBODY) -> str:
    """Read it as plain text: marks before items and quotes, addresses behind links."""
    return "\n".join(line for part in parts(block, names) for line in _plain(part))


@dataclass(slots=True)
class _Open:
    """A list whose last item may still take another list in."""

    kind: str
    depth: int
    next: int

    def goes_on_with(self, part: Part) -> bool:
        return self.kind == part.kind and (part.kind == "bullet" or part.first == self.next)

    @property
    def end(self) -> str:
        return "</li></ul>" if self.kind == "bullet" else "</li></ol>"


def _lists(group: Iterable[Part]) -> str:
    """Slack writes lists one after the other, each with its depth; HTML puts one into an item of the other.

    After a deeper list the outer one goes on: Slack says so with an `offset` in numbered ones.
    """
    made: list[str] = []
    stack: list[_Open] = []
    for part in group:
        while stack and (
            stack[-1].depth > part.depth
            or (stack[-1].depth == part.depth and not stack[-1].goes_on_with(part))
        ):
            made.append(stack.pop().end)
        begun = not stack or stack[-1].depth < part.depth
        if begun:
            stack.append(_Open(part.kind, part.depth, part.first))
            made.append(_begin(part))
        for number, item in enumerate(part.items):
            made.append("<li>" if begun and number == 0 else "</li><li>")
            made.append(_lines(broken(item)))
        stack[-1].next += len(part.items)
    return "".join(made + [one.end for one in reversed(stack)])


def _begin(part: Part) -> str:
    if part.kind == "bullet":
        return "<ul>"
    return "<ol>" if part.first == 1 else f'<ol start="{part.first}">'


def _part(part: Part) -> str:
    runs = part.items[0]
    if part.kind == "pre":
        code = "".join(_linked(run.url, escape(run.text, quote=False)) for run in runs)
        first = "\n" if code.startswith("\n") else ""  # HTML drops one newline there
        return f"<pre>{first}{code}</pre>"
    paragraphs = groupby(broken(runs), key=bool)
    made = "".join(f"<p>{_lines(list(lines))}</p>" for filled, lines in paragraphs if filled)
    return f"<blockquote>{made}</blockquote>" if part.kind == "quote" else made


def _lines(lines: list[list[Run]]) -> str:
    return "<br>".join(_line(line) for line in lines)


def _line(runs: list[Run]) -> str:
    made, after_space = [], True
    for url, group in groupby(runs, key=lambda run: run.url):
        inside = ""
        for run in group:
            text, after_space = _spaced(run.text, after_space=after_space)
            inside += _styled(escape(text, quote=False), run.styles)
        made.append(_linked(url, inside))
    return "".join(made)


def _spaced(text: str, *, after_space: bool) -> tuple[str, bool]:
    """Keep what HTML would make one space of: every second one, and the first of a line, does not break."""
    made = ""
    for sign in text.replace("\t", "    "):
        made += "\u00a0" if sign == " " and after_space else sign
        after_space = sign == " " and not after_space
    return made, after_space


def _styled(escaped: str, styles: frozenset[str]) -> str:
    for style, tag in reversed(_TAGS.items()):
        if style in styles:
            escaped = f"<{tag}>{escaped}</{tag}>"
    return escaped


def _linked(url: str, inside: str) -> str:
    return f'<a href="{escape(url)}">{inside}</a>' if url else inside


def _plain(part: Part) -> list[str]:
    lines: list[str] = []
    for number, item in enumerate(part.items, part.first):
        if part.kind == "pre":
            return "".join(run.text for run in item).strip("\n").split("\n")
        mark = {"bullet": "• ", "ordered": f"{number}. ", "quote": "> "}.get(part.kind, "")
        others = mark if part.kind == "quote" else " " * len(mark)
        for place, line in enumerate(broken(item) or [[]]):
            lines.append("    " * part.depth + (others if place else mark) + _words(line))
    return [line.rstrip() for line in lines]


def _words(line: list[Run]) -> str:
    made = ""
    for url, group in groupby(line, key=lambda run: run.url):
        words = "".join(run.text for run in group)
        named = url.partition(":")[2].strip("/") in words
        made += words if not url or named else f"{words} ({url.removeprefix('mailto:')})"
    return made
