"""The sections of a description: every option, with its type, default and meaning."""

from dataclasses import dataclass
from ipaddress import IPv4Network

from tandem.model import option as o

_FITS = "checked: what must run on a machine after a failover has to fit"
_DISK = "checked: the disks of all VMs that live on a machine have to fit into its storage"
_READ = "read when files are rendered; what is in it ends up where the secret does"


@dataclass(frozen=True, kw_only=True)
class Network:
    """``[network]``: the networks of the machines and VMs."""

    service: IPv4Network = o.option(
        o.network4, "The network of machines and VMs, on the machines' service-interface."
    )
    replication: IPv4Network | None = o.option(
        o.optional(o.network4),
        "The network between the pair's machines alone, for DRBD and Heartbeat; a pair needs it.",
        "",
        acts="checked: the addresses of the machines lie in it, and it is no other network",
    )
    management: IPv4Network | None = o.option(
        o.optional(o.network4),
        "The network of the fencing devices, which carries nothing else; fencing = ipmi needs it.",
        "",
    )
    gateway: str = o.option(o.address4, "The router in the service network.")
    public_gateway: str | None = o.option(
        o.optional(o.address4),
        "The router in the floating IP's network, when that is not the service network.",
        "",
    )
    nameservers: tuple[str, ...] = o.option(
        o.addresses4, "The name servers that machines and VMs ask; empty: none.", ""
    )
    domain: str = o.option(
        o.domain, "The domain of the machines' and VMs' names in /etc/hosts.", "internal"
    )
    firewall: str = o.option(
        o.choice("nftables", "none"),
        "What closes the ports that nobody needs on machines and VMs: nftables on each of them, or"
        " nothing of ours, where others see to that.",
        "nftables",
    )
    ssh_from: tuple[str, ...] = o.option(
        o.networks, "From where machines and VMs can be reached by ssh.", "0.0.0.0/0 ::/0"
    )


