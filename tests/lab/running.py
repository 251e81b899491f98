"""What the lab's tests ask a running lab."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
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
    states = lab.states()
    on = [machine for machine in lab.cluster.pair if states[machine] == "on"]
    roles = pair_said(lab, "drbdadm role all", on)
    found = next((machine for machine in on if "Primary/" in roles[machine]), None)
    assert found, "no machine has the volumes"
    return found


def standby(lab: Lab) -> str:
    """The other one."""
    return lab.cluster.other_than(active(lab))


def active_and_standby(lab: Lab) -> tuple[str, str]:
    """Both, by one look."""
    serves = active(lab)
    return serves, lab.cluster.other_than(serves)


def said(lab: Lab, host: str, command: str, timeout: float = 20) -> str:
    """What a command prints on a host; nothing if it fails or cannot be run."""
    try:
        return lab.run(host, command, timeout).strip()
    except TandemError:
        return ""


def pair_said(lab: Lab, command: str, machines: Sequence[str] = ()) -> dict[str, str]:
    """The same of both machines of the pair, or some, which are asked at once."""
    asked = machines or lab.cluster.pair
    with ThreadPoolExecutor() as pool:
        return dict(zip(asked, pool.map(lambda one: said(lab, one, command), asked), strict=True))


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
    return _rejoined(said(lab, machine, _HOW_IT_IS))


_HOW_IT_IS = "cl_status nodestatus $(hostname); drbdadm dstate all"


def _rejoined(how_it_is: str) -> bool:
    heartbeat, *disks = how_it_is.split() or [""]
    return heartbeat == "active" and set(disks) == {"UpToDate/UpToDate"}


def all_well(lab: Lab) -> None:
    """Wait until both machines of the pair hear each other and the first site answers."""
    eventually(lambda: _all_rejoined(lab), 120)
    words = "; ".join(f"cl_status nodestatus {machine}" for machine in lab.cluster.pair)
    eventually(lambda: set(pair_said(lab, words).values()) == {"active\nactive"}, 40)
    eventually(lambda: visited(lab) == 200, 120)


def come_back(lab: Lab) -> bool:
    """Tell whether both have rejoined; gives power to one that its peer has switched off."""
    for machine, state in lab.states().items():
        if state == "off" and machine in lab.cluster.pair:
            lab.poweron(machine)
    return _all_rejoined(lab)


def _all_rejoined(lab: Lab) -> bool:
    return all(map(_rejoined, pair_said(lab, _HOW_IT_IS).values()))


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
