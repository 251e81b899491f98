"""``fence`` by IPMI, with the real ``ipmitool`` and OpenIPMI's BMC, and the STONITH plugin."""

import re
from collections.abc import Iterator

import pytest

from tests.agents.conftest import Boot
from tests.agents.machine import Machine, Ran, until

pytestmark = pytest.mark.root

FENCE = "/usr/local/lib/tandem/fence"
PASSWORD_FILE = "/etc/tandem/fence-slave"
PASSWORD = "sixteen-letters-"
SEEN = "/run/tandem-fenced-slave"
THROUGH_A_PIPE = f"said=$({FENCE} slave 2>&1); echo $said"

BMC = f"""
name "slave"
startlan 1
  addr 10.0.2.112 623
  priv_limit admin
  allowed_auths_admin none md2 md5
  guid a123456789abcdefa123456789abcdef
endlan
user 1 true "" "" user 10 none md2 md5
user 2 true "tandem" "{PASSWORD}" admin 10 md5
chassis_control "/tmp/bmc/chassis"
"""
CONTROLLER = """
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
mc_enable 0x20
"""
SILENT_BMC = """
import socket, time
bmc = socket.socket(type=socket.SOCK_DGRAM)
bmc.bind(("10.0.2.112", 623))
time.sleep(1000)
"""
CHASSIS = """#!/bin/sh
# chassis get|set WHAT [VALUE]
cd /tmp/bmc
case "$1 $2" in
'get power') echo "power:$(cat power)" ;;
'set power')
    echo "bmc set power $3" >>/tmp/order
    [ -e stuck ] || echo "$3" >power
    ;;
esac
"""


@pytest.fixture
def unreachable(boot: Boot) -> Machine:
    """The machine ``master``, which runs the service, without the BMC of the slave."""
    made = boot("cluster", "master")
    made.load_drbd()
    made.write("/tmp/drbd/role", "Primary/Unknown\n")
    made.hurry(FENCE, {"tries": "2"})
    made.write(PASSWORD_FILE, f"{PASSWORD}\n", 0o600)
    made.add_address("10.0.2.112")
    return made


@pytest.fixture
def master(unreachable: Machine) -> Iterator[Machine]:
    """The machine ``master``, which runs the service, with the BMC of the slave, which is on."""
    made = unreachable
    made.write("/tmp/bmc/lan", BMC)
    made.write("/tmp/bmc/controller", CONTROLLER)
    made.write("/tmp/bmc/chassis", CHASSIS, 0o755)
    made.write("/tmp/bmc/power", "1\n")
    bmc = ("ipmi_sim", "-n", "-c", "/tmp/bmc/lan", "-f", "/tmp/bmc/controller", "-s", "/tmp/bmc")
    with made.running(*bmc) as running:
        # The port 623.
        until(lambda: ":026F " in made.read("/run/proc/1/net/udp"), "the BMC listens")
        yield made
        assert running.poll() is None, "the BMC has died"


def fence(master: Machine, *arguments: str) -> Ran:
    return master.run(FENCE, *arguments)


def is_on(master: Machine) -> bool:
    return master.read("/tmp/bmc/power") == "1\n"


def test_a_peer_that_is_on_is_switched_off_and_that_is_confirmed(master: Machine) -> None:
    ran = fence(master, "slave")
    assert (ran.returncode, ran.stderr) == (0, "slave is switched off, its BMC confirms\n")
    assert not is_on(master)


def test_a_peer_that_is_off_is_left_alone(master: Machine) -> None:
    master.write("/tmp/bmc/power", "0\n")
    ran = fence(master, "slave")
    assert (ran.returncode, ran.stderr) == (0, "slave is off already\n")
    assert master.read("/tmp/order") == ""


def test_a_peer_that_was_just_seen_off_is_not_asked_for_again(master: Machine) -> None:
    fence(master, "slave")
    master.write("/tmp/bmc/power", "1\n")
    ran = fence(master, "slave")
    assert ran.returncode == 0
    assert re.fullmatch(r"slave was seen off \d s ago\n", ran.stderr)
    assert master.read("/tmp/order") == "bmc set power 0\n"


