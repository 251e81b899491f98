"""Changing words of a description: only those, and only to what is wanted."""

from pathlib import Path

import pytest

from tandem.description import cluster_in
from tandem.editing import check_edit, edit
from tandem.errors import TandemError
from tests.examples import FILES

MOVED = {"slave:10.0.0.32": "slave:10.0.0.39"}
TO_BE = {"zeoclient-vm": {"addresses": "master:10.0.0.31 slave:10.0.0.39"}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "cluster.cfg"
    file.write_text(
        "# Ours: slave:10.0.0.32, too, but for the comma.\n" + FILES["cluster"].read_text()
    )
    file.chmod(0o640)
    return file


def test_the_words_are_others_and_all_else_is_as_it_was(file: Path) -> None:
    before = file.read_text()
    wanted = cluster_in(file, TO_BE)
    edit(file, MOVED, wanted)
    assert cluster_in(file) == wanted
    assert file.read_text() == before.replace(
        "master:10.0.0.31 slave:10.0.0.32", "master:10.0.0.31 slave:10.0.0.39"
    )
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["cluster.cfg"]


def test_words_may_follow_an_equals_sign_and_lines_may_end_as_on_windows(file: Path) -> None:
    before = "addresses = master:10.0.0.31 slave:10.0.0.32"
    text = file.read_text().replace(before, "addresses=slave:10.0.0.32 master:10.0.0.31")
    file.write_text(text, newline="\r\n")
    moved = {"zeoclient-vm": {"addresses": "slave:10.0.0.39 master:10.0.0.31"}}
    edit(file, MOVED, cluster_in(file, moved))
    assert "\r\naddresses=slave:10.0.0.39 master:10.0.0.31\r\n" in file.read_bytes().decode()


def test_a_mac_address_may_be_written_in_capitals(file: Path) -> None:
    line = "addresses = master:10.0.0.31 slave:10.0.0.32\n"
    text = file.read_text().replace(line, f"{line}macs = slave:00:16:3E:00:00:0A\n")
    file.write_text(text)
    wanted = cluster_in(file, {"zeoclient-vm": {"macs": "slave:00:16:3e:00:00:0b"}})
    edit(file, {"slave:00:16:3e:00:00:0a": "slave:00:16:3e:00:00:0b"}, wanted)
    assert cluster_in(file) == wanted


def test_a_link_stays_one(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.cfg"
    link.symlink_to(file)
    edit(link, MOVED, cluster_in(file, TO_BE))
    assert link.is_symlink()
    assert "slave:10.0.0.39" in file.read_text()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"slave:10.0.0.38": "slave:10.0.0.39"}, "does not say slave:10.0.0.38, which becomes"),
        ({"[slave]": "[node3]", "=": ":"}, r"says \d+ times =, which becomes :"),
        ({"master:10.0.0.31": "master:10.0.0.39"}, "is not the cluster wanted: edit it by hand"),
    ],
)
def test_what_would_describe_something_else_is_not_written(
    file: Path, words: dict[str, str], why: str
) -> None:
    before = file.read_text()
    wanted = cluster_in(file, TO_BE)
    for change in (check_edit, edit):
        with pytest.raises(TandemError, match=why):
            change(file, words, wanted)
    assert file.read_text() == before
    assert [path.name for path in file.parent.iterdir()] == ["cluster.cfg"]
