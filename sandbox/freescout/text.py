"""HTML to plain text, and times in words, the way the help desk writes them."""

import html
import re
from datetime import UTC, datetime

_UNREAD = re.compile(r"<(script|style|head)\b.*?(</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"<br\s*/?>\n?|</(p|div|li|tr|h\d|blockquote)\s*>", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!][^>]*>")


def plain(body: str | None) -> str:
    """Return what a reader would see of an HTML body, with its line breaks. A page must still escape it."""
    readable = _UNREAD.sub("", body or "")
    text = html.unescape(_TAG.sub("", _BREAK.sub("\n", readable)))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def preview(body: str | None) -> str:
    """One line of at most 255 characters, as lists show it."""
    return " ".join(plain(body).split())[:255]


def as_html(text: str) -> str:
    """Typed text as the body of a thread."""
    return html.escape(text.strip(), quote=False).replace("\r\n", "\n").replace("\n", "<br>")


def stamp(time: datetime | None) -> str | None:
    """The API's only date format; null stays null."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if time else None


def parse_date(text: str) -> datetime:
    """Read a date that a caller sent. ValueError where it is none: the real server answers 500."""
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def friendly(time: datetime, now: datetime) -> str:
    """`Just now`, `5 min ago`, `2 hours ago`, `3 days ago`, `Mar 4`: meant for people, never for parsing."""
    seconds = int((now - time).total_seconds())
    if seconds <= 60:
        return "Just now"
    if seconds > 8 * 86400:
        return f"{time:%b} {time.day}" + ("" if time.year == now.year else f", {time.year}")
    for unit, length in (("day", 86400), ("hour", 3600)):
        if count := seconds // length:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return f"{seconds // 60} min ago"


def safe_name(name: str) -> str:
    """The name under which an attachment is kept: `my file (1) é.txt` becomes `my_file__1_é.txt`."""
    kept = re.sub(r"\)\s*|[^\w.\-]", "_", name.replace("\\", "/").rsplit("/", 1)[-1])
    return (
        f"{kept}_"
        if re.search(r"\.(php\d?|phtml|phar|pl|sh|cgi|js|htm|html|svg)$", kept, re.IGNORECASE)
        else kept
    )
