"""Storages in this process, and what is seen of them from outside."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import ZODB
from persistent.mapping import PersistentMapping

from tandem.zeoserver.storage import DurableStorage
from tests.zeoserver.server import commit


class Open(Protocol):
    """Opens the storage in a folder; what is still open at the end of the test is closed."""

    def __call__(self, folder: Path, **options: Any) -> DurableStorage: ...


@dataclass
class Disk:
    """What was synced (`sync NAME`) and renamed (`FROM -> TO`), by names below tmp_path."""

    events: list[str] = field(default_factory=list)

    def happened_in_order(self, *wanted: str) -> None:
        rest = iter(self.events)
        for event in wanted:
            assert event in rest, f"no {event!r}, or not in that order, in {self.events}"


def fill(storage: DurableStorage, count: int = 50) -> ZODB.DB:
    """Commit `count` objects, each in its own transaction."""
    db = ZODB.DB(storage)
    for number in range(count):
        add(db, number, PersistentMapping(number=number))
    return db


def add(db: ZODB.DB, key: object, value: object) -> None:
    commit(db, lambda root: root.__setitem__(key, value))


def all_is_there(storage: DurableStorage, count: int = 50) -> bool:
    with ZODB.DB(storage).transaction() as connection:
        return [connection.root()[n]["number"] for n in range(count)] == list(range(count))


def crash(folder: Path) -> Path:
    """What a kill leaves of `folder`: a copy of the files while the storage is open."""
    return shutil.copytree(folder, folder.with_name(f"{folder.name}-after-crash"))
