"""Files both ways: from Slack with a reply, and from FreeScout into the card's thread, once each."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import attached, carrier, crashpoints, files
from bot.downloads import TooLarge, download, file_name, same_site
from bot.errors import Ambiguous, Misconfigured, Transient, UserError
from bot.forgetting import forget
from bot.model import Attachment, Conversation, Status, Thread
from bot.plan import CARD, Posted, View, plan
from bot.slackapi import client
from bot.store import Store, schema
from sandbox.slack import Message, SlackFile
from tests.conftest import House
from tests.sandbox import slack_house
from tests.sandbox.slack_house import World
from tests.test_delivery import route
from tests.test_reread import FILE, begun

world = slack_house.world

PDF = b"%PDF-1.7 " + b"x" * 3000
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
HOME = "https://help.example.org"


# From Slack


@pytest.fixture
async def desk(world: World) -> Any:
    """As much of a desk as fetching takes, at a Slack that is served."""
    async with aiohttp.ClientSession() as session:
        web = client(world.slack.bot_token, world.slack.api_url, session)
        settings = SimpleNamespace(slack_bot_token=world.slack.bot_token, slack_api_url=world.slack.api_url)
        yield SimpleNamespace(web=web, settings=settings)


async def test_a_file_comes_with_its_name_its_type_and_its_bytes(world: World, desk: Any) -> None:
    file = world.slack.add_file(world.ana, "offer 1.pdf", PDF)
    assert await files.fetch(desk, file.id) == files.Upload("offer 1.pdf", "application/pdf", PDF)


async def test_a_page_that_somebody_attaches_is_a_file_and_no_login(world: World, desk: Any) -> None:
    file = world.slack.add_file(world.ana, "report.html", b"<!DOCTYPE html><p>fine</p>")
    assert (await files.fetch(desk, file.id)).data == file.data


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"deleted": True}, "deleted from Slack"),
        ({"mode": "external"}, "lies outside Slack"),
        ({"mode": "hidden_by_limit"}, "workspace's plan"),
        ({"data": b"x" * (files.MOST_BYTES + 1)}, "larger than 10 MB"),
        ({"home": "https://files.example.org"}, "another host"),
        ({"moved_to": "https://evil.example.org/"}, "another host"),
    ],
)
async def test_what_cannot_go_along_says_why(
    world: World, desk: Any, changes: dict[str, Any], words: str
) -> None:
    file = world.slack.add_file(world.ana, "notes.txt", b"some notes")
    for name, value in changes.items():
        setattr(file, name, value)
    with pytest.raises(UserError, match=words):
        await files.fetch(desk, file.id)


async def test_a_file_that_the_app_may_not_see_says_what_to_do(desk: Any) -> None:
    with pytest.raises(UserError, match=r"where the app is not\. Download it and attach it in the dialog"):
        await files.fetch(desk, "F404")


@pytest.mark.parametrize("name", ["photo.png", "page.html"])
async def test_the_login_page_is_never_taken_for_the_file(world: World, desk: Any, name: str) -> None:
    file = world.slack.add_file(world.ana, name, PNG)
    desk.settings.slack_bot_token = "xoxb-of-an-app-without-the-scope"
    with pytest.raises(Misconfigured, match="lacks files:read"):
        await files.fetch(desk, file.id)


async def test_an_app_without_the_scope_says_so(world: World, desk: Any) -> None:
    world.slack.faults.api("files.info", error="missing_scope")
    with pytest.raises(Misconfigured, match=r"manifest\.yml"):
        await files.fetch(desk, "F1")


@pytest.mark.parametrize("fault", [{"status": 503}, {"cut": True}, {"status": 429, "retry_after": 7}])
@pytest.mark.parametrize("method", ["files.info", "files.download"])
async def test_a_slack_that_fails_is_tried_again_by_whoever_asked(
    world: World, desk: Any, fault: dict[str, Any], method: str
) -> None:
    file = world.slack.add_file(world.ana, "photo.png", PNG)
    world.slack.faults.api(method, **fault, times=2 if method == "files.info" and "cut" in fault else 1)
    with pytest.raises((Transient, Ambiguous)) as met:
        await files.fetch(desk, file.id)
    if "retry_after" in fault and isinstance(met.value, Transient):
        assert met.value.retry_after == 7
    assert (await files.fetch(desk, file.id)).data == PNG


async def test_many_come_in_order_and_not_too_many_nor_too_much(
    world: World, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [world.slack.add_file(world.ana, f"{n}.txt", b"x" * 900).id for n in range(11)]
    assert [one.name for one in await files.fetch_all(desk, ids[:3])] == ["0.txt", "1.txt", "2.txt"]
    with pytest.raises(UserError, match="At most 10"):
        await files.fetch_all(desk, ids)
    monkeypatch.setattr(files, "MOST_TOGETHER", 2000)
    with pytest.raises(UserError, match="together"):
        await files.fetch_all(desk, ids[:3])


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://files.slack.com/files-pri/T-F/a", True),
        ("https://slack.com/a", True),
        ("http://files.slack.com/a", False),
        ("https://files.slack.com.evil.example/a", False),
        ("https://evilslack.com/a", False),
        ("https://files.slack.com@evil.example/a", False),
        ("http://127.0.0.1:4000/a", True),
        ("http://127.0.0.1:4001/a", False),
        ("file:///etc/passwd", False),
        ("http://[::1", False),
    ],
)
def test_the_token_goes_to_slack_alone(url: str, right: bool) -> None:
    assert files.is_slack(url, "http://127.0.0.1:4000/api/") is right


# Names


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("offer.pdf", "offer.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.txt", "a.txt"),
        ("\u202egnp.exe", "gnp.exe"),
        ("", "file"),
        ("...", "file"),
        ("a\r\nb\0.txt", "ab.txt"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("Ünïcode 画像.png", "Ünïcode 画像.png"),
    ],
)
def test_a_name_is_only_a_name(name: str, shown: str) -> None:
    assert file_name(name) == shown


@given(st.text())
def test_whatever_a_file_is_called_it_has_a_short_clean_name(name: str) -> None:
    shown = file_name(name)
    assert 0 < len(shown) <= 120
    assert not set(shown) & set("/\\\n\r\0\u202e")


@pytest.mark.parametrize(
    ("url", "right"),
    [
        (f"{HOME}/storage/attachment/1", True),
        ("https://HELP.example.org:443/a", True),
        ("http://help.example.org/a", False),
        ("https://help.example.org:8443/a", False),
        ("https://help.example.org@evil.example/a", False),
        ("https://u@help.example.org/a", False),
        ("//help.example.org/a", False),
        ("", False),
    ],
)
def test_files_are_fetched_from_freescouts_own_address_alone(url: str, right: bool) -> None:
    assert same_site(url, HOME) is right


# What is brought


BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def thread(identity: int, *attachments: Attachment, minutes: int = 0, **more: Any) -> Thread:
    at = BEGAN + timedelta(minutes=minutes or identity)
    return Thread(identity, "customer", "published", at, attachments=attachments, **more)


def attachment(identity: int = 1, size: int = 100, url: str = "") -> Attachment:
    return Attachment(identity, f"{identity}.pdf", "application/pdf", size, url or f"{HOME}/s/{identity}")


def conversation(*threads: Thread) -> Conversation:
    return Conversation(1, 412, 1, Status.ACTIVE, "published", "S", BEGAN, BEGAN, threads=threads)


def keys(one: Conversation, posted: dict[str, Posted]) -> list[str]:
    view = View(one, None, f"{HOME}/conversation/1", True, None, BEGAN)
    return [step.key for step in plan(view, posted) if step.files]


def card(minutes: float) -> dict[str, Posted]:
    return {CARD: Posted(f"{(BEGAN + timedelta(minutes=minutes)).timestamp():.6f}", "")}


def test_a_threads_files_are_one_step_which_is_not_taken_twice() -> None:
    one = conversation(thread(1, attachment()), thread(2), thread(3, attachment(2), attachment(3)))
    assert keys(one, {}) == ["files:1", "files:3"]
    assert keys(one, {**card(0), "files:1": Posted("1.0", "F1")}) == ["files:3"]


def test_all_steps_with_words_go_before_those_with_files() -> None:
    one = conversation(thread(1, attachment()), thread(2))
    view = View(one, None, f"{HOME}/conversation/1", True, None, BEGAN)
    assert [step.key for step in plan(view, {})] == ["card", "thread:1", "thread:2", "files:1"]


def test_of_what_is_older_than_the_card_only_the_newest_threads_bring_files() -> None:
    old = [thread(n, attachment(n)) for n in range(1, 9)]
    assert keys(conversation(*old), {}) == [f"files:{n}" for n in range(4, 9)]
    new = [thread(n, attachment(n)) for n in range(20, 30)]
    expected = [f"files:{n}" for n in [*range(4, 9), *range(20, 30)]]
    assert keys(conversation(*old, *new), card(10)) == expected


def test_a_moved_or_deleted_conversation_brings_none() -> None:
    one = conversation(thread(1, attachment()))
    assert keys(replace(one, state="deleted"), card(0)) == []
    view = View(one, None, f"{HOME}/conversation/1", False, None, BEGAN)
    assert [step for step in plan(view, card(0)) if step.files] == []


def test_what_is_too_large_too_many_or_elsewhere_stays_out() -> None:
    large = attachment(1, attached.MOST_BYTES + 1)
    away = attachment(2, url="https://evil.example/s/2")
    body = f'<p><img src="{HOME}/storage/attachment/1/2/1/in.png?id=9&amp;token=t"></p>'
    one = thread(1, large, away, attachment(3), body=body)
    assert [file.name for file in attached.brought(one, HOME)] == ["3.pdf", "in.png"]
    assert attached.stays(one)
    assert "1.pdf (20.0 MB, too large for here)" in attached.named(one)
    many = thread(2, *(attachment(n) for n in range(12)))
    assert len(attached.brought(many, HOME)) == 10
    assert attached.stays(many)
    assert attached.named(many).endswith(" and 2 more")
    assert not attached.stays(thread(3, attachment()))


async def test_what_was_said_before_files_were_brought_stays_without_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "bridge.db")
    with monkeypatch.context() as before:
        before.delitem(schema.MIGRATIONS, "006 files")
        store = Store(path, lambda: BEGAN)
        for key, ts in ((CARD, "1.0"), ("thread:7", "1.5"), ("thread:8", "")):
            await store.begin_post(1, "C1", key, "v")
            await store.posted(1, "C1", key, ts, "v")
        await store.close()
    store = Store(path, lambda: BEGAN)
    assert {one.key for one in await store.posts(1)} == {CARD, "thread:7", "thread:8", "files:7"}
    await store.close()


# Into the card's thread


def shown(house: House, card: Message) -> list[SlackFile]:
    """The files in a card's thread, in order."""
    return [file for reply in house.thread(card) for file in reply.files]