def test_a_peer_that_was_seen_off_before_it_could_have_started_is_asked_for_again(
    master: Machine,
) -> None:
    fence(master, "slave")
    master.write("/tmp/bmc/power", "1\n")
    master.write(SEEN, f"{int(master.read(SEEN)) - 10}\n")
    assert fence(master, "slave").stderr == "slave is switched off, its BMC confirms\n"
    assert not is_on(master)


def test_a_peer_that_was_switched_on_by_the_same_way_is_not_off(master: Machine) -> None:
    fence(master, "slave")
    fence(master, "--on", "slave")
    assert fence(master, "slave").stderr == "slave is switched off, its BMC confirms\n"
    assert not is_on(master)


def test_a_peer_that_is_off_is_switched_on_when_asked_and_that_is_confirmed(
    master: Machine,
) -> None:
    master.write("/tmp/bmc/power", "0\n")
    ran = fence(master, "--on", "slave")
    assert (ran.returncode, ran.stderr) == (0, "slave is switched on, its BMC confirms\n")
    assert is_on(master)


def test_a_peer_that_is_on_is_not_switched_on(master: Machine) -> None:
    ran = fence(master, "--on", "slave")
    assert (ran.returncode, ran.stderr) == (0, "slave is on already\n")
    assert master.read("/tmp/order") == ""


def test_without_its_bmc_a_peer_is_not_known_to_be_on(unreachable: Machine) -> None:
    unreachable.replace(FENCE, "timeout -k 0.1 5 ipmitool", "timeout -k 0.1 0.3 ipmitool")
    ran = fence(unreachable, "--on", "slave")
    assert ran.returncode == 1
    assert ran.stderr.startswith("slave is not known to be on: its BMC at 10.0.2.112 says: ")


def test_a_bmc_that_does_not_switch_off_is_a_failure(master: Machine) -> None:
    master.write("/tmp/bmc/stuck", "")
    ran = fence(master, "slave")
    assert ran.returncode == 1
    assert ran.stderr == (
        "slave is not known to be off: its BMC at 10.0.2.112 says: Chassis Power is on\n"
    )
    assert len(master.read("/tmp/order").splitlines()) == 2


def test_a_bmc_that_does_not_answer_is_a_failure(unreachable: Machine) -> None:
    unreachable.replace(FENCE, "timeout -k 0.1 5 ipmitool", "timeout -k 0.1 0.3 ipmitool")
    unreachable.hurry(FENCE, {"tries": "1"})
    with unreachable.running("python3", "-c", SILENT_BMC):
        ran = fence(unreachable, "slave")
    assert ran.returncode == 1
    assert ran.stderr.endswith("its BMC at 10.0.2.112 says: nothing within 5 s\n")


def test_a_bmc_that_is_not_there_is_a_failure(unreachable: Machine) -> None:
    unreachable.replace(FENCE, "timeout -k 0.1 5 ipmitool", "timeout -k 0.1 0.3 ipmitool")
    unreachable.hurry(FENCE, {"tries": "1"})
    assert fence(unreachable, "slave").returncode == 1


def test_a_wrong_password_is_a_failure(master: Machine) -> None:
    master.write(PASSWORD_FILE, "another\n")
    assert fence(master, "slave").returncode == 1
    assert is_on(master)


def test_a_missing_password_is_a_failure(master: Machine) -> None:
    master.path(PASSWORD_FILE).unlink()
    assert fence(master, "slave").returncode == 1
    assert is_on(master)


@pytest.mark.parametrize(
    "arguments", [(), ("",), ("master",), ("--ask",), ("--ask", "master"), ("slave", "slave")]
)
def test_nothing_but_the_peer_is_fenced(master: Machine, arguments: tuple[str, ...]) -> None:
    ran = fence(master, *arguments)
    assert ran.returncode == 2
    assert ran.stderr.startswith("this machine fences slave and nothing else")
    assert is_on(master)


