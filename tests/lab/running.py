"""What the lab's tests ask a running lab."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tandem.errors import TandemError
from tandem.lab.faults import heal
from tandem.lab.lab import Lab

_GET = """
import sys, urllib.request
address, host, timeout = sys.argv[1:]
request = urllib.request.Request(f"http://{address}/", headers={"Host": host})
print(urllib.request.urlopen(request, timeout=float(timeout)).status)
"""


def visited(lab: Lab, timeout: float = 5) -> int:
    """The status with which the first site answers at the floating IP; 0 for no answer."""
    words = (str(lab.cluster.floating_ip.ip), lab.cluster.sites[0].host, str(timeout))
    command = lab.namespace.entering((sys.executable, "-c", _GET, *words))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(done.stdout) if done.returncode == 0 else 0


def active(lab: Lab) -> str:
    """The machine of the pair on which the volumes are primary."""
    for machine in lab.cluster.pair:
        if lab.states()[machine] == "on" and "Primary/" in said(lab, machine, "drbdadm role all"):
            return machine
    raise AssertionError("no machine has the volumes")


def standby(lab: Lab) -> str:
    """The other one."""
    return lab.cluster.other_than(active(lab))


def said(lab: Lab, host: str, command: str, timeout: float = 20) -> str:
    """What a command prints on a host; nothing if it fails or cannot be run."""
    try:
        return lab.run(host, command, timeout).strip()
    except TandemError:
        return ""


def each_said(lab: Lab, commands: Mapping[str, str], timeout: float = 60) -> dict[str, str]:
    """What commands print, by their hosts, which run them at once; raises TandemError."""
    started = {host: lab.start(host, command) for host, command in commands.items()}
    return {host: lab.ended(host, started[host], commands[host], timeout) for host in started}


def eventually(seen: Callable[[], bool], seconds: float) -> None:
    """Wait until it is seen; fails when that takes longer."""
    started = time.monotonic()
    while not seen():
        assert time.monotonic() - started < seconds, f"not within {seconds:g} s"
        time.sleep(0.3)


def hears(lab: Lab, host: str, address: str) -> bool:
    """Tell whether one of three pings from a host is answered."""
    return said(lab, host, f"ping -c 3 -i 0.3 -W 2 {address} >/dev/null && echo yes") == "yes"


def in_sync(lab: Lab, machine: str) -> bool:
    """Tell whether all volumes are up to date on both sides, as a machine sees it."""
    states = said(lab, machine, "drbdadm dstate all").split()
    return bool(states) and set(states) == {"UpToDate/UpToDate"}


def rejoined(lab: Lab, machine: str) -> bool:
    """Tell whether a machine is back in the pair: in sync, its Heartbeat active."""
    word = "cl_status nodestatus $(hostname)"
    return in_sync(lab, machine) and said(lab, machine, word) == "active"


def all_well(lab: Lab) -> None:
    """Wait until both machines of the pair hear each other and the first site answers."""
    pair = lab.cluster.pair
    eventually(lambda: all(rejoined(lab, machine) for machine in pair), 120)
    words = "; ".join(f"cl_status nodestatus {machine}" for machine in pair)
    eventually(lambda: {said(lab, one, words) for one in pair} == {"active\nactive"}, 40)
    eventually(lambda: visited(lab) == 200, 120)


def comes_back(lab: Lab, machine: str) -> bool:
    """Tell whether it has rejoined; gives it power where its peer has switched it off."""
    if lab.states()[machine] == "off":
        lab.poweron(machine)
    return rejoined(lab, machine)


def given_up(lab: Lab, machine: str, peer: str) -> bool:
    """Tell whether a machine that is active has taken its peer for dead, and fenced it."""
    asked = f"cl_status nodestatus {peer}; drbdadm dstate all; pgrep -f [t]andem/fence"
    return set(said(lab, machine, f"{asked}; true").split()) == {"dead", "UpToDate/Outdated"}


@contextmanager
def healed(lab: Lab) -> Iterator[None]:
    """Leaves the lab without faults, whatever happens in the block."""
    try:
        yield
    finally:
        heal(lab)
