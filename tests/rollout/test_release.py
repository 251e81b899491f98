"""Releases: what makes one another, and how it is built beside the one that runs.

The host's checkout is here a Makefile that notes how it was called.
"""

import io
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from tandem.model import Cluster
from tandem.rollout.release import BUILD, Release, release_for
from tests.examples import example

MAKEFILE = """\
setup:
	@[ ! -e broken ] || { echo "make setup: buildout failed: no egg" >&2; exit 1; }
	@mkdir -p .venv/bin var/log
	@[ -e .venv/made ] || echo "made for $(ROLE) from $(WHEELHOUSE)" >.venv/made
	@ln -sf /bin/true .venv/bin/python
"""


def release(cluster: Cluster, host: str) -> Release:
    made = release_for(cluster, cluster.hosts[host], "")
    assert made is not None
    return made


def build(
    home: Path, name: str, pins: str = "pins", *more: str, kept: int = 9
) -> subprocess.CompletedProcess[bytes]:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for path in ("Makefile", *more):
            entry = tarfile.TarInfo(path)
            content = MAKEFILE.encode()
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    command = (BUILD, home, name, f"digest-{name}", pins, "v1", str(kept), "zeoclient")
    return subprocess.run(command, input=written.getvalue(), capture_output=True, check=False)


def releases(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "releases").iterdir())


def test_a_host_without_a_role_has_no_release() -> None:
    cluster = example("containers")
    assert release_for(cluster, cluster.hosts["left"], "") is None


@pytest.mark.parametrize("host", ["frontend", "zeoserver", "zeoclient-left"])
def test_what_its_programs_are_not_told_makes_a_release_no_other(host: str) -> None:
    cluster = example("containers")
    other = replace(cluster, heartbeat=replace(cluster.heartbeat, deadtime=9.0))
    assert release(cluster, host).digest == release(other, host).digest


def test_another_port_of_the_clients_makes_another_release_of_theirs_alone() -> None:
    cluster = example("containers")
    other = replace(cluster, ports=replace(cluster.ports, zeoclient=8200))
    changed = {
        host: release(cluster, host).digest != release(other, host).digest
        for host in ("frontend", "zeoserver", "zeoclient-left")
    }
    assert changed == {"frontend": False, "zeoserver": False, "zeoclient-left": True}


def test_a_release_says_what_it_is_once_it_is_whole(tmp_path: Path) -> None:
    done = build(tmp_path, "20261101T120000Z")
    assert done.returncode == 0, done.stderr
    there = tmp_path / "releases/20261101T120000Z"
    assert (there / ".release").read_text().split() == ["digest-20261101T120000Z", "pins", "v1"]
    assert (there / ".venv/made").read_text() == f"made for zeoclient from {tmp_path}/wheelhouse\n"


def test_all_releases_write_to_the_same_place(tmp_path: Path) -> None:
    build(tmp_path, "1")
    var = tmp_path / "releases/1/var"
    assert var.readlink() == Path("../../var")
    assert not (tmp_path / "var").exists()


def test_what_is_installed_is_taken_over_from_a_release_with_the_same_pins(tmp_path: Path) -> None:
    build(tmp_path, "1")
    build(tmp_path, "2")
    build(tmp_path, "3", "other pins")
    inodes = [(tmp_path / f"releases/{one}/.venv/made").stat().st_ino for one in "123"]
    assert inodes[0] == inodes[1] != inodes[2]


def test_a_release_that_cannot_be_built_is_none_and_goes_with_the_next(tmp_path: Path) -> None:
    broken = build(tmp_path, "1", "pins", "broken")
    assert broken.returncode != 0
    assert b"make setup: buildout failed: no egg" in broken.stderr
    assert not (tmp_path / "releases/1/.release").exists()
    assert build(tmp_path, "2").returncode == 0
    assert releases(tmp_path) == ["2"]


def test_old_releases_go_but_not_the_one_that_runs(tmp_path: Path) -> None:
    build(tmp_path, "1")
    (tmp_path / "current").symlink_to("releases/1")
    for name in "2345":
        build(tmp_path, name, kept=3)
    assert releases(tmp_path) == ["1", "3", "4", "5"]
