"""``fence`` by the operator, with Heartbeat's real ``stonith`` and ``meatclient``."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen

import pytest

from tests.agents.conftest import Boot
from tests.agents.machine import Machine, Ran, until

pytestmark = pytest.mark.root

FENCE = "/usr/local/lib/tandem/fence"
PIPE = "/run/meatware.slave"
CONFIRMED = "slave is not known to be off: nobody confirmed it"


@pytest.fixture
def master(boot: Boot) -> Machine:
    """The machine ``master``, whose operator is asked."""
    return boot("traditional", "master")


@contextmanager
def fencing(master: Machine, number: int = 1) -> Iterator[list[Popen[str]]]:
    """Ask the operator, from several sides at once."""
    with ExitStack() as running:
        asking = [running.enter_context(master.running(FENCE, "slave")) for _ in range(number)]
        until(master.path(PIPE).exists, "the operator is asked")
        yield asking


def confirm(master: Machine) -> Ran:
    return master.run("meatclient", "-c", "slave", stdin="y\n")


def seen_off(master: Machine, before: int) -> None:
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    master.write("/run/tandem-fenced-slave", f"{int(uptime) - before}\n")


def test_the_operator_is_asked_and_nothing_goes_on_meanwhile(master: Machine) -> None:
    with fencing(master) as (asking,):
        assert asking.stdout
        assert asking.stdout.readline() == (
            "switch slave off, then say so on this machine: meatclient -c slave\n"
        )
        assert asking.poll() is None


def test_when_the_operator_confirms_the_peer_is_off(master: Machine) -> None:
    with fencing(master) as (asking,):
        assert confirm(master).returncode == 0
        assert asking.wait(10) == 0


def test_a_machine_that_still_answers_is_not_off_whatever_was_confirmed(master: Machine) -> None:
    master.add_address("10.1.1.12")
    with fencing(master) as (asking,):
        confirm(master)
        assert asking.wait(10) == 1
        assert asking.stdout
        assert "slave is not off: it answers at 10.1.1.12\n" in asking.stdout


def test_those_who_ask_at_the_same_time_share_one_answer(master: Machine) -> None:
    with fencing(master, 3) as asking:
        assert confirm(master).returncode == 0
        assert [one.wait(10) for one in asking] == [0, 0, 0]


def test_an_answer_holds_for_those_who_ask_right_afterwards(master: Machine) -> None:
    with fencing(master) as (asking,):
        confirm(master)
        asking.wait(10)
    ran = master.run(FENCE, "slave")
    assert (ran.returncode, ran.stderr) == (0, "the operator has confirmed that slave is off\n")


def test_an_old_answer_is_none(master: Machine) -> None:
    seen_off(master, 60)
    with fencing(master) as (asking,):
        assert asking.poll() is None


def test_an_answer_is_none_once_the_peer_is_on_again(master: Machine) -> None:
    seen_off(master, 0)
    master.add_address("192.0.2.12")
    with fencing(master) as (asking,):
        assert asking.poll() is None


def test_a_question_that_was_broken_off_is_asked_again(master: Machine) -> None:
    with fencing(master) as (asking,):
        master.run("pkill", "-x", "stonith")
        assert asking.wait(10) == 1
    master.path(PIPE).unlink(missing_ok=True)
    with fencing(master) as (asking,):
        confirm(master)
        assert asking.wait(10) == 0


def test_heartbeat_waits_for_the_operator(master: Machine) -> None:
    command = ("stonith", "-t", "external/tandem", "-p", "slave", "-T", "reset", "slave")
    with master.running(*command) as asking:
        until(master.path(PIPE).exists, "the operator is asked")
        confirm(master)
        assert asking.wait(10) == 0


def test_the_operator_can_always_be_asked(master: Machine) -> None:
    assert master.run(FENCE, "--ask", "slave").returncode == 0
