"""The dialog in which an answer is written: who gets it, who does not and why, and what it carries along."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.dialog import BCC, CC, Before, Kind, Scene, addresses, anew, copies, dialog
from bot.model import Attachment, Conversation, Mailbox, Person, Thread, User
from bot.store import Reply, Writing
from bot.surfaces import FieldError, View
from tests.blockcheck import problems_in_view
from tests.samples import ANA, MARK, NOW, SUPPORT, sample_conversation

USER = User(7, "Ana", "Alves", "ana@example.org")
HOSTILE = "<!channel> <https://evil.example|bank> *_`~ \u202egpj.exe\u0000\n\n:tada: "
WHERE = ("C0123456789", "1767225600.000100")


def scene(conversation: Conversation | None = None, **more: Any) -> Scene:
    return Scene(conversation or sample_conversation(), more.pop("mailbox", SUPPORT), **more)


def asked(**changes: Any) -> Conversation:
    """A conversation whose customer's mail is as told."""
    first = sample_conversation().threads[0]
    there = {name: changes.pop(name) for name in ("to", "body") if name in changes}
    mail_cc = changes.pop("mail_cc", ())
    return sample_conversation(threads=(replace(first, cc=mail_cc, **there),), **changes)


def made(one: Scene, kind: Kind = "message", before: Before | None = None) -> View:
    return dialog(kind, one, USER, before or Before(), WHERE)


def shown(view: View) -> str:
    return json.dumps(view["blocks"], ensure_ascii=False)


def field(view: View, name: str) -> str:
    """What stands in a field as it opens."""
    found = next(block for block in view["blocks"] if block.get("block_id") == name)
    return str(found["element"].get("initial_value", ""))


def writing(name: str, kind: str = "message") -> Writing:
    return Writing("V1", 5, "U2", kind, name, "{}", "", NOW.timestamp())


def held(name: str) -> Reply:
    return Reply("V9", 5, 412, "message", "Text", 8, "U2", "C1", "", name=name, id=4)


# Who gets it


def test_it_says_who_gets_it_from_where_and_as_whom() -> None:
    words = shown(made(scene()))
    for each in (
        "#412 Printer on fire",
        "To Mark Moore · mark@example.org",
        "From Support, as Ana Alves",
        "It burns.",
    ):
        assert each in words


def test_a_customer_without_a_name_is_named_once() -> None:
    bare = replace(MARK, first="", last="")
    assert "To mark@example.org" in shown(made(scene(sample_conversation(customer=bare))))
    assert "mark@example.org · mark" not in shown(made(scene(sample_conversation(customer=bare))))


@pytest.mark.parametrize(
    ("cc", "kept"),
    [
        ((), ()),
        (("boss@example.org",), ("boss@example.org",)),
        (("support@example.org", "boss@example.org"), ("boss@example.org",)),
        (("SUPPORT@example.org",), ()),
        (("Mark@Example.org", "b@example.org"), ("b@example.org",)),
    ],
)
def test_copies_go_to_freescouts_own_list_without_the_mailbox_and_the_customer(
    cc: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    one = scene(sample_conversation(cc=cc))
    assert copies(one) == kept
    assert field(made(one), CC) == ", ".join(kept)


def test_the_mailbox_in_cc_is_left_out_and_that_is_said() -> None:
    view = made(scene(sample_conversation(cc=("Support@example.org",))))
    assert "support@example.org is left out of Cc: it is this mailbox itself." in shown(view)
    assert "left out" not in shown(made(scene()))


def test_who_was_in_the_customers_mail_and_gets_nothing_is_named() -> None:
    one = asked(
        to=("support@example.org", "other@example.org"),
        mail_cc=("boss@example.org", "kept@example.org", "Mark@example.org", "other@example.org"),
        cc=("kept@example.org",),
    )
    words = shown(made(scene(one)))
    assert "Not sent to other@example.org, boss@example.org, who were in the customer's mail" in words


def test_the_newest_mail_counts_for_that() -> None:
    first = sample_conversation().threads[0]
    threads = (replace(first, cc=("old@example.org",)), replace(first, id=2, cc=("new@example.org",)))
    words = shown(made(scene(sample_conversation(threads=threads))))
    assert "new@example.org" in words
    assert "old@example.org" not in words


def test_that_a_reply_always_goes_to_the_customer_is_said() -> None:
    assert "a reply always goes to the customer" in shown(made(scene()))
    assert "a reply always goes to the customer" not in shown(made(scene(), "note"))


def test_bcc_is_freescouts_and_what_was_written_before_goes_before() -> None:
    one = scene(sample_conversation(cc=("a@example.org",), bcc=("b@example.org",)))
    assert (field(made(one), CC), field(made(one), BCC)) == ("a@example.org", "b@example.org")
    before = Before(cc=(), bcc=("c@example.org",))
    assert (field(made(one, before=before), CC), field(made(one, before=before), BCC)) == (
        "",
        "c@example.org",
    )


def test_a_note_says_that_it_is_internal_and_has_no_recipients() -> None:
    view = made(scene(sample_conversation(cc=("a@example.org",))), "note")
    assert "Internal: the customer does not see it. As Ana Alves" in shown(view)
    assert {block.get("block_id") for block in view["blocks"]}.isdisjoint({CC, BCC, "status"})


def test_more_copies_than_the_field_takes_are_whole_addresses_and_the_rest_is_named() -> None:
    many = tuple(f"somebody.with.a.long.name.{number}@department.example.org" for number in range(200))
    view = made(scene(sample_conversation(cc=many)))
    kept = field(view, CC).split(", ")
    assert 40 < len(kept) < 200
    assert kept == list(many[: len(kept)])
    assert f"{200 - len(kept)} addresses do not fit into Cc" in shown(view)


# Addresses


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", ()),
        ("  \n ", ()),
        ("a@example.org", ("a@example.org",)),
        ("a@example.org, b@example.org;c@example.org d@example.org", ("a", "b", "c", "d")),
        ("a@example.org a@example.org", ("a@example.org",)),
        ("o'hara+tag@sub.example.co.uk", ("o'hara+tag@sub.example.co.uk",)),
        ("ä@exämple.org", ("ä@exämple.org",)),
        (",,a@example.org,,", ("a@example.org",)),
    ],
)
def test_addresses_are_read_each_once(words: str, found: tuple[str, ...]) -> None:
    wanted = tuple(one if "@" in one else f"{one}@example.org" for one in found)
    assert addresses(words, CC, "support@example.org") == wanted


