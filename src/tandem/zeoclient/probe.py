"""A thread that keeps asking every database whether it can be read.

Only a finished round trip counts: a question that hangs or fails just lets the time of the last
answer grow old, so every way in which a server can die, freeze or vanish looks the same.
"""

import logging
import threading
import time
from asyncio import CancelledError
from collections.abc import Callable, Mapping
from typing import Protocol

from tandem.zeoclient.readiness import Verdict
from tandem.zeoclient.reads import repeat_lost_reads
from tandem.zeoclient.reconnect import NetworkStorage, Reconnection, limit_silence

INTERVAL = 0.25
"""Seconds between two rounds of questions."""

BOUND = 1.0
"""Seconds for which an answer counts. With ``INTERVAL`` and a balancer that asks every 0.5 s, a
client that lost its server is out of the balancer within 2 s."""

ROOT = bytes(8)
"""The oid of a database's root, which every database has."""

log = logging.getLogger(__name__)


class Storage(Protocol):
    """The part of a ZODB storage that the probe needs."""

    def getTid(self, oid: bytes, /) -> bytes:  # noqa: N802 (the name is ZODB's)
        """The serial of an object's current revision.

        ``ZEO.ClientStorage`` sends this to the server without a look at its cache.
        """


def judge(now: float, answered: float | None, asking: str, bound: float) -> Verdict:
    """The verdict at ``now``, when the last full round was ``answered`` (seconds, one clock).

    ``asking`` names the database whose answer is awaited.
    """
    if answered is None:
        return Verdict(ready=False, reason="starting: the databases have not answered yet")
    silence = now - answered
    if silence > bound:
        return Verdict(
            ready=False, reason=f"database {asking} has not answered for {silence:.1f} s"
        )
    return Verdict(ready=True, reason="ready")


class Probe:
    """Asks the databases that ``storages()`` returns by name, all in turn, over and over.

    ``storages`` is called for every round and returns nothing while Zope has no database yet.
    After a fork the child has no probe, nor has it ZEO's own thread: it becomes not ready.
    """

    def __init__(self, storages: Callable[[], Mapping[str, Storage]]) -> None:
        self._storages = storages
        self._reconnections: dict[str, Reconnection] = {}
        self._answered: float | None = None
        self._asking = ""
        self._fault_told = False
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to ask, in a thread that never keeps the process alive."""
        threading.Thread(target=self._run, name="tandem-probe", daemon=True).start()

    def stop(self) -> None:
        """Ask no more, before the databases are closed. Does not wait for an answer."""
        self._stopped.set()

    def verdict(self) -> Verdict:
        """What is known now; never waits."""
        return judge(time.monotonic(), self._answered, self._asking, BOUND)

    def _run(self) -> None:
        while not self._stopped.is_set():
            # CancelledError: what a call in flight gets when ZEO's event loop is shut down.
            try:
                if self._round():
                    self._note_answer(time.monotonic())
            except (Exception, CancelledError) as fault:
                self._tell(fault)
            self._stopped.wait(INTERVAL)

    def _round(self) -> bool:
        """Ask all databases once; whether there were any and all could be read."""
        storages = self._storages()
        for name, storage in storages.items():
            self._asking = name
            if isinstance(storage, NetworkStorage):
                if name not in self._reconnections:
                    self._reconnections[name] = Reconnection()
                    repeat_lost_reads(storage)
                reconnection = self._reconnections[name]
                # A question to a disconnected storage would only wait here.
                if not storage.is_connected():
                    reconnection.hasten(storage, time.monotonic())
                    return False
                reconnection.done()
                limit_silence(storage)
            storage.getTid(ROOT)
        return bool(storages)

    def _note_answer(self, now: float) -> None:
        before, self._answered = self._answered, now
        self._fault_told = False
        if before is not None and now - before > BOUND:
            log.warning("All databases answer again after %.1f s.", now - before)

    def _tell(self, fault: BaseException) -> None:
        if not self._fault_told:
            self._fault_told = True
            log.warning("Database %s: %s: %s", self._asking, type(fault).__name__, fault)
