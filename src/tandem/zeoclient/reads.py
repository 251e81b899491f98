"""Reads whose connection is lost on the way are asked again, so that requests only wait.

Zope begins a request anew whose read failed, but not where code in between has made another error
of it, as Plone's text transformations do: then the visitor sees a 500. What a read returns for an
oid and a transaction never changes, so it can be asked again; a commit can't.
"""

import time
from functools import partial
from typing import Any

from ZEO.Exceptions import ClientDisconnected

TRIES = 3
"""Each waits for the connection, as long as ZEO's client does by itself (``wait-timeout``)."""

GIVE_UP_AFTER = 30.0
"""Seconds after which a read that failed is not asked again: ZEO's own bound of one wait."""


def repeat_lost_reads(storage: Any) -> None:
    """Make a ``ZEO.ClientStorage`` ask again where the answer was lost with the connection."""
    storage.loadBefore = partial(_read, storage.loadBefore)


def _read(load_before: Any, oid: bytes, tid: bytes) -> Any:
    start = time.monotonic()
    for _ in range(TRIES - 1):
        try:
            return load_before(oid, tid)
        except ClientDisconnected:
            if time.monotonic() - start >= GIVE_UP_AFTER:
                raise
    return load_before(oid, tid)
