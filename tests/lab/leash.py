"""What tests ask of namespaces, and of the programs in them, from outside."""

import contextlib
import os
import socket
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tandem.lab.namespace import Namespace

IN_NAMESPACES = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces of its own take root"),
]
"""The marks of a module whose tests start namespaces."""


def until(seen: Callable[[], bool], what: str, seconds: float = 10) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)


def switch_on(namespace: Namespace, name: str, *command: str | Path) -> None:
    """Have the keeper start a program."""
    namespace.ask("add", name, command=[str(word) for word in command])
    namespace.ask("on", name)


def sh(namespace: Namespace, name: str, script: str) -> None:
    """Have the keeper start a shell script."""
    switch_on(namespace, name, "sh", "-c", script)


def said(namespace: Namespace, name: str) -> str:
    """All that a program has said at its console."""
    log = namespace.folder / f"{name}.log"
    return log.read_text() if log.exists() else ""


def await_words(namespace: Namespace, name: str, words: str) -> None:
    """Wait until a program has said something at its console."""
    until(lambda: words in said(namespace, name), f"{name} says {words!r}", 60)


@contextlib.contextmanager
def console(namespace: Namespace, name: str) -> Iterator[socket.socket]:
    """A program's console."""
    # A socket's path may have some 100 letters, and pytest's folders have more.
    folder = os.open(namespace.folder, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(f"/proc/self/fd/{folder}/{name}.console")
        os.close(folder)
        yield connection
        # To leave without having read all would take back what was typed last.
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


def processes(namespace: Namespace) -> dict[str, str]:
    """The commands that run in the namespace, the keeper aside, and the kernel's word for how."""
    found = {}
    for process in Path(f"/proc/{namespace.keeper}/root/proc").glob("[0-9]*"):
        if process.name == "1":
            continue
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            command = (process / "cmdline").read_text().replace("\0", " ").strip()
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            # A process that is dead has no command line any more.
            found[command or f"process {process.name}"] = state
    return found


def await_processes(namespace: Namespace, expected: dict[str, str]) -> None:
    """Wait until just these commands run in the namespace."""
    until(lambda: processes(namespace) == expected, f"nothing runs but {expected}", 5)


class Spaces:
    """The namespaces of a process that are not this computer's own."""

    def __init__(self, process: int) -> None:
        # The number of one that has ended is soon another's, unless it is held open.
        held = [os.open(path, os.O_RDONLY) for path in _spaces(str(process))]
        for one in held:
            weakref.finalize(self, os.close, one)
        own = {path.stat().st_ino for path in _spaces("self")}
        self.numbers = {os.fstat(one).st_ino for one in held} - own

    @property
    def inhabited(self) -> bool:
        """Whether any process is in one of them."""
        for directory in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self.numbers & {path.stat().st_ino for path in _spaces(directory.name)}:
                    return True
        return False


def _spaces(process: str) -> list[Path]:
    return [Path(f"/proc/{process}/ns/{kind}") for kind in ("net", "mnt", "pid")]