@pytest.mark.parametrize("power", ["0", "1"])
def test_asking_switches_nothing(master: Machine, power: str) -> None:
    master.write("/tmp/bmc/power", f"{power}\n")
    assert fence(master, "--ask", "slave").returncode == 0
    assert master.read("/tmp/order") == ""


def test_asking_tells_that_the_password_is_wrong(master: Machine) -> None:
    master.write(PASSWORD_FILE, "another\n")
    ran = fence(master, "--ask", "slave")
    assert ran.returncode == 1
    assert ran.stderr.startswith("the BMC of slave at 10.0.2.112 cannot be asked: Error: ")


def test_the_password_is_on_no_command_line(master: Machine) -> None:
    real = master.path("/usr/bin/ipmitool")
    master.write("/tmp/ipmitool", "", 0o755)
    master.path("/tmp/ipmitool").write_bytes(real.read_bytes())
    master.write(
        "/usr/bin/ipmitool",
        '#!/bin/sh\ncat /run/proc/[0-9]*/cmdline >>/tmp/lines\nexec /tmp/ipmitool "$@"\n',
        0o755,
    )
    assert fence(master, "slave").returncode == 0
    assert "ipmitool" in master.read("/tmp/lines")
    assert PASSWORD not in master.read("/tmp/lines")


@pytest.mark.parametrize(
    ("role", "waits"),
    [("Primary/Unknown", False), ("Secondary/Unknown", True), ("", True)],
    ids=["runs the service", "does not", "does not know"],
)
def test_who_does_not_run_the_service_waits_before_it_shoots(
    master: Machine, role: str, waits: bool
) -> None:
    master.write("/tmp/drbd/role", f"{role}\n")
    master.replace(FENCE, "sleep 5", "echo waits >>/tmp/order")
    assert fence(master, "slave").returncode == 0
    assert master.read("/tmp/order").splitlines() == ["waits"] * waits + ["bmc set power 0"]


def test_a_drbdsetup_that_hangs_in_the_kernel_delays_no_shot_for_ever(master: Machine) -> None:
    master.write("/tmp/drbd/hangs", "all\n")
    master.replace(FENCE, "timeout -k 0.1 5 drbdadm", "timeout -k 0.1 0.2 drbdadm")
    master.replace(FENCE, "sleep 5", "sleep 0.1")
    ran = master.run("sh", "-c", THROUGH_A_PIPE, seconds=10)
    assert ran.stdout == "slave is switched off, its BMC confirms\n"


def stonith(master: Machine, *arguments: str) -> Ran:
    """Heartbeat's own program, which loads the plugin as Heartbeat does."""
    return master.run("stonith", "-t", "external/tandem", "-p", "slave", *arguments)


def test_heartbeat_finds_the_plugin_and_the_machine_that_it_fences(master: Machine) -> None:
    assert "external/tandem" in master.run("stonith", "-L").stdout.split()
    assert stonith(master, "-l").stdout.split() == ["slave"]


@pytest.mark.parametrize("how", ["off", "reset"])
def test_heartbeat_switches_the_peer_off_and_it_stays_off(master: Machine, how: str) -> None:
    assert stonith(master, "-T", how, "slave").returncode == 0
    assert not is_on(master)
    assert master.read("/tmp/order").splitlines() == ["bmc set power 0"]


def test_heartbeat_is_told_when_the_peer_could_not_be_switched_off(master: Machine) -> None:
    master.write("/tmp/bmc/stuck", "")
    assert stonith(master, "-T", "reset", "slave").returncode != 0


def test_heartbeat_switches_nothing_on(master: Machine) -> None:
    master.write("/tmp/bmc/power", "0\n")
    assert stonith(master, "-T", "on", "slave").returncode != 0
    assert not is_on(master)


def test_heartbeat_fences_no_other_machine(master: Machine) -> None:
    assert stonith(master, "-T", "off", "node3").returncode != 0
    assert is_on(master)


def test_heartbeat_sees_whether_the_fencing_would_work(master: Machine) -> None:
    before = stonith(master, "-S").returncode
    master.write(PASSWORD_FILE, "another\n")
    assert (before, stonith(master, "-S").returncode == 0) == (0, False)
