"""Reading a description: the cluster, or every fault at once."""

from tandem.description import sections_in
from tandem.model import Here, Sections, Site, read, read_here, seen_from
from tandem.rendering import CHECKOUT

SHIPPED = sections_in(CHECKOUT / "cluster.cfg")


def example(**changes: dict[str, str]) -> Sections:
    """The shipped description, with the given options changed, section by section."""
    sections = {name: dict(options) for name, options in SHIPPED.items()}
    for section, options in changes.items():
        name = section.replace("_", "-")
        sections[name] = {**sections.get(name, {}), **options}
    return sections


def test_a_valid_description_has_no_faults() -> None:
    cluster, faults = read(example())
    assert faults == ()
    assert cluster is not None
    assert cluster.sites == (Site("www.example.org", "/Plone"),)


def test_an_option_that_is_not_given_has_its_default() -> None:
    cluster, _ = read(example())
    assert cluster is not None
    assert cluster.ports.zeoserver == 8100


def test_every_client_of_every_machine_is_behind_the_balancer() -> None:
    cluster, _ = read(example(zeoclient_vm={"clients": "2"}, ports={"zeoclient": "9001"}))
    assert cluster is not None
    assert [(c.route, c.address, c.port) for c in cluster.clients] == [
        ("master-zeoclient1", "10.0.0.31", 9001),
        ("master-zeoclient2", "10.0.0.31", 9002),
        ("slave-zeoclient1", "10.0.0.32", 9001),
        ("slave-zeoclient2", "10.0.0.32", 9002),
    ]


def test_all_faults_come_at_once() -> None:
    _, faults = read({"cluster": {"name": "Upper", "machine": "master"}})
    assert [(fault.section, fault.option) for fault in faults] == [
        ("cluster", "machine"),
        ("cluster", "name"),
        ("cluster", "machines"),
        ("cluster", "pair"),
        ("cluster", "floating-ip"),
        ("cluster", "fencing"),
        ("network", "service"),
        ("network", "gateway"),
        ("frontend-vm", "address"),
        ("zeoserver-vm", "address"),
        ("zeoclient-vm", "addresses"),
        ("sites", ""),
    ]


def test_a_computer_of_its_own_has_the_whole_stack_on_loopback() -> None:
    cluster, _ = read(example())
    assert cluster is not None
    local = seen_from(Here(), cluster)
    assert {client.address for client in local.clients} == {"127.0.0.1"}
    assert [client.name for client in local.clients] == ["zeoclient1", "zeoclient2"]
    assert (local.frontend.address, local.ports.frontend) == ("127.0.0.1", 8080)
    assert local.sites[0] == Site("*", "/Plone")


def test_a_vm_of_the_cluster_sees_the_cluster_as_it_is() -> None:
    cluster, _ = read(example())
    assert cluster is not None
    assert seen_from(Here(name="zeoclient-master"), cluster) == cluster


def test_a_name_that_no_vm_has_is_a_fault() -> None:
    cluster, _ = read(example())
    assert cluster is not None
    here, faults = read_here({"here": {"name": "zeoclient-node3"}}, cluster)
    assert here is None
    assert [str(fault) for fault in faults] == [
        "[here] name: no machine or VM zeoclient-node3: expected one of"
        " master, slave, frontend, zeoserver, zeoclient-master, zeoclient-slave"
    ]


def test_apache_cannot_have_another_programs_port_on_a_computer_of_its_own() -> None:
    cluster, _ = read(example())
    assert cluster is not None
    here, faults = read_here({"here": {"frontend-port": "8081"}}, cluster)
    assert here is None
    assert [str(fault) for fault in faults] == [
        "[here] frontend-port: 8081 is a port of zeoclient already"
    ]


def test_a_computer_of_its_own_has_no_peer() -> None:
    cluster, _ = read(example())
    assert cluster is not None
    local = seen_from(Here(), cluster)
    assert local.peer_of(local.nodes[0]) is None
