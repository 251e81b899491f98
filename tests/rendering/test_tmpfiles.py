"""What a boot removes and makes, by the real systemd-tmpfiles."""

import subprocess
from pathlib import Path

import pytest

from tandem.model import VAR
from tandem.rendering.hosts import host_files
from tests.examples import example

CLUSTER = example("cluster")


def tmpfiles(root: Path, host: str, *options: str) -> None:
    """Have systemd-tmpfiles do in a folder what the host's file says."""
    files = host_files(CLUSTER, CLUSTER.hosts[host], None, "cluster.cfg")
    (ours,) = (file for file in files if str(file.path) == "etc/tmpfiles.d/tandem.conf")
    (root / "tandem.conf").write_text(ours.text)
    words = ("systemd-tmpfiles", "--create", "--remove", *options, f"--root={root}")
    done = subprocess.run(
        (*words, root / "tandem.conf"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    """A blob that a client has cached, in the root of its host."""
    file = tmp_path / str(VAR).lstrip("/") / "blobcache" / "0x01.blob"
    file.parent.mkdir(parents=True)
    file.touch()
    return file


@pytest.mark.root
def test_no_blob_that_a_power_cut_may_have_cut_short_outlives_a_boot(
    tmp_path: Path, cached: Path
) -> None:
    tmpfiles(tmp_path, "zeoclient-master", "--boot")
    assert not cached.exists()


@pytest.mark.root
def test_what_is_cached_stays_while_the_host_runs(tmp_path: Path, cached: Path) -> None:
    tmpfiles(tmp_path, "zeoclient-master")
    assert cached.exists()
