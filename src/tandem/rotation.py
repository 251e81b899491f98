"""Making the secrets of a cluster anew, on the operator's computer."""

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


def instructions(changed: tuple[str, ...]) -> tuple[str, ...]:
    """What is to be done for the changed secrets, a sentence for each step, in this order."""
    steps = (
        (
            "heartbeat" in changed or "drbd" in changed,
            "bin/fab deploy brings them to both machines. The sites stay up; while the standby's"
            " Heartbeat is stopped, for some seconds, nothing is taken over.",
        ),
        ("admin" in changed, "On this computer: make run gives Zope's admin the new password."),
    )
    return tuple(sentence for is_due, sentence in steps if is_due)
