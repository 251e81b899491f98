"""Which files a host of the cluster has: the programs it runs, and what their templates see."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Interface
from pathlib import PurePosixPath
from typing import Any, Final

from tandem.drivers import WATCH, hypervisor_of, manager_of, storage_of
from tandem.model import CURRENT, DATA, HOME, MAINTENANCE, VAR, Cluster, Host, access_to
from tandem.rendering import File, Place, Secrets, render

BRIDGE: Final = "br-service"
LIB: Final = "/usr/local/lib/tandem"
LIBEXEC: Final = "/usr/libexec/heartbeat"
"""Where Debian keeps Heartbeat's daemons."""

FRONTEND_THERE: Final = Place(
    parts=PurePosixPath("/etc/tandem/frontend"),
    var=HOME / "frontend",
    cache=PurePosixPath("/var/cache/tandem"),
    python=CURRENT / ".venv/bin/python",
    user="www-data",
)
"""Apache's files on a host of the cluster, where root starts it."""


@dataclass(frozen=True)
class Program:
    """What makes the files of one program: folders of templates, and what they see."""

    name: str
    folders: tuple[str, ...]
    below: str = ""
    takes_secrets: bool = False
    seen: dict[str, Any] = field(default_factory=dict)


def programs_of(cluster: Cluster, host: Host) -> tuple[Program, ...]:
    """The programs that have files on the host."""
    return tuple(_programs(cluster, host))


def _programs(cluster: Cluster, host: Host) -> Iterator[Program]:
    hypervisor = hypervisor_of(cluster)
    yield Program("hosts", ("hosts",), seen={"boots": units_at_boot(cluster, host)})
    yield Program("network", tuple(_networks(cluster, host)), seen={"hypervisor": hypervisor})
    if cluster.network.firewall == "nftables":
        yield Program("firewall", ("firewall",), seen={"accesses": access_to(cluster, host)})
    if host.roles:
        folders = ("systemd/account", *(f"systemd/{role}" for role in host.roles))
        # Without VMs it is Heartbeat that starts what runs on one machine at a time.
        yield Program("systemd", folders, seen={"starts_at_boot": host.machine is None})
    if host.machine:
        peer = cluster.peer_of(host.machine)
        folders = hypervisor.folders + (hypervisor.pair_folders if peer else ())
        yield Program(hypervisor.program, folders)
        if peer:
            storage, manager = storage_of(cluster), manager_of(cluster)
            watched = hypervisor.watched(cluster)
            resources = (
                *storage.resources(cluster),
                *hypervisor.resources(cluster),
                *manager.watching(watched),
            )
            yield Program(storage.program, storage.folders, takes_secrets=True)
            yield Program(
                manager.program,
                manager.folders(cluster, watched),
                takes_secrets=True,
                seen={
                    "resources": resources,
                    "watched": watched,
                    "killing": hypervisor.killing,
                    "suspended": storage.suspended,
                    "volumes": storage.listing(cluster),
                },
            )
    else:
        yield Program(hypervisor.program, hypervisor.vm_folders)
    if "frontend" in host.roles:
        yield Program("apache", ("apache",), below=str(FRONTEND_THERE.parts).lstrip("/"))


def _networks(cluster: Cluster, host: Host) -> Iterator[str]:
    yield "network/machine" if host.machine else "network/vm"
    pair = host.machine and cluster.peer_of(host.machine)
    # Who asks for an address of IPv6 asks otherwise than by ARP.
    if pair and cluster.virtual and isinstance(cluster.floating_ip, IPv4Interface):
        yield "network/hold"


def units_at_boot(cluster: Cluster, host: Host) -> tuple[tuple[str, bool], ...]:
    """The units of a host that can be enabled, and whether a boot starts them.

    Debian's xendomains is none: it is an init script, which presets do not know.
    """
    return tuple(_units_at_boot(cluster, host))


def _units_at_boot(cluster: Cluster, host: Host) -> Iterator[tuple[str, bool]]:
    yield from (("ssh.service", True), ("systemd-networkd.service", True))
    if cluster.network.firewall == "nftables":
        yield "nftables.service", True
    if host.machine:
        if cluster.peer_of(host.machine):
            yield from (("drbd.service", True), ("heartbeat.service", True))
            if hypervisor_of(cluster).watched(cluster):
                yield WATCH, False
        if host.name == cluster.pair[0]:
            yield "tandem-verify.timer", True
        if cluster.hypervisor == "nspawn":
            for vm in cluster.vms_on(host.machine):
                yield f"tandem-vm-{vm.name}.service", vm.volume is None
    # What runs on one machine at a time Heartbeat starts.
    if "frontend" in host.roles:
        yield "tandem-frontend.service", host.machine is None
    if "zeoserver" in host.roles:
        yield "tandem-zeoserver.service", host.machine is None
        yield from (("tandem-backup.timer", True), ("tandem-zeopack.timer", True))
    for client in cluster.clients_on(host.name):
        yield f"tandem-{client.name}.service", True


def program_files(
    program: Program, cluster: Cluster, host: Host, secrets: Secrets | None, source: str
) -> tuple[File, ...]:
    """Every file of one program on the host, by its path from the root."""
    vms = cluster.vms_on(host.machine) if host.machine else ()
    peer = cluster.peer_of(host.machine) if host.machine else None
    each = {
        "VM": vms,
        "REPLICATED": [vm for vm in vms if vm.volume],
        "LOCAL": [vm for vm in vms if not vm.volume],
        "VOLUME": cluster.volumes,
        "CLIENT": cluster.clients_on(host.name),
        "PEER": [peer] if peer else [],
    }
    seen = {
        "host": host,
        "peer": peer,
        "place": FRONTEND_THERE,
        "bridge": BRIDGE,
        "service_link": BRIDGE
        if cluster.virtual
        else host.machine and host.machine.service_interface,
        "lib": LIB,
        "libexec": LIBEXEC,
        "checkout": CURRENT,
        "home": HOME,
        "var": VAR,
        "data": DATA,
        "maintenance": MAINTENANCE,
        "milliseconds": _milliseconds,
        **program.seen,
    }
    return tuple(
        File(PurePosixPath(program.below) / file.path, file.text, file.mode)
        for folder in program.folders
        for file in render(folder, cluster, source, each=each, secrets=secrets, **seen)
    )


def host_files(
    cluster: Cluster, host: Host, secrets: Secrets | None, source: str
) -> tuple[File, ...]:
    """Every file of a host, by its path from the root."""
    return tuple(
        file
        for program in programs_of(cluster, host)
        for file in program_files(program, cluster, host, secrets, source)
    )


def _milliseconds(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"
