"""One call to FreeScout, and what its failure means to whom."""

import asyncio
import logging
from collections.abc import Mapping

import httpx

from bot.errors import Ambiguous, BridgeError, Misconfigured, Transient, UserError
from bot.freescout import wire

log = logging.getLogger(__name__)

TIMEOUT = httpx.Timeout(15.0, connect=5.0, pool=5.0)
DEADLINE = 40.0
"""Seconds for a whole call: an answer that drips a byte at a time never runs into a read timeout."""

_SENT_NOTHING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class NotFound(UserError):
    """FreeScout does not have it, or no longer."""


class Http:
    """The connection to one FreeScout. Errors name method and path, never the query, a body or the key."""

    def __init__(
        self,
        url: str,
        key: str,
        transport: httpx.AsyncBaseTransport | None = None,
        deadline: float = DEADLINE,
    ) -> None:
        self._deadline = deadline
        self._client = httpx.AsyncClient(
            base_url=f"{url}/api/",
            headers={"X-FreeScout-API-Key": key, "Accept": "application/json"},
            timeout=TIMEOUT,
            limits=httpx.Limits(max_connections=20),
            transport=transport,
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def get(self, path: str, query: Mapping[str, str | int] | None = None) -> object:
        """Read."""
        return await self._call("GET", path, query=query)

    async def put(self, path: str, body: object) -> None:
        """Write what may be written twice."""
        await self._call("PUT", path, body=body)

    async def post(self, path: str, body: object) -> object:
        """Write what must not be written twice: raise Ambiguous where it may have happened."""
        return await self._call("POST", path, body=body)

    async def _call(
        self, method: str, path: str, *, query: Mapping[str, str | int] | None = None, body: object = None
    ) -> object:
        what = f"{method} {path}"
        try:
            async with asyncio.timeout(self._deadline):
                response = await self._client.request(method, path, params=query, json=body)
        except _SENT_NOTHING as error:
            raise Transient(f"FreeScout cannot be reached ({type(error).__name__} at {what})") from error
        except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
            raise _unknown(method, f"FreeScout broke off ({type(error).__name__} at {what})") from error
        return _read(method, what, response)


def _unknown(method: str, message: str, retry_after: float | None = None) -> BridgeError:
    """Nobody knows whether the call was carried out; only for a POST does that matter."""
    return Ambiguous(message) if method == "POST" else Transient(message, retry_after)


def _read(method: str, what: str, response: httpx.Response) -> object:
    status = response.status_code
    if status == httpx.codes.NO_CONTENT:
        return None
    if response.is_success:
        return _json(method, what, response)
    if response.is_redirect:
        raise Misconfigured(
            f"FreeScout redirects {what} elsewhere: put its final address, https and all, in FREESCOUT_URL"
        )
    said = _said(response)
    if status == httpx.codes.UNAUTHORIZED:
        raise Misconfigured("FreeScout refuses the API key (401): see FREESCOUT_API_KEY")
    if status == httpx.codes.NOT_FOUND and said is not None:
        raise NotFound("FreeScout does not have it (any more).")
    if status in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED):
        raise Misconfigured(
            f"FreeScout has no {what} ({status}): is the API & Webhooks module on, and FREESCOUT_URL right?"
        )
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise Transient(f"FreeScout asks for a pause (429 at {what})", _retry_after(response))
    if status in (400, 403, 409, 412, 413, 415, 422):
        raise UserError(f"FreeScout refuses this ({status}): {said or 'it gives no reason'}")
    raise _unknown(method, f"FreeScout fails ({status} at {what})", _retry_after(response))


def _json(method: str, what: str, response: httpx.Response) -> object:
    try:
        return response.json()
    except (ValueError, RecursionError) as error:
        kind = response.headers.get("Content-Type", "no type")[:40]
        raise _unknown(method, f"FreeScout sends {kind} where JSON should be ({what})") from error


def _said(response: httpx.Response) -> str | None:
    """The server's complaint; None where the answer is no JSON object."""
    try:
        told = response.json()
    except (ValueError, RecursionError):
        return None
    return wire.complaint(told) if isinstance(told, dict) else None


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return min(float(value), 3600.0) if value.isascii() and value.isdigit() else None
