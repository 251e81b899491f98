"""Lossy disks: what a machine did not flush is gone when its power is cut, and only that."""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tandem.lab.lossy import lossy_command
from tandem.lab.machine import Disk, Hardware, Kind
from tandem.lab.namespace import Namespace, leashed
from tests.lab.leash import IN_NAMESPACES, await_words, processes, said, switch_on, until

WRITES = """
import os, sys, time
for path in sys.argv[1:]:
    disk = os.open(path, os.O_RDWR)
    print("found", os.pread(disk, 7, 0), os.pread(disk, 7, 4096))
    os.pwrite(disk, b"flushed", 0)
    os.fsync(disk)
    os.pwrite(disk, b"written", 4096)
print("done", flush=True)
time.sleep(1000)
"""
FLUSHED, WRITTEN, NOTHING = b"flushed", b"written", bytes(7)


class Writer(Kind):
    """A machine that writes to its disks, and flushes some of it."""

    def command(self, machine: Hardware, run: Path) -> tuple[str, ...]:  # noqa: ARG002
        return (sys.executable, "-c", WRITES, *(str(disk.path) for disk in machine.disks))

    def device(self, number: int) -> str:
        return f"/dev/disk{number}"


@pytest.fixture
def namespace(tmp_path: Path) -> Iterator[Namespace]:
    with leashed(tmp_path / "lab") as made:
        yield made


def master(folder: Path, *names: str) -> Hardware:
    """A machine with new disks, which are files of a MB."""
    for name in names:
        with (folder / name).open("wb") as disk:
            disk.truncate(1 << 20)
    return Hardware("master", 64, tuple(Disk(folder / name) for name in names), ())


def on_disk(path: Path) -> tuple[bytes, bytes]:
    """What the machine flushed, and what it wrote and did not flush."""
    held = path.read_bytes()
    return held[:7], held[4096:4103]


def lossy(namespace: Namespace, machine: Hardware) -> None:
    """Have the machine run on disks that lose."""
    switch_on(namespace, "master", *lossy_command(Writer(), machine, namespace.folder))


class TestDisks:
    pytestmark = IN_NAMESPACES

    def test_what_was_not_flushed_is_gone(self, namespace: Namespace, tmp_path: Path) -> None:
        lossy(namespace, master(tmp_path, "a.cow", "b.cow"))
        await_words(namespace, "master", "done")
        namespace.ask("off", "master")
        assert on_disk(tmp_path / "a.cow") == (FLUSHED, NOTHING)
        assert on_disk(tmp_path / "b.cow") == (FLUSHED, NOTHING)

    def test_plain_disks_keep_all(self, namespace: Namespace, tmp_path: Path) -> None:
        machine = master(tmp_path, "a.cow")
        switch_on(namespace, "master", *Writer().command(machine, namespace.folder))
        await_words(namespace, "master", "done")
        namespace.ask("off", "master")
        assert on_disk(tmp_path / "a.cow") == (FLUSHED, WRITTEN)

    def test_the_machine_itself_sees_what_it_has_not_flushed(
        self, namespace: Namespace, tmp_path: Path
    ) -> None:
        lossy(namespace, master(tmp_path, "a.cow"))
        await_words(namespace, "master", "done")
        disk = f"/proc/{namespace.keeper}/root{tmp_path}/a.lossy/nbd"
        assert on_disk(Path(disk)) == (FLUSHED, WRITTEN)

    def test_the_machine_finds_what_it_flushed_when_it_is_on_again(
        self, namespace: Namespace, tmp_path: Path
    ) -> None:
        lossy(namespace, master(tmp_path, "a.cow"))
        await_words(namespace, "master", "done")
        namespace.ask("off", "master")
        namespace.ask("on", "master")
        await_words(namespace, "master", f"found {FLUSHED!r} {NOTHING!r}")
        until(lambda: said(namespace, "master").count("done") == 2, "it writes again")

    def test_what_is_lost_is_lost_when_the_whole_lab_ends_too(self, tmp_path: Path) -> None:
        with leashed(tmp_path / "lab") as namespace:
            lossy(namespace, master(tmp_path, "a.cow"))
            await_words(namespace, "master", "done")
        assert on_disk(tmp_path / "a.cow") == (FLUSHED, NOTHING)

    def test_nothing_of_the_disks_is_left_running(
        self, namespace: Namespace, tmp_path: Path
    ) -> None:
        lossy(namespace, master(tmp_path, "a.cow"))
        await_words(namespace, "master", "done")
        assert any("nbdkit --filter" in command for command in processes(namespace))
        namespace.ask("off", "master")
        until(lambda: processes(namespace) == {}, "all of it has ended", 5)

    def test_a_machine_whose_disk_is_not_there_switches_itself_off(
        self, namespace: Namespace, tmp_path: Path
    ) -> None:
        machine = Hardware("master", 64, (Disk(tmp_path / "no-such.cow"),), ())
        lossy(namespace, machine)
        until(lambda: namespace.ask("states") == {"master": "off"}, "it is off")
        assert "no-such.cow" in said(namespace, "master")

    def test_the_folder_may_have_any_name(self, namespace: Namespace, tmp_path: Path) -> None:
        folder = tmp_path / "Bob's lab"
        folder.mkdir()
        lossy(namespace, master(folder, "a.cow"))
        await_words(namespace, "master", "done")
        namespace.ask("off", "master")
        assert on_disk(folder / "a.cow") == (FLUSHED, NOTHING)


class Told(Kind):
    """A machine whose command tells what it is made of."""

    def command(self, machine: Hardware, run: Path) -> tuple[str, ...]:
        return (repr(machine), str(run))

    def device(self, number: int) -> str:
        return f"/dev/disk{number}"


def test_all_but_the_place_of_its_disks_is_the_same_for_the_machine(tmp_path: Path) -> None:
    plain = Hardware(
        "master",
        64,
        (Disk(Path("a.cow"), Path("a.img")), Disk(Path("b.cow"))),
        (),
        ("quiet",),
    )
    disks = (
        Disk(Path("a.lossy/nbd"), Path("a.img")),
        Disk(Path("b.lossy/nbd")),
    )
    told = Told().command(Hardware("master", 64, disks, (), ("quiet",)), tmp_path)
    program = lossy_command(Told(), plain, tmp_path)[-1]
    assert program.endswith(f"\nexec {shlex.join(told)}\n")
