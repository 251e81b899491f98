"""The part of this checkout that hosts get: all but what was made in it, and what no host runs."""

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from tandem.rendering import CHECKOUT
from tandem.setup.pins import LOCK

# What set-up and buildout make, what is somebody's own, and what no host needs in order to run.
_MADE: Final = (".venv", ".installed*.cfg", "bin", "build", "develop-eggs", "eggs", "parts", "var")
_OWN: Final = (".git", ".*_cache", ".hypothesis", "here.cfg", "my.cfg", "cluster.cfg")
_NOT_RUN: Final = (".ci", "bench", "docs", "examples", "fabfile.py", "tests")
_OPERATORS: Final = ("images", "lab", "rollout")
"""Packages that run on the operator's computer alone."""
_ANYWHERE: Final = ("__pycache__", "*.egg-info", "*~", ".*.sw?", ".#*")
"""What Python and editors leave behind."""

_top = shutil.ignore_patterns(*_MADE, *_OWN, *_NOT_RUN, *_ANYWHERE)
_below = shutil.ignore_patterns(*_ANYWHERE)


def digest() -> str:
    """Stands for all that hosts get."""
    total = sha256()
    for file in files():
        total.update(f"{file.relative_to(CHECKOUT)} {_mode(file)}".encode())
        total.update(sha256(file.read_bytes()).digest())
    return total.hexdigest()


def texts() -> dict[str, str]:
    """What hosts get, as far as it is text, by path."""
    read = {}
    for file in files():
        with suppress(UnicodeDecodeError):
            read[str(file.relative_to(CHECKOUT))] = file.read_bytes().decode()
    return read


def digest_of_pins() -> str:
    """Stands for what is asked for and pinned: where it is the same, so is what is installed."""
    total = sha256()
    for name in (LOCK, "pyproject.toml"):
        total.update(sha256((CHECKOUT / name).read_bytes()).digest())
    return total.hexdigest()


def tar_of(own: dict[str, str]) -> bytes:
    """A tar of what a host gets, for all to read, and of its own files: their texts, by path."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for file in files():
            entry = tar.gettarinfo(file, str(file.relative_to(CHECKOUT)))
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = "root"
            entry.mode = _mode(file)
            with file.open("rb") as content:
                tar.addfile(entry, content)
        for path, text in own.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return written.getvalue()


def files() -> Iterator[Path]:
    """The files that hosts get, in an order of their own.

    On hosts all may read them: so none that is closed to others here, as a key is, unless git has
    it. Of those it keeps no such modes: a umask closes them all.
    """
    tracked: frozenset[Path] | None = None
    for folder, folders, names in os.walk(CHECKOUT):
        left_out = _left_out(folder, [*folders, *names])
        folders[:] = sorted(set(folders) - left_out)
        for name in sorted(set(names) - left_out):
            file = Path(folder) / name
            if not file.exists():
                continue
            if not file.stat().st_mode & 0o004:
                tracked = _tracked() if tracked is None else tracked
                if file not in tracked:
                    continue
            yield file


def _tracked() -> frozenset[Path]:
    """The files that git has; none where there is no git, or none of its folders."""
    asked = ("git", "-C", CHECKOUT, "ls-files", "-z")
    with suppress(FileNotFoundError):
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        return frozenset(CHECKOUT / name for name in done.stdout.split("\0"))
    return frozenset()


def _mode(file: Path) -> int:
    return 0o755 if file.stat().st_mode & 0o100 else 0o644


def _left_out(folder: str, names: list[str]) -> set[str]:
    if Path(folder) == CHECKOUT / "src/tandem":
        return {*_below(folder, names), *_OPERATORS}
    return (_top if Path(folder) == CHECKOUT else _below)(folder, names)
