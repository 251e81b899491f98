"""Who may reach what."""

from tandem.model import Access, access_to
from tests.examples import FILES, example


def open_ports(cluster: str, host: str) -> dict[tuple[str, int], tuple[str, ...]]:
    """From where each port of a host can be reached."""
    described = example(cluster)
    accesses: tuple[Access, ...] = access_to(described, described.hosts[host])
    return {(access.protocol, port): access.sources for access in accesses for port in access.ports}


def test_zeo_can_be_reached_by_the_plone_clients_and_the_machines_that_watch_it_alone() -> None:
    assert open_ports("cluster", "zeoserver") == {
        ("tcp", 22): ("10.0.0.0/24",),
        ("tcp", 8100): ("10.0.0.31", "10.0.0.32", "10.0.0.11", "10.0.0.12"),
    }


def test_developers_reach_zeo_where_zeo_from_says_so() -> None:
    assert "10.20.1.0/24" in open_ports("capacity", "zeoserver")["tcp", 8100]


def test_a_client_can_be_reached_by_the_balancer_alone() -> None:
    assert open_ports("cluster", "zeoclient-slave")["tcp", 8082] == ("10.0.0.21", "198.51.100.10")


def test_a_debug_client_is_closed_unless_debug_from_names_somebody() -> None:
    assert ("tcp", 8099) not in open_ports("cluster", "zeoclient-master")
    assert open_ports("capacity", "zeoclient-node3")["tcp", 8099] == ("10.20.1.0/24",)


def test_visitors_reach_the_frontend_alone() -> None:
    for name in FILES:
        described = example(name)
        for host in described.hosts.values():
            opened = ("tcp", 80) in open_ports(name, host.name)
            assert opened == ("frontend" in host.roles)


def test_drbd_can_be_reached_by_the_peer_on_the_replication_link_alone() -> None:
    described = example("cluster")
    drbd = next(
        access
        for access in access_to(described, described.hosts["master"])
        if access.why.startswith("DRBD")
    )
    assert (drbd.sources, drbd.interface) == (("10.0.1.12",), "eth1")


def test_heartbeats_come_from_the_peer_on_both_links() -> None:
    assert open_ports("cluster", "master")["udp", 694] == ("10.0.0.12", "10.0.1.12")


def test_a_capacity_machine_has_nothing_open_but_ssh() -> None:
    assert set(open_ports("capacity", "node3")) == {("tcp", 22)}


def test_without_vms_the_clients_are_reached_from_both_machines() -> None:
    sources = open_ports("traditional", "slave")["tcp", 8081]
    assert {"192.0.2.11", "192.0.2.12"} <= set(sources)
