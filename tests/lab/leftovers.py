"""What labs could leave behind on this computer."""

import subprocess
from pathlib import Path

PROGRAMS = ("linux.uml", "ipmi_sim", "nbdkit", "qemu-storage-daemon", "mmdebstrap")


def left() -> tuple[set[str], list[str], list[str]]:
    """What of labs there is on this computer: commands that run, mounts, and interfaces.

    User Mode Linux has as many processes as run in the machine, all of the same command.
    """
    command = ("ps", "-eo", "args=")
    processes = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return (
        {
            line
            for line in processes.splitlines()
            if "tandem.lab.keeper" in line or line.split()[0].endswith(PROGRAMS)
        },
        Path("/proc/self/mounts").read_text().splitlines(),
        sorted(path.name for path in Path("/sys/class/net").iterdir()),
    )
