"""Many conversations at once, for tests and measurements of what grows with their number."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TypedDict

from sandbox.freescout.records import Actor, Conversation, ThreadType
from sandbox.freescout.text import preview
from sandbox.freescout.world import World

MANY = 10_000


class Kind(TypedDict, total=False):
    """What they are like. Where there are several values, the conversations take turns."""

    customers: int
    """How many customers write them, 1000 where not said; known ones of an earlier call write again."""
    threads: int
    """How many each holds, 1 where not said; every second one is an agent's reply, if there are users."""
    statuses: Sequence[str]
    assignees: Sequence[int | None]
    tags: Sequence[Sequence[str]]
    subject: str
    """`{}` becomes the conversation's number."""
    body: str
    spacing: timedelta
    """The time between one conversation's beginning and the next; the last one begins that long ago."""


@contextmanager
def uncollected(count: int) -> Iterator[None]:
    """Keep the garbage collector from looking through all that is being made: there is none in it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
            if count >= MANY:
                gc.collect()  # now, and not for a third of a second in some later call


def fill(
    world: World,
    count: int,
    mailbox: int,
    *,
    customers: int = 1000,
    threads: int = 1,
    statuses: Sequence[str] = ("active", "pending", "closed"),
    assignees: Sequence[int | None] = (None,),
    tags: Sequence[Sequence[str]] = ((),),
    subject: str = "Matter {}",
    body: str = "<p>Something does not work.</p>",
    spacing: timedelta = timedelta(seconds=30),
) -> range:
    """Make `count` conversations from now backwards in time, and return their ids."""
    writers = _writers(world, max(1, min(customers, count)))
    user = next(iter(world.users), 0)
    kinds: list[tuple[ThreadType, Actor | None]] = [("customer", None)]
    if user:
        kinds.append(("message", Actor("user", user)))
    summary = preview(body)
    start = world.now() - spacing * count
    made: list[int] = []
    for index in range(count):
        conversation = _open(world, mailbox, Actor("customer", writers[index % len(writers)]))
        conversation.created_at = conversation.updated_at = start + spacing * index
        conversation.last_reply_at = conversation.created_at
        conversation.subject = subject.format(conversation.number)
        conversation.status = statuses[index % len(statuses)]
        conversation.assignee = assignees[index % len(assignees)]
        if conversation.status == "closed":
            conversation.closed_at = conversation.created_at
        if names := tags[index % len(tags)]:
            _tag(world, conversation, names)
        for turn in range(threads):
            _write(world, conversation, *kinds[turn % len(kinds)], body)
        conversation.preview = summary
        made.append(conversation.id)
    return range(made[0], made[-1] + 1) if made else range(0)


def _writers(world: World, count: int) -> list[int]:
    found: list[int] = []
    for index in range(count):
        email = f"customer{index}@example.org"
        known = world.customer_with(email) or world.add_customer(email, f"First{index}", f"Last{index}")
        found.append(known.id)
    return found


def _open(world: World, mailbox: int, by: Actor) -> Conversation:
    now = world.now()
    return world.add_conversation(
        created_by=by,
        customer=by.id,
        created_at=now,
        type="email",
        subject="",
        mailbox=mailbox,
        source="email",
    )


def _write(world: World, conversation: Conversation, kind: ThreadType, by: Actor | None, body: str) -> None:
    writer = by or conversation.created_by
    verb = "replied to" if conversation.threads else "started a new"
    world.add_thread(
        conversation,
        kind,
        writer,
        body,
        text=f"{world.name_of(writer)} {verb} conversation #{conversation.number}",
        source="email" if by is None else "web",
        created_at=conversation.created_at,
    )
    conversation.threads_count += 1
    conversation.last_reply_from = writer.type


def _tag(world: World, conversation: Conversation, names: Sequence[str]) -> None:
    for name in names:
        if name not in world.tags:
            world.tags[name] = world.new_id("tag")
    conversation.tags = list(names)
