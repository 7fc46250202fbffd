"""One line of somebody's words; our words ↔ mrkdwn ↔ HTML."""

import html as markup
import re
import unicodedata

from bot.redact import BEHIND, cut

# Invisible fillers of newsletters, and the controls that turn a line of text around.
_DROPPED = dict.fromkeys(
    map(ord, "\u00ad\u034f\u180e\u200b\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\0")
)
_CONTROLS = dict.fromkeys((*range(1, 9), *range(0x0E, 0x1C), 0x7F))
_SPACES = dict.fromkeys(map(ord, "\v\f\x1c\x1d\x1e\x1f\u2028\u2029"), " ")
# Windows-1252 that was taken for Latin-1: https://encoding.spec.whatwg.org/#windows-1252
_C1 = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
_CLEANED = {**_C1, **_CONTROLS, **_SPACES, **_DROPPED}
_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_PILED_UP = re.compile(f"([{_MARKS}]{{3}})[{_MARKS}]+")
# Controls that are no space, and halves of characters.
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]")
# Between letters the non-joiner is spelling (Persian); elsewhere it fills a newsletter's hidden beginning.
_LOOSE_NON_JOINER = re.compile(r"(?<!\w)\u200c+|\u200c+(?!\w)")


def cleaned(text: str) -> str:
    """Without what cannot be seen, what reverses the line, and what piles up over it."""
    text = text.translate(_CLEANED)
    return text if text.isascii() else _LOOSE_NON_JOINER.sub("", _PILED_UP.sub(r"\1", text))


def one_line(text: str, most: int = 150) -> str:
    """One clean line of a subject or a name, at most `most` characters long.

    It ends before what is hidden from Slack where it would end within: the rest could not be told any more.
    Right-to-left text is isolated, so that it cannot reorder what stands beside it.
    """
    begun = max(4 * most, most + 2 * BEHIND)
    cleaned = _in_one_line(text[:begun])
    if len(cleaned) <= most + BEHIND and len(text) > begun:  # most of its beginning cannot be seen
        cleaned = _in_one_line(text)
    turned = any(unicodedata.bidirectional(c) in ("R", "AL") for c in cleaned[:most])
    room = most - 2 if turned else most
    if len(cleaned) > room:
        cleaned = cleaned[: cut(cleaned, room - 1)].rstrip() + "…"
    return f"\u2068{cleaned}\u2069" if turned else cleaned


def _in_one_line(text: str) -> str:
    return " ".join(_UNSEEN.sub("", text.translate(_DROPPED)).split())


def right_to_left(text: str) -> bool:
    """Say whether the first letter that has a direction runs from right to left."""
    if text.isascii():
        return False
    turns = (unicodedata.bidirectional(char) for char in text[:200])
    return next((turn in ("R", "AL") for turn in turns if turn in ("L", "R", "AL")), False)


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
