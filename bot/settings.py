"""Configuration: a pure function of the environment and one TOML file. Every problem is told at once."""

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from urllib.parse import urlsplit

from bot.errors import ConfigError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(?:[0-9]{1,9}[smhd])+")


@dataclass(frozen=True, slots=True)
class Route:
    """Conversations of `mailbox` (its id or its name) are shown in `channel` (its id or its name)."""

    mailbox: int | str
    channel: str
    after: tuple[timedelta, ...] | None = None
    """This mailbox's own waits, where they differ from those of `[stale]`."""


@dataclass(frozen=True, slots=True)
class Stale:
    """When a waiting customer is spoken of, and how often the clock looks."""

    after: tuple[timedelta, ...] = (timedelta(hours=2),)
    every: timedelta = timedelta(minutes=1)


@dataclass(frozen=True)
class Settings:
    """All that can be set. Secrets are kept out of `repr`."""

    freescout_url: str
    freescout_api_key: str = field(repr=False)
    freescout_webhook_secret: str = field(repr=False)
    slack_bot_token: str = field(repr=False)
    slack_signing_secret: str = field(repr=False, default="")
    slack_app_token: str = field(repr=False, default="")
    slack_api_url: str = "https://slack.com/api/"
    database_url: str = "sqlite:///bridge.db"
    host: str = "0.0.0.0"
    port: int = 3000
    bridge_config: str = "bridge.toml"
    routes: tuple[Route, ...] = ()
    stale: Stale = Stale()
    freescout_auth: str = "header"

    @property
    def database_path(self) -> str:
        """Where the SQLite file is."""
        return self.database_url.removeprefix("sqlite:///")

    def conversation_url(self, conversation: int) -> str:
        """The conversation's page: FreeScout addresses it by id, not by number."""
        return f"{self.freescout_url}/conversation/{conversation}"


ENVIRONMENT: dict[str, str] = {
    "FREESCOUT_URL": "Where FreeScout is, without /api.",
    "FREESCOUT_API_KEY": "The key of Manage » API & Webhooks.",
    "FREESCOUT_WEBHOOK_SECRET": "The secret of Manage » API & Webhooks; it signs every webhook.",
    "FREESCOUT_AUTH": "How the key is shown: header, or parameter or basic where a proxy eats headers.",
    "SLACK_BOT_TOKEN": "The app's bot token, xoxb-…",
    "SLACK_SIGNING_SECRET": "For requests over HTTP. This, or SLACK_APP_TOKEN.",
    "SLACK_APP_TOKEN": "For Socket Mode, xapp-…; no public address is needed.",
    "SLACK_API_URL": "Another address of Slack's Web API.",
    "DATABASE_URL": "Where the bridge remembers what it has shown.",
    "HOST": "The address to listen on.",
    "PORT": "The port to listen on.",
    "BRIDGE_CONFIG": "The file with routes and waits.",
}
_AUTH = ("header", "parameter", "basic")
_REQUIRED = ("FREESCOUT_URL", "FREESCOUT_API_KEY", "FREESCOUT_WEBHOOK_SECRET", "SLACK_BOT_TOKEN")

FILE_KEYS: dict[str, tuple[str, ...]] = {
    "routes": tuple(f.name for f in fields(Route)),
    "stale": tuple(f.name for f in fields(Stale)),
}


def load(environment: Mapping[str, str], read: Callable[[str], str]) -> Settings:
    """Make settings of the environment and of the file it names; `read` returns a file's text.

    Raises ConfigError with every problem that was found.
    """
    problems: list[str] = []
    values = {name: environment.get(name, "").strip() for name in ENVIRONMENT}
    given = {name.lower(): value for name, value in values.items() if value}
    problems += [f"{name} is not set. {ENVIRONMENT[name]}" for name in _REQUIRED if name.lower() not in given]
    if not values["SLACK_SIGNING_SECRET"] and not values["SLACK_APP_TOKEN"]:
        problems.append(
            "Neither SLACK_SIGNING_SECRET (requests over HTTP) nor SLACK_APP_TOKEN (Socket Mode) is set."
        )
    _check_slack_tokens(values, problems)
    for name in ("FREESCOUT_URL", "SLACK_API_URL"):
        _check_url(name, values[name], problems)
    _check_database(values["DATABASE_URL"], problems)
    if values["FREESCOUT_AUTH"] not in ("", *_AUTH):
        problems.append(f"FREESCOUT_AUTH should be one of {', '.join(_AUTH)}.")
    port = _port(values["PORT"], problems)
    file = values["BRIDGE_CONFIG"] or "bridge.toml"
    routes, stale = _file(file, read, problems)
    if problems:
        raise ConfigError(problems)
    given.pop("port", None)
    given["freescout_url"] = re.sub(r"/api/?$", "", given["freescout_url"].rstrip("/"))
    if "slack_api_url" in given:
        given["slack_api_url"] = given["slack_api_url"].rstrip("/") + "/"
    return Settings(**given, port=port, routes=routes, stale=stale)


