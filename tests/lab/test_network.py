"""The lab's links and cuts, as kernels see them that are plugged in as the machines are."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path

import pytest

from tandem.errors import TandemError
from tandem.lab.layout import Layout, layout_of
from tandem.lab.namespace import Namespace, leashed
from tandem.lab.network import Cut, cutting, plugging
from tandem.model import Cluster
from tests.examples import FILES, example
from tests.lab import host
from tests.lab.leash import IN_NAMESPACES, await_words, console, said, switch_on, until

pytestmark = IN_NAMESPACES

LAB = "lab"
CONNECT = """
import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=float(sys.argv[3]))
"""

Way = tuple[str, str, str]
"""From whom, to whom, on which link."""


class Plugged:
    """The links of a cluster in a namespace, with a kernel for each machine."""

    def __init__(self, cluster: Cluster, namespace: Namespace) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.layout: Layout = layout_of(cluster)
        self._numbers = count()
        namespace.run(("ip", "-batch", "-"), plugging(self.layout))

    def boot(self) -> None:
        """Have all machines there."""
        switch_on(self.namespace, LAB, sys.executable, host.__file__)
        for name in self.cluster.machines:
            plugs = (
                f"{port.tap},{port.mac},{port.interface},{port.address}/{self._length(port.link)}"
                for port in self.layout.ports_of(name)
            )
            switch_on(self.namespace, name, sys.executable, host.__file__, *plugs)
        for name in (LAB, *self.cluster.machines):
            await_words(self.namespace, name, "pid ")

    def _length(self, link: str) -> int:
        length: int = getattr(self.cluster.network, link).prefixlen
        return length

    def cut(self, *cuts: Cut) -> None:
        self.namespace.run(("nft", "-f", "-"), cutting(self.layout, cuts))

    @cached_property
    def ways(self) -> frozenset[Way]:
        """From everybody to everybody else, on each link that both are on."""
        on = {
            link: [port.machine for port in self.layout.ports_on(link)]
            for link in self.layout.links
        }
        for link, addresses in self.layout.addresses.items():
            on[link] += [LAB] * bool(addresses)
        return frozenset(
            (one, other, link)
            for link, names in on.items()
            for one in names
            for other in names
            if one != other
        )

    def open(self, expected: frozenset[Way]) -> frozenset[Way]:
        """The ways on which a datagram arrives; ``expected`` is how many are waited for."""
        words = {f"{'-'.join(way)}-{next(self._numbers)}": way for way in self.ways}
        for sender in (LAB, *self.cluster.machines):
            with console(self.namespace, sender) as typing:
                for word, (one, other, link) in words.items():
                    if one == sender:
                        typing.sendall(f"{word} {self._address(other, link)}\n".encode())

        def heard() -> frozenset[Way]:
            texts = [said(self.namespace, name).split() for name in (LAB, *self.cluster.machines)]
            return frozenset(words[word] for text in texts for word in text if word in words)

        deadline = time.monotonic() + 5
        while not heard() >= expected and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.2)
        return heard()

    def _address(self, name: str, link: str) -> str:
        if name == LAB:
            return self.layout.addresses[link][0].split("/")[0]
        return next(port.address for port in self.layout.ports_of(name) if port.link == link)

    def inside(self, name: str) -> tuple[str, ...]:
        """How a command of the lab comes into the network of a machine."""
        number = said(self.namespace, name).rpartition("pid ")[2].split()[0]
        return ("nsenter", f"--target={number}", "--net")

    def forget_macs(self, name: str) -> None:
        """Have a machine forget the others' MAC addresses."""
        self.namespace.run((*self.inside(name), "ip", "neigh", "flush", "all"))

    def connects(self, sender: str, receiver: str, port: int, seconds: float = 5) -> bool:
        """Tell whether a TCP connection comes about."""
        address = self._address(receiver, "service")
        command = (sys.executable, "-c", CONNECT, address, str(port), str(seconds))
        return self._works(*self.inside(sender), *command)

    def pings(self, sender: str, receiver: str, link: str = "service", seconds: int = 5) -> bool:
        """Tell whether a ping is answered."""
        ping = ("ping", "-c", "1", "-W", str(seconds), self._address(receiver, link))
        return self._works(*self.inside(sender), *ping)

    def _works(self, *command: str) -> bool:
        try:
            self.namespace.run(command)
        except TandemError:
            return False
        return True


@contextmanager
def plugged(cluster: Cluster, folder: Path) -> Iterator[Plugged]:
    with leashed(folder) as namespace:
        yield Plugged(cluster, namespace)


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugged]:
    """The cluster of four machines, two of which are on the service link alone."""
    with plugged(example("capacity"), tmp_path_factory.mktemp("campus")) as made:
        made.boot()
        yield made


@pytest.fixture
def healthy(campus: Plugged) -> Plugged:
    """That cluster without a cut, each machine knowing the others' MAC addresses."""
    campus.cut()
    for name in (LAB, *campus.cluster.machines):
        campus.forget_macs(name)  # and whom it has looked for in vain
    assert campus.open(campus.ways) == campus.ways
    return campus


@pytest.mark.parametrize("name", FILES)
def test_the_links_of_every_example_can_be_made_and_cut(tmp_path: Path, name: str) -> None:
    with plugged(example(name), tmp_path / "lab") as made:
        made.cut(*(Cut(port.link, port.machine) for port in made.layout.ports))
        for link in made.layout.links:
            shown = made.namespace.run(("ip", "-oneline", "link", "show", "master", link))
            names = {line.split()[1].strip(":") for line in shown.splitlines()}
            assert names == {port.tap for port in made.layout.ports_on(link)}


