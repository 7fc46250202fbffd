"""The tables `claims` and `snoozes`: who is on a conversation, and what is put aside until when.

A conversation is claimed or snoozed, never both: whoever acts last decides.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from sqlite_utils import Database

from bot.store.table import Table

_KEPT = 30 * 86_400.0
"""Seconds for which a claim that has ended is remembered, so that what was asked about it is put right."""
_CLAIM = "conversation, slack_user, user, name, assigned, channel, thread, since, until, lapses, state, by"
_WHOSE = "select conversation from claims where id = ?1"
_SNOOZE = "conversation, slack_user, user, name, channel, newest, since, until"
_BEFORE = (
    "select user, thread from outbox where conversation = ? and kind = 'message' and created <= ?"
    " and (thread > 0 or state in ('held', 'sending', 'unknown'))"
)


class ClaimState(StrEnum):
    """A claim's life: from TAKING to HELD, and to how it ended."""

    TAKING = "taking"
    """Written down, and on its way to FreeScout: who it is assigned to there tells whether it arrived."""
    HELD = "held"
    RELEASING = "releasing"
    """Given back, and on its way to FreeScout; so is LAPSING."""
    LAPSING = "lapsing"
    RELEASED = "released"
    LAPSED = "lapsed"
    """Nobody answered the question."""
    RENEWED = "renewed"
    TAKEN = "taken"
    """Somebody else is on it now."""
    SNOOZED = "snoozed"
    OVER = "over"
    """Nobody waits for that answer any more."""
    GONE = "gone"
    """It was assigned to somebody else, or to nobody."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody who is on a conversation, for one period: *Yes* begins another."""

    conversation: int
    slack_user: str
    user: int
    name: str
    assigned: bool
    """Whether it was the claim that assigned it to them."""
    channel: str
    """Where they claimed it."""
    thread: int
    """The first message that nobody had answered: an answer ends the claim."""
    since: float
    """In seconds since 1970, as are the others."""
    until: float
    lapses: float = 0
    """When silence releases it; 0 before they were asked."""
    state: str = ClaimState.TAKING
    by: str = ""
    """Who ended it, where that was a person."""
    id: int = 0

    @property
    def until_at(self) -> datetime:
        """When they are asked whether they are still on it."""
        return datetime.fromtimestamp(self.until, UTC)

    @property
    def lapses_at(self) -> datetime:
        """When silence releases it."""
        return datetime.fromtimestamp(self.lapses, UTC)


@dataclass(frozen=True, slots=True)
class Snooze:
    """A conversation that is put aside by somebody, until a time."""

    conversation: int
    slack_user: str
    user: int
    name: str
    channel: str
    newest: int
    """The newest message of it then: a newer one that counts ends the snooze."""
    since: float
    until: float
    sent: frozenset[int] = frozenset()
    """The threads that those replies became that were on their way when it began."""
    sending: frozenset[int] = frozenset()
    """The FreeScout users of whose replies one is still on its way."""

    @property
    def until_at(self) -> datetime:
        """When it is over."""
        return datetime.fromtimestamp(self.until, UTC)


@dataclass(frozen=True, slots=True)
class Ended:
    """What a claim or a snooze has taken the place of."""

    claim: Claim | None = None
    snooze: Snooze | None = None


