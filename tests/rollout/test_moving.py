"""Which VMs move and are copied, what the description says then, and what ends before."""

from dataclasses import replace
from pathlib import Path

import pytest

from tandem.description import cluster_in
from tandem.editing import check_edit
from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.rollout.moving import (
    as_described,
    away,
    before_turn,
    copying,
    moving,
    parting,
    ready_for_it,
)
from tandem.rollout.remote import HostError
from tandem.rollout.retiring import without_clients
from tandem.rollout.survey import Survey
from tandem.rollout.volumes import NEW
from tests.examples import FILES, example
from tests.rollout.asdescribed import facts, otherwise, wanted

CLUSTER = without_clients(replace(example("capacity"), hypervisor="nspawn"), "node4")
"""A cluster with a machine that has no VM."""

FIRST = "tandem-zeoclient1.service"


def test_what_moves_keeps_its_address() -> None:
    change = moving(CLUSTER, "zeoclient-node3", "node4")
    assert change.machine == "node3"
    assert change.words["node3:10.20.0.33"] == "node4:10.20.0.33"
    assert "node4:10.20.0.33" in change.options["addresses"].split()
    assert "node3" not in change.options["addresses"]


def test_a_mac_that_is_described_moves_with_it() -> None:
    macs = (("node3", "52:54:00:00:00:03"),)
    with_mac = replace(CLUSTER, zeoclient=replace(CLUSTER.zeoclient, macs=macs))
    change = moving(with_mac, "zeoclient-node3", "node4")
    assert change.words["node3:52:54:00:00:00:03"] == "node4:52:54:00:00:00:03"
    assert change.options["macs"] == "node4:52:54:00:00:00:03"


def test_a_copy_stands_beside_what_it_is_a_copy_of() -> None:
    change = copying(CLUSTER, "zeoclient-node3", "node4", "10.20.0.34")
    assert change.words == {"node3:10.20.0.33": "node3:10.20.0.33 node4:10.20.0.34"}
    assert change.options["addresses"].split()[-2:] == ["node3:10.20.0.33", "node4:10.20.0.34"]


@pytest.mark.parametrize("vm", ["zeoclient-master", "zeoclient-slave"])
def test_what_a_copy_changes_in_the_description_makes_the_cluster_wanted(
    vm: str, tmp_path: Path
) -> None:
    file = tmp_path / "cluster.cfg"
    described = "hypervisor = nspawn\nmachines = master slave node3\n"
    node3 = "\n[node3]\naddress = 10.0.0.13\nmemory = 16384\nstorage = 100G\n"
    text = FILES["cluster"].read_text()
    file.write_text(text.replace("machines = master slave\n", described) + node3)
    change = copying(cluster_in(file), vm, "node3", "10.0.0.33")
    check_edit(file, change.words, cluster_in(file, {"zeoclient-vm": change.options}))


@pytest.mark.parametrize(
    ("cluster", "vm", "to", "why"),
    [
        (CLUSTER, "", "node4", "there is no VM named by --vm: expected one of zeoclient-master"),
        (CLUSTER, "zeoclient", "node4", "there is no VM zeoclient: expected one of"),
        (CLUSTER, "zeoclient-node3", "", "there is no machine named by --to: expected one of"),
        (CLUSTER, "zeoclient-node3", "node9", "there is no machine node9: expected one of master"),
        (CLUSTER, "zeoclient-old", "master", "if master has got it, fab deploy finishes that"),
        (example("capacity"), "zeoclient-node3", "node4", "Xen's VMs are not made by fab deploy"),
        (CLUSTER, "zeoclient-node3", "node3", "zeoclient-node3 is on node3 already"),
        (CLUSTER, "zeoclient-node3", "master", "master has zeoclient-master already"),
        (
            CLUSTER,
            "zeoserver",
            "node4",
            "zeoserver lies on a replicated volume, and cannot be moved alone: frontend and"
            " zeoserver go together to the other machine of the pair, by a switchover",
        ),
        (example("traditional"), "zeoclient-left", "right", "the cluster has no VMs"),
    ],
)
def test_what_does_not_move_is_refused_with_the_reason(
    cluster: Cluster, vm: str, to: str, why: str
) -> None:
    with pytest.raises(TandemError, match=why):
        moving(cluster, vm, to)


def test_what_stands_in_a_machines_section_does_not_move() -> None:
    nodes = (replace(node, zeoclient_address="10.20.0.33") for node in CLUSTER.nodes)
    with pytest.raises(TandemError, match="while its address stands in"):
        moving(replace(CLUSTER, nodes=tuple(nodes)), "zeoclient-node3", "node4")


