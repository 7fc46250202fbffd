"""What is typed: nothing of it reaches FreeScout, unless a route wants notes from the threads of its cards."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.__main__ import _check
from bot.bridgefile import read_file
from bot.channels import Channels
from bot.routing import Route
from bot.slack import MESSAGES
from bot.store import Store
from bot.threadnotes import ThreadNotes
from sandbox.slack import Message, Person, payloads
from tests.conftest import House


def writes_of(house: House) -> list[Any]:
    """What was written to FreeScout through its API."""
    return [one.body for one in house.freescout.requests if one.method != "GET"]


async def hears(house: House, **inner: Any) -> None:
    """Let Slack send an event."""
    await house.slack.delivery.event(payloads.event(house.slack.workspace, inner))


@pytest.fixture
async def noting(empty_house: House) -> AsyncIterator[House]:
    """A house whose route to #support wants notes."""
    await empty_house.start(routes=(Route("Support", "support", notes=True), Route("Sales", "sales")))
    yield empty_house


async def says(house: House, person: Person, words: str, card: Message, **more: Any) -> Message:
    said = await person.types(words, thread=card, channel=card.channel, **more)
    assert said
    return said


# By default


TYPED = [
    "hello",
    "reply 412 hello",
    "/freescout reply 412 hello",
    "freescout reply 412 hello",
    "@FreeScout reply 412 hello",
    "@FreeScout note 412 hello",
    "note: the fuse is gone",
    "412 hello",
    "#412",
    "close",
    "!close",
    ".reply hello",
    "> quoted",
    "```reply 412```",
    "https://help.example.org/conversation/1 reply hello",
    "@Ben Brandt please answer",
]
COMMANDS = [
    "repl 412 hello",
    "replyy 412 hello",
    "412 hello",
    "#412 hello",
    "hello",
    "re: 412 hello",
    "send 412 hello",
    "answer 412 hello",
    "Reply412 hello",
    "reply",
    "reply hello",
    "note hello",
    "note",
    "notee 412 hello",
    "close",
    "close 412 413",
    "closed 412",
    "delete 412",
    "assign",
    "assign 412",
    "assign 412 nobody-at-all",
    "@Ben Brandt hello",
    "<!channel> hello",
    "--help",
    "note.message 412",
    "reply 412",
    "reply 412 hello",
]


async def test_nothing_typed_reaches_freescout(house: House) -> None:
    """In a channel, in a card's thread, to the bot itself; nor what is done to it afterwards."""
    card = await house.writes()
    await house.until(lambda: house.thread(card))
    await house.quiet()
    asked = len(house.freescout.requests)
    direct = house.slack.workspace.direct(house.ana.id)
    for words in TYPED:
        if not words.startswith("/"):
            await house.ana.types(words)
            await house.ana.types(words, channel=direct.id)
        said = await house.ana.types(words, thread=card)
        if said:
            await house.ana.edits(said, f"{words} indeed")
            await house.ana.deletes(said)
    await house.quiet()
    assert writes_of(house) == []
    assert len(house.freescout.requests) == asked, "nor is FreeScout asked about any of it"
    assert house.slack.ephemerals(house.ana) == []


@pytest.mark.parametrize("words", COMMANDS)
async def test_no_unknown_or_unfinished_command_writes_anything(house: House, words: str) -> None:
    await house.writes()
    await house.ana.types(f"/freescout {words}")
    await house.until(lambda: house.ana.modal or house.slack.ephemerals(house.ana))
    await house.quiet()
    assert writes_of(house) == []
    assert house.freescout.outbox == []


async def test_no_event_of_another_kind_writes_anything(house: House) -> None:
    card = await house.writes()
    item = {"type": "message", "channel": card.channel, "ts": card.ts}
    here = {"user": house.ana.id, "channel": card.channel}
    for kind in ("reaction_added", "reaction_removed"):
        await hears(house, type=kind, user=house.ana.id, reaction="white_check_mark", item=item)
    await hears(house, type="app_mention", text="reply 412 hello", ts="1.1", thread_ts=card.ts, **here)
    await hears(house, type="link_shared", links=[], message_ts="1.1", **here)
    await hears(house, type="file_shared", file_id="F1", user_id=house.ana.id, channel_id=card.channel)
    await hears(house, type="star_added", item=item, **here)
    await house.quiet()
    assert writes_of(house) == []


async def test_slack_is_answered_though_nothing_listens(house: House) -> None:
    await house.ana.types("hello")
    assert house.ana.last_answer.ok


# Where a route wants notes


