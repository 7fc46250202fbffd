"""What keeps the bridge from starting and shows only then: which variable it is, and what to do."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import ConfigError

_OURS = (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.DataError)
"""With a wrong query, what no file is to blame for."""
_HOSTS = "0.0.0.0 is all of its addresses, 127.0.0.1 this machine alone"


@contextmanager
def naming(database: str) -> Iterator[None]:
    """Raise ConfigError where the database's file cannot be used. What is a fault of ours stays as it is."""
    try:
        yield
    except OSError as error:
        if error.filename != database:
            raise
        raise ConfigError([about_database(database, error)]) from error
    except sqlite3.Error as error:
        if isinstance(error, _OURS) or _code(error) == sqlite3.SQLITE_ERROR:
            raise
        raise ConfigError([about_database(database, error)]) from error


def about_database(path: str, error: OSError | sqlite3.Error) -> str:
    """Why the database's file cannot be used."""
    file = Path(path).absolute()
    return f"DATABASE_URL: {_about_file(file, error)}"


def _about_file(file: Path, error: OSError | sqlite3.Error) -> str:
    if file.is_dir():
        return f"{file} is a folder: name a file in it, like {file / 'bridge.db'}."
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"there is no folder {file.parent} for {file.name}: make it, or name a file elsewhere."
    if isinstance(error, PermissionError) or _code(error) in (
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
    ):
        return f"the bridge may not write to {file}: it needs that right there and in the folder."
    if _code(error) == sqlite3.SQLITE_NOTADB:
        return f"{file} is no database: name another file, or move this one away."
    return f"{file} cannot be used: {getattr(error, 'strerror', None) or error}."


def _code(error: Exception) -> int:
    """SQLite's own code, without what it adds: https://www.sqlite.org/rescode.html"""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF


def about_address(host: str, port: int, error: OSError | UnicodeError) -> str:
    """Why nobody can listen on an address."""
    code = getattr(error, "errno", None)
    why = getattr(error, "strerror", None) or str(error)
    if code == errno.EADDRINUSE:
        return f"PORT: {port} is taken at {host}, perhaps by another bridge: stop that, or name another port."
    if code in (errno.EACCES, errno.EPERM):
        return (
            f"PORT: {port} may not be opened ({why}): ports below 1024 are the system's, name a higher one."
        )
    return f"HOST: this machine cannot listen on {host!r} ({why}): {_HOSTS}."