def test_a_copy_has_to_have_its_own_address() -> None:
    with pytest.raises(TandemError, match="give the copy of zeoclient-node3 its own by --address"):
        copying(CLUSTER, "zeoclient-node3", "node4", "")


def seen(cluster: Cluster) -> Survey:
    to_be = {name: wanted(cluster, name) for name in cluster.hosts}
    there = {name: facts(wanted(CLUSTER, name)) for name in cluster.hosts}
    return Survey(cluster, "", to_be, there)


def test_what_is_announced_counts_those_that_serve_meanwhile() -> None:
    assert away(seen(CLUSTER), "zeoclient-node3") == (
        "6 of 18 Plone clients are away until the VM is made anew, some minutes: 12 serve meanwhile"
    )


def test_who_is_not_ready_does_not_serve_meanwhile() -> None:
    there = seen(CLUSTER)
    ailing = otherwise(there.known["zeoclient-slave"], {"clients": {FIRST: "it is starting"}})
    without = silent(
        replace(there, facts={**there.facts, "zeoclient-slave": ailing}), "zeoclient-master"
    )
    assert away(without, "zeoclient-node3").endswith("5 serve meanwhile, 7 are not ready")


def test_the_clients_end_before_their_vm_and_its_disk_is_kept() -> None:
    left = seen(without_clients(CLUSTER, "node3"))
    clients, machine = parting(seen(CLUSTER), "node3", left)
    assert {step.says for step in clients["zeoclient-node3"]} >= {
        "end tandem-zeoclient1.service, for good"
    }
    says = [step.says for step in machine["node3"]]
    ending = "and end tandem-vm-zeoclient-node3.service; its disk is kept as zeoclient-node3-TIME"
    assert any(ending in one for one in says)
    # The balancer has forgotten them by then.
    assert [step.visitors for step in machine["node3"] if step.visitors] == []


def silent(survey: Survey, name: str) -> Survey:
    return replace(survey, facts={**survey.facts, name: HostError(name, "does not answer")})


def test_a_vm_that_has_ended_before_is_not_asked_to_end_its_clients() -> None:
    left = seen(without_clients(CLUSTER, "node3"))
    clients, machine = parting(silent(seen(CLUSTER), "zeoclient-node3"), "node3", left)
    assert clients == {}
    assert machine["node3"]


def test_nothing_moves_from_a_machine_that_does_not_answer() -> None:
    left = silent(seen(without_clients(CLUSTER, "node3")), "node3")
    with pytest.raises(TandemError, match="node3: does not answer: its VM cannot be ended there"):
        parting(seen(CLUSTER), "node3", left)


def test_only_what_is_as_described_is_copied() -> None:
    as_described(seen(CLUSTER), "zeoclient-node3")
    there = seen(CLUSTER)
    name = "zeoclient-node3"
    changed = otherwise(there.known[name], {"changed": ["etc/hosts"]})
    with pytest.raises(TandemError, match=f"{name} is not as described .write /etc/hosts"):
        as_described(replace(there, facts={**there.facts, name: changed}), name)
    with pytest.raises(TandemError, match="does not answer"):
        as_described(silent(there, name), name)


def to_be(**disks: str) -> Survey:
    """What is seen of the cluster to be, whose node4 has a VM and these disks."""
    cluster = replace(example("capacity"), hypervisor="nspawn")
    wants = {name: wanted(cluster, name) for name in cluster.hosts}
    there = {name: facts(wanted(CLUSTER, name)) for name in CLUSTER.hosts}
    node4 = replace(there["node4"], logical={f"zeoclient-{name}": disks[name] for name in disks})
    coming = HostError("zeoclient-node4", "does not answer")
    return Survey(cluster, "node4", wants, {**there, "node4": node4, "zeoclient-node4": coming})


def test_a_machine_that_has_a_disk_of_that_name_takes_no_vm() -> None:
    ready_for_it(to_be(), "node4")
    ready_for_it(to_be(node4=NEW), "node4")
    with pytest.raises(TandemError, match="node4 has a disk called zeoclient-node4 already"):
        ready_for_it(to_be(node4=""), "node4")
    with pytest.raises(TandemError, match="node4: does not answer"):
        ready_for_it(silent(to_be(), "node4"), "node4")


def test_the_new_disk_and_what_it_is_filled_with_are_there_before_anything_ends() -> None:
    says = [step.says for step in before_turn(to_be().plans["node4"])]
    assert "send the VMs' Debian" in says
    assert any(one.startswith("make the volume zeoclient-node4") for one in says)
    assert not any(one.startswith("fill ") for one in says)
