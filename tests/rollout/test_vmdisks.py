"""The Debian of VMs: made once on the operator's computer, and sent to machines that lack it."""

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from tandem.errors import TandemError
from tandem.images.cache import Tell, cached
from tandem.rollout import vmdisks
from tandem.rollout.remote import Remote
from tandem.rollout.vmdisks import DebianImage

IMAGE = DebianImage(("kmod",))
TAR = b"a Debian"


@dataclass(frozen=True)
class Machine:
    """A machine that has some images."""

    images: str = ""

    def run(self, _: str) -> str:
        return self.images


def content(told: list[str], images: str = "") -> bytes:
    """What is sent to a machine that has some images."""
    return IMAGE.content(cast(Remote, Machine(images)), told.append)


@pytest.fixture(autouse=True)
def _no_mmdebstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian is made in no time."""

    def name_of(packages: tuple[str, ...]) -> str:
        return f"debian-{'-'.join(packages)}.tar"

    def debian(packages: tuple[str, ...], cache: Path, tell: Tell) -> Path:
        def make(tar: Path) -> None:
            tell("Debian 12: packing")
            tar.write_bytes(TAR)

        return cached(cache / name_of(packages), make, tell)

    monkeypatch.setattr(vmdisks, "IMAGES", tmp_path)
    monkeypatch.setattr(vmdisks, "name_of", name_of)
    monkeypatch.setattr(vmdisks, "debian", debian)


def test_a_machine_that_has_it_is_sent_nothing_and_nothing_is_made(tmp_path: Path) -> None:
    told: list[str] = []
    assert content(told, "debian-kmod.tar.gz\n") == b""
    assert told == []
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("images", ["", "debian-bash.tar.gz\n"])
def test_one_that_lacks_it_is_sent_it_whole(images: str) -> None:
    assert gzip.decompress(content([], images)) == TAR


def test_while_it_is_made_that_is_told() -> None:
    told: list[str] = []
    content(told)
    assert told == ["Debian 12: packing", "compressing it", "sending it"]


def test_it_is_made_once() -> None:
    content([])
    told: list[str] = []
    assert gzip.decompress(content(told)) == TAR
    assert told == ["sending it"]


def test_what_cannot_be_compressed_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vmdisks, "debian", lambda *_: tmp_path / "gone.tar")
    with pytest.raises(TandemError, match=r"compressing .*gone.tar failed: gzip: .*No such file"):
        content([])
    assert not (tmp_path / IMAGE.name).exists()