@dataclass(frozen=True, kw_only=True)
class Machine:
    """``[MACHINE]``: a physical machine; each has such a section, of its own name."""

    name: str
    address: str = o.option(o.address4, "The machine's address in the service network.")
    replication_address: str | None = o.option(
        o.optional(o.address4),
        "Its address in the replication network; the pair's machines need one.",
        "",
    )
    management_address: str | None = o.option(
        o.optional(o.address4),
        "Its address in the management network; the pair's machines need one to fence by IPMI.",
        "",
    )
    zeoclient_address: str | None = o.option(
        o.optional(o.address4),
        "The address of the zeoclient VM on it, where addresses of [zeoclient-vm] has none. A"
        " section with it is a machine's, whether or not machines of [cluster] names it.",
        "",
        acts="the same as an address in [zeoclient-vm]",
    )
    service_interface: str = o.option(
        o.interface, "The network interface in the service network.", "eth0"
    )
    replication_interface: str = o.option(
        o.interface, "The network interface in the replication network.", "eth1"
    )
    management_interface: str = o.option(
        o.interface, "The network interface in the management network.", "eth2"
    )
    memory: int = o.option(
        o.whole(512, 16_777_216, "MB"), "How much memory the machine has.", acts=_FITS
    )
    dom0_memory: int = o.option(
        o.whole(256, 65_536, "MB"), "How much of it the machine keeps for itself.", "1024"
    )
    dom0_vcpus: int = o.option(o.whole(1, 64), "How many processors Xen's dom0 uses.", "2")
    volume_group: str = o.option(
        o.volume_group, "The LVM volume group in which the VMs' disks are made.", "vg0"
    )
    volume_disk: str | None = o.option(
        o.optional(o.device),
        "The empty disk or partition of which fab deploy makes the volume group where there is"
        " none; empty: it is there.",
        "",
        acts="fab deploy makes the volume group of it",
    )
    storage: int = o.option(
        o.size,
        "How large the volume group is.",
        acts="checked: the disks of all VMs that live on the machine have to fit",
    )
    fence_address: str | None = o.option(
        o.optional(o.address4),
        "The address of the machine's BMC in the management network, for fencing = ipmi.",
        "",
    )
    fence_user: str = o.option(o.user, "The BMC's user that may switch the power.", "tandem")
    fence_password: str = o.option(
        o.file,
        "A file with that user's password; empty: one is made in var/secrets, to be set at the"
        " BMC.",
        "",
        acts=_READ,
    )


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What every VM is given."""

    memory: int = o.option(o.whole(128, 16_777_216, "MB"), "How much memory the VM has.", "1024")
    maxmem: int | None = o.option(
        o.optional(o.whole(128, 16_777_216, "MB")),
        "Up to how much memory it can be given while it runs; empty: as much as memory says.",
        "",
    )
    vcpus: int = o.option(o.whole(1, 128), "How many processors it has.", "1")
    cpu_weight: int = o.option(
        o.whole(1, 65_535),
        "Its share of the processors when they are short, as Xen counts: 256 is the usual one.",
        "256",
    )
    cpu_cap: int = o.option(
        o.whole(0, 12_800, "%"),
        "The most it may use of the processors, 100 for one whole processor; 0: no limit.",
        "0",
    )
    disk: int = o.option(o.size, "How large its disk is.", "10G", acts=_DISK)


@dataclass(frozen=True, kw_only=True)
class FrontendVM(Sizes):
    """``[frontend-vm]``: Apache, the balancer and the cache."""

    address: str = o.option(o.address4, "The VM's own address.")
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
        acts="set in each site, in plone.app.caching, when the site is made",
    )
    drbd_minor: int = o.option(o.whole(0, 255), "The minor number of its volume.", "0")
    drbd_port: int = o.option(o.port, "The TCP port on which its volume replicates.", "7788")
    mac: str | None = o.option(
        o.optional(o.mac), "Its MAC address; empty: made from the cluster's name.", ""
    )


@dataclass(frozen=True, kw_only=True)
class ZeoserverVM(Sizes):
    """``[zeoserver-vm]``: the ZEO server and the data."""

    address: str = o.option(o.address4, "The VM's address, the same on whichever machine it runs.")
    memory: int = o.option(o.whole(128, 16_777_216, "MB"), "How much memory the VM has.", "2048")
    disk: int = o.option(
        o.size, "How large its disk is, data and backups included.", "40G", acts=_DISK
    )
    zeo_from: tuple[str, ...] = o.option(
        o.networks,
        "From where the ZEO server can be reached besides the Plone clients: by developers, say.",
        "",
    )
    drbd_minor: int = o.option(o.whole(0, 255), "The minor number of its volume.", "1")
    drbd_port: int = o.option(o.port, "The TCP port on which its volume replicates.", "7789")
    mac: str | None = o.option(
        o.optional(o.mac), "Its MAC address; empty: made from the cluster's name.", ""
    )


@dataclass(frozen=True, kw_only=True)
class ZeoclientVM(Sizes):
    """``[zeoclient-vm]``: the Plone clients, one such VM on each machine."""

    addresses: tuple[tuple[str, str], ...] = o.option(
        o.machine_addresses, "The address of the zeoclient VM on each machine that has one."
    )
    clients: int = o.option(o.whole(1, 64), "How many Plone clients run on each VM.", "2")
    threads: int = o.option(
        o.whole(1, 64), "How many requests one client works on at the same time.", "2"
    )
    memory: int = o.option(o.whole(128, 16_777_216, "MB"), "How much memory each VM has.", "4096")
    vcpus: int = o.option(o.whole(1, 128), "How many processors each has.", "2")
    warm_up: tuple[str, ...] = o.option(
        o.pages,
        "Pages that each client makes of every site before it is ready; empty: none.",
        "/",
        acts="the environment variable TANDEM_WARM_UP of each client",
    )
    debug_from: tuple[str, ...] = o.option(
        o.networks,
        "From where a debug client can be reached; empty: it listens on the VM's loopback only.",
        "",
    )
    macs: tuple[tuple[str, str], ...] = o.option(
        o.machine_macs,
        "The MAC address of the VM on a machine; the others are made from the cluster's name.",
        "",
    )


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
class Heartbeat:
    """``[heartbeat]``: how the machines of the pair watch each other. Names as in ``ha.cf``."""

    keepalive: float = o.option(o.seconds(0.1, 60), "How often a machine says it is alive.", "0.5")
    warntime: float = o.option(
        o.seconds(0.2, 600), "After how long a silence a late heartbeat is logged.", "2"
    )
    deadtime: float = o.option(
        o.seconds(1, 600), "After how long a silence the other machine is taken for dead.", "5"
    )
    initdead: float = o.option(
        o.seconds(10, 3600), "The same at the start, when the network may need its time.", "60"
    )
    udpport: int = o.option(o.port, "The UDP port of the heartbeats, on both links.", "694")
    ping_nodes: tuple[str, ...] = o.option(
        o.addresses4,
        "What answers pings as long as a machine's network works: a machine that alone gets no"
        " answer hands over; empty: the gateway.",
        "",
    )


@dataclass(frozen=True, kw_only=True)
class Drbd:
    """``[drbd]``: how the volumes replicate. Names as in ``drbd.conf``."""

    version: str = o.option(
        o.choice("8.4", "9"), "Which DRBD the machines' kernels have; Debian's have 8.4.", "8.4"
    )
    timeout: float = o.option(
        o.seconds(0.1, 60, 0.1), "After how long without an answer the peer is given up.", "2.5"
    )
    connect_int: int = o.option(o.whole(1, 120, "seconds"), "How often a connection is tried.", "3")
    ping_int: int = o.option(
        o.whole(1, 120, "seconds"),
        "After how long a silence the peer is asked whether it lives.",
        "3",
    )
    ping_timeout: float = o.option(
        o.seconds(0.1, 30, 0.1), "How long it has to answer that.", "0.5"
    )
    c_max_rate: int = o.option(o.size, "How much a resync may copy in a second.", "100M")
    verify_alg: str = o.option(
        o.choice("crc32c", "md5", "sha1", "sha256"),
        "The digest with which the weekly verify compares the two sides.",
        "crc32c",
    )


@dataclass(frozen=True, kw_only=True)
class Ssh:
    """``[ssh]``: how the operator's computer comes to machines and VMs."""

    user: str = o.option(
        o.user,
        "The account there: root, or one that sudo makes root without a password.",
        "root",
        acts="fab logs in as this user",
    )
    key: str = o.option(
        o.file,
        "The file of the private key; empty: those of ssh-agent and ~/.ssh.",
        "",
        acts="fab logs in with this key",
    )
    known_hosts: str = o.option(
        o.file,
        "The file of the host keys that are known; empty: ~/.ssh/known_hosts.",
        "",
        acts="fab enters a host only if its key is known",
    )


@dataclass(frozen=True, kw_only=True)
class SecretFiles:
    """``[secrets]``: files with secrets of your own; what is empty is made in ``var/secrets``."""

    admin: str = o.option(o.file, "The password of Zope's admin.", "", acts=_READ)
    drbd: str = o.option(
        o.file,
        "The secret with which the two sides of the volumes know each other.",
        "",
        acts=_READ,
    )
    heartbeat: str = o.option(o.file, "The key that signs the heartbeats.", "", acts=_READ)


@dataclass(frozen=True, kw_only=True)
class Here:
    """``[here]``: which machine or VM of the cluster a checkout is on, in ``here.cfg``."""

    name: str = o.option(
        o.text,
        "The machine's or VM's name, zeoclient-master say. Empty: this computer, for development.",
        "",
        acts="profiles build the parts of that host",
    )
    address: str = o.option(
        o.address,
        "This computer's address, when everything runs on it.",
        "127.0.0.1",
        acts="every program of this computer listens there",
    )
    frontend_port: int = o.option(
        o.port,
        "Apache's port, when everything runs here.",
        "8080",
        acts="Apache of this computer listens there",
    )
