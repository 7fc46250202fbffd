"""Lines of a mail → the elements of Slack's `rich_text` block, within a budget. Pure.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from bot import mail, redact

Element = dict[str, object]

_OVERHEAD = 120
"""Characters of JSON that a section or a list costs before it says anything."""
_ITEM = 52
"""And an item of a list."""
_BREAK = 40
"""And the end of a line."""
_PIECE = 300
"""Characters of a run that are never parted."""
_WORD = re.compile(r"\S+")


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
    """Make the elements of a `rich_text` block of all of a mail; say whether all of it is in them."""
    read = mail.lines(html, most=budget)
    built, whole = build(read, budget)
    return built, whole and sum(len(line.text) for line in read) <= budget


def build(lines: list[mail.Line], budget: int) -> tuple[list[Element], bool]:
    """Make the elements of a `rich_text` block of lines; say whether all of them are in it.

    `budget` is in characters of JSON, because that is how Slack measures a message.
    """
    told = [_told(line) for line in lines]
    built, whole = _built(told, budget)
    if not whole and (before := _before(told, built)):
        built, _ = _built(before, budget)
    return built, whole


def _built(lines: list[mail.Line], budget: int) -> tuple[list[Element], bool]:
    limit = _Budget(budget)
    built: list[Element] = []
    for group in _groups(lines):
        limit.left -= _OVERHEAD
        if limit.left <= 0:
            limit.spent = True
            break
        made = _group(group, limit)
        if made is not None:
            built.append(made)
        if limit.spent:
            break
    return built, not limit.spent


def _before(lines: list[mail.Line], built: list[Element]) -> list[mail.Line]:
    """The lines up to what is hidden from Slack, where what was built of them ends within it; else none.

    How far they were built is counted in letters: what stands between them is not the same in both.
    """
    words, said = "\n".join(line.text for line in lines), "".join(_said(built)).removesuffix("…")
    letters, end = sum(map(len, said.split())), 0
    for word in _WORD.finditer(words):
        if letters <= 0:
            break
        end = min(word.end(), word.start() + letters)
        letters -= end - word.start()
    left = redact.cut(words, end)
    before: list[mail.Line] = []
    for line in lines if left < end else ():
        first, rest = _parted(line.runs, left)
        before.append(replace(line, runs=[*first, mail.Run("…")] if rest else first))
        left -= len(line.text) + 1
        if left < 0:
            break
    return before


def _said(elements: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for one in elements:
        yield from _said(one["elements"]) if "elements" in one else (str(one["text"]),)


def parts(lines: list[mail.Line], budget: int) -> list[list[Element]]:
    """Make as many lists of elements as it takes to say all, each within `budget` characters of JSON.

    What is hidden from Slack is left out of several, for it may begin in one and end in the next.
    """
    told = [_told(line) for line in lines]
    made = _parts(told, budget)
    return made if len(made) < 2 else _parts(_veiled(told), budget)


def _parts(lines: list[mail.Line], budget: int) -> list[list[Element]]:
    made: list[list[Element]] = []
    waiting: list[mail.Line] = []
    cost = 0
    for line in (piece for one in lines for piece in _pieces(one, budget - 400)):
        costs = _OVERHEAD + _ITEM + sum(_cost(_leaf(run)) for run in line.runs) + _BREAK
        if waiting and cost + costs > budget:
            made.append(_built(waiting, budget)[0])
            waiting, cost = [], 0
        waiting.append(line)
        cost += costs
    return [part for part in (*made, _built(waiting, budget)[0]) if part]


def _veiled(lines: list[mail.Line]) -> list[mail.Line]:
    said = iter(redact.veiled([text for line in lines for text in (*(run.text for run in line.runs), "\n")]))
    made: list[mail.Line] = []
    for line in lines:
        runs = [replace(run, text=next(said)) for run in line.runs]
        made.append(replace(line, runs=[run for run in runs if run.text]))
        next(said)
    return made


def section(*leaves: Element) -> Element:
    """A run of leaves in one paragraph."""
    return {"type": "rich_text_section", "elements": list(leaves)}


def text(content: str, **style: bool) -> Element:
    """A leaf of text."""
    return {"type": "text", "text": content, **({"style": style} if style else {})}


def link(url: str, content: str, **style: bool) -> Element:
    """A leaf that links."""
    return {"type": "link", "url": url, "text": content, **({"style": style} if style else {})}


def _groups(lines: list[mail.Line]) -> Iterator[list[mail.Line]]:
    """Lines that make one element. A list's item of a number out of turn begins another."""
    group: list[mail.Line] = []
    for line in _closed_up(lines):
        if group and not _follows(group[-1], line):
            yield group
            group = []
        # What stands behind a list in the item around it: Slack has no place for that in a list.
        stray = line.continues and not group
        group.append(replace(line, kind="text", depth=0, continues=False) if stray else line)
    if group:
        yield group


