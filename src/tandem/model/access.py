"""Who may reach what: the ports of each host, and from where. All else is closed."""

from collections.abc import Iterator
from dataclasses import dataclass

from tandem.model.cluster import Cluster, Host
from tandem.model.sections import Machine


@dataclass(frozen=True)
class Access:
    """A host's open ports, for the sentence ``why``.

    ``sources`` are addresses and networks. ``interface`` is the only one on which it holds, or
    empty: any.
    """

    why: str
    protocol: str
    ports: tuple[int, ...]
    sources: tuple[str, ...]
    interface: str = ""


def access_to(cluster: Cluster, host: Host) -> tuple[Access, ...]:
    """Every port of the host that somebody else needs."""
    accesses = [Access("ssh", "tcp", (22,), cluster.network.ssh_from)]
    if host.machine and (peer := cluster.peer_of(host.machine)):
        accesses.extend(_between_the_pair(cluster, host.machine, peer))
    if "frontend" in host.roles:
        accesses.append(Access("visitors", "tcp", (cluster.ports.frontend,), ("0.0.0.0/0", "::/0")))
    if "zeoserver" in host.roles:
        clients = tuple(address for _, address in cluster.zeoclient.addresses)
        # A machine watches what runs in its VMs.
        watching = tuple(node.address for node in cluster.pair_nodes if cluster.virtual)
        accesses.append(
            Access(
                "ZEO, for the Plone clients and whom zeo-from names",
                "tcp",
                (cluster.ports.zeoserver,),
                (*clients, *watching, *cluster.zeoserver.zeo_from),
            )
        )
    if "zeoclient" in host.roles:
        ports = tuple(client.port for client in cluster.clients_on(host.name))
        accesses.append(Access("the balancer", "tcp", ports, tuple(_frontends(cluster))))
        if cluster.zeoclient.debug_from:
            accesses.append(
                Access(
                    "debug clients, for whom debug-from names",
                    "tcp",
                    (cluster.ports.debug,),
                    cluster.zeoclient.debug_from,
                )
            )
    return tuple(accesses)


def _between_the_pair(cluster: Cluster, machine: Machine, peer: Machine) -> Iterator[Access]:
    if peer.replication_address is None:
        return
    yield Access(
        "DRBD, between the pair",
        "tcp",
        tuple(volume.port for volume in cluster.volumes),
        (peer.replication_address,),
        machine.replication_interface,
    )
    yield Access(
        "Heartbeat, on both links",
        "udp",
        (cluster.heartbeat.udpport,),
        (peer.address, peer.replication_address),
    )


def _frontends(cluster: Cluster) -> Iterator[str]:
    """The addresses from which the balancer may come.

    A connection takes the address that lies in the clients' network, and the floating IP may; on
    machines without VMs it takes the machine's own.
    """
    yield cluster.frontend.address
    if str(cluster.floating_ip.ip) != cluster.frontend.address:
        yield str(cluster.floating_ip.ip)
    if not cluster.virtual:
        yield from (node.address for node in cluster.pair_nodes)
