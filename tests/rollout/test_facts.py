"""What a host answers to the question, and the question itself as this computer answers it."""

import subprocess
from dataclasses import replace

import pytest

from tandem.errors import TandemError
from tandem.rollout.facts import Built, Unit, VolumeState, answered, unit_in
from tandem.rollout.question import question
from tests.examples import example
from tests.rollout.asdescribed import wanted

ANSWER = """\
== packages
ii  drbd-utils
ii  heartbeat
rc  rsync
iU  ipmitool
== ours
/etc/ha.d/ha.cf\0003:# Made by Tandem from cluster.cfg.
/etc/notes\0004:what is Made by Tandem from cluster.cfg
== units
MainPID=4711
Id=tandem-zeoclient1.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
ConditionResult=yes
ConditionTimestampMonotonic=7

MainPID=0
Id=heartbeat.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
ConditionResult=yes
ConditionTimestampMonotonic=7

Id=nftables.service
LoadState=loaded
ActiveState=inactive
UnitFileState=enabled
ConditionResult=no
ConditionTimestampMonotonic=7

Id=drbd.service
LoadState=loaded
ActiveState=inactive
UnitFileState=disabled
ConditionResult=no
ConditionTimestampMonotonic=0

Id=rsync.service
LoadState=not-found
ActiveState=inactive
UnitFileState=
ConditionResult=no
ConditionTimestampMonotonic=0
== files
== logical
  frontend
  zeoserver tandem.new,tandem.raw
== groups
  vg0 20476.00
== volumes
frontend Primary/Secondary Connected UpToDate/UpToDate
zeoserver Secondary WFConnection UpToDate/DUnknown
archive
== peer
active
== holds
local
== links
br-service up
eth1 dead
== vms
frontend
zeoclient-master
== memory
2100
frontend 300
zeoserver 512
== maintenance
ops@desk since 2026-11-27 05:00 UTC: new disks
== clients
client tandem-zeoclient1.service
client tandem-zeoclient2.service
client tandem-zeoclient3.service
client tandem-zeoclient4.service
client tandem-zeoclient1.service
HTTP/1.0 200 OK
Content-Type: text/plain; charset=utf-8

ready
client tandem-zeoclient2.service
HTTP/1.0 503 Service Unavailable

database main has not answered for 1.3 s
client tandem-zeoclient3.service
== releases
20261101T120000Z 3a 4b v1
20261102T120000Z 5c 4b v1-3-gabc-dirty
*
== current
20261102T120000Z
== runs
4711 20261102T120000Z
4712
== backup
1790000000.5000000000
1789990000.0000000000
1790007200
== end
"""


def test_what_is_free_of_memory_is_told_from_what_each_vm_takes() -> None:
    facts = answered(ANSWER)
    assert (facts.free, facts.takes) == (2100, {"frontend": 300, "zeoserver": 512})
    silent = answered(ANSWER.replace("2100\n", "").replace("frontend 300\n", ""))
    assert (silent.free, silent.takes) == (None, {"zeoserver": 512})


def test_who_maintains_a_machine_is_kept_word_for_word() -> None:
    assert answered(ANSWER).maintenance == "ops@desk since 2026-11-27 05:00 UTC: new disks"


def test_packages_count_once_they_are_installed_in_full() -> None:
    assert answered(ANSWER).packages == {"drbd-utils", "heartbeat"}


def test_a_unit_that_a_condition_held_back_is_told_from_one_that_was_never_started() -> None:
    assert answered(ANSWER).units == {
        "tandem-zeoclient1.service": Unit("active", "enabled"),
        "heartbeat.service": Unit("active", "enabled"),
        "nftables.service": Unit("inactive", "enabled", held_back=True),
        "drbd.service": Unit("inactive", "disabled"),
    }


def test_volumes_are_read_from_both_versions_of_drbd() -> None:
    found = answered(ANSWER)
    assert found.volumes == {
        "frontend": VolumeState("Primary", "Connected", "UpToDate", "UpToDate"),
        "zeoserver": VolumeState("Secondary", "WFConnection", "UpToDate", "DUnknown"),
    }
    assert found.primary
    assert [state.well for state in found.volumes.values()] == [True, False]


def test_heartbeats_words_are_kept() -> None:
    assert answered(ANSWER).holds == "local"
    found = answered(ANSWER)
    assert (found.peer, found.links) == ("active", {"br-service": "up", "eth1": "dead"})


def test_a_client_says_that_it_is_ready_or_why_it_is_not() -> None:
    assert answered(ANSWER).clients == {
        "tandem-zeoclient1.service": "ready",
        "tandem-zeoclient2.service": "database main has not answered for 1.3 s",
        "tandem-zeoclient3.service": "no answer",
        "tandem-zeoclient4.service": "no answer",
    }


def test_releases_are_those_that_say_what_they_are() -> None:
    found = answered(ANSWER)
    assert found.releases == {
        "20261101T120000Z": Built("3a", "4b", "v1"),
        "20261102T120000Z": Built("5c", "4b", "v1-3-gabc-dirty"),
    }
    assert found.current == "20261102T120000Z"
    assert found.runs == {"tandem-zeoclient1.service": "20261102T120000Z"}


def test_the_rest_of_the_answer() -> None:
    found = answered(ANSWER)
    assert found.ours == {"etc/ha.d/ha.cf"}
    assert found.groups == {"vg0": 20476}
    assert found.logical == {"frontend": "", "zeoserver": "tandem.new,tandem.raw"}
    assert found.vms == {"frontend", "zeoclient-master"}
    assert found.backup == 7199.5


def test_an_answer_that_broke_off_is_none() -> None:
    with pytest.raises(TandemError, match="broke off"):
        answered(ANSWER.removesuffix("== end\n"))


def test_a_group_may_have_no_volumes() -> None:
    parts = ("packages", "ours", "units", "files", "logical", "groups\n  vg0 61440.00", "end")
    found = answered("".join(f"== {part}\n" for part in parts))
    assert found.groups == {"vg0": 61440}
    assert not found.logical


@pytest.mark.parametrize("name", ["pair", "traditional"])
def test_this_computer_answers_the_question(name: str) -> None:
    described = example(name)
    addresses = tuple((machine, "127.0.0.1") for machine, _ in described.zeoclient.addresses)
    cluster = replace(described, zeoclient=replace(described.zeoclient, addresses=addresses))
    for host in cluster.hosts.values():
        asked = question(cluster, host, wanted(cluster, host.name))
        done = subprocess.run(("sh", "-c", asked), capture_output=True, text=True, check=True)
        found = answered(done.stdout)
        assert {"dpkg", "tar"} <= found.packages
        # As on the standby without VMs, there is no data here.
        assert found.unsaved is None
        # What goes wrong on the way would come between the lines.
        assert done.stderr == ""


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("etc/systemd/system/tandem-vm-frontend.service", "tandem-vm-frontend.service"),
        ("etc/systemd/system/heartbeat.service.d/tandem.conf", "heartbeat.service"),
        ("etc/systemd/network/10-tandem.network", ""),
        ("etc/hosts", ""),
    ],
)
def test_which_unit_a_file_is_of(path: str, unit: str) -> None:
    assert unit_in(path) == unit
