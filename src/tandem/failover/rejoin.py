"""What ``fab rejoin`` does: a machine of the pair comes back, and gives up what it alone has.

That is for volumes that both machines have written to since they were cut off from each other
(DRBD User's Guide 8.4, "Manual split brain recovery"). What is merely outdated DRBD fetches itself.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tandem.drivers import storage_of
from tandem.failover.decision import Pair
from tandem.model import Cluster, Volume
from tandem.rendering.hosts import LIB
from tandem.rollout.facts import Facts, VolumeState, volumes_in
from tandem.rollout.remote import HostError, Remote
from tandem.rollout.volumes import EXTENT

_LEAST: Final = 64
"""How large a copy is at the least (MB): what serves goes on writing."""

_GONE: Final = ("Diskless", "Failed")
"""States of a disk that does not come back by itself (drbd.conf(5))."""


@dataclass(frozen=True)
class History:
    """What one machine alone has of a volume: how much (KB), and since when (s, as time.time)."""

    differs: int
    since: int | None = None

    def words(self) -> str:
        """That, as an operator reads it."""
        # After a crash DRBD takes all that was being written to for changed.
        much = f"at most {self.differs:,} KB"
        if self.since is None:
            return much
        return f"{much} since {time.strftime('%F %T', time.localtime(self.since))}"


Histories = Mapping[str, Mapping[str, History]]
"""Each volume's, by the machines of the pair."""


@dataclass(frozen=True)
class Rejoining:
    """What is to be done, as sentences, and why it may not be: more of them, or none.

    ``gives_up`` are volumes of which the machine gives up what it alone has, and that, where DRBD
    says it; ``power``: it is switched on. With neither there is nothing to do.
    """

    says: tuple[str, ...]
    gives_up: Mapping[str, History | None] = field(default_factory=dict)
    power: bool = False
    why_not: tuple[str, ...] = ()
    copies: Mapping[str, int] = field(default_factory=dict)
    """How large the copy of each volume can be that is given up (MB)."""

    @property
    def does(self) -> object:
        """What is agreed to; what the other machine alone has grows meanwhile, as it serves."""
        return self.gives_up, self.power, self.why_not


def rejoining(cluster: Cluster, machine: str, pair: Pair, histories: Histories) -> Rejoining:
    """How a machine comes back to the pair."""
    other = cluster.other_than(machine)
    here, there = pair[machine], pair[other]
    if isinstance(there, HostError):
        return Rejoining(
            (f"{machine} stays as it is",), why_not=(f"{there.report()}: it may have newer data",)
        )
    if isinstance(here, HostError):
        return _switched_on(cluster, machine, other, here)
    split = _split(cluster, here, there)
    if not split:
        return Rejoining(tuple(_connected(cluster, machine, other, here)))
    says = tuple(
        line
        for volume in split
        for line in (
            f"{volume.name}: {name} alone has {_of(histories, volume, name)}"
            for name in (other, machine)
        )
    )
    names = {volume.name: histories.get(volume.name, {}).get(machine) for volume in split}
    does = (
        f"{machine} gives up what it alone has of {' and '.join(names)}, and fetches {other}'s;"
        f" a copy stays in the volume group there"
    )
    copies = _copies(cluster, machine, split, here)
    short = tuple(
        f"the copy of {volume.name} is there until {copies[volume.name]:,} MB have been written to"
        " it, then LVM drops it: take out what is missed before, or make room by vgextend now"
        for volume in split
        if copies[volume.name] < _whole(volume)
    )
    why_not = (
        *_not(machine, other, split, here, there),
        *_no_room(machine, split, histories, copies),
    )
    return Rejoining((*says, does, *short), names, why_not=why_not, copies=copies)


def _whole(volume: Volume) -> int:
    """How large a copy is that holds all that a volume can become (MB): LVM keeps a list, too."""
    return volume.size + volume.size // 100 + 4


def _copies(cluster: Cluster, machine: str, split: Sequence[Volume], here: Facts) -> dict[str, int]:
    """How large each copy can be, of what is free (MB)."""
    free = here.groups.get(_group(cluster, machine), 0) // len(split)
    # LVM would round up.
    return {volume.name: min(_whole(volume), free - free % EXTENT) for volume in split}


def _no_room(
    machine: str, split: Sequence[Volume], histories: Histories, copies: Mapping[str, int]
) -> Iterator[str]:
    """Of which volumes not even what is fetched now would fit into the copy."""
    for volume in split:
        differs = sum(one.differs for one in histories.get(volume.name, {}).values())
        needed = 2 * differs // 1024 + _LEAST
        if copies[volume.name] < needed:
            yield (
                f"{machine}: a copy of what is given up of {volume.name} takes {needed:,} MB, and"
                f" {copies[volume.name]:,} MB are free for it: vgextend makes room"
            )


def _switched_on(cluster: Cluster, machine: str, other: str, here: HostError) -> Rejoining:
    if cluster.fencing != "ipmi":
        why = f"{here.report()}: switch it on; it comes back by itself"
        return Rejoining((f"{machine} does not answer",), why_not=(why,))
    says = f"{machine} does not answer: {other} has its BMC switch it on, where it is off"
    return Rejoining((says,), power=True)


def _split(cluster: Cluster, here: Facts, there: Facts) -> tuple[Volume, ...]:
    """The volumes that DRBD does not connect: one side refuses to speak to the other."""
    return tuple(
        volume
        for volume in cluster.volumes
        if any(
            volume.name in facts.volumes and facts.volumes[volume.name].connection == "StandAlone"
            for facts in (here, there)
        )
    )


