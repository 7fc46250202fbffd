"""HTML as it came from anywhere → lines. Nothing raises, and nothing takes long."""

import re
from collections import Counter
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.mail import links, tags
from bot.mail.lines import Line, plain_line
from bot.mail.writer import Around, Item, Numbers, Writer

_HAS_LINES = re.compile(r"<\s*(?:br|p|div|table|tr|li|ul|ol|h[1-6]|pre|blockquote|hr)\b", re.IGNORECASE)
# A tag of a hundred thousand attributes would hold the parser up for long; a long one is an image in its src.
_LONG_TAG = re.compile(r"<[a-z][^<>]{5000,}>", re.IGNORECASE)
_ALT = re.compile(r"""\balt\s*=\s*("[^"<>]{0,200}"|'[^'<>]{0,200}')""", re.IGNORECASE)
# The mark that Word writes before an item of a list, in a letter of a font of signs.
_WORD_MARK = re.compile(r"mso-list\s*:\s*ignore", re.IGNORECASE)
_WORD_BULLETS = frozenset("·o§ØüvÞ•●○▪")
ENOUGH = 40_000
"""Characters. More than Slack shows in a message, less than takes long to read."""
_TAGS = 20_000
"""Tags that are read of a body."""
_LINES = 3000
"""Lines that are read of it: folding looks at each several times."""
_NESTED = 200
"""How deep tags may stand in each other: it costs the parser the square of the depth."""
_TAG = re.compile(r"<(/?)([a-z][a-z0-9:-]*)[^<>]*>?", re.IGNORECASE)
_DEEPEST = 8
"""https://docs.slack.dev/reference/block-kit/blocks/rich-text-block#rich_text_list"""


def lines(html: str, most: int = ENOUGH) -> list[Line]:
    """Read HTML into lines, without blank ones at either end and never two blank ones in a row.

    Stops soon after `most` characters: a mail of megabytes must not hold up everybody else.
    """
    return parsed(html, most)[0]


def plain(html: str, most: int = ENOUGH) -> str:
    """Read HTML as plain text, a line for each line, earlier mails and all."""
    return "\n".join(plain_line(line) for line in lines(html, most)).strip()


def parsed(html: str, most: int) -> tuple[list[Line], bool]:
    """Read HTML into lines; say whether some of it was left unread."""
    html = _LONG_TAG.sub(_shortened, html)
    *before, _ = html.split("<", _TAGS + 1)
    cut = len(before) > _TAGS
    if cut:
        html = "<".join(before) + "…"
    writer = Writer(keep_newlines=not _HAS_LINES.search(html))
    root = LexborHTMLParser(_flattened(html)).body
    if root is not None:
        cut = not _walk(root, writer, most) or cut
    return writer.finished(), cut


def _flattened(html: str) -> str:
    """Leave out the tags that stand too deep, and keep their text; of a block its line's end stays.

    What ends by itself, such as a paragraph, does not count: the next of its kind does not stand in it.
    """
    kept: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    depth = broken = 0

    def judged(tag: re.Match[str]) -> str:
        nonlocal depth, broken
        name = tag[2].lower()
        if name in tags.FLAT:
            return tag[0]
        if not tag[1]:
            if depth < _NESTED:
                depth += 1
                kept[name] += 1
                return tag[0]
            dropped[name] += 1
        elif dropped[name]:
            dropped[name] -= 1
        else:
            if kept[name]:
                depth -= 1
                kept[name] -= 1
            return tag[0]
        if name not in tags.BLOCKS:
            return ""
        before, broken = broken, tag.end()
        return "" if before == tag.start() else "<br>"

    return _TAG.sub(judged, html) if html.count("<") > _NESTED else html


def _shortened(tag: re.Match[str]) -> str:
    if tag[0][:4].lower() != "<img":
        return ""
    alt = _ALT.search(tag[0])
    return f"<img alt={alt[1]}>" if alt else "<img>"


def _walk(root: LexborNode, writer: Writer, most: int) -> bool:
    """Visit the tree without recursion: hostile mail nests ten thousand deep. Return whether all was read."""
    stack: list[tuple[Iterator[LexborNode], Around, str]] = [(root.iter(include_text=True), Around(), "body")]
    while stack and writer.size <= most and writer.count <= _LINES:
        children, around, tag = stack[-1]
        node = next(children, None)
        if node is None:
            stack.pop()
            writer.leave(tag, stack[-1][1] if stack else around)
        elif node.tag == "-text":
            writer.write(node.text_content or "", around)
        elif (name := node.tag or "") and name not in tags.HIDDEN:
            attributes = node.attributes
            if tags.invisible(attributes):
                continue
            if _WORD_MARK.search(attributes.get("style") or ""):
                writer.write(_word_mark(node.text(deep=True)), around)
                continue
            inside = _inside(node, name, attributes, around)
            writer.enter(name, attributes, inside)
            stack.append((node.iter(include_text=True), inside, name))
    return not stack


def _word_mark(text: str) -> str:
    mark = text.strip()
    return "• " if mark in _WORD_BULLETS else f"{mark} "


def _inside(node: LexborNode, name: str, attributes: tags.Attributes, around: Around) -> Around:
    kind, depth, styles, url = around.kind, around.depth, around.styles, around.url
    numbers, item, table, part = around.numbers, around.item, around.table, around.part
    if name in ("ul", "ol"):
        depth = depth + 1 if kind in ("bullet", "ordered") else 0
        kind = "bullet" if name == "ul" else "ordered"
        numbers, item = Numbers(_number(attributes.get("start")) or 1), None
    elif name == "li" and numbers is not None:
        item = Item(_number(attributes.get("value")) or numbers.following)
        numbers.following = item.number + 1
    elif name == "blockquote":
        kind, depth, numbers, item = "quote", 0, None, None
    elif name == "pre":
        kind, depth, numbers, item = "pre", 0, None, None
    elif name == "a":
        url = links.address(attributes.get("href") or "")
    elif name == "table":
        table = tags.data_table(node)
    if name in tags.STYLES:
        styles = styles | {tags.STYLES[name]}
    if part != "quote":  # what stands in a quote is the quote's
        part = tags.part(name, attributes) or part
    vanishes = tags.font_vanishes(attributes)
    tiny = around.tiny if vanishes is None else vanishes
    return Around(kind, min(depth, _DEEPEST), styles, url, part, table, tiny, numbers, item)


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdecimal() and len(value) <= 5 else None
