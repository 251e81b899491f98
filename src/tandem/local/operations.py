"""Starting, stopping and looking at the stack on this computer."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic

import psutil
from rich.console import Console

from tandem.errors import TandemError
from tandem.local import secrets
from tandem.local.asking import port_is_free, verdict, wait_until
from tandem.local.stack import Program, Stack
from tandem.local.supervisor import Process, Supervisor

APACHE = Path("/usr/sbin/apache2")
NO_APACHE = (
    "frontend left out: apache2 is missing;"
    " get it by: sudo apt-get install --no-install-recommends apache2-bin"
)
FREE_MB = 500
"""What must be free on the disk: a new Plone site, its logs and caches, with room to work."""

_WITH_APACHE = ("waitingroom", "frontend", "clean-cache")
_MAKE_SITES = Path(__file__).parents[1] / "plone" / "sites.py"
_START_SECONDS = 120
_STOP_SECONDS = 60


@dataclass(frozen=True)
class Row:
    """A line of the status table."""

    name: str
    state: str
    address: str
    pid: int
    seconds: int
    memory_mb: int
    ready: bool
    says: str


@dataclass(frozen=True)
class Status:
    """What runs where. ``missing`` says what could not run on this computer, and the remedy."""

    url: str
    rows: tuple[Row, ...]
    missing: tuple[str, ...]

    @property
    def well(self) -> bool:
        """Whether all that can run here does its work."""
        return all(row.ready for row in self.rows)

    def as_json(self) -> dict[str, object]:
        """The same for scripts."""
        return {**asdict(self), "well": self.well}


@dataclass(frozen=True)
class Sites:
    """Plone sites: their paths in Zope, and how long a cache may keep a page (s; 0: no cache)."""

    paths: tuple[str, ...]
    freshness: int


def wanted_sites(stack: Stack) -> Sites:
    """The sites of the description."""
    frontend = stack.cluster.frontend
    return Sites(
        tuple(dict.fromkeys(site.path for site in stack.cluster.sites)),
        frontend.cache_freshness if frontend.cache != "none" else 0,
    )


def made_sites(stack: Stack) -> Sites | None:
    """The sites as they were made or set up the last time, which are not made again."""
    try:
        made = json.loads(_sites_file(stack).read_text())
        return Sites(tuple(made["paths"]), made["freshness"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _sites_file(stack: Stack) -> Path:
    return stack.var / "sites.json"


def supervisor_of(stack: Stack) -> Supervisor:
    """The supervisord that runs this stack."""
    return Supervisor(stack.supervisor_conf, stack.var / "supervisor.sock")


def runnable(stack: Stack) -> tuple[Program, ...]:
    """The programs that this computer can run."""
    return tuple(p for p in stack.programs if p.name not in _WITH_APACHE or APACHE.exists())


def run(stack: Stack, console: Console) -> Status:
    """Bring the stack up, make what is missing in it, and see that it answers.

    Each part is looked at first, so that running it again costs seconds and changes nothing.
    Raises TandemError where something stands in the way.
    """
    supervisor = supervisor_of(stack)
    if not stack.supervisor_conf.exists():
        raise TandemError(f"{stack.supervisor_conf} is missing: make setup builds it")
    # First of all: a run that is cut short must leave no word of sites that are not there.
    if stack.is_empty or not stack.password_file.exists():
        _sites_file(stack).unlink(missing_ok=True)
    secrets.make(stack.password_file)
    if not supervisor.is_running():
        _refuse_where_it_cannot_run(stack)
        supervisor.start()
    elif changed := supervisor.take_over_changes():
        console.print(f"changed since it was started: {', '.join(changed)}")
    with _step(console, "starting the ZEO server"):
        supervisor.ensure("zeoserver")
        _wait_for(stack.programs[0], stack)
    # Before the clients: those that meet an empty database all try to fill it, and only one can.
    if made_sites(stack) != wanted_sites(stack):
        with _step(console, f"making {', '.join(wanted_sites(stack).paths)}"):
            _make_sites(stack)
    with _step(console, f"starting {len(stack.clients)} Plone clients"):
        for client in stack.clients:
            supervisor.ensure(client.name)
        for client in stack.clients:
            _wait_for(client, stack)
    if APACHE.exists():
        with _step(console, "starting Apache"):
            for name in _WITH_APACHE:
                supervisor.ensure(name)
            _wait_for(stack.programs[-1], stack)
    return status(stack)


def stop(stack: Stack) -> bool:
    """Stop everything; say whether something ran. Raises TandemError where it does not end."""
    supervisor = supervisor_of(stack)
    if not supervisor.is_running():
        return False
    pids = [process.pid for process in supervisor.processes() if process.pid]
    supervisor.shut_down()
    over = wait_until(
        lambda: not supervisor.is_running() and not any(map(psutil.pid_exists, pids)),
        _STOP_SECONDS,
    )
    if not over:
        raise TandemError(f"still running after {_STOP_SECONDS} s: see {stack.var}/log")
    return True


def status(stack: Stack) -> Status:
    """What runs where, as the programs themselves show it."""
    processes = {process.name: process for process in supervisor_of(stack).processes()}
    stopped = Process("", "stopped", 0, 0)
    rows = []
    for program in runnable(stack):
        process = processes.get(program.name, stopped)
        ready, says = verdict(program) if process.pid else (False, "not running")
        rows.append(
            Row(
                name=program.name,
                state=process.state,
                address=f"{program.address}:{program.port}",
                pid=process.pid,
                seconds=process.seconds,
                memory_mb=_memory_mb(process.pid),
                ready=ready,
                says=says,
            )
        )
    missing = () if APACHE.exists() else (NO_APACHE,)
    return Status(stack.url, tuple(rows), missing)


def _refuse_where_it_cannot_run(stack: Stack) -> None:
    free = shutil.disk_usage(stack.directory).free // 2**20
    if free < FREE_MB:
        raise TandemError(
            f"{stack.directory}: {free} MB are free on this disk: expected at least {FREE_MB} MB"
        )
    taken = [p for p in runnable(stack) if not port_is_free(p.address, p.port)]
    if taken:
        raise TandemError(
            "\n".join(
                f"{p.address}:{p.port}, for {p.name}, is taken{_by_whom(p.port)}:"
                f" stop that program, or set another port: {p.option}"
                for p in taken
            )
        )


def _by_whom(port: int) -> str:
    try:
        owner = next(
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:2] == (port,)
        )
        return f" by {psutil.Process(owner).name()} (pid {owner})" if owner else ""
    except (psutil.Error, StopIteration):
        return ""


def _wait_for(program: Program, stack: Stack) -> None:
    if not wait_until(lambda: verdict(program)[0], _START_SECONDS):
        raise TandemError(
            f"{program.name} is not ready after {_START_SECONDS} s ({verdict(program)[1]}):"
            f" see {stack.var}/log/{program.name}-console.log"
        )


def _make_sites(stack: Stack) -> None:
    wanted = wanted_sites(stack)
    log = stack.var / "log" / "make-sites.log"
    command: list[str | Path] = [
        stack.bin / "zeoclient1",
        "run",
        _MAKE_SITES,
        stack.password_file,
        str(wanted.freshness),
        *wanted.paths,
    ]
    with log.open("w") as output:
        done = subprocess.run(
            command, stdout=output, stderr=subprocess.STDOUT, check=False, stdin=subprocess.DEVNULL
        )
    if done.returncode:
        raise TandemError(f"making {', '.join(wanted.paths)} failed: see {log}")
    _sites_file(stack).write_text(json.dumps(asdict(wanted)))


def _memory_mb(pid: int) -> int:
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(int(member.memory_info().rss) for member in family) // 2**20 if pid else 0
    except psutil.Error:
        return 0


@contextmanager
def _step(console: Console, doing: str) -> Iterator[None]:
    start = monotonic()
    with console.status(f"{doing} …"):
        yield
    if (took := monotonic() - start) > 0.5 or os.environ.get("CI"):
        console.print(f"{doing}: {took:.1f} s", highlight=False)
