"""What the handlers of the API have in common: reading bodies, and finding what an address names."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from sandbox.freescout.answers import NotFound
from sandbox.freescout.shapes import Json

Handler = Callable[[Request], Awaitable[Response]]
Table = dict[tuple[str, str], Handler]
T = TypeVar("T")


async def read_json(request: Request) -> Json:
    """The body, where it is a JSON object; anything else counts as empty, and misses what is required."""
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def named(request: Request, known: Mapping[int, T]) -> T:
    """What the id in the address stands for, or 404."""
    found = known.get(request.path_params["id"])
    if found is None:
        raise NotFound
    return found
