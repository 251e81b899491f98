"""What goes wrong while bare machines are rolled out to: a line each, and the next run goes on."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tandem.errors import TandemError
from tandem.lab.lab import Lab
from tandem.rendering import CHECKOUT
from tests.lab.conftest import Start
from tests.lab.test_rollout import FAB, fab, said

pytestmark = [pytest.mark.lab, pytest.mark.soak, pytest.mark.timeout(1800)]

AWAY = "cd /etc/apt && cp -a sources.list /root && sed -i s/:8000/:8001/ sources.list"
BACK = "mv /root/sources.list /etc/apt"
FULL = "fallocate -l $(df --output=avail -B1 / | tail -n 1) /root/full || true"
ROOM = "rm /root/full"


@pytest.fixture(scope="module")
def bare(start: Start) -> Iterator[Lab]:
    """Machines with nothing but Debian and ssh."""
    with start("cluster", hypervisor="nspawn", bare=True) as lab:
        yield lab


@contextmanager
def deploying(lab: Lab, until: str) -> Iterator[list[str]]:
    """A deploy that goes on in the block, from a step that says so on; its lines after the block.

    It has to fail.
    """
    command = (FAB, "deploy", "--yes", f"--cluster={lab.folder / 'cluster.cfg'}")
    lines: list[str] = []
    with subprocess.Popen(
        lab.namespace.entering(command),
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as running:
        assert running.stdout
        for line in running.stdout:
            lines.append(line)
            if until in line and " s  " in line:
                break
        yield lines
        lines += running.stdout
    assert running.returncode == 1, "".join(lines)


def test_a_mirror_that_is_away_and_a_full_disk_are_a_line_each(bare: Lab) -> None:
    bare.run("master", AWAY)
    bare.run("slave", FULL)
    try:
        done = fab(bare, "deploy", "--yes")
    finally:
        bare.run("master", BACK)
        bare.run("slave", ROOM)
    assert done.returncode == 1
    assert "its package sources cannot be reached: see /etc/apt/sources.list there" in done.stderr
    assert "its disk is full: make room there, and run it again" in done.stderr
    assert len(done.stderr.splitlines()) < 10, done.stderr


def test_a_second_operator_is_told_who_is_at_work_and_since_when(bare: Lab) -> None:
    with deploying(bare, "install ") as lines:
        second = fab(bare, "deploy", "--yes")
        # As the network does it: no farewell, and none for us either.
        with suppress(TandemError):
            bare.run("slave", "pkill -KILL -f '^sshd: root@notty'", 20)
    assert second.returncode == 1
    assert "rolls out here: wait for the end of that" in second.stderr
    assert " since 20" in second.stderr
    assert any("slave: install " in line and "the connection" in line for line in lines), lines


def test_a_description_that_changes_meanwhile_ends_the_deploy(bare: Lab) -> None:
    file = bare.folder / "cluster.cfg"
    text = file.read_text()
    with deploying(bare, "") as lines:
        file.write_text(text.replace("clients = 1", "clients = 2"))
    assert any("the description was changed meanwhile" in line for line in lines), lines
    file.write_text(text)


def test_the_next_run_finishes_what_they_left(bare: Lab) -> None:
    done = fab(bare, "deploy", "--yes")
    assert done.returncode == 0, said(done)
    planned = fab(bare, "plan")
    assert planned.returncode == 0, said(planned)
