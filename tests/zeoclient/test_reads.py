"""Reads of a real ClientStorage whose real ZEO server is killed while they are on their way."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from ZEO.ClientStorage import ClientStorage
from ZEO.Exceptions import ClientDisconnected
from ZODB.DB import DB
from ZODB.utils import maxtid

from tandem.zeoclient import reads
from tandem.zeoclient.probe import ROOT
from tests.zeoclient.processes import ZeoServer


@pytest.fixture
def storage(own_zeo: ZeoServer) -> Iterator[ClientStorage]:
    storage = ClientStorage(("127.0.0.1", own_zeo.port))
    database = DB(storage)
    storage._cache.clear()
    yield storage
    database.close()


def test_a_read_that_was_on_its_way_is_answered_by_the_restarted_server(
    own_zeo: ZeoServer, storage: ClientStorage
) -> None:
    reads.repeat_lost_reads(storage)
    own_zeo.freeze()
    with ThreadPoolExecutor(1) as worker:
        asked = worker.submit(storage.loadBefore, ROOT, maxtid)
        time.sleep(0.3)
        own_zeo.kill()
        own_zeo.start()
        data, _, _ = asked.result(timeout=10)
    assert b"PersistentMapping" in data


class Broken:
    """A storage that has lost its connection for good, after a wait."""

    def __init__(self, wait: float) -> None:
        self.wait = wait
        self.asked = 0

    def loadBefore(self, oid: bytes, tid: bytes) -> None:  # noqa: N802, ARG002
        self.asked += 1
        time.sleep(self.wait)
        raise ClientDisconnected("closed")


def test_a_read_is_given_up_after_some_tries() -> None:
    storage = Broken(wait=0)
    reads.repeat_lost_reads(storage)
    with pytest.raises(ClientDisconnected):
        storage.loadBefore(ROOT, maxtid)
    assert storage.asked == reads.TRIES


def test_a_read_that_waited_its_time_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "GIVE_UP_AFTER", 0.1)
    storage = Broken(wait=0.1)
    reads.repeat_lost_reads(storage)
    with pytest.raises(ClientDisconnected):
        storage.loadBefore(ROOT, maxtid)
    assert storage.asked == 1
