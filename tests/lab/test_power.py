"""The power switch: OpenIPMI's BMCs, asked by the real ipmitool, about programs of the keeper."""

import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tandem.lab.namespace import Namespace, leashed
from tandem.lab.power import bmc_of, make_bmcs
from tests.agents.conftest import files_of
from tests.examples import FILES, example, secrets_for
from tests.lab.leash import IN_NAMESPACES, await_words, processes, switch_on, until

CLUSTER = example("cluster")
MASTER, SLAVE = CLUSTER.nodes
PASSWORDS = {"master": "sixteen-letters-", "slave": "16-other-letters"}
LINK = """\
link set lo up
link add management type bridge
link set management up
address add {0.fence_address}/24 dev management
address add {1.fence_address}/24 dev management
"""
FENCE = "usr/local/lib/tandem/fence"

Ran = subprocess.CompletedProcess[str]


def switches(folder: Path) -> Iterator[Namespace]:
    """A namespace with two machines that are on, and their BMCs."""
    with leashed(folder) as namespace:
        namespace.run(("ip", "-batch", "-"), LINK.format(MASTER, SLAVE))
        for machine in CLUSTER.machines:
            switch_on(namespace, machine, "sleep", "1000")
        for bmc, command in make_bmcs(CLUSTER, PASSWORDS, namespace.folder):
            switch_on(namespace, bmc, *command)
            # What it says first, and the port 623 in hexadecimal.
            await_words(namespace, bmc, "IPMI Simulator")
        listening = Path(f"/proc/{namespace.keeper}/net/udp")
        until(lambda: listening.read_text().count(":026F ") == 2, "both BMCs listen")
        yield namespace


@pytest.fixture
def namespace(tmp_path: Path) -> Iterator[Namespace]:
    yield from switches(tmp_path / "lab")


def ipmi(namespace: Namespace, asked: str, password: str = PASSWORDS["slave"]) -> Ran:
    """Ask the slave's BMC about its power."""
    bmc = ("-H", str(SLAVE.fence_address), "-U", SLAVE.fence_user, "-P", password)
    options = ("-I", "lanplus", "-C", "3", "-N", "1", "-R", "3", *bmc)
    return subprocess.run(
        namespace.entering(("ipmitool", *options, "chassis", "power", asked)),
        capture_output=True,
        text=True,
        check=False,
    )


def powers(namespace: Namespace) -> tuple[str, str]:
    """The power of the master, and of the slave."""
    states = namespace.ask("states")
    return states["master"], states["slave"]


class TestSwitch:
    pytestmark = IN_NAMESPACES

    def test_what_is_on_is_said_to_be_on(self, namespace: Namespace) -> None:
        assert ipmi(namespace, "status").stdout == "Chassis Power is on\n"

    def test_off_switches_that_machine_off(self, namespace: Namespace) -> None:
        assert ipmi(namespace, "off").returncode == 0
        assert powers(namespace) == ("on", "off")
        assert ipmi(namespace, "status").stdout == "Chassis Power is off\n"

    def test_what_is_off_can_be_switched_off(self, namespace: Namespace) -> None:
        namespace.ask("off", "slave")
        assert ipmi(namespace, "off").returncode == 0
        assert powers(namespace) == ("on", "off")

    def test_on_switches_it_on_again(self, namespace: Namespace) -> None:
        namespace.ask("off", "slave")
        assert ipmi(namespace, "on").returncode == 0
        assert powers(namespace) == ("on", "on")

    def test_a_machine_that_stands_still_is_on(self, namespace: Namespace) -> None:
        namespace.ask("freeze", "slave")
        assert ipmi(namespace, "status").stdout == "Chassis Power is on\n"
        assert ipmi(namespace, "off").returncode == 0
        assert powers(namespace) == ("on", "off")

    def test_a_machine_that_has_ended_is_said_to_be_off(self, namespace: Namespace) -> None:
        namespace.ask("off", "slave")
        assert ipmi(namespace, "status").stdout == "Chassis Power is off\n"

    def test_a_reset_starts_a_machine_anew(self, namespace: Namespace) -> None:
        namespace.ask("freeze", "slave")
        assert ipmi(namespace, "reset").returncode == 0
        assert powers(namespace) == ("on", "on")

    def test_a_reset_does_not_switch_on_what_is_off(self, namespace: Namespace) -> None:
        namespace.ask("off", "slave")
        ipmi(namespace, "reset")
        assert powers(namespace) == ("on", "off")

    @pytest.mark.parametrize("asked", ["status", "off"])
    def test_a_wrong_password_does_nothing(self, namespace: Namespace, asked: str) -> None:
        assert ipmi(namespace, asked, PASSWORDS["master"]).returncode == 1
        assert powers(namespace) == ("on", "on")

    def test_the_folder_may_have_any_name(self, tmp_path: Path) -> None:
        for namespace in switches(tmp_path / "Bob's lab"):
            assert ipmi(namespace, "off").returncode == 0
            assert powers(namespace) == ("on", "off")


