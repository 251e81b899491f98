"""What the lab adds to a host: who it is, and a way in, and nothing over what Tandem renders."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tandem.lab.guest import Keys, bare_files, lab_files
from tandem.lab.layout import Port, layout_of
from tandem.lab.ssh import key_in, keys_for
from tandem.lab.uml import UserModeLinux
from tandem.rendering import File
from tests.examples import FILES, example
from tests.parsers.trees import all_hosts, files_of

KEYS = Keys("ssh-ed25519 lab", "the host's private key", "ssh-ed25519 host")
CONSOLE_GETTY = Path("/usr/lib/systemd/system/console-getty.service")
all_hosts_ = pytest.mark.parametrize(("name", "host"), tuple(all_hosts()))
MACHINES = tuple((name, machine) for name in FILES for machine in example(name).machines)
all_machines = pytest.mark.parametrize(("name", "machine"), MACHINES)


def added(name: str, host: str) -> tuple[File, ...]:
    """The lab's files on a host of an example."""
    ports = layout_of(example(name)).ports_of(host)
    return lab_files(UserModeLinux(), KEYS, "ops", ports)


def text(files: tuple[File, ...], path: str) -> str:
    return next(file.text for file in files if str(file.path) == path)


@all_hosts_
def test_no_file_of_the_lab_takes_the_place_of_one_that_tandem_renders(
    name: str, host: str
) -> None:
    rendered = {file.path for file in files_of(name, host)}
    assert rendered
    assert not rendered & {file.path for file in added(name, host)}


@all_machines
def test_no_file_of_the_lab_takes_the_place_of_one_of_a_bare_machine(
    name: str, machine: str
) -> None:
    cluster = example(name)
    bare = {file.path for file in bare_files(cluster, cluster.named_nodes[machine], "")}
    assert not bare & {file.path for file in added(name, machine)}


@all_hosts_
def test_all_of_the_labs_files_have_one_place_each(name: str, host: str) -> None:
    paths = [file.path for file in added(name, host)]
    assert len(set(paths)) == len(paths)
    assert not any(path.is_absolute() for path in paths)


@all_machines
def test_each_interface_gets_its_described_name_by_its_mac(name: str, machine: str) -> None:
    cluster = example(name)
    node = cluster.named_nodes[machine]
    named = {}
    for file in added(name, machine):
        if file.path.suffix == ".link":
            mac, interface = re.findall(r"^(?:MACAddress|Name)=(\S+)$", file.text, re.MULTILINE)
            named[interface] = mac
    assert named == {port.interface: port.mac for port in layout_of(cluster).ports_of(machine)}
    assert node.service_interface in named


def test_a_vm_has_no_interface_of_the_labs() -> None:
    paths = [file.path for file in added("cluster", "zeoserver")]
    assert not any(path.suffix == ".link" for path in paths)


def test_the_lab_is_let_in_by_its_key_and_knows_the_host_by_the_hosts() -> None:
    files = added("cluster", "zeoserver")
    assert text(files, "root/.ssh/authorized_keys") == KEYS.authorized
    assert text(files, "etc/ssh/ssh_host_ed25519_key") == KEYS.host_private
    assert text(files, "etc/ssh/ssh_host_ed25519_key.pub") == KEYS.host_public


def test_private_keys_and_who_is_let_in_are_for_root_alone() -> None:
    modes = {str(file.path): file.mode for file in added("cluster", "master")}
    assert modes["etc/ssh/ssh_host_ed25519_key"] == 0o600
    assert modes["root/.ssh/authorized_keys"] == 0o600


def test_every_host_has_a_key_of_its_own_and_none_is_left_lying_about(tmp_path: Path) -> None:
    lab = key_in(tmp_path / "images")
    (tmp_path / "made").mkdir()
    master, slave = (keys_for(host, lab, tmp_path / "made") for host in ("master", "slave"))
    assert master.authorized == slave.authorized
    assert master.host_private != slave.host_private
    assert list((tmp_path / "made").iterdir()) == []


def test_the_labs_key_is_made_once(tmp_path: Path) -> None:
    first = key_in(tmp_path).read_text()
    assert key_in(tmp_path).read_text() == first


@pytest.mark.parametrize("name", FILES)
def test_a_bare_machine_has_its_name_and_its_service_address_alone(name: str) -> None:
    cluster = example(name)
    for node in cluster.nodes:
        files = bare_files(cluster, node, "http://10.0.0.1:8000/")
        assert text(files, "etc/hostname") == f"{node.name}\n"
        network = text(files, "etc/network/interfaces")
        addresses = re.findall(r"^    address (.*)$", network, re.MULTILINE)
        assert addresses == [f"{node.address}/{cluster.network.service.prefixlen}"]
        assert f"\nallow-hotplug {node.service_interface}\n" in network
        assert f"\n    gateway {cluster.network.gateway}\n" in network


@pytest.mark.skipif(
    not (shutil.which("systemd-analyze") and CONSOLE_GETTY.exists()),
    reason="systemd is not installed",
)
def test_systemd_finds_no_fault_in_the_consoles_settings(tmp_path: Path) -> None:
    for file in added("cluster", "master"):
        if file.path.suffix == ".conf":
            place = tmp_path / file.path
            place.parent.mkdir(parents=True)
            place.write_text(file.text)
    unit = tmp_path / "etc/systemd/system/console-getty.service"
    unit.write_text(CONSOLE_GETTY.read_text())
    ran = subprocess.run(
        ("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit),
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in ran.stderr.splitlines() if "lab.conf" in line] == []


def test_a_port_is_known_by_its_mac_and_not_by_the_order_of_the_kernel() -> None:
    port = Port("master", "service", "service0", "52:54:00:00:00:00", "eno1", "10.0.0.11")
    files = lab_files(UserModeLinux(), KEYS, "ops", (port,))
    link = text(files, "etc/systemd/network/00-lab-service.link")
    assert link == "[Match]\nMACAddress=52:54:00:00:00:00\n\n[Link]\nName=eno1\n"
