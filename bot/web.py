"""The HTTP routes: FreeScout's webhook, Slack's requests, and the health page."""

import logging

from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot import webhook
from bot.crashpoints import reached
from bot.health import Health
from bot.lanes import Lanes
from bot.store import Store
from bot.webhook import BadBody, Bell, CustomerBell, Dropped, Echoes

log = logging.getLogger(__name__)

_PRIORITY = {"convo.created": 3, "convo.customer.reply.created": 4}
"""Who looks first where much has to be looked at: new conversations, then customers' replies."""


def build(store: Store, health: Health, lanes: Lanes, secret: str, slack: AsyncApp | None) -> Starlette:
    """Make the web application; without `slack`, its requests come over Socket Mode."""
    echoes = Echoes()

    async def freescout(request: Request) -> Response:
        return await _freescout(request, store, health, secret, echoes)

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

    routes = [
        Route("/freescout/webhook", freescout, methods=["POST"]),
        Route("/healthz", healthz, methods=["GET"]),
    ]
    if slack is not None:
        handler = AsyncSlackRequestHandler(slack)

        async def events(request: Request) -> Response:
            return await handler.handle(request)

        routes.append(Route("/slack/events", events, methods=["POST"]))
    return Starlette(routes=routes)


async def _freescout(request: Request, store: Store, health: Health, secret: str, echoes: Echoes) -> Response:
    """Put the bell on disk, then answer 200. FreeScout sends from its only queue worker: it must not wait."""
    try:
        body = await _body(request, webhook.SIZE_LIMIT)
    except ClientDisconnect:
        health.count("cut off")
        return PlainTextResponse("The body broke off.", 400)
    if body is None:
        health.count("too large")
        return PlainTextResponse("The body is larger than 8 MiB.", 413)
    if not webhook.signed(body, request.headers.get("X-FreeScout-Signature"), secret):
        health.count("forged")
        log.warning("a webhook with a wrong signature: is FREESCOUT_WEBHOOK_SECRET the one FreeScout shows?")
        return PlainTextResponse("The signature does not match.", 401)
    event = request.headers.get("X-FreeScout-Event")
    name = webhook.fingerprint(event, body)
    if echoes.heard(name):
        health.count("repeated")
        return PlainTextResponse("OK, again")
    try:
        told = webhook.read(event, body)
    except BadBody:
        health.count("not JSON")
        return PlainTextResponse("The body is not JSON.", 400)
    health.count(await _ring(store, told))
    reached("webhook.kept")
    echoes.keep(name)
    return PlainTextResponse("OK")


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


async def _body(request: Request, most: int) -> bytes | None:
    """Read the body; None as soon as it is larger than `most` bytes."""
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length[:20]) > most:
        return None
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > most:
            return None
    return bytes(read)
