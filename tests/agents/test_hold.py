"""``hold``, by which visitors wait while the frontend's VM is away, on a bridge with a visitor."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.agents.conftest import Boot
from tests.agents.machine import Machine, until
from tests.examples import example

pytestmark = pytest.mark.root

HOLD = "/usr/local/lib/tandem/network/hold"
FRONTEND = example("containers").hosts["frontend"]
FLOATING = str(example("containers").floating_ip.ip)
BRIDGE = """
set -e
mkdir -p /run/netns
ip link add br-service type bridge
ip link set br-service up
for name in visitor vm; do
    ip netns add $name
    ip link add $name type veth peer name eth0 netns $name
    ip link set $name master br-service up
done
ip -netns visitor address add 198.51.100.99/24 dev eth0
ip -netns visitor link set lo up
ip -netns visitor link set eth0 up
"""
VM_COMES = f"""
set -e
ip -netns vm link set eth0 address {FRONTEND.vm.mac if FRONTEND.vm else ""} up
ip -netns vm address add {FLOATING}/24 dev eth0
ip netns exec vm bash -c '</dev/tcp/198.51.100.99/1' || true
"""


@pytest.fixture
def node(boot: Boot) -> Machine:
    """The machine ``left``, whose bridge has a visitor, and a place for the VM."""
    made = boot("containers", "left")
    done = made.run("sh", stdin=BRIDGE)
    assert done.returncode == 0, done.stderr
    return made


@contextmanager
def held(node: Machine) -> Iterator[None]:
    with node.running(HOLD) as process:
        until(lambda: "promiscuity 1" in _bridge(node), "it listens")
        yield
        assert process.poll() is None


def _bridge(node: Machine) -> str:
    return node.run("ip", "-details", "link", "show", "br-service").stdout


def asks(node: Machine) -> str:
    """What a visitor gets who waits for five seconds for the frontend."""
    visits = f"timeout 5 bash -c '</dev/tcp/{FLOATING}/80'"
    done = node.run("ip", "netns", "exec", "visitor", "sh", "-c", visits)
    return "waits" if done.returncode == 124 else done.stderr


def known(node: Machine) -> str:
    """What a visitor knows of the frontend."""
    return node.run("ip", "-netns", "visitor", "neigh", "show", FLOATING).stdout


def test_without_it_a_visitor_is_soon_told_that_there_is_nobody(node: Machine) -> None:
    assert "No route to host" in asks(node)


def test_with_it_a_visitor_waits_for_the_vm(node: Machine) -> None:
    with held(node):
        assert asks(node) == "waits"
        assert FRONTEND.vm
        assert FRONTEND.vm.mac in known(node)


def test_a_visitor_who_knows_the_vm_keeps_what_he_knows(node: Machine) -> None:
    assert FRONTEND.vm
    with held(node):
        neighbour = (FLOATING, "lladdr", FRONTEND.vm.mac, "dev", "eth0", "nud", "probe")
        node.run("ip", "-netns", "visitor", "neigh", "replace", *neighbour)
        until(lambda: "REACHABLE" in known(node), "the machine confirms it")


def test_of_no_other_address_it_says_anything(node: Machine) -> None:
    with held(node):
        visits = "timeout 5 bash -c '</dev/tcp/198.51.100.98/80'"
        done = node.run("ip", "netns", "exec", "visitor", "sh", "-c", visits)
        assert "No route to host" in done.stderr


def test_it_ends_when_the_vm_is_heard(node: Machine) -> None:
    with node.running(HOLD) as process:
        until(lambda: "promiscuity 1" in _bridge(node), "it listens")
        done = node.run("sh", stdin=VM_COMES)
        assert done.returncode == 0, done.stderr
        assert process.wait(5) == 0


def test_it_ends_when_the_vm_is_away_for_too_long(node: Machine) -> None:
    node.replace(HOLD, "my $patience = 120;", "my $patience = 1;")
    began = time.monotonic()
    done = node.run(HOLD)
    assert (done.returncode, done.stderr) == (0, "")
    assert 0.9 < time.monotonic() - began < 5