def names(house: House, card: Message) -> list[str]:
    return [file.name for file in shown(house, card)]


def no_address_of_a_file(house: House) -> None:
    """Whoever has such an address has the file for ever: Slack must never hear one."""
    for call in house.slack.calls:
        assert "/storage/attachment" not in str(call.args), call.method


def picture(house: House, data: bytes = PNG) -> str:
    """An image that lies in FreeScout's store, as a body names it."""
    made = house.freescout.customer_writes(
        "z@example.org", "Store", "-", mailbox=house.sales, attachments=[("in.png", "image/png", data)]
    )
    (one,) = house.freescout.world.conversations[made].threads[0].attachments
    return f"{house.settings.freescout_url}{one.path}?id={one.id}&token={one.token}"


async def test_a_pdf_and_an_inline_image_come_as_files_with_the_right_bytes(house: House) -> None:
    body = f'<p>See <img src="{picture(house)}" alt="it"> and the offer.</p>'
    card = await house.writes(body=body, attachments=[("offer.pdf", "application/pdf", PDF)])
    await house.until(lambda: len(shown(house, card)) == 2)
    assert [(file.name, file.data) for file in shown(house, card)] == [("offer.pdf", PDF), ("in.png", PNG)]
    message = house.thread(card)[1]
    assert (message.thread_ts, message.metadata) == (card.ts, None)
    assert "offer.pdf (3 kB)" in house.thread(card)[0].all_text
    no_address_of_a_file(house)


