"""The command line of a User Mode Linux."""

from pathlib import Path

import pytest

from tandem.errors import TandemError
from tandem.lab import uml
from tandem.lab.layout import layout_of
from tandem.lab.machine import Disk, Hardware
from tandem.lab.uml import UserModeLinux
from tests.examples import FILES, example

UML = UserModeLinux()
RUN = Path("run")
DISKS = (Disk(Path("root.cow"), Path("root.img")), Disk(Path("data.cow"), Path("data.img")))

MACHINES = tuple((name, machine) for name in FILES for machine in example(name).machines)


def command(
    disks: tuple[Disk, ...] = DISKS, kernel: tuple[str, ...] = (), memory: int = 1536
) -> tuple[str, ...]:
    ports = layout_of(example("cluster")).ports_of("slave")
    return UML.command(Hardware("slave", memory, disks, ports, kernel), RUN)


@pytest.mark.parametrize(("name", "machine"), MACHINES)
def test_every_port_is_an_interface_on_its_tap_with_its_mac(name: str, machine: str) -> None:
    ports = layout_of(example(name)).ports_of(machine)
    words = UML.command(Hardware(machine, 1536, DISKS, ports), RUN)
    plugged = [word.partition(":") for word in words if word.startswith("vec")]
    assert [name for name, _, _ in plugged] == [f"vec{at}" for at, _ in enumerate(ports)]
    for port, (_, _, options) in zip(ports, plugged, strict=True):
        expected = {"transport=tap", f"ifname={port.tap}", f"mac={port.mac}"}
        assert set(options.split(",")) >= expected


def test_a_disk_with_a_base_is_what_was_written_since() -> None:
    words = command()
    assert "ubda=root.cow,root.img" in words
    assert "ubdb=data.cow,data.img" in words


def test_a_disk_without_a_base_is_the_disk_itself() -> None:
    assert "ubda=root.img" in command((Disk(Path("root.img")),))


def test_there_are_as_many_disks_as_it_was_given_and_the_root_is_the_first() -> None:
    words = command(tuple(Disk(Path(f"disk{number}")) for number in range(8)))
    disks = [word for word in words if word.startswith("ubd")]
    assert disks == [f"ubd{'abcdefgh'[number]}=disk{number}" for number in range(8)]
    assert "root=/dev/ubda" in words


def test_a_disk_is_in_the_machine_what_the_command_line_says() -> None:
    words = command(tuple(Disk(Path(f"disk{number}")) for number in range(8)))
    for number in range(8):
        assert f"{UML.device(number).removeprefix('/dev/')}=disk{number}" in words


def test_it_has_the_memory_and_the_words_for_the_kernel_that_it_was_given() -> None:
    words = command(kernel=("systemd.mask=heartbeat.service",), memory=1024)
    assert "mem=1024M" in words
    assert words[-1] == "systemd.mask=heartbeat.service"


def test_its_only_console_is_its_standard_input_and_output() -> None:
    words = command()
    assert [word for word in words if word.startswith(("con", "ssl"))] == [
        "con=null",
        "con0=fd:0,fd:1",
        "ssl=null",
    ]


def test_two_machines_share_no_management_socket() -> None:
    assert "umid=slave" in command()
    assert "uml_dir=run" in command()


def test_the_command_line_is_as_short_as_the_kernel_takes_it() -> None:
    # COMMAND_LINE_SIZE in arch/um/include/asm/setup.h; five disks are the most that a lab has.
    long = Path("/home/somebody") / ("f" * 100) / ("g" * 100)
    disks = tuple(Disk(long / f"{number}.cow", long / f"{number}.img") for number in range(5))
    assert len(" ".join(command(disks))) < 4096


def test_its_modules_are_those_of_the_kernel_that_boots() -> None:
    modules = UML.modules()
    assert (modules / "modules.dep").exists()
    assert list(modules.rglob("drbd.ko*"))


def test_without_its_modules_it_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uml, "MODULES", tmp_path)
    with pytest.raises(TandemError, match="is missing: the lab needs the modules of user-mode"):
        UML.modules()
