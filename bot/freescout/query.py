"""What to list, by FreeScout's own filters. One that a server does not know it ignores in silence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from bot.errors import UserError
from bot.model import Status

Parameters = dict[str, str | int]

PUBLISHED = "published"


class Sort(StrEnum):
    """What conversations can be sorted by."""

    CREATED = "createdAt"
    MAILBOX = "mailboxId"
    NUMBER = "number"
    SUBJECT = "subject"
    UPDATED = "updatedAt"
    WAITING = "waitingSince"


class Assigned(StrEnum):
    """Assignees that are no user."""

    TO_NOBODY = ""


@dataclass(frozen=True, slots=True)
class ConversationQuery:
    """Conversations to list; what is left out does not matter.

    `state` is always sent: without it the server lists drafts and deleted ones as well. `sort` is ascending
    unless `newest_first`; pages are offsets over a set that moves, and it moves least at its old end.
    """

    mailboxes: Sequence[int] = ()
    folder: int | None = None
    statuses: Sequence[Status] = ()
    state: str = PUBLISHED
    assignee: int | Assigned | None = None
    customer: int | None = None
    customer_email: str = ""
    number: int | None = None
    subject: str = ""
    tag: str = ""
    type: str = ""
    created_since: datetime | None = None
    updated_since: datetime | None = None
    sort: Sort = Sort.CREATED
    newest_first: bool = False
    threads: bool = False
    page_size: int | None = None
    """Rows to a page; the server's own number is 50."""

    def parameters(self) -> Parameters:
        """The query as the server reads it."""
        asked: dict[str, object] = {
            "state": self.state,
            "mailboxId": ",".join(str(one) for one in self.mailboxes),
            "folderId": self.folder,
            "status": ",".join(Status(one).value for one in self.statuses),
            "customerId": self.customer,
            "customerEmail": self.customer_email,
            "number": self.number,
            "subject": self.subject,
            "tag": self.tag,
            "type": self.type,
            "createdSince": moment(self.created_since),
            "updatedSince": moment(self.updated_since),
            "sortField": self.sort.value,
            "sortOrder": "desc" if self.newest_first else "asc",
            "embed": "threads,tags" if self.threads else "",
            "pageSize": self.page_size,
        }
        sent: Parameters = {k: v for k, v in asked.items() if v != "" and isinstance(v, str | int)}
        if self.assignee is not None:
            sent["assignedTo"] = self.assignee if isinstance(self.assignee, int) else self.assignee.value
        return sent


@dataclass(frozen=True, slots=True)
class CustomerQuery:
    """Customers to list."""

    first: str = ""
    last: str = ""
    phone: str = ""
    email: str = ""
    updated_since: datetime | None = None
    sort: str = "createdAt"
    newest_first: bool = False

    def parameters(self) -> Parameters:
        """The query as the server reads it."""
        asked = {
            "firstName": self.first,
            "lastName": self.last,
            "phone": self.phone,
            "email": self.email,
            "updatedSince": moment(self.updated_since),
            "sortField": self.sort,
            "sortOrder": "desc" if self.newest_first else "asc",
        }
        return {name: value for name, value in asked.items() if value}


def moment(when: datetime | None) -> str:
    """A time as the API writes it; a wrong one would be answered with a web page."""
    if when is None:
        return ""
    if when.tzinfo is None:
        raise UserError("A time needs its zone.")
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
