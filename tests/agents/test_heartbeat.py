"""What Heartbeat concludes: its own ResourceManager runs the rendered haresources and agents."""

import pytest

from tests.agents.conftest import Boot
from tests.agents.machine import Machine, Ran

pytestmark = pytest.mark.root

MANAGER = "/usr/share/heartbeat/ResourceManager"
KEY = "tandem-volume::frontend"
AGENTS = "/etc/ha.d/resource.d"


@pytest.fixture
def node(boot: Boot) -> Machine:
    """The machine ``master`` of a pair with Xen, in which nothing runs and nothing can reboot."""
    return prepared(boot, "master")


def prepared(boot: Boot, name: str) -> Machine:
    made = boot("cluster", name)
    made.stand_in("xl", "/usr/sbin/xl")
    made.write("/tmp/xen/domains", "")
    made.load_drbd()
    made.stand_in(
        "told",
        "/usr/sbin/reboot",
        "/usr/sbin/init",
        "/usr/bin/pkill",
        "/usr/share/heartbeat/hb_standby",
    )
    made.replace(MANAGER, "sleep 1\n", "sleep 0.1\n")
    made.hurry(
        f"{AGENTS}/tandem-vm",
        {"tries": "1", "answer": "0.8", "work": "0.8", "patience": "1", "dying": "1"},
    )
    made.hurry(
        f"{AGENTS}/tandem-volume",
        {"tries": "1", "answer": "0.8", "primary": "0.8", "secondary": "0.8"},
    )
    return made


def manager(node: Machine, *command: str, program: str = MANAGER) -> Ran:
    """Run ResourceManager as Heartbeat does, but with one more try of a failed stop, not ten."""
    # A group that is given up leaves a process behind that asks for a standby later.
    ran = node.run(
        *("sh", "-c", '"$@" >/tmp/printed 2>&1', "sh", program, *command),
        HA_CURHOST=node.run("hostname").stdout.strip(),
        HA_LOGFILE="/tmp/log",
        HA_STOPRETRYMAX="1",
    )
    return Ran(ran.args, ran.returncode, node.read("/tmp/printed"))


def log(node: Machine) -> str:
    return node.read("/tmp/log")


def domains(node: Machine) -> list[str]:
    return node.read("/tmp/xen/domains").split()


def roles(node: Machine) -> list[str]:
    """The roles of the volumes frontend and zeoserver."""
    both = [node.read(f"/tmp/drbd/role-{minor}") or node.read("/tmp/drbd/role") for minor in (0, 1)]
    return [role.partition("/")[0] for role in both]


def has_rebooted(node: Machine) -> bool:
    return "reboot -nf" in node.read("/tmp/told")


def test_there_is_one_group_and_the_first_volume_is_its_key(node: Machine) -> None:
    assert manager(node, "listkeys", "master").stdout == f"{KEY}\n"
    assert manager(node, "listkeys", "slave").stdout == ""


def test_a_group_that_is_taken_runs(node: Machine) -> None:
    assert manager(node, "takegroup", KEY).returncode == 0
    assert roles(node) == ["Primary", "Primary"]
    # The ZEO server before those who need it.
    assert domains(node) == ["zeoserver", "frontend"]


def test_a_group_that_runs_is_held(node: Machine) -> None:
    assert manager(node, "status", KEY).returncode != 0
    manager(node, "takegroup", KEY)
    assert manager(node, "status", KEY).returncode == 0


def test_a_group_that_runs_already_is_taken_without_a_start(node: Machine) -> None:
    node.write("/tmp/drbd/role", "Primary/Secondary\n")
    node.write("/tmp/xen/domains", "zeoserver\nfrontend\n")
    assert manager(node, "takegroup", KEY).returncode == 0
    assert " start" not in log(node)


def test_the_slave_takes_the_group_of_a_dead_master(boot: Boot) -> None:
    slave = prepared(boot, "slave")
    ran = manager(slave, "master", program="/usr/share/heartbeat/mach_down")
    assert ran.returncode == 0
    assert domains(slave) == ["zeoserver", "frontend"]
    assert "mach_down takeover complete for node master" in log(slave)


def test_a_group_that_is_given_up_stops_and_leaves_its_volumes(node: Machine) -> None:
    manager(node, "takegroup", KEY)
    assert manager(node, "givegroup", KEY).returncode == 0
    assert domains(node) == []
    assert roles(node) == ["Secondary", "Secondary"]
    assert not has_rebooted(node)


