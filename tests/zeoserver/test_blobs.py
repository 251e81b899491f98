"""Which blobs are on disk when: a power cut must not take one of an acknowledged transaction."""

import time
from pathlib import Path
from typing import Any

import pytest
import transaction
import ZODB
from ZODB.blob import Blob
from ZODB.Connection import TransactionMetaData
from ZODB.serialize import referencesf

from tests.zeoserver.server import commit
from tests.zeoserver.storages import Disk, Open, add


def blobs(folder: Path) -> set[Path]:
    """The committed blobs, by names below `folder`."""
    return {path.relative_to(folder) for path in folder.rglob("*.blob")}


def assert_durable_before_its_transaction(disk: Disk, blob: Path) -> None:
    placed = next(n for n, event in enumerate(disk.events) if event.endswith(f"-> {blob}"))
    acknowledged = disk.events.index("sync Data.fs", placed)
    for path in (blob, *list(blob.parents)[:-1]):
        assert f"sync {path}" in disk.events[placed:acknowledged]


def test_a_blob_and_its_directories_are_on_disk_before_its_transaction(
    opened: Open, tmp_path: Path, disk: Disk
) -> None:
    add(ZODB.DB(opened(tmp_path)), "blob", Blob(b"content"))
    (blob,) = blobs(tmp_path)
    assert_durable_before_its_transaction(disk, blob)


def test_a_second_blob_syncs_only_what_can_be_new(opened: Open, tmp_path: Path, disk: Disk) -> None:
    db = ZODB.DB(opened(tmp_path))
    add(db, "first", Blob(b"content"))
    before = blobs(tmp_path)
    disk.events.clear()
    add(db, "second", Blob(b"content"))
    (blob,) = blobs(tmp_path) - before
    assert [event for event in disk.events if event.startswith("sync")] == [
        f"sync {path}" for path in (blob, blob.parent, blob.parent.parent, "Data.fs")
    ]


def test_directories_that_a_pack_removed_are_synced_again(
    opened: Open, tmp_path: Path, disk: Disk
) -> None:
    storage = opened(tmp_path, pack_keep_old=False)
    db = ZODB.DB(storage)
    add(db, "blob", Blob(b"content"))
    commit(db, lambda root: root.pop("blob"))
    storage.pack(time.time() + 1, referencesf)
    assert not list((tmp_path / "blobs").glob("0x*"))
    disk.events.clear()
    add(db, "blob", Blob(b"content"))
    (blob,) = blobs(tmp_path)
    assert_durable_before_its_transaction(disk, blob)


def test_the_copy_of_a_blob_that_an_undo_makes_is_on_disk_too(
    opened: Open, tmp_path: Path, disk: Disk
) -> None:
    db = ZODB.DB(opened(tmp_path))
    add(db, "blob", Blob(b"first"))

    def change(root: Any) -> None:
        with root["blob"].open("w") as file:
            file.write(b"second")

    commit(db, change)
    before = blobs(tmp_path)
    disk.events.clear()
    db.undo(db.undoInfo()[0]["id"])
    transaction.commit()
    (copy,) = blobs(tmp_path) - before
    assert (tmp_path / copy).read_bytes() == b"first"
    disk.happened_in_order(f"sync {copy}", f"sync {copy.parent}", "sync Data.fs")


def test_a_commit_without_blobs_syncs_the_data_once_and_nothing_else(
    opened: Open, tmp_path: Path, disk: Disk
) -> None:
    db = ZODB.DB(opened(tmp_path))
    disk.events.clear()
    add(db, "key", "value")
    assert disk.events == ["sync Data.fs"]


def test_a_blob_that_cannot_be_synced_fails_its_transaction_and_no_other(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = ZODB.DB(opened(tmp_path))

    def fails(path: Path) -> None:
        raise OSError(5, "Input/output error", str(path))

    with monkeypatch.context() as broken:
        broken.setattr("tandem.zeoserver.storage.sync", fails)
        with pytest.raises(OSError, match="Input/output"):
            add(db, "blob", Blob(b"content"))
    assert not blobs(tmp_path)
    add(db, "blob", Blob(b"content"))
    assert len(blobs(tmp_path)) == 1


def test_a_transaction_that_fails_before_its_vote_leaves_no_blob(
    opened: Open, tmp_path: Path
) -> None:
    storage = opened(tmp_path)
    upload = tmp_path / "upload"
    upload.write_bytes(b"content")
    failing = TransactionMetaData()
    storage.tpc_begin(failing)
    storage.storeBlob(storage.new_oid(), bytes(8), b"", str(upload), "", failing)
    assert len(blobs(tmp_path)) == 1
    storage.tpc_abort(failing)
    assert not blobs(tmp_path)
