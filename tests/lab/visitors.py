"""People who read the sites of a running lab while something is done to it."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tandem.lab.lab import Lab
from tests.lab import load

PATIENCE: Final = 30.0
"""After how many seconds without an answer a visit has failed."""

_MEASURED: Final = 20.0
"""For how many seconds it is measured how much the sites can do."""


@dataclass
class Visits:
    """What visitors were answered: statuses, or what went wrong, and after how many seconds.

    They began to come for ``seconds``.
    """

    answers: list[tuple[str, float]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """How many came in a second."""
        return len(self.answers) / self.seconds

    @property
    def failed(self) -> list[tuple[str, float]]:
        """Those that were reset, not answered within 30 s, or with another status than 200."""
        return [answer for answer in self.answers if answer[0] != "200" or answer[1] > PATIENCE]

    def report(self) -> str:
        """How many there were, how many failed, and how long they took."""
        times = [seconds for _, seconds in self.answers]
        cuts = statistics.quantiles(times, n=100)
        return (
            f"{len(times)} requests, {self.rate:.1f} in a second, {len(self.failed)} failed,"
            f" median {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s, longest {max(times):.2f} s"
        )


def asking(
    address: str, port: int, host: str, how: str, many: float, patience: float = PATIENCE
) -> tuple[str, ...]:
    """The command that has visitors come, as tests/lab/load.py says."""
    there = (address, str(port), host, str(patience))
    return (sys.executable, str(Path(load.__file__).resolve()), *there, how, str(many))


@contextmanager
def coming(command: Sequence[str | Path]) -> Iterator[Visits]:
    """Have visitors come during the block; what they were answered is there after it."""
    visits = Visits()
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield visits
    finally:
        printed, _ = running.communicate()
        came = json.loads(printed)
        visits.seconds = came["seconds"]
        visits.answers.extend((said, seconds) for said, seconds in came["answers"])


@contextmanager
def visitors(lab: Lab, rate: float) -> Iterator[Visits]:
    """Have the first site read meanwhile, so many times in a second; nothing is tried again.

    The answers are there after the block, once all have come.
    """
    with coming(_on(lab, "steady", rate)) as visits:
        yield visits
    assert abs(visits.rate / rate - 1) < 0.05, f"{visits.rate:.1f} came in a second, not {rate:.1f}"


def half_load(lab: Lab) -> float:
    """Half of how many requests a second the first site answers when all clients are busy."""
    busy = len(lab.cluster.clients) * lab.cluster.zeoclient.threads
    with coming(_on(lab, "closed", busy)) as visits:
        time.sleep(_MEASURED)
    assert visits.failed == []
    return visits.rate / 2


def _on(lab: Lab, how: str, many: float) -> tuple[str | Path, ...]:
    cluster = lab.cluster
    to = (str(cluster.floating_ip.ip), cluster.ports.frontend, cluster.sites[0].host)
    return lab.namespace.entering(asking(*to, how, many))
