"""Heartbeat's files change in an order in which no machine takes the other for dead."""

import pytest

from tandem.rollout.facts import Facts
from tandem.rollout.plan import Step
from tandem.rollout.remote import HostError
from tandem.rollout.survey import Survey
from tests.rollout.asdescribed import otherwise
from tests.rollout.test_health import CLUSTER, machine, seen

STOP = "stop Heartbeat, which is missed by nobody; nothing is taken over until it is started again"
READ = "have Heartbeat read its configuration"
START = "start heartbeat.service"
KEY = "etc/ha.d/authkeys"


def other(name: str, *changed: str) -> Facts:
    return otherwise(machine(name), {"changed": changed})


def says(steps: tuple[Step, ...]) -> list[str]:
    return [step.says for step in steps]


@pytest.mark.parametrize("file", [KEY, "etc/ha.d/ha.cf", "etc/ha.d/haresources"])
def test_the_standbys_is_stopped_until_the_active_machines_has_read_its_files(file: str) -> None:
    plans = seen(master=other("master", file), slave=other("slave", file)).plans
    assert says(plans["slave"]) == [STOP, f"write /{file}", START]
    assert says(plans["master"]) == [f"write /{file}", READ]
    assert [step.last for step in plans["slave"]] == [False, False, True]


@pytest.mark.parametrize("name", ["master", "slave"])
def test_so_it_is_where_one_machine_alone_differs(name: str) -> None:
    changed = other(name, KEY)
    plans = (seen(master=changed) if name == "master" else seen(slave=changed)).plans
    assert says(plans["slave"])[0] == STOP
    assert says(plans["slave"])[-1] == START
    assert STOP not in says(plans["master"])


def test_a_standby_whose_heartbeat_is_down_is_started_when_all_is_done() -> None:
    down = otherwise(machine("slave"), {"units": {"heartbeat.service": "inactive enabled"}})
    plans = seen(master=other("master", KEY), slave=down).plans
    assert says(plans["slave"]) == [START]
    assert plans["slave"][0].last


def test_what_the_machines_need_not_agree_on_stops_nothing() -> None:
    changed = other("slave", "etc/ha.d/resource.d/tandem-volume", "etc/hosts")
    assert says(seen(slave=changed).plans["slave"]) == [
        "write /etc/hosts",
        "write /etc/ha.d/resource.d/tandem-volume",
    ]


def test_one_machine_alone_does_not_change_them() -> None:
    both = seen(master=other("master", KEY), slave=other("slave", KEY, "etc/hosts"))
    alone = Survey(CLUSTER, "slave", both.wanted, both.facts)
    assert says(alone.plans["slave"]) == ["write /etc/hosts"]
    assert "only together with those of master" in alone.errors["slave"].sentence


def test_nor_do_they_while_the_other_machine_does_not_answer() -> None:
    dead = HostError("slave", "10.0.0.12 cannot be reached: no answer")
    alone = seen(master=other("master", KEY), slave=dead)
    assert says(alone.plans["master"]) == []
    assert set(alone.errors) == {"master", "slave"}
