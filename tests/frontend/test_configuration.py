import shutil
import subprocess
from pathlib import Path

import pytest

from tandem.model import Site
from tests.frontend.stack import SITES, cluster, write

NO_SITES: tuple[Site, ...] = ()


@pytest.mark.parametrize("clients", [1, 8])
@pytest.mark.parametrize("sites", [NO_SITES, SITES[:1], SITES[1:2], SITES])
@pytest.mark.parametrize("cache", ["none", "apache"])
def test_apache_finds_nothing_to_complain_about(
    tmp_path: Path, clients: int, sites: tuple[Site, ...], cache: str
) -> None:
    described = cluster(clients, port=18399, sites=sites, cache=cache)
    conf = write(described, tmp_path, tmp_path / "cache") / "httpd.conf"
    (tmp_path / "var" / "log").mkdir(parents=True)
    checked = subprocess.run(
        [shutil.which("apache2", path="/usr/sbin:/usr/bin") or "apache2", "-t", "-f", str(conf)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.stderr == "Syntax OK\n"


@pytest.mark.parametrize("script", ["run", "waitingroom", "clean-cache"])
@pytest.mark.parametrize("cache", ["none", "apache"])
@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_finds_nothing_to_complain_about(
    tmp_path: Path, script: str, cache: str
) -> None:
    path = write(cluster(cache=cache), tmp_path, tmp_path / "cache") / script
    checked = subprocess.run(["shellcheck", path], capture_output=True, text=True, check=False)
    assert checked.stdout == ""


def test_each_file_says_what_made_it(tmp_path: Path) -> None:
    folder = write(cluster(), tmp_path, tmp_path / "cache")
    for name in ("httpd.conf", "run", "waitingroom", "clean-cache"):
        assert "Made by Tandem from cluster.cfg" in (folder / name).read_text()