def fence(namespace: Namespace, seconds: float = 4) -> Ran:
    """Run the program that the master has for it, with shorter waits and its password here.

    ``seconds`` is how long it waits for an answer.
    """
    rendered = next(file for file in files_of("cluster", "master") if str(file.path) == FENCE)
    here = namespace.folder
    text = rendered.text
    for old, new in (
        ("/etc/tandem/", f"{here}/"),
        ("timeout -k 1 5 ipmitool", f"timeout -k 1 {seconds} ipmitool"),
        ("sleep 5", "sleep 0.1"),
        ("tries=10", "tries=1"),
    ):
        assert old in text
        text = text.replace(old, new)
    (here / "fence").write_text(text)
    (here / "fence-slave").write_text(PASSWORDS["slave"])
    # What it notes, and the way to this computer's log.
    namespace.run(("mount", "-t", "tmpfs", "tmpfs", "/run"))
    return subprocess.run(
        namespace.entering(("sh", here / "fence", "slave")),
        capture_output=True,
        text=True,
        check=False,
    )


class TestFence:
    pytestmark = IN_NAMESPACES

    def test_the_master_switches_the_slave_off(self, namespace: Namespace) -> None:
        ran = fence(namespace)
        assert (ran.returncode, ran.stderr) == (0, "slave is switched off, its BMC confirms\n")
        assert powers(namespace) == ("on", "off")
        assert [command for command in processes(namespace) if command == "sleep 1000"]

    def test_the_master_switches_off_a_slave_that_stands_still(self, namespace: Namespace) -> None:
        namespace.ask("freeze", "slave")
        assert fence(namespace).returncode == 0
        assert powers(namespace) == ("on", "off")

    def test_a_slave_that_is_off_is_off_already(self, namespace: Namespace) -> None:
        namespace.ask("off", "slave")
        assert fence(namespace).stderr == "slave is off already\n"

    def test_without_its_bmc_a_slave_is_not_known_to_be_off(self, namespace: Namespace) -> None:
        namespace.ask("off", bmc_of(SLAVE))
        assert fence(namespace, 0.3).returncode == 1
        assert powers(namespace) == ("on", "on")

    def test_a_bmc_that_cannot_switch_is_believed_nothing(self, namespace: Namespace) -> None:
        switch = namespace.folder / bmc_of(SLAVE) / "switch"
        switch.write_text(switch.read_text().replace("exec ", "exec false "))
        assert fence(namespace).returncode == 1
        assert powers(namespace) == ("on", "on")


@pytest.mark.parametrize("name", FILES)
def test_there_is_a_bmc_for_each_machine_that_is_fenced_by_one(name: str, tmp_path: Path) -> None:
    cluster = example(name)
    made = [bmc for bmc, _ in make_bmcs(cluster, secrets_for(cluster).fence, tmp_path)]
    assert made == [f"{machine}.bmc" for machine in cluster.pair if cluster.fencing == "ipmi"]


def test_the_passwords_can_be_read_by_their_owner_alone(tmp_path: Path) -> None:
    list(make_bmcs(CLUSTER, PASSWORDS, tmp_path))
    holding = [
        file
        for file in tmp_path.rglob("*")
        if file.is_file() and any(password in file.read_text() for password in PASSWORDS.values())
    ]
    assert len(holding) == 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in holding} == {0o600}


def test_no_password_is_on_a_command_line(tmp_path: Path) -> None:
    commands = [str(word) for _, words in make_bmcs(CLUSTER, PASSWORDS, tmp_path) for word in words]
    assert not any(password in word for word in commands for password in PASSWORDS.values())
