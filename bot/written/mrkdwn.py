"""The text of a message in Slack's own markup → the elements of a `rich_text` block.

People's messages have blocks; only those of apps need this.
https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from bot import richtext
from bot.richtext import Element

_FENCE = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
_QUOTE = re.compile(r"&gt; ?(.*)")
_ITEM = re.compile("( *)(?:[•◦▪]\ufe0e?|(\\d{1,6})[.)]) +(.*)")
_BEFORE, _AFTER = r"(?<![^\W_])", r"(?![^\W_])"
_MARKS = {"*": "bold", "_": "italic", "~": "strike"}
_INLINE = re.compile(
    r"`(?P<code>[^`\n]+)`|<(?P<angled>[^<>\n]+)>|"
    + "|".join(
        rf"{_BEFORE}{re.escape(mark)}(?P<{style}>(?!\s)[^{re.escape(mark)}\n]+(?<!\s)){re.escape(mark)}{_AFTER}"
        for mark, style in _MARKS.items()
    )
)


def elements(text: str) -> list[Element]:
    """Read a message's text."""
    made: list[Element] = []
    for number, piece in enumerate(_FENCE.split(text)):
        if number % 2:
            made.append({"type": "rich_text_preformatted", "elements": [richtext.text(_words(piece))]})
        else:
            made += _lines(piece)
    return made


@dataclass(frozen=True, slots=True)
class _Line:
    words: str
    kind: str = "rich_text_section"
    depth: int = 0
    number: int = 1


def _lines(text: str) -> Iterator[Element]:
    read = [_line(line) for line in text.split("\n")]
    for (kind, depth), group in groupby(read, key=lambda line: (line.kind, line.depth)):
        lines = list(group)
        sections = [richtext.section(*_inline(line.words, {})) for line in lines]
        if kind in ("bullet", "ordered"):
            number = lines[0].number
            yield {
                "type": "rich_text_list",
                "style": kind,
                "indent": depth,
                "offset": number - 1,
                "elements": sections,
            }
        else:
            words = "\n".join(line.words for line in lines)
            yield {"type": kind, "elements": [*_inline(words, {})]}


def _line(line: str) -> _Line:
    if quoted := _QUOTE.fullmatch(line):
        return _Line(quoted[1], "rich_text_quote")
    if item := _ITEM.fullmatch(line):
        kind = "ordered" if item[2] else "bullet"
        return _Line(item[3], kind, len(item[1]) // 4, int(item[2] or 1))
    return _Line(line)


def _inline(text: str, style: dict[str, bool]) -> Iterator[Element]:
    place = 0
    for found in _INLINE.finditer(text):
        if found.start() > place:
            yield richtext.text(_words(text[place : found.start()]), **style)
        place = found.end()
        kind, inside = str(found.lastgroup), found[str(found.lastgroup)]
        if kind == "code":
            yield richtext.text(_words(inside), **style, code=True)
        elif kind == "angled":
            yield _angled(inside, style)
        else:
            yield from _inline(inside, {**style, kind: True})
    if place < len(text):
        yield richtext.text(_words(text[place:]), **style)


def _angled(inside: str, style: dict[str, bool]) -> Element:
    """What stands between < and >: a mention, a link, a time."""
    target, _, label = inside.partition("|")
    name, label = target[1:], _unescaped(label)
    if target[0] in "@#!" and label:
        sign = target[0].replace("!", "")
        return richtext.text(label if label.startswith(sign) else sign + label, **style)
    if target.startswith("@"):
        return {"type": "user", "user_id": name}
    if target.startswith("#"):
        return {"type": "channel", "channel_id": name}
    if target.startswith("!subteam^"):
        return {"type": "usergroup", "usergroup_id": name.removeprefix("subteam^")}
    if target.startswith("!"):
        return richtext.text("@" + name.partition("^")[0], **style)
    url = _unescaped(target)
    return richtext.link(url, label or url.removeprefix("mailto:"), **style)


def _words(text: str) -> str:
    """Text without markup; in code, Slack still writes links between < and >."""
    return _unescaped(re.sub(r"<(?:[^<>|\n]*\|)?([^<>\n]+)>", r"\1", text))


def _unescaped(text: str) -> str:
    """Exactly these three: https://docs.slack.dev/messaging/formatting-message-text#escaping"""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
