"""Whose turn it is to be started anew, and when visitors would notice."""

from dataclasses import replace

from tandem.rollout.restarting import turns_of
from tandem.rollout.rolling import turns_on
from tests.examples import example
from tests.rollout.asdescribed import otherwise
from tests.rollout.serving import CLIENTS, seen, vm


def test_every_client_of_every_host_has_its_turn() -> None:
    turns = turns_of(seen())
    assert {host: len(steps) for host, steps in turns.items() if steps} == {
        "zeoclient-master": 2,
        "zeoclient-slave": 2,
    }
    assert turns["zeoclient-master"][0].says == (
        "start tandem-zeoclient1.service anew, out of the balancer until it is ready"
    )


def test_with_a_machine_it_is_the_clients_of_its_vm() -> None:
    turns = turns_of(seen(), "slave")
    assert [host for host, steps in turns.items() if steps] == ["zeoclient-slave"]


def test_nobody_notices_while_another_client_is_ready() -> None:
    assert {step.visitors for steps in turns_of(seen()).values() for step in steps} == {""}


def test_the_only_client_that_is_ready_is_not_taken_out_silently() -> None:
    down = dict.fromkeys(CLIENTS, "no answer")
    one = {**down, "tandem-zeoclient1.service": "ready"}
    turns = turns_of(
        seen(
            zeoclient_master=vm("zeoclient-master", clients=one),
            zeoclient_slave=vm("zeoclient-slave", clients=down),
        )
    )
    noticed = {
        (host, step.says.split()[1])
        for host, steps in turns.items()
        for step in steps
        if step.visitors
    }
    assert noticed == {("zeoclient-master", "tandem-zeoclient1.service")}


def test_the_next_turn_waits_for_the_balancer() -> None:
    cluster = example("cluster")
    slow = replace(cluster, frontend=replace(cluster.frontend, check_interval=2.0))
    for asked, settles in ((cluster, 2.0), (slow, 5.0)):
        turn = next(turns_on(asked, asked.hosts["zeoclient-master"]))
        assert turn.settles == settles
        assert turn.does.endswith(f"sleep {settles:g}")


def test_a_deploy_that_starts_the_only_client_anew_says_what_visitors_notice() -> None:
    unit = "etc/systemd/system/tandem-zeoclient1.service"
    down = dict.fromkeys(CLIENTS, "no answer")
    changed = otherwise(vm("zeoclient-master"), {"changed": [unit]})
    asked = seen(
        zeoclient_master=changed, zeoclient_slave=vm("zeoclient-slave", clients=down)
    ).plans["zeoclient-master"]
    assert {step.visitors for step in asked} == {""}
    alone = replace(changed, clients={**down, "tandem-zeoclient1.service": "ready"})
    asked = seen(zeoclient_master=alone, zeoclient_slave=vm("zeoclient-slave", clients=down)).plans[
        "zeoclient-master"
    ]
    assert "requests wait until the client is ready, as no other is" in {
        step.visitors for step in asked
    }
