"""FileStorage for a server that is killed, loses its power, or moves to another machine.

It hooks into methods that FileStorage keeps to itself (ZODB 6); the tests fail where one is gone.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ZODB.blob import LAYOUT_MARKER
from ZODB.FileStorage import FileStorage
from ZODB.utils import p64, u64

from tandem.errors import TandemError
from tandem.zeoserver import oids
from tandem.zeoserver.disk import sync
from tandem.zeoserver.index import save_index, sealed_tid
from tandem.zeoserver.pack import pack

INDEX_EVERY = 64 * 2**20  # bytes

logger = logging.getLogger(__name__)


class DataFileMissingError(TandemError):
    """The data file is gone; creating an empty one would delete the blobs."""


class DurableStorage(FileStorage):  # type: ignore[misc]  # ZODB has no types
    """A FileStorage with these promises on top:

    - no oid is handed out twice, over restarts and takeovers (see `tandem.zeoserver.oids`);
    - blobs, with their directories, and packed data are on disk before they count;
    - after a crash at most about `index_every` bytes of the data are scanned.

    `options` are FileStorage's. Raises zc.lockfile.LockError while another process has it open
    for writing, DataFileMissingError, and OSError where the files can't be written.
    """

    packer = staticmethod(pack)

    _index_pos = 0  # up to where the index was saved, or was tried to be
    _index_saver: threading.Thread | None = None

    def __init__(self, file_name: str, *, index_every: int = INDEX_EVERY, **options: Any) -> None:
        writable = not options.get("read_only")
        skip_path = Path(f"{file_name}.oids")
        if writable and not options.get("create"):
            _refuse_to_replace(Path(file_name), skip_path, options.get("blob_dir"))
        self._index_every = index_every
        # Directories whose own entries are on disk; None while a pack removes empty ones.
        self._durable_directories: set[Path] | None = set()
        super().__init__(file_name, **options)
        if writable:
            try:
                if self.blob_dir:
                    blobs = Path(self.blob_dir)
                    for created in (blobs / LAYOUT_MARKER, blobs, blobs.parent):
                        sync(created)
                start = oids.skip(u64(self._oid), oids.read_skip(skip_path), time.time())
                oids.keep_skip(skip_path, start)
            except BaseException:
                self.close()
                raise
            self.set_max_oid(p64(start))

    # Transactions

    def tpc_vote(self, transaction: Any) -> Any:
        if self.dirty_oids:
            self._sync_blobs()
        return super().tpc_vote(transaction)

    def tpc_finish(self, transaction: Any, f: Any = None) -> bytes:
        tid: bytes = super().tpc_finish(transaction, f)
        try:
            self._save_index_if_due()
        except Exception:  # a commit that succeeded must not look like one that failed
            logger.exception("%s could not be saved", self._index_path())
        return tid

    def _abort(self) -> None:
        super()._abort()
        # The base class leaves blobs behind when a transaction fails before its vote.
        self._blob_tpc_abort()

    def _sync_blobs(self) -> None:
        top = Path(self.blob_dir)
        known = self._durable_directories
        wanted: list[Path] = []
        settled: set[Path] = set()
        for oid, tid in self.dirty_oids:
            blob = Path(self.fshelper.getBlobFilename(oid, tid))
            sync(blob)
            leaf = directory = blob.parent
            wanted.append(leaf)
            while directory != top and directory not in (known or ()):
                if directory != leaf:  # of which there are as many as blobs: not remembered
                    settled.add(directory)
                directory = directory.parent
                wanted.append(directory)
        for directory in dict.fromkeys(wanted):
            sync(directory)
        if known is not None:
            known |= settled

    # Index

    def _index_path(self) -> Path:
        return Path(f"{self.__name__}.index")

    def _restore_index(self) -> tuple[Any, int, bytes] | None:
        path = self._index_path()
        if not path.exists():
            return None
        tid = sealed_tid(path)
        restored: tuple[Any, int, bytes] | None = super()._restore_index() if tid else None
        if restored is None or restored[2] != tid:
            logger.warning("%s is damaged, of other data or plain ZODB's: scanning the data", path)
            return None
        self._index_pos = restored[1]
        return restored

    def _save_index(self) -> None:
        if self._index_saver is not None:
            self._index_saver.join()
        if self._is_read_only or self._index_pos == self._pos:
            return
        save = self._copied_index()
        if save is not None:
            save()

    def _save_index_if_due(self) -> None:
        """Save the index in a thread of its own, so that commits wait only for a copy in memory."""
        with self._lock:
            if (
                self._pos - self._index_pos < self._index_every
                or self._pack_is_in_progress
                or (self._index_saver is not None and self._index_saver.is_alive())
            ):
                return
            save = self._copied_index()
            if save is not None:
                self._index_saver = threading.Thread(target=save, name="index saver", daemon=True)
                self._index_saver.start()

    def _copied_index(self) -> Callable[[], None] | None:
        """What saves the index as it is now; None where its last transaction looks wrong."""
        self._index_pos = self._pos
        tid = self._check_sanity(self._index, self._pos)
        if not tid:
            return None
        return partial(save_index, self._index_path(), self._index.__getstate__(), self._pos, tid)

    def close(self) -> None:
        # The base class saves after it gave up the lock, when another process may have opened it.
        try:
            self._save_index()
        finally:
            self._index_pos = self._pos
            super().close()

    # Pack

    def _initIndex(self, index: Any, tindex: Any) -> None:  # noqa: N802
        super()._initIndex(index, tindex)
        if self._pack_is_in_progress:  # and has just renamed the packed file into place
            try:
                sync(Path(self._file_name).parent)
            except OSError as error:  # too late to turn back, and the base class is half-way
                logger.critical("%s: the pack may not be on disk: %s", self._file_name, error)

    def _remove_blob_files_tagged_for_removal_during_pack(self) -> None:
        with self._lock:  # removing can take long: not without an index
            self._save_index()
        self._durable_directories = None
        try:
            super()._remove_blob_files_tagged_for_removal_during_pack()
        finally:
            self._durable_directories = set()


def _refuse_to_replace(data: Path, skip_path: Path, blob_dir: str | None) -> None:
    """A missing data file is normal only where nothing else is there.

    It is missing between the two renames of a pack, too, or where its path was mistyped.
    """
    if data.exists():
        return
    if blob_dir and any(Path(blob_dir).glob("0x*")):
        witness = Path(blob_dir)
    elif skip_path.exists():
        witness = skip_path
    else:
        return
    raise DataFileMissingError(
        f"{data} is missing, but {witness} is there: bring it back, from {data.name}.old or a "
        f"backup, or move {witness} away too, to start empty"
    )
