"""Changing the secrets of a cluster that runs, in an order in which both machines always agree.

Heartbeat signs with one key and believes several, so a key is changed in three steps, each on both
machines before the next: the new key is believed, it signs, the old one is believed no more.
DRBD looks at its secret only when the machines connect.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.secrets import keys_in, new, secret_files, write

Keys = tuple[tuple[int, str], ...]

_MOST: Final = 15
"""Heartbeat takes key numbers from 1 to 15 (MAXAUTH in its heartbeat.h)."""


@dataclass(frozen=True)
class Step:
    """One step: Heartbeat's keys after it, whether DRBD's secret changes, and what it means."""

    number: int
    keys: Keys
    changes_drbd: bool
    sentence: str


def next_step(keys: Keys, new_key: str) -> Step:
    """The step that comes after these keys; ``new_key`` is for the first of them."""
    signing, *others = keys
    if not others:
        added = (_after(signing[0]), new_key)
        return Step(
            1,
            (signing, added),
            True,
            "a new key of Heartbeat's is believed, the old one still signs; DRBD has a new secret",
        )
    other = others[0]
    if other[0] == _after(signing[0]):
        return Step(2, (other, signing), False, "the new key signs, the old one is still believed")
    return Step(3, (signing,), False, "the old key is believed no more")


def rotate(cluster: Cluster, directory: Path) -> Step:
    """Do the next step in the secrets' files; raises TandemError and leaves them as they are."""
    step, heartbeat, drbd = _planned(cluster, directory)
    # DRBD's first: a rotation that was broken off here starts again with step 1.
    if step.changes_drbd:
        write(drbd, new())
    write(heartbeat, "\n".join(f"{number} {key}" for number, key in step.keys))
    return step


def upcoming(cluster: Cluster, directory: Path) -> Step:
    """The step that :func:`rotate` would do; raises TandemError."""
    return _planned(cluster, directory)[0]


def instructions(step: Step, cluster: Cluster, rollout: str) -> tuple[str, ...]:
    """What is to be done on the machines before the next step, a line each."""
    first, second = cluster.pair
    files = "/etc/ha.d/authkeys" + (
        " and /etc/drbd.d/global_common.conf" if step.changes_drbd else ""
    )
    return (
        f"Now bring {files} from {rollout}/{first} to {first} and from {rollout}/{second} to"
        f" {second}, in any order. Heartbeat reads its keys by itself.",
        *(
            (
                "Then run on both: drbdadm adjust all. The volumes stay connected; until it is on"
                " both, a connection that breaks cannot come back.",
            )
            if step.changes_drbd
            else ()
        ),
        f"When both have it: fab secrets:rotate again, for step {step.number + 1}."
        if step.number < 3
        else "When both have it, the secrets are changed.",
    )


def _planned(cluster: Cluster, directory: Path) -> tuple[Step, Path, Path]:
    files = secret_files(cluster, directory)
    for name in ("heartbeat", "drbd"):
        if not files[name].ours:
            raise TandemError(
                f"{files[name].path} is a file of yours, named by [secrets] {name}: change it there"
            )
        if not files[name].path.exists():
            raise TandemError(f"{files[name].path}: missing: there is nothing to rotate yet")
    heartbeat = files["heartbeat"].path
    keys = keys_in(heartbeat.read_text(), heartbeat)
    return next_step(keys, new()), heartbeat, files["drbd"].path


def _after(number: int) -> int:
    return number % _MOST + 1
