"""*Add as Note* and *Reply with This*, on any message, driven as a person does."""

import json
from typing import Any

import pytest

from sandbox.slack import Message, Person, View
from tests.conftest import House

NOTE, REPLY = "note.message", "reply.message"


def writes_of(house: House) -> list[Any]:
    """What was written to FreeScout through its API."""
    return [one.body for one in house.freescout.requests if one.method != "GET"]


async def uses(house: House, person: Person, shortcut: str, message: Message) -> View:
    """A person uses a shortcut; return the modal that opens, filled."""
    before = person.modal
    await person.shortcut(shortcut, on=message)

    def opened() -> View | None:
        modal = person.modal
        return modal if modal and modal is not before and "Loading" not in modal.all_text else None

    view: View = await house.until(opened)
    return view


def says(house: House, person: Person, *elements: dict[str, Any], channel: str = "ops") -> Message:
    """Somebody writes something with its form, as Slack's editor sends it."""
    slack = house.slack.workspace
    text = "".join(str(leaf.get("text", "")) for one in elements for leaf in one["elements"])
    blocks = [{"type": "rich_text", "elements": list(elements)}]
    return slack.post(
        Message(house.slack.channel(channel).id, slack.next_ts(), person.id, text, blocks=blocks)
    )


def line(*leaves: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(leaves)}


@pytest.fixture
def ops(house: House) -> House:
    """A house with a channel that has nothing to do with FreeScout, and without the bridge in it."""
    house.slack.add_channel("ops", bot_is_member=False)
    return house


def field(view: View) -> dict[str, Any]:
    """What stands in the rich-text field."""
    [block] = [one for one in view.blocks if one["block_id"] == "text"]
    return dict(block["element"].get("initial_value") or {})


async def test_a_message_in_a_cards_thread_becomes_a_note_of_its_conversation(house: House) -> None:
    card = await house.writes()
    said = await house.ben.types("The fuse is *gone*, see https://example.org", thread=card)
    assert said
    modal = await uses(house, house.ana, NOTE, said)
    assert "Printer on fire" in modal.all_text
    assert "The fuse is" in modal.all_text
    assert "From Ben Brandt in #support: " in modal.all_text
    assert house.slack.workspace.permalink(said) in modal.all_text
    await house.ana.submits()
    await house.until(lambda: "Your note on #412 is saved." in house.told(house.ana))
    [body] = writes_of(house)
    assert (body["type"], body["user"]) == ("note", house.ana_id)
    assert "<strong>gone</strong>" in body["text"]
    assert "From Ben Brandt in #support: " in body["text"]
    assert house.freescout.outbox == []


async def test_ones_own_message_and_a_reply_say_nothing_of_where_they_come_from(house: House) -> None:
    card = await house.writes()
    own = await house.ana.types("Called them", thread=card)
    assert own
    assert "From" not in str(field(await uses(house, house.ana, NOTE, own)))
    bens = await house.ben.types("We send a new one", thread=card)
    assert bens
    modal = await uses(house, house.ana, REPLY, bens)
    assert "To Mark Moore · mark@example.org" in modal.all_text
    assert "Ben" not in str(field(modal))
    assert writes_of(house) == []
    await house.ana.submits()
    await house.until(lambda: house.freescout.outbox)
    [mail] = house.freescout.outbox
    assert (mail.to, mail.text) == (["mark@example.org"], "We send a new one")


async def test_the_card_itself_and_what_the_bridge_shows_of_a_customer_may_be_taken(house: House) -> None:
    card = await house.writes(body="<p>It <b>burns</b>.</p>")
    await house.until(lambda: house.thread(card))
    modal = await uses(house, house.ana, NOTE, house.thread(card)[0])
    assert "burns" in str(field(modal))
    assert "From FreeScout in #support" in str(field(modal))
    assert "To Mark Moore" in (await uses(house, house.ana, REPLY, card)).all_text


