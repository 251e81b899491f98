"""``tandem-volume``, Heartbeat's agent for a replicated volume.

``drbdadm`` is the real one, of both versions; ``drbdsetup`` needs the kernel's module and is a
stand-in.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.agents.conftest import Boot
from tests.agents.machine import Machine, Ran

pytestmark = pytest.mark.root

AGENT = "/etc/ha.d/resource.d/tandem-volume"
VERSIONS = {"cluster": ("8.4.11", "0"), "capacity": ("9.1.12", "frontend")}
"""An example with each version of DRBD, and what that calls the first volume."""


@pytest.fixture(scope="module", params=VERSIONS)
def booted(boot_for_all: Boot, request: pytest.FixtureRequest) -> Machine:
    """The machine ``master``, with an impatient agent."""
    version, name = VERSIONS[request.param]
    made = boot_for_all(request.param, "master")
    made.load_drbd(version)
    made.write("/tmp/name", name)
    made.hurry(AGENT, {"tries": "2", "answer": "1", "primary": "1", "secondary": "1"})
    return made


@pytest.fixture
def node(booted: Machine) -> Machine:
    """The machine ``master``, secondary for all volumes."""
    booted.forget("/tmp/drbd", "/run/tandem-*")
    booted.write("/tmp/drbd/disk", "UpToDate/UpToDate\n")
    set_role(booted, "Secondary/Secondary")
    return booted


@contextmanager
def without(node: Machine, path: str, text: str | None = None) -> Iterator[None]:
    """A file is missing meanwhile, or says something else."""
    before = node.read(path)
    node.path(path).unlink()
    try:
        if text is not None:
            node.write(path, text)
        yield
    finally:
        node.write(path, before)


def agent(node: Machine, action: str) -> Ran:
    return node.run(AGENT, "frontend", action)


def set_role(node: Machine, role: str) -> None:
    node.write("/tmp/drbd/role", f"{role}\n")


def role(node: Machine) -> str:
    said = node.read(f"/tmp/drbd/role-{node.read('/tmp/name')}") or node.read("/tmp/drbd/role")
    return said.partition("/")[0].strip()


def asked(node: Machine, command: str) -> int:
    """How often drbdsetup was called with a command."""
    return len(re.findall(rf"^{command} ", node.read("/tmp/drbd/calls"), re.MULTILINE))


def test_a_start_makes_the_volume_primary(node: Machine) -> None:
    assert agent(node, "start").returncode == 0
    assert role(node) == "Primary"


def test_a_start_of_what_is_primary_succeeds_and_changes_nothing(node: Machine) -> None:
    set_role(node, "Primary/Secondary")
    assert agent(node, "start").returncode == 0
    assert asked(node, "primary") == 0


def test_a_promotion_that_fails_for_a_passing_reason_is_tried_again(node: Machine) -> None:
    node.write("/tmp/drbd/primary", "1\n")
    assert agent(node, "start").returncode == 0
    assert role(node) == "Primary"


def test_a_promotion_that_keeps_failing_is_given_up_and_told(node: Machine) -> None:
    node.write("/tmp/drbd/primary", "99\n")
    ran = agent(node, "start")
    assert ran.returncode == 1
    assert ran.stderr.endswith("the volume frontend cannot be made primary: tried 2 times\n")
    assert asked(node, "primary") == 2


def test_a_promotion_that_hangs_is_given_up(node: Machine) -> None:
    node.write("/tmp/drbd/hangs", "primary\n")
    assert agent(node, "start").returncode == 1


def test_a_stop_makes_the_volume_secondary(node: Machine) -> None:
    agent(node, "start")
    assert agent(node, "stop").returncode == 0
    assert role(node) == "Secondary"


def test_a_stop_of_what_is_secondary_succeeds_and_changes_nothing(node: Machine) -> None:
    assert agent(node, "stop").returncode == 0
    assert asked(node, "secondary") == 0


def test_start_and_stop_succeed_twice_over(node: Machine) -> None:
    actions = ("start", "start", "stop", "stop", "start", "stop")
    assert [agent(node, action).returncode for action in actions] == [0] * len(actions)


def test_a_volume_that_cannot_be_made_secondary_is_a_failure_that_is_told(node: Machine) -> None:
    agent(node, "start")
    node.write("/tmp/drbd/secondary", "99\n")
    ran = agent(node, "stop")
    assert ran.returncode == 1
    assert ran.stderr.endswith("the volume frontend is Primary and cannot be made secondary\n")


def test_a_demotion_that_hangs_is_a_failure(node: Machine) -> None:
    agent(node, "start")
    node.write("/tmp/drbd/hangs", "secondary\n")
    assert agent(node, "stop").returncode == 1


def test_a_volume_whose_role_drbd_does_not_say_is_stopped_if_drbd_makes_it_secondary(
    node: Machine,
) -> None:
    node.write("/tmp/drbd/hangs", "role\n")
    assert agent(node, "stop").returncode == 0
    assert asked(node, "secondary") == 1


def test_a_stop_does_not_succeed_while_drbd_does_not_answer(node: Machine) -> None:
    node.write("/tmp/drbd/hangs", "all\n")
    ran = agent(node, "stop")
    assert ran.returncode == 1
    assert ran.stderr.endswith("the volume frontend is unknown and cannot be made secondary\n")


@pytest.mark.parametrize("action", ["start", "stop", "status"])
def test_nothing_waits_for_a_drbdsetup_that_hangs_in_the_kernel(node: Machine, action: str) -> None:
    node.write("/tmp/drbd/hangs", "all\n")
    begin = time.monotonic()
    # Through a pipe, as Heartbeat reads a status.
    node.run("sh", "-c", f"said=$({AGENT} frontend {action} 2>/dev/null); echo $said")
    assert time.monotonic() - begin < 5


def test_a_status_tells_running_from_stopped(node: Machine) -> None:
    before = agent(node, "status")
    agent(node, "start")
    after = agent(node, "status")
    assert (before.stdout, after.stdout) == ("stopped\n", "running\n")


def test_a_volume_of_which_drbd_never_said_anything_is_neither_running_nor_stopped(
    node: Machine,
) -> None:
    node.write("/tmp/drbd/hangs", "all\n")
    assert agent(node, "status").stdout == "unknown: DRBD does not answer\n"


def test_what_was_primary_when_drbd_last_said_so_is_still_called_running(node: Machine) -> None:
    agent(node, "start")
    node.write("/tmp/drbd/hangs", "all\n")
    assert agent(node, "status").stdout == "running when last seen; DRBD does not answer\n"


def test_what_somebody_else_made_primary_was_so_when_drbd_last_said_so(node: Machine) -> None:
    set_role(node, "Primary/Secondary")
    agent(node, "status")
    node.write("/tmp/drbd/hangs", "all\n")
    assert agent(node, "status").stdout.startswith("running when last seen")


def test_a_promotion_during_which_drbd_fell_silent_may_have_succeeded(node: Machine) -> None:
    node.write("/tmp/drbd/hangs", "all\n")
    agent(node, "start")
    assert agent(node, "status").stdout.startswith("running when last seen")


def test_a_volume_that_is_down_is_stopped(node: Machine) -> None:
    agent(node, "start")
    node.write("/tmp/drbd/down", "")
    assert agent(node, "status").stdout == "stopped\n"
    assert agent(node, "stop").returncode == 0


def test_without_drbds_module_every_volume_is_stopped(node: Machine) -> None:
    with without(node, "/proc/drbd"):
        assert agent(node, "status").stdout == "stopped\n"
        assert agent(node, "stop").returncode == 0


def test_a_configuration_that_drbdadm_cannot_read_stops_nothing(node: Machine) -> None:
    agent(node, "start")
    with without(node, "/etc/drbd.conf", "resource {\n"):
        assert agent(node, "stop").returncode == 1
        assert agent(node, "status").stdout.startswith("running when last seen")


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ("/lib/drbd/drbdsetup-84", b"Device minor not allocated"),
        ("/usr/sbin/drbdsetup", b"Unknown resource"),
    ],
)
def test_the_words_for_a_volume_that_is_down_are_drbds_own(program: str, sentence: bytes) -> None:
    assert sentence in Path(program).read_bytes()
