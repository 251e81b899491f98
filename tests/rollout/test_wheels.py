"""Which wheels a host is sent, and what it does with them: it keeps those pinned, and no others."""

import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import cast

import pytest

from tandem.errors import TandemError
from tandem.model import HOME
from tandem.rollout import wheels
from tandem.rollout.remote import Remote
from tandem.rollout.wheels import RECEIVING, Wheels, needed_by


def receive(home: Path, sent: tuple[str, ...], pinned: tuple[str, ...]) -> set[str]:
    """The wheels in a wheelhouse once some were sent."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for name in sent:
            tar.addfile(tarfile.TarInfo(name))
        names = tarfile.TarInfo(".names")
        text = "".join(f"{name}\n" for name in pinned).encode()
        names.size = len(text)
        tar.addfile(names, io.BytesIO(text))
    script = RECEIVING.replace(str(HOME), str(home))
    subprocess.run(("sh", "-euc", script), input=written.getvalue(), check=True)
    return {path.name for path in (home / "wheelhouse").iterdir()} - {".names"}


ONE, TWO = "one-1.0-py3-none-any.whl", "two-1.0-cp311-cp311-linux_x86_64.whl"
NEWER = "two-1.1-cp311-cp311-linux_x86_64.whl"


def test_what_is_sent_is_kept(tmp_path: Path) -> None:
    assert receive(tmp_path, (ONE, TWO), (ONE, TWO)) == {ONE, TWO}


def test_what_is_there_need_not_be_sent_and_what_is_no_longer_pinned_goes(tmp_path: Path) -> None:
    receive(tmp_path, (ONE, TWO), (ONE, TWO))
    assert receive(tmp_path, (NEWER,), (ONE, NEWER)) == {ONE, NEWER}


def test_nothing_may_be_sent(tmp_path: Path) -> None:
    receive(tmp_path, (ONE,), (ONE,))
    assert receive(tmp_path, (), (ONE,)) == {ONE}


def test_what_broke_off_before_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "wheelhouse/.new").mkdir(parents=True)
    (tmp_path / "wheelhouse/.new/half.whl").touch()
    assert receive(tmp_path, (ONE,), (ONE,)) == {ONE}


class Having:
    """A host that has some wheels."""

    def __init__(self, *there: str) -> None:
        self.there = there

    def run(self, _: str) -> str:
        return "".join(f"{name}\n" for name in self.there)


def sent(monkeypatch: pytest.MonkeyPatch, folder: Path, *there: str) -> tuple[set[str], str]:
    """The wheels that a host is sent that has some and needs two, and the names that it is told."""
    for name in (ONE, NEWER):
        (folder / name).write_text(name)
    monkeypatch.setattr(wheels, "wheelhouse", lambda: folder)
    monkeypatch.setattr(wheels, "needed_by", lambda *_: (folder / ONE, folder / NEWER))
    tar = Wheels(("zeoserver",)).content(cast(Remote, Having(*there)), lambda _: None)
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        names = opened.extractfile(".names")
        assert names
        return set(opened.getnames()) - {".names"}, names.read().decode()


def test_a_host_is_sent_those_that_it_lacks_and_the_names_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sent(monkeypatch, tmp_path, ONE, TWO) == ({NEWER}, f"{ONE}\n{NEWER}\n")


def test_a_new_host_is_sent_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sent(monkeypatch, tmp_path) == ({ONE, NEWER}, f"{ONE}\n{NEWER}\n")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a role, `zeoserver`, that asks for `Two_Words`, which asks for `one`."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "own"\nversion = "1"\nrequires-python = ">=3.11"\n'
        '[project.optional-dependencies]\nzeoserver = ["Two_Words"]\nfrontend = []\n'
    )
    (tmp_path / "requirements.txt").write_text("one==1.0\ntwo-words==1.1\nother==3\n")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/uv").symlink_to(Path(sys.executable).with_name("uv"))
    (tmp_path / "var/wheelhouse").mkdir(parents=True)
    monkeypatch.setattr(wheels, "CHECKOUT", tmp_path)
    return tmp_path


def wheel(checkout: Path, name: str, version: str, requires: str = "") -> Path:
    """A wheel in the wheelhouse."""
    path = checkout / f"var/wheelhouse/{name}-{version}-py3-none-any.whl"
    asks = f"Requires-Dist: {requires}\n" if requires else ""
    with zipfile.ZipFile(path, "w") as written:
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{asks}"
        written.writestr(f"{name}-{version}.dist-info/METADATA", metadata)
        tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        written.writestr(f"{name}-{version}.dist-info/WHEEL", tag)
        written.writestr(f"{name}-{version}.dist-info/RECORD", "")
    return path


def test_a_role_needs_what_it_asks_for_and_what_that_asks_for_as_pinned(checkout: Path) -> None:
    one = wheel(checkout, "one", "1.0")
    wheel(checkout, "Two_Words", "1.2", "one")
    two = wheel(checkout, "Two_Words", "1.1", "one")
    wheel(checkout, "other", "3")
    assert set(needed_by(["zeoserver"], checkout / "var/wheelhouse")) == {one, two}


def test_a_role_that_asks_for_nothing_needs_nothing(checkout: Path) -> None:
    wheel(checkout, "one", "1.0")
    assert needed_by(["frontend"], checkout / "var/wheelhouse") == ()


def test_a_wheelhouse_that_lacks_one_says_which_in_one_line(checkout: Path) -> None:
    wheel(checkout, "Two_Words", "1.1", "one")
    with pytest.raises(TandemError) as lacking:
        needed_by(["zeoserver"], checkout / "var/wheelhouse")
    said = lacking.value.report()
    assert said.startswith("var/wheelhouse: uv finds not all in it: one was not found")
    assert "\n" not in said
