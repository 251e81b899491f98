"""``wait-for-peer``, which lets Heartbeat start when the peer has been seen."""

import pytest

from tests.agents.conftest import Boot
from tests.agents.machine import Machine

pytestmark = pytest.mark.root

WAIT = "/usr/local/lib/tandem/wait-for-peer"


@pytest.fixture
def master(boot: Boot) -> Machine:
    """The machine ``master``, which sees nobody."""
    made = boot("cluster", "master")
    made.hurry(WAIT, {})
    return made


@pytest.mark.parametrize("address", ["10.0.0.12", "10.0.1.12"], ids=["service", "replication"])
def test_a_peer_that_answers_on_one_of_the_links_is_enough(master: Machine, address: str) -> None:
    master.add_address(address)
    ran = master.run(WAIT)
    assert (ran.returncode, ran.stdout) == (0, "")


def test_without_the_peer_it_waits_and_says_so_once(master: Machine) -> None:
    with master.running(WAIT) as waiting:
        assert waiting.stdout
        assert waiting.stdout.readline().startswith("waiting for slave: Heartbeat starts when")
        assert waiting.poll() is None
        master.add_address("10.0.0.12")
        assert waiting.wait(10) == 0
        assert waiting.stdout.read() == ""


def test_another_machine_is_not_the_peer(master: Machine) -> None:
    master.add_address("10.0.0.11")
    with master.running(WAIT) as waiting:
        assert waiting.stdout
        assert waiting.stdout.readline().startswith("waiting for slave")


def test_an_operator_who_knows_better_can_start_heartbeat_alone(master: Machine) -> None:
    with master.running(WAIT) as waiting:
        assert waiting.stdout
        waiting.stdout.readline()
        master.write("/run/tandem-alone", "")
        assert waiting.wait(10) == 0
