"""Routes as people type them, as they are kept, and as a dialog shows them: each way back leads to the same."""

import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import fields
from bot.errors import UserError
from bot.model import Mailbox
from bot.routing import Route
from bot.store import Watch
from bot.watching import dialog, lists, phrases, sight, stored
from bot.watching.dialog import Form
from bot.watching.lists import MOST, Listing, Row, blocks
from sandbox.slack import forms
from tests.blockcheck import problems_in_message, problems_in_view

BOXES = (Mailbox(1, "Support"), Mailbox(2, "Sales: EU"))
CALLED = {box.id: box.name for box in BOXES}


@pytest.mark.parametrize(
    ("typed", "table"),
    [
        ("Support", {"mailbox": "Support"}),
        ("7", {"mailbox": 7}),
        ("Order desk tag:vip", {"mailbox": "Order desk", "tag": "vip"}),
        ('"Support: EU" tag:vip', {"mailbox": "Support: EU", "tag": "vip"}),
        ("tag:vip tag:gold", {"tag": ["vip", "gold"]}),
        ("mailbox:1 mailbox:Sales", {"mailbox": [1, "Sales"]}),
        ("TAG:Vip", {"tag": "Vip"}),
        ('subject:"order form"', {"subject": "order form"}),
        ("subject:“order form”", {"subject": "order form"}),
        ("subject:„order form“", {"subject": "order form"}),
        ('subject:"say \\"now\\""', {"subject": 'say "now"'}),
        ('subject:"/order [0-9]+/"', {"subject": "/order [0-9]+/"}),
        ("customer:http://big.example", {"customer": "@big.example"}),
        ("field:Plan=Gold", {"field": {"Plan": "Gold"}}),
        ("field:Plan=Gold field:Plan=Silver", {"field": {"Plan": ["Gold", "Silver"]}}),
        ('field:"Order no"="A 1" field:Plan', {"field": {"Order no": "A 1", "Plan": True}}),
        ('field:"Plan=Gold"', {"field": {"Plan": "Gold"}}),
        ("-tag:a -tag:b", {"unless": [{"tag": ["a", "b"]}]}),
        ("-tag:a –customer:@b.example", {"unless": [{"tag": "a"}, {"customer": "@b.example"}]}),
        ("-field:A=1 -field:B=2", {"unless": [{"field": {"A": "1"}}, {"field": {"B": "2"}}]}),
        ("tag:a notes:yes default:true", {"tag": "a", "notes": True, "default": True}),
        (
            'tag:a deliver:customer="thread and channel"',
            {"tag": "a", "deliver": {"customer": "thread and channel"}},
        ),
        ("tag:a after:2h after:1d", {"tag": "a", "after": ["2h", "1d"]}),
        (
            'Support tag:vip customer:@big.example subject:"order form" status:active -tag:newsletter',
            {
                "mailbox": "Support",
                "tag": "vip",
                "customer": "@big.example",
                "subject": "order form",
                "status": "active",
                "unless": [{"tag": "newsletter"}],
            },
        ),
    ],
)
def test_what_is_typed_is_a_table_and_the_table_is_typed_again(typed: str, table: dict[str, Any]) -> None:
    assert phrases.read(typed) == table
    assert phrases.read(phrases.words(table)) == table


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Support tga:vip", "Did you mean `tag:`?"),
        ("tag:vip Support", "the mailbox before all else"),
        ("subject:order form", "quotation marks"),
        ("tag:", "`tag:` says nothing"),
        ('subject:"order form', "A quotation mark has no other"),
        ("-body:none", "only conditions can be exceptions"),
        ("Support mailbox:Sales", "Say the mailbox once"),
        ("name:a name:b", "`name:` is there twice"),
        ("tag:a notes:perhaps", "should be true or false"),
        ("tag:a field:=x", "should be like Plan=Gold"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(typed: str, said: str) -> None:
    with pytest.raises(UserError, match=r"^") as refused:
        phrases.read(typed)
    assert said in str(refused.value)


_WORD = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters='"“”„«»\\'), min_size=1
)
_SAID = st.lists(st.lists(_WORD, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=3, unique=True)


@given(st.dictionaries(st.sampled_from(["tag", "subject", "assignee", "time"]), _SAID, min_size=1))
def test_any_value_can_be_typed(said: dict[str, list[str]]) -> None:
    table = {key: values if len(values) > 1 else values[0] for key, values in said.items()}
    assert phrases.read(phrases.words(table)) == table
    assert phrases.read(phrases.words({"unless": [{k: v} for k, v in table.items()]})) == {
        "unless": [{key: value} for key, value in table.items()]
    }


@pytest.mark.parametrize(
    ("spec", "keys"),
    [
        ({"tag": "vip"}, []),
        ({}, [""]),
        ({"status": "clsed", "customer": "a b"}, ["status", "customer"]),
        ({"tag": "a", "deliver": {"note": "chanel"}}, ["deliver.note"]),
        ({"tag": "a", "unless": [{"type": "fax"}]}, ["unless"]),
        ({"tag": "a", "after": "soon", "body": "some", "open_to": "gests"}, ["after", "body", "open_to"]),
    ],
)
def test_each_problem_stands_at_its_key(spec: dict[str, Any], keys: list[str]) -> None:
    route, problems = stored.read(spec, "C1")
    assert sorted(one.key for one in problems) == sorted(keys)
    assert (route is None) is bool(keys)


FULL: dict[str, Any] = {
    "mailbox": 1,
    "tag": ["vip", "gold"],
    "customer": "@big.example",
    "subject": ["order form", "/no [0-9]{2}/"],
    "type": ["email", "chat"],
    "assignee": "nobody",
    "status": "active",
    "field": {"Plan": ["Gold", "Silver"], "Region": True},
    "time": "mon-fri 18:00-08:00",
    "unless": [{"tag": "x", "customer": "@y.example"}, {"mailbox": 2}, {"any": [{"tag": "q"}, {"tag": "r"}]}],
    "any": [{"tag": "z"}, {"tag": "y"}],
    "name": "Big ones",
    "deliver": {"note": "nothing", "customer": "thread and channel"},
    "body": "snippet",
    "after": ["2h", "1d"],
    "notes": True,
    "open_to": ["guests", "organisations"],
}


@pytest.mark.parametrize("spec", [FULL, {"default": True}, {"mailbox": [1, 2]}, {"mailbox": 9, "tag": "a"}])
def test_a_dialog_that_is_saved_as_it_was_changes_nothing(spec: dict[str, Any]) -> None:
    view = dialog.view(Form(spec, BOXES, {"watch": 3}))
    assert problems_in_view(view) == []
    inputs = [{"block_id": f"{place}", **block} for place, block in enumerate(view["blocks"])]
    filled = fields.filled({"state": forms.state(inputs, {})})["fields"]
    table, problems = dialog.read(filled, spec)
    assert problems == ()
    named = (
        {
            **spec,
            "unless": [{"mailbox": "Sales: EU"} if one == {"mailbox": 2} else one for one in spec["unless"]],
        }
        if "unless" in spec
        else spec
    )
    assert table == named


def test_an_empty_dialog_says_at_its_fields_what_is_wrong() -> None:
    typed = {"unless": "newsletter", "field": "= Gold", "status": "active", "after": "soon"}
    spec, wrong = dialog.read(typed, {})
    _, more = stored.read(spec, "C1")
    assert set(dialog.at_fields((*wrong, *more))) == {"unless", "field", "after"}


def test_what_a_route_takes_has_one_name_in_every_process() -> None:
    told = "from bot.watching import stored as r; print(r.taken(r.read({'tag': list('abcdef'), 'status': 'active'}, 'C')[0]))"
    names = {
        subprocess.run(
            [sys.executable, "-c", told],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(names) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"tag": ["a", "b"]}, {"tag": ["B", "a"]}, True),
        ({"tag": "a"}, {"tag": "a", "body": "none", "name": "x", "notes": True}, True),
        ({"tag": "a"}, {"tag": "a", "default": True}, False),
        ({"tag": "a"}, {"tag": "a", "mailbox": 1}, False),
        ({"mailbox": [1, 2]}, {"mailbox": [2, 1]}, True),
        ({"subject": "/a/"}, {"subject": "a"}, False),
        ({"tag": "a"}, {"unless": [{"tag": "a"}]}, False),
        ({"tag": "a", "assignee": "nobody"}, {"assignee": "nobody", "tag": "a"}, True),
        ({"status": "active", "time": "open"}, {"time": "open", "status": "active"}, True),
        ({"subject": ["a", "b"]}, {"subject": ["b", "a", "b"]}, True),
        ({"field": {"A": "1", "B": "2"}}, {"field": {"B": "2", "A": "1"}}, True),
        ({"time": ["closed", "mon 8:00-9:00"]}, {"time": ["mon 8:00-9:00", "closed"]}, True),
        ({"time": "mon 10:00-11:00 8:00-9:00"}, {"time": "mon 8:00-9:00 10:00-11:00"}, True),
        ({"time": "mon 8:00-9:00"}, {"time": "tue 8:00-9:00"}, False),
        ({"unless": [{"tag": "a"}, {"tag": "b"}]}, {"unless": [{"tag": "b"}, {"tag": "a"}]}, True),
        ({"any": [{"tag": "a"}, {"type": "chat"}]}, {"any": [{"type": "chat"}, {"tag": "a"}]}, True),
        ({"any": [{"tag": "a", "type": "chat"}]}, {"any": [{"type": "chat", "tag": "a"}]}, True),
        ({"any": [{"tag": "a"}, {"type": "chat"}]}, {"any": [{"tag": "a", "type": "chat"}]}, False),
        ({"all": [{"tag": "a"}, {"tag": "b"}]}, {"any": [{"tag": "a"}, {"tag": "b"}]}, False),
    ],
)
def test_routes_that_take_the_same_are_known(
    one: dict[str, Any], other: dict[str, Any], *, same: bool
) -> None:
    first, second = (stored.read(spec, "C1")[0] for spec in (one, other))
    assert first
    assert second
    assert (stored.taken(first) == stored.taken(second)) is same


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"mailbox": 1, "tag": "vip", "unless": [{"tag": "x"}]}, 'Support, tag "vip", unless tag "x"'),
        ({"mailbox": [1, 9]}, "Support or mailbox 9"),
        ({"tag": "a"}, 'every mailbox, tag "a"'),
        ({"default": True}, "what no other route takes"),
    ],
)
def test_a_route_is_told_as_people_say_it(spec: dict[str, Any], told: str) -> None:
    route, _ = stored.read(spec, "C1")
    assert route
    assert stored.told(route, CALLED) == told


