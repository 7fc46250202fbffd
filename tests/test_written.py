"""What a person writes in Slack ↔ the HTML that is mailed: it keeps its meaning, and nothing escapes."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import mail, written
from tests.blockcheck import problems_in_message, problems_in_view

PROFILE = settings(max_examples=200, deadline=None, derandomize=True)
Json = dict[str, Any]
NAMES = {"U1": "Ana Alves", "S1": "@second-line", "C1": "support"}


def block(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def section(*leaves: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(leaves)}


def quote(*leaves: Json) -> Json:
    return {"type": "rich_text_quote", "elements": list(leaves)}


def pre(*leaves: Json) -> Json:
    return {"type": "rich_text_preformatted", "elements": list(leaves)}


def listed(style: str, *items: Json, **more: int) -> Json:
    return {"type": "rich_text_list", "style": style, "elements": list(items), **more}


def text(content: str, **style: bool) -> Json:
    return {"type": "text", "text": content, **({"style": style} if style else {})}


def link(url: str, content: str = "", **style: bool) -> Json:
    words = {"text": content} if content else {}
    return {"type": "link", "url": url, **words, **({"style": style} if style else {})}


def emoji(name: str, **more: Any) -> Json:
    return {"type": "emoji", "name": name, **more}


# ------------------------------------------------------------------------------------------ examples

ITEMS = section(text("a")), section(text("b"))


@pytest.mark.parametrize(
    ("elements", "html", "plain"),
    [
        ([section(text("Hello"))], "<p>Hello</p>", "Hello"),
        ([section(text("a\nb\n\nc\n"))], "<p>a<br>b</p><p>c</p>", "a\nb\n\nc"),
        ([section(text("a")), section(text("b"))], "<p>a</p><p>b</p>", "a\nb"),
        ([section(text("a  b\n  c\td"))], "<p>a \u00a0b<br>\u00a0 c \u00a0 \u00a0d</p>", "a  b\n  c\td"),
        (
            [section(text("a ", bold=True), text("b", bold=True, italic=True, strike=True, underline=True))],
            "<p><strong>a </strong><strong><em><del><u>b</u></del></em></strong></p>",
            "a b",
        ),
        ([section(text("x < y", code=True))], "<p><code>x &lt; y</code></p>", "x < y"),
        (
            [section(link("https://a.example/?b=1&c=2", "here", bold=True), link("https://a.example"))],
            (
                '<p><a href="https://a.example/?b=1&amp;c=2"><strong>here</strong></a>'
                '<a href="https://a.example">https://a.example</a></p>'
            ),
            "here (https://a.example/?b=1&c=2)https://a.example",
        ),
        (
            [section(link("mailto:a@b.example"))],
            '<p><a href="mailto:a@b.example">a@b.example</a></p>',
            "a@b.example",
        ),
        ([section(link("javascript:alert(1)", "x"))], "<p>x</p>", "x"),
        ([section(link("tel:+4912", "call"))], "<p>call</p>", "call"),
        (
            [listed("bullet", *ITEMS), listed("ordered", *ITEMS, offset=4)],
            '<ul><li>a</li><li>b</li></ul><ol start="5"><li>a</li><li>b</li></ol>',
            "• a\n• b\n5. a\n6. b",
        ),
        (
            [
                listed("ordered", ITEMS[0]),
                listed("bullet", ITEMS[0], indent=1),
                listed("ordered", ITEMS[1], offset=1),
            ],
            "<ol><li>a<ul><li>a</li></ul></li><li>b</li></ol>",
            "1. a\n    • a\n2. b",
        ),
        ([listed("bullet", section(text("a\nb")))], "<ul><li>a<br>b</li></ul>", "• a\n  b"),
        ([listed("bullet", *ITEMS, indent=3)], "<ul><li>a</li><li>b</li></ul>", None),
        (
            [quote(text("a\nb\n\nc"))],
            "<blockquote><p>a<br>b</p><p>c</p></blockquote>",
            "> a\n> b\n>\n> c",
        ),
        ([pre(text("a\n  <b>"))], "<pre>a\n  &lt;b&gt;</pre>", "a\n  <b>"),
        ([pre(text("\na"))], "<pre>\n\na</pre>", "a"),
        ([section(emoji("wave", unicode="1f44b"))], "<p>👋</p>", "👋"),
        ([section(emoji("wave", unicode="1f44b-1f3fd", skin_tone=4))], "<p>👋🏽</p>", "👋🏽"),
        ([section(emoji("wave", unicode="1f44b", skin_tone=4))], "<p>👋🏽</p>", "👋🏽"),
        ([section(emoji("party-parrot"))], "<p>:party-parrot:</p>", ":party-parrot:"),
        ([section(emoji("x", unicode="zz"))], "<p>:x:</p>", ":x:"),
        (
            [
                section(
                    {"type": "user", "user_id": "U1"},
                    {"type": "user", "user_id": "U2"},
                    {"type": "usergroup", "usergroup_id": "S1"},
                    {"type": "channel", "channel_id": "C1"},
                    {"type": "channel", "channel_id": "C2"},
                    {"type": "broadcast", "range": "here"},
                )
            ],
            "<p>@Ana Alves@someone@second-line#support#channel@here</p>",
            "@Ana Alves@someone@second-line#support#channel@here",
        ),
        (
            [section({"type": "date", "timestamp": 1_700_000_000, "format": "{date}", "fallback": "today"})],
            "<p>today</p>",
            "today",
        ),
        ([section({"type": "date", "timestamp": 1_700_000_000})], "<p>2023-11-14 22:13 UTC</p>", None),
        ([section({"type": "color", "value": "#36C5F0"})], "<p>#36C5F0</p>", "#36C5F0"),
        ([section({"type": "canvas", "text": "Q3"}), {"type": "rich_text_new"}], "<p>Q3</p>", "Q3"),
        (
            [text("stray"), {"type": "rich_text_new", "elements": [text("new")]}],
            "<p>stray</p><p>new</p>",
            None,
        ),
        ([section(text("a\u202eb\u200b\x00c\ud800d"))], "<p>abcd</p>", "abcd"),
        ([section(text("\u05d0 \u200f!"))], "<p>\u05d0 \u200f!</p>", None),
        ([section(text(" \n ")), section()], "", ""),
    ],
)
def test_rich_text_becomes_html_and_plain_text(elements: list[Json], html: str, plain: str | None) -> None:
    assert written.html(block(*elements), NAMES) == html
    assert plain is None or written.plain(block(*elements), NAMES) == plain


def test_the_names_that_are_needed_are_found_in_blocks_and_messages() -> None:
    items = [section({"type": "user", "user_id": "U1"}), section({"type": "channel", "channel_id": "C1"})]
    said = block(listed("bullet", *items), quote({"type": "usergroup", "usergroup_id": "S1"}))
    assert written.mentioned(said) == {"U1", "C1", "S1"}
    assert written.mentioned({"text": "<@U9>", "blocks": [{"type": "divider"}, said]}) == {"U1", "C1", "S1"}
    assert written.mentioned({"text": "<@U9> in <#C1|x> <#C9>"}) == {"U9", "C9"}
    assert written.mentioned(None) == set()


@pytest.mark.parametrize(
    ("said", "nothing"),
    [
        (None, True),
        ({}, True),
        (block(), True),
        (block(section(text(" \n\t\u00a0\u3000"))), True),
        (block(section(text("\u200b\u2060\u200d\ufe0f\u2800\u3164\U000e0020"))), True),
        (block(section(text("."))), False),
        (block(section(emoji("wave"))), False),
        (block(section(text("\U0001fae9"))), False),  # younger than this Python's tables
        (block(listed("bullet", section(), section(link("https://a.example")))), False),
    ],
)
def test_what_shows_nothing_is_blank(said: Json | None, nothing: bool) -> None:
    assert written.blank(said) is nothing


def test_plain_text_becomes_an_initial_value() -> None:
    assert written.from_text("\nDear <b>,\r\n\r\n  thanks *\n") == block(
        section(text("Dear <b>,\n\n  thanks *"))
    )
    assert written.from_text(" \n") is None
    long = written.from_text("x" * 25_000)
    assert long
    assert [len(leaf["text"]) for leaf in leaves(long)] == [10_000, 10_000, 5_000]


@pytest.mark.parametrize(
    ("html", "elements"),
    [
        ("<p>a <b>b</b></p>", [section(text("a "), text("b", bold=True))]),
        (
            '<a href="https://evil.example">bank.<b>example</b></a>',
            [
                section(
                    link("https://evil.example", "bank."), link("https://evil.example", "example", bold=True)
                )
            ],
        ),
        ("<script>x</script> ", None),
    ],
)
def test_a_body_becomes_an_initial_value(html: str, elements: list[Json] | None) -> None:
    assert written.from_html(html) == (block(*elements) if elements else None)


@pytest.mark.parametrize(
    ("mrkdwn", "elements"),
    [
        (
            "*Hi* _you ~all~_ `x*y*`",
            [
                section(
                    text("Hi", bold=True),
                    text(" "),
                    text("you ", italic=True),
                    text("all", italic=True, strike=True),
                    text(" "),
                    text("x*y*", code=True),
                )
            ],
        ),
        ("2*3*4 snake_case_name * a *", [section(text("2*3*4 snake_case_name * a *"))]),
        (
            "<https://a.example/x_y_z|a &amp; b> <https://b.example> <mailto:a@b.example|a@b.example>",
            [
                section(
                    link("https://a.example/x_y_z", "a & b"),
                    text(" "),
                    link("https://b.example", "https://b.example"),
                    text(" "),
                    link("mailto:a@b.example", "a@b.example"),
                )
            ],
        ),
        (
            "<@U1> <@U2|ben> <#C1> <#C2|sales> <!here> <!subteam^S1> <!subteam^S2|@night>",
            [section(text("@Ana Alves @ben #support #sales @here @second-line @night"))],
        ),
        ("<!date^1700000000^{date}|14 Nov>", [section(text("14 Nov"))]),
        (
            "a &lt;b&gt;\n&gt; q1\n&gt;q2\nc",
            [section(text("a <b>")), quote(text("q1\nq2")), section(text("c"))],
        ),
        (
            "• a\n    ◦ b\n3. c\n4. d",
            [
                listed("bullet", section(text("a"))),
                listed("bullet", section(text("b")), indent=1),
                listed("ordered", section(text("c")), section(text("d")), offset=2),
            ],
        ),
        (
            "x\n```\na &lt; *b*\n<https://a.example|a.example>\n```",
            [section(text("x")), pre(text("a < *b*\na.example"))],
        ),
        ("&amp;lt; <javascript:x|y>", [section(text("&lt; y"))]),
        ("", None),
        ("<>``````*", [section(text("<>")), section(text("*"))]),
    ],
)
def test_a_message_in_mrkdwn_becomes_an_initial_value(mrkdwn: str, elements: list[Json] | None) -> None:
    assert written.from_message({"text": mrkdwn}, NAMES) == (block(*elements) if elements else None)


def test_a_message_with_rich_text_is_taken_from_its_blocks() -> None:
    said = [block(section({"type": "user", "user_id": "U1"}, text(" burns\n"))), {"type": "divider"}]
    message = {"text": "other", "blocks": [*said, block(quote(text("q", bold=True)))]}
    taken = block(section(text("@Ana Alves burns")), quote(text("q", bold=True)))
    assert written.from_message(message, NAMES) == taken
    assert written.from_message({"blocks": "x", "text": None}) is None


def test_a_long_text_is_cut_and_says_so() -> None:
    long = block(section(text("word " * 100)), listed("bullet", *[section(text("item"))] * 100))
    for budget in range(80, 3000, 97):
        made = written.shown(long, budget)
        assert size(made) <= budget
        assert [leaf["text"] for leaf in leaves(block(*made))][-1].endswith("…")
    assert written.shown(long, 20) == []
    assert written.plain(block(*written.shown(long, 20_000))) == written.plain(long)


# ---------------------------------------------------------------------------------------- properties

ALLOWED = "p br strong em del u code a ul ol li blockquote pre".split()
HOSTILE = [
    "</p><script>alert(1)</script>",
    "<!channel>",
    "&lt;b&gt; &amp;amp; &nbsp;",
    '" onmouseover="x',
    "<!-- -->",
    "]]>",
    "</pre></li></ol>",
    "<@U1> <https://a.example|b>",
    "bank.example",
    "*a* _b_ `c` ~d~ > e",
    "• f",
]
WORDS = st.lists(st.sampled_from(["a", "b c", "é", "漢字", "\n", "\n\n", " ", "  ", *HOSTILE]), max_size=5)
STYLE = st.dictionaries(st.sampled_from(["bold", "italic", "strike", "code", "underline"]), st.booleans())
URLS = st.sampled_from(
    ["https://evil.example/?a=1&b=2", "http://a.example", "mailto:a@b.example", 'https://q.example/"<x>']
)
TEXT = st.builds(
    lambda words, style: {"type": "text", "text": "".join(words) or "x", "style": style}, WORDS, STYLE
)
LINK = st.builds(
    lambda url, words, style: {
        "type": "link",
        "url": url,
        "style": style,
        **({"text": words} if words else {}),
    },
    URLS,
    st.sampled_from(["", "here", "bank.example", "a b", *HOSTILE]),
    STYLE,
)
OTHERS = st.sampled_from(
    [
        emoji("wave", unicode="1f44b-1f3fd", skin_tone=4),
        emoji("parrot"),
        {"type": "user", "user_id": "U1", "style": {"bold": True}},
        {"type": "user", "user_id": "U2"},
        {"type": "usergroup", "usergroup_id": "S1"},
        {"type": "channel", "channel_id": "C1"},
        {"type": "broadcast", "range": "channel"},
        {"type": "date", "timestamp": 1_700_000_000, "format": "{date}", "fallback": "14 Nov"},
        {"type": "color", "value": "#36C5F0"},
    ]
)
LEAVES = st.lists(TEXT | LINK | OTHERS, min_size=1, max_size=5)
SECTIONS = LEAVES.map(lambda leaves: section(*leaves))
ELEMENTS = st.one_of(
    SECTIONS,
    LEAVES.map(lambda leaves: quote(*leaves)),
    st.lists(TEXT | LINK, min_size=1, max_size=3).map(lambda leaves: pre(*leaves)),
    st.builds(
        lambda style, items, indent, offset: listed(style, *items, indent=indent, offset=offset),
        st.sampled_from(["bullet", "ordered"]),
        st.lists(SECTIONS, min_size=1, max_size=3),
        st.integers(0, 4) | st.just(8),
        st.integers(0, 3),
    ),
)
BLOCKS = st.lists(ELEMENTS, max_size=6).map(lambda elements: block(*elements))

KEYS = "type elements text url style bold name unicode skin_tone user_id channel_id usergroup_id range fallback".split()
VALUES = "rich_text rich_text_section rich_text_list rich_text_quote rich_text_preformatted ordered bullet text".split()
VALUES += "link emoji user usergroup channel broadcast date color 1f44b https://a.example http://[ mailto: \ud800".split()
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([*VALUES, *HOSTILE]) | st.text()
)
GARBAGE = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*KEYS, "indent", "offset", "timestamp", "blocks"]), inner, max_size=6
        )
        | st.builds(lambda kind, inside: {"type": kind, "elements": inside}, st.sampled_from(VALUES), inner)
    ),
    max_leaves=30,
).map(lambda found: found if isinstance(found, dict) else {"elements": found, "blocks": found, "text": found})


def leaves(element: Json) -> Iterator[Json]:
    for inner in element.get("elements", ()):
        yield from leaves(inner) if "elements" in inner else [inner]


def size(elements: list[Json]) -> int:
    return len(json.dumps(elements, ensure_ascii=False))


class Reader(HTMLParser):
    """Reads HTML as a strict browser: refuses what is not well formed or not allowed; keeps lines of signs.

    A sign is (character, styles, address, where): "text", "quote", "pre", or (kind of list, number, level).
    """

    STYLES = {"strong": "bold", "em": "italic", "del": "strike", "u": "underline", "code": "code"}

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.lists: list[list[Any]] = []
        self.url = ""
        self.lines: list[list[tuple[str, frozenset[str], str, Any]]] = [[]]
        self.feed(html)
        self.close()
        assert self.open == []
        for line in self.lines:
            while line and line[-1][0] == " ":
                line.pop()
        self.lines = [line for line in self.lines if line]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        assert all((tag, key) in (("a", "href"), ("ol", "start")) for key, _ in attrs)
        given_ = dict(attrs)
        if tag == "br":
            self.lines.append([])
            return
        if tag in ("p", "li", "blockquote", "pre", "ul", "ol"):
            assert not {"p", "pre", "a"} & set(self.open)
            self.lines.append([])
        if tag in ("ul", "ol"):
            assert not self.open or self.open[-1] == "li"
            self.lists.append([tag, int(given_.get("start") or 1) - 1])
        if tag == "li":
            assert self.open[-1] in ("ul", "ol")
            self.lists[-1][1] += 1
        if tag == "a":
            self.url = given_["href"] or ""
            assert re.match(r"https?://[^/]|mailto:.", self.url)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag in ("ul", "ol"):
            self.lists.pop()
        if tag in ("p", "li", "blockquote", "pre", "ul", "ol"):
            self.lines.append([])
        if tag == "a":
            self.url = ""

    def handle_data(self, data: str) -> None:
        assert self.open, f"{data!r} stands in nothing"
        styles = frozenset(self.STYLES[tag] for tag in self.open if tag in self.STYLES)
        if self.lists:
            kind, number = self.lists[-1]
            where: Any = (kind, number if kind == "ol" else None, len(self.lists))
        else:
            where = next((tag for tag in ("pre", "blockquote") if tag in self.open), "p")
        for sign in data:
            line = self.lines[-1]
            if sign == "\n" and where == "pre":
                self.lines.append([])
            elif not (
                sign.isspace() and sign != "\u00a0" and where != "pre" and (not line or line[-1][0] == " ")
            ):
                line.append((sign.replace("\u00a0", "\u00a0"), styles, self.url, where))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def signs(said: Json) -> list[list[tuple[str, frozenset[str], str, Any]]]:
    """What `Reader` should find, from the block."""
    lines: list[list[Any]] = []
    levels: list[int] = []
    for element in said["elements"]:
        if not any(words(leaf).strip() for leaf in leaves(element)):
            continue
        if element["type"] != "rich_text_list":
            levels = []
            where = {"rich_text_quote": "blockquote", "rich_text_preformatted": "pre"}.get(
                element["type"], "p"
            )
            lines += spoken(element, where)
            continue
        depth = element["indent"]
        while levels and levels[-1] > depth:
            levels.pop()
        levels += [depth] if not levels or levels[-1] < depth else []
        for number, item in enumerate(element["elements"], element["offset"] + 1):
            ordered = element["style"] == "ordered"
            lines += spoken(item, ("ol" if ordered else "ul", number if ordered else None, len(levels)))
    return lines


def spoken(element: Json, where: Any) -> list[list[Any]]:
    lines: list[list[Any]] = [[]]
    for leaf in leaves(element):
        styles = frozenset(style for style, on in leaf.get("style", {}).items() if on)
        url = leaf.get("url", "") if re.match("https?:|mailto:", leaf.get("url", "")) else ""
        url = "" if "<" in url else url
        for sign in words(leaf):
            if sign == "\n":
                lines.append([])
            else:
                lines[-1].append((sign, frozenset() if where == "pre" else styles, url, where))
    for line in lines:
        while line and line[-1][0] == " ":
            line.pop()
    return [line for line in lines if line]


def words(leaf: Json) -> str:
    match leaf["type"]:
        case "user":
            return {"U1": "@Ana Alves"}.get(leaf["user_id"], "@someone")
        case "usergroup":
            return "@second-line"
        case "channel":
            return "#support"
        case "broadcast":
            return "@channel"
        case "emoji":
            return "👋🏽" if leaf["name"] == "wave" else ":parrot:"
        case "date":
            return "14 Nov"
        case "color":
            return "#36C5F0"
        case _:
            return leaf.get("text") or leaf["url"].removeprefix("mailto:")


def unspaced(lines: list[list[Any]]) -> list[list[Any]]:
    """With every space alike: HTML keeps a second one in a row by making it one that does not break."""
    return [[(" " if sign.isspace() else sign, *look) for sign, *look in line] for line in lines]


@PROFILE
@given(BLOCKS)
def test_html_says_just_what_was_written(said: Json) -> None:
    html = written.html(said, NAMES)
    assert unspaced(Reader(html).lines) == unspaced(signs(said))


@PROFILE
@given(BLOCKS)
def test_rich_text_that_becomes_html_and_comes_back_means_the_same(said: Json) -> None:
    back = written.from_html(written.html(said, NAMES))

    def meaning(lines: list[list[Any]]) -> list[Any]:
        return [
            [(sign, styles - {"underline"}, url, place) for sign, styles, url, place in line if sign != " "]
            for line in lines
        ]

    for element in back["elements"] if back else ():
        element.setdefault("indent", 0)
        element.setdefault("offset", 0)
    assert meaning(signs(back) if back else []) == meaning(signs(said))


@PROFILE
@given(BLOCKS | GARBAGE, st.integers(0, 500) | st.just(9000))
def test_whatever_is_written_slack_takes_it_back_and_pings_nobody(said: Json, budget: int) -> None:
    made = written.shown(said, budget, {"U1": "<!channel>"})
    assert size(made) <= max(budget, 2)
    assert {leaf["type"] for element in made for leaf in leaves(element)} <= {"text", "link"}
    if made:
        assert problems_in_message({"text": "x", "blocks": [block(*made)]}) == []


@PROFILE
@given(BLOCKS)
def test_what_is_shown_is_what_is_mailed(said: Json) -> None:
    underlined = re.compile("</?u>")
    again = written.html(block(*written.shown(said, 100_000, NAMES)))
    assert again == underlined.sub("", written.html(said, NAMES))
    assert written.blank(said) == (written.from_message({"blocks": [said]}) is None)


@PROFILE
@given(GARBAGE)
def test_no_block_is_too_strange(said: Json) -> None:
    Reader(written.html(said, {"U1": "</p>"}))
    written.html(said).encode()
    written.plain(said).encode()
    written.blank(said)
    written.mentioned(said)
    for initial in (written.from_message(said), written.from_html(written.html(said))):
        assert initial is None or problems_in_initial(initial) == []


@PROFILE
@given(st.text(st.sampled_from("ab *_~`<>|@#!&;^:•.1\n "), max_size=60) | st.text())
def test_any_text_becomes_an_initial_value(said: str) -> None:
    for initial in (written.from_text(said), written.from_message({"text": said}), written.from_html(said)):
        assert initial is None or problems_in_initial(initial) == []


def problems_in_initial(initial: Json) -> list[str]:
    element = {"type": "rich_text_input", "action_id": "text", "initial_value": initial}
    label = {"type": "plain_text", "text": "Reply"}
    asked = {"type": "input", "label": label, "element": element}
    title = {"type": "plain_text", "text": "Reply"}
    return problems_in_view({"type": "modal", "title": title, "submit": title, "blocks": [asked]})


@pytest.mark.parametrize("said", HOSTILE)
def test_hostile_words_stay_words(said: str) -> None:
    html = written.html(block(section(text(said))))
    assert "".join(sign for line in Reader(html).lines for sign, *_ in line).replace("\u00a0", " ") == said
    assert mail.plain(html) == re.sub(" +", " ", said)


@pytest.mark.timeout(15)
@pytest.mark.parametrize(
    "mrkdwn", ["*a " * 10_000, "`" * 30_000, "<" * 30_000, "_a_" * 10_000, "> " * 10_000, "*_~" * 10_000]
)
def test_no_message_takes_long_to_read(mrkdwn: str) -> None:
    written.from_message({"text": mrkdwn})
