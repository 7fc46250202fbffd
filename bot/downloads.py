"""Fetching a file over HTTP: from hosts that are named, up to a size, within a time, never a page instead."""

import asyncio
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

import httpx

from bot.errors import BridgeError, Transient
from bot.redact import cut
from bot.tls import trust

DEADLINE = 90.0
"""Seconds for a whole file: 20 MB at 2 Mbit/s, and an end to one that drips."""
_HOPS = 3
_LONGEST_NAME = 120
_GONE = (401, 403, 404, 410)
_PAGE = re.compile(rb"\s*<(!doctype\s+html|html)\b", re.IGNORECASE)


class NoFile(BridgeError):
    """There is no such file to be had, and trying again would not help."""


class TooLarge(NoFile):
    """It is longer than it may be."""


class Page(NoFile):
    """A web page came in its place: a login, most of the time."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file as it came, and the type that the server gave it."""

    data: bytes
    mime: str


async def download(
    url: str,
    most: int,
    allowed: Callable[[str], bool],
    *,
    headers: Mapping[str, str] | None = None,
    page: bool = False,
    deadline: float = DEADLINE,
) -> Download:
    """Fetch at most `most` bytes; only from addresses that are `allowed`, redirects too.

    A web page is refused unless a `page` is what is wanted. Raise NoFile where there is none, Transient where
    it may come later. No error names the address: whoever has it may have the file.
    """
    timeout = httpx.Timeout(30, connect=10)
    try:
        async with asyncio.timeout(deadline), httpx.AsyncClient(timeout=timeout, verify=trust()) as client:
            for _ in range(_HOPS):
                if not allowed(url):
                    raise NoFile("the file lies at another host, which is not asked")
                async with client.stream("GET", url, headers=headers) as response:
                    if response.has_redirect_location:
                        url = urljoin(url, response.headers["Location"])
                        continue
                    return await _read(response, most, page)
            raise NoFile("the file is behind too many redirects")
    except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
        raise Transient(f"a file did not come whole ({type(error).__name__})") from error
    except (httpx.InvalidURL, ValueError) as error:
        raise NoFile("the file's address is none") from error


async def _read(response: httpx.Response, most: int, page: bool) -> Download:
    status = response.status_code
    if status in _GONE:
        raise NoFile(f"the file is not there ({status})")
    if status != HTTPStatus.OK:
        named = response.headers.get("Retry-After", "")
        pause = min(float(named), 600.0) if named.isascii() and named.isdigit() else None
        raise Transient(f"a file did not come ({status})", pause)
    length = response.headers.get("Content-Length", "")
    if length.isascii() and length.isdigit() and int(length) > most:
        raise TooLarge("the file is too large")
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > most:
            raise TooLarge("the file is too large")
    mime = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not page and (mime == "text/html" or _PAGE.match(data, 0, 512)):
        raise Page("a web page came in place of the file")
    return Download(bytes(data), mime)


def same_site(url: str, home: str) -> bool:
    """Whether an address lies at exactly the scheme, host and port of `home`."""
    try:
        there, here = urlsplit(url), urlsplit(home)
        return (there.scheme, there.hostname, _port(there.scheme, there.port)) == (
            here.scheme,
            here.hostname,
            _port(here.scheme, here.port),
        ) and not (there.username or there.password)
    except ValueError:
        return False


def _port(scheme: str, port: int | None) -> int:
    return port or {"http": 80, "https": 443}.get(scheme, 0)


def file_name(name: str) -> str:
    """A name that is only a name: no path, no controls, nothing that turns its end around, not too long."""
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))
    shown = " ".join(shown.split()).strip(". ")
    if not shown:
        return "file"
    stem, dot, ending = shown.rpartition(".")
    if len(shown) <= _LONGEST_NAME or not dot or len(ending) > 20:
        return shown[: cut(shown, _LONGEST_NAME)].rstrip() or "file"
    stem = stem[: cut(stem, _LONGEST_NAME - len(ending) - 1)].rstrip() or "file"
    return f"{stem}.{ending}"