async def test_an_agents_file_and_a_later_mails_come_too_each_once(house: House) -> None:
    card = await house.writes(attachments=[("one.txt", "text/plain", b"1")])
    await house.until(lambda: names(house, card) == ["one.txt"])
    house.freescout.customer_replies(1, "two", attachments=[("two.txt", "text/plain", b"2")])
    await house.until(lambda: names(house, card) == ["one.txt", "two.txt"])
    for _ in range(3):
        house.freescout.workflow_sends(1, "convo.status")
    house.clock.skip(timedelta(minutes=5))
    await house.quiet()
    assert names(house, card) == ["one.txt", "two.txt"]
    assert len(house.slack.called("files.completeUploadExternal")) == 2


async def test_files_come_to_a_private_channel(empty_house: House) -> None:
    house = empty_house
    house.slack.channel("support").private = True
    await house.start()
    card = await house.writes(attachments=[("a.txt", "text/plain", b"a")])
    await house.until(lambda: names(house, card) == ["a.txt"])
    assert list(shown(house, card)[0].shares) == ["private"]


@pytest.mark.parametrize("name", ["../../x.txt", "\u202egnp.exe", "y" * 300 + ".pdf", "%00<!here>.png"])
async def test_a_hostile_name_comes_as_a_harmless_one(house: House, name: str) -> None:
    card = await house.writes(attachments=[(name, "text/plain", b"a")])
    await house.until(lambda: shown(house, card))
    (file,) = shown(house, card)
    assert 0 < len(file.name) <= 120
    assert not set(file.name) & set("/\u202e")
    assert "<!" not in "".join(reply.text for reply in house.thread(card))


