"""Whole set-ups of a copied checkout, as ``make`` runs them: done, cut short, refused."""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from csv import reader
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("pyproject.toml", "requirements.txt", "versions.cfg", "src", "recipes")
BUILDOUT = """\
[buildout]
extends = versions.cfg
parts = greeting
allow-picked-versions = false

[greeting]
recipe = collective.recipe.template
input = inline: hello
output = ${buildout:parts-directory}/greeting
"""
# A path without the computer's own uv, pip and apt-get, and one with the uv of this environment,
# whose cache has all that is pinned.
BARE = "/usr/bin:/bin"
WITH_UV = f"{ROOT / '.venv/bin'}:{BARE}"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a small buildout and a role that needs few packages."""
    root = tmp_path / "checkout"
    root.mkdir()
    copy(root)
    return root


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such a checkout for many tests."""
    root = tmp_path_factory.mktemp("shared") / "checkout"
    root.mkdir()
    copy(root)
    return root


@pytest.fixture
def done(shared: Path) -> Path:
    """A checkout that is set up, from the bare one or from what the test before made of it."""
    ran = setup(shared)
    assert ran.returncode == 0, ran.stderr
    return shared


def copy(root: Path) -> None:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / name)
    (root / "debian-packages.cfg").touch()
    (root / "profiles").mkdir()
    (root / "buildout.cfg").write_text(BUILDOUT)
    profile = BUILDOUT.replace("versions.cfg", "../versions.cfg")
    (root / "profiles/frontend.cfg").write_text(profile)


def command(*arguments: str) -> list[str]:
    wheelhouse = os.environ.get("WHEELHOUSE", "")
    return [sys.executable, "-m", "tandem.setup", f"--wheelhouse={wheelhouse}", *arguments]


def environment(root: Path, path: str = WITH_UV, **more: str) -> dict[str, str]:
    return {**os.environ, "PATH": path, "PYTHONPATH": str(root / "src"), **more}


def setup(
    root: Path,
    *arguments: str,
    around: tuple[str, ...] = (),
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*around, *command(*arguments or ("setup", "--role=frontend"))],
        cwd=root,
        env=env or environment(root),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def broken_files(venv: Path) -> list[str]:
    """The files that installed distributions say they have, and have not."""
    gone = []
    for record in venv.glob("lib/python*/site-packages/*.dist-info/RECORD"):
        with record.open(newline="") as lines:
            site = record.parents[1]
            gone += [row[0] for row in reader(lines) if not (site / row[0]).exists()]
    return gone


