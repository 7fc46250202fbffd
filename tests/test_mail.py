"""Mail bodies as they come: everything is read, nothing raises, nothing deceives."""

import string
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import mail
from bot.mail import Line, Run, lines, one_line, plain

PROFILE = settings(max_examples=200, deadline=None, derandomize=True)


def shown(html: str) -> list[str]:
    return plain(html).split("\n")


# ------------------------------------------------------------------------------------------ structure


OUTLOOK = """
<p class=MsoNormal>Hi,<o:p></o:p></p>
<p class=MsoNormal><o:p>&nbsp;</o:p></p>
<p class=MsoNormal>the printer
burns.<o:p></o:p></p>
"""


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", [""]),
        ("<p></p><div> </div><br>", [""]),
        ("hello", ["hello"]),
        ("  hello \n", ["hello"]),
        # plain text keeps its lines
        ("a\nb\r\nc", ["a", "b", "c"]),
        ("a\n\n\n\nb", ["a", "", "b"]),
        ("a < b & c > d", ["a < b & c > d"]),
        ("a <b>bold</b>\nb", ["a bold", "b"]),
        # HTML has its own
        ("<p>a</p><p>b</p>", ["a", "", "b"]),
        ("<p>a</p>\n<p>b</p>", ["a", "", "b"]),
        ("<div>a</div><div>b</div>", ["a", "b"]),
        ("<div>a<div>b</div>c</div>", ["a", "b", "c"]),
        ("<p>a\nb   c\t d</p>", ["a b c d"]),
        ("a<br>b<br/>c<BR >d", ["a", "b", "c", "d"]),
        ("a<br><br><br><br>b", ["a", "", "b"]),
        ("<p>a</p>between<p>b</p>", ["a", "", "between", "", "b"]),
        ("<h1>Title</h1>text", ["Title", "", "text"]),
        ("<hr>a<hr>b", ["a", "b"]),
        ("<p>a&nbsp;&nbsp;b&nbsp;</p>", ["a b"]),
        ("<span>a </span><span> b</span>", ["a b"]),
        ("<span>a</span><span>b</span>", ["ab"]),
        ("<dl><dt>term<dd>meaning</dl>", ["term", "meaning"]),
        # Outlook
        (OUTLOOK, ["Hi,", "", "the printer burns."]),
        ("<!--[if mso]><p>for Outlook</p><![endif]--><p>for all</p>", ["for all"]),
        # lists
        ("<ul><li>a</li><li>b</li></ul>", ["• a", "• b"]),
        ("<ol>\n <li>a</li>\n <li>b</li>\n</ol>\nafter", ["1. a", "2. b", "", "after"]),
        ("before<ul><li>a</ul>after", ["before", "", "• a", "", "after"]),
        ("<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>", ["• a", "  1. b", "• c"]),
        ("<ul><li>a<ul><li>b<ul><li>c</ul></ul></ul>", ["• a", "  • b", "    • c"]),
        ("<ul><li><p>a</p></li><li><p>b</p></li></ul>", ["• a", "• b"]),
        ("<ul>" * 40 + "<li>deep", ["• deep"]),
        ("<li>stray", ["stray"]),
        # tables
        (
            "<table><tr><th>Item</th><th>Price</th></tr><tr><td>Ink</td><td>9 €</td></tr></table>",
            ["Item | Price", "Ink | 9 €"],
        ),
        ("<table><tr><td><table><tr><td>inner</td></tr></table></td></tr></table>", ["inner"]),
        ("<table><tr><td> </td><td>x</td></tr></table>", ["x"]),
        # quotes
        ("hi<blockquote>old<br>older</blockquote>bye", ["hi", "", "> old", "> older", "", "bye"]),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", ["> a", "", "> b"]),
        # preformatted
        ("<pre>def f():\n    return 1</pre>", ["def f():", "    return 1"]),
        ("<p>a</p><pre>x  y</pre><p>b</p>", ["a", "", "x  y", "", "b"]),
        # what nobody is meant to read
        ("<style>p{}</style><script>alert(1)</script><p>a</p>", ["a"]),
        ("<head><title>T</title></head><body>a</body>", ["a"]),
        ("a<noscript>n</noscript><svg><text>s</text></svg><template>t</template>", ["a"]),
        ("<select><option>o</select><textarea>t</textarea>a", ["a"]),
        ('<div style="display:none;max-height:0">Preheader</div>Hello', ["Hello"]),
        ('<span style="DISPLAY : None">x</span><i style="mso-hide:all">y</i><p hidden>z</p>a', ["a"]),
        ("a\u200b\u200b\ufeff\u00adb", ["ab"]),
        # images
        ('<img src="https://t.example/p.gif" width="1" height="1">a', ["a"]),
        ('<img src=x height="0">a', ["a"]),
        ('<img src="cid:1" alt="Our logo">', ["[image: Our logo]"]),
        ('see <img src="x"> there', ["see [image] there"]),
        ('<img alt="two\nlines" src=x>', ["[image: two lines]"]),
        # text that looks like something else
        ("&lt;!channel&gt; &amp;amp; &copy; &#128512; &nosuch;", ["<!channel> &amp; © 😀 &nosuch;"]),
        ("<!channel> and <@U123>", ["and <@U123>"]),
        ("*bold* _it_ ~st~ `co` :tada:", ["*bold* _it_ ~st~ `co` :tada:"]),
        # languages
        ("<p>שלום <b>עולם</b></p>", ["שלום עולם"]),
        ("<p>مرحبا\u202e بالعالم\u202c</p>", ["مرحبا بالعالم"]),
        ("<p>こんにちは、世界。</p>", ["こんにちは、世界。"]),
        ("<p>👩‍👩‍👧 family, 🇫🇷 flag, é e\u0301</p>", ["👩‍👩‍👧 family, 🇫🇷 flag, é e\u0301"]),
        # broken
        ("<p>a<p>b</div></span>c", ["a", "", "bc"]),
        ("<b><i>x</b>y</i>", ["xy"]),
        ("<p", [""]),
        ("<p>a</p", ["a"]),
        ("<<<>>><p>a", ["<<<>>>", "", "a"]),
        ('<a href="unclosed>text', [""]),
        ("<table><td>a<p>b", ["a", "", "b"]),
        ("</p></div>a", ["a"]),
        ("a\0b", ["ab"]),
        ("<frameset><frame></frameset>", [""]),
    ],
)
def test_html_becomes_lines(html: str, expected: list[str]) -> None:
    assert shown(html) == expected


