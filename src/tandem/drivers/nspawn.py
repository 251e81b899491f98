"""systemd-nspawn: VMs as system containers, each a unit of the machine's systemd."""

from tandem.drivers.hypervisor import Hypervisor
from tandem.model import VM, Cluster


class Nspawn(Hypervisor):
    """systemd-nspawn, for machines on which Xen cannot run."""

    program = "nspawn"
    folders = ("nspawn/machine",)
    pair_folders = ("heartbeat/units", "nspawn/pair")
    vm_folders = ("nspawn/vm",)
    killing = "systemctl kill --signal=KILL"
    # Where sd_get_machine_names(3) finds them, too; what has a colon is a unit's.
    listing = """\
for vm in /run/systemd/machines/*; do
    case $vm in *:* | *'*') ;; *) echo "${vm##*/}" ;; esac
done"""
    # What is in the caches of a container's files would have to be read again, but needs no room.
    memory = """\
while read -r name kb _; do
    case $name in MemAvailable:) echo "$((kb / 1024))" ;; esac
done </proc/meminfo
for vm in /sys/fs/cgroup/machine.slice/tandem-vm-*.service; do
    while read -r name bytes; do
        case $name in anon) vm=${vm##*/tandem-vm-} && echo "${vm%.service} $((bytes >> 20))" ;; esac
    done <"$vm/memory.stat"
done"""

    def resources(self, cluster: Cluster) -> tuple[str, ...]:
        """The VMs' units, the ZEO server's before that of the frontend; both boot at once.

        So the frontend ends first, while what it works on can be finished.
        """
        units = self.watched(cluster).values()
        names = "::".join(unit.removeprefix("tandem-unit::") for unit in units)
        return (f"tandem-begin::{names}", *units)

    def watched(self, cluster: Cluster) -> dict[str, str]:
        """The VMs' units."""
        return {
            volume.name: f"tandem-unit::tandem-vm-{volume.name}.service"
            for volume in reversed(cluster.volumes)
        }

    def match(self, _: VM) -> str:
        """By the name that systemd-nspawn gives every container's interface."""
        return "Name=host0"
