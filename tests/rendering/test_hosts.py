"""Which files a host has, and what is in them that must never be otherwise."""

import re
from dataclasses import replace

import pytest

from tandem.model import Cluster
from tandem.rendering import File
from tandem.rendering.hosts import host_files
from tests.examples import FILES, example, secrets_for


def files_of(cluster: Cluster, host: str) -> dict[str, File]:
    files = host_files(cluster, cluster.hosts[host], secrets_for(cluster), "cluster.cfg")
    return {f"/{file.path}": file for file in files}


@pytest.mark.parametrize("name", FILES)
def test_the_same_description_gives_the_same_bytes(name: str) -> None:
    cluster = example(name)
    assert [files_of(cluster, host) for host in cluster.hosts] == [
        files_of(cluster, host) for host in cluster.hosts
    ]


@pytest.mark.parametrize("name", FILES)
def test_no_file_is_made_twice(name: str) -> None:
    cluster = example(name)
    for host in cluster.hosts.values():
        paths = [
            file.path for file in host_files(cluster, host, secrets_for(cluster), "cluster.cfg")
        ]
        assert len(paths) == len(set(paths))


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_a_secret_is_closed_to_others(name: str) -> None:
    cluster = example(name)
    for host in cluster.hosts:
        for path, file in files_of(cluster, host).items():
            has_secret = re.search(r"the-drbd-secret|the-heartbeat-key|password-", file.text)
            assert bool(has_secret) == (not file.mode & 0o007), path


@pytest.mark.parametrize("name", FILES)
def test_without_a_firewall_of_ours_nothing_starts_one_that_may_flush_anothers(name: str) -> None:
    described = example(name)
    cluster = replace(described, network=replace(described.network, firewall="none"))
    for host in cluster.hosts:
        texts = [file.text for file in files_of(cluster, host).values()]
        assert not [text for text in texts if "nftables" in text]


def test_replicated_vms_are_heartbeats_and_local_ones_start_with_the_machine() -> None:
    files = files_of(example("cluster"), "master")
    assert {"/etc/xen/frontend.cfg", "/etc/xen/zeoserver.cfg"} <= set(files)
    automatic = [path for path in files if path.startswith("/etc/xen/auto/")]
    assert automatic == ["/etc/xen/auto/zeoclient-master.cfg"]


def test_both_machines_of_a_pair_have_the_same_volumes_and_resources() -> None:
    cluster = example("cluster")
    master, slave = files_of(cluster, "master"), files_of(cluster, "slave")
    for path in ("/etc/drbd.d/zeoserver.res", "/etc/ha.d/haresources", "/etc/ha.d/authkeys"):
        assert master[path] == slave[path]


def test_a_capacity_machine_has_neither_volumes_nor_heartbeat() -> None:
    paths = files_of(example("capacity"), "node3")
    assert not [path for path in paths if path.startswith(("/etc/drbd", "/etc/ha.d"))]
    assert "/etc/xen/auto/zeoclient-node3.cfg" in paths


def test_volumes_are_primary_before_what_runs_on_them_starts_and_that_before_it_is_watched() -> (
    None
):
    for name in FILES:
        cluster = example(name)
        group = files_of(cluster, cluster.pair[0])["/etc/ha.d/haresources"].text.split("\n")[-2]
        resources = group.split()[1:]
        volumes = [resource for resource in resources if resource.startswith("tandem-volume")]
        assert resources[: len(volumes)] == volumes != []
        # Xen's VMs are not watched yet.
        watched = resources[-1] == "tandem-unit::tandem-watch.service"
        assert watched != (cluster.hypervisor == "xen")


def test_without_vms_heartbeat_starts_the_filesystem_zeo_apache_and_the_addresses_itself() -> None:
    group = files_of(example("traditional"), "slave")["/etc/ha.d/haresources"].text.splitlines()[-1]
    assert group.split() == [
        "master",
        "tandem-volume::zeoserver",
        "tandem-unit::srv-tandem-data.mount",
        "IPaddr2::192.0.2.22/24",
        "tandem-unit::tandem-zeoserver.service",
        "IPaddr2::192.0.2.21/24",
        "IPaddr2::192.0.2.10/24",
        "tandem-unit::tandem-frontend.service",
        "tandem-unit::tandem-watch.service",
    ]


def test_what_heartbeat_starts_does_not_start_at_boot() -> None:
    files = files_of(example("traditional"), "master")
    for unit in ("tandem-zeoserver", "tandem-frontend"):
        assert "WantedBy" not in files[f"/etc/systemd/system/{unit}.service"].text
    on_vm = files_of(example("cluster"), "zeoserver")
    assert "WantedBy" in on_vm["/etc/systemd/system/tandem-zeoserver.service"].text


def test_a_vm_that_may_run_on_both_machines_is_the_same_vm_on_both() -> None:
    cluster = example("cluster")
    for vm in ("frontend", "zeoserver"):
        path = f"/etc/xen/{vm}.cfg"
        assert files_of(cluster, "master")[path] == files_of(cluster, "slave")[path]


def test_no_after_split_brain_policy_throws_data_away() -> None:
    for name in FILES:
        cluster = example(name)
        common = files_of(cluster, cluster.pair[0])["/etc/drbd.d/global_common.conf"].text
        policies = re.findall(r"after-sb-\dpri (\S+);", common)
        assert policies == ["disconnect"] * 3


def test_a_fenced_pair_freezes_writing_until_the_peer_is_fenced() -> None:
    common = files_of(example("cluster"), "master")["/etc/drbd.d/global_common.conf"].text
    assert "fencing resource-and-stonith;" in common


def test_an_accepted_split_brain_is_named_where_it_can_happen() -> None:
    files = files_of(example("containers"), "left")
    assert "stonith_host" not in files["/etc/ha.d/ha.cf"].text
    assert "accept = split-brain" in files["/usr/local/lib/tandem/fence-peer"].text


def test_a_machine_fences_the_other_one_and_never_itself() -> None:
    files = files_of(example("cluster"), "master")
    assert "stonith_host master external/tandem slave" in files["/etc/ha.d/ha.cf"].text
    assert "/etc/tandem/fence-slave" in files
    assert "/etc/tandem/fence-master" not in files


def test_apache_listens_at_the_floating_ip_too() -> None:
    files = files_of(example("cluster"), "frontend")
    listens = re.findall(r"^Listen (\S+)", files["/etc/tandem/frontend/httpd.conf"].text, re.M)
    assert listens == ["10.0.0.21:80", "198.51.100.10:80"]
