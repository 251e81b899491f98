"""A packer whose result is on disk before it takes the place of the data.

ZODB renames the packed file into place without syncing it, and may remove the old one: a power
cut within the next half minute can take all the data with it.
"""

import os
from pathlib import Path
from typing import Any

from ZODB.FileStorage.fspack import FileStoragePacker

from tandem.zeoserver.disk import sync


class DurablePacker(FileStoragePacker):  # type: ignore[misc]  # ZODB has no types
    def copyToPacktime(self) -> tuple[int, int]:  # noqa: N802
        positions: tuple[int, int] = super().copyToPacktime()
        # Here, while others can still commit, nearly all of the file goes to the disk.
        self._tfile.flush()
        os.fsync(self._tfile.fileno())
        return positions

    def pack(self) -> int | None:
        end: int | None = super().pack()
        if end is not None:
            try:
                sync(Path(f"{self._name}.pack"))
            except OSError:
                self._commit_lock.release()
                raise
        return end


def pack(storage: Any, referencesf: Any, stop: bytes, gc: bool) -> tuple[int, Any] | None:
    """Pack into a `.pack` file and leave with the commit lock held (IFileStoragePacker)."""
    packer = DurablePacker(storage, referencesf, stop, gc)
    try:
        end = packer.pack()
        return None if end is None else (end, packer.index)
    finally:
        packer.close()
