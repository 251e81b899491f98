"""A real ClientStorage of a real ZEO server, in this process."""

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest
from ZEO.ClientStorage import ClientStorage
from ZODB.DB import DB

from tandem.zeoclient.probe import ROOT, Probe
from tandem.zeoclient.reconnect import FIRST_PAUSE, GIVE_UP_AFTER, Address, Reconnection
from tests.ports import free_ports
from tests.zeoclient.processes import ZeoServer, until


@pytest.fixture
def storage(own_zeo: ZeoServer) -> Iterator[ClientStorage]:
    """A connected storage whose own attempts to reconnect lie a minute apart."""
    storage = ClientStorage(("127.0.0.1", own_zeo.port))
    storage._server.client.connect_poll = 60
    database = DB(storage)
    yield storage
    database.close()


@pytest.fixture
def probe(storage: ClientStorage) -> Iterator[Probe]:
    probe = Probe(lambda: {"main": storage})
    probe.start()
    until(lambda: probe.verdict().ready, 2, "ready")
    yield probe
    probe.stop()


def tcp_user_timeouts(port: int) -> list[int]:
    """In milliseconds, of all connections of this process to a port."""
    found = []
    for opened in list(Path("/proc/self/fd").iterdir()):
        descriptor = int(opened.name)
        with suppress(OSError), closing(socket.socket(fileno=os.dup(descriptor))) as connection:
            if connection.family == socket.AF_INET and connection.getpeername()[1] == port:
                found.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT))
    return found


class Recorder:
    """A disconnected storage, and ZEO's client in it, that counts how often it tries again."""

    protocol: str | None = None
    closed = False

    def __init__(self, port: int) -> None:
        self._addr: Sequence[Address] = [("127.0.0.1", port)]
        self._server = self.client = self.loop = self
        self.told = 0

    def is_connected(self) -> bool:
        return False

    def call_soon_threadsafe(self, call: Callable[[object], None], argument: object) -> None:
        call(argument)

    def _clear_protocols(self) -> None:
        pass

    def try_connecting(self) -> None:
        self.told += 1


def test_a_storage_reconnects_as_soon_as_its_server_listens_again(
    own_zeo: ZeoServer, probe: Probe
) -> None:
    for _ in range(2):
        own_zeo.kill()
        until(lambda: not probe.verdict().ready, 1.5, "not ready")
        own_zeo.start()
        until(lambda: probe.verdict().ready, 1, "ready again")


def test_a_request_that_waits_for_the_connection_is_not_failed_by_it(
    own_zeo: ZeoServer, storage: ClientStorage, probe: Probe
) -> None:
    own_zeo.kill()
    until(lambda: not probe.verdict().ready, 1.5, "not ready")
    with ThreadPoolExecutor(1) as worker:
        asked = worker.submit(storage.getTid, ROOT)
        time.sleep(0.5)
        own_zeo.start()
        assert len(asked.result(timeout=5)) == 8


def test_a_storage_that_verifies_its_cache_is_left_alone(own_zeo: ZeoServer) -> None:
    storage = Recorder(own_zeo.port)
    storage.protocol = "registered"
    Reconnection().hasten(storage, now=100.0)
    assert storage.told == 0


def test_a_connection_and_its_successor_are_given_up_within_a_bound(
    own_zeo: ZeoServer, probe: Probe
) -> None:
    expected = [GIVE_UP_AFTER * 1000]
    assert tcp_user_timeouts(own_zeo.port) == expected
    own_zeo.kill()
    until(lambda: not probe.verdict().ready, 1.5, "not ready")
    own_zeo.start()
    until(lambda: probe.verdict().ready, 1, "ready again")
    assert tcp_user_timeouts(own_zeo.port) == expected


def test_a_storage_whose_server_is_away_is_left_alone() -> None:
    storage = Recorder(free_ports()[0])
    Reconnection().hasten(storage, now=100.0)
    assert storage.told == 0


def test_an_attempt_is_left_alone_for_a_while_that_doubles(own_zeo: ZeoServer) -> None:
    storage, reconnection = Recorder(own_zeo.port), Reconnection()
    told = []
    for now in (0.0, FIRST_PAUSE - 1, FIRST_PAUSE, 3 * FIRST_PAUSE - 1, 3 * FIRST_PAUSE):
        reconnection.hasten(storage, now)
        told.append(storage.told)
    assert told == [1, 1, 2, 2, 3]


def test_a_new_outage_starts_afresh(own_zeo: ZeoServer) -> None:
    storage, reconnection = Recorder(own_zeo.port), Reconnection()
    reconnection.hasten(storage, now=100.0)
    reconnection.done()
    reconnection.hasten(storage, now=101.0)
    assert storage.told == 2
