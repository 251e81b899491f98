"""On which machines volumes are primary, all through a drill: never on both."""

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import Final

from tandem.drivers import storage_of
from tandem.model import Cluster
from tandem.rollout.facts import volumes_in
from tandem.rollout.remote import HostError, Remote

_EVERY: Final = 0.3
"""How often a machine is asked, in seconds."""
_LATE: Final = 3.0
"""How long a machine may take to answer, in seconds; then it is entered anew."""
_APART: Final = 3.0
"""How long a machine may not have been asked, in seconds, and still count as primary between."""


@dataclass(frozen=True)
class Seen:
    """A volume that was primary on a machine, some time between two (s, as time.monotonic)."""

    machine: str
    volume: str
    asked: float
    answered: float


@contextmanager
def roles(cluster: Cluster) -> Iterator[list[Seen]]:
    """Ask the machines of the pair meanwhile; what was seen is there after the block."""
    seen: list[Seen] = []
    over = Event()
    watching = [
        Thread(target=_watch, args=(cluster, name, seen, over), daemon=True)
        for name in cluster.pair
    ]
    for one in watching:
        one.start()
    try:
        yield seen
    finally:
        over.set()
        for one in watching:
            one.join(2 * _LATE)


def _watch(cluster: Cluster, machine: str, seen: list[Seen], over: Event) -> None:
    script = storage_of(cluster).listing(cluster)
    while not over.wait(_EVERY):
        try:
            with Remote(cluster.hosts[machine], cluster.ssh) as remote:
                while not over.wait(_EVERY):
                    asked = time.monotonic()
                    said = remote.run(script, within=_LATE)
                    answered = time.monotonic()
                    seen.extend(
                        Seen(machine, name, asked, answered)
                        for name, state in volumes_in(said.splitlines())
                        if state.role == "Primary"
                    )
        except HostError:
            # It is dead, or cut off: that is what is drilled.
            continue


def both_wrote(seen: Sequence[Seen]) -> tuple[str, ...]:
    """Each time that a volume was primary on both machines, as a sentence.

    A machine was primary all the time between two answers that say so, if these are close together.
    """
    found = []
    for machine in {one.machine for one in seen}:
        for volume in {one.volume for one in seen}:
            own = sorted(
                (one for one in seen if (one.machine, one.volume) == (machine, volume)),
                key=lambda one: one.asked,
            )
            spans = [
                (a.answered, b.asked)
                for a, b in itertools.pairwise(own)
                if b.asked - a.answered < _APART
            ]
            others = [one for one in seen if one.volume == volume and one.machine != machine]
            found += [
                f"{volume} was primary on {machine} and {other.machine}"
                for other in others
                if any(began < other.asked and other.answered < end for began, end in spans)
            ]
    return tuple(sorted(set(found)))