def test_lines_keep_their_kind_their_depth_and_their_styles() -> None:
    html = (
        "<p>a <b>b <i>c</i></b> <s>d</s> <code>e</code></p><ul><li>f<ol><li>g</ol></ul>"
        "<blockquote>h</blockquote><pre>i</pre>"
    )
    read = [
        (line.kind, line.depth, [(run.text, set(run.styles)) for run in line.runs]) for line in lines(html)
    ]
    assert [one for one in read if one[2]] == [
        (
            "text",
            0,
            [
                ("a ", set()),
                ("b ", {"bold"}),
                ("c", {"bold", "italic"}),
                (" ", set()),
                ("d", {"strike"}),
                (" ", set()),
                ("e", {"code"}),
            ],
        ),
        ("bullet", 0, [("f", set())]),
        ("ordered", 1, [("g", set())]),
        ("quote", 0, [("h", set())]),
        ("pre", 0, [("i", set())]),
    ]


def test_a_line_does_not_end_in_a_blank_of_another_style() -> None:
    assert lines("<p>a<b> </b><i> </i></p>") == [Line(runs=[Run("a")])]


# ---------------------------------------------------------------------------------------------- links


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("https://example.org/a?b=c&amp;d=e#f", "https://example.org/a?b=c&d=e#f"),
        ("HTTP://EXAMPLE.ORG", "HTTP://EXAMPLE.ORG"),
        (" https://example.org ", "https://example.org"),
        ("mailto:mark@example.org", "mailto:mark@example.org"),
        ("mailto:", ""),
        ("javascript:alert(1)", ""),
        ("JaVaScRiPt:alert(1)", ""),
        ("java\nscript:alert(1)", ""),
        ("&#106;avascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("vbscript:x", ""),
        ("file:///etc/passwd", ""),
        ("slack://open", ""),
        ("//example.org", ""),
        ("/local", ""),
        ("#top", ""),
        ("https://", ""),
        ("https:///path", ""),
        ("http://[::1", ""),
        ("https://example.org/a b", ""),
        ("https://bank.example@evil.example", ""),
        ("https://user:password@example.org/", ""),
        ("https://bank.example\\@evil.example", ""),
        ("https://help.example.org/storage/attachment/6/1/4/a.pdf?id=1&amp;token=ab", ""),
        ("https://help.example.org/storage%2Fattachment%2F6/a.pdf", ""),
        ("https://example.org/|label>", ""),
        ("https://example.org/" + "x" * 3000, ""),
        ("", ""),
    ],
    ids=lambda text: text[:40],
)
def test_a_link_leads_only_where_a_reader_may_be_sent(href: str, url: str) -> None:
    (line,) = lines(f'<a href="{href}">words</a>')
    assert line.runs == [Run("words", frozenset(), url)]