async def test_elsewhere_it_asks_for_the_conversation_first_and_shows_who_gets_it(ops: House) -> None:
    await ops.writes()
    ben = {"type": "user", "user_id": ops.ben.id}
    strong = {"type": "text", "text": "tomorrow", "style": {"bold": True}}
    said = says(
        ops, ops.ben, line({"type": "text", "text": "Ask "}, ben, {"type": "text", "text": ", "}, strong)
    )
    modal = await uses(ops, ops.ana, REPLY, said)
    assert "Which conversation?" in modal.all_text
    assert "mark@example.org" not in modal.all_text
    await ops.ana.submits({"Which conversation?": "#412"})
    assert len(ops.ana.modals) == 1
    shown = ops.ana.modals[0]
    assert "To Mark Moore · mark@example.org" in shown.all_text
    assert field(shown)["elements"] == [line({"type": "text", "text": "Ask @Ben Brandt, "}, strong)]
    assert writes_of(ops) == []
    await ops.ana.submits()
    await ops.until(lambda: writes_of(ops))
    [body] = writes_of(ops)
    assert body["type"] == "message"
    assert "Ask @Ben Brandt, <strong>tomorrow</strong>" in body["text"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("999", "FreeScout has no conversation #999"),
        ("the one with the printer", "Which conversation? Say its number"),
        ("413", "FreeScout does not let you see"),
    ],
)
async def test_a_conversation_that_cannot_be_keeps_the_question_open(
    ops: House, typed: str, words: str
) -> None:
    await ops.writes()
    ops.freescout.customer_writes("z@example.org", "Lamps", "twelve", mailbox=ops.sales)
    await ops.until(lambda: ops.cards("sales"))
    said = says(ops, ops.ana, line({"type": "text", "text": "look at this"}))
    await uses(ops, ops.ben, NOTE, said)
    await ops.ben.submits({"Which conversation?": typed, "Note": "look at that"})
    assert ops.ben.modal
    assert words in ops.ben.modal.all_text
    await ops.ben.submits({"Which conversation?": "412"})
    assert "look at that" in str(field(ops.ben.modal))


async def test_an_address_names_a_conversation_too(ops: House) -> None:
    await ops.writes()
    said = says(ops, ops.ana, line({"type": "text", "text": "look at this"}))
    await uses(ops, ops.ben, NOTE, said)
    await ops.ben.submits({"Which conversation?": ops.settings.conversation_url(1)})
    assert "Printer on fire" in ops.ben.modals[0].all_text
    assert "From Ana Alves in #ops" in str(field(ops.ben.modals[0]))


async def test_a_slow_freescout_leaves_a_loading_view_and_then_the_dialog(ops: House) -> None:
    await ops.writes()
    said = says(ops, ops.ana, line({"type": "text", "text": "look at this"}))
    await uses(ops, ops.ana, NOTE, said)
    ops.freescout.faults.api("GET /api/conversations*", hang=2.0, after=True)
    await ops.ana.submits({"Which conversation?": "412"})
    assert "Loading" in ops.ana.modals[0].all_text
    await ops.until(lambda: "Printer on fire" in ops.ana.modals[0].all_text)
    await ops.ana.submits()
    await ops.until(lambda: writes_of(ops))
    assert "look at this" in writes_of(ops)[0]["text"]


async def test_a_slow_freescout_that_knows_no_such_conversation_asks_again_and_keeps_the_text(
    ops: House,
) -> None:
    await ops.writes()
    said = says(ops, ops.ana, line({"type": "text", "text": "look at this"}))
    await uses(ops, ops.ana, NOTE, said)
    ops.freescout.faults.api("GET /api/conversations*", hang=2.0, after=True)
    await ops.ana.submits({"Which conversation?": "999", "Note": "look at that"})
    assert "Loading" in ops.ana.modals[0].all_text
    await ops.until(lambda: "FreeScout has no conversation #999" in ops.ana.modals[0].all_text)
    modal = ops.ana.modals[0]
    assert "Which conversation?" in modal.all_text
    assert "look at that" in str(field(modal))
    await ops.ana.submits({"Which conversation?": "412"})
    await ops.until(lambda: "Printer on fire" in ops.ana.modals[0].all_text)
    await ops.ana.submits()
    await ops.until(lambda: writes_of(ops))
    assert "look at that" in writes_of(ops)[0]["text"]


async def test_more_files_than_can_go_are_refused_at_their_field(house: House) -> None:
    card = await house.writes()
    held = [house.slack.add_file(house.ben, f"{n}.png", b"\x89PNG 1") for n in range(6)]
    said = house.slack.share(house.ben, held, "support", "see these", thread=card.ts)
    modal = await uses(house, house.ana, NOTE, said)
    more = [house.slack.add_file(house.ana, f"more {n}.png", b"\x89PNG 2") for n in range(5)]
    await house.ana.submits({"Files": more})
    assert modal.errors == {"files": "These are 11 with those kept; at most 10 files can go."}
    await house.ana.submits({"Files": more[:4]})
    await house.until(lambda: writes_of(house))
    assert len(writes_of(house)[0]["attachments"]) == 10


