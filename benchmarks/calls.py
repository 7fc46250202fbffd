"""How many requests an event costs FreeScout and Slack, beside one fetch and one post for each. Counted."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.harness import BARE, OURS, Report, advance, bars, bridge, folder, picture, progress
from benchmarks.stage import Stage, stage

_CALM = 2.5
"""Seconds without a call after which all is said: the bridge posts once a second."""


@dataclass
class Case:
    """What happened, and what it cost."""

    name: str
    webhooks: int
    fetches: int
    posts: int
    edits: int
    others: int

    @property
    def calls(self) -> int:
        return self.fetches + self.posts + self.edits + self.others

    @property
    def naive(self) -> int:
        return 2 * self.webhooks

    @property
    def ratio(self) -> float:
        return self.calls / self.naive


async def run(*, quick: bool) -> None:  # noqa: ARG001 - what is counted needs no second round
    """Count, print, draw."""
    cases: list[Case] = []
    async with stage(channels=1) as there:
        with folder() as where, progress("calls", 4) as shown:
            urls = {"freescout": there.helpdesk_url, "slack": there.slack.api_url}
            async with bridge(where, **urls, routes=there.routes) as running:
                await there.calm(_CALM)
                there.freescout.subscribe(f"{running.address}/freescout/webhook")
                conversation = 0

                def begin() -> None:
                    nonlocal conversation
                    conversation = there.write()

                def reply(number: int) -> None:
                    there.freescout.customer_replies(conversation, f"<p>More of it, {number}</p>")

                def change(number: int) -> None:
                    agent = there.agents[number % 2]
                    if number % 4 < 2:
                        there.freescout.agent_assigns(conversation, agent, agent)
                    else:
                        status = ("pending", "active")[number % 2]
                        there.freescout.agent_sets_status(conversation, agent, status)

                for name, times, act in (
                    ("the first event ever", 1, lambda _: begin()),
                    ("one new conversation", 1, lambda _: begin()),
                    ("ten messages of a customer in a second", 10, reply),
                    ("ten changes of hands and status in a second", 10, change),
                ):
                    cases.append(await _count(there, name, times, act))
                    advance(shown)
    _tell(cases)


async def _count(there: Stage, name: str, times: int, act: Callable[[int], None]) -> Case:
    asked, called, sent = (
        len(there.freescout.requests),
        len(there.slack.calls),
        len(there.freescout.deliveries),
    )
    for number in range(times):
        act(number)
        await asyncio.sleep(0.9 / times)
    await there.calm(_CALM)
    methods = Counter(call.method for call in there.slack.calls[called:])
    posts, edits = methods.pop("chat.postMessage", 0), methods.pop("chat.update", 0)
    webhooks = [one for one in there.freescout.deliveries[sent:] if one.event.startswith("convo.")]
    fetches = len(there.freescout.requests) - asked
    return Case(name, len(webhooks), fetches, posts, edits, sum(methods.values()))


def _tell(cases: list[Case]) -> None:
    best = min(cases, key=lambda case: case.ratio)
    report = Report(
        "calls",
        f"{best.name.capitalize()}: {best.calls} calls, not {best.naive}",
        ("", "webhooks", "FreeScout", "posts", "edits", "other", "naive", "ratio"),
        [
            (
                case.name,
                *map(str, (case.webhooks, case.fetches, case.posts, case.edits, case.others, case.naive)),
                f"[bold]{case.ratio:.2f}[/]",
            )
            for case in cases
        ],
        {
            case.name: {
                "webhooks": case.webhooks,
                "freescout": case.fetches,
                "posts": case.posts,
                "edits": case.edits,
                "other": case.others,
                "naive": case.naive,
                "ratio": round(case.ratio, 3),
            }
            for case in cases
        },
        ("naive: one fetch and one post for each webhook, which would show neither card nor assignee",),
    )
    report.show()
    with picture(report, height=3.8) as axes:
        groups = [f"{case.name}\nratio {case.ratio:.2f}" for case in cases]
        series = {
            "calls, bridge": (OURS, [case.calls for case in cases]),
            "naive": (BARE, [case.naive for case in cases]),
        }
        bars(axes, groups, series)
