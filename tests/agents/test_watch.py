"""``watch``, which starts anew what Heartbeat has started and is silent, under a real systemd."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tandem.model import MAINTENANCE
from tests.agents.conftest import Boot
from tests.agents.machine import SYSTEMD, Machine, until

pytestmark = pytest.mark.root

WATCH = "/usr/local/lib/tandem/watch"
STANDBY, STATUS = "/usr/share/heartbeat/hb_standby", "/usr/bin/cl_status"
ADDRESS = "10.0.0.22"
CONSTANTS = {
    "every": "0.1",
    "answer": "0.5",
    "alive": "10",
    "hangs": "3",
    "listens": "20",
    "patience": "2",
    "begins": "2",
    "again": "8",
}
STARTS = "/tmp/starts"

# It speaks first, as ZEO does, unless it is told to be silent, and does not end when it is told to.
SERVER = f"""\
import os, signal, socket
signal.signal(signal.SIGTERM, signal.SIG_IGN if os.path.exists("/tmp/deaf") else signal.SIG_DFL)
with open("{STARTS}", "a") as started: started.write("started\\n")
connections = []
server = socket.create_server(("{ADDRESS}", 8100))
while True:
    connection, _ = server.accept()
    if not os.path.exists("/tmp/silent"):
        connection.sendall(b"\\0\\0\\0\\2Z5")
    connections.append(connection)
"""
UNIT = """\
[Unit]
DefaultDependencies=no
[Service]
ExecStart=/usr/bin/python3 /tmp/server.py
"""


# Of what systemd starts before all others nothing is to happen here.
ALONE = "[Unit]\nDefaultDependencies=no\n"
DRBD = "/tmp/proc-drbd"


def volumes(disks: str = "UpToDate/UpToDate", flags: str = "r-----") -> str:
    """What DRBD 8.4 says of the volumes, of which the second is in this state."""
    well = " 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----\n"
    return f"{well} 1: cs:Connected ro:Primary/Secondary ds:{disks} C {flags}\n"


@pytest.fixture(scope="module")
def booted(boot_for_all: Boot) -> Machine:
    """The machine ``left``, where a server of ours is the ZEO server's VM."""
    made = boot_for_all("containers", "left", SYSTEMD)
    made.write("/tmp/server.py", SERVER)
    made.write("/etc/systemd/system/tandem-vm-zeoserver.service", UNIT)
    made.hurry(WATCH, CONSTANTS)
    # Apache is not there.
    made.replace(WATCH, "watch frontend ", "sh -c 'sleep 1000' frontend ")
    made.add_address(ADDRESS)
    made.replace(WATCH, "/proc/drbd", DRBD)
    made.write("/etc/systemd/system/tandem-watch.service.d/alone.conf", ALONE)
    made.stand_in("told", STANDBY)
    made.write(STATUS, "#!/bin/sh\ncat /tmp/peer\n", 0o755)
    until(lambda: made.run("systemctl", "is-system-running").stdout == "running\n", "systemd is up")
    assert made.run("systemctl", "daemon-reload").returncode == 0
    return made


@pytest.fixture
def node(booted: Machine) -> Iterator[Machine]:
    """The machine, whose server answers, as its watch has seen; nothing else has happened."""
    booted.forget(
        "/tmp/silent",
        "/tmp/deaf",
        "/tmp/told",
        STARTS,
        str(MAINTENANCE),
        "/run/tandem-*",
    )
    booted.write("/tmp/peer", "active\n")
    booted.write(DRBD, volumes())
    assert booted.run("systemctl", "start", "tandem-vm-zeoserver.service").returncode == 0
    until(lambda: starts(booted) == 1, "the server is there")
    with watching(booted):
        yield booted
    booted.run("systemctl", "stop", "tandem-vm-zeoserver.service")


@contextmanager
def watching(node: Machine) -> Iterator[None]:
    """The watch runs meanwhile, as a unit."""
    assert node.run("systemctl", "start", "tandem-watch.service").returncode == 0
    time.sleep(1)
    yield
    node.run("systemctl", "stop", "tandem-watch.service")


def starts(node: Machine) -> int:
    """How often the server has been started."""
    return node.read(STARTS).count("started")


def handed_over(node: Machine) -> bool:
    return "hb_standby all" in node.read("/tmp/told")


def test_what_answers_is_left_alone(node: Machine) -> None:
    time.sleep(5)
    assert starts(node) == 1
    assert not handed_over(node)


def test_what_serves_no_more_is_started_anew(node: Machine) -> None:
    node.write("/tmp/silent", "")
    until(lambda: starts(node) == 2, "it is started anew", 10)
    assert not handed_over(node)


def test_what_has_not_answered_yet_is_left_alone(node: Machine) -> None:
    node.run("systemctl", "stop", "tandem-watch.service")
    node.write("/tmp/silent", "")
    node.run("systemctl", "start", "tandem-watch.service")
    time.sleep(6)
    assert starts(node) == 1


