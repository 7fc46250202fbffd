"""Webhooks: who wants which event, and a queue worker that signs, sends and tries again."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import httpx

from sandbox.freescout.faults import Faults, WebhookFault
from sandbox.freescout.shapes import Json, encode

EVENTS = (
    "convo.created",
    "convo.assigned",
    "convo.status",
    "convo.moved",
    "convo.customer.reply.created",
    "convo.agent.reply.created",
    "convo.note.created",
    "convo.deleted",
    "convo.restored",
    "convo.deleted_forever",
    "customer.created",
    "customer.updated",
)
# Nine pauses, 75 minutes, ten attempts.
PAUSES = tuple(60.0 * minutes for minutes in (1, 2, 4, 6, 8, 10, 12, 15, 17))
TIMEOUT = 30.0


def sign(body: bytes, secret: str) -> str:
    """The value of `X-FreeScout-Signature`: base64(HMAC-SHA1(body, secret))."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha1).digest()).decode()


@dataclass(frozen=True, slots=True)
class Webhook:
    """A subscription; `events` None wants everything, names that workflows made up too."""

    id: int
    url: str
    events: tuple[str, ...] | None
    mailboxes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to send a webhook. `outcome` is the HTTP status, an error's name, or `dropped`."""

    url: str
    event: str
    conversation: int | None
    attempt: int
    outcome: int | str


@dataclass(frozen=True, slots=True)
class _Letter:
    """What happened, kept until it is sent: only then are the threads looked up, as the real server does."""

    url: str
    event: str
    conversation: int | None
    body: Callable[[], Json]
    late: float
    delay: float = 0


class Webhooks:
    """All subscriptions and what is on its way to them."""

    def __init__(self, secret: str, speed: float, faults: Faults) -> None:
        self.secret = secret
        self.deliveries: list[Delivery] = []
        self._speed = speed
        self._faults = faults
        self._subscriptions: dict[int, Webhook] = {}
        self._next_id = 1
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[_Letter] = []
        self._early: list[_Letter] = []
        # One queue worker sends everything, one after another: a slow answer keeps all the others waiting.
        self._worker = asyncio.Lock()
        self._client: httpx.AsyncClient | None = None

    def subscribe(self, url: str, events: Sequence[str] | None, mailboxes: Sequence[int] = ()) -> Webhook:
        webhook = Webhook(self._next_id, url, None if events is None else tuple(events), tuple(mailboxes))
        self._next_id += 1
        self._subscriptions[webhook.id] = webhook
        return webhook

    @property
    def subscriptions(self) -> list[Webhook]:
        return list(self._subscriptions.values())

    def unsubscribe(self, webhook: int) -> bool:
        return self._subscriptions.pop(webhook, None) is not None

    def ring(
        self,
        event: str,
        body: Callable[[], Json],
        *,
        conversation: int | None,
        mailbox: int | None,
        late: float,
    ) -> None:
        """Send an event to everyone who wants it, `late` seconds (by the sandbox's speed) from now."""
        for webhook in list(self._subscriptions.values()):
            if webhook.events is not None and event not in webhook.events:
                continue
            if webhook.mailboxes and mailbox is not None and mailbox not in webhook.mailboxes:
                continue
            self._post(_Letter(webhook.url, event, conversation, body, late))

    def _post(self, letter: _Letter) -> None:
        fault, delay = self._faults.take_webhook(letter.event)
        letter = replace(letter, delay=delay)
        if fault.drop:
            fault.drop -= 1
            self._log(letter, 0, "dropped")
        elif fault.reorder:
            fault.reorder -= 1
            self._held.append(letter)
            if not fault.reorder:
                self._send_held()
            elif fault.hold is not None:
                self._release_after(fault.hold, fault)
        else:
            copies = 2 if fault.duplicate else 1
            fault.duplicate = max(0, fault.duplicate - 1)
            for _ in range(copies):
                self._start(letter)

    def _send_held(self) -> None:
        while self._held:
            self._start(self._held.pop())

    def _release_after(self, seconds: float, fault: WebhookFault) -> None:
        try:
            asyncio.get_running_loop().call_later(seconds, self._release, fault)
        except RuntimeError:
            self._release(fault)  # there is no loop yet, and so no time in which to be overtaken

    def _release(self, fault: WebhookFault) -> None:
        if fault.reorder:
            fault.reorder = 0
            self._send_held()

    def release(self) -> None:
        """Send what is kept back for others to overtake it, now."""
        self._faults.next_webhooks.reorder = 0
        self._send_held()

    def _start(self, letter: _Letter) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            # Called before there is a loop: `wake` sends it with the first request.
            self._early.append(letter)
            return
        task = loop.create_task(self._deliver(letter))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def wake(self) -> None:
        """Send what was rung before there was an event loop."""
        waiting, self._early = self._early, []
        for letter in waiting:
            self._start(letter)

    async def _deliver(self, letter: _Letter) -> None:
        delay = letter.late / self._speed + letter.delay + self._faults.next_webhooks.delay
        if delay:
            await asyncio.sleep(delay)
        body = encode(letter.body())
        for attempt, pause in enumerate((*PAUSES, None), start=1):
            async with self._worker:
                outcome = await self._attempt(letter, body)
            self._log(letter, attempt, outcome)
            if pause is None or (isinstance(outcome, int) and 200 <= outcome < 300):
                return
            await asyncio.sleep(pause / self._speed)

    async def _attempt(self, letter: _Letter, body: bytes) -> int | str:
        headers = {
            "User-Agent": "GuzzleHttp/8",
            "Content-Type": "application/json",
            "X-FreeScout-Event": letter.event,
            "X-FreeScout-Signature": sign(body, self.secret),
        }
        if self._client is None:
            # Its client turns a redirected POST into a GET without a body, and so does httpx.
            self._client = httpx.AsyncClient(
                timeout=TIMEOUT,
                follow_redirects=True,
                trust_env=False,
                verify=False,  # noqa: S501 - plain HTTP
            )
        try:
            return (await self._client.post(letter.url, content=body, headers=headers)).status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return type(error).__name__

    def _log(self, letter: _Letter, attempt: int, outcome: int | str) -> None:
        self.deliveries.append(Delivery(letter.url, letter.event, letter.conversation, attempt, outcome))

    async def close(self) -> None:
        """Stop sending; what is on its way is lost."""
        self._held.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            self._client = None
