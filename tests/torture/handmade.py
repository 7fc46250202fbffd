"""A small FreeScout and a Slack that shows it rightly, made by hand, for the tests of the oracles themselves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.torture.letters import Arrived, Envelope, Letter, Mailed, Row, Told, Version, World
from tests.torture.truth import Entry, Held, Said

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SMALL = (
    ":large_green_circle: Active Ana Alves :hourglass_flowing_sand: waiting since 9:00\n:label: vip, printer"
)
TITLE = "#412 Printer on fire\nMark Moore · mark@example.org → Support"


def truth(**changes: object) -> Held:
    """A conversation of three messages and a line item, in Support, shown in #support."""
    kinds = ("customer", "note", "customer")
    entries = [
        Entry(number, BEGAN + timedelta(seconds=number // 2), kind, f"m{number}.", 1)
        for number, kind in enumerate(kinds, start=1)
    ]
    entries.append(Entry(4, BEGAN + timedelta(seconds=9), "lineitem", "", 1))
    one = Held(
        1,
        title="#412 Printer on fire",
        mailbox="Support",
        channels=("support",),
        before=frozenset({"support"}),
        assignee="Ana Alves",
        tags=("vip", "printer"),
        customer="Mark Moore",
        waiting=True,
        entries=tuple(entries),
    )
    return replace(one, **changes)


def card(**changes: object) -> Said:
    """Its card."""
    text = f"{TITLE}\n{SMALL}"
    return replace(Said("support", "1000.000001", 1, "card", text, SMALL), **changes)


def under(head: Said, *keys: str) -> list[Said]:
    """What stands in the card's thread, in this order."""
    return [
        replace(
            head,
            ts=f"{1000 + number}.000001",
            key=key,
            text=f"Mark Moore\nm{key.partition(':')[2]}. hello",
            small="Mark Moore",
            under=head,
        )
        for number, key in enumerate(keys, start=1)
    ]


KEYS = ("thread:1", "thread:2", "thread:3", "line:4")


def right() -> list[Said]:
    """The Slack that shows `truth()`."""
    head = card()
    return [head, *under(head, *KEYS)]


def digest(*conversations: int, ts: str = "5000.000001") -> Said:
    """A digest with a line for each."""
    return Said("support", ts, 0, f"digest:{ts}", "came at once", "", None, conversations)


SEEN = Envelope("mark@example.org", frozenset({"boss@example.org"}))
"""Who Ana's reply goes to, as her dialog showed."""


def version(number: int = 1, **changes: object) -> Version:
    """What she submitted."""
    return replace(Version(f"r{number}.", f"V{number}", [SEEN], answered=True), **changes)


def letter(*versions: Version, **changes: object) -> Letter:
    """Her reply to conversation 1, which is in mailbox 1, as FreeScout's user 7."""
    hers = Letter("Ana Alves", 7, frozenset({1, 2}), "message", 1, "U1", list(versions) or [version()])
    return replace(hers, **changes)


ARRIVED = Arrived("r1.", "message", 1, 7, frozenset({1}))
MAILED = Mailed("r1.", 1, (SEEN.to,), SEEN.cc)
ROW = Row(1, "V1", "message", "sent")
RECEIPT = Told("Ana Alves's reply went to mark@example.org", "reply:1")
GONE = World([ARRIVED], [MAILED], [ROW], [RECEIPT])
"""Where it went as it should."""


def kept(state: str, *labels: str, says: str = "", text: str = "r1. hello", **changes: object) -> World:
    """Where it did not go: the outbox has its text, and Slack asks."""
    shown = f"Ana Alves's reply to mark@example.org\n{says or state}\n{text}"
    asks = Told(shown, "reply:1", buttons=dict.fromkeys(labels or ("Send Anyway", "Edit", "Discard"), "1"))
    return replace(World([], [], [replace(ROW, state=state, text=text)], [asks]), **changes)
