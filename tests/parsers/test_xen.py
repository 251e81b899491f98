"""What xl understands of a VM."""

import json
from typing import Any

import pytest

from tandem.model import VM
from tests.examples import FILES, example
from tests.parsers import xen
from tests.parsers.conftest import Trees, must_run
from tests.parsers.table import BY_NAME

MACHINES = [
    (name, node.name)
    for name in FILES
    if example(name).hypervisor == "xen"
    for node in example(name).nodes
]


def understood(name: str, host: str, tree_of: Trees) -> list[tuple[VM, dict[str, Any]]]:
    """Each VM of a machine, and what xl makes of its file."""
    must_run(BY_NAME["xl"])
    tree = tree_of(name, host)
    found = []
    for vm in example(name).vms_on(example(name).named_nodes[host]):
        folder = tree.root / "etc/xen" / ("" if vm.volume else "auto")
        config, conf = folder / f"{vm.name}.cfg", tree.at(xen.GLOBAL)
        found.append((vm, json.loads(xen.create(config, conf, tree.scratch).stdout)))
    return found


@pytest.mark.parametrize(("name", "host"), MACHINES)
def test_xl_gives_a_vm_the_memory_and_processors_described(
    name: str, host: str, tree_of: Trees
) -> None:
    for vm, read in understood(name, host, tree_of):
        build = read["b_info"]
        scheduled = build["sched_params"]
        assert build["target_memkb"] == vm.sizes.memory * 1024
        assert build["max_memkb"] == vm.maxmem * 1024
        assert len(build["avail_vcpus"]) == vm.sizes.vcpus
        assert scheduled["weight"] == vm.sizes.cpu_weight
        assert scheduled.get("cap", 0) == vm.sizes.cpu_cap


@pytest.mark.parametrize(("name", "host"), MACHINES)
def test_xl_gives_a_vm_its_disk_and_its_interface(name: str, host: str, tree_of: Trees) -> None:
    machine = example(name).named_nodes[host]
    for vm, read in understood(name, host, tree_of):
        (disk,) = read["disks"]
        (nic,) = read["nics"]
        assert (disk["pdev_path"], disk["vdev"]) == (vm.disk_on(machine), "xvda")
        assert (disk["format"], disk["readwrite"]) == ("raw", 1)
        assert (nic["mac"], nic["bridge"]) == (vm.mac, "br-service")


@pytest.mark.parametrize(("name", "host"), MACHINES)
def test_a_vm_that_crashes_starts_again_and_one_that_is_switched_off_does_not(
    name: str, host: str, tree_of: Trees
) -> None:
    for _, read in understood(name, host, tree_of):
        # xl leaves out what is the default: destroy, for a domain that powers off.
        assert read.get("on_poweroff", "destroy") == "destroy"
        assert (read["on_reboot"], read["on_crash"]) == ("restart", "restart")
