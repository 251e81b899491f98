"""The operator's commands, in the network of a lab that runs."""

import subprocess
import sys
from pathlib import Path

from tandem.lab.lab import Lab
from tandem.rendering import CHECKOUT

FAB = Path(sys.executable).with_name("fab")


def fab(lab: Lab, *words: str, file: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command of the operator, on the description that the lab keeps, or on another."""
    cluster = f"--cluster={file or lab.folder / 'cluster.cfg'}"
    return subprocess.run(
        lab.namespace.entering((FAB, *words, cluster)),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def said(done: subprocess.CompletedProcess[str]) -> str:
    """All that a command has printed."""
    return done.stdout + done.stderr
