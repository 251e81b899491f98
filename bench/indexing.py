"""What a saved index is worth and what saving it costs, on a generated Data.fs.

Needs about 1 GB of disk for a million objects. Run as a program it is the process that is killed.
"""

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table
from ZODB.Connection import TransactionMetaData
from ZODB.FileStorage import FileStorage
from ZODB.utils import p64

from tandem.zeoserver.storage import INDEX_EVERY, DurableStorage

RECORD = b"x" * 300  # bytes; Plone's average is some hundred
RECORDS_PER_COMMIT = 5


@dataclass(frozen=True)
class Results:
    objects: int
    data_megabytes: float
    index_megabytes: float
    scan_s: float
    scan_cold_s: float
    after_kill_s: float
    after_kill_cold_s: float
    after_kill_scanned_megabytes: float
    blocked_ms: float
    save_s: float
    commit_median_ms: float
    commit_p99_ms: float
    commit_slowest_ms: float
    commit_slowest_while_saving_ms: float
    seconds_between_saves: float
    blocked_percent: float
    saving_percent: float


def store(storage: Any, numbers: range, record: bytes = RECORD) -> None:
    """Commit one new or changed object for each number."""
    meta = TransactionMetaData()
    storage.tpc_begin(meta)
    for number in numbers:
        oid = p64(number)
        known = storage.lastTid(oid) or bytes(8)
        storage.store(oid, known, record, "", meta)
    storage.tpc_vote(meta)
    storage.tpc_finish(meta)


def generate(path: Path, objects: int, console: Console) -> None:
    storage = FileStorage(str(path))
    step = 5000
    for first in track(range(0, objects, step), "generating Data.fs", console=console):
        store(storage, range(first, min(first + step, objects)))
    storage.close()


def opening(path: Path, kind: type[Any], *, cold: bool) -> tuple[float, int]:
    """Seconds to open, and bytes that were scanned. Cold: nothing of it in the page cache."""
    if cold:
        for file in path.parent.iterdir():
            if file.is_file():
                with file.open("rb") as handle:
                    os.fsync(handle.fileno())
                    os.posix_fadvise(handle.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    start = time.perf_counter()
    storage = kind(str(path), read_only=True)
    seconds = time.perf_counter() - start
    known = getattr(storage, "_index_pos", 0)
    scanned = storage.getSize() - known
    storage.close()
    return seconds, scanned


def write_until_killed(path: Path) -> None:
    """Commit until the next save of the index is nearly due, then die without a word."""
    storage = DurableStorage(str(path))
    while storage.getSize() - storage._index_pos < 0.98 * INDEX_EVERY:
        store(storage, range(1000), RECORD)
    os.kill(os.getpid(), 9)


def commit(storage: DurableStorage, length: int, objects: int) -> tuple[list[float], list[float]]:
    """Grow the data by `length` bytes: the seconds of each commit, and of each while saving."""
    usual: list[float] = []
    while_saving: list[float] = []
    end = storage.getSize() + length
    first = 0
    while storage.getSize() < end:
        before = storage._index_saver
        start = time.perf_counter()
        store(storage, range(first, first + RECORDS_PER_COMMIT))
        seconds = time.perf_counter() - start
        # The commit may have started the saver, too.
        saver = storage._index_saver
        saving = saver is not before or (saver is not None and saver.is_alive())
        (while_saving if saving else usual).append(seconds)
        first = (first + RECORDS_PER_COMMIT) % (objects - RECORDS_PER_COMMIT)
    return usual, while_saving


def save_now(storage: DurableStorage) -> tuple[float, float]:
    """Seconds that commits are kept waiting, and seconds until the file is on disk."""
    storage._index_pos = 0
    start = time.perf_counter()
    storage._save_index_if_due()
    blocked = time.perf_counter() - start
    if storage._index_saver is not None:
        storage._index_saver.join()
    return blocked, time.perf_counter() - start


def measure(folder: Path, console: Console, objects: int) -> Results:
    path = folder / "Data.fs"
    index = folder / "Data.fs.index"
    generate(path, objects, console)
    index.unlink()
    data_bytes = path.stat().st_size

    with console.status("opening without an index, as plain FileStorage after a crash at worst"):
        scan_cold, _ = opening(path, FileStorage, cold=True)
        scan, _ = opening(path, FileStorage, cold=False)

    with console.status("committing until killed, just before a save is due"):
        subprocess.run([sys.executable, "-m", "bench.indexing", str(path)], check=False)
    after_kill_cold, scanned = opening(path, DurableStorage, cold=True)
    after_kill, _ = opening(path, DurableStorage, cold=False)

    storage = DurableStorage(str(path))
    saves = [save_now(storage) for _ in track(range(7), "saving", console=console)]
    blocked = statistics.median(blocked for blocked, _ in saves)
    save = statistics.median(total for _, total in saves)
    storage._index_pos = storage.getSize()
    with console.status("committing"):
        usual, while_saving = commit(storage, INDEX_EVERY * 5 // 4, objects)
    storage.close()

    between_saves = (sum(usual) + sum(while_saving)) * 4 / 5
    return Results(
        objects=objects,
        data_megabytes=data_bytes / 2**20,
        index_megabytes=index.stat().st_size / 2**20,
        scan_s=scan,
        scan_cold_s=scan_cold,
        after_kill_s=after_kill,
        after_kill_cold_s=after_kill_cold,
        after_kill_scanned_megabytes=scanned / 2**20,
        blocked_ms=1000 * blocked,
        save_s=save,
        commit_median_ms=1000 * statistics.median(usual),
        commit_p99_ms=1000 * statistics.quantiles(usual, n=100)[98],
        commit_slowest_ms=1000 * max(usual),
        commit_slowest_while_saving_ms=1000 * max(while_saving),
        seconds_between_saves=between_saves,
        blocked_percent=100 * blocked / between_saves,
        saving_percent=100 * save / between_saves,
    )


def table(results: Results) -> Table:
    table = Table(title=f"Saving the index every {INDEX_EVERY / 2**20:g} MB")
    table.add_column("what")
    table.add_column("figure", justify="right")
    r = results
    scanned = f"{r.after_kill_scanned_megabytes:.0f} MB"
    times = f"{r.commit_median_ms:.2f} / {r.commit_p99_ms:.2f} / {r.commit_slowest_ms:.1f} ms"
    for what, figure in (
        ("objects", f"{r.objects:,}"),
        ("Data.fs / index", f"{r.data_megabytes:.0f} / {r.index_megabytes:.1f} MB"),
        ("open by a full scan, cold / warm", f"{r.scan_cold_s:.2f} / {r.scan_s:.2f} s"),
        (
            f"open after kill -9 with {scanned} to scan, cold / warm",
            f"{r.after_kill_cold_s:.2f} / {r.after_kill_s:.2f} s",
        ),
        (
            "one save: commits wait / until on disk",
            f"{r.blocked_ms:.1f} / {1000 * r.save_s:.0f} ms",
        ),
        ("a commit: median / p99 / slowest", times),
        ("slowest commit while saving", f"{r.commit_slowest_while_saving_ms:.1f} ms"),
        ("between saves, if committing all the time", f"{r.seconds_between_saves:.0f} s"),
        (
            "cost: commits wait / if a save stopped all",
            f"{r.blocked_percent:.3f} / {r.saving_percent:.2f} %",
        ),
    ):
        table.add_row(what, figure)
    return table


if __name__ == "__main__":
    write_until_killed(Path(sys.argv[1]))
