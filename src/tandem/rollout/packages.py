"""Which Debian packages a host needs, by what ``debian-packages.cfg`` says they are for."""

from functools import cache

from tandem.model import Cluster, Host
from tandem.rendering import CHECKOUT
from tandem.setup.packages import Package, read


@cache
def _listed() -> tuple[Package, ...]:
    return read((CHECKOUT / "debian-packages.cfg").read_text())


def purposes_of(cluster: Cluster, host: Host) -> tuple[str, ...]:
    """What a host's packages are for, in the words of ``debian-packages.cfg``."""
    operator = () if cluster.ssh.user == "root" else ("operator",)
    if host.machine is None:
        return ("vm", *operator, *host.roles)
    pair = ("pair",) if cluster.peer_of(host.machine) else ()
    hypervisor = (cluster.hypervisor,) if cluster.virtual else ()
    return ("machine", *operator, *pair, *hypervisor, *host.roles)


def packages_of_vms(cluster: Cluster) -> tuple[str, ...]:
    """The names of the packages that every VM has: those of all roles, so that one Debian does."""
    vms = (host for host in cluster.hosts.values() if host.vm)
    return tuple(sorted({package.name for host in vms for package in packages_for(cluster, host)}))


def packages_for(cluster: Cluster, host: Host) -> tuple[Package, ...]:
    """The Debian packages that a machine or VM needs."""
    purposes = set(purposes_of(cluster, host))
    return tuple(package for package in _listed() if purposes & set(package.purposes))
