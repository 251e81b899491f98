"""The drivers: the only places that know a product by name.

Each is one small class. A driver says which folders of ``templates/`` make its files, and what
others must know of its product; a further one is a class in a module of its own and a line here.
"""

from tandem.drivers.drbd import Drbd
from tandem.drivers.heartbeat import WATCH, Heartbeat
from tandem.drivers.hypervisor import Hypervisor
from tandem.drivers.nspawn import Nspawn
from tandem.drivers.traditional import Traditional
from tandem.drivers.xen import Xen
from tandem.model import Cluster

__all__ = ["WATCH", "Drbd", "Heartbeat", "Hypervisor", "hypervisor_of", "manager_of", "storage_of"]

_HYPERVISORS: dict[str, type[Hypervisor]] = {"xen": Xen, "nspawn": Nspawn, "none": Traditional}
_MANAGERS = {"heartbeat": Heartbeat}


def hypervisor_of(cluster: Cluster) -> Hypervisor:
    """The driver of what runs the cluster's VMs."""
    return _HYPERVISORS[cluster.hypervisor]()


def storage_of(cluster: Cluster) -> Drbd:
    """The driver of what replicates the cluster's volumes."""
    return Drbd(cluster.drbd.version)


def manager_of(cluster: Cluster) -> Heartbeat:
    """The driver of what watches the machines of the pair."""
    return _MANAGERS[cluster.manager]()
