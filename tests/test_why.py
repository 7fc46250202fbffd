"""Why: an explanation tells no other story than the plan, and every silence has its reason."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import clock, routing
from bot.cards import line
from bot.hours import ALWAYS
from bot.ladder import Told
from bot.ladderfile import Ladder, of_waits
from bot.model import Attachment, Conversation, Mailbox, Person, Status, Thread
from bot.pings import PING, Rungs
from bot.plan import ANEW, CARD, DIGEST, FILES, Posted, Step, View, happened, history, plan
from bot.quiet import Quiet
from bot.routing import Body, Choice, Deliver, Event, Facts, Key, Place, Route, Routing
from bot.routing.conditions import ENTERING, Condition, Rule, Text
from bot.routing.delivery import OF_NEW
from bot.watching.sight import Sight
from bot.why import Fate, Item, channels, seen, trace
from bot.why.telling import Facts as Known
from bot.why.telling import Place as Where
from bot.why.telling import explain, printed

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = "https://help.example.org/conversation/5"
MARK = Person(1, "customer", "Mark", "Moore", "mark@example.org")
ANA = Person(7, "user", "Ana", "Alves", "ana@example.org")
SUPPORT = Mailbox(1, "Support")
FILE = Attachment(1, "scan.pdf", "", 9, "https://help.example.org/storage/attachment/1/scan.pdf")
LADDER = replace(of_waits((timedelta(minutes=30), timedelta(hours=2))), warn=timedelta(minutes=10))
LAST = timedelta(minutes=130)
AGAIN = int((NINE + LAST).timestamp())
CLIMBED = replace(LADDER, again=((AGAIN, LAST),))
"""The ladder of a wait in which a claim was made after the last step, and given back."""


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def entry(number: int, kind: str = "customer", minutes: float = 0, **changes: Any) -> Thread:
    by = MARK if kind == "customer" else ANA
    given: dict[str, Any] = {"body": f"words {number}", "created_by": by}
    return Thread(number, kind, "published", at(minutes), **{**given, **changes})


def conversation(*threads: Thread, **changes: Any) -> Conversation:
    one = Conversation(5, 412, 1, Status.ACTIVE, "published", "Printer on fire", NINE, NINE, customer=MARK)
    return replace(one, threads=threads or (entry(1),), latest_reply_from="customer", **changes)


def view(truth: Conversation | None, minutes: float = 5, **changes: Any) -> View:
    seen = View(truth, SUPPORT, URL, routed=True, rungs=Rungs(LADDER, ALWAYS), now=at(minutes))
    return replace(seen, **changes)


def applied(seen: View, posted: dict[str, Posted]) -> dict[str, Posted]:
    """What stands after the steps of a plan."""
    card = posted[CARD].ts if CARD in posted else str(seen.now.timestamp())
    made = {one.key: Posted(card if one.key == CARD else "9.9", one.version) for one in plan(seen, posted)}
    return {**posted, **made}


def fate(items: Sequence[Item], key: str) -> tuple[Fate, str]:
    (one,) = [one for one in items if one.key == key]
    return one.fate, one.why


# ------------------------------------------------------------------------------- each silence, in a table

CLOSED: dict[str, Any] = {"status": Status.CLOSED, "closed_at": at(2)}
NOTHING = Deliver(frozenset({(Event.NEW, Place.NOTHING), (Event.NOTE, Place.NOTHING)}))
BY_DIGEST = Deliver(frozenset({(Event.NEW, Place.DIGEST)}))
TO_ANA = Deliver(frozenset({(Event.CUSTOMER, Place.ASSIGNEE)}))


@pytest.mark.parametrize(
    ("seen", "posted", "key", "why"),
    [
        (view(conversation(state="draft")), {}, CARD, "it is a draft"),
        (view(conversation(state="deleted")), {}, CARD, "it is deleted"),
        (view(conversation(status=Status.SPAM)), {}, "thread:1", "it is spam"),
        (
            view(conversation(**CLOSED), since=at(60).timestamp()),
            {},
            CARD,
            "closed Mon 2026-03-02 09:02 UTC, before",
        ),
        (view(conversation(), routed=False), {}, CARD, "no route leads here"),
        (view(conversation()), {DIGEST: Posted("1.1", "x:1")}, CARD, "its line in a digest stands for it"),
        (view(conversation(), deliver=NOTHING, rungs=None), {}, CARD, "no card comes here"),
        (
            view(conversation(), deliver=BY_DIGEST),
            {},
            "thread:1",
            "the digest tells of the conversation first",
        ),
        (
            view(conversation(entry(1), entry(2, "note")), deliver=NOTHING),
            {},
            "thread:2",
            "nothing: the route says so",
        ),
        (
            view(conversation(entry(1), entry(2, "lineitem", action="tagged"))),
            {},
            "line:2",
            "no line is made",
        ),
        (view(conversation(entry(1), entry(2, minutes=1)), deliver=TO_ANA, own=[2]), {}, "thread:1", ""),
        (
            view(conversation(entry(1, attachments=(FILE,))), body=Body.NONE),
            {},
            "files:1",
            "body: none keeps files",
        ),
        (view(conversation(entry(1, attachments=(FILE,))), typed=[1]), {}, "files:1", "typed in Slack"),
        (view(conversation()), {}, "ping:1:1", "it is due Mon 2026-03-02 09:30 UTC"),
        (
            view(conversation(), 40, quiet=Quiet(at(60), "Ana is on it")),
            {},
            "ping:1:1",
            "Ana is on it, until Mon",
        ),
        (view(conversation(), 150), {}, "ping:1:1", "step 2 is due by now, and takes its place"),
        (view(conversation(), 25), {"ping:1:1": Posted("2.2", "1")}, "ping:1:0", "step 1 was said before"),
        (
            view(conversation(), 150, rungs=Rungs(CLIMBED)),
            {},
            "ping:1:2",
            "the last step once more is due by now, and takes its place",
        ),
        (
            view(conversation(), 150, rungs=Rungs(CLIMBED), quiet=Quiet(at(200), "Ana is on it")),
            {"ping:1:2": Posted("2.2", "1")},
            f"ping:1:{AGAIN}",
            "Ana is on it, until Mon",
        ),
        (
            view(conversation(), 40, rungs=Rungs(LADDER, ALWAYS, {1: Told(direct=("U1",))})),
            {},
            "ping:1:1",
            "it goes to direct messages",
        ),
        (
            view(conversation(), 40, rungs=Rungs(LADDER, ALWAYS, {1: Told(later=at(90))})),
            {},
            "ping:1:1",
            "not to be disturbed until Mon 2026-03-02 10:30",
        ),
        (
            view(conversation(), 40, rungs=Rungs(LADDER, ALWAYS, {1: Told()})),
            {},
            "ping:1:1",
            "enough for today",
        ),
    ],
)
def test_a_silence_has_its_reason(seen: View, posted: dict[str, Posted], key: str, why: str) -> None:
    found, said = fate(trace(seen, posted), key)
    assert (found is Fate.SILENT) == bool(why)
    assert why in said


@pytest.mark.parametrize(
    ("changes", "posted", "why"),
    [
        ({"own": [2]}, "1", "in the thread: it was done from Slack, and is not announced twice"),
        ({"deaf": "Slack knows nobody"}, "1", "in the thread: Slack knows nobody"),
        ({"own": [2]}, "top-1", "in the channel"),
        ({"own": [2], "deliver": Deliver()}, "1", ""),
        ({"minutes": 2000}, "1", ""),
    ],
)
def test_what_stands_in_the_thread_alone_is_told_with_why(
    changes: dict[str, Any], posted: str, why: str
) -> None:
    ben = Person(8, "user", "Ben", "Berg", "ben@example.org")
    change = entry(2, "lineitem", 1, action="changed-ticket-assignee", created_by=ben)
    minutes = changes.pop("minutes", 20)
    deliver = Deliver(frozenset({(Event.ASSIGNED, Place.ASSIGNEE)}))
    seen = view(conversation(entry(1), change, assignee=ANA), minutes, **{"deliver": deliver, **changes})
    shown = {CARD: Posted(str(at(0.5).timestamp()), "1"), "line:2": Posted("2.2", posted)}
    assert fate(trace(seen, shown), "line:2") == (Fate.STANDS, why)


def test_what_stands_is_told_with_where_and_what_will_be_said_with_why() -> None:
    posted = applied(view(conversation()), {})
    later = view(conversation(entry(1), entry(2, "message", 3), status=Status.PENDING), 6)
    assert fate(trace(later, posted), CARD)[0] is Fate.EDITED
    assert fate(trace(later, posted), "thread:1") == (Fate.STANDS, "")
    assert fate(trace(later, posted), "thread:2") == (Fate.WILL, "thread: by default")


def test_a_channel_that_is_shut_says_what_stays_and_nothing_of_what_would_come() -> None:
    one = conversation()
    place = Where(
        "C1", "#vip", view(one), {CARD: Posted("1.1", "x")}, trouble="a guest reads along", shut=True
    )
    told = printed(explain(Known(5, URL, at(5), one, SUPPORT, places=(place,))))
    assert "Nothing goes there: a guest reads along." in told
    assert "What stands there, 1 in all, stays as it is." in told
    assert "will be" not in told


ROW = {
    "reason": "sweep",
    "due": NINE.timestamp(),
    "again": 0,
    "parked": 0,
    "claimed": 0,
    "waits": "",
    "error": "",
}


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"forgotten": 9, "conversation": None}, "forgotten here up to thread 9: nothing of it"),
        ({"conversation": None}, "FreeScout has it no more"),
        ({"quiet": Quiet(at(60), "snoozed by Ana")}, "quiet: snoozed by Ana, until Mon 2026-03-02 10:00 UTC"),
        (
            {"choices": (Choice(Route(1, "vip", number=2), False, "tag “vip”, but it is without any"),)},
            "No route takes",
        ),
        (
            {
                "choices": (Choice(Route(1, "vip", number=2), True, "mailbox 1"),),
                "nowhere": {"vip": "Slack has none"},
            },
            "Route 2 to #vip takes it: mailbox 1. But Slack has none",
        ),
        ({"work": ROW}, "the sweep found a change that no webhook told of"),
        ({"work": {**ROW, "parked": 1, "error": "msg_too_long"}}, "Parked: trying again does not help"),
        ({"work": {**ROW, "waits": "C1"}}, "waits for its turn in C1"),
        ({"work": {**ROW, "claimed": 1}}, "being looked at in this moment"),
        ({}, "It has never looked at this"),
    ],
)
def test_what_else_plays_in_is_said(known: dict[str, Any], words: str) -> None:
    facts = replace(Known(5, URL, at(5), conversation(), SUPPORT), **known)
    assert words in printed(explain(facts))


def known_to(*channels: str) -> Sight:
    return Sight(frozenset({1}), (SUPPORT,), frozenset(channels))


def test_an_error_and_a_lane_of_a_channel_that_somebody_is_not_in_are_not_named() -> None:
    routes = (Route(1, "vip", number=1), Route(1, "board", number=2))
    choices = routing.choices(routing.facts(conversation(), SUPPORT), routes, Routing())
    work = {**ROW, "waits": "C1, #board, C9", "error": "Slack has no channel #board"}
    one = conversation()
    places = (
        Where("C1", "#vip", view(one), {}, routes[:1]),
        Where("C9", "#board", view(one), {}, routes[1:]),
    )
    facts = Known(5, URL, at(5), one, SUPPORT, choices=choices, places=places, work=work)
    assert channels(facts) == ("C1", "C9", "vip", "board")
    told = printed(explain(seen(facts, known_to("vip", "C1"))))
    assert "in C1, a channel that you are not in, where" in told
    assert "What went wrong: what only operators are told" in told
    assert "board" not in told
    assert "C9" not in told
    assert "None of the routes" not in told
    told = printed(explain(seen(facts, known_to())))
    assert "None of the routes that you may read takes it." in told
    assert "vip" not in told
    whole = seen(facts, known_to("vip", "board", "C1", "C9"))
    assert printed(explain(whole)) == printed(explain(facts))


def test_slack_is_asked_of_a_few_channels_alone_and_of_those_that_take_it_first() -> None:
    routes = (*(Route(2, f"c{one}", number=one) for one in range(1, 99)), Route(1, "vip", number=99))
    choices = routing.choices(routing.facts(conversation(), SUPPORT), routes, Routing())
    facts = Known(5, URL, at(5), conversation(), SUPPORT, choices=choices)
    asked = channels(facts)
    assert (len(asked), asked[0]) == (40, "vip")
    told = printed(explain(seen(facts, known_to(*asked))))
    assert "Route 99 to #vip takes it" in told
    assert "59 more routes are not looked up here" in told


# ------------------------------------------------- whatever the history: the trace is what the plan decided

people = st.sampled_from([None, ANA])
kinds = st.sampled_from(["customer", "message", "note", "lineitem"])
actions = st.sampled_from(["changed-ticket-status", "changed-ticket-assignee", "merged", "tagged"])


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    threads = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        kind = "customer" if number == 1 else draw(kinds)
        action = draw(actions) if kind == "lineitem" else ""
        files = (FILE,) if kind != "lineitem" and draw(st.booleans()) else ()
        state = draw(st.sampled_from(["published", "published", "draft"]))
        made = entry(number, kind, number * draw(st.integers(5, 20)), action=action, attachments=files)
        threads.append(replace(made, state=state))
    status = draw(st.sampled_from(list(Status)))
    closed = at(draw(st.integers(0, 100))) if status is Status.CLOSED else None
    return conversation(
        *threads,
        status=status,
        closed_at=closed,
        state=draw(st.sampled_from(["published", "published", "published", "draft", "deleted"])),
        assignee=draw(people),
    )


said = [one for one in Event if one is not Event.NEW]
delivers = st.builds(
    lambda new, rest: Deliver(frozenset({*([(Event.NEW, new)] if new else []), *rest.items()})),
    st.sampled_from([None, *OF_NEW]),
    st.one_of(
        st.sampled_from(list(Place)).map(lambda place: dict.fromkeys(said, place)),
        st.fixed_dictionaries({event: st.sampled_from(list(Place)) for event in said}),
    ),
)
tolds = st.sampled_from([Told(True), Told(True, True), Told(direct=("U1",)), Told(later=at(900)), Told()])
rungs = st.one_of(
    st.none(),
    st.builds(
        Rungs,
        st.sampled_from([LADDER, Ladder(), CLIMBED]),
        st.just(ALWAYS),
        st.fixed_dictionaries({}, optional={0: tolds, 1: tolds, 2: tolds}),
    ),
)


@st.composite
def views(draw: st.DrawFn, truth: Conversation | None) -> View:
    return view(
        truth,
        draw(st.one_of(st.integers(0, 200), st.integers(0, 3000))),
        routed=draw(st.sampled_from([True, True, True, False])),
        rungs=draw(rungs),
        quiet=draw(st.sampled_from([None, None, Quiet(at(5000), "Ana is on it"), Quiet(None, "asked")])),
        typed=draw(st.sets(st.integers(1, 6), max_size=1)),
        deliver=draw(delivers),
        body=draw(st.sampled_from(list(Body))),
        own=draw(st.sets(st.integers(1, 6), max_size=2)),
        deaf=draw(st.sampled_from(["", "nobody is assigned"])),
        since=draw(st.sampled_from([0.0, at(50).timestamp(), at(5000).timestamp()])),
    )


@st.composite
def scenes(draw: st.DrawFn) -> tuple[View, dict[str, Posted]]:
    """A channel as it may be after some looks: each thing truly said by an earlier plan, or by a digest."""
    truth = draw(conversations())
    before = draw(st.sampled_from(["card", "card", "digest", "nothing"]))
    posted: dict[str, Posted] = {}
    if before == "card":
        cut = truth.threads[: draw(st.integers(1, len(truth.threads)))]
        then = replace(truth, threads=cut, status=Status.ACTIVE, state="published")
        posted = applied(view(then, draw(st.integers(0, 40)), body=draw(st.sampled_from(list(Body)))), {})
    elif before == "digest":
        posted = {DIGEST: Posted("1.1", f"x:{draw(st.integers(0, 6))}")}
    if draw(st.integers(0, 5)) == 0:
        posted[ANEW] = Posted("1.1", "1")
    return draw(views(draw(st.sampled_from([truth, truth, truth, None])))), posted


@settings(max_examples=100, deadline=None)
@given(scenes())
def test_a_trace_explains_the_decision_that_the_plan_took(scene: tuple[View, dict[str, Posted]]) -> None:
    seen, posted = scene
    items = trace(seen, posted)
    keys = [one.key for one in items]
    assert len(keys) == len(set(keys))
    fates = {one.key: one.fate for one in items}
    steps = {one.key: one for one in plan(seen, posted)}
    assert {key for key, one in fates.items() if one in (Fate.STANDS, Fate.EDITED)} == set(posted)
    assert {key for key, one in fates.items() if one is Fate.EDITED} == set(posted) & set(steps)
    assert {key for key, one in fates.items() if one is Fate.WILL} == {
        key for key, one in steps.items() if key not in posted and not one.bundled
    }
    assert {key for key, one in fates.items() if one is Fate.LATER} == {
        key for key, one in steps.items() if key not in posted and one.bundled
    }
    for one in items:
        if one.fate is Fate.SILENT:
            assert one.why, one.key
            assert _so(seen, posted, one), one
        elif one.fate is Fate.WILL and one.key.startswith(("thread:", "line:", "closed:")):
            assert one.why.partition(":")[0] == _place(steps[one.key]), one
    assert _whole(seen) <= set(keys)


def _place(step: Step) -> str:
    """Where a step is taken, in the words of a route."""
    if step.broadcast:
        return "thread and channel"
    return "channel" if step.top else "thread"


def _whole(seen: View) -> set[str]:
    """What could be said of a conversation at all, found out by itself."""
    if seen.conversation is None or seen.direct:
        return set()
    told = [
        one for one in seen.conversation.threads if one.state == "published" and seen.conversation.published
    ]
    return {CARD, *(f"{'line' if one.type == 'lineitem' else 'thread'}:{one.id}" for one in told)}


def _so(seen: View, posted: dict[str, Posted], item: Item) -> bool:
    """Whether the reason for a silence holds, by facts that the trace was not asked for."""
    one, why = seen.conversation, item.why
    assert one is not None
    wait = clock.waiting(one)
    verdict = next((found for found in happened(seen, posted) if found.key == item.key), None)
    thread = next((t for t in one.threads if str(t.id) == item.key.partition(":")[2]), None)
    checks = {
        "it is spam": one.status is Status.SPAM and CARD not in posted,
        "it is deleted": one.state == "deleted",
        "it is a draft": one.state == "draft",
        "it was closed": history(seen) and CARD not in posted,
        "no route leads here": not seen.routed,
        "its line in a digest": DIGEST in posted and CARD not in posted,
        "no card comes here": seen.deliver.place(Event.NEW) in (Place.NOTHING, Place.ASSIGNEE),
        "the digest tells": seen.deliver.place(Event.NEW) is Place.DIGEST,
        "no line is made": thread is not None and line(thread) is None,
        "body:": seen.body is not Body.FULL and item.key.startswith(FILES),
        "it was typed": thread is not None and thread.id in seen.typed,
        "its message is not said": item.key.startswith(FILES)
        and f"thread:{thread and thread.id}" not in posted,
        "it is older than the card": item.key.startswith(FILES) and thread not in one.threads[-5:],
        "nobody knows whom": seen.rungs is None,
        "it is due": (wait is not None and wait.since + timedelta(minutes=20) > seen.now)
        or (wait is not None and item.key[-1] == "1" and wait.since + timedelta(minutes=30) > seen.now)
        or (wait is not None and item.key[-1] == "2" and wait.since + timedelta(hours=2) > seen.now)
        or (wait is not None and item.key.endswith(str(AGAIN)) and wait.since > seen.now - LAST),
        "Ana is on it": seen.quiet is not None and seen.quiet.why == "Ana is on it",
        "asked": seen.quiet is not None and seen.quiet.why == "asked",
        "step": wait is not None and item.key.startswith(PING),
        "the warning": wait is not None and item.key.startswith(PING),
        "the last step once more": seen.rungs is not None and seen.rungs.ladder == CLIMBED,
        "it goes to direct": seen.rungs is not None and any(told.direct for told in seen.rungs.told.values()),
        "whom it is for": seen.rungs is not None and any(not told.line for told in seen.rungs.told.values()),
        "nothing:": verdict is not None and verdict.place is Place.NOTHING,
        "assignee:": verdict is not None and verdict.place is Place.ASSIGNEE,
    }
    found = [holds for start, holds in checks.items() if why.startswith(start)]
    return bool(found) and all(found)


# ------------------------------------------------------------------- the routes: each refusal is a true one

TAGS, SUBJECTS, STATUSES = ("vip", "spam", "late"), ("printer", "invoice"), ("active", "pending", "closed")


def _condition(key: Key, wanted: object) -> Condition:
    return Condition(key, wanted, "said")


conditions = st.one_of(
    st.sampled_from(TAGS).map(lambda one: _condition(Key.TAG, frozenset({one}))),
    st.sampled_from(SUBJECTS).map(lambda one: _condition(Key.SUBJECT, (Text.of_words(one),))),
    st.sampled_from(STATUSES).map(lambda one: _condition(Key.STATUS, frozenset({one}))),
    st.sampled_from(["nobody", "anybody"]).map(lambda one: _condition(Key.ASSIGNEE, frozenset({one}))),
    st.sampled_from([1, 2]).map(lambda one: _condition(Key.MAILBOX, frozenset({one}))),
)


def _rule(asked: list[Condition], every: list[Rule], some: list[Rule], unless: list[Rule]) -> Rule:
    stays = tuple(one for one in asked if one.key not in ENTERING)
    enters = tuple(one for one in asked if one.key in ENTERING)
    return Rule(stays, tuple(every), tuple(some), tuple(unless), enters)


few = st.lists(conditions, max_size=2)
flat = st.builds(_rule, few, st.just([]), st.just([]), st.just([]))
groups = st.lists(flat, max_size=2)
rules = st.builds(_rule, few, groups, groups, groups)
many = st.lists(
    st.builds(
        lambda box, channel, rule, default: Route(box, channel, rule=rule, default=default),
        st.sampled_from([None, 1, 2, "support", (1, 2)]),
        st.sampled_from(["a", "b", "c"]),
        rules,
        st.booleans(),
    ),
    max_size=6,
)
truths = st.builds(
    lambda tags, subject, status, box, who: routing.facts(
        conversation(tags=tuple(tags), subject=subject, status=Status(status), mailbox_id=box, assignee=who),
        Mailbox(box, {1: "Support", 2: "Sales"}[box]),
    ),
    st.sets(st.sampled_from(TAGS)),
    st.sampled_from(["Printer on fire", "My invoice", "Hello"]),
    st.sampled_from(STATUSES),
    st.sampled_from([1, 2]),
    people,
)


@settings(max_examples=60, deadline=None)
@given(truths, many, st.booleans(), st.sets(st.sampled_from(["a", "b", "c"])))
def test_each_choice_agrees_with_what_is_chosen_and_each_refusal_is_true(
    facts: Facts, routes: list[Route], first: bool, there: set[str]
) -> None:
    routing_ = Routing(first)
    made = routing.choices(facts, routes, routing_, there)
    chosen = routing.chosen(facts, routes, routing_, there)
    guided = routing.chosen(facts, routing.Guide(routes), routing_, there)
    assert len(guided) == len(chosen) and all(a is b for a, b in zip(guided, chosen, strict=True))
    assert [one.route for one in made] == routes
    taken = [one.route for one in made if one.taken]
    assert len(taken) == len(chosen) and all(a is b for a, b in zip(taken, chosen, strict=True))
    for one in made:
        assert one.why
        if not one.taken:
            _refused(facts, one, taken, first=first, there=one.route.channel in there)


def _refused(facts: Facts, one: Choice, taken: list[Route], *, first: bool, there: bool) -> None:
    route, why = one.route, one.why
    if why.startswith("it is for what no other"):
        assert route.default and any(not other.default for other in taken)
    elif why.startswith("an earlier route"):
        assert first and routing.fits_in(route, facts, {route.channel} if there else ())
    elif why.startswith("mailbox ") and "said" not in why:
        assert not routing.fits_in(replace(route, rule=Rule()), facts)
    else:
        failing = _part(route.rule, facts, why, there)
        assert failing is not None, why
        # Without what was named, it fits, or another part is named: never the same one again.
        left = routing.choices(facts, [replace(route, rule=failing)], Routing())[0]
        assert left.taken or len(str(failing)) < len(str(route.rule))


def _part(rule: Rule, facts: Facts, why: str, there: bool) -> Rule | None:
    """The rule without the part that a refusal names, which has to be one that does not hold."""
    for name in ("conditions", "entering"):
        for one in getattr(rule, name):
            if (
                why.startswith(f"{one}, but it is")
                and not one.holds(facts)
                and not (there and name == "entering")
            ):
                return replace(
                    rule, **{name: tuple(other for other in getattr(rule, name) if other is not one)}
                )
    for one in rule.every:
        if not one.holds(facts, there=there) and _part(one, facts, why, there) is not None:
            return replace(rule, every=tuple(other for other in rule.every if other is not one))
    if why.startswith("none of") and not any(one.holds(facts, there=there) for one in rule.any):
        return replace(rule, any=())
    for one in rule.unless:
        if why == f"unless {one}, and so it is" and one.holds(facts):
            return replace(rule, unless=tuple(other for other in rule.unless if other is not one))
    return None
