"""How many webhooks a second are put on disk and answered, beside a bare server that does only that.

FreeScout takes the bridge's calls and never answers: the workers wait, and only the door is measured.
(One that refuses would measure how fast the workers give up, which is another question.) Both servers run at
the same time and take turns, level by level, the first turn alternating, so that drift of the machine meets
both. A round is over before the bridge's first look times out; each has new processes and databases.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.harness import (
    BARE,
    OURS,
    Report,
    Timing,
    advance,
    bars,
    bridge,
    cpu,
    folder,
    ms,
    picture,
    process,
    progress,
    silence,
)

LEVELS = (1, 16, 64)
SECONDS = 1.3
ROUNDS = 6
_SERVERS = ("bridge", "bare")

Met = dict[str, Any]


async def run(*, quick: bool) -> None:
    """Measure, print, draw."""
    rounds = 2 if quick else ROUNDS
    met: dict[tuple[str, int], list[Met]] = {(who, level): [] for who in _SERVERS for level in LEVELS}
    with progress("ingest", rounds * len(LEVELS) * 2) as shown:
        for number in range(rounds):
            with folder() as where, silence() as nobody:
                async with _both(where, nobody) as servers:
                    for place, level in enumerate(LEVELS):
                        turns = _SERVERS if (number + place) % 2 else _SERVERS[::-1]
                        for who in turns:
                            met[who, level].append(await _load(*servers[who], level, place))
                            advance(shown)
    _tell(met)


@asynccontextmanager
async def _both(where: Path, nobody: str) -> AsyncIterator[dict[str, tuple[int, int]]]:
    """Run both servers; yield their ports and process ids."""
    script = ("-m", "benchmarks.bareserver", str(where / "bare.db"))
    urls = {"freescout": nobody, "slack": f"{nobody}/api/"}
    async with (
        bridge(where, **urls, routes={"Support": "support"}) as ours,
        process(*script, stdout=asyncio.subprocess.PIPE) as bare,
    ):
        assert bare.stdout
        yield {
            "bridge": (ours.port, ours.process.pid),
            "bare": (int(await bare.stdout.readline()), bare.pid),
        }


async def _load(port: int, pid: int, connections: int, turn: int) -> Met:
    words = ("-m", "benchmarks.load", str(port), str(connections), str(SECONDS), str(turn))
    before = cpu(pid)
    async with process(*words, stdout=asyncio.subprocess.PIPE) as generator:
        told, _ = await generator.communicate()
    used = cpu(pid) - before
    found = json.loads(told)
    assert isinstance(found, dict)
    assert not found["refused"], f"{found['refused']} webhooks were refused"
    return {**found, "cpu": used / max(found["answered"], 1)}


def _tell(met: dict[tuple[str, int], list[Met]]) -> None:
    ratios: dict[int, float] = {}
    rates: dict[tuple[str, int], float] = {}
    rows = []
    figures: dict[str, Any] = {"ratio": {}, "levels": {}}
    for level in LEVELS:
        pairs = zip(met["bridge", level], met["bare", level], strict=True)
        each = [ours["per_second"] / bare["per_second"] for ours, bare in pairs]
        ratios[level] = median(each)
        times, cost = {}, {}
        for who in _SERVERS:
            rates[who, level] = median(one["per_second"] for one in met[who, level])
            times[who] = Timing([seconds for one in met[who, level] for seconds in one["latencies"]])
            cost[who] = median(one["cpu"] for one in met[who, level]) * 1e6
        busy = max(one["busy"] for who in _SERVERS for one in met[who, level])
        rows.append(
            (
                str(level),
                f"{rates['bridge', level]:,.0f}/s",
                f"{rates['bare', level]:,.0f}/s",
                f"[bold]{ratios[level]:.2f}[/]",
                f"{min(each):.2f}–{max(each):.2f}",
                f"{ms(times['bridge'].p50)} / {ms(times['bridge'].p99)}",
                f"{ms(times['bare'].p50)} / {ms(times['bare'].p99)}",
                f"{cost['bridge']:.0f} / {cost['bare']:.0f} µs",
                f"{busy:.0%}",
            )
        )
        figures["ratio"][level] = round(ratios[level], 3)
        figures["levels"][level] = {
            who: {
                "per_second": round(rates[who, level], 1),
                **times[who].figures(),
                "cpu_microseconds": round(cost[who], 1),
            }
            for who in _SERVERS
        } | {"ratios": [round(one, 3) for one in each], "generator_busy": round(busy, 3)}
    report = Report(
        "ingest",
        f"Webhooks on disk: {min(ratios.values()):.2f} of a bare server's pace or better",
        (
            "at once",
            "bridge",
            "bare",
            "ratio",
            "in rounds",
            "p50 / p99",
            "bare p50 / p99",
            "CPU each",
            "load",
        ),
        rows,
        figures,
        ("ratio: bridge ÷ bare, median of the rounds; CPU: the server's for one; load: the generator's",),
    )
    report.show()
    with picture(report, height=3.6) as axes:
        groups = [f"{level} connection{'s' * (level > 1)}\nratio {ratios[level]:.2f}" for level in LEVELS]
        series = {
            "a second, bridge": (OURS, [rates["bridge", level] for level in LEVELS]),
            "bare": (BARE, [rates["bare", level] for level in LEVELS]),
        }
        bars(axes, groups, series, "{:,.0f}")