FAULTS: dict[str, dict[str, Any]] = {
    "429": {"error": "ratelimited", "retry_after": 0},
    "503": {"status": 503},
    "a cut": {"cut": True},
    "a cut afterwards": {"cut": True, "after": True},
    "internal_error afterwards": {"error": "internal_error", "after": True},
}
STEPS = ("files.getUploadURLExternal", "files.upload", "files.completeUploadExternal", "files.info")


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("method", STEPS)
async def test_whatever_slack_answers_a_file_comes_once(
    house: House, monkeypatch: pytest.MonkeyPatch, method: str, fault: dict[str, Any]
) -> None:
    monkeypatch.setattr(carrier, "_FIRST", 0.05)
    house.slack.faults.api(method, **fault)
    card = await house.writes(attachments=[("a.txt", "text/plain", b"a")])
    await house.until(lambda: names(house, card))
    await settled(house)
    assert names(house, card) == ["a.txt"]


async def settled(house: House) -> None:
    """Ring again and wait until nothing is done any more."""
    house.freescout.workflow_sends(1, "convo.status")
    house.clock.skip(timedelta(minutes=5))
    await asyncio.sleep(0.4)
    await house.quiet()


class Died(Exception):
    """The process is gone."""


@contextmanager
def dying_at(point: str) -> Iterator[asyncio.Event]:
    """From this point on nothing more is done; the event says that it was reached."""
    died = asyncio.Event()

    def hook(name: str) -> None:
        if died.is_set() or name == point:
            died.set()
            raise Died(name)

    crashpoints.arm(hook)
    try:
        yield died
    finally:
        crashpoints.arm(None)


