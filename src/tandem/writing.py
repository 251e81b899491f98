"""Writing rendered files below a folder: all of them, or the folder stays as it was."""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from tandem.errors import TandemError
from tandem.rendering import File

_MARK: Final = ".made-by-tandem"
"""Lies in a folder of all hosts' files: what has it may be replaced."""


def write(files: Iterable[File], directory: Path) -> None:
    """Make the folder, which is ours, hold these files and nothing else, each with its mode."""
    # Others run programs of it: on a host, root writes and an account of its own starts them.
    _replace(directory, {"": files}, mode=0o755)


def write_all(files: Mapping[str, Iterable[File]], directory: Path) -> None:
    """Make the folder hold these files, those of each name in a folder of its own.

    A folder that holds anything but an earlier such writing is left alone: raises TandemError.
    """
    directory = directory.resolve()
    if directory.exists() and not directory.is_dir():
        raise TandemError(f"{directory} is a file: expected a folder, or a new name")
    if directory.exists() and any(directory.iterdir()) and not (directory / _MARK).exists():
        raise TandemError(
            f"{directory} holds other files, which would be lost: expected an empty folder, or a"
            " new name"
        )
    _replace(directory, files, _MARK)


def _replace(
    directory: Path, files: Mapping[str, Iterable[File]], mark: str = "", mode: int = 0o700
) -> None:
    unfinished = directory.with_name(f".{directory.name}.new")
    before = directory.with_name(f".{directory.name}.old")
    for left in (unfinished, before):
        shutil.rmtree(left, ignore_errors=True)
    try:
        unfinished.mkdir(parents=True, mode=0o700)
        if mark:
            (unfinished / mark).touch()
        for name, its_files in files.items():
            for file in its_files:
                write_file(file, unfinished / name / file.path)
        unfinished.chmod(mode)
        if directory.exists():
            directory.rename(before)
        unfinished.rename(directory)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(before, ignore_errors=True)


def write_file(file: File, path: Path) -> None:
    """Make one file, which is never open to more than its mode says, not for a moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, file.mode)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(file.text)
    path.chmod(file.mode)