def test_a_group_that_never_ran_is_given_up_in_peace(node: Machine) -> None:
    assert manager(node, "givegroup", KEY).returncode == 0
    assert "ERROR" not in log(node)


def test_a_group_is_given_up_in_peace_where_drbd_is_not_even_loaded(node: Machine) -> None:
    node.path("/proc/drbd").unlink()
    assert manager(node, "givegroup", KEY).returncode == 0
    assert "ERROR" not in log(node)


def test_a_vm_that_does_not_start_gives_the_whole_group_up(node: Machine) -> None:
    node.write("/tmp/xen/create", "99\n")
    manager(node, "takegroup", KEY)
    assert "CRIT: Giving up resources due to failure of tandem-vm::zeoserver" in log(node)
    assert roles(node) == ["Secondary", "Secondary"]
    assert not has_rebooted(node)


def test_the_system_log_has_what_heartbeat_throws_away(node: Machine) -> None:
    node.stand_in("told", "/usr/bin/logger")
    node.write("/tmp/xen/create", "99\n")
    assert "does not start" not in manager(node, "takegroup", KEY).stdout
    said = "logger -p daemon.err -t tandem-vm -- the VM zeoserver does not start: tried 1 times"
    assert said in node.read("/tmp/told").splitlines()


def test_a_volume_that_cannot_be_made_primary_starts_no_vm(node: Machine) -> None:
    node.write("/tmp/drbd/primary", "99\n")
    manager(node, "takegroup", KEY)
    assert f"CRIT: Giving up resources due to failure of {KEY}" in log(node)
    assert not node.read("/tmp/xen/calls").count("create")


def test_a_group_is_not_taken_for_running_while_xen_does_not_answer(node: Machine) -> None:
    node.write("/tmp/xen/fails", "")
    manager(node, "takegroup", KEY)
    assert "CRIT: Giving up resources due to failure of tandem-vm::zeoserver" in log(node)
    assert roles(node) == ["Secondary", "Secondary"]
    # Nothing was started of which one could not know whether it runs.
    assert not has_rebooted(node)


def test_a_group_is_not_taken_for_running_while_drbd_does_not_answer(node: Machine) -> None:
    node.write("/tmp/drbd/hangs", "all\n")
    manager(node, "takegroup", KEY)
    assert f"CRIT: Giving up resources due to failure of {KEY}" in log(node)


def test_a_stop_that_fails_once_is_tried_again(node: Machine) -> None:
    manager(node, "takegroup", KEY)
    node.write("/tmp/drbd/secondary", "1\n")
    assert manager(node, "givegroup", KEY).returncode == 0
    assert "Retrying failed stop operation [tandem-volume::zeoserver]" in log(node)
    assert roles(node) == ["Secondary", "Secondary"]
    assert not has_rebooted(node)


def test_a_vm_that_cannot_be_stopped_makes_the_machine_reboot(node: Machine) -> None:
    manager(node, "takegroup", KEY)
    node.hurry(f"{AGENTS}/tandem-vm", {"patience": "0", "dying": "0"})
    manager(node, "givegroup", KEY)
    assert "CRIT: Resource STOP failure. Reboot required!" in log(node)
    assert has_rebooted(node)


def test_a_volume_that_cannot_be_left_makes_the_machine_reboot(node: Machine) -> None:
    manager(node, "takegroup", KEY)
    node.write("/tmp/drbd/secondary", "99\n")
    manager(node, "givegroup", KEY)
    assert has_rebooted(node)


def test_a_vm_that_ran_makes_the_machine_reboot_when_xen_answers_no_more(node: Machine) -> None:
    manager(node, "takegroup", KEY)
    node.write("/tmp/xen/hangs", "all\n")
    manager(node, "givegroup", KEY)
    assert has_rebooted(node)


def test_a_volume_that_was_primary_makes_the_machine_reboot_when_drbd_answers_no_more(
    node: Machine,
) -> None:
    manager(node, "takegroup", KEY)
    node.write("/tmp/drbd/hangs", "all\n")
    manager(node, "givegroup", KEY)
    assert has_rebooted(node)


def test_a_silent_xen_on_which_nothing_ran_reboots_nothing(node: Machine) -> None:
    node.write("/tmp/xen/fails", "")
    manager(node, "givegroup", KEY)
    assert "Machine reboot narrowly avoided!" in log(node)
    assert not has_rebooted(node)
