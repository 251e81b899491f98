"""Any valid description of a cluster, for hypothesis."""

from ipaddress import IPv4Network
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tandem.model.checks import RESERVED
from tandem.model.checks.resources import XEN_MEMORY, XEN_PERCENT

Sections = dict[str, dict[str, str]]

# What the languages of the generated files have as words of their own.
KEYWORDS: Final = (
    *("on", "off", "yes", "no", "true", "auto", "any", "root", "self", "other", "default"),
    *("resource", "volume", "disk", "device", "minor", "net", "address", "host", "connection"),
    *("global", "common", "options", "handlers", "startup", "floating", "stacked", "peer", "path"),
    *("node", "ping", "ucast", "bcast", "group", "table", "chain", "set", "map", "accept", "drop"),
    *("ip", "ip6", "inet", "tcp", "udp", "meta", "ct", "iif", "if", "then", "do", "done", "exit"),
    *("start", "stop", "status", "name", "type", "memory", "phy", "file", "x", "a-b", "n--1"),
)


def _fits(name: str) -> bool:
    return name not in RESERVED and not name.startswith("zeoclient")


names = st.one_of(
    st.sampled_from(KEYWORDS), st.from_regex(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True)
).filter(_fits)
interfaces = st.one_of(
    st.sampled_from(("eth0", "eno1", "enp129s0f1np1", "bond0", "vlan-12", "on", "if", "enX0")),
    st.from_regex(r"[a-z][A-Za-z0-9_-]{0,13}[A-Za-z0-9]", fullmatch=True),
).filter(lambda name: name not in ("lo", "all", "default", "br-service"))
volume_groups = st.one_of(
    st.sampled_from(("vg0", "VG-1", "on", "a.b", "_", "0", "minor")),
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}", fullmatch=True),
)
_label = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
domains = st.from_regex(
    r"([a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?\.){0,3}[a-z][a-z0-9]{0,5}", fullmatch=True
)
users = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,15}", fullmatch=True)
site_hosts = st.from_regex(rf"{_label}(\.{_label}){{0,2}}", fullmatch=True)
site_paths = st.from_regex(r"(/[A-Za-z0-9][A-Za-z0-9._-]{0,12}){1,3}", fullmatch=True)
_networks4 = ("10.0.0.0/8", "10.1.0.0/16", "192.0.2.7")
_networks = (*_networks4, "2001:db8::/32", "2001:db8:1::/48")
networks = st.lists(st.sampled_from(_networks), min_size=1, max_size=4).map(" ".join)


def _with_ipv4(*least: str) -> st.SearchStrategy[str]:
    """Networks from which somebody can come in, as all hosts have IPv4 addresses."""
    first = st.sampled_from((*_networks4, *least))
    return st.tuples(first, st.just("") | networks).map(" ".join).map(str.strip)


manage_networks = _with_ipv4()
ssh_networks = _with_ipv4("0.0.0.0/0", "0.0.0.0/0 ::/0", "::/0 10.0.0.0/8")