@pytest.mark.parametrize(
    "words",
    [
        "boss",
        "boss@",
        "@example.org",
        "boss@example",
        "boss@example.o",
        "boss@@example.org",
        "Boss <boss@example.org>",
        '"boss"@example.org',
        "boss@exam(ple).org",
        "boss@.example.org",
        "boss@example..org",
        "a@example.org, nonsense",
        "x" * 65 + "@example.org",
        "mailto:",
        "<!channel>",
    ],
)
def test_what_is_no_address_is_refused_at_its_field(words: str) -> None:
    with pytest.raises(FieldError, match="No e-mail address") as caught:
        addresses(words, BCC, "support@example.org")
    assert list(caught.value.fields) == [BCC]


@pytest.mark.parametrize("words", ["support@example.org", "a@example.org SUPPORT@Example.org"])
def test_the_mailbox_itself_is_refused_at_its_field(words: str) -> None:
    with pytest.raises(FieldError, match="this mailbox itself") as caught:
        addresses(words, CC, "support@example.org")
    assert list(caught.value.fields) == [CC]


def test_thousands_of_bad_addresses_are_refused_at_once() -> None:
    with pytest.raises(FieldError) as caught:
        addresses("a." * 1400 + "@", CC, "")
    assert len(str(caught.value)) < 400


# What was said


def test_it_shows_the_newest_message_and_who_answered_it() -> None:
    first = sample_conversation().threads[0]
    ben = Person(8, "user", "Ben", "Brandt")
    answer = Thread(3, "message", "published", NOW, created_by=ben, body="On it.")
    threads = (first, replace(first, id=2, body="<p>Still burns.</p>"), answer)
    words = shown(made(scene(sample_conversation(threads=threads))))
    assert "Still burns." in words
    assert "It burns." not in words
    assert "Ben Brandt has answered this already" in words
    unanswered = shown(made(scene(sample_conversation(threads=threads[:2]))))
    assert "answered this already" not in unanswered


def test_a_draft_is_no_answer() -> None:
    draft = Thread(3, "message", "draft", NOW, created_by=ANA, body="half a")
    threads = (*sample_conversation().threads, draft)
    assert "answered" not in shown(made(scene(sample_conversation(threads=threads))))


def test_a_long_message_is_cut_with_a_sign() -> None:
    view = made(scene(asked(body="<p>" + "word " * 4000 + "</p>")))
    assert "word…" in shown(view)
    assert problems_in_view(view) == []


@pytest.mark.parametrize("body", ["<img src='https://x.example/1'>", ""])
def test_a_message_without_words_is_said_to_have_none(body: str) -> None:
    file = Attachment(1, "a.png")
    one = asked(body=body)
    one = replace(one, threads=(replace(one.threads[0], attachments=(file,)),))
    assert problems_in_view(made(scene(one))) == []


