"""What keeps the bridge from starting names the variable and says what to do."""

import codecs
import errno
import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.__main__ import environment, main
from bot.errors import ConfigError
from bot.reread import text_of
from bot.serving import listening
from bot.settings import ENVIRONMENT, load
from bot.starting import about_address, about_database, naming
from bot.store.schema import open_database
from bot.tls import trust
from tests.test_settings import FILE, LEAST

WRONG = {
    "away/bridge.db": "there is no folder {folder}/away for bridge.db: make it",
    "bridge.toml/bridge.db": "there is no folder {folder}/bridge.toml for bridge.db: make it",
    "data": "{folder}/data is a folder: name a file in it, like {folder}/data/bridge.db.",
    "garbage.db": "{folder}/garbage.db is no database: name another file",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the bridge is started in, with nothing in its environment."""
    (tmp_path / "bridge.toml").write_text(FILE)
    (tmp_path / "data").mkdir()
    (tmp_path / "garbage.db").write_text("no database " * 20)
    monkeypatch.chdir(tmp_path)
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize("path", WRONG)
@pytest.mark.parametrize("absolute", [True, False])
def test_a_database_that_cannot_be_used_is_told_with_its_path(
    folder: Path, path: str, *, absolute: bool
) -> None:
    named = str(folder / path) if absolute else path
    with pytest.raises(ConfigError) as told, naming(named):
        open_database(named)
    (problem,) = told.value.problems
    assert problem.startswith(f"DATABASE_URL: {WRONG[path].format(folder=folder)}")


@pytest.mark.parametrize("path", ["data", "garbage.db"])
def test_whoever_opens_it_says_so(
    folder: Path, path: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**LEAST, "DATABASE_URL": f"sqlite:///{path}"}.items():
        monkeypatch.setenv(name, value)
    assert main(["work"]) == 1
    assert f"DATABASE_URL: {WRONG[path].format(folder=folder)}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            PermissionError(13, "Permission denied", "/x/bridge.db"),
            "the bridge may not write to /x/bridge.db",
        ),
        (OSError(errno.ENOSPC, "No space left on device", "/x/bridge.db"), "cannot be used: No space left"),
        (sqlite3.OperationalError("database is locked"), "cannot be used: database is locked."),
    ],
)
def test_what_else_may_be_wrong_with_the_database(error: OSError | sqlite3.Error, told: str) -> None:
    assert told in about_database("/x/bridge.db", error)


@pytest.mark.parametrize("error", [sqlite3.ProgrammingError("closed"), FileNotFoundError(2, "No", "/other")])
def test_what_is_no_fault_of_the_database_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)), naming("/x/bridge.db"):
        raise error


@pytest.mark.parametrize(("file", "why"), [("away.pem", "No such file"), ("garbage.db", "NO_CERTIFICATE")])
def test_certificates_that_cannot_be_used_are_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, file: str, why: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / file))
    with pytest.raises(ConfigError, match=f"^SSL_CERT_FILE: what it names cannot be used .*{why}"):
        trust.__wrapped__()


@pytest.mark.parametrize("query", ["select nothing", "insert into t values (1), (1)"])
def test_a_wrong_query_is_no_fault_of_the_database(query: str) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("create table t (one integer primary key)")
        with pytest.raises(sqlite3.Error), naming("/x/bridge.db"):
            database.execute(query)


def test_a_port_that_is_taken_is_told_with_its_number() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(
            ConfigError, match=f"PORT: {taken} is taken at 127.0.0.1, perhaps by another bridge"
        ):
            listening("127.0.0.1", taken)


@pytest.mark.parametrize("host", ["192.0.2.1", "h" * 64, "2001:db8::1"])
def test_a_host_that_is_not_this_machine_is_told(host: str) -> None:
    with pytest.raises(ConfigError, match=f"HOST: this machine cannot listen on '{host}' .*0.0.0.0 is all"):
        listening(host, 0)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            socket.gaierror(-2, "Name or service not known"),
            "HOST: this machine cannot listen on 'foo' (Name or",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied"),
            "PORT: 80 may not be opened (Permission denied)",
        ),
    ],
)
def test_what_else_may_be_wrong_with_the_address(error: OSError, told: str) -> None:
    assert told in about_address("foo", 80, error)


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_files_may_begin_as_windows_writes_them(folder: Path, mark: bytes) -> None:
    (folder / ".env").write_bytes(
        mark + "".join(f"{name}={value}\r\n" for name, value in LEAST.items()).encode()
    )
    (folder / "bridge.toml").write_bytes(mark + FILE.replace("\n", "\r\n").encode())
    (route,) = load(environment(), text_of).routes
    assert (route.channel, route.line) == ("support", 1)


def test_files_that_are_not_in_utf_8_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".env").write_bytes("SLACK_SIGNING_SECRET=käse\n".encode("latin-1"))
    assert main(["check"]) == 1
    assert ".env is not written in UTF-8" in capsys.readouterr().err
    (folder / ".env").unlink()
    (folder / "bridge.toml").write_bytes(FILE.encode("utf-16"))
    assert main(["check"]) == 1
    assert "bridge.toml cannot be read: " in (told := capsys.readouterr().err)
    assert "Save it as UTF-8." in told


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_dot_env_that_may_not_be_read_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".env").touch(mode=0)
    assert main(["check"]) == 1
    assert ".env cannot be read: Permission denied." in capsys.readouterr().err


@pytest.mark.parametrize("port", ["99999999", "65535", "-1", "many", "²"])
def test_a_port_of_the_demo_that_cannot_be_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["demo", f"--port={port}"])
    assert (
        f"argument --port: '{port}' should be a number from 0 (any free one) to 65534"
        in capsys.readouterr().err
    )
