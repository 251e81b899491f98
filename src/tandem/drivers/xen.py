"""Xen: PV domains, by ``xl``."""

from tandem.drivers.hypervisor import Hypervisor
from tandem.model import Cluster


class Xen(Hypervisor):
    """Xen 4.17 with Debian's toolstack."""

    program = "xen"
    folders = ("xen/machine",)
    pair_folders = ("xen/pair",)
    listing = "timeout 5 xl list | tail -n +3 | cut -d ' ' -f 1"
    memory = """\
timeout 5 xl info | sed -n 's/^free_memory *: *//p'
timeout 5 xl list | tail -n +3 | while read -r name _ takes _; do echo "$name $takes"; done"""

    def resources(self, cluster: Cluster) -> tuple[str, ...]:
        """The VMs, the ZEO server's before that of the frontend."""
        return tuple(f"tandem-vm::{volume.name}" for volume in reversed(cluster.volumes))
