"""`python -m tests.torture.run`: many seeds, a bar, a table, and status 1 where Slack is not what FreeScout is."""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.torture.letters import FAULTS
from tests.torture.oracle import KINDS
from tests.torture.play import NO_DROPS, POINTS, Outcome, play

_SHOWN = 12
"""Differences of one seed that are told."""


def main(arguments: list[str] | None = None) -> int:
    """Play the seeds one after the other; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.run", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many (default: %(default)s)")
    parser.add_argument("--events", type=int, default=300, help="in each (default: %(default)s)")
    parser.add_argument("--from-seed", type=int, default=1, help="the first (default: %(default)s)")
    parser.add_argument("--points", default=",".join(POINTS), help="where to die, with commas between")
    parser.add_argument("--keep", type=Path, help="a folder for the bridge's logs and databases")
    parser.add_argument("--no-drops", action="store_true", help="let no webhook be lost for good")
    parser.add_argument("--no-sweep", action="store_true", help="leave [sweep] out of the configuration")
    asked = parser.parse_args(arguments)
    points = [point for point in asked.points.split(",") if point]
    console = Console(emoji=False, width=None if sys.stdout.isatty() else 120)
    outcomes: list[Outcome] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress, tempfile.TemporaryDirectory() as temporary:
        whole = progress.add_task("seeds", total=asked.seeds)
        for seed in range(asked.from_seed, asked.from_seed + asked.seeds):
            folder = (asked.keep or Path(temporary)) / str(seed)
            folder.mkdir(parents=True, exist_ok=True)
            bar = progress.add_task(f"seed {seed}", total=asked.events)
            outcome = asyncio.run(
                play(
                    seed,
                    asked.events,
                    points,
                    folder,
                    tell=lambda done, bar=bar: progress.update(bar, completed=done),
                    without=NO_DROPS if asked.no_drops else (),
                    **({"more": ""} if asked.no_sweep else {}),
                )
            )
            progress.remove_task(bar)
            progress.advance(whole)
            outcomes.append(outcome)
            tell(console, outcome, asked)
    console.print(faults(outcomes), table(outcomes), letters(outcomes))
    missed = sorted(set(points) - {point for one in outcomes for point in one.deaths})
    if missed:
        console.print(f"[yellow]never reached: {', '.join(missed)}")
    return 0 if outcomes and all(one.right for one in outcomes) else 1


def tell(console: Console, outcome: Outcome, asked: argparse.Namespace) -> None:
    """Say what is wrong with a seed, and how to see it again."""
    if outcome.right:
        return

    def say(words: str, style: str = "red") -> None:
        console.print(words, style=style, markup=False, highlight=False, soft_wrap=True)

    for one in outcome.found[:_SHOWN]:
        say(f"  {one}")
    if len(outcome.found) > _SHOWN:
        say(f"  and {len(outcome.found) - _SHOWN} more")
    if outcome.trouble:
        say(f"  {outcome.trouble}")
    again = f"python -m tests.torture.run --from-seed {outcome.seed} --seeds 1 --events {asked.events}"
    points = "" if asked.points == ",".join(POINTS) else f" --points '{asked.points}'"
    say(f"seed {outcome.seed} is wrong. Again: {again}{points}", "bold red")


def table(outcomes: list[Outcome]) -> Table:
    """A row a seed, and their sum."""
    titles = ("seed", "events", "faults", "kills", "restarts", "posts", *KINDS, "seconds")
    rows = [_row(one) for one in outcomes]
    made = Table(show_footer=True)
    for number, title in enumerate(titles):
        whole = f"{sum(row[number] for row in rows):.0f}" if number else "all"
        made.add_column(title, whole, justify="right", no_wrap=True)
    for row in rows:
        made.add_row(*(f"{cell:.0f}" for cell in row))
    return made


def letters(outcomes: list[Outcome]) -> Table:
    """What people wrote in Slack, what became of it, and what went wrong with it: a row a kind, a column a seed."""
    made = Table("replies and notes", *(f"seed {one.seed}" for one in outcomes), "all", box=None)
    for column in made.columns[1:]:
        column.justify = "right"
    kinds = {name: [one.written.get(name, 0) for one in outcomes] for name in outcomes[0].written}
    kinds |= {f"wrong: {kind}": [one.count(kind) for one in outcomes] for kind in FAULTS}
    for name, counts in kinds.items():
        made.add_row(name, *map(str, counts), str(sum(counts)))
    return made


def _row(one: Outcome) -> list[float]:
    wrong = [one.count(kind) for kind in KINDS]
    faults = sum(one.faults.values())
    return [one.seed, one.events, faults, one.kills, one.starts - 1, one.posts, *wrong, one.seconds]


def faults(outcomes: list[Outcome]) -> Table:
    """How often each kind of fault struck."""
    made = Table("fault", "times", box=None)
    made.columns[1].justify = "right"
    counts: Counter[str] = Counter()
    for one in outcomes:
        counts.update(one.faults)
    for name, count in sorted(counts.items()):
        made.add_row(name, str(count))
    return made


if __name__ == "__main__":
    sys.exit(main())
