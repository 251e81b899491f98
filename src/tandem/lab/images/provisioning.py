"""What makes the machines' disks into the volumes of the cluster, the first time: shell commands.

On a server `fab deploy` does that, and copies the first sync. Here both sides of every volume are
made from one image, so that they are the same without it.
"""

from collections.abc import Iterator

from tandem.model import Cluster, Machine
from tandem.rollout.volumes import sizes_of


def size_of_filesystem(cluster: Cluster, name: str) -> int:
    """How large the file system on a volume is (MB).

    A replicated volume ends with DRBD's metadata: 32 MB for each TB, and a little.
    """
    size = max(sizes_of(cluster, machine).get(name, 0) for machine in cluster.nodes)
    replicated = any(volume.name == name for volume in cluster.volumes)
    return size - (size // 16_384 + 4 if replicated else 0)


def size_of_disk(cluster: Cluster, machine: Machine) -> int:
    """How large a disk for all of these is (MB)."""
    return sum(sizes_of(cluster, machine).values()) + 1024


def making_disks(cluster: Cluster, machine: Machine, disk: str) -> str:
    """Makes the machine's LVM and DRBD volumes on ``disk``, and says where each begins.

    It prints a line for each: its name, and its first sector on the disk.
    """
    return "\n".join(("set -eu", *_making_disks(cluster, machine, disk)))


def _making_disks(cluster: Cluster, machine: Machine, disk: str) -> Iterator[str]:
    group = machine.volume_group
    volumes = sizes_of(cluster, machine)
    if not volumes:
        return
    yield f"pvcreate -qq {disk}"
    yield f"vgcreate -qq {group} {disk}"
    for name, size in volumes.items():
        yield f"lvcreate -qq -y -W n -L {size}M -n {name} {group}"
        # On an empty disk each is in one piece: LENGTH linear DEVICE FIRST-SECTOR.
        yield f"dmsetup table /dev/{group}/{name} | sed 's/^/{name} /' | cut -d' ' -f1,6"
    if cluster.peer_of(machine):
        for volume in cluster.volumes:
            yield f"drbdadm create-md --force {volume.name} >/dev/null"
        yield "drbdadm adjust all >/dev/null"


def agreeing(cluster: Cluster) -> str:
    """Says on one machine of the pair that both sides of each volume are the same."""
    return "\n".join(("set -eu", *_agreeing(cluster)))


def _agreeing(cluster: Cluster) -> Iterator[str]:
    for volume in cluster.volumes:
        yield until(f"drbdadm cstate {volume.name} | grep -qx Connected")
        yield f"drbdadm new-current-uuid --clear-bitmap {volume.name}/0"
        yield until(f"drbdadm dstate {volume.name} | grep -qx UpToDate/UpToDate")


def until(condition: str, seconds: int = 60) -> str:
    """The shell command that waits for a condition, and fails when it does not come."""
    return (
        f"for i in $(seq {seconds * 2}); do if {condition}; then break; fi; sleep 0.5; done;"
        f" {condition}"
    )
