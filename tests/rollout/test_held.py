"""What a deploy leaves alone on the pair while Heartbeat runs there."""

import pytest

from tandem.rollout.facts import Facts
from tandem.rollout.remote import HostError
from tandem.rollout.step import Phase
from tandem.rollout.survey import Survey
from tests.rollout.asdescribed import otherwise
from tests.rollout.serving import CLUSTER, machine, seen

START = "start heartbeat.service"
KEY = "etc/ha.d/authkeys"
DOWN = {"units": {"heartbeat.service": "inactive enabled"}}


def other(name: str, *changed: str, down: bool = False) -> Facts:
    return otherwise(machine(name), {"changed": changed, **(DOWN if down else {})})


def says(seen: Survey, name: str) -> list[str]:
    return [step.says for step in seen.plans[name]]


@pytest.mark.parametrize(
    "file",
    [
        KEY,
        "etc/ha.d/ha.cf",
        "etc/ha.d/haresources",
        "etc/systemd/network/10-tandem-replication.network",
    ],
)
def test_what_the_machines_hear_each_other_by_is_left_and_the_rest_done(file: str) -> None:
    found = seen(slave=other("slave", file, "etc/hosts"))
    assert says(found, "slave") == ["write /etc/hosts"]
    assert found.errors["slave"].sentence.startswith(f"/{file} would change, and not while")


def test_ifupdown_keeps_the_links_as_long_as_networkd_does_not_get_them() -> None:
    links = "etc/systemd/network/10-tandem-replication.network"
    found = seen(slave=other("slave", links, "etc/network/interfaces"))
    assert says(found, "slave") == []
    found = seen(slave=other("slave", "etc/network/interfaces"))
    assert len(says(found, "slave")) == 1


def test_where_heartbeat_does_not_run_it_becomes_what_the_other_machine_has() -> None:
    found = seen(slave=other("slave", KEY, down=True))
    assert says(found, "slave") == [f"write /{KEY}", START]
    assert not found.errors


def test_it_is_left_there_while_the_other_machine_runs_with_something_else() -> None:
    found = seen(master=other("master", KEY), slave=other("slave", KEY, down=True))
    assert says(found, "slave") == []
    assert KEY in found.errors["slave"].sentence


def test_it_is_left_while_the_other_machine_is_silent() -> None:
    dead = HostError("master", "10.0.0.11 cannot be reached: no answer")
    found = seen(master=dead, slave=other("slave", KEY, down=True))
    assert says(found, "slave") == []
    assert set(found.errors) == {"master", "slave"}


def test_it_is_done_while_heartbeat_runs_on_neither_and_both_are_started_last() -> None:
    found = seen(master=other("master", KEY, down=True), slave=other("slave", KEY, down=True))
    for name in ("master", "slave"):
        assert says(found, name) == [f"write /{KEY}", START]
        assert found.plans[name][-1].phase is Phase.LAST
    assert not found.errors


def test_a_heartbeat_that_is_down_is_started_where_both_have_the_same_files() -> None:
    assert says(seen(slave=other("slave", down=True)), "slave") == [START]


def test_it_is_not_where_the_other_machine_has_others() -> None:
    both = seen(master=other("master", KEY), slave=other("slave", down=True))
    found = Survey(CLUSTER, "slave", both.wanted, both.facts)
    assert says(found, "slave") == []
    assert found.errors["slave"].sentence.startswith("Heartbeat is not started")


def test_it_is_not_where_the_other_machine_is_silent() -> None:
    dead = HostError("master", "10.0.0.11 cannot be reached: no answer")
    found = seen(master=dead, slave=other("slave", down=True))
    assert says(found, "slave") == []
    assert found.errors["slave"].sentence.startswith("Heartbeat is not started")


def test_a_machine_that_was_installed_anew_has_no_heartbeat_yet() -> None:
    anew = otherwise(
        machine("slave"), {"not_installed": ["heartbeat"], "no_units": ["heartbeat.service"]}
    )
    assert says(seen(slave=anew), "slave") == [
        "install heartbeat",
        "have each boot start heartbeat.service",
        START,
    ]


def test_a_machine_outside_the_pair_changes_its_links() -> None:
    found = seen(slave=other("slave", "etc/ha.d/resource.d/tandem-volume"))
    assert says(found, "slave") == ["write /etc/ha.d/resource.d/tandem-volume"]
    assert not found.errors
