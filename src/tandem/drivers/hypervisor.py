"""What a driver of a hypervisor has to say."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from tandem.model import VM, Cluster


class Hypervisor(ABC):
    """What runs the VMs of a machine."""

    program: str
    """Its name, and its folder in ``templates/``."""
    folders: tuple[str, ...]
    """The templates of every machine."""
    pair_folders: tuple[str, ...]
    """The templates of the pair's machines: Heartbeat's agents."""
    vm_folders: tuple[str, ...] = ()
    """The templates of every VM."""

    listing: str
    """The shell command that prints the names of the VMs that run on a machine."""

    memory: str
    """The POSIX shell that prints the memory (MB) that is free for VMs, and each one's name and MB.

    Where it is not known, it prints nothing.
    """

    killing = ""
    """The command that ends at once what the argument of a watched resource names."""

    @abstractmethod
    def resources(self, cluster: Cluster) -> tuple[str, ...]:
        """What Heartbeat starts once the volumes are primary, in this order, as in haresources."""

    def watched(self, _: Cluster) -> Mapping[str, str]:
        """Those of them that are watched, by what they are: ``zeoserver`` or ``frontend``."""
        return {}

    def match(self, vm: VM) -> str:
        """How the VM's own network configuration finds its interface (systemd.network(5)).

        By the MAC address, unless the interface has the same name in every VM.
        """
        return f"MACAddress={vm.mac}"
