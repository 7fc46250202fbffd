"""What Slack says of a reply: every state, for every kind, whatever names, addresses and texts are in it."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot import receipts, written
from bot.cards import Message
from bot.store import Choice, Reply, ReplyState
from tests.blockcheck import mrkdwn_problems, problems_in_message, size_of_blocks
from tests.samples import NOW, sample_reply

URL = "https://help.example.org/conversation/5"
HOSTILE = "<!channel> <https://evil.example|bank> *_`~ @here &amp; \u202egpj.exe\u0000\n\n:tada: "
RTL = "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \U0001f469\u200d\U0001f469\u200d\U0001f467 "
REPLY = sample_reply()
TEXTS = {
    "ordinary": "Turn it off and on.",
    "none": "",
    "hostile": HOSTILE * 3,
    "right to left": RTL * 20,
    "40 kB": "word & <tag> \U0001f525\n" * 2200,
    "one word of 40 kB": "x" * 40_000,
    "many lines": "\n".join(map(str, range(3000))),
}
MANY = "\n".join(f"somebody.with.a.long.name.{number}@department.example.org" for number in range(150))


def shown(message: Message) -> str:
    """All that a message shows, links and values apart."""
    return json.dumps(list(message.blocks), ensure_ascii=False)


def labels(message: Message) -> list[str]:
    """What its buttons are called."""
    return [
        element["text"]["text"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def problems(message: Message) -> list[str]:
    found = problems_in_message({"text": message.text, "blocks": list(message.blocks)})
    return [*found, *mrkdwn_problems(message.text), *(["too long"] if len(message.text) > 4000 else [])]


def rich(text: str) -> str:
    block = written.from_text(text)
    return json.dumps(block) if block else ""


def everything(reply: Reply) -> list[Message]:
    """All that may be said of a reply in its state."""
    said = [
        receipts.receipt(reply, URL, NOW, stands=True),
        receipts.elsewhere(reply, narrowed=False),
        receipts.elsewhere(reply, narrowed=True),
        receipts.asked(reply, URL),
        receipts.going(reply, URL),
    ]
    return [one for one in [*said, receipts.going(reply, ""), receipts.stopped(reply, URL)] if one]


@pytest.mark.parametrize(("state", "kind"), list(product(ReplyState, ("message", "note"))))
@pytest.mark.parametrize("text", TEXTS)
def test_whatever_is_said_slack_takes_it(state: ReplyState, kind: str, text: str) -> None:
    for choice, attempts in product([*Choice, ""], (0, 3)):
        reply = replace(
            REPLY,
            state=state,
            kind=kind,
            text=TEXTS[text],
            rich=rich(TEXTS[text]),
            name=HOSTILE,
            customer_email=f"{'ä' * 64}@{'b' * 180}.example",
            cc=MANY,
            bcc=MANY,
            files=" ".join(f"F{number}" for number in range(10)),
            assign=1,
            error=HOSTILE * 5,
            choice=str(choice),
            attempts=attempts,
        )
        for message in everything(reply):
            assert problems(message) == []
            assert size_of_blocks(list(message.blocks)) < 13_000


@pytest.mark.parametrize("error", ["x" * 20_000, "word " * 5000, ""])
def test_a_reason_of_any_length_is_taken(error: str) -> None:
    for state, choice in product(ReplyState, Choice):
        for message in everything(replace(REPLY, state=state, choice=choice, error=error, attempts=1)):
            assert problems(message) == []


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    text=st.text(max_size=400),
    name=st.text(max_size=200),
    email=st.text(max_size=300),
    error=st.text(max_size=300),
)
def test_no_input_yields_a_message_that_slack_refuses(text: str, name: str, email: str, error: str) -> None:
    for state in ReplyState:
        reply = replace(REPLY, state=state, text=text, name=name, customer_email=email, error=error)
        for message in everything(replace(reply, rich=rich(text))):
            assert problems(message) == []


def test_nothing_from_outside_pings_or_links_in_the_fallback() -> None:
    reply = replace(REPLY, name=HOSTILE, customer_email=HOSTILE, text=HOSTILE, error=HOSTILE)
    for state in ReplyState:
        for message in everything(replace(reply, state=state)):
            assert "<!channel>" not in message.text
            assert "<https" not in message.text


# What everybody sees

SAID: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    "held": ({}, ["Ana Alves's reply to mark@example.org", "in 20 s", "Turn it off"], ["Cancel", "Edit"]),
    "about to go": ({"due": NOW.timestamp()}, ["It goes now"], ["Cancel", "Edit"]),
    "past": ({"due": NOW.timestamp() - 900}, ["It goes now"], ["Cancel", "Edit"]),
    "waiting": (
        {"attempts": 2, "error": "FreeScout is away"},
        ["It waits: FreeScout is away"],
        ["Cancel", "Edit"],
    ),
    "looked for": ({"state": ReplyState.UNKNOWN}, ["being looked up", "Turn it off"], []),
    "sent": ({"state": ReplyState.SENT, "text": ""}, ["Ana Alves's reply went to mark@example.org"], []),
    "cancelled": (
        {"state": ReplyState.CANCELLED, "error": "Ana Alves cancelled it: nothing was sent."},
        ["cancelled it: nothing was sent.", "Turn it off"],
        ["Edit", "Discard"],
    ),
    "thrown away": ({"state": ReplyState.CANCELLED, "text": ""}, ["was thrown away"], []),
    "stopped": (
        {"state": ReplyState.BLOCKED, "choice": Choice.ANYWAY, "error": "The customer wrote again."},
        ["Not sent. The customer wrote again.", "Turn it off"],
        ["Send Anyway", "Edit", "Discard", "Open in FreeScout"],
    ),
    "stopped for good": (
        {"state": ReplyState.BLOCKED, "choice": Choice.EDIT, "error": "The conversation was deleted."},
        ["Not sent. The conversation was deleted.", "Turn it off"],
        ["Try Again", "Discard", "Open in FreeScout"],
    ),
    "refused": (
        {"state": ReplyState.FAILED, "choice": Choice.EDIT, "error": "FreeScout refuses it."},
        ["Not sent. FreeScout refuses it."],
        ["Try Again", "Discard", "Open in FreeScout"],
    ),
    "nobody knows": (
        {"state": ReplyState.FAILED, "choice": Choice.DOUBT, "error": "Look."},
        ["It may have gone. Look.", "Turn it off"],
        ["Open in FreeScout", "It Arrived", "Try Again"],
    ),
    "copies": (
        {"cc": "a@example.org\nb@example.org", "bcc": "c@example.org", "files": "F1 F2", "assign": 1},
        [
            "Cc a@example.org, b@example.org · Bcc c@example.org · 2 files · pending afterwards · assigned to Ana Alves"
        ],
        ["Cancel", "Edit"],
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_what_everybody_sees(name: str) -> None:
    changed, words, buttons = SAID[name]
    message = receipts.receipt(replace(REPLY, **changed), URL, NOW, stands=True)
    assert message
    for each in words:
        assert each in shown(message)
    assert labels(message) == buttons


def test_of_a_note_and_of_what_goes_at_once_nothing_is_said() -> None:
    for state in ReplyState:
        assert receipts.receipt(replace(REPLY, kind="note", state=state), URL, NOW, stands=False) is None
    at_once = replace(REPLY, hold=0, shown=0)
    for state in (ReplyState.HELD, ReplyState.SENDING, ReplyState.SENT):
        assert receipts.receipt(replace(at_once, state=state), URL, NOW, stands=False) is None
    for state in (ReplyState.UNKNOWN, ReplyState.BLOCKED, ReplyState.FAILED, ReplyState.CANCELLED):
        assert receipts.receipt(replace(at_once, state=state), URL, NOW, stands=False)


def test_what_stands_there_does_not_go_on_telling_of_a_question_that_is_answered() -> None:
    released = replace(REPLY, hold=0, shown=0, state=ReplyState.HELD)
    assert receipts.receipt(released, URL, NOW, stands=True)
    went = receipts.receipt(replace(released, state=ReplyState.SENT), URL, NOW, stands=True)
    assert went
    assert "went to mark@example.org" in shown(went)


def test_an_answer_is_to_one_question_alone() -> None:
    def values(reply: Reply) -> list[str]:
        rows = [block for block in receipts.stopped(reply, URL).blocks if block["type"] == "actions"]
        return [str(element.get("value")) for element in rows[0]["elements"]]

    first = replace(REPLY, state=ReplyState.BLOCKED, choice=Choice.ANYWAY, error="One.", changed=4)
    assert values(first) == ["3:4", "3", "3:4", "5"]
    assert values(replace(first, changed=9)) == ["3:9", "3", "3:9", "5"]


def test_the_countdown_is_told_in_steps_that_are_worth_an_edit() -> None:
    told = [receipts.left(replace(REPLY, due=NOW.timestamp() + left), NOW) for left in range(-5, 301)]
    assert sorted(set(told)) == [0, 5, 10, 15, 20, 25, 30, 45, 60, 75, 90, 120, 180, 240, 300]
    assert told == sorted(told)
    assert all(said >= left for said, left in zip(told, range(-5, 301), strict=True))


def test_the_countdown_of_another_moment_is_another_message() -> None:
    first = receipts.receipt(REPLY, URL, NOW, stands=True)
    assert first == receipts.receipt(REPLY, URL, NOW + timedelta(seconds=4), stands=True)
    assert first != receipts.receipt(REPLY, URL, NOW + timedelta(seconds=6), stands=True)


# What its writer is told


def test_the_writer_can_act_where_they_are_told() -> None:
    going = receipts.going(REPLY, "https://slack.example/p1")
    assert labels(going) == ["Cancel", "Edit"]
    assert "https://slack.example/p1" in shown(going)
    asked = receipts.asked(replace(REPLY, state=ReplyState.BLOCKED, choice=Choice.ANYWAY, error="Why."), URL)
    assert "Your reply on #412 did not go." in shown(asked)
    assert labels(asked) == ["Send Anyway", "Edit", "Discard", "Open in FreeScout"]
    assert URL in shown(asked)


def test_of_one_that_may_have_arrived_nobody_says_that_it_did_not() -> None:
    asked = receipts.asked(replace(REPLY, state=ReplyState.FAILED, choice=Choice.DOUBT, error="Look."), URL)
    assert "Nobody can say whether your reply on #412 went." in shown(asked)
    assert "did not go" not in shown(asked) + asked.text
    assert "Not sent" not in shown(asked) + asked.text
