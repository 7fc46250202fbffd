"""The outer contract, black box: the command line as a process of its own, with nothing but its environment."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx
import pytest

from sandbox.serving import free_port
from tests.conftest import House

ROOT = Path(__file__).parent.parent
TOML = '[[routes]]\nmailbox = "Support"\nchannel = "support"\n[stale]\nafter = "2h"\nevery = "1s"\n[replies]\nhold = "0s"\n'


async def command(*words: str, folder: Path, **environment: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        "-m",
        "bot",
        *words,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


def contract(house: House, port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "FREESCOUT_URL": house.settings.freescout_url,
        "FREESCOUT_API_KEY": house.settings.freescout_api_key,
        "FREESCOUT_WEBHOOK_SECRET": house.settings.freescout_webhook_secret,
        "SLACK_BOT_TOKEN": house.slack.bot_token,
        "SLACK_SIGNING_SECRET": house.slack.signing_secret,
        "SLACK_API_URL": house.slack.api_url,
        "PORT": str(port),
    }


@asynccontextmanager
async def bridge(house: House, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m bot run` with a `bridge.toml` beside it; killed at the end if it still runs."""
    (folder / "bridge.toml").write_text(TOML)
    port = free_port()
    house.address = f"http://127.0.0.1:{port}"
    house.slack.request_url = f"{house.address}/slack/events"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        cwd=folder,
        env=contract(house, port),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(60), httpx.AsyncClient() as client:
            while True:
                try:
                    assert (await client.get(f"{house.address}/healthz")).status_code == 200
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_run_does_the_main_job_with_nothing_but_the_contract(
    empty_house: House, tmp_path: Path
) -> None:
    house = empty_house
    async with bridge(house, tmp_path):
        house.freescout.subscribe(f"{house.address}/freescout/webhook")
        card = await house.writes(cc=["boss@example.org"])
        await house.until(lambda: house.thread(card))
        await house.opens(house.ana, "Reply", card)
        await house.ana.submits({"Reply": "on our way"})
        await house.until(lambda: "on our way" in house.said(card))
        await house.ana.types("/freescout close 412")
        await house.until(lambda: "Closed" in card.all_text)
    assert [(mail.to, mail.cc) for mail in house.freescout.outbox] == [
        (["mark@example.org"], ["boss@example.org"])
    ]
    assert (tmp_path / "bridge.db").stat().st_mode & 0o077 == 0


async def test_sigterm_ends_it_quickly_and_kill_9_loses_nothing(empty_house: House, tmp_path: Path) -> None:
    house = empty_house
    async with bridge(house, tmp_path) as process:
        house.freescout.subscribe(f"{house.address}/freescout/webhook")
        card = await house.writes(body="one")
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            assert await process.wait() == 0
    async with bridge(house, tmp_path) as process:
        house.freescout.subscribe(f"{house.address}/freescout/webhook")
        house.freescout.customer_replies(1, "two")
        await house.until(lambda: house.freescout.deliveries)
        process.kill()
        await process.wait()
    async with bridge(house, tmp_path):
        house.freescout.subscribe(f"{house.address}/freescout/webhook")
        house.freescout.agent_notes(1, house.ana_id, "three")
        await house.until(lambda: "three" in house.said(card))
    assert len(house.cards()) == 1
    assert [reply.all_text.splitlines()[-1] for reply in house.thread(card)] == ["one", "two", "three"]


async def test_check_says_every_problem_at_once(tmp_path: Path) -> None:
    (tmp_path / "bridge.toml").write_text('[[route]]\nmailbox = 1\n[stale]\nafter = "soon"\n')
    status, out, err = await command("check", folder=tmp_path, FREESCOUT_URL="help.example.org", PORT="many")
    assert (status, out) == (1, "")
    for words in (
        "FREESCOUT_URL is not an address",
        "FREESCOUT_API_KEY is not set",
        "FREESCOUT_WEBHOOK_SECRET is not set",
        "SLACK_BOT_TOKEN is not set",
        "Neither SLACK_SIGNING_SECRET",
        "PORT is 'many'",
        "did you mean 'routes'?",
        "no [[routes]]",
        "after should be",
    ):
        assert words in err


async def test_check_is_content_with_what_is_right(house: House, tmp_path: Path) -> None:
    (tmp_path / "bridge.toml").write_text(TOML)
    environment = {k: v for k, v in contract(house, 0).items() if k not in ("PATH", "PYTHONPATH")}
    status, out, err = await command("check", folder=tmp_path, **environment)
    assert (status, err) == (0, "")
    assert "fine" in out
    assert house.settings.freescout_api_key not in out


async def test_a_file_dot_env_is_read_and_the_environment_goes_before_it(
    house: House, tmp_path: Path
) -> None:
    (tmp_path / "bridge.toml").write_text(TOML)
    environment = {k: v for k, v in contract(house, 0).items() if k not in ("PATH", "PYTHONPATH")}
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in environment.items()))
    assert (await command("check", folder=tmp_path))[0] == 0
    status, _, err = await command("check", folder=tmp_path, FREESCOUT_URL="nonsense")
    assert status == 1
    assert "FREESCOUT_URL" in err


