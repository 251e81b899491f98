"""Changing the secrets of a cluster that runs, in an order that keeps it up.

Heartbeat 3 believes nothing that is signed with another key than its own, whichever others its
``authkeys`` lists: while two machines have different keys, each takes the other for dead. A machine
whose Heartbeat is stopped in order is missed by nobody, so the key changes while the standby's is.
DRBD looks at its secret only when the machines connect.
"""

from pathlib import Path

from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.secrets import file_of, renew, secret_files


def rotate(cluster: Cluster, directory: Path) -> tuple[str, ...]:
    """Make the secrets that are ours anew, on the operator's computer; which they were.

    Not the BMCs' passwords, which change at the BMCs. The admin's goes, and `make run` makes the
    new one and gives it to Zope. Raises TandemError when there is none to change.
    """
    files = secret_files(cluster, directory)
    ours = [
        name for name in ("heartbeat", "drbd") if files[name].ours and files[name].path.exists()
    ]
    for name in ours:
        renew(files[name].path)
    admin = file_of(directory, "admin", "")
    if not cluster.secrets.admin and admin.exists():
        admin.unlink()
        ours.append("admin")
    if not ours:
        raise TandemError(
            "no secret to change: none was made yet, or [secrets] names files of yours, which are"
            " yours to change"
        )
    return tuple(ours)


def instructions(changed: tuple[str, ...], cluster: Cluster, rollout: str) -> tuple[str, ...]:
    """What is to be done for the changed secrets, a sentence for each step, in this order."""
    heartbeat, drbd = "heartbeat" in changed, "drbd" in changed
    first, second = cluster.pair
    files = " and ".join(
        file
        for file, is_changed in (
            ("/etc/ha.d/authkeys", heartbeat),
            ("/etc/drbd.d/global_common.conf", drbd),
        )
        if is_changed
    )
    steps = (
        (
            heartbeat,
            "On the standby machine: systemctl stop heartbeat. The sites stay up; until it is"
            " started again, nothing is taken over.",
        ),
        (
            heartbeat or drbd,
            f"Bring {files} from {rollout}/{first} to {first}, and from {rollout}/{second} to"
            f" {second}.",
        ),
        (heartbeat, "On the active machine: /usr/libexec/heartbeat/heartbeat -r"),
        (drbd, "On both: drbdadm adjust all. The volumes stay connected."),
        (heartbeat, "On the standby machine: systemctl start heartbeat"),
        ("admin" in changed, "On this computer: make run gives Zope's admin the new password."),
    )
    return tuple(sentence for is_due, sentence in steps if is_due)
