"""The keeper: programs that it starts and stops, and their consoles."""

import fcntl
import json
import os
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tandem.errors import TandemError
from tandem.lab.keeper import _LOG_MOST, connected
from tandem.lab.namespace import Namespace, leashed
from tests.lab.leash import (
    IN_NAMESPACES,
    await_processes,
    await_words,
    console,
    processes,
    said,
    sh,
    switch_on,
    until,
)

pytestmark = IN_NAMESPACES


@pytest.fixture
def namespace(tmp_path: Path) -> Iterator[Namespace]:
    with leashed(tmp_path / "lab") as made:
        yield made


def state(namespace: Namespace, name: str) -> str:
    return namespace.ask("states")[name]


def test_a_program_is_off_until_it_is_switched_on(namespace: Namespace) -> None:
    assert namespace.ask("add", "master", command=["sleep", "1000"]) == {"master": "off"}
    assert processes(namespace) == {}


def test_a_program_that_is_switched_on_runs(namespace: Namespace) -> None:
    switch_on(namespace, "master", "sleep", "1000")
    assert state(namespace, "master") == "on"
    await_processes(namespace, {"sleep 1000": "S"})


def test_what_is_on_is_not_started_again(namespace: Namespace) -> None:
    sh(namespace, "master", "echo started; exec sleep 1000")
    await_words(namespace, "master", "started")
    namespace.ask("on", "master")
    sh(namespace, "slave", "echo there")
    await_words(namespace, "slave", "there")
    assert said(namespace, "master") == "started\n"


def test_a_program_that_is_switched_off_has_ended(namespace: Namespace) -> None:
    sh(namespace, "master", "trap '' TERM INT HUP; while :; do sleep 1000; done")
    assert namespace.ask("off", "master") == {"master": "off"}
    await_processes(namespace, {})


def test_what_is_off_can_be_switched_off(namespace: Namespace) -> None:
    namespace.ask("add", "master", command=["sleep", "1000"])
    assert namespace.ask("off", "master") == {"master": "off"}


def test_the_others_go_on_when_one_is_switched_off(namespace: Namespace) -> None:
    switch_on(namespace, "master", "sleep", "1000")
    switch_on(namespace, "slave", "sleep", "2000")
    assert namespace.ask("off", "master") == {"master": "off", "slave": "on"}
    await_processes(namespace, {"sleep 2000": "S"})


def test_a_frozen_program_stands_still(namespace: Namespace) -> None:
    switch_on(namespace, "master", "sleep", "1000")
    assert namespace.ask("freeze", "master") == {"master": "frozen"}
    await_processes(namespace, {"sleep 1000": "T"})


def test_a_thawed_program_goes_on(namespace: Namespace) -> None:
    switch_on(namespace, "master", "sleep", "1000")
    namespace.ask("freeze", "master")
    assert namespace.ask("thaw", "master") == {"master": "on"}
    await_processes(namespace, {"sleep 1000": "S"})


def test_a_frozen_program_can_be_switched_off_and_on_again(namespace: Namespace) -> None:
    switch_on(namespace, "master", "sleep", "1000")
    namespace.ask("freeze", "master")
    assert namespace.ask("off", "master") == {"master": "off"}
    assert namespace.ask("on", "master") == {"master": "on"}


def test_what_is_off_cannot_be_frozen(namespace: Namespace) -> None:
    namespace.ask("add", "master", command=["sleep", "1000"])
    assert namespace.ask("freeze", "master") == {"master": "off"}


def test_a_program_that_ends_by_itself_is_off(namespace: Namespace) -> None:
    sh(namespace, "master", "read word")
    assert state(namespace, "master") == "on"
    with console(namespace, "master") as typing:
        typing.sendall(b"halt\n")
    until(lambda: state(namespace, "master") == "off", "it is off", 5)


