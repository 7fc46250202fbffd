"""Which of 1,000 routes take a conversation, beside reading that conversation's recorded JSON.

The rules are read from tables as the file has them: a mailbox each, and tags, domains, words, patterns,
custom fields, times, exceptions, in turns. Most do not fit; so it is where there are many.
"""

import gc
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.harness import ACCENT, BARE, OURS, Report, Timing, bars, picture
from bot import routing
from bot.freescout import wire
from bot.hours import read as read_hours
from bot.model import Conversation, FieldValue, Mailbox
from bot.routing import Choice, Guide, Route, Routing, read_route
from bot.tables import Where

SIZES = (10, 100, 1_000)
ROUNDS = 100
_TURN = 20
"""Times that each is done in its turn."""
LIMIT = 1e-3
"""Seconds at the median that 1,000 rules may take."""
_RECORDED = Path(__file__).parent.parent / "tests" / "payloads" / "api.get_conversation_1.json"
_BOX = Mailbox(1, "Support")


@dataclass
class Found:
    """What some routes took: to be asked once, and to be asked why."""

    size: int
    chosen: Timing
    choices: Timing


def tables(count: int) -> list[dict[str, Any]]:
    """Routes as people write them: half for the conversation's own mailbox, each with its own words."""
    kinds: list[Callable[[int], dict[str, Any]]] = [
        lambda n: {"tag": f"tag-{n}"},
        lambda n: {"customer": f"@customer-{n}.example"},
        lambda n: {"subject": f"order {n}"},
        lambda n: {"subject": f"/invoice (no\\.|#) *{n}$/"},
        lambda n: {"field": {"Plan": f"Plan {n}"}},
        lambda n: {"time": "closed", "tag": [f"night-{n}", f"late-{n}"]},
        lambda n: {"any": [{"tag": f"a-{n}"}, {"subject": f"urgent {n}"}, {"customer": f"a@b-{n}.example"}]},
        lambda n: {"assignee": "nobody", "status": "active", "unless": {"tag": [f"z-{n}", "vip"]}},
        lambda n: {"type": "phone", "all": [{"tag": f"x-{n}"}, {"tag": f"y-{n}"}]},
        lambda n: {"subject": ["refund", f"claim {n}"], "unless": [{"tag": "spam"}, {"type": "chat"}]},
    ]
    boxes = ("Support", "Sales", 1, ["Billing", "Returns"])
    return [
        {"channel": f"channel-{n}", "mailbox": boxes[n % 4], **kinds[n % len(kinds)](n)} for n in range(count)
    ]


def routes(count: int) -> tuple[Route, ...]:
    """The same, read."""
    problems: list[str] = []
    made = [read_route(Where("bridge.toml"), table, problems) for table in tables(count)]
    assert not problems, problems
    return tuple(one for one in made if one is not None)


def conversation() -> Conversation:
    """The recorded one, with what rules ask for."""
    one = wire.conversation(_read(_RECORDED.read_bytes()))
    return replace(one, mailbox_id=1, tags=("vip", "printer"), fields=(FieldValue(1, "Plan", "2", "Gold"),))


async def run(*, quick: bool) -> None:
    """Measure by turns, print, draw."""
    rounds = ROUNDS // 10 if quick else ROUNDS
    text, one = _RECORDED.read_bytes(), conversation()
    (kept,) = read_hours(Where("x"), [{"zone": "Europe/Berlin", "open": ["mon-fri 09:00-17:00"]}], [])
    known = {size: Guide(routes(size)) for size in SIZES}
    found = [Found(size, Timing(), Timing()) for size in SIZES]
    reading = Timing()

    def choose(some: Sequence[Route]) -> Sequence[Route]:
        return routing.chosen(routing.facts(one, _BOX, kept.hours), some, Routing())

    def explain(some: Sequence[Route]) -> Sequence[Choice]:
        return routing.choices(routing.facts(one, _BOX, kept.hours), some, Routing())

    gc.freeze()  # as the bridge does once it is up
    for _ in range(rounds):  # without a progress bar, whose thread would take turns with this one
        _time(reading, lambda: wire.conversation(_read(text)))
        for case in found:
            _time(case.chosen, partial(choose, known[case.size]))
            _time(case.choices, partial(explain, known[case.size]))
    _tell(found, reading)


def _read(recorded: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(recorded)["body"]
    return found


def _time(kept: Timing, work: Callable[[], object]) -> None:
    for _ in range(_TURN):
        started = time.perf_counter()
        work()
        kept.all.append(time.perf_counter() - started)


def _us(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} µs"


def _tell(found: list[Found], reading: Timing) -> None:
    most = found[-1]
    rows = [
        (
            f"{one.size:,}",
            _us(one.chosen.p50),
            _us(one.chosen.p99),
            f"[bold]{one.chosen.p50 / reading.p50:.2f}[/]",
            _us(one.choices.p50),
            f"[bold]{one.choices.p50 / reading.p50:.2f}[/]",
        )
        for one in found
    ]
    verdict = "under" if most.chosen.p50 < LIMIT else "OVER"
    report = Report(
        "routing",
        f"{most.size:,} routes over a conversation take {_us(most.chosen.p50)}, {verdict} a millisecond",
        ("routes", "p50", "p99", "ratio", "with reasons, p50", "ratio"),
        rows,
        {
            "ratio": {
                "chosen": round(most.chosen.p50 / reading.p50, 3),
                "choices": round(most.choices.p50 / reading.p50, 3),
                "of_a_millisecond": round(most.chosen.p50 / LIMIT, 3),
            },
            "sizes": {
                str(one.size): {"chosen": one.chosen.figures(), "choices": one.choices.figures()}
                for one in found
            },
            "reading": reading.figures(),
        },
        (f"ratio: to reading the conversation's JSON into the model, {_us(reading.p50)} at the median",),
    )
    report.show()
    with picture(report, height=2.4) as axes:
        groups = [f"{one.size:,} routes" for one in found]
        drawn = {
            "which take it": (OURS, [one.chosen.p50 * 1e6 for one in found]),
            "and why the others do not": (ACCENT, [one.choices.p50 * 1e6 for one in found]),
            "reading its JSON": (BARE, [reading.p50 * 1e6 for _ in found]),
        }
        bars(axes, groups, drawn, "{:,.0f} µs")
