"""When what happened, by what the machines have noted of it."""

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from tandem.model import Cluster
from tandem.rollout.remote import HostError, Remote

_NOTED: Final = (
    ("detected", r" heartbeat\S*: .*WARN: node (?P<what>\S+): is dead"),
    ("fenced", r" tandem-fence\S*: (?:.* that )?(?P<what>\S+) is (?:switched )?off"),
    ("promoted", r" kernel: (?:block |drbd )(?P<what>[\w.-]+): role\( Secondary -> Primary"),
    ("VM up", r" systemd\[1\]: Started tandem-vm-(?P<what>\S+)\.service"),
    ("service up", r" systemd\[1\]: Started tandem-(?P<what>zeoserver|frontend)\.service"),
)
"""What happened, and how its line looks in the journal; ``what`` is whom it happened to."""

_ASKED: Final = """\
date +%s.%N
journalctl --since=@{since} --output=short-unix --no-pager --quiet"""


@dataclass(frozen=True, order=True)
class Event:
    """Something that happened, ``after`` so many seconds, as a host has noted it."""

    after: float
    says: str
    host: str = ""


def events(cluster: Cluster, began: float) -> tuple[Event, ...]:
    """What the pair and its VMs have noted since a time (s, as time.time has it), in order.

    Each host's clock is compared with this computer's. Who does not answer has noted nothing.
    """
    found: list[Event] = []
    for name in (*cluster.pair, *(vm.name for vm in cluster.vms if vm.volume)):
        try:
            with Remote(cluster.hosts[name], cluster.ssh) as remote:
                remote.run("true")  # That takes as long as it takes to be let in.
                asked = time.time()
                first, _, noted = remote.run(_ASKED.format(since=int(began))).partition("\n")
        except HostError:
            continue
        ahead = float(first) - asked
        found += noted_in(noted.splitlines(), name, began + ahead)
    devices = {f"promoted: drbd{one.minor}": f"promoted: {one.name}" for one in cluster.volumes}
    return tuple(sorted(replace(one, says=devices.get(one.says, one.says)) for one in found))


def noted_in(lines: Iterable[str], host: str, began: float) -> Iterator[Event]:
    """The events in a host's journal, as short-unix, since a time of its clock (s)."""
    for line in lines:
        stamp, _, rest = line.partition(" ")
        for says, pattern in _NOTED:
            if found := re.search(pattern, f" {rest}"):
                after = float(stamp) - began
                if after >= 0:
                    yield Event(after, f"{says}: {found['what']}", host)
