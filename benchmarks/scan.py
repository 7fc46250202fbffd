"""What a scan for waiting customers costs as open conversations grow, beside a scan that lists them all.

All wait, all but the newest too long, and a look has seen them all: the bridge has been here for long. The
first scans, in which the front of the scan goes through them, are told apart.
"""

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.harness import BARE, OURS, Report, advance, folder, ms, picture, process, progress
from benchmarks.stage import Stage, stage
from bot.store import Store
from sandbox.clock import Clock

SIZES = (100, 10_000, 100_000)
SCANS = 200
_PIPE = asyncio.subprocess.PIPE


@dataclass
class Cost:
    """What scans took: requests, seconds, those without the time of the stand-in, and megabytes more."""

    requests: float
    seconds: float
    own: float
    memory: float


@dataclass
class Found:
    """What was measured at one size."""

    size: int
    steady: Cost
    first: Cost
    scans: int
    """How many scans the front took to go through all."""
    bare: Cost


async def run(*, quick: bool) -> None:
    """Measure, print, draw."""
    sizes, scans = ((100, 1000), 20) if quick else (SIZES, SCANS)
    found = []
    with progress("scan", len(sizes) * 2) as shown:
        for size in sizes:
            async with stage(1) as there:
                there.freescout.fill(size, mailbox=there.mailboxes[0], statuses=("active",))
                with folder() as where:
                    await _seen(there, where / "bridge.db")
                    ours, told = await _measured(there, where, str(scans))
                    advance(shown)
                    bare, listing = await _measured(there, where, "all")
                    advance(shown)
            caught = told["caught_up"]
            growth = max(told["memory"]) - told["memory"][0]
            steady, first = _cost(ours[caught:], growth), _cost(ours[:caught], growth)
            listed = Cost(bare[0][0], bare[0][1], bare[0][2], listing["memory"][1] - listing["memory"][0])
            found.append(Found(size, steady, first, caught, listed))
    _tell(found)


async def _seen(there: Stage, path: Path) -> None:
    """Have a look have seen every conversation, later than any rule."""
    await Store(str(path), Clock()).close()
    every = there.freescout.world.conversations.values()
    rows = [(one.id, 1, one.updated_at.timestamp() + 10**8, one.updated_at.timestamp()) for one in every]
    with sqlite3.connect(path) as database:
        database.executemany(
            "insert into looked (conversation, customer, at, updated) values (?, ?, ?, ?)", rows
        )


async def _measured(
    there: Stage, where: Path, scans: str
) -> tuple[list[tuple[int, float, float]], dict[str, list[float]]]:
    """Run the scanner; return of each scan its requests, its seconds, and those of its own."""
    words = ("-m", "benchmarks.scanner", there.helpdesk_url, str(where / "bridge.db"), "box-0", scans)
    async with process(*words, stdout=_PIPE, log=where / "scanner.log") as running:
        out, _ = await running.communicate()
    if running.returncode:
        raise RuntimeError((where / "scanner.log").read_text())
    told = json.loads(out)
    each = []
    for began, ended in told["spans"]:
        visits = [one for one in there.helpdesk.visits if began <= one.begun <= ended]
        each.append((len(visits), ended - began, ended - began - there.answering(began, ended)))
        there.helpdesk.visits = [one for one in there.helpdesk.visits if one.begun > ended]
    return each, told


def _cost(each: Sequence[tuple[int, float, float]], memory: float) -> Cost:
    requests, seconds, own = zip(*each, strict=True)
    return Cost(sum(requests) / len(each), median(seconds), median(own), memory)


def _tell(found: list[Found]) -> None:
    least = found[0]
    rows = []
    for one in found:
        own = one.steady.own / least.steady.own
        rows.append(
            (
                f"{one.size:,}",
                f"{one.steady.requests:.2f}",
                f"[bold]{one.steady.requests / least.steady.requests:.2f}[/]",
                ms(one.steady.own),
                f"[bold]{own:.2f}[/]",
                ms(one.steady.seconds),
                f"{one.steady.memory:.1f} MB",
                f"{one.first.requests:.1f} × {one.scans}",
                f"{one.bare.requests:,.0f}, {one.bare.seconds:.1f} s, {one.bare.memory:.0f} MB",
            )
        )
    ratio = found[-1].steady.requests / least.steady.requests
    report = Report(
        "scan",
        f"A scan asks FreeScout {found[-1].steady.requests:.1f} times, "
        f"with {least.size:,} open conversations or {found[-1].size:,}",
        ("open", "requests", "ratio", "its own time", "ratio", "with FreeScout's", "memory", "first", "bare"),
        rows,
        {
            "ratio": {
                "requests": round(ratio, 3),
                "own_seconds": round(found[-1].steady.own / least.steady.own, 3),
            },
            "sizes": [
                {
                    "open": one.size,
                    "requests": round(one.steady.requests, 3),
                    "own_ms": round(one.steady.own * 1e3, 3),
                    "ms": round(one.steady.seconds * 1e3, 3),
                    "memory_growth_mb": round(one.steady.memory, 2),
                    "first_requests": round(one.first.requests, 3),
                    "first_scans": one.scans,
                    "bare_requests": one.bare.requests,
                    "bare_seconds": round(one.bare.seconds, 3),
                    "bare_memory_growth_mb": round(one.bare.memory, 2),
                }
                for one in found
            ],
        },
        (
            "own time: less what the stand-in needs to sort and send; memory: growth over all scans",
            "first: requests a scan, and scans, until the front has gone through all that wait",
            "bare: one scan that lists all that is open",
        ),
    )
    report.show()
    with picture(report, height=3.2) as axes:
        sizes = [one.size for one in found]
        for name, colour, values in (
            ("the scan", OURS, [one.steady.requests for one in found]),
            ("listing all that is open", BARE, [one.bare.requests for one in found]),
        ):
            axes.plot(sizes, values, color=colour, linewidth=2, marker="o")
            axes.annotate(
                f"{name}: {values[-1]:,.0f}",
                (sizes[-1], values[-1]),
                (-6, 8),
                textcoords="offset points",
                ha="right",
                color="#333333",
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(0.6, 5 * found[-1].bare.requests)
        axes.set_yticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.minorticks_off()
        axes.set_xlabel("open conversations")
        axes.set_ylabel("requests a scan")
