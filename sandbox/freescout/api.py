"""The `/api/...` routes: what they take, refuse, and wrongly accept, as seen on a real server."""

import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.freescout import answers, lists, shapes
from sandbox.freescout.answers import NotFound, Refused, created, json_answer, nothing
from sandbox.freescout.desk import Desk, known_status
from sandbox.freescout.lists import page
from sandbox.freescout.records import Actor, Conversation, Customer
from sandbox.freescout.shapes import Json, Shapes
from sandbox.freescout.webhooks import EVENTS, Webhook, Webhooks
from sandbox.freescout.world import World
from sandbox.freescout.writing import begin, number, reply

Handler = Callable[[Request], Awaitable[Response]]


async def read_json(request: Request) -> Json:
    """The body, where it is a JSON object; anything else counts as empty, and misses what is required."""
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def embeds(request: Request, default: str) -> frozenset[str]:
    return frozenset((request.query_params.get("embed") or default).split(","))


def webhook_shape(webhook: Webhook) -> Json:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": list(webhook.events or ()),
        "mailboxes": list(webhook.mailboxes),
    }


class Api:
    """One key opens everything; `tags_module` False is an install without the Tags module."""

    def __init__(self, desk: Desk, shape: Shapes, webhooks: Webhooks, key: str) -> None:
        self.tags_module = True
        self._desk = desk
        self._world: World = desk.world
        self._shape = shape
        self._webhooks = webhooks
        self._key = key

    def routes(self) -> list[Route]:
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/conversations", self.list_conversations),
            ("POST", "/conversations", self.create_conversation),
            ("GET", "/conversations/{id:int}", self.get_conversation),
            ("PUT", "/conversations/{id:int}", self.put_conversation),
            ("DELETE", "/conversations/{id:int}", self.delete_conversation),
            ("POST", "/conversations/{id:int}/threads", self.create_thread),
            ("PUT", "/conversations/{id:int}/tags", self.put_tags),
            ("GET", "/tags", self.list_tags),
            ("GET", "/mailboxes", self.list_mailboxes),
            ("GET", "/mailboxes/{id:int}/folders", self.list_folders),
            ("GET", "/users", self.list_users),
            ("GET", "/users/{id:int}", self.get_user),
            ("GET", "/customers", self.list_customers),
            ("GET", "/customers/{id:int}", self.get_customer),
            ("PUT", "/customers/{id:int}", self.put_customer),
            ("POST", "/webhooks", self.create_webhook),
            ("DELETE", "/webhooks/{id:int}", self.delete_webhook),
        ]
        return [Route(f"/api{path}", self._guarded(handler), methods=[verb]) for verb, path, handler in table]

    def _guarded(self, handler: Handler) -> Handler:
        """Ask for the key, in the header or the query. HTTP Basic, which the manual names, does not open."""

        async def endpoint(request: Request) -> Response:
            offered = request.headers.get("X-FreeScout-API-Key") or request.query_params.get("api_key", "")
            if not hmac.compare_digest(offered.encode(), self._key.encode()):
                return answers.unauthorized()
            return await handler(request)

        return endpoint

    def _conversation(self, request: Request) -> Conversation:
        found = self._world.conversations.get(request.path_params["id"])
        if found is None:
            raise NotFound
        return found

    def _customer(self, request: Request) -> Customer:
        found = self._world.customers.get(request.path_params["id"])
        if found is None:
            raise NotFound
        return found

    # Conversations

    async def list_conversations(self, request: Request) -> Response:
        embed = embeds(request, "")
        found = lists.conversations(self._world, request.query_params)
        shape = lambda one: self._shape.conversation(one, embed)  # noqa: E731
        return json_answer(page(found, request.query_params, "conversations", shape))

    async def get_conversation(self, request: Request) -> Response:
        return json_answer(self._shape.conversation(self._conversation(request), embeds(request, "threads")))

    async def create_conversation(self, request: Request) -> Response:
        conversation = begin(self._desk, await read_json(request))
        return created(conversation.id, self._shape.conversation(conversation, frozenset({"threads"})))

    async def create_thread(self, request: Request) -> Response:
        thread = reply(self._desk, self._conversation(request), await read_json(request))
        return created(thread.id, self._shape.thread(thread))

    async def put_conversation(self, request: Request) -> Response:
        """Apply the keys one by one, in their order: where one is refused, those before it stay done."""
        conversation = self._conversation(request)
        body = await read_json(request)
        by = number(body.get("byUser"))
        if not by and not {"status", "assignTo", "mailboxId"}.isdisjoint(body):
            raise Refused("byUser", "may not be empty")
        for key, value in body.items():
            self._apply(conversation, key, value, Actor("user", by))
        return nothing()

    def _apply(self, conversation: Conversation, key: str, value: Any, by: Actor) -> None:
        if key == "status":
            self._desk.set_status(conversation, known_status(value), by)
        elif key == "assignTo":
            # Any other number is believed, and the conversation then belongs to nobody that exists.
            assignee = None if value is None or number(value) == -1 else number(value)
            self._desk.assign(conversation, assignee, by)
        elif key == "mailboxId":
            if number(value) not in self._world.mailboxes:
                raise Refused("mailboxId", "Mailbox not found")
            self._desk.move(conversation, number(value), by)
        elif key == "customerId":
            if number(value) not in self._world.customers:
                raise Refused("customerId", "Customer not found")
            self._desk.change_customer(conversation, number(value), by)
        elif key == "subject" and value:
            conversation.subject = str(value)
            self._world.touch(conversation)

    async def delete_conversation(self, request: Request) -> Response:
        self._desk.delete_forever(self._conversation(request))
        return nothing()

    async def put_tags(self, request: Request) -> Response:
        if not self.tags_module:
            raise Refused("tags", "Tags module is not active")
        conversation = self._conversation(request)
        tags = (await read_json(request)).get("tags")
        self._desk.tag(conversation, [str(tag) for tag in tags] if isinstance(tags, list) else [])
        return nothing()

    async def list_tags(self, request: Request) -> Response:
        counts = dict.fromkeys(self._world.tags, 0)
        for conversation in self._world.conversations.values():
            for name in conversation.tags:
                counts[name] += 1
        tags = [
            {"id": key, "name": name, "counter": counts[name], "color": 0}
            for name, key in self._world.tags.items()
        ]
        return json_answer(page(tags, request.query_params, "tags", dict))

    # People and places

    async def list_mailboxes(self, request: Request) -> Response:
        boxes = list(self._world.mailboxes.values())
        # An unknown user sees all of them: a real server does that, and a client had better look first.
        user = self._world.users.get(number(request.query_params.get("userId")))
        if user and user.role != "admin":
            boxes = [box for box in boxes if box.id in user.mailboxes]
        return json_answer(page(boxes, request.query_params, "mailboxes", shapes.mailbox))

    async def list_folders(self, request: Request) -> Response:
        box = self._world.mailboxes.get(request.path_params["id"])
        if box is None:
            raise NotFound
        inside = [one for one in self._world.conversations.values() if one.mailbox == box.id]
        folders = []
        for name, key in box.folders.items():
            there = [one for one in inside if one.folder == name]
            active = sum(one.status == "active" for one in there)
            folders.append(
                {"id": key, "name": name, "totalCount": len(there), "activeCount": active, "meta": []}
            )
        return json_answer(page(folders, request.query_params, "folders", dict))

    async def list_users(self, request: Request) -> Response:
        users = sorted(self._world.users.values(), key=lambda one: one.created_at, reverse=True)
        if email := request.query_params.get("email"):
            users = [one for one in users if one.email.lower() == email.lower()]
        return json_answer(page(users, request.query_params, "users", shapes.user))

    async def get_user(self, request: Request) -> Response:
        found = self._world.users.get(request.path_params["id"])
        if found is None:
            raise NotFound
        return json_answer(shapes.user(found))

    async def list_customers(self, request: Request) -> Response:
        found = lists.customers(self._world, request.query_params)
        return json_answer(page(found, request.query_params, "customers", shapes.customer))

    async def get_customer(self, request: Request) -> Response:
        return json_answer(shapes.customer(self._customer(request)))

    async def put_customer(self, request: Request) -> Response:
        customer = self._customer(request)
        body = await read_json(request)
        details = {key: body[key] for key in ("jobTitle", "company", "notes") if key in body}
        first, last = body.get("firstName", customer.first), body.get("lastName", customer.last)
        self._desk.update_customer(customer, first or None, last or None, **details)
        return nothing()

    # Webhooks: there is no route that lists them

    async def create_webhook(self, request: Request) -> Response:
        body = await read_json(request)
        url, asked = body.get("url"), body.get("events")
        if not url or not isinstance(url, str):
            raise Refused("url", "may not be empty")
        events = [name for name in EVENTS if isinstance(asked, list) and name in asked]
        if not events:
            raise Refused("events", "may not be empty")
        webhook = self._webhooks.subscribe(url, events)
        return created(webhook.id, webhook_shape(webhook))

    async def delete_webhook(self, request: Request) -> Response:
        if not self._webhooks.unsubscribe(request.path_params["id"]):
            raise NotFound
        return nothing()
