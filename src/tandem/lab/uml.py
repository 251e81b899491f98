"""User Mode Linux: a Linux kernel that runs as an ordinary process."""

import subprocess
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tandem.errors import TandemError
from tandem.lab.machine import Disk, Hardware, Kind

MODULES: Final = Path("/usr/lib/uml/modules")

PRELOADED: Final = Path(__file__).with_name("uml.c")
"""What ``linux.uml`` takes on today's processors and kernels, and does no harm on others: C."""
_PRELOADING: Final = """\
tcc -shared -nostdlib -o "$0.so" "$1" || exit
shift
LD_PRELOAD="${LD_PRELOAD:+$LD_PRELOAD }./$0.so" exec "$@"
"""


class UserModeLinux(Kind):
    """Debian's user-mode-linux."""

    name = "uml"
    needs = ("linux.uml", "uml_moo", "tcc")
    hypervisors = ("nspawn", "none")
    lacks = (
        "there are no firewalls: nf_tables in Debian's User Mode Linux has no family inet",
        "Apache keeps 400 connections whatever the description says: a thread costs ten times more",
    )
    changed = MappingProxyType(
        {"frontend-vm": {"connections": "400"}, "network": {"firewall": "none"}}
    )

    files = (
        (
            "etc/udev/rules.d/50-lab.rules",
            "# QEMU's storage daemon flushes when it is asked to, but does not say so.\n"
            'SUBSYSTEM=="block", KERNEL=="vd*", ATTR{cache_type}="write back"\n',
        ),
    )

    def command(self, machine: Hardware, run: Path) -> tuple[str, ...]:
        """``linux.uml``, without an initrd, and with what makes it run on any processor.

        ``run`` holds its management socket, which is in the way of none: it is not used.
        """
        disks = (
            _ubd("abcdefgh"[at], disk) for at, disk in enumerate(machine.disks) if not disk.socket
        )
        links = (
            # As the other end of a tap has it: without, large frames are lost (UML howto, gro).
            f"vec{at}:transport=tap,ifname={port.tap},gro=1,mac={port.mac}"
            for at, port in enumerate(machine.ports)
        )
        return (
            *("sh", "-c", _PRELOADING, machine.name, str(PRELOADED)),
            "linux.uml",
            f"mem={machine.memory}M",
            f"umid={machine.name}",
            f"uml_dir={run}",
            *disks,
            f"root={self.device(0)}",
            "rw",
            *links,
            *(f"virtio_uml.device={disk.socket}:2" for disk in machine.disks if disk.socket),
            "con=null",
            "con0=fd:0,fd:1",
            "ssl=null",
            "net.ifnames=0",
            # BSD's 512 pseudo terminals: nobody has used them for decades, and udev looks at each.
            "pty.legacy_count=0",
            *machine.kernel,
        )

    def made_whole(self, disk: Disk) -> Disk:
        """By uml_moo, which wants a base that is as old as it was."""
        whole = disk.path.with_suffix(".img")
        for command in (
            ("cp", "--sparse=always", "--preserve=timestamps", str(disk.base), whole),
            ("uml_moo", "-d", "-b", whole, disk.path),
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise TandemError(f"{whole} cannot be made: {done.stderr.strip()}")
        return Disk(whole)

    def modules(self) -> Path:
        """Where Debian's package keeps those of the version that ``linux.uml`` says it is."""
        try:
            said = subprocess.run(
                ("linux.uml", "--version"), capture_output=True, text=True, check=True
            )
        except (FileNotFoundError, subprocess.CalledProcessError):
            raise TandemError("there is no linux.uml: make lab installs it") from None
        modules = MODULES / said.stdout.strip()
        if not modules.is_dir():
            raise TandemError(f"{modules} is missing: the lab needs the modules of user-mode-linux")
        return modules

    def device(self, number: int) -> str:
        """``/dev/ubda`` and so on."""
        return f"/dev/ubd{'abcdefgh'[number]}"


def _ubd(letter: str, disk: Disk) -> str:
    file = f"{disk.path},{disk.base}" if disk.base else str(disk.path)
    return f"ubd{letter}={file}"
