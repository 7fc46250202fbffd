"""What the page's templates ask for: rows of the list, waiting times, names."""

from datetime import datetime
from operator import attrgetter

from sandbox.freescout.orders import Order
from sandbox.freescout.records import Actor, Conversation, Customer, Thread
from sandbox.freescout.text import friendly
from sandbox.freescout.world import World

SHOWN = 60


class Views:
    """Read-only looks at the world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._moved_last: Order[Conversation] = Order(attrgetter("updated_at"))

    def latest(self) -> list[Conversation]:
        """The conversations that moved last: a page of 100,000 would help nobody."""
        return self._moved_last.look(self._world.conversations)[: -SHOWN - 1 : -1]

    def customer(self, one: Conversation | Thread) -> Customer:
        return self._world.customers[one.customer]

    def people(self) -> list[Customer]:
        """Customers to write as, the newest first."""
        return [one for one in list(self._world.customers.values())[::-1] if one.email][:SHOWN]

    def author(self, thread: Thread) -> str:
        return self._world.name_of(thread.created_by) or "Nobody"

    def assignee(self, one: Conversation) -> str:
        if one.assignee is None:
            return ""
        return self._world.name_of(Actor("user", one.assignee)) or f"Unknown ({one.assignee})"

    def initials(self, name: str) -> str:
        words = name.replace("@", " ").split()
        return "".join(word[0] for word in words[:2]).upper() or "?"

    def waiting_since(self, one: Conversation) -> datetime | None:
        """When the customer began to wait: their first message after the last reply. None: nobody waits."""
        if (one.status, one.state, one.last_reply_from) != ("active", "published", "customer"):
            return None
        start = None
        for thread in reversed(one.threads):
            if thread.type == "message" and thread.state == "published":
                break
            if thread.type == "customer":
                start = thread.created_at
        return start

    def waiting(self, one: Conversation) -> str:
        since = self.waiting_since(one)
        return friendly(since, self._world.now()).removesuffix(" ago") if since else ""

    def waits_long(self, one: Conversation) -> bool:
        since = self.waiting_since(one)
        return since is not None and (self._world.now() - since).total_seconds() >= 1800

    def ago(self, time: datetime) -> str:
        return friendly(time, self._world.now())

    def clock(self) -> str:
        return f"{self._world.now():%a %d %b, %H:%M}"

    def threads(self, one: Conversation) -> list[Thread]:
        """Newest first, and unlike in the API in the right order within a second too."""
        return sorted(one.threads, key=lambda thread: (thread.created_at, thread.id), reverse=True)