@st.composite
def descriptions(draw: DrawFn) -> Sections:
    """The sections of a valid description, as ``tandem.model.read`` takes them."""
    machines = draw(st.lists(names, min_size=2, max_size=5, unique=True))
    pair = draw(st.permutations(machines))[:2]
    hypervisor = draw(st.sampled_from(("xen", "nspawn", "none")))
    fencing = draw(st.sampled_from(("ipmi", "meatware", "none")))
    others = [machine for machine in machines if machine not in pair]
    # A machine beyond the pair is there for its clients; there are clients on two at least.
    of_pair = st.lists(st.sampled_from(pair), min_size=max(0, 2 - len(others)), unique=True)
    with_clients = draw(of_pair.flatmap(lambda some: st.permutations([*some, *others])))
    addresses = draw(_service_addresses())
    service = addresses.network
    own = {machine: addresses.next() for machine in machines}
    there = own if hypervisor == "none" else {machine: addresses.next() for machine in machines}
    clients = {machine: there[machine] for machine in with_clients}
    sections: Sections = {
        "cluster": {
            "name": draw(names),
            "machines": " ".join(machines),
            "pair": " ".join(pair),
            "hypervisor": hypervisor,
            "fencing": fencing,
            "accept": "split-brain" if fencing == "none" else "",
        },
        "network": {
            "service": str(service),
            "replication": "172.20.0.0/24",
            "management": "192.168.9.0/24",
            "gateway": addresses.next(),
            "nameservers": " ".join(addresses.next() for _ in range(draw(st.integers(0, 2)))),
            "domain": draw(domains),
            "ssh-from": draw(ssh_networks),
        },
        "frontend-vm": {
            "address": addresses.next(),
            "hold": draw(_seconds(0, 300)),
            "timeout": draw(_seconds(1, 3600)),
            "check-interval": draw(_seconds(1, 60)),
            "connections": str(draw(st.integers(64, 100_000))),
            "manage-from": draw(manage_networks),
            "cache": draw(st.sampled_from(("none", "apache"))),
            "cache-size": str(draw(st.integers(10, 512))),
            "cache-freshness": str(draw(st.integers(1, 86_400))),
        },
        "zeoserver-vm": {"address": addresses.next(), "zeo-from": draw(st.just("") | networks)},
        "zeoclient-vm": {
            "addresses": " ".join(f"{machine}:{at}" for machine, at in clients.items()),
            "threads": str(draw(st.integers(1, 64))),
            "debug-from": draw(st.just("") | networks),
        },
        "heartbeat": {"ping-nodes": draw(st.sampled_from(("", "9.9.9.9", "9.9.9.9 1.1.1.1")))},
        "drbd": {
            "version": draw(st.sampled_from(("8.4", "9"))),
            "c-max-rate": draw(st.sampled_from(("5M", "100M", "1G"))),
            "verify-alg": draw(st.sampled_from(("crc32c", "md5", "sha1", "sha256"))),
        },
        "sites": draw(st.dictionaries(site_hosts, site_paths, min_size=1, max_size=3)),
    }
    _floating(draw, sections, addresses)
    _ports(draw, sections)
    _sizes(draw, sections)
    _times(draw, sections)
    _macs(draw, sections, with_clients)
    for number, machine in enumerate(machines, 1):
        sections[machine] = _machine(draw, own[machine], number, machine in pair, sections)
    return sections


class _Addresses:
    """Hands out addresses of a network, each once."""

    def __init__(self, network: IPv4Network, order: list[int]) -> None:
        self.network = network
        self._order = iter(order)

    def next(self) -> str:
        """Another address."""
        return str(self.network[next(self._order)])


