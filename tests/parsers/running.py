"""Running the programs that read the files, here and as if on the host."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
"""Debian's directories of programs, those of root among them."""

PRIVATE = ("unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child")

# The host's files lie over this computer's Debian, in memory. Whatever a program writes, starts or
# sets up is gone when the last one in there ends. /mnt is where Debian's administrators mount
# what passes, so it is there, and nothing that the programs read.
_LAID_OVER = """
set -eu
mount -t tmpfs none /mnt
cd /mnt
mkdir upper work root
cp -r --preserve=mode "$1/." upper
chmod 755 upper
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work root
mount --rbind /dev root/dev
mount -t proc proc root/proc
mount -t sysfs -o ro sysfs root/sys
mount -t tmpfs -o mode=755 none root/run
shift
exec chroot root sh -c "$@"
"""


def installed(program: str) -> bool:
    """Tell whether Debian's program is there, by its name or by a pattern of its path."""
    if program.startswith("/"):
        return bool(list(Path("/").glob(program[1:])))
    return shutil.which(program, path=PATH) is not None


def run(
    command: Sequence[str | Path],
    *,
    given: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, within half a minute."""
    return subprocess.run(
        command,
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        cwd=cwd,
        env={"PATH": PATH, "LC_ALL": "C.UTF-8", **(env or {})},
    )


def on_host(root: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script where the host's files lie in their places; takes root.

    It has the machine for itself: its own network, hostname, processes and files.
    """
    return run(command_on_host(root, script, *arguments))


def command_on_host(root: Path, script: str, *arguments: str) -> tuple[str, ...]:
    """The command that does that; what it started ends with it."""
    return (*PRIVATE, "sh", "-c", _LAID_OVER, "sh", str(root), script, "sh", *arguments)


def alone_in_the_network(command: Sequence[str | Path]) -> list[str | Path]:
    """The command in a network of its own, of which an ordinary user is root."""
    become_root = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    return ["unshare", "--net", *become_root, *command]


def lines(text: str) -> list[str]:
    """The lines that say something."""
    return [line for line in text.splitlines() if line.strip()]
