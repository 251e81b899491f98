"""How long reading, checking, rendering and writing a cluster takes, and how that grows with it."""

import statistics
import time
from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import pairwise
from math import log
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tandem.description import cluster_in
from tandem.rendering import Secrets
from tandem.rendering.hosts import host_files
from tandem.writing import write_all

SIZES = (2, 20, 200)
RUNS = 5


@dataclass(frozen=True)
class Result:
    """The medians of one size; ``read_s`` includes all checks."""

    machines: int
    hosts: int
    files: int
    read_s: float
    render_s: float
    write_s: float

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.read_s + self.render_s + self.write_s


@dataclass(frozen=True)
class Results:
    sizes: tuple[Result, ...]
    growth: tuple[float, ...]
    """The exponent between each size and the next: 1 is linear."""


def description(machines: int) -> str:
    """A pair and capacity machines, each with a zeoclient VM of two clients."""
    names = ["master", "slave", *(f"node{number}" for number in range(3, machines + 1))]
    service = IPv4Address("10.0.0.0")
    lines = [
        "[cluster]",
        "name = large",
        f"machines = {' '.join(names)}",
        "pair = master slave",
        "floating-ip = 198.51.100.10/24",
        "fencing = ipmi",
        "[network]",
        "service = 10.0.0.0/16",
        "replication = 10.1.1.0/24",
        "management = 10.1.2.0/24",
        "gateway = 10.0.0.1",
        "public-gateway = 198.51.100.1",
        "[frontend-vm]",
        "address = 10.0.0.2",
        "[zeoserver-vm]",
        "address = 10.0.0.3",
        "[zeoclient-vm]",
        "addresses =",
        *(f"    {name}:{service + 2 * 256 + at}" for at, name in enumerate(names)),
        "[sites]",
        "www.example.org = /Plone",
    ]
    for at, name in enumerate(names):
        lines += [
            f"[{name}]",
            f"address = {service + 256 + at}",
            "memory = 16384",
            "storage = 200G",
        ]
        if at < 2:
            lines += [
                f"replication-address = 10.1.1.{at + 1}",
                f"management-address = 10.1.2.{at + 1}",
                f"fence-address = 10.1.2.{at + 101}",
            ]
    return "\n".join(lines) + "\n"


def measure(folder: Path, console: Console) -> Results:
    """Do it for every size, the sizes in turn."""
    files = {}
    for size in SIZES:
        files[size] = folder / f"{size}.cfg"
        files[size].write_text(description(size))
    _once(files[SIZES[0]], folder)  # templates are parsed once, at the start
    runs: dict[int, list[Result]] = {size: [] for size in SIZES}
    for number in range(RUNS):
        console.print(f"rendering {', '.join(map(str, SIZES))} machines: {number + 1} of {RUNS}")
        for size in SIZES:
            runs[size].append(_once(files[size], folder))
    sizes = tuple(
        Result(
            machines=size,
            hosts=runs[size][0].hosts,
            files=runs[size][0].files,
            read_s=statistics.median(run.read_s for run in runs[size]),
            render_s=statistics.median(run.render_s for run in runs[size]),
            write_s=statistics.median(run.write_s for run in runs[size]),
        )
        for size in SIZES
    )
    growth = tuple(
        log(large.seconds / small.seconds) / log(large.machines / small.machines)
        for small, large in pairwise(sizes)
    )
    return Results(sizes, growth)


def _once(file: Path, folder: Path) -> Result:
    started = time.perf_counter()
    cluster = cluster_in(file)
    read = time.perf_counter()
    secrets = Secrets("secret", "key", dict.fromkeys(cluster.pair, "password"))
    files = {
        host.name: host_files(cluster, host, secrets, file.name) for host in cluster.hosts.values()
    }
    rendered = time.perf_counter()
    write_all(files, folder / f"rollout-{file.stem}")
    written = time.perf_counter()
    return Result(
        machines=len(cluster.machines),
        hosts=len(files),
        files=sum(map(len, files.values())),
        read_s=read - started,
        render_s=rendered - read,
        write_s=written - rendered,
    )


def table(results: Results) -> Table:
    """The results, a row for each size."""
    rows = Table(title="Rendering a cluster (seconds, medians)")
    for column in ("machines", "hosts", "files", "read and check", "render", "write", "growth"):
        rows.add_column(column, justify="right")
    for at, one in enumerate(results.sizes):
        rows.add_row(
            str(one.machines),
            str(one.hosts),
            str(one.files),
            f"{one.read_s:.3f}",
            f"{one.render_s:.3f}",
            f"{one.write_s:.3f}",
            f"n^{results.growth[at - 1]:.2f}" if at else "",
        )
    return rows
