"""A machine comes back that was fenced, or has written something that its peer does not know."""

import pytest

from tandem.lab.lab import Lab
from tests.lab.operating import fab, said
from tests.lab.running import active_and_standby, all_well, eventually, in_sync
from tests.lab.running import said as said_on

pytestmark = [
    pytest.mark.lab,
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.soak,
    pytest.mark.timeout(600, func_only=True),
]

SPLIT = """\
set -e
drbdsetup disk-options 1 --fencing=dont-care
drbdadm disconnect zeoserver
drbdadm primary --force zeoserver
dd if=/dev/urandom of=/dev/drbd1 bs=4k count=25 conv=fsync status=none
drbdadm secondary zeoserver
drbdadm connect zeoserver"""
"""What nobody does by accident: writes to the standby's side alone."""


def state(lab: Lab, machine: str) -> str:
    return said_on(lab, machine, "drbdadm cstate zeoserver")


def test_a_machine_that_was_fenced_gets_its_power_back(lab: Lab) -> None:
    all_well(lab)
    source, other = active_and_standby(lab)
    lab.poweroff(other)
    eventually(lambda: said_on(lab, source, f"cl_status nodestatus {other}") == "dead", 60)
    done = fab(lab, f"rejoin:{other}", "--yes")
    assert done.returncode == 0, said(done)
    assert f"{other} is switched on, its BMC confirms" in done.stdout
    assert f"{other} is back, its volumes up to date" in done.stdout
    all_well(lab)


def test_what_the_standby_alone_has_is_kept_and_given_up(lab: Lab) -> None:
    all_well(lab)
    source, other = active_and_standby(lab)
    lab.run(source, "drbdsetup disk-options 1 --fencing=dont-care")
    lab.run(other, SPLIT)
    lab.run("zeoserver", "echo kept >/srv/tandem/data/kept && sync")
    eventually(lambda: "StandAlone" in (state(lab, source), state(lab, other)), 30)
    refused = fab(lab, f"rejoin:{source}", "--yes")
    assert refused.returncode == 1
    assert f"{source}: zeoserver is primary" in refused.stderr

    before = said_on(
        lab, other, "dd if=/dev/vg0/zeoserver bs=4k count=25 iflag=direct status=none | sha256sum"
    )
    done = fab(lab, f"rejoin:{other}", "--yes")
    assert done.returncode == 0, said(done)
    assert f"zeoserver: {other} alone has at most 100 KB since " in done.stdout
    eventually(lambda: in_sync(lab, other), 30)
    # The copy has what was given up, and what serves has gone on.
    copy = "/dev/vg0/zeoserver-given-up-*"
    kept = said_on(
        lab, other, f"dd if=$(echo {copy}) bs=4k count=25 iflag=direct status=none | sha256sum"
    )
    assert kept == before
    assert said_on(lab, "zeoserver", "cat /srv/tandem/data/kept") == "kept"
    for machine in lab.cluster.pair:
        lab.run(machine, "drbdadm adjust all")
    lab.run(other, f"lvremove -qq --yes {copy}")
    all_well(lab)
