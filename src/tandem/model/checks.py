"""What must hold between the options of a description."""

from collections.abc import Iterator

from tandem.model.cluster import Cluster
from tandem.model.fault import Fault


def check(cluster: Cluster) -> tuple[Fault, ...]:
    """Every fault that shows only when the whole description is looked at."""
    return tuple(
        fault
        for rule in (
            _machines_are_unique,
            _clients_live_on_machines,
            _addresses_are_unique,
            _clients_have_ports,
            _ports_are_unique,
        )
        for fault in rule(cluster)
    )


def _machines_are_unique(cluster: Cluster) -> Iterator[Fault]:
    for machine in _repeated(cluster.machines):
        yield Fault("cluster", "machines", f"{machine} is named twice")


def _clients_live_on_machines(cluster: Cluster) -> Iterator[Fault]:
    machines = [machine for machine, _ in cluster.zeoclient.addresses]
    for machine in machines:
        if machine not in cluster.machines:
            known = ", ".join(cluster.machines)
            yield Fault(
                "zeoclient-vm", "addresses", f"no machine {machine}: expected one of {known}"
            )
    for machine in _repeated(machines):
        yield Fault("zeoclient-vm", "addresses", f"{machine} has two addresses: expected one")


def _addresses_are_unique(cluster: Cluster) -> Iterator[Fault]:
    owners: dict[str, str] = {}
    for owner, address in (
        ("frontend-vm", cluster.frontend.address),
        ("zeoserver-vm", cluster.zeoserver.address),
        *((f"zeoclient-vm on {machine}", at) for machine, at in cluster.zeoclient.addresses),
    ):
        if address in owners:
            section = owner.split()[0]
            option = "addresses" if section == "zeoclient-vm" else "address"
            yield Fault(section, option, f"{address} is the address of {owners[address]} already")
        owners.setdefault(address, owner)


def _clients_have_ports(cluster: Cluster) -> Iterator[Fault]:
    last = cluster.client_ports[-1]
    if last > 65535:
        yield Fault(
            "ports",
            "zeoclient",
            f"{cluster.zeoclient.clients} clients from port {cluster.ports.zeoclient} would need"
            f" port {last}: expected at most {65536 - cluster.zeoclient.clients}",
        )


def _ports_are_unique(cluster: Cluster) -> Iterator[Fault]:
    # On different VMs they could be the same, but not where all runs on one computer.
    owners = dict.fromkeys(cluster.client_ports, "zeoclient")
    for name, port in vars(cluster.ports).items():
        if port in owners and owners[port] != name:
            yield Fault("ports", name, f"{port} is a port of {owners[port]} already")
        owners.setdefault(port, name)


def _repeated(items: tuple[str, ...] | list[str]) -> list[str]:
    return [item for at, item in enumerate(items) if item in items[:at]]