@pytest.mark.parametrize("point", ["files.uploaded", "files.shared"])
@pytest.mark.parametrize("slow", [False, True], ids=["at once", "shared late"])
async def test_a_bridge_that_dies_between_two_steps_brings_a_file_once(
    house: House, point: str, slow: bool
) -> None:
    house.expects_errors = True
    waiting: list[Any] = []
    house.slack.workspace.slow_shares = waiting if slow else None
    with dying_at(point) as died:
        house.freescout.customer_writes(
            "m@example.org", "S", "b", mailbox=house.support, attachments=[("a.txt", "text/plain", b"a")]
        )
        await asyncio.wait_for(died.wait(), 60)
        await house.stop()
    house.clock.skip(timedelta(minutes=3))
    await house.start()
    if slow:
        await house.until(lambda: waiting)
        waiting.pop(0)()
    card = house.cards()[0]
    await house.until(lambda: names(house, card))
    await settled(house)
    assert names(house, card) == ["a.txt"]
    assert not waiting


async def test_a_file_that_is_too_large_is_a_line_with_a_link(house: House) -> None:
    big = b"x" * 30_000_000
    card = await house.writes(
        attachments=[("film.mov", "video/quicktime", big), ("a.txt", "text/plain", b"a")]
    )
    await house.until(lambda: names(house, card) == ["a.txt"])
    line = house.thread(card)[0]
    assert "film.mov (30.0 MB, too large for here)" in line.all_text
    assert f"<{house.settings.freescout_url}/conversation/1|Open in FreeScout>" in str(line.blocks)
    no_address_of_a_file(house)


async def test_an_inline_image_that_is_too_large_is_told_of(house: House) -> None:
    url = picture(house, b"\x89PNG" + b"x" * 21_000_000)
    card = await house.writes(body=f'<p>look <img src="{url}" alt="it"></p>')
    await house.until(lambda: "in.png is too large for here" in house.said(card))
    await settled(house)
    assert house.said(card).count("too large for here") == 1
    assert shown(house, card) == []
    no_address_of_a_file(house)


STORED = "GET /storage/attachment/*"


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 404},
        {"status": 403, "html": True},
        {"status": 200, "html": True},
        {"redirect": "http://127.0.0.1:9/secret"},
    ],
    ids=["404", "403", "a page", "another host"],
)
async def test_a_file_that_freescout_does_not_give_is_a_quiet_line_and_the_others_come(
    house: House, fault: dict[str, Any]
) -> None:
    house.freescout.faults.api(STORED, **fault)
    card = await house.writes(attachments=[("photo.png", "image/png", PNG), ("a.txt", "text/plain", b"a")])
    await house.until(lambda: names(house, card) == ["a.txt"])
    await settled(house)
    assert house.said(card).count("photo.png could not be fetched") == 1
    assert names(house, card) == ["a.txt"]
    no_address_of_a_file(house)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"status": 429, "retry_after": 0},
        {"cut": True},
        {"cut": "body"},
        {"status": 500, "html": True},
    ],
    ids=["503", "429", "a cut", "a cut in the middle", "a page of an error"],
)
async def test_a_freescout_that_fails_for_a_moment_is_asked_again(
    house: House, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any]
) -> None:
    monkeypatch.setattr(carrier, "_FIRST", 0.05)
    house.freescout.faults.api(STORED, **fault)
    card = await house.writes(attachments=[("photo.png", "image/png", PNG)])
    await house.until(lambda: shown(house, card))
    assert [file.data for file in shown(house, card)] == [PNG]
    assert "could not" not in house.said(card)


async def test_a_file_that_never_comes_is_told_at_last_and_no_message_waits_for_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrier, "_FIRST", 0.01)
    monkeypatch.setattr(carrier, "_LONGEST", 0.01)
    house.freescout.faults.api(STORED, status=500, times=carrier._TRIES)
    card = await house.writes(attachments=[("photo.png", "image/png", PNG), ("a.txt", "text/plain", b"a")])
    await house.until(lambda: names(house, card) == ["a.txt"])
    assert "photo.png could not be fetched" in house.said(card)


async def test_a_file_that_drips_or_grows_ends(house: House) -> None:
    url = picture(house)
    house.freescout.faults.api(STORED, drip=0.2)
    with pytest.raises(Transient, match="did not come whole"):
        await download(url, 1000, lambda _: True, deadline=0.5)
    with pytest.raises(TooLarge):
        await download(url, 100, lambda _: True)


