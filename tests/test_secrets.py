"""Secrets: made once, whole, and for their owner alone."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from tandem import secrets
from tandem.errors import TandemError
from tandem.model.sections import SecretFiles
from tests.examples import example


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "admin"
    secrets.make(file)
    first = file.read_text()
    secrets.make(file)
    assert file.read_text() == first
    assert len(first.strip()) >= 20


def test_two_secrets_differ(tmp_path: Path) -> None:
    for name in ("one", "two"):
        secrets.make(tmp_path / name)
    assert (tmp_path / "one").read_text() != (tmp_path / "two").read_text()


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "admin"
    secrets.make(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_a_broken_off_run_left_is_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "admin"
    (tmp_path / ".admin.new").write_text("half")
    secrets.make(file)
    assert file.read_text() != "half"
    assert not (tmp_path / ".admin.new").exists()


def test_a_clusters_secrets_are_made_once(tmp_path: Path) -> None:
    cluster = example("cluster")
    first = secrets.secrets_of(cluster, tmp_path, make_missing=True)
    assert secrets.secrets_of(cluster, tmp_path, make_missing=True) == first
    assert set(first.fence) == {"master", "slave"}


def test_two_clusters_of_one_checkout_have_secrets_of_their_own(tmp_path: Path) -> None:
    one = secrets.secrets_of(example("cluster"), tmp_path, make_missing=True)
    other = secrets.secrets_of(example("pair"), tmp_path, make_missing=True)
    assert one.drbd != other.drbd


def test_elsewhere_than_on_the_operators_computer_a_missing_secret_is_a_fault(
    tmp_path: Path,
) -> None:
    with pytest.raises(TandemError, match=r"drbd: missing: secrets are made by `fab render`"):
        secrets.secrets_of(example("cluster"), tmp_path, make_missing=False)
    assert not list(tmp_path.iterdir())


def test_a_file_that_the_description_names_is_read_and_never_made(tmp_path: Path) -> None:
    named = replace(example("cluster"), secrets=SecretFiles(drbd="own-secret"))
    with pytest.raises(TandemError, match=r"own-secret: missing"):
        secrets.secrets_of(named, tmp_path, make_missing=True)
    (tmp_path / "own-secret").write_text("of-my-own\n")
    assert secrets.secrets_of(named, tmp_path, make_missing=True).drbd == "of-my-own"


@pytest.mark.parametrize(
    "text", ["", " ", "two words", 'a"b', "a;b", "a#b", "a\\b", "${a}", "schlüssel"]
)
def test_a_secret_that_a_file_could_take_for_something_else_is_refused(
    tmp_path: Path, text: str
) -> None:
    named = replace(example("cluster"), secrets=SecretFiles(drbd="own-secret"))
    (tmp_path / "own-secret").write_text(text)
    with pytest.raises(TandemError, match=r"own-secret: expected"):
        secrets.secrets_of(named, tmp_path, make_missing=True)


def test_a_secret_that_drbd_would_not_take_is_refused(tmp_path: Path) -> None:
    named = replace(example("cluster"), secrets=SecretFiles(drbd="own-secret"))
    (tmp_path / "own-secret").write_text("x" * 65)
    with pytest.raises(TandemError, match="own-secret: 65 characters: expected at most 64"):
        secrets.secrets_of(named, tmp_path, make_missing=True)


def test_a_password_that_ipmi_would_cut_off_is_refused(tmp_path: Path) -> None:
    cluster = example("cluster")
    named = replace(cluster.nodes[0], fence_password="bmc")
    (tmp_path / "bmc").write_text("x" * 21)
    with pytest.raises(TandemError, match="bmc: 21 characters: expected at most 20"):
        secrets.secrets_of(
            replace(cluster, nodes=(named, cluster.nodes[1])), tmp_path, make_missing=True
        )


def test_a_made_password_is_short_enough_for_any_bmc(tmp_path: Path) -> None:
    made = secrets.secrets_of(example("cluster"), tmp_path, make_missing=True)
    assert {len(password) for password in made.fence.values()} == {16}