async def test_what_is_typed_in_the_thread_is_a_note_and_stands_there_once(noting: House) -> None:
    card = await noting.writes(cc=["boss@example.org"])
    assert "What is said in this thread becomes an internal note" in card.all_text
    said = await says(noting, noting.ben, "The *fuse* is gone, ask @Ana Alves", card)
    await noting.until(lambda: "Ben Brandt saved that as a note" in noting.said(card))
    await noting.until(lambda: "Your note on #412 is saved." in noting.told(noting.ben))
    await noting.quiet()
    [body] = writes_of(noting)
    assert (body["type"], body["user"], body["cc"]) == ("note", noting.ben_id, ["boss@example.org"])
    assert body["text"] == "<p>The <strong>fuse</strong> is gone, ask @Ana Alves</p>"
    assert [one.ts for one in noting.thread(card) if "fuse" in one.all_text] == [said.ts]
    assert noting.freescout.outbox == []


async def test_another_channel_shows_the_whole_note(noting: House) -> None:
    await noting.stop()
    await noting.start(routes=(Route("Support", "support", notes=True), Route("Support", "sales")))
    card = await noting.writes()
    other = await noting.until(lambda: noting.cards("sales") and noting.cards("sales")[0])
    assert "becomes an internal note" not in other.all_text
    await says(noting, noting.ana, "The fuse is gone", card)
    await noting.until(lambda: "The fuse is gone" in noting.said(other))
    await noting.until(lambda: "saved that as a note" in noting.said(card))
    before = len(writes_of(noting))
    await says(noting, noting.ana, "Said in the other one", other)
    await noting.quiet()
    assert len(writes_of(noting)) == before


async def test_an_event_that_slack_sends_again_is_one_note(noting: House) -> None:
    card = await noting.writes()
    said = await says(noting, noting.ana, "once", card)
    inner = payloads.said(noting.slack.workspace, said)
    again = payloads.event(noting.slack.workspace, inner)
    for sent in (again, again, payloads.event(noting.slack.workspace, inner)):
        assert (await noting.slack.delivery.event(sent)).ok
    await noting.until(lambda: "saved that as a note" in noting.said(card))
    await noting.quiet()
    assert len(writes_of(noting)) == 1


async def test_it_is_on_disk_before_slack_is_answered(noting: House) -> None:
    """What was cut off before that, Slack sends again."""
    card = await noting.writes()
    said = await says(noting, noting.ana, "kept", card)
    with closing(sqlite3.connect(noting.settings.database_path)) as database:
        intents = database.execute("select intent from outbox").fetchall()
    assert intents == [(f"message:{card.channel}:{said.ts}",)]


