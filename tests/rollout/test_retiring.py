"""Taking a machine out: the balancer first, then its clients, and never one of the pair."""

from dataclasses import replace

import pytest

from tandem.errors import TandemError
from tandem.rendering.hosts import host_files
from tandem.rollout.retiring import ending, forgetting, without
from tandem.rollout.survey import Survey
from tests.examples import example
from tests.rollout.asdescribed import SECRETS, facts, wanted

CLUSTER = example("capacity")
LEFT = without(CLUSTER, "node3")


def test_the_cluster_that_is_left_has_neither_the_machine_nor_its_clients() -> None:
    assert "node3" not in LEFT.machines
    assert "zeoclient-node3" not in LEFT.hosts
    assert {client.machine for client in LEFT.clients} == {"master", "slave", "node4"}


@pytest.mark.parametrize("machine", ["master", "slave"])
def test_the_pair_does_not_retire(machine: str) -> None:
    with pytest.raises(TandemError, match=f"{machine} is one of the pair, which holds the data"):
        without(CLUSTER, machine)


def test_apache_forgets_the_clients_of_a_machine_and_nothing_else_is_changed() -> None:
    to_be = {name: wanted(LEFT, name) for name in LEFT.hosts}
    there = {name: facts(wanted(CLUSTER, name)) for name in LEFT.hosts}
    plans = forgetting(Survey(LEFT, "", to_be, there))
    assert set(plans) == {"frontend"}
    says = [step.says for step in plans["frontend"]]
    assert "have Apache take its configuration, once it has checked it" in says
    httpd = next(
        file.text
        for file in host_files(LEFT, LEFT.hosts["frontend"], SECRETS, "cluster.cfg")
        if file.path.name == "httpd.conf"
    )
    assert "10.20.0.33" not in httpd


def surveyed(silent: str = "") -> Survey:
    to_be = {name: wanted(CLUSTER, name) for name in CLUSTER.hosts}
    there = {name: facts(one) for name, one in to_be.items()}
    for name in there:
        if silent and name not in (silent, "frontend", "zeoserver"):
            there[name] = replace(there[name], clients={})
    return Survey(CLUSTER, "", to_be, there)


def test_visitors_notice_where_no_other_client_is_ready() -> None:
    def said(seen: Survey) -> set[str]:
        return {step.visitors for steps in ending(seen, "node3").values() for step in steps}

    assert said(surveyed()) == {""}
    assert said(surveyed("zeoclient-node3")) == {
        "requests wait until the client is ready, as no other is"
    }


def test_then_its_clients_end_for_good() -> None:
    steps = ending(surveyed(), "node3")
    assert set(steps) == {"zeoclient-node3"}
    assert [step.says for step in steps["zeoclient-node3"]] == [
        f"end tandem-zeoclient{number}.service, for good" for number in range(1, 7)
    ]
