"""A free module that happens to answer under `/api` too: JSON, but none of it is what the manual promises."""

import hmac

from starlette.requests import Request
from starlette.responses import Response

from sandbox.freescout.answers import json_answer
from sandbox.freescout.shapes import Json
from sandbox.freescout.world import World


def _error(message: str, status: int) -> Response:
    return json_answer({"status": "error", "message": message}, status)


def _rows(world: World, name: str) -> list[Json] | None:
    if name == "mailboxes":
        return [{"id": box.id, "name": box.name, "email": box.email} for box in world.mailboxes.values()]
    if name == "users":
        return [{"id": one.id, "name": one.name, "email": one.email} for one in world.users.values()]
    if name == "conversations":
        latest = list(world.conversations.values())[-50:]
        return [{"id": one.id, "subject": one.subject, "status": one.status} for one in latest]
    return None


def answer(request: Request, world: World, key: str) -> Response:
    """Its own address is `/api/v1` and its own header `X-Api-Key`; elsewhere its lists ask for no key."""
    path = request.url.path.removeprefix("/api").strip("/")
    if path.startswith("v1/") and not hmac.compare_digest(
        request.headers.get("X-Api-Key", "").encode(), key.encode()
    ):
        return _error("Invalid API key", 401)
    rows = _rows(world, path.removeprefix("v1/")) if request.method == "GET" else None
    return _error("Endpoint not found", 404) if rows is None else json_answer(rows)
