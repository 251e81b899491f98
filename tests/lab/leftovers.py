"""What labs could leave behind on this computer."""

from pathlib import Path

import psutil


def left() -> tuple[set[str], list[str], list[str]]:
    """What of labs there is on this computer: what runs in other networks, mounts, interfaces.

    User Mode Linux has as many processes as run in the machine, all of the same command.
    """
    own = Path("/proc/self/ns/net").readlink()
    return (
        {_command(process) for process in psutil.process_iter() if _network(process) != own},
        Path("/proc/self/mounts").read_text().splitlines(),
        sorted(path.name for path in Path("/sys/class/net").iterdir()),
    )


def _network(process: psutil.Process) -> Path:
    try:
        return Path(f"/proc/{process.pid}/ns/net").readlink()
    except OSError:  # it has ended
        return Path("/proc/self/ns/net").readlink()


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
