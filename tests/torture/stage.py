"""The stand-ins in this process, the bridge in another that can be killed, and how to tell that all is quiet."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx

from bot.tls import trust
from sandbox.freescout import FreeScout
from sandbox.serving import free_port, serving
from sandbox.slack import Slack
from tests.torture.clock import fast
from tests.torture.nursery import Life
from tests.torture.scenario import ROUTES

SWEEP = '[sweep]\nevery = "1s"\n'
HOLD = 8.0
"""Seconds of the fast time, one real one: long enough for a person to stop a reply in the last moment."""
_WEBHOOK_SPEED = 400.0
"""FreeScout's queue worker tries again after a minute: here, after 0.15 s."""
_BIRTH = 40.0
"""Seconds in which the bridge must answer after its start."""


class Broken(Exception):
    """The bridge's process did what it never should: it ended by itself, or does not start, or does not stop."""


@dataclass
class Stage:
    """Two stand-ins and the life and death of the bridge between them."""

    freescout: FreeScout
    slack: Slack
    environment: dict[str, str]
    folder: Path
    log: IO[bytes]
    process: Life | None = None
    kills: int = 0
    starts: int = 0
    deaths: list[str] = field(default_factory=list)
    _order: str = ""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.environment['PORT']}"

    @property
    def database(self) -> Path:
        return self.folder / "bridge.db"

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def start(self, order: str = "", *, posts_per_second: float = 200) -> None:
        """Start the bridge, to die at `order`; return once it answers or is dead."""
        self.starts += 1
        self._order = order
        self.log.write(f"--- life {self.starts}, to end at {order or 'no point'}\n".encode())
        self.log.flush()
        more = {"CRASH_AT": order, "POSTS_PER_SECOND": str(posts_per_second)}
        self.process = Life({**self.environment, **more}, self.folder, self.log)
        until = time.monotonic() + _BIRTH
        async with httpx.AsyncClient(trust_env=False, verify=trust()) as client:
            while not self.ended():
                with suppress(httpx.HTTPError):
                    answer = await client.get(f"{self.address}/healthz")
                    if not answer.is_success:
                        raise Broken(f"another server is at {self.address}: it answers {answer.status_code}")
                    return
                if time.monotonic() > until:
                    raise Broken(f"it does not answer {_BIRTH:.0f} s after its start")
                await asyncio.sleep(0.03)

    def ended(self) -> bool:
        """Whether it died at its point; raises Broken where it ended in another way."""
        if self.process is None or self.process.returncode is None:
            return False
        status = self.process.returncode
        self.process = None
        if status != -signal.SIGKILL or not self._order:
            raise Broken(f"it ended by itself with status {status}")
        self.kills += 1
        self.deaths.append(self._order.partition(":")[0])
        return True

    async def kill(self) -> None:
        """Kill it wherever it is; it may have died at its point in that moment."""
        if self.process is None:
            return
        if self.process.returncode is None:
            self.process.kill()
            self._order = self._order if await self.process.wait() != -signal.SIGKILL else "random"
        self.ended()

    async def stop(self) -> None:
        """End it as a platform does."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            status = await asyncio.wait_for(self.process.wait(), 15)
        except TimeoutError:
            raise Broken("it does not end within 15 s of SIGTERM") from None
        self.process = None
        if status:
            raise Broken(f"it ended with status {status} after SIGTERM")

    def last_words(self, lines: int = 40) -> str:
        """The end of what its lives logged."""
        return "\n".join(Path(self.log.name).read_text().splitlines()[-lines:])

    def state(self) -> tuple[int, ...]:
        """Changes with everything that happens, but for what only asks."""
        webhooks = self.freescout.webhooks
        return (
            self.slack.workspace.version,
            self.freescout.world.version,
            len(webhooks.deliveries),
            len(webhooks._tasks),
        )

    async def settled(self, good: Callable[[], bool], quiet: float = 1.2, patience: float = 60) -> None:
        """Wait until all is good and nothing happened for `quiet` seconds; give up when patience is at its end.

        While something is not good yet, a bridge that waits may still mend it: silence alone ends nothing.
        """
        until = time.monotonic() + patience
        seen, since = self.state(), time.monotonic()
        while time.monotonic() < until:
            await asyncio.sleep(0.1)
            if self.process is not None and self.process.returncode is not None:
                raise Broken(f"it ended by itself with status {self.process.returncode}")
            if (now := self.state()) != seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > quiet and not self.freescout.webhooks._tasks and good():
                return


def _clear(folder: Path) -> None:
    """Remove what an earlier run remembered: that was another FreeScout, and another Slack."""
    for old in folder.glob("bridge.db*"):
        old.unlink()


@asynccontextmanager
async def staged(folder: Path, *, more: str = SWEEP) -> AsyncIterator[Stage]:
    """Serve the stand-ins, write the bridge's files, and kill what is left of it at the end."""
    _clear(folder)
    origin = time.time()
    now = fast(origin)
    freescout = FreeScout(now=now, speed=_WEBHOOK_SPEED, first_number=412)
    slack = Slack(now=now, limit_posts=False)
    channels = dict.fromkeys(channel for some in ROUTES.values() for channel in some)
    for channel in channels:
        slack.add_channel(channel)
    routes = "".join(
        f'[[routes]]\nmailbox = "{mailbox}"\nchannel = "{channel}"\n'
        for mailbox, some in ROUTES.items()
        for channel in some
    )
    (folder / "bridge.toml").write_text(
        f'{routes}[stale]\nafter = "30d"\n[replies]\nhold = "{HOLD:.0f}s"\n{more}'
    )
    async with serving(freescout.app) as helpdesk, serving(slack.app) as workspace:
        slack.url = workspace
        environment = {
            "PATH": os.environ["PATH"],
            "FREESCOUT_URL": helpdesk,
            "FREESCOUT_API_KEY": freescout.api_key,
            "FREESCOUT_WEBHOOK_SECRET": freescout.webhook_secret,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": slack.api_url,
            "HOST": "127.0.0.1",
            "PORT": str(free_port()),
            "CLOCK_ORIGIN": repr(origin),
        }
        with (folder / "bridge.log").open("wb") as log:
            stage = Stage(freescout, slack, environment, folder, log)
            freescout.subscribe(f"{stage.address}/freescout/webhook")
            slack.request_url = f"{stage.address}/slack/events"
            try:
                yield stage
            except Exception:
                print(stage.last_words())  # pytest shows it
                raise
            finally:
                if stage.process is not None and stage.process.returncode is None:
                    stage.process.kill()
                    await stage.process.wait()
                await freescout.close()
                await slack.close()
