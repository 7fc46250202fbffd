"""FreeScout's webhooks as they come over the wire: recorded bodies, made anew for other conversations."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path

SECRET = "0123456789abcdef0123456789abcdef"
_RECORDED = Path(__file__).parent.parent / "tests" / "payloads"


def recorded() -> list[tuple[str, dict[str, object]]]:
    """Every recorded webhook: its event and its body."""
    files = sorted(_RECORDED.glob("webhook.*.body"))
    return [(file.name.removeprefix("webhook.").removesuffix(".body"), _parsed(file)) for file in files]


def bell(event: str, told: dict[str, object], conversation: int, secret: str = SECRET) -> bytes:
    """One request, headers and all, about another conversation than the recorded one, signed for it."""
    told = {**told, "id": conversation, "number": conversation}
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha1).digest()).decode()
    head = (
        "POST /freescout/webhook HTTP/1.1\r\nHost: bridge.example.org\r\nUser-Agent: GuzzleHttp/8\r\n"
        f"Content-Type: application/json\r\nX-FreeScout-Event: {event}\r\n"
        f"X-FreeScout-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def bells(conversations: range) -> Iterator[bytes]:
    """One request for each conversation, the recorded events taking turns."""
    known = recorded()
    for conversation in conversations:
        event, told = known[conversation % len(known)]
        yield bell(event, told, conversation)


def _parsed(file: Path) -> dict[str, object]:
    told = json.loads(file.read_bytes())
    assert isinstance(told, dict)
    return told
