"""Secrets of the stack on this computer: made on first use, and kept in ``var/secrets``."""

import os
from pathlib import Path
from secrets import token_urlsafe


def make(file: Path) -> None:
    """Make the secret in the file, unless it is there, readable by its owner alone.

    It has 128 random bits, and is whole or not there at all, whatever happens meanwhile.
    """
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.parent.chmod(0o700)
    unfinished = file.with_name(f".{file.name}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(token_urlsafe(16) + "\n")
        opened.flush()
        os.fsync(descriptor)
    unfinished.rename(file)
