"""Whatever names something names one thing: machines, addresses, MACs, ports, minors, sites."""

from collections.abc import Iterable, Iterator
from typing import Final

from tandem.model.cluster import Cluster
from tandem.model.fault import Fault

RESERVED: Final = frozenset(
    (
        # sections of the description, and of the profiles
        *("cluster", "network", "ports", "heartbeat", "drbd", "ssh", "secrets", "sites"),
        "here",
        *("buildout", "versions", "tandem", "frontend", "zeoserver", "zeo-conf", "backup"),
        *("zeoclients", "zeoclient", "zeoclient-debug", "supervisor", "etc", "etc-hosts"),
        *("etc-network", "etc-firewall", "etc-systemd", "etc-xen", "etc-nspawn"),
        *("etc-traditional", "etc-drbd", "etc-heartbeat"),
        *("frontend-vm", "zeoserver-vm", "zeoclient-vm"),
        # what Debian means by them
        *("localhost", "ip6-localhost", "none"),
        # words of DRBD's configuration, 8.4's or 9's, which it takes for no host's name
        *("address", "after", "all", "ask", "bwlimit", "common", "compression", "connection"),
        *("device", "disk", "fencing", "floating", "global", "handlers", "host", "hosts"),
        *("include", "inside", "ipv4", "ipv6", "memlimit", "meta-disk", "minor", "net", "no"),
        *("node-id", "on", "options", "outside", "path", "plugin", "port", "protocol", "proxy"),
        *("resource", "sci", "sdp", "size", "skip", "ssocks", "startup", "syncer", "timeout"),
        *("via", "volume", "yes"),
    )
)
"""What no machine can be called. Nor can it begin with ``zeoclient``, as VMs and clients do."""


def some(names: Iterable[str]) -> str:
    """The first names of a list, as many as a line has room for."""
    room = 120
    shown: list[str] = []
    for name in names:
        room -= len(name) + len(", ")
        if room < 0:
            return ", ".join([*shown, "…"])
        shown.append(name)
    return ", ".join(shown)


def _machines_are_unique(cluster: Cluster) -> Iterator[Fault]:
    for machine in _repeated(cluster.machines):
        yield Fault("cluster", "machines", f"{machine} is named twice")
    for machine in cluster.machines:
        if machine.startswith("zeoclient"):
            yield Fault(
                "cluster",
                "machines",
                f"{machine}: expected a name that does not begin with zeoclient, as VMs' names do",
            )


def _the_pair_are_two_machines(cluster: Cluster) -> Iterator[Fault]:
    if len(cluster.pair) != 2 or len(set(cluster.pair)) != 2:
        named = " ".join(cluster.pair[:3]) + (" …" if len(cluster.pair) > 3 else "")
        yield Fault(
            "cluster", "pair", f"{named}: expected two different machines, such as master slave"
        )
    yield from _unknown(cluster, "cluster", "pair", cluster.pair)


def _clients_live_on_machines(cluster: Cluster) -> Iterator[Fault]:
    for option, values in (
        ("addresses", cluster.zeoclient.addresses),
        ("macs", cluster.zeoclient.macs),
    ):
        machines = [machine for machine, _ in values]
        yield from _unknown(cluster, "zeoclient-vm", option, machines)
        for machine in _repeated(machines):
            yield Fault("zeoclient-vm", option, f"{machine} has two {option}: expected one")
    with_vm = {machine for machine, _ in cluster.zeoclient.addresses}
    for machine, _ in cluster.zeoclient.macs:
        if machine in cluster.machines and machine not in with_vm:
            yield Fault("zeoclient-vm", "macs", f"{machine} has no zeoclient VM in addresses")


def _unknown(
    cluster: Cluster, section: str, option: str, machines: Iterable[str]
) -> Iterator[Fault]:
    for machine in dict.fromkeys(machines):
        if machine not in cluster.machines:
            named = machine if len(machine) <= 60 else f"{machine[:60]}…"
            known = some(cluster.machines)
            yield Fault(section, option, f"no machine {named}: expected one of {known}")


def _macs_are_unique(cluster: Cluster) -> Iterator[Fault]:
    given = {"frontend": cluster.frontend.mac, "zeoserver": cluster.zeoserver.mac} | {
        f"zeoclient-{machine}": mac for machine, mac in cluster.zeoclient.macs
    }
    owners: dict[str, str] = {}
    # One that is made from the cluster's name has the right of way: the given one can be changed.
    for vm in sorted(cluster.vms, key=lambda vm: bool(given.get(vm.name))):
        if vm.mac in owners:
            yield Fault(
                f"{vm.role}-vm",
                "macs" if vm.role == "zeoclient" else "mac",
                f"{vm.mac} is the MAC address of {owners[vm.mac]} already",
            )
        owners.setdefault(vm.mac, vm.name)


def _clients_have_ports(cluster: Cluster) -> Iterator[Fault]:
    last = cluster.client_ports[-1]
    if last > 65535:
        yield Fault(
            "ports",
            "zeoclient",
            f"{cluster.zeoclient.clients} clients from port {cluster.ports.zeoclient} would need"
            f" port {last}: expected at most {65536 - cluster.zeoclient.clients}",
        )


def _only_root_has_the_low_ports(cluster: Cluster) -> Iterator[Fault]:
    # 22 is ssh's, and that fault is told there.
    for name in ("zeoserver", "zeoclient", "debug", "waitingroom"):
        port = getattr(cluster.ports, name)
        if port < 1024 and port != 22:
            yield Fault(
                "ports",
                name,
                f"{port} can be opened by root alone, which this does not run as: expected 1024"
                " or more",
            )


def ports_are_unique(cluster: Cluster) -> Iterator[Fault]:
    """No two programs have one TCP port.

    On different hosts they could, but not where all runs on one computer.
    """
    owners = {22: "ssh"}
    ports = cluster.ports
    for name, port in (
        *(("zeoclient", port) for port in cluster.client_ports),
        ("zeoserver", ports.zeoserver),
        ("debug", ports.debug),
        ("waitingroom", ports.waitingroom),
        ("frontend", ports.frontend),
    ):
        if port in owners:
            yield Fault("ports", name, f"{port} is a port of {owners[port]} already")
        owners.setdefault(port, name)
    for volume in cluster.volumes:
        if volume.port in owners:
            yield Fault(
                f"{volume.name}-vm",
                "drbd-port",
                f"{volume.port} is a port of {owners[volume.port]} already",
            )
        owners.setdefault(volume.port, f"the volume {volume.name}")


def _minors_are_unique(cluster: Cluster) -> Iterator[Fault]:
    owners: dict[int, str] = {}
    for volume in cluster.volumes:
        if volume.minor in owners:
            yield Fault(
                f"{volume.name}-vm",
                "drbd-minor",
                f"{volume.minor} is the minor of the volume {owners[volume.minor]} already",
            )
        owners.setdefault(volume.minor, volume.name)


def _repeated(items: Iterable[str]) -> list[str]:
    listed = list(items)
    return list(dict.fromkeys(item for at, item in enumerate(listed) if item in listed[:at]))


FIRST = (_machines_are_unique, _the_pair_are_two_machines, _clients_live_on_machines)
RULES = (
    _macs_are_unique,
    _clients_have_ports,
    _only_root_has_the_low_ports,
    ports_are_unique,
    _minors_are_unique,
)
