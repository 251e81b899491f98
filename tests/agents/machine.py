"""A machine of a cluster in namespaces of its own, with its rendered files where they belong.

It has this computer's programs, but sees nothing of its processes, network and memory file systems,
and nothing that it writes outlives it. It cannot switch off or reboot anything but itself.
"""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from tandem.rendering import File

HERE = Path(__file__).parent
IDLE = ("sleep", "infinity")
SYSTEMD = ("/lib/systemd/systemd", "--system", "--show-status=no", "--log-target=null")

Ran = subprocess.CompletedProcess[str]


def until(true: Callable[[], bool], what: str, seconds: float = 10) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.01)


class Machine:
    """A running machine."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._inside = ("nsenter", f"--target={pid}", "--all", "--root", "--wd")

    def path(self, path: str) -> Path:
        """A file of the machine, as seen from here."""
        return Path(f"/proc/{self.pid}/root") / path.lstrip("/")

    def read(self, path: str) -> str:
        """The text of a file, and nothing where there is none."""
        try:
            return self.path(path).read_text()
        except FileNotFoundError:
            return ""

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Make a file, in the place of whatever is there."""
        file = self.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def hurry(self, path: str, constants: Mapping[str, str]) -> None:
        """Give a rendered program other constants than the real, slow ones, and shorter naps."""
        text = self.read(path)
        for name, other in constants.items():
            text, found = re.subn(rf"(?m)^{name}=[\d.]+$", f"{name}={other}", text)
            assert found == 1, f"{path} has no constant {name}"
        text = text.replace("timeout -k 1 ", "timeout -k 0.1 ").replace("sleep 1\n", "sleep 0.1\n")
        self.write(path, text, 0o755)

    def replace(self, path: str, old: str, new: str) -> None:
        """Change a rendered program, which has the old text."""
        text = self.read(path)
        assert old in text, f"{path} has no {old!r}"
        self.write(path, text.replace(old, new), 0o755)

    def forget(self, *paths: str) -> None:
        """Remove the files and directories that match, and all in them."""
        ran = self.run("sh", "-c", f"rm -rf {' '.join(paths)}")
        assert ran.returncode == 0, ran.stderr

    def stand_in(self, name: str, *paths: str) -> None:
        """Put a stand-in for a program that cannot run here."""
        for path in paths:
            self.write(path, (HERE / "standins" / name).read_text(), 0o755)

    def run(self, *command: str, stdin: str = "", seconds: float = 30, **env: str) -> Ran:
        """Run a command and wait for it, and for all that keeps its output open."""
        return subprocess.run(
            [*self._inside, *command],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **env},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    @contextlib.contextmanager
    def running(self, *command: str) -> Iterator[subprocess.Popen[str]]:
        """A command that runs meanwhile."""
        with subprocess.Popen(
            [*self._inside, *command],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def install(self, files: Iterable[File]) -> None:
        """Put rendered files where they belong."""
        for file in files:
            self.write(str(PurePosixPath("/") / file.path), file.text, file.mode)

    def load_drbd(self, version: str = "8.4.11") -> None:
        """Let it seem to have DRBD's module, whose version drbdadm reads in /proc/drbd."""
        self.write("/tmp/drbd/role", "Secondary/Unknown\n")
        self.write("/tmp/drbd/disk", "UpToDate/DUnknown\n")
        self.stand_in("drbdsetup", "/lib/drbd/drbdsetup-84", "/usr/sbin/drbdsetup")
        ran = self.run("sh", stdin=f"version={version}\n{_LOADING}")
        assert ran.returncode == 0, ran.stderr

    def add_address(self, address: str) -> None:
        """Let the machine itself answer for an address."""
        ran = self.run("ip", "address", "add", f"{address}/32", "dev", "lo")
        assert ran.returncode == 0, ran.stderr


@contextlib.contextmanager
def machine(name: str, directory: Path, init: tuple[str, ...] = IDLE) -> Iterator[Machine]:
    """A machine that ends with all its processes when the context does."""
    cgroup = _cgroups() / f"tandem-test-{os.getpid()}-{directory.name}"
    cgroup.mkdir()
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    unshare += ["--cgroup", "--uts", "--ipc", "--net"]
    booting = subprocess.Popen(
        [
            *("sh", "-c", 'echo 0 >"$0/cgroup.procs" && exec setpriv --pdeathsig KILL "$@"'),
            *(str(cgroup), *unshare, str(HERE / "boot.sh"), str(directory), name, *init),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    pid = 0
    try:
        pid = _process_1(booting)
        yield Machine(pid)
    finally:
        if pid:
            os.kill(pid, signal.SIGKILL)
        booting.kill()
        booting.communicate()
        until(lambda: _removed(cgroup), "the machine's processes are gone")


_LOADING = """
set -e
mkdir /run/proc
mount --bind /proc /run/proc
mount -t tmpfs none /proc
for entry in /run/proc/[!0-9]* /run/proc/1; do
    ln -s "$entry" /proc/
done
echo "version: $version (api:1/proto:86-101)" >/proc/drbd
"""


def _process_1(booting: subprocess.Popen[str]) -> int:
    """The machine's process 1, once it has booted."""
    children = Path(f"/proc/{booting.pid}/task/{booting.pid}/children")

    def booted() -> bool:
        if booting.poll() is not None:
            raise AssertionError(booting.communicate()[1])
        pid = children.read_text().strip()
        # Its own root, in which boot.sh has come to its end.
        return bool(pid) and Path(f"/proc/{pid}/root/run/up").exists()

    until(booted, "the machine boots")
    return int(children.read_text())


def _cgroups() -> Path:
    """Where this computer has its cgroups of version 2."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(place)
    raise AssertionError("this computer has no cgroups of version 2")


def _removed(cgroup: Path) -> bool:
    """Whether the cgroup is gone, with those that systemd made below it."""
    try:
        for directory, _, _ in os.walk(cgroup, topdown=False):
            Path(directory).rmdir()
    except OSError:
        return False
    return True
