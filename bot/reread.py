"""The file, read again whenever it changes: a good one is taken up, a broken one is told and changes nothing.

What is written in pieces, or put in place of another file, counts once it has stayed the same for a moment.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields
from pathlib import Path

from bot.errors import ConfigError
from bot.health import Health
from bot.settings import Settings

log = logging.getLogger(__name__)

Understand = Callable[[Callable[[str], str]], Settings]
"""What the environment, as it was at the start, and a text of the file come to; raises ConfigError."""
TROUBLE = "configuration"
_EVERY = 1.0


def text_of(name: str) -> str:
    """The file's text, without the mark with which Windows begins one."""
    return Path(name).read_text(encoding="utf-8-sig")


class Reread:
    """One loop. `take` is called with what a changed file says, where nothing is wrong with it."""

    def __init__(
        self,
        settings: Settings,
        understand: Understand,
        take: Callable[[Settings], Awaitable[None]],
        health: Health,
    ) -> None:
        self._holds = settings
        self._name = settings.bridge_config
        self._understand = understand
        self._take = take
        self._health = health
        self._seen: str | Exception | None = None
        self._met: str | Exception | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Look every second, until told to stop."""
        while not stopping.is_set():
            await self.look()
            try:
                await asyncio.wait_for(stopping.wait(), _EVERY)
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Read the file; do something about what it says once it was the same twice, and is new."""
        text, before = await asyncio.to_thread(self._read), self._seen
        self._seen = text
        if not _same(text, before) or _same(text, self._met):
            return
        try:
            found = await asyncio.to_thread(self._understand, lambda _name: _said(text))
        except ConfigError as error:
            self._tell(error.problems)
        else:
            await self._hold(found)
        self._met = text  # only now: what was cut off, say by a full disk, is tried again

    async def _hold(self, found: Settings) -> None:
        if found != self._holds:
            await self._take(found)
            log.info("%s was changed, and holds from now on: %s", self._name, _changed(self._holds, found))
        elif _lines(found) != _lines(self._holds):
            await self._take(found)
        self._holds = found
        self._health.over(TROUBLE)

    def _read(self) -> str | Exception:
        try:
            return text_of(self._name)
        except (OSError, UnicodeDecodeError) as error:
            return error

    def _tell(self, problems: Sequence[str]) -> None:
        log.error("%s was changed and cannot work: what held before holds on", self._name)
        for problem in problems:
            log.error("  %s", problem)
        self._health.stands(
            TROUBLE,
            f"{self._name} was changed and cannot work, so what held before holds on. "
            f"{len(problems)} to put right: {' '.join(problems)}",
        )


def _same(one: str | Exception, other: str | Exception | None) -> bool:
    return one == other or (isinstance(one, Exception) and repr(one) == repr(other))


def _said(text: str | Exception) -> str:
    if isinstance(text, Exception):
        raise text
    return text


def _lines(settings: Settings) -> list[int]:
    """Where the routes stand in the file: people are told."""
    return [route.line for route in settings.routes]


def _changed(old: Settings, new: Settings) -> str:
    """The names of what is different."""
    return ", ".join(one.name for one in fields(new) if getattr(old, one.name) != getattr(new, one.name))
