"""The tables, as migrations: each has a name, is applied once and is never edited."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlite_utils import Database

from bot.store import chain

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
    "003 replies": """
        alter table outbox add column rich text not null default '';
        alter table outbox add column html text not null default '';
        alter table outbox add column cc text not null default '';
        alter table outbox add column bcc text not null default '';
        alter table outbox add column files text not null default '';
        alter table outbox add column assign integer not null default 0;
        alter table outbox add column name text not null default '';
        alter table outbox add column hold real not null default 0;
        alter table outbox add column seen text not null default '';
        alter table outbox add column now_seen text not null default '';
        alter table outbox add column choice text not null default '';
        alter table outbox add column thread integer not null default 0;
        alter table outbox add column shown real not null default 0;
        alter table outbox add column changed integer not null default 1;
        alter table outbox add column told integer not null default 0;
        update outbox set told = changed;
        update outbox set state = 'held' where state = 'queued';
        alter table outbox add column spent text not null default '';
        create index outbox_untold on outbox (id) where told < changed;
        create table writing (
            view text primary key, conversation integer not null, slack_user text not null,
            kind text not null, name text not null, kept text not null,
            version text not null, since real not null
        );
        create index writing_conversation on writing (conversation);
    """,
    "004 people": """
        create table links (
            slack_user text primary key, user integer not null unique, at real not null, how text not null
        );
        create table link_codes (
            digest text primary key, slack_user text not null, given real not null, state text not null,
            channel text not null, thread_ts text not null, wanted text not null, ousted text not null
        );
        create index link_codes_person on link_codes (slack_user, given);
    """,
    "005 audit": """
        alter table audit rename to audit_before;
        create table audit (
            id integer primary key, at text not null, slack_user text not null, user integer not null,
            action text not null, conversation integer not null, before text not null, after text not null,
            outcome text not null, previous text not null, hash text not null
        );
        insert into audit
            select id, strftime('%Y-%m-%dT%H:%M:%f000+00:00', at, 'unixepoch'), slack_user, user, action,
                conversation, case when action like 'set %' then detail else '' end,
                case when action like 'set %' then substr(action, 5) else detail end, outcome, '', ''
            from audit_before;
        drop table audit_before;
        create index audit_conversation on audit (conversation);
        create table audit_head (
            one integer primary key check (one = 1), id integer not null, hash text not null
        );
    """,
    # What was said before files were brought stays without: years of them would come at once.
    "006 files": """
        insert or ignore into posts
            select conversation, channel, 'files:' || substr(key, 8), ts, 'before', begun
            from posts where key like 'thread:%' and ts != '';
    """,
    "007 places": """
        create index posts_place on posts (channel, ts);
        create index outbox_conversation on outbox (conversation);
    """,
    "008 leases": """
        create table leases (name text primary key, holder text not null, until real not null);
    """,
    "009 claims": """
        create table claims (
            id integer primary key, conversation integer not null, slack_user text not null,
            user integer not null, name text not null, assigned integer not null, channel text not null,
            thread integer not null, since real not null, until real not null,
            lapses real not null, state text not null, by text not null
        );
        create index claims_conversation on claims (conversation);
        create table snoozes (
            conversation integer primary key, slack_user text not null, user integer not null,
            name text not null, channel text not null, newest integer not null,
            since real not null, until real not null
        );
    """,
    "010 lists": """
        create table overdue (
            channel text not null, conversation integer not null, primary key (channel, conversation)
        ) without rowid;
        create table handed (conversation integer primary key, at real not null);
    """,
    "011 pinged": """
        create table pinged (
            person text not null, conversation integer not null, key text not null, day text not null,
            over integer not null, primary key (person, conversation, key)
        ) without rowid;
        create index pinged_day on pinged (day, person);
    """,
    "012 parked in part": """
        alter table work add column again real not null default 0;
        create index work_again on work (again) where again > 0;
        alter table pinged add column own integer not null default 1;
    """,
    "013 names": """
        create table names (
            kind text not null, name text not null, id text not null, primary key (kind, name)
        ) without rowid;
    """,
    "014 routes": """
        create table routes (
            id integer primary key autoincrement, channel text not null, spec text not null,
            slack_user text not null, user integer not null, at real not null, since real not null
        );
    """,
    # A digest's later lines wrote over the earlier ones: of those that stand so far the newest is known.
    "015 forgotten": """
        create table forgotten (conversation integer primary key, newest integer not null, at real not null);
        create table mentioned (
            channel text not null, ts text not null, conversation integer not null, alone integer not null,
            primary key (channel, ts, conversation)
        ) without rowid;
        create index mentioned_conversation on mentioned (conversation);
        insert or ignore into mentioned
            select channel, ts, conversation, 0 from posts
            where key = 'digest' and ts != '' and conversation > 0
    """,
    # Threads keep their ids when their conversation is merged into another.
    "016 forgotten threads": """
        create table forgotten_threads (thread integer primary key, conversation integer not null);
    """,
    "017 wrote": """
        create table wrote (
            thread integer primary key, customer integer not null, conversation integer not null
        );
        create index wrote_customer on wrote (customer);
        create index wrote_conversation on wrote (conversation);
    """,
}
AFTERWARDS: dict[str, Callable[[Database], None]] = {"005 audit": chain.seal}
"""What SQL alone cannot do, as the last step of a migration."""


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
    """Apply what is missing, all or nothing: an upgrade that breaks off leaves the file as it was."""
    applied = database.table("_migrations")
    with database.atomic():
        applied.create({"name": str}, pk="name", if_not_exists=True)
        done = {row["name"] for row in applied.rows}
        for name in MIGRATIONS:
            if name not in done:
                _apply(database, name)
                applied.insert({"name": name})


def _apply(database: Database, name: str) -> None:
    for statement in MIGRATIONS[name].split(";"):
        database.execute(statement)
    if name in AFTERWARDS:
        AFTERWARDS[name](database)