def test_who_else_writes_and_what_is_about_to_go_stand_above() -> None:
    words = shown(made(scene(others=(writing("Ben Brandt"),), held=(held("Cy Cole"),))))
    assert "Ben Brandt is writing a reply since" in words
    assert "Cy Cole's reply is about to go to the customer" in words


# What it carries along


@pytest.mark.parametrize("kind", ["message", "note"])
@pytest.mark.parametrize("long", ["a", "ä", "ß", "\U0001f525", '"', "\\"])
def test_whatever_names_and_addresses_slack_takes_it(kind: Kind, long: str) -> None:
    email = f"{long * 120}@{long * 60}.example"  # FreeScout keeps at most 191 characters
    person = replace(MARK, first=long * 255, last=HOSTILE, email=email)
    many = tuple(f"somebody.with.a.long.name.{number}@department.example.org" for number in range(200))
    one = asked(customer=person, subject=(HOSTILE + long) * 50, cc=many, bcc=many, mail_cc=many, to=(email,))
    mailbox = Mailbox(1, long * 255, email)
    files = " ".join(f"F0{number:09}" for number in range(10))
    user = User(2**31, long * 255, long * 255, email)
    whole = Scene(
        replace(one, id=2**31, number=2**31),
        mailbox,
        tuple(writing(HOSTILE * 5 + long * 80) for _ in range(5)),
        tuple(held(HOSTILE * 5 + long * 80) for _ in range(5)),
    )
    view = dialog(kind, whole, user, Before(files=files, outbox=2**31), WHERE)
    assert problems_in_view(view) == []
    assert len(view["private_metadata"]) <= 3000
    again = anew(view, kind, replace(whole, news=("The customer wrote again.",)))
    assert problems_in_view(again) == []
    assert len(again["private_metadata"]) <= 3000
    assert json.loads(view["private_metadata"])["customer"] == email


def test_many_who_write_at_once_leave_the_dialog_room() -> None:
    crowd = tuple(writing(f"Person {number}") for number in range(120))
    going = tuple(held(f"Person {number}") for number in range(120))
    assert problems_in_view(made(scene(others=crowd, held=going))) == []


def test_anew_shows_what_is_new_and_leaves_the_fields() -> None:
    view = made(scene(), before=Before(cc=("x@example.org",), status="closed"))
    eve = replace(MARK, id=2, email="eve@example.org")
    first = sample_conversation().threads[0]
    later = sample_conversation(customer=eve, threads=(first, replace(first, id=2, body="It works.")))
    again = anew(
        view, "message", scene(later, news=("The customer wrote again.",), others=(writing("Ben Brandt"),))
    )
    assert [one for one in again["blocks"] if one["type"] == "input"] == [
        one for one in view["blocks"] if one["type"] == "input"
    ]
    for words in (
        "It works.",
        "Since you opened this: The customer wrote again.",
        "Ben Brandt is writing",
        "eve@example.org",
    ):
        assert words in shown(again)
    kept = json.loads(again["private_metadata"])
    # Whom it was written to stays: sending it to Eve is asked about first.
    assert (kept["customer"], kept["seen"]["customer"]) == ("mark@example.org", "mark@example.org")
    assert kept["seen"]["known"] == [1, 2]
    assert (kept["channel"], kept["thread"]) == WHERE


def test_a_dialog_is_another_where_what_it_shows_is_another() -> None:
    one = scene()
    first = sample_conversation().threads[0]
    others = [
        scene(sample_conversation(threads=(first, replace(first, id=2)))),
        scene(sample_conversation(customer=replace(MARK, email="eve@example.org"))),
        scene(others=(writing("Ben"),)),
        scene(others=(writing("Ben", "note"),)),
        scene(held=(held("Ben"),)),
    ]
    versions = [one.version, *(other.version for other in others)]
    assert len(set(versions)) == len(versions)
    assert one.version == scene(sample_conversation(subject="Other", tags=("vip",))).version


@pytest.mark.parametrize("status", ["pending", "active", "closed", ""])
def test_what_was_written_before_stands_in_the_fields(status: str) -> None:
    reply = replace(
        held("Ana"), text="a\nb", cc="a@example.org\nb@example.org", status=status, assign=1, files="F1"
    )
    before = Before.of(reply)
    assert (before.cc, before.bcc, before.assign, before.files, before.outbox) == (
        ("a@example.org", "b@example.org"),
        (),
        True,
        "F1",
        4,
    )
    view = made(scene(), before=before)
    assert problems_in_view(view) == []
    words = shown(view)
    assert "Keep the file" in words
    chosen = next(block for block in view["blocks"] if block.get("block_id") == "status")
    assert chosen["element"]["initial_option"]["value"] == (status or "pending")
