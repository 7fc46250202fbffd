"""What is to be seen from outside of people's replies: FreeScout's threads and mails, Slack's messages, the outbox."""

import json
import re
import sqlite3
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from bot import auditing
from sandbox.freescout import FreeScout
from sandbox.freescout.records import Thread
from sandbox.slack import Message, Slack
from sandbox.slack.forms import usables
from tests.torture.letters import Arrived, Mailed, Row, Told, World
from tests.torture.truth import Past

T = TypeVar("T")

MOMENT = timedelta(seconds=6)
"""Of the fast time, less than a real second: so long may a fetched truth be on its way until the reply is."""
_TOKEN = re.compile(r"\br\d+\.")


def tokens(text: str) -> list[str]:
    """The words in it by which versions are known."""
    return _TOKEN.findall(text)


def world(freescout: FreeScout, slack: Slack, past: Mapping[int, Past], database: Path) -> World:
    """Look at everything."""
    arrived = [_arrived(thread, identity, past) for identity, thread in _threads(freescout, past)]
    made = {thread.id for _, thread in _threads(freescout, past)}
    mailed = [
        Mailed(
            next(iter(tokens(mail.text)), ""),
            mail.conversation,
            tuple(mail.to),
            frozenset(mail.cc),
            frozenset(mail.bcc),
            frozenset(_between(past[mail.conversation].customers, mail.time)),
        )
        for mail in freescout.world.outbox
        if mail.thread in made
    ]
    rows, broken = outbox(database, past.keys() - freescout.world.conversations.keys())
    return World(arrived, mailed, rows, list(messages(slack)), broken)


def _threads(freescout: FreeScout, past: Mapping[int, Past]) -> Iterator[tuple[int, Thread]]:
    """What came through the API, from conversations that are there and from those that were."""
    for identity, one in past.items():
        found = freescout.world.conversations.get(identity)
        for thread in found.threads if found else one.lost:
            if thread.source == "api" and thread.type != "lineitem":
                yield identity, thread


def _arrived(thread: Thread, conversation: int, past: Mapping[int, Past]) -> Arrived:
    home = past[conversation].homes.get(thread.id, conversation)
    boxes = frozenset(_between(past[home].moves, thread.created_at))
    token = next(iter(tokens(thread.body or "")), "")
    return Arrived(token, thread.type, conversation, thread.created_by.id, boxes)


def _between(changes: list[tuple[datetime, T]], at: datetime) -> Iterator[T]:
    """What stood at a time, or a moment before."""
    times = [time for time, _ in changes]
    first = max(0, bisect_right(times, at - MOMENT) - 1)
    for time, value in changes[first:]:
        if time <= at + timedelta(seconds=1):
            yield value


def outbox(database: Path, gone: Collection[int] = ()) -> tuple[list[Row], str]:
    """Read the bridge's outbox, and what is wrong with its audit log; nothing before it has any.

    The receipts of conversations that are `gone` go with them, once nobody has anything to decide.
    """
    if not database.exists():
        return [], ""
    with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True, timeout=10)) as connection:
        said = connection.execute("select after from audit where outcome = 'sent'")
        sent = {json.loads(after).get("outbox") for (after,) in said}
        confirmed = "select after from audit where action = 'confirm reply' and outcome = 'done'"
        sent |= {int(after.removeprefix("outbox ")) for (after,) in connection.execute(confirmed)}
        query = "select id, intent, kind, state, text, choice, conversation, hold, shown from outbox"
        rows = []
        for number, intent, kind, state, text, choice, conversation, hold, shown in connection.execute(query):
            over = conversation in gone and (state == "sent" or (state == "cancelled" and not text))
            due = (hold > 0 or shown > 0) and not over
            rows.append(Row(number, intent, kind, state, text, choice == "doubt", due, number in sent))
    found = auditing.verified(str(database))
    return rows, auditing.verdict(found) if found.broken else ""


def receipts(slack: Slack) -> Iterator[tuple[str, Message]]:
    """The messages that say what became of a reply, each with its key."""
    for channel in slack.workspace.channels.values():
        for top in channel.messages:
            for message in (top, *top.thread):
                key = ((message.metadata or {}).get("event_payload") or {}).get("key", "")
                if str(key).startswith("reply:"):
                    yield str(key), message


def questions(slack: Slack, people: Iterable[str] | None = None) -> Iterator[tuple[str, Message]]:
    """What was said to one person alone, and stays, with their id."""
    for channel in slack.workspace.channels.values():
        if channel.im_with and (people is None or channel.im_with in people):
            for message in channel.messages:
                if not message.metadata:
                    yield channel.im_with, message


def messages(slack: Slack) -> Iterator[Told]:
    """All of them."""
    for key, message in receipts(slack):
        person = slack.workspace.channels[message.channel].im_with or ""
        yield Told(message.all_text, key, person, buttons(message))
    for person, message in questions(slack):
        yield Told(message.all_text, "", person, buttons(message))


def buttons(message: Message) -> dict[str, str]:
    """The number that each button carries, by label; what follows a colon tells one question from another."""
    found = (usable.element for usable in usables(message.blocks) if usable.element["type"] == "button")
    return {str(one["text"]["text"]): str(one.get("value", "")).partition(":")[0] for one in found}
