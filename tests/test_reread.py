"""The file, changed while the bridge runs: a good one holds at once, a broken one changes nothing and is told."""

import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.health import Health
from bot.live import Live
from bot.reread import Reread
from bot.settings import Settings, load
from tests.conftest import House
from tests.test_hold import TEXT, answers, buttons, gone, later
from tests.test_settings import LEAST

ROOT = Path(__file__).parent.parent
FILE = """
[[routes]]
mailbox = "Support"
channel = "support"
[stale]
after = "2h"
every = "1h"
[replies]
hold = "0s"
[operators]
channel = "ops"
"""


async def begun(house: House, path: Path, text: str = FILE) -> None:
    """Start the house with a file, and with the environment that its settings stand for."""
    path.write_text(text)  # noqa: ASYNC240 - nothing else runs yet
    house.slack.add_channel("ops")
    house.slack.add_channel("vip")
    house.understand = partial(load, variables(house.settings, path))
    house.settings = house.understand(lambda name: Path(name).read_text())
    await house.start()


def variables(settings: Settings, path: Path) -> dict[str, str]:
    names = ("freescout_url", "freescout_api_key", "freescout_webhook_secret", "slack_bot_token")
    names += ("slack_signing_secret", "slack_api_url", "database_url", "host", "port")
    return {name.upper(): str(getattr(settings, name)) for name in names} | {"BRIDGE_CONFIG": str(path)}


def said_to_operators(house: House) -> str:
    return "\n".join(message.all_text for message in house.cards("ops"))