@pytest.mark.parametrize(
    ("text", "url", "expected"),
    [
        ("Log in", "https://evil.example", "Log in"),
        ("https://bank.example", "https://bank.example/login", "https://bank.example"),
        ("bank.example", "https://www.bank.example/", "bank.example"),
        ("www.bank.example", "https://bank.example", "www.bank.example"),
        ("BANK.example", "https://bank.example", "BANK.example"),
        ("https://bank.example", "https://evil.example", "https://bank.example [evil.example]"),
        ("www.bank.example/login", "https://evil.example", "www.bank.example/login [evil.example]"),
        ("bank.example", "https://bank.example.evil.example", "bank.example [bank.example.evil.example]"),
        ("bank.example", "https://bank.example@evil.example", "bank.example [evil.example]"),
        ("bank.example", "https://evil.example/@bank.example", "bank.example [evil.example]"),
        ("bank.example", "https://evil.example/?bank.example", "bank.example [evil.example]"),
        ("  bank.example", "https://evil.example", "  bank.example [evil.example]"),
        ("mark@example.org", "mailto:mark@example.org", "mark@example.org"),
        ("Mark@Example.org", "mailto:mark@example.org?subject=hi", "Mark@Example.org"),
        ("mark@example.org", "mailto:eve@evil.example", "mark@example.org [eve@evil.example]"),
        ("mark@example.org", "https://evil.example", "mark@example.org [evil.example]"),
        ("Log in at bank.example now", "https://evil.example", "Log in at bank.example now [evil.example]"),
        (
            "bank.example or www.evil.example",
            "https://evil.example",
            "bank.example or www.evil.example [evil.example]",
        ),
        ("https://bank.example/index.html", "https://bank.example/", "https://bank.example/index.html"),
        ("here", "https://xn--bnk-6cd.example", "here [xn--bnk-6cd.example]"),
        ("bаnk.example", "https://bаnk.example", "bаnk.example [xn--bnk-6cd.example]"),
        ("ｂａｎｋ．example", "https://evil.example", "ｂａｎｋ．example [evil.example]"),
        ("", "https://evil.example", ""),
    ],
)
def test_a_link_that_claims_another_host_is_given_away(text: str, url: str, expected: str) -> None:
    assert mail.honest(text, url) == expected


# -------------------------------------------------------------------------------------- size and time

