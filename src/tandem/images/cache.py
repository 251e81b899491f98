"""The lab's cache: what is made once and kept, whole or not at all."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_UNUSED: Final = 30 * 24 * 3600
"""How long what nobody uses is kept, in seconds."""

Tell = Callable[[str], None]
"""Takes one short line on how the work goes on; each takes the place of the one before."""


def cached(target: Path, make: Callable[[Path], None], tell: Tell, most: int = 0) -> Path:
    """The file or folder ``target``, which ``make`` makes if it is not there yet.

    ``make`` is told where: in a folder that is its own and goes afterwards, whatever else it leaves
    there. Who asks for the same meanwhile waits for it. ``most``: how many are kept whose names
    differ after the last dash alone, those used last; 0 is all. Raises what ``make`` raises.
    """
    with suppress(FileNotFoundError):
        os.utime(target)
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target, tell):
        if not target.exists():
            sweep(target.parent)
            if most:
                _thin(target, most - 1)
            _make(target, make)
    return target


def lock_of(target: Path) -> Path:
    """The file by whose lock (flock(2)) ``target`` is held: what is locked is not removed."""
    return target.with_name(f".{target.name}.lock")


def sweep(cache: Path) -> None:
    """Remove what broken-off work left in the cache, and what was not used for a month."""
    for path in cache.glob(".*.lock"):
        target = path.with_name(path.name.removeprefix(".").removesuffix(".lock"))
        with _unless_held(target) as free:
            if free:
                _remove(_unfinished(target))
            if free and target.exists() and time.time() - target.stat().st_mtime > _UNUSED:
                _remove(target)


def _thin(target: Path, most: int) -> None:
    """Remove what is called like the target, but for those used last."""
    called = target.name.rpartition("-")[0]
    alike = (path for path in target.parent.iterdir() if path.name.rpartition("-")[0] == called)
    for old in sorted(alike, key=lambda path: path.stat().st_mtime, reverse=True)[most:]:
        with _unless_held(old) as free:
            if free:
                _remove(old)


@contextmanager
def _unless_held(target: Path) -> Iterator[bool]:
    """Hold what nobody holds; whether that is so."""
    lock = _try_to_lock(lock_of(target))
    try:
        yield lock is not None
    finally:
        if lock is not None:
            os.close(lock)


def _make(target: Path, make: Callable[[Path], None]) -> None:
    folder = _unfinished(target)
    _remove(folder)
    folder.mkdir()
    try:
        made = folder / target.name
        make(made)
        os.utime(made)
        made.rename(target)
    finally:
        _remove(folder)


@contextmanager
def locked(target: Path, tell: Tell) -> Iterator[None]:
    """Hold the lock of what is being made; the kernel releases it, whatever happens."""
    path = lock_of(target)
    lock = _try_to_lock(path)
    if lock is None:
        tell("somebody else is making it; waiting")
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(lock)


def _try_to_lock(path: Path) -> int | None:
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _unfinished(target: Path) -> Path:
    return target.with_name(f".{target.name}.new")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
