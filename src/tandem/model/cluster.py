"""The cluster that a description describes: plain data that can say everything and do nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from pathlib import PurePosixPath
from typing import Final

from tandem.model import option as o
from tandem.model.sections import (
    Drbd,
    FrontendVM,
    Heartbeat,
    Here,
    Machine,
    Network,
    Ports,
    SecretFiles,
    Sizes,
    Ssh,
    ZeoclientVM,
    ZeoserverVM,
)

READY_PATH: Final = "/@@tandem-ready"
"""Where each client says over HTTP whether it is ready. Zope keeps ids that begin with ``@@`` for
views, so no content can have this name."""

HOME: Final = PurePosixPath("/srv/tandem")
"""What is Tandem's on the hosts of a cluster, but for configuration in ``/etc``."""

RELEASES: Final = HOME / "releases"
"""The releases of a host's software: each a checkout, and what was built in it."""

CURRENT: Final = HOME / "current"
"""A link to the release that programs are started from."""

VAR: Final = HOME / "var"
"""What the programs of all releases write; each release has it as its ``var``."""

DATA: Final = HOME / "data"
"""Where the zeoserver keeps the data: on its VM's disk, or the place where that is mounted."""

MAINTENANCE: Final = PurePosixPath("/var/lib/tandem/maintenance")
"""On a machine of the pair: who maintains it, since when and why; Heartbeat is not started then."""


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
    host: str
    machine: str
    address: str
    port: int

    @property
    def route(self) -> str:
        """The client's name in a sticky visitor's cookie; mod_proxy_balancer splits it at dots."""
        return f"{self.machine}-{self.name}"


@dataclass(frozen=True)
class Volume:
    """A replicated block device: a DRBD resource with one volume in it. ``size`` is in MB."""

    name: str
    minor: int
    port: int
    size: int

    @property
    def device(self) -> str:
        """The device, by the name that DRBD's udev rules give it."""
        return f"/dev/drbd/by-res/{self.name}/0"

    def disk_on(self, machine: Machine) -> str:
        """The LVM volume below it on a machine."""
        return f"/dev/{machine.volume_group}/{self.name}"


@dataclass(frozen=True)
class VM:
    """One virtual machine. A replicated one has a volume, and may run on either of ``machines``."""

    name: str
    role: str
    machines: tuple[Machine, ...]
    address: str
    mac: str
    sizes: Sizes
    volume: Volume | None

    @property
    def maxmem(self) -> int:
        """Up to how much memory it can be given, in MB."""
        return self.sizes.maxmem or self.sizes.memory

    def disk_on(self, machine: Machine) -> str:
        """The block device that is its disk when it runs on the machine."""
        return self.volume.device if self.volume else f"/dev/{machine.volume_group}/{self.name}"


