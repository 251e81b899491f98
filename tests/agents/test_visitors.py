"""``visitors``: who comes while Apache ends waits, and is let in once it listens."""

import subprocess

import pytest

from tests.agents.conftest import Boot
from tests.agents.machine import Machine, until
from tests.examples import example

pytestmark = pytest.mark.root

VISITORS = "/usr/local/lib/tandem/visitors"
CLUSTER = example("containers")
ADDRESS = str(CLUSTER.floating_ip.ip)
NETWORK = f"""
set -e
mkdir -p /run/netns
ip netns add visitor
ip link add host0 type veth peer name eth0 netns visitor
ip address add {ADDRESS}/24 dev host0
ip link set host0 up
ip -netns visitor link set lo up
ip -netns visitor address add 198.51.100.99/24 dev eth0
ip -netns visitor link set eth0 up
"""
# It says hello to each who comes.
APACHE = """
import socket
listening = socket.create_server(("", 80))
while True:
    visitor, _ = listening.accept()
    visitor.sendall(b"hello")
    visitor.close()
"""


@pytest.fixture
def node(boot: Boot) -> Machine:
    """The VM ``frontend``, with a visitor."""
    made = boot("containers", "frontend")
    done = made.run("sh", stdin=NETWORK)
    assert done.returncode == 0, done.stderr
    made.run(VISITORS, "wait")
    if not made.run("tc", "filter", "show", "dev", "host0", "ingress").stdout:
        pytest.skip("this computer's kernel drops nothing by tc(8): in the lab, test_cluster.py")
    made.run(VISITORS, "come")
    return made


def visit(node: Machine) -> str:
    """What a visitor gets who has a second's patience."""
    visits = f"timeout 1 bash -c 'exec 3<>/dev/tcp/{ADDRESS}/80 && cat <&3'"
    done = node.run("ip", "netns", "exec", "visitor", "sh", "-c", visits)
    return "waits" if done.returncode == 124 else done.stdout + done.stderr


def told(node: Machine, word: str) -> None:
    done = node.run(VISITORS, word)
    assert (done.returncode, done.stderr) == (0, "")


def test_where_nobody_listens_a_visitor_is_refused(node: Machine) -> None:
    assert "refused" in visit(node)


def test_while_apache_ends_a_visitor_waits(node: Machine) -> None:
    told(node, "wait")
    assert visit(node) == "waits"


def test_the_vm_itself_is_served_nevertheless(node: Machine) -> None:
    with node.running("python3", "-c", APACHE):
        until(lambda: visit(node) == "hello", "it listens")
        told(node, "wait")
        assert visit(node) == "waits"
        assert node.run("bash", "-c", "cat </dev/tcp/127.0.0.1/80").stdout == "hello"


def test_a_visitor_who_waits_is_let_in_once_apache_listens(node: Machine) -> None:
    told(node, "wait")
    with node.running(VISITORS, "come") as coming:
        with pytest.raises(subprocess.TimeoutExpired):
            coming.wait(0.5)
        assert visit(node) == "waits"
        with node.running("python3", "-c", APACHE):
            assert coming.wait(5) == 0
            assert visit(node) == "hello"


def test_an_apache_that_does_not_come_keeps_nobody_waiting(node: Machine) -> None:
    told(node, "wait")
    node.hurry(VISITORS, {"patience": "3"})
    told(node, "come")
    assert "refused" in visit(node)


def test_it_can_be_told_twice(node: Machine) -> None:
    told(node, "wait")
    told(node, "wait")
    with node.running("python3", "-c", APACHE):
        told(node, "come")
        told(node, "come")
        assert visit(node) == "hello"
