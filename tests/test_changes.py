"""What stops a reply and what does not, in a table; and how one is found among a conversation's threads."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.changes import Seen, address, changes, standing
from bot.model import Conversation, Person, Status, Thread
from bot.store import Reply
from tests.samples import ANA, MARK, NOW, sample_conversation

BEN = Person(8, "user", "Ben", "Brandt", "ben@example.org")
EVE = Person(2, "customer", "Eve", "", "eve@example.org")
FIRST = sample_conversation().threads[0]
EARLIER = replace(FIRST, id=0, created_at=FIRST.created_at - timedelta(hours=1))


def thread(number: int, type_: str = "message", by: Person | None = BEN, **more: Any) -> Thread:
    """A thread that came later."""
    return Thread(number, type_, more.pop("state", "published"), NOW, created_by=by, **more)


def after(*threads: Thread, **more: Any) -> Conversation:
    """The sample conversation with what came later."""
    return sample_conversation(threads=(FIRST, *threads), **more)


def mail(number: int, **more: Any) -> Thread:
    return thread(number, "customer", MARK, **more)


def line(number: int, action: str) -> Thread:
    return thread(number, "lineitem", BEN, action=action)


CLOSED, PENDING, SPAM = Status.CLOSED, Status.PENDING, Status.SPAM
AGAIN = "The customer wrote again."
MERGED = "Another conversation was merged into this one."
MOVED = "The conversation was moved to another mailbox."
DELETED = "The conversation was deleted."
BEN_DID, YOU_DID = "Ben Brandt answered meanwhile.", "You answered meanwhile."


def belongs(to: str) -> str:
    return f"The conversation belongs to {to} now."


def status(now: str) -> str:
    return f"The conversation is {now} now."


def customer(email: str) -> Person:
    return replace(MARK, email=email)


ROWS: dict[str, tuple[Conversation, dict[int, str], list[str]]] = {
    # Nothing that its writer would want to know of first.
    "nothing at all": (after(), {}, []),
    "a note of a colleague": (after(thread(2, "note")), {}, []),
    "a note of one's own": (after(thread(2, "note", ANA)), {}, []),
    "many notes": (after(*(thread(number, "note") for number in range(2, 30))), {}, []),
    "somebody assigned": (after(line(2, "user-changed"), assignee=BEN), {}, []),
    "a tag": (after(tags=("vip",)), {}, []),
    "another subject": (after(subject="Printer is out"), {}, []),
    "somebody in Cc": (after(cc=("boss@example.org",)), {}, []),
    "a later date alone": (after(updated_at=NOW.replace(hour=23)), {}, []),
    "a colleague's draft": (after(thread(2, state="draft")), {}, []),
    "a mail that is hidden": (after(mail(2, state="hidden")), {}, []),
    "an answer taken back into a draft": (after(thread(2, state="draft"), mail(3, state="draft")), {}, []),
    "the address in capitals": (after(customer=customer("MARK@Example.ORG")), {}, []),
    "the customer's other name": (after(customer=replace(MARK, first="Marcus")), {}, []),
    "the customer's record under another id": (after(customer=replace(MARK, id=9)), {}, []),
    "one's own reply": (after(thread(2, by=ANA)), {2: ""}, []),
    "one's own reply that set pending": (after(thread(2, by=ANA), status=PENDING), {2: "pending"}, []),
    "two of one's own": (
        after(thread(2, by=ANA), thread(3, by=ANA), status=CLOSED),
        {2: "pending", 3: "closed"},
        [],
    ),
    "two of one's own, the last without a status": (
        after(thread(2, by=ANA), thread(3, by=ANA), status=PENDING),
        {2: "pending", 3: ""},
        [],
    ),
    "one's own reply and a note between": (
        after(thread(2, "note"), thread(3, by=ANA), thread(4, "note"), status=PENDING),
        {3: "pending"},
        [],
    ),
    "one's own note from here": (after(thread(2, "note", ANA)), {2: ""}, []),
    "an old mail shown once more": (after(replace(FIRST, body="other")), {}, []),
    # Who would get it.
    "another customer": (after(customer=EVE), {}, [belongs("eve@example.org")]),
    "another address of the same": (
        after(customer=customer("m@example.org")),
        {},
        [belongs("m@example.org")],
    ),
    "a customer without an address": (after(customer=customer("")), {}, [belongs("nobody with an address")]),
    "no customer": (after(customer=None), {}, [belongs("nobody with an address")]),
    "an address that only looks alike": (
        after(customer=customer("mark@examp1e.org")),
        {},
        [belongs("mark@examp1e.org")],
    ),
    "an address with a blank": (
        after(customer=customer("mark@example.org ")),
        {},
        [belongs("mark@example.org ")],
    ),
    # What was said.
    "a newer mail": (after(mail(2)), {}, [AGAIN]),
    "two newer mails": (after(mail(2), mail(3)), {}, ["The customer wrote 2 times again."]),
    "a newer mail by somebody else in Cc": (after(thread(2, "customer", EVE)), {}, [AGAIN]),
    "a newer mail of nobody known": (after(thread(2, "customer", None)), {}, [AGAIN]),
    "a newer mail between notes": (after(thread(2, "note"), mail(3), thread(4, "note")), {}, [AGAIN]),
    "an answer": (after(thread(2)), {}, [BEN_DID]),
    "two answers of one": (after(thread(2), thread(3)), {}, [BEN_DID]),
    "answers of two": (
        after(thread(2), thread(3, by=replace(BEN, id=9, first="Cy"))),
        {},
        [
            BEN_DID,
            "Cy Brandt answered meanwhile.",
        ],
    ),
    "one's own answer on the web": (after(thread(2, by=ANA)), {}, [YOU_DID]),
    "one's own answer there beside one from here": (
        after(thread(2, by=ANA), thread(3, by=ANA)),
        {2: ""},
        [YOU_DID],
    ),
    "an answer of nobody known": (after(thread(2, by=None)), {}, ["Somebody answered meanwhile."]),
    "an answer and a mail": (after(thread(2), mail(3)), {}, [AGAIN, BEN_DID]),
    "a mail after one's own reply": (
        after(thread(2, by=ANA), mail(3), status=Status.ACTIVE),
        {2: "pending"},
        [AGAIN, status("active")],
    ),
    # What is done with it.
    "closed": (after(line(2, "status-changed"), status=CLOSED), {}, [status("closed")]),
    "pending": (after(status=PENDING), {}, [status("pending")]),
    "spam": (after(status=SPAM), {}, [status("spam")]),
    "closed after one's own reply": (
        after(thread(2, by=ANA), status=CLOSED),
        {2: "pending"},
        [status("closed")],
    ),
    "reopened after one's own reply": (
        after(thread(2, by=ANA)),
        {2: "pending"},
        [status("active")],
    ),
    "closed, one's own reply being an older one": (after(status=CLOSED), {1: "closed"}, [status("closed")]),
    "moved": (after(line(2, "moved-from-mailbox"), mailbox_id=2), {}, [MOVED]),
    "deleted": (after(state="deleted"), {}, [DELETED]),
    "a draft again": (after(state="draft"), {}, [DELETED]),
    "merged": (after(line(2, "merged")), {}, [MERGED]),
    "merged, with a newer mail": (after(mail(2), line(3, "merged")), {}, [MERGED, AGAIN]),
    "merged, with an older mail": (
        replace(after(line(9, "merged")), threads=(EARLIER, FIRST, line(9, "merged"))),
        {},
        [MERGED],
    ),
    "all at once": (
        after(
            mail(2), thread(3), line(4, "merged"), state="deleted", customer=EVE, mailbox_id=2, status=SPAM
        ),
        {},
        [DELETED, belongs("eve@example.org"), MOVED, MERGED, AGAIN, BEN_DID, status("spam")],
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_stops_a_reply(name: str) -> None:
    truth, own, said = ROWS[name]
    assert changes(Seen.of(sample_conversation()), truth, ANA.id, own) == said


@pytest.mark.parametrize("name", ROWS)
def test_what_was_seen_once_does_not_stop_it_again(name: str) -> None:
    truth, own, _ = ROWS[name]
    said = changes(Seen.of(truth), truth, ANA.id, own)
    assert said == ([] if truth.published else [DELETED])


@pytest.mark.parametrize("name", ROWS)
def test_what_was_seen_is_kept_as_it_was(name: str) -> None:
    seen = Seen.of(ROWS[name][0])
    assert Seen.load(seen.dump()) == seen


LATER = NOW.replace(hour=13)
FRESH = replace(thread(2), created_at=LATER)
"""A reply that was begun before the newest mail, and sent after it: it keeps its id."""

DRAFTS: dict[str, tuple[tuple[Thread, ...], Thread, dict[int, str], list[str]]] = {
    "a colleague's": ((mail(3),), FRESH, {}, [BEN_DID]),
    "one's own on the web": ((mail(3),), replace(FRESH, created_by=ANA), {}, [YOU_DID]),
    "one's own from here": ((mail(3),), replace(FRESH, created_by=ANA), {2: ""}, []),
    "a note": ((mail(3),), replace(FRESH, type="note"), {}, []),
    "before many mails": (tuple(mail(number) for number in range(3, 90)), FRESH, {}, [BEN_DID]),
    "within the same second": ((replace(mail(3), created_at=LATER),), FRESH, {}, [BEN_DID]),
}


@pytest.mark.parametrize("name", DRAFTS)
def test_a_draft_that_is_sent_late_is_new_though_its_id_is_old(name: str) -> None:
    between, sent, own, said = DRAFTS[name]
    seen = Seen.of(after(replace(sent, state="draft", created_at=NOW.replace(hour=10)), *between))
    assert changes(seen, after(*between), ANA.id, {}) == []
    truth = after(*between, sent)
    assert changes(seen, truth, ANA.id, own) == said
    assert changes(Seen.of(truth), truth, ANA.id, {}) == []


def test_nothing_kept_is_nothing_seen() -> None:
    assert Seen.load("") is None
    assert Seen.of(sample_conversation(threads=())).known == ()


def test_an_address_is_told_from_another_by_its_letters_alone() -> None:
    assert address(sample_conversation(customer=customer("Straße@Example.org"))) == "strasse@example.org"
    assert address(sample_conversation(customer=None)) == ""


# Found again


REPLY = Reply(
    intent="V1",
    conversation=5,
    number=412,
    kind="message",
    text="Turn it off.",
    html="<p>Turn it <b>off</b>.</p>",
    user=ANA.id,
    slack_user="U1",
    channel="C1",
    thread_ts="",
    after_thread=1,
)
MINE = thread(7, by=ANA, body="<p>Turn it <b>off</b>.</p>")

SOUGHT: dict[str, tuple[Thread, bool]] = {
    "itself": (MINE, True),
    "as FreeScout writes HTML": (replace(MINE, body="<div>Turn   it\n<strong>off</strong>.<br></div>"), True),
    "with an entity": (replace(MINE, body="Turn&nbsp;it off."), True),
    "by a colleague": (replace(MINE, created_by=BEN), False),
    "by nobody known": (replace(MINE, created_by=None), False),
    "a note of the same words": (replace(MINE, type="note"), False),
    "a mail of the customer's with the same words": (replace(MINE, type="customer"), False),
    "other words": (replace(MINE, body="<p>Turn it on.</p>"), False),
    "more words": (replace(MINE, body="<p>Turn it off. Bye.</p>"), False),
    "no words": (replace(MINE, body=""), False),
    "from before it was begun": (replace(MINE, id=1), False),
    "of another reply from here": (replace(MINE, id=6), False),
    "a draft of the same words, typed on the web": (replace(MINE, state="draft"), False),
}


@pytest.mark.parametrize("name", SOUGHT)
def test_a_reply_is_found_by_who_wrote_it_its_words_and_its_time(name: str) -> None:
    one, found = SOUGHT[name]
    truth = sample_conversation(threads=(FIRST, one))
    assert standing(REPLY, truth, {6}) == (one if found else None)


def test_the_first_of_two_alike_is_the_one() -> None:
    truth = sample_conversation(threads=(FIRST, MINE, replace(MINE, id=8)))
    assert standing(REPLY, truth, set()) == MINE
    assert standing(REPLY, truth, {7}) == replace(MINE, id=8)


def test_one_without_html_is_found_by_its_text() -> None:
    plain = replace(REPLY, html="", text="a < b & c\n:smile:")
    body = "a &lt; b &amp; c<br>:smile:"
    truth = sample_conversation(threads=(FIRST, replace(MINE, body=body)))
    assert standing(plain, truth, set()) is not None


def test_what_lies_beyond_the_remembered_ones_is_not_new() -> None:
    def at(one: Thread, minute: int) -> Thread:
        return replace(one, created_at=NOW + timedelta(minutes=minute))

    imported = after(*(thread(number) for number in range(2, 60)))  # all of one second
    assert changes(Seen.of(imported), imported, ANA.id, {}) == []
    for count in range(36, 42):  # 39: the late draft is the oldest that is remembered
        notes = (at(thread(number, "note"), number) for number in range(6, 6 + count))
        long = after(at(thread(2, by=ANA), 5), at(thread(3), 4), *notes)
        assert changes(Seen.of(long), long, ANA.id, {}) == []