def lost(campus: Plugged, cut: Cut) -> frozenset[Way]:
    """The ways that a cut closes: of the machine, on that link, in the direction."""
    return frozenset(
        (one, other, link)
        for one, other, link in campus.ways
        if link == cut.link
        and (
            (cut.machine == one and cut.direction != "to")
            or (cut.machine == other and cut.direction != "from")
        )
    )


@pytest.mark.parametrize(
    "cuts",
    [
        (Cut("service", "slave"),),
        (Cut("service", "slave", "to"),),
        (Cut("service", "slave", "from"),),
        (Cut("replication", "master"),),
        (Cut("management", "master", "from"),),
        tuple(Cut("service", name) for name in ("master", "slave", "node3", "node4")),
        tuple(Cut("replication", name, "to") for name in ("master", "slave")),
        (Cut("service", "master", "to"), Cut("replication", "slave", "from")),
    ],
    ids=lambda cuts: ",".join(f"{cut.link}-{cut.machine}-{cut.direction}" for cut in cuts),
)
def test_a_cut_loses_what_it_says_and_nothing_else(healthy: Plugged, cuts: tuple[Cut, ...]) -> None:
    healthy.cut(*cuts)
    expected = healthy.ways - frozenset[Way]().union(*(lost(healthy, cut) for cut in cuts))
    assert healthy.open(expected) == expected


def test_other_cuts_take_the_place_of_the_ones_before(healthy: Plugged) -> None:
    healthy.cut(Cut("service", "slave"))
    healthy.cut(Cut("replication", "slave"))
    expected = healthy.ways - lost(healthy, Cut("replication", "slave"))
    assert healthy.open(expected) == expected


def test_without_a_cut_all_of_it_is_whole_again(healthy: Plugged) -> None:
    healthy.cut(*(Cut(port.link, port.machine) for port in healthy.layout.ports))
    assert healthy.open(frozenset()) == frozenset()
    healthy.cut()
    assert healthy.open(healthy.ways) == healthy.ways


def test_the_labs_ssh_passes_a_cut(healthy: Plugged) -> None:
    healthy.cut(Cut("service", "slave"))
    # Neither knows the other's MAC address, as long after the cut.
    healthy.forget_macs(LAB)
    healthy.forget_macs("slave")
    assert healthy.connects(LAB, "slave", 22)


@pytest.mark.parametrize("direction", ["to", "from"])
def test_the_labs_ssh_passes_a_cut_in_one_direction(healthy: Plugged, direction: str) -> None:
    healthy.cut(Cut("service", "slave", "to" if direction == "to" else "from"))
    assert healthy.connects(LAB, "slave", 22)


def test_nothing_else_of_the_labs_passes_a_cut(healthy: Plugged) -> None:
    assert healthy.pings(LAB, "slave")
    assert healthy.connects(LAB, "slave", 80)
    healthy.cut(Cut("service", "slave"))
    assert not healthy.pings(LAB, "slave", seconds=1)
    assert not healthy.connects(LAB, "slave", 80, 0.5)


def test_a_machine_that_is_cut_off_reaches_neither_the_gateway_nor_a_bmc(healthy: Plugged) -> None:
    assert healthy.pings("slave", LAB)
    assert healthy.pings("slave", LAB, "management")
    healthy.cut(Cut("service", "slave"), Cut("management", "slave"))
    assert not healthy.pings("slave", LAB, seconds=1)
    assert not healthy.pings("slave", LAB, "management", 1)
    assert not healthy.connects("slave", LAB, 22, 0.5)


def test_ssh_between_machines_does_not_pass_a_cut(healthy: Plugged) -> None:
    assert healthy.connects("slave", "master", 22)
    healthy.cut(Cut("service", "slave"))
    assert not healthy.connects("slave", "master", 22, 0.5)
    assert not healthy.connects("master", "slave", 22, 0.5)


def test_a_cut_off_machine_is_not_seen_by_its_mac_address_either(healthy: Plugged) -> None:
    healthy.cut(Cut("service", "slave"))
    healthy.forget_macs("master")
    assert not healthy.pings("master", "slave", seconds=1)
    known = healthy.namespace.run((*healthy.inside("master"), "ip", "neigh"))
    slave = next(port for port in healthy.layout.ports_of("slave") if port.link == "service")
    assert slave.mac not in known


def test_two_labs_with_the_same_addresses_do_not_see_each_other(tmp_path: Path) -> None:
    cluster = example("cluster")
    with plugged(cluster, tmp_path / "one") as one, plugged(cluster, tmp_path / "two") as two:
        one.boot()
        two.boot()
        assert one.open(one.ways) == one.ways
        assert "heard" not in "".join(said(two.namespace, name) for name in cluster.machines)
        one.namespace.ask("off", "slave")
        assert two.connects(LAB, "slave", 22)
        assert not one.connects(LAB, "slave", 22, 0.5)


def test_the_labs_addresses_are_not_this_computers(tmp_path: Path) -> None:
    with plugged(example("cluster"), tmp_path / "lab"):
        printed = subprocess.run(("ip", "-brief", "address"), capture_output=True, check=True)
    assert b"10.0.2.111/" not in printed.stdout


def test_a_machine_that_is_switched_off_can_be_plugged_in_again(healthy: Plugged) -> None:
    healthy.namespace.ask("off", "node4")
    healthy.namespace.ask("on", "node4")
    until(lambda: said(healthy.namespace, "node4").count("pid ") == 2, "it is there again")
    assert healthy.open(healthy.ways) == healthy.ways
