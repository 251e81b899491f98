"""What runs on a machine fits into it, after a failover too."""

from collections.abc import Iterator
from typing import Final

from tandem.model.cluster import VM, Cluster
from tandem.model.fault import Fault
from tandem.model.sections import Machine

XEN_MEMORY: Final = 128
XEN_PERCENT: Final = 2


def hypervisor_memory(hypervisor: str, memory: int) -> int:
    """What the hypervisor itself takes of a machine's memory, in MB.

    Xen has a heap of its own; its table of page frames grows with the machine's memory, and the
    page tables and shadow pages of each domain grow with the domain's. None of that is dom0's or a
    VM's: where they are given all memory, the last VM does not start. A kernel that runs
    containers takes what it needs out of the machine's own share.
    """
    return XEN_MEMORY + memory * XEN_PERCENT // 100 if hypervisor == "xen" else 0


def _listed(vms: tuple[VM, ...], sizes: tuple[int, ...]) -> str:
    return " + ".join(f"{vm.name} {size}" for vm, size in zip(vms, sizes, strict=True))


def _room(cluster: Cluster, node: Machine) -> int:
    return node.memory - hypervisor_memory(cluster.hypervisor, node.memory) - node.dom0_memory


def _memory_fits_after_a_failover(cluster: Cluster) -> Iterator[Fault]:
    if not cluster.virtual:
        return
    too_large: set[str] = set()
    for node in cluster.nodes:
        vms = cluster.vms_on(node)
        sizes = tuple(vm.sizes.memory for vm in vms)
        xen = hypervisor_memory(cluster.hypervisor, node.memory)
        needed = xen + node.dom0_memory + sum(sizes)
        if needed <= node.memory:
            continue
        room = _room(cluster, node)
        if room <= 0:
            of = f"memory without Xen's {xen} MB" if xen else "memory"
            yield Fault(
                node.name,
                "dom0-memory",
                f"{node.dom0_memory} MB leaves nothing to the VMs: expected less than {of},"
                f" {node.memory - xen} MB",
            )
            continue
        alone = [vm for vm in vms if vm.sizes.memory > room]
        if not alone:
            when = " after a failover" if node.name in cluster.pair else ""
            yield Fault(
                node.name,
                "memory",
                f"{node.memory} MB is too little{when}: {f'Xen {xen} + ' if xen else ''}dom0"
                f" {node.dom0_memory} + {_listed(vms, sizes)} need {needed} MB",
            )
        for vm in alone:
            if vm.role not in too_large:
                too_large.add(vm.role)
                yield Fault(
                    f"{vm.role}-vm",
                    "memory",
                    f"{vm.sizes.memory} MB does not fit: {node.name} has {node.memory} MB,"
                    f" {xen + node.dom0_memory} of them for {'Xen and dom0' if xen else 'itself'}",
                )


def _maxmem_is_at_least_memory(cluster: Cluster) -> Iterator[Fault]:
    for section, sizes in (
        ("frontend-vm", cluster.frontend),
        ("zeoserver-vm", cluster.zeoserver),
        ("zeoclient-vm", cluster.zeoclient),
    ):
        if sizes.maxmem is not None and sizes.maxmem < sizes.memory:
            yield Fault(
                section, "maxmem", f"{sizes.maxmem} MB is less than memory, {sizes.memory} MB"
            )


def _maxmem_can_be_given(cluster: Cluster) -> Iterator[Fault]:
    told: set[str] = set()
    for vm in cluster.vms:
        room, least = min((_room(cluster, node), node.name) for node in vm.machines)
        # What is more than the machine has already as memory is told there.
        if vm.sizes.memory <= room < vm.maxmem and vm.role not in told:
            told.add(vm.role)
            yield Fault(
                f"{vm.role}-vm",
                "maxmem",
                f"{vm.maxmem} MB can never be given: expected at most {room} MB, what {least} has"
                " for VMs",
            )


_LEAST_DISK = 1024


def _disks_hold_what_is_on_them(cluster: Cluster) -> Iterator[Fault]:
    if not cluster.virtual:
        return
    frontend = cluster.frontend
    for section, sizes in (
        ("frontend-vm", frontend),
        ("zeoserver-vm", cluster.zeoserver),
        ("zeoclient-vm", cluster.zeoclient),
    ):
        if sizes.disk < _LEAST_DISK:
            yield Fault(
                section, "disk", f"{sizes.disk}M is too little for Debian: expected 1G or more"
            )
    # htcacheclean comes once a minute: until then the cache outgrows its size.
    half = max(frontend.disk, _LEAST_DISK) // 2
    if frontend.cache == "apache" and frontend.cache_size > half:
        yield Fault(
            "frontend-vm",
            "cache-size",
            f"{frontend.cache_size} MB: expected at most half of its disk, {half} MB",
        )


def _disks_fit(cluster: Cluster) -> Iterator[Fault]:
    for node in cluster.nodes:
        sizes = list(_disks_on(cluster, node))
        needed = sum(size for _, size in sizes)
        if needed > node.storage:
            listed = " + ".join(f"{name} {_gigabytes(size)}" for name, size in sizes)
            yield Fault(
                node.name,
                "storage",
                f"{_gigabytes(node.storage)} is too little: {listed} need {_gigabytes(needed)}",
            )


def _disks_on(cluster: Cluster, node: Machine) -> Iterator[tuple[str, int]]:
    if cluster.virtual:
        yield from ((vm.name, vm.sizes.disk) for vm in cluster.vms_on(node))
    elif node.name in cluster.pair:
        yield from ((volume.name, volume.size) for volume in cluster.volumes)


def _gigabytes(megabytes: int) -> str:
    return f"{megabytes / 1024:g}G"


RULES = (
    _memory_fits_after_a_failover,
    _maxmem_is_at_least_memory,
    _maxmem_can_be_given,
    _disks_hold_what_is_on_them,
    _disks_fit,
)
