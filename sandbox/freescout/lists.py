"""Order and pages of the API's lists, with the real server's habits."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar

from starlette.datastructures import QueryParams

from sandbox.freescout.answers import Broken
from sandbox.freescout.filters import sift_customers, wanted
from sandbox.freescout.orders import Numbered, Order
from sandbox.freescout.records import Conversation, Customer
from sandbox.freescout.shapes import Json
from sandbox.freescout.world import World

PAGE_SIZE = 50
T = TypeVar("T")
N = TypeVar("N", bound=Numbered)
Fields = dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any] | None]]
"""By the names of the API: the field, and what makes of its value what it is sorted by."""


def _folded(name: str | None) -> str:
    return (name or "").lower()


_CONVERSATIONS: Fields = {
    "createdAt": (attrgetter("created_at"), None),
    "mailboxId": (attrgetter("mailbox"), None),
    "number": (attrgetter("number"), None),
    "subject": (attrgetter("subject"), str.lower),
    "updatedAt": (attrgetter("updated_at"), None),
    "waitingSince": (attrgetter("last_reply_at"), None),
}
_CUSTOMERS: Fields = {
    "createdAt": (attrgetter("created_at"), None),
    "updatedAt": (attrgetter("updated_at"), None),
    "firstName": (attrgetter("first"), _folded),
    "lastName": (attrgetter("last"), _folded),
}


def page(items: Sequence[T], query: QueryParams, name: str, shape: Callable[[T], Json]) -> Json:
    """Cut out a page; past the last one the list is empty. A page size that is no number breaks it."""
    size_text = query.get("pageSize") or str(PAGE_SIZE)
    if not size_text.isdigit() or not int(size_text):
        raise Broken
    size = int(size_text)
    number_text = query.get("page", "")
    number = max(int(number_text), 1) if number_text.isdigit() else 1
    shown = items[(number - 1) * size : number * size]
    return {
        "_embedded": {name: [shape(item) for item in shown]},
        "page": {
            "size": size,
            "totalElements": len(items),
            "totalPages": max(1, -(-len(items) // size)),
            "number": number,
        },
    }


class Shelf(Generic[N]):
    """Everything of one kind, in every order that there is a field for."""

    def __init__(self, everything: dict[int, N], fields: Fields) -> None:
        self._everything = everything
        self._orders: dict[tuple[str, bool], Order[N]] = {
            (name, down): Order(field, descending=down, fold=fold)
            for name, (field, fold) in fields.items()
            for down in (False, True)
        }

    def prepare(self) -> None:
        for order in self._orders.values():
            order.look(self._everything)

    def order(self, query: QueryParams) -> Order[N]:
        """What the query asks to sort by, else newest first."""
        down = query.get("sortOrder") != "asc"
        return self._orders.get((query.get("sortField", ""), down)) or self._orders["createdAt", down]


class Lists:
    """The two lists of the API that may be long."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._conversations = Shelf(world.conversations, _CONVERSATIONS)
        self._customers = Shelf(world.customers, _CUSTOMERS)

    def prepare(self) -> None:
        """Sort everything now, instead of with the first call that asks for it."""
        self._conversations.prepare()
        self._customers.prepare()

    def conversations(self, query: QueryParams) -> list[Conversation]:
        """Conversations of every status and state, unless filtered: drafts and deleted ones are in it."""
        sift, order = wanted(self._world, query).sift, self._conversations.order(query)
        few = self._few(query)
        return sift(order.look(self._world.conversations)) if few is None else order.sort(sift(few))

    def _few(self, query: QueryParams) -> list[Conversation] | None:
        """What an index gives; None where there is no short way."""
        world = self._world
        if number := query.get("number"):
            key = int(number) - world.first_number + 1 if number.isdigit() else 0
            return [world.conversations[key]] if key in world.conversations else []
        owner = query.get("customerId") or ""
        if not owner and (email := query.get("customerEmail")):
            known = world.customer_with(email)
            owner = str(known.id) if known else "0"
        if not owner:
            return None
        ids = world.conversations_of.get(int(owner) if owner.isdigit() else 0, {})
        return [world.conversations[each] for each in ids]

    def customers(self, query: QueryParams) -> list[Customer]:
        """Customers, by address or by the other filters."""
        order = self._customers.order(query)
        if email := query.get("email"):
            known = self._world.customer_with(email)
            return sift_customers([known] if known else [], query)
        return sift_customers(order.look(self._world.customers), query)
