"""The digest's picture: who waits how long against the limit, what came against what was answered. Pure.

No names are in it: the library's own font has Latin letters alone, and in another script a name would be
boxes. Its ground is its own, so that it reads the same in Slack's light and dark theme; its letters are
large, because a phone shows it at a third of its size.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bot.clock import spoken
from bot.daystats import Box, Waiting

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

WIDTH, HEIGHT = 1200, 720
BARS = 6
"""Waits that get a bar."""
_GROUND, _CARD, _INK, _GREY, _RULE = "#f4f5f7", "#ffffff", "#1d1c1d", "#5c5f66", "#d5d8de"
_LATE, _FINE, _NEW, _ANSWERED = "#c4314b", "#3f7fbf", "#8a93a3", "#2a8a5f"
_ALIGN = {"left": "ls", "right": "rs", "middle": "ms"}


def told(whole: Box, day: str) -> str:
    """The same in words, for those who do not see it."""
    some, said = len(whole.waiting), "nobody"
    if whole.waiting:
        late = f", {whole.lateness}" if whole.late else ""
        longest = spoken(whole.waiting[0].waited)
        said = f"{some} customer{'s' * (some > 1)}{late}, the longest for {longest}"
    first = f", median first answer {spoken(whole.median)}" if whole.median is not None else ""
    return f"Waiting now: {said}. {day}: {whole.new} new, {whole.answered} answered{first}."


def draw(whole: Box, day: str) -> bytes:
    """Draw it as a PNG; `day` says which day came before, in plain English."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - a digest a day need not cost every start

    picture = Image.new("RGB", (WIDTH, HEIGHT), _GROUND)
    pen = _Pen(ImageDraw.Draw(picture))
    pen.card(24, 24, 776, 696)
    pen.card(800, 24, 1176, 696)
    _waits(pen, whole)
    _day(pen, whole, day)
    file = io.BytesIO()
    picture.quantize(64).save(file, "PNG", optimize=True)
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class _Pen:
    canvas: Any

    def card(self, left: float, top: float, right: float, bottom: float) -> None:
        self.canvas.rounded_rectangle((left, top, right, bottom), 24, _CARD, _RULE, 2)

    def bar(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        self.canvas.rounded_rectangle((left, top, max(right, left + 12), max(bottom, top)), 6, colour)

    def line(self, x: float, top: float, bottom: float) -> None:
        at = top
        while at < bottom:
            self.canvas.line((x, at, x, min(at + 12, bottom)), _INK, 4)
            at += 20

    def write(
        self,
        at: tuple[float, float],
        words: str,
        size: int,
        *,
        colour: str = _INK,
        align: str = "left",
        bold: bool = False,
    ) -> float:
        """Write from, to or around a point on the line; return how wide it came out."""
        font = _font(size)
        stroke = max(1, size // 40) if bold else 0
        self.canvas.text(at, words, colour, font, _ALIGN[align], stroke_width=stroke, stroke_fill=colour)
        return float(font.getlength(words))

    def fitting(self, words: str, size: int, room: float) -> int:
        """The largest size up to this one at which the words have room."""
        while size > 20 and _font(size).getlength(words) > room:
            size -= 2
        return size


@lru_cache(maxsize=32)
def _font(size: int) -> "FreeTypeFont":
    from PIL import ImageFont  # noqa: PLC0415

    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # noqa: S101 - every wheel is built with FreeType
    return font


def _waits(pen: _Pen, whole: Box) -> None:
    some = len(whole.waiting)
    pen.write((56, 82), "Waiting now", 40, colour=_GREY)
    if not some:
        pen.write((400, 380), "Nobody waits", 84, colour=_ANSWERED, align="middle", bold=True)
        return
    wide = pen.write((56, 186), str(some), 108, bold=True)
    if whole.late:
        words = f"{whole.late} too long"
        size = pen.fitting(words, 60, 776 - 116 - wide)
        pen.write((88 + wide, 186), words, size, colour=_LATE, bold=True)
    _bars(pen, whole.waiting[:BARS])
    if some > BARS:
        pen.write((56, 674), f"and {some - BARS} more", 36, colour=_GREY)


def _bars(pen: _Pen, shown: Sequence[Waiting]) -> None:
    left, most, top, step = 200.0, 330.0, 262.0, 62.0
    limits = [one.limit for one in shown if one.limit]
    scale = most / max([*(one.waited for one in shown), *limits, timedelta(minutes=1)]).total_seconds()
    same = len(limits) == len(shown) and len(set(limits)) == 1
    for place, one in enumerate(shown):
        y = top + place * step
        number = f"#{one.conversation.number}"
        pen.write((184, y + 36), number, pen.fitting(number, 36, 128), align="right")
        end = left + one.waited.total_seconds() * scale
        pen.bar(left, y, end, y + 44, _LATE if one.late else _FINE)
        pen.write((744, y + 35), spoken(one.waited), 36, align="right")
        if one.limit and not same:
            pen.line(left + one.limit.total_seconds() * scale, y - 6, y + 50)
    if same:
        x = left + limits[0].total_seconds() * scale
        pen.line(x, top - 12, top + len(shown) * step - 6)
        pen.write((x, top - 22), f"limit {spoken(limits[0])}", 32, colour=_GREY, align="middle")


def _day(pen: _Pen, whole: Box, day: str) -> None:
    pen.write((832, 82), day, pen.fitting(day, 40, 312), colour=_GREY)
    base, tall = 470.0, 250.0
    scale = tall / max(whole.new, whole.answered, 1)
    for x, number, word, colour in (
        (902, whole.new, "new", _NEW),
        (1072, whole.answered, "answered", _ANSWERED),
    ):
        top = base - number * scale
        if number:
            pen.bar(x - 56, top, x + 56, base, colour)
        pen.write((x, top - 18), str(number), pen.fitting(str(number), 64, 160), align="middle", bold=True)
        pen.write((x, base + 46), word, 38, colour=_GREY, align="middle")
    pen.canvas.line((832, base, 1144, base), _RULE, 3)
    pen.write((988, 588), "median first answer", 34, colour=_GREY, align="middle")
    first = spoken(whole.median) if whole.median is not None else "none"
    pen.write((988, 660), first, pen.fitting(first, 58, 312), align="middle", bold=True)