def test_what_a_killed_program_started_ends_with_it(namespace: Namespace) -> None:
    sh(namespace, "master", "sleep 1000 & (sleep 2000 &) ; echo all; exec sleep 3000")
    await_words(namespace, "master", "all")
    until(lambda: len(processes(namespace)) == 3, "all of it runs", 5)
    namespace.ask("off", "master")
    await_processes(namespace, {})


def test_what_a_program_leaves_behind_ends_with_it(namespace: Namespace) -> None:
    sh(namespace, "master", "sleep 1000 & read word")
    until(lambda: "sleep 1000" in processes(namespace), "it has started something", 5)
    with console(namespace, "master") as typing:
        typing.sendall(b"halt\n")
    await_processes(namespace, {})


def test_orphans_that_have_ended_are_no_zombies(namespace: Namespace) -> None:
    sh(namespace, "master", "(setsid sh -c 'sleep 0.1; echo over' &); exec sleep 1000")
    await_words(namespace, "master", "over")
    await_processes(namespace, {"sleep 1000": "S"})


def test_the_last_words_of_a_program_are_logged(namespace: Namespace) -> None:
    sh(namespace, "master", "sleep 0.2; seq 2500 | cat; echo Kernel panic >&2")
    # The keeper learns of the end and of all that was said before it at the same time.
    os.kill(namespace.keeper, signal.SIGSTOP)
    try:
        until(lambda: list(processes(namespace).values()) == ["Z"], "it has ended", 5)
    finally:
        os.kill(namespace.keeper, signal.SIGCONT)
    until(lambda: state(namespace, "master") == "off", "it is off", 5)
    assert said(namespace, "master").endswith("\n2499\n2500\nKernel panic\n")


def test_a_log_goes_on_when_a_program_is_started_again(namespace: Namespace) -> None:
    sh(namespace, "master", "echo boots")
    until(lambda: state(namespace, "master") == "off", "it is off", 5)
    namespace.ask("on", "master")
    until(lambda: said(namespace, "master") == "boots\n" * 2, "both boots are logged", 5)


def test_a_log_does_not_grow_without_bound(namespace: Namespace) -> None:
    sh(namespace, "master", "head -c 20000000 /dev/zero; echo end; exec sleep 1000")
    await_words(namespace, "master", "end\n")
    assert (namespace.folder / "master.log").stat().st_size < _LOG_MOST + 100_000


def test_a_program_is_typed_at_through_its_console(namespace: Namespace) -> None:
    switch_on(namespace, "master", "cat")
    with console(namespace, "master") as typing:
        typing.sendall(b"root\n")
        assert typing.recv(100) == b"root\n"


def test_all_who_watch_a_console_see_it(namespace: Namespace) -> None:
    switch_on(namespace, "master", "cat")
    with console(namespace, "master") as watching, console(namespace, "master") as typing:
        typing.sendall(b"one\n")
        assert typing.recv(100) == b"one\n"
        assert watching.recv(100) == b"one\n"


def test_a_console_can_be_left_and_come_back_to(namespace: Namespace) -> None:
    switch_on(namespace, "master", "cat")
    for number in range(10):
        with console(namespace, "master") as typing:
            typing.sendall(b"%d\n" % number)
            assert typing.recv(100) == b"%d\n" % number
    # It would complain about those who have left.
    assert (namespace.folder / "keeper.log").read_text() == ""


def test_the_console_of_what_is_off_takes_nothing(namespace: Namespace) -> None:
    namespace.ask("add", "master", command=["cat"])
    with console(namespace, "master") as typing:
        typing.sendall(b"lost\n")
        namespace.ask("on", "master")
        typing.sendall(b"kept\n")
        assert typing.recv(100) == b"kept\n"


def test_typing_at_a_program_that_does_not_read_does_no_harm(namespace: Namespace) -> None:
    switch_on(namespace, "master", "cat")
    namespace.ask("freeze", "master")
    with console(namespace, "master") as typing:
        typing.sendall(b"lost\n" * 20_000)
        namespace.ask("thaw", "master")
        until(lambda: b"lost\n" in typing.recv(65536), "the console answers", 5)

        def answers() -> bool:
            # While the program is behind, this may be lost, too.
            typing.sendall(b"and the end\n")
            return "and the end\n" in said(namespace, "master")

        until(answers, "it still does", 5)


