"""The namespaces of a lab: a network, processes and mounts of its own, and a keeper in them."""

import os
import select
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tandem.errors import TandemError
from tandem.lab.keeper import READY, STAYS, ask, connected

_UNSHARE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


class NoLabError(TandemError):
    """No lab runs in a folder."""


class Namespace:
    """The namespaces of the lab that runs in a folder; raises NoLabError where none does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            with connected(folder) as connection:
                asked = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        except (FileNotFoundError, ConnectionError):
            raise NoLabError(f"no lab runs in {folder}: fab lab:up starts one") from None
        except PermissionError:
            raise TandemError(f"the lab in {folder} is another account's") from None
        self.keeper: int = struct.unpack("iII", asked)[0]
        """The keeper's process, as this computer counts."""

    @property
    def entered(self) -> bool:
        """Whether this program is in the lab's network."""
        return Path("/proc/self/ns/net").samefile(f"/proc/{self.keeper}/ns/net")

    def entering(self, command: Sequence[str | Path]) -> tuple[str | Path, ...]:
        """The command that runs another in the lab; it is killed when the lab ends, or this is."""
        inside = (f"--target={self.keeper}", "--net", "--mount", "--pid")
        # nsenter leaves this folder, and would leave its child running.
        back = ("sh", "-c", 'cd "$0" && exec setpriv --pdeathsig=KILL "$@"', Path.cwd())
        return ("nsenter", *inside, "--", *back, *command)

    def run(self, command: Sequence[str | Path], given: str = "") -> str:
        """Run a command in the lab, and what it prints; raises TandemError when it fails."""
        done = subprocess.run(
            self.entering(command), input=given, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise TandemError(f"{command[0]} failed in the lab: {done.stderr.strip()}")
        return done.stdout

    def ask(self, what: str, name: str = "", **more: object) -> dict[str, str]:
        """Ask the keeper, as tandem.lab.keeper.ask does."""
        try:
            return ask(self.folder, what, name, **more)
        except (FileNotFoundError, ConnectionError):
            raise NoLabError(f"the lab in {self.folder} has ended: fab lab:up starts it") from None

    def end(self) -> None:
        """End all that runs in the lab, and wait until it has."""
        try:
            watched = os.pidfd_open(self.keeper)
        except ProcessLookupError:
            return
        try:
            with suppress(NoLabError):
                self.ask("end")
            # Process 1 of a namespace ends as the last one in it.
            select.select([watched], [], [])
        finally:
            os.close(watched)


@contextmanager
def leashed(folder: Path) -> Iterator[Namespace]:
    """Namespaces that end with this process, or with the block, unless they are told to stay."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "keeper.log").open("wb") as log:
        started = subprocess.Popen(
            (*_UNSHARE, sys.executable, "-m", "tandem.lab.keeper", folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_until_ready(started, folder)
        yield Namespace(folder)
    finally:
        _let_go(started)


def _let_go(started: subprocess.Popen[bytes]) -> None:
    """Have it end, and wait until all that ran in it has, unless it was told to stay."""
    if not started.stdin or not started.stdout:
        return
    with started.stdout:
        started.stdin.close()
        if started.stdout.readline() == STAYS:
            started.returncode = 0  # another process's from now on
        else:
            started.wait()


def _wait_until_ready(started: subprocess.Popen[bytes], folder: Path) -> None:
    if not started.stdout or started.stdout.readline() != READY:
        why = (folder / "keeper.log").read_text().strip().splitlines()
        raise TandemError(f"the lab cannot start: {why[-1] if why else 'it ended at once'}")
