"""A thousand new conversations at once in one channel, against Slack's one post a second.

Visible is a conversation whose number, like `#1234`, stands in a message of the channel: on a card of its own
or in a line of a digest. The stand-in Slack limits posts as the real one does, in real time.
"""

import asyncio
import json
import re
from collections.abc import Sequence

from benchmarks.harness import ACCENT, BARE, OURS, Report, bridge, folder, picture, progress
from benchmarks.stage import Stage, doorbell, stage

CONVERSATIONS = 1000
LIMIT = 300.0
"""Seconds after which no more is waited."""
GOAL = 60.0
_DOORS = 8
_NUMBER = re.compile(r"#(\d+)")


async def run(*, quick: bool) -> None:
    """Measure, print, draw."""
    conversations, limit = (60, 30.0) if quick else (CONVERSATIONS, LIMIT)
    async with stage(channels=1, limit_posts=True) as there:
        made = there.freescout.fill(conversations, mailbox=there.mailboxes[0], statuses=("active",))
        urls = {"freescout": there.helpdesk_url, "slack": there.slack.api_url}
        with folder() as where:
            async with bridge(where, **urls, routes=there.routes) as running:
                watching = asyncio.create_task(_watch(there, len(made), limit))
                await asyncio.gather(
                    *(_ring(running.port, list(made)[door::_DOORS]) for door in range(_DOORS))
                )
                seen = await watching
    posts = [
        call
        for call in there.slack.called("chat.postMessage")
        if call.reply and call.reply["ok"] and not call.args.get("thread_ts")
    ]
    _tell(seen, len(made), len(posts))


async def _ring(port: int, conversations: Sequence[int]) -> None:
    async with doorbell(port) as door:
        for conversation in conversations:
            await door.ring(conversation)


async def _watch(there: Stage, wanted: int, limit: float) -> list[tuple[float, int]]:
    """Look into the channel again and again; return how many were visible when."""
    loop = asyncio.get_running_loop()
    channel = next(iter(there.routes.values()))
    began = loop.time()
    seen = [(0.0, 0)]
    read: dict[str, str | None] = {}
    numbers: set[str] = set()
    with progress("burst", wanted) as shown:
        while seen[-1][1] < wanted and loop.time() - began < limit:
            await asyncio.sleep(0.2)
            for message in there.slack.messages(channel):
                if read.get(message.ts, "") != message.edited:
                    read[message.ts] = message.edited
                    numbers |= set(_NUMBER.findall(f"{message.text} {json.dumps(message.blocks)}"))
            seen.append((loop.time() - began, len(numbers)))
            shown.update(shown.task_ids[0], completed=len(numbers))
    return seen


def _tell(seen: list[tuple[float, int]], wanted: int, posts: int) -> None:
    seconds, visible = seen[-1]
    whole = visible >= wanted
    after = f"all visible after {seconds:.0f} s" if whole else f"{visible:,} visible after {seconds:.0f} s"
    rows = [
        ("visible", f"{visible:,} of {wanted:,}", f"{visible / wanted:.2f}"),
        (
            "seconds",
            f"{seconds:.0f}",
            f"[bold]{seconds / GOAL:.2f}[/] of {GOAL:.0f}" if whole else "not done",
        ),
        ("posts in the channel", str(posts), f"{posts / seconds:.2f} a second"),
    ]
    report = Report(
        "burst",
        f"{wanted:,} new conversations at once: {after}",
        ("", "measured", "ratio"),
        rows,
        {
            "conversations": wanted,
            "visible": visible,
            "seconds": round(seconds, 2),
            "posts": posts,
            "ratio": {
                "seconds_to_60": round(seconds / GOAL, 3) if whole else None,
                "posts_a_second": round(posts / seconds, 3),
            },
        },
        ("Slack takes about one post a second in a channel",),
    )
    report.show()
    with picture(report, height=3.4) as axes:
        times = [at for at, _ in seen]
        axes.plot(times, [count for _, count in seen], color=OURS, linewidth=2)
        axes.annotate(
            "bridge", (times[-1], visible), (-6, -14), textcoords="offset points", ha="right", color=OURS
        )
        axes.plot(times, [min(at, wanted) for at in times], color=BARE, linewidth=1.5)
        axes.annotate(
            "a card a second",
            (times[-1], min(times[-1], wanted)),
            (-6, 6),
            textcoords="offset points",
            ha="right",
            color="#777777",
        )
        if times[-1] > GOAL:
            axes.axvline(GOAL, color=ACCENT, linewidth=1, linestyle=":")
        axes.set_xlabel("seconds")
        axes.set_ylabel("visible conversations")
