"""Namespaces of a lab: they are its own, and however they end, nothing is left."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tandem.errors import TandemError
from tandem.lab.namespace import Namespace, NoLabError, leashed
from tests.lab.leash import (
    IN_NAMESPACES,
    Spaces,
    await_processes,
    processes,
    sh,
    switch_on,
    until,
)

pytestmark = IN_NAMESPACES

STARTER = """
import sys, time
from pathlib import Path
from tandem.lab.namespace import leashed
with leashed(Path(sys.argv[1])) as namespace:
    for word in sys.argv[2:]:
        namespace.ask(word)
    print("up", flush=True)
    time.sleep(100)
"""
BUSY = "sleep 1000 & setsid sleep 1000 & (trap '' TERM HUP; sleep 1000) & exec sleep 1000"


@contextmanager
def started(folder: Path, *asked: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds namespaces in the folder."""
    with subprocess.Popen(
        (sys.executable, "-c", STARTER, folder, *asked),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        try:
            yield process
        finally:
            process.kill()
            with suppress(NoLabError):
                Namespace(folder).end()


def lived_in(namespace: Namespace) -> Spaces:
    """The namespaces, which have programs, a mount and a link now."""
    sh(namespace, "program", BUSY)
    namespace.run(("mount", "-t", "tmpfs", "tmpfs", "/mnt"))
    namespace.run(("ip", "link", "add", "service", "type", "bridge"))
    those = Spaces(namespace.keeper)
    assert len(those.numbers) == 3
    assert those.inhabited
    return those


def gone(those: Spaces) -> None:
    # The kernel keeps neither a network nor mounts that no process is in.
    until(lambda: not those.inhabited, "nothing is left", 5)


def test_its_processes_links_and_mounts_are_its_own(tmp_path: Path) -> None:
    with leashed(tmp_path / "lab") as namespace:
        links = namespace.run(("ip", "-brief", "link")).split("\n")
        assert [link.split()[0] for link in links if link] == ["lo"]
        assert processes(namespace) == {}
        (tmp_path / "m").mkdir()
        namespace.run(("mount", "-t", "tmpfs", "tmpfs", tmp_path / "m"))
        assert str(tmp_path) in namespace.run(("cat", "/proc/mounts"))
        assert str(tmp_path) not in Path("/proc/mounts").read_text()


def test_nothing_is_left_after_the_block(tmp_path: Path) -> None:
    with leashed(tmp_path / "lab") as namespace:
        those = lived_in(namespace)
    assert not those.inhabited


def test_nothing_is_left_after_an_error_in_the_block(tmp_path: Path) -> None:
    those: list[Spaces] = []

    def fails() -> None:
        with leashed(tmp_path / "lab") as namespace:
            those.append(lived_in(namespace))
            raise TandemError("the machines do not boot")

    with pytest.raises(TandemError, match="do not boot"):
        fails()
    assert not those[0].inhabited


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name
)
def test_nothing_is_left_when_who_started_it_is_ended(
    tmp_path: Path, number: signal.Signals
) -> None:
    with started(tmp_path / "lab") as starter:
        those = lived_in(Namespace(tmp_path / "lab"))
        starter.send_signal(number)
        starter.wait()
        gone(those)


def test_nothing_is_left_when_the_keeper_is_killed(tmp_path: Path) -> None:
    with started(tmp_path / "lab"):
        namespace = Namespace(tmp_path / "lab")
        those = lived_in(namespace)
        os.kill(namespace.keeper, signal.SIGKILL)
        gone(those)


def test_nothing_is_left_when_the_process_between_is_killed(tmp_path: Path) -> None:
    with started(tmp_path / "lab", "stay"):
        keeper = Namespace(tmp_path / "lab").keeper
        those = lived_in(Namespace(tmp_path / "lab"))
        parent = Path(f"/proc/{keeper}/stat").read_text().rpartition(")")[2].split()[1]
        os.kill(int(parent), signal.SIGKILL)
        gone(those)


