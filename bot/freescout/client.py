"""What can be asked of FreeScout, endpoint by endpoint; `docs/freescout-api.md` lists them.

The manual is at https://api-docs.freescout.net/; where the real server differs, the code follows the server.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import httpx

from bot.errors import Ambiguous, Misconfigured, UserError
from bot.freescout import fields, wire
from bot.freescout.breaker import Breaker
from bot.freescout.http import Answer, Auth, Http, NotFound
from bot.freescout.paging import page_of, rows
from bot.freescout.query import ConversationQuery, CustomerQuery
from bot.freescout.writing import (
    UNASSIGN,
    NewConversation,
    NewCustomer,
    NewThread,
    NewUser,
    field_values,
    is_deleted,
    never_active_by_a_typo,
    never_gone,
    never_lost,
)
from bot.model import (
    Conversation,
    Customer,
    CustomField,
    Folder,
    Mailbox,
    Status,
    Timelog,
    User,
    Webhook,
)


@dataclass(frozen=True, slots=True)
class Written:
    """A thread that was added. `missing` counts the files that the server left out without a word."""

    id: int
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """One page of conversations, and how many rows and pages there were when it was read."""

    rows: tuple[Conversation, ...]
    total: int
    last: int


class FreeScout:
    """One FreeScout instance. What comes back are objects of `model`; raw JSON stays in this folder."""

    def __init__(
        self,
        url: str,
        key: str,
        transport: httpx.AsyncBaseTransport | None = None,
        auth: Auth = Auth.HEADER,
        breaker: Breaker | None = None,
    ) -> None:
        self._http = Http(url, key, transport, auth=auth, breaker=breaker)

    async def close(self) -> None:
        """Close every connection."""
        await self._http.close()

    # conversations

    async def conversation(self, identity: int, embed: Sequence[str] = ("threads", "tags")) -> Conversation:
        """Fetch a conversation with `threads`, `tags`, `timelogs`. Raise NotFound when it is gone."""
        query = {"embed": ",".join(embed)} if embed else {}
        return wire.conversation(await self._http.get(f"conversations/{identity}", query))

    async def conversations(self, query: ConversationQuery, most: int = 500) -> AsyncIterator[Conversation]:
        """Yield conversations that match, each once, at most `most`."""
        found = 0
        async for row in rows(self._http, "conversations", "conversations", query.parameters()):
            one = wire.conversation(row)
            if query.state and one.state != query.state:
                continue  # an old server may not know the filter
            yield one
            found += 1
            if found >= most:
                return

    async def page(self, query: ConversationQuery, number: int) -> Page:
        """Fetch one page of a list, from 1 on; what moves while pages are read is the caller's to mind."""
        told = await page_of(self._http, "conversations", query.parameters(), number)
        found = [wire.conversation(row) for row in fields.embedded(told, "conversations")]
        mine = tuple(one for one in found if not query.state or one.state == query.state)
        return Page(mine, wire.total(told), max(1, wire.total_pages(told)))

    async def numbered(self, number: int) -> Conversation | None:
        """Find the published conversation that people call by this number."""
        async for found in self.conversations(ConversationQuery(number=number), most=50):
            if found.number == number:  # a server that does not know the filter sends everything
                return found
        return None

    async def create_conversation(self, new: NewConversation) -> Conversation:
        """Open a conversation. Raises Ambiguous where it may have been opened."""
        answer = await self._http.post("conversations", new.body())
        _created(Answer(answer.body), "conversation")  # the header alone is not the conversation
        return wire.conversation(answer.body)

    async def set_status(self, conversation: int, status: Status, *, user: int) -> None:
        """Set a status in a user's name."""
        await self._update(conversation, byUser=user, status=never_active_by_a_typo(status))

    async def assign(self, conversation: Conversation, assignee: User | None, *, user: int) -> None:
        """Assign to a user who exists and may see the mailbox, or to nobody: the server checks nothing."""
        if assignee is not None:
            never_gone(await self.user(assignee.id))
            allowed = [mailbox.id for mailbox in await self.mailboxes(assignee.id)]
            never_lost(assignee.id, conversation.mailbox_id, allowed)
        await self._update(conversation.id, byUser=user, assignTo=assignee.id if assignee else UNASSIGN)

    async def move(self, conversation: int, mailbox: Mailbox, *, user: int) -> None:
        """Move to another mailbox."""
        await self._update(conversation, byUser=user, mailboxId=mailbox.id)

    async def set_subject(self, conversation: int, subject: str, *, user: int) -> None:
        """Change the subject."""
        if not subject.strip():
            raise UserError("A conversation needs a subject.")
        await self._update(conversation, byUser=user, subject=subject)

    async def set_customer(self, conversation: int, customer: Customer, *, user: int) -> None:
        """Give the conversation to another customer, who gets every later reply."""
        await self._update(conversation, byUser=user, customerId=customer.id)

    async def set_tags(self, conversation: int, tags: Sequence[str]) -> None:
        """Replace the set of tags. Without the Tags module the server refuses."""
        await self._http.put(f"conversations/{conversation}/tags", {"tags": list(tags)})

    async def set_fields(self, conversation: int, values: Mapping[int, str]) -> None:
        """Set custom fields, by their ids."""
        body = {"customFields": field_values(values)}
        await self._http.put(f"conversations/{conversation}/custom_fields", body)

    async def delete_conversation(self, conversation: int) -> None:
        """Delete for ever; that it is gone already is as good."""
        try:
            await self._http.delete(f"conversations/{conversation}")
        except NotFound:
            return

    # threads and timelogs

    async def add_thread(self, conversation: int, new: NewThread) -> Written:
        """Write a reply, a note or a customer's message. Raises Ambiguous where it may have been written."""
        answer = await self._http.post(f"conversations/{conversation}/threads", new.body())
        kept = len(fields.embedded(answer.body, "attachments"))
        return Written(_created(answer, "thread"), max(0, len(new.files) - kept))

    async def timelogs(self, conversation: int) -> tuple[Timelog, ...]:
        """List the time spent, newest first; needs the Time Tracking module."""
        found = rows(self._http, f"conversations/{conversation}/timelogs", "timelogs")
        return tuple([wire.timelog(row) async for row in found])

    # customers

    async def customer(self, identity: int) -> Customer:
        """Fetch a customer."""
        return wire.customer(await self._http.get(f"customers/{identity}"))

    async def customers(self, query: CustomerQuery, most: int = 500) -> AsyncIterator[Customer]:
        """Yield customers that match, each once, at most `most`."""
        found = 0
        async for row in rows(self._http, "customers", "customers", query.parameters()):
            yield wire.customer(row)
            found += 1
            if found >= most:
                return

    async def create_customer(self, new: NewCustomer) -> Customer:
        """Add a customer whose addresses are all new. Raises Ambiguous where they may have been added."""
        answer = await self._http.post("customers", new.body())
        _created(Answer(answer.body), "customer")
        return wire.customer(answer.body)

    async def update_customer(self, identity: int, changed: NewCustomer) -> None:
        """Change what `changed` says of a customer."""
        await self._http.put(f"customers/{identity}", changed.body())

    # mailboxes

    async def mailboxes(self, user: int | None = None) -> tuple[Mailbox, ...]:
        """List mailboxes: all, or those that a user may see.

        The caller makes sure that the user exists: for an unknown id the server lists every mailbox.
        """
        query = {} if user is None else {"userId": user}
        return tuple([wire.mailbox(row) async for row in rows(self._http, "mailboxes", "mailboxes", query)])

    async def custom_fields(self, mailbox: int) -> tuple[CustomField, ...]:
        """List a mailbox's custom fields."""
        found = rows(self._http, f"mailboxes/{mailbox}/custom_fields", "custom_fields")
        return tuple([wire.custom_field(row) async for row in found])

    async def folders(self, mailbox: int) -> tuple[Folder, ...]:
        """List a mailbox's folders."""
        found = rows(self._http, f"mailboxes/{mailbox}/folders", "folders")
        return tuple([wire.folder(row) async for row in found])

    async def tags(self) -> tuple[str, ...]:
        """List every tag there is."""
        return tuple([tag async for row in rows(self._http, "tags", "tags") if (tag := wire.tag(row))])

    # users

    async def user(self, identity: int) -> User:
        """Fetch a user."""
        return wire.user(await self._http.get(f"users/{identity}"))

    async def users(self) -> tuple[User, ...]:
        """List users, without those that were deleted; disabled and robot users bear no mark."""
        found = [wire.user(row) async for row in rows(self._http, "users", "users")]
        return tuple(user for user in found if not is_deleted(user))

    async def user_by_email(self, email: str) -> User | None:
        """Find the one user with this address."""
        found = [wire.user(row) async for row in rows(self._http, "users", "users", {"email": email})]
        meant = [user for user in found if user.email.casefold() == email.casefold()]
        return meant[0] if len(meant) == 1 else None

    async def create_user(self, new: NewUser) -> int:
        """Add a user; return the id."""
        return _created(await self._http.post("users", new.body()), "user")

    async def delete_user(self, identity: int) -> None:
        """Delete a user, whose conversations lose their assignee; that they are gone already is as good."""
        try:
            await self._http.delete(f"users/{identity}")
        except NotFound:
            return

    # webhooks

    async def create_webhook(self, url: str, events: Sequence[str]) -> int:
        """Have FreeScout ring at a final address; return the id. Unknown events it drops in silence."""
        answer = await self._http.post("webhooks", {"url": url, "events": list(events)})
        return _created(answer, "webhook")

    async def webhooks(self) -> tuple[Webhook, ...] | None:
        """List webhooks; None where this version has no such list (405)."""
        try:
            return tuple([wire.webhook(row) async for row in rows(self._http, "webhooks", "webhooks")])
        except Misconfigured as error:
            if error.code != "405":
                raise
            return None

    async def delete_webhook(self, identity: int) -> None:
        """Have FreeScout ring no more; that it does not is as good."""
        try:
            await self._http.delete(f"webhooks/{identity}")
        except NotFound:
            return

    async def _update(self, conversation: int, **changes: object) -> None:
        """Change a conversation: one thing a call, because several are no transaction."""
        await self._http.put(f"conversations/{conversation}", changes)


def _created(answer: Answer, what: str) -> int:
    """The id of what a POST has made. Raise Ambiguous where the answer names none."""
    found = answer.resource_id or fields.integer(fields.table(answer.body).get("id"))
    if not found or found < 1:
        raise Ambiguous(f"FreeScout takes a {what} without saying which it became")
    return found
