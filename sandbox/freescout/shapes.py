"""The JSON of the help desk: keys, order, nulls and dates as recorded from the real server."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.freescout.records import (
    Actor,
    Attachment,
    Conversation,
    Customer,
    CustomField,
    Mailbox,
    Thread,
    Timelog,
    User,
)
from sandbox.freescout.text import friendly, stamp
from sandbox.freescout.world import World

Json = dict[str, Any]

ADDRESS = ("city", "state", "zip", "country", "address")
FIELD_TYPES = {
    "text": "singleline",
    "multi": "multiline",
    "dropdown": "dropdown",
    "date": "date",
    "number": "number",
}


def encode(value: object) -> bytes:
    r"""Write JSON as PHP does: no spaces, `\/`, `\uXXXX`. Signatures are over exactly these bytes."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def mailbox(box: Mailbox) -> Json:
    times = stamp(box.created_at)
    return {"id": box.id, "name": box.name, "email": box.email, "createdAt": times, "updatedAt": times}


def user(one: User) -> Json:
    return {
        "id": one.id,
        "firstName": one.first,
        "lastName": one.last,
        "email": one.email,
        "role": one.role,
        "alternateEmails": one.details.get("alternateEmails"),
        "jobTitle": one.details.get("jobTitle"),
        "phone": one.details.get("phone"),
        "timezone": one.details.get("timezone", "Europe/Paris"),
        "photoUrl": one.details.get("photoUrl", ""),
        "language": None,
        "createdAt": stamp(one.created_at),
        "updatedAt": stamp(one.updated_at),
    }


def customer(one: Customer) -> Json:
    websites = [{"id": entry.id, "value": entry.value} for entry in one.lists.get("websites", ())]
    return {
        "id": one.id,
        "firstName": one.first,
        "lastName": one.last,
        "jobTitle": one.details.get("jobTitle"),
        "company": one.details.get("company"),
        "photoType": one.details.get("photoType", "unknown"),
        "photoUrl": one.details.get("photoUrl", ""),
        "createdAt": stamp(one.created_at),
        "updatedAt": stamp(one.updated_at),
        "notes": one.details.get("notes"),
        "_embedded": {
            "emails": [entry._asdict() for entry in one.emails],
            "phones": [entry._asdict() for entry in one.lists.get("phones", ())],
            "social_profiles": [entry._asdict() for entry in one.lists.get("social_profiles", ())],
            "websites": websites,
            "address": {key: one.address.get(key) for key in ADDRESS},
        },
    }


def field(one: CustomField) -> Json:
    """A custom field. Only a dropdown has options; a date has null there, all others an empty text."""
    options: dict[str, str] | str | None = one.options if one.type == "dropdown" else ""
    return {
        "id": one.id,
        "name": one.name,
        "type": FIELD_TYPES[one.type],
        "options": None if one.type == "date" else options,
        "required": one.required,
        "sortOrder": one.sort_order,
    }


def timelog(one: Timelog) -> Json:
    return {
        "id": one.id,
        "conversationStatus": one.status,
        "userId": one.user,
        "timeSpent": one.seconds,
        "paused": one.paused,
        "finished": one.finished,
        "createdAt": stamp(one.created_at),
        "updatedAt": stamp(one.updated_at),
    }


def _person(kind: str, one: User | Customer | None) -> Json | None:
    if one is None:
        return None
    return {
        "id": one.id,
        "type": kind,
        "firstName": one.first,
        "lastName": one.last,
        "photoUrl": "",
        "email": one.email,
    }


