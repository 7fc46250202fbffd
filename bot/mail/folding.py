"""What is new in a mail, and what is folded: earlier mails that it quotes, and signatures.

Three rules go before all cleverness. A mail is never folded whole. What somebody answers, between the lines
of a quote or below it, keeps its place behind what it answers. A forwarded mail is content: it is shown.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from bot.mail import links, words
from bot.mail.lines import Line, Run, plain_line, tidied
from bot.mail.reading import ENOUGH, parsed
from bot.mail.text import one_line

EARLIER, SIGNATURE = "earlier", "signature"
_MOST_IMAGES = 20
_LONG_QUOTE = 15
"""Lines of a quote that are shown whole above its answer; of a longer one the last ten."""
_KEPT_OF_IT = 10
_LONG_SIGNATURE = 15
"""Lines; what is longer behind `-- ` may be anything."""
_SNIPPED = 1000
"""Characters of a mail that a line about it is made of."""
_LONGEST_KEPT = 100_000
"""Characters of a mail that is worth keeping as it was read: 128 of them are some megabytes."""
_SHORT = 600
"""Characters of a mail that may say no more than that the rest stands below."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A mail as it is shown: its lines, what was folded of it, and whether its end was left unread."""

    lines: list[Line]
    folded: frozenset[str] = frozenset()
    cut: bool = False
    said: str = ""
    """The beginning of the writer's own words, without the quotes between them."""

    @property
    def text(self) -> str:
        """The same as plain text."""
        return "\n".join(plain_line(line) for line in self.lines).strip()


def read(html: str, most: int = ENOUGH, *, forwarded: bool = False) -> Reading:
    """Read a mail and fold what is not new. `forwarded`: its subject says that it forwards another.

    Each look reads every thread again, so what was read lately is kept; callers get a copy.
    """
    if len(html) > _LONGEST_KEPT:
        return _read(html, most, forwarded)
    reading = _kept(html, most, forwarded)
    lines = [replace(line, runs=[replace(run) for run in line.runs]) for line in reading.lines]
    return replace(reading, lines=lines)


def _read(html: str, most: int, forwarded: bool) -> Reading:
    lines, cut = parsed(html, most)
    parts = _parts(lines, forwarded)
    own = [at for at, line in enumerate(lines) if line.filled and parts[at] in ("", "forward")]
    if not own:
        return Reading(tidied([_unmarked(line) for line in lines]), cut=cut, said=_begun(lines))
    kept, folded = _fold(lines, parts, own)
    return Reading(kept, folded, cut, _begun([lines[at] for at in own]))


_kept = lru_cache(maxsize=128)(_read)


def whole(html: str, most: int) -> Reading:
    """Read a mail with all that is in it."""
    lines, cut = parsed(html, most)
    return Reading(lines, cut=cut)


def snippet(html: str, most: int = 150) -> str:
    """The beginning of what is new, in one line."""
    return one_line(read(html, max(4000, most * 2)).said, most)


def images(html: str, host: str) -> tuple[str, ...]:
    """The addresses of the images shown that lie in FreeScout's store, in order, each once, at most 20.

    `host` is FreeScout's scheme, host and port. What is folded is not shown: a logo comes with every mail.
    """
    found = (run.image for line in read(html).lines for run in line.runs if run.image)
    return tuple(dict.fromkeys(src for src in found if links.own_image(src, host)))[:_MOST_IMAGES]


def _begun(lines: list[Line]) -> str:
    return " ".join(plain_line(line) for line in lines[:100])[:_SNIPPED]


def _fold(lines: list[Line], parts: list[str], own: list[int]) -> tuple[list[Line], frozenset[str]]:
    said = " ".join(lines[at].text for at in own)
    pointed = len(said) <= _SHORT and words.points_below(said)
    kept: list[Line] = []
    quoted: list[Line] = []
    folded: set[str] = set()
    for at, (line, part) in enumerate(zip(lines, parts, strict=True)):
        if part == "quote" and (at < own[-1] or pointed):
            quoted.append(_unmarked(line, "quote"))
            continue
        folded |= _put(quoted, kept)
        quoted = []
        if part == "signature" or (part in ("history", "quote") and not pointed):
            folded |= {SIGNATURE if part == "signature" else EARLIER} if line.filled else set()
        elif part == "attribution" and at > own[-1] and not pointed:
            folded.add(EARLIER)
        else:
            if part == "forward" and parts[at - 1] != part:
                kept.append(Line())
            kept.append(line)
    folded |= _put(quoted, kept)
    return tidied(kept), frozenset(folded)


def _put(quoted: list[Line], kept: list[Line]) -> set[str]:
    """Show a quote that was answered; of a long one the end, so that its answer is not lost behind it."""
    filled = [at for at, line in enumerate(quoted) if line.filled]
    if len(filled) <= _LONG_QUOTE:
        kept += quoted
        return set()
    kept += [Line("quote", runs=[Run("[…]")]), *quoted[filled[-_KEPT_OF_IT] :]]
    return {EARLIER}


def _unmarked(line: Line, kind: str = "") -> Line:
    """A line of a quote without the mark that plain text has for it."""
    kind = kind if line.kind == "text" else line.kind
    if not line.text.startswith(">"):
        return replace(line, kind=kind) if kind and line.runs else line
    left = len(line.text) - len(line.text[1:].lstrip())
    runs = []
    for run in line.runs:
        taken = min(left, len(run.text))
        left -= taken
        if run.text[taken:]:
            runs.append(replace(run, text=run.text[taken:]))
    return replace(line, kind="quote", runs=runs)


