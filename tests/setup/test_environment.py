"""When the Python environment is kept, updated or made anew, and where uv comes from."""

import zipfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from tandem.setup import environment
from tandem.setup.environment import Stamp, Verdict, decide
from tandem.setup.faults import SetupError
from tandem.setup.pins import Pin

GOOD = Stamp(python="3.11.2", place="/srv/tandem/.venv", pins="abc", extras=("zope",))


def test_an_environment_with_what_is_pinned_is_kept() -> None:
    assert decide(GOOD, GOOD, exists=True).action == "keep"


def test_new_pins_update_an_environment_in_place() -> None:
    verdict = decide(GOOD, replace(GOOD, pins="def"), exists=True)
    assert verdict == Verdict("update", "the pins have changed")


def test_other_extras_update_an_environment_in_place() -> None:
    assert decide(GOOD, replace(GOOD, extras=()), exists=True).action == "update"


def test_an_environment_whose_making_was_interrupted_is_never_trusted() -> None:
    verdict = decide(None, GOOD, exists=True)
    assert verdict == Verdict("make", "making or changing it was interrupted")


def test_an_environment_that_was_moved_has_to_find_its_checkout_again() -> None:
    verdict = decide(GOOD, replace(GOOD, place="/home/me/.venv"), exists=True)
    assert verdict == Verdict("move", "it has what is pinned, but was made in /srv/tandem/.venv")


def test_a_moved_environment_with_old_pins_is_updated() -> None:
    wanted = replace(GOOD, place="/home/me/.venv", pins="def")
    assert decide(GOOD, wanted, exists=True).action == "update"


def test_an_environment_whose_python_went_is_made_anew() -> None:
    verdict = decide(GOOD, replace(GOOD, python="3.13.5"), exists=True)
    assert verdict == Verdict("make", "it was made for Python 3.11.2")


def test_a_stamp_is_read_as_it_was_written(tmp_path: Path) -> None:
    environment.write_stamp(tmp_path, GOOD)
    assert environment.read_stamp(tmp_path) == GOOD


def test_a_stamp_that_makes_no_sense_is_none(tmp_path: Path) -> None:
    (tmp_path / "tandem.json").write_text('{"python": 3}')
    assert environment.read_stamp(tmp_path) is None


def test_a_removed_stamp_vouches_for_nothing(tmp_path: Path) -> None:
    environment.write_stamp(tmp_path, GOOD)
    environment.remove_stamp(tmp_path)
    assert environment.read_stamp(tmp_path) is None


def test_a_changed_file_changes_the_digest_and_a_touched_one_does_not(tmp_path: Path) -> None:
    file = tmp_path / "base.cfg"
    file.write_text("one")
    first = environment.digest([file])
    file.touch()
    assert environment.digest([file]) == first
    file.write_text("two")
    assert environment.digest([file]) != first


def test_uv_comes_the_quickest_way_first() -> None:
    ways = environment.ways_to_uv(
        "python3", Path("/v"), Path("r.txt"), uv="/usr/bin/uv", pip=True, ensurepip=True
    )
    assert [way[0][:3] for way in ways] == [
        ("/usr/bin/uv", "pip", "install"),
        ("python3", "-m", "pip"),
        ("/v/bin/python", "-m", "ensurepip"),
    ]


def test_every_way_to_uv_checks_its_sums() -> None:
    ways = environment.ways_to_uv(
        "python3", Path("/v"), Path("r.txt"), uv="uv", pip=True, ensurepip=True
    )
    assert all("--require-hashes" in way[-1] for way in ways)


def test_only_what_is_pinned_and_built_already_is_installed() -> None:
    command = environment.installing(Path("uv"), Path("python"), ["zope"], None)
    assert {"--require-hashes", "--no-build", "--constraint=requirements.txt"} <= set(command)


def test_a_wheelhouse_is_the_only_source_where_one_is_named() -> None:
    command = environment.installing(Path("uv"), Path("python"), [], Path("/w"))
    assert {"--no-index", "--offline", "--find-links=/w"} <= set(command)


def test_uv_is_unpacked_from_a_wheelhouse(tmp_path: Path) -> None:
    wheel = wheel_of_uv(tmp_path)
    pin = Pin("uv", "1.0", frozenset({sha256(wheel.read_bytes()).hexdigest()}))
    environment.uv_from_wheelhouse(tmp_path, pin, tmp_path / "uv")
    assert (tmp_path / "uv").read_text() == "program"
    assert (tmp_path / "uv").stat().st_mode & 0o111


def test_a_uv_that_is_not_the_pinned_file_is_refused(tmp_path: Path) -> None:
    wheel_of_uv(tmp_path)
    with pytest.raises(SetupError, match=r"is not the file that requirements\.txt pins"):
        environment.uv_from_wheelhouse(tmp_path, Pin("uv", "1.0", frozenset()), tmp_path / "uv")
    assert not (tmp_path / "uv").exists()


def test_a_wheelhouse_without_uv_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"has no wheel of uv 1\.0"):
        environment.uv_from_wheelhouse(tmp_path, Pin("uv", "1.0", frozenset()), tmp_path / "uv")


def test_a_vm_gets_its_roles_extra_and_this_computer_all_but_the_roles() -> None:
    extras: dict[str, list[str]] = {"frontend": [], "zeoclient": [], "zope": [], "test": []}
    roles = ("frontend", "zeoclient")
    assert environment.extras_of(extras, roles, "frontend") == ("frontend",)
    assert environment.extras_of(extras, roles, "") == ("test", "zope")


def wheel_of_uv(folder: Path) -> Path:
    wheel = folder / "uv-1.0-py3-none-manylinux_2_28_x86_64.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("uv-1.0.data/scripts/uv", "program")
    return wheel