SOLD = {"customer": "cy@example.org", "unless": [{"tag": "x", "field": {"Plan": "Gold"}}]}
MUTE = 'every mailbox, customer (not said here), unless tag "x", field (not said here)'


@pytest.mark.parametrize(
    ("spec", "seen", "channels", "read"),
    [
        (
            SOLD,
            {1, 2},
            {"C1"},
            'every mailbox, customer "cy@example.org", unless tag "x", field Plan',
        ),
        (SOLD, {1}, {"C1"}, MUTE),
        ({"mailbox": 1, **SOLD}, {1}, {"C1"}, 'Support, customer "cy@example.org"'),
        ({"mailbox": "support", "tag": "a"}, {1}, {"C1"}, 'support, tag "a"'),
        ({"mailbox": [1, 2], "tag": "a"}, {1}, {"C1"}, lists.NO_MAILBOX),
        ({"mailbox": "gone", "tag": "a"}, {1, 2}, {"C1"}, lists.NO_MAILBOX),
        ({"any": [{"tag": "a"}, {"all": [{"mailbox": 2}]}]}, {1}, {"C1"}, lists.NO_MAILBOX),
        ({"tag": "a"}, {1, 2}, set(), lists.NO_CHANNEL),
        ({"moon": "full"}, {1}, {"C1"}, "cannot be read and does nothing: whoever may change routes"),
    ],
)
def test_nobody_reads_of_a_route_what_they_may_not_see(
    spec: dict[str, Any], seen: set[int], channels: set[str], read: str
) -> None:
    route, problems = stored.read(spec, "C1")
    watch = Watch("C1", "{}", "U1", 3, 7)
    row = Row(route, watch, " ".join(one.words for one in problems), by="Ana")
    by = sight.Sight(frozenset(seen), BOXES, frozenset(channels))
    made = str(blocks(Listing([sight.row(row, by)], CALLED, "bridge.toml", may=False, everywhere=True)))
    assert read in made.replace("\\'", "'")
    assert ("C1" in made) is (read != lists.NO_CHANNEL)
    assert ("cy@example.org" in made) is ("cy@" in read)
    assert "moon" not in made


@pytest.mark.parametrize("start", [0, MOST])
def test_a_long_list_comes_in_pages_that_slack_takes(start: int) -> None:
    route, _ = stored.read(FULL, "C1")
    watch = Watch("C0123ABCD", "{}", "U1", 3, 7, at=1e9)
    rows = [
        Row(Route(1, "support", number=1, line=4)),
        *[Row(route, watch, by="Ana")] * 29,
        Row(None, watch, "odd"),
    ]
    made = blocks(Listing(rows, CALLED, "bridge.toml", may=True, everywhere=True, start=start))
    assert problems_in_message({"channel": "C1", "text": "x", "blocks": made}) == []
    assert f"{len(rows) - start - MOST} More" in str(made)
    assert ("From bridge.toml, line 4: change it there" in str(made)) is (start == 0)
