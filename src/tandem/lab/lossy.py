"""Disks that lose at a power cut what was not flushed, as a server's disks with a cache do.

This computer's own cache hides that: it survives the machines of the lab. So the disk's file is
reached through nbdkit, whose cache writes nothing to it before it is told to flush, and which is
killed together with the machine.
"""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Final

from tandem.lab.machine import Hardware, Kind

_PROGRAM: Final = """\
{disks}exec {machine}
"""
_DISK: Final = """\
umount -l {place} 2>/dev/null
mkdir -p {place}
nbdfuse {place} [ eatmydata nbdkit --filter=cache file {file} cache=writeback ] &
until [ -e {place}/nbd ]; do kill -0 $! 2>/dev/null || exit 1; sleep 0.05; done
"""


def lossy_command(kind: Kind, machine: Hardware, run: Path) -> tuple[str, ...]:
    """The process that is the machine with such disks, which it must have been on once without."""
    places = [disk.path.with_suffix(".lossy") for disk in machine.disks]
    lossy = replace(
        machine,
        disks=tuple(
            replace(disk, path=place / "nbd")
            for place, disk in zip(places, machine.disks, strict=True)
        ),
    )
    disks = "".join(
        _DISK.format(place=shlex.quote(str(place)), file=shlex.quote(str(disk.path)))
        for place, disk in zip(places, machine.disks, strict=True)
    )
    return (
        "sh",
        "-c",
        _PROGRAM.format(disks=disks, machine=shlex.join(kind.command(lossy, run))),
    )
