"""Many conversations in one message: what must be said, within what Slack takes."""

import json
from datetime import timedelta

from bot.roundup import Line, Missed, away, digest, listed
from tests.blockcheck import problems_in_message

LONGEST = 12_500
"""Characters of blocks; Slack refuses about 13,200."""


def missed(number: int, *, closed: bool = False, new: bool = True) -> Missed:
    title = f"#{number} {'a long subject ' * 5}"[:80]
    url = f"https://helpdesk.support.example.org/conversation/{number}"
    return Missed(number, title, url, "Maximiliana Mustermann-Schmidt " * 2, new, 2, closed)


def test_who_has_a_line_in_the_summary_is_whom_it_names_the_open_ones_first() -> None:
    several = [missed(number, closed=number <= 3) for number in range(1, 60)]
    message = away(several, timedelta(hours=3))
    named = [one.conversation for one in listed(several)]
    said = json.dumps(message.blocks)
    assert [number for number in range(1, 60) if f'/conversation/{number}"' in said] == sorted(named)
    assert not {1, 2, 3} & set(named)  # so that nothing may stand in for their cards
    assert f"and {59 - len(named)} more" in said


def test_the_largest_of_both_are_taken_by_slack() -> None:
    summary = away([missed(number) for number in range(100)], timedelta(days=3))
    lines = [
        Line(n, n, f"#{n} " + "ö" * 96, "Maximiliana " * 6, n, ("ping:1:1",), timedelta(hours=2))
        for n in range(25)
    ]
    for message in (summary, digest(lines, timedelta(minutes=4))):
        assert len(json.dumps(list(message.blocks), ensure_ascii=False)) < LONGEST
        assert problems_in_message({"text": message.text, "blocks": list(message.blocks)}) == []


def test_a_digest_mentions_whom_its_lines_call_each_once_and_nobody_else() -> None:
    lines = [
        Line(1, 1, "#1 <!channel>", "Mark", 1, ("ping:1:1",), timedelta(hours=2), calls=("UANA", "SLEADS")),
        Line(2, 2, "#2", "Mark", 2, ("ping:2:1",), timedelta(hours=2), calls=("SLEADS",)),
        Line(3, 3, "#3", "Mark", 3),
    ]
    message = digest(lines, None)
    assert message.text.startswith("<@UANA> <!subteam^SLEADS> 3 conversations, 2 of them")
    said = json.dumps(message.blocks)
    assert (said.count("UANA"), said.count("SLEADS")) == (1, 1)
    assert "<!channel>" not in message.text
    assert problems_in_message({"text": message.text, "blocks": list(message.blocks)}) == []


def test_a_digest_says_how_many_wait_too_long() -> None:
    def head(waiting: int, count: int) -> str:
        waited = timedelta(hours=2)
        lines = [
            Line(n, n, f"#{n}", "Mark", n, ("p",), waited if n < waiting else None) for n in range(count)
        ]
        return digest(lines, None).text.partition(":")[0]

    assert head(0, 12) == "12 conversations at once"
    assert head(3, 12) == "12 conversations, 3 of them waiting too long"
    assert head(12, 12) == "12 conversations waiting too long"
    assert head(0, 1) == "1 conversation at once"
