"""Xen: PV domains, by ``xl``."""

from tandem.drivers.hypervisor import Hypervisor
from tandem.model import VM, Cluster


class Xen(Hypervisor):
    """Xen 4.17 with Debian's toolstack."""

    program = "xen"
    folders = ("xen/machine",)
    pair_folders = ("xen/pair",)

    def resources(self, cluster: Cluster) -> tuple[str, ...]:
        """The VMs, the ZEO server's before that of the frontend."""
        return tuple(f"tandem-vm::{volume.name}" for volume in reversed(cluster.volumes))

    def match(self, vm: VM) -> str:
        """By the MAC address: the interface's name depends on the kernel."""
        return f"MACAddress={vm.mac}"
