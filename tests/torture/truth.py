"""What the oracle compares, without any of the stand-ins' ways: what FreeScout holds, and what Slack shows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sandbox.freescout import FreeScout
from sandbox.freescout.records import Conversation, Thread
from sandbox.slack import Message, Slack

LINES = frozenset(
    {"changed-ticket-status", "changed-ticket-assignee", "moved-from-mailbox", "changed-ticket-customer"}
)
"""The line items that are due a quiet line in the card's thread."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A published thread of FreeScout's. `home` is the conversation that it was written in."""

    id: int
    at: datetime
    kind: str
    words: str
    home: int
    due: bool = True
    """Whether Slack has to show it."""

    @property
    def key(self) -> str:
        """What the bridge calls it."""
        return f"{'line' if self.kind == 'lineitem' else 'thread'}:{self.id}"


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation as FreeScout holds it. `state` is `gone` where it was deleted for ever."""

    id: int
    title: str = ""
    mailbox: str = ""
    channels: tuple[str, ...] = ()
    """Where it belongs now."""
    before: frozenset[str] = frozenset()
    """Where it belonged once."""
    status: str = "active"
    state: str = "published"
    assignee: str | None = None
    tags: tuple[str, ...] = ()
    customer: str = ""
    waiting: bool | None = False
    """None where nobody can say: FreeScout's own answer is wrong after a merge."""
    hidden: bool = False
    """A draft, or spam from the start: never to be shown."""
    entries: tuple[Entry, ...] = ()
    gave: frozenset[int] = frozenset()
    """Threads that a merge has taken away."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message in Slack. `under` is the message whose thread it stands in; `lines` those of a digest."""

    channel: str
    ts: str
    conversation: int | None = None
    key: str = ""
    text: str = ""
    small: str = ""
    under: "Said | None" = None
    lines: tuple[int, ...] = ()


@dataclass(slots=True)
class Past:
    """What the present does not tell of a conversation: the scenario writes it down."""

    mailboxes: list[int] = field(default_factory=list)
    hidden: bool = False
    homes: dict[int, int] = field(default_factory=dict)
    """Of threads that came by a merge: the conversation they were written in."""
    gave: set[int] = field(default_factory=set)
    """Threads that went by a merge."""
    moves: list[tuple[datetime, int]] = field(default_factory=list)
    """Since when it was in which mailbox."""
    customers: list[tuple[datetime, str]] = field(default_factory=list)
    """Since when it was whose, by address."""
    lost: list[Thread] = field(default_factory=list)
    """What was in it when it was deleted for good."""


Routes = Mapping[str, Sequence[str]]
"""Channels by the mailbox's name."""


def held(freescout: FreeScout, past: Mapping[int, Past], routes: Routes) -> list[Held]:
    """Read the truth: the conversations that are there, and those that were."""
    return [_held(freescout, identity, one, routes) for identity, one in past.items()]


def _held(freescout: FreeScout, identity: int, past: Past, routes: Routes) -> Held:
    world = freescout.world
    names = [world.mailboxes[one].name for one in past.mailboxes]
    before = frozenset(channel for name in names for channel in routes.get(name, ()))
    found = world.conversations.get(identity)
    if found is None:
        return Held(identity, before=before, state="gone", hidden=past.hidden)
    mailbox = world.mailboxes[found.mailbox].name
    assignee = world.users.get(found.assignee) if found.assignee else None
    customer = world.customers[found.customer]
    published = found.state == "published"
    merged = any(thread.action == "merged" for thread in found.threads)
    waits = published and found.status == "active" and found.last_reply_from == "customer"
    return Held(
        identity,
        title=f"#{found.number} {found.subject or '(no subject)'}",
        mailbox=mailbox,
        channels=tuple(routes.get(mailbox, ())),
        before=before,
        status=found.status,
        state=found.state,
        assignee=assignee.name if assignee else None,
        tags=tuple(found.tags),
        customer=customer.name,
        waiting=None if merged else waits,
        hidden=past.hidden,
        entries=tuple(_entries(found, past)),
        gave=frozenset(past.gave),
    )


def _entries(conversation: Conversation, past: Past) -> Iterator[Entry]:
    for thread in sorted(conversation.threads, key=lambda one: (one.created_at, one.id)):
        if thread.state == "published":
            home = past.homes.get(thread.id, conversation.id)
            due = thread.type != "lineitem" or thread.action in LINES
            yield Entry(thread.id, thread.created_at, thread.type, _marker(thread), home, due)


def _marker(thread: Thread) -> str:
    """The first word of a body: the scenario makes each one unlike all others."""
    body = re.sub("<[^>]*>", " ", thread.body or "").split()
    return body[0] if body and thread.type != "lineitem" else ""


def said(slack: Slack) -> list[Said]:
    """Read everything that stands in the channels, each thread after the message it hangs from.

    What is said to one person alone is no mirror of anything.
    """
    found: list[Said] = []
    for channel in (one for one in slack.workspace.channels.values() if not one.im_with):
        for message in channel.messages:
            top = _said(channel.name, message)
            found.append(top)
            found += [replace(_said(channel.name, reply), under=top) for reply in message.thread]
    return found


def _said(channel: str, message: Message) -> Said:
    payload = (message.metadata or {}).get("event_payload") or {}
    key = str(payload.get("key", ""))
    small = "\n".join(_words(block) for block in message.blocks if block.get("type") == "context")
    lines = tuple(_values(message.blocks)) if key.startswith("digest:") else ()
    return Said(
        channel, message.ts, payload.get("conversation"), key, message.all_text, small, None, tuple(lines)
    )


def _words(block: dict[str, Any]) -> str:
    return " ".join(str(element.get("text", "")) for element in block["elements"])


def _values(node: object) -> Iterator[int]:
    """The conversations that a digest's buttons name."""
    if isinstance(node, list):
        for one in node:
            yield from _values(one)
    elif isinstance(node, dict):
        if node.get("type") == "button" and str(node.get("value", "")).isdigit():
            yield int(node["value"])
        else:
            yield from _values(list(node.values()))
