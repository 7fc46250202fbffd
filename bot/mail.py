"""Mail bodies: HTML as it came from anywhere ↔ text that Slack shows. Pure.

`rich_text` leaves need no escaping and cannot ping, so they are the home of everything a customer writes.
"""

import html as markup
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode


def _names(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


_HIDDEN = _names(
    "applet audio base canvas embed frame frameset head iframe link math meta noscript object",
    "script select style svg template textarea title video",
)
_BLOCKS = _names(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer",
    "form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody tfoot thead tr",
    "ul",
)
_SPACED = _names("p h1 h2 h3 h4 h5 h6 ul ol blockquote pre table")
_STYLES = {
    **dict.fromkeys(("b", "strong", "th", "h1", "h2", "h3", "h4", "h5", "h6"), "bold"),
    **dict.fromkeys(("i", "em", "cite"), "italic"),
    **dict.fromkeys(("s", "strike", "del"), "strike"),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), "code"),
}
_HAS_LINES = re.compile(r"<\s*(?:br|p|div|table|tr|li|ul|ol|h[1-6]|pre|blockquote|hr)\b", re.IGNORECASE)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
# Invisible fillers of newsletters, and the controls that turn a line of text around.
_DROPPED = dict.fromkeys(
    map(ord, "\u00ad\u200b\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\0")
)
# A tag of a hundred thousand attributes would hold the parser up for long; a long one is an image in its src.
_LONG_TAG = re.compile(r"<[a-z][^<>]{5000,}>", re.IGNORECASE)
ENOUGH = 40_000
"""Characters. More than Slack shows in a message, less than takes long to read."""
_TAGS = 20_000
"""Tags that are read of a body: deep nesting costs the parser the square of its depth."""
_BLANK = re.compile(r"[ \t\r\n\f\v\u00a0]+")


@dataclass(slots=True)
class Run:
    """Some text in one style, a link where `url` is set."""

    text: str
    styles: frozenset[str] = frozenset()
    url: str = ""


@dataclass(slots=True)
class Line:
    """One line: `text`, `quote`, `pre`, or an item of a list (`bullet`, `ordered`) at a depth from 0."""

    kind: str = "text"
    depth: int = 0
    runs: list[Run] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The line without styles."""
        return "".join(run.text for run in self.runs)

    @property
    def filled(self) -> bool:
        """Whether there is anything to read in it."""
        return any(not run.text.isspace() for run in self.runs)


@dataclass(frozen=True, slots=True)
class _Around:
    """What encloses the node at hand."""

    kind: str = "text"
    depth: int = 0
    styles: frozenset[str] = frozenset()
    url: str = ""


def one_line(text: str, most: int = 150) -> str:
    """One clean line of a subject or a name, at most `most` characters long.

    Right-to-left text is isolated, so that it cannot reorder what stands beside it.
    """
    text = text.translate(_DROPPED)
    shown = (c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cs"))
    cleaned = " ".join("".join(shown).split())
    turned = any(unicodedata.bidirectional(c) in ("R", "AL") for c in cleaned)
    room = most - 2 if turned else most
    if len(cleaned) > room:
        cleaned = cleaned[: room - 1].rstrip() + "…"
    return f"\u2068{cleaned}\u2069" if turned else cleaned


def escape(text: str) -> str:
    """Escape for mrkdwn: exactly these three. https://docs.slack.dev/messaging/formatting-message-text"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def to_html(text: str) -> str:
    """Make HTML of what a person typed."""
    return markup.escape(text.strip(), quote=False).replace("\r\n", "\n").replace("\n", "<br>")


def from_slack(words: str) -> str:
    """Undo what Slack does to the text of a command: `<@U1|ana>` is @ana, `<https://a.b|a.b>` the address."""

    def written(token: re.Match[str]) -> str:
        target, _, label = token[1].partition("|")
        if target.startswith(("@", "#", "!")):
            return target[0].replace("!", "@") + (label or target[1:]).lstrip("@#")
        return target.removeprefix("mailto:")

    return markup.unescape(re.sub(r"<([@#!]?[^<>\s][^<>]*)>", written, words))


def plain(html: str, most: int = ENOUGH) -> str:
    """Read HTML as plain text, a line for each line."""
    return "\n".join(_plain(line) for line in lines(html, most)).strip()


def snippet(html: str, most: int = 150) -> str:
    """The beginning of a body, in one line."""
    return one_line(plain(html, most * 2), most)


def lines(html: str, most: int = ENOUGH) -> list[Line]:
    """Read HTML into lines, without blank ones at either end and never two blank ones in a row.

    Stops soon after `most` characters: a mail of megabytes must not hold up everybody else.
    """
    html = _LONG_TAG.sub(lambda tag: "<img>" if tag[0][:4].lower() == "<img" else "", html)
    *tags, _ = html.split("<", _TAGS + 1)
    if len(tags) > _TAGS:
        html = "<".join(tags) + "…"
    writer = _Writer(keep_newlines=not _HAS_LINES.search(html))
    root = LexborHTMLParser(html).body
    if root is not None:
        _walk(root, writer, most)
    return writer.finished()


def _plain(line: Line) -> str:
    mark = {"bullet": "• ", "ordered": "- ", "quote": "> "}.get(line.kind, "")
    return "  " * line.depth + mark + line.text


