"""The command line's questions about routes: `why 412`, `routes`, `routes test`."""

import argparse
import asyncio
import sys
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.errors import BridgeError, ConfigError
from bot.reread import text_of
from bot.settings import Settings, load


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add them to the command line."""
    why = commands.add_parser("why", help="explain where a conversation is in Slack, and what is said there")
    why.add_argument("conversation", help="its number, like 412, or its address in FreeScout")
    why.add_argument("--at", metavar="TIME", default="", help="as if it were then, in UTC: 2026-02-03T09:30")
    routes = commands.add_parser("routes", help="list the routes; or test a new file before it holds")
    routes.add_argument("what", nargs="?", choices=("list", "test"), default="list")
    routes.add_argument("file", nargs="?", default="", help="the new file; without one, the present one")
    routes.add_argument("--last", type=int, default=200, help="so many conversations (default: %(default)s)")
    routes.add_argument("--all", action="store_true", help="list also those of which nothing changes")


def why(settings: Settings, asked: argparse.Namespace) -> int:
    """Explain a conversation."""
    from bot import auditing, whyasked  # noqa: PLC0415 - `check` needs no client

    try:
        now = auditing.moment(asked.at) if asked.at else datetime.now(UTC)
    except BridgeError as error:
        print(error, file=sys.stderr)
        return 1
    return _said(whyasked.explained(settings, asked.conversation, now))


def routes(settings: Settings, variables: Mapping[str, str], asked: argparse.Namespace) -> int:
    """List the routes, or try others."""
    from bot import routetrial  # noqa: PLC0415 - `check` needs no client

    now = datetime.now(UTC)
    if asked.what == "list":
        return _said(routetrial.listed(settings, now))
    if asked.last < 1:
        print("--last says how many conversations: 1 at least.", file=sys.stderr)
        return 2
    try:
        new = load({**variables, "BRIDGE_CONFIG": asked.file}, text_of) if asked.file else settings
    except ConfigError as error:
        return wrong(error)
    trial = replace(new, database_url=settings.database_url)
    return _said(routetrial.tried(settings, trial, asked.last, now, every=asked.all))


def wrong(error: ConfigError) -> int:
    """Say every problem of a configuration; return the exit status."""
    print(f"{len(error.problems)} to put right:", file=sys.stderr)
    for problem in error.problems:
        print(f"  - {problem}", file=sys.stderr)
    return 1


def _said(asked: Coroutine[Any, Any, str]) -> int:
    """Print an answer, or why there is none."""
    try:
        print(asyncio.run(asked))
    except BridgeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0
