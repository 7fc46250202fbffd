"""The bridge's process under torture: what `python -m bot run` does, and dies where it is told to.

The runner's own variables, beside those of the bridge: `CRASH_AT` is `<point>:<n>` and kills the process as
`kill -9` does when that point is reached for the nth time; `POSTS_PER_SECOND` makes it post fast;
`CLOCK_ORIGIN` is what the fast time of `clock.py` begins with.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bot import crashpoints, eraser
from bot.__main__ import quiet
from bot.app import running
from bot.lanes import Pace
from bot.settings import Settings, load
from tests.torture.clock import fast


def executioner(order: str) -> Callable[[str], None]:
    """Make the hook that kills this process at `<point>:<n>`. Nothing is flushed, nothing is closed."""
    name, _, nth = order.partition(":")
    if name not in crashpoints.POINTS:
        raise ValueError(f"there is no point {name!r}")
    left = int(nth or 1)

    def hook(point: str) -> None:
        nonlocal left
        if point == name:
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    return hook


async def live(settings: Settings) -> None:
    """Run until SIGTERM, as the command line does."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, told.set)
    pace = Pace(per_second=float(os.environ.get("POSTS_PER_SECOND", "200")))
    eraser.DOUBT = timedelta(seconds=20)  # nobody waits for an hour here
    async with running(settings, fast(float(os.environ["CLOCK_ORIGIN"])), pace):
        await told.wait()


def main() -> None:
    """Read the settings from the environment, arm the point, live."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    quiet()
    settings = load(os.environ, lambda name: Path(name).read_text(encoding="utf-8"))
    if order := os.environ.get("CRASH_AT"):
        crashpoints.arm(executioner(order))
    asyncio.run(live(settings))
