"""A reply against the truth: what changed since its writer saw it, and whether it stands there. Pure."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bot import mail
from bot.model import Conversation, Thread
from bot.store import Reply

_KNOWN = 40
"""Threads that are remembered by their ids: Slack's dialogs carry 3,000 characters along."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A conversation as a person saw it when they wrote."""

    customer: str
    """The address that a reply goes to, in lower case."""
    status: str
    mailbox: int
    known: tuple[int, ...]
    """The ids of its newest published threads. Not the highest: a draft keeps its id when it is sent."""
    since: float
    """When the oldest of those came, in seconds since 1970."""
    latest: float
    """And the newest."""
    published: bool = True

    @classmethod
    def of(cls, conversation: Conversation) -> "Seen":
        """What there is to see now."""
        told = [thread for thread in conversation.threads if thread.state == "published"]
        newest = sorted(told, key=lambda thread: (thread.created_at, thread.id))[-_KNOWN:]
        return cls(
            customer=address(conversation),
            status=conversation.status.value,
            mailbox=conversation.mailbox_id,
            known=tuple(thread.id for thread in newest),
            since=newest[0].created_at.timestamp() if newest else 0,
            latest=newest[-1].created_at.timestamp() if newest else 0,
            published=conversation.published,
        )

    def before(self, thread: Thread) -> bool:
        """Whether all of this was there before a thread; with a merge older ones come as well."""
        return thread.id > max(self.known, default=0) or thread.created_at.timestamp() > self.latest

    def new(self, truth: Conversation) -> list[Thread]:
        """The published threads that were not there."""
        told = [one for one in truth.threads if one.state == "published" and one.id not in self.known]
        if len(self.known) < _KNOWN:
            return told
        oldest, highest = (self.since, self.known[0]), max(self.known)
        return [one for one in told if one.id > highest or (one.created_at.timestamp(), one.id) > oldest]

    @classmethod
    def load(cls, kept: str) -> "Seen | None":
        """Read what `dump` wrote; None where nothing was kept."""
        return cls.read(json.loads(kept)) if kept else None

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Seen":
        """Read what a dialog carried along."""
        return cls(**{**kept, "known": tuple(kept["known"])})

    def dump(self) -> str:
        """As text, to keep."""
        return json.dumps(asdict(self))


def address(conversation: Conversation) -> str:
    """The address of a conversation's customer, in lower case."""
    return conversation.customer.email.casefold() if conversation.customer else ""


def changes(seen: Seen, truth: Conversation, writer: int, own: Mapping[int, str]) -> list[str]:
    """Say in words what happened that the writer of a reply has not seen, nothing where all is as it was.

    `writer` is the FreeScout user who writes; `own` are the threads that their replies from here became, with
    the status that each brought: nobody is asked about what they did themselves.
    """
    new = seen.new(truth)
    said: list[str] = []
    if not truth.published:
        said.append("The conversation was deleted.")
    if address(truth) != seen.customer:
        said.append(f"The conversation belongs to {address(truth) or 'nobody with an address'} now.")
    if truth.mailbox_id != seen.mailbox:
        said.append("The conversation was moved to another mailbox.")
    if any(thread.action == "merged" for thread in new):
        said.append("Another conversation was merged into this one.")
    if count := sum(thread.type == "customer" and seen.before(thread) for thread in new):
        said.append("The customer wrote again." if count == 1 else f"The customer wrote {count} times again.")
    said += _answers(new, writer, own)
    mine = [own[thread.id] for thread in new if own.get(thread.id)]
    if truth.status.value != (mine[-1] if mine else seen.status):
        said.append(f"The conversation is {truth.status.value} now.")
    return said


def _answers(new: list[Thread], writer: int, own: Mapping[int, str]) -> list[str]:
    """One line for each agent who answered meanwhile."""
    who: dict[int, str] = {}
    for thread in new:
        if thread.type == "message" and thread.id not in own:
            by = thread.created_by
            who[by.id if by else 0] = by.name if by else "Somebody"
    return [f"{'You' if user == writer else name} answered meanwhile." for user, name in who.items()]


def body(reply: Reply) -> str:
    """The HTML that FreeScout gets."""
    return reply.html or mail.to_html(reply.text)


def as_recorded(reply: Reply) -> str:
    """What the audit log says of it: to whom, and what else comes of it, but none of its words."""
    meant = {
        "outbox": reply.id,
        "to": reply.customer_email,
        "cc": reply.cc.split(),
        "bcc": reply.bcc.split(),
        "status": reply.status,
        "files": len(reply.files.split()),
        "assign": bool(reply.assign),
    }
    return json.dumps({name: value for name, value in meant.items() if value}, ensure_ascii=False)


def standing(reply: Reply, truth: Conversation, own: Collection[int]) -> Thread | None:
    """Find a reply among the threads that came after it was begun; `own` ones are known to be others."""
    wanted = _words(body(reply))
    for thread in truth.threads:
        by = thread.created_by
        mine = by is not None and by.id == reply.user and thread.state != "draft"
        newer = thread.id > reply.after_thread and thread.id not in own
        if mine and newer and thread.type == reply.kind and _words(thread.body) == wanted:
            return thread
    return None


def _words(html: str) -> list[str]:
    return mail.plain(html).split()
