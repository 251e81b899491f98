"""What runs where on this computer, as the programs themselves show it."""

from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from tandem.local.asking import verdict
from tandem.local.stack import Program, Stack
from tandem.local.supervisor import Process, Supervisor

APACHE = Path("/usr/sbin/apache2")
WITH_APACHE = ("waitingroom", "frontend", "clean-cache")
"""The programs that run only where Apache does."""

NO_APACHE = (
    "frontend left out: apache2 is missing;"
    " get it with: sudo apt-get update && sudo apt-get install --no-install-recommends apache2-bin"
)


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


def supervisor_of(stack: Stack) -> Supervisor:
    """The supervisord that runs this stack."""
    return Supervisor(stack.supervisor_conf, stack.var / "supervisor.sock")


def runnable(stack: Stack) -> tuple[Program, ...]:
    """The programs that this computer can run."""
    return tuple(p for p in stack.programs if p.name not in WITH_APACHE or APACHE.exists())


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


def _memory_mb(pid: int) -> int:
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(int(member.memory_info().rss) for member in family) // 2**20 if pid else 0
    except psutil.Error:
        return 0
