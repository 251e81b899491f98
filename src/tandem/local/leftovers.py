"""Programs of a stack that live on although what looked after them was killed."""

import psutil

from tandem.errors import TandemError
from tandem.local.stack import Stack

_PATIENCE = 10
"""Seconds that they have to end by themselves."""


def leftovers(stack: Stack) -> list[psutil.Process]:
    """Processes that run on this stack's configuration; a developer's debug client is none."""
    marks = [f"{stack.parts}/{part}/" for program in stack.programs for part in program.parts]
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(word.startswith(tuple(marks)) for word in process.info["cmdline"] or ())
    ]


def end(processes: list[psutil.Process]) -> None:
    """End them, with patience first and then without; raises TandemError for another user's."""
    for process in processes:
        try:
            process.terminate()
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied:
            raise TandemError(
                f"{process.name()} (pid {process.pid}) of this stack belongs to"
                f" {process.username()}: stop it as that user or as root"
            ) from None
    _, stubborn = psutil.wait_procs(processes, timeout=_PATIENCE)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=_PATIENCE)
