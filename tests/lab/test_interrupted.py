"""What goes wrong while bare machines are rolled out to: a line each, and the next run goes on."""

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from random import SystemRandom

import pytest

from tandem.description import cluster_in
from tandem.errors import TandemError
from tandem.lab.lab import Lab
from tandem.rendering import CHECKOUT
from tandem.rendering.hosts import host_files
from tandem.secrets import secrets_of
from tests.lab.conftest import Start
from tests.lab.operating import FAB, fab, said

pytestmark = [pytest.mark.lab, pytest.mark.soak, pytest.mark.timeout(1800)]

DEPLOY = (FAB, "deploy", "--yes")
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
    command = (*DEPLOY, f"--cluster={lab.folder / 'cluster.cfg'}")
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


@pytest.mark.timeout(3000)
def test_runs_that_are_killed_at_any_moment_are_finished_by_the_next(
    bare: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    command = bare.namespace.entering((*DEPLOY, f"--cluster={bare.folder / 'cluster.cfg'}"))
    killed: list[str] = []
    for _ in range(10):
        moment = SystemRandom().uniform(10, 90)
        with subprocess.Popen(
            command, cwd=CHECKOUT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        ) as running:
            with suppress(subprocess.TimeoutExpired):
                running.wait(moment)
            # Together they may have finished it.
            if running.poll() is not None:
                break
            running.kill()
            assert running.stdout
            last = [line for line in running.stdout if " s  " in line][-1:]
            killed.append(f"after {moment:.1f} s: {''.join(last).strip() or 'looking'}")
    assert len(killed) >= 3
    done = fab(bare, "deploy", "--yes")
    with capsys.disabled():
        print("\nkilled", *killed, said(done), sep="\n")
    assert done.returncode == 0, said(done)
    planned = fab(bare, "plan")
    assert planned.returncode == 0, said(planned)
    file = bare.folder / "cluster.cfg"
    cluster = cluster_in(file)
    secrets = secrets_of(cluster, CHECKOUT, make_missing=False)
    for host in cluster.hosts.values():
        for made in host_files(cluster, host, secrets, file.name):
            there = bare.run(host.name, f"sha256sum <{shlex.quote(f'/{made.path}')}")
            assert there.split()[0] == sha256(made.text.encode()).hexdigest(), made.path
