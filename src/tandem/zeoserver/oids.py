"""Where a storage starts to hand out oids after it was opened.

ZEO clients keep oids that they fetched ahead (100 at a time), over a restart of the server too.
FileStorage counts on from the highest oid that is *stored*, and so hands those out again. Every
writable open therefore skips 2**32 oids beyond all that can have been handed out before:

- the highest oid stored,
- the last skip, kept in a small file beside the data, which counts where nothing was stored since,
- the clock, 2**32 oids for each second since 2026, which counts where that file was lost, or was
  restored from a backup together with the data.

An oid is handed out twice only if the file is lost, nothing of its range was stored and the clock
was set back, all at once. Oids have 64 bits: the clock may use the lower half, which lasts until
2094, and the upper half has room for 2**31 more opens: one every second for 68 years.
"""

import logging
import re
from pathlib import Path

from tandem.errors import TandemError
from tandem.zeoserver.disk import rename_durably

OIDS_PER_OPEN = 2**32
CLOCK_START = 1767225600  # 2026-01-01 00:00 UTC, in seconds since 1970
CLOCK_END = 2**31  # seconds that the clock may count: a clock gone mad must not use up the oids
LAST_OID = 2**64 - 1

logger = logging.getLogger(__name__)


class OidsExhaustedError(TandemError):
    """There is no room left for another skip."""


def skip(highest_stored: int, last_skip: int, now: float) -> int:
    """The number after which oids are free; `now` is in seconds since 1970."""
    clock = min(int(now) - CLOCK_START, CLOCK_END) * OIDS_PER_OPEN
    start = max(highest_stored, last_skip, clock) + OIDS_PER_OPEN
    if start + OIDS_PER_OPEN > LAST_OID:
        raise OidsExhaustedError(
            f"no oids are left beyond {max(highest_stored, last_skip):#x}: "
            "copy the database to a new one, object by object (zexp export and import)"
        )
    return start


def read_skip(path: Path) -> int:
    """The last skip that was kept at `path`; 0 where there is none that can be understood."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return 0
    if not re.fullmatch(rb"[0-9a-f]{16}\n", content):
        logger.warning("%s is damaged: skipping oids by the clock alone", path)
        return 0
    return int(content, 16)


def keep_skip(path: Path, start: int) -> None:
    """Return when `start` is on disk at `path`; OSError where it can't be."""
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_text(f"{start:016x}\n", encoding="ascii")
    rename_durably(temporary, path)
