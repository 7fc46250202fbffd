"""The mails in `tests/mails/`: beside each body stands, line for line, what of it is seen in Slack.

`gmail-reply-en.html` is a body as FreeScout stores it, `gmail-reply-en.txt` what is seen. There `> ` is the bar of
a quote, `• ` and `1. ` are a list's marks, `| ` is preformatted text, `[text](address)` a link, and `✂` the line
about what is folded. A first line `Subject: …` gives the conversation's subject. To add a mail, add the two files.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import cards, mail, richtext
from tests.blockcheck import MAX_SIZE_OF_BLOCKS, problems_in_message, size_of_blocks
from tests.samples import NOW, sample_conversation

MAILS = Path(__file__).parent / "mails"
NAMES = sorted(path.stem for path in MAILS.glob("*.html"))
URL = "https://help.example.org/conversation/5"


def stored(name: str) -> str:
    """A body as FreeScout would have stored it."""
    return (MAILS / f"{name}.html").read_bytes().decode()


def expected(name: str) -> tuple[str, str]:
    """The subject, and what must be seen."""
    said = (MAILS / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")
    if said.startswith("Subject: "):
        subject, _, said = said.removeprefix("Subject: ").partition("\n\n")
        return subject, said
    return "Printer on fire", said


def message(body: str, subject: str = "Printer on fire") -> cards.Message:
    """The message in Slack for a customer's mail."""
    conversation = sample_conversation(subject=subject)
    entry = replace(conversation.threads[0], body=body, created_at=NOW)
    return cards.thread(replace(conversation, threads=(entry,)), entry, URL)


def seen(message: cards.Message) -> str:
    """All that is seen below the message's headline."""
    return "\n".join(line for block in message.blocks[1:] for line in _block(dict(block)))


def _block(block: dict[str, Any]) -> list[str]:
    if block["type"] == "rich_text":
        return [line for element in block["elements"] for line in _element(element)]
    if block["type"] == "context":
        return [" ".join(one["text"] for one in block["elements"]).replace(":scissors:", "✂")]
    assert [button["text"]["text"] for button in block["elements"]] == ["Show Full Mail"]
    return []


def _element(element: dict[str, Any]) -> list[str]:
    if element["type"] == "rich_text_list":
        margin = "  " * element.get("indent", 0)
        first = element.get("offset", 0) + 1
        lines = []
        for number, item in enumerate(element["elements"], first):
            mark = f"{number}. " if element["style"] == "ordered" else "• "
            start, *others = _written(item).split("\n")
            lines += [margin + mark + start, *(margin + " " * len(mark) + other for other in others)]
        return lines
    mark = {"rich_text_quote": "> ", "rich_text_preformatted": "| "}.get(element["type"], "")
    return [(mark + line).rstrip() for line in _written(element).split("\n")]


