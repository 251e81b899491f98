"""``make bench``: all measures, as tables and as JSON in ``var/bench``."""

import argparse
import json
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import balancing, connecting, indexing, rehearsing, rendering, setting_up
from bench.stacks import CHECKOUT, Running, make_stack

console = Console()


@contextmanager
def running(folder: Path, cache: str) -> Iterator[Running]:
    """A stack that runs in the folder, with Apache's cache or without."""
    folder.mkdir()
    stack = make_stack(folder, f"[frontend-vm]\ncache = {cache}\n")
    try:
        started = stack.local("run")
        if started.returncode:
            raise RuntimeError(started.stdout + started.stderr)
        yield stack
    finally:
        stack.end()


def measure_setting_up(folder: Path, _: argparse.Namespace) -> tuple[Any, Table]:
    """Set-up against a classic buildout."""
    measured = setting_up.measure(folder, console)
    return measured, setting_up.table(measured)


def measure_balancing(folder: Path, given: argparse.Namespace) -> tuple[Any, Table]:
    """Apache against HAProxy."""
    with running(folder / "uncached", "none") as stack:
        measured = balancing.measure(stack, folder, console, given.pairs, given.seconds)
    return measured, balancing.table(measured)


def measure_connecting(folder: Path, given: argparse.Namespace) -> tuple[Any, Table]:
    """Thousands of connections."""
    with running(folder / "cached", "apache") as stack:
        measured = connecting.measure(stack, console, given.seconds * 2)
    return measured, connecting.table(measured)


def measure_indexing(folder: Path, given: argparse.Namespace) -> tuple[Any, Table]:
    """What saving the ZEO server's index costs, and what it is worth."""
    measured = indexing.measure(folder, console, given.objects)
    return measured, indexing.table(measured)


def measure_rendering(folder: Path, _: argparse.Namespace) -> tuple[Any, Table]:
    """Clusters of 2, 20 and 200 machines."""
    measured = rendering.measure(folder, console)
    return measured, rendering.table(measured)


def measure_rehearsing(folder: Path, _: argparse.Namespace) -> tuple[Any, Table]:
    """The lab: up, a power cycle, a takeover."""
    measured = rehearsing.measure(folder, console)
    return measured, rehearsing.table(measured)


MEASURES: dict[str, Callable[[Path, argparse.Namespace], tuple[Any, Table]]] = {
    "setting-up": measure_setting_up,
    "balancing": measure_balancing,
    "connecting": measure_connecting,
    "indexing": measure_indexing,
    "rendering": measure_rendering,
    "rehearsing": measure_rehearsing,
}


def main() -> int:
    """Measure what the command line names, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=", ".join(MEASURES))
    parser.add_argument("--pairs", type=int, default=20, help="of Apache and HAProxy, 20 or more")
    parser.add_argument("--seconds", type=int, default=8, help="for each run")
    parser.add_argument("--objects", type=int, default=1_000_000, help="in the Data.fs to index")
    given = parser.parse_args()
    if unknown := set(given.measures) - MEASURES.keys():
        parser.error(f"no measure {', '.join(unknown)}: expected {', '.join(MEASURES)}")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    results = CHECKOUT / "var" / "bench"
    results.mkdir(parents=True, exist_ok=True)
    for name in given.measures or MEASURES:
        with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
            measured, table = MEASURES[name](Path(folder), given)
        console.print(table)
        file = results / f"{name}.json"
        file.write_text(json.dumps(asdict(measured), indent=2) + "\n")
        console.print(f"the same as JSON: {file.relative_to(CHECKOUT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
