"""Heartbeat's key changes while two real Heartbeats watch each other."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tandem.model import Cluster
from tandem.model.sections import Heartbeat
from tandem.rendering import Secrets
from tandem.rendering.hosts import host_files
from tandem.writing import write
from tests.examples import example
from tests.parsers.running import command_on_host, installed, run

DEADTIME = 1.5  # seconds
SILENCE = DEADTIME + 1.0
"""After so long a machine that is not believed is declared dead."""

CLUSTER: Cluster = replace(
    example("traditional"),
    heartbeat=Heartbeat(keepalive=0.2, warntime=0.6, deadtime=DEADTIME, initdead=10),
)
HEARTBEAT = "/usr/libexec/heartbeat/heartbeat"
OLD, NEW = "the-old-key", "the-new-key"

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can give Heartbeat a machine's place"),
    pytest.mark.skipif(not installed("cl_status"), reason="not installed: heartbeat"),
]

# Links, keys, timings and fencing are as rendered; there is nothing to start and nothing to ping.
_START = r"""
hostname "$1"
printf '#!/bin/sh\n[ "$2" != status ] || echo running\n' >/etc/ha.d/resource.d/nothing
chmod 755 /etc/ha.d/resource.d/nothing
sed -i 's/^\([^#]\S*\) .*/\1 nothing/' /etc/ha.d/haresources
sed -i 's#^logfacility .*#logfile /run/log#' /etc/ha.d/ha.cf
sed -i -E '/^(ping|respawn|apiauth|deadping) /d' /etc/ha.d/ha.cf
for folder in ccm crm dopd rsctmp; do mkdir -p "/run/heartbeat/$folder"; done
chown -R hacluster:haclient /run/heartbeat
until [ -e /run/linked ]; do sleep 0.05; done
# It may start itself anew, and must not be the first process then.
/usr/libexec/heartbeat/heartbeat -f >/run/log 2>&1
while :; do sleep 1; done
"""


@dataclass(frozen=True)
class Node:
    """A machine of the pair: its Heartbeat, in namespaces of its own."""

    name: str
    pid: int
    """The first process in the machine's namespaces."""

    def run(self, script: str) -> str:
        """Run a script on the machine."""
        inside = ("--mount", "--net", "--uts", "--pid", "--root", "--wd")
        return run(("nsenter", f"--target={self.pid}", *inside, "sh", "-c", script)).stdout.strip()

    def give(self, key: str) -> None:
        """Put the key there as a roll-out does: the new file takes the old one's place."""
        self.run(
            f"umask 077; cat >/etc/ha.d/.new <<'END'\n{authkeys(self.name, key)}END\n"
            "mv /etc/ha.d/.new /etc/ha.d/authkeys"
        )

    def sees(self, other: "Node") -> str:
        """What Heartbeat says of the other machine: active, dead…"""
        return self.run(f"cl_status nodestatus {other.name}")

    @property
    def alarms(self) -> list[str]:
        """Every line of the log that tells of a fencing or of a message that is not believed."""
        words = "Resetting node|does not match|partition|Both machines own"
        return re.findall(rf".*(?:{words}).*", self.run("cat -v /run/log"))


def authkeys(host: str, key: str) -> str:
    files = host_files(CLUSTER, CLUSTER.hosts[host], Secrets("secret", key, {}), "cluster.cfg")
    return next(file.text for file in files if file.path.name == "authkeys")


@contextmanager
def started(name: str, folder: Path) -> Iterator[Node]:
    """The machine, waiting for its links."""
    secrets = Secrets("secret", OLD, {})
    write(host_files(CLUSTER, CLUSTER.hosts[name], secrets, "cluster.cfg"), folder)
    command = command_on_host(folder, _START, name)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        try:
            until(lambda: children.read_text() != "", "no namespaces are made")
            node = Node(name, int(children.read_text()))
            until(lambda: node.run("hostname") == name, "the machine is not up")
            yield node
        finally:
            process.kill()


def until(holds: Callable[[], bool], otherwise: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.1)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Node, Node]]:
    """The active machine and the standby, whose Heartbeats see each other."""
    with ExitStack() as stack:
        one, other = (stack.enter_context(started(name, tmp_path / name)) for name in CLUSTER.pair)
        for link in ("eth0", "eth1"):
            peer = ("type", "veth", "peer", "name", link, "netns", str(other.pid))
            run(("nsenter", f"--target={one.pid}", "--net", "ip", "link", "add", link, *peer))
        for node in (one, other):
            machine = CLUSTER.named_nodes[node.name]
            node.run(
                f"ip addr add {machine.address}/24 dev eth0;"
                f"ip addr add {machine.replication_address}/24 dev eth1;"
                "ip link set lo up; ip link set eth0 up; ip link set eth1 up; touch /run/linked"
            )
        until(
            lambda: sees_each_other((one, other)),
            "the two Heartbeats do not see each other",
        )
        until(
            lambda: {node.run("cl_status rscstatus") for node in (one, other)} == {"local"},
            "the first machine is not the active one",
        )
        yield one, other


def sees_each_other(pair: tuple[Node, Node]) -> bool:
    one, other = pair
    return one.sees(other) == other.sees(one) == "active"


def test_the_key_changes_and_nobody_is_missed_when_the_order_is_kept(
    pair: tuple[Node, Node],
) -> None:
    active, standby = pair
    standby.run(f"{HEARTBEAT} -k")
    for node in pair:
        node.give(NEW)
    active.run(f"{HEARTBEAT} -r")
    time.sleep(SILENCE)
    standby.run(f"{HEARTBEAT}")
    until(lambda: sees_each_other(pair), "the two Heartbeats do not see each other again")
    time.sleep(SILENCE)
    assert sees_each_other(pair)
    assert active.alarms + standby.alarms == []


def test_a_key_that_changes_on_one_machine_makes_the_standby_fence_the_active_one(
    pair: tuple[Node, Node],
) -> None:
    active, standby = pair
    active.give(NEW)
    active.run(f"{HEARTBEAT} -r")
    resetting = f"Resetting node {active.name}"
    until(lambda: resetting in "".join(standby.alarms), "an unknown key is believed")
