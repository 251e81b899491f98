"""The cabling: who is on which link, and what the lab itself answers for."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Interface, IPv4Network, ip_interface

import pytest
from hypothesis import given, settings

from tandem.lab.layout import LINKS, layout_of
from tandem.model import Cluster
from tests.examples import FILES, example
from tests.parsers.clusters import Sections, descriptions
from tests.parsers.test_any_cluster import described, repeatable

all_examples = pytest.mark.parametrize("name", FILES)


def own_addresses(cluster: Cluster) -> list[IPv4Interface]:
    """What the lab has on its links."""
    return [
        IPv4Interface(address)
        for addresses in layout_of(cluster).addresses.values()
        for address in addresses
    ]


def addresses_of_hosts(cluster: Cluster) -> Iterator[str]:
    yield str(cluster.floating_ip.ip)
    yield from (host.address for host in cluster.hosts.values())
    for node in cluster.nodes:
        yield from filter(None, (node.replication_address, node.management_address))


def complaints(cluster: Cluster) -> Iterator[str]:
    """What is wrong with the cabling of a cluster: sentences."""
    layout = layout_of(cluster)
    theirs = set(addresses_of_hosts(cluster))
    yield from (f"{own} is a host's" for own in own_addresses(cluster) if str(own.ip) in theirs)
    own = [str(address) for address in own_addresses(cluster)]
    yield from (f"{address} is added twice" for address in set(own) if own.count(address) > 1)
    for link in layout.links:
        network = getattr(cluster.network, link)
        for port in layout.ports_on(link):
            if ip_interface(port.address) not in network:
                yield f"{port.machine}'s {port.address} is not of the {link} network"
    for what in ("tap", "mac"):
        names = [getattr(port, what) for port in layout.ports]
        yield from (f"there are two {what}s {name}" for name in set(names) if names.count(name) > 1)
    interfaces = [*layout.links, *(port.tap for port in layout.ports)]
    yield from (f"{name} is no interface's name" for name in interfaces if len(name) > 15)
    if len(set(interfaces)) < len(interfaces):
        yield "a tap is called like a link"
    for port in layout.ports:
        # A single machine's address, which this computer gave it: see RFC 7042, 2.1.
        if int(port.mac[:2], 16) & 0b11 != 0b10:
            yield f"{port.mac} is not for {port.machine} alone to use"
    for node in cluster.nodes:
        plugged = {port.link: (port.interface, port.address) for port in layout.ports_of(node.name)}
        described = {
            link: (getattr(node, f"{link}_interface"), address)
            for link, address in zip(
                LINKS,
                (node.address, node.replication_address, node.management_address),
                strict=True,
            )
            if address
        }
        if plugged != described:
            yield f"{node.name} is plugged in at {plugged}, not {described}"


@all_examples
def test_the_cabling_of_every_example_is_as_described(name: str) -> None:
    assert list(complaints(example(name))) == []


@settings(repeatable, max_examples=40)
@given(descriptions())
def test_the_cabling_of_any_cluster_is_as_described(sections: Sections) -> None:
    assert list(complaints(described(sections))) == []


@all_examples
def test_the_lab_answers_for_the_routers_the_ping_nodes_and_the_bmcs(name: str) -> None:
    cluster = example(name)
    routers = (cluster.network.gateway, cluster.network.public_gateway)
    expected = {*routers, *cluster.heartbeat.ping_nodes, *(n.fence_address for n in cluster.nodes)}
    assert {str(own.ip) for own in own_addresses(cluster)} == expected - {None, ""}


@all_examples
def test_the_floating_ips_router_is_in_its_network(name: str) -> None:
    cluster = example(name)
    router = cluster.network.public_gateway or cluster.network.gateway
    networks = {str(own.ip): own.network for own in own_addresses(cluster)}
    assert networks[router] == cluster.floating_ip.network


@all_examples
def test_the_bmcs_are_on_the_management_link_alone(name: str) -> None:
    cluster = example(name)
    addresses = layout_of(cluster).addresses
    bmcs = [node.fence_address for node in cluster.nodes if node.fence_address]
    on_link = [IPv4Interface(address) for address in addresses.get("management", ())]
    assert [str(bmc.ip) for bmc in on_link] == bmcs
    assert all(bmc.network == cluster.network.management for bmc in on_link)


def test_the_bmcs_have_the_length_of_their_network_whatever_it_is() -> None:
    cluster = example("cluster")
    network = replace(cluster.network, management=IPv4Network("10.2.0.0/17"))
    assert all(
        address.endswith("/17")
        for address in layout_of(replace(cluster, network=network)).addresses["management"]
    )


@all_examples
def test_the_links_are_the_described_networks(name: str) -> None:
    cluster = example(name)
    links = [link for link in LINKS if getattr(cluster.network, link)]
    assert list(layout_of(cluster).links) == links


def test_a_router_that_is_pinged_too_is_there_once() -> None:
    cluster = example("cluster")
    routers = (str(cluster.network.gateway), str(cluster.network.public_gateway))
    pinging = replace(cluster, heartbeat=replace(cluster.heartbeat, ping_nodes=routers))
    assert list(complaints(pinging)) == []


def with_more_machines(count: int) -> Cluster:
    cluster = example("cluster")
    names = tuple(f"node{number}" for number in range(3, 3 + count))
    nodes = tuple(replace(cluster.nodes[0], name=name) for name in names)
    return replace(cluster, machines=(*cluster.machines, *names), nodes=(*cluster.nodes, *nodes))


def test_the_machines_stay_plugged_in_as_they_are_when_another_comes() -> None:
    ports = layout_of(example("cluster")).ports
    assert layout_of(with_more_machines(1)).ports[: len(ports)] == ports


def test_a_thousand_machines_can_be_plugged_in() -> None:
    ports = layout_of(with_more_machines(998)).ports
    assert max(len(port.tap) for port in ports) <= 15
    assert len({port.mac for port in ports}) == len({port.tap for port in ports}) == 3000
