"""The cluster on one screen, and the same for scripts."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from io import StringIO

from rich.console import Console

from tandem.rollout.facts import Facts
from tandem.rollout.overview import as_json, backup, tables
from tandem.rollout.remote import HostError
from tandem.rollout.survey import Survey
from tandem.rollout.visiting import Visit
from tests.examples import example
from tests.rollout.asdescribed import NOW, OLD, wanted
from tests.rollout.serving import CLIENTS, WELL, machine, seen, state, vm

DEAD = HostError("slave", "10.0.0.12 cannot be reached: no answer")


def printed(seen: Survey, visits: Mapping[str, Visit], *, terminal: bool = False) -> str:
    console = Console(
        file=StringIO(),
        width=160,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
        no_color=False,
        soft_wrap=True,
        highlight=False,
    )
    with console.capture() as captured:
        console.print(*tables(seen, visits), sep="\n")
    return captured.get()


def rows(seen: Survey, visits: Mapping[str, Visit] = WELL) -> list[list[str]]:
    """The cells of each line that are not empty."""
    return [re.split(r" {2,}", line.strip()) for line in printed(seen, visits).splitlines()]


def row(of: str, seen: Survey, visits: Mapping[str, Visit] = WELL) -> list[str]:
    return next(cells for cells in rows(seen, visits) if cells[0] == of)


def test_a_machine_is_shown_with_its_peer_and_its_volumes_in_drbds_words() -> None:
    assert row("master", seen())[1:3] == ["active", "slave active"]
    assert row("master", seen())[-1] == "frontend Primary UpToDate/UpToDate Connected"
    assert row("slave", seen())[1:3] == ["standby", "master active"]
    assert row("slave", seen())[-1] == "frontend Secondary UpToDate/UpToDate Connected"


def test_so_it_is_with_what_is_not_well() -> None:
    behind = state(connection="WFConnection", peer_disk="Outdated")
    alone = machine("master", peer="dead", volumes=behind)
    shown = printed(seen(master=alone), WELL)
    assert "slave dead" in shown
    assert "zeoserver Primary UpToDate/Outdated WFConnection" in shown


def test_heartbeats_links_are_shown_each_by_its_interface() -> None:
    cut = machine("master", links={"br-service": "up", "eth1": "dead"})
    assert "br-service up, eth1 dead" in printed(seen(master=cut), WELL)


def test_the_vms_are_shown_where_they_run() -> None:
    shown = rows(seen())
    at = next(number for number, cells in enumerate(shown) if cells[0] == "slave")
    on_master = {cell for cells in shown[:at] for cell in cells}
    assert on_master >= {"frontend", "zeoserver", "zeoclient-master"}
    assert "zeoclient-slave" in shown[at]


def test_of_a_machine_that_is_dead_that_is_shown() -> None:
    assert row("slave", seen(slave=DEAD)) == ["slave", "no answer"]


def test_a_machine_that_is_not_of_the_pair_is_shown_with_its_vms() -> None:
    cluster = example("capacity")
    name = next(name for name in cluster.machines if name not in cluster.pair)
    wants = {host: wanted(cluster, host) for host in cluster.hosts}
    facts: dict[str, Facts | HostError] = {
        host: HostError(host, "no answer") for host in cluster.hosts
    }
    facts[name] = Facts(vms=frozenset({f"zeoclient-{name}"}))
    assert row(name, Survey(cluster, "", wants, facts)) == [name, "capacity", f"zeoclient-{name}"]


def test_clients_are_counted_with_the_release_that_they_run() -> None:
    starting = vm("zeoclient-slave", clients={**CLIENTS, "tandem-zeoclient2.service": "starting"})
    there = seen(zeoclient_slave=starting)
    assert row("zeoclient-slave", there) == ["zeoclient-slave", "1 of 2 ready", NOW]
    assert row("zeoclient-master", there) == ["zeoclient-master", "2 of 2 ready", NOW]


def test_of_clients_between_two_releases_both_are_shown() -> None:
    both = {"tandem-zeoclient1.service": OLD, "tandem-zeoclient2.service": NOW}
    there = seen(zeoclient_slave=vm("zeoclient-slave", runs=both))
    assert row("zeoclient-slave", there)[-1] == f"{OLD} {NOW}"


def test_clients_of_a_vm_that_does_not_answer_are_not_counted() -> None:
    away = HostError("zeoclient-slave", "no answer")
    assert row("zeoclient-slave", seen(zeoclient_slave=away)) == ["zeoclient-slave", "no answer"]


def test_sites_are_shown_with_their_status_and_latency() -> None:
    visits = {"one.example.org": Visit(503, 0.0424), "two.example.org": Visit(0, 5, "no answer")}
    assert row("one.example.org", seen(), visits) == ["one.example.org", "503", "42 ms"]
    assert row("two.example.org", seen(), visits) == ["two.example.org", "no answer", "5000 ms"]


def test_the_last_backup_is_the_youngest() -> None:
    old, young = (vm("zeoserver", backup=hours * 3600.0) for hours in (30, 6.5))
    there = seen(zeoserver=young, frontend=replace(vm("frontend"), backup=old.backup))
    assert backup(there) == "last backup: 6.5 hours ago"
    assert backup(seen()) == "no backup yet"


def test_a_terminal_shows_what_is_well_green_and_what_is_not_red() -> None:
    green, red = "\x1b[32m", "\x1b[31m"
    assert f"{green}slave active" in printed(seen(), WELL, terminal=True)
    assert red not in printed(seen(), WELL, terminal=True)
    cut = seen(master=machine("master", links={"br-service": "up", "eth1": "dead"}), slave=DEAD)
    shown = printed(cut, {"www.example.org": Visit(503, 0.1)}, terminal=True)
    for words in ("slave active", "no answer", "503"):
        assert f"{red}{words}" in shown


def test_where_there_is_no_terminal_it_is_plain() -> None:
    assert "\x1b" not in printed(seen(slave=DEAD), WELL)


def test_scripts_are_told_the_same() -> None:
    changed = replace(machine("master"), packages=frozenset())
    there = seen(master=changed, slave=DEAD, zeoserver=vm("zeoserver", backup=3600.0))
    said = json.loads(json.dumps(as_json(there, WELL, ("slave: no answer",))))
    assert (said["cluster"], said["well"], said["active"]) == ("example", False, "master")
    assert said["ailments"] == ["slave: no answer"]
    assert said["machines"]["slave"] == {"error": DEAD.sentence}
    assert said["machines"]["master"] == {
        "active": True,
        "heartbeat": {"peer": "active", "links": {"br-service": "up", "eth1": "up"}},
        "maintenance": "",
        "vms": ["frontend", "zeoclient-master", "zeoserver"],
        "volumes": {
            name: {
                "role": "Primary",
                "connection": "Connected",
                "disk": "UpToDate",
                "peer_disk": "UpToDate",
            }
            for name in ("frontend", "zeoserver")
        },
    }
    assert said["clients"]["zeoclient-slave"] == CLIENTS
    assert said["releases"]["zeoclient-slave"] == dict.fromkeys(CLIENTS, NOW)
    assert said["sites"] == {"www.example.org": {"status": 200, "seconds": 0.02, "error": ""}}
    assert said["backup"] == 3600.0
    assert said["steps"]["master"][0].startswith("install ")


def test_of_a_cluster_that_is_well_scripts_are_told_that() -> None:
    said = as_json(seen(), WELL, ())
    assert (said["well"], said["ailments"], said["backup"]) == (True, [], None)