@dataclass(frozen=True)
class Host:
    """Whatever has files of its own: a machine or a VM, with the roles that it serves."""

    name: str
    address: str
    roles: tuple[str, ...]
    machine: Machine | None = None
    vm: VM | None = None


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """``[cluster]``: all that one description describes."""

    name: str = o.option(
        o.name, "The cluster's name. The VMs' MAC addresses are made from it: keep it."
    )
    machines: tuple[str, ...] = o.option(
        o.names,
        "The physical machines; each has a section.",
        acts="each has a folder of its own in parts/rollout",
    )
    pair: tuple[str, ...] = o.option(
        o.names,
        "The two machines that replicate and take over from each other; the replicated VMs start"
        " on the first.",
    )
    hypervisor: str = o.option(
        o.choice("xen", "nspawn", "none"),
        "What runs the VMs: Xen, systemd-nspawn (system containers), or nothing: the services run"
        " right on the machines.",
        "xen",
    )
    manager: str = o.option(
        o.choice("heartbeat"),
        "What watches the machines of the pair.",
        "heartbeat",
        acts="the files in /etc/ha.d are those of this manager; there is one so far",
    )
    floating_ip: IPv4Interface | IPv6Interface = o.option(
        o.interface4, "The public address, always at the frontend, with its network's length."
    )
    fencing: str = o.option(
        o.choice("ipmi", "meatware", "none"),
        "How a machine makes sure that the other is off before it takes over: through its BMC, by"
        " asking the operator, or not at all, which takes accept = split-brain.",
    )
    accept: str = o.option(
        o.choice("", "split-brain"),
        "The risk of fencing = none, named by who runs the cluster: both machines may write, and"
        " the writes of one of them are lost.",
        "",
        acts="checked: without it, fencing = none is a fault",
    )
    network: Network
    ports: Ports
    heartbeat: Heartbeat
    drbd: Drbd
    ssh: Ssh
    secrets: SecretFiles
    frontend: FrontendVM
    zeoserver: ZeoserverVM
    zeoclient: ZeoclientVM
    nodes: tuple[Machine, ...]
    """The physical machines as their sections describe them, in the order of ``machines``."""
    sites: tuple[Site, ...]

    @property
    def ready_path(self) -> str:
        """Where each client says whether it is ready."""
        return READY_PATH

    @property
    def virtual(self) -> bool:
        """Whether there are VMs; else the services run right on the machines."""
        return self.hypervisor != "none"

    @property
    def site_paths(self) -> tuple[str, ...]:
        """The path in Zope of each Plone site, once."""
        return tuple(dict.fromkeys(site.path for site in self.sites))

    @property
    def freshness(self) -> int:
        """How long a cache may keep a page, in seconds; 0: there is no cache."""
        return self.frontend.cache_freshness if self.frontend.cache != "none" else 0

    @property
    def visitor_addresses(self) -> tuple[str, ...]:
        """Where Apache listens: at the frontend's own address and the floating IP."""
        return tuple(dict.fromkeys((self.frontend.address, str(self.floating_ip.ip))))

    @cached_property
    def clients(self) -> tuple[Client, ...]:
        """Every Plone client behind the balancer, in the order of the description."""
        return tuple(
            Client(
                name=f"zeoclient{number + 1}",
                host=f"zeoclient-{machine}" if self.virtual else machine,
                machine=machine,
                address=address,
                port=self.ports.zeoclient + number,
            )
            for machine, address in self.zeoclient.addresses
            for number in range(self.zeoclient.clients)
        )

    @property
    def client_ports(self) -> range:
        """The ports of the clients of one VM."""
        return range(self.ports.zeoclient, self.ports.zeoclient + self.zeoclient.clients)

    @cached_property
    def named_nodes(self) -> dict[str, Machine]:
        """Each machine by its name."""
        return dict(zip(self.machines, self.nodes, strict=True))

    @property
    def pair_nodes(self) -> tuple[Machine, ...]:
        """The two machines of the pair."""
        return tuple(self.named_nodes[name] for name in self.pair)

    def peer_of(self, machine: Machine) -> Machine | None:
        """The other machine of the pair, for a machine that is in it."""
        if machine.name not in self.pair:
            return None
        return self.named_nodes[self.other_than(machine.name)]

    def other_than(self, name: str) -> str:
        """The other machine of the pair, by the name of one."""
        return next(other for other in self.pair if other != name)

    @cached_property
    def volumes(self) -> tuple[Volume, ...]:
        """The replicated volumes. Without VMs there is one, for the data."""
        sections: tuple[tuple[str, FrontendVM | ZeoserverVM], ...] = (
            ("frontend", self.frontend),
            ("zeoserver", self.zeoserver),
        )
        return tuple(
            Volume(name, section.drbd_minor, section.drbd_port, section.disk)
            for name, section in sections
            if self.virtual or name == "zeoserver"
        )

    @cached_property
    def vms(self) -> tuple[VM, ...]:
        """All VMs, the replicated ones first."""
        return tuple(self._vms()) if self.virtual else ()

    def _vms(self) -> Iterator[VM]:
        volumes = {volume.name: volume for volume in self.volumes}
        for name, section in (("frontend", self.frontend), ("zeoserver", self.zeoserver)):
            mac = section.mac or self._mac_of(name)
            yield VM(name, name, self.pair_nodes, section.address, mac, section, volumes[name])
        macs = dict(self.zeoclient.macs)
        for machine, address in self.zeoclient.addresses:
            name = f"zeoclient-{machine}"
            mac = macs.get(machine) or self._mac_of(name)
            nodes = (self.named_nodes[machine],)
            yield VM(name, "zeoclient", nodes, address, mac, self.zeoclient, None)

    def _mac_of(self, vm: str) -> str:
        # Xen's own range, 00:16:3e:00:00:00 to 00:16:3e:7f:ff:ff.
        made = sha256(f"{self.name}/{vm}".encode()).digest()
        return f"00:16:3e:{made[0] & 0x7F:02x}:{made[1]:02x}:{made[2]:02x}"

    @cached_property
    def _vms_by_machine(self) -> dict[str, tuple[VM, ...]]:
        on: dict[str, list[VM]] = {name: [] for name in self.machines}
        for vm in self.vms:
            for machine in vm.machines:
                on[machine.name].append(vm)
        return {name: tuple(vms) for name, vms in on.items()}

    def vms_on(self, machine: Machine) -> tuple[VM, ...]:
        """The VMs that may run on a machine."""
        return self._vms_by_machine[machine.name]

    @cached_property
    def hosts(self) -> dict[str, Host]:
        """The machines and the VMs, by name."""
        with_clients = {machine for machine, _ in self.zeoclient.addresses}

        def roles(machine: Machine) -> Iterator[str]:
            if not self.virtual:
                if machine.name in self.pair:
                    yield from ("frontend", "zeoserver")
                if machine.name in with_clients:
                    yield "zeoclient"

        machines = (
            Host(node.name, node.address, tuple(roles(node)), machine=node) for node in self.nodes
        )
        vms = (Host(vm.name, vm.address, (vm.role,), vm=vm) for vm in self.vms)
        return {host.name: host for host in (*machines, *vms)}

    @cached_property
    def _clients_by_host(self) -> dict[str, tuple[Client, ...]]:
        of: dict[str, list[Client]] = {}
        for client in self.clients:
            of.setdefault(client.host, []).append(client)
        return {host: tuple(clients) for host, clients in of.items()}

    def clients_on(self, host: str) -> tuple[Client, ...]:
        """The Plone clients of one host."""
        return self._clients_by_host.get(host, ())

    def names_for(self, host: Host) -> tuple[tuple[str, str], ...]:
        """The addresses and names that a host knows without asking a name server.

        Those of the pair and of the frontend know all; a capacity machine and a zeoclient VM know
        the pair, the replicated VMs and themselves: names grow with the machines, not with their
        square.
        """
        all_names = host.name in self.pair or "frontend" in host.roles
        own = {host.name, *((host.machine and (vm.name for vm in self.vms_on(host.machine))) or ())}
        return tuple(
            (other.address, other.name)
            for other in self.hosts.values()
            if all_names
            or other.name in own
            or other.name in self.pair
            or (other.vm and other.vm.volume)
        )


def seen_from(here: Here, cluster: Cluster) -> Cluster:
    """The cluster as the profiles build it here.

    On a host of the cluster that is the cluster itself. On a computer of its own it is the whole
    stack on one address, with one VM's worth of clients, where any host name leads to the first
    site.
    """
    if here.name:
        return cluster
    return replace(
        cluster,
        machines=("localhost",),
        pair=(),
        nodes=(replace(cluster.nodes[0], name="localhost", address=here.address),),
        hypervisor="none",
        floating_ip=ip_interface(here.address),
        ports=replace(cluster.ports, frontend=here.frontend_port),
        frontend=replace(cluster.frontend, address=here.address),
        zeoserver=replace(cluster.zeoserver, address=here.address),
        zeoclient=replace(cluster.zeoclient, addresses=(("localhost", here.address),)),
        sites=tuple(Site("*", site.path) for site in cluster.sites[:1]) + cluster.sites,
    )