def _parts(lines: list[Line], forwarded: bool) -> list[str]:
    """Whose words each line holds: nothing for the writer's, else what it is."""
    parts = [line.part or ("quote" if _marked(line) else "") for line in lines]
    _spare_few_marks(lines, parts)
    start, rest = _earlier(lines, parts, forwarded)
    while start and (not lines[start - 1].filled or _rule(lines[start - 1].text)):
        start -= 1
    parts[start:] = [rest] * (len(lines) - start)
    _sign(lines, parts)
    return parts


def _marked(line: Line) -> bool:
    return line.kind in ("text", "pre") and line.text.startswith(">")


def _rule(text: str) -> bool:
    """A line that is drawn, of three signs or more."""
    return len(text) > 2 and not text.strip("_-=*─—– ")


def _spare_few_marks(lines: list[Line], parts: list[str]) -> None:
    """Leave alone what merely begins with `>`: one line of it, or what a colon has announced."""
    at = 0
    while at < len(lines):
        end = at
        while end < len(lines) and (_marked(lines[end]) or (end > at and not lines[end].filled)):
            end += 1
        if end > at:
            count = sum(line.filled for line in lines[at:end])
            above = _above(lines, at)
            announced = above.endswith((":", "："))
            attributed = announced and words.attributes(_joined_above(lines, at), quote_follows=True)
            if not attributed and (count == 1 or announced):
                parts[at:end] = [""] * (end - at)
        at = max(end, at + 1)


def _above(lines: list[Line], at: int) -> str:
    return next((line.text.rstrip() for line in reversed(lines[max(0, at - 3) : at]) if line.filled), "")


def _joined_above(lines: list[Line], at: int) -> str:
    return " ".join(line.text for line in lines[max(0, at - 4) : at] if line.filled)[-400:]


def _earlier(lines: list[Line], parts: list[str], forwarded: bool) -> tuple[int, str]:
    """Where all the rest is an earlier mail (`history`) or a forwarded one (`forward`).

    Marks the announcements of quotes on the way.
    """
    kind = "forward" if forwarded else "history"
    before = ""
    for at, line in enumerate(lines):
        if not line.filled:
            continue
        begins = parts[at] != before
        if begins and parts[at] == "quote" and before != "attribution":
            if forwarded or words.forwards(line.text.lstrip("> ")):
                return at, "forward"
        elif parts[at] not in ("quote", "signature"):
            if words.forwards(line.text):
                return at, "forward"
            if _heads(lines, parts, at):
                return at, kind
            first = _announces(lines, parts, at)
            if first is not None and (forwarded or _follower(lines, parts, at) != "quote"):
                return first, kind
            if first is not None:
                parts[first : at + 1] = ["attribution"] * (at + 1 - first)
        before = parts[at]
    parts[:] = ["" if part == "header" else part for part in parts]
    return len(lines), kind


def _heads(lines: list[Line], parts: list[str], at: int) -> bool:
    """Whether an earlier mail begins here, with a head or with a line of its own."""
    texts = [line.text for line in lines[at : at + 12] if line.filled][:6]
    if parts[at] == "header" and sum(":" in text or "：" in text for text in texts) > 1:
        return True
    return words.breaks_off(lines[at].text) or words.heads(texts)


def _follower(lines: list[Line], parts: list[str], at: int) -> str:
    return next((parts[n] for n in range(at + 1, min(len(lines), at + 4)) if lines[n].filled), "")


def _announces(lines: list[Line], parts: list[str], at: int) -> int | None:
    """Where the announcement of a quote begins that ends here, wrapped over three lines at most."""
    quote_follows = _follower(lines, parts, at) == "quote"
    if parts[at] == "attribution":
        text = lines[at].text.rstrip()
        return at if text.endswith((":", "：")) or quote_follows else None
    for first in range(at, max(-1, at - 3), -1):
        if not lines[first].filled:
            return None
        text = " ".join(line.text.strip() for line in lines[first : at + 1])
        if words.attributes(text, quote_follows=quote_follows):
            return _wrapped(lines, first, at)
    return None


def _wrapped(lines: list[Line], first: int, at: int) -> int:
    """Take in the line above that belongs to an announcement which names no time itself."""
    text = " ".join(line.text for line in lines[first : at + 1])
    above = lines[first - 1].text if first else ""
    return first - 1 if not words.timed(text) and words.timed(above) and len(above) < 200 else first


def _sign(lines: list[Line], parts: list[str]) -> None:
    """Mark signatures among the writer's own lines."""
    ends, filled = _stretches(lines, parts)
    at = 0
    while at < len(lines):
        line, end = lines[at], at
        if parts[at] == "" and line.filled:
            if words.delimits(line.text):
                end = ends[at] if filled[at] <= _LONG_SIGNATURE else at
            elif words.disclaims(line.text):
                end = next((n for n in range(at, ends[at]) if not lines[n].filled), ends[at])
            elif words.signs(line.text):
                end = at + 1
            parts[at:end] = ["signature"] * (end - at)
        at = max(end, at + 1)


def _stretches(lines: list[Line], parts: list[str]) -> tuple[list[int], list[int]]:
    """For each line: where the writer's own lines around it end, and how many are left of them."""
    ends, filled = [len(lines)] * len(lines), [0] * len(lines)
    end, count = len(lines), 0
    for at in range(len(lines) - 1, -1, -1):
        if parts[at] not in ("", "signature"):
            end, count = at, 0
        else:
            count += lines[at].filled
        ends[at], filled[at] = end, count
    return ends, filled
