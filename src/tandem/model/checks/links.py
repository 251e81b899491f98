"""Addresses lie in their networks, and what must not fail together is on links of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

from tandem.model.cluster import Cluster
from tandem.model.fault import Fault


@dataclass(frozen=True)
class _Given:
    """An address that the description gives to somebody, and the network it must lie in."""

    section: str
    option: str
    owner: str
    address: str
    network: IPv4Network | None
    network_name: str


def _addresses(cluster: Cluster) -> Iterator[_Given]:
    service = cluster.network.service
    for node in cluster.nodes:
        name = node.name
        yield _Given(name, "address", name, node.address, service, "service")
        for option, address, network in (
            ("replication-address", node.replication_address, cluster.network.replication),
            ("management-address", node.management_address, cluster.network.management),
            ("fence-address", node.fence_address, cluster.network.management),
        ):
            if address:
                kind = "management" if option == "fence-address" else option.split("-")[0]
                owner = f"{name}'s {option}"
                yield _Given(name, option, owner, address, network, kind)
    for vm in ("frontend", "zeoserver"):
        address = getattr(cluster, vm).address
        yield _Given(f"{vm}-vm", "address", f"the {vm}", address, service, "service")
    for machine, address in cluster.zeoclient.addresses:
        if cluster.virtual:
            own = cluster.named_nodes[machine].zeoclient_address == address
            at = (machine, "zeoclient-address") if own else ("zeoclient-vm", "addresses")
            yield _Given(*at, f"zeoclient-{machine}", address, service, "service")
    yield _Given("network", "gateway", "the gateway", cluster.network.gateway, service, "service")


def _addresses_lie_in_their_networks(cluster: Cluster) -> Iterator[Fault]:
    missing: set[str] = set()
    for given in _addresses(cluster):
        if given.network is None:
            if given.network_name not in missing:
                yield Fault(
                    "network",
                    given.network_name,
                    f"missing: expected the network of {given.owner}, {given.address}",
                )
            missing.add(given.network_name)
        else:
            yield from _in_network(
                given.section, given.option, given.address, given.network, given.network_name
            )


def _in_network(
    section: str, option: str, address: str, network: IPv4Network, name: str
) -> Iterator[Fault]:
    at = IPv4Address(address)
    first, last = network[1], network[-2]
    if not first <= at <= last:
        yield Fault(
            section,
            option,
            f"{address} is no host's address in the {name} network {network}:"
            f" expected one from {first} to {last}",
        )


def _addresses_are_unique(cluster: Cluster) -> Iterator[Fault]:
    owners: dict[str, str] = {}
    for given in _addresses(cluster):
        if given.address in owners:
            yield Fault(
                given.section,
                given.option,
                f"{given.address} is the address of {owners[given.address]} already",
            )
        owners.setdefault(given.address, given.owner)
    floating = str(cluster.floating_ip.ip)
    if floating in owners:
        yield Fault(
            "cluster",
            "floating-ip",
            f"{floating} is the address of {owners[floating]} already: expected one that only"
            " the frontend will have",
        )
    owners.setdefault(floating, "the floating IP")
    public = cluster.network.public_gateway
    if public in owners and public != cluster.network.gateway:
        yield Fault(
            "network", "public-gateway", f"{public} is the address of {owners[public]} already"
        )
    ours = {address: owner for address, owner in owners.items() if owner != "the gateway"}
    pings = cluster.heartbeat.ping_nodes
    for ping in dict.fromkeys(pings):
        if pings.count(ping) > 1:
            yield Fault("heartbeat", "ping-nodes", f"{ping} is named twice")
        if ping in ours:
            yield Fault(
                "heartbeat",
                "ping-nodes",
                f"{ping} is the address of {ours[ping]}: expected something outside the cluster",
            )
            continue
        for name in ("replication", "management"):
            network = getattr(cluster.network, name)
            if network and IPv4Address(ping) in network:
                yield Fault(
                    "heartbeat",
                    "ping-nodes",
                    f"{ping} lies in the {name} network {network}: expected something that shows"
                    " whether visitors reach the machine",
                )


def _name_servers_are_different(cluster: Cluster) -> Iterator[Fault]:
    servers = cluster.network.nameservers
    for server in dict.fromkeys(servers):
        if servers.count(server) > 1:
            yield Fault("network", "nameservers", f"{server} is named twice")


def _the_frontends_own_address_is_no_site(cluster: Cluster) -> Iterator[Fault]:
    # Apache answers 404 at that name, as at every one that has no site.
    for site in cluster.sites:
        if site.host == cluster.frontend.address:
            yield Fault(
                "sites",
                site.host,
                "the frontend's own address has no site: expected a name that visitors use",
            )


def _the_floating_ip_has_a_way_out(cluster: Cluster) -> Iterator[Fault]:
    floating, network = cluster.floating_ip, cluster.network
    public = floating.network
    if not isinstance(public, IPv4Network):
        return
    own = list(_in_network("cluster", "floating-ip", str(floating.ip), public, "floating IP's"))
    if public == network.service:
        yield from own
        if network.public_gateway:
            yield Fault(
                "network",
                "public-gateway",
                "the floating IP lies in the service network, whose router is gateway: expected"
                " nothing",
            )
        return
    if public.overlaps(network.service):
        yield Fault(
            "cluster",
            "floating-ip",
            f"{floating}: its network {public} and the service network {network.service} overlap:"
            f" expected the prefix length {network.service.prefixlen}, or another network",
        )
        return
    yield from own
    if not cluster.virtual:
        yield Fault(
            "cluster",
            "floating-ip",
            f"{floating}: with hypervisor = none it is on the machines, whose router is gateway:"
            f" expected one in the service network {network.service}",
        )
    elif network.public_gateway is None:
        yield Fault(
            "cluster",
            "floating-ip",
            f"{floating} is owned by nobody: it lies outside the service network"
            f" {network.service}: expected its router in [network] public-gateway",
        )
    else:
        yield from _in_network(
            "network", "public-gateway", network.public_gateway, public, "floating IP's"
        )


def _networks_are_apart(cluster: Cluster) -> Iterator[Fault]:
    network = cluster.network
    named = [
        (name, found)
        for name, found in (
            ("service", network.service),
            ("replication", network.replication),
            ("management", network.management),
        )
        if found
    ]
    for (one, a), (other, b) in combinations(named, 2):
        if a.overlaps(b):
            yield Fault(
                "network", other, f"{b} overlaps the {one} network {a}: expected a link of its own"
            )
    for name, found in named[1:]:
        if found.overlaps(cluster.floating_ip.network):
            yield Fault(
                "network",
                name,
                f"{found} overlaps the floating IP's network {cluster.floating_ip.network}:"
                " expected a link of its own",
            )


def _links_are_independent(cluster: Cluster) -> Iterator[Fault]:
    for node in cluster.nodes:
        links = [("service-interface", node.service_interface)]
        if node.replication_address:
            links.append(("replication-interface", node.replication_interface))
        if node.management_address:
            links.append(("management-interface", node.management_interface))
        first: dict[str, str] = {}
        for option, interface in links:
            if interface in first:
                yield Fault(
                    node.name,
                    option,
                    f"{interface} is the same link as {first[interface]}, and fails with it:"
                    " expected another",
                )
            first.setdefault(interface, option)


RULES = (
    _addresses_lie_in_their_networks,
    _addresses_are_unique,
    _name_servers_are_different,
    _the_frontends_own_address_is_no_site,
    _the_floating_ip_has_a_way_out,
    _networks_are_apart,
    _links_are_independent,
)
