"""The lab's cabling: which links there are, who is on them, and what the lab itself answers for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tandem.model import Cluster, Machine

LINKS: Final = ("service", "replication", "management")
"""The links, by the names of the networks in the description. Each is a bridge of its own."""


@dataclass(frozen=True)
class Port:
    """Where a machine is plugged in: its interface ``tap`` on the bridge ``link``."""

    machine: str
    link: str
    tap: str
    mac: str
    interface: str
    """What the interface is called in the machine."""
    address: str


@dataclass(frozen=True)
class Layout:
    """The cabling of one cluster."""

    ports: tuple[Port, ...]
    addresses: dict[str, tuple[str, ...]]
    """What the lab has on each link, with the network's length: the routers, whatever else is to
    answer pings, and the BMCs."""

    @property
    def links(self) -> tuple[str, ...]:
        """The links that there are."""
        return tuple(self.addresses)

    def ports_of(self, machine: str) -> tuple[Port, ...]:
        """Where the machine is plugged in."""
        return tuple(port for port in self.ports if port.machine == machine)

    def ports_on(self, link: str) -> tuple[Port, ...]:
        """The machines' ports on the link."""
        return tuple(port for port in self.ports if port.link == link)


def layout_of(cluster: Cluster) -> Layout:
    """The cabling that a description asks for."""
    ports = tuple(
        Port(
            machine=node.name,
            link=link,
            # At most 15 letters: this holds for a thousand machines.
            tap=f"{link}{number}",
            mac=f"52:54:00:{number // 256:02x}:{number % 256:02x}:{LINKS.index(link):02x}",
            interface=interface,
            address=address,
        )
        for number, node in enumerate(cluster.nodes)
        for link, interface, address in _plugs(node)
    )
    return Layout(ports, dict(_own_addresses(cluster)))


MIRROR_PORT: Final = 8000
"""The TCP port at which bare machines get their packages."""


def mirror_at(cluster: Cluster) -> str:
    """The lab's own address in the service network."""
    return next(iter(layout_of(cluster).addresses["service"])).split("/")[0]


def mirror_url(cluster: Cluster) -> str:
    """Where bare machines get their packages."""
    return f"http://{mirror_at(cluster)}:{MIRROR_PORT}/"


def _plugs(node: Machine) -> Iterator[tuple[str, str, str]]:
    yield "service", node.service_interface, node.address
    if node.replication_address:
        yield "replication", node.replication_interface, node.replication_address
    if node.management_address:
        yield "management", node.management_interface, node.management_address


def _own_addresses(cluster: Cluster) -> Iterator[tuple[str, tuple[str, ...]]]:
    network = cluster.network
    theirs = {host.address for host in cluster.hosts.values()} | {network.public_gateway}
    length = network.service.prefixlen
    routers = dict.fromkeys((network.gateway, *cluster.heartbeat.ping_nodes))
    service = [f"{address}/{length}" for address in routers if address not in theirs]
    if network.public_gateway:
        service.append(f"{network.public_gateway}/{cluster.floating_ip.network.prefixlen}")
    yield "service", tuple(service)
    if network.replication:
        yield "replication", ()
    if network.management:
        bmcs = (node.fence_address for node in cluster.nodes if node.fence_address)
        yield "management", tuple(f"{bmc}/{network.management.prefixlen}" for bmc in bmcs)
