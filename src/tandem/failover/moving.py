"""Having a machine of the pair serve, as was decided, and watching it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tandem.drivers import hypervisor_of, manager_of, storage_of
from tandem.errors import TandemError
from tandem.failover.decision import Decision, lacking
from tandem.model import Cluster
from tandem.rendering.hosts import LIB
from tandem.rollout.doing import look
from tandem.rollout.facts import Facts, volumes_in
from tandem.rollout.health import disturbances
from tandem.rollout.remote import Remote
from tandem.rollout.visiting import visits

_WITHIN: Final = 300
"""How long a machine may take until all runs on it, in seconds."""
_EVERY: Final = 2.0
"""How often it is looked at, in seconds: that takes time from what starts there."""


def move(cluster: Cluster, decision: Decision, tell: Callable[[str], None]) -> None:
    """Do what was decided, and wait until all runs where it is to; raises TandemError."""
    manager, storage = manager_of(cluster), storage_of(cluster)
    if decision.dangers:
        peer = cluster.other_than(decision.to)
        guarded = f"{LIB}/fence {peer}\n" if cluster.fencing != "none" else ""
        forced = "\n".join(storage.forcing(volume.name) for volume in cluster.volumes)
        command = f"set -e\n{guarded}{forced}\n{manager.starting_alone}"
    elif decision.source:
        command = manager.giving
    else:
        command = manager.taking(storage.resources(cluster)[0])
    asked = cluster.hosts[decision.source or decision.to]
    with Remote(asked, cluster.ssh) as there, Remote(cluster.hosts[decision.to], cluster.ssh) as to:
        # It may be that somebody has to confirm that the other machine is off.
        there.run(command, within=_WITHIN if decision.dangers else None)
        began = time.monotonic()
        while left := lacking(cluster, _now(cluster, to)):
            tell(f"not on {decision.to} yet: {', '.join(left)}")
            if time.monotonic() - began > _WITHIN:
                raise TandemError(
                    f"{decision.to} has not got {', '.join(left)} within {_WITHIN} s:"
                    " `journalctl -u heartbeat` there says why"
                )
            time.sleep(_EVERY)


def _now(cluster: Cluster, remote: Remote) -> Facts:
    """What of the service runs on a machine; raises HostError."""
    script = f"exec 2>/dev/null\n{storage_of(cluster).listing(cluster)}\necho ==\n"
    volumes, _, vms = remote.run(script + hypervisor_of(cluster).listing).partition("==\n")
    return Facts(volumes=dict(volumes_in(volumes.splitlines())), vms=frozenset(vms.split()))


def amiss(file: Path, cluster: Cluster) -> tuple[str, ...]:
    """What is not well; the hosts, which that costs time, are asked once the sites answer."""
    visited = visits(cluster)
    silent = tuple(f"{site}: no answer" for site, visit in visited.items() if not visit.well)
    return silent or disturbances(look(file), visited)
