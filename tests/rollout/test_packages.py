"""Which Debian packages a host needs."""

from dataclasses import replace

import pytest

from tandem.model import Cluster
from tandem.rollout.packages import packages_for, purposes_of
from tests.examples import example


def names(cluster: Cluster, host: str) -> set[str]:
    return {package.name for package in packages_for(cluster, cluster.hosts[host])}


@pytest.mark.parametrize(
    ("name", "host", "purposes"),
    [
        ("cluster", "master", ("machine", "pair", "xen")),
        ("cluster", "frontend", ("vm", "frontend")),
        ("cluster", "zeoclient-slave", ("vm", "zeoclient")),
        ("capacity", "node3", ("machine", "xen")),
        ("containers", "left", ("machine", "pair", "nspawn")),
    ],
)
def test_what_a_hosts_packages_are_for(name: str, host: str, purposes: tuple[str, ...]) -> None:
    cluster = example(name)
    assert purposes_of(cluster, cluster.hosts[host]) == purposes


def test_a_machine_without_vms_has_what_its_roles_need() -> None:
    cluster = example("traditional")
    wanted = names(cluster, cluster.pair[0])
    assert {"heartbeat", "apache2-bin", "rsync", "python3"} <= wanted
    assert "systemd-container" not in wanted


def test_a_vm_has_nothing_of_a_machine() -> None:
    cluster = example("containers")
    wanted = names(cluster, "frontend")
    assert not {"heartbeat", "drbd-utils", "lvm2", "systemd-container"} & wanted
    assert "apache2-bin" in wanted


@pytest.mark.parametrize("host", ["left", "frontend"])
def test_an_operator_who_is_not_root_becomes_so_by_sudo(host: str) -> None:
    cluster = example("containers")
    assert "sudo" not in names(cluster, host)
    assert "sudo" in names(replace(cluster, ssh=replace(cluster.ssh, user="ops")), host)
