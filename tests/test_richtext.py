"""Mail → `rich_text`: within the budget, and never something that Slack refuses."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import mail, richtext
from bot.richtext import elements
from tests.blockcheck import problems_in_message
from tests.test_mail import HOSTILE, SOUP

PROFILE = settings(max_examples=150, deadline=None, derandomize=True)


def section(*leaves: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(leaves)}


def text(content: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": content, **({"style": style} if style else {})}


def listed(style: str, *items: dict[str, Any], **more: int) -> dict[str, Any]:
    return {"type": "rich_text_list", "style": style, "elements": list(items), **more}


def leaves(element: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for inner in element.get("elements", ()):
        yield from leaves(inner) if "elements" in inner else [inner]


def problems(built: list[dict[str, Any]]) -> list[str]:
    blocks = [{"type": "rich_text", "elements": built}] if built else []
    return problems_in_message({"text": "x", "blocks": blocks}) if blocks else []


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", []),
        ("<p> </p>", []),
        ("<p>a</p><p>b</p>", [section(text("a\n\nb"))]),
        (
            "<p>a <b>b</b></p>",
            [section(text("a "), text("b", bold=True))],
        ),
        (
            "<ul><li>a<ol><li>b</ol><li>c</ul>",
            [
                listed("bullet", section(text("a"))),
                listed("ordered", section(text("b")), indent=1),
                listed("bullet", section(text("c"))),
            ],
        ),
        ("<ul><li><p>a</p><li><p>b</p></ul>", [listed("bullet", section(text("a")), section(text("b")))]),
        (
            "<ol><li>a<ul><li>b</ul><li>c<p>d</p></ol>",
            [
                listed("ordered", section(text("a"))),
                listed("bullet", section(text("b")), indent=1),
                listed("ordered", section(text("c\nd")), offset=1),
            ],
        ),
        (
            "<ol><li>a<ul><li>b</ul>more<li>c</ol>",
            [
                listed("ordered", section(text("a"))),
                listed("bullet", section(text("b")), indent=1),
                section(text("more")),
                listed("ordered", section(text("c")), offset=1),
            ],
        ),
        ("<ol start=4><li>a</ol>", [listed("ordered", section(text("a")), offset=3)]),
        (
            "<ol><li>a<li value=9>b</ol>",
            [listed("ordered", section(text("a"))), listed("ordered", section(text("b")), offset=8)],
        ),
        ("<p>שלום, abc.</p>", [section(text("\u2068שלום, abc.\u2069"))]),
        ("<blockquote>a<br><br>b</blockquote>", [{"type": "rich_text_quote", "elements": [text("a\n\nb")]}]),
        (
            "a<blockquote>b<br>c</blockquote>",
            [section(text("a")), {"type": "rich_text_quote", "elements": [text("b\nc")]}],
        ),
        (
            "<pre>a <b>b</b>\n  c</pre>",
            [{"type": "rich_text_preformatted", "elements": [text("a b\n  c")]}],
        ),
        (
            '<a href="https://example.org">there</a>',
            [section({"type": "link", "url": "https://example.org", "text": "there"})],
        ),
        ("&lt;!channel&gt; *b* <@U1>", [section(text("<!channel> *b* <@U1>"))]),
        ("<p>a<b> </b></p>", [section(text("a"))]),
    ],
)
def test_lines_become_elements(html: str, expected: list[Any]) -> None:
    assert elements(html, 9000) == (expected, True)
    assert problems(expected) == []


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        ("bank.example", "bank.example [evil.example]"),
        ("bank.<b>example</b>", "bank.example [evil.example]"),
        ("<i>https://</i>bank.example/log<u>in</u>", "https://bank.example/login [evil.example]"),
        ("evil.<b>example</b>", "evil.example"),
        ("Log <b>in</b>", "Log in"),
    ],
)
def test_no_link_claims_another_host_however_it_is_styled(inside: str, shown: str) -> None:
    built, _ = elements(f'<a href="https://evil.example">{inside}</a>', 9000)
    assert "".join(leaf["text"] for leaf in leaves(built[0])) == shown
    assert {leaf["url"] for leaf in leaves(built[0])} == {"https://evil.example"}


def test_a_long_mail_is_cut_and_says_so() -> None:
    built, whole = elements("<p>some words</p>" * 1000, 1000)
    assert not whole
    assert 700 < len(json.dumps(built, ensure_ascii=False)) <= 1000
    assert [leaf["text"] for leaf in leaves(built[-1])][-1].endswith("…")


@pytest.mark.parametrize("sign", ["x", '"', "\\", "\n\\", "😀", "é"])
def test_a_long_mail_fills_most_of_the_budget_whatever_it_is_made_of(sign: str) -> None:
    built, whole = elements(sign * 20_000, 9000)
    assert not whole
    assert 4500 < len(json.dumps(built, ensure_ascii=False)) <= 9000


@pytest.mark.parametrize("name", [name for name in HOSTILE if not name.startswith("nested")])
def test_no_mail_is_too_much_for_slack(name: str) -> None:
    built, _ = elements(HOSTILE[name], 9000)
    assert len(json.dumps(built, ensure_ascii=False)) <= 9000
    assert problems(built) == []


@pytest.mark.parametrize(
    "html",
    [
        "<ul>" + "<li>an item</li>" * 1000,
        "<ul><li>x" * 1000,
        "<ul><li>x</ul><p>y</p>" * 1000,
        "<blockquote>x</blockquote>y" * 1000,
        "<b>x</b>y" * 1000,
    ],
    ids=lambda html: html[:24],
)
@pytest.mark.parametrize("budget", [0, 1, 121, 200, 1000, 2000, 9000])
def test_much_structure_around_little_text_counts_as_well(html: str, budget: int) -> None:
    built, whole = elements(html, budget)
    assert not whole
    assert max(2, budget // 2 - 200) <= len(json.dumps(built, ensure_ascii=False)) <= max(2, budget)
    assert problems(built) == []


@PROFILE
@given(SOUP, st.integers(0, 700) | st.just(9000))
def test_any_mail_stays_within_any_budget_and_pleases_slack(html: str, budget: int) -> None:
    built, whole = elements(html, budget)
    assert len(json.dumps(built, ensure_ascii=False)) <= max(budget, 2)
    assert all(leaf["text"] for element in built for leaf in leaves(element))
    assert all(list(leaves(element)) for element in built)
    assert problems(built) == []
    if whole:
        assert built == elements(html, 100_000)[0]


@PROFILE
@given(SOUP, st.integers(1000, 3000))
def test_all_of_any_mail_is_in_its_parts_and_each_pleases_slack(html: str, budget: int) -> None:
    read = mail.lines(html)
    made = richtext.parts(read, budget)
    for part in made:
        assert len(json.dumps(part, ensure_ascii=False)) <= budget
        assert problems(part) == []
    said = "".join(leaf["text"] for part in made for element in part for leaf in leaves(element))
    for sign in "\n\u2068\u2069":
        said = said.replace(sign, "")
    assert said == "".join(line.text for line in read)


@pytest.mark.parametrize("html", ["x" * 30_000, "<b>x</b>y" * 4000, "<ol>" + "<li>an item</li>" * 2000])
def test_nothing_is_lost_between_two_parts(html: str) -> None:
    read = mail.lines(html)
    made = richtext.parts(read, 2000)
    assert len(made) > 3
    said = "".join(leaf["text"] for part in made for element in part for leaf in leaves(element))
    assert said.replace("\n", "") == "".join(line.text for line in read)


def test_our_own_leaves_are_what_slack_takes() -> None:
    built = [
        richtext.section(
            richtext.text("a", bold=True),
            richtext.link("https://example.org", "b", italic=True),
            richtext.text("c"),
        )
    ]
    assert problems(built) == []
