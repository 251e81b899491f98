"""What the picture says, in words."""

from collections.abc import Iterator
from dataclasses import dataclass

from tandem.model import Cluster, Machine, Site, Volume

_HYPERVISORS = {
    "xen": "VMs on Xen",
    "nspawn": "VMs in systemd-nspawn",
    "none": "no VMs",
}
_MANAGERS = {"heartbeat": "watched by Heartbeat"}
_FENCING = {
    "ipmi": "fencing by IPMI",
    "meatware": "fencing by the operator (meatware)",
}
_MOST_PORTS = 8


@dataclass(frozen=True)
class Card:
    """A VM, or without VMs a service, as it stands in a machine's box.

    ``later`` is one that comes to the machine with a failover; ``memory`` is in MB.
    """

    role: str
    name: str
    address: str
    port: str
    sizes: str
    memory: int
    clients: tuple[str, ...] = ()
    volume: Volume | None = None
    later: bool = False


def cards(cluster: Cluster, node: Machine) -> tuple[Card, ...]:
    """What may run on a machine, in the order of the layers."""
    ports = {
        "frontend": f"Apache, port {cluster.ports.frontend}",
        "zeoserver": f"ZEO, port {cluster.ports.zeoserver}",
        "zeoclient": _count(cluster.zeoclient.clients, "Plone client"),
    }
    clients = client_ports(cluster)
    if cluster.virtual:
        return tuple(
            Card(
                vm.role,
                vm.name,
                vm.address,
                ports[vm.role],
                f"{_memory(vm.sizes.memory, vm.maxmem)} · {_count(vm.sizes.vcpus, 'vCPU')}"
                f" · {amount(vm.sizes.disk)} disk",
                vm.sizes.memory,
                clients if vm.role == "zeoclient" else (),
                vm.volume,
                vm.volume is not None and node.name != cluster.pair[0],
            )
            for vm in cluster.vms_on(node)
        )
    volumes = {volume.name: volume for volume in cluster.volumes}
    addresses = {
        "frontend": cluster.frontend.address,
        "zeoserver": cluster.zeoserver.address,
        "zeoclient": node.address,
    }
    return tuple(
        Card(
            role,
            role,
            addresses[role],
            ports[role],
            "",
            0,
            clients if role == "zeoclient" else (),
            volumes.get(role),
            role != "zeoclient" and node.name != cluster.pair[0],
        )
        for role in cluster.hosts[node.name].roles
    )


def client_ports(cluster: Cluster) -> tuple[str, ...]:
    """The ports of a VM's Plone clients; of many, some and the last."""
    ports = [str(port) for port in cluster.client_ports]
    if len(ports) > _MOST_PORTS:
        ports[_MOST_PORTS - 2 : -1] = ["…"]
    return tuple(ports)


def facts(cluster: Cluster) -> tuple[str, ...]:
    """What the cluster is made with."""
    fencing = _FENCING.get(cluster.fencing)
    return (
        _HYPERVISORS[cluster.hypervisor],
        f"volumes on DRBD {cluster.drbd.version}",
        _MANAGERS[cluster.manager],
        *((fencing,) if fencing else ()),
    )


def risk(cluster: Cluster) -> str:
    """The risk that whoever runs the cluster has accepted, or nothing."""
    return f"no fencing: {cluster.accept} accepted" if cluster.fencing == "none" else ""


def site(listed: Site) -> str:
    """A site, as one line."""
    return f"{listed.host} → {listed.path}"


def volume(listed: Volume) -> tuple[str, ...]:
    """A volume, line by line."""
    return (
        f"volume {listed.name}",
        f"minor {listed.minor}, port {listed.port}",
        amount(listed.size),
    )


def links(node: Machine) -> tuple[tuple[str, str], ...]:
    """A machine's links besides the service network: the network, and what it is there."""
    listed = (
        ("replication", node.replication_address, node.replication_interface),
        ("management", node.management_address, node.management_interface),
    )
    return tuple(
        (network, f"{address} · {interface}") for network, address, interface in listed if address
    )


def duty(cluster: Cluster, node: Machine) -> str:
    """What a machine is there for, as the cluster starts."""
    if node.name not in cluster.pair:
        return "capacity"
    return "active" if node.name == cluster.pair[0] else "standby"


def memory(cluster: Cluster, node: Machine) -> str:
    """How much memory a machine has, and how much of it is used when all runs on it."""
    if not cluster.virtual:
        return f"{amount(node.memory)} memory"
    when = " after a failover" if node.name in cluster.pair else ""
    return f"{amount(used(cluster, node))} of {amount(node.memory)} memory{when}"


def used(cluster: Cluster, node: Machine) -> int:
    """How much of a machine's memory its VMs and it itself can come to use, in MB."""
    return node.dom0_memory + sum(vm.sizes.memory for vm in cluster.vms_on(node))


def service_notes(cluster: Cluster) -> str:
    """What else is in the service network."""
    network = cluster.network
    notes = [f"gateway {network.gateway}"]
    if network.nameservers:
        notes.append(f"name servers {', '.join(network.nameservers)}")
    if cluster.heartbeat.ping_nodes:
        notes.append(f"Heartbeat pings {', '.join(cluster.heartbeat.ping_nodes)}")
    return " · ".join(notes)


def amount(megabytes: int) -> str:
    """A size in the largest unit of which there is one whole."""
    for unit, size in (("TB", 1024**2), ("GB", 1024)):
        if megabytes >= size:
            return f"{megabytes / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{megabytes} MB"


def title(cluster: Cluster) -> str:
    """One line for all."""
    return f"The cluster {cluster.name}: {len(cluster.nodes)} machines"


def description(cluster: Cluster) -> str:
    """The picture for those who can't see it."""
    return " ".join(_sentences(cluster))


def _sentences(cluster: Cluster) -> Iterator[str]:
    first, second = cluster.pair
    yield f"Made with: {', '.join((*facts(cluster), *filter(None, [risk(cluster)])))}."
    yield (
        f"Visitors reach the floating IP {cluster.floating_ip} at the frontend, which starts on"
        f" {first} and moves to {second} in a failover, as the zeoserver does."
    )
    for node in cluster.nodes:
        inside = ", ".join(
            f"{card.name} at {card.address}{' after a failover' if card.later else ''}"
            for card in cards(cluster, node)
        )
        at = f"{duty(cluster, node)}, {node.address}, {memory(cluster, node)}"
        yield f"Machine {node.name}: {at}; on it {inside or 'nothing'}."
    for volume in cluster.volumes:
        yield f"Volume {volume.name}, {amount(volume.size)}, between {first} and {second}."
    sites = ", ".join(f"{site.host} is {site.path}" for site in cluster.sites)
    yield f"Sites: {sites}."


def _memory(least: int, most: int) -> str:
    high = amount(most)
    if most == least:
        return f"{high} RAM"
    return f"{amount(least).removesuffix(high[-3:])}\N{EN DASH}{high} RAM"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
