"""Making files and directories durable.

A file that is renamed into place after it was synced is, after a power cut, either the old or
the new one, whole (POSIX fsync(2) and rename(2); a new name is durable once its directory is).
"""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Return when the file or directory at `path` is on disk; OSError where it can't be."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rename_durably(source: Path, target: Path) -> None:
    """Put the file `source` in the place of `target`, which lies in the same directory."""
    sync(source)
    source.replace(target)
    sync(target.parent)
