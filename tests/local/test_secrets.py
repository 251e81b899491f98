"""Secrets: made once, whole, and for their owner alone."""

import stat
from pathlib import Path

from tandem.local import secrets


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
