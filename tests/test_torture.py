"""The torture in short: fixed seeds, every place to die at once or more; and the oracles, on what is wrong."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.torture.handmade import (
    ARRIVED,
    BEGAN,
    GONE,
    KEYS,
    MAILED,
    RECEIPT,
    ROW,
    SEEN,
    SMALL,
    TITLE,
    card,
    digest,
    kept,
    letter,
    right,
    truth,
    under,
    version,
)
from tests.torture.letters import (
    ASTRAY,
    FORGOTTEN,
    STRANGE,
    STUCK,
    TWICE,
    UNRECORDED,
    UNSTOPPED,
    UNTOLD,
    Letter,
    World,
    raced,
    wrongs,
)
from tests.torture.oracle import DISORDERED, DOUBLED, LOST, UNTRUE, differences
from tests.torture.play import POINTS, play
from tests.torture.truth import Entry, Held, Said

SEEDS = (1, 2, 3)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("seed", "points"),
    [(seed, POINTS[number :: len(SEEDS)]) for number, seed in enumerate(SEEDS)],
    ids=[f"seed {seed}" for seed in SEEDS],
)
async def test_whatever_happens_slack_comes_out_right(
    seed: int, points: Sequence[str], tmp_path: Path
) -> None:
    outcome = await play(seed, 40, points, tmp_path)
    again = (
        f"python -m tests.torture.run --from-seed {seed} --seeds 1 --events 40 --points {','.join(points)}"
    )
    assert outcome.trouble == "", again
    assert [str(one) for one in outcome.found] == [], again
    assert set(points) <= set(outcome.deaths)


def wrong(said: Sequence[Said], one: Held | None = None) -> list[str]:
    return sorted({difference.kind for difference in differences([one or truth()], said)})


def test_the_oracle_is_content_with_what_is_right() -> None:
    assert wrong(right()) == []


@pytest.mark.parametrize("number", range(1, 5))
def test_a_message_that_is_not_there_is_lost(number: int) -> None:
    assert wrong([*right()[:number], *right()[number + 1 :]]) == [LOST]


def test_a_card_that_is_not_there_is_lost() -> None:
    assert wrong([]) == [LOST]
    assert wrong([], truth(status="spam")) == []
    assert wrong([], truth(state="deleted")) == []
    assert wrong([], truth(state="gone", channels=())) == []


@pytest.mark.parametrize("number", range(5))
def test_anything_that_stands_there_twice_is_doubled(number: int) -> None:
    twice = right()
    assert DOUBLED in wrong([*twice, replace(twice[number], ts="2000.000001")])


def test_the_same_under_two_conversations_or_in_two_channels_is_not_doubled() -> None:
    both = [replace(one, channel="finance", under=one.under and card(channel="finance")) for one in right()]
    one = truth(channels=("support", "finance"), before=frozenset({"support", "finance"}))
    assert wrong([*right(), *both], one) == []
    assert wrong(right(), one) == [LOST]


def test_messages_that_changed_places_are_disordered() -> None:
    head = card()
    assert wrong([head, *under(head, "thread:2", "thread:1", "thread:3", "line:4")]) == [DISORDERED]
    assert wrong([head, *under(head, "line:4", "thread:1", "thread:2", "thread:3")]) == []


def test_messages_of_one_second_stand_in_the_order_of_their_ids() -> None:
    head = card()
    at_once = tuple(replace(entry, at=BEGAN) for entry in truth().entries)
    swapped = [head, *under(head, "thread:1", "thread:3", "thread:2", "line:4")]
    assert wrong(swapped, truth(entries=at_once)) == [DISORDERED]


def test_what_came_by_a_merge_may_stand_after_what_was_there_before() -> None:
    head = card()
    older = Entry(90, BEGAN, "customer", "m90.", 7)
    merged = truth(entries=(older, *truth().entries))
    assert wrong([head, *under(head, *KEYS, "thread:90")], merged) == []
    assert wrong([head, *under(head, *KEYS)], merged) == [LOST]


def test_what_a_merge_took_away_may_still_stand_there() -> None:
    assert wrong(right(), truth(entries=truth().entries[:2], gave=frozenset({3, 4}))) == []
    assert wrong(right(), truth(entries=truth().entries[:2])) == [UNTRUE]


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "#412 Printer is well"},
        {"status": "closed", "waiting": False},
        {"assignee": "Ben Brandt"},
        {"assignee": None},
        {"tags": ()},
        {"tags": ("vip",)},
        {"tags": ("vip", "printer", "new")},
        {"waiting": False},
        {"customer": "Mia Muster"},
        {"mailbox": "Sales"},
        {"state": "deleted"},
        {"state": "gone", "channels": ()},
        {"channels": (), "mailbox": "Internal"},
        {"hidden": True},
        {"channels": (), "before": frozenset()},
    ],
    ids=str,
)
def test_a_card_that_tells_the_past_is_untrue(changes: dict[str, object]) -> None:
    assert wrong(right(), truth(**changes)) == [UNTRUE]


def test_the_special_cards_are_true_where_they_belong() -> None:
    def shows(small: str, title: str = TITLE) -> list[Said]:
        head = card(small=small, text=f"{title}\n{small}")
        return [head, *under(head, *KEYS)]

    assert wrong(shows(":wastebasket: Deleted in FreeScout"), truth(state="deleted")) == []
    gone = "was deleted from FreeScout for good."
    assert wrong(shows(gone)[:1], truth(state="gone", channels=())) == []
    assert wrong(shows(gone), truth(state="gone", channels=())) == [UNTRUE]
    moved = truth(mailbox="Internal", channels=())
    assert wrong(shows(":truck: Moved to Internal, which is not shown", "#412"), moved) == []
    assert wrong(shows(":truck: Moved to Internal, which is not shown"), moved) == [UNTRUE]
    assert wrong(shows(":truck: Moved to Sales, which is not shown", "#412"), moved) == [UNTRUE]


def test_a_card_may_say_that_it_comes_late() -> None:
    late = f"{SMALL}\n:hourglass: Delayed 2 min by Slack"
    assert wrong([card(small=late, text=f"{TITLE}\n{late}"), *right()[1:]]) == []


def test_a_title_that_speaks_of_another_status_fools_nobody() -> None:
    one = truth(title="#412 Closed Pending Unassigned :label: vip", status="closed", waiting=False)
    assert wrong([card(text=f"{one.title}\nMark Moore → Support\n{SMALL}"), *right()[1:]], one) == [UNTRUE]


def test_a_message_with_other_words_than_its_own_is_untrue() -> None:
    head, first, *others = right()
    assert wrong([head, replace(first, text="Mark Moore\nm3. hello"), *others]) == [UNTRUE]


def test_a_message_in_a_wrong_place_is_told() -> None:
    head, first, *others = right()
    assert wrong([head, replace(first, under=None), *others]) == [DISORDERED]
    assert wrong([head, replace(first, under=card(conversation=2)), *others]) == [UNTRUE]
    assert wrong([*right(), Said("support", "1.1")]) == [UNTRUE]
    assert wrong([*right(), card(conversation=77, ts="1.1")]) == [UNTRUE]


def test_a_line_of_a_digest_stands_for_a_card_once() -> None:
    late = digest(1, ts=f"{BEGAN.timestamp() + 60:.6f}")
    assert wrong([late]) == []
    assert wrong([late, *right()]) == []
    assert wrong([late, replace(late, ts=late.ts + "1", key="digest:other")]) == [DOUBLED]
    assert wrong([late, late]) == [DOUBLED]
    assert wrong([digest(2, ts=late.ts)]) == [LOST, UNTRUE]


def test_who_writes_after_a_digest_gets_a_card_and_no_other_line() -> None:
    early = digest(1, ts=f"{BEGAN.timestamp() - 60:.6f}")
    late = digest(1, ts=f"{BEGAN.timestamp() + 60:.6f}")
    assert wrong([early]) == [LOST]
    assert wrong([early, late]) == [DOUBLED]
    assert wrong([early, *right()]) == []


def faults(world: World, *letters: Letter) -> list[str]:
    return sorted({difference.kind for difference in wrongs(letters or [letter()], world)})


STOPPED = version(stopped=100.0, how="cancelled")
RETRY = version(2)


def test_the_oracle_of_replies_is_content_with_what_is_right() -> None:
    assert faults(GONE) == []
    assert faults(kept("blocked")) == []
    assert faults(kept("cancelled", "Edit", "Discard"), letter(STOPPED)) == []
    assert faults(kept("failed", "Try Again", "Discard")) == []


def test_a_reply_that_went_twice_is_found() -> None:
    assert faults(replace(GONE, mailed=[MAILED, MAILED])) == [TWICE]
    assert faults(replace(GONE, arrived=[ARRIVED, ARRIVED])) == [TWICE]
    both = [ARRIVED, replace(ARRIVED, token="r2.")], [MAILED, replace(MAILED, token="r2.")]
    edited = replace(GONE, arrived=both[0], mailed=both[1], rows=[replace(ROW, intent="V2")])
    assert faults(edited, letter(version(), RETRY)) == [TWICE]
    assert faults(edited, letter(version(), RETRY, doubted=True)) == []


def test_a_note_that_was_made_twice_is_found() -> None:
    note, row = replace(ARRIVED, kind="note"), replace(ROW, kind="note", due_receipt=False)
    hers = letter(kind="note")
    assert faults(World([note], [], [row], []), hers) == []
    assert faults(World([note, note], [], [row], []), hers) == [TWICE]
    assert faults(World([note], [MAILED], [row], []), hers) == [ASTRAY]
    assert faults(World([ARRIVED], [], [row], []), hers) == [STRANGE]


def test_a_reply_that_went_after_it_was_stopped_is_found() -> None:
    assert faults(GONE, letter(STOPPED)) == [UNSTOPPED]
    assert faults(GONE, letter(replace(STOPPED, anyway=[SEEN.to], released=200.0))) == []
    assert faults(GONE, letter(replace(STOPPED, anyway=[SEEN.to], released=50.0))) == [UNSTOPPED]
    assert UNSTOPPED in faults(replace(GONE, rows=[replace(ROW, state="cancelled")]))


def test_a_reply_that_went_to_somebody_else_is_found() -> None:
    def to(**changes: object) -> World:
        mail = replace(MAILED, **changes)
        told = replace(RECEIPT, text=f"Ana Alves's reply went to {', '.join(mail.to)}")
        return replace(GONE, mailed=[mail], told=[told])

    assert faults(to(to=("mia@example.org",))) == [ASTRAY]
    assert faults(to(to=(SEEN.to, "mia@example.org"))) == [ASTRAY]
    assert faults(to(cc=frozenset())) == [ASTRAY]
    assert faults(to(cc=frozenset({"boss@example.org", "mia@example.org"}))) == [ASTRAY]
    assert faults(to(bcc=frozenset({"mia@example.org"}))) == [ASTRAY]
    anyway = letter(version(anyway=["mia@example.org"]))
    assert faults(to(to=("mia@example.org",)), anyway) == []
    assert faults(GONE, anyway) == [ASTRAY]
    moment = to(to=("mia@example.org",), before=frozenset({SEEN.to}))
    assert faults(moment) == []
    assert raced([letter()], moment) == 1


def test_words_that_are_nowhere_are_found() -> None:
    assert faults(World()) == [FORGOTTEN]
    assert faults(World(), letter(version(answered=False))) == []
    assert faults(kept("blocked", text="")) == [FORGOTTEN]
    assert faults(kept("blocked", "Open in FreeScout")) == [FORGOTTEN]
    asked = kept("blocked")
    assert faults(replace(asked, told=[replace(asked.told[0], person="U2")])) == [FORGOTTEN]
    assert faults(replace(GONE, arrived=[], mailed=[])) == [FORGOTTEN, UNTOLD]
    assert faults(replace(GONE, arrived=[], mailed=[]), letter(arrived=True)) == []
    thrown = kept("cancelled", "none", text="", says="thrown away")
    assert faults(thrown, letter(discarded=True)) == []
    assert faults(thrown) == [FORGOTTEN]


@pytest.mark.parametrize("state", ["held", "sending", "unknown"])
def test_a_reply_that_is_on_its_way_for_ever_is_found(state: str) -> None:
    assert faults(kept(state)) == [STUCK]


def test_who_writes_as_another_or_where_they_may_not_is_found() -> None:
    assert faults(replace(GONE, arrived=[replace(ARRIVED, by=8)])) == [STRANGE]
    assert faults(replace(GONE, arrived=[replace(ARRIVED, mailboxes=frozenset({3}))])) == [STRANGE]
    assert faults(GONE, letter(user=None)) == [STRANGE]
    assert faults(replace(GONE, mailed=[MAILED, replace(MAILED, token="")])) == [STRANGE]
    assert faults(replace(GONE, rows=[ROW, replace(ROW, id=2, intent="V9")])) == [STRANGE]


def test_a_receipt_that_is_not_there_or_twice_or_untrue_is_found() -> None:
    assert faults(replace(GONE, told=[])) == [UNTOLD]
    assert faults(replace(GONE, told=[RECEIPT, RECEIPT])) == [UNTOLD]
    direct = replace(RECEIPT, person="U1")
    stale = replace(direct, text="It goes in 5 s")
    assert faults(replace(GONE, told=[stale, direct])) == []
    assert faults(replace(GONE, told=[direct, stale])) == [UNTOLD]
    for text in (
        "It goes in 5 s",
        "Ana cancelled it: nothing was sent.",
        "Ana's reply went to mia@example.org",
        "Ana's reply is on its way. The conversation is not shown in this channel any more.",
        "Ana's reply was stopped. The conversation is not shown in this channel any more.",
    ):
        assert faults(replace(GONE, told=[replace(RECEIPT, text=text)])) == [UNTOLD]
    away = "Ana's reply went out. The conversation is not shown in this channel any more."
    assert faults(replace(GONE, told=[replace(RECEIPT, text=away)])) == []
    assert faults(kept("blocked", says=away)) == [UNTOLD]
    assert faults(kept("blocked", says="Ana Alves's reply went to mark@example.org")) == [UNTOLD]
    assert faults(kept("cancelled", "Edit", says="It goes in 5 s")) == [UNTOLD]
    assert (
        faults(replace(GONE, told=[replace(RECEIPT, buttons={"It Arrived": "1"}, text="Nobody can say.")]))
        == []
    )


def test_a_record_that_was_changed_or_does_not_say_so_is_found() -> None:
    assert faults(replace(GONE, broken="The audit log is BROKEN at entry 3.")) == [UNRECORDED]
    assert faults(replace(GONE, rows=[replace(ROW, recorded=False)])) == [UNRECORDED]
