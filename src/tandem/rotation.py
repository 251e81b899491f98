"""Changing the secrets of a cluster that runs, in an order that keeps it up.

Heartbeat 3 believes nothing that is signed with another key than its own, whichever others its
``authkeys`` lists: while two machines have different keys, each takes the other for dead. A machine
whose Heartbeat is stopped in order is missed by nobody, so the key changes while the standby's is.
DRBD looks at its secret only when the machines connect.
"""

from pathlib import Path

from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.secrets import renew, secret_files

ROTATED = ("drbd", "heartbeat")
"""The secrets that the cluster keeps for itself."""


def rotate(cluster: Cluster, directory: Path) -> None:
    """Make these secrets anew on the operator's computer; raises TandemError before any change."""
    files = [secret_files(cluster, directory)[name] for name in ROTATED]
    for name, file in zip(ROTATED, files, strict=True):
        if not file.ours:
            raise TandemError(
                f"{file.path} is a file of yours, named by [secrets] {name}: change it there"
            )
        if not file.path.exists():
            raise TandemError(f"{file.path}: missing: there is nothing to rotate yet")
    for file in files:
        renew(file.path)


def instructions(cluster: Cluster, rollout: str) -> tuple[str, ...]:
    """What is to be done on the machines, a sentence for each step, in this order."""
    first, second = cluster.pair
    return (
        "On the standby machine: systemctl stop heartbeat. The sites stay up; until the last step"
        " nothing is taken over.",
        f"Bring /etc/ha.d/authkeys and /etc/drbd.d/global_common.conf from {rollout}/{first} to"
        f" {first}, and from {rollout}/{second} to {second}.",
        "On the active machine: /usr/libexec/heartbeat/heartbeat -r",
        "On both: drbdadm adjust all. The volumes stay connected.",
        "On the standby machine: systemctl start heartbeat",
    )
