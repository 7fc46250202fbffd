"""What HTML says of a piece of a mail: whether it is seen, whose words it holds, what a table is for."""

import re
from collections.abc import Iterator, Mapping

from selectolax.lexbor import LexborNode

from bot.mail import links
from bot.redact import cut

Attributes = Mapping[str, str | None]


def _names(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


HIDDEN = _names(
    "applet audio base canvas embed frame frameset head iframe link math meta noscript object",
    "script select style svg template textarea title video xml",
)
BLOCKS = _names(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer",
    "form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody tfoot thead tr",
    "ul",
)
FLAT = _names(
    "area base br col embed hr img input link meta source track wbr",
    "body colgroup dd dt head html li optgroup option p rp rt tbody td tfoot th thead tr",
)
"""What nothing stands in: void tags, and those that the next of their kind ends.

https://html.spec.whatwg.org/multipage/syntax.html#optional-tags
"""
SPACED = _names("p h1 h2 h3 h4 h5 h6 ul ol blockquote pre table")
STYLES = {
    **dict.fromkeys(("b", "strong", "th", "dt", "h1", "h2", "h3", "h4", "h5", "h6"), "bold"),
    **dict.fromkeys(("i", "em", "cite"), "italic"),
    **dict.fromkeys(("s", "strike", "del"), "strike"),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), "code"),
}

_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)"
    r"|max-(?:height|width)\s*:\s*0(?:px|pt|em)?\s*(?:;|!|$)",
    re.IGNORECASE,
)
_WHITE = r"(?:#fff(?:fff)?\b|white\b|rgb\(\s*255\s*,\s*255\s*,\s*255\s*\))"
_WHITE_TEXT = re.compile(rf"(?:^|;)\s*color\s*:\s*{_WHITE}", re.IGNORECASE)
_WHITE_GROUND = re.compile(rf"background(?:-color)?\s*:\s*{_WHITE}", re.IGNORECASE)
_FONT_SIZE = re.compile(r"font-size\s*:\s*([^;!]*)", re.IGNORECASE)
_NO_SIZE = re.compile(r"(?:0*(?:\.0+)?(?:px|pt|em|rem|%)?|0?1(?:\.0+)?(?:px|pt))\s*", re.IGNORECASE)
# Outlook's line above the head of the mail it quotes; the colours are those of its versions.
_HEAD_STYLE = re.compile(r"border-top\s*:\s*solid\s+#(?:e1e1e1|b5c4df)", re.IGNORECASE)
_PIXEL = re.compile(r"0*[01](?:px)?\s*")
_PIXEL_STYLE = re.compile(r"(?:^|[;\s])(?:width|height)\s*:\s*0*[01](?:px|pt)?\s*(?:;|!|$)", re.IGNORECASE)
_SPACER = re.compile(r"(?:spacer|blank|pixel|trans(?:parent)?|clear|1x1)\.(?:gif|png)", re.IGNORECASE)
_PICTURE = re.compile(r"(.+\.(?:png|jpe?g|gif|webp|bmp|svg|tiff?|heic))(?:@\S*)?", re.IGNORECASE)

_QUOTES = _names(
    "protonmail_quote mail-editor-reference-message-container ms-outlook-mobile-reference-message",
    "olk_src_body_section tutanota_quote fairemail_quote zmail_extra",
)
_ATTRIBUTIONS = _names("gmail_attr moz-cite-prefix")
_LONGEST_CELL = 500


def invisible(attributes: Attributes) -> bool:
    """Say whether nobody sees what is inside."""
    style = attributes.get("style") or ""
    if "hidden" in attributes or _HIDDEN_STYLE.search(style):
        return True
    return bool(_WHITE_TEXT.search(style) and _WHITE_GROUND.search(style))


def font_vanishes(attributes: Attributes) -> bool | None:
    """Say whether letters have no size here; None where nothing is said of it."""
    size = _FONT_SIZE.search(attributes.get("style") or "")
    return None if size is None else bool(_NO_SIZE.fullmatch(size[1].strip()))


def part(name: str, attributes: Attributes) -> str:
    """What mail programs say of their own tags: `quote`, `attribution`, `header`, `signature`, or nothing."""
    marks = {_mark(word) for word in (attributes.get("class") or "").split()[:20]}
    marks.add(_mark(attributes.get("id") or ""))
    cited = name == "blockquote" and (attributes.get("type") == "cite" or "gmail_quote" in marks)
    if cited or marks & _QUOTES or any("yahoo_quoted" in mark for mark in marks):
        return "quote"
    if attributes.get("name") == "quote" or attributes.get("data-marker") == "__QUOTED_TEXT__":
        return "quote"  # GMX and web.de; Zimbra
    if marks & _ATTRIBUTIONS:
        return "attribution"
    if "divrplyfwdmsg" in marks or _HEAD_STYLE.search(attributes.get("style") or ""):
        return "header"
    if any(_signature(mark) for mark in marks) or attributes.get("data-smartmail") == "gmail_signature":
        return "signature"
    return ""


def _mark(word: str) -> str:
    """A class or an id as its program wrote it: Outlook puts `x_` before those of others."""
    return re.sub(r"^(?:x_)+", "", word.lower())


def _signature(mark: str) -> bool:
    return mark.endswith("signature") or "signature_block" in mark or mark.startswith("gmail_signature")


def image(attributes: Attributes) -> str | None:
    """What stands in an image's place; None for one that nobody sees, such as a pixel that counts readers."""
    src, alt = (attributes.get("src") or "").strip(), attributes.get("alt")
    sizes = (attributes.get(side) or "" for side in ("width", "height"))
    if any(_PIXEL.fullmatch(size) for size in sizes) or _PIXEL_STYLE.search(attributes.get("style") or ""):
        return None
    file = "" if src.startswith("data:") else links.file_name(src)
    remote = src.startswith(("http:", "https:", "//")) and not links.stored(src)
    if _SPACER.fullmatch(file) or (remote and alt is not None and not alt.strip()):
        return None  # an empty alt: decoration, https://html.spec.whatwg.org/multipage/images.html#alt
    said = " ".join((alt or "").replace("Description automatically generated", "").split())
    said = said[: cut(said, 80)]
    if said and len(said) <= 10 and not any(char.isalnum() or char.isspace() for char in said):
        return said  # an emoji that a mail program drew
    picture = _PICTURE.fullmatch(file.removeprefix("cid:"))
    name = said or (picture[1] if picture else "")
    return f"[image: {name}]" if name else "[image]"


def data_table(table: LexborNode) -> str:
    """Say `real` of a table with headings or lines, `loose` of other rows and columns, or nothing."""
    attributes = table.attributes
    if (attributes.get("role") or "").lower() in ("presentation", "none"):
        return ""
    rows, headed = 0, False
    for row in _rows(table):
        filled = 0
        for cell in row.iter():
            if cell.tag not in ("td", "th"):
                continue
            if cell.css_first("table") is not None:
                return ""
            text = cell.text(deep=True).strip()
            if len(text) > _LONGEST_CELL:
                return ""
            filled += bool(text)
            headed = headed or cell.tag == "th"
        rows += filled > 1
    if rows < (1 if headed else 2):
        return ""
    lined = (attributes.get("border") or "0").strip() not in ("", "0")
    return "real" if headed or lined or "MsoTableGrid" in (attributes.get("class") or "") else "loose"


def _rows(table: LexborNode) -> Iterator[LexborNode]:
    for child in table.iter():
        if child.tag == "tr":
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from (row for row in child.iter() if row.tag == "tr")
