"""Requests per second of a site's front page: through our Apache, through HAProxy, and directly.

All of them ask the same two clients, in turns, so that a machine whose speed drifts is no matter:
what counts are the ratios of neighbours.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median, stdev

import psutil
from genshi.template import NewTextTemplate
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.stacks import Running, free_ports
from bench.wrk import Load, load
from tandem.local.asking import get, wait_until
from tandem.local.stack import stack_in

CONNECTIONS = 8
"""At once: twice the threads of two clients, so that neither ever waits for a request."""

_STUDENT_T = 2.093
"""Of 20 pairs, two-sided, for 95 %: 19 degrees of freedom. More pairs have a smaller one."""


@dataclass(frozen=True)
class Way:
    """One way to the page: medians of its runs; CPU in seconds per 1,000 requests."""

    name: str
    rate: float
    p99: float
    failed: int
    cpu: float


@dataclass(frozen=True)
class Balancing:
    """Every way, and Apache / HAProxy: the ratio of requests per second, with its 95 % interval."""

    ways: tuple[Way, ...]
    pairs: int
    ratio: float
    lower: float
    upper: float


@dataclass(frozen=True)
class _Run:
    measured: Load
    cpu: float


def measure(stack: Running, folder: Path, console: Console, pairs: int, seconds: int) -> Balancing:
    """Measure all ways in turns, ``pairs`` times for so many seconds each."""
    if pairs < 20:
        raise ValueError("the interval is worked out for 20 pairs or more")
    local = stack_in(stack.config)
    client = local.cluster.clients[0]
    direct = f"http://{client.address}:{client.port}/Plone"
    with _haproxy(stack, folder) as (haproxy, haproxy_url):
        apache = psutil.Process(stack.status()["frontend"]["pid"])
        runs: dict[str, list[_Run]] = {"Apache": [], "HAProxy": [], "one client": []}
        for url in (stack.url + "/", haproxy_url, direct):
            load(url, CONNECTIONS, 3)
        for turn in track(range(pairs), "Apache and HAProxy in turns", console=console):
            order = (("Apache", apache, stack.url + "/"), ("HAProxy", haproxy, haproxy_url))
            for name, process, url in order if turn % 2 else reversed(order):
                runs[name].append(_run(process, url, CONNECTIONS, seconds))
            if turn % 4 == 0:
                runs["one client"].append(_run(None, direct, CONNECTIONS // 2, seconds))
    ratios = [
        ours.measured.rate / theirs.measured.rate
        for ours, theirs in zip(runs["Apache"], runs["HAProxy"], strict=True)
    ]
    margin = _STUDENT_T * stdev(ratios) / len(ratios) ** 0.5
    mean = fmean(ratios)
    ways = tuple(_way(name, of) for name, of in runs.items())
    return Balancing(ways, pairs, mean, mean - margin, mean + margin)


def table(measured: Balancing) -> Table:
    """The result, for people."""
    shown = Table(
        title="A site's front page, uncached",
        caption=f"Apache / HAProxy: {measured.ratio:.3f}, 95 % interval {measured.lower:.3f} to"
        f" {measured.upper:.3f}, {measured.pairs} pairs",
    )
    for column in ("through", "requests/s", "p99", "failed", "CPU per 1,000 requests"):
        shown.add_column(column, justify="left" if column == "through" else "right")
    for way in measured.ways:
        shown.add_row(
            way.name,
            f"{way.rate:.1f}",
            f"{way.p99:.0f} ms",
            str(way.failed),
            f"{way.cpu:.2f} s" if way.cpu else "",
        )
    return shown


def _run(process: psutil.Process | None, url: str, connections: int, seconds: int) -> _Run:
    before = _cpu(process)
    measured = load(url, connections, seconds)
    return _Run(measured, (_cpu(process) - before) * 1000 / measured.requests)


def _way(name: str, runs: list[_Run]) -> Way:
    return Way(
        name,
        median(run.measured.rate for run in runs),
        median(run.measured.p99 for run in runs),
        sum(run.measured.failed for run in runs),
        median(run.cpu for run in runs),
    )


def _cpu(process: psutil.Process | None) -> float:
    if process is None:
        return 0.0
    family = [process, *process.children(recursive=True)]
    return sum(sum(member.cpu_times()[:2]) for member in family)


@contextmanager
def _haproxy(stack: Running, folder: Path) -> Iterator[tuple[psutil.Process, str]]:
    port = free_ports()[0]
    cluster = stack_in(stack.config).cluster
    config = folder / "haproxy.cfg"
    template = NewTextTemplate(Path(__file__).with_name("haproxy.cfg").read_text())
    config.write_text(
        template.generate(
            port=port, threads=cluster.zeoclient.threads, clients=cluster.clients
        ).render(encoding=None)
    )
    with subprocess.Popen(["haproxy", "-f", config, "-db"]) as running:
        try:
            if not wait_until(lambda: get("127.0.0.1", port, "/")[0] == 200, 30):
                raise RuntimeError(f"HAProxy gives no page: {get('127.0.0.1', port, '/')}")
            yield psutil.Process(running.pid), f"http://127.0.0.1:{port}/"
        finally:
            running.terminate()
