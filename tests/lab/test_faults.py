"""Each fault does what it says, seen from inside the machines."""

import re
from collections.abc import Iterator

import pytest

from tandem.errors import TandemError
from tandem.lab import faults
from tandem.lab.lab import Lab
from tests.lab.operating import fab
from tests.lab.running import (
    active,
    active_and_standby,
    come_back,
    eventually,
    given_up,
    healed,
    hears,
    in_sync,
    said,
    standby,
    visited,
)

pytestmark = [
    pytest.mark.lab,
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.timeout(600, func_only=True),
]

RECEIVED = "cat /sys/class/net/eth1/statistics/rx_packets"


@pytest.fixture(autouse=True)
def _leaves_it_healthy(lab: Lab) -> Iterator[None]:
    with healed(lab):
        yield
    for machine in lab.cluster.pair:
        lab.thaw(machine)
    eventually(lambda: come_back(lab), 180)


def typed(lab: Lab, command: str) -> str:
    """What a command of the lab prints, as an operator types it."""
    done = fab(lab, f"lab:{command}")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_cut_replication_link_is_seen_by_drbd_and_heals(lab: Lab) -> None:
    primary = active(lab)
    faults.cut(lab, "replication")
    outdated = {"UpToDate/Outdated"}
    eventually(lambda: set(said(lab, primary, "drbdadm dstate all").split()) == outdated, 60)
    assert active(lab) == primary
    assert set(lab.states().values()) == {"on"}
    faults.heal(lab)
    eventually(lambda: in_sync(lab, primary), 60)


def test_a_machine_that_is_cut_off_from_the_service_network_is_still_the_labs_to_look_into(
    lab: Lab,
) -> None:
    other = standby(lab)
    gateway = lab.cluster.network.gateway
    assert hears(lab, other, gateway)
    faults.cut(lab, "service", other)
    assert said(lab, other, "hostname") == other
    assert not hears(lab, other, gateway)


@pytest.mark.parametrize(("direction", "hears_it"), [("to", False), ("from", True)])
def test_a_link_is_cut_in_one_direction_only(lab: Lab, direction: str, hears_it: bool) -> None:
    other = standby(lab)
    faults.cut(lab, "replication", other, "to" if direction == "to" else "from")
    # Heartbeats come twice a second from each side.
    before, after = lab.run(other, f"{RECEIVED}; sleep 4; {RECEIVED}").split()
    assert (int(after) - int(before) >= 3) is hears_it


def test_a_slow_link_is_late_by_as_much_as_was_said(lab: Lab) -> None:
    node = lab.cluster.named_nodes[standby(lab)]
    peer = lab.cluster.peer_of(node)
    assert peer is not None
    asked = f"ping -c 3 -i 0.3 {peer.replication_address} | tail -1 | cut -d/ -f5"
    before = float(said(lab, node.name, asked))
    faults.slow(lab, "replication", delay=150, loss=0)
    assert 290 < float(said(lab, node.name, asked)) - before < 800
    faults.heal(lab)
    assert float(said(lab, node.name, asked)) < 150


def test_a_lossy_link_loses_some_and_not_all(lab: Lab) -> None:
    node = lab.cluster.named_nodes[standby(lab)]
    peer = lab.cluster.peer_of(node)
    assert peer is not None
    faults.slow(lab, "replication", delay=0, loss=30)
    counted = said(
        lab, node.name, f"ping -q -c 40 -i 0.05 -W 1 {peer.replication_address} | grep received"
    )
    received = int(counted.split()[3])
    assert 2 < received < 38


def test_a_frozen_machine_stands_still_and_goes_on_as_it_was(lab: Lab) -> None:
    other = standby(lab)
    boot = said(lab, other, "cat /proc/sys/kernel/random/boot_id")
    lab.freeze(other)
    assert lab.states()[other] == "frozen"
    with pytest.raises(TandemError):
        lab.run(other, "true", timeout=1.5)  # for long, and its peer would fence it
    lab.thaw(other)
    eventually(lambda: said(lab, other, "cat /proc/sys/kernel/random/boot_id") == boot, 30)


@pytest.mark.parametrize("role", ["zeoserver", "frontend"])
def test_a_full_disk_takes_nothing_more_and_is_emptied_again(lab: Lab, role: str) -> None:
    tried = "cp /bin/bash /srv/tandem/data/more 2>&1; rm -f /srv/tandem/data/more"
    assert typed(lab, f"fill:{role}") == f"{role}'s disk is full\n"
    assert "No space left on device" in said(lab, role, tried)
    assert typed(lab, "heal").startswith("healed: ")
    assert lab.run(role, tried) == ""


def test_drbd_gives_up_a_bad_disk_and_the_service_goes_on_from_the_peers(lab: Lab) -> None:
    primary = active(lab)
    typed(lab, f"bad-disk:{primary}")
    said(lab, "zeoserver", "echo on >/srv/tandem/data/mark; sync")
    eventually(lambda: "Diskless" in said(lab, primary, "drbdadm dstate zeoserver"), 30)
    assert active(lab) == primary
    faults.heal(lab)
    eventually(lambda: in_sync(lab, primary), 60)


def test_the_power_switch_switches_a_machine_off_and_says_so(lab: Lab) -> None:
    asks, dies = active_and_standby(lab)
    asked = lab.run(asks, f"/usr/local/lib/tandem/fence {dies} 2>&1", timeout=60)
    assert f"{dies} is switched off, its BMC confirms" in asked
    assert lab.states()[dies] == "off"
    looked = fab(lab, "status")
    assert looked.returncode == 1
    assert f"{dies}: " in looked.stdout
    assert "cannot be reached" in looked.stdout
    # A host may take five seconds to be reached, and a site to answer.
    assert float(re.findall(r"looked at in ([0-9.]+) s", looked.stdout)[0]) < 30
    # Sooner, and its peer would switch it off again.
    eventually(lambda: given_up(lab, asks, dies), 60)
    lab.poweron(dies)


def test_heartbeats_own_stonith_command_can_ask_the_power_switch(lab: Lab) -> None:
    asks, other = active_and_standby(lab)
    lab.run(asks, f"stonith -t external/tandem hostlist={other} -S", timeout=60)


def test_without_the_management_link_no_machine_can_be_fenced(lab: Lab) -> None:
    asks, other = active_and_standby(lab)
    faults.cut(lab, "management", asks)
    with pytest.raises(TandemError, match="cannot be asked"):
        lab.run(asks, f"/usr/local/lib/tandem/fence --ask {other}", timeout=60)
    assert lab.states()[other] == "on"


def test_visitors_are_served_through_all_of_that(lab: Lab) -> None:
    eventually(lambda: visited(lab) == 200, 60)
