"""The cluster that a description describes: plain data that can say everything and do nothing."""

from dataclasses import dataclass, replace
from typing import Final

from tandem.model import option as o

READY_PATH: Final = "/@@tandem-ready"
"""Where each client says over HTTP whether it is ready. Zope keeps ids that begin with ``@@`` for
views, so no content can have this name."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """``[ports]``: on which TCP ports the parts of a cluster listen."""

    frontend: int = o.option(o.port, "Apache's port at the frontend.", "80")
    zeoserver: int = o.option(o.port, "The ZEO server's port.", "8100")
    zeoclient: int = o.option(
        o.port,
        "The first Plone client's port on a zeoclient VM; each further client has the next one.",
        "8081",
    )
    debug: int = o.option(o.port, "The debug client's port, on loopback.", "8099")
    waitingroom: int = o.option(
        o.port,
        "Where requests wait while no client is ready, on the frontend's loopback.",
        "8079",
    )


@dataclass(frozen=True, kw_only=True)
class FrontendVM:
    """``[frontend-vm]``: Apache, the balancer and the cache."""

    address: str = o.option(o.address, "The VM's own address.")
    hold: float = o.option(
        o.seconds(0, 300),
        "How long a request waits while no client is ready, before the visitor sees the 503 page.",
        "30",
    )
    timeout: float = o.option(
        o.seconds(1, 3600), "How long Apache waits for a client's answer.", "120"
    )
    check_interval: float = o.option(
        o.seconds(0.1, 60), "How often Apache asks each client whether it is ready.", "0.5"
    )
    connections: int = o.option(
        o.whole(64, 100_000),
        "How many connections of visitors Apache keeps open at the same time.",
        "8000",
    )
    manage_from: tuple[str, ...] = o.option(
        o.networks,
        "From where Zope's management pages and the balancer-manager can be reached.",
        "127.0.0.1 ::1",
    )
    cache: str = o.option(
        o.choice("none", "apache"),
        "Whether Apache keeps anonymous visitors' pages on disk.",
        "none",
    )
    cache_size: int = o.option(
        o.whole(10, 1_000_000, "MB"), "How much disk the cache may use.", "500"
    )
    cache_freshness: int = o.option(
        o.whole(1, 86_400, "seconds"),
        "How long a cached page is served before Apache asks a client whether it has changed.",
        "60",
    )


@dataclass(frozen=True, kw_only=True)
class ZeoserverVM:
    """``[zeoserver-vm]``: the ZEO server and the data."""

    address: str = o.option(o.address, "The VM's address, the same on whichever machine it runs.")


@dataclass(frozen=True, kw_only=True)
class ZeoclientVM:
    """``[zeoclient-vm]``: the Plone clients, one such VM on each machine."""

    addresses: tuple[tuple[str, str], ...] = o.option(
        o.machine_addresses, "The address of the zeoclient VM on each machine that has one."
    )
    clients: int = o.option(o.whole(1, 64), "How many Plone clients run on each VM.", "2")
    threads: int = o.option(
        o.whole(1, 64), "How many requests one client works on at the same time.", "2"
    )


@dataclass(frozen=True)
class Site:
    """A line of ``[sites]``: the host name visitors use, and the Plone site's path in Zope.

    The host ``*`` stands for any name.
    """

    host: str
    path: str


@dataclass(frozen=True)
class Client:
    """One Plone process: ``zeoclient1`` on the VM ``zeoclient-master``, say."""

    name: str
    vm: str
    machine: str
    address: str
    port: int

    @property
    def route(self) -> str:
        """The client's name in a sticky visitor's cookie; mod_proxy_balancer splits it at dots."""
        return f"{self.machine}-{self.name}"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """``[cluster]``: all that one description describes."""

    name: str = o.option(o.name, "The cluster's name, shown in status and in generated files.")
    machines: tuple[str, ...] = o.option(o.names, "The physical machines.")
    ports: Ports
    frontend: FrontendVM
    zeoserver: ZeoserverVM
    zeoclient: ZeoclientVM
    sites: tuple[Site, ...]

    @property
    def ready_path(self) -> str:
        """Where each client says whether it is ready."""
        return READY_PATH

    @property
    def clients(self) -> tuple[Client, ...]:
        """Every Plone client behind the balancer, in the order of the description."""
        return tuple(
            Client(
                name=f"zeoclient{number + 1}",
                vm=f"zeoclient-{machine}",
                machine=machine,
                address=address,
                port=self.ports.zeoclient + number,
            )
            for machine, address in self.zeoclient.addresses
            for number in range(self.zeoclient.clients)
        )

    @property
    def vms(self) -> tuple[str, ...]:
        """The names of all VMs, as ``here.cfg`` gives one of them."""
        zeoclients = (f"zeoclient-{machine}" for machine, _ in self.zeoclient.addresses)
        return "frontend", "zeoserver", *zeoclients

    @property
    def client_ports(self) -> range:
        """The ports of the clients of one VM."""
        return range(self.ports.zeoclient, self.ports.zeoclient + self.zeoclient.clients)


@dataclass(frozen=True, kw_only=True)
class Here:
    """``[here]``: which VM of the cluster a checkout is on, in ``here.cfg``."""

    name: str = o.option(
        o.text, "The VM's name, zeoclient-master say. Empty: this computer, for development.", ""
    )
    address: str = o.option(
        o.address, "This computer's address, when everything runs on it.", "127.0.0.1"
    )
    frontend_port: int = o.option(o.port, "Apache's port, when everything runs here.", "8080")


def seen_from(here: Here, cluster: Cluster) -> Cluster:
    """The cluster as the profiles build it here.

    On a VM of the cluster that is the cluster itself. On a computer of its own it is the whole
    stack on one address, with one VM's worth of clients, where any host name leads to the first
    site.
    """
    if here.name:
        return cluster
    return replace(
        cluster,
        machines=("localhost",),
        ports=replace(cluster.ports, frontend=here.frontend_port),
        frontend=replace(cluster.frontend, address=here.address),
        zeoserver=replace(cluster.zeoserver, address=here.address),
        zeoclient=replace(cluster.zeoclient, addresses=(("localhost", here.address),)),
        sites=tuple(Site("*", site.path) for site in cluster.sites[:1]) + cluster.sites,
    )
