"""Conversations over the API, with what hangs on them: threads, tags, custom fields, timelogs."""

from collections import Counter
from itertools import chain
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.freescout.answers import Refused, created, json_answer, nothing
from sandbox.freescout.desk import Desk, known_status
from sandbox.freescout.lists import Lists, page
from sandbox.freescout.reading import Table, named, read_json
from sandbox.freescout.records import Actor, Conversation
from sandbox.freescout.shapes import Shapes
from sandbox.freescout.switches import Switches
from sandbox.freescout.uploads import read_uploads
from sandbox.freescout.writing import begin, number, reply, set_fields, threads_in


def embeds(request: Request, default: str) -> frozenset[str]:
    return frozenset((request.query_params.get("embed") or default).split(","))


class Conversations:
    """What they take, refuse, and wrongly accept, as seen on a real server."""

    def __init__(self, desk: Desk, shape: Shapes, lists: Lists, switches: Switches) -> None:
        self._desk = desk
        self._world = desk.world
        self._shape = shape
        self._lists = lists
        self._switches = switches

    def table(self) -> Table:
        one = "/conversations/{id:int}"
        return {
            ("GET", "/conversations"): self.list_all,
            ("POST", "/conversations"): self.create,
            ("GET", one): self.get,
            ("PUT", one): self.put,
            ("DELETE", one): self.delete,
            ("POST", f"{one}/threads"): self.create_thread,
            ("PUT", f"{one}/tags"): self.put_tags,
            ("PUT", f"{one}/custom_fields"): self.put_fields,
            ("GET", f"{one}/timelogs"): self.list_timelogs,
            ("GET", "/tags"): self.list_tags,
        }

    def _named(self, request: Request) -> Conversation:
        return named(request, self._world.conversations)

    async def list_all(self, request: Request) -> Response:
        embed = embeds(request, "")
        found = self._lists.conversations(request.query_params)
        shape = lambda one: self._shape.listed(one, embed)  # noqa: E731
        return json_answer(page(found, request.query_params, "conversations", shape))

    async def get(self, request: Request) -> Response:
        return json_answer(self._shape.conversation(self._named(request), embeds(request, "threads")))

    async def create(self, request: Request) -> Response:
        body = await read_json(request)
        uploads = [await read_uploads(each) for each in threads_in(body)]
        conversation = begin(self._desk, body, uploads)
        return created(conversation.id, self._shape.conversation(conversation, frozenset({"threads"})))

    async def create_thread(self, request: Request) -> Response:
        body = await read_json(request)
        uploads = await read_uploads(body)
        thread = reply(self._desk, self._named(request), body, uploads)
        return created(thread.id, self._shape.thread(thread))

    async def put(self, request: Request) -> Response:
        """Apply the keys one by one, in their order: where one is refused, those before it stay done."""
        conversation = self._named(request)
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
            self._desk.retitle(conversation, str(value), by)

    async def delete(self, request: Request) -> Response:
        self._desk.delete_forever(self._named(request))
        return nothing()

    async def put_tags(self, request: Request) -> Response:
        if not self._switches.tags_module:
            raise Refused("tags", "Tags module is not active")
        conversation = self._named(request)
        tags = (await read_json(request)).get("tags")
        self._desk.tag(conversation, [str(tag) for tag in tags] if isinstance(tags, list) else [])
        return nothing()

    async def list_tags(self, request: Request) -> Response:
        counts = Counter(chain.from_iterable(one.tags for one in self._world.conversations.values()))
        tags = [
            {"id": key, "name": name, "counter": counts[name], "color": 0}
            for name, key in self._world.tags.items()
        ]
        return json_answer(page(tags, request.query_params, "tags", dict))

    async def put_fields(self, request: Request) -> Response:
        if not self._switches.custom_fields_module:
            raise Refused("customFields", "Custom Fields module is not active")
        conversation = self._named(request)
        given = (await read_json(request)).get("customFields")
        if not isinstance(given, list):
            raise Refused("customFields", "may not be empty")
        set_fields(self._desk, conversation, given)
        return nothing()

    async def list_timelogs(self, request: Request) -> Response:
        found = self._shape.timelogs(self._named(request))
        return json_answer(page(found, request.query_params, "timelogs", dict))