HOSTILE = {
    "nested": "<div>" * 20_000 + "hello",
    "nested more than is read": "<div>" * 80_000 + "hello",
    "nested lists": "<ul><li>x" * 20_000,
    "two styles by turns": "<b>x</b><i>y</i>" * 20_000,
    "one row": "<table><tr>" + "<td>x</td>" * 50_000,
    "breaks": "<br>" * 500_000,
    "2 MB of words": "word " * 400_000,
    "2 MB of paragraphs": "<p>some <b>bold</b> words</p>" * 70_000,
    "2 MB of entities": "&lt;" * 500_000,
    "open brackets": "<" * 1_000_000,
    "blanks": "<p>" + " " * 2_000_000 + "x",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_mail_holds_up_everybody_else(name: str) -> None:
    before = time.process_time()
    read = lines(HOSTILE[name])
    assert time.process_time() - before < 3
    assert sum(len(line.text) for line in read) < 3 * len(HOSTILE[name])


DEEP = {
    "blocks": "<div>" * 19_000,
    "blocks with text": "<div>x" * 16_000,
    "lists": "<ul><li>x" * 10_000,
    "styles and paragraphs": "<b><a><i><u><s><font><code><em><p>" * 2200,
    "paragraphs in styles": "<b><p>" * 9990,
    "ends of other tags": "<div></b>" * 10_000,
    "ends that no tag had": "<b><i></b></u></i>" * 5000,
    "lines": "<div>x</div>" * 8000,
    "ends that close nothing": "<div>" * 6000 + "</p>" * 13_000,
}


@pytest.mark.parametrize("name", DEEP)
def test_a_mail_of_a_hundred_kilobytes_is_read_at_once_however_deep_it_is(name: str) -> None:
    html = DEEP[name][:100_000]
    before = time.process_time()
    lines(html)
    assert time.process_time() - before < 0.5


def test_beyond_some_depth_tags_are_left_out_and_lines_stay_lines() -> None:
    inside = "<div>one</div><div>two <b>bold</b></div><p>three</p>four<br>five"
    read = shown("<div>" * 1000 + inside + "</div>" * 1000 + "<b>after</b>")
    assert [line for line in read if line] == ["one", "two bold", "three", "four", "five", "after"]
    assert lines("<div>" * 1000 + "</div>" * 1000 + "<b>after</b>")[-1].runs[0].styles == {"bold"}


def test_many_tags_that_end_by_themselves_are_not_deep() -> None:
    items = "".join(f"<li>{n}" for n in range(500))
    assert lines(f"<ul>{items}</ul>")[-1].kind == "bullet"
    rows = "".join(f"<tr><td>{n}<td>x" for n in range(500))
    assert shown(f"<table>{rows}</table>")[-1] == "499 | x"
    assert len(shown("<p>x" * 500)) == 999


def test_a_mail_of_too_many_lines_is_cut_and_says_so() -> None:
    read = mail.read("<br>x" * 9000)
    assert read.cut
    assert 3000 <= len(read.lines) < 3010


def test_what_is_read_once_more_is_the_same_whatever_was_done_to_it() -> None:
    html = "<p>some <b>words</b></p><blockquote>a quote</blockquote>"
    first = mail.read(html)
    before = repr(first)
    first.lines[0].runs[0].text = "other "
    first.lines[0].runs.pop()
    first.lines.clear()
    assert repr(mail.read(html)) == before


def test_deep_text_is_still_found() -> None:
    assert shown(HOSTILE["nested"]) == ["hello"]
    assert shown(HOSTILE["nested more than is read"]) == ["…"]


def test_reading_stops_soon_after_what_was_asked_for() -> None:
    assert 1000 <= len(plain("<p>some words</p>" * 10_000, 1000)) < 1300
    assert plain("<p>some words</p>" * 3, 1000) == "some words\n\nsome words\n\nsome words"


# ------------------------------------------------------------------------------------------- one line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("Printer on fire", "Printer on fire"),
        ("  a\r\nb\tc\u2028d\u2029e\x85f\x1cg  ", "a b c d e f g"),
        ("a\u00a0\u3000b", "a b"),
        ("\x00\x07\x1b[31mred\x7f", "[31mred"),
        ("a \x01", "a"),
        ("\u200b\ufeff\u00ad", ""),
        ("user\u202eexe.txt", "userexe.txt"),
        ("<!channel> & *b*", "<!channel> & *b*"),
        ("\ud800x", "x"),
        ("שלום", "\u2068שלום\u2069"),
        ("Re: مرحبا", "\u2068Re: مرحبا\u2069"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("x" * 20, "x" * 20),
        ("x" * 21, "x" * 19 + "…"),
        ("x" * 18 + " yyyy", "x" * 18 + "…"),
        ("ש" * 18, "\u2068" + "ש" * 18 + "\u2069"),
        ("ש" * 19, "\u2068" + "ש" * 17 + "…\u2069"),
        (" " * 500 + "x" * 21, "x" * 19 + "…"),
        ("\u200b" * 500 + "שלום", "\u2068שלום\u2069"),
        ("x" * 19 + " " * 500, "x" * 19),
        ("x" * 40_000, "x" * 19 + "…"),
    ],
)
def test_a_subject_or_a_name_becomes_one_clean_line(text: str, expected: str) -> None:
    assert one_line(text, 20) == expected


@PROFILE
@given(st.text(st.characters(), max_size=60), st.integers(4, 40))
def test_one_line_is_one_short_line_of_whole_characters(text: str, most: int) -> None:
    line = one_line(text, most)
    assert len(line) <= most
    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    assert line.count("\u2068") == line.count("\u2069") <= 1
    line.encode()


# ------------------------------------------------------------------------------- escaping, there, back


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("<!channel>", "&lt;!channel&gt;"),
        ("a & b", "a &amp; b"),
        ("&lt;", "&amp;lt;"),
        ('"it\'s" *so*', '"it\'s" *so*'),
    ],
)
def test_escaping_for_slack_touches_three_characters(text: str, expected: str) -> None:
    assert mail.escape(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello", "Hello"),
        ("  Hello\n\nAna \n", "Hello<br><br>Ana"),
        ("a\r\nb", "a<br>b"),
        ("<script>alert('1 & 2')</script>", "&lt;script&gt;alert('1 &amp; 2')&lt;/script&gt;"),
        ("   ", ""),
    ],
)
def test_what_a_person_types_becomes_html(text: str, expected: str) -> None:
    assert mail.to_html(text) == expected


