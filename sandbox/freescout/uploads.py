"""Attachments as the API takes them: base64, or an address to fetch. What cannot be read is left out."""

import base64
import binascii
from urllib.parse import urlsplit

import httpx

from sandbox.freescout.records import Upload
from sandbox.freescout.shapes import Json

LOOPBACK = ("127.0.0.1", "localhost", "::1")
FETCH_SECONDS = 5.0


async def read_uploads(body: Json) -> list[Upload]:
    """The attachments of a thread's body that can be read; no word about the others, as on the real one."""
    given = body.get("attachments")
    found = [await _read(each) for each in given if isinstance(each, dict)] if isinstance(given, list) else []
    return [each for each in found if each is not None]


async def _read(given: Json) -> Upload | None:
    name, data, url = given.get("fileName"), given.get("data"), given.get("fileUrl")
    if not name:
        return None
    content = _decoded(data) if data else await _fetched(url)
    if content is None:
        return None
    return Upload(str(name), str(given.get("mimeType") or "application/octet-stream"), content)


def _decoded(data: object) -> bytes | None:
    try:
        return base64.b64decode(data, validate=True) if isinstance(data, str) else None
    except (binascii.Error, ValueError):
        return None


async def _fetched(url: object) -> bytes | None:
    """Fetch from this machine alone: a sandbox does not go out into the world, whoever asks."""
    if not isinstance(url, str):
        return None
    try:
        if urlsplit(url).hostname not in LOOPBACK:
            return None
        async with httpx.AsyncClient(timeout=FETCH_SECONDS, trust_env=False) as client:
            answer = await client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return None
    return answer.content if answer.is_success else None