def test_what_has_answered_is_known_to_a_watch_that_is_started_anew(node: Machine) -> None:
    node.write("/tmp/silent", "")
    node.run("systemctl", "restart", "tandem-watch.service")
    until(lambda: starts(node) == 2, "it is started anew", 15)
    # It has the time that everything has.
    node.replace(WATCH, "patience=2", "patience=300")
    try:
        node.run("systemctl", "restart", "tandem-watch.service")
        until(lambda: starts(node) == 3, "it is started anew", 15)
        time.sleep(5)
    finally:
        node.replace(WATCH, "patience=300", "patience=2")
    assert starts(node) == 3


def test_a_watcher_that_has_died_is_started_anew(node: Machine) -> None:
    before = node.run("systemctl", "show", "--property=MainPID", "tandem-watch.service").stdout
    pid = before.strip().removeprefix("MainPID=")
    node.run("sh", "-c", f"kill -KILL $(cat /proc/{pid}/task/{pid}/children)")

    def after() -> str:
        return node.run("systemctl", "show", "--property=MainPID", "tandem-watch.service").stdout

    until(lambda: after() not in (before, "MainPID=0\n"), "it is started anew")


def test_what_does_not_listen_has_longer_than_what_hangs(node: Machine) -> None:
    node.run("systemctl", "stop", "tandem-vm-zeoserver.service")
    time.sleep(1)
    assert starts(node) == 1
    until(lambda: starts(node) == 2, "it is started anew", 15)


def test_what_hangs_with_all_that_runs_there_is_cut_off_sooner(node: Machine) -> None:
    node.write("/tmp/deaf", "")
    node.run("systemctl", "restart", "tandem-vm-zeoserver.service")
    until(lambda: starts(node) == 2, "it does not end any more")
    node.run("ip", "address", "del", f"{ADDRESS}/32", "dev", "lo")
    try:
        until(lambda: starts(node) == 3, "it is started anew", 20)
    finally:
        node.add_address(ADDRESS)
        node.forget("/tmp/deaf")
        node.run("systemctl", "kill", "--signal=KILL", "tandem-vm-zeoserver.service")


def test_what_is_started_anew_in_vain_is_for_the_other_machine_if_that_could_take_it(
    node: Machine,
) -> None:
    node.write("/tmp/peer", "dead\n")
    time.sleep(8)
    node.write("/tmp/silent", "")
    until(lambda: starts(node) == 3, "it is started anew again: the other one is dead", 20)
    node.write(DRBD, volumes("UpToDate/Inconsistent"))
    node.write("/tmp/peer", "active\n")
    until(lambda: starts(node) == 4, "and again: the other one lags", 20)
    assert not handed_over(node)
    # The disk here may be the reason.
    node.write(DRBD, volumes("Diskless/UpToDate"))
    until(lambda: handed_over(node), "the other machine is to serve", 20)
    assert starts(node) == 4
    until(lambda: starts(node) == 5, "it did not take it, and it is started anew", 10)


def test_what_answers_and_is_soon_silent_again_is_for_the_other_machine(node: Machine) -> None:
    time.sleep(8)
    node.write("/tmp/silent", "")
    until(lambda: starts(node) == 2, "it is started anew", 10)
    node.forget("/tmp/silent")
    time.sleep(1)
    node.write("/tmp/silent", "")
    until(lambda: handed_over(node), "the other machine is to serve", 10)
    assert starts(node) == 2


def test_what_has_just_come_from_the_other_machine_does_not_go_back_at_once(
    node: Machine,
) -> None:
    node.replace(WATCH, "again=8", "again=300")
    try:
        node.run("systemctl", "restart", "tandem-watch.service")
        time.sleep(1)
        node.write("/tmp/silent", "")
        until(lambda: starts(node) == 3, "it is started anew again", 40)
    finally:
        node.replace(WATCH, "again=300", "again=8")
    assert not handed_over(node)


def test_in_maintenance_nothing_is_started(node: Machine) -> None:
    node.write(str(MAINTENANCE), "ops@desk since 2026-11-27 05:00 UTC: restoring\n")
    node.run("systemctl", "stop", "tandem-vm-zeoserver.service")
    time.sleep(6)
    assert starts(node) == 1


def test_while_writing_waits_nothing_is_started(node: Machine) -> None:
    node.write(DRBD, volumes("UpToDate/DUnknown", "s-----"))
    node.write("/tmp/silent", "")
    time.sleep(6)
    assert starts(node) == 1
    node.write(DRBD, volumes("UpToDate/Outdated"))
    until(lambda: starts(node) == 2, "it is started anew", 15)


def test_a_watch_that_is_stopped_starts_nothing_more(node: Machine) -> None:
    node.write("/tmp/silent", "")
    node.run("systemctl", "stop", "tandem-watch.service")
    time.sleep(5)
    assert starts(node) == 1
