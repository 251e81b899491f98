"""Rendered files replace what was rendered before, and nothing else."""

import stat
from pathlib import Path, PurePosixPath

import pytest

from tandem.errors import TandemError
from tandem.rendering import File
from tandem.writing import write, write_all

HOSTS = File(PurePosixPath("etc/hosts"), "127.0.0.1 localhost\n", 0o644)
SECRET = File(PurePosixPath("etc/ha.d/authkeys"), "auth 1\n", 0o600)


def below(folder: Path) -> set[str]:
    return {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and not file.name.startswith(".made-by")
    }


def test_the_files_of_each_host_are_in_a_folder_of_its_own(tmp_path: Path) -> None:
    write_all({"master": [HOSTS, SECRET], "frontend": [HOSTS]}, tmp_path / "rollout")
    assert below(tmp_path / "rollout") == {
        "master/etc/hosts",
        "master/etc/ha.d/authkeys",
        "frontend/etc/hosts",
    }


def test_each_file_has_its_mode_and_the_folder_is_closed(tmp_path: Path) -> None:
    write_all({"master": [SECRET]}, tmp_path / "rollout")
    assert stat.S_IMODE((tmp_path / "rollout/master/etc/ha.d/authkeys").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "rollout").stat().st_mode) == 0o700


def test_what_was_written_before_is_replaced(tmp_path: Path) -> None:
    write_all({"node3": [HOSTS]}, tmp_path / "rollout")
    write_all({"master": [HOSTS]}, tmp_path / "rollout")
    assert below(tmp_path) == {"rollout/master/etc/hosts"}


@pytest.mark.parametrize("to", ["mine", "mine/sub/..", "."])
def test_a_folder_with_other_files_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    (tmp_path / "mine" / "sub").mkdir(parents=True)
    (tmp_path / "mine" / "precious").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TandemError, match="holds other files, which would be lost"):
        write_all({"master": [HOSTS]}, Path(to))
    assert below(tmp_path) == {"mine/precious"}


def test_a_file_is_no_folder_to_write_to(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(TandemError, match="is a file: expected a folder"):
        write_all({"master": [HOSTS]}, tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "precious"


def test_a_writing_that_fails_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    write_all({"master": [HOSTS]}, tmp_path / "rollout")
    with pytest.raises(FileExistsError):
        write_all({"master": [SECRET, SECRET]}, tmp_path / "rollout")
    assert below(tmp_path) == {"rollout/master/etc/hosts"}


def test_a_folder_of_ours_alone_is_replaced_without_a_mark(tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "old").touch()
    write([HOSTS], tmp_path / "part")
    assert below(tmp_path) == {"part/etc/hosts"}
