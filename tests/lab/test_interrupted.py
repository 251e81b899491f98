"""What goes wrong while bare machines are rolled out to: a line each, and the next run goes on."""

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from random import SystemRandom
from time import monotonic

import pytest

from tandem.description import cluster_in
from tandem.errors import TandemError
from tandem.lab.lab import Lab
from tandem.rendering import CHECKOUT
from tandem.rendering.hosts import host_files
from tandem.secrets import secrets_of
from tests.lab.conftest import Start
from tests.lab.operating import FAB, fab, said
from tests.lab.running import each_said

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


def begun(lab: Lab) -> subprocess.Popen[str]:
    """A deploy, and all that it says."""
    return subprocess.Popen(
        lab.namespace.entering((*DEPLOY, f"--cluster={lab.folder / 'cluster.cfg'}")),
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )


@contextmanager
def deploying(lab: Lab, until: str) -> Iterator[list[str]]:
    """A deploy that goes on in the block, from a step that says so on; its lines after the block.

    It has to fail.
    """
    lines: list[str] = []
    with begun(lab) as running:
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


@pytest.mark.timeout(3600)
def test_runs_that_are_killed_at_any_moment_are_finished_by_the_next(
    bare: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    killed: list[str] = []
    # Together they may finish it.
    while len(killed) < 5 and (one := killed_within(bare, 10, 120)):
        killed.append(one)
    finished = done(bare)
    of_bare = generated(bare)

    change(bare)
    started = monotonic()
    done(bare)
    whole = monotonic() - started
    by_one_run = generated(bare)

    change(bare)
    while len(killed) < 10:
        killed += filter(None, (killed_within(bare, 1, whole),))
        change(bare)
    last = done(bare)
    with capsys.disabled():
        print("\nkilled", *killed, finished, f"a whole deploy: {whole:.0f} s", last, sep="\n")
    planned = fab(bare, "plan")
    assert planned.returncode == 0, said(planned)
    assert generated(bare) == by_one_run == of_bare


def killed_within(lab: Lab, least: float, most: float) -> str:
    """Kill a deploy at a random moment (s): when that was, and in what; empty: it had ended."""
    moment = SystemRandom().uniform(least, most)
    with begun(lab) as running:
        assert running.stdout
        with suppress(subprocess.TimeoutExpired):
            running.wait(moment)
        if running.poll() is not None:
            assert running.returncode == 0, running.stdout.read()
            return ""
        running.kill()
        last = [line for line in running.stdout if " s  " in line][-1:]
    return f"after {moment:.1f} s: {''.join(last).strip() or 'looking'}"


def done(lab: Lab) -> str:
    """What a deploy says that nobody kills."""
    deployed = fab(lab, "deploy", "--yes")
    assert deployed.returncode == 0, said(deployed)
    return said(deployed)


def change(lab: Lab) -> None:
    """Have a deploy write files, build all releases again, and start all clients anew."""
    machines = dict.fromkeys(lab.cluster.machines, "echo '# by hand' >>/etc/hosts")
    unlike = "sed -i 1s/^/other/ /srv/tandem/releases/*/.release"
    each_said(lab, machines | dict.fromkeys(with_releases(lab), unlike))


def with_releases(lab: Lab) -> list[str]:
    """The hosts that have releases."""
    return [host.name for host in lab.cluster.hosts.values() if host.roles]


# What buildout makes is not the same to the byte in another folder, which a release's name is.
BUILT = """\
from hashlib import sha256
from pathlib import Path
release = Path("/srv/tandem/current").resolve()
for folder in ("bin", "parts"):
    for file in sorted(path for path in (release / folder).rglob("*") if path.is_file()):
        content = file.read_bytes().replace(release.name.encode(), b"RELEASE")
        print(sha256(content).hexdigest(), file.relative_to(release))
"""


def generated(lab: Lab) -> dict[str, str]:
    """The digests of all that a deploy generates, by its hosts: configuration, and releases.

    The configuration is what the description makes, to the byte.
    """
    file = lab.folder / "cluster.cfg"
    cluster = cluster_in(file)
    secrets = secrets_of(cluster, CHECKOUT, make_missing=False)
    rendered = {
        host.name: {
            f"/{made.path}": sha256(made.text.encode()).hexdigest()
            for made in host_files(cluster, host, secrets, file.name)
        }
        for host in cluster.hosts.values()
    }
    asked = {name: f"sha256sum -- {shlex.join(files)}" for name, files in rendered.items()}
    configuration = each_said(lab, asked)
    for name, digests in rendered.items():
        there = [line.split(maxsplit=1) for line in configuration[name].splitlines()]
        assert {path: digest for digest, path in there} == digests, name
    built = each_said(lab, dict.fromkeys(with_releases(lab), f"python3 -c {shlex.quote(BUILT)}"))
    assert all(" bin/" in digests and " parts/" in digests for digests in built.values()), built
    return {name: configuration[name] + built.get(name, "") for name in configuration}
