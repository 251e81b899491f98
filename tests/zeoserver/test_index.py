"""What a start after a crash finds of the index, and what it does with one that is not right."""

import time
from pathlib import Path

import pytest
from ZODB.FileStorage import FileStorage
from ZODB.POSException import POSError
from ZODB.serialize import referencesf

from tandem.zeoserver.storage import DurableStorage
from tests.zeoserver.server import commit, wait_until
from tests.zeoserver.storages import Disk, Open, add, all_is_there, crash, fill


def filled_and_closed(opened: Open, folder: Path) -> Path:
    """The index file of a storage with 50 objects."""
    storage = opened(folder)
    fill(storage)
    storage.close()
    return folder / "Data.fs.index"


def saved(storage: DurableStorage) -> None:
    """Wait for a save in the background."""
    assert storage._index_saver is not None
    storage._index_saver.join()


def test_after_a_crash_only_what_came_after_the_last_saved_index_is_scanned(
    opened: Open, tmp_path: Path
) -> None:
    running = opened(tmp_path / "running", index_every=20_000)
    fill(running, count=200)
    saved(running)
    storage = opened(crash(tmp_path / "running"))
    assert storage._used_index
    assert storage._pos > 400_000
    assert storage._pos - storage._index_pos < 40_000
    assert all_is_there(storage, 200)


def test_saving_goes_on_after_a_pack(opened: Open, tmp_path: Path) -> None:
    storage = opened(tmp_path, index_every=2000)
    db = fill(storage)
    for number in range(50):
        add(db, "key", "x" * 500 + str(number))
    storage.pack(time.time(), referencesf)
    packed_to = storage._index_pos
    assert packed_to == storage.getSize()
    for number in range(10):
        add(db, "key", "x" * 500 + str(number))
    assert storage._index_pos > packed_to


def test_a_clean_stop_saves_the_index_while_it_still_has_the_lock(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = opened(tmp_path)
    fill(storage)
    locked: list[bool] = []
    monkeypatch.setattr(
        "tandem.zeoserver.storage.save_index",
        lambda *_: locked.append(storage._lock_file._fp is not None),
    )
    storage.close()
    assert locked == [True]


def test_an_index_that_cannot_be_saved_stops_nothing(
    opened: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "Data.fs.index.index_tmp").mkdir()
    storage = opened(tmp_path, index_every=2000)
    fill(storage)
    storage.close()
    assert "the next start will take longer" in caplog.text
    assert all_is_there(opened(tmp_path))


def damage(index: Path, how: str) -> None:
    content = bytearray(index.read_bytes())
    match how:
        case "empty":
            content.clear()
        case "half":
            del content[len(content) // 2 :]
        case "without its seal":
            del content[-40:]
        case "with a hole":
            content[200:300] = bytes(100)
        case "with zeros at the end":
            content[-100:] = bytes(100)
    index.write_bytes(content)


@pytest.mark.parametrize(
    "how", ["empty", "half", "without its seal", "with a hole", "with zeros at the end"]
)
def test_a_torn_index_leads_to_a_scan_and_to_the_right_data(
    opened: Open, tmp_path: Path, how: str
) -> None:
    damage(filled_and_closed(opened, tmp_path), how)
    storage = opened(tmp_path)
    assert not storage._used_index
    assert all_is_there(storage)


def test_plain_filestorage_believes_an_index_with_a_hole(opened: Open, tmp_path: Path) -> None:
    damage(filled_and_closed(opened, tmp_path), "with a hole")
    storage = FileStorage(str(tmp_path / "Data.fs"))
    try:
        with pytest.raises((POSError, ValueError)):
            all_is_there(storage)
    finally:
        storage.close()


def test_the_index_of_before_a_pack_is_not_used_after_it(opened: Open, tmp_path: Path) -> None:
    """A pack may move all by some records of one size, and positions still look right."""
    storage = opened(tmp_path)
    db = fill(storage)

    def change_the_same_object(times: int) -> None:
        for _ in range(times):
            commit(db, lambda root: root[0].__setitem__("number", 0))

    storage.pack(time.time(), referencesf)  # so that what the next pack removes is of one size
    change_the_same_object(30)
    size = storage.getSize()
    storage._save_index()
    stale = (tmp_path / "Data.fs.index").read_bytes()
    storage.pack(time.time(), referencesf)
    while storage.getSize() < size:
        change_the_same_object(1)
    assert storage.getSize() == size
    storage.close()

    (tmp_path / "Data.fs.index").write_bytes(stale)
    storage = opened(tmp_path)
    assert not storage._used_index
    assert all_is_there(storage)


def test_the_index_is_whole_on_disk_before_it_takes_the_place_of_the_old(
    opened: Open, tmp_path: Path, disk: Disk
) -> None:
    fill(opened(tmp_path, index_every=2000))
    wait_until((tmp_path / "Data.fs.index").exists, "saved in the background")
    disk.happened_in_order(
        "sync Data.fs.index.index_tmp", "Data.fs.index.index_tmp -> Data.fs.index", "sync ."
    )


def test_the_packed_data_has_an_index_before_old_blobs_are_removed_which_takes_long(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = opened(tmp_path)
    db = fill(storage)
    index_used_after_a_crash_here: list[int] = []

    def remove(_: DurableStorage) -> None:
        index_used_after_a_crash_here.append(opened(crash(tmp_path))._used_index)

    monkeypatch.setattr(FileStorage, "_remove_blob_files_tagged_for_removal_during_pack", remove)
    db.pack(time.time() + 1)
    assert index_used_after_a_crash_here == [1]
