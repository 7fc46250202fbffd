"""The help desk's state and the plain changes to it; `desk.py` says what each change sets off."""

import hashlib
import hmac
import itertools
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sandbox.freescout.records import (
    FOLDERS,
    Actor,
    Attachment,
    Conversation,
    Customer,
    CustomField,
    Entry,
    FieldType,
    Mail,
    Mailbox,
    Thread,
    ThreadType,
    Timelog,
    Upload,
    User,
    UserKind,
)
from sandbox.freescout.text import plain, preview, safe_name


class World:
    """Everything in dicts by id, with the indexes that lists need: it has to hold 100,000 conversations."""

    def __init__(self, now: Callable[[], datetime], first_number: int = 1) -> None:
        self._clock = now
        self.first_number = first_number
        self.mailboxes: dict[int, Mailbox] = {}
        self.users: dict[int, User] = {}
        self.customers: dict[int, Customer] = {}
        self.customer_by_email: dict[str, int] = {}
        self.conversations: dict[int, Conversation] = {}
        self.conversations_of: dict[int, dict[int, None]] = {}
        self.conversation_of_thread: dict[int, int] = {}
        self.attachments: dict[int, Attachment] = {}
        self.tags: dict[str, int] = {}
        self.fields: dict[int, CustomField] = {}
        self.field_values: dict[int, dict[int, str]] = {}
        """By conversation and field."""
        self.timelogs: dict[int, list[Timelog]] = {}
        """By conversation, oldest first."""
        self.outbox: list[Mail] = []
        self.version = 0
        """Grows with every change: the page compares it."""
        self._ids: dict[str, itertools.count[int]] = {}

    def now(self) -> datetime:
        """The time to the second, which is all that the real database keeps."""
        return self._clock().replace(microsecond=0)

    def new_id(self, kind: str) -> int:
        self.version += 1
        return next(self._ids.setdefault(kind, itertools.count(1)))

    # People and places

    def add_mailbox(self, name: str, email: str) -> Mailbox:
        folders = {folder: self.new_id("folder") for folder in FOLDERS}
        mailbox = Mailbox(self.new_id("mailbox"), name, email, self.now(), folders)
        self.mailboxes[mailbox.id] = mailbox
        return mailbox

    def add_user(
        self,
        first: str,
        last: str,
        email: str,
        role: str = "user",
        mailboxes: Iterable[int] = (),
        kind: UserKind = "person",
    ) -> User:
        now = self.now()
        user = User(self.new_id("user"), first, last, email, role, now, now, set(mailboxes), kind)
        self.users[user.id] = user
        return user

    def add_customer(self, email: str, first: str | None = None, last: str | None = None) -> Customer:
        now = self.now()
        customer = Customer(self.new_id("customer"), [], first or None, last or None, now, now)
        self.customers[customer.id] = customer
        self.set_emails(customer, [(email, "work")] if email else [])
        return customer

    def set_emails(self, customer: Customer, addresses: Iterable[tuple[str, str]]) -> None:
        """Give a customer these (address, type), but for those of others. What stays keeps its id."""
        known = {entry.value.lower(): entry.id for entry in customer.emails}
        for address in known:
            del self.customer_by_email[address]
        customer.emails = []
        for value, kind in addresses:
            if value.lower() in self.customer_by_email:
                continue
            self.customer_by_email[value.lower()] = customer.id
            customer.emails.append(Entry(known.get(value.lower()) or self.new_id("email"), value, kind))

    def add_field(
        self, mailbox: int, name: str, kind: FieldType, options: dict[str, str], *, required: bool
    ) -> CustomField:
        order = 1 + sum(field.mailbox == mailbox for field in self.fields.values())
        field = CustomField(self.new_id("field"), mailbox, name, kind, options, required, order)
        self.fields[field.id] = field
        return field

    def fields_of(self, mailbox: int) -> list[CustomField]:
        return [field for field in self.fields.values() if field.mailbox == mailbox]

    def set_field(self, conversation: Conversation, field: int, value: str) -> None:
        """Set a custom field, unchecked; one of another mailbox or of none is passed over in silence."""
        found = self.fields.get(field)
        if found and found.mailbox == conversation.mailbox:
            self.version += 1
            self.field_values.setdefault(conversation.id, {})[field] = value

    def add_timelog(
        self, conversation: Conversation, user: int, seconds: int, *, paused: bool, finished: bool
    ) -> Timelog:
        now = self.now()
        log = Timelog(self.new_id("timelog"), user, seconds, conversation.status, paused, finished, now, now)
        self.timelogs.setdefault(conversation.id, []).append(log)
        return log

    def customer_with(self, email: str) -> Customer | None:
        return self.customers.get(self.customer_by_email.get(email.strip().lower(), 0))

    def name_of(self, actor: Actor) -> str:
        """A full name, or nothing for an id that nobody has."""
        found = self.users.get(actor.id) if actor.type == "user" else self.customers.get(actor.id)
        return found.name if found else ""

    # Conversations and threads

    def add_conversation(
        self, *, created_by: Actor, customer: int, created_at: datetime, **fields: Any
    ) -> Conversation:
        new_id = self.new_id("conversation")
        conversation = Conversation(
            id=new_id,
            number=new_id + self.first_number - 1,
            customer=customer,
            created_by=created_by,
            created_at=created_at,
            updated_at=created_at,
            last_reply_at=created_at,
            last_reply_from=created_by.type,
            user_updated_at=created_at if created_by.type == "user" else None,
            **fields,
        )
        self.conversations[new_id] = conversation
        self.conversations_of.setdefault(customer, {})[new_id] = None
        return conversation

    def add_thread(
        self,
        conversation: Conversation,
        kind: ThreadType,
        by: Actor,
        body: str | None,
        *,
        text: str,
        source: str = "web",
        created_at: datetime | None = None,
        **fields: Any,
    ) -> Thread:
        """Append a thread, and nothing else: counting and previews come after its event, see `count`."""
        thread = Thread(
            id=self.new_id("thread"),
            type=kind,
            created_at=created_at or self.now(),
            created_by=by,
            customer=by.id if by.type == "customer" else conversation.customer,
            assignee=conversation.assignee,
            body=body,
            source=source,
            text=text,
            **fields,
        )
        conversation.threads.append(thread)
        self.conversation_of_thread[thread.id] = conversation.id
        return thread

    def count(self, conversation: Conversation, thread: Thread) -> None:
        """Bring preview, count and times up to date.

        The real server does so only after the event was queued, and that is why the scalars in a webhook
        lag behind its threads.
        """
        if thread.state != "published":
            return
        conversation.threads_count += thread.is_reply
        conversation.preview = preview(thread.body)
        self.touch(conversation, by=thread.created_by)

    def touch(self, conversation: Conversation, by: Actor | None = None) -> None:
        self.version += 1
        conversation.updated_at = self.now()
        if by and by.type == "user":
            conversation.user_updated_at = conversation.updated_at

    def give_to(self, conversation: Conversation, customer: int) -> None:
        """Change the conversation's customer."""
        self.conversations_of.get(conversation.customer, {}).pop(conversation.id, None)
        conversation.customer = customer
        self.conversations_of.setdefault(customer, {})[conversation.id] = None

    def hand_over(self, other: Conversation, into: Conversation) -> None:
        """Move all threads, in the order of their ids."""
        for thread in other.threads:
            self.conversation_of_thread[thread.id] = into.id
        into.threads = sorted([*into.threads, *other.threads], key=lambda thread: thread.id)
        other.threads = []

    def forget(self, conversation: Conversation) -> None:
        """Remove it for good."""
        self.version += 1
        del self.conversations[conversation.id]
        self.field_values.pop(conversation.id, None)
        self.timelogs.pop(conversation.id, None)
        self.conversations_of[conversation.customer].pop(conversation.id, None)
        for thread in conversation.threads:
            del self.conversation_of_thread[thread.id]

    def tag(self, conversation: Conversation, names: Sequence[str]) -> None:
        """Replace the set of tags."""
        wanted = list(dict.fromkeys(name.strip() for name in names if name.strip()))
        for name in wanted:
            if name not in self.tags:
                self.tags[name] = self.new_id("tag")
        conversation.tags = wanted
        self.touch(conversation)

    def threads_of(self, conversation: int) -> list[Thread]:
        """Published threads, newest first by the second only; within one second the older comes first.

        The real server's order is as wrong as this.
        """
        found = self.conversations.get(conversation)
        published = [thread for thread in found.threads if thread.state == "published"] if found else []
        return sorted(published, key=lambda thread: thread.created_at, reverse=True)

    def attach(self, thread: Thread, uploads: Iterable[Upload]) -> None:
        for upload in uploads:
            new_id = self.new_id("attachment")
            # The folders are digits of a hash on the real server too. The token never changes.
            token = hmac.new(b"attachment", f"{new_id}:{upload.name}".encode(), hashlib.sha256).hexdigest()
            folders = "/".join(str(int(digit, 16) % 10) for digit in token[:2])
            name = safe_name(upload.name)
            path = f"/storage/attachment/{folders}/1/{name}"
            attachment = Attachment(new_id, name, upload.mime_type, upload.data, path, token)
            self.attachments[new_id] = attachment
            thread.attachments.append(attachment)

    def mail(self, conversation: Conversation, thread: Thread) -> None:
        """E-mail a thread to the customer, where there is an address."""
        if not thread.to:
            return
        first = next((other for other in conversation.threads if other.is_reply), thread)
        subject = conversation.subject if thread is first else f"Re: {conversation.subject}"
        self.outbox.append(
            Mail(
                to=list(thread.to),
                cc=list(thread.cc),
                bcc=list(thread.bcc),
                subject=subject,
                body=thread.body or "",
                text=plain(thread.body),
                time=thread.created_at,
                conversation=conversation.id,
                thread=thread.id,
            )
        )
