"""The mirror's plan: rule by rule, and then any history at all."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot import clock
from bot.cards import gone_card, left_reminder
from bot.hours import ALWAYS
from bot.ladder import Told, climbed
from bot.ladderfile import of_waits
from bot.model import Conversation, Mailbox, Person, Status, Thread
from bot.pings import Rungs
from bot.plan import ANEW, ASKED, CARD, DIGEST, Posted, Step, View, newest, next_look, plan
from bot.quiet import Quiet
from bot.store import Claim, ClaimState

NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
URL = "https://help.example.org/conversation/5"
SUPPORT, SALES = Mailbox(1, "Support"), Mailbox(2, "Sales")
MARK = Person(1, "customer", "Mark", "Moore", "mark@example.org")
ANA = Person(7, "user", "Ana", "Alves", "ana@example.org")
WAITS = (timedelta(minutes=30), timedelta(hours=2), timedelta(hours=8))
LADDER = Rungs(of_waits(WAITS))


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def entry(number: int, kind: str = "customer", minutes: float = 0, **changes: Any) -> Thread:
    by = MARK if kind == "customer" else ANA
    return Thread(
        number, kind, "published", at(minutes), **{"body": f"words {number}", "created_by": by, **changes}
    )


def conversation(*threads: Thread, **changes: Any) -> Conversation:
    given: dict[str, Any] = {
        "id": 5,
        "number": 412,
        "mailbox_id": 1,
        "status": Status.ACTIVE,
        "state": "published",
        "subject": "Printer on fire",
        "created_at": NINE,
        "updated_at": NINE,
        "customer": MARK,
        "latest_reply_from": "customer",
        "threads": threads or (entry(1),),
    }
    return Conversation(**{**given, **changes})


def view(truth: Conversation | None, minutes: float = 0, **changes: Any) -> View:
    given: dict[str, Any] = {
        "mailbox": SUPPORT,
        "url": URL,
        "routed": True,
        "rungs": LADDER,
        "now": at(minutes),
    }
    return View(truth, **{**given, **changes})


TS = {True: "1.000001", False: "2.000002"}
"""Of a card, and of all else."""


def applied(posted: dict[str, Posted], steps: Sequence[Step]) -> dict[str, Posted]:
    """What Slack shows after these steps."""
    shown = dict(posted)
    for step in steps:
        shown[step.key] = Posted(step.ts or TS[step.key == CARD], step.version)
    return shown


def keys(steps: Sequence[Step]) -> list[str]:
    return [step.key for step in steps]


def mirrored(truth: Conversation, minutes: float = 0, **changes: Any) -> dict[str, Posted]:
    """What Slack shows after a look at this."""
    return applied({}, plan(view(truth, minutes, **changes), {}))


# ---------------------------------------------------------------------------------------- cards first


def test_a_new_card_comes_first_and_its_thread_after_it() -> None:
    truth = conversation(entry(1), entry(2, "note", 1), entry(3, "customer", 2))
    steps = plan(view(truth), {})
    assert keys(steps) == [CARD, "thread:1", "thread:2", "thread:3"]
    assert [step.ts for step in steps] == [None] * 4


def test_a_changed_card_comes_last_and_in_its_own_message() -> None:
    posted = mirrored(conversation())
    truth = conversation(entry(1), entry(2, "message", 5), status=Status.PENDING, latest_reply_from="user")
    steps = plan(view(truth, 5), posted)
    assert [(step.key, step.ts) for step in steps] == [("thread:2", None), (CARD, TS[True])]


def test_what_stands_already_is_not_said_again() -> None:
    truth = conversation(entry(1), entry(2, "note", 1))
    assert plan(view(truth, 3), mirrored(truth)) == []


@pytest.mark.parametrize(
    ("changes", "redrawn"),
    [
        ({}, False),
        ({"updated_at": at(9)}, False),
        ({"waiting_since": at(9)}, False),
        ({"cc": ("a@b.c",)}, False),
        ({"subject": "Printer is fine"}, True),
        ({"number": 413}, True),
        ({"status": Status.PENDING}, True),
        ({"assignee": ANA}, True),
        ({"customer": replace(MARK, first="Marc")}, True),
        ({"customer": None}, True),
        ({"tags": ("vip",)}, True),
        ({"state": "deleted"}, True),
    ],
)
def test_a_card_is_redrawn_only_for_what_it_shows(changes: dict[str, Any], redrawn: bool) -> None:
    steps = plan(view(conversation(**changes)), mirrored(conversation()))
    assert keys(steps) == ([CARD] if redrawn else [])


def test_a_card_is_not_redrawn_because_time_passes() -> None:
    assert keys(plan(view(conversation(), 29), mirrored(conversation()))) == []


def test_a_card_is_redrawn_for_a_renamed_mailbox_and_a_new_address() -> None:
    posted = mirrored(conversation())
    assert keys(plan(view(conversation(), mailbox=Mailbox(1, "Help")), posted)) == [CARD]
    # An address stands in the card; the words of a message that is whole do not hold it.
    assert keys(plan(view(conversation(), url="https://new.example.org/conversation/5"), posted)) == [CARD]


def test_an_edited_message_is_said_anew_where_it_stands() -> None:
    posted = mirrored(conversation(entry(1), entry(2, "note", 1, body="tpyo")))
    steps = plan(view(conversation(entry(1), entry(2, "note", 1, body="typo"))), posted)
    assert [(step.key, step.ts) for step in steps] == [("thread:2", TS[False])]


# -------------------------------------------------------------------------------- who gets no card


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, True),
        ({"status": Status.PENDING}, True),
        ({"status": Status.CLOSED}, True),
        ({"status": Status.SPAM}, False),
        ({"state": "draft"}, False),
        ({"state": "deleted"}, False),
        ({"state": "deleted", "status": Status.SPAM}, False),
    ],
)
def test_drafts_deleted_ones_and_spam_get_no_card(changes: dict[str, Any], shown: bool) -> None:
    assert bool(plan(view(conversation(**changes)), {})) is shown


@pytest.mark.parametrize(
    "changes", [{"status": Status.SPAM}, {"state": "deleted"}, {"status": Status.CLOSED}]
)
def test_a_card_that_stands_is_kept_true_whatever_happens(changes: dict[str, Any]) -> None:
    assert keys(plan(view(conversation(**changes)), mirrored(conversation()))) == [CARD]


def test_a_deleted_conversation_says_no_more_until_it_is_restored() -> None:
    truth = conversation(entry(1), entry(2, "customer", 1))
    posted = mirrored(conversation())
    deleted = plan(view(replace(truth, state="deleted"), 99), posted)
    assert keys(deleted) == [CARD]
    assert keys(plan(view(truth, 2), applied(posted, deleted))) == ["thread:2", CARD]


def test_threads_that_are_not_published_are_not_shown() -> None:
    hidden = [replace(entry(n, "message", n), state=state) for n, state in ((2, "draft"), (3, "hidden"))]
    assert keys(plan(view(conversation(entry(1), *hidden)), {})) == [CARD, "thread:1"]


def test_a_conversation_that_is_gone_leaves_only_that_on_its_card() -> None:
    posted = mirrored(conversation())
    (step,) = plan(view(None), posted)
    assert (step.key, step.ts, step.message) == (CARD, TS[True], gone_card())
    assert plan(view(None), applied(posted, [step])) == []
    assert plan(view(None), {}) == []


def test_a_conversation_that_moved_away_leaves_that_on_its_card_and_says_no_more() -> None:
    posted = mirrored(conversation())
    moved = conversation(entry(1), entry(2, "customer", 1), mailbox_id=2)
    (step,) = plan(view(moved, 999, mailbox=SALES, routed=False, moved=True), posted)
    assert (step.key, step.ts) == (CARD, TS[True])
    assert "Moved to Sales" in step.message.text
    after = applied(posted, [step])
    assert plan(view(moved, 9999, mailbox=SALES, routed=False, moved=True), after) == []
    assert plan(view(moved, mailbox=SALES, routed=False), {}) == []
    assert keys(plan(view(replace(moved, mailbox_id=1), 2), after)) == ["thread:2", CARD]


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "We sue the partner"},
        {"customer": ANA},
        {"assignee": ANA},
        {"status": Status.CLOSED, "closed_at": at(9), "closed_by": ANA},
        {"state": "deleted"},
        {"threads": (entry(1), entry(2, "message", 90, body="We sue the partner"))},
    ],
)
def test_where_it_belongs_no_more_nothing_is_told_of_what_becomes_of_it(changes: dict[str, Any]) -> None:
    posted = mirrored(conversation(), 40)
    away = {"mailbox": SALES, "routed": False, "moved": True}
    left = plan(view(conversation(), 50, **away), posted)
    assert keys(left) == ["ping:1:1", CARD]
    assert not any("Mark" in repr(step.message) or "Printer" in repr(step.message) for step in left)
    assert plan(view(conversation(**changes), 99, **away), applied(posted, left)) == []


def test_a_reminder_that_was_over_before_stays_as_it_is_until_it_would_read_otherwise() -> None:
    answered = conversation(entry(1), entry(2, "message", 45), latest_reply_from="user")
    posted = mirrored(conversation(), 40)
    posted = applied(posted, plan(view(answered, 50), posted))
    assert keys(plan(view(answered, 60, routed=False), posted)) == [CARD]
    (over, _) = plan(view(replace(answered, subject="We sue"), 60, routed=False), posted)
    assert over.message == left_reminder()


# ------------------------------------------------------------------------------------ lines, closing


@pytest.mark.parametrize(
    ("action", "status", "shown"),
    [
        ("changed-ticket-status", "closed", True),
        ("changed-ticket-assignee", "nochange", True),
        ("moved-from-mailbox", "active", True),
        ("changed-ticket-customer", "nochange", True),
        ("merged", "active", True),
        ("", "active", False),
    ],
)
def test_a_line_item_becomes_a_line_where_it_says_something(action: str, status: str, shown: bool) -> None:
    truth = conversation(entry(1), entry(2, "lineitem", 1, action=action, status=status, body=""))
    assert keys(plan(view(truth), {})) == [CARD, "thread:1", *(["line:2"] if shown else [])]


def test_threads_of_an_unknown_kind_are_left_alone() -> None:
    assert keys(plan(view(conversation(entry(1), entry(2, "chat", 1))), {})) == [CARD, "thread:1"]


CLOSING = {"action": "changed-ticket-status", "status": "closed", "body": ""}


@pytest.mark.parametrize(
    ("threads", "changes", "after"),
    [
        # the reply closed it, and FreeScout wrote no line of that
        ((entry(2, "message", 5),), {}, "thread:2"),
        ((replace(entry(2, "message"), created_at=at(5) - timedelta(seconds=2)),), {}, "thread:2"),
        ((replace(entry(2, "message"), created_at=at(5) - timedelta(seconds=3)),), {}, None),
        ((entry(2, "message", 4), entry(3, "message", 5)), {}, "thread:3"),
        # two replies in the second in which it was closed, and only one of them did it
        ((entry(2, "message", 5), entry(3, "message", 5)), {}, "thread:3"),
        ((entry(2, "message", 5), entry(3, "note", 5)), {}, "thread:2"),
        ((replace(entry(2, "message", 5), state="draft"),), {}, None),
        # a note does not close, and what has its line needs no second one
        ((entry(2, "note", 5),), {}, None),
        ((entry(2, "message", 5), entry(3, "lineitem", 5, **CLOSING)), {}, None),
        # it is open again
        ((entry(2, "message", 5),), {"status": Status.ACTIVE}, None),
        ((entry(2, "message", 5),), {"closed_at": None}, None),
    ],
)
def test_a_reply_that_closed_is_followed_by_a_line_that_says_so(
    threads: tuple[Thread, ...], changes: dict[str, Any], after: str | None
) -> None:
    given = {
        "status": Status.CLOSED,
        "closed_at": at(5),
        "closed_by": ANA,
        "latest_reply_from": "user",
        **changes,
    }
    steps = plan(view(conversation(entry(1), *threads, **given), 6), {})
    said = keys(steps)
    closed = f"closed:{int(at(5).timestamp())}"
    assert said.count(closed) == (1 if after else 0)
    if after:
        assert said[said.index(closed) - 1] == after
        assert steps[said.index(closed)].message.text == "Closed by Ana Alves"


# --------------------------------------------------------------------------------------------- pings


@pytest.mark.parametrize(
    ("minutes", "said", "expected"),
    [
        (0, [], []),
        (29, [], []),
        (30, [], ["ping:1:1"]),
        (45, ["ping:1:1"], []),
        (119, ["ping:1:1"], []),
        (120, ["ping:1:1"], ["ping:1:2"]),
        (480, ["ping:1:1", "ping:1:2"], ["ping:1:3"]),
        (9999, ["ping:1:1", "ping:1:2", "ping:1:3"], []),
        # after a long absence the highest is said, and those below it never
        (500, [], ["ping:1:3"]),
        (500, ["ping:1:1"], ["ping:1:3"]),
        (500, ["ping:1:3"], []),
        (130, ["ping:1:3"], []),
        # another wait was spoken of, this one was not
        (30, ["ping:9:1", "ping:9:3"], ["ping:1:1"]),
    ],
)
def test_the_highest_step_that_is_due_is_said_once(
    minutes: float, said: list[str], expected: list[str]
) -> None:
    posted = {**mirrored(conversation()), **{key: Posted("ts", "1") for key in said}}
    assert keys(plan(view(conversation(), minutes), posted)) == expected


def back(made: float) -> Claim:
    """A claim in the wait of the first thread, made then and ended by silence."""
    times = at(made).timestamp(), at(made + 30).timestamp(), at(made + 40).timestamp()
    return Claim(5, "U1", 7, "Ana Alves", True, "C1", 1, *times, ClaimState.LAPSED)


def once_more(*claims: Claim) -> Rungs:
    return replace(LADDER, ladder=climbed(LADDER.ladder, ALWAYS, 1, NINE, claims))


FIRST, SECOND = f"ping:1:{int(at(500).timestamp())}", f"ping:1:{int(at(700).timestamp())}"


@pytest.mark.parametrize(
    ("claims", "said", "expected"),
    [
        ([], ["ping:1:3"], []),
        ([back(500)], ["ping:1:1", "ping:1:2", "ping:1:3"], [FIRST]),
        ([back(500)], ["ping:1:3", FIRST], []),
        # the bridge was away when the last step came due: it is said as this
        ([back(500)], ["ping:1:2"], [FIRST]),
        ([back(500)], ["ping:1:2", FIRST], []),
        ([back(500), back(700)], ["ping:1:3", FIRST], [SECOND]),
        ([back(500), back(700)], ["ping:1:3", FIRST, SECOND], []),
        ([back(500), back(700)], ["ping:1:3"], [SECOND]),
        # it was made while a step was ahead
        ([back(400)], ["ping:1:2"], ["ping:1:3"]),
        ([back(400)], ["ping:1:3"], []),
        # what was said so by a ladder that had no step ahead, in a mailbox from which it was moved
        ([], ["ping:1:2", FIRST], ["ping:1:3"]),
    ],
)
def test_after_a_claim_that_lapsed_the_last_step_is_said_once_more(
    claims: list[Claim], said: list[str], expected: list[str]
) -> None:
    posted = {**mirrored(conversation()), **{key: Posted("ts", "1") for key in said}}
    assert keys(plan(view(conversation(), 999, rungs=once_more(*claims)), posted)) == expected


def test_said_once_more_it_is_kept_true_and_taken_back_like_every_step() -> None:
    posted = mirrored(conversation(), 520, rungs=once_more(back(500)))
    taken = plan(view(conversation(assignee=ANA), 530, rungs=once_more(back(500))), posted)
    assert FIRST in keys(taken)
    assert plan(view(conversation(), 530, quiet=Quiet(None, "Ben is on it")), posted)[0].key == FIRST
    answer = conversation(entry(1), entry(2, "message", 525), latest_reply_from="user")
    over = {one.key: one for one in plan(view(answer, 530, rungs=once_more(back(500))), posted)}
    assert over[FIRST].ts
    assert "Answered by Ana Alves after 8 h 45 min" in over[FIRST].message.text


def test_a_merge_with_an_older_one_ends_no_wait() -> None:
    posted = mirrored(conversation(entry(2)), 40)
    merged = conversation(entry(1, minutes=-60), entry(2), entry(3, "lineitem", 45, action="merged", body=""))
    steps = {one.key: one for one in plan(view(merged, 50), posted)}
    assert "The wait goes on: an older one was merged into it" in steps["ping:2:1"].message.text
    assert "Mark Moore has waited 1 h 50 min" in steps["ping:1:1"].message.text


def test_a_customer_who_writes_again_does_not_wait_anew() -> None:
    posted = mirrored(conversation(), 40)
    assert "ping:1:1" in posted
    again = conversation(entry(1), entry(2, "customer", 41))
    assert keys(plan(view(again, 90), posted)) == [
        "thread:2",
        "ping:1:1",
        CARD,
    ]  # edited: how often they asked


def test_an_answer_ends_a_wait_and_the_next_question_begins_another() -> None:
    posted = mirrored(conversation(), 40)
    answered = conversation(
        entry(1), entry(2, "message", 50), latest_reply_from="user", status=Status.PENDING
    )
    posted = applied(posted, plan(view(answered, 500), posted))
    assert [key for key in posted if key.startswith("ping")] == ["ping:1:1"]
    asked = conversation(entry(1), entry(2, "message", 50), entry(3, "customer", 600))
    posted = applied(posted, plan(view(asked, 629), posted))
    assert keys(plan(view(asked, 630), posted)) == ["ping:3:1"]


def test_a_ping_comes_after_what_it_speaks_of() -> None:
    assert keys(plan(view(conversation(), 31), {})) == [CARD, "thread:1", "ping:1:1"]


def test_a_ping_rings_whom_the_view_names() -> None:
    truth = conversation(assignee=ANA)
    told = replace(LADDER, told={1: Told(line=True, mention="U123")})
    assert plan(view(truth, 31, rungs=told), {})[-1].message.text.startswith("<@U123> ")
    assert "<@" not in plan(view(truth, 31), {})[-1].message.text


@pytest.mark.parametrize(
    "changes", [{"status": Status.PENDING}, {"status": Status.CLOSED}, {"state": "deleted"}]
)
def test_nobody_is_pinged_where_nobody_waits(changes: dict[str, Any]) -> None:
    steps = plan(view(conversation(**changes), 999), mirrored(conversation()))
    assert not any(key.startswith("ping") for key in keys(steps))


@pytest.mark.parametrize(("minutes", "expected"), [(0, 30), (30, 120), (500, None)])
def test_the_next_look_is_when_time_alone_makes_a_step_due(minutes: float, expected: float | None) -> None:
    due = next_look(conversation(), LADDER, at(minutes))
    assert due == (None if expected is None else at(expected))
    assert next_look(conversation(status=Status.CLOSED), LADDER, at(minutes)) is None


# ----------------------------------------------------------------------------- any history, any looks


class Mirror(RuleBasedStateMachine):
    """FreeScout lives its life, the bridge looks when it can and is cut off anywhere: the mirror comes right."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NINE
        self.routed = True
        self.truth: Conversation | None = None
        self.gone = False
        self.posted: dict[str, Posted] = {}
        self.order: list[str] = []
        self.late: set[str] = set()
        self.claims: list[Claim] = []

    # What happens in FreeScout

    @initialize(
        kind=st.sampled_from(["customer", "message", "note"]),
        status=st.sampled_from(Status),
        state=st.sampled_from(["published", "published", "draft"]),
        routed=st.booleans(),
    )
    def somebody_begins(self, kind: str, status: Status, state: str, routed: bool) -> None:
        self.routed = routed
        self.truth = replace(conversation(status=status, state=state), threads=())
        self._adds(kind)
        self._becomes(latest_reply_from="customer" if kind == "customer" else "user")

    @precondition(lambda self: not self.gone)
    @rule()
    def the_customer_writes(self) -> None:
        self._adds("customer")
        self._becomes(latest_reply_from="customer", status=Status.ACTIVE)

    @precondition(lambda self: not self.gone)
    @rule(status=st.sampled_from([Status.PENDING, Status.ACTIVE, Status.CLOSED]))
    def an_agent_replies(self, status: Status) -> None:
        self._adds("message")
        self._becomes(latest_reply_from="user", status=status)
        if status is Status.CLOSED:
            self._becomes(closed_at=self.now, closed_by=ANA)

    @precondition(lambda self: not self.gone)
    @rule()
    def an_agent_notes(self) -> None:
        self._adds("note")

    @precondition(lambda self: not self.gone)
    @rule()
    def an_agent_begins_a_draft(self) -> None:
        self._adds("message", state="draft")

    @precondition(lambda self: not self.gone)
    @rule()
    def the_drafts_are_sent(self) -> None:
        assert self.truth
        self.late |= {f"thread:{t.id}" for t in self.truth.threads if t.state == "draft"}
        self._becomes(threads=tuple(replace(t, state="published") for t in self.truth.threads))

    @precondition(lambda self: not self.gone)
    @rule(place=st.integers(0, 30))
    def somebody_edits(self, place: int) -> None:
        assert self.truth
        threads = list(self.truth.threads)
        place %= len(threads)
        threads[place] = replace(threads[place], body=threads[place].body + "!")
        self._becomes(threads=tuple(threads))

    @precondition(lambda self: not self.gone)
    @rule(status=st.sampled_from(Status))
    def somebody_sets_the_status(self, status: Status) -> None:
        self._adds("lineitem", action="changed-ticket-status", status=status.value, body="")
        self._becomes(status=status)
        if status is Status.CLOSED:
            self._becomes(closed_at=self.now, closed_by=ANA)

    @precondition(lambda self: not self.gone)
    @rule(who=st.sampled_from([None, ANA]))
    def somebody_assigns(self, who: Person | None) -> None:
        self._adds("lineitem", action="changed-ticket-assignee", assigned_to=who, body="")
        self._becomes(assignee=who)

    @precondition(lambda self: not self.gone)
    @rule()
    def it_moves_away_or_back(self) -> None:
        self._adds("lineitem", action="moved-from-mailbox", body="")
        self.routed = not self.routed

    @precondition(lambda self: not self.gone)
    @rule()
    def it_is_deleted_or_restored(self) -> None:
        assert self.truth
        self._becomes(state="deleted" if self.truth.published else "published")

    @precondition(lambda self: not self.gone and len(self.order) > 5)
    @rule()
    def it_is_deleted_for_ever(self) -> None:
        self.truth, self.gone = None, True

    @precondition(lambda self: self.truth is not None and clock.waiting(self.truth))
    @rule()
    def a_claim_lapses(self) -> None:
        wait = clock.waiting(self.truth) if self.truth else None
        assert wait
        made, lapses = self.now.timestamp(), self.now.timestamp() + 2400
        rest = wait.thread, made, lapses - 600, lapses, ClaimState.LAPSED
        self.claims.append(Claim(5, "U1", 7, "Ana Alves", True, "C1", *rest))
        self.now += timedelta(seconds=2401)

    @rule(passed=st.sampled_from([1, 60, 1799, 1800, 7200, 100_000]))
    def time_passes(self, passed: int) -> None:
        self.now += timedelta(seconds=passed)

    # What the bridge does

    @rule()
    def the_bridge_looks(self) -> None:
        self._looks()

    @rule(steps=st.integers(0, 3))
    def the_bridge_looks_and_is_cut_off(self, steps: int) -> None:
        self._looks(steps)

    @precondition(lambda self: self._first_card_is_due())
    @rule()
    def a_digest_speaks_for_it(self) -> None:
        assert self.truth
        pings = [key for key in keys(plan(self._view(), self.posted)) if key.startswith("ping:")]
        for key in pings:
            self._rings_higher_than_before(key)
            self.order.append(key)
        self.posted |= dict.fromkeys(pings, Posted("9.0", "name:ping"))
        self.posted[DIGEST] = Posted("9.0", f"name:{newest(self.truth)}")

    @precondition(lambda self: DIGEST in self.posted)
    @rule()
    def somebody_asks_for_the_card(self) -> None:
        self.posted[DIGEST] = Posted("9.0", ASKED)

    @precondition(lambda self: CARD in self.posted)
    @rule()
    def somebody_deletes_the_card(self) -> None:
        self.posted[ANEW] = Posted(self.posted.pop(CARD).ts, "1")
        self.order.remove(CARD)

    def _first_card_is_due(self) -> bool:
        first = plan(self._view(), self.posted)[:1]
        asked = DIGEST in self.posted and self.posted[DIGEST].version == ASKED
        return not asked and any(step.key == CARD and step.ts is None for step in first)

    # What must hold

    @invariant()
    def one_more_look_brings_it_right_and_then_there_is_nothing_left(self) -> None:
        posted, order = dict(self.posted), list(self.order)
        self._looks()
        assert plan(self._view(), self.posted) == []
        later = plan(replace(self._view(), now=self.now + timedelta(days=9)), self.posted)
        if CARD in self.posted:
            assert all(key.startswith("ping:") for key in keys(later))
        self._comes_right()
        self.posted, self.order = posted, order  # nobody looked: it was only a thought

    def _comes_right(self) -> None:
        truth = self.truth
        if truth is None or CARD not in self.posted:
            hidden = truth is None or not self.routed or not truth.published or truth.status is Status.SPAM
            assert hidden or self._a_line_is_enough(truth)
            assert CARD in self.posted or {DIGEST, ANEW} & set(self.posted) or not self.posted
            return
        assert self.order[0] == CARD or ANEW in self.posted or DIGEST in self.posted
        said = [t for t in truth.threads if t.state == "published"]
        expected = [f"{'line' if t.type == 'lineitem' else 'thread'}:{t.id}" for t in said]
        stands = [key for key in self.order if key.startswith(("thread:", "line:"))]
        in_time = [key for key in expected if key not in self.late]
        if self.routed and truth.published:
            assert set(stands) == set(expected)
            assert [key for key in stands if key not in self.late] == in_time
            self._is_pinged(truth)
        else:
            assert set(stands) <= set(expected)

    def _a_line_is_enough(self, truth: Conversation | None) -> bool:
        assert truth
        self._is_pinged(truth)
        return self.posted[DIGEST].version == f"name:{newest(truth)}"

    def _is_pinged(self, truth: Conversation) -> None:
        wait = clock.waiting(truth)
        due = wait.step(WAITS, self.now) if wait else 0
        if wait and due:
            said = [
                int(key.rpartition(":")[2]) for key in self.posted if key.startswith(f"ping:{wait.thread}:")
            ]
            assert max(said, default=0) >= due
            since, last = wait.since.timestamp(), WAITS[-1].total_seconds()
            mine = [one for one in self.claims if one.thread == wait.thread]
            again = [int(one.since) for one in mine if one.since - since >= last]
            assert not again or max(again) in said

    def _looks(self, most: int | None = None) -> None:
        steps = plan(self._view(), self.posted)
        assert len(set(keys(steps))) == len(steps)
        for step in steps[:most]:
            shown = self.posted.get(step.key)
            assert step.ts == (shown.ts if shown else None)
            if shown is None:
                assert step.key == CARD or CARD in self.posted
                self._rings_higher_than_before(step.key)
                self.order.append(step.key)
            else:
                assert step.key == CARD or step.key.startswith(("thread:", "ping:"))
            ts = step.ts or f"{len(self.order)}.0"
            self.posted[step.key] = Posted(ts, step.version)

    def _rings_higher_than_before(self, key: str) -> None:
        if key.startswith("ping:"):
            wait, _, step = key.rpartition(":")
            before = [int(k.rpartition(":")[2]) for k in self.order if k.rpartition(":")[0] == wait]
            assert all(int(step) > one for one in before)

    def _view(self) -> View:
        wait = clock.waiting(self.truth) if self.truth else None
        steps = (
            climbed(LADDER.ladder, ALWAYS, wait.thread, wait.since, self.claims) if wait else LADDER.ladder
        )
        rungs = replace(LADDER, ladder=steps)
        return View(self.truth, SUPPORT if self.routed else SALES, URL, self.routed, rungs, self.now)

    def _adds(self, kind: str, **more: Any) -> None:
        assert self.truth
        number = len(self.truth.threads) + 1
        by = MARK if kind == "customer" else ANA
        fields = {"state": "published", "body": f"words {number}", **more}
        added = Thread(id=number, type=kind, created_at=self.now, created_by=by, **fields)
        self._becomes(threads=(*self.truth.threads, added))

    def _becomes(self, **changes: Any) -> None:
        assert self.truth
        self.truth = replace(self.truth, **changes)


TestMirror = Mirror.TestCase
TestMirror.settings = settings(max_examples=120, stateful_step_count=25, deadline=None, derandomize=True)


def test_a_card_that_was_deleted_comes_anew_though_an_older_digest_spoke_of_it() -> None:
    truth = conversation(entry(1))
    posted = mirrored(truth, 40) | {DIGEST: Posted("9.0", "name:1")}
    posted[ANEW] = Posted(posted.pop(CARD).ts, "1")
    assert keys(plan(view(truth, 50), posted)) == [CARD]