def _closed_up(lines: list[mail.Line]) -> Iterator[mail.Line]:
    """A blank line within a quote or within preformatted text belongs to it."""
    for at, line in enumerate(lines):
        if not line.runs and 0 < at < len(lines) - 1:
            kinds = {lines[at - 1].kind, lines[at + 1].kind}
            yield replace(line, kind=kinds.pop()) if len(kinds) == 1 and kinds <= {"quote", "pre"} else line
        else:
            yield line


def _follows(before: mail.Line, line: mail.Line) -> bool:
    if (before.kind, before.depth) != (line.kind, line.depth):
        return False
    return line.kind != "ordered" or line.continues or line.number == before.number + 1


def _group(lines: list[mail.Line], limit: _Budget) -> Element | None:
    first = lines[0]
    if first.kind in ("bullet", "ordered"):
        items = [section(*leaves) for item in _items(lines) if (leaves := _item(item, limit))]
        made: Element = {"type": "rich_text_list", "style": first.kind, "elements": items}
        if first.depth:
            made["indent"] = first.depth
        if first.kind == "ordered" and first.number > 1:
            made["offset"] = first.number - 1
        return made if items else None
    leaves = _leaves(lines, limit)
    if first.kind == "pre":
        leaves = [text("".join(str(leaf["text"]) for leaf in leaves))] if leaves else []
    wrapped = {"quote": "rich_text_quote", "pre": "rich_text_preformatted"}
    return {"type": wrapped.get(first.kind, "rich_text_section"), "elements": leaves} if leaves else None


def _items(lines: list[mail.Line]) -> list[list[mail.Line]]:
    """The lines of each item."""
    items: list[list[mail.Line]] = []
    for line in lines:
        if line.continues and items:
            items[-1].append(line)
        else:
            items.append([line])
    return items


def _item(lines: list[mail.Line], limit: _Budget) -> list[Element]:
    limit.left -= _ITEM
    return _leaves(lines, limit)


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


def _joined(runs: Iterable[mail.Run]) -> Iterator[mail.Run]:
    """Neighbours of one look become one leaf."""
    for (url, styles), neighbours in groupby(runs, key=lambda run: (run.url, run.styles)):
        yield mail.Run("".join(run.text for run in neighbours), styles, url)


def _told(line: mail.Line) -> mail.Line:
    """A link that claims another host is followed by the true one; a line from right to left is isolated.

    Slack lays a whole message out by its first letters: without that, the full stops go to the wrong side.
    """
    runs: list[mail.Run] = []
    for url, neighbours in groupby(line.runs, key=lambda run: run.url):
        group = list(neighbours)
        runs += group
        words = "".join(run.text for run in group)
        if url and (told := mail.honest(words, url)) != words:
            runs.append(mail.Run(told.removeprefix(words), frozenset(), url))
    if mail.right_to_left(line.text):
        runs = [mail.Run("\u2068"), *runs, mail.Run("\u2069")]
    return replace(line, runs=runs)


def _parted(runs: Iterable[mail.Run], kept: int) -> tuple[list[mail.Run], list[mail.Run]]:
    """The first characters of runs, so many, and the rest."""
    first, rest = [], []
    for run in runs:
        if run.text[:kept]:
            first.append(replace(run, text=run.text[:kept]))
        if run.text[kept:]:
            rest.append(replace(run, text=run.text[kept:]))
        kept = max(0, kept - len(run.text))
    return first, rest


def _pieces(line: mail.Line, budget: int) -> Iterator[mail.Line]:
    """Cut a line that is longer than a block; what is cut off goes on in the item."""
    runs: list[mail.Run] = []
    cost, continues = 0, line.continues
    for run in line.runs:
        for start in range(0, len(run.text), _PIECE):
            piece = replace(run, text=run.text[start : start + _PIECE])
            costs = _cost(_leaf(piece))
            if runs and cost + costs > budget:
                yield replace(line, runs=runs, continues=continues)
                runs, cost, continues = [], 0, True
            runs.append(piece)
            cost += costs
    yield replace(line, runs=runs, continues=continues)


def _leaf(run: mail.Run) -> Element:
    style = dict.fromkeys(sorted(run.styles), True)
    if run.url:
        return link(run.url, run.text, **style)
    return text(run.text, **style)