async def test_a_bridge_that_breaks_on_the_way_has_slack_send_it_again(
    noting: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await noting.writes()
    noting.expects_errors = True
    seen = Store.event_seen
    failures = iter([True])

    async def fails(store: Store, name: str) -> bool:
        if next(failures, False):
            raise OSError("disk full")
        return await seen(store, name)

    monkeypatch.setattr(Store, "event_seen", fails)
    await says(noting, noting.ana, "kept", card)
    await noting.until(lambda: "saved that as a note" in noting.said(card))
    assert len(writes_of(noting)) == 1


async def test_notes_keep_their_order(noting: House) -> None:
    card = await noting.writes()
    for word in ("one", "two", "three", "four"):
        await says(noting, noting.ana, word, card)
    await noting.until(lambda: len(writes_of(noting)) == 4)
    assert [body["text"] for body in writes_of(noting)] == [
        f"<p>{word}</p>" for word in ("one", "two", "three", "four")
    ]


async def test_files_go_along_and_do_not_come_back(noting: House) -> None:
    card = await noting.writes()
    photo = noting.slack.add_file(noting.ana, "photo.png", b"\x89PNG 1")
    plan = noting.slack.add_file(noting.ana, "plan.gdoc", b"x")
    plan.mode = "external"
    await says(noting, noting.ana, "see this", card, files=[photo, plan])
    await says(noting, noting.ana, "", card, files=[photo])
    await noting.until(lambda: len(writes_of(noting)) == 2)
    first, second = writes_of(noting)
    assert first["text"] == "<p>see this</p><p>Not attached: plan.gdoc</p>"
    assert second["text"] == "<p>photo.png</p>"
    assert [[one["fileName"] for one in body["attachments"]] for body in (first, second)] == [
        ["photo.png"]
    ] * 2
    await noting.until(lambda: noting.said(card).count("saved that as a note") == 2)
    await noting.quiet()
    assert [one.user for one in noting.thread(card) if one.files] == [noting.ana.id] * 2


@pytest.mark.parametrize(
    "words", ["/freescout reply 412 hello", " /reply hello", "/close", "/Freescout", "/ñ"]
)
async def test_what_was_meant_as_a_command_becomes_nothing_and_its_writer_is_told(
    noting: House, words: str
) -> None:
    card = await noting.writes()
    slack = noting.slack.workspace
    said = slack.post(Message(card.channel, slack.next_ts(), noting.ana.id, words, thread_ts=card.ts))
    await hears(noting, **payloads.said(slack, said))
    await noting.until(lambda: "did not become a note. It begins like a command" in noting.told(noting.ana))
    await noting.quiet()
    assert writes_of(noting) == []


async def test_slashes_within_a_text_are_no_command(noting: House) -> None:
    card = await noting.writes()
    for words in ("and/or", "/ is full", "1/2 done", "see /var/log"):
        await says(noting, noting.ana, words, card)
    await noting.until(lambda: len(writes_of(noting)) == 4)


async def test_only_plain_messages_of_people_in_the_thread_of_a_card_are_notes(noting: House) -> None:
    card = await noting.writes()
    await noting.until(lambda: noting.thread(card))
    slack, ana = noting.slack.workspace, noting.ana.id
    talk = await noting.ana.types("something else")
    assert talk
    await noting.ben.types("yes", thread=talk)
    await noting.ana.types("at the top")
    await noting.ana.types("to the bot", channel=slack.direct(ana).id)
    plain = {
        "type": "message",
        "channel": card.channel,
        "user": ana,
        "text": "no note",
        "thread_ts": card.ts,
        "channel_type": "channel",
    }
    for number, change in enumerate(
        [
            {"subtype": "bot_message", "bot_id": "B1"},
            {"bot_id": "B1"},
            {"subtype": "channel_join"},
            {"subtype": "reminder_add"},
            {"subtype": "message_replied"},
            {"subtype": "me_message"},
            {"subtype": "a_word_of_next_year"},
            {"user": "USLACKBOT"},
            {"user": None},
            {"thread_ts": None},
            {"thread_ts": f"1{card.ts}"},
            {"channel": slack.channel("sales").id},
            {"channel": "C0NOBODY"},
        ]
    ):
        await hears(noting, **{**plain, "ts": f"17000000{number:02}.000100", **change})
    await noting.quiet()
    assert writes_of(noting) == []
    assert noting.slack.ephemerals(noting.ana) == []
    broadcast = {
        **plain,
        "ts": "1700000099.000100",
        "subtype": "thread_broadcast",
        "text": "also in the channel",
    }
    await hears(noting, **broadcast)
    await noting.until(lambda: [body["text"] for body in writes_of(noting)] == ["<p>also in the channel</p>"])


async def test_a_digest_and_the_threads_of_other_routes_are_no_place_for_notes(noting: House) -> None:
    await noting.stop()
    await noting.start(routes=(Route("Support", "support", notes=True), Route("Sales", "support")))
    noting.freescout.customer_writes("z@example.org", "Lamps", "twelve", mailbox=noting.sales)
    lamps = await noting.until(lambda: next((c for c in noting.cards() if "Lamps" in c.all_text), None))
    assert "becomes an internal note" not in lamps.all_text
    await says(noting, noting.ana, "hello", lamps)
    nobody = noting.slack.add_person("Nora New", "nora@example.org")
    await says(noting, nobody, "hello", lamps)
    await noting.quiet()
    assert writes_of(noting) == []
    assert noting.slack.ephemerals(nobody) == []


async def test_who_may_not_is_told_alone_and_why(noting: House) -> None:
    card = await noting.writes()
    slack = noting.slack
    noting.may_complain = "others_read_along"  # and that may be noticed
    guest = slack.add_person("Gus Guest", "gus@example.org", guest=True)
    stranger = slack.add_person("Stan Stranger", "stan@other.example", team="T0OTHER")
    nobody = slack.add_person("Nora New", "nora@example.org")
    noting.freescout.add_user("Sam", "Sales", "sam@example.org", mailboxes=[noting.sales])
    sam = slack.add_person("Sam Sales", "sam@example.org")
    for person, words in [
        (guest, "Guests of this workspace cannot act"),
        (stranger, "People of other workspaces cannot act"),
        (nobody, "FreeScout has no user with your Slack address"),
        (sam, "FreeScout does not let you see this conversation's mailbox"),
    ]:
        slack.channel("support").members.append(person.id)
        said = slack.workspace.post(
            Message(card.channel, slack.workspace.next_ts(), person.id, "hello", thread_ts=card.ts)
        )
        await hears(noting, **payloads.said(slack.workspace, said))
        await noting.until(lambda person=person, words=words: words in noting.told(person))
        assert noting.told(person).startswith("That did not become a note. ")
    assert "Link My Account" in noting.told(nobody)
    assert writes_of(noting) == []


async def test_a_conversation_that_moved_away_or_was_deleted_takes_no_notes(noting: House) -> None:
    card = await noting.writes()
    noting.freescout.agent_moves(1, noting.ana_id, noting.sales)
    await noting.until(lambda: "Moved to Sales" in card.all_text)
    assert "becomes an internal note" not in card.all_text
    await says(noting, noting.ana, "hello", card)
    await noting.until(lambda: "moved to a mailbox that is not shown" in noting.told(noting.ana))
    noting.freescout.agent_moves(1, noting.ana_id, noting.support)
    noting.freescout.agent_deletes(1)
    await says(noting, noting.ana, "hello", card)
    await noting.until(lambda: "was deleted in FreeScout" in noting.told(noting.ana))
    noting.freescout.agent_deletes_forever(1)
    await says(noting, noting.ana, "hello", card)
    await noting.until(lambda: "for good" in noting.told(noting.ana))
    assert writes_of(noting) == []


async def test_a_freescout_that_does_not_answer_is_told(noting: House) -> None:
    card = await noting.writes()
    noting.freescout.faults.api("GET /api/conversations/*", status=503, times=None)
    await says(noting, noting.ana, "hello", card)
    await noting.until(lambda: noting.told(noting.ana).startswith("That did not become a note. "))
    noting.freescout.faults.clear()


async def test_who_edits_or_deletes_it_is_told_that_the_note_stays(noting: House) -> None:
    card = await noting.writes()
    said = await says(noting, noting.ana, "The fuse is gone", card)
    await noting.until(lambda: "saved that as a note" in noting.said(card))
    await noting.ana.edits(said, "The fuse is gone")
    await noting.ana.edits(said, "The fuse is fine")
    await noting.until(lambda: "You edited a message that became a note on #412" in noting.told(noting.ana))
    await noting.ana.deletes(said)
    await noting.until(lambda: "You deleted a message that became a note on #412" in noting.told(noting.ana))
    await noting.quiet()
    assert len(writes_of(noting)) == 1
    assert len([one for one in noting.slack.ephemerals(noting.ana) if "stays as it was" in one.all_text]) == 2


async def test_a_note_is_all_it_can_be(noting: House) -> None:
    """No form of a message, and no state of its thread, makes a reply of it."""
    card = await noting.writes()
    for words in (
        "reply: dear Mark",
        "REPLY",
        "@FreeScout reply dear Mark",
        "To: mark@example.org\n\nDear Mark",
    ):
        await says(noting, noting.ana, words, card)
    await noting.until(lambda: len(writes_of(noting)) == 4)
    assert {body["type"] for body in writes_of(noting)} == {"note"}
    assert noting.freescout.outbox == []


async def test_a_route_that_opts_in_later_redraws_its_cards(house: House) -> None:
    card = await house.writes()
    assert "becomes an internal note" not in card.all_text
    await house.stop()
    await house.start(routes=tuple(replace(one, notes=True) for one in house.settings.routes))
    house.freescout.workflow_sends(1, "convo.status")
    await house.until(lambda: "becomes an internal note" in card.all_text)


# The file and the command line


@pytest.mark.parametrize(
    ("written", "taken"), [("", False), ("notes = false", False), ("notes = true", True)]
)
def test_a_route_opts_in_by_one_word(written: str, taken: bool) -> None:
    problems: list[str] = []
    text = f'[[routes]]\nmailbox = "a"\nchannel = "b"\n{written}\n'
    assert [route.notes for route in read_file("bridge.toml", lambda _: text, problems).routes] == [taken]
    assert problems == []


@pytest.mark.parametrize("written", ['notes = "true"', "notes = 1", 'notes = "replies"', "replies = true"])
def test_what_is_no_such_word_is_a_problem_and_opts_in_nowhere(written: str) -> None:
    problems: list[str] = []
    text = f'[[routes]]\nmailbox = "a"\nchannel = "b"\n{written}\n'
    assert not any(route.notes for route in read_file("bridge.toml", lambda _: text, problems).routes)
    assert len(problems) == 1


async def test_check_reminds_of_the_events(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    _check(house.settings)
    assert "message.channels" not in capsys.readouterr().out
    _check(replace(house.settings, routes=(Route("Support", "support", notes=True),)))
    said = capsys.readouterr().out
    assert "#support" in said
    assert all(name in said for name in MESSAGES)


async def test_nothing_typed_is_listened_to_unless_a_route_wants_it(house: House) -> None:
    desk: Any = SimpleNamespace(settings=house.settings)
    assert not ThreadNotes(desk, Channels(AsyncWebClient())).wanted
    desk.settings = replace(house.settings, routes=(Route("Support", "support", notes=True),))
    assert ThreadNotes(desk, Channels(AsyncWebClient())).wanted
