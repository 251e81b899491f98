"""Load from wrk, and what it measured."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

_REPORT = Path(__file__).with_name("report.lua")


@dataclass(frozen=True)
class Load:
    """What one run measured: answers and failures counted, ``seconds``, and latencies in ms."""

    requests: int
    failed: int
    seconds: float
    p50: float
    p99: float
    longest: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


def load(url: str, connections: int, seconds: int, timeout: int = 30) -> Load:
    """Ask for the URL over so many connections at once, for so long.

    Failed means: not connected, broken off, later than ``timeout`` seconds, or answered with a
    status of 400 or more.
    """
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", f"--timeout={timeout}s"]
    done = subprocess.run(
        [*command, "-s", str(_REPORT), url], capture_output=True, text=True, check=True
    )
    measured = json.loads(done.stdout.splitlines()[-1])
    return Load(**measured)
