"""``tandem-begin``, which has units start at the same time, with a real systemd as process 1."""

import time

import pytest

from tests.agents.conftest import Boot
from tests.agents.machine import SYSTEMD, Machine, Ran, until

pytestmark = pytest.mark.root

AGENT = "/etc/ha.d/resource.d/tandem-begin"
UNITS = ("one.service", "other.service")


@pytest.fixture(scope="module")
def node(boot_for_all: Boot) -> Machine:
    """The machine ``left``, with two units that take a while."""
    made = boot_for_all("containers", "left", SYSTEMD)
    for name in UNITS:
        made.write(
            f"/run/systemd/system/{name}",
            "[Unit]\nDefaultDependencies=no\n"
            "[Service]\nExecStartPre=/bin/sleep 2\nExecStart=/bin/sleep infinity\n",
        )
    until(lambda: made.run("systemctl", "is-system-running").stdout == "running\n", "systemd is up")
    assert made.run("systemctl", "daemon-reload").returncode == 0
    return made


def agent(node: Machine, *words: str) -> Ran:
    return node.run(AGENT, *words)


def states(node: Machine) -> list[str]:
    return node.run("systemctl", "is-active", *UNITS).stdout.split()


def test_units_start_together_and_nobody_waits_for_them(node: Machine) -> None:
    began = time.monotonic()
    assert agent(node, *UNITS, "start").returncode == 0
    assert states(node) == ["activating", "activating"]
    assert time.monotonic() - began < 2
    until(lambda: states(node) == ["active", "active"], "both are up")
    # Their own agents stop them.
    assert agent(node, *UNITS, "stop").returncode == 0
    assert states(node) == ["active", "active"]
    node.run("systemctl", "stop", *UNITS)


def test_heartbeat_is_never_told_that_it_runs_and_so_starts_it(node: Machine) -> None:
    agent(node, *UNITS, "start")
    assert agent(node, *UNITS, "status").stdout == "stopped\n"
    node.run("systemctl", "stop", *UNITS)


def test_a_unit_that_is_not_there_is_left_to_its_own_agent(node: Machine) -> None:
    assert agent(node, "none.service", "one.service", "start").returncode == 0
    assert states(node)[0] == "activating"
    node.run("systemctl", "stop", *UNITS)


@pytest.mark.parametrize("words", [(), ("start",), ("one.service", "restart")])
def test_what_it_does_not_know_is_refused(node: Machine, words: tuple[str, ...]) -> None:
    assert agent(node, *words).returncode == 2
