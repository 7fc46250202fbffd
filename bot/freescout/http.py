"""One call to FreeScout, and what its failure means to whom.

Errors name the method and the path, and never the query, a body or the key: they end up in logs.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

import httpx

from bot.errors import Ambiguous, BridgeError, ConfigError, Misconfigured, Transient, UserError
from bot.freescout import fields
from bot.freescout.breaker import Breaker
from bot.tls import trust

DEADLINE = 40.0
"""Seconds for a whole call: an answer that drips a byte at a time never runs into a read timeout."""
RETRIES = (0.3, 1.0)
"""Seconds before a read or an idempotent write is tried again, while somebody may be waiting for it."""
_QUICK = 3.0
"""Seconds after which a failure was too slow to try again at once."""
_KEY = re.compile(r"[!-~]+", re.ASCII)
_SENT_NOTHING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

Query = Mapping[str, str | int]


class Auth(StrEnum):
    """How the key is shown. A parameter gets into logs on its way; to Basic real servers answer 401."""

    HEADER = "header"
    PARAMETER = "parameter"
    BASIC = "basic"


class Refused(UserError):
    """FreeScout's own no. `status` is HTTP's; `path` the field it complains of, where it names one."""

    def __init__(self, status: int, message: str, path: str = "") -> None:
        self.status = status
        self.path = path
        super().__init__(f"FreeScout refuses this ({status}): {message or 'it gives no reason'}")


class NotFound(UserError):
    """FreeScout does not have it, or no longer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the body as parsed, None where there is none, and the id of what was created."""

    body: object
    resource_id: int | None = None


class Http:
    """The connection to one FreeScout."""

    def __init__(
        self,
        url: str,
        key: str,
        transport: httpx.AsyncBaseTransport | None = None,
        deadline: float = DEADLINE,
        *,
        auth: Auth = Auth.HEADER,
        breaker: Breaker | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if not _KEY.fullmatch(key):  # the error of whoever sends it would quote it
            raise ConfigError(
                ["FREESCOUT_API_KEY holds something that is no key: a line break, a space, an accent?"]
            )
        self._deadline = deadline
        self._breaker = breaker or Breaker()
        self._sleep = sleep
        self._client = httpx.AsyncClient(
            verify=trust(),
            base_url=f"{url}/api/",
            headers={"Accept": "application/json"}
            | ({"X-FreeScout-API-Key": key} if auth is Auth.HEADER else {}),
            params={"api_key": key} if auth is Auth.PARAMETER else {},
            auth=httpx.BasicAuth(key, "x") if auth is Auth.BASIC else None,
            timeout=httpx.Timeout(deadline * 3 / 8, connect=deadline / 8, pool=deadline / 8),
            limits=httpx.Limits(max_connections=20),
            transport=transport,
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def get(self, path: str, query: Query | None = None) -> object:
        """Read."""
        return (await self._again("GET", path, query, None)).body

    async def put(self, path: str, body: object) -> None:
        """Write what may be written twice."""
        await self._again("PUT", path, None, body)

    async def delete(self, path: str) -> None:
        """Delete, which may be done twice; raise NotFound where there was nothing."""
        await self._again("DELETE", path, None, None)

    async def post(self, path: str, body: object) -> Answer:
        """Write what must not be written twice: never tried again, Ambiguous where it may have happened."""
        return await self._once("POST", path, None, body)

    async def _again(self, method: str, path: str, query: Query | None, body: object) -> Answer:
        began = time.monotonic()
        for pause in RETRIES:
            try:
                return await self._once(method, path, query, body)
            except Misconfigured:
                raise
            except Transient as error:
                if (error.retry_after or 0) > pause or time.monotonic() - began > _QUICK:
                    raise
            await self._sleep(pause)
        return await self._once(method, path, query, body)

    async def _once(self, method: str, path: str, query: Query | None, body: object) -> Answer:
        self._breaker.check()
        what = f"{method} {path}"
        try:
            async with asyncio.timeout(self._deadline):
                response = await self._client.request(method, path, params=query, json=body)
        except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
            self._breaker.failed()
            raise _broken(method, what, error) from error
        if response.status_code in (500, 502, 503, 504):
            self._breaker.failed()
        else:
            self._breaker.answered()
        return _read(method, what, response)


def _broken(method: str, what: str, error: Exception) -> BridgeError:
    """Name what became of a call that got no whole answer."""
    if isinstance(error, _SENT_NOTHING):
        return Transient(f"FreeScout cannot be reached ({type(error).__name__} at {what})")
    how = {
        TimeoutError: "drips: its answer has no end",
        httpx.ReadTimeout: "hangs: no answer came",
        httpx.WriteTimeout: "hangs: it does not take the request",
        httpx.RemoteProtocolError: "broke off in the middle",
        httpx.DecodingError: "sends what cannot be unpacked",
    }.get(type(error), "broke off")
    return _unknown(method, f"FreeScout {how} ({type(error).__name__} at {what})")


def _unknown(method: str, message: str, retry_after: float | None = None) -> BridgeError:
    """Nobody knows whether the call was carried out; only for a POST does that matter."""
    return Ambiguous(message) if method == "POST" else Transient(message, retry_after)


def _read(method: str, what: str, response: httpx.Response) -> Answer:
    status = response.status_code
    if status == HTTPStatus.NO_CONTENT:
        return Answer(None)
    if response.is_success:
        return Answer(_json(method, what, response), fields.integer(response.headers.get("Resource-ID")))
    if response.has_redirect_location:
        raise Misconfigured(
            f"FreeScout redirects {what} elsewhere: put its final address, https and all, in FREESCOUT_URL"
        )
    said = _said(response)
    if status == HTTPStatus.UNAUTHORIZED:
        raise Misconfigured("FreeScout refuses the API key (401): see FREESCOUT_API_KEY")
    if status == HTTPStatus.NOT_FOUND and said is not None and _is_own(response):
        raise NotFound("FreeScout does not have it (any more).")
    if status == HTTPStatus.NOT_FOUND and said is None and _is_cut(response):
        raise Transient(f"FreeScout sends JSON that ends in the middle (404 at {what})")
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        raise Misconfigured(
            f"FreeScout has no {what} ({status}): is the API & Webhooks module on, and FREESCOUT_URL right?",
            code=str(status),
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Transient(f"FreeScout asks for a pause (429 at {what})", _retry_after(response))
    if status in (400, 403, 409, 412, 413, 415, 422):
        raise Refused(status, *(said or ("", "")))
    page = " with a web page" if said is None else ""
    raise _unknown(method, f"FreeScout fails{page} ({status} at {what})", _retry_after(response))


def _json(method: str, what: str, response: httpx.Response) -> object:
    try:
        return response.json()
    except (ValueError, RecursionError) as error:
        kind = response.headers.get("Content-Type", "")
        how = "JSON that ends in the middle" if "json" in kind else "a web page where JSON should be"
        raise _unknown(method, f"FreeScout sends {how} ({what})") from error


def _said(response: httpx.Response) -> tuple[str, str] | None:
    """The server's complaint and the field it is about; None where the answer is no JSON object."""
    try:
        told = response.json()
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    details = [fields.table(one) for one in fields.embedded(told, "errors")]
    parts = [f"{fields.text(one.get('path'))} {fields.text(one.get('message'))}".strip() for one in details]
    message = "; ".join(part for part in (fields.text(told.get("message")), *parts) if part)
    return message[:300], fields.text(details[0].get("path")) if details else ""


def _is_cut(response: httpx.Response) -> bool:
    """Whether an error began as JSON and did not come whole: nothing is wrong that an operator could mend."""
    return "json" in response.headers.get("Content-Type", "") and response.content.lstrip().startswith(b"{")


def _is_own(response: httpx.Response) -> bool:
    """Whether an error has the module's own form: another module's 404 must not pass for a ticket's end."""
    return "_embedded" in fields.table(response.json())


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return min(float(value), 3600.0) if value.isascii() and value.isdigit() else None