@st.composite
def _service_addresses(draw: DrawFn) -> _Addresses:
    prefix = draw(st.integers(16, 26))
    start = draw(st.integers(0, 2**prefix // 256 - 1)) << (32 - prefix)
    network = IPv4Network(((10 << 24) + start, prefix))
    order = draw(st.lists(st.integers(1, 62), min_size=24, max_size=24, unique=True))
    return _Addresses(network, order)


def _seconds(least: int, most: int) -> st.SearchStrategy[str]:
    return st.integers(least * 1000, most * 1000).map(
        lambda thousandths: f"{thousandths / 1000:.3f}"
    )


def _floating(draw: DrawFn, sections: Sections, addresses: _Addresses) -> None:
    if sections["cluster"]["hypervisor"] == "none" or draw(st.booleans()):
        sections["cluster"]["floating-ip"] = f"{addresses.next()}/{addresses.network.prefixlen}"
    else:
        sections["cluster"]["floating-ip"] = "198.51.100.10/24"
        sections["network"]["public-gateway"] = "198.51.100.1"


def _ports(draw: DrawFn, sections: Sections) -> None:
    # A hundred ports for each: the clients' follow each other.
    blocks = draw(st.lists(st.integers(11, 650), min_size=8, max_size=8, unique=True))
    first, *others = [100 * block + draw(st.integers(0, 35)) for block in blocks]
    ports = list(map(str, others))
    sections["zeoclient-vm"]["clients"] = str(draw(st.integers(1, 8)))
    sections["ports"] = {
        "zeoclient": str(first),
        **dict(zip(("frontend", "zeoserver", "debug", "waitingroom"), ports, strict=False)),
    }
    sections["frontend-vm"]["drbd-port"] = ports[4]
    sections["zeoserver-vm"]["drbd-port"] = ports[5]
    sections["heartbeat"]["udpport"] = ports[6]
    minors = draw(st.lists(st.integers(0, 255), min_size=2, max_size=2, unique=True))
    for section, minor in zip(("frontend-vm", "zeoserver-vm"), minors, strict=True):
        sections[section]["drbd-minor"] = str(minor)


def _sizes(draw: DrawFn, sections: Sections) -> None:
    for section in ("frontend-vm", "zeoserver-vm", "zeoclient-vm"):
        memory = draw(st.integers(128, 8192))
        more = draw(st.none() | st.integers(0, 4096))
        sections[section] |= {
            "memory": str(memory),
            "maxmem": "" if more is None else str(memory + more),
            "vcpus": str(draw(st.integers(1, 128))),
            "cpu-weight": str(draw(st.integers(1, 65_535))),
            "cpu-cap": str(draw(st.integers(0, 12_800))),
            "disk": f"{draw(st.integers(1, 1000))}G",
        }


def _times(draw: DrawFn, sections: Sections) -> None:
    connect, ping = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    answer = draw(st.integers(1, 50)) / 10
    timeout = draw(st.integers(1, 10 * min(connect, ping) - 1)) / 10
    sections["drbd"] |= {
        "connect-int": str(connect),
        "ping-int": str(ping),
        "timeout": f"{timeout:.1f}",
        "ping-timeout": f"{answer:.1f}",
    }
    keepalive = draw(st.integers(100, 10_000))
    warn = draw(st.integers(2 * keepalive, 3 * keepalive))
    dead = max(1000, warn, round(1000 * (ping + answer))) + draw(st.integers(1, 5000))
    init = draw(st.integers(max(10_000, 2 * dead), 3_600_000))
    times = {"keepalive": keepalive, "warntime": warn, "deadtime": dead, "initdead": init}
    sections["heartbeat"] |= {name: f"{time / 1000:.3f}" for name, time in times.items()}


def _macs(draw: DrawFn, sections: Sections, with_clients: list[str]) -> None:
    frontend, zeoserver, *others = (f"02:00:00:00:00:{n:02X}" for n in range(2 + len(with_clients)))
    if draw(st.booleans()):
        sections["frontend-vm"]["mac"] = frontend
        sections["zeoserver-vm"]["mac"] = zeoserver
    given = zip(with_clients[:1], others, strict=False) if draw(st.booleans()) else ()
    sections["zeoclient-vm"]["macs"] = " ".join(f"{machine}:{mac}" for machine, mac in given)


def _machine(
    draw: DrawFn, address: str, number: int, in_pair: bool, sections: Sections
) -> dict[str, str]:
    service, replication, management = draw(
        st.lists(interfaces, min_size=3, max_size=3, unique=True)
    )
    dom0 = draw(st.integers(256, 4096))
    vms = [sections[f"{vm}-vm"] for vm in ("frontend", "zeoserver", "zeoclient")]
    room = draw(st.integers(4096, 8192))  # what maxmem may say beyond memory
    for_vms = 512 + dom0 + room + sum(int(vm["memory"]) for vm in vms)
    # Xen keeps 128 MB and 2 % of all memory; for containers that is more room.
    memory = -(-(for_vms + XEN_MEMORY) * 100 // (100 - XEN_PERCENT))
    machine = {
        "address": address,
        "service-interface": service,
        "replication-interface": replication,
        "management-interface": management,
        "memory": str(memory),
        "dom0-memory": str(dom0),
        "dom0-vcpus": str(draw(st.integers(1, 64))),
        "volume-group": draw(volume_groups),
        "storage": f"{sum(int(vm['disk'][:-1]) for vm in vms)}G",
        "fence-user": draw(users),
    }
    if in_pair:
        machine["replication-address"] = f"172.20.0.{number}"
        machine["management-address"] = f"192.168.9.{number}"
        machine["fence-address"] = f"192.168.9.{100 + number}"
    return machine