async def test_a_changed_file_holds_within_seconds_and_without_a_restart(
    empty_house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house, path = empty_house, tmp_path / "bridge.toml"
    await begun(house, path)
    card = await house.writes("First")
    new = tmp_path / "new.toml"
    new.write_text(FILE.replace('"support"', '"vip"').replace('every = "1h"', 'every = "1s"'))
    new.replace(path)  # as editors do, and what mounts a file into a container
    await house.until(lambda: "holds from now on: routes, stale" in caplog.text)
    house.freescout.customer_writes("mo@example.org", "Second", "<p>Hi</p>", mailbox=house.support)
    await house.until(lambda: any("Second" in one.all_text for one in house.cards("vip")))
    assert "Second" not in house.said(card)
    asked = house.freescout.requests
    before = len(asked)  # an hour would lie between two scans under the old file
    await house.until(lambda: sum(one.query.get("sortField") == "waitingSince" for one in asked[before:]) > 3)


async def test_a_broken_file_changes_nothing_and_every_problem_is_told_until_it_is_mended(
    empty_house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house, path = empty_house, tmp_path / "bridge.toml"
    house.expects_errors = True
    await begun(house, path)
    path.write_text(FILE.replace("channel =", "chanel =", 1) + '[stael]\nafter = "1 hour"\n')
    told = await house.health(lambda it: it["problems"])
    for words in ("bridge.toml:4, route 1: 'chanel' is unknown; did you mean 'channel'?", ":12: 'stael' is"):
        assert words in told["problems"][0]
        assert words in caplog.text
    await house.until(lambda: "did you mean 'stale'?" in said_to_operators(house))
    await house.writes("Still shown")
    path.unlink()
    await house.health(lambda it: it["problems"] and "is not there" in it["problems"][0])
    path.write_text(FILE)
    await house.health(lambda it: not it["problems"])
    await house.until(lambda: "Over: " in said_to_operators(house))
    assert len(house.cards("ops")) == 1


async def test_a_route_that_wants_notes_from_now_on_gets_them(
    empty_house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house, path = empty_house, tmp_path / "bridge.toml"
    await begun(house, path)
    card = await house.writes()
    path.write_text(FILE.replace('channel = "support"', 'channel = "support"\nnotes = true'))
    await house.until(lambda: "holds from now on: routes" in caplog.text)
    await house.ana.types("Ask the plumber", thread=card, channel=card.channel)
    await house.until(lambda: "saved that as a note" in house.said(card))


async def test_where_less_of_a_mail_is_shown_from_now_on_its_files_go(
    empty_house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house, path = empty_house, tmp_path / "bridge.toml"
    both = FILE.replace("[stale]", '[[routes]]\nmailbox = "Support"\nchannel = "vip"\n[stale]')
    await begun(house, path, both)

    def files() -> list[str]:
        return [one.name for one in house.slack.workspace.files.values() if not one.deleted]

    card = await house.writes(body="<p>code 4711</p>", attachments=[("plan.pdf", "application/pdf", b"%PDF")])
    await house.until(lambda: len(files()) == 2 and len(house.cards("vip")) == 1)
    await house.until(
        lambda: all("plan.pdf" in str(house.thread(one)) for one in (card, *house.cards("vip")))
    )
    path.write_text(both.replace('channel = "vip"', 'channel = "vip"\nbody = "none"'))
    await house.until(lambda: "holds from now on: routes" in caplog.text)
    house.freescout.agent_tags(1, ["looked-at"])
    await house.until(lambda: len(files()) == 1)
    await house.quiet()
    assert "4711" in house.said(card)
    assert "plan.pdf" in str(house.thread(card))
    (other,) = house.cards("vip")
    assert "4711" not in house.said(other)
    assert "plan.pdf" not in str(house.thread(other))


async def test_a_reply_that_is_held_goes_when_it_was_to_go_whatever_the_file_says_meanwhile(
    empty_house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house, path = empty_house, tmp_path / "bridge.toml"
    await begun(house, path, FILE.replace('hold = "0s"', 'hold = "20s"'))
    await answers(house, await house.writes())
    path.write_text(FILE.replace('hold = "0s"', 'hold = "5m"').replace('"support"', '"vip"'))
    await house.until(lambda: "holds from now on: routes, replies" in caplog.text)
    later(house)
    assert await gone(house) == [TEXT]


def reading(take: Callable[[Settings], Awaitable[None]]) -> Callable[[str | Exception], Awaitable[None]]:
    """A look at a file that holds this."""
    one = Reread(
        load(LEAST, lambda _name: FILE), partial(load, LEAST), take, Health(lambda: datetime.now(UTC))
    )

    async def look(text: str | Exception) -> None:
        one._read = lambda: text  # type: ignore[method-assign]
        await one.look()

    return look


async def test_what_is_written_in_pieces_counts_when_it_is_whole() -> None:
    """A file cut off in its middle may well be valid, and would take routes away."""
    taken: list[str] = []

    async def take(found: Settings) -> None:
        taken.append(found.operators)

    look, other = reading(take), FILE.replace("ops", "help")
    for text in (FILE, FILE, FILE[:40], FILE * 2, FILE + "#", FILE + "#", FileNotFoundError(), FILE, FILE):
        await look(text)
    assert taken == []
    for text in (other, other, other):
        await look(text)
    assert taken == ["help"]


async def test_lines_that_moved_are_taken_up_and_not_spoken_of(caplog: pytest.LogCaptureFixture) -> None:
    """People are told on which line a route stands; no rule is another, so nobody is looked at anew."""
    caplog.set_level("INFO")
    live = Live(load(LEAST, lambda _name: FILE))
    followed: list[int] = []
    live.then = lambda: followed.append(1)

    async def take(found: Settings) -> None:
        live.file(found)

    look = reading(take)
    for text in ("# ours\n" + FILE, "# ours\n" + FILE):
        await look(text)
    assert [route.line for route in live.settings.routes] == [3]
    assert (followed, caplog.text) == ([], "")


async def test_a_change_that_cannot_be_taken_up_at_once_is_taken_up_later() -> None:
    tried: list[str] = []

    async def take(found: Settings) -> None:
        tried.append(found.operators)
        if len(tried) == 1:
            raise OSError("disk full")

    look, other = reading(take), FILE.replace("ops", "help")
    await look(other)
    with pytest.raises(OSError, match="disk full"):
        await look(other)
    await look(other)
    await look(other)
    assert tried == ["help", "help"]


RULES = """
import sys
from bot.bridgefile import read_file
from bot.watching.stored import stable
print(repr(stable(read_file("bridge.toml", lambda _: sys.argv[1], []))))
"""
SETS = FILE.replace("[stale]", 'tag = ["a", "b", "c"]\nopen_to = ["guests", "organisations"]\n[stale]', 1)


def test_the_rules_are_told_apart_by_what_they_say_and_not_by_process_or_line() -> None:
    """Else every start, and every line of space, would have all who wait looked at anew."""

    def told(seed: str, text: str) -> bytes:
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        return subprocess.check_output([sys.executable, "-c", RULES, text], env=environment)

    assert told("1", SETS) == told("2", "\n\n" + SETS)
    assert told("1", SETS) != told("1", SETS.replace('"b"', '"d"'))


async def test_where_no_mail_is_shown_whole_any_more_receipts_lose_their_words(
    empty_house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house, path = empty_house, tmp_path / "bridge.toml"
    text = FILE.replace('hold = "0s"', 'hold = "20s"')
    await begun(house, path, text)
    card = await house.writes()
    stopped_one = await answers(house, card, text="I have told nobody else of 4711.")
    await house.ana.presses("Cancel", on=stopped_one)
    await house.until(lambda: "Discard" in buttons(stopped_one))
    sent_one = await answers(house, card, house.ben)
    later(house)
    await house.until(lambda: "went to" in sent_one.all_text)
    await house.quiet()
    assert "4711" in house.said(card)
    path.write_text(text.replace('channel = "support"', 'channel = "support"\nbody = "none"'))
    await house.until(lambda: "holds from now on: routes" in caplog.text)
    house.freescout.agent_tags(1, ["looked-at"])
    await house.until(lambda: "was cancelled. Its words are not shown in this channel." in house.said(card))
    await house.until(lambda: "went out. Its words are not shown in this channel." in house.said(card))
    await house.quiet()
    assert "4711" not in house.said(card)
    assert "mark@example.org" not in sent_one.all_text
    (mine,) = house.slack.workspace.direct(house.ana.id).messages
    assert "4711" in mine.all_text
    assert not house.slack.workspace.direct(house.ben.id).messages
    house.freescout.agent_notes(1, house.ben_id, "<p>once more</p>")
    await house.until(lambda: "internal note" in house.said(card))
    await house.quiet()
    assert len(house.slack.workspace.direct(house.ana.id).messages) == 1
    await house.opens(house.ana, "Edit", mine)
    assert house.ana.modal is not None
    assert "4711" in house.ana.modal.all_text


async def test_what_waits_for_a_digest_goes_by_the_routes_of_now(
    empty_house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Three lines wait for a channel that is archived, and then the file says that they go elsewhere."""
    house, path = empty_house, tmp_path / "bridge.toml"
    house.expects_errors = True
    house.slack.subscribed |= {"channel_archive", "channel_unarchive"}
    digest = FILE.replace("[stale]", '[routes.deliver]\nnew = "digest"\n[stale]')
    await begun(house, path, digest)
    await house.slack.archives("support")
    for number in range(3):
        house.freescout.customer_writes(
            f"c{number}@example.org", f"Salary {number}", "<p>x</p>", mailbox=house.support
        )
    await house.quiet()
    hour = house.clock().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    house.clock.skip(hour - house.clock())
    await house.health(lambda told: any("archived" in one for one in told["problems"]))
    path.write_text(digest.replace('"support"', '"vip"'))
    await house.until(lambda: "holds from now on: routes" in caplog.text)
    await house.slack.unarchives("support")
    await house.until(lambda: all(f"Salary {n}" in str(house.cards("vip")) for n in range(3)))
    await house.quiet()
    assert house.cards("support") == []
