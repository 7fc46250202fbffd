"""What every benchmark needs: processes, progress, tables, pictures, figures."""

import asyncio
import json
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.payloads import SECRET
from sandbox.serving import free_port

mpl.use("Agg")

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results"
PATIENCE = 20.0
"""Seconds that a process may take to get ready."""

OURS = "#1f6f8b"
BARE = "#b8b8b8"
ACCENT = "#d1495b"
console = Console(width=None if sys.stdout.isatty() else 110)


@dataclass
class Report:
    """What a benchmark found. `finding` is the picture's title; `figures` go into the JSON."""

    name: str
    finding: str
    columns: Sequence[str]
    rows: list[Sequence[str]]
    figures: dict[str, Any]
    notes: Sequence[str] = ()

    def show(self) -> None:
        """Print the table, and write the figures down."""
        table = Table()
        for place, column in enumerate(self.columns):
            table.add_column(column, justify="right" if place else "left")
        for row in self.rows:
            table.add_row(*row)
        console.print(f"\n[bold]{self.name}[/]: {self.finding}")
        console.print(table)
        for note in self.notes:
            console.print(f"[dim]{note}[/]")
        RESULTS.mkdir(exist_ok=True)
        kept = {"finding": self.finding, **self.figures}
        (RESULTS / f"{self.name}.json").write_text(json.dumps(kept, indent=2) + "\n")


@dataclass
class Timing:
    """Many durations, in seconds."""

    all: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        return median(self.all)

    @property
    def p99(self) -> float:
        return quantiles(self.all, n=100, method="inclusive")[98] if len(self.all) > 1 else self.all[0]

    def figures(self) -> dict[str, float]:
        """Milliseconds, for the JSON."""
        return {"p50_ms": round(self.p50 * 1e3, 3), "p99_ms": round(self.p99 * 1e3, 3), "n": len(self.all)}


def ms(seconds: float) -> str:
    """Write a duration in milliseconds, no more exactly than it was measured."""
    return f"{seconds * 1e3:.1f} ms" if seconds < 0.1 else f"{seconds * 1e3:.0f} ms"


@contextmanager
def progress(what: str, steps: int) -> Iterator[Progress]:
    """Show a bar of so many steps; `advance(0)` moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        shown.add_task(what, total=steps)
        yield shown


def advance(shown: Progress, by: int = 1) -> None:
    """Move the bar."""
    shown.advance(shown.task_ids[0], by)


@contextmanager
def picture(report: Report, *, width: float = 7.5, height: float = 3.2) -> Iterator[Axes]:
    """Draw one plot, with the finding for a title and nothing round it that carries no meaning."""
    mpl.rcParams.update({"svg.hashsalt": report.name, "font.size": 10, "svg.fonttype": "none"})
    figure, axes = plt.subplots(figsize=(width, height), layout="constrained")
    axes.spines[["top", "right"]].set_visible(False)
    yield axes
    axes.set_title(report.finding, loc="left", fontsize=11, fontweight="bold")
    RESULTS.mkdir(exist_ok=True)
    figure.savefig(RESULTS / f"{report.name}.svg", metadata={"Date": None})
    plt.close(figure)


def bars(
    axes: Axes, groups: Sequence[str], series: Mapping[str, tuple[str, Sequence[float]]], form: str = "{:.0f}"
) -> None:
    """Horizontal bars in groups, each with its value and the first group's with its name: no legend."""
    thick = 0.8 / len(series)
    for place, (name, (colour, values)) in enumerate(series.items()):
        at = [group + place * thick - 0.4 + thick / 2 for group in range(len(groups))]
        drawn = axes.barh(at, list(values), height=thick * 0.92, color=colour)
        labels = [form.format(value) for value in values]
        labels[0] += f"  {name}"
        axes.bar_label(drawn, labels, padding=4, color="#333333")
    axes.set_yticks(range(len(groups)), groups)
    axes.invert_yaxis()
    axes.margins(x=0.25)
    axes.spines["bottom"].set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(left=False, bottom=False, labelbottom=False)


@contextmanager
def silence() -> Iterator[str]:
    """A server that takes every connection and never says a word; yield its address."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def folder() -> Iterator[Path]:
    """A folder beside the code, on the disk that the code is on: /tmp may be memory, which is no disk."""
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=ROOT / "benchmarks") as made:
        yield Path(made)


@asynccontextmanager
async def process(
    *words: str, log: Path | None = None, **more: Any
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run Python; end it with the block. What it complains of goes into `log`."""
    errors = log.open("ab") if log else asyncio.subprocess.DEVNULL
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": _path(), **more.pop("env", {})}
    try:
        started = await asyncio.create_subprocess_exec(
            sys.executable, *words, env=environment, stderr=errors, **more
        )
    finally:
        if log:
            errors.close()  # type: ignore[union-attr]
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()  # a bridge that is told to stop finishes its steps first, and here they hang
        await started.wait()


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has used. Needs Linux's /proc."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Bridge:
    """A bridge that runs as a process of its own."""

    port: int
    process: asyncio.subprocess.Process
    started: float
    ready: float

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def bridge(
    where: Path, *, freescout: str, slack: str, routes: Mapping[str, str], **environment: str
) -> AsyncIterator[Bridge]:
    """`python -m bot run` with nothing but its documented environment, until the block ends."""
    tables = [f'[[routes]]\nmailbox = "{box}"\nchannel = "{channel}"\n' for box, channel in routes.items()]
    (where / "bridge.toml").write_text("".join(tables) + '[stale]\nafter = "2h"\nevery = "1h"\n')
    port = free_port()
    contract = {
        "FREESCOUT_URL": freescout,
        "FREESCOUT_API_KEY": "freescout-api-key",
        "FREESCOUT_WEBHOOK_SECRET": SECRET,
        "SLACK_BOT_TOKEN": "xoxb-sandbox-bot",
        "SLACK_SIGNING_SECRET": "sandbox-signing-secret",
        "SLACK_API_URL": slack,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        **environment,
    }
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with process("-m", "bot", "run", log=where / "bridge.log", cwd=where, env=contract) as running:
        await _answers(port, running, where / "bridge.log")
        yield Bridge(port, running, started, loop.time())


async def _answers(port: int, running: asyncio.subprocess.Process, log: Path) -> None:
    """Wait until `/healthz` says 200."""
    async with asyncio.timeout(PATIENCE):
        while running.returncode is None:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.005)
                continue
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            if answer.startswith(b"HTTP/1.1 200"):
                return
    raise RuntimeError(f"the bridge ended:\n{log.read_text()}")  # noqa: ASYNC240 - nothing else runs here


def _path() -> str:
    return os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
