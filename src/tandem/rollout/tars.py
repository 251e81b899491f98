"""Files as a tar, by which they come to a host."""

import io
import tarfile
from collections.abc import Iterable
from time import time

from tandem.rendering import File


def tar_of(files: Iterable[File]) -> bytes:
    """A tar of the files, root's, each with its mode, and as new as it is.

    Heartbeat sees by a file's time whether there is something to be read anew.
    """
    now = time()
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for file in files:
            content = file.text.encode()
            entry = tarfile.TarInfo(str(file.path))
            entry.size, entry.mode, entry.mtime = len(content), file.mode, now
            tar.addfile(entry, io.BytesIO(content))
    return written.getvalue()
