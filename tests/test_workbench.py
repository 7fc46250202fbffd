"""`python -m bot work`: what an operator sees of what waits or is parked, and can do about it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.settings import Settings
from bot.store import Looked, Store
from bot.workbench import work
from sandbox.clock import Clock
from tests.test_commandline import TOML, command


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        "https://help.example.org",
        "key",
        "secret",
        "xoxb-1",
        database_url=f"sqlite:///{tmp_path / 'bridge.db'}",
    )


@pytest.fixture
async def store(settings: Settings, clock: Clock) -> AsyncIterator[Store]:
    """The store of a bridge that runs meanwhile."""
    store = Store(settings.database_path, clock)
    yield store
    await store.close()


async def parked(store: Store, conversation: int, error: str = "KeyError: see the log [0123abcd]") -> None:
    await store.ring([conversation], "convo.created", priority=1)
    one = await store.claim()
    assert one
    assert one.conversation == conversation
    await store.park(one, error)


async def test_an_empty_bench_says_so(store: Store, settings: Settings, clock: Clock) -> None:
    said, status = await work(settings, "list", [], clock())
    assert (status, said.splitlines()[0]) == (
        0,
        "Nothing is to do. Replies and notes: 0 on their way, 0 given back to their writers.",
    )
    assert await work(settings, "retry", [], clock()) == ("Nothing is parked.", 0)


async def test_the_list_says_of_each_how_it_stands_and_why_the_parked_first(
    store: Store, settings: Settings, clock: Clock
) -> None:
    await store.ring([1], "clock", clock() + timedelta(hours=2))
    await store.ring([2], "convo.status", priority=1)
    held = await store.claim()
    assert held
    await store.looked([(held, Looked(waits=("C1", "edits")))])
    await parked(store, 3)
    await store.ring([4], "sweep")
    said, status = await work(settings, "list", [], clock())
    assert status == 0
    head, *rows = said.splitlines()
    assert head.split() == "CONVERSATION STATE SINCE TRIES WHY WHAT WENT WRONG".split()
    found = {row.split()[0]: row for row in rows[:3]}
    assert rows[0] == found["3"]
    assert "1" not in found
    assert rows[-1].startswith("Reminders that are set: 1.")
    assert "parked" in found["3"]
    assert "KeyError: see the log [0123abcd]" in found["3"]
    assert "waits for its turn in C1, edits" in found["2"]
    assert "due" in found["4"]
    assert "sweep" in found["4"]


async def test_what_is_parked_is_shown_with_where_the_log_tells_more(
    store: Store, settings: Settings, clock: Clock
) -> None:
    await parked(store, 412)
    said, status = await work(settings, "show", [412], clock())
    assert status == 0
    assert "https://help.example.org/conversation/412" in said
    assert "What went wrong:" in said
    assert "The code in brackets stands in the log" in said


async def test_retry_takes_all_that_is_parked_or_what_is_named_and_a_running_bridge_goes_on_with_it(
    store: Store, settings: Settings, clock: Clock
) -> None:
    for one in (1, 2, 3):
        await parked(store, one)
    assert await work(settings, "retry", [2], clock()) == ("Conversation 2: looked at again at once.", 0)
    again = await store.claim()
    assert again
    assert (again.conversation, again.attempts) == (2, 0)
    said, _ = await work(settings, "retry", [], clock())
    assert said == "Conversations 1, 3: looked at again at once."
    assert (await store.counts())["parked"] == 0


async def test_drop_forgets_until_the_next_bell_and_leaves_what_is_in_hand(
    store: Store, settings: Settings, clock: Clock
) -> None:
    await parked(store, 7)
    assert await work(settings, "drop", [7], clock()) == (
        "Conversation 7: dropped until the next webhook.",
        0,
    )
    said, status = await work(settings, "drop", [7], clock())
    assert (status, "there is nothing to do for conversation 7" in said) == (1, True)
    assert await store.unseen([(7, clock().timestamp() - 60)]) == []  # the sweep does not bring it back
    assert await store.unseen([(7, clock().timestamp() + 60)]) == [7]  # but what changes later
    await store.ring([7], "convo.status")
    assert await store.claim()
    said, status = await work(settings, "drop", [7], clock())
    assert status == 1
    assert "try again" in said


async def test_the_command_line_works_beside_a_running_bridge_and_says_what_it_needs(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "bridge.toml").write_text(TOML)
    environment = {
        "FREESCOUT_URL": "https://help.example.org",
        "FREESCOUT_API_KEY": "key",
        "FREESCOUT_WEBHOOK_SECRET": "secret",
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_SIGNING_SECRET": "x",
    }
    await parked(store, 412)
    assert await store.claim() is None
    await store.ring([5], "convo.status")
    assert await store.claim()  # in hand while the other process looks
    status, out, err = await command("work", folder=tmp_path, **environment)
    assert (status, err) == (0, "")
    assert "parked" in out
    assert "in hand" in out
    status, out, _ = await command("work", "retry", folder=tmp_path, **environment)
    assert (status, out.strip()) == (0, "Conversation 412: looked at again at once.")
    one = await store.claim()
    assert one
    assert one.conversation == 412  # and not the one in hand once more
    status, _, err = await command("work", "drop", folder=tmp_path, **environment)
    assert status == 2
    assert "work drop 87" in err
    status, _, err = await command(
        "work", folder=tmp_path, **environment, DATABASE_URL="sqlite:///elsewhere.db"
    )
    assert status == 1
    assert "has not run here" in err
    assert not (tmp_path / "elsewhere.db").exists()
