"""Stacks to measure, each on ports of its own."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.running import CHECKOUT, Running, make_stack
from tests.ports import free_ports

__all__ = ["CHECKOUT", "Running", "free_ports", "make_stack", "run"]


def run(command: Sequence[str], cwd: Path | None = None) -> str:
    """What the command prints; raises RuntimeError with its last words where it fails."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-10:])
        raise RuntimeError(f"{' '.join(command)} failed:\n{said}")
    return done.stdout
