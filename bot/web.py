"""The HTTP routes: FreeScout's webhook, Slack's requests, and the health page."""

import logging
from collections.abc import Iterable

from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot import webhook
from bot.crashpoints import reached
from bot.health import Health
from bot.lanes import Lanes
from bot.store import Store
from bot.webhook import BadBody, Bell, CustomerBell, Dropped, Echoes

log = logging.getLogger(__name__)

_PRIORITY = {"convo.created": 3, "convo.customer.reply.created": 4}
"""Who looks first where much has to be looked at: new conversations, then customers' replies."""


def build(store: Store, health: Health, lanes: Lanes, secret: str, slack: AsyncApp | None) -> ASGIApp:
    """Make the web application; without `slack`, its requests come over Socket Mode."""
    echoes = Echoes()

    async def healthz(_: Request) -> Response:
        return JSONResponse(
            {
                "status": "degraded" if health.problems else "ok",
                "problems": health.problems,
                "work": await store.counts(),
                "lanes": lanes.state(),
                "webhooks": dict(health.counts),
            }
        )

    routes = [Route("/healthz", healthz, methods=["GET"])]
    if slack is not None:
        handler = AsyncSlackRequestHandler(slack)

        async def events(request: Request) -> Response:
            return await handler.handle(request)

        routes.append(Route("/slack/events", events, methods=["POST"]))
    others = Starlette(routes=routes)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        """Take webhooks at the door: Starlette would cost as much again as all that is done with one."""
        if scope["type"] != "http" or scope["path"] != "/freescout/webhook":
            await others(scope, receive, send)
        elif scope["method"] != "POST":
            await PlainTextResponse("Method Not Allowed", 405, {"Allow": "POST"})(scope, receive, send)
        else:
            status, said = await _freescout(scope["headers"], receive, store, health, secret, echoes)
            length = str(len(said)).encode()
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", length)]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": said})

    return application


async def _freescout(  # noqa: PLR0917
    headers: Iterable[tuple[bytes, bytes]],
    receive: Receive,
    store: Store,
    health: Health,
    secret: str,
    echoes: Echoes,
) -> tuple[int, bytes]:
    """Put the bell on disk, then answer 200. FreeScout sends from its only queue worker: it must not wait."""
    head = dict(headers)
    try:
        body = await _body(head.get(b"content-length", b""), receive, webhook.SIZE_LIMIT)
    except ClientDisconnect:
        health.count("cut off")
        return 400, b"The body broke off."
    if body is None:
        health.count("too large")
        return 413, b"The body is larger than 8 MiB."
    signature = _text(head.get(b"x-freescout-signature"))
    if not webhook.signed(body, signature, secret):
        health.count("forged")
        log.warning("a webhook with a wrong signature: is FREESCOUT_WEBHOOK_SECRET the one FreeScout shows?")
        return 401, b"The signature does not match."
    event = _text(head.get(b"x-freescout-event"))
    if echoes.heard(event, signature):
        health.count("repeated")
        return 200, b""
    try:
        told = webhook.read(event, body)
    except BadBody:
        health.count("not JSON")
        return 400, b"The body is not JSON."
    health.count(await _ring(store, told))
    reached("webhook.kept")
    echoes.keep(event, signature)
    return 200, b""  # a body would go by itself, and one more call of the system costs more than the rest


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")


async def _ring(store: Store, told: Bell | CustomerBell | Dropped) -> str:
    """Ring for what the webhook tells; say what to count."""
    match told:
        case Dropped():
            log.info("a webhook was dropped: %s", told.why)
            return f"dropped: {told.why}"
        case CustomerBell():
            await store.ring_customer(told.customer, told.event)
            return told.event
        case Bell():
            await store.ring([told.conversation], told.event, priority=_PRIORITY.get(told.event, 5))
            return told.event


async def _body(length: bytes, receive: Receive, most: int) -> bytes | None:
    """Read the body; None as soon as it is larger than `most` bytes."""
    if length.isdigit() and int(length[:20]) > most:
        return None
    more: bytearray | None = None
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        if more is None and not message.get("more_body"):
            return chunk if len(chunk) <= most else None  # most come whole
        more = more if more is not None else bytearray()
        more += chunk
        if len(more) > most:
            return None
        if not message.get("more_body"):
            return bytes(more)
