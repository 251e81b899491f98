"""Commands apart: their mounts are seen by nobody else, and nothing outlives who started them."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tandem.images.apart import running

KEEPS_ON = "sleep {0} & mount -t tmpfs tmpfs {1} && touch {1}/there {1}.mounted; sleep {0}; true"


def commands() -> list[str]:
    texts = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            texts.append(file.read_text().replace("\0", " "))
        except (OSError, UnicodeDecodeError):
            continue
    return texts


def runs(words: str) -> bool:
    return any(command.startswith(words) for command in commands())


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + 20
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.root
def test_a_command_and_what_it_started_have_ended_after_the_block(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    with running(("sh", "-c", KEEPS_ON.format("98761", tmp_path / "m"))):
        wait_for(tmp_path / "m.mounted")
        assert runs("sleep 98761")
    assert not runs("sleep 98761")


@pytest.mark.root
def test_its_mounts_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    with running(("sh", "-c", KEEPS_ON.format("98762", tmp_path / "m"))):
        wait_for(tmp_path / "m.mounted")
        assert not (tmp_path / "m" / "there").exists()
        assert str(tmp_path) not in Path("/proc/mounts").read_text()


@pytest.mark.root
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_who_started_it_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "m").mkdir()
    program = (
        "import sys, time; from tandem.images.apart import running\n"
        "with running(('sh', '-c', sys.argv[1])): time.sleep(60)"
    )
    shell = KEEPS_ON.format(f"9876{number.value}", tmp_path / "m")
    with subprocess.Popen(
        [sys.executable, "-c", program, shell], stderr=subprocess.DEVNULL
    ) as starter:
        wait_for(tmp_path / "m.mounted")
        starter.send_signal(number)
    deadline = time.monotonic() + 5
    while runs(f"sleep 9876{number.value}") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not runs(f"sleep 9876{number.value}")


@pytest.mark.root
def test_without_a_network_it_reaches_nothing() -> None:
    command = ("cat", "/proc/net/dev")
    with running(command, network=False, stdout=subprocess.PIPE) as process:
        seen, _ = process.communicate()
    interfaces = [line.split(":")[0].strip() for line in seen.decode().splitlines()[2:]]
    assert interfaces == ["lo"]
