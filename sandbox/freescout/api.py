"""The `/api/...` routes: one table, the key that opens them, and what an install may lack."""

import hmac

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.freescout import answers, othermodule
from sandbox.freescout.apiconversations import Conversations
from sandbox.freescout.apipeople import People
from sandbox.freescout.apiwebhooks import Subscriptions
from sandbox.freescout.desk import Desk
from sandbox.freescout.lists import Lists
from sandbox.freescout.reading import Handler
from sandbox.freescout.shapes import Shapes
from sandbox.freescout.switches import Switches
from sandbox.freescout.webhooks import Webhooks

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Api(Switches):
    """One key opens everything. Its switches may be turned at any time."""

    def __init__(self, desk: Desk, shape: Shapes, webhooks: Webhooks, key: str) -> None:
        super().__init__()
        self.lists = Lists(desk.world)
        self._world = desk.world
        self._key = key
        self._conversations = Conversations(desk, shape, self.lists, self)
        self._people = People(desk, self.lists, self)
        self._subscriptions = Subscriptions(webhooks, self)

    def routes(self) -> list[Route]:
        table = {
            **self._conversations.table(),
            **self._people.table(),
            **self._subscriptions.table(),
        }
        found = [
            Route(f"/api{path}", self._guarded(handler), methods=[verb])
            for (verb, path), handler in table.items()
        ]
        return [*found, Route("/api/{rest:path}", self._elsewhere, methods=list(METHODS))]

    def _guarded(self, handler: Handler) -> Handler:
        """Ask for the key, in the header or the query. HTTP Basic, which the manual names, does not open."""

        async def endpoint(request: Request) -> Response:
            if self.wrong_module:
                return await self._elsewhere(request)
            offered = request.headers.get("X-FreeScout-API-Key") or request.query_params.get("api_key", "")
            if not hmac.compare_digest(offered.encode(), self._key.encode()):
                return answers.unauthorized()
            return await handler(request)

        return endpoint

    async def _elsewhere(self, request: Request) -> Response:
        """Routes and methods that are none: 405, before the key is looked at."""
        if self.wrong_module:
            return othermodule.answer(request, self._world, self._key)
        raise HTTPException(405)