def test_a_lab_that_stays_outlives_who_started_it_and_its_terminal(tmp_path: Path) -> None:
    with started(tmp_path / "lab", "stay") as starter:
        those = lived_in(Namespace(tmp_path / "lab"))
        os.killpg(starter.pid, signal.SIGKILL)
        starter.wait()
        with pytest.raises(AssertionError, match="it ends"):
            until(lambda: not those.inhabited, "it ends", 0.5)
        assert Namespace(tmp_path / "lab").ask("states") == {"program": "on"}


def test_a_lab_that_stays_outlives_the_block(tmp_path: Path) -> None:
    with leashed(tmp_path / "lab") as namespace:
        switch_on(namespace, "master", "sleep", "1000")
        namespace.ask("stay")
        namespace.ask("stay")
    assert Namespace(tmp_path / "lab").ask("states") == {"master": "on"}
    namespace.end()


def test_nothing_is_left_after_the_end(tmp_path: Path) -> None:
    with leashed(tmp_path / "lab") as namespace:
        those = lived_in(namespace)
        inside = Path(f"/proc/{namespace.keeper}/root/proc")
        namespace.ask("stay")
        namespace.end()
        assert list(inside.glob("[0-9]*")) == []
    gone(those)


def test_what_has_ended_can_be_ended(tmp_path: Path) -> None:
    with leashed(tmp_path / "lab") as namespace:
        namespace.end()
        namespace.end()


def test_a_command_that_was_sent_in_ends_with_the_lab(tmp_path: Path) -> None:
    with leashed(tmp_path / "lab") as namespace:
        command = subprocess.Popen(namespace.entering(("sleep", "1000")))
        until(lambda: "sleep 1000" in processes(namespace), "it runs", 5)
    assert command.wait(5) != 0


def test_a_command_that_fails_is_said_in_one_line(tmp_path: Path) -> None:
    with (
        leashed(tmp_path / "lab") as namespace,
        pytest.raises(TandemError, match=r"^ip failed in the lab: [^\n]*no-such[^\n]*$"),
    ):
        namespace.run(("ip", "link", "set", "no-such", "up"))


def test_where_no_lab_ever_ran_that_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(NoLabError, match=r"^no lab runs in [^\n]*: fab lab:up starts one$"):
        Namespace(tmp_path / "lab")


def test_where_a_lab_ran_that_is_said_in_one_line(tmp_path: Path) -> None:
    with leashed(tmp_path / "lab"):
        pass
    with pytest.raises(NoLabError, match=r"^no lab runs in [^\n]*: fab lab:up starts one$"):
        Namespace(tmp_path / "lab")


def test_a_lab_that_has_ended_meanwhile_says_so_in_one_line(tmp_path: Path) -> None:
    with leashed(tmp_path / "lab") as namespace:
        os.kill(namespace.keeper, signal.SIGKILL)
        with pytest.raises(NoLabError, match=r"^the lab in [^\n]* has ended: [^\n]*$"):
            until(lambda: namespace.ask("states") == {"never": ""}, "it has ended")


def test_a_lab_can_be_started_where_one_was_killed(tmp_path: Path) -> None:
    with leashed(tmp_path / "lab") as namespace:
        namespace.ask("add", "master", command=["sleep", "1000"])
        os.kill(namespace.keeper, signal.SIGKILL)
    with leashed(tmp_path / "lab") as namespace:
        assert namespace.ask("add", "master", command=["sleep", "1000"]) == {"master": "off"}


def test_a_lab_that_cannot_start_says_why_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "lab" / "keeper.sock" / "in-the-way").mkdir(parents=True)
    with (
        pytest.raises(TandemError, match=r"^the lab cannot start: [^\n]*keeper.sock[^\n]*$"),
        leashed(tmp_path / "lab"),
    ):
        pass


def test_what_was_entered_for_ends_with_the_one_who_entered(tmp_path: Path) -> None:
    with (
        leashed(tmp_path / "lab") as namespace,
        subprocess.Popen(namespace.entering(("sleep", "1000"))) as entered,
    ):
        until(lambda: "sleep 1000" in processes(namespace), "it runs", 5)
        entered.kill()
        await_processes(namespace, {})


def test_what_runs_in_the_lab_runs_in_the_folder_of_who_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with leashed(tmp_path / "lab") as namespace:
        assert namespace.run(("pwd",)) == f"{tmp_path}\n"
