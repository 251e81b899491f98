"""The part of this checkout that hosts get."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from tandem.rollout import checkout


def unpacked() -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(checkout.tar_of({"here.cfg": "[here]\n"}))) as tar:
        return {entry.name: entry for entry in tar}


def test_a_host_gets_the_checkout_without_what_was_made_in_it() -> None:
    there = {name.split("/")[0] for name in unpacked()}
    assert {"Makefile", "src", "recipes", "templates", "profiles", "versions.cfg"} <= there
    assert not there & {".git", ".venv", "bin", "parts", "var", "tests", ".installed.cfg"}
    assert not [name for name in unpacked() if name.endswith(".pyc")]


def test_it_gets_files_of_its_own_besides() -> None:
    assert unpacked()["here.cfg"].size == len("[here]\n")


def test_what_runs_on_the_operators_computer_alone_stays_there() -> None:
    assert not [name for name in unpacked() if name.startswith("src/tandem/rollout")]


def test_all_on_a_host_may_read_the_checkout_and_only_root_may_change_it() -> None:
    modes = {entry.mode for entry in unpacked().values()}
    assert modes == {0o644, 0o755}
    assert {entry.uid for entry in unpacked().values()} == {0}


@pytest.mark.parametrize("name", ["key", "base.cfg~", ".base.cfg.swp"])
def test_keys_and_what_editors_leave_behind_stay_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).touch()
    (tmp_path / name).chmod(0o600 if name == "key" else 0o644)
    monkeypatch.setattr(checkout, "CHECKOUT", tmp_path)
    assert list(checkout.files()) == []


def test_a_host_gets_what_git_has_whatever_the_umask_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("base.cfg", "key"):
        (tmp_path / name).touch(0o640)
    for words in (("init", "--quiet"), ("add", "base.cfg")):
        subprocess.run(("git", "-C", tmp_path, *words), check=True)
    monkeypatch.setattr(checkout, "CHECKOUT", tmp_path)
    assert list(checkout.files()) == [tmp_path / "base.cfg"]


def test_a_link_that_leads_nowhere_stays_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    monkeypatch.setattr(checkout, "CHECKOUT", tmp_path)
    assert list(checkout.files()) == []


@pytest.mark.parametrize(
    ("changed", "counts"),
    [("src/program.py", True), ("Makefile", True), ("var/log/a.log", False), ("tests/a.py", False)],
)
def test_a_checkout_is_another_when_what_hosts_get_of_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str, counts: bool
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/program.py").touch()
    monkeypatch.setattr(checkout, "CHECKOUT", tmp_path)
    before = checkout.digest()
    (tmp_path / changed).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / changed).write_text("changed")
    assert (checkout.digest() != before) == counts