async def test_the_audit_log_is_listed_and_verified_beside_a_running_bridge(
    house: House, tmp_path: Path
) -> None:
    (tmp_path / "bridge.toml").write_text(TOML)
    environment = {k: v for k, v in contract(house, 0).items() if k not in ("PATH", "PYTHONPATH")}
    environment["DATABASE_URL"] = house.settings.database_url
    card = await house.writes()

    async def audit(*words: str) -> tuple[int, str, str]:
        return await command("audit", *words, folder=tmp_path, **environment)

    assert await audit() == (0, "", "Nothing is on record.\n")
    await house.ana.presses("Close", on=card)
    await house.until(lambda: "Closed" in card.all_text)
    await house.quiet()
    status, out, err = await audit()
    assert (status, err) == (0, "")
    assert f"(user {house.ana_id})  conversation 1  set closed  active → closed  done" in out
    entry = json.loads((await audit("--json", "--conversation", "1", "--since", "2020-01-01"))[1])
    assert (entry["id"], entry["after"]) == (1, "closed")
    status, out, err = await audit("--conversation", "412")  # its number
    assert (status, out, "is not the number that people say" in err) == (0, "", True)
    assert (await audit("--since", "2999-01-01T00:00Z"))[1] == ""
    assert await audit("--verify") == (0, f"The audit log is whole. 1 entry, head {entry['hash']}\n", "")
    assert (await audit("--verify", "--noted", entry["hash"]))[0] == 0
    status, out, _ = await audit("--noted", "f" * 64)
    assert (status, "the noted hash is not in it" in out) == (1, True)
    with closing(sqlite3.connect(house.settings.database_path)) as connection, connection:
        connection.execute("update audit set before = 'pending'")
    status, out, _ = await audit("--verify")
    assert (status, out.split(":")[:2]) == (1, ["The audit log is BROKEN at entry 1", " changed"])
    status, out, _ = await audit("--verify", "--json")
    assert (status, json.loads(out)["broken"]["id"]) == (1, 1)
    assert (await audit("--verify", "--conversation", "1"))[0] == 2
    status, out, err = await audit("--since", "yesterday")
    assert (status, out, "say 2026-02-03" in err) == (1, "", True)


async def test_the_audit_log_of_a_bridge_that_is_stopped_of_none_and_of_no_database(
    house: House, tmp_path: Path
) -> None:
    (tmp_path / "bridge.toml").write_text(TOML)
    environment = {k: v for k, v in contract(house, 0).items() if k not in ("PATH", "PYTHONPATH")}
    await house.stop()
    for name, status, words in (
        ("bridge.db", 0, "The audit log is whole. 0 entries"),
        ("none.db", 1, "the bridge has not run here"),
        ("bridge.toml", 1, "cannot be read: file is not a database"),
    ):
        environment["DATABASE_URL"] = f"sqlite:///{tmp_path / name}"
        found, out, err = await command("audit", "--verify", folder=tmp_path, **environment)
        assert (found, words in out + err, "Traceback" in err) == (status, True, False), err
    assert not (tmp_path / "none.db").exists()


async def test_a_port_that_is_taken_is_said_in_a_line(house: House, tmp_path: Path) -> None:
    (tmp_path / "bridge.toml").write_text(TOML)
    taken = int(house.address.rpartition(":")[2])
    environment = {k: v for k, v in contract(house, taken).items() if k not in ("PATH", "PYTHONPATH")}
    status, _, err = await command("run", folder=tmp_path, HOST="127.0.0.1", **environment)
    assert status == 1
    assert f"PORT: {taken} is taken at 127.0.0.1" in err
    assert "Traceback" not in err


async def test_run_says_what_is_wrong_with_the_database(empty_house: House, tmp_path: Path) -> None:
    (tmp_path / "bridge.toml").write_text(TOML)
    (tmp_path / "bridge.db").write_text("no database " * 20)
    environment = {k: v for k, v in contract(empty_house, 0).items() if k not in ("PATH", "PYTHONPATH")}
    status, out, err = await command("run", folder=tmp_path, **environment)
    assert (status, out) == (1, "")
    assert f"DATABASE_URL: {tmp_path / 'bridge.db'} is no database" in err
    assert "Traceback" not in err


@pytest.mark.timeout(90)
async def test_the_demo_plays_through_once_and_says_so(tmp_path: Path) -> None:
    status, out, err = await command("demo", "--once", "--port", "0", folder=tmp_path)
    assert status == 0, out + err
    assert "All as it should be." in out
    assert err == ""
    assert "Zoë Zander has waited 2 h" in out


async def test_what_is_to_be_forgotten_and_is_not_known_is_refused(house: House, tmp_path: Path) -> None:
    (tmp_path / "bridge.toml").write_text(TOML)
    await house.writes()
    await house.quiet()
    known = {**contract(house, free_port()), "DATABASE_URL": house.settings.database_url}
    status, out, error = await command("forget", "--conversation", "412", folder=tmp_path, **known)
    assert (status, out) == (1, "")
    assert "No conversation with the id 412 is known, so nothing was done." in error
    assert "write '#412'" in error
    status, out, _ = await command("forget", "--conversation", "#412", "--dry-run", folder=tmp_path, **known)
    assert status == 0
    assert "1 cards would be removed" in out
    assert len(house.cards()) == 1


async def test_the_dry_run_tells_what_would_be_said_beside_a_running_bridge(
    house: House, tmp_path: Path
) -> None:
    (tmp_path / "bridge.toml").write_text(TOML)
    await house.writes()
    await house.quiet()
    known = {**contract(house, free_port()), "DATABASE_URL": house.settings.database_url}
    status, out, error = await command("stale", "--dry-run", "--at", "2100-01-01", folder=tmp_path, **known)
    assert (status, error) == (0, "")
    assert "would be said:" in out
    assert "in the thread of the card" in out
    status, _, error = await command("stale", "--dry-run", "--at", "soon", folder=tmp_path, **known)
    assert status == 1
    assert "'soon' is no day or time" in error
