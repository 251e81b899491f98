import inspect
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ZODB.FileStorage import FileStorage

from tandem.zeoserver.storage import DurableStorage
from tests.zeoserver.server import Server
from tests.zeoserver.storages import Disk, Open


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[str], Server]]:
    """Start a server of the section that is named; it is stopped after the test."""
    servers: list[Server] = []

    def start(section: str) -> Server:
        server = Server(tmp_path, section)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def opened() -> Iterator[Open]:
    storages: list[DurableStorage] = []

    def open_storage(folder: Path, **options: Any) -> DurableStorage:
        folder.mkdir(exist_ok=True)
        blobs = str(folder / "blobs")
        storages.append(DurableStorage(str(folder / "Data.fs"), blob_dir=blobs, **options))
        return storages[-1]

    yield open_storage
    for storage in storages:
        if not storage._file.closed:
            storage.close()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Disk:
    """Records all syncs and renames of this process, which happen nevertheless."""
    disk = Disk()
    sync, move = os.fsync, os.replace

    def name(path: str | Path) -> str:
        inside = Path(path).is_relative_to(tmp_path)
        return str(Path(path).relative_to(tmp_path) if inside else path)

    def fsync(descriptor: int) -> None:
        sync(descriptor)
        disk.events.append(f"sync {name(Path(f'/proc/self/fd/{descriptor}').readlink())}")

    def rename(source: str | Path, target: str | Path) -> None:
        move(source, target)
        disk.events.append(f"{name(source)} -> {name(target)}")

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(inspect.getmodule(FileStorage), "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(os, "replace", rename)
    return disk