class ClaimsTable(Table):
    """At most one claim of a conversation is held, and at most one snooze stands."""

    async def claims(self, conversation: int) -> tuple[Claim, ...]:
        """Every claim of a conversation that is remembered, oldest first."""
        return await self._writer.do(lambda db: _claims(db, "conversation = ?", conversation))

    async def calm(self, conversation: int) -> tuple[tuple[Claim, ...], Snooze | None]:
        """Every claim of a conversation, oldest first, and its snooze, in one step."""

        def job(db: Database) -> tuple[tuple[Claim, ...], Snooze | None]:
            return _claims(db, "conversation = ?", conversation), _snooze(db, conversation)

        return await self._writer.do(job)

    async def claim_by_id(self, identity: int) -> Claim | None:
        """One claim."""
        found = await self._writer.do(lambda db: _claims(db, "id = ?", identity))
        return found[0] if found else None

    async def begin_claim(self, claim: Claim) -> int:
        """Write down that a claim is about to be made; return its id. It holds from `hold_claim` on."""
        old = self._time() - _KEPT

        def job(db: Database) -> int:
            db.execute("delete from claims where since < ? and state not in ('held', 'taking')", (old,))
            db.execute(
                "delete from claims where (conversation, slack_user, state) = (?, ?, 'taking')",
                (claim.conversation, claim.slack_user),
            )
            return _insert(db, claim)

        return await self._writer.do(job)

    async def hold_claim(self, identity: int) -> Ended | None:
        """Have a claim hold; return what it took the place of. None where it held or ended already.

        One that was found only after a newer one holds was taken over by that.
        """

        def job(db: Database) -> Ended | None:
            for one in _claims(
                db, "state = 'held' and id > ?1 and conversation = (" + _WHOSE + ")", identity
            ):
                _move(db, identity, ("taking",), ClaimState.TAKEN, one.name)
            if not _move(db, identity, ("taking",), ClaimState.HELD):
                return None
            (claim,) = _claims(db, "id = ?", identity)
            before = _claims(
                db, "state = 'held' and id != ? and conversation = ?", identity, claim.conversation
            )
            for one in before:
                same = one.slack_user == claim.slack_user
                _move(db, one.id, ("held",), ClaimState.RENEWED if same else ClaimState.TAKEN, claim.name)
            return Ended(before[-1] if before else None, _unsnooze(db, claim.conversation))

        return await self._writer.do(job)

    async def drop_claim(self, identity: int) -> None:
        """Forget a claim that was not made."""
        await self._writer.do(
            lambda db: db.execute("delete from claims where id = ? and state = 'taking'", (identity,))
        )

    async def ask_claim(self, identity: int, lapses: float) -> None:
        """Note when silence releases a claim, its question standing in Slack now."""
        await self._writer.do(
            lambda db: db.execute(
                "update claims set lapses = ? where id = ? and state = 'held' and lapses = 0",
                (lapses, identity),
            )
        )

    async def renew_claim(self, claim: Claim, until: float) -> bool:
        """Begin another period; False where the claim has ended meanwhile."""
        now = self._time()

        def job(db: Database) -> bool:
            if not _move(db, claim.id, ("held",), ClaimState.RENEWED, claim.name):
                return False
            db.execute(
                f"insert into claims ({_CLAIM}) select conversation, slack_user, user, name, assigned,"
                " channel, thread, ?, ?, 0, 'held', '' from claims where id = ?",
                (now, until, claim.id),
            )
            return True

        return await self._writer.do(job)

    async def end_claim(self, claim: Claim, state: ClaimState, by: str = "") -> bool:
        """End a claim that holds or is being given back; False where it has ended otherwise."""
        return await self._writer.do(
            lambda db: _move(db, claim.id, ("held", "releasing", "lapsing"), state, by)
        )

    async def begin_release(self, claim: Claim, state: ClaimState, by: str = "") -> bool:
        """Write down that a claim is about to be given back; False where it does not hold any more."""
        return await self._writer.do(lambda db: _move(db, claim.id, ("held",), state, by))

    async def snooze(self, snooze: Snooze) -> Ended:
        """Put a conversation aside; return what that took the place of."""

        def job(db: Database) -> Ended:
            before = _unsnooze(db, snooze.conversation)
            held = _claims(db, "state = 'held' and conversation = ?", snooze.conversation)
            for one in held:
                _move(db, one.id, ("held",), ClaimState.SNOOZED, snooze.name)
            values = (snooze.conversation, snooze.slack_user, snooze.user, snooze.name, snooze.channel)
            db.execute(
                f"insert into snoozes ({_SNOOZE}) values (?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, snooze.newest, snooze.since, snooze.until),
            )
            return Ended(held[-1] if held else None, before)

        return await self._writer.do(job)

    async def snoozed(self, conversation: int) -> Snooze | None:
        """The snooze of a conversation, over or not."""
        return await self._writer.do(lambda db: _snooze(db, conversation))

    async def end_snooze(self, snooze: Snooze) -> bool:
        """End this snooze; False where it is gone, or another stands in its place."""
        one = (snooze.conversation, snooze.since, snooze.until)
        delete = "delete from snoozes where (conversation, since, until) = (?, ?, ?)"
        return await self._writer.do(lambda db: bool(db.execute(delete, one).rowcount))


def _claims(db: Database, where: str, *values: object) -> tuple[Claim, ...]:
    rows = db.execute(f"select {_CLAIM}, id from claims where {where} order by id", values).fetchall()
    return tuple(replace(Claim(*row), assigned=bool(row[4])) for row in rows)


def _insert(db: Database, claim: Claim) -> int:
    values = (
        claim.conversation,
        claim.slack_user,
        claim.user,
        claim.name,
        int(claim.assigned),
        claim.channel,
    )
    row = db.execute(
        f"insert into claims ({_CLAIM}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
        (*values, claim.thread, claim.since, claim.until, claim.lapses, claim.state, claim.by),
    ).fetchone()
    return int(row[0])


def _move(db: Database, identity: int, states: tuple[str, ...], state: ClaimState, by: str = "") -> bool:
    """Have a claim go from one of these states to another, if it is in one of them.

    Who began to end it stays who ended it.
    """
    marks = ", ".join("?" * len(states))
    return bool(
        db.execute(
            f"update claims set state = ?, by = case by when '' then ? else by end"
            f" where id = ? and state in ({marks})",
            (state, by, identity, *states),
        ).rowcount
    )


def _snooze(db: Database, conversation: int) -> Snooze | None:
    row = db.execute(f"select {_SNOOZE} from snoozes where conversation = ?", (conversation,)).fetchone()
    if row is None:
        return None
    one = Snooze(*row)
    before = db.execute(_BEFORE, (conversation, one.since)).fetchall()
    sent = frozenset(thread for _, thread in before if thread)
    return replace(one, sent=sent, sending=frozenset(user for user, thread in before if not thread))


def _unsnooze(db: Database, conversation: int) -> Snooze | None:
    row = db.execute(
        f"delete from snoozes where conversation = ? returning {_SNOOZE}", (conversation,)
    ).fetchone()
    return Snooze(*row) if row else None
