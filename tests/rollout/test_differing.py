"""How what a release is built of differs from that of the one that runs, as the host says it."""

import io
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tandem.model import CURRENT
from tandem.rollout.differing import since_current
from tandem.rollout.facts import answered
from tandem.rollout.question import question
from tandem.rollout.release import Release
from tests.examples import example
from tests.rollout.asdescribed import wanted

Seen = Callable[[], tuple[str, ...]]


@pytest.fixture
def running(tmp_path: Path) -> Path:
    """A release of this checkout that a host runs."""
    folder = tmp_path / "current"
    with tarfile.open(fileobj=io.BytesIO(release().tar())) as tar:
        tar.extractall(folder, filter="data")
    (folder / ".release").write_text("an-older-one\npins\nv1\n")
    return folder


@pytest.fixture
def seen(running: Path) -> Seen:
    """Tells how the release that is wanted differs from that, once this computer has been asked."""

    def tell() -> tuple[str, ...]:
        cluster = example("containers")
        host = cluster.hosts["zeoserver"]
        asked = question(cluster, host, wanted(cluster, host.name))
        command = ("sh", "-c", asked.replace(str(CURRENT), str(running)))
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return since_current(release(), answered(done.stdout))

    return tell


def release() -> Release:
    made = wanted(example("containers"), "zeoserver").release
    assert made is not None
    return made


def test_a_changed_file_is_a_diff(running: Path, seen: Seen) -> None:
    base = running / "base.cfg"
    base.write_text(base.read_text().replace("    Plone\n", "    Plone\n    my.addon\n"))
    assert seen() == ("base.cfg:", "@@ -13,3 +13,2 @@", "     Plone", "-    my.addon", " zcml =")


def test_a_file_that_comes_or_goes_is_one_too(running: Path, seen: Seen) -> None:
    (running / "here.cfg").unlink()
    (running / "src/mine.py").write_text("pass\n")
    assert seen() == (
        *("here.cfg:", "@@ -0,0 +1,2 @@", "+[here]", "+name = zeoserver"),
        *("src/mine.py:", "@@ -1 +0,0 @@", "-pass"),
    )


def test_of_much_that_differs_it_is_told_how_much(running: Path, seen: Seen) -> None:
    (running / "src/mine.py").write_text("pass\n" * 200)
    assert seen() == ("src/mine.py: 0 lines more, 200 less",)


def test_what_was_made_in_it_is_no_difference(running: Path, seen: Seen) -> None:
    for made in ("bin/zeoserver", "src/__pycache__/mine.pyc", "src/my.egg-info/PKG-INFO"):
        (running / made).parent.mkdir(exist_ok=True)
        (running / made).write_text("made\n")
    assert seen() == ()


def test_the_lock_is_left_out_whose_pins_buildouts_versions_have_too(
    running: Path, seen: Seen
) -> None:
    (running / "requirements.txt").write_text("older==1.0\n")
    assert seen() == ()


def test_of_the_release_that_is_wanted_nothing_is_read(running: Path, seen: Seen) -> None:
    (running / "base.cfg").write_text("")
    (running / ".release").write_text(f"{release().digest}\npins\nv1\n")
    assert seen() == ()
