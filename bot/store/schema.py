"""The tables, as migrations: each has a name, is applied once and is never edited."""

import sqlite3
from pathlib import Path

from sqlite_utils import Database

MIGRATIONS: dict[str, str] = {
    "001 begin": """
        create table work (
            conversation integer primary key, reason text not null, priority integer not null,
            due real not null, rung integer not null, attempts integer not null default 0,
            claimed integer not null default 0, parked integer not null default 0,
            error text not null default '', first_rung real not null
        );
        create index work_due on work (claimed, parked, due);
        create table looked (
            conversation integer primary key, customer integer not null, at real not null
        );
        create index looked_customer on looked (customer);
        create table posts (
            conversation integer not null, channel text not null, key text not null,
            ts text not null default '', version text not null, begun real not null,
            primary key (conversation, channel, key)
        ) without rowid;
        create table outbox (
            id integer primary key, intent text not null unique, conversation integer not null,
            number integer not null, kind text not null, text text not null, status text not null,
            user integer not null, slack_user text not null,
            channel text not null, thread_ts text not null, customer_email text not null,
            state text not null, after_thread integer not null default 0,
            attempts integer not null default 0, due real not null, error text not null default '',
            created real not null
        );
        create index outbox_due on outbox (state, due);
        create table audit (
            id integer primary key, at real not null, slack_user text not null, user integer not null,
            action text not null, conversation integer not null, detail text not null, outcome text not null
        );
    """,
    "002 turns": """
        alter table work add column waits text not null default '';
        alter table work add column held real not null default 0;
        alter table looked add column updated real not null default 0;
        create index looked_at on looked (at);
        create table marks (name text primary key, at real not null);
        create table events_seen (event text primary key, at real not null);
        create index posts_begun on posts (channel) where ts = '';
    """,
}


def open_database(path: str, *, visiting: bool = False) -> Database:
    """Open the file and make or migrate its tables.

    Unless `visiting`, take back what a dead process had claimed, and call what it kept waiting for a turn.
    """
    if path != ":memory:":
        Path(path).touch(mode=0o600)  # replies on their way are in it
    connection = sqlite3.connect(path, check_same_thread=False, timeout=10)
    connection.isolation_level = None
    database = Database(connection)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    _migrate(database)
    if not visiting:
        with database.atomic():
            database.execute("update work set claimed = 0, due = case waits when '' then due else 0 end")
    return database


def _migrate(database: Database) -> None:
    applied = database.table("_migrations")
    applied.create({"name": str}, pk="name", if_not_exists=True)
    done = {row["name"] for row in applied.rows}
    for name, script in MIGRATIONS.items():
        if name not in done:
            with database.atomic():
                for statement in script.split(";"):
                    database.execute(statement)
                applied.insert({"name": name})
