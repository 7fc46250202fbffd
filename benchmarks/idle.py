"""What the bridge needs to start, to wait and to handle 100 events, beside bare processes. Needs Linux."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from statistics import median

from benchmarks.harness import (
    BARE,
    OURS,
    Report,
    advance,
    bars,
    bridge,
    cpu,
    folder,
    picture,
    process,
    progress,
)
from benchmarks.stage import Stage, doorbell, stage

IMPORTS = (
    "import slack_bolt.async_app, httpx, apscheduler.schedulers.asyncio, starlette.applications, uvicorn;"
    "print('ready', flush=True); import time; time.sleep(60)"
)
ROUNDS = 5
EVENTS = 100
CHANNELS = 50
_WAIT = 3.0
_PIPE = asyncio.subprocess.PIPE


async def run(*, quick: bool) -> None:
    """Measure, print, draw."""
    rounds = 2 if quick else ROUNDS
    met: dict[str, list[float]] = {}
    async with stage(CHANNELS) as there:
        with progress("idle", rounds * 3) as shown:
            for _ in range(rounds):
                for part in (_bridge, _imports, _script):
                    for name, value in (await part(there)).items():
                        met.setdefault(name, []).append(value)
                    advance(shown)
    _tell({name: median(values) for name, values in met.items()})


async def _bridge(there: Stage) -> dict[str, float]:
    """The bridge: from nothing to ready, idle for a while, then 100 events."""
    urls = {"freescout": there.helpdesk_url, "slack": there.slack.api_url}
    with folder() as where:
        async with bridge(where, **urls, routes=there.routes) as running:
            started = running.ready - running.started
            pid = running.process.pid
            before = cpu(pid)
            await asyncio.sleep(_WAIT)
            waiting, resident = (cpu(pid) - before) / _WAIT, memory(pid)
            async with doorbell(running.port) as door:
                before = cpu(pid)
                for _ in range(EVENTS):
                    await door.ring(there.write())
                    await asyncio.sleep(0.02)
                await there.calm(2.5)
            busy = cpu(pid) - before
    return {"start": started, "memory": resident, "cpu": busy, "idle cpu": waiting}


async def _imports(_: Stage) -> dict[str, float]:
    """A process that imports what the bridge stands on, and does nothing."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with process("-c", IMPORTS, stdout=_PIPE) as bare:
        assert bare.stdout
        await bare.stdout.readline()
        started = loop.time() - began
        await asyncio.sleep(_WAIT / 3)
        return {"bare start": started, "bare memory": memory(bare.pid)}


async def _script(there: Stage) -> dict[str, float]:
    """A script that fetches and posts 100 conversations."""
    words = ("-m", "benchmarks.barescript", there.helpdesk_url, there.workspace_url, "bare")
    async with process(*words, stdin=_PIPE, stdout=_PIPE) as script:
        assert script.stdin
        assert script.stdout
        await script.stdout.readline()
        before = cpu(script.pid)
        for _ in range(EVENTS):
            script.stdin.write(f"{there.write()}\n".encode())
            await script.stdout.readline()
            await asyncio.sleep(0.02)
        return {"bare cpu": cpu(script.pid) - before}


def memory(pid: int) -> float:
    """Resident memory, in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def _tell(met: dict[str, float]) -> None:
    names = {
        "start": ("start to ready, s", "{:.2f}"),
        "memory": ("resident after 3 s, MB", "{:.0f}"),
        "cpu": (f"CPU seconds for {EVENTS} events", "{:.2f}"),
    }
    ratios = {key: met[key] / met[f"bare {key}"] for key in names}
    rows = [
        (words, form.format(met[key]), form.format(met[f"bare {key}"]), f"[bold]{ratios[key]:.2f}[/]")
        for key, (words, form) in names.items()
    ]
    rows.append(("CPU while idle", f"{met['idle cpu']:.2%}", "", ""))
    report = Report(
        "idle",
        f"Idle: {met['memory']:.0f} MB, {ratios['memory']:.2f} times its bare imports; "
        f"ready in {met['start']:.1f} s",
        ("", "bridge", "bare", "ratio"),
        rows,
        {"ratio": {key: round(one, 3) for key, one in ratios.items()}, **met},
        ("bare: a process that imports what the bridge stands on; for CPU, a script that fetches and posts",),
    )
    report.show()
    with suppress(ValueError), picture(report, height=2.8) as axes:
        groups = [words for words, _ in names.values()]
        series = {"times the bare one": (OURS, list(ratios.values()))}
        bars(axes, groups, series, "{:.2f}")
        axes.axvline(1, color=BARE, linewidth=1.5)
