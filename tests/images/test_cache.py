"""The lab's cache: what is in it is whole, is made once, and does not pile up."""

import fcntl
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tandem.images.cache import cached, lock_of, sweep

MONTH = 31 * 24 * 3600


def silent(_line: str) -> None:
    pass


def write(target: Path) -> None:
    target.write_text("whole")


def test_what_is_in_the_cache_is_not_made_again(tmp_path: Path) -> None:
    target = cached(tmp_path / "cache" / "one.tar", write, silent)
    assert cached(target, Path.touch, silent).read_text() == "whole"


def test_a_folder_is_kept_like_a_file(tmp_path: Path) -> None:
    assert cached(tmp_path / "wheels", Path.mkdir, silent).is_dir()


def test_a_making_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def half(target: Path) -> None:
        target.write_text("half")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        cached(tmp_path / "one.tar", half, silent)
    assert [path.name for path in tmp_path.iterdir()] == [".one.tar.lock"]


def test_two_that_ask_at_once_have_it_made_once_and_are_told_why_they_wait(tmp_path: Path) -> None:
    made: list[Path] = []
    told: list[str] = []

    def make(target: Path) -> None:
        made.append(target)
        deadline = time.monotonic() + 10
        while not told and time.monotonic() < deadline:
            time.sleep(0.01)
        write(target)

    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(cached, tmp_path / "one.tar", make, told.append) for _ in range(2)]
    assert [one.result().read_text() for one in both] == ["whole", "whole"]
    assert len(made) == 1
    assert told == ["somebody else is making it; waiting"]


def test_what_a_killed_making_left_is_gone_at_the_next_start(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from tandem.images.cache import cached\n"
        "cached(Path(sys.argv[1]), lambda made: (made.touch(), os.kill(os.getpid(), 9)), print)"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path / "one.tar"], check=False)
    left = (tmp_path / ".one.tar.new" / "one.tar").exists()
    cached(tmp_path / "another.tar", write, silent)
    assert left
    assert not (tmp_path / ".one.tar.new").exists()
    assert not (tmp_path / "one.tar").exists()


def test_what_is_just_being_made_is_not_swept(tmp_path: Path) -> None:
    def make(target: Path) -> None:
        sweep(tmp_path)
        write(target)

    assert cached(tmp_path / "one.tar", make, silent).exists()


def test_what_nobody_used_for_a_month_is_swept_and_what_was_used_stays(tmp_path: Path) -> None:
    unused, used = (cached(tmp_path / name, write, silent) for name in ("unused", "used"))
    for path in (unused, used):
        os.utime(path, (0, time.time() - MONTH))
    cached(used, write, silent)
    sweep(tmp_path)
    assert [path.exists() for path in (unused, used)] == [False, True]


def test_what_others_keep_beside_it_is_never_swept(tmp_path: Path) -> None:
    theirs = tmp_path / "disk.img"
    theirs.touch()
    os.utime(theirs, (0, time.time() - MONTH))
    sweep(tmp_path)
    assert theirs.exists()


def test_of_what_is_called_alike_only_those_used_last_stay(tmp_path: Path) -> None:
    names = ("base-a-1", "base-a-2", "base-a-3", "base-a-b-1")
    for age, name in enumerate(names):
        path = cached(tmp_path / name, write, silent)
        os.utime(path, (0, time.time() - 1000 + age))
    cached(tmp_path / "base-a-1", write, silent)
    cached(tmp_path / "base-a-4", write, silent, most=2)
    left = sorted(path.name for path in tmp_path.glob("base-*"))
    assert left == ["base-a-1", "base-a-4", "base-a-b-1"]


def test_what_a_lab_holds_stays_however_old_it_is(tmp_path: Path) -> None:
    old = cached(tmp_path / "base-a-1", write, silent)
    os.utime(old, (0, time.time() - MONTH))
    with lock_of(old).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        cached(tmp_path / "base-a-2", write, silent, most=1)
        assert old.exists()
    cached(tmp_path / "base-a-3", write, silent, most=1)
    assert not old.exists()
