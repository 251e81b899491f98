"""The lab's keeper: process 1 of the lab's own namespaces, which holds all that runs in it.

Nothing in the lab outlives it: when it ends, however it ends, the kernel kills every process of the
namespace, and with the last of them the network and the mounts are gone. It knows nothing of
clusters: it starts programs, each on a terminal of its own, and stops them.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import tty
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tandem.errors import TandemError

SOCKET: Final = "keeper.sock"
READY: Final = b"ready\n"
STAYS: Final = b"stays\n"
"""What it says to the process that started it: that it can be asked, and that it outlives it."""
_MARK: Final = "TANDEM_LAB_PROGRAM"
"""The environment variable by which one knows what a program started, and all they did."""
_LOG_MOST: Final = 8_000_000
"""How long a console's log may grow, in bytes, before it is begun anew."""
_UNREAD_MOST: Final = 1_000_000
"""How much of a console waits for one who watches it and does not read, in bytes."""


@dataclass
class Program:
    """A program of the lab, whether it runs or not, and its terminal, the console."""

    name: str
    command: tuple[str, ...]
    process: int | None = None
    """The number of its process, which leads a process group of its own."""
    frozen: bool = False
    terminal: int | None = None
    watchers: list[asyncio.StreamWriter] = field(default_factory=list)
    switch: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while it is switched on or off: whoever comes meanwhile waits."""

    @property
    def state(self) -> str:
        """``on``, ``frozen`` or ``off``."""
        if self.process is None:
            return "off"
        return "frozen" if self.frozen else "on"


class Keeper:
    """Holds the lab's programs; ``folder`` is where its socket and the consoles are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs: dict[str, Program] = {}
        self.leashed = True
        """Whether it ends with the process that started it."""
        self.ended = asyncio.Event()

    async def run(self) -> None:
        """Serve until told to end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.ended.set)
        loop.add_signal_handler(signal.SIGCHLD, self._reap)
        loop.add_reader(sys.stdin.fileno(), self._leash_gone)
        await asyncio.start_unix_server(self._serve, SOCKET)
        os.write(sys.stdout.fileno(), READY)
        await self.ended.wait()

    def _leash_gone(self) -> None:
        if os.read(sys.stdin.fileno(), 64) == b"":
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            if self.leashed:
                self.ended.set()

    def _reap(self) -> None:
        """Take leave of every process that ended, orphans of programs included."""
        while True:
            try:
                process, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if process == 0:
                return
            for program in self.programs.values():
                if program.process == process:
                    self._over(program)

    def _over(self, program: Program) -> None:
        process, program.process, program.frozen = program.process, None, False
        if process is not None:
            _kill_what_is_left(program)
        if program.terminal is not None:
            # Its last words, but not for ever: an orphan of its may have the terminal still.
            for _ in range(1000):
                if not self._listen(program):
                    break
            asyncio.get_running_loop().remove_reader(program.terminal)
            os.close(program.terminal)
            program.terminal = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                writer.write(json.dumps(await self._reply(json.loads(line))).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _reply(self, asked: dict[str, Any]) -> object:
        """The states of the programs, or what is wrong as a sentence."""
        try:
            return await self._answer(asked)
        except KeyError as error:
            return f"the lab has no {error.args[0]}"
        except OSError as error:
            return f"{asked['name']} cannot be started: {error.filename}: {error.strerror}"

    async def _answer(self, asked: dict[str, Any]) -> object:
        what, name = asked["do"], asked.get("name", "")
        match what:
            case "stay" if self.leashed:
                self.leashed = False
                os.write(sys.stdout.fileno(), STAYS)
            case "end":
                asyncio.get_running_loop().call_later(0.05, self.ended.set)
            case "hold":
                # Its lock is the keeper's until it ends.
                fcntl.flock(os.open(asked["file"], os.O_RDONLY), fcntl.LOCK_SH)
            case "add":
                await self._add(name, tuple(asked["command"]))
            case "on":
                async with self.programs[name].switch:
                    await self._start(self.programs[name])
            case "off":
                async with self.programs[name].switch:
                    await self._kill(self.programs[name])
            case "freeze" | "thaw":
                self._freeze(self.programs[name], frozen=what == "freeze")
        return {program.name: program.state for program in self.programs.values()}

    async def _add(self, name: str, command: tuple[str, ...]) -> None:
        """Learn of a program, or with what other command one starts the next time."""
        if name in self.programs:
            self.programs[name].command = command
            return
        self.programs[name] = Program(name, command)
        await asyncio.start_unix_server(self._console(name), f"{name}.console")

    async def _start(self, program: Program) -> None:
        if program.process is not None:
            return
        await self._clear(program)
        terminal, inside = pty.openpty()
        tty.setraw(inside)
        os.set_blocking(terminal, False)
        try:
            started = subprocess.Popen(
                program.command,
                stdin=inside,
                stdout=inside,
                stderr=inside,
                start_new_session=True,
                env={**os.environ, _MARK: program.name},
            )
        except OSError:
            os.close(terminal)
            raise
        finally:
            os.close(inside)
        program.terminal, program.process = terminal, started.pid
        started.returncode = 0  # it is reaped here, not by the object
        asyncio.get_running_loop().add_reader(terminal, self._listen, program)

    async def _kill(self, program: Program) -> None:
        process = program.process
        if process is None:
            return
        os.killpg(process, signal.SIGKILL)
        while program.process == process:
            await asyncio.sleep(0.01)
        await self._clear(program)

    async def _clear(self, program: Program) -> None:
        """Wait until nothing of a program that is off has its files open any more."""
        while _kill_what_is_left(program):
            await asyncio.sleep(0.01)

    def _freeze(self, program: Program, *, frozen: bool) -> None:
        # The process alone, not its group: those that User Mode Linux traces stop with it.
        if program.process is not None:
            os.kill(program.process, signal.SIGSTOP if frozen else signal.SIGCONT)
            program.frozen = frozen

    def _listen(self, program: Program) -> bool:
        """Take what a console says: to its log, and to those who watch it; whether it said any."""
        terminal = program.terminal or -1
        try:
            said = os.read(terminal, 65536)
        except BlockingIOError:
            return False
        except OSError:  # nobody has the other end any more, and that is told again and again
            asyncio.get_running_loop().remove_reader(terminal)
            return False
        log = self.folder / f"{program.name}.log"
        full = log.exists() and log.stat().st_size > _LOG_MOST
        with log.open("wb" if full else "ab") as opened:
            opened.write(said)
        for watcher in program.watchers:
            if watcher.transport.get_write_buffer_size() < _UNREAD_MOST:
                watcher.write(said)
        return bool(said)

    def _console(self, name: str) -> Any:
        async def attended(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            program = self.programs[name]
            program.watchers.append(writer)
            with contextlib.suppress(ConnectionError):
                while typed := await reader.read(4096):
                    # What a program does not read in time is lost, as on a serial line.
                    with contextlib.suppress(BlockingIOError):
                        if program.terminal is not None:
                            os.write(program.terminal, typed)
            program.watchers.remove(writer)
            writer.close()

        return attended


def _kill_what_is_left(program: Program) -> bool:
    """Kill all that a program ever started, which bears its mark; whether there was anything.

    User Mode Linux has processes in sessions of their own, which outlive it and hold its disks.
    """
    mark = f"{_MARK}={program.name}".encode()
    left = False
    for process in Path("/proc").glob("[1-9]*"):
        with contextlib.suppress(OSError):
            if mark in (process / "environ").read_bytes().split(b"\0"):
                os.kill(int(process.name), signal.SIGKILL)
                left = True
    return left


def main(arguments: Sequence[str]) -> None:
    """Be process 1 of a lab whose folder is the one argument."""
    folder = Path(arguments[0])
    # A socket's path may have some 100 letters: it is named from within its folder.
    os.chdir(folder)
    for left in (Path(SOCKET), *Path().glob("*.console")):
        left.unlink(missing_ok=True)
    os.umask(0o077)
    asyncio.run(Keeper(Path()).run())


def ask(folder: Path, what: str, name: str = "", **more: object) -> dict[str, str]:
    """Ask the keeper of the lab in the folder; the state of each program.

    Raises ConnectionError where no lab runs, FileNotFoundError where there never was one, and
    TandemError where it cannot be done.
    """
    with connected(folder) as connection, connection.makefile("rw") as spoken:
        print(json.dumps({"do": what, "name": name, **more}), file=spoken, flush=True)
        line = spoken.readline()
    if not line:
        raise ConnectionResetError("the keeper has ended meanwhile")
    answer = json.loads(line)
    if isinstance(answer, str):
        raise TandemError(answer)
    states: dict[str, str] = answer
    return states


@contextlib.contextmanager
def connected(folder: Path) -> Any:
    """A connection to the keeper's socket, whose path may be longer than a socket's may be."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(f"/proc/self/fd/{opened}/{SOCKET}")
            yield connection
    finally:
        os.close(opened)


if __name__ == "__main__":
    main(sys.argv[1:])
