"""What Slack shows of a conversation, whatever strangers wrote into it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import cards
from bot.cards import Message, Place
from bot.clock import Wait
from bot.ladder import Told
from bot.model import Attachment, Conversation, Mailbox, Person, Status, Thread
from bot.pings import words as pings
from tests.blockcheck import MAX_SIZE_OF_BLOCKS, problems_in_message, size_of_blocks
from tests.samples import sample_conversation, sample_place

PROFILE = settings(max_examples=100, deadline=None, derandomize=True)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
URL = "https://help.example.org/conversation/5"
STORAGE = "https://help.example.org/storage/attachment/4/4/1/"
MARK = Person(1, "customer", "Mark", "Moore", "mark@example.org")
ANA = Person(7, "user", "Ana", "Alves", "ana@example.org")
BEN = Person(8, "user", "Ben", "Brandt", "ben@example.org")
SUPPORT = Mailbox(1, "Support", "support@example.org")
MENTION = "U0123ABCD"


def conversation(**changes: Any) -> Conversation:
    given_: dict[str, Any] = {
        "id": 5,
        "number": 412,
        "mailbox_id": 1,
        "status": Status.ACTIVE,
        "state": "published",
        "subject": "Printer on fire",
        "created_at": NOW,
        "updated_at": NOW,
        "customer": MARK,
    }
    return Conversation(**{**given_, **changes})


def entry(kind: str = "customer", **changes: Any) -> Thread:
    return Thread(**{"id": 77, "type": kind, "state": "published", "created_at": NOW, **changes})


def place(wait: timedelta | None = None, mailbox: Mailbox | None = SUPPORT) -> Place:
    return Place(URL, mailbox, Wait(NOW - wait, 77) if wait else None, NOW)


def objects(tree: object) -> Iterator[dict[str, Any]]:
    """Every object of a message, from the outside in."""
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list | tuple):
        for inner in tree:
            yield from objects(inner)


def shown(message: Message) -> str:
    """All the words of a message, in their order."""
    return "".join(one["text"] for one in objects(message.blocks) if isinstance(one.get("text"), str))


def our_own(message: Message) -> list[str]:
    """All that Slack would read for markup, besides the fallback."""
    return [one["text"] for one in objects(message.blocks) if one.get("type") == "mrkdwn"]


def problems(message: Message) -> list[str]:
    return problems_in_message({"text": message.text, "blocks": list(message.blocks)})


def buttons(message: Message) -> list[str]:
    return [one["text"]["text"] for one in objects(message.blocks) if one.get("type") == "button"]


def menu(message: Message) -> list[str]:
    return [
        option["text"]["text"]
        for one in objects(message.blocks)
        if one.get("type") == "overflow"
        for option in one["options"]
    ]


# --------------------------------------------------------------------------------------------- card


def test_a_card_says_what_it_is_about_and_how_it_stands() -> None:
    card = cards.card(conversation(assignee=ANA, tags=("vip", "late")), place(timedelta(hours=3)))
    assert shown(card).startswith("#412 Printer on fire\nMark Moore · mark@example.org → Support")
    for words in ("Active", "Ana Alves", "waiting since <!date^", "vip, late"):
        assert words in shown(card)
    assert card.text == "#412 Printer on fire · waiting 3 h · Ana Alves"
    assert problems(card) == []
    assert {one["url"] for one in objects(card.blocks) if "url" in one} == {URL}


@pytest.mark.parametrize(
    ("changes", "wait", "expected"),
    [
        ({}, None, "#412 Printer on fire · active · unassigned"),
        ({}, timedelta(minutes=5), "#412 Printer on fire · waiting 5 min · unassigned"),
        ({"status": Status.PENDING, "assignee": ANA}, None, "#412 Printer on fire · pending · Ana Alves"),
        ({"status": Status.CLOSED}, None, "#412 Printer on fire · closed · unassigned"),
        ({"status": Status.SPAM}, None, "#412 Printer on fire · spam · unassigned"),
        ({"state": "deleted"}, None, "#412 Printer on fire · deleted · unassigned"),
        ({"subject": ""}, None, "#412 (no subject) · active · unassigned"),
        ({"subject": "<!channel> & co"}, None, "#412 &lt;!channel&gt; &amp; co · active · unassigned"),
        ({"assignee": Person(9, "user")}, None, "#412 Printer on fire · active · a user"),
        ({"assignee": Person(9, "user", "\u200b")}, None, "#412 Printer on fire · active · Someone"),
    ],
)
def test_the_fallback_says_what_the_card_says(
    changes: dict[str, Any], wait: timedelta | None, expected: str
) -> None:
    assert cards.card(conversation(**changes), place(wait)).text == expected


FIRST = ["Reply", "Note", "Assign to Me"]


@pytest.mark.parametrize(
    ("changes", "row", "more"),
    [
        (
            {"status": Status.ACTIVE},
            [*FIRST, "Close"],
            ["Assign to…", "Pending", "Spam", "Open in FreeScout"],
        ),
        (
            {"status": Status.PENDING},
            [*FIRST, "Close"],
            ["Assign to…", "Reopen", "Spam", "Open in FreeScout"],
        ),
        ({"status": Status.CLOSED}, [*FIRST, "Reopen"], ["Assign to…", "Spam", "Open in FreeScout"]),
        ({"status": Status.SPAM}, [*FIRST, "Reopen"], ["Assign to…", "Open in FreeScout"]),
        ({"state": "deleted"}, [], []),
        ({"state": "draft"}, [], []),
    ],
)
def test_the_buttons_go_with_the_status(changes: dict[str, Any], row: list[str], more: list[str]) -> None:
    card = cards.card(conversation(**changes), place())
    assert (buttons(card), menu(card)) == (row, more)
    assert problems(card) == []


def test_every_button_knows_its_conversation_and_only_one_is_primary() -> None:
    card = cards.card(conversation(id=5, number=412), place())
    pressed = [one for one in objects(card.blocks) if one.get("type") == "button"]
    assert [(one["action_id"], one["value"]) for one in pressed] == [
        (cards.REPLY, "5"),
        (cards.NOTE, "5"),
        (cards.ASSIGN_ME, "5"),
        (cards.CLOSE, "5"),
    ]
    assert [one["text"]["text"] for one in pressed if "style" in one] == ["Reply"]
    values = [one["value"] for one in objects(card.blocks) if ":" in str(one.get("value"))]
    assert values == ["assign:5", "pending:5", "spam:5", "open:5"]


@pytest.mark.parametrize(
    ("customer", "expected"),
    [
        (MARK, "Mark Moore · mark@example.org → Support"),
        (Person(1, "customer", "Mark"), "Mark → Support"),
        (Person(1, "customer", email="mark@example.org"), "mark@example.org → Support"),
        (Person(1, "customer"), "a customer → Support"),
        (Person(1, "customer", "\u200b", "\u200b", "m@example.org"), "m@example.org → Support"),
        (Person(1, "customer", "Mark\nMoore", "<@U1>"), "Mark Moore <@U1> → Support"),
        (None, "Someone → Support"),
    ],
)
def test_a_card_names_the_customer_as_well_as_it_can(customer: Person | None, expected: str) -> None:
    about, *_ = cards.card(conversation(customer=customer), place()).blocks
    assert shown(Message("", (about,))) == f"#412 Printer on fire\n{expected}"


def test_tags_that_nobody_could_read_take_no_line() -> None:
    assert ":label:" not in our_own(cards.card(conversation(tags=("\u200b", "\x01")), place()))
    many = cards.card(conversation(tags=tuple(f"tag {n} {'x' * 99}" for n in range(500))), place())
    assert problems(many) == []


def test_a_mailbox_that_is_not_known_is_not_named() -> None:
    assert "→" not in shown(cards.card(conversation(), place(mailbox=None)))


# --------------------------------------------------------------------------- what is left of a card


def test_a_conversation_that_is_gone_leaves_a_line_without_buttons() -> None:
    assert cards.gone_card().text == "This conversation was deleted from FreeScout for good."
    assert shown(cards.gone_card()) == f":wastebasket:{cards.gone_card().text}"
    assert problems(cards.gone_card()) == []


@pytest.mark.parametrize(
    ("mailbox", "moved", "elsewhere", "words", "now"),
    [
        (SUPPORT, True, ["C0SALES01"], "Moved to Support", "now in <#C0SALES01>"),
        (None, True, ["C0SALES01", "C0VIPS1"], "Moved to another mailbox", "<#C0SALES01>, <#C0VIPS1>"),
        (SUPPORT, False, [], "It does not belong in this channel any more", "not shown in any channel"),
    ],
)
def test_a_conversation_that_belongs_elsewhere_says_where(
    mailbox: Mailbox | None, moved: bool, elsewhere: list[str], words: str, now: str
) -> None:
    card = cards.left_card(conversation(), place(mailbox=mailbox), elsewhere, moved=moved)
    assert card.text == f"#412 · {words}"  # whoever reads there learns where it went, and nothing else
    assert "Printer" not in repr(card)
    assert shown(card).endswith(now)
    assert (buttons(card), problems(card)) == ([], [])


# ------------------------------------------------------------------------------------------- threads


@pytest.mark.parametrize(
    ("thread", "headline", "words"),
    [
        (entry(created_by=MARK, body="<p>It <b>burns</b>.</p>"), "Mark Moore", "It burns."),
        (entry(customer=MARK, body="hi"), "Mark Moore", "hi"),
        (entry(body="hi"), "Someone", "hi"),
        (
            entry("message", created_by=ANA, to=("mark@example.org",), body="Hello"),
            "Ana Alves replied to mark@example.org",
            "Hello",
        ),
        (
            entry("message", created_by=ANA, to=("a@b.c",), cc=("d@e.f", "g@h.i"), body="x"),
            "Ana Alves replied to a@b.c, cc d@e.f, g@h.i",
            "x",
        ),
        (entry("message", created_by=ANA, body="x"), "Ana Alves replied to the customer", "x"),
        (
            entry("message", created_by=ANA, to=tuple(f"{n}@b.c" for n in range(9)), body="x"),
            "Ana Alves replied to 0@b.c, 1@b.c, 2@b.c, 3@b.c, 4@b.c and 4 more",
            "x",
        ),
        (entry("note", created_by=BEN, body="look"), "Ben Brandt · internal note", "look"),
        (entry(created_by=MARK, body=""), "Mark Moore", "(no text)"),
        (entry(created_by=MARK, body="<div>\u200b</div>"), "Mark Moore", "(no text)"),
    ],
)
def test_a_message_says_who_wrote_what(thread: Thread, headline: str, words: str) -> None:
    message = cards.thread(conversation(), thread, URL)
    assert headline in shown(message)
    assert shown(message).endswith(words)
    assert message.text.startswith(headline)
    assert message.text.endswith("· #412 Printer on fire")
    assert problems(message) == []


def test_files_are_named_and_never_linked() -> None:
    files = (
        Attachment(1, "smoke.jpg", "image/jpeg", 2_345_678, STORAGE + "smoke.jpg?id=1&token=bab97d"),
        Attachment(2, "log.txt", "text/plain", 999, STORAGE + "log.txt?id=2&token=8da832"),
        Attachment(3, "data.csv", "text/csv", 12_345, STORAGE + "data.csv?id=3&token=99"),
    )
    message = cards.thread(conversation(), entry(created_by=MARK, body="see", attachments=files), URL)
    assert "smoke.jpg (2.3 MB), log.txt (999 B), data.csv (12 kB)" in shown(message)
    many = cards.thread(conversation(), entry(created_by=MARK, attachments=files * 20), URL)
    assert "and 50 more" in shown(many)
    for one in (message, many):
        assert not any(word in repr(one) for word in ("storage", "token", "bab97d"))
        assert problems(one) == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("<p>words</p>" * 9000, "This is the beginning"),
        ("new<br>-- <br>Mark", "The signature is folded"),
        ("new<blockquote type=cite>old</blockquote>", "Earlier mails are folded"),
        (
            "new<br>-- <br>Mark<blockquote type=cite>old</blockquote>",
            "Earlier mails and the signature are folded",
        ),
        ("word " * 4000 + "<br>&gt; a<br>&gt; b", "This is the beginning; earlier mails are folded"),
    ],
)
def test_what_of_a_mail_is_not_shown_is_said_and_a_button_shows_it(body: str, told: str) -> None:
    message = cards.thread(conversation(), entry(created_by=MARK, body=body), URL)
    assert our_own(message)[-1] == f":scissors: {told}"
    assert buttons(message) == ["Show Full Mail"]
    value = next(one["value"] for one in objects(message.blocks) if one.get("action_id") == cards.FULL_MAIL)
    assert value == f"{conversation().id}:{entry().id}"
    assert problems(message) == []


def test_a_mail_that_is_shown_whole_has_no_button() -> None:
    short = cards.thread(conversation(), entry(created_by=MARK, body="<p>words</p>"), URL)
    assert (buttons(short), ":scissors:" in shown(short)) == ([], False)


# --------------------------------------------------------------------------------------------- lines


@pytest.mark.parametrize(
    ("thread", "expected"),
    [
        (
            entry("lineitem", action="changed-ticket-status", status="closed", created_by=ANA),
            "Ana Alves set it to Closed",
        ),
        (
            entry("lineitem", action="changed-ticket-status", status="spam", created_by=ANA),
            "Ana Alves set it to Spam",
        ),
        (
            entry("lineitem", action="changed-ticket-status", status="nochange", created_by=ANA),
            "Ana Alves changed the status",
        ),
        (entry("lineitem", action="changed-ticket-assignee", created_by=ANA), "Ana Alves unassigned it"),
        (
            entry("lineitem", action="changed-ticket-assignee", created_by=ANA, assigned_to=ANA),
            "Ana Alves took it",
        ),
        (
            entry("lineitem", action="changed-ticket-assignee", created_by=ANA, assigned_to=BEN),
            "Ana Alves assigned it to Ben Brandt",
        ),
        (
            entry("lineitem", action="changed-ticket-assignee", assigned_to=BEN),
            "Someone assigned it to Ben Brandt",
        ),
        (
            entry("lineitem", action="moved-from-mailbox", created_by=ANA),
            "Ana Alves moved it here from another mailbox",
        ),
        (
            entry("lineitem", action="changed-ticket-customer", created_by=ANA, customer=MARK),
            "Ana Alves changed the customer to Mark Moore",
        ),
        (entry("lineitem", action="deleted-ticket", created_by=ANA), None),
        (entry("lineitem"), None),
    ],
)
def test_a_change_is_one_quiet_line_or_none(thread: Thread, expected: str | None) -> None:
    line = cards.line(thread)
    assert (line and line.text) == expected
    if line:
        assert (shown(line), problems(line)) == (expected, [])


def test_a_reply_that_closes_says_so() -> None:
    assert cards.closed_line(ANA).text == "Closed by Ana Alves"
    assert cards.closed_line(None).text == "Closed with the reply"


# ----------------------------------------------------------------------------------------- anything

# Every word of a stranger starts with a sign that our own words never hold.
ALIEN = "¤"
ODD = st.sampled_from(
    [
        "",
        "<!channel>",
        "<https://evil.example|click>",
        "*bold* _it_ `co` :tada:",
        "x" * 1000,
        "<" * 300,
        "&amp;" * 100,
        "new\nline\u2028s",
        "\u200b\ufeff",
        "שלום עולם",
        "\u202eevil",
        "\"quotes\" 'and' \\",
        "😀" * 90,
        "\x00\x07",
        "@channel",
    ]
)
WORDS = st.builds(lambda odd: ALIEN + odd, ODD | st.text(st.characters(codec="utf-8"), max_size=30))
BARE = ODD | st.text(st.characters(codec="utf-8"), max_size=10)
NAMES = WORDS | BARE
PEOPLE = st.none() | st.builds(
    Person, st.integers(1, 3), st.sampled_from(["customer", "user", "person"]), NAMES, NAMES, NAMES
)
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
BODIES = st.one_of(
    WORDS,
    st.lists(WORDS, max_size=5).map(lambda parts: "".join(f"<p>{part}</p>" for part in parts)),
    st.lists(WORDS, max_size=5).map(lambda parts: "<ul>" + "".join(f"<li>{part}</li>" for part in parts)),
    WORDS.map(lambda words: f"<a href='https://evil.example'>{words}</a>" * 400),
    WORDS.map(lambda words: (words + " ")[:50] * 800),
    st.just(""),
)
FILES = st.builds(
    Attachment,
    st.integers(0, 99),
    WORDS,
    WORDS,
    st.integers(0, 10**12),
    st.just(STORAGE + "x?token=bab97d08"),
)
ADDRESSES = st.lists(WORDS, max_size=8).map(tuple)
ACTIONS = [
    "",
    "changed-ticket-status",
    "changed-ticket-assignee",
    "moved-from-mailbox",
    "changed-ticket-customer",
    "odd",
]
THREADS = st.builds(
    Thread,
    id=st.integers(1, 99),
    type=st.sampled_from(["customer", "message", "note", "lineitem", "odd"]),
    state=st.just("published"),
    created_at=TIMES,
    body=BODIES,
    status=st.sampled_from(["", "nochange", *Status]),
    action=st.sampled_from(ACTIONS),
    created_by=PEOPLE,
    customer=PEOPLE,
    assigned_to=PEOPLE,
    to=ADDRESSES,
    cc=ADDRESSES,
    attachments=st.one_of(
        st.just(()), st.lists(FILES, max_size=3).map(tuple), FILES.map(lambda one: (one,) * 50)
    ),
)
CONVERSATIONS = st.builds(
    Conversation,
    id=st.integers(1, 2**63 - 1),
    number=st.integers(1, 2**63 - 1),
    mailbox_id=st.just(1),
    status=st.sampled_from(Status),
    state=st.sampled_from(["published", "published", "draft", "deleted"]),
    subject=st.just("") | WORDS,
    created_at=TIMES,
    updated_at=TIMES,
    assignee=PEOPLE,
    customer=PEOPLE,
    tags=st.one_of(st.lists(BARE, max_size=4).map(tuple), WORDS.map(lambda tag: (tag,) * 500)),
)
PLACES = st.builds(
    Place,
    url=st.just(URL),
    mailbox=st.none() | st.builds(Mailbox, st.just(1), NAMES, NAMES),
    wait=st.none() | st.builds(Wait, TIMES, st.integers(0, 9)),
    now=TIMES,
)


@PROFILE
@given(CONVERSATIONS, THREADS, PLACES, st.sampled_from([None, MENTION]))
def test_whatever_strangers_write_slack_takes_it_and_reads_no_markup_in_it(
    about: Conversation, thread: Thread, where: Place, mention: str | None
) -> None:
    said = [
        cards.card(about, where),
        cards.left_card(about, where, [], moved=True),
        cards.left_reminder(),
        cards.blind(),
        cards.thread(about, thread, URL),
        cards.line(thread),
        cards.closed_line(thread.created_by),
        pings.line(about, where, Told(line=True, mention=mention or "")),
        pings.direct(about, where),
        pings.ended(about, where, 1),
        pings.elsewhere(about, where),
    ]
    for message in filter(None, said):
        assert problems(message) == []
        assert size_of_blocks(list(message.blocks)) < MAX_SIZE_OF_BLOCKS - 1000
        assert 0 < len(message.text) <= 4000
        assert not any(ALIEN in words for words in our_own(message))
        assert not any(word in repr(message) for word in ("storage/attachment", "bab97d08"))
        assert len(message.text.splitlines()) == 1


@PROFILE
@given(CONVERSATIONS, PLACES)
def test_any_card_says_its_number_in_the_fallback_and_in_the_blocks(
    about: Conversation, where: Place
) -> None:
    card = cards.card(about, where)
    assert f"#{about.number}" in card.text
    assert f"#{about.number}" in shown(card)
    assert bool(buttons(card)) is about.published


def test_the_card_says_why_a_message_makes_nobody_wait() -> None:
    away = "<p>I am out of the office until Monday 12 May. For urgent matters write to x@y.example.</p>"
    first = replace(sample_conversation().threads[0], body=away)
    conversation = sample_conversation(subject="Automatic reply: hello", threads=(first,))
    shown = cards.card(conversation, sample_place(conversation))
    assert "nobody waits: an out-of-office answer" in str(shown.blocks)
    closed = replace(conversation, status=Status.CLOSED)
    assert "nobody waits" not in str(cards.card(closed, sample_place(closed)).blocks)
