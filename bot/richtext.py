"""Lines of a mail → the elements of Slack's `rich_text` block, within a budget. Pure.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby

from bot import mail

Element = dict[str, object]

_OVERHEAD = 120
"""Characters of JSON that a section or a list costs before it says anything."""
_ITEM = 52
"""And an item of a list."""


@dataclass(slots=True)
class _Budget:
    left: int
    spent: bool = field(default=False)

    def clip(self, element: Element) -> Element | None:
        """Take a leaf's cost, and shorten its text to what is left; None where nothing is."""
        cost = _cost(element)
        if cost <= self.left:
            self.left -= cost
            return element
        kept = str(element["text"])[: max(0, self.left)]
        while kept and (over := _cost({**element, "text": kept + "…"}) - self.left) > 0:
            kept = kept[: len(kept) - max(1, over // 6)]  # what JSON escapes costs up to six
        self.left, self.spent = 0, True
        return {**element, "text": kept.rstrip() + "…"} if kept.strip() else None


def _cost(element: Element) -> int:
    return len(json.dumps(element, ensure_ascii=False)) + len(", ")


def elements(html: str, budget: int) -> tuple[list[Element], bool]:
    """Make the elements of a `rich_text` block; say whether all of the mail is in them.

    `budget` is in characters of JSON, because that is how Slack measures a message.
    """
    limit = _Budget(budget)
    read = mail.lines(html, most=budget)
    built: list[Element] = []
    for (kind, depth), group in groupby(read, key=lambda line: (line.kind, line.depth)):
        limit.left -= _OVERHEAD
        if limit.left <= 0:
            limit.spent = True
            break
        made = _group(kind, depth, list(group), limit)
        if made is not None:
            built.append(made)
        if limit.spent:
            break
    whole = not limit.spent and sum(len(line.text) for line in read) <= budget
    return built, whole


def section(*leaves: Element) -> Element:
    """A run of leaves in one paragraph."""
    return {"type": "rich_text_section", "elements": list(leaves)}


def text(content: str, **style: bool) -> Element:
    """A leaf of text."""
    return {"type": "text", "text": content, **({"style": style} if style else {})}


def link(url: str, content: str, **style: bool) -> Element:
    """A leaf that links."""
    return {"type": "link", "url": url, "text": content, **({"style": style} if style else {})}


def _group(kind: str, depth: int, lines: list[mail.Line], limit: _Budget) -> Element | None:
    if kind in ("bullet", "ordered"):
        items = [section(*leaves) for line in lines if (leaves := _item(line, limit))]
        made: Element = {"type": "rich_text_list", "style": kind, "elements": items}
        if depth:
            made["indent"] = depth
        return made if items else None
    leaves = _leaves(lines, limit)
    if kind == "pre":
        leaves = [text("".join(str(leaf["text"]) for leaf in leaves))] if leaves else []
    wrapped = {"quote": "rich_text_quote", "pre": "rich_text_preformatted"}.get(kind, "rich_text_section")
    return {"type": wrapped, "elements": leaves} if leaves else None


def _item(line: mail.Line, limit: _Budget) -> list[Element]:
    limit.left -= _ITEM
    return _leaves([line], limit)


def _leaves(lines: list[mail.Line], limit: _Budget) -> list[Element]:
    runs = [run for line in _trimmed(lines) for run in (mail.Run("\n"), *line.runs)][1:]
    made: list[Element] = []
    for run in _joined(runs):
        leaf = limit.clip(_leaf(run))
        if leaf is not None:
            made.append(leaf)
        if limit.spent:
            break
    return made


def _trimmed(lines: list[mail.Line]) -> list[mail.Line]:
    """Without blank lines at either end: Slack sets groups apart by itself."""
    filled = [place for place, line in enumerate(lines) if line.text]
    return lines[filled[0] : filled[-1] + 1] if filled else []


def _joined(runs: Iterable[mail.Run]) -> Iterable[mail.Run]:
    """Neighbours of one look become one leaf; a link that claims another host is followed by the true one."""
    for url, neighbours in groupby(runs, key=lambda run: run.url):
        words = ""
        for styles, group in groupby(neighbours, key=lambda run: run.styles):
            part = "".join(run.text for run in group)
            words += part
            yield mail.Run(part, styles, url)
        if url and (named := mail.honest(words, url)) != words:
            yield mail.Run(named.removeprefix(words), frozenset(), url)


def _leaf(run: mail.Run) -> Element:
    style = dict.fromkeys(sorted(run.styles), True)
    if run.url:
        return link(run.url, run.text, **style)
    return text(run.text, **style)
