"""Leaving in good order: a client that is told to end first has the balancer send it nothing more.

At SIGTERM it answers the balancer's checks with "not ready", waits until one was answered so,
finishes what it has been given, and ends. A second SIGTERM ends it at once.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Final, Protocol

RECENT: Final = 30.0
"""Whoever has asked within so many seconds is taken for a balancer that will ask again."""

LEAST, MOST = 1.0, 5.0
"""Between which bounds the intervals are taken to lie in which the balancer asks, in seconds."""

ON_THE_WAY: Final = 0.3
"""For how long after that requests may arrive that were sent before, in seconds."""

WORK: Final = 40.0
"""How long requests may take to be finished, in seconds; systemd kills the client after 60."""

log = logging.getLogger(__name__)


class Connection(Protocol):
    """What is asked of a connection of waitress's (waitress.channel.HTTPChannel)."""

    request: object | None
    """One that is still arriving."""
    requests: list[object]
    """Those that are still to be answered."""
    total_outbufs_len: int
    """How much of the answers is still to be sent, in bytes."""


def works_on(connection: Connection) -> bool:
    """Whether there is anything to be finished on the connection."""
    return bool(connection.request or connection.requests or connection.total_outbufs_len)


class Drain:
    """Whether this client is leaving, and how far it is; ``busy`` says whether it has work."""

    def __init__(self, busy: Callable[[], bool]) -> None:
        self._busy = busy
        self._asked: float | None = None
        self._interval = LEAST
        self._told = threading.Event()
        self._begun = threading.Event()

    @property
    def begun(self) -> bool:
        """Whether the client is leaving."""
        return self._begun.is_set()

    def asked(self) -> None:
        """A balancer has asked, and is about to be answered."""
        now = time.monotonic()
        if self._asked is not None:
            self._interval = min(max(now - self._asked, LEAST), MOST)
        self._asked = now
        if self.begun:
            self._told.set()

    def at_sigterm(self, _: int, __: FrameType | None) -> None:
        """Begin to leave; raises SystemExit the second time."""
        if self.begun:
            raise SystemExit(0)
        self._begun.set()
        threading.Thread(target=self._run, name="tandem-drain", daemon=True).start()

    def _run(self) -> None:
        started = time.monotonic()
        if self._asked is not None and started - self._asked < RECENT:
            # One that has gone itself, as when all of a host ends, does not ask again.
            self._told.wait(2 * self._interval + 0.5)
            time.sleep(ON_THE_WAY)
        while self._busy() and time.monotonic() - started < WORK:
            time.sleep(0.05)
        log.info(
            "Leaving, %.1f s after it was asked for%s.",
            time.monotonic() - started,
            "; requests are broken off" if self._busy() else "",
        )
        os.kill(os.getpid(), signal.SIGTERM)
