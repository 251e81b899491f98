"""People who read the sites of a running lab while something is done to it."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from tandem.lab.lab import Lab

PAGE: Final = "robots.txt"
"""Plone makes it anew for everyone, of what the site has in its registry, and soon."""

AT_ONCE: Final = 2
"""How many of them there are."""

_VISITOR: Final = """\
import sys, time, urllib.request
# A cookie, so that no cache answers.
headers = {"Host": sys.argv[2], "Cookie": "__ac=x"}
request = urllib.request.Request(sys.argv[1], headers=headers)
pause = float(sys.argv[3])
while True:
    started = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()
            said = answer.status
    except Exception as error:
        said = repr(error).replace(" ", "_")
    print(said, time.monotonic() - started, flush=True)
    time.sleep(pause)
"""


@dataclass(frozen=True)
class Visits:
    """What visitors were answered: statuses, or what went wrong, and after how many seconds."""

    answers: list[tuple[str, float]] = field(default_factory=list)

    @property
    def failed(self) -> list[tuple[str, float]]:
        """Those that were reset, not answered within 30 s, or with another status than 200."""
        return [answer for answer in self.answers if answer[0] != "200" or answer[1] > 30]

    def report(self) -> str:
        """How many there were, how many failed, and how long they took."""
        times = [seconds for _, seconds in self.answers]
        cuts = statistics.quantiles(times, n=100)
        return (
            f"{len(times)} requests, {len(self.failed)} failed,"
            f" median {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s, longest {max(times):.2f} s"
        )


@contextmanager
def visitors(lab: Lab, pause: float = 0) -> Iterator[Visits]:
    """Have the first site read meanwhile; ``pause`` (s) is that after each answer.

    The answers are there after the block.
    """
    visits = Visits()
    url = f"http://{lab.cluster.floating_ip.ip}/{PAGE}"
    command = (sys.executable, "-c", _VISITOR, url, lab.cluster.sites[0].host, str(pause))
    running = [
        subprocess.Popen(lab.namespace.entering(command), stdout=subprocess.PIPE, text=True)
        for _ in range(AT_ONCE)
    ]
    try:
        yield visits
    finally:
        for visitor in running:
            visitor.kill()
            printed, _ = visitor.communicate()
            lines = [line.split() for line in printed.splitlines()]
            visits.answers.extend((line[0], float(line[1])) for line in lines if len(line) == 2)


def half_load(lab: Lab) -> float:
    """The pause (s) with which visitors are half of what is answered without one."""
    with visitors(lab) as visits:
        time.sleep(20)
    assert visits.failed == []
    return statistics.mean(seconds for _, seconds in visits.answers)
