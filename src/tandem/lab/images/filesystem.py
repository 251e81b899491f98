"""What lies on the disks of the lab's machines and VMs: folders, and images made of them."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tandem.errors import TandemError
from tandem.images.apart import surroundings
from tandem.rendering import File
from tandem.writing import write_file

_NEW: Final = ("-E", "nodiscard,assume_storage_prezeroed=1")
_WHOLE: Final = ("--numeric-owner", "--xattrs", "--xattrs-include=*")


def unpack(tar: Path, folder: Path) -> None:
    """Unpack a tar into a folder, owners, modes and capabilities included; raises TandemError.

    Devices are left out: the kernel brings them, and root of a user namespace must not make any.
    """
    folder.mkdir(parents=True, exist_ok=True)
    how = (*_WHOLE, "--preserve-permissions", "--exclude=./dev/*")
    _run("tar", "--extract", *how, f"--file={tar}", "-C", folder)


def pack(folder: Path, tar: Path) -> None:
    """Make the tar that unpacks to what the folder holds; raises TandemError."""
    _run("tar", "--create", *_WHOLE, "--sparse", f"--file={tar}", "-C", folder, ".")


def image(root: Path, target: Path, size: int) -> None:
    """Make the file a disk of ``size`` MB with an ext4 of what the folder ``root`` holds.

    It takes no more room than what is on it. It is whole or not there. Raises TandemError.
    """
    unfinished = target.with_name(f".{target.name}.new")
    unfinished.unlink(missing_ok=True)
    try:
        _run("mkfs.ext4", "-q", "-F", *_NEW, "-d", root, unfinished, f"{size}M")
        unfinished.replace(target)
    except TandemError as error:
        if "Could not allocate" not in str(error):
            raise
        raise TandemError(
            f"{target.name}: what is to lie on this disk does not fit into {size} MB"
        ) from None
    finally:
        unfinished.unlink(missing_ok=True)


def copy_into(image: Path, disk: Path, offset: int) -> None:
    """Copy what is in the image to its place on a new disk, from the byte ``offset`` on.

    Where there is nothing in the image nothing is written: the disk is zero there, too.
    """
    with image.open("rb") as source, disk.open("r+b") as target:
        size = image.stat().st_size
        at = 0
        while at < size:
            try:
                at = os.lseek(source.fileno(), at, os.SEEK_DATA)
            except OSError:  # no more data
                return
            end = os.lseek(source.fileno(), at, os.SEEK_HOLE)
            while at < end:
                at += os.copy_file_range(
                    source.fileno(), target.fileno(), end - at, at, offset + at
                )


def add_modules(root: Path, modules: Path) -> None:
    """Put a kernel's modules, a folder of the name of its version, into the root."""
    shutil.copytree(modules, root / "usr/lib/modules" / modules.name, dirs_exist_ok=True)


def install(files: Iterable[File], root: Path) -> None:
    """Put a host's rendered files into its root, and do what they say before it boots.

    Each file is root's, with its mode. Accounts and folders are made, and units enabled or not, as
    the files for systemd say. Raises TandemError.
    """
    by_folder: dict[str, list[File]] = {}
    for file in files:
        _put(file, root)
        by_folder.setdefault(file.path.parent.name, []).append(file)
    if accounts := by_folder.get("sysusers.d"):
        _run("systemd-sysusers", f"--root={root}", *(file.path.name for file in accounts))
    if folders := by_folder.get("tmpfiles.d"):
        names = (file.path.name for file in folders)
        _run("systemd-tmpfiles", f"--root={root}", "--create", *names)
    units = [
        line.split()[1]
        for file in by_folder.get("system-preset", ())
        for line in file.text.splitlines()
        if line.startswith(("enable ", "disable "))
    ]
    if units:
        _run("systemctl", f"--root={root}", "--quiet", "preset", *units)


def _put(file: File, root: Path) -> None:
    path = root / file.path
    # A link in the root may lead to the same place of this computer.
    if not path.parent.resolve().is_relative_to(root.resolve()):
        raise TandemError(f"/{file.path}: a folder above it is a link that leads out of the root")
    path.unlink(missing_ok=True)
    write_file(file, path)


def _run(*command: str | Path) -> None:
    try:
        done = subprocess.run(
            command, env=surroundings(), capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise TandemError(f"there is no {command[0]}: the lab needs it") from None
    if done.returncode:
        raise TandemError(f"{command[0]} failed: {_reason(done.stderr)}")


def _reason(said: str) -> str:
    if "No space left on device" in said:
        return "the disk is full: make room and run it again"
    return (said.strip().splitlines() or ["it said nothing"])[-1]
