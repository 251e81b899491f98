"""Writing rendered files below a folder: all of them, or the folder stays as it was."""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from tandem.rendering import File


def write(files: Iterable[File], directory: Path) -> None:
    """Make the folder hold these files and nothing else, each with its mode."""
    write_all({"": tuple(files)}, directory)


def write_all(files: Mapping[str, Iterable[File]], directory: Path) -> None:
    """Make the folder hold these files and nothing else, those of each name in a folder of its own.

    Files with secrets are never open to others, not for a moment.
    """
    unfinished = directory.with_name(f".{directory.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    for name, its_files in files.items():
        for file in its_files:
            path = unfinished / name / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, file.mode)
            with os.fdopen(descriptor, "w") as opened:
                opened.write(file.text)
            path.chmod(file.mode)
    shutil.rmtree(directory, ignore_errors=True)
    unfinished.rename(directory)
