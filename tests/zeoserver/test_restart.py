"""Real servers and clients, and a server that is killed and started again."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import transaction
import ZODB
from BTrees.IOBTree import IOBTree
from persistent.mapping import PersistentMapping
from ZEO.Exceptions import ClientDisconnected
from ZODB.blob import Blob
from ZODB.POSException import ConflictError, StorageTransactionError

from tests.zeoserver.server import Server, commit, reconnected, wait_until

Serve = Callable[[str], Server]


def add_objects(db: ZODB.DB, name: str, count: int) -> None:
    objects = [PersistentMapping(owner=name) for _ in range(count)]
    commit(db, lambda root: root.__setitem__(name, objects))


def has(db: ZODB.DB, name: str) -> bool:
    with db.transaction() as connection:
        return name in connection.root()


def owners(db: ZODB.DB, name: str) -> set[str]:
    with db.transaction() as connection:
        return {item["owner"] for item in connection.root()[name]}


def a_client_keeps_oids_over_a_kill_and_others_write(server: Server) -> None:
    old = server.client()
    add_objects(old, "before", 1)  # it has fetched 100 oids, and keeps all but a few
    server.kill()
    server.start()
    new = server.client()
    add_objects(new, "new", 150)
    # Else a conflict over the root object, which is nobody's fault, could be met.
    wait_until(lambda: has(old, "new"), "the old client has seen what the new one wrote")
    add_objects(old, "old", 90)
    assert owners(new, "new") == {"new"}
    assert owners(old, "old") == {"old"}


def test_oids_fetched_before_a_kill_are_still_good_after_it(serve: Serve) -> None:
    a_client_keeps_oids_over_a_kill_and_others_write(serve("durablestorage"))


def test_plain_filestorage_hands_out_the_same_oids_again(serve: Serve) -> None:
    with pytest.raises(ValueError, match="A different object already has the same oid"):
        a_client_keeps_oids_over_a_kill_and_others_write(serve("filestorage"))


@dataclass
class Writer(threading.Thread):
    """A client that commits all the time and notes what was acknowledged."""

    server: Server
    number: int
    acknowledged: list[int] = field(default_factory=list)
    surprises: list[BaseException] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__()
        self.db = self.server.client()
        commit(self.db, lambda root: root.setdefault(self.number, IOBTree()))

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        manager = transaction.TransactionManager()
        connection = self.db.open(manager)
        for turn in range(1_000_000):
            if self.stop.is_set():
                break
            try:
                with manager:
                    blob = Blob(content(self.number, turn)) if turn % 5 == 0 else turn
                    connection.root()[self.number][turn] = blob
                self.acknowledged.append(turn)
            except (ClientDisconnected, ConflictError, StorageTransactionError):
                time.sleep(0.05)  # what a Zope client would try again
            except BaseException as surprise:
                self.surprises.append(surprise)
                break
        connection.close()


def content(number: int, turn: int) -> bytes:
    return b"%d %d " % (number, turn) * 500


def test_every_acknowledged_commit_is_there_after_a_kill_under_load(serve: Serve) -> None:
    server = serve("durablestorage")
    writers = [Writer(server, number) for number in range(4)]
    for writer in writers:
        writer.start()
    time.sleep(1)
    server.kill()
    at_the_kill = [len(writer.acknowledged) for writer in writers]
    time.sleep(0.5)
    server.start()
    for writer in writers:
        reconnected(writer.db)
    time.sleep(1)
    for writer in writers:
        writer.stop.set()
    for writer in writers:
        writer.join()

    assert [writer.surprises for writer in writers] == [[]] * 4
    assert all(at_the_kill)
    after = [len(writer.acknowledged) for writer in writers]
    assert all(more > before for more, before in zip(after, at_the_kill, strict=True))
    with server.client().transaction() as connection:
        for writer in writers:
            stored = connection.root()[writer.number]
            for turn in writer.acknowledged:
                value = stored[turn]
                if turn % 5 == 0:
                    with value.open() as file:
                        assert file.read() == content(writer.number, turn)
                else:
                    assert value == turn