async def test_files_that_slack_holds_go_along_and_the_others_are_named(house: House) -> None:
    card = await house.writes()
    held = house.slack.add_file(house.ben, "photo.png", b"\x89PNG 1")
    away = house.slack.add_file(house.ben, "plan.gdoc", b"x")
    away.mode = "external"
    said = house.slack.share(house.ben, [held, away], "support", "see these", thread=card.ts)
    modal = await uses(house, house.ana, NOTE, said)
    hints = [block["hint"]["text"] for block in modal.blocks if "hint" in block]
    assert hints == ["From the message: photo.png. Slack does not hold plan.gdoc: put a link in the text."]
    await house.ana.submits()
    await house.until(lambda: writes_of(house))
    [body] = writes_of(house)
    assert [one["fileName"] for one in body["attachments"]] == ["photo.png"]


async def test_a_message_that_is_only_a_file_opens_an_empty_field_with_that_file(house: House) -> None:
    card = await house.writes()
    held = house.slack.add_file(house.ana, "photo.png", b"\x89PNG 1")
    modal = await uses(
        house, house.ana, REPLY, house.slack.share(house.ana, [held], "support", thread=card.ts)
    )
    assert field(modal) == {}
    await house.ana.submits({"Reply": "Like this"})
    await house.until(lambda: writes_of(house))
    assert [one["fileName"] for one in writes_of(house)[0]["attachments"]] == ["photo.png"]


async def test_what_there_is_nothing_to_take_of_says_why(house: House) -> None:
    card = await house.writes()
    slack = house.slack.workspace
    where = {"channel": card.channel, "user": house.ben.id, "thread_ts": card.ts}
    empty = slack.post(Message(ts=slack.next_ts(), text="  ", **where))  # type: ignore[arg-type]
    image = {"type": "image", "image_url": "https://example.org/cat.gif", "alt_text": "a cat"}
    cat = slack.post(Message(ts=slack.next_ts(), text="", blocks=[image], **where))  # type: ignore[arg-type]
    away = house.slack.add_file(house.ben, "plan.gdoc", b"x")
    away.mode = "external"
    gone = house.slack.share(house.ben, [away], "support", thread=card.ts)
    long = slack.post(Message(ts=slack.next_ts(), text="é" * 30_000, **where))  # type: ignore[arg-type]
    for message, words in [
        (empty, "That message is empty"),
        (cat, "only a picture"),
        (gone, "Slack does not hold plan.gdoc"),
        (long, "too long"),
    ]:
        await house.ana.shortcut(NOTE, on=message)
        await house.until(lambda words=words: words in house.told(house.ana))
    assert house.ana.modal is None
    assert writes_of(house) == []


async def test_who_is_not_linked_or_may_not_see_it_is_told_and_nothing_is_shown(ops: House) -> None:
    ops.freescout.customer_writes("z@example.org", "Lamps", "twelve", mailbox=ops.sales)
    card = await ops.until(lambda: ops.cards("sales") and ops.cards("sales")[0])
    await ops.ben.shortcut(NOTE, on=card)
    await ops.until(lambda: "does not let you see" in ops.told(ops.ben))
    nobody = ops.slack.add_person("Nora New", "nora@example.org")
    for message in (card, says(ops, ops.ana, line({"type": "text", "text": "look"}))):
        before = len(ops.slack.ephemerals(nobody))
        await nobody.shortcut(REPLY, on=message)
        await ops.until(lambda before=before: len(ops.slack.ephemerals(nobody)) > before)
        assert "Link My Account" in json.dumps(ops.slack.ephemerals(nobody)[-1].blocks)
    assert not ops.ben.modal
    assert not nobody.modal


async def test_a_deleted_conversation_is_refused(house: House) -> None:
    card = await house.writes()
    house.freescout.agent_deletes(1)
    await house.ana.shortcut(NOTE, on=card)
    await house.until(lambda: "was deleted in FreeScout" in house.told(house.ana))
    house.freescout.agent_deletes_forever(1)
    await house.ana.shortcut(NOTE, on=card)
    await house.until(lambda: "deleted from FreeScout for good" in house.told(house.ana))
    assert house.ana.modal is None


async def test_a_private_channel_is_not_named_and_needs_no_link(house: House) -> None:
    await house.writes()
    house.slack.add_channel("secret", private=True, members=[house.ana, house.ben], bot_is_member=False)
    said = says(house, house.ben, line({"type": "text", "text": "psst"}), channel="secret")
    modal = await uses(house, house.ana, NOTE, said)
    assert "From Ben Brandt in a private channel" in str(field(modal))
    assert "secret" not in modal.all_text
