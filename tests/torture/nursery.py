"""Where the bridge's processes are born: from one that has imported everything already.

Each is a process of its own and dies as any other; a life begins in a tenth of the time that imports would take.
"""

import asyncio
import multiprocessing
import os
from pathlib import Path
from typing import IO

from tests.torture import victim

_BORN = multiprocessing.get_context("forkserver")
_BORN.set_forkserver_preload([victim.__name__])


class Life:
    """A bridge's process. Its `returncode` is None while it lives, and -9 after `kill -9`."""

    def __init__(self, environment: dict[str, str], folder: Path, log: IO[bytes]) -> None:
        self._process = _BORN.Process(target=_live, args=(environment, str(folder), log.name), daemon=True)
        self._process.start()

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()

    def terminate(self) -> None:
        self._process.terminate()

    async def wait(self) -> int:
        """Return once it is dead, with its status."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        return self._process.exitcode or 0


def _live(environment: dict[str, str], folder: str, log: str) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    with Path(log).open("ab", buffering=0) as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    victim.main()
