"""The recipes that make the files of one program for a host of the cluster."""

import stat
from pathlib import Path

import pytest
from zc.buildout import UserError

from tandem.description import cluster_in
from tandem.rendering import CHECKOUT
from tandem.rendering.hosts import host_files
from tandem.secrets import secrets_of
from tests.recipes.conftest import MakeBuildout

PROGRAMS = ("hosts", "network", "firewall", "systemd", "xen", "nspawn", "traditional", "drbd")


def install(buildout: object, part: str, tmp_path: Path) -> dict[str, Path]:
    """Install the part; return its files by their paths on the host."""
    section = buildout[part]  # type: ignore[index]
    section._call(section.recipe.install)
    folder = tmp_path / "parts" / part
    return {f"/{file.relative_to(folder)}": file for file in folder.rglob("*") if file.is_file()}


def part(program: str, host: str) -> str:
    here = f"[here]\nname = {host}\n" if host else ""
    return f"[etc-{program}]\nrecipe = tandem:{program}\n{here}"


@pytest.mark.parametrize("host", ["master", "slave"])
def test_the_recipes_of_a_machine_write_what_fab_render_writes(
    make_buildout: MakeBuildout, tmp_path: Path, host: str
) -> None:
    cluster = cluster_in(CHECKOUT / "cluster.cfg")
    secrets = secrets_of(cluster, tmp_path, make_missing=True)
    programs = (*PROGRAMS, "heartbeat")
    buildout = make_buildout(
        "".join(f"[etc-{one}]\nrecipe = tandem:{one}\n" for one in programs)
        + f"[here]\nname = {host}\n"
    )
    written: dict[str, tuple[str, int]] = {}
    for program in programs:
        for path, file in install(buildout, f"etc-{program}", tmp_path).items():
            written[path] = (file.read_text(), stat.S_IMODE(file.stat().st_mode))
    assert written == {
        f"/{file.path}": (file.text, file.mode)
        for file in host_files(cluster, cluster.hosts[host], secrets, "cluster.cfg")
    }


@pytest.mark.parametrize("program", ["nspawn", "traditional"])
def test_the_recipe_of_another_hypervisor_writes_nothing(
    make_buildout: MakeBuildout, tmp_path: Path, program: str
) -> None:
    assert install(make_buildout(part(program, "master")), f"etc-{program}", tmp_path) == {}


@pytest.mark.parametrize("program", ["hosts", "network", "firewall", "systemd"])
def test_a_computer_of_its_own_gets_no_files_of_a_host(
    make_buildout: MakeBuildout, tmp_path: Path, program: str
) -> None:
    assert install(make_buildout(part(program, "")), f"etc-{program}", tmp_path) == {}


@pytest.mark.parametrize("host", ["", "frontend"])
def test_a_machines_recipe_says_which_machines_there_are(
    make_buildout: MakeBuildout, tmp_path: Path, host: str
) -> None:
    buildout = make_buildout(part("xen", host))
    with pytest.raises(UserError, match=r"is no machine, and .* expected master, slave"):
        install(buildout, "etc-xen", tmp_path)


def test_a_secret_that_was_not_brought_along_ends_the_buildout(
    make_buildout: MakeBuildout, tmp_path: Path
) -> None:
    buildout = make_buildout(part("heartbeat", "slave"))
    with pytest.raises(UserError, match=r"missing: secrets are made by `fab render`"):
        install(buildout, "etc-heartbeat", tmp_path)
    assert not (tmp_path / "parts" / "etc-heartbeat").exists()
