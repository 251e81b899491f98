"""What serves is moved to the other machine, by the operator's commands."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tandem.lab.faults import cut
from tandem.lab.lab import Lab
from tests.lab.operating import fab, said
from tests.lab.running import (
    active,
    active_and_standby,
    all_well,
    eventually,
    healed,
    standby,
    visited,
)
from tests.lab.running import said as said_on

pytestmark = [
    pytest.mark.lab,
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.soak,
    pytest.mark.timeout(900, func_only=True),
]


@pytest.fixture(autouse=True)
def well(lab: Lab) -> Iterator[None]:
    """All is well before a test, and after it."""
    all_well(lab)
    eventually(lambda: fab(lab, "status").returncode == 0, 90)
    yield
    all_well(lab)


def moved(lab: Lab, command: str) -> dict[str, Any]:
    """What a command says of the move that it has done."""
    done = fab(lab, command, "--yes", "--json")
    assert done.returncode == 0, said(done)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_the_other_machine_serves_and_back(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    source, to = active_and_standby(lab)
    there = moved(lab, "failover")
    assert (there["serves"], active(lab)) == (to, to)
    eventually(lambda: fab(lab, "status").returncode == 0, 90)
    back = moved(lab, "failover")
    assert (back["serves"], active(lab)) == (source, source)
    with capsys.disabled():
        print(f"\nswitchover and back: {there}, {back}")
    # Whoever waits for longer than half a minute has gone away: this computer may be slow.
    assert max(there["nobody_answered"], back["nobody_answered"]) < 150


def test_to_the_first_machine_nothing_goes_back_that_is_there(lab: Lab) -> None:
    first = lab.cluster.pair[0]
    if active(lab) != first:
        assert moved(lab, "failback")["serves"] == first
    done = fab(lab, "failback")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        0,
        f"{first} serves: there is nothing to go back from",
    )


def test_a_standby_that_lags_is_not_given_anything(lab: Lab) -> None:
    source = active(lab)
    with healed(lab):
        cut(lab, "replication")
        eventually(lambda: "WFConnection" in said_on(lab, source, "drbdadm cstate all"), 60)
        done = fab(lab, "failover", "--yes")
    assert done.returncode == 1
    assert f"{standby(lab)}: zeoserver is " in done.stderr
    assert active(lab) == source


def test_a_zeo_server_that_hangs_is_started_anew_where_it_is(lab: Lab) -> None:
    source, unit = active(lab), "tandem-vm-zeoserver.service"
    was = said_on(lab, source, f"systemctl show --property=MainPID {unit}")
    lab.run(source, f"systemctl kill --signal=STOP {unit}", 20)
    eventually(lambda: said_on(lab, source, f"systemctl is-active {unit}") == "active", 30)
    eventually(
        lambda: said_on(lab, source, f"systemctl show --property=MainPID {unit}") not in ("", was),
        240,
    )
    eventually(lambda: visited(lab, 30) == 200, 180)
    assert active(lab) == source
    log = said_on(lab, source, "journalctl --no-pager -t tandem-watch")
    assert "zeoserver is silent: it is started anew" in log
    assert "frontend is silent" not in log


def test_a_vm_that_is_killed_while_nobody_hears_it_starts_again(lab: Lab) -> None:
    machine = standby(lab)
    vm = f"zeoclient-{machine}"
    process = f"systemctl show --value --property=MainPID tandem-vm-{vm}"
    was = said_on(lab, machine, process)
    lab.run(machine, f"ip link set vb-{vm} down")
    # What it asks the ZEO server meanwhile nobody acknowledges.
    time.sleep(5)
    lab.run(machine, f"systemctl kill --signal=KILL tandem-vm-{vm}.service")
    eventually(lambda: said_on(lab, machine, process) not in ("", "0", was), 30)
    eventually(lambda: said_on(lab, machine, f"systemctl is-active tandem-vm-{vm}") == "active", 60)


def test_in_maintenance_nothing_is_taken_over_even_from_a_dead_machine(lab: Lab) -> None:
    source, other = active_and_standby(lab)
    assert fab(lab, "maintenance:on").returncode == 1
    begun = fab(lab, "maintenance:on", "--why=new disks")
    assert begun.returncode == 0, said(begun)
    assert visited(lab) == 200
    assert fab(lab, "plan").returncode == 0
    assert "new disks" in said(fab(lab, "status"))
    refused = fab(lab, "failover", "--yes")
    assert refused.returncode == 1
    assert "new disks; `fab maintenance:off` ends it" in refused.stderr
    lab.poweroff(source)
    heartbeat = lab.cluster.heartbeat
    time.sleep(heartbeat.deadtime + 20)
    assert "Primary/" not in said_on(lab, other, "drbdadm role all")
    lab.poweron(source)
    eventually(lambda: said_on(lab, source, "echo yes") == "yes", 120)
    ended = fab(lab, "maintenance:off")
    assert ended.returncode == 0, said(ended)


def test_old_data_is_served_by_force_alone_and_what_was_newer_is_kept(lab: Lab) -> None:
    source, other = active_and_standby(lab)
    lab.poweroff(other)
    eventually(lambda: said_on(lab, source, f"cl_status nodestatus {other}") == "dead", 60)
    lab.run("zeoserver", "echo newer >/srv/tandem/data/newer && sync")
    lab.poweroff(source)
    lab.poweron(other)
    lab.await_ssh(other)

    refused = fab(lab, "failover", "--yes")
    assert refused.returncode == 1
    assert f"what {source} alone has of zeoserver is not there for visitors" in refused.stderr
    assert "Primary" not in said_on(lab, other, "drbdadm role all")

    forced = fab(lab, "failover", "--force", "--yes")
    assert visited(lab, 30) == 200, said(forced)
    assert active(lab) == other
    assert said_on(lab, "zeoserver", "cat /srv/tandem/data/newer || echo none") == "none"

    lab.poweron(source)
    lab.await_ssh(source)
    eventually(lambda: "StandAlone" in said_on(lab, other, "drbdadm cstate all"), 60)
    back = fab(lab, f"rejoin:{source}", "--yes")
    assert back.returncode == 0, said(back)
    disk = "$(echo /dev/vg0/zeoserver-given-up-*)"
    looked = f"mount -t ext4 -o ro {disk} /mnt && cat /mnt/srv/tandem/data/newer; umount /mnt"
    assert said_on(lab, source, looked) == "newer"
    lab.run(source, "lvremove -qq --yes $(echo /dev/vg0/*-given-up-*)")
