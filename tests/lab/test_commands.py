"""``fab lab:…``, as an operator types it, on machines on which nothing is installed."""

import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tandem.rendering import CHECKOUT
from tests.examples import FILES
from tests.lab.leftovers import left
from tests.lab.running import eventually

pytestmark = [
    pytest.mark.lab,
    pytest.mark.beside,
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.timeout(600, func_only=True),
]

FAB = CHECKOUT / "bin/fab"


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The description of a cluster whose lab is up."""
    file = tmp_path_factory.mktemp("commands") / "typed.cfg"
    file.write_text(FILES["cluster"].read_text().replace("name = example", "name = typed"))
    before = left()
    up = fab(file, "up", "--bare", "--memory=512")
    assert up.returncode == 0, up.stderr
    yield file
    down = fab(file, "down")
    assert down.returncode == 0, down.stderr
    assert not (CHECKOUT / "var/lab/typed").exists()
    assert left() == before


def fab(file: Path, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    words: list[str | Path] = [FAB, f"lab:{command}", f"--cluster={file}", *arguments]
    return subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def power(file: Path) -> dict[str, str]:
    machines = json.loads(fab(file, "status", "--json").stdout)["machines"]
    return {machine["name"]: machine["power"] for machine in machines}


def test_a_lab_that_is_up_stays_when_its_command_has_ended(description: Path) -> None:
    assert power(description) == {"master": "on", "slave": "on"}


def test_ssh_comes_to_the_machine_that_it_names(description: Path) -> None:
    assert fab(description, "ssh:slave", "--command=hostname").stdout == "slave\n"


def test_a_machine_is_switched_off_and_on(description: Path) -> None:
    assert fab(description, "poweroff:slave").stdout == "slave is off\n"
    assert power(description)["slave"] == "off"
    assert fab(description, "poweron:slave").stdout == "slave is on\n"
    # What comes next finds it up.
    eventually(lambda: fab(description, "ssh:slave", "--command=true").returncode == 0, 120)


def test_a_machine_freezes_and_thaws(description: Path) -> None:
    assert fab(description, "freeze:master").stdout == "master is frozen\n"
    assert fab(description, "thaw:master").stdout == "master is on\n"


def test_a_cut_is_seen_in_the_status_until_it_is_healed(description: Path) -> None:
    cut = fab(description, "cut:service", "--machine=slave", "--direction=from")
    assert cut.stdout == "slave is mute on service\n"
    assert "slave is mute on service" in fab(description, "status").stdout
    assert fab(description, "heal").stdout == "healed: slave is mute on service\n"
    assert "mute" not in fab(description, "status").stdout


UNFLUSHED = "head -c 4k /dev/zero | tr '\\0' U | dd of=/dev/vda bs=4k oflag=direct status=none"
FLUSHED = f"{UNFLUSHED.replace('U', 'F')} seek=8 conv=fsync"
READ = "for at in 0 8; do dd if=/dev/vda bs=4k count=1 skip=$at status=none | tr '\\0' 0; done"


def test_a_lossy_disk_loses_at_a_power_cut_what_was_not_flushed(description: Path) -> None:
    lossy = fab(description, "lossy-disk:slave")
    assert lossy.stdout.endswith(
        "the disk with slave's data loses at a power cut what was not flushed\n"
    )
    # Flushed first: a flush takes along all that was written before it.
    assert fab(description, "ssh:slave", f"--command={FLUSHED} && {UNFLUSHED}").returncode == 0
    fab(description, "poweroff:slave")
    fab(description, "poweron:slave")
    eventually(lambda: fab(description, "ssh:slave", "--command=true").returncode == 0, 60)
    assert fab(description, "ssh:slave", f"--command={READ}").stdout == "0" * 4096 + "F" * 4096
    assert fab(description, "lossy-disk:slave", "--off").returncode == 0
    assert fab(description, "ssh:slave", "--command=ls /dev/vda").returncode != 0


def test_a_program_of_this_computer_runs_in_the_labs_network(description: Path) -> None:
    assert "10.0.0.1/24" in fab(description, "run", "--command=ip -brief address").stdout


def test_the_console_is_roots_until_the_operator_leaves_it(description: Path) -> None:
    terminal, theirs = os.openpty()
    command = (FAB, "lab:console:master", f"--cluster={description}")
    console = subprocess.Popen(command, cwd=CHECKOUT, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        seen = ""
        deadline = time.monotonic() + 60
        while "42 master" not in seen and time.monotonic() < deadline:
            os.write(terminal, b"echo $((6 * 7)) $(hostname)\r")
            while select.select((terminal,), (), (), 2)[0]:
                seen += os.read(terminal, 1024).decode(errors="replace")
        os.write(terminal, b"\x1d")
        assert console.wait(10) == 0
    finally:
        console.kill()
        console.wait()
        os.close(terminal)
    assert "42 master" in seen


@pytest.mark.usefixtures("description")
def test_what_was_said_on_the_console_is_kept() -> None:
    assert "Linux version" in (CHECKOUT / "var/lab/typed/master.log").read_text(errors="replace")


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (("cut:service", "--machine=node9"), "node9 is not on the link service\n"),
        (("cut:service", "--direction=up"), "--direction=up: expected one of both, to, from\n"),
        (("up",), "the lab of typed runs already: fab lab:down ends it\n"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    description: Path, command: tuple[str, ...], line: str
) -> None:
    done = fab(description, *command)
    assert (done.returncode, done.stderr) == (1, line)


def test_without_a_lab_every_command_says_so_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "none.cfg"
    file.write_text(FILES["cluster"].read_text().replace("name = example", "name = none"))
    for command in ("status", "down", "poweroff:master", "heal", "ssh:master", "console:master"):
        done = fab(file, command)
        assert done.returncode == 1
        assert done.stderr == f"no lab runs in {CHECKOUT}/var/lab/none: fab lab:up starts one\n"
