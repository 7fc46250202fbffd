"""Bringing what happens in Slack to the app: a signed HTTP request, or an envelope on its socket."""

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from sandbox.slack.sockets import Sockets

TIMED_OUT = "operation_timeout"
FAILED = "dispatch_failed"


@dataclass(frozen=True)
class Answer:
    """What the app said to one delivery. `trouble` is Slack's word for what went wrong, if anything did."""

    status: int | None
    body: Any = ""
    seconds: float = 0.0
    trouble: str | None = None
    attempts: int = 1

    @property
    def ok(self) -> bool:
        return self.trouble is None

    def json(self) -> dict[str, Any]:
        """The body as an object; an empty one when it is not JSON."""
        if isinstance(self.body, dict):
            return self.body
        try:
            found = json.loads(self.body or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def signed(secret: str, body: bytes, at: int) -> dict[str, str]:
    """The headers that prove a request comes from Slack.

    https://docs.slack.dev/authentication/verifying-requests-from-slack
    """
    base = b"v0:%d:%s" % (at, body)
    signature = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Signature": f"v0={signature}", "X-Slack-Request-Timestamp": str(at)}


class Delivery:
    """Sends slash commands, interactions and events, over the socket when one is connected."""

    def __init__(self, signing_secret: str, sockets: Sockets) -> None:
        self.request_url: str | None = None
        self.patience = 3.0
        self.retry_waits: tuple[float, ...] = (0.0, 0.05, 0.1)  # Slack: at once, a minute, five minutes
        self.subscriptions = {"message", "app_mention", "app_home_opened", "reaction_added"}
        self.answers: list[Answer] = []
        self._secret, self._sockets = signing_secret, sockets
        self._client = httpx.AsyncClient(trust_env=False, verify=False)  # noqa: S501 - it speaks plain HTTP

    async def close(self) -> None:
        await self._client.aclose()

    async def slash(self, payload: dict[str, Any]) -> Answer:
        """Send a slash command."""
        return await self._send("slash_commands", payload, urlencode(payload).encode())

    async def interaction(self, payload: dict[str, Any]) -> Answer:
        """Send what somebody pressed, submitted or closed."""
        body = urlencode({"payload": json.dumps(payload)}).encode()
        return await self._send("interactive", payload, body)

    async def event(self, payload: dict[str, Any]) -> Answer:
        """Send an event, again up to three times when it was not taken."""
        body = json.dumps(payload).encode()
        answer = await self._send("events_api", payload, body)
        for attempt, wait in enumerate(self.retry_waits, 1):
            if answer.ok:
                break
            await asyncio.sleep(wait)
            reason = "http_timeout" if answer.trouble == TIMED_OUT else "http_error"
            answer = await self._send("events_api", payload, body, attempt=attempt, reason=reason)
        return answer

    async def verify(self, token: str) -> bool:
        """Ask the request URL to prove itself, as Slack does when it is entered."""
        challenge = f"challenge-{time.time_ns()}"
        sent = {"type": "url_verification", "token": token, "challenge": challenge}
        answer = await self._post("events_api", json.dumps(sent).encode(), {})
        return answer.ok and (answer.body == challenge or answer.json().get("challenge") == challenge)

    async def _send(
        self, kind: str, payload: dict[str, Any], body: bytes, *, attempt: int = 0, reason: str = ""
    ) -> Answer:
        started = time.monotonic()
        try:
            if self._sockets.connected:
                patience = self.patience
                said = await self._sockets.deliver(kind, payload, attempt=attempt, patience=patience)
                answer = Answer(200, "" if said is None else said)
            else:
                again = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
                answer = await self._post(kind, body, again if attempt else {})
        except TimeoutError:
            answer = Answer(None, trouble=TIMED_OUT)
        took = time.monotonic() - started
        answer = Answer(answer.status, answer.body, took, answer.trouble, attempt + 1)
        self.answers.append(answer)
        return answer

    async def _post(self, kind: str, body: bytes, more: dict[str, str]) -> Answer:
        if not self.request_url:
            return Answer(None, trouble=FAILED)
        json_body = kind == "events_api"
        headers = {
            "Content-Type": "application/json" if json_body else "application/x-www-form-urlencoded",
            "User-Agent": "Slackbot 1.0 (stand-in)",
            **signed(self._secret, body, int(time.time())),
            **more,
        }
        try:
            async with asyncio.timeout(self.patience):
                answer = await self._client.post(
                    self.request_url, content=body, headers=headers, timeout=None
                )
        except httpx.HTTPError:
            return Answer(None, trouble=FAILED)
        return Answer(answer.status_code, answer.text, trouble=None if answer.is_success else FAILED)