def _walk(root: LexborNode, writer: "_Writer", most: int) -> None:
    """Visit the tree without recursion: hostile mail nests ten thousand deep."""
    stack: list[tuple[Iterator[LexborNode], _Around, str]] = [
        (root.iter(include_text=True), _Around(), "body")
    ]
    while stack and writer.size <= most:
        children, around, tag = stack[-1]
        node = next(children, None)
        if node is None:
            stack.pop()
            writer.leave(tag, stack[-1][1] if stack else around)
        elif node.tag == "-text":
            writer.write(node.text_content or "", around)
        elif (name := node.tag or "") and name not in _HIDDEN and not _invisible(node):
            inside = _inside(node, name, around)
            writer.enter(name, node, inside)
            stack.append((node.iter(include_text=True), inside, name))


def _invisible(node: LexborNode) -> bool:
    attributes = node.attributes
    return "hidden" in attributes or bool(_HIDDEN_STYLE.search(attributes.get("style") or ""))


def _inside(node: LexborNode, name: str, around: _Around) -> _Around:
    kind, depth, styles, url = around.kind, around.depth, around.styles, around.url
    if name in ("ul", "ol"):
        depth = depth + 1 if kind in ("bullet", "ordered") else 0
        kind = "bullet" if name == "ul" else "ordered"
    elif name == "blockquote":
        kind, depth = "quote", 0
    elif name == "pre":
        kind, depth = "pre", 0
    elif name == "a":
        url = _address(node.attributes.get("href") or "")
    if name in _STYLES:
        styles = styles | {_STYLES[name]}
    return _Around(kind, min(depth, 8), styles, url)


def _address(href: str) -> str:
    """The address when it is one that a reader may be sent to, else nothing."""
    href = href.strip()
    try:
        parts = urlsplit(href)
    except ValueError:
        return ""
    safe = (parts.scheme in ("http", "https") and parts.hostname) or (parts.scheme == "mailto" and parts.path)
    return href if safe and len(href) <= 3000 and not re.search(r"[\s<>|]", href) else ""


def honest(text: str, url: str) -> str:
    """Name the true host behind a link whose text looks like another address."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    claim = re.match(r"\s*(?:https?://)?(?:www\.)?((?:[\w-]+\.)+[a-z]{2,})", text, re.IGNORECASE)
    if not host or claim is None or claim[1].lower() == host:
        return text
    return f"{text} [{host}]"


class _Writer:
    def __init__(self, *, keep_newlines: bool) -> None:
        self._lines: list[Line] = []
        self._line: Line | None = None
        self._keep = keep_newlines
        self._gap = False
        self.size = 0

    def enter(self, name: str, node: LexborNode, around: _Around) -> None:
        if name == "br":
            self._end(blank=True)
        elif name == "img":
            self._image(node, around)
        elif name in ("td", "th") and self._line is not None and self._line.filled:
            self._line.runs.append(Run(" | "))
        elif name in _BLOCKS:
            self._end()
            in_item = around.kind in ("bullet", "ordered") and name not in ("ul", "ol")
            self._gap = self._gap or (name in _SPACED and around.depth == 0 and not in_item)

    def leave(self, name: str, around: _Around) -> None:
        if name in _BLOCKS:
            self._end()
            self._gap = self._gap or (name in _SPACED and around.kind not in ("bullet", "ordered"))

    def write(self, text: str, around: _Around) -> None:
        text = text.translate(_DROPPED)
        if around.kind == "pre" or self._keep:
            first, *others = text.replace("\r\n", "\n").split("\n")
            self._append(first, around)
            for other in others:
                self._end(blank=True)
                self._append(other, around)
        else:
            self._append(_BLANK.sub(" ", text), around)

    def finished(self) -> list[Line]:
        self._end()
        while self._lines and not self._lines[-1].text:
            self._lines.pop()
        return self._lines

    def _append(self, text: str, around: _Around) -> None:
        text = text.replace("\u00a0", " ")
        if self._line is None or not self._line.runs:
            text = text if around.kind == "pre" else text.lstrip()
            if not text:
                return
            if self._gap:
                self._blank()
            self._line = self._line or Line(around.kind, around.depth)
        elif text.startswith(" ") and self._line.runs[-1].text.endswith(" ") and around.kind != "pre":
            text = text[1:]
        if text:
            self._line.runs.append(Run(text, around.styles, around.url))
            self.size += len(text)

    def _image(self, node: LexborNode, around: _Around) -> None:
        size = {node.attributes.get("width"), node.attributes.get("height")}
        if size & {"0", "1"}:
            return  # a pixel that counts readers
        alt = one_line(node.attributes.get("alt") or "", 80)
        self._append(f"[image: {alt}]" if alt else "[image]", around)

    def _end(self, *, blank: bool = False) -> None:
        if self._line is not None and self._line.filled:
            runs = self._line.runs
            while self._line.kind != "pre" and runs[-1].text.isspace():
                runs.pop()
            if self._line.kind != "pre":
                runs[-1].text = runs[-1].text.rstrip()
            self._lines.append(self._line)
        elif blank:
            self._blank()
        self._line = None

    def _blank(self) -> None:
        if self._lines and self._lines[-1].text:
            self._lines.append(Line())
        self._gap = False
