"""The audit log: every act is in it, nobody changes it unseen, and people and operators can read it."""

import asyncio
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bot import auditing
from bot.errors import UserError
from bot.store import Store, chain
from bot.store.schema import MIGRATIONS
from sandbox.clock import Clock
from tests.conftest import House

ROOT = Path(__file__).parents[1]
COUNT = 8
NUMBERS = ("user", "conversation")
FIELDS = ("at", "slack_user", "action", "before", "after", "outcome", "previous", "hash", *NUMBERS)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bridge.db"


@pytest.fixture
async def store(path: Path, clock: Clock) -> AsyncIterator[Store]:
    one = Store(str(path), clock)
    yield one
    await one.close()


async def write(store: Store, number: int, **more: Any) -> None:
    known = {"slack_user": f"U{number}", "user": number, "action": "assign", "conversation": 400 + number}
    changed = {"before": f"Zoë ({number})", "after": f"Ben ({number + 1})", "outcome": "done"}
    await store.audit(**{**known, **changed, **more})


@contextmanager
def tampering(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection, connection:
        yield connection


def broken(path: Path) -> str:
    """Where the chain does not hold and why; empty where it holds."""
    found = auditing.verified(str(path)).broken
    return f"{found.id}: {found.what}" if found else ""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with some entries, to copy."""
    path = tmp_path_factory.mktemp("whole") / "bridge.db"

    async def fill() -> None:
        store = Store(str(path), Clock())
        for number in range(1, COUNT + 1):
            await write(store, number)
        await store.close()

    asyncio.run(fill())
    return path


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path / "copy.db"))


# The chain


async def test_entries_are_chained_by_the_recipe_and_the_time_is_to_the_microsecond(
    store: Store, clock: Clock
) -> None:
    clock.skip(timedelta(hours=3))
    began = clock()
    await write(store, 1)
    await write(store, 2, conversation=401, before="", after="")
    first, second = await store.audited(401)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", first["at"])
    assert began <= datetime.fromisoformat(first["at"]) <= clock()
    assert (first["id"], first["previous"], second["previous"]) == (1, chain.GENESIS, first["hash"])
    assert await store.audit_head() == (2, second["hash"])
    assert second["hash"] == chain.digest(second)


async def test_the_hash_is_what_it_was_for_ever() -> None:
    """A release that reckons it in another way would call every log broken."""
    entry: chain.Entry = {
        "id": 1,
        "at": "2026-02-03T09:30:00.000001+00:00",
        "slack_user": "U1",
        "user": 3,
        "action": "set closed",
        "conversation": 412,
        "before": 'Zoë "Z" \\ \u2028 \x7f \x01 🖨',
        "after": "closed",
        "outcome": "done",
        "previous": chain.GENESIS,
        "hash": "",
    }
    assert chain.digest(entry) == "1a7c3ecf357449d1db079c1d8b1123e9bd2d9f5c46fcb4a92387f346e224a782"


async def test_a_log_of_many_scripts_is_whole_and_half_a_character_stops_no_record(
    store: Store, path: Path
) -> None:
    for number, words in enumerate(
        ("Zoë", "日本語", "مرحبا", "👩‍👩‍👧", "\x00\x1f\x7f", "half \ud83d", "\u2028")
    ):
        await write(store, number, before=words, slack_user=words, outcome=words)
    assert broken(path) == ""
    assert (await store.audited(405))[0]["before"] == "half ?"


async def test_only_the_newest_of_a_conversation_are_given_oldest_first(store: Store) -> None:
    for number in range(5):
        await write(store, number, conversation=412)
    await write(store, 9, conversation=413)
    assert [one["user"] for one in await store.audited(412, 2)] == [3, 4]
    assert await store.audited(414) == []


async def test_an_empty_log_is_whole(store: Store, path: Path) -> None:
    assert auditing.verified(str(path)) == auditing.Verdict(0, chain.GENESIS)


async def test_two_processes_on_one_file_make_one_chain(store: Store, path: Path, clock: Clock) -> None:
    other = Store(str(path), clock, visiting=True)
    for start in range(0, 200, 20):
        several = range(start, start + 20)
        await asyncio.gather(*(write((store, other)[number % 2], number) for number in several))
    await other.close()
    assert auditing.verified(str(path)).entries == 200
    assert broken(path) == ""


async def test_who_reads_before_writing_is_not_refused_because_another_wrote(
    store: Store, path: Path, clock: Clock
) -> None:
    other = Store(str(path), clock, visiting=True)

    async def read_then_write(one: Store) -> None:
        for number in range(100):
            await asyncio.gather(one.audit_head(), one.mark("swept"), write(one, number))

    await asyncio.gather(read_then_write(store), read_then_write(other))
    await other.close()
    assert auditing.verified(str(path)) == auditing.Verdict(*await store.audit_head())


async def test_one_that_fails_in_a_batch_leaves_the_chain_of_the_others(store: Store, path: Path) -> None:
    def half(db: Any) -> None:
        db.execute("delete from audit")
        raise LookupError("a bug")

    jobs = [write(store, 1), write(store, 2), store._writer.do(half), write(store, 3)]
    outcomes = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(one) for one in outcomes] == [type(None), type(None), LookupError, type(None)]
    assert auditing.verified(str(path)).entries == 3
    assert broken(path) == ""


WRITING = """
import asyncio, sys
from datetime import UTC, datetime
from bot.store import Store

async def main():
    store = Store(sys.argv[1], lambda: datetime.now(UTC))
    async def act(conversation):
        while True:
            await store.audit(slack_user="U1", user=3, action="assign", conversation=conversation, outcome="done")
            print(conversation, flush=True)
    await asyncio.gather(*(act(number) for number in range(20)))

asyncio.run(main())
"""


def test_a_kill_in_the_middle_of_writing_leaves_a_whole_chain(path: Path) -> None:
    told = 0
    for _ in range(4):
        command = [sys.executable, "-c", WRITING, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
            assert child.stdout
            for _ in range(10):  # the pipe holds what is said meanwhile
                child.stdout.readline()
            child.kill()
            told += 10 + len([line for line in child.stdout if line.endswith("\n")])
        assert broken(path) == ""
    assert auditing.verified(str(path)).entries >= told


# Tampering


COLUMNS = "at, slack_user, user, action, conversation, before, after, outcome, previous, hash"
CHANGED_OR_GONE = "4: changed, or the entry that it follows is missing or was rewritten"
TAMPERINGS = {
    "update audit set user = 99 where id = 4": "4: changed: its fields do not give its hash",
    "update audit set at = replace(at, '+00:00', 'Z') where id = 1": "1: changed: its fields",
    "update audit set hash = upper(hash) where id = 4": "4: changed: its fields do not give its hash",
    "update audit set after = x'ff00' where id = 4": "4: changed: its fields do not give its hash",
    "update audit set after = cast(x'ff' as text) where id = 4": "4: changed: its fields",
    "update audit set previous = 'x' where id = 4": CHANGED_OR_GONE,
    "delete from audit where id = 1": "2: entry 1 is missing before it",
    "delete from audit where id in (3, 4)": "5: entries 3 to 4 are missing before it",
    "delete from audit where id = 4; update audit set id = id - 1 where id > 4": CHANGED_OR_GONE,
    "delete from audit where id = 8": "8: entry 8 is missing at the end",
    "delete from audit where id > 5": "6: entries 6 to 8 are missing at the end",
    "delete from audit": "1: entries 1 to 8 are missing at the end",
    "update audit set id = -4 where id = 4; update audit set id = 4 where id = 5;"
    "update audit set id = 5 where id = -4": "4: reordered: it follows what stands as entry 5",
    f"insert into audit select -1, {COLUMNS} from audit where id = 1": "-1: inserted: the bridge gives no such",
    f"insert into audit select 9, {COLUMNS} from audit where id = 3": "9: entry 8 was inserted before it",
    "update audit_head set hash = 'x'": "8: changed: the bridge has noted another hash for it",
    "update audit_head set id = 6": "7: entries 7 to 8 are inserted",
    "delete from audit_head": "1: entries 1 to 8 are inserted",
}


@pytest.mark.parametrize("statement", TAMPERINGS)
def test_the_first_wrong_entry_is_named_and_what_is_wrong(copy: Path, statement: str) -> None:
    with tampering(copy) as connection:
        connection.executescript(statement)
    assert broken(copy).startswith(TAMPERINGS[statement])


def forged(connection: sqlite3.Connection, number: int, **changes: Any) -> None:
    """Change an entry, or put one in, and reckon its hash anew."""
    kept = connection.execute(f"{chain.SELECT} order by abs(id - ?) limit 1", (number,)).fetchone()
    entry: Any = {**chain.entry(kept), "id": number, **changes}
    entry["hash"] = chain.digest(entry)
    marks = ", ".join("?" * len(entry))
    connection.execute(f"insert or replace into audit values ({marks})", tuple(entry.values()))


def test_a_forger_who_reckons_hashes_anew_is_found_by_the_entry_that_follows(copy: Path) -> None:
    with tampering(copy) as connection:
        forged(connection, 4, outcome="refused")
    assert broken(copy) == "5: the entry that it follows is missing or was rewritten"


def test_a_forger_who_puts_one_in_is_found(copy: Path) -> None:
    with tampering(copy) as connection:
        (before,) = connection.execute("select hash from audit where id = 3").fetchone()
        for number in range(COUNT, 3, -1):
            connection.execute("update audit set id = id + 1 where id = ?", (number,))
        forged(connection, 4, previous=before)
    assert broken(copy) == "5: entry 4 was inserted before it: it follows entry 3"


async def test_what_the_bridge_writes_after_a_cut_or_an_addition_hides_neither(
    copy: Path, clock: Clock
) -> None:
    with tampering(copy) as connection:
        connection.execute("delete from audit where id > 6")
    store = Store(str(copy), clock)
    await write(store, 1)
    assert broken(copy) == "9: entries 7 to 8 are missing before it"
    with tampering(copy) as connection:
        forged(connection, 12)
    await write(store, 2)
    assert (await store.audit_head()).id == 13
    await store.close()


EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.integers(1, COUNT), st.sampled_from(FIELDS), st.text(max_size=5)),
        st.tuples(st.just("delete"), st.integers(1, COUNT)),
        st.tuples(st.just("swap"), st.integers(1, COUNT), st.integers(1, COUNT)),
        st.tuples(st.just("insert"), st.integers(-2, COUNT + 3), st.booleans()),
    ),
    min_size=1,
    max_size=3,
)


def tamper(connection: sqlite3.Connection, edit: tuple[Any, ...]) -> None:
    kind, one, *more = edit
    if kind == "edit":
        column, value = more
        value = len(value) + 1000 if column in NUMBERS else value.encode(errors="replace").decode()
        connection.execute(f"update audit set {column} = ? where id = ?", (value, one))
    elif kind == "delete":
        connection.execute("delete from audit where id = ?", (one,))
    elif kind == "swap":
        for old, new in ((one, -99), (more[0], one), (-99, more[0])):
            connection.execute("update or replace audit set id = ? where id = ?", (new, old))
    elif more[0] and connection.execute("select 1 from audit").fetchone():
        forged(connection, one)
    else:
        connection.execute(
            "insert or ignore into audit values (?, 'now', 'U1', 1, 'a', 1, '', '', 'done', '', '')", (one,)
        )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
def test_whatever_is_changed_is_found(whole: Path, tmp_path: Path, edits: list[tuple[Any, ...]]) -> None:
    path = Path(shutil.copy(whole, tmp_path / "tampered.db"))
    with closing(sqlite3.connect(path)) as connection:
        everything = f"{chain.SELECT} order by id"
        before = connection.execute(everything).fetchall()
        for edit in edits:
            tamper(connection, edit)
        connection.commit()
        after = connection.execute(everything).fetchall()
    assume(before != after)
    found = auditing.verified(str(path))
    same = next(n for n in range(COUNT + 1) if before[: n + 1] != after[: n + 1])
    assert found.broken
    assert found.entries >= same  # what was not touched before the first change is not accused


# Before the chain


async def test_entries_of_an_earlier_version_are_chained_once_and_keep_what_they_say(
    path: Path, clock: Clock
) -> None:
    with tampering(path) as connection:
        connection.execute("create table _migrations (name text primary key)")
        for name in ("001 begin", "002 turns"):
            connection.executescript(MIGRATIONS[name])
            connection.execute("insert into _migrations values (?)", (name,))
        old = [
            (1, 1770111000.25, "U1", 3, "set closed", 1, "active", "done"),
            (2, 1770111001.0, "U1", 3, "assign", 1, "4", "failed: x"),
        ]
        connection.executemany("insert into audit values (?, ?, ?, ?, ?, ?, ?, ?)", old)
    with pytest.raises(UserError, match="earlier version"):
        auditing.verified(str(path))
    store = Store(str(path), clock)
    await write(store, 1, conversation=1)
    rows = await store.audited(1)
    await store.close()
    assert [(one["at"], one["action"], one["before"], one["after"]) for one in rows[:2]] == [
        ("2026-02-03T09:30:00.250000+00:00", "set closed", "active", "closed"),
        ("2026-02-03T09:30:01.000000+00:00", "assign", "", "4"),
    ]
    assert auditing.verified(str(path)).entries == 3
    assert broken(path) == ""


# Verifying


def test_a_hundred_thousand_entries_are_verified_one_at_a_time(path: Path, whole: Path) -> None:
    shutil.copy(whole, path)
    last = chain.Head(0, chain.GENESIS)
    rows = []
    for number in range(1, 100_001):
        entry: Any = {"id": number, "at": "2026-02-03T09:30:00.000000+00:00", "slack_user": "U1", "user": 3}
        entry |= {
            "action": "assign",
            "conversation": number % 50,
            "before": "",
            "after": "",
            "outcome": "done",
        }
        entry |= {"previous": last.hash}
        last = chain.Head(number, chain.digest(entry))
        rows.append((*entry.values(), last.hash))
    with tampering(path) as connection:
        connection.execute("delete from audit")
        connection.executemany(f"insert into audit values ({', '.join('?' * len(rows[0]))})", rows)
        connection.execute("update audit_head set id = ?, hash = ?", last)
    rows.clear()
    tracemalloc.start()
    found = auditing.verified(str(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == auditing.Verdict(100_000, last.hash)
    assert peak < 1_000_000


def test_the_recipe_in_the_documents_finds_what_the_bridge_finds(copy: Path, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "recipe.py").write_text(script, encoding="utf-8")
    command = [sys.executable, str(tmp_path / "recipe.py"), str(copy)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told == f"{COUNT} entries, head {auditing.verified(str(copy)).head}\n"
    for statement in (
        "update audit set before = 'Zoe' where id = 5",
        "delete from audit where id = 8",
        "delete from audit_head",
    ):
        bad = Path(shutil.copy(copy, tmp_path / "bad.db"))
        with tampering(bad) as connection:
            connection.execute(statement)
        told = subprocess.run([*command[:2], str(bad)], capture_output=True, text=True, check=False)
        assert told.returncode == 1
        assert "wrong" in told.stderr or "the end" in told.stderr


def test_the_listing_as_json_is_enough_to_reckon_the_hashes(copy: Path) -> None:
    rows = [json.loads(line) for line in auditing.listed(str(copy), None, None, as_json=True)]
    assert [chain.digest(row) for row in rows] == [row["hash"] for row in rows]


def test_a_terminal_is_not_told_to_do_anything_by_an_entry(copy: Path) -> None:
    with tampering(copy) as connection:
        connection.execute("update audit set after = ? where id = 1", ("\x1b[2J\x07\u202e",))
    assert next(iter(auditing.listed(str(copy), None, None))).isprintable()


def test_a_day_is_the_utc_one_and_nonsense_is_told(copy: Path) -> None:
    assert auditing.moment("2026-02-03T09:30+01:00") == datetime(2026, 2, 3, 8, 30, tzinfo=UTC)
    assert auditing.moment("2026-02-03") == datetime(2026, 2, 3, tzinfo=UTC)
    with pytest.raises(UserError, match="say 2026-02-03"):
        auditing.moment("yesterday")


async def test_the_head_is_in_the_log_from_the_start(house: House, caplog: pytest.LogCaptureFixture) -> None:
    said = f"audit log: 0 entries, head {chain.GENESIS}"
    await house.until(
        lambda: said in [one.getMessage() for one in caplog.get_records("setup") + caplog.records]
    )


# In Slack


async def audited(house: House, conversation: int) -> list[chain.Entry]:
    store = Store(house.settings.database_path, house.clock, visiting=True)
    rows = await store.audited(conversation)
    await store.close()
    return rows


async def test_a_person_is_shown_who_did_what_from_what_to_what(house: House) -> None:
    card = await house.writes()
    await house.ana.types("/freescout audit 412")
    await house.until(lambda: "Nothing was done to #412 from Slack yet" in house.told(house.ana))
    await house.ana.presses("Assign to Me", on=card)
    await house.until(lambda: "Ana Alves" in card.all_text)
    await house.ana.types("/freescout assign 412 Ben")
    await house.until(lambda: "is assigned to Ben Brandt" in house.told(house.ana))
    await house.ben.types("/freescout close 412")
    await house.until(lambda: "closed" in house.told(house.ben))
    await house.ben.types("/freescout audit 412")
    await house.until(lambda: "Done to #412" in house.told(house.ben))
    told = house.told(house.ben)
    assert f"Ana Alves · assign · nobody → Ana Alves ({house.ana_id}) · done" in told
    assert f"Ana Alves ({house.ana_id}) → Ben Brandt ({house.ben_id})" in told
    assert "Ben Brandt · set closed · active → closed · done" in told
    assert "@" not in told
    assert broken(Path(house.settings.database_path)) == ""


async def test_the_last_twenty_are_shown_however_much_they_say(house: House) -> None:
    await house.writes()
    store = Store(house.settings.database_path, house.clock, visiting=True)
    for number in range(25):
        words = {"before": "<@U1>*&" * 40, "after": '"' * 900, "outcome": "<!here>" * 50}
        await write(store, number, conversation=1, action=f"act {number}", **words)
    reply = json.dumps({"outbox": 7, "to": "mark@example.org", "cc": ["a@example.org"], "status": "closed"})
    await write(store, 25, conversation=1, action="reply", before="", after=reply)
    await store.close()
    await house.ana.types("/freescout audit 412")
    await house.until(lambda: "last 20" in house.told(house.ana))
    told = house.told(house.ana)
    assert "act 6 " in told and "act 5 " not in told
    assert "reply · to mark@example.org, cc a@example.org, status closed · done" in told


async def test_who_may_not_see_the_mailbox_sees_no_log_and_that_is_on_record(house: House) -> None:
    house.freescout.customer_writes("eve@example.org", "Offer", "x", mailbox=house.sales)
    await house.until(lambda: house.cards("sales"))
    for words in ("audit", "close", "assign"):
        told = len(house.slack.ephemerals(house.ben))
        await house.ben.types(
            f"/freescout {words} 412 me" if words == "assign" else f"/freescout {words} 412"
        )
        await house.until(lambda: len(house.slack.ephemerals(house.ben)) > told)
        assert "does not let you see" in house.told(house.ben)
    await house.ben.presses("Assign to Me", on=house.cards("sales")[0])

    async def four() -> list[chain.Entry]:
        async with asyncio.timeout(30):
            while len(rows := await audited(house, 1)) < 4:
                await asyncio.sleep(0.02)
        return rows

    rows = await four()
    assert [row["action"] for row in rows] == ["audit", "close", "assign", "assign_me"]
    assert {(row["slack_user"], row["user"]) for row in rows} == {(house.ben.id, house.ben_id)}
    assert all(row["outcome"].startswith("refused: FreeScout does not let you see") for row in rows)


async def test_a_guest_who_is_refused_is_on_record(house: House) -> None:
    card = await house.writes()
    guest = house.slack.add_person("Guest", "guest@example.org")
    guest.profile.guest = True
    await guest.presses("Close", on=card)
    await house.until(lambda: "Guests" in house.told(guest))
    (row,) = await audited(house, 0)
    assert (row["slack_user"], row["user"], row["action"]) == (guest.id, 0, "close")
    assert row["outcome"].startswith("refused: Guests")


async def test_to_assign_to_somebody_who_may_not_see_it_is_refused_on_record(house: House) -> None:
    house.freescout.customer_writes("eve@example.org", "Offer", "x", mailbox=house.sales)
    await house.until(lambda: house.cards("sales"))
    await house.ana.types("/freescout assign 412 Ben")
    await house.until(lambda: "cannot see" in house.told(house.ana))
    (row,) = await audited(house, 1)
    assert (row["before"], row["after"]) == ("nobody", f"Ben Brandt ({house.ben_id})")
    assert row["outcome"].startswith("refused: Ben Brandt cannot see")