class Shapes:
    """The shapes that need to look things up.

    `base` gives this server's own address, for attachments; `has_fields` says whether conversations have
    `customFields`, and `lists_fields` whether lists fill them.
    """

    def __init__(
        self,
        world: World,
        base: Callable[[], str],
        has_fields: Callable[[], bool],
        lists_fields: Callable[[], bool],
    ) -> None:
        self._world = world
        self._base = base
        self._has_fields = has_fields
        self._lists_fields = lists_fields

    def _actor(self, actor: Actor) -> Json | None:
        people = self._world.users if actor.type == "user" else self._world.customers
        return _person(actor.type, people.get(actor.id))

    def _user(self, user_id: int | None) -> Json | None:
        return _person("user", self._world.users.get(user_id)) if user_id is not None else None

    def _customer(self, customer_id: int) -> Json | None:
        return _person("customer", self._world.customers.get(customer_id))

    def scalars(self, one: Conversation) -> Json:
        """A conversation without what is embedded in it."""
        return {
            "id": one.id,
            "number": one.number,
            "threadsCount": one.threads_count,
            "type": one.type,
            "folderId": self._world.mailboxes[one.mailbox].folders[one.folder],
            "status": one.status,
            "state": one.state,
            "subject": one.subject,
            "preview": one.preview,
            "mailboxId": one.mailbox,
            "assignee": self._user(one.assignee),
            "createdBy": self._actor(one.created_by),
            "createdAt": stamp(one.created_at),
            "updatedAt": stamp(one.updated_at),
            "closedBy": one.closed_by,
            "closedByUser": self._user(one.closed_by),
            "closedAt": stamp(one.closed_at),
            "userUpdatedAt": stamp(one.user_updated_at),
            "customerWaitingSince": self._waiting(one, self._world.now()),
            "source": {"type": one.source, "via": one.created_by.type},
            "cc": list(one.cc),
            "bcc": list(one.bcc),
            "customer": self._customer(one.customer),
            **({"customFields": self.field_values(one)} if self._has_fields() else {}),
        }

    def field_values(self, one: Conversation) -> list[Json]:
        """Each field of the mailbox, those without a value too."""
        values = self._world.field_values.get(one.id, {})
        return [
            {
                "id": field.id,
                "name": field.name,
                "value": values.get(field.id),
                "text": field.text(values.get(field.id)),
            }
            for field in self._world.fields_of(one.mailbox)
        ]

    def timelogs(self, one: Conversation) -> list[Json]:
        """Newest first."""
        return [timelog(each) for each in reversed(self._world.timelogs.get(one.id, []))]

    def _waiting(self, one: Conversation, now: datetime) -> Json:
        # In its closed folder the real server counts the friendly text from the closing: seen in a recording.
        since = one.closed_at if one.status == "closed" and one.closed_at else one.last_reply_at
        return {
            "time": stamp(one.last_reply_at),
            "friendly": friendly(since, now),
            "latestReplyFrom": one.last_reply_from,
        }

    def conversation(self, one: Conversation, embed: frozenset[str]) -> Json:
        """A conversation as the API shows it. `threads` is always there, and empty unless asked for."""
        embedded: Json = {"threads": self.threads(one.id) if "threads" in embed else []}
        if "tags" in embed:
            embedded["tags"] = [{"id": self._world.tags[name], "name": name} for name in one.tags]
        if "timelogs" in embed:
            embedded["timelogs"] = self.timelogs(one)
        return {**self.scalars(one), "_embedded": embedded}

    def listed(self, one: Conversation, embed: frozenset[str]) -> Json:
        """The same in a list."""
        shown = self.conversation(one, embed)
        if "customFields" in shown and not self._lists_fields():
            shown["customFields"] = []
        return shown

    def threads(self, conversation: int) -> list[Json]:
        return [self.thread(thread) for thread in self._world.threads_of(conversation)]

    def thread(self, one: Thread) -> Json:
        return {
            "id": one.id,
            "type": one.type,
            "status": one.status,
            "state": one.state,
            "action": {"type": one.action, "text": one.text, "associatedEntities": []},
            "body": one.body,
            "source": {"type": one.source, "via": one.created_by.type},
            "customer": self._customer(one.customer),
            "createdBy": self._actor(one.created_by),
            "assignedTo": self._user(one.assignee),
            "to": list(one.to),
            "cc": list(one.cc),
            "bcc": list(one.bcc),
            "createdAt": stamp(one.created_at),
            "openedAt": None,
            "_embedded": {"attachments": [self.attachment(each) for each in one.attachments]},
        }

    def attachment(self, one: Attachment) -> Json:
        return {
            "id": one.id,
            "fileName": one.name,
            "fileUrl": f"{self._base()}{one.path}?id={one.id}&token={one.token}",
            "mimeType": one.mime_type,
            "size": len(one.data),
        }
