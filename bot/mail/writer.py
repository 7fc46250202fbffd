"""Puts a mail's text down in lines while its tree is walked."""

import re
from dataclasses import dataclass

from bot.mail import links, tags
from bot.mail.lines import Line, Run, tidied
from bot.mail.tags import BLOCKS, SPACED, Attributes
from bot.mail.text import cleaned

_BLANK = re.compile(r"[ \t\r\n\f\v\u00a0]+")
# What no text holds once it is cleaned: the border between two cells, and a line's end within one.
_CELL, _SOFT = Run("\x1f"), Run("\x1e")


@dataclass(slots=True)
class Item:
    """An item of a list, of which one line may bear the mark."""

    number: int = 1
    begun: bool = False


@dataclass(slots=True)
class Numbers:
    """How far a list has counted."""

    following: int = 1


@dataclass(frozen=True, slots=True)
class Around:
    """What encloses the node at hand."""

    kind: str = "text"
    depth: int = 0
    styles: frozenset[str] = frozenset()
    url: str = ""
    part: str = ""
    table: str = ""
    tiny: bool = False
    numbers: Numbers | None = None
    item: Item | None = None


class Writer:
    """Takes the tags and the text in their order. `size` is in characters."""

    def __init__(self, *, keep_newlines: bool) -> None:
        self._lines: list[Line] = []
        self._line: Line | None = None
        self._keep = keep_newlines
        self._gap = False
        self._within_cell = False
        self._table = ""
        self.size = 0

    @property
    def count(self) -> int:
        """Lines that are finished."""
        return len(self._lines)

    def enter(self, name: str, attributes: Attributes, around: Around) -> None:
        """Begin a tag."""
        if name == "br":
            self._end(blank=True)
        elif name == "img":
            self._image(attributes, around)
        elif name in ("td", "th"):
            self._cell(around)
        elif name in BLOCKS:
            self._end()
            in_item = around.kind in ("bullet", "ordered") and name not in ("ul", "ol")
            spaced = name in SPACED and around.depth == 0 and not in_item
            self._gap = self._gap or (spaced and not self._within_cell)

    def leave(self, name: str, around: Around) -> None:
        """End a tag; `around` is what encloses it."""
        if name in ("td", "th", "tr", "table"):
            self._within_cell = False
        if name in BLOCKS:
            self._end()
            spaced = name in SPACED and around.kind not in ("bullet", "ordered")
            self._gap = self._gap or (spaced and not self._within_cell)

    def write(self, text: str, around: Around) -> None:
        """Put text down."""
        if around.tiny:
            return
        if around.kind == "pre" or self._keep:
            first, *others = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            self._append(cleaned(first), around)
            for other in others:
                self._end(blank=True)
                self._append(cleaned(other), around)
        else:
            self._append(_BLANK.sub(" ", cleaned(_BLANK.sub(" ", text))), around)

    def finished(self) -> list[Line]:
        """All lines."""
        self._within_cell = False
        self._end()
        return tidied(self._lines)

    def _append(self, text: str, around: Around, image: str = "") -> None:
        text = text.replace("\u00a0", " ")
        runs = self._line.runs if self._line else []
        if not runs or runs[-1] is _CELL or runs[-1] is _SOFT:
            text = text if around.kind == "pre" else text.lstrip()
            if not text:
                return
            self._line = self._line or self._begun(around)
        elif text.startswith(" ") and runs[-1].text.endswith(" ") and around.kind != "pre":
            text = text[1:]
        if text and self._line is not None:
            self._line.runs.append(Run(text, around.styles, around.url, image))
            self.size += len(text)

    def _begun(self, around: Around) -> Line:
        if self._gap:
            self._blank()
        line = Line(around.kind, around.depth, part=around.part)
        if around.item is not None and around.kind in ("bullet", "ordered"):
            line.number, line.continues = around.item.number, around.item.begun
            around.item.begun = True
        return line

    def _cell(self, around: Around) -> None:
        if around.table:
            self._within_cell, self._table = True, around.table
            self._line = self._line or self._begun(Around(part=around.part))
            self._line.runs.append(_CELL)
        elif self._line is not None and self._line.filled:
            self._line.runs.append(_CELL)

    def _image(self, attributes: Attributes, around: Around) -> None:
        shown = tags.image(attributes)
        if shown is not None:
            src = attributes.get("src") or ""
            self._append(cleaned(shown), around, src if src.startswith(("http:", "https:")) else "")

    def _end(self, *, blank: bool = False) -> None:
        if self._within_cell:
            if self._line is not None and self._line.runs[-1] is not _SOFT:
                self._line.runs.append(_SOFT)
            return
        if self._line is not None and self._line.filled:
            line = self._line
            if any(run is _CELL for run in line.runs):
                line.runs = _row(line.runs, self._table)
            elif line.kind != "pre":
                line.runs = _trimmed(line.runs)
            if links.unstored(line.text) != line.text:
                _hide_stored(line)
            self._lines.append(line)
        elif blank:
            self._blank()
        self._line, self._table = None, ""

    def _blank(self) -> None:
        if self._lines and self._lines[-1].runs:
            self._lines.append(Line())
        self._gap = False


def _row(runs: list[Run], table: str) -> list[Run]:
    """Set the cells of a row apart; only a real table's empty ones keep their place."""
    if runs[0] is _CELL:
        runs = runs[1:]
    joined: list[Run] = []
    for cell in _split(runs, _CELL):
        parts = [trimmed for one in _split(cell, _SOFT) if (trimmed := _trimmed(one))]
        if not parts and table == "real":
            parts = [[Run("–")]]
        content = [run for one in parts for run in (Run(" / "), *one)][1:]
        if content:
            named = bool(joined) and joined[-1].text.endswith((":", "："))
            joined += [Run(" " if named else " | "), *content]
    return joined[1:]


def _split(runs: list[Run], border: Run) -> list[list[Run]]:
    pieces: list[list[Run]] = [[]]
    for run in runs:
        if run is border:
            pieces.append([])
        else:
            pieces[-1].append(run)
    return pieces


def _trimmed(runs: list[Run]) -> list[Run]:
    """Without blanks at the end."""
    while runs and runs[-1].text.isspace():
        runs.pop()
    if runs:
        runs[-1].text = runs[-1].text.rstrip()
    return runs


def _hide_stored(line: Line) -> None:
    for run in line.runs:
        run.text = links.unstored(run.text)
    if links.unstored(line.text) != line.text:  # it was spread over several styles
        line.runs = [Run(links.unstored(line.text))]
