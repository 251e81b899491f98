"""Lossy disks: what a machine did not flush is gone when its power is cut, and only that."""

import shlex
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tandem.lab.lossy import lossy_command, made_whole
from tandem.lab.machine import Disk, Hardware
from tandem.lab.namespace import Namespace, leashed
from tandem.lab.uml import UserModeLinux
from tests.lab import writer
from tests.lab.leash import IN_NAMESPACES, await_words, processes, said, switch_on, until
from tests.lab.writer import APART, FLUSHED, NOTHING, WRITTEN

UML = UserModeLinux()


@pytest.fixture
def namespace(tmp_path: Path) -> Iterator[Namespace]:
    with leashed(tmp_path / "lab") as made:
        yield made


def master(folder: Path, *names: str) -> Hardware:
    """A machine that writes to its disks, which are files of a MB."""
    init = folder / "init"
    init.write_text(f"#!/bin/sh\nexec {sys.executable} {shlex.quote(writer.__file__)}\n")
    init.chmod(0o755)
    for name in ("root.img", *names):
        with (folder / name).open("wb") as disk:
            disk.truncate(1 << 20)
    root = ("root=/dev/root", "rootfstype=hostfs", "rootflags=/", f"init={init}", "quiet")
    disks = tuple(Disk(folder / name) for name in ("root.img", *names))
    return Hardware("master", 96, disks, (), root)


def on_disk(path: Path) -> tuple[bytes, bytes]:
    """What the machine flushed, and what it wrote and did not flush."""
    held = path.read_bytes()
    return held[: len(FLUSHED)], held[APART:][: len(WRITTEN)]


def lossy(namespace: Namespace, machine: Hardware) -> None:
    """Have the machine run on disks that lose."""
    switch_on(namespace, "master", *lossy_command(UML, machine, namespace.folder))


class TestDisks:
    pytestmark = IN_NAMESPACES

    def test_what_was_not_flushed_is_gone(self, namespace: Namespace, tmp_path: Path) -> None:
        lossy(namespace, master(tmp_path, "a.img", "b.img"))
        await_words(namespace, "master", "done")
        namespace.ask("off", "master")
        assert on_disk(tmp_path / "a.img") == (FLUSHED, NOTHING)
        assert on_disk(tmp_path / "b.img") == (FLUSHED, NOTHING)

    def test_plain_disks_keep_all(self, namespace: Namespace, tmp_path: Path) -> None:
        machine = master(tmp_path, "a.img")
        switch_on(namespace, "master", *UML.command(machine, namespace.folder))
        await_words(namespace, "master", "done")
        namespace.ask("off", "master")
        assert on_disk(tmp_path / "a.img") == (FLUSHED, WRITTEN)

    def test_the_machine_itself_sees_what_it_has_not_flushed(
        self, namespace: Namespace, tmp_path: Path
    ) -> None:
        lossy(namespace, master(tmp_path, "a.img"))
        await_words(namespace, "master", f"then {FLUSHED!r} {WRITTEN!r}")

    def test_the_machine_finds_what_it_flushed_when_it_is_on_again(
        self, namespace: Namespace, tmp_path: Path
    ) -> None:
        lossy(namespace, master(tmp_path, "a.img"))
        await_words(namespace, "master", "done")
        namespace.ask("off", "master")
        namespace.ask("on", "master")
        await_words(namespace, "master", f"found {FLUSHED!r} {NOTHING!r}")
        until(lambda: said(namespace, "master").count("done") == 2, "it writes again")

    def test_what_is_lost_is_lost_when_the_whole_lab_ends_too(self, tmp_path: Path) -> None:
        with leashed(tmp_path / "lab") as namespace:
            lossy(namespace, master(tmp_path, "a.img"))
            await_words(namespace, "master", "done")
        assert on_disk(tmp_path / "a.img") == (FLUSHED, NOTHING)

    def test_nothing_of_the_disks_is_left_running(
        self, namespace: Namespace, tmp_path: Path
    ) -> None:
        lossy(namespace, master(tmp_path, "a.img"))
        await_words(namespace, "master", "done")
        assert any("qemu-storage-daemon" in command for command in processes(namespace))
        namespace.ask("off", "master")
        until(lambda: processes(namespace) == {}, "all of it has ended", 5)

    def test_a_machine_whose_disk_is_not_there_switches_itself_off(
        self, namespace: Namespace, tmp_path: Path
    ) -> None:
        machine = master(tmp_path, "a.img")
        (tmp_path / "a.img").unlink()
        lossy(namespace, machine)
        until(lambda: namespace.ask("states") == {"master": "off"}, "it is off")
        assert "a.img" in said(namespace, "master")

    def test_the_folder_may_have_a_long_name_with_an_apostrophe(self, tmp_path: Path) -> None:
        folder = tmp_path / ("Bob's-" + "long" * 30)
        with leashed(folder) as namespace:
            lossy(namespace, master(tmp_path, "a.img"))
            await_words(namespace, "master", "done")
            namespace.ask("off", "master")
            assert on_disk(tmp_path / "a.img") == (FLUSHED, NOTHING)

    def test_what_was_written_so_far_goes_into_a_disk_that_is_made_whole(
        self, namespace: Namespace, tmp_path: Path
    ) -> None:
        machine = master(tmp_path, "base.img")
        root, base = machine.disks
        machine = replace(machine, disks=(root, Disk(tmp_path / "a.cow", base.path)))
        switch_on(namespace, "master", *UML.command(machine, namespace.folder))
        await_words(namespace, "master", "done")
        namespace.ask("off", "master")
        assert on_disk(base.path) == (NOTHING, NOTHING)
        whole = made_whole(UML, machine)
        assert whole.disks == (root, Disk(tmp_path / "a.img"))
        assert on_disk(tmp_path / "a.img") == (FLUSHED, WRITTEN)


def test_a_disk_that_is_whole_stays_what_it_is(tmp_path: Path) -> None:
    machine = master(tmp_path, "a.img")
    assert made_whole(UML, machine) == machine


def test_all_but_the_place_of_its_disks_is_the_same_for_the_machine(tmp_path: Path) -> None:
    plain = master(tmp_path, "a.img")
    root, disk = plain.disks
    served = (root, Disk(disk.path, socket=Path("a.vhost")))
    told = UML.command(replace(plain, disks=served), tmp_path)
    program = lossy_command(UML, plain, tmp_path)[-1]
    assert program.endswith(f"\nexec {shlex.join(told)}\n")