def memory_of(process: int) -> int:
    """In KB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def test_one_who_watches_and_does_not_read_costs_no_memory(namespace: Namespace) -> None:
    namespace.ask("add", "master", command=["sh", "-c", "head -c 30000000 /dev/zero; echo end"])
    with console(namespace, "master"):
        before = memory_of(namespace.keeper)
        namespace.ask("on", "master")
        await_words(namespace, "master", "end\n")
        assert memory_of(namespace.keeper) - before < 10_000


def test_a_program_that_closes_its_console_keeps_the_keeper_idle(namespace: Namespace) -> None:
    sh(namespace, "master", "exec sleep 1000 </dev/null >/dev/null 2>&1")
    until(lambda: "sleep 1000" in processes(namespace), "it runs", 5)

    def ticks() -> int:
        spent = Path(f"/proc/{namespace.keeper}/stat").read_text().rpartition(")")[2].split()
        return int(spent[11]) + int(spent[12])

    before = ticks()
    with pytest.raises(AssertionError, match="it works"):
        until(lambda: ticks() - before > 10, "it works", 0.5)


def test_another_command_counts_from_the_next_start(namespace: Namespace) -> None:
    switch_on(namespace, "master", "sleep", "1000")
    namespace.ask("add", "master", command=["sleep", "2000"])
    await_processes(namespace, {"sleep 1000": "S"})
    namespace.ask("off", "master")
    namespace.ask("on", "master")
    await_processes(namespace, {"sleep 2000": "S"})


def test_a_program_that_is_not_installed_is_said_in_one_line(namespace: Namespace) -> None:
    with pytest.raises(TandemError, match=r"^master cannot be started: [^\n]*: No such file"):
        switch_on(namespace, "master", "linux.no-such")
    assert state(namespace, "master") == "off"


def test_a_program_that_there_is_not_is_said_in_one_line(namespace: Namespace) -> None:
    with pytest.raises(TandemError, match=r"^the lab has no node7$"):
        namespace.ask("on", "node7")
    assert namespace.ask("states") == {}


def test_only_the_owner_comes_to_the_keeper_and_the_consoles(namespace: Namespace) -> None:
    sh(namespace, "master", "echo root")
    await_words(namespace, "master", "root")
    for name in ("keeper.sock", "master.console", "master.log"):
        mode = (namespace.folder / name).stat().st_mode
        assert stat.S_IMODE(mode) & 0o077 == 0, name


def test_a_lab_may_lie_deeper_than_a_sockets_name_may_be_long(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["deep"] * 30)
    assert len(os.fsencode(folder)) > 108
    with leashed(folder) as namespace:
        switch_on(namespace, "master", "cat")
        with console(namespace, "master") as typing:
            typing.sendall(b"root\n")
            assert typing.recv(100) == b"root\n"


def test_what_it_holds_is_held_until_the_lab_ends(tmp_path: Path) -> None:
    def held() -> bool:
        with lock.open() as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    lock = tmp_path / "lock"
    lock.touch()
    with leashed(tmp_path / "lab") as namespace:
        namespace.ask("hold", file=str(lock))
        assert held()
    assert not held()


def test_one_that_is_switched_on_while_it_is_being_switched_off_stays_on(
    namespace: Namespace,
) -> None:
    switch_on(namespace, "master", "sleep", "1000")
    for _ in range(20):
        with connected(namespace.folder) as first, connected(namespace.folder) as second:
            first.sendall(b'{"do": "off", "name": "master"}\n')
            time.sleep(0.002)
            second.sendall(b'{"do": "on", "name": "master"}\n')
            answers = [json.loads(one.makefile().readline()) for one in (first, second)]
        assert answers[1] == {"master": "on"}
        assert state(namespace, "master") == "on"