def duration(text: object) -> timedelta | None:
    """Read `90s`, `15m`, `2h`, `1d` or `1h30m`; None where it is nothing of the kind or not above zero."""
    if not isinstance(text, str) or not _DURATION.fullmatch(text.strip()):
        return None
    seconds = sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"([0-9]+)([smhd])", text))
    return timedelta(seconds=seconds) if 0 < seconds < 10 * 366 * 86400 else None


def _check_slack_tokens(values: Mapping[str, str], problems: list[str]) -> None:
    for name, kind, start in (("SLACK_BOT_TOKEN", "bot", "xapp-"), ("SLACK_APP_TOKEN", "app", "xoxb-")):
        if values[name].startswith(start):
            problems.append(f"{name} holds the other token: a {kind} token does not begin with {start}.")


def _check_url(name: str, value: str, problems: list[str]) -> None:
    if not value:
        return
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        good = good and not re.search(r"[\s<>|]", value)
    except ValueError:
        good = False
    if not good:
        problems.append(f"{name} is not an address: it should look like https://help.example.org.")
    elif parts.query or parts.fragment or parts.username:
        problems.append(f"{name} should be a bare address, without user, query or fragment.")


def _check_database(value: str, problems: list[str]) -> None:
    if value and (not value.startswith("sqlite:///") or value == "sqlite:///"):
        problems.append("DATABASE_URL should look like sqlite:///bridge.db; SQLite is what there is so far.")


def _port(value: str, problems: list[str]) -> int:
    if not value:
        return 3000
    if re.fullmatch("[0-9]{1,5}", value) and int(value) < 65536:
        return int(value)
    problems.append(f"PORT is {value!r}: it should be a number from 0 (any free one) to 65535.")
    return 0


def _file(name: str, read: Callable[[str], str], problems: list[str]) -> tuple[tuple[Route, ...], Stale]:
    try:
        content = tomllib.loads(read(name))
    except FileNotFoundError:
        problems.append(f"{name} is not there. It says which mailbox goes to which channel; see the README.")
        return (), Stale()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{name} cannot be read: {error}.")
        return (), Stale()
    except (ValueError, RecursionError) as error:  # numbers and brackets without end, too
        problems.append(f"{name} is not valid TOML: {error}.")
        return (), Stale()
    _unknown(name, content, tuple(FILE_KEYS), problems)
    routes = _routes(name, content.get("routes", []), problems)
    stale = content.get("stale", {})
    if not isinstance(stale, dict):
        problems.append(f"{name}: stale should be a table, written [stale].")
        stale = {}
    _unknown(f"{name}, [stale]", stale, FILE_KEYS["stale"], problems)
    after = _waits(f"{name}, [stale]", stale.get("after", "2h"), problems)
    every = _every(f"{name}, [stale]", stale.get("every", "1m"), problems)
    return routes, Stale(after, every)


def _routes(name: str, tables: object, problems: list[str]) -> tuple[Route, ...]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.append(f"{name}: a route is a table, written [[routes]].")
        return ()
    if not tables:
        problems.append(f"{name} has no [[routes]]: nothing would ever be shown.")
    routes: list[Route] = []
    for place, table in enumerate(tables, start=1):
        where = f"{name}, route {place}"
        _unknown(where, table, FILE_KEYS["routes"], problems)
        mailbox, channel = table.get("mailbox"), table.get("channel")
        if isinstance(mailbox, bool) or not isinstance(mailbox, int | str) or not str(mailbox).strip():
            problems.append(f"{where}: mailbox should be a mailbox's id or its name.")
            continue
        if not isinstance(channel, str) or not channel.strip(" #"):
            problems.append(f"{where}: channel should be a channel's id or its name.")
            continue
        after = _waits(where, table["after"], problems) if "after" in table else None
        route = Route(_mailbox(mailbox), channel.strip().removeprefix("#"), after)
        if any((r.mailbox, r.channel) == (route.mailbox, route.channel) for r in routes):
            problems.append(f"{where}: the same mailbox and channel as an earlier route.")
        routes.append(route)
    return tuple(routes)


def _mailbox(value: int | str) -> int | str:
    return (
        int(value) if isinstance(value, int) or re.fullmatch("[0-9]{1,18}", value.strip()) else value.strip()
    )


def _waits(where: str, value: object, problems: list[str]) -> tuple[timedelta, ...]:
    steps = [duration(one) for one in (value if isinstance(value, list) else [value])]
    good = [step for step in steps if step is not None]
    if not steps or len(good) < len(steps):
        problems.append(f'{where}: after should be a wait like "2h" or "1h30m", or a list of such.')
    elif good != sorted(set(good)):
        problems.append(f"{where}: the waits of after should grow from one to the next.")
    return tuple(good)


def _every(where: str, value: object, problems: list[str]) -> timedelta:
    every = duration(value)
    if every is None:
        problems.append(f'{where}: every should be a time like "1m" or "30s".')
    return every or timedelta(minutes=1)


def _unknown(where: str, table: Mapping[str, object], known: tuple[str, ...], problems: list[str]) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}."
            problems.append(f"{where}: {key!r} is unknown; {hint}")
