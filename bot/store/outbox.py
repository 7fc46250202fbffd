"""The table `outbox`: replies and notes on their way to FreeScout."""

import asyncio
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import asdict, fields
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.store.rows import Choice, Draft, Reply, ReplyState
from bot.store.table import Table
from bot.store.writer import Writer
from bot.waits import wait_for

_REPLY = ", ".join(field.name for field in fields(Reply))
_OPEN = (ReplyState.HELD, ReplyState.BLOCKED, ReplyState.FAILED, ReplyState.CANCELLED)
"""States in which nothing of it is on its way."""
TYPED = "message:"
"""How the intents begin of what was typed in a thread: the channel and the ts of the message follow."""
_ENDED = {ReplyState.SENT, ReplyState.CANCELLED}
_LEAP = 60.0
"""Seconds beyond a hold that no reply waits for by itself: the clock was put back."""
LATE = timedelta(minutes=5)
"""From which delay on a reply does not go without being asked about."""
_UNSHOWN = 60.0
"""Seconds after which a reply goes that Slack could not show."""


class OutboxTable(Table):
    """What people wrote, until FreeScout has it."""

    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        super().__init__(writer, now)
        self._outbox_changed = asyncio.Event()
        self._receipts_changed = asyncio.Event()

    async def queue(self, draft: Draft) -> bool:
        """Keep a reply or note for sending; False where its intent was kept before (a second click)."""
        now = self._time()
        row = {**asdict(draft), "state": ReplyState.HELD.value, "due": now + draft.hold, "created": now}
        insert = (
            f"insert or ignore into outbox ({', '.join(row)}) select {', '.join('?' * len(row))}"
            " where not exists (select 1 from outbox where instr(spent, ?) > 0)"
        )
        values = [*row.values(), f" {draft.intent} "]
        count = await self._writer.do(lambda db: db.execute(insert, values).rowcount)
        self._stir()
        return bool(count)

    async def requeue(self, identity: int, draft: Draft) -> bool:
        """Put another text in the place of one that was stopped; False where it is on its way, or gone.

        A second click finds its own intent there already, and is as good as the first.
        """
        now = self._time()
        row = {**asdict(draft), "state": ReplyState.HELD.value, "due": now + draft.hold, "created": now}
        row |= {"error": "", "choice": "", "attempts": 0, "shown": 0, "now_seen": ""}
        update = (
            f"update outbox set spent = spent || ' ' || intent || ' ',"
            f" {', '.join(f'{name} = ?' for name in row)}, changed = changed + 1"
            f" where id = ? and slack_user = ? and intent != ? and state in ({_quoted(_OPEN[1:])})"
        )

        def job(db: Database) -> bool:
            try:
                done = db.execute(update, [*row.values(), identity, draft.slack_user, draft.intent]).rowcount
            except sqlite3.IntegrityError:  # the intent of another row
                return False
            again = "select 1 from outbox where (id, intent) = (?, ?)"
            return bool(done) or db.execute(again, (identity, draft.intent)).fetchone() is not None

        done = await self._writer.do(job)
        self._stir()
        return done

    async def next_reply(self, busy: Collection[int] = ()) -> Reply | None:
        """The oldest reply that is due and not in hand, with any that an earlier process was cut off from.

        A conversation's replies go one after the other, and none overtakes one whose fate is open; a note
        does not wait for a reply that is only held. One that Slack is still to show waits for that.
        """
        skipped = ", ".join(str(int(one)) for one in busy)
        query = (
            f"select {_REPLY} from outbox mine"
            f" where state in ('held', 'sending', 'unknown') and id not in ({skipped})"
            " and (due <= :now or due > :now + max(hold, attempts * 60) + :leap)"
            " and (state != 'held' or hold = 0 or shown > 0 or created <= :now - :unshown or created > :now)"
            " and not exists (select 1 from outbox before where before.conversation = mine.conversation"
            " and before.id < mine.id and (before.state in ('sending', 'unknown')"
            " or (before.state = 'held' and before.kind = mine.kind))) order by due, id limit 1"
        )
        now = {"now": self._time(), "leap": _LEAP, "unshown": _UNSHOWN}
        rows = await self._writer.do(lambda db: db.execute(query, now).fetchall())
        return Reply(*rows[0]) if rows else None

    async def reply(self, identity: int) -> Reply | None:
        """A reply by its id."""
        query = f"select {_REPLY} from outbox where id = ?"
        rows = await self._writer.do(lambda db: db.execute(query, (identity,)).fetchall())
        return Reply(*rows[0]) if rows else None

    async def held_replies(self, conversation: int) -> list[Reply]:
        """The replies to a conversation that are about to go to the customer."""
        query = f"select {_REPLY} from outbox where conversation = ? and state = 'held' and kind = 'message'"
        rows = await self._writer.do(lambda db: db.execute(query, (conversation,)).fetchall())
        return [Reply(*row) for row in rows]

    async def untold(self) -> list[Reply]:
        """Those of which Slack does not show what became, and those that are counted down."""
        query = (
            f"select {_REPLY} from outbox where told < changed union"
            f" select {_REPLY} from outbox where state = 'held' and hold > 0 order by id"
        )
        rows = await self._writer.do(lambda db: db.execute(query).fetchall())
        return [Reply(*row) for row in rows]

    async def tell_reply(self, reply: Reply) -> None:
        """Note that Slack shows what became of a reply so far. From its first time on its hold counts.

        One that is late stays so: its writer is asked, and does not see another countdown.
        """
        now = self._time()

        def job(db: Database) -> None:
            db.execute("update outbox set told = max(told, ?) where id = ?", (reply.changed, reply.id))
            db.execute(
                "update outbox set shown = ?, due = case when due < ? then due else max(due, ? + hold) end"
                " where (id, changed, state, shown) = (?, ?, 'held', 0)",
                (now, now - LATE.total_seconds(), now, reply.id, reply.changed),
            )

        await self._writer.do(job)
        self._outbox_changed.set()

    async def claim_reply(self, reply: Reply, after_thread: int) -> bool:
        """Take a held reply for sending; False where it was stopped, changed or put off in the meantime."""
        changes = "state = 'sending', after_thread = ?"
        values = (after_thread,)
        return await self._move(changes, values, reply, (ReplyState.HELD,), due=self._time() + 1)

    async def date_reply(self, reply: Reply, due: datetime, *, error: str = "", attempts: int = 0) -> bool:
        """Have a held reply go later; False where somebody stopped it in the meantime."""
        values = (due.timestamp(), error, attempts)
        return await self._move("due = ?, error = ?, attempts = ?", values, reply, (ReplyState.HELD,))

    async def stop_reply(
        self,
        reply: Reply,
        state: ReplyState,
        error: str,
        choice: Choice,
        *,
        now_seen: str = "",
    ) -> bool:
        """Stop one that is not on its way; `now_seen` is what its writer is shown. False where it is."""
        values = (state.value, error, choice.value, now_seen)
        changes = "state = ?, error = ?, choice = ?, now_seen = ?"
        return await self._move(changes, values, reply, (ReplyState.HELD,))

    async def release_reply(self, reply: Reply) -> bool:
        """Send one that was stopped all the same, at once, to whom its writer was shown last.

        False where it was not stopped.
        """
        changes = (
            "state = 'held', due = ?, created = ?, hold = 0, error = '', choice = '', attempts = 0,"
            " customer_email = case now_seen when '' then customer_email"
            " else json_extract(now_seen, '$.customer') end,"
            " seen = case now_seen when '' then seen else now_seen end"
        )
        now = self._time()
        return await self._move(changes, (now, now), reply, (ReplyState.BLOCKED,), exactly=True)

    async def drop_reply(self, reply: Reply) -> bool:
        """Throw one away; its text is not kept."""
        return await self._move("state = 'cancelled', text = '', rich = '', html = ''", (), reply, _OPEN)

    async def mark_reply(
        self,
        reply: Reply,
        state: ReplyState,
        *,
        due: datetime | None = None,
        thread: int | None = None,
        error: str = "",
        choice: str = "",
        attempts: int | None = None,
    ) -> None:
        """Say what became of one that was on its way. The text of one that was sent is not kept."""
        changes = (
            "state = ?, due = coalesce(?, due), thread = coalesce(?, thread), error = ?, choice = ?,"
            " attempts = coalesce(?, attempts)"
        )
        if state is ReplyState.SENT:
            changes += ", text = '', rich = '', html = ''"
        values = (state.value, due.timestamp() if due else None, thread, error, choice, attempts)
        await self._move(changes, values, reply, tuple(set(ReplyState) - _ENDED))

    async def own_threads(self, conversation: int, slack_user: str) -> dict[int, str]:
        """The threads that a person's replies became, each with the status that came with it."""
        query = "select thread, status from outbox where (conversation, slack_user) = (?, ?) and thread > 0"
        rows = await self._writer.do(lambda db: db.execute(query, (conversation, slack_user)).fetchall())
        return {int(thread): str(status) for thread, status in rows}

    async def intended(self, intent: str) -> Reply | None:
        """The reply or note that came of an intent."""
        query = f"select {_REPLY} from outbox where intent = ?"
        rows = await self._writer.do(lambda db: db.execute(query, (intent,)).fetchall())
        return Reply(*rows[0]) if rows else None

    async def typed_notes(self, conversation: int) -> dict[int, str]:
        """The threads of the notes that were typed in the thread of a card, each with its channel."""
        query = (
            "select thread, channel from outbox"
            f" where conversation = ? and thread > 0 and kind = 'note' and intent like '{TYPED}%'"
        )
        rows = await self._writer.do(lambda db: db.execute(query, (conversation,)).fetchall())
        return {int(thread): str(channel) for thread, channel in rows}

    async def made_here(self, conversation: int) -> set[int]:
        """The threads that replies and notes from Slack became."""
        query = "select thread from outbox where conversation = ? and thread > 0"
        rows = await self._writer.do(lambda db: db.execute(query, (conversation,)).fetchall())
        return {int(thread) for (thread,) in rows}

    async def wait_for_replies(self, timeout: float, stopping: asyncio.Event | None = None) -> None:
        """Return when a reply may be due, after `timeout` seconds, or when `stopping` is set."""
        await wait_for(self._outbox_changed, timeout, stopping)

    async def wait_for_receipts(self, timeout: float, stopping: asyncio.Event | None = None) -> None:
        """The same for what there may be to tell of replies."""
        await wait_for(self._receipts_changed, timeout, stopping)

    def tell_anew(self) -> None:
        """There is something to tell of replies that none of them knows of."""
        self._receipts_changed.set()

    async def _move(
        self,
        changes: str,
        values: tuple[object, ...],
        reply: Reply,
        states: Collection[ReplyState],
        *,
        exactly: bool = False,
        due: float | None = None,
    ) -> bool:
        """Move a reply on in its life, if it is still what the caller knows, in one of these states.

        With `exactly`, only if nothing at all became of it since; with `due`, only if it is due by then.
        """
        update = (
            f"update outbox set {changes}, changed = changed + 1"
            f" where (id, intent) = (?, ?) and state in ({_quoted(states)})"
            " and changed = coalesce(?, changed) and due <= coalesce(?, due)"
        )
        parameters = (*values, reply.id, reply.intent, reply.changed if exactly else None, due)
        count = await self._writer.do(lambda db: db.execute(update, parameters).rowcount)
        self._stir()
        return bool(count)

    def _stir(self) -> None:
        self._outbox_changed.set()  # the conversation's next one may go now
        self._receipts_changed.set()


def _quoted(states: Collection[ReplyState]) -> str:
    return ", ".join(f"'{state.value}'" for state in states)
