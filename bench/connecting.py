"""Many visitors at once on a page that Apache's cache has: how many see a failure."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from bench.stacks import Running
from bench.wrk import Load, load

CONNECTIONS = (1000, 4000)


@dataclass(frozen=True)
class Connecting:
    """What wrk measured for each number of connections."""

    runs: tuple[tuple[int, Load], ...]


def measure(stack: Running, console: Console, seconds: int) -> Connecting:
    """Hold each number of connections for so many seconds."""
    runs = []
    load(stack.url + "/", 10, 2)
    for connections in CONNECTIONS:
        console.print(f"{connections} connections for {seconds} s …")
        runs.append((connections, load(stack.url + "/", connections, seconds)))
    return Connecting(tuple(runs))


def table(measured: Connecting) -> Table:
    """The result, for people."""
    shown = Table(title="A cached page")
    for column in ("connections", "requests/s", "p99", "longest", "requests", "failed"):
        shown.add_column(column, justify="right")
    for connections, run in measured.runs:
        shown.add_row(
            str(connections),
            f"{run.rate:.0f}",
            f"{run.p99:.0f} ms",
            f"{run.longest:.0f} ms",
            str(run.requests),
            str(run.failed),
        )
    return shown
