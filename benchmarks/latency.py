"""From a webhook's sending to the card's arrival in Slack, one at a time: the bridge's own share of it.

The time in which the stand-ins had something to answer is subtracted. A bare script that fetches the same
conversations and posts them takes turns with the bridge; it parses no webhook and writes nothing to disk.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from benchmarks.harness import (
    BARE,
    OURS,
    Report,
    Timing,
    advance,
    bars,
    bridge,
    folder,
    ms,
    picture,
    process,
    progress,
)
from benchmarks.stage import POST, Stage, doorbell, stage

CHANNELS = 40
"""The bridge posts once a second to a channel: with many, none of the cards has to wait for its turn."""
EVENTS = 160
_GAP = 0.1


async def run(*, quick: bool) -> None:
    """Measure, print, draw."""
    events = 40 if quick else EVENTS
    ours, bare = Timing(), Timing()
    async with stage(CHANNELS) as there:
        with folder() as where, progress("latency", events + CHANNELS) as shown:
            script = ("-m", "benchmarks.barescript", there.helpdesk_url, there.workspace_url, "bare")
            pipe = asyncio.subprocess.PIPE
            async with (
                bridge(
                    where,
                    freescout=there.helpdesk_url,
                    slack=there.slack.api_url,
                    routes=there.routes,
                ) as running,
                process(*script, stdin=pipe, stdout=pipe) as other,
                doorbell(running.port) as door,
            ):
                assert other.stdin
                assert other.stdout
                await other.stdout.readline()

                async def tell(conversation: int) -> None:
                    assert other.stdin
                    other.stdin.write(f"{conversation}\n".encode())

                for number in range(events + CHANNELS):
                    turns = [(door.ring, ours), (tell, bare)]
                    for ring, timing in turns if number % 2 else turns[::-1]:
                        share = await _share(there, ring)
                        if number >= CHANNELS:  # before that, each channel was new to the bridge
                            timing.all.append(share)
                    advance(shown)
    _tell(ours, bare)


async def _share(there: Stage, ring: Callable[[int], Awaitable[None]]) -> float:
    """Ring for a new conversation; return the seconds until its card came, less the stand-ins' own."""
    conversation = there.write()
    await there.calm(_GAP)
    there.helpdesk.visits.clear()
    there.workspace.visits.clear()
    with there.workspace.next(POST) as post:
        sent = time.perf_counter()
        ringing = asyncio.ensure_future(ring(conversation))
        arrived = (await asyncio.wait_for(post, 20)).begun
        await ringing
    await there.calm(_GAP)
    return arrived - sent - there.answering(sent, arrived)


def _tell(ours: Timing, bare: Timing) -> None:
    halves = {"p50": (ours.p50, bare.p50), "p99": (ours.p99, bare.p99)}
    ratios = {name: a / b for name, (a, b) in halves.items()}
    report = Report(
        "latency",
        f"Bell to card: {ms(ours.p50)} of the bridge's own, {ratios['p50']:.1f} times a bare fetch and post",
        ("", "bridge", "bare script", "ratio"),
        [(name, ms(a), ms(b), f"[bold]{ratios[name]:.2f}[/]") for name, (a, b) in halves.items()],
        {
            "ratio": {name: round(one, 3) for name, one in ratios.items()},
            "bridge": ours.figures(),
            "bare": bare.figures(),
        },
        (f"{len(ours.all)} new conversations each, one at a time; the stand-ins' time is subtracted",),
    )
    report.show()
    with picture(report, height=2.4) as axes:
        groups = [f"{name}\nratio {ratios[name]:.1f}" for name in halves]
        series = {
            "ms, bridge": (OURS, [a * 1e3 for a, _ in halves.values()]),
            "bare script": (BARE, [b * 1e3 for _, b in halves.values()]),
        }
        bars(axes, groups, series, "{:.1f}")
