"""The chain of the audit log: each entry holds the hash of the one before, so that no change goes unseen.

The hash is SHA-256 over the entry as JSON in the canonical form of RFC 8785: keys in order, no blanks, UTF-8.
https://www.rfc-editor.org/rfc/rfc8785
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypedDict, cast

from sqlite_utils import Database

GENESIS = "0" * 64
"""What the first entry holds for the hash of the one before."""


class Entry(TypedDict):
    """One act. The keys are the columns of `audit`."""

    id: int
    """1, 2, 3 and so on, without a gap."""
    at: str
    """UTC to the microsecond, as `2026-02-03T09:30:00.000000+00:00`."""
    slack_user: str
    user: int
    """The FreeScout user; 0 where there is none."""
    action: str
    conversation: int
    """FreeScout's id of it; 0 where there is none."""
    before: str
    after: str
    outcome: str
    previous: str
    hash: str


SELECT = f"select {', '.join(Entry.__annotations__)} from audit"
_INSERT = f"insert into audit values ({', '.join(f':{column}' for column in Entry.__annotations__)})"


class Head(NamedTuple):
    """The newest entry, or (0, GENESIS) before the first. Ids have no gap, so `id` counts the entries."""

    id: int
    hash: str


class Broken(NamedTuple):
    """The first place at which the chain does not hold: an entry's id, and what is wrong there."""

    id: int
    what: str


def digest(one: Entry) -> str:
    """The hash that an entry should have; it is not asked what hash it has."""
    hashed = {key: value for key, value in one.items() if key != "hash"}
    canonical = json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def head(database: Database) -> Head:
    """Read the head."""
    row = database.execute("select id, hash from audit_head").fetchone()
    return Head(*row) if row else Head(0, GENESIS)


def entries(database: Database, where: str, values: Sequence[object] = ()) -> list[Entry]:
    """Read some entries."""
    return [entry(row) for row in database.execute(f"{SELECT} {where}", values)]


def entry(row: Iterable[object]) -> Entry:
    """Make an entry of a row with the columns in their order."""
    return cast(Entry, dict(zip(Entry.__annotations__, row, strict=True)))


def append(database: Database, new: Entry) -> None:
    """Chain an entry to the head, in the transaction that is open; its id, previous and hash are given here.

    It follows the head and not the last row: where rows were cut off, the gap stays to be seen. Rows that
    stand beyond the head came from elsewhere, and are stepped over: that shows, and stops nobody's work.
    """
    known = head(database)
    (last,) = database.execute("select coalesce(max(id), 0) from audit").fetchone()
    new = {**new, "id": max(known.id, last) + 1, "previous": known.hash}
    new["hash"] = digest(new)
    database.execute(_INSERT, dict(new))
    _set_head(database, Head(new["id"], new["hash"]))


def seal(database: Database) -> None:
    """Chain what an earlier version wrote, once, as the migration's last step."""
    before = Head(0, GENESIS)
    old = entries(database, "order by id")
    database.execute("delete from audit")
    for number, row in enumerate(old, start=1):
        kept: Entry = {**row, "id": number, "previous": before.hash}
        before = Head(number, digest(kept))
        database.execute(_INSERT, {**kept, "hash": before.hash})
    _set_head(database, before)


def _set_head(database: Database, newest: Head) -> None:
    database.execute("insert or replace into audit_head values (1, ?, ?)", newest)


def walk(rows: Iterable[Entry], known: Head, find: Callable[[str], int | None]) -> Iterator[Entry | Broken]:
    """Yield the entries, oldest first, for as long as the chain holds; where it breaks, that, and end.

    `known` is the head as the bridge last wrote it; `find` gives the id of the entry with a hash.
    """
    last = Head(0, GENESIS)
    for one in rows:
        if what := _wrong(one, last, find):
            yield Broken(one["id"], what)
            return
        last = Head(one["id"], one["hash"])
        yield one
    if last.id < known.id:
        yield Broken(last.id + 1, f"{_some(last.id + 1, known.id)} missing at the end")
    elif last.id > known.id:
        yield Broken(
            known.id + 1, f"{_some(known.id + 1, last.id)} inserted: the bridge has not written so many"
        )
    elif last.hash != known.hash:
        yield Broken(last.id, "changed: the bridge has noted another hash for it")


def _wrong(one: Entry, last: Head, find: Callable[[str], int | None]) -> str:
    """What is wrong with an entry after `last`; empty where nothing is."""
    if one["id"] <= last.id:
        return "inserted: the bridge gives no such number"
    if one["id"] > last.id + 1:
        return f"{_some(last.id + 1, one['id'] - 1)} missing before it"
    if one["previous"] == last.hash:
        return "" if _holds(one) else "changed: its fields do not give its hash"
    follows = find(one["previous"])
    if follows is None:
        why = "the entry that it follows is missing or was rewritten"
        return why if _holds(one) else f"changed, or {why}"
    if follows >= one["id"]:
        return f"reordered: it follows what stands as entry {follows}"
    return f"entry {last.id} was inserted before it: it follows entry {follows}"


def _holds(one: Entry) -> bool:
    try:
        return digest(one) == one["hash"]
    except (TypeError, ValueError):  # bytes, or text that is no UTF-8: the bridge writes neither
        return False


def _some(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"


def clean(words: str) -> str:
    """What SQLite and JSON can both hold: half a surrogate pair becomes a question mark."""
    return words.encode(errors="replace").decode()
