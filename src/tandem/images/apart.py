"""Commands in mounts and processes of their own, of which nothing outlives this program."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

USER_NAMESPACE: Final = ("--user", "--map-root-user", "--map-auto")
"""What unshare(1) is told by those who are not root."""

PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def apart(command: Sequence[str | Path], *, network: bool = True) -> tuple[str | Path, ...]:
    """The command in namespaces of its own: without ``network`` it has a loopback that is down.

    The kernel kills it and all that it started when the caller ends, however that is. Who is not
    root is root in there, other accounts being the subordinate ids of the user (subuid(5)).
    """
    return (
        *("setpriv", "--pdeathsig=KILL", "--"),
        *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
        *(() if os.geteuid() == 0 else USER_NAMESPACE),
        *(() if network else ("--net",)),
        "--",
        *command,
    )


@contextmanager
def running(
    command: Sequence[str | Path], *, network: bool = True, **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """The command as it runs apart; it has ended, with all that it started, after the block.

    ``options`` are those of subprocess.Popen.
    """
    with subprocess.Popen(apart(command, network=network), **options) as process:
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    # The kernel lets unshare's child, process 1 of its namespace, go last of all that is in there.
    with suppress(OSError):
        first = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in first:
            os.kill(int(child), signal.SIGKILL)
        if first:
            process.wait()
            return
    process.kill()
    process.wait()


def surroundings(**more: str) -> Mapping[str, str]:
    """The environment of a command that is to do the same on every computer."""
    return {"PATH": PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", **more}
