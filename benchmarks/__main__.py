"""Run benchmarks: `python -m benchmarks [name …] [--quick]`."""

import argparse
import asyncio
from importlib import import_module

NAMES = ("ingest", "latency", "calls", "burst", "idle", "scan", "routing")


def main() -> None:
    """Run those that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="name", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="fewer rounds: to see that it runs")
    asked = parser.parse_args()
    for name in asked.names or NAMES:
        asyncio.run(import_module(f"benchmarks.{name}").run(quick=asked.quick))


if __name__ == "__main__":
    main()
