"""``tandem-vm``, Heartbeat's agent for a Xen VM, with a stand-in for ``xl``."""

import pytest

from tests.agents.conftest import Boot
from tests.agents.machine import Machine, Ran

pytestmark = pytest.mark.root

AGENT = "/etc/ha.d/resource.d/tandem-vm"


@pytest.fixture(scope="module")
def booted(boot_for_all: Boot) -> Machine:
    """The machine ``master``."""
    made = boot_for_all("cluster", "master")
    made.stand_in("xl", "/usr/sbin/xl")
    return made


@pytest.fixture
def dom0(booted: Machine) -> Machine:
    """The machine ``master``, on which nothing runs yet, with an impatient agent."""
    booted.forget("/tmp/xen", "/run/tandem-*")
    booted.write("/tmp/xen/domains", "")
    booted.hurry(AGENT, {"tries": "2", "answer": "1", "work": "1", "patience": "1", "dying": "1"})
    return booted


def agent(dom0: Machine, action: str) -> Ran:
    return dom0.run(AGENT, "frontend", action)


def domains(dom0: Machine) -> list[str]:
    return dom0.read("/tmp/xen/domains").split()


def asked(dom0: Machine, command: str) -> int:
    """How often xl was called with a command."""
    return [call.split()[0] for call in dom0.read("/tmp/xen/calls").splitlines()].count(command)


def test_a_start_starts_the_vm(dom0: Machine) -> None:
    assert agent(dom0, "start").returncode == 0
    assert domains(dom0) == ["frontend"]


def test_a_start_of_what_runs_succeeds_and_starts_nothing(dom0: Machine) -> None:
    dom0.write("/tmp/xen/domains", "frontend\n")
    assert agent(dom0, "start").returncode == 0
    assert asked(dom0, "create") == 0


def test_a_vm_with_a_longer_name_is_another(dom0: Machine) -> None:
    dom0.write("/tmp/xen/domains", "frontend-old\nold-frontend\n")
    assert agent(dom0, "status").stdout == "stopped\n"


def test_a_start_that_fails_for_a_passing_reason_is_tried_again(dom0: Machine) -> None:
    dom0.write("/tmp/xen/create", "1\n")
    assert agent(dom0, "start").returncode == 0
    assert domains(dom0) == ["frontend"]


def test_a_start_that_keeps_failing_is_given_up_and_told(dom0: Machine) -> None:
    dom0.write("/tmp/xen/create", "99\n")
    ran = agent(dom0, "start")
    assert (ran.returncode, ran.stderr) == (1, "the VM frontend does not start: tried 2 times\n")
    assert asked(dom0, "create") == 2


def test_nothing_is_started_while_xen_does_not_say_what_runs(dom0: Machine) -> None:
    dom0.write("/tmp/xen/fails", "")
    assert agent(dom0, "start").returncode == 1
    assert asked(dom0, "create") == 0


def test_what_is_left_of_a_creation_that_hung_is_not_taken_for_a_vm_that_runs(
    dom0: Machine,
) -> None:
    dom0.write("/tmp/xen/hangs", "create\n")
    assert agent(dom0, "start").returncode == 1
    assert domains(dom0) == []


def test_a_failed_creation_destroys_nothing(dom0: Machine) -> None:
    dom0.write("/tmp/xen/create", "99\n")
    agent(dom0, "start")
    assert asked(dom0, "destroy") == 0


def test_a_stop_shuts_the_vm_down(dom0: Machine) -> None:
    dom0.write("/tmp/xen/domains", "frontend\nzeoclient-master\n")
    assert agent(dom0, "stop").returncode == 0
    assert domains(dom0) == ["zeoclient-master"]
    assert asked(dom0, "destroy") == 0


def test_a_stop_of_what_is_stopped_succeeds(dom0: Machine) -> None:
    assert agent(dom0, "stop").returncode == 0
    assert asked(dom0, "shutdown") == 0


def test_start_and_stop_succeed_twice_over(dom0: Machine) -> None:
    actions = ("start", "start", "stop", "stop", "start", "stop")
    assert [agent(dom0, action).returncode for action in actions] == [0] * len(actions)


def test_a_vm_that_is_just_booting_is_asked_to_shut_down_until_it_listens(dom0: Machine) -> None:
    dom0.write("/tmp/xen/domains", "frontend\n")
    dom0.write("/tmp/xen/deaf", "1\n")
    dom0.hurry(AGENT, {"patience": "9"})
    assert agent(dom0, "stop").returncode == 0
    assert (asked(dom0, "shutdown"), asked(dom0, "destroy")) == (2, 0)


