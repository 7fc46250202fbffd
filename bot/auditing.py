"""`python -m bot audit`: print what was done from Slack, and verify that nobody has changed the record since.

The file is only read, beside a running bridge. `docs/operating.md` says how to verify it without this code.
"""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from bot.errors import UserError
from bot.store import Store, chain
from bot.store.chain import Broken, Entry, Head

log = logging.getLogger(__name__)

_MIGRATION = "005 audit"


class Verdict(NamedTuple):
    """What came of verifying. `broken` is the first place that does not hold."""

    entries: int
    head: str
    broken: Broken | None = None
    noted: bool = True
    """Whether the hash that the operator had noted is in the chain."""


def moment(words: str) -> datetime:
    """Read a day or a time, in UTC where it names no zone."""
    try:
        said = datetime.fromisoformat(words)
    except ValueError:
        raise UserError(f"{words!r} is no day or time: say 2026-02-03, or 2026-02-03T09:30+01:00.") from None
    return (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)


def listed(
    path: str, conversation: int | None, since: datetime | None, *, as_json: bool = False
) -> Iterator[str]:
    """Yield a line for each entry, oldest first; as JSON, with every field that its hash is made of."""
    wanted: dict[str, object] = {}
    if conversation is not None:
        wanted["conversation = ?"] = conversation
    if since is not None:
        wanted["at >= ?"] = since.isoformat(timespec="microseconds")
    where = f"where {' and '.join(wanted)}" if wanted else ""
    with _reading(path) as connection:
        for entry in _entries(connection, f"{where} order by id", tuple(wanted.values())):
            yield json.dumps(entry) if as_json else _line(entry)


def nothing(conversation: int | None) -> str:
    """What to say where no entry was listed: of a conversation people often know another number."""
    if conversation is None:
        return "Nothing is on record."
    return (
        f"Nothing is on record of the conversation with the id {conversation}. The id stands in FreeScout's "
        "address of it, /conversation/…, and is not the number that people say."
    )


def verified(path: str, noted: str = "") -> Verdict:
    """Walk the whole chain, one entry in memory at a time."""
    with _reading(path) as connection:
        known = connection.execute("select id, hash from audit_head").fetchone() or (0, chain.GENESIS)
        count, newest, seen = 0, chain.GENESIS, noted in ("", chain.GENESIS)
        for one in chain.walk(_entries(connection, "order by id"), Head(*known), _finder(connection)):
            if isinstance(one, Broken):
                return Verdict(count, newest, one)
            count, newest = count + 1, one["hash"]
            seen = seen or newest == noted.lower()
    return Verdict(count, newest, noted=seen)


def verdict(found: Verdict) -> str:
    """Say what came of verifying, in one line."""
    if found.broken:
        where = f"entry {found.broken.id}: {found.broken.what}"
        return f"The audit log is BROKEN at {where}. {_count(found.entries)} before that hold."
    if not found.noted:
        return f"The audit log is whole, but it is ANOTHER: the noted hash is not in it. {_head(found)}"
    return f"The audit log is whole. {_head(found)}"


def as_json(found: Verdict) -> str:
    """Say the same to a program."""
    broken = found.broken._asdict() if found.broken else None
    return json.dumps({**found._asdict(), "broken": broken})


async def log_head(store: Store) -> None:
    """Note the head in the log, from where it can be kept in another place than the database."""
    head = await store.audit_head()
    log.info("audit log: %s", _head(Verdict(*head)))


@contextmanager
def _reading(path: str) -> Iterator[sqlite3.Connection]:
    """Open the file to read it in one snapshot; raise UserError, with what to do, where that cannot be."""
    if not Path(path).exists():
        raise UserError(f"There is no {path}: the bridge has not run here.")
    try:
        with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=10)) as connection:
            connection.text_factory = lambda raw: raw.decode(errors="surrogateescape")
            connection.isolation_level = None
            connection.execute("begin")
            _check_version(connection, path)
            yield connection
    except sqlite3.Error as error:
        raise UserError(
            f"{path} cannot be read: {error}. It must be a database of the bridge's, in a folder in which "
            "you may write: SQLite keeps a file beside it while it reads."
        ) from error


def _check_version(connection: sqlite3.Connection, path: str) -> None:
    there = connection.execute("select 1 from sqlite_master where name = '_migrations'").fetchone()
    query = "select 1 from _migrations where name = ?"
    if not there or not connection.execute(query, (_MIGRATION,)).fetchone():
        raise UserError(
            f"{path} was last used by an earlier version of the bridge, which kept no chain: "
            "start this version once, which takes over what is in it, and ask again."
        )


def _entries(connection: sqlite3.Connection, where: str, values: Sequence[object] = ()) -> Iterator[Entry]:
    return map(chain.entry, connection.execute(f"{chain.SELECT} {where}", values))


def _finder(connection: sqlite3.Connection) -> Callable[[str], int | None]:
    def find(hashed: str) -> int | None:
        row = connection.execute("select id from audit where hash = ?", (hashed,)).fetchone()
        return row[0] if row else None

    return find


def _line(entry: Entry) -> str:
    change = " → ".join(filter(None, (entry["before"], entry["after"])))
    parts = (
        str(entry["id"]),
        f"{entry['at'][:19].replace('T', ' ')} UTC",
        f"{entry['slack_user']} (user {entry['user']})",
        f"conversation {entry['conversation']}",
        entry["action"],
        change,
        entry["outcome"],
    )
    line = "  ".join(filter(None, parts))
    return "".join(shown if shown.isprintable() else "\ufffd" for shown in line)


def _count(count: int) -> str:
    return f"{count} {'entry' if count == 1 else 'entries'}"


def _head(found: Verdict) -> str:
    return f"{_count(found.entries)}, head {found.head}"