TYPED = st.text(string.ascii_letters + string.punctuation + " \n" + "äß€שم語😀", max_size=80)


@PROFILE
@given(TYPED)
def test_what_a_person_types_comes_back_the_same_but_for_blanks(text: str) -> None:
    wanted = [" ".join(line.split()) for line in text.strip().split("\n")]
    once = [line for place, line in enumerate(wanted) if line or not place or wanted[place - 1]]
    assert [" ".join(line.split()) for line in shown(mail.to_html(text))] == once


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("assign 412", "assign 412"),
        ("<@U123|ana>", "@ana"),
        ("<@U123>", "@U123"),
        ("<@W123|ana.alves> please", "@ana.alves please"),
        ("<#C123|support>", "#support"),
        ("<#C123>", "#C123"),
        ("<!here>", "@here"),
        ("<!subteam^S1|@agents>", "@agents"),
        ("<https://example.org/a?b=1&amp;c=2>", "https://example.org/a?b=1&c=2"),
        ("<http://example.org|example.org>", "http://example.org"),
        ("<mailto:a@example.org|a@example.org>", "a@example.org"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&lt;@U123&gt;", "<@U123>"),
        ("<>", "<>"),
        ("<|>", ""),
        ("< @U1>", "< @U1>"),
        ("<@>", "@"),
        ("a < b", "a < b"),
    ],
)
def test_what_slack_made_of_typed_text_is_undone(words: str, expected: str) -> None:
    assert mail.from_slack(words) == expected


@PROFILE
@given(st.text("<>@#!|&;ab:", max_size=30))
def test_any_words_can_be_read_from_slack(words: str) -> None:
    assert len(mail.from_slack(words)) <= len(words)


@PROFILE
@given(TYPED)
def test_what_slack_escapes_comes_back_as_it_was_typed(text: str) -> None:
    assert mail.from_slack(mail.escape(text)) == text


def test_a_snippet_is_the_beginning_in_one_line() -> None:
    assert mail.snippet("<p>Hello</p><p>the printer burns</p>", 12) == "Hello the p…"
    assert mail.snippet("") == ""


def test_a_snippet_is_of_what_is_new() -> None:
    quote = "On 2 March 2026 at 10:12 Ana wrote:<br>&gt; Which one?<br>&gt; And where?<br>"
    assert mail.snippet(f"The blue one.<br><br>{quote}") == "The blue one."
    assert mail.snippet(f"{quote}<br>The blue one.") == "The blue one."
    assert mail.snippet(quote).startswith("On 2 March 2026")


# ------------------------------------------------------------------------------------------- anything

TAGS = "p br div b i u s a ul ol li table tr td th blockquote pre img span h1 code script style o:p body html".split()
PIECE = st.one_of(
    st.sampled_from([f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS]),
    st.sampled_from(
        [
            '<a href="https://example.org">',
            "<a href='javascript:x'>",
            "<a href=mailto:a@b.c>",
            '<img alt="x" src=y>',
            "<!--",
            "-->",
            "<![CDATA[",
            "&nbsp;",
            "&lt;",
            "&#xD800;",
            "&#0;",
            "<",
            ">",
            '"',
            "\n",
            " ",
            "\u200b",
            "\u202e",
            "\ud800",
            "<!channel>",
        ]
    ),
    st.text(st.characters(), max_size=6),
)
SOUP = st.lists(PIECE, max_size=40).map("".join)


@PROFILE
@given(st.one_of(SOUP, st.text(st.characters(), max_size=200)))
def test_anything_can_be_read(html: str) -> None:
    read = lines(html)
    assert not read or (read[0].text and read[-1].text)
    assert all(one.text or other.text for one, other in pairwise(read))
    assert all(run.text for line in read for run in line.runs)
    assert all("\n" not in line.text for line in read)
    assert len(plain(html).splitlines()) <= 3 * len(html) + 1
    mail.snippet(html).encode()
    mail.to_html(html)
    mail.escape(html)


def test_a_tag_with_a_hundred_thousand_attributes_holds_nobody_up() -> None:
    attributes = " ".join(f"a{number}=1" for number in range(100_000))
    assert plain(f"<p>before</p><div {attributes}>within</div>") == "before\n\nwithin"
    image = '<img src="data:image/png;base64,' + "A" * 400_000 + '">'
    assert plain(f"<p>see {image}</p>") == "see [image]"
