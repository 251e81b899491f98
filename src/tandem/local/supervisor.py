"""Talking to the supervisord of one stack over its socket."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from tandem.errors import TandemError

_LONGEST_SOCKET_PATH = 107 - len(".0123456789")
"""Bytes a Unix socket's path may have (unix(7)), less what supervisord adds while it binds."""


@dataclass(frozen=True)
class Process:
    """What supervisord says of a program; ``pid`` is 0 and ``seconds`` 0 while it doesn't run."""

    name: str
    state: str
    pid: int
    seconds: int


class Supervisor:
    """The supervisord whose configuration is ``conf`` and whose socket is ``socket``."""

    def __init__(self, conf: Path, socket: Path) -> None:
        self.conf = conf
        self.socket = socket

    def is_running(self) -> bool:
        """Whether it answers, be it that it is shutting down."""
        try:
            self._call("getState")
        except OSError:
            return False
        except Fault:
            return True
        return True

    def processes(self) -> tuple[Process, ...]:
        """Every program it knows of; none where it doesn't run."""
        try:
            known = self._call("getAllProcessInfo")
        except (OSError, Fault):
            return ()
        return tuple(
            Process(
                info["name"],
                info["statename"].lower(),
                info["pid"],
                info["now"] - info["start"] if info["pid"] else 0,
            )
            for info in known
        )

    def start(self) -> None:
        """Start it, but none of its programs; raises TandemError with its own words."""
        if len(str(self.socket)) > _LONGEST_SOCKET_PATH:
            raise TandemError(
                f"{self.socket}: too long for a socket's path:"
                f" expected a checkout whose path is {len(str(self.socket)) - _LONGEST_SOCKET_PATH}"
                " characters shorter"
            )
        (self.socket.parent / "log").mkdir(parents=True, exist_ok=True)
        supervisord = Path(sys.executable).with_name("supervisord")
        done = subprocess.run(
            [supervisord, "-c", self.conf], capture_output=True, text=True, check=False
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise TandemError(f"supervisord did not start: {said[-1] if said else 'no reason'}")

    def take_over_changes(self) -> None:
        """Make it know the programs that its configuration has now; a new one is not started."""
        [[added, changed, removed]] = self._call("reloadConfig")
        for name in (*removed, *changed):
            self.stop(name)
            self._call("removeProcessGroup", name)
        for name in (*added, *changed):
            self._call("addProcessGroup", name)

    def ensure(self, name: str) -> None:
        """Start a program that doesn't run, without waiting for what becomes of it."""
        try:
            self._call("startProcess", name, False)
        except Fault as fault:
            if "ALREADY_STARTED" not in fault.faultString:
                raise TandemError(f"{name} can't be started: {fault.faultString}") from None

    def stop(self, name: str) -> None:
        """Stop a program, if it runs, and do not start it again."""
        try:
            self._call("stopProcess", name)
        except Fault as fault:
            if "NOT_RUNNING" not in fault.faultString:
                raise

    def shut_down(self) -> None:
        """Stop all programs, and then supervisord itself."""
        self._call("shutdown")

    def _call(self, method: str, *arguments: object) -> Any:
        # A connection for each call: a kept one would be of no use after supervisord's restart.
        transport = SupervisorTransport(None, None, f"unix://{self.socket}")
        with ServerProxy("http://127.0.0.1", transport=transport) as server:
            return getattr(server.supervisor, method)(*arguments)
