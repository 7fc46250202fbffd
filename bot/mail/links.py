"""Where a link may lead, what is said of a link that lies, and the addresses that nobody shall see."""

import re
import unicodedata
from urllib.parse import unquote, urlsplit

from bot.redact import cut

_STORED = "/storage/attachment/"
"""FreeScout's store: whoever has such an address has the file, for ever."""
_CLAIM = re.compile(
    r"(?<![\w./@:-])(?:https?://)?(?:[^\s/@]{1,64}@)?((?:[\w-]+\.)+[^\W\d_]{2,})", re.IGNORECASE
)
_ADDRESS = re.compile(r"[\w.+-]{1,64}@(?:[\w-]+\.)+\w{2,}")


def address(href: str) -> str:
    """The address when it is one that a reader may be sent to, else nothing."""
    href = href.strip()
    if len(href) > 3000 or re.search(r"[\s<>|\\\x00-\x1f\x7f]", href):
        return ""
    try:
        parts = urlsplit(href)
        host = parts.hostname
    except ValueError:
        return ""
    web = parts.scheme in ("http", "https") and host and "@" not in parts.netloc
    safe = web or (parts.scheme == "mailto" and parts.path)
    return href if safe and not stored(href) else ""


def honest(text: str, url: str) -> str:
    """Name the true host behind a link whose text looks like another address, or which looks like another.

    A host in letters beyond ASCII is always named, as the network spells it: its letters may pass for others.
    """
    parts = urlsplit(url)
    if parts.scheme == "mailto":
        target = unquote(parts.path).casefold()
        claims = {claim.casefold() for claim in _ADDRESS.findall(text[:2000])}
        return text if not claims or claims & set(target.split(",")) else f"{text} [{target}]"
    host = _bare(parts.hostname or "")
    if not host or not text.strip():
        return text
    claims = {_bare(claim) for claim in _CLAIM.findall(unicodedata.normalize("NFKC", text[:2000]))}
    spelt = _spelt(host)
    if claims - {host} or "xn--" in spelt:
        return f"{text} [{spelt}]"
    return text


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")


def _spelt(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return "xn--" + host.encode("punycode", "replace").decode()


def stored(url: str) -> bool:
    """Say whether an address leads into FreeScout's store."""
    return _STORED in url or _STORED in unquote(url)


def unstored(text: str) -> str:
    """Put the file's name in the place of each address in FreeScout's store."""
    if _STORED.strip("/") not in unquote(text):
        return text
    return re.sub(r"\S+", lambda word: _named(word[0]), text)


def _named(word: str) -> str:
    _, found, behind = unquote(word).partition(_STORED.strip("/"))
    if not found:
        return word
    bare = word.rstrip(".,;:!?)]}>\"'")
    return f"[file: {file_name(behind)}]{word[len(bare) :]}"


def file_name(url: str) -> str:
    """The last part of an address's path, as a name; empty where there is none."""
    path = re.split(r"[?#]", url, maxsplit=1)[0]
    name = unquote(path.rstrip("/").rpartition("/")[2])
    return name[: cut(name, 80)]


def own_image(src: str, host: str) -> bool:
    """Say whether an image lies in the store of the FreeScout at `host`: scheme, host, and port if any."""
    try:
        image, own = urlsplit(src), urlsplit(host)
        same = (image.scheme, image.hostname, image.port) == (own.scheme, own.hostname, own.port)
    except ValueError:
        return False
    return bool(same and own.hostname and "@" not in image.netloc and _STORED in image.path)
