"""The operator's commands, as he types them."""

import json
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tandem.rendering import CHECKOUT

FAB = Path(sys.executable).with_name("fab")


def fab(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FAB, *words],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def described(folder: Path) -> Path:
    """A valid description whose secrets are files of its own."""
    file = folder / "own.cfg"
    secret = folder / "secret"
    secret.write_text("of-my-own\n")
    file.write_text(
        f"[buildout]\nextends = {CHECKOUT}/examples/traditional.cfg\n"
        f"[secrets]\ndrbd = {secret}\nheartbeat = {secret}\n"
    )
    return file


@pytest.fixture
def description(tmp_path: Path) -> Path:
    """A valid description for one test alone."""
    return described(tmp_path)


@dataclass(frozen=True)
class Rollout:
    """What `fab render --json` wrote, from what, and what it said."""

    description: Path
    folder: Path
    said: dict[str, list[str]]


@pytest.fixture(scope="module")
def rollout(tmp_path_factory: pytest.TempPathFactory) -> Rollout:
    """A rollout that no test changes."""
    folder = tmp_path_factory.mktemp("rollout")
    description = described(folder)
    done = fab("render", f"--cluster={description}", f"--to={folder}/rollout", "--json")
    assert done.returncode == 0, done.stderr
    return Rollout(description, folder / "rollout", json.loads(done.stdout))


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    file = tmp_path / "wrong.cfg"
    file.write_text(
        f"[buildout]\nextends = {CHECKOUT}/cluster.cfg\n"
        "[frontend-vm]\nadress = 10.0.0.21\n[zeoclient-vm]\nclients = 0\n"
    )
    return file


def test_check_says_what_there_is(description: Path) -> None:
    done = fab("check", f"--cluster={description}")
    assert done.returncode == 0
    assert (
        "no fault in traditional (machines: 2, VMs: 0, Plone clients: 8, sites: 1)" in done.stdout
    )


def test_check_says_the_same_to_scripts(description: Path) -> None:
    said = json.loads(fab("check", f"--cluster={description}", "--json").stdout)
    assert said["machines"] == 2


def test_render_writes_every_file_of_every_host(rollout: Rollout) -> None:
    assert set(rollout.said) == {"master", "slave"}
    written = {
        host: sorted(
            f"/{file.relative_to(rollout.folder / host)}"
            for file in (rollout.folder / host).rglob("*")
            if file.is_file()
        )
        for host in rollout.said
    }
    assert written == {host: sorted(paths) for host, paths in rollout.said.items()}


def test_render_writes_the_same_bytes_each_time(rollout: Rollout, tmp_path: Path) -> None:
    again = fab("render", f"--cluster={rollout.description}", f"--to={tmp_path}/again")
    assert again.returncode == 0
    same = subprocess.run(["diff", "-r", rollout.folder, tmp_path / "again"], check=False)
    assert same.returncode == 0


def test_a_rollout_is_closed_to_others_and_so_are_files_with_secrets(rollout: Rollout) -> None:
    assert stat.S_IMODE(rollout.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((rollout.folder / "master/etc/ha.d/authkeys").stat().st_mode) == 0o600


def test_a_folder_with_other_files_is_left_alone(description: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "precious").touch()
    done = fab("render", f"--cluster={description}", f"--to={tmp_path}/mine")
    assert done.returncode == 1
    assert "holds other files, which would be lost" in done.stderr
    assert (tmp_path / "mine" / "precious").exists()


@pytest.mark.parametrize("command", ["check", "render", "diagram"])
def test_a_wrong_description_is_a_line_for_each_fault_and_nothing_is_written(
    wrong: Path, tmp_path: Path, command: str
) -> None:
    to = [] if command == "check" else [f"--to={tmp_path}/out"]
    done = fab(command, f"--cluster={wrong}", *to)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "wrong.cfg: [frontend-vm] adress: no such option; did you mean address?",
        "wrong.cfg: [zeoclient-vm] clients: '0': expected a whole number from 1 to 64",
    ]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["deploy", "deploy:master", "lab:up", "status"])
def test_so_do_commands_that_know_the_machines_by_it(tmp_path: Path, command: str) -> None:
    (tmp_path / "wrong.cfg").write_text("[cluster]\nname = example\nmachine = master\n")
    done = fab(command, f"--cluster={tmp_path}/wrong.cfg")
    assert done.returncode == 1
    assert "wrong.cfg: [cluster] machine: no such option" in done.stderr
    assert "No idea" not in done.stderr


def test_a_description_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = fab("render", f"--cluster={tmp_path}/absent.cfg")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "absent.cfg: no such file" in done.stderr


def test_explain_says_where_an_option_ends_up() -> None:
    done = fab("explain", "--option=deadtime")
    assert done.stdout.splitlines() == [
        "[heartbeat] deadtime",
        "  After how long a silence the other machine is taken for dead.",
        "  type: seconds",
        "  default: 5",
        "  here: 5",
        "  ends up in /etc/ha.d/ha.cf (master, slave)",
    ]


def test_explain_without_such_an_option_guesses() -> None:
    done = fab("explain", "--option=deadtme")
    assert done.returncode == 1
    assert done.stderr == "no option deadtme: did you mean deadtime?\n"


def test_diagram_draws_the_cluster(description: Path, tmp_path: Path) -> None:
    done = fab("diagram", f"--cluster={description}", f"--to={tmp_path}/picture.svg")
    assert done.returncode == 0, done.stderr
    assert "<svg" in (tmp_path / "picture.svg").read_text()


def test_rotating_secrets_of_the_operators_own_is_refused(description: Path) -> None:
    with description.open("a") as opened:
        opened.write("admin = /etc/hostname\n")
    done = fab("secrets:rotate", f"--cluster={description}")
    assert done.returncode == 1
    assert done.stderr.startswith("no secret to change: none was made yet, or [secrets] names")
