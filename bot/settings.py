"""Configuration: a pure function of the environment and one TOML file. Every problem is told at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

from bot.bridgefile import Claims, Replies, Stale, Sweep, read_file
from bot.digestfile import Digest
from bot.errors import ConfigError
from bot.hours import MailboxHours
from bot.ladderfile import MailboxLadder, Pings
from bot.redact import Redact, Redactor
from bot.retentionfile import Retention
from bot.routing import Guide, Route, Routing


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
    stale: Stale = field(default_factory=Stale)
    freescout_auth: str = "header"
    sweep: Sweep = field(default_factory=Sweep)
    operators: str = ""
    operator_people: tuple[str, ...] = ()
    replies: Replies = field(default_factory=Replies)
    hours: tuple[MailboxHours, ...] = ()
    ladders: tuple[MailboxLadder, ...] = ()
    pings: Pings = field(default_factory=Pings)
    digest: Digest = field(default_factory=Digest)
    claims: Claims = field(default_factory=Claims)
    routing: Routing = field(default_factory=Routing)
    redact: Redact = field(default_factory=Redact)
    retention: Retention = field(default_factory=Retention)

    @property
    def redactor(self) -> Redactor:
        """Hides from Slack what is to be hidden."""
        return Redactor(self.redact, self.freescout_url)

    @cached_property
    def guide(self) -> Guide:
        """The routes, in the order in which they are asked; made once for each configuration."""
        return Guide(self.routes)

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
EXAMPLES: dict[str, str] = {
    "FREESCOUT_URL": "https://help.your-company.example",
    "FREESCOUT_API_KEY": "the-key-of-manage-api-and-webhooks",
    "FREESCOUT_WEBHOOK_SECRET": "the-secret-of-manage-api-and-webhooks",
    "SLACK_BOT_TOKEN": "xoxb-your-bot-token",
    "SLACK_APP_TOKEN": "xapp-your-app-token",
}
"""What .env.example shows where everybody has a value of their own."""
_AUTH = ("header", "parameter", "basic")
_REQUIRED = ("FREESCOUT_URL", "FREESCOUT_API_KEY", "FREESCOUT_WEBHOOK_SECRET", "SLACK_BOT_TOKEN")


def load(environment: Mapping[str, str], read: Callable[[str], str]) -> Settings:
    """Make settings of the environment and of the file it names; `read` returns a file's text.

    Raises ConfigError with every problem that was found.
    """
    problems: list[str] = []
    values = {name: environment.get(name, "").strip() for name in ENVIRONMENT}
    given = {name.lower(): value for name, value in values.items() if value}
    problems += [f"{name} is not set. {ENVIRONMENT[name]}" for name in _REQUIRED if name.lower() not in given]
    untouched = [name for name, shown in EXAMPLES.items() if values[name] == shown]
    problems += [f"{name} is still what .env.example shows. {ENVIRONMENT[name]}" for name in untouched]
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
    said = read_file(file, read, problems)
    if problems:
        raise ConfigError(problems)
    given.pop("port", None)
    given["freescout_url"] = re.sub(r"/api/?$", "", given["freescout_url"].rstrip("/"))
    if "slack_api_url" in given:
        given["slack_api_url"] = given["slack_api_url"].rstrip("/") + "/"
    return Settings(
        **given,
        port=port,
        routes=said.routes,
        stale=said.stale,
        sweep=said.sweep,
        operators=said.operators.channel,
        operator_people=said.operators.people,
        replies=said.replies,
        hours=said.hours,
        ladders=said.ladders,
        pings=said.pings,
        digest=said.digest,
        claims=said.claims,
        redact=said.redact,
        retention=said.retention,
        routing=said.routing,
    )


def _check_slack_tokens(values: Mapping[str, str], problems: list[str]) -> None:
    kinds = (("SLACK_BOT_TOKEN", "bot", "xoxb-", "xapp-"), ("SLACK_APP_TOKEN", "app", "xapp-", "xoxb-"))
    for name, kind, start, other in kinds:
        if values[name].startswith(other):
            problems.append(f"{name} holds the other token: a {kind} token does not begin with {other}.")
        elif values[name] and not values[name].startswith(start):
            problems.append(f"{name} is no {kind} token: those begin with {start}.")


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
