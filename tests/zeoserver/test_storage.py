"""What opening and packing do to oids and to the data file."""

import time
from pathlib import Path

import pytest
from ZODB.serialize import referencesf
from ZODB.utils import u64

from tandem.zeoserver.oids import OIDS_PER_OPEN
from tandem.zeoserver.storage import DataFileMissingError
from tests.zeoserver.storages import Disk, Open, fill


def test_each_open_skips_though_nothing_was_stored_and_the_clock_stands_still(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    first = []
    for _ in range(3):
        storage = opened(tmp_path)
        first.append(u64(storage.new_oid()))
        storage.close()
    assert first[1] - first[0] == first[2] - first[1] == OIDS_PER_OPEN


def test_the_skip_is_on_disk_before_the_first_oid_is_handed_out(
    opened: Open, tmp_path: Path, disk: Disk
) -> None:
    opened(tmp_path)
    disk.happened_in_order("sync Data.fs.oids.new", "Data.fs.oids.new -> Data.fs.oids", "sync .")


def test_a_pack_gives_no_oids_back(opened: Open, tmp_path: Path) -> None:
    storage = opened(tmp_path)
    fill(storage)
    before = storage.new_oid()
    storage.pack(time.time(), referencesf)
    assert storage.new_oid() > before


def test_opening_read_only_writes_nothing(opened: Open, tmp_path: Path) -> None:
    storage = opened(tmp_path)
    fill(storage)
    storage.close()
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    opened(tmp_path, read_only=True).close()
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_lost_data_file_is_not_replaced_by_an_empty_one(opened: Open, tmp_path: Path) -> None:
    opened(tmp_path).close()
    (tmp_path / "Data.fs").rename(tmp_path / "Data.fs.old")
    with pytest.raises(DataFileMissingError, match=r"missing, but .*/Data\.fs\.oids is there"):
        opened(tmp_path)


def test_blobs_are_not_deleted_where_the_data_file_is_not_found(
    opened: Open, tmp_path: Path
) -> None:
    blob = tmp_path / "blobs" / "0x00" / "precious.blob"
    blob.parent.mkdir(parents=True)
    blob.touch()
    with pytest.raises(DataFileMissingError, match=r"missing, but .*/blobs is there"):
        opened(tmp_path)
    assert blob.exists()


def test_a_packed_file_is_on_disk_before_it_replaces_the_data(
    opened: Open, tmp_path: Path, disk: Disk
) -> None:
    storage = opened(tmp_path)
    fill(storage)
    disk.events.clear()
    storage.pack(time.time(), referencesf)
    assert disk.events[:5] == [
        "sync Data.fs.pack",  # nearly all of it, while others can commit
        "sync Data.fs.pack",
        "Data.fs -> Data.fs.old",
        "Data.fs.pack -> Data.fs",
        "sync .",
    ]


def test_a_pack_that_cannot_be_synced_leaves_all_as_it_was(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = opened(tmp_path)
    fill(storage)
    size = storage.getSize()

    def fails(path: Path) -> None:
        raise OSError(5, "Input/output error", str(path))

    with monkeypatch.context() as broken:
        broken.setattr("tandem.zeoserver.pack.sync", fails)
        with pytest.raises(OSError, match="Input/output"):
            storage.pack(time.time(), referencesf)
    assert storage.getSize() == size
    assert storage._commit_lock.acquire(timeout=1), "commits are locked out"
    storage._commit_lock.release()
    storage.pack(time.time(), referencesf)
    assert storage.getSize() < size