@pytest.mark.parametrize("error", ["file_uploads_disabled", "missing_scope", "storage_limit_reached"])
async def test_where_slack_takes_no_files_messages_come_and_the_operators_hear_of_it_once(
    house: House, error: str
) -> None:
    house.expects_errors = True
    house.slack.faults.api("files.getUploadURLExternal", error=error, times=100)
    card = await house.writes(attachments=[("a.txt", "text/plain", b"a")])
    told = await house.health(lambda said: any("Files of customers" in one for one in said["problems"]))
    assert told["work"]["parked"] == 0
    for word in ("two", "three"):
        house.freescout.customer_replies(1, word, attachments=[("b.txt", "text/plain", b"b")])
    await house.until(lambda: "three" in house.said(card))
    await house.quiet()
    assert len(house.slack.called("files.getUploadURLExternal")) == 1
    house.slack.faults.clear()
    house.clock.skip(timedelta(minutes=11))
    house.freescout.workflow_sends(1, "convo.status")
    await house.until(lambda: names(house, card) == ["a.txt", "b.txt", "b.txt"])
    assert not [one for one in (await house.health())["problems"] if "Files of customers" in one]


async def test_a_file_that_hangs_keeps_no_message_waiting(house: House) -> None:
    house.slack.faults.api("files.upload", hang=20)
    card = await house.writes(attachments=[("a.txt", "text/plain", b"a")])
    await house.until(lambda: house.slack.called("files.getUploadURLExternal"))
    for word in ("two", "three", "four"):
        house.freescout.customer_replies(1, word)
    await house.until(lambda: "four" in house.said(card), patience=8)
    assert shown(house, card) == []


async def test_a_type_that_slack_does_not_take_is_told_and_the_others_come(house: House) -> None:
    house.slack.faults.api("files.getUploadURLExternal", error="file_type_not_allowed")
    card = await house.writes(attachments=[("a.exe", "x/y", b"a"), ("b.txt", "text/plain", b"b")])
    await house.until(lambda: names(house, card) == ["b.txt"])
    assert "a.exe is not taken by Slack" in house.said(card)


