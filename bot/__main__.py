"""The command line, `python -m bot …` or `freescout-slack …`: run, check, work, audit, forget, demo, …"""

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from dotenv import dotenv_values

from bot import questions
from bot.errors import BridgeError, ConfigError, UserError
from bot.reread import Understand, text_of
from bot.settings import Settings, load
from bot.starting import naming

_LAST_PORT = 65534


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    asked = _parser().parse_args(arguments)
    if asked.command == "demo":
        return _demo(once=asked.once, port=asked.port)
    try:
        variables = environment()
        settings = load(variables, text_of)
        with naming(settings.database_path):
            return _doors(settings, variables, asked)[asked.command]()
    except ConfigError as error:
        return questions.wrong(error)


def _doors(
    settings: Settings, variables: Mapping[str, str], asked: argparse.Namespace
) -> dict[str, Callable[[], int]]:
    return {
        "run": lambda: _run(settings, partial(load, variables)),
        "check": lambda: _check_live(settings) if asked.live else _check(settings),
        "work": lambda: _work(settings, asked.what, asked.conversation),
        "audit": lambda: _audit(settings, asked),
        "clock": lambda: _clock(settings, asked.conversation, asked.at),
        "stale": lambda: _stale(settings, asked.at),
        "forget": lambda: _forget(settings, asked),
        "why": lambda: questions.why(settings, asked),
        "routes": lambda: questions.routes(settings, variables, asked),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="freescout-slack", description="FreeScout and Slack, bridged.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="run the bridge until told to stop")
    check = commands.add_parser("check", help="read the configuration and say every problem at once")
    check.add_argument(
        "--live", action="store_true", help="and compare all names with those in FreeScout and Slack"
    )
    work = commands.add_parser("work", help="list what waits or is parked; show, retry or drop it")
    work.add_argument("what", nargs="?", choices=("list", "show", "retry", "drop"), default="list")
    work.add_argument("conversation", nargs="*", type=int, help="its id, as in the address FreeScout shows")
    audit = commands.add_parser(
        "audit", help="list what was done from Slack; verify that nobody changed that"
    )
    audit.add_argument(
        "--verify", action="store_true", help="walk the whole chain; exit status 1 if it broke"
    )
    audit.add_argument(
        "--noted", metavar="HASH", default="", help="verify, and that a head noted before is in it"
    )
    audit.add_argument("--conversation", type=int, help="its id, as in the address FreeScout shows")
    audit.add_argument("--since", metavar="DATE", default="", help="a day or a time, in UTC: 2026-02-03")
    audit.add_argument("--json", action="store_true", help="an object a line, with all that the hash is of")
    clock = commands.add_parser("clock", help="explain since when a customer waits, and what that makes due")
    clock.add_argument("conversation", help="its number, like 412, or its address in FreeScout")
    clock.add_argument(
        "--at", metavar="TIME", default="", help="as if it were then, in UTC: 2026-02-03T09:30"
    )
    stale = commands.add_parser("stale", help="tell what would be said of waiting customers, where and why")
    stale.add_argument("--dry-run", action="store_true", required=True, help="say nothing, write nothing")
    stale.add_argument("--at", metavar="TIME", default="", help="until then, in UTC: 2026-02-03T09:30")
    forget = commands.add_parser("forget", help="take away what is held and was posted of a customer")
    forget.add_argument("email", nargs="?", default="", help="the customer's address")
    forget.add_argument(
        "--conversation",
        action="append",
        default=[],
        help="one, by its id, its address or '#' and its number",
    )
    forget.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    questions.add(commands)
    demo = commands.add_parser("demo", help="try it all: a stand-in FreeScout, a stand-in Slack, the bridge")
    demo.add_argument("--once", action="store_true", help="play the scenario, check its outcome, end")
    demo.add_argument("--port", type=_port, default=8400, help="where the pages begin (default: %(default)s)")
    return parser


def _port(said: str) -> int:
    """The first of the demo's two ports."""
    if not said.isascii() or not said.isdigit() or int(said) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{said!r} should be a number from 0 (any free one) to {_LAST_PORT}")
    return int(said)


def environment() -> Mapping[str, str]:
    """The process's environment, over what a file `.env` in this folder says. Raises ConfigError."""
    try:
        found = dotenv_values(".env", encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError([f".env is not written in UTF-8 ({error}): save it so."]) from error
    except OSError as error:
        raise ConfigError([f".env cannot be read: {error.strerror}."]) from error
    return {**{name: value for name, value in found.items() if value is not None}, **os.environ}


def _check(settings: Settings) -> int:
    way = " and ".join(
        words
        for words, there in (
            ("HTTP at /slack/events", settings.slack_signing_secret),
            ("Socket Mode", settings.slack_app_token),
        )
        if there
    )
    routes = f"{len(settings.routes)} route{'s' * (len(settings.routes) != 1)}"
    print(f"The configuration is fine: {settings.freescout_url}, {routes}, Slack by {way}.")
    if notes := sorted({f"#{route.channel}" for route in settings.routes if route.notes}):
        print(f"Notes from threads in {', '.join(notes)}: the Slack app must be subscribed to what is typed,")
        print("message.channels, for private channels message.groups. manifest.yml has both as comments.")
    print("Neither was contacted: check --live does, and compares all names.")
    return 0


def _check_live(settings: Settings) -> int:
    from bot.livecheck import checked  # noqa: PLC0415 - `check` needs no client

    quiet()
    found = asyncio.run(checked(settings, text_of(settings.bridge_config)))
    if found.wrong:
        print(found, file=sys.stderr)
        return 1
    print("All names in the configuration were found.", found, sep="\n")
    return 0


def _work(settings: Settings, what: str, conversations: Sequence[int]) -> int:
    from bot.workbench import work  # noqa: PLC0415 - `check` needs no database

    if what in ("show", "drop") and not conversations:
        print(f"Say which: python -m bot work {what} 87", file=sys.stderr)
        return 2
    if not Path(settings.database_path).exists():
        print(f"There is no {settings.database_path}: the bridge has not run here.", file=sys.stderr)
        return 1
    said, status = asyncio.run(work(settings, what, conversations, datetime.now(UTC)))
    print(said, file=sys.stderr if status else sys.stdout)
    return status


def _audit(settings: Settings, asked: argparse.Namespace) -> int:
    from bot import auditing  # noqa: PLC0415 - `check` needs no database

    path = settings.database_path
    if asked.verify and (asked.since or asked.conversation is not None):
        print("--verify walks the whole log: leave --since and --conversation out.", file=sys.stderr)
        return 2
    try:
        if asked.verify or asked.noted:
            found = auditing.verified(path, asked.noted)
            print(auditing.as_json(found) if asked.json else auditing.verdict(found))
            return 1 if found.broken or not found.noted else 0
        since = auditing.moment(asked.since) if asked.since else None
        line = None
        for line in auditing.listed(path, asked.conversation, since, as_json=asked.json):
            print(line)
        if line is None:
            print(auditing.nothing(asked.conversation), file=sys.stderr)
        sys.stdout.flush()
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever reads has seen enough; Python would complain once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _clock(settings: Settings, conversation: str, at: str) -> int:
    from bot import auditing, clockwork  # noqa: PLC0415 - `check` needs no client

    try:
        now = auditing.moment(at) if at else datetime.now(UTC)
        print(asyncio.run(clockwork.explained(settings, conversation, now)))
    except BridgeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _forget(settings: Settings, asked: argparse.Namespace) -> int:
    from bot.forgetting import forget  # noqa: PLC0415 - `check` needs no client

    if "@" not in asked.email and (asked.email or not asked.conversation):
        print("Say whom: python -m bot forget customer@example.org", file=sys.stderr)
        return 2
    if not Path(settings.database_path).exists():
        print(f"There is no {settings.database_path}: the bridge has not run here.", file=sys.stderr)
        return 1
    now, dry = datetime.now(UTC), asked.dry_run
    try:
        said, status = asyncio.run(forget(settings, asked.email, asked.conversation, now, dry=dry))
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    except BridgeError as error:
        print(f"Not done to the end, so say it once more: {error}", file=sys.stderr)
        return 1
    print(said)
    return status


def _stale(settings: Settings, at: str) -> int:
    from bot import auditing, dryrun  # noqa: PLC0415 - `check` needs no client

    now = datetime.now(UTC)
    try:
        print(asyncio.run(dryrun.rehearsed(settings, auditing.moment(at) if at else now, now)))
    except BridgeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run(settings: Settings, understand: Understand) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    quiet()
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(_until_told(settings, understand))
    return 0


def _loop() -> asyncio.AbstractEventLoop:
    """The faster loop, where there is one for this system."""
    try:
        import uvloop  # noqa: PLC0415 - Windows has none
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def quiet() -> None:
    """Silence what would write addresses of requests, with customers in them, or every beat of a timer."""
    for name in ("httpx", "httpcore", "apscheduler", "slack_sdk", "aiohttp"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("slack_bolt").setLevel(logging.ERROR)  # it warns of what we do on purpose


async def _until_told(settings: Settings, understand: Understand) -> None:
    from bot.app import running  # noqa: PLC0415 - `check` should not load a web server

    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, told.set)
    async with running(settings, understand=understand) as address:
        gc.freeze()  # what is there now stays: to look through it for garbage again and again is for nothing
        logging.getLogger("bot").info("listening on %s", address)
        await told.wait()
        logging.getLogger("bot").info("stopping")


def _demo(*, once: bool, port: int) -> int:
    try:
        from bot.demo import main as play  # noqa: PLC0415 - nothing else needs the sandbox
    except ImportError as error:
        print(f"The demo needs more than the bridge does ({error.name}): see `make demo`.", file=sys.stderr)
        return 1
    return play(once=once, port=port)


if __name__ == "__main__":
    sys.exit(main())
