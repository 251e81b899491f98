"""The first process of a machine that only writes to its disks, and flushes some of it.

Its root is this computer's own file system, from which it only reads.
"""

import ctypes
import mmap
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

FLUSHED, WRITTEN, NOTHING = b"flushed", b"written", bytes(7)
APART = 1 << 16
"""How far from each other it writes them."""

_FINIT_MODULE = 313
"""System call of x86-64; this computer may have no modprobe."""


def main() -> None:
    subprocess.run(("/bin/mount", "-t", "sysfs", "sysfs", "/sys"), check=True)
    _load_virtio_blk()
    for cache in sorted(Path("/sys/block").glob("vd*/cache_type")):
        cache.write_text("write back")
    for path in sorted(Path("/dev").glob("ubd[b-z]")) + sorted(Path("/dev").glob("vd*")):
        disk = os.open(path, os.O_RDWR | os.O_DIRECT)
        print("found", _read(disk, 0), _read(disk, APART))
        _write(disk, FLUSHED, 0)
        os.fsync(disk)
        _write(disk, WRITTEN, APART)
        print("then", _read(disk, 0), _read(disk, APART))
    print("done", flush=True)
    time.sleep(1000)


def _load_virtio_blk() -> None:
    modules = Path("/usr/lib/uml/modules") / platform.release()
    module = os.open(modules / "kernel/drivers/block/virtio_blk.ko", os.O_RDONLY)
    if ctypes.CDLL(None).syscall(_FINIT_MODULE, module, b"", 0):
        sys.exit("virtio_blk cannot be loaded")


def _read(disk: int, at: int) -> bytes:
    block = mmap.mmap(-1, 4096)
    os.preadv(disk, [block], at)
    return block[: len(FLUSHED)]


def _write(disk: int, words: bytes, at: int) -> None:
    block = mmap.mmap(-1, 4096)
    block[: len(words)] = words
    os.pwrite(disk, block, at)


if __name__ == "__main__":
    main()
