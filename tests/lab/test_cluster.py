"""The shipped cluster on real kernels: what it is for, and what it does when power is cut."""

import tarfile
import time

import pytest

from tandem.lab.commands import IMAGES
from tandem.lab.lab import Lab
from tests.lab.running import (
    active,
    active_and_standby,
    each_said,
    eventually,
    pair_said,
    rejoined,
    said,
    visited,
)

pytestmark = [
    pytest.mark.lab,
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.timeout(600, func_only=True),
]

WRITER = """
import os, sys
written = os.open("/srv/tandem/data/written", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
for number in range(1_000_000):
    os.write(written, f"{number}\\n".encode())
    os.fsync(written)
    print(number, flush=True)
"""


@pytest.mark.usefixtures("lab")
def test_the_debian_of_each_host_has_what_lets_it_in_and_nothing_of_this_computer() -> None:
    own = ("etc/ssh/ssh_host_", "etc/hostname", "etc/resolv.conf", "usr/share/man/")
    tars = list(IMAGES.glob("debian-*.tar"))
    assert tars
    for tar in tars:
        with tarfile.open(tar) as opened:
            names = {member.name.removeprefix("./") for member in opened if not member.isdir()}
            identity = opened.getmember("./etc/machine-id")
        assert "usr/sbin/sshd" in names
        assert identity.size == 0
        assert [name for name in names if name.startswith(own)] == []


def test_a_visitor_gets_the_site_at_the_floating_ip(lab: Lab) -> None:
    eventually(lambda: visited(lab, timeout=30) == 200, 180)


def test_visitors_wait_while_the_frontends_apache_ends(lab: Lab) -> None:
    lab.run("frontend", "/usr/local/lib/tandem/visitors wait")
    began = time.monotonic()
    try:
        assert visited(lab, timeout=1.5) == 0
        assert time.monotonic() - began > 1.5, "they are refused"
    finally:
        lab.run("frontend", "/usr/local/lib/tandem/visitors come")
    assert visited(lab) == 200


def test_the_volumes_are_in_sync_and_heartbeat_is_active_on_both_machines(lab: Lab) -> None:
    assert all(rejoined(lab, machine) for machine in lab.cluster.pair)


def test_each_vm_is_a_system_container_on_the_machine_where_it_belongs(lab: Lab) -> None:
    serves, waits = active_and_standby(lab)
    listed = pair_said(lab, "machinectl list --no-legend | cut -d' ' -f1")
    assert listed[serves].split() == sorted(("frontend", "zeoserver", f"zeoclient-{serves}"))
    assert listed[waits].split() == [f"zeoclient-{waits}"]


def test_each_machine_believes_to_be_what_the_description_says(lab: Lab) -> None:
    asked = "hostname; for link in br-service eth1; do ip -brief -4 address show $link; done"
    told = pair_said(lab, asked)
    for node in lab.cluster.nodes:
        name, service, replication = told[node.name].splitlines()
        assert name == node.name
        assert node.address in service
        assert f"{node.replication_address}/24" in replication


def test_only_what_the_lab_says_is_not_as_on_a_server(lab: Lab) -> None:
    asked = dict.fromkeys(lab.cluster.hosts, "systemctl --failed --no-legend --plain")
    assert each_said(lab, asked) == dict.fromkeys(lab.cluster.hosts, "")


def test_a_vm_boots_nothing_that_a_container_can_do_without(lab: Lab) -> None:
    masked = "systemctl is-enabled systemd-logind"
    generated = "ls -d /run/systemd/generator /run/systemd/generator.late 2>/dev/null"
    asked = {vm.name: f"{masked}; {generated}; true" for vm in lab.cluster.vms}
    assert each_said(lab, asked) == dict.fromkeys(asked, "masked-runtime\n")


def test_a_power_cut_loses_nothing_that_was_synced_and_the_other_machine_takes_over(
    lab: Lab,
) -> None:
    died, takes_over = active_and_standby(lab)
    boot = said(lab, died, "cat /proc/sys/kernel/random/boot_id")
    with lab.start("zeoserver", f"exec python3 -c '{WRITER}'") as writer:
        assert writer.stdout
        acknowledged = [writer.stdout.readline() for _ in range(200)]

        lab.poweroff(died)
        assert lab.states()[died] == "off"

        writer.kill()
        acknowledged += writer.stdout.readlines()
    acknowledged = [line.strip() for line in acknowledged if line.endswith("\n")]
    eventually(lambda: said(lab, takes_over, "drbdadm role zeoserver") == "Primary/Unknown", 120)
    eventually(lambda: visited(lab) == 200, 180)
    # The page may have come from Apache's cache, before the other VM lets anybody in.
    eventually(lambda: said(lab, "zeoserver", "echo up") == "up", 60)
    kept = lab.run("zeoserver", "cat /srv/tandem/data/written").split()
    assert kept[: len(acknowledged)] == acknowledged
    # There may be more whose word was still on its way to us, but nothing else.
    assert kept == [str(number) for number in range(len(kept))]
    assert "is off" in said(lab, takes_over, "journalctl -b -t tandem-fence --no-pager")
    lab.poweron(died)
    lab.await_ssh(died)
    assert said(lab, died, "cat /proc/sys/kernel/random/boot_id") not in ("", boot)
    eventually(lambda: rejoined(lab, died), 120)
    assert active(lab) == takes_over


def test_what_is_written_on_one_machine_is_on_the_other(lab: Lab) -> None:
    primary, other = active_and_standby(lab)
    lab.run("zeoserver", "echo replicated >/srv/tandem/data/mark && sync")
    frozen = "/var/lib/machines/zeoserver"
    # Nothing else is written there meanwhile. What the machines have in memory does not count.
    read = "dd if=/dev/vg0/zeoserver bs=1M count=400 iflag=direct status=none"
    compared = f"bash -c 'set -o pipefail; {read} | sha256sum'"
    lab.run(primary, f"fsfreeze -f {frozen}")
    try:
        sums = each_said(lab, dict.fromkeys((primary, other), compared))
    finally:
        lab.run(primary, f"fsfreeze -u {frozen}")
    assert sums[primary] == sums[other]
