"""The shell commands that make a cluster's volumes the first time, and the sizes they have."""

import math
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tandem.lab.images.provisioning import (
    agreeing,
    making_disks,
    size_of_disk,
    size_of_filesystem,
    until,
)
from tandem.model import Cluster, Machine
from tandem.rollout.volumes import sizes_of
from tests.examples import FILES, example

EXTENT = 4
"""How large an LVM extent is by default, in MB: a volume has a whole number of them."""


MACHINES = tuple((name, machine) for name in FILES for machine in example(name).machines)

all_machines = pytest.mark.parametrize(("name", "machine"), MACHINES)
all_examples = pytest.mark.parametrize("name", FILES)


def described(name: str, machine: str) -> tuple[Cluster, Machine]:
    cluster = example(name)
    return cluster, cluster.named_nodes[machine]


def making(name: str, machine: str) -> str:
    """What makes the disks of a machine."""
    cluster, node = described(name, machine)
    return making_disks(cluster, node, "/dev/ubdb")


def scripts() -> Iterator[tuple[str, str]]:
    for name, machine in MACHINES:
        yield f"making-{name}-{machine}", making(name, machine)
    for name in FILES:
        yield f"agreeing-{name}", agreeing(example(name))


def test_a_shell_can_read_all_of_them() -> None:
    for _, script in scripts():
        subprocess.run(("sh", "-n"), input=script, text=True, check=True)


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_finds_nothing_in_them(tmp_path: Path) -> None:
    for name, script in scripts():
        (tmp_path / name).write_text(f"{script}\n")
    # Nothing reads what counts the tries.
    files = map(str, tmp_path.iterdir())
    command = ("shellcheck", "--shell=sh", "--exclude=SC2034", *files)
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")


@all_machines
def test_every_disk_that_the_description_names_is_made(name: str, machine: str) -> None:
    cluster, node = described(name, machine)
    disks = {vm.disk_on(node) for vm in cluster.vms_on(node) if not vm.volume}
    if cluster.peer_of(node):
        disks |= {volume.disk_on(node) for volume in cluster.volumes}
    made = re.findall(r"^lvcreate .* -n (\S+) (\S+)$", making(name, machine), re.MULTILINE)
    assert {f"/dev/{group}/{volume}" for volume, group in made} == disks


@all_machines
def test_the_volumes_are_as_large_as_described(name: str, machine: str) -> None:
    cluster, node = described(name, machine)
    sizes = {vm.name: vm.sizes.disk for vm in cluster.vms_on(node)}
    if cluster.peer_of(node):
        sizes |= {volume.name: volume.size for volume in cluster.volumes}
    made = re.findall(r"^lvcreate .* -L (\d+)M -n (\S+) ", making(name, machine), re.MULTILINE)
    assert {volume: int(size) for size, volume in made} == sizes


STAND_INS = """\
pvcreate() { :; }
vgcreate() { :; }
lvcreate() { :; }
dmsetup() { [ "$1" = table ] && echo "0 20480 linear 98:16 ${#2}"; }
drbdadm() { [ "$1" = adjust ] || echo 'Writing meta data...'; }
"""
"""In the place of the real ones; each volume begins where its device's name is long."""


@all_machines
def test_it_prints_where_each_volume_begins_and_nothing_else(name: str, machine: str) -> None:
    cluster, node = described(name, machine)
    ran = subprocess.run(
        ("sh",), input=STAND_INS + making(name, machine), capture_output=True, text=True, check=True
    )
    group = node.volume_group
    assert ran.stdout.splitlines() == [
        f"{volume} {len(f'/dev/{group}/{volume}')}" for volume in sizes_of(cluster, node)
    ]


@all_machines
def test_drbd_gets_its_metadata_before_it_starts(name: str, machine: str) -> None:
    cluster, node = described(name, machine)
    lines = making(name, machine).splitlines()
    drbd = [line.removesuffix(" >/dev/null") for line in lines if line.startswith("drbdadm ")]
    metadata = [f"drbdadm create-md --force {volume.name}" for volume in cluster.volumes]
    assert drbd == ([*metadata, "drbdadm adjust all"] if cluster.peer_of(node) else [])


def metadata_of(size: int) -> int:
    """What DRBD keeps at the end of a volume for one peer, in sectors, the size (MB) being given.

    The formula is LINBIT's, in the DRBD 8.4 user's guide, "Estimating meta data size".
    """
    sectors = size * 2048
    return math.ceil(sectors / 2**18) * 8 + 72


@all_examples
def test_a_file_system_leaves_room_for_drbds_metadata(name: str) -> None:
    cluster = example(name)
    for volume in cluster.volumes:
        rest = (volume.size - size_of_filesystem(cluster, volume.name)) * 2048
        assert metadata_of(volume.size) <= rest < volume.size * 2048 // 100


@pytest.mark.parametrize("disk", ["1G", "40G", "16T"])
def test_there_is_room_for_drbds_metadata_however_large_a_volume_is(disk: str) -> None:
    size = int(disk[:-1]) * {"G": 1024, "T": 1024**2}[disk[-1]]
    cluster = example("cluster")
    large = replace(cluster, zeoserver=replace(cluster.zeoserver, disk=size))
    assert (size - size_of_filesystem(large, "zeoserver")) * 2048 >= metadata_of(size)


@all_examples
def test_what_is_not_replicated_has_all_of_its_volume(name: str) -> None:
    cluster = example(name)
    for vm in cluster.vms:
        if not vm.volume:
            assert size_of_filesystem(cluster, vm.name) == vm.sizes.disk


@all_machines
def test_the_disk_holds_all_volumes_in_whole_extents(name: str, machine: str) -> None:
    cluster, node = described(name, machine)
    sizes = sizes_of(cluster, node).values()
    # LVM keeps a MB at the beginning for itself.
    taken = 1 + sum(math.ceil(size / EXTENT) * EXTENT for size in sizes)
    assert size_of_disk(cluster, node) >= taken


@all_examples
def test_each_volume_is_said_to_be_the_same_once_it_is_connected(name: str) -> None:
    cluster = example(name)
    lines = agreeing(cluster).splitlines()
    for volume in cluster.volumes:
        said = lines.index(f"drbdadm new-current-uuid --clear-bitmap {volume.name}/0")
        assert f"drbdadm cstate {volume.name} | grep -qx Connected" in lines[said - 1]
        assert f"drbdadm dstate {volume.name} | grep -qx UpToDate/UpToDate" in lines[said + 1]


@pytest.mark.parametrize(
    ("condition", "status"), [("true", 0), ("false", 1), ("! false", 0), ("echo no | grep -q y", 1)]
)
def test_waiting_ends_with_what_was_waited_for_or_fails(condition: str, status: int) -> None:
    script = f"set -eu\n{until(condition, 1)}\n"
    assert subprocess.run(("sh", "-c", script), check=False).returncode == status


def test_waiting_goes_on_until_it_comes(tmp_path: Path) -> None:
    condition = f"[ -e {tmp_path}/there ] || {{ touch {tmp_path}/there; false; }}"
    assert subprocess.run(("sh", "-c", f"set -e; {until(condition)}"), check=False).returncode == 0