def _connected(cluster: Cluster, machine: str, other: str, here: Facts) -> Iterator[str]:
    for volume in cluster.volumes:
        state = here.volumes.get(volume.name)
        if state is None:
            yield f"{volume.name} is not there for DRBD: `fab deploy:{machine}` brings it up"
        elif state.disk in _GONE:
            yield f"{volume.name} has no disk here: mend that, and `fab deploy:{machine}`"
        elif state.disk == "Inconsistent":
            yield f"{volume.name} fetches from {other} what it missed, by itself"
        elif not state.well:
            yield (
                f"{volume.name} is {state.connection}, {state.disk} here and {state.peer_disk} on"
                f" {other}: it comes back by itself once they reach each other"
            )
        else:
            yield f"{volume.name} is up to date on both machines: there is nothing to do"


def _of(histories: Histories, volume: Volume, machine: str) -> str:
    known = histories.get(volume.name, {}).get(machine)
    return known.words() if known else "what DRBD does not say"


def _not(
    machine: str,
    other: str,
    split: Sequence[Volume],
    here: Facts,
    there: Facts,
) -> Iterator[str]:
    """Why nothing may be given up."""
    for volume in split:
        own = here.volumes.get(volume.name, _NOWHERE)
        kept = there.volumes.get(volume.name, _NOWHERE)
        if own.role == "Primary":
            yield (
                f"{machine}: {volume.name} is primary, so what visitors see would be given up:"
                f" `fab rejoin:{other}`, or stop Heartbeat on {machine} first"
            )
        if kept.disk != "UpToDate":
            yield f"{other}: {volume.name} is {kept.disk or 'not there'}: expected UpToDate"


def _group(cluster: Cluster, machine: str) -> str:
    return next(node.volume_group for node in cluster.pair_nodes if node.name == machine)


_NOWHERE: Final = VolumeState("", "", "", "")


def histories_of(cluster: Cluster, known: Mapping[str, Facts]) -> Histories:
    """What each machine that is known alone has of its volumes; raises HostError."""
    storage = storage_of(cluster)
    script = f"{storage.differing(cluster)}\necho ==\n{storage.cut_off(cluster)}"
    found: dict[str, dict[str, History]] = {}
    for name in known:
        with Remote(cluster.hosts[name], cluster.ssh) as remote:
            differing, _, cut_off = remote.run(script).partition("==\n")
        since = numbers_in(cut_off)
        for volume, differs in numbers_in(differing).items():
            found.setdefault(volume, {})[name] = History(differs, since.get(volume))
    return found


def numbers_in(printed: str) -> dict[str, int]:
    """A number for each volume, as the driver of what replicates them prints them."""
    lines = (line.split() for line in printed.splitlines())
    return {words[0]: int(words[1]) for words in lines if len(words) == 2 and words[1].isdecimal()}


# Until something is given up there is nothing to keep.
_UNDOING: Final = """\
set -e
made=
trap 'for one in $made; do lvremove -qq --yes "$one"; done' EXIT"""


def give_up(
    cluster: Cluster, machine: str, pair: Mapping[str, Facts], copies: Mapping[str, int]
) -> str:
    """Have a machine give up what it alone has of volumes; the ending of the copies' names.

    They are made first, as LVM snapshots of these sizes (MB). Raises HostError.
    """
    other = cluster.other_than(machine)
    group = _group(cluster, machine)
    names = tuple(copies)
    ending = time.strftime("given-up-%Y%m%d-%H%M%S")
    storage = storage_of(cluster)
    making = "\n".join(
        f"lvcreate -qq --snapshot --size {copies[name]}m --name {name}-{ending} {group}/{name}"
        f'\nmade="$made {group}/{name}-{ending}"'
        for name in names
    )
    gives = "\n".join(storage.giving_up(name) for name in names)
    connects = "\n".join(
        storage.connecting(name)
        for name in names
        if pair[other].volumes[name].connection == "StandAlone"
    )
    with Remote(cluster.hosts[machine], cluster.ssh) as remote:
        remote.run(f"{_UNDOING}\n{making}\nsync\ntrap - EXIT\n{gives}")
    if connects:
        with Remote(cluster.hosts[other], cluster.ssh) as remote:
            remote.run(f"set -e\n{connects}")
    return ending


def switch_on(cluster: Cluster, machine: str, other: str) -> str:
    """Have a machine's BMC switch it on, asked by the other; what came of it. Raises HostError."""
    with Remote(cluster.hosts[other], cluster.ssh) as remote:
        return remote.run(f"{LIB}/fence --on {machine} 2>&1").strip()


def volumes_behind(cluster: Cluster, machine: str) -> str:
    """Which volumes of a machine are not up to date yet, and how far; empty: all are."""
    storage = storage_of(cluster)
    script = f"exec 2>/dev/null\n{storage.listing(cluster)}\necho ==\n{storage.differing(cluster)}"
    try:
        with Remote(cluster.hosts[machine], cluster.ssh) as remote:
            listed, _, differing = remote.run(script).partition("==\n")
    except HostError as error:
        return error.report()
    states, left = dict(volumes_in(listed.splitlines())), numbers_in(differing)
    return ", ".join(
        f"{volume.name} is {state.connection or 'not there'}, {left.get(volume.name, 0):,} KB left"
        for volume in cluster.volumes
        if not (state := states.get(volume.name, _NOWHERE)).well
    )