def last_line(ran: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in ran.stdout + ran.stderr
    return ran.stderr.strip().splitlines()[0] if ran.stderr.strip() else ""


def test_a_setup_makes_the_commands_that_users_call(done: Path) -> None:
    assert (done / "parts/greeting").read_text() == "hello"
    answer = subprocess.run(
        ["bin/buildout", "--version"], cwd=done, capture_output=True, text=True, check=True
    )
    assert answer.stdout.startswith("buildout version 6.")


def test_a_setup_done_again_changes_nothing_and_says_so(done: Path) -> None:
    before = times(done)
    ran = setup(done)
    assert ran.stdout.startswith("Set up already, nothing to do")
    assert times(done) == before


def test_a_removed_part_is_built_again(done: Path) -> None:
    (done / "parts/greeting").unlink()
    setup(done)
    assert (done / "parts/greeting").exists()


def test_a_changed_configuration_is_built(done: Path) -> None:
    profile = done / "profiles/frontend.cfg"
    before = profile.read_text()
    try:
        profile.write_text(before.replace("hello", "good day"))
        setup(done)
        assert (done / "parts/greeting").read_text() == "good day"
    finally:
        profile.write_text(before)


@pytest.mark.parametrize(
    "step", ["Python environment", "Python packages", "Tandem itself", "buildout"]
)
@pytest.mark.slow
def test_a_setup_that_was_killed_in_any_step_is_mended_by_the_next(
    checkout: Path, step: str
) -> None:
    extras = ("setup",) if step == "Python packages" else ("setup", "--role=frontend")
    with subprocess.Popen(
        command(*extras),
        cwd=checkout,
        env=environment(checkout, UV_LINK_MODE="copy"),  # slow enough to be caught in the act
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        for line in process.stdout:
            if line.strip().startswith(step) and line.endswith("...\n"):
                break
        site = next(checkout.glob(".venv/lib/python*/site-packages"), None)
        deadline = time.monotonic() + 30
        while step == "Python packages" and time.monotonic() < deadline:
            site = site or next(checkout.glob(".venv/lib/python*/site-packages"), None)
            if site and len(list(site.iterdir())) > 50:
                break
        os.killpg(process.pid, signal.SIGKILL)
    ran = setup(checkout)
    assert ran.returncode == 0, ran.stderr
    assert broken_files(checkout / ".venv") == []
    assert (checkout / "parts/greeting").exists()
    assert setup(checkout).stdout.startswith("Set up already")


def test_who_keeps_python_from_compiling_for_good_has_all_compiled_once(checkout: Path) -> None:
    env = environment(checkout, PYTHONDONTWRITEBYTECODE="1")
    assert setup(checkout, env=env).returncode == 0
    package = next((checkout / ".venv").glob("lib/*/site-packages/genshi"))
    sources = {source.stem for source in package.glob("*.py")}
    assert sources == {made.name.partition(".")[0] for made in package.glob("__pycache__/*.pyc")}


def test_a_second_setup_waits_for_the_first(checkout: Path) -> None:
    with subprocess.Popen(
        command("setup", "--role=frontend"), cwd=checkout, env=environment(checkout),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    ) as first:  # fmt: skip
        assert first.stdout
        first.stdout.readline()
        second = setup(checkout)
        first.communicate()
    assert first.returncode == 0
    assert second.stdout.startswith("Another set-up of this checkout is at work")
    assert "nothing to do" in second.stdout


def test_an_interrupted_setup_says_that_it_can_be_run_again(checkout: Path) -> None:
    with subprocess.Popen(
        command("setup", "--role=frontend"), cwd=checkout, env=environment(checkout),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        process.stdout.readline()
        process.terminate()
        _, errors = process.communicate()
    assert process.returncode == 130
    assert errors.strip() == "make setup: interrupted; run it again and it goes on"


def test_no_network_is_one_line_and_offers_a_wheelhouse(checkout: Path, tmp_path: Path) -> None:
    around = namespace("--net")
    env = environment(
        checkout, UV_CACHE_DIR=str(tmp_path / "cache"), UV_HTTP_RETRIES="0", PIP_RETRIES="0",
        PIP_NO_CACHE_DIR="1", WHEELHOUSE="",
    )  # fmt: skip
    ran = setup(checkout, "setup", "--role=frontend", "--wheelhouse=", around=around, env=env)
    assert ran.returncode == 1
    assert "no network: the package index was not reached" in last_line(ran)
    assert "WHEELHOUSE" in last_line(ran)


def test_a_full_disk_is_one_line(checkout: Path) -> None:
    full = checkout.parent / "full"
    full.mkdir()
    script = f'mount -t tmpfs -o size=20m none {full} && cp -a . {full} && cd {full} && exec "$@"'
    around = (*namespace("--mount"), "sh", "-c", script, "sh")
    ran = setup(checkout, around=around, env=environment(full))
    assert ran.returncode == 1
    assert "the disk is full: make room and run it again" in last_line(ran)


def namespace(kind: str) -> tuple[str, ...]:
    """What to put before a command to run it in a namespace; skips where that is forbidden."""
    around = ("unshare", kind, "--map-root-user")
    if subprocess.run([*around, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this computer lets its users make no namespaces")
    return around


def test_a_wheelhouse_that_is_empty_is_refused(checkout: Path, tmp_path: Path) -> None:
    ran = setup(checkout, "setup", "--role=frontend", f"--wheelhouse={tmp_path}")
    assert ran.returncode == 1
    assert "has no wheel of uv" in last_line(ran)


def test_an_ask_without_a_pin_is_refused_and_not_picked(checkout: Path) -> None:
    lock = checkout / "requirements.txt"
    pinned = lock.read_text()
    start = pinned.index("\ngenshi==") + 1
    end = re.compile(r"^\S", re.MULTILINE).search(pinned, start + 1)
    assert end
    lock.write_text(pinned[:start] + pinned[end.start() :])
    ran = setup(checkout)
    assert ran.returncode == 1
    assert "requirements.txt has no pin for genshi" in last_line(ran)


def test_a_python_that_the_pins_are_not_for_is_refused(checkout: Path) -> None:
    project = checkout / "pyproject.toml"
    project.write_text(project.read_text().replace(">=3.11,<3.15", ">=3.97,<3.99"))
    ran = setup(checkout)
    assert ran.returncode == 1
    assert "expected 3.97 to 3.98" in last_line(ran)


@pytest.mark.parametrize("file", ["__init__.py", "setup/__init__.py", "setup/__main__.py"])
def test_an_old_python_gets_as_far_as_the_refusal(file: str) -> None:
    ast.parse((ROOT / "src/tandem" / file).read_text(), feature_version=(3, 7))


def test_a_role_that_is_not_there_is_refused(checkout: Path) -> None:
    ran = setup(checkout, "setup", "--role=mailserver")
    assert last_line(ran) == (
        "make setup: ROLE=mailserver: there is no such role: expected one of frontend"
    )


def test_a_missing_package_is_named_with_what_goes_without_it(checkout: Path) -> None:
    (checkout / "debian-packages.cfg").write_text(
        "[nonesuch]\nfor = frontend\nthere = nonesuch\nwithout = no such thing\n"
    )
    empty = checkout.parent / "empty"
    empty.mkdir()
    for name in ("sh", "dirname", "realpath"):
        program = shutil.which(name)
        assert program
        (empty / name).symlink_to(program)
    (empty / "uv").symlink_to(ROOT / ".venv/bin/uv")
    ran = setup(checkout, env=environment(checkout, path=str(empty)))
    assert ran.returncode == 0, ran.stderr
    assert "Not installed: nonesuch (this is no Debian" in ran.stdout
    assert "without nonesuch: no such thing" in ran.stdout


def times(root: Path) -> dict[str, float]:
    return {
        str(path): path.stat().st_mtime
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
