"""Webhooks over the API: made and removed; the recorded version has no route that lists them."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sandbox.freescout.answers import NotFound, Refused, created, json_answer, nothing
from sandbox.freescout.lists import page
from sandbox.freescout.reading import Table, read_json
from sandbox.freescout.shapes import Json
from sandbox.freescout.switches import Switches
from sandbox.freescout.webhooks import EVENTS, Webhook, Webhooks


def shape(webhook: Webhook) -> Json:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": list(EVENTS if webhook.events is None else webhook.events),
        "mailboxes": list(webhook.mailboxes),
    }


class Subscriptions:
    """Who is told what."""

    def __init__(self, webhooks: Webhooks, switches: Switches) -> None:
        self._webhooks = webhooks
        self._switches = switches

    def table(self) -> Table:
        return {
            ("GET", "/webhooks"): self.list_all,
            ("POST", "/webhooks"): self.create,
            ("DELETE", "/webhooks/{id:int}"): self.delete,
        }

    async def list_all(self, request: Request) -> Response:
        if not self._switches.lists_webhooks:
            raise HTTPException(405)
        return json_answer(page(self._webhooks.subscriptions, request.query_params, "webhooks", shape))

    async def create(self, request: Request) -> Response:
        body = await read_json(request)
        url, asked = body.get("url"), body.get("events")
        if not isinstance(url, str) or not url.strip():
            raise Refused("url", "may not be empty")
        events = [name for name in EVENTS if isinstance(asked, list) and name in asked]
        if not events:
            raise Refused("events", "may not be empty")
        webhook = self._webhooks.subscribe(url.strip(), events)
        return created(webhook.id, shape(webhook))

    async def delete(self, request: Request) -> Response:
        if not self._webhooks.unsubscribe(request.path_params["id"]):
            raise NotFound
        return nothing()
