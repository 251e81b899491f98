"""What a host does with wheels that come: it keeps those that are pinned, and no others."""

import io
import subprocess
import tarfile
from pathlib import Path

from tandem.model import HOME
from tandem.rollout.wheels import RECEIVING


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
