"""``tandem-unit``, Heartbeat's agent for a systemd unit, with a real systemd as process 1."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.agents.conftest import Boot
from tests.agents.machine import SYSTEMD, Machine, Ran, until

pytestmark = pytest.mark.root

AGENT = "/etc/ha.d/resource.d/tandem-unit"
CONSTANTS = {"tries": "3", "answer": "0.5", "limit": "5"}

PLAIN = "ExecStart=/bin/sleep infinity"
FAILS_TWICE = """
ExecStartPre=/bin/sh -c 'echo >>/tmp/tried; [ $(wc -l </tmp/tried) -gt 2 ]'
ExecStart=/bin/sleep infinity
"""
FAILS = "ExecStart=/bin/sleep infinity\nExecStartPre=/bin/false"
NEVER_READY = "Type=notify\nExecStart=/bin/sleep infinity"
IGNORES_TERM = """
ExecStart=/bin/sh -c 'trap "" TERM; touch /tmp/deaf; while :; do sleep 1; done'
TimeoutStopSec=1
"""
SURVIVES = """
ExecStart=/bin/sh -c 'trap "" TERM; touch /tmp/survives; while :; do sleep 1; done'
TimeoutStopSec=1
SendSIGKILL=no
"""
UNITS = {
    "plain.service": PLAIN,
    "fails-twice.service": FAILS_TWICE,
    "fails.service": FAILS,
    "never-ready.service": NEVER_READY,
    "deaf.service": IGNORES_TERM,
    "survives.service": SURVIVES,
}
MOUNT = """
[Unit]
DefaultDependencies=no
[Mount]
What=none
Where=/srv
Type=tmpfs
"""


@pytest.fixture(scope="module")
def booted(boot_for_all: Boot) -> Machine:
    """The machine ``left``, with small units and an impatient agent."""
    made = boot_for_all("containers", "left", SYSTEMD)
    for name, service in UNITS.items():
        # One failure is enough for systemd to refuse the next start.
        made.write(
            f"/run/systemd/system/{name}",
            f"[Unit]\nDefaultDependencies=no\nStartLimitBurst=1\n[Service]\n{service}\n",
        )
    made.write("/run/systemd/system/srv.mount", MOUNT)
    made.hurry(AGENT, CONSTANTS)
    until(lambda: made.run("systemctl", "is-system-running").stdout == "running\n", "systemd is up")
    assert made.run("systemctl", "daemon-reload").returncode == 0
    return made


@pytest.fixture
def node(booted: Machine) -> Iterator[Machine]:
    """The machine, whose units are stopped afterwards."""
    yield booted
    booted.run("systemctl", "kill", "--signal=KILL", "survives.service")
    booted.run("systemctl", "stop", "*.service", "srv.mount")
    booted.run("systemctl", "reset-failed")
    booted.run("find", "/run", "-maxdepth", "1", "-name", "tandem-*", "-delete")


def agent(node: Machine, unit: str, action: str) -> Ran:
    return node.run(AGENT, unit, action)


def state(node: Machine, unit: str) -> str:
    return node.run("systemctl", "show", "--property=ActiveState", "--value", unit).stdout.strip()


@contextmanager
def patience(node: Machine, **constants: str) -> Iterator[None]:
    """The agent has other constants meanwhile."""
    node.hurry(AGENT, constants)
    try:
        yield
    finally:
        node.hurry(AGENT, CONSTANTS)


@contextmanager
def hanging(node: Machine) -> Iterator[None]:
    """systemd answers nobody meanwhile."""
    with patience(node, tries="1", limit="0.5"):
        os.kill(node.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(node.pid, signal.SIGCONT)


def test_a_start_starts_the_unit(node: Machine) -> None:
    assert agent(node, "plain.service", "start").returncode == 0
    assert state(node, "plain.service") == "active"


def test_a_stop_stops_the_unit(node: Machine) -> None:
    agent(node, "plain.service", "start")
    assert agent(node, "plain.service", "stop").returncode == 0
    assert state(node, "plain.service") == "inactive"


@pytest.mark.parametrize("unit", ["plain.service", "srv.mount"])
def test_start_and_stop_succeed_twice_over(node: Machine, unit: str) -> None:
    actions = ("start", "start", "stop", "stop", "start", "stop")
    assert [agent(node, unit, action).returncode for action in actions] == [0] * len(actions)


@pytest.mark.parametrize("unit", ["plain.service", "srv.mount"])
def test_a_status_tells_running_from_stopped(node: Machine, unit: str) -> None:
    before = agent(node, unit, "status")
    agent(node, unit, "start")
    after = agent(node, unit, "status")
    assert (before.stdout, after.stdout) == ("stopped\n", "running\n")


def test_a_start_that_fails_for_a_passing_reason_is_tried_again(node: Machine) -> None:
    assert agent(node, "fails-twice.service", "start").returncode == 0
    assert state(node, "fails-twice.service") == "active"


def test_a_start_that_keeps_failing_is_given_up_and_told(node: Machine) -> None:
    ran = agent(node, "fails.service", "start")
    assert ran.returncode == 1
    assert ran.stderr.endswith(
        "fails.service does not start: tried 3 times, see journalctl -u fails.service\n"
    )


def test_what_failed_is_stopped(node: Machine) -> None:
    agent(node, "fails.service", "start")
    assert agent(node, "fails.service", "status").stdout == "stopped\n"
    assert agent(node, "fails.service", "stop").returncode == 0


def test_a_unit_that_hangs_while_it_starts_is_given_up_and_can_be_stopped(node: Machine) -> None:
    with patience(node, tries="1", limit="0.5"):
        assert agent(node, "never-ready.service", "start").returncode == 1
    assert agent(node, "never-ready.service", "status").stdout == "starting\n"
    assert agent(node, "never-ready.service", "stop").returncode == 0


def test_a_unit_that_ignores_the_request_to_stop_is_killed(node: Machine) -> None:
    agent(node, "deaf.service", "start")
    until(node.path("/tmp/deaf").exists, "the service listens to no signal")
    assert agent(node, "deaf.service", "stop").returncode == 0
    assert agent(node, "deaf.service", "status").stdout == "stopped\n"


def test_a_unit_whose_processes_are_left_is_not_stopped_though_systemd_calls_it_failed(
    node: Machine,
) -> None:
    agent(node, "survives.service", "start")
    until(node.path("/tmp/survives").exists, "the service listens to no signal")
    ran = agent(node, "survives.service", "stop")
    assert ran.returncode == 1
    assert "survives.service is not known to be stopped: it is running" in ran.stderr
    assert state(node, "survives.service") == "failed"
    assert agent(node, "survives.service", "status").stdout == "running\n"


def test_a_mount_that_is_in_use_is_not_stopped(node: Machine) -> None:
    agent(node, "srv.mount", "start")
    with node.running("sh", "-c", "cd /srv; echo there; exec sleep 1000") as busy:
        assert busy.stdout
        busy.stdout.readline()
        assert agent(node, "srv.mount", "stop").returncode == 1
        assert agent(node, "srv.mount", "status").stdout == "running\n"


def test_a_unit_that_does_not_exist_is_stopped_and_does_not_start(node: Machine) -> None:
    assert agent(node, "nothing.service", "status").stdout == "stopped\n"
    assert agent(node, "nothing.service", "stop").returncode == 0
    assert agent(node, "nothing.service", "start").returncode == 1


def test_a_stop_does_not_succeed_while_systemd_does_not_answer(node: Machine) -> None:
    with hanging(node):
        ran = agent(node, "plain.service", "stop")
    assert ran.returncode == 1
    assert "plain.service is not known to be stopped: it is unknown" in ran.stderr


def test_a_unit_of_which_systemd_never_said_anything_is_neither_running_nor_stopped(
    node: Machine,
) -> None:
    with hanging(node):
        ran = agent(node, "plain.service", "status")
    assert ran.stdout == "unknown: systemd does not answer\n"


def test_what_ran_when_systemd_last_said_so_is_still_called_running(node: Machine) -> None:
    agent(node, "plain.service", "start")
    with hanging(node):
        ran = agent(node, "plain.service", "status")
    assert ran.stdout == "running when last seen; systemd does not answer\n"


def test_what_somebody_else_started_was_running_when_systemd_last_said_so(node: Machine) -> None:
    node.run("systemctl", "start", "plain.service")
    agent(node, "plain.service", "status")
    with hanging(node):
        ran = agent(node, "plain.service", "status")
    assert ran.stdout.startswith("running when last seen")


@pytest.mark.parametrize("action", ["start", "stop", "status"])
def test_nothing_waits_for_a_systemd_that_hangs(node: Machine, action: str) -> None:
    with hanging(node):
        begin = time.monotonic()
        agent(node, "plain.service", action)
        assert time.monotonic() - begin < 6
