"""Maintenance: nothing is taken over until it ends, whatever happens to a machine of the pair.

Heartbeat is stopped in good order on the machine that does not serve, and started on neither: so
nobody takes the other for dead. Who maintains the pair, since when and why is in a file on both.
"""

import getpass
import shlex
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from tandem.model import MAINTENANCE, Cluster
from tandem.rollout.facts import Facts
from tandem.rollout.plan import HEARTBEAT, START_HEARTBEAT
from tandem.rollout.reading import at_once
from tandem.rollout.remote import HostError, Remote

_MARK: Final = f"""\
set -e
mkdir -p -m 0700 {MAINTENANCE.parent}
printf '%s\\n' {{words}} >{MAINTENANCE}.new
sync {MAINTENANCE}.new
mv {MAINTENANCE}.new {MAINTENANCE}
sync {MAINTENANCE.parent}"""

# Where the volumes are primary, that would end the sites. Of two roles, ours is the first. They go
# to a file: a drbdsetup that hangs in the kernel outlives its drbdadm and keeps a pipe open.
_STOP: Final = f"""\
roles=/run/tandem-maintenance-roles
if ! timeout -k 1 10 drbdadm role all >$roles 2>/dev/null </dev/null; then
    echo "Heartbeat goes on there: DRBD does not say whether it serves" >&2
    exit 1
fi
if grep -q ^Primary $roles; then
    echo "Heartbeat goes on there: it serves now; run it again" >&2
    exit 1
fi
timeout 120 systemctl stop {HEARTBEAT}"""


def words_for(why: str) -> str:
    """Who maintains the pair, since when, and why."""
    who = f"{getpass.getuser()}@{socket.gethostname()}"
    return f"{who} since {datetime.now(UTC):%Y-%m-%d %H:%M} UTC: {' '.join(why.split())}"


def begin(cluster: Cluster, known: Mapping[str, Facts], why: str) -> tuple[HostError, ...]:
    """Begin it on the machines of the pair; what went wrong with them.

    Nothing is stopped unless both know it: a Heartbeat that boots would fence one that is stopped.
    """
    mark = _MARK.format(words=shlex.quote(words_for(why)))
    if failed := _on(cluster, dict.fromkeys(known, mark)):
        return failed
    return _on(cluster, {name: _STOP for name, facts in known.items() if not facts.primary})


def end(cluster: Cluster, known: Mapping[str, Facts]) -> tuple[HostError, ...]:
    """End it on them; what went wrong."""
    if failed := _on(cluster, dict.fromkeys(known, f"rm -f {MAINTENANCE}")):
        return failed
    return _on(
        cluster,
        {
            name: START_HEARTBEAT.does
            for name, facts in known.items()
            if HEARTBEAT not in facts.units or facts.units[HEARTBEAT].active != "active"
        },
    )


def _on(cluster: Cluster, scripts: Mapping[str, str]) -> tuple[HostError, ...]:
    def run(name: str) -> None:
        with Remote(cluster.hosts[name], cluster.ssh) as remote:
            remote.run(scripts[name])

    ran = at_once((cluster.hosts[name] for name in scripts), lambda host: run(host.name))
    return tuple(one for one in ran.values() if isinstance(one, HostError))