async def test_what_slack_always_refuses_ends_in_a_line_and_not_in_a_loop(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.expects_errors = True
    monkeypatch.setattr(carrier, "_FIRST", 0.01)
    monkeypatch.setattr(carrier, "_LONGEST", 0.01)
    house.slack.faults.api("files.completeUploadExternal", error="a_word_of_next_year", times=1000)
    card = await house.writes(attachments=[("a.txt", "text/plain", b"a")])
    await house.until(lambda: "a.txt could not be brought here" in house.said(card))
    tried = len(house.slack.called("files.completeUploadExternal"))
    await settled(house)
    assert len(house.slack.called("files.completeUploadExternal")) == tried
    assert (await house.health())["work"]["parked"] == 0


async def test_a_card_that_was_deleted_takes_its_files_with_it_and_they_come_with_the_new_one(
    house: House,
) -> None:
    card = await house.writes(body="one")
    await house.until(lambda: house.thread(card))
    await house.quiet()
    house.slack.workspace.remove(house.thread(card)[0])
    house.slack.workspace.remove(card)
    house.freescout.customer_replies(1, "two", attachments=[("a.txt", "text/plain", b"a")])
    await house.until(lambda: house.cards() and names(house, house.cards()[-1]) == ["a.txt"])
    assert not [one for one in house.cards() if one.files]


async def test_files_whose_card_was_deleted_on_their_way_do_not_stay_in_the_channel(house: House) -> None:
    house.slack.faults.api("files.upload", hang=1.0, after=True)
    card = await house.writes(body="one", attachments=[("a.txt", "text/plain", b"a")])
    await house.until(lambda: house.slack.called("files.getUploadURLExternal"))
    house.slack.workspace.remove(house.thread(card)[0])
    house.slack.workspace.remove(card)
    await house.until(lambda: house.cards() and names(house, house.cards()[-1]) == ["a.txt"])
    await settled(house)
    assert [names(house, one) for one in house.cards()] == [["a.txt"]]
    assert not [one for one in house.cards() if one.files]


async def test_a_file_waits_for_a_channel_that_is_shut(house: House) -> None:
    house.expects_errors = True
    house.slack.subscribed |= {"channel_unarchive"}
    house.slack.faults.api("files.upload", hang=1.0, after=True)
    card = await house.writes(attachments=[("a.txt", "text/plain", b"a")])
    await house.until(lambda: house.slack.called("files.getUploadURLExternal"))
    await house.slack.archives("support")
    await house.health(lambda said: any("the channel is archived" in one for one in said["problems"]))
    assert not [one for one in (await house.health())["problems"] if "Files of customers" in one]
    await house.slack.unarchives("support")
    await house.until(lambda: names(house, card) == ["a.txt"])
    await house.health(lambda said: not said["problems"])


def failing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have files stay on their way, tried again and again, until `comes`."""
    for name, value in {"_FIRST": 0.2, "_LONGEST": 0.2, "_TRIES": 1000}.items():
        monkeypatch.setattr(carrier, name, value)
    house.freescout.faults.api(STORED, status=500, times=1000)


async def comes(house: House) -> None:
    """Let what is on its way, or in hand, come to its end."""
    house.freescout.faults.clear()
    await asyncio.sleep(3)
    await house.quiet()


PHOTO = [("photo.png", "image/png", PNG)]


async def photographed(house: House, monkeypatch: pytest.MonkeyPatch, when: str, tags: list[str]) -> Message:
    """A card whose file waits for its second try, or is just being uploaded."""
    if when == "in hand":
        house.slack.faults.api("files.upload", hang=3.0, after=True)
    else:
        failing(house, monkeypatch)
    house.freescout.customer_writes("m@example.org", "S", "first", mailbox=house.support, attachments=PHOTO)
    house.freescout.agent_tags(1, tags)
    house.freescout.agent_notes(1, house.ana_id, "looked at")
    card: Message = (await house.until(house.cards))[0]
    await house.until(lambda: "first" in house.said(card))
    if when == "in hand":
        await house.until(lambda: house.slack.called("files.getUploadURLExternal"))
    return card


async def test_a_file_that_is_on_its_way_does_not_outlive_its_customers_being_forgotten(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(house, monkeypatch)
    card = await house.writes(body="first", attachments=PHOTO)
    await house.until(lambda: house.said(card))
    await forget(house.settings, "mark@example.org", [], house.clock(), dry=False, pause=0)
    house.clock.skip(timedelta(minutes=1))
    house.freescout.customer_replies(1, "<p>Hello again.</p>")
    await house.until(lambda: house.cards() and "Hello again." in house.said(house.cards()[-1]))
    await comes(house)
    assert [names(house, one) for one in house.cards()] == [[]]
    assert not house.slack.called("files.completeUploadExternal")


@pytest.mark.parametrize("when", ["on its way", "in hand"])
async def test_a_file_stays_away_from_a_channel_that_its_conversation_has_left(
    empty_house: House, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    house = empty_house
    await house.start(routes=(route(house, tag="vip"), route(house, channel="sales")))
    card = await photographed(house, monkeypatch, when, ["vip"])
    house.freescout.agent_tags(1, [])
    house.freescout.agent_notes(1, house.ana_id, "gone")
    await house.until(lambda: "does not belong" in card.all_text)
    await comes(house)
    assert names(house, card) == []
    (other,) = house.cards("sales")
    await house.until(lambda: names(house, other) == ["photo.png"])


@pytest.mark.parametrize("when", ["on its way", "in hand"])
async def test_a_file_stays_away_from_where_no_mail_is_shown_whole_any_more(
    empty_house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: Any, when: str
) -> None:
    house, path = empty_house, tmp_path / "bridge.toml"
    await begun(house, path, FILE)
    card = await photographed(house, monkeypatch, when, [])
    path.write_text(FILE.replace('channel = "support"', 'channel = "support"\nbody = "none"'))
    await house.until(lambda: "holds from now on: routes" in caplog.text)
    await comes(house)
    assert names(house, card) == []
    assert "photo.png could not" not in house.said(card)
