"""Mailboxes, users and customers over the API."""

from collections import Counter

from starlette.requests import Request
from starlette.responses import Response

from sandbox.freescout import people, shapes
from sandbox.freescout.answers import Refused, created, json_answer, nothing
from sandbox.freescout.desk import Desk
from sandbox.freescout.lists import Lists, page
from sandbox.freescout.reading import Table, named, read_json
from sandbox.freescout.records import folder_of
from sandbox.freescout.switches import Switches
from sandbox.freescout.writing import number


class People:
    """Who there is, and where they work."""

    def __init__(self, desk: Desk, lists: Lists, switches: Switches) -> None:
        self._desk = desk
        self._world = desk.world
        self._lists = lists
        self._switches = switches

    def table(self) -> Table:
        return {
            ("GET", "/mailboxes"): self.list_mailboxes,
            ("GET", "/mailboxes/{id:int}/folders"): self.list_folders,
            ("GET", "/mailboxes/{id:int}/custom_fields"): self.list_fields,
            ("GET", "/users"): self.list_users,
            ("POST", "/users"): self.create_user,
            ("GET", "/users/{id:int}"): self.get_user,
            ("DELETE", "/users/{id:int}"): self.delete_user,
            ("GET", "/customers"): self.list_customers,
            ("POST", "/customers"): self.create_customer,
            ("GET", "/customers/{id:int}"): self.get_customer,
            ("PUT", "/customers/{id:int}"): self.put_customer,
        }

    async def list_mailboxes(self, request: Request) -> Response:
        boxes = list(self._world.mailboxes.values())
        # An unknown user sees all of them: a real server does that, and a client had better look first.
        user = self._world.users.get(number(request.query_params.get("userId")))
        if user and user.role != "admin":
            boxes = [box for box in boxes if box.id in user.mailboxes]
        return json_answer(page(boxes, request.query_params, "mailboxes", shapes.mailbox))

    async def list_folders(self, request: Request) -> Response:
        box = named(request, self._world.mailboxes)
        inside = [one for one in self._world.conversations.values() if one.mailbox == box.id]
        total: Counter[str] = Counter()
        active: Counter[str] = Counter()
        kinds = Counter((one.state, one.status, one.assignee is None) for one in inside)
        for (state, status, unassigned), count in kinds.items():
            folder = folder_of(state, status, unassigned=unassigned)
            total[folder] += count
            active[folder] += count if status == "active" else 0
        folders = [
            {"id": key, "name": name, "totalCount": total[name], "activeCount": active[name], "meta": []}
            for name, key in box.folders.items()
        ]
        return json_answer(page(folders, request.query_params, "folders", dict))

    async def list_fields(self, request: Request) -> Response:
        if not self._switches.custom_fields_module:
            raise Refused("customFields", "Custom Fields module is not active")
        fields = self._world.fields_of(named(request, self._world.mailboxes).id)
        return json_answer(page(fields, request.query_params, "custom_fields", shapes.field))

    # Users: deleted, disabled and robot ones are in the list like everybody else

    async def list_users(self, request: Request) -> Response:
        users = sorted(self._world.users.values(), key=lambda one: one.created_at, reverse=True)
        if email := request.query_params.get("email"):
            users = [one for one in users if one.email.lower() == email.lower()]
        return json_answer(page(users, request.query_params, "users", shapes.user))

    async def create_user(self, request: Request) -> Response:
        user = people.new_user(self._world, await read_json(request))
        return created(user.id, shapes.user(user))

    async def get_user(self, request: Request) -> Response:
        return json_answer(shapes.user(named(request, self._world.users)))

    async def delete_user(self, request: Request) -> Response:
        people.delete_user(self._world, named(request, self._world.users))
        return nothing()

    # Customers

    async def list_customers(self, request: Request) -> Response:
        found = self._lists.customers(request.query_params)
        return json_answer(page(found, request.query_params, "customers", shapes.customer))

    async def create_customer(self, request: Request) -> Response:
        customer = people.new_customer(self._desk, await read_json(request))
        return created(customer.id, shapes.customer(customer))

    async def get_customer(self, request: Request) -> Response:
        return json_answer(shapes.customer(named(request, self._world.customers)))

    async def put_customer(self, request: Request) -> Response:
        customer = named(request, self._world.customers)
        people.change_customer(self._desk, customer, await read_json(request))
        return nothing()