def test_a_vm_that_does_not_shut_down_is_destroyed_and_that_is_told(dom0: Machine) -> None:
    dom0.write("/tmp/xen/domains", "frontend\n")
    dom0.write("/tmp/xen/stubborn", "")
    ran = agent(dom0, "stop")
    assert (ran.returncode, domains(dom0)) == (0, [])
    assert ran.stderr == "the VM frontend did not shut down in 1 s: destroying it\n"


def test_a_shutdown_that_hangs_ends_in_destroying(dom0: Machine) -> None:
    dom0.write("/tmp/xen/domains", "frontend\n")
    dom0.write("/tmp/xen/stubborn", "")
    dom0.write("/tmp/xen/hangs", "shutdown\n")
    assert agent(dom0, "stop").returncode == 0
    assert domains(dom0) == []


def test_a_vm_that_cannot_even_be_destroyed_is_a_failure_that_is_told(dom0: Machine) -> None:
    dom0.write("/tmp/xen/domains", "frontend\n")
    dom0.write("/tmp/xen/stubborn", "")
    dom0.write("/tmp/xen/undead", "")
    dom0.hurry(AGENT, {"patience": "0"})
    ran = agent(dom0, "stop")
    assert ran.returncode == 1
    assert ran.stderr.endswith("the VM frontend cannot be stopped\n")


@pytest.mark.parametrize(("last", "other"), [("shutdown", "dying"), ("destroy", "patience")])
def test_a_vm_is_not_gone_because_xen_falls_silent(dom0: Machine, last: str, other: str) -> None:
    dom0.hurry(AGENT, {other: "0"})
    dom0.write("/tmp/xen/domains", "frontend\n")
    dom0.write("/tmp/xen/stubborn", "")
    dom0.write("/tmp/xen/silences", f"{last}\n")
    ran = agent(dom0, "stop")
    assert ran.returncode == 1
    assert ran.stderr.endswith("the VM frontend cannot be stopped\n")


@pytest.mark.parametrize("fault", ["fails", "headless", "hangs"])
def test_a_stop_does_not_succeed_while_xen_does_not_say_what_runs(
    dom0: Machine, fault: str
) -> None:
    dom0.write(f"/tmp/xen/{fault}", "all\n")
    ran = agent(dom0, "stop")
    assert ran.returncode == 1
    assert "the VM frontend is not known to be stopped: Xen does not answer\n" in ran.stderr


def test_a_status_tells_running_from_stopped(dom0: Machine) -> None:
    before = agent(dom0, "status")
    agent(dom0, "start")
    after = agent(dom0, "status")
    assert (before.stdout, after.stdout) == ("stopped\n", "running\n")


@pytest.mark.parametrize("fault", ["fails", "headless", "hangs"])
def test_a_vm_of_which_xen_never_said_anything_is_neither_running_nor_stopped(
    dom0: Machine, fault: str
) -> None:
    dom0.write(f"/tmp/xen/{fault}", "all\n")
    assert agent(dom0, "status").stdout == "unknown: Xen does not answer\n"


def test_what_ran_when_xen_last_said_so_is_still_called_running(dom0: Machine) -> None:
    agent(dom0, "start")
    dom0.write("/tmp/xen/fails", "")
    assert agent(dom0, "status").stdout == "running when last seen; Xen does not answer\n"


def test_what_somebody_else_started_was_running_when_xen_last_said_so(dom0: Machine) -> None:
    dom0.write("/tmp/xen/domains", "frontend\n")
    agent(dom0, "status")
    dom0.write("/tmp/xen/fails", "")
    assert agent(dom0, "status").stdout.startswith("running when last seen")


def test_what_was_stopped_when_xen_last_said_so_is_no_longer_called_running(
    dom0: Machine,
) -> None:
    agent(dom0, "start")
    agent(dom0, "stop")
    dom0.write("/tmp/xen/fails", "")
    assert agent(dom0, "status").stdout == "unknown: Xen does not answer\n"


def test_a_creation_during_which_xen_fell_silent_may_have_made_a_vm(dom0: Machine) -> None:
    dom0.write("/tmp/xen/hangs", "create\n")
    dom0.write("/tmp/xen/undead", "")
    agent(dom0, "start")
    dom0.write("/tmp/xen/fails", "")
    assert agent(dom0, "status").stdout.startswith("running when last seen")
