"""What happens in a help desk: each action changes the world, writes its line item and tells the webhooks."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from sandbox.freescout.records import STATUSES, Actor, Conversation, Customer, Thread, ThreadType, Upload
from sandbox.freescout.world import World

Notice = Callable[[str, Conversation | Customer, float], None]
"""Called with the event's name, its subject, and how many seconds late it is to be sent."""

UNDO_SECONDS = 15.0
_REPLY_EVENTS = {"customer": "convo.customer.reply.created", "message": "convo.agent.reply.created"}
_TEXTS = {"customer": "replied to", "message": "replied to", "note": "added a note to"}


def known_status(status: object) -> str:
    """The real server takes every word it does not know for `active`."""
    return status if isinstance(status, str) and status in STATUSES else "active"


class Desk:
    """The actions, whoever asks for them: the API, the page or a test."""

    def __init__(self, world: World, notice: Notice) -> None:
        self.world = world
        self._notice = notice

    def tell(self, event: str, subject: Conversation | Customer, late: float = 0) -> None:
        self._notice(event, subject, late)

    def customer(self, email: str, first: str | None = None, last: str | None = None) -> Customer:
        """Find the customer of an address, or make one. A known customer keeps the name they have."""
        if (known := self.world.customer_with(email)) and email:
            return known
        new = self.world.add_customer(email.strip(), first, last)
        self.tell("customer.created", new)
        return new

    def open(
        self,
        *,
        mailbox: int,
        customer: int,
        subject: str,
        by: Actor,
        source: str,
        kind: str = "email",
        status: str | None = None,
        state: str = "published",
        assignee: int | None = None,
        created_at: datetime | None = None,
    ) -> Conversation:
        """Begin a conversation. Its first thread, which also announces it, is the caller's to `write`."""
        default = "active" if by.type == "customer" else "pending"
        return self.world.add_conversation(
            created_by=by,
            customer=customer,
            created_at=created_at or self.world.now(),
            type=kind,
            subject=subject,
            mailbox=mailbox,
            source=source,
            status=status or default,
            state=state,
            assignee=assignee,
        )

    def write(
        self,
        conversation: Conversation,
        kind: ThreadType,
        by: Actor,
        body: str | None,
        *,
        status: str | None = None,
        cc: Iterable[str] = (),
        bcc: Iterable[str] = (),
        uploads: Iterable[Upload] = (),
        source: str = "web",
        silent: bool = False,
        state: str = "published",
        created_at: datetime | None = None,
        late: float = 0,
    ) -> Thread:
        """Add a customer's message, a reply or a note. `silent` sends no mail; a status has its own event."""
        is_first = not conversation.threads
        thread = self.world.add_thread(
            conversation,
            kind,
            by,
            body,
            text=self._text(conversation, kind, by, is_first=is_first),
            source=source,
            created_at=created_at,
            state=state,
            to=self._recipients(conversation, kind, source),
            cc=list(cc),
            bcc=list(bcc),
        )
        self.world.attach(thread, uploads)
        if kind == "message" and state == "published" and not silent:
            self.world.mail(conversation, thread)
        self._after(conversation, thread, status, is_first=is_first, late=late)
        return thread

    def send_draft(self, conversation: Conversation, thread: Thread) -> None:
        """Send a reply that was left a draft: the same row, published, with the time of its sending."""
        thread.state, thread.created_at = "published", self.world.now()
        self.world.mail(conversation, thread)
        self._after(conversation, thread, None, is_first=False, late=UNDO_SECONDS)

    def _recipients(self, conversation: Conversation, kind: ThreadType, source: str) -> list[str]:
        if kind == "customer":
            return [self.world.mailboxes[conversation.mailbox].email] if source == "email" else []
        address = self.world.customers[conversation.customer].email
        return [address] if address else []

    def _text(self, conversation: Conversation, kind: ThreadType, by: Actor, *, is_first: bool) -> str:
        if is_first:
            return f"{self.world.name_of(by)} started a new conversation #{conversation.number}"
        return f"{self.world.name_of(by)} {_TEXTS[kind]} conversation #{conversation.number}"

    def _after(
        self, conversation: Conversation, thread: Thread, status: str | None, *, is_first: bool, late: float
    ) -> None:
        """Set status and waiting, announce, and only then count: the order of the real server."""
        before = conversation.status
        if thread.is_reply and thread.state == "published":
            conversation.last_reply_at = thread.created_at
            conversation.last_reply_from = thread.created_by.type
            self.world.touch(conversation, by=thread.created_by)
        if not is_first:
            default = {"customer": "active", "message": "pending"}.get(thread.type, before)
            self._put_status(conversation, status or default, thread.created_by)
        if is_first:
            self.tell("convo.created", conversation, late)
        elif thread.state == "published":
            self.tell(_REPLY_EVENTS.get(thread.type, "convo.note.created"), conversation, late)
        self.world.count(conversation, thread)
        if status and not is_first and conversation.status != before:
            self.tell("convo.status", conversation)

    def _put_status(self, conversation: Conversation, status: str, by: Actor) -> None:
        if status == "closed" and conversation.status != "closed":
            conversation.closed_by = by.id if by.type == "user" else None
            conversation.closed_at = self.world.now()
        elif status != "closed":
            # The time of closing stays; the real server clears only who did it.
            conversation.closed_by = None
        conversation.status = status

    def _line(
        self,
        conversation: Conversation,
        by: Actor,
        action: str,
        text: str,
        *,
        status: str = "nochange",
        body: str | None = None,
    ) -> None:
        self.world.add_thread(
            conversation,
            "lineitem",
            by,
            body,
            text=f"{self.world.name_of(by)} {text}",
            action=action,
            status=status,
        )
        self.world.touch(conversation, by=by)

    def set_status(self, conversation: Conversation, status: str, by: Actor) -> None:
        if status == conversation.status:
            return
        self._put_status(conversation, status, by)
        text = f"marked as {status.title()} conversation #{conversation.number}"
        self._line(conversation, by, "changed-ticket-status", text, status=status)
        self.tell("convo.status", conversation)

    def assign(self, conversation: Conversation, assignee: int | None, by: Actor) -> None:
        """Assign to anybody, existing or not. Unassigning tells no webhook."""
        if assignee == conversation.assignee:
            return
        conversation.assignee = assignee
        name = "anyone" if assignee is None else self.world.name_of(Actor("user", assignee))
        text = f"assigned {name} conversation #{conversation.number}"
        self._line(conversation, by, "changed-ticket-assignee", text)
        if assignee is not None:
            self.tell("convo.assigned", conversation)

    def move(self, conversation: Conversation, mailbox: int, by: Actor) -> None:
        if mailbox == conversation.mailbox:
            return
        conversation.mailbox = mailbox
        text = "moved conversation from another mailbox"
        self._line(conversation, by, "moved-from-mailbox", text, status="active", body="")
        self.tell("convo.moved", conversation)

    def change_customer(self, conversation: Conversation, customer: int, by: Actor) -> None:
        """Tells no webhook."""
        if customer == conversation.customer:
            return
        self.world.give_to(conversation, customer)
        name = self.world.customers[customer].name
        text = f"changed the customer to {name} in conversation #{conversation.number}"
        self._line(conversation, by, "changed-ticket-customer", text)

    def retitle(self, conversation: Conversation, subject: str, by: Actor) -> None:
        """Tells no webhook, and writes no line item."""
        if subject != conversation.subject:
            conversation.subject = subject
            self.world.touch(conversation, by=by)

    def merge(self, into: Conversation, other: Conversation, by: Actor, *, rings: bool) -> None:
        """Do what `Conversation::mergeConversations` does: https://github.com/freescout-help-desk/freescout.

        The threads change hands and keep their ids. Of `into` only the times of change move: status, preview,
        count and who waits stay as they were. `other` is not gone but deleted to the folder, with two line
        items. For that the real server calls the hook of every deletion, so `convo.deleted` of `other` may
        well ring (`rings`); the module has no event for the merge itself.
        """
        if into is other:
            return
        self.world.hand_over(other, into)
        merged = "merged with another conversation"
        self._line(into, by, "merged", merged, status=into.status, body="")
        merged = f"merged into conversation #{into.number}"
        self._line(other, by, "merged", merged, status=other.status, body="")
        self._trash(other, by)
        if rings:
            self.tell("convo.deleted", other)

    def _trash(self, conversation: Conversation, by: Actor) -> None:
        conversation.state = "deleted"
        self._line(conversation, by, "deleted-ticket", f"deleted conversation #{conversation.number}")

    def delete(self, conversation: Conversation, by: Actor) -> None:
        self._trash(conversation, by)
        self.tell("convo.deleted", conversation)

    def restore(self, conversation: Conversation, by: Actor) -> None:
        conversation.state = "published"
        self._line(conversation, by, "restore-ticket", f"restored conversation #{conversation.number}")
        self.tell("convo.restored", conversation)

    def delete_forever(self, conversation: Conversation) -> None:
        self.world.forget(conversation)
        self.tell("convo.deleted_forever", conversation)

    def undo(self, conversation: Conversation, thread: Thread) -> None:
        """Take back a reply within its undo window. Its event is on its way already and still comes."""
        thread.state = "draft"
        conversation.threads_count -= 1
        # The real server holds the mail back for the window; here it is recorded at once and taken out again.
        self.world.outbox[:] = [mail for mail in self.world.outbox if mail.thread != thread.id]
        self.world.touch(conversation)

    def tag(self, conversation: Conversation, names: Sequence[str]) -> None:
        """Tells no webhook."""
        self.world.tag(conversation, names)

    def update_customer(
        self, customer: Customer, first: str | None, last: str | None, **details: str | None
    ) -> None:
        customer.first, customer.last = first, last
        customer.details.update(details)
        customer.updated_at = self.world.now()
        self.world.version += 1
        self.tell("customer.updated", customer)
