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


def cached(target: Path, make: Callable[[Path], None], tell: Tell) -> Path:
    """The file or folder ``target``, which ``make`` makes if it is not there yet.

    ``make`` is told where: in a folder that is its own and goes afterwards, whatever else it leaves
    there. Who asks for the same meanwhile waits for it. Raises what ``make`` raises.
    """
    with suppress(FileNotFoundError):
        os.utime(target)
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with _lock(target, tell):
        if not target.exists():
            sweep(target.parent)
            _make(target, make)
    return target


def sweep(cache: Path) -> None:
    """Remove what broken-off work left in the cache, and what was not used for a month."""
    for path in cache.glob(".*.lock"):
        target = path.with_name(path.name.removeprefix(".").removesuffix(".lock"))
        lock = _try_to_lock(path)
        if lock is None:
            continue
        _remove(_unfinished(target))
        if target.exists() and time.time() - target.stat().st_mtime > _UNUSED:
            _remove(target)
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
def _lock(target: Path, tell: Tell) -> Iterator[None]:
    """Hold the lock of what is being made; the kernel releases it, whatever happens."""
    path = _lock_of(target)
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


def _lock_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.lock")


def _unfinished(target: Path) -> Path:
    return target.with_name(f".{target.name}.new")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