def leaves(element: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The leaves of an element, and of its items."""
    for inner in element["elements"]:
        yield from leaves(inner) if "elements" in inner else [inner]


def _written(element: dict[str, Any]) -> str:
    """The text of leaves, without isolates. A mail address behind its own link is not worth saying twice."""
    pieces = []
    for leaf in element["elements"]:
        bare = leaf["type"] == "text" or leaf["url"] == f"mailto:{leaf['text'].strip('<>')}"
        pieces.append(leaf["text"] if bare else f"[{leaf['text']}]({leaf['url']})")
    return "".join(pieces).replace("\u2068", "").replace("\u2069", "")


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_is_seen_as_it_was_meant(name: str) -> None:
    subject, must_be_seen = expected(name)
    made = message(stored(name), subject)
    assert seen(made).split("\n") == must_be_seen.split("\n")
    assert problems_in_message({"text": made.text, "blocks": list(made.blocks)}) == []


def test_there_are_mails_enough_and_each_has_its_other_half() -> None:
    assert len(NAMES) >= 70
    assert sorted(path.stem for path in MAILS.glob("*.txt")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_full_mail_holds_all_that_was_read(name: str) -> None:
    """What is folded away under a message stands in the modal of *Show Full Mail*."""
    body = stored(name)
    parts = richtext.parts(mail.whole(body, 100_000).lines, 2000)
    said = "".join(leaf["text"] for part in parts for one in part for leaf in leaves(one))
    said = "".join(said.replace("\u2068", "").replace("\u2069", "").split())
    assert all("".join(line.text.split()) in said for line in mail.lines(body))
    for part in parts:
        assert problems_in_message({"text": "x", "blocks": [{"type": "rich_text", "elements": part}]}) == []


# ------------------------------------------------------------------------------- what no file shall hold

PARAGRAPH = "<p>Some <b>words</b> about <a href='https://example.org'>a matter</a>.</p>"
HUGE = {
    "2 MB of paragraphs": PARAGRAPH * 28_000,
    "2 MB of quoted lines": "New.<br>On 2 March 2026 at 10:12 Ana wrote:<br>"
    + "&gt; old words<br>" * 110_000,
    "2 MB in one line": "word " * 400_000,
    "a picture of 2 MB": f"<p>Look:</p><img alt='a cat' src='data:image/png;base64,{'A' * 2_000_000}'>",
    "10,000 deep": "<div>" * 10_000 + "deep",
    "10,000 quotes deep": "new" + "<blockquote type=cite>" * 10_000 + "deep",
    "100,000 attributes": f"<p {' '.join(f'a{n}=1' for n in range(100_000))}>words</p>",
    "tables in tables": "<table><tr><td>a</td><td>" * 6_000 + "deep",
    "a table of 6,000 rows": "<table>" + "<tr><td>a</td><td>b</td></tr>" * 6_000 + "</table>",
    "announcements": "On 2 March 2026 at 10:12 Ana wrote:<br>x<br>" * 20_000,
    "heads": "From: a<br>To: b<br>x<br>" * 20_000,
    "signatures": "--<br>x<br>" * 20_000,
    "marks piled up": "<p>a" + "\u0301" * 1_000_000 + "</p>",
    "long words": "&gt;" + "a@" * 500_000 + ":",
}


@pytest.mark.parametrize("name", HUGE)
def test_no_mail_is_too_much(name: str) -> None:
    made = message(HUGE[name])
    assert problems_in_message({"text": made.text, "blocks": list(made.blocks)}) == []
    assert size_of_blocks(list(made.blocks)) < MAX_SIZE_OF_BLOCKS - 1000
    for part in richtext.parts(mail.whole(HUGE[name], 400_000).lines, 6000)[:60]:
        assert size_of_blocks(part) <= 6000
    assert mail.images(HUGE[name], "https://help.example.org") == ()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("2 MB of quoted lines", "New.\n✂ This is the beginning; earlier mails are folded"),
        ("a picture of 2 MB", "Look:\n\n[image: a cat]"),
        ("10,000 deep", "deep"),
        ("10,000 quotes deep", "new\n✂ Earlier mails are folded"),
    ],
)
def test_what_is_seen_of_too_much(name: str, shown: str) -> None:
    assert seen(message(HUGE[name])) == shown


# ---------------------------------------------------------------------------------------------- images

STORE = "https://help.example.org/storage/attachment/6/1/4/"


def image(src: str, rest: str = "") -> str:
    return f'<p><img src="{src}" {rest}></p>'


@pytest.mark.parametrize(
    ("html", "found"),
    [
        (image(STORE + "a.png?id=1&amp;token=ab"), [STORE + "a.png?id=1&token=ab"]),
        (image(STORE + "a.png") + image(STORE + "b.png") + image(STORE + "a.png"), ["a.png", "b.png"]),
        (image(STORE + "pixel", 'width="1" height="1"'), []),
        (image("https://help.example.org/logout"), []),
        (image("https://evil.example/storage/attachment/6/1/4/a.png"), []),
        (image("https://help.example.org@evil.example/storage/attachment/a.png"), []),
        (image("https://help.example.org:8443/storage/attachment/a.png"), []),
        (image("http://help.example.org/storage/attachment/a.png"), []),
        (image("cid:a.png@1") + image("data:image/png;base64,AA") + image("//help.example.org/storage"), []),
        (image("https://help.example.org:x/storage/attachment/a.png"), []),
        ("New." + f'<blockquote type="cite">{image(STORE + "old.png")}</blockquote>', []),
        ("New." + f'<div class="gmail_signature">{image(STORE + "logo.png")}</div>', []),
        ("".join(image(f"{STORE}{n}.png") for n in range(30)), [f"{n}.png" for n in range(20)]),
    ],
)
def test_only_images_of_freescouts_own_store_are_brought(html: str, found: list[str]) -> None:
    wanted = tuple(src if src.startswith("http") else STORE + src for src in found)
    assert mail.images(html, "https://help.example.org") == wanted


# -------------------------------------------------------------------------------------------- anything

PIECES = st.sampled_from(
    [
        "hello",
        " world. ",
        "<!channel>",
        "&lt;!here&gt;",
        "<br>",
        "\n",
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<blockquote type=cite>",
        "<blockquote>",
        "</blockquote>",
        '<div class="gmail_quote">',
        '<div class="gmail_attr">',
        '<div id="divRplyFwdMsg">',
        '<div class="moz-signature">',
        "On 2 March 2026 at 10:12 Ana &lt;ana@example.org&gt; wrote:",
        "-- <br>",
        "&gt; old<br>",
        "From: a<br>Sent: b<br>To: c<br>Subject: d<br>",
        "-----Original Message-----<br>",
        "---------- Forwarded message ---------<br>",
        "Sent from my iPhone",
        "see below",
        "<table><tr><td>a</td><td></td><th>b</th></tr><tr><td>c<td>d",
        "</table>",
        "<ol start=4><li>x<li>y",
        "<ul>",
        "</ol>",
        "<pre>",
        "<span style='font-size:0'>",
        "<img src='https://help.example.org/storage/attachment/1/a.png?token=t'>",
        "<a href='https://evil.example'>bank.example",
        "</a>",
        "https://help.example.org/storage/attachment/1/a.png?token=t ",
        "שלום ",
        "\u202e",
        "\x01",
        "\ud800",
    ]
)
ANYTHING = st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(st.characters(), max_size=200))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(ANYTHING, st.sampled_from(["Fwd: x", "x"]))
def test_whatever_comes_is_seen_refused_by_nobody_and_pings_nobody(body: str, subject: str) -> None:
    made = message(body, subject)
    assert problems_in_message({"text": made.text, "blocks": list(made.blocks)}) == []
    assert size_of_blocks(list(made.blocks)) < MAX_SIZE_OF_BLOCKS - 1000
    assert "storage/attachment" not in repr(made)
    own = [
        one["text"]
        for block in made.blocks
        for one in dict(block).get("elements", ())
        if "mrkdwn" in one.values()
    ]
    assert all("<" not in words.replace("<!date", "") for words in own)
    assert "<!" not in made.text
    assert bool(mail.plain(body)) is (seen(made).split("\n✂")[0] != "(no text)")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(ANYTHING)
def test_what_is_folded_is_said_and_what_is_shown_was_written(body: str) -> None:
    everything = [line.text.lstrip("> ") for line in mail.lines(body)]
    read = mail.read(body)
    assert all(line.text in ("", "[…]") or line.text.lstrip("> ") in everything for line in read.lines)
    shown, written = (sum(line.filled for line in lines) for lines in (read.lines, mail.lines(body)))
    assert bool(shown) is bool(written)
    assert bool(read.folded) is (shown < written)
