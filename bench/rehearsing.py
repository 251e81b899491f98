"""How long the lab takes to come up, to be told to change nothing, to cycle power, to take over."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.stacks import CHECKOUT
from tandem.lab.commands import IMAGES
from tandem.lab.lab import Lab
from tandem.lab.starting import await_pair, described_for, lab_up
from tests.lab.operating import fab
from tests.lab.running import active, given_up, standby, visited

MOST = 300.0
"""How long something may take, in seconds."""


@dataclass(frozen=True)
class Results:
    """Seconds, each from the command on."""

    in_sync_and_active: float
    services: float
    site: float
    slowest_ssh: float
    nothing_to_do: float
    power_cycle: float
    rejoined: float
    taken_over: float


def measure(folder: Path, console: Console) -> Results:
    """Bring the shipped cluster up, once its images are there, and pull two plugs; takes root."""
    described = described_for(CHECKOUT / "cluster.cfg", "nspawn")
    with lab_up(described, folder / "first", IMAGES, console.print):
        pass
    times: dict[str, float] = {}
    started = time.monotonic()

    def tell(line: str) -> None:
        times[line.split(",")[0]] = time.monotonic() - started
        console.print(f"{time.monotonic() - started:5.1f} s  {line}")

    with lab_up(described, folder / "second", IMAGES, tell) as lab:
        services = time.monotonic() - started
        _until(lambda: visited(lab, 30) == 200)
        site = time.monotonic() - started
        tell("the site answers")
        ssh, deploy = _nothing_to_do(lab)
        tell(f"a deploy with nothing to do took {deploy:.1f} s, the slowest ssh {ssh:.1f} s")
        cycle, rejoined = _power_cycle(lab)
        tell(f"a power cycle took {cycle:.1f} s, in sync again after {rejoined:.1f} s")
        up = (times["in sync"], services, site)
        return Results(*up, ssh, deploy, cycle, rejoined, _takeover(lab))


def _nothing_to_do(lab: Lab) -> tuple[float, float]:
    """The slowest of ssh to all hosts at once, and ``fab deploy``, in turns: medians of three."""
    ssh, deploys = [], []
    for _ in range(3):
        started = time.monotonic()
        for host, login in [(host, lab.start(host, "true")) for host in lab.cluster.hosts]:
            lab.ended(host, login, "true", MOST)
        ssh.append(time.monotonic() - started)
        started = time.monotonic()
        done = fab(lab, "deploy")
        deploys.append(time.monotonic() - started)
        if done.returncode or "nothing to do" not in done.stdout:
            raise SystemExit(done.stdout + done.stderr)
    return median(ssh), median(deploys)


def _power_cycle(lab: Lab) -> tuple[float, float]:
    machine, other = standby(lab), active(lab)
    lab.poweroff(machine)
    # Sooner, and its peer would switch it off again.
    _until(lambda: given_up(lab, other, machine))
    started = time.monotonic()
    lab.poweron(machine)
    lab.await_ssh(machine)
    cycle = time.monotonic() - started
    await_pair(lab)
    return cycle, time.monotonic() - started


def _takeover(lab: Lab) -> float:
    started = time.monotonic()
    lab.poweroff(active(lab))
    _until(lambda: visited(lab) == 200)
    return time.monotonic() - started


def _until(seen: Callable[[], bool]) -> None:
    deadline = time.monotonic() + MOST
    while not seen():
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {MOST:g} s")
        time.sleep(0.3)


def table(results: Results) -> Table:
    """The figures as a table."""
    made = Table("two machines in the lab", "s", box=None)
    for name, seconds in vars(results).items():
        made.add_row(name.replace("_", " "), f"{seconds:.1f}")
    return made
