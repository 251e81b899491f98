"""Bring ZEO's client back as soon as its server is, be it on another machine.

By itself it tries again every 1 to 2 s (``ZEO.asyncio.client.Protocol.connect``), and an attempt
whose first packet met a dead machine waits for TCP to send it again. So while a storage is
disconnected the server's port is tried here, and once it accepts, ZEO's client is made to begin a
fresh attempt right away. (Its own ``new_addr`` would do that too, but would fail every request that
waits for the connection.)

A machine that loses its power closes no connection, and ZEO's client sets no limit: it would
learn of the end when TCP's next repetition meets the server's successor, about as long again
after the outage as it lasted. So the kernel is given a limit.
"""

import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol, runtime_checkable

Address = tuple[str, int] | str
"""Host and port, or the path of a Unix socket."""

ACCEPT_WITHIN = 0.25
"""Seconds that the server's kernel has to accept a connection."""

FIRST_PAUSE = 8.0
"""Seconds that a fresh attempt is left alone. It doubles each time: a server that is slow to answer
must not be broken off for ever."""

GIVE_UP_AFTER = 10.0
"""Seconds for which the server's kernel may acknowledge nothing (or take no more data, when its
process is stuck) before the connection is closed. Shorter than a takeover, so that no client is
late, and far longer than a pause of a healthy machine."""


@runtime_checkable
class NetworkStorage(Protocol):
    """The part of ``ZEO.ClientStorage`` that is about its connection."""

    _addr: Sequence[Address]
    _server: Any

    def is_connected(self) -> bool:
        """Whether there is a server, as far as known; never waits."""


class Reconnection:
    """The way back of one storage, through all its outages."""

    def __init__(self) -> None:
        self.done()

    def done(self) -> None:
        """The storage is connected: the next outage starts afresh."""
        self._due = 0.0
        self._pause = FIRST_PAUSE

    def hasten(self, storage: NetworkStorage, now: float) -> None:
        """Make a disconnected ``storage`` try again at ``now`` if its server accepts."""
        if now >= self._due and any(map(_accepts, storage._addr)):
            thread = storage._server
            thread.loop.call_soon_threadsafe(_try_afresh, thread.client)
            self._due = now + self._pause
            self._pause *= 2


def limit_silence(storage: NetworkStorage) -> None:
    """Let the kernel close the storage's connection after ``GIVE_UP_AFTER`` (tcp(7)).

    It needs data on its way, which the probe's questions are. Does nothing where it can't: while
    disconnected, on a Unix socket, or where the system has no TCP_USER_TIMEOUT.
    """
    with suppress(AttributeError, OSError):
        transport = storage._server.client.protocol.sm_protocol.transport
        milliseconds = round(GIVE_UP_AFTER * 1000)
        transport.get_extra_info("socket").setsockopt(
            socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds
        )


def _try_afresh(client: Any) -> None:
    # With a protocol it is connected by now, and perhaps verifying its cache.
    if client.protocol is None and not client.closed:
        client._clear_protocols()
        client.try_connecting()


def _accepts(address: Address) -> bool:
    try:
        if isinstance(address, str):
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(ACCEPT_WITHIN)
                probe.connect(address)
        else:
            socket.create_connection(address, timeout=ACCEPT_WITHIN).close()
    except OSError:
        return False
    return True
