"""FreeScout's webhook: bytes and headers in, a bell out. Nothing here does I/O.

A webhook says only that a conversation wants looking at; what it claims about that conversation is as old as
the event and is not used.
"""

import base64
import hmac
import json
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import BridgeError

SIZE_LIMIT = 8 * 1024 * 1024
"""Bytes. FreeScout sends every thread with every event, so that bodies grow with the conversation."""

CONVERSATION_EVENTS = frozenset(
    {
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
    }
)
CUSTOMER_EVENTS = frozenset({"customer.created", "customer.updated"})
_FIRST_ID = re.compile(rb'\{"id":([1-9][0-9]{0,17})[,}]')
"""How FreeScout begins every body. To parse the rest, all threads of the conversation, would tell no more."""
EVENTS = CONVERSATION_EVENTS | CUSTOMER_EVENTS


class BadBody(BridgeError):
    """A body with a good signature that is not JSON."""


@dataclass(frozen=True, slots=True)
class Bell:
    """Look at this conversation."""

    event: str
    conversation: int


@dataclass(frozen=True, slots=True)
class CustomerBell:
    """Look at what is shown of this customer."""

    event: str
    customer: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """Nothing to look at, and why: one of a few words, fit for a counter."""

    why: str


class Echoes:
    """Tells FreeScout's retries: the same bytes once more, minutes after the bell was on disk.

    Two events may look alike as well, where somebody changed a thing, and changed it back within one second.
    So what comes within `soon` seconds counts as an event of its own.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, soon: float = 10.0, most: int = 10_000
    ) -> None:
        self._clock = clock
        self._soon = soon
        self._most = most
        self._kept: OrderedDict[tuple[str | None, str | None], float] = OrderedDict()

    def heard(self, event: str | None, signature: str | None) -> bool:
        """Whether the webhook with this signature, which is a true one, was answered a while ago."""
        kept = self._kept.get((event, signature))
        return kept is not None and self._clock() - kept > self._soon

    def keep(self, event: str | None, signature: str | None) -> None:
        """Remember a webhook whose bell is on disk."""
        self._kept.setdefault((event, signature), self._clock())
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)


def signed(body: bytes, signature: str | None, secret: str) -> bool:
    """Tell whether `X-FreeScout-Signature` is base64 of HMAC-SHA1 over the raw body.

    Compares bytes in constant time: JSON that was parsed and written again never matches.
    """
    digest = hmac.digest(secret.encode(), body, "sha1")
    expected = base64.b64encode(digest)
    return hmac.compare_digest(expected, (signature or "").strip().encode("utf-8", "replace"))


def read(event: str | None, body: bytes) -> Bell | CustomerBell | Dropped:
    """Say what a verified webhook asks for; raise BadBody where it is not JSON."""
    begins = _FIRST_ID.match(body)
    if begins and event is not None and event in EVENTS:
        return _bell(event, int(begins[1]))
    if not body or body.isspace():
        return Dropped("empty body")  # older modules send nothing at all
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadBody("the body is not JSON") from error
    if told is None:
        return Dropped("empty body")
    if event is None or event not in EVENTS:
        return Dropped("unknown event")
    about = _id(told)
    if about is None:
        return Dropped("no id")
    return _bell(event, about)


def _bell(event: str, about: int) -> Bell | CustomerBell:
    return Bell(event, about) if event in CONVERSATION_EVENTS else CustomerBell(event, about)


def _id(told: object) -> int | None:
    found = told.get("id") if isinstance(told, dict) else None
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 19:
        found = int(found)
    if isinstance(found, int) and not isinstance(found, bool) and 0 < found < 2**63:
        return found
    return None
