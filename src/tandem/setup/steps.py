"""Running the steps of a set-up: each shows that it goes on, and leaves its output in a log."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_TICK = 0.1  # seconds between two looks at a running command
_STILL = 15.0  # seconds between two signs of life where output is no terminal
_SPINNER = "|/-\\"


@dataclass(frozen=True)
class Outcome:
    """How a command ended: its exit status (negative: the signal) and all that it printed."""

    status: int
    output: str


class Steps:
    """Runs commands one after the other and tells the reader about each in one line.

    Commands write straight into the log, so they outlive this process unharmed if it is killed,
    and ``lock``, an open file, stays locked until the last of them has ended.
    """

    def __init__(self, log: Path, lock: IO[str], *, out: IO[str] | None = None) -> None:
        self._out = out or sys.stdout
        self._live = self._out.isatty()
        self._lock = lock
        self.log = log
        self._file: IO[bytes] | None = None

    @property
    def ran(self) -> bool:
        """Whether anything was run."""
        return self._file is not None

    def say(self, sentence: str) -> None:
        """Print one line, for good."""
        print(sentence, file=self._out, flush=True)

    def run(
        self, title: str, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str]
    ) -> Outcome:
        """Run ``command`` to its end, whatever that is; raises OSError if it can't be started."""
        start = time.monotonic()
        log = self._open()
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()
        begin = log.tell()
        if not self._live:
            self.say(f"  {title} ...")
        with subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=None if self._live else subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[self._lock.fileno()],
        ) as process:
            try:
                self._wait(process, title, start)
            except BaseException:
                process.terminate()
                raise
        log.seek(begin)
        output = log.read().decode(errors="replace")
        took = f"{time.monotonic() - start:.1f} s"
        if self._live:
            self._out.write("\r\x1b[K")
        mark = "done" if process.returncode == 0 else "failed"
        self.say(f"  {title}: {mark} in {took}")
        return Outcome(process.returncode, output)

    def _wait(self, process: subprocess.Popen[bytes], title: str, start: float) -> None:
        ticks = 0
        while True:
            try:
                process.wait(_TICK)
                return
            except subprocess.TimeoutExpired:
                ticks += 1
            seconds = time.monotonic() - start
            if self._live:
                spinner = _SPINNER[ticks % len(_SPINNER)]
                self._out.write(f"\r\x1b[K{spinner} {title} {seconds:.0f} s")
                self._out.flush()
            elif ticks % round(_STILL / _TICK) == 0:
                self.say(f"  {title}: still at it after {seconds:.0f} s")

    def _open(self) -> IO[bytes]:
        """The log, which keeps the last set-up that had something to do."""
        if self._file is None:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.log.open("w+b")
        self._file.seek(0, os.SEEK_END)
        return self._file
