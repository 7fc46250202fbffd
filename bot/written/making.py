"""Everything else → a `rich_text` block: an initial value of the field, or what a message shows."""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot import mail, richtext
from bot.redact import cut
from bot.richtext import Element
from bot.written import mrkdwn
from bot.written.reading import NOBODY, Names, Part, Run, blank, clean, mentions, parts, trimmed

Block = dict[str, object]

_MOST = 40_000
"""Characters of JSON in an initial value; a "…" stands for the rest. A view of over 250,000 is refused."""
_LEAF = 10_000
"""Characters in one leaf."""


def from_text(text: str) -> Block | None:
    """Make an initial value of plain text; None of one that says nothing: Slack has no empty block."""
    return _block([Part("text", (trimmed([Run(clean(text))]),))])


def from_html(html: str) -> Block | None:
    """Make an initial value of a body, as far as the field can show it; None of one that says nothing."""
    return _block(_read(mail.lines(html)))


def from_message(message: Mapping[str, Any], names: Names = NOBODY) -> Block | None:
    """Make an initial value of any message of Slack's; None of one without words, a picture for example."""
    return _block(parts(_said(message), names))


def mentioned(written: Mapping[str, Any] | None) -> set[str]:
    """Find the ids of people, user groups and channels, in a block or in a message, that need names."""
    message = written is not None and "elements" not in written
    return mentions(_said(written) if message and written else written)


def _said(message: Mapping[str, Any]) -> Block:
    """The rich text of a message as Slack sent it, or its text where it has none."""
    blocks = message.get("blocks")
    found: list[object] = []
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, Mapping) and block.get("type") == "rich_text":
            inner = block.get("elements")
            found += inner if isinstance(inner, list) else []
    text = message.get("text")
    if not found and isinstance(text, str):
        found += mrkdwn.elements(text)
    return {"type": "rich_text", "elements": found}


def shown(block: Mapping[str, Any] | None, budget: int, names: Names = NOBODY) -> list[Element]:
    """Make the elements of a message block of what a person wrote, in at most `budget` characters of JSON.

    What does not fit is left out behind a "…". Mentions are words here, so nothing in it pings anybody.
    """
    return _fitted(parts(block, names), budget)


def _fitted(read: list[Part], budget: int) -> list[Element]:
    more = richtext.section(richtext.text("…"))
    left = budget - _cost(more)
    made: list[Element] = []
    for part in read if left >= 0 else ():
        element = _element(part)
        if _cost(element) > left:
            return [*made, _cut(part, left) or more]
        left -= _cost(element)
        made.append(element)
    return made


def _cost(element: Element) -> int:
    return len(json.dumps(element, ensure_ascii=False)) + len(", ")


def _cut(part: Part, room: int) -> Element | None:
    """As much of the part as fits in the room, with "…" behind it; None where it is nothing."""
    size = sum(len(run.text) for item in part.items for run in item)
    most = bisect_right(range(1, size), room, key=lambda kept: _cost(_element(_first(part, kept))))
    most = cut("".join(run.text for item in part.items for run in item), most)
    return _element(_first(part, most)) if most else None


def _first(part: Part, kept: int) -> Part:
    """The first characters of a part, so many."""
    items = []
    for item in part.items:
        runs = []
        for run in item:
            if kept > 0:
                text = run.text if len(run.text) < kept else run.text[:kept].rstrip() + "…"
                runs.append(Run(text, run.styles, run.url))
            kept -= len(run.text)
        if runs:
            items.append(tuple(runs))
    return replace(part, items=tuple(items))


def _block(read: list[Part]) -> Block | None:
    made: Block = {"type": "rich_text", "elements": _fitted(read, _MOST)}
    return None if blank(made) else made


def _element(part: Part) -> Element:
    if part.listed:
        items = [richtext.section(*_leaves(item or (Run(" "),))) for item in part.items]
        made: Element = {"type": "rich_text_list", "style": part.kind, "elements": items}
        if part.depth:
            made["indent"] = part.depth
        if part.first > 1:
            made["offset"] = part.first - 1
        return made
    kinds = {"quote": "rich_text_quote", "pre": "rich_text_preformatted"}
    return {"type": kinds.get(part.kind, "rich_text_section"), "elements": [*_leaves(part.items[0])]}


def _leaves(runs: Iterable[Run]) -> Iterator[Element]:
    for run in runs:
        style = dict.fromkeys(
            sorted(run.styles - {"underline"}), True
        )  # people can, not all of Slack's references let apps
        for start in range(0, len(run.text), _LEAF):
            text = run.text[start : start + _LEAF]
            yield richtext.link(run.url, text, **style) if run.url else richtext.text(text, **style)


@dataclass(slots=True)
class _Group:
    """Lines that are one part."""

    first: mail.Line
    items: list[list[Run]]

    def takes(self, line: mail.Line) -> bool:
        if (self.first.kind, self.first.depth) != (line.kind, line.depth):
            return False
        return line.kind != "ordered" or line.continues or line.number == self.first.number + len(self.items)

    @property
    def part(self) -> Part:
        number = self.first.number if self.first.kind == "ordered" else 1
        return Part(self.first.kind, tuple(map(tuple, self.items)), self.first.depth, number)


def _read(lines: Iterable[mail.Line]) -> list[Part]:
    """The parts of a body. A link is not told on here, as it is in mails: what is added would be mailed."""
    groups: list[_Group] = []
    breaks = 0
    for line in lines:
        breaks += 1
        if not line.runs:
            continue
        if not groups or not groups[-1].takes(line):
            groups.append(_Group(line, []))
        items = groups[-1].items
        if items and (line.continues or line.kind not in ("bullet", "ordered")):
            items[-1].append(Run("\n" * breaks))
        else:
            items.append([])
        items[-1] += [Run(run.text, run.styles, run.url) for run in line.runs]
        breaks = 0
    return [group.part for group in groups]
