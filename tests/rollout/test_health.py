"""What is not well, in sentences."""

from dataclasses import replace

import pytest

from tandem.drivers import WATCH
from tandem.rollout.facts import Unit
from tandem.rollout.health import ailments
from tandem.rollout.remote import HostError
from tandem.rollout.visiting import Visit
from tests.rollout.serving import CLIENTS, WELL, machine, seen, state, vm


def test_of_a_cluster_that_is_well_nothing_is_said() -> None:
    assert ailments(seen(), WELL) == ()


@pytest.mark.parametrize(
    ("visit", "said"),
    [
        (Visit(503, 0.1), "www.example.org: answers 503"),
        (Visit(404, 0.1), "www.example.org: answers 404"),
        (Visit(0, 10.0, "no answer"), "www.example.org: no answer"),
    ],
)
def test_a_site_that_does_not_answer_well(visit: Visit, said: str) -> None:
    assert ailments(seen(), {"www.example.org": visit}) == (said,)


def test_a_redirect_is_an_answer() -> None:
    assert ailments(seen(), {"www.example.org": Visit(302, 0.1)}) == ()


def test_a_machine_that_does_not_answer_is_named_with_the_reason() -> None:
    dead = HostError("slave", "10.0.0.12 cannot be reached: no answer")
    assert ailments(seen(slave=dead), WELL) == ("slave: 10.0.0.12 cannot be reached: no answer",)


def test_a_volume_that_is_not_in_sync() -> None:
    outdated = machine("master", volumes=state(connection="WFConnection", peer_disk="Outdated"))
    assert ailments(seen(master=outdated), WELL) == (
        "master: zeoserver is WFConnection, UpToDate here and Outdated on slave",
    )


def test_two_machines_that_write_come_first() -> None:
    both = machine("slave", volumes=state(), links={"br-service": "dead", "eth1": "dead"})
    said = ailments(seen(slave=both), {"www.example.org": Visit(503, 0.1)})
    assert said[:3] == (
        "frontend is primary on master and slave: both write",
        "zeoserver is primary on master and slave: both write",
        "www.example.org: answers 503",
    )


def test_a_volume_that_no_machine_has_as_primary() -> None:
    none = machine("master", volumes=machine("slave").volumes, vms=frozenset({"zeoclient-master"}))
    assert ailments(seen(master=none), WELL) == (
        "frontend is primary on no machine",
        "zeoserver is primary on no machine",
        "frontend runs on no machine",
        "zeoserver runs on no machine",
    )


def test_a_peer_that_heartbeat_misses() -> None:
    alone = machine("master", peer="dead", links={"br-service": "dead", "eth1": "up"})
    assert ailments(seen(master=alone), WELL) == (
        "master: Heartbeat says of slave: dead",
        "master: Heartbeat's link on br-service is dead",
    )


def test_a_heartbeat_that_does_not_run() -> None:
    silent = machine("master", peer="", links={})
    assert ailments(seen(master=silent), WELL) == ("master: Heartbeat says of slave: nothing",)


def test_in_maintenance_that_is_said_and_not_what_follows_from_it() -> None:
    who = "ops@desk since 2026-11-27 05:00 UTC: new disks"
    silent = machine("slave", maintenance=who, peer="", links={})
    assert ailments(seen(slave=silent), WELL) == (
        f"slave: nothing is taken over: maintenance by {who}",
    )


def test_where_something_is_to_be_watched_somebody_does() -> None:
    units = {**machine("master").units, WATCH: Unit("failed", "static")}
    assert ailments(seen(master=machine("master", units=units)), WELL) == (
        "master: nobody watches what runs here: tandem-watch.service does not run",
    )
    assert ailments(seen(slave=machine("slave", units=units)), WELL) == ()


def test_a_vm_that_does_not_run() -> None:
    alone = machine("slave", vms=frozenset())
    assert ailments(seen(slave=alone), WELL) == ("zeoclient-slave does not run",)


def test_a_client_that_is_not_ready_says_why() -> None:
    starting = vm("zeoclient-slave", clients={**CLIENTS, "tandem-zeoclient2.service": "starting"})
    assert ailments(seen(zeoclient_slave=starting), WELL) == (
        "zeoclient-slave: tandem-zeoclient2: starting",
    )


def test_a_backup_that_is_too_old() -> None:
    assert ailments(seen(zeoserver=vm("zeoserver", backup=3 * 3600.0)), WELL) == ()
    old = vm("zeoserver", backup=49 * 3600.0)
    assert ailments(seen(zeoserver=old), WELL) == ("zeoserver: the last backup is 49 hours old",)


def test_no_backup_of_data_that_has_been_there_for_more_than_a_night() -> None:
    assert ailments(seen(zeoserver=vm("zeoserver", unsaved=3 * 3600.0)), WELL) == ()
    (said,) = ailments(seen(zeoserver=vm("zeoserver", unsaved=49 * 3600.0)), WELL)
    assert said.startswith("zeoserver: there is no backup: ")


def test_what_differs_from_the_description_is_counted_and_named() -> None:
    changed = replace(machine("slave"), packages=machine("slave").packages - {"heartbeat"})
    assert ailments(seen(slave=changed), WELL) == (
        "slave: 1 step away from the description (install heartbeat): fab plan:slave",
    )
    other = replace(vm("frontend"), files={})
    (said,) = ailments(seen(frontend=other), WELL)
    assert said.startswith("frontend: ")
    assert " steps away from the description (write /etc/" in said
    assert said.endswith(" more): fab plan")


def test_a_host_that_was_left_between_two_releases_says_so() -> None:
    runs = {"tandem-zeoclient1.service": "20261101T120000Z"}
    between = vm("zeoclient-slave", runs={"tandem-zeoclient2.service": "20261102T120000Z", **runs})
    said = "zeoclient-slave: its programs are of several releases: 20261101T120000Z,"
    assert any(line.startswith(said) for line in ailments(seen(zeoclient_slave=between), WELL))
