"""The stand-in FreeScout: the parts put together, and the verbs for what people do in it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Unpack

from starlette.applications import Starlette
from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.types import Scope

from sandbox.freescout import answers, bulk, people, shapes
from sandbox.freescout.agents import Agents
from sandbox.freescout.api import Api
from sandbox.freescout.desk import Desk
from sandbox.freescout.faults import Faults
from sandbox.freescout.page import Page
from sandbox.freescout.records import (
    Actor,
    Conversation,
    Customer,
    FieldType,
    Mail,
    Upload,
    UserKind,
)
from sandbox.freescout.shapes import Json, Shapes
from sandbox.freescout.spoiler import Spoiler
from sandbox.freescout.webhooks import Delivery, Webhooks
from sandbox.freescout.world import World


@dataclass(frozen=True, slots=True)
class Call:
    """An API call that was received, whether or not it was answered."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    headers: Mapping[str, str]


class FreeScout(Agents):
    """A help desk to run tests and demos against. Serve `app`; the verbs are what people do in its pages."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        api_key: str = "freescout-api-key",
        webhook_secret: str = "0123456789abcdef0123456789abcdef",
        speed: float = 1.0,
        first_number: int = 1,
        skip: Callable[[timedelta], None] | None = None,
    ) -> None:
        self.api_key = api_key
        self.webhook_secret = webhook_secret
        self.slack_url: str | None = None
        self.url = ""
        """This server's own address, learnt from the first request; attachments' links begin with it."""
        self.requests: list[Call] = []
        self.faults = Faults()
        self.world = World(now, first_number)
        self.desk = Desk(self.world, self._notice)
        self.webhooks = Webhooks(webhook_secret, speed, self.faults)
        self._shape = Shapes(
            self.world,
            lambda: self.url,
            lambda: self.api.custom_fields_module,
            lambda: self.api.lists_custom_fields,
        )
        self.api = Api(self.desk, self._shape, self.webhooks, api_key)
        self.app = self._application(Page(self, skip))

    def _application(self, page: Page) -> Starlette:
        return Starlette(
            routes=[*self.api.routes(), *page.routes()],
            middleware=[Middleware(Spoiler, faults=self.faults, record=self._record)],
            exception_handlers={
                answers.Refused: answers.refused,
                answers.NotFound: answers.not_found,
                answers.Broken: answers.broken,
                HTTPException: answers.unknown,
            },
        )

    def _record(self, scope: Scope, body: bytes) -> None:
        self.webhooks.wake()
        headers = Headers(scope=scope)
        self.url = self.url or f"http://{headers.get('host', '127.0.0.1')}"
        try:
            parsed = json.loads(body) if body else None
        except ValueError:
            parsed = body.decode(errors="replace")
        query = dict(QueryParams(scope["query_string"]))
        self.requests.append(Call(scope["method"], scope["path"], query, parsed, dict(headers)))

    def _notice(self, event: str, subject: Conversation | Customer, late: float) -> None:
        """Queue an event: the scalars as they are now, the threads as they will be when it is sent."""
        if isinstance(subject, Customer):
            body = shapes.customer(subject)
            self.webhooks.ring(event, lambda: body, conversation=None, mailbox=None, late=late)
            return
        scalars, key = self._shape.scalars(subject), subject.id

        def whole() -> Json:
            return {**scalars, "_embedded": {"threads": self._shape.threads(key)}}

        self.webhooks.ring(event, whole, conversation=key, mailbox=subject.mailbox, late=late)

    @property
    def outbox(self) -> list[Mail]:
        """Every e-mail that went to a customer, oldest first."""
        return self.world.outbox

    @property
    def deliveries(self) -> list[Delivery]:
        """Every attempt to send a webhook."""
        return self.webhooks.deliveries

    def subscribe(
        self, url: str, events: Sequence[str] | None = None, *, mailboxes: Sequence[int] = ()
    ) -> int:
        """Add a webhook, for all events where none are named. The API cannot pick mailboxes."""
        return self.webhooks.subscribe(url, events, mailboxes).id

    async def close(self) -> None:
        """Stop sending webhooks."""
        await self.webhooks.close()

    # People and places

    def add_mailbox(self, name: str, email: str) -> int:
        return self.world.add_mailbox(name, email).id

    def add_user(
        self,
        first: str,
        last: str,
        email: str,
        *,
        role: str = "user",
        mailboxes: Sequence[int] = (),
        kind: UserKind = "person",
    ) -> int:
        """Add somebody who works here. An `admin` sees every mailbox. No list tells the kinds apart."""
        return self.world.add_user(first, last, email, role, mailboxes, kind).id

    def add_custom_field(
        self,
        mailbox: int,
        name: str,
        type: FieldType = "text",  # noqa: A002  # what the API calls it
        *,
        options: Sequence[str] | Mapping[int, str] = (),
        required: bool = False,
    ) -> int:
        """Add a field to a mailbox. A dropdown's options are numbered from 1, where they bring no number."""
        numbered = options if isinstance(options, Mapping) else dict(enumerate(options, start=1))
        texts = {str(key): text for key, text in numbered.items()}
        return self.world.add_field(mailbox, name, type, texts, required=required).id

    def delete_user(self, user: int) -> None:
        """Delete as the real one does: still in the list, the address marked."""
        people.delete_user(self.world, self.world.users[user])

    def fill(self, count: int, *, mailbox: int, **kind: Unpack[bulk.Kind]) -> range:
        """Make many conversations at once, without webhooks or mail, and return their ids: see `bulk.py`."""
        with bulk.uncollected(count):
            made = bulk.fill(self.world, count, mailbox, **kind)
            self.api.lists.prepare()
        return made

    # Customers

    def customer_writes(
        self,
        email: str,
        subject: str,
        body: str,
        *,
        mailbox: int,
        name: str = "",
        cc: Sequence[str] = (),
        attachments: Sequence[tuple[str, str, bytes]] = (),
    ) -> int:
        """Begin a conversation by e-mail; `body` is HTML as it came, attachments are (name, type, bytes)."""
        first, _, last = name.partition(" ")
        by = Actor("customer", self.desk.customer(email, first, last).id)
        conversation = self.desk.open(mailbox=mailbox, customer=by.id, subject=subject, by=by, source="email")
        conversation.cc = list(cc)
        uploads = [Upload(*each) for each in attachments]
        self.desk.write(conversation, "customer", by, body, cc=cc, uploads=uploads, source="email")
        return conversation.id

    def customer_replies(
        self,
        conversation: int,
        body: str,
        *,
        email: str | None = None,
        attachments: Sequence[tuple[str, str, bytes]] = (),
    ) -> int:
        """Answer by e-mail. Another address is a person in copy: the conversation keeps its customer."""
        one = self.world.conversations[conversation]
        writer = self.desk.customer(email).id if email else one.customer
        uploads = [Upload(*each) for each in attachments]
        by = Actor("customer", writer)
        return self.desk.write(one, "customer", by, body, cc=one.cc, uploads=uploads, source="email").id

    def customer_renamed(self, customer: int, first: str | None, last: str | None = None) -> None:
        self.desk.update_customer(self.world.customers[customer], first, last)
