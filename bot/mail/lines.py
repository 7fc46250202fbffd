"""What is read of a mail: lines of runs."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Run:
    """Some text in one style, a link where `url` is set, the place of an image where `image` is."""

    text: str
    styles: frozenset[str] = frozenset()
    url: str = ""
    image: str = ""
    """The image's address."""


@dataclass(slots=True)
class Line:
    """One line: `text`, `quote`, `pre`, or an item of a list (`bullet`, `ordered`) at a depth from 0."""

    kind: str = "text"
    depth: int = 0
    runs: list[Run] = field(default_factory=list)
    number: int = 1
    """Of an ordered item."""
    continues: bool = False
    """Whether it goes on in the item of the line before."""
    part: str = ""
    """What the HTML says of it: `quote`, `attribution`, `header`, `signature`, or nothing."""

    @property
    def text(self) -> str:
        """The line without styles."""
        return "".join(run.text for run in self.runs)

    @property
    def filled(self) -> bool:
        """Whether there is anything to read in it."""
        return any(not run.text.isspace() for run in self.runs)


def plain_line(line: Line) -> str:
    """Write a line as plain text."""
    mark = {"bullet": "• ", "ordered": f"{line.number}. ", "quote": "> "}.get(line.kind, "")
    if line.continues:
        mark = " " * len(mark)
    return "  " * line.depth + mark + line.text


def tidied(lines: list[Line]) -> list[Line]:
    """Without blank lines at either end, and never two in a row."""
    kept: list[Line] = []
    for line in lines:
        if line.runs or (kept and kept[-1].runs):
            kept.append(line)
    while kept and not kept[-1].runs:
        kept.pop()
    return kept
