"""Which hosts a command is about, and in which order they are changed."""

import pytest

from tandem.rollout.facts import Facts, VolumeState
from tandem.rollout.order import active_of, concerns, hosts_of, lives_on, stages
from tests.examples import example

PRIMARY = Facts(volumes={"frontend": VolumeState("Primary", "Connected", "UpToDate", "UpToDate")})
SECONDARY = Facts(
    volumes={"frontend": VolumeState("Secondary", "Connected", "UpToDate", "UpToDate")}
)


def names(cluster: str, active: str) -> list[tuple[str, ...]]:
    every = stages(example(cluster), active)
    return [tuple(host.name for host in stage) for stage in every if stage]


def test_capacity_comes_first_the_standby_next_the_active_machine_last() -> None:
    assert names("capacity", "master") == [
        ("node3", "node4"),
        ("zeoclient-node3",),
        ("zeoclient-node4",),
        ("slave",),
        ("zeoclient-slave",),
        ("master",),
        ("frontend",),
        ("zeoserver",),
        ("zeoclient-master",),
    ]


def test_the_replicated_vms_go_with_the_active_machine() -> None:
    assert names("cluster", "slave") == [
        ("master",),
        ("zeoclient-master",),
        ("slave",),
        ("frontend",),
        ("zeoserver",),
        ("zeoclient-slave",),
    ]


def test_without_vms_a_machine_is_a_stage_of_its_own() -> None:
    assert names("traditional", "master") == [("slave",), ("master",)]


@pytest.mark.parametrize("name", ["capacity", "cluster", "containers", "pair", "traditional"])
def test_every_host_is_in_one_stage(name: str) -> None:
    cluster = example(name)
    for active in cluster.pair:
        staged = [host.name for stage in stages(cluster, active) for host in stage]
        assert sorted(staged) == sorted(cluster.hosts)


def test_a_machine_comes_with_its_vms_its_peer_and_all_who_have_plone_clients() -> None:
    asked = [host.name for host in hosts_of(example("capacity"), "slave")]
    assert sorted(asked) == [
        "frontend",
        "master",
        "slave",
        "zeoclient-master",
        "zeoclient-node3",
        "zeoclient-node4",
        "zeoclient-slave",
        "zeoserver",
    ]


def test_with_a_further_machine_come_those_that_have_to_know_it() -> None:
    asked = {host.name for host in hosts_of(example("capacity"), "node3")}
    assert {"node3", "master", "slave", "frontend", "zeoserver"} <= asked
    assert "node4" not in asked


@pytest.mark.parametrize(
    ("host", "concerned"), [("frontend", True), ("master", True), ("zeoclient-node4", False)]
)
def test_a_roll_out_to_a_further_machine_is_about_those_that_have_to_know_it(
    host: str, concerned: bool
) -> None:
    cluster = example("capacity")
    assert concerns(cluster, cluster.hosts[host], "node3", "master") == concerned
    assert not concerns(cluster, cluster.hosts["node3"], "slave", "master")


def test_the_machine_whose_volumes_are_primary_is_active() -> None:
    cluster = example("cluster")
    assert active_of(cluster, {"master": SECONDARY, "slave": PRIMARY}) == "slave"
    assert active_of(cluster, {"slave": PRIMARY}) == "slave"
    assert active_of(cluster, {"master": SECONDARY}) == "master"


def test_a_replicated_vm_lives_on_the_active_machine() -> None:
    hosts = example("cluster").hosts
    assert lives_on(hosts["zeoserver"], "slave", active="slave")
    assert not lives_on(hosts["zeoserver"], "slave", active="master")
    assert lives_on(hosts["zeoclient-slave"], "slave", active="master")
    assert not lives_on(hosts["master"], "slave", active="master")
