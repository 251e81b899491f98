"""Disks that lose at a power cut what was not flushed, as a server's disks with a cache do.

This computer's own cache hides that: it survives the machines of the lab. So such a disk is served
to the machine by processes that are killed together with it: nbdkit, whose cache writes nothing to
the disk's file before it is told to flush, and QEMU's storage daemon, which speaks vhost-user.
"""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Final

from tandem.lab.machine import Hardware, Kind

_PROGRAM: Final = """\
cd {run} || exit
{disks}exec {machine}
"""
_AWAIT: Final = "until [ -S {0} ]; do kill -0 $! 2>/dev/null || exit 1; sleep 0.02; done\n"
_DISK: Final = (
    "rm -f {name}.nbd {name}.vhost\n"
    "eatmydata nbdkit --foreground --unix /proc/self/cwd/{name}.nbd --filter=cache"
    " file {file} cache=writeback &\n" + _AWAIT.format("{name}.nbd") + "qemu-storage-daemon"
    " --blockdev driver=nbd,node-name=disk,server.type=unix,server.path={name}.nbd"
    " --export type=vhost-user-blk,id=disk,node-name=disk,writable=on,"
    "addr.type=unix,addr.path={name}.vhost &\n" + _AWAIT.format("{name}.vhost")
)


def lossy_command(kind: Kind, machine: Hardware, run: Path) -> tuple[str, ...]:
    """The process that is the machine with such disks; its root's disk stays as it is.

    The files of the others must be whole (``made_whole``).
    """
    root, *others = machine.disks
    # A socket's path may have some 100 letters: it is named from within its folder, which nbdkit
    # is not to make a long one of again.
    served = (replace(disk, socket=Path(f"{disk.path.stem}.vhost")) for disk in others)
    disks = "".join(
        _DISK.format(name=shlex.quote(disk.path.stem), file=shlex.quote(str(disk.path)))
        for disk in others
    )
    lossy = replace(machine, disks=(root, *served))
    return (
        "sh",
        "-c",
        _PROGRAM.format(
            run=shlex.quote(str(run)), disks=disks, machine=shlex.join(kind.command(lossy, run))
        ),
    )


def made_whole(kind: Kind, machine: Hardware) -> Hardware:
    """The machine with all disks but its root's in files that need no others beside them.

    What was written to them so far goes into these files. Raises TandemError.
    """
    root, *others = machine.disks
    whole = (kind.made_whole(disk) if disk.base else disk for disk in others)
    return replace(machine, disks=(root, *whole))
