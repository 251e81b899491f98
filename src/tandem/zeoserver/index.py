"""The file that saves FileStorage's index, so that opening it need not scan the data.

The format is ZODB's own, which stops reading before our seal: the id of the last transaction that
the index knows, and a digest of all before it. So a file that is torn, or that belongs to other
data (as it was before a pack, or before a restore), is recognised and not used.
"""

import hashlib
import logging
import mmap
import os
from pathlib import Path
from typing import Any

from ZODB.fsIndex import fsIndex

from tandem.zeoserver.disk import rename_durably

TID_SIZE = 8
DIGEST_SIZE = 32

logger = logging.getLogger(__name__)


def save_index(path: Path, state: dict[str, Any], pos: int, tid: bytes) -> None:
    """Save an `fsIndex`, given as its state, that ends at `pos` with transaction `tid`.

    A failure is only logged, since without the file nothing but time is lost.
    """
    index = fsIndex()
    index.__setstate__(state)
    temporary = path.with_name(f"{path.name}.index_tmp")
    try:
        index.save(pos, str(temporary))
        with temporary.open("r+b") as file:
            file.seek(0, os.SEEK_END)
            file.write(tid)
            file.seek(0)
            digest = hashlib.file_digest(file, _digest).digest()
            file.seek(0, os.SEEK_END)
            file.write(digest)
        rename_durably(temporary, path)
    except OSError as error:
        logger.error("%s could not be saved, the next start will take longer: %s", path, error)


def sealed_tid(path: Path) -> bytes | None:
    """The last transaction that the saved index knows; None where it is not whole or not ours."""
    try:
        with (
            path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
            memoryview(mapped) as content,
        ):
            digest = _digest()
            with content[:-DIGEST_SIZE] as sealed:
                digest.update(sealed)
            if digest.digest() == mapped[-DIGEST_SIZE:]:
                return mapped[-DIGEST_SIZE - TID_SIZE : -DIGEST_SIZE]
            return None
    except (OSError, ValueError):  # mmap refuses an empty file with a ValueError
        return None


def _digest() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=DIGEST_SIZE)
