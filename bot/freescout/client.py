"""What the bridge asks of FreeScout. Each guard is named after the harm it prevents.

The endpoints are those of the API & Webhooks module: https://api-docs.freescout.net/
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal

import httpx

from bot.errors import UserError
from bot.freescout import wire
from bot.freescout.http import Http
from bot.model import Conversation, Mailbox, Status, User

UNASSIGN = -1
"""0 corrupts a conversation and an unknown id loses it; -1 and null unassign."""


class FreeScout:
    """One FreeScout instance."""

    def __init__(self, url: str, key: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = Http(url, key, transport)

    async def close(self) -> None:
        """Close every connection."""
        await self._http.close()

    async def conversation(self, identity: int) -> Conversation:
        """Fetch a conversation with threads and tags; raise NotFound when it is gone for ever."""
        query = {"embed": "threads,tags"}
        return wire.conversation(await self._http.get(f"conversations/{identity}", query))

    async def numbered(self, number: int) -> Conversation | None:
        """Find the published conversation that people call by this number."""
        async for found in self.conversations({"number": number}, most=50):
            if found.number == number:  # a server that does not know the filter sends everything
                return found
        return None

    async def conversations(
        self, query: Mapping[str, str | int], most: int = 500
    ) -> AsyncIterator[Conversation]:
        """Yield published conversations, each once, at most `most`; threads are left out.

        Without `state` the server would list drafts and deleted ones as well.
        """
        seen: set[int] = set()
        page = pages = 1
        while page <= pages:
            told = await self._http.get("conversations", {"state": "published", **query, "page": page})
            rows = [wire.conversation(row) for row in wire.embedded(told, "conversations")]
            for row in rows:
                if row.id not in seen and row.published:
                    seen.add(row.id)
                    yield row
                if len(seen) >= most:
                    return
            pages = wire.total_pages(told) if rows else 0
            page += 1

    async def mailboxes(self, user: int | None = None) -> tuple[Mailbox, ...]:
        """List mailboxes: all, or those that a user may see.

        The caller makes sure that the user exists: for an unknown id the server lists every mailbox.
        """
        query = {} if user is None else {"userId": user}
        return tuple([wire.mailbox(row) async for row in self._rows("mailboxes", "mailboxes", query)])

    async def users(self) -> tuple[User, ...]:
        """List users, without those that were deleted; disabled and robot users bear no mark."""
        rows = [wire.user(row) async for row in self._rows("users", "users", {})]
        return tuple(user for user in rows if "_deleted" not in user.email)

    async def user_by_email(self, email: str) -> User | None:
        """Find the one user with this address."""
        rows = [wire.user(row) async for row in self._rows("users", "users", {"email": email})]
        found = [user for user in rows if user.email.casefold() == email.casefold()]
        return found[0] if len(found) == 1 else None

    async def add_thread(
        self,
        conversation: int,
        kind: Literal["message", "note"],
        html: str,
        *,
        user: int,
        cc: Sequence[str],
        status: Status | None = None,
    ) -> int:
        """Write a reply to the customer (`message`) or a note; return the new thread's id, 0 if unsaid.

        `cc` is the conversation's own list: left out, the server wipes it. There is no `customer` here,
        because another one than the conversation's would take the ticket over. Raises Ambiguous.
        """
        _never_an_empty_mail(html)
        body: dict[str, object] = {"type": kind, "text": html, "user": user, "cc": list(cc)}
        if status is not None:
            body["status"] = Status(status).value
        told = await self._http.post(f"conversations/{conversation}/threads", body)
        identity = told.get("id") if isinstance(told, dict) else None
        return identity if isinstance(identity, int) else 0

    async def set_status(self, conversation: int, status: Status, *, user: int) -> None:
        """Set a status. Only known words pass: the server makes `active` of any other."""
        body = {"byUser": user, "status": Status(status).value}
        await self._http.put(f"conversations/{conversation}", body)

    async def assign(self, conversation: int, assignee: User | None, *, user: int) -> None:
        """Assign to a user that was looked up, or to nobody. The server checks no id that it is given."""
        body = {"byUser": user, "assignTo": UNASSIGN if assignee is None else assignee.id}
        await self._http.put(f"conversations/{conversation}", body)

    async def _rows(self, path: str, name: str, query: Mapping[str, str | int]) -> AsyncIterator[object]:
        page = pages = 1
        while page <= min(pages, 100):
            told = await self._http.get(path, {**query, "page": page})
            rows = wire.embedded(told, name)
            for row in rows:
                yield row
            pages = wire.total_pages(told) if rows else 0
            page += 1


def _never_an_empty_mail(html: str) -> None:
    if not html.strip():
        raise UserError("There is no text to send.")
