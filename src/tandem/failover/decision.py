"""What ``fab failover`` does, by the facts of the pair: a decision, and the sentences for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tandem.model import Cluster
from tandem.rollout.facts import Facts
from tandem.rollout.health import not_heard
from tandem.rollout.plan import HEARTBEAT
from tandem.rollout.remote import HostError

Pair = Mapping[str, Facts | HostError]
"""The facts of the machines of the pair, by their names, or why there are none."""


@dataclass(frozen=True)
class Decision:
    """What is to be done, as a sentence, and why it may not be: more of them, or none.

    ``to`` is the machine that is to serve; without one nothing is to be done. ``source`` is the one
    that serves now; without one ``to`` gets what does not run. ``dangers`` are what the operator
    has to take upon himself: with them it is done by force, or not at all.
    """

    says: str
    source: str = ""
    to: str = ""
    why_not: tuple[str, ...] = ()
    dangers: tuple[str, ...] = ()


def failover(cluster: Cluster, pair: Pair) -> Decision:
    """What has the other machine of the pair serve; or one of them, where none does in full."""
    known = {name: one for name, one in pair.items() if isinstance(one, Facts)}
    holders = [name for name, one in known.items() if one.primary]
    silent = [one.report() for one in pair.values() if isinstance(one, HostError)]
    if len(holders) > 1:
        both = f"volumes are primary on {' and '.join(holders)}"
        return Decision("nothing is moved", why_not=(both,))
    if not holders:
        return _nobody_serves(cluster, known, silent)
    source = holders[0]
    if left := lacking(cluster, known[source]):
        says = (
            f"{source} serves in part and is to have the rest: {', '.join(left)}; if that does not"
            f" start, Heartbeat ends all of it{_unguarded(cluster) if silent else ''}"
        )
        why_not = tuple(_not_here(cluster, source, known[source], alone=bool(silent)))
        forced = _dangers(cluster, source, known[source]) if silent and why_not else ()
        return Decision(says, to=source, why_not=why_not, dangers=tuple(forced))
    if silent:
        return Decision(f"{source} serves; the other machine is not there: {silent[0]}")
    to = next(name for name in known if name != source)
    says = (
        f"a switchover: {to} serves instead of {source}, and visitors wait while its VMs and"
        " volumes move"
    )
    return Decision(says, source, to, tuple(_not_to(cluster, known, source, to)))


def failback(cluster: Cluster, pair: Pair) -> Decision:
    """What has the first machine of the pair serve; or one of them, where none does in full."""
    first = cluster.pair[0]
    facts = pair[first]
    if isinstance(facts, Facts) and facts.primary and not lacking(cluster, facts):
        return Decision(f"{first} serves: there is nothing to go back from")
    return failover(cluster, pair)


def lacking(cluster: Cluster, facts: Facts) -> tuple[str, ...]:
    """What is to run where the service does, and does not run here."""
    volumes = (
        f"the volume {volume.name}"
        for volume in cluster.volumes
        if volume.name not in facts.volumes or facts.volumes[volume.name].role != "Primary"
    )
    vms = (f"the VM {vm.name}" for vm in cluster.vms if vm.volume and vm.name not in facts.vms)
    return (*volumes, *vms)


def _nobody_serves(cluster: Cluster, known: Mapping[str, Facts], silent: list[str]) -> Decision:
    says = "no machine that answers serves"
    if not known:
        return Decision(says, why_not=tuple(silent))
    in_the_way = {
        name: tuple(_not_here(cluster, name, one, alone=bool(silent)))
        for name, one in known.items()
    }
    to = next((name for name, why_not in in_the_way.items() if not why_not), "")
    if to:
        return Decision(
            f"{says}; {to} is to, whose takeover did not work{_unguarded(cluster)}", to=to
        )
    why_not = (*silent, *(why for one in in_the_way.values() for why in one))
    if len(known) == 1:
        (to, facts), *_ = known.items()
        if dangers := tuple(_dangers(cluster, to, facts)):
            forced = f"{says}; {to} could be made to, by force{_unguarded(cluster)}"
            return Decision(forced, to=to, why_not=why_not, dangers=dangers)
    return Decision(f"{says}, and none is to", to=next(iter(known)), why_not=why_not)


def _dangers(cluster: Cluster, name: str, facts: Facts) -> Iterator[str]:
    """What it costs to have a machine serve that would not by itself; none: it cannot be had.

    DRBD makes a disk primary by force that is consistent in itself (drbdadm(8)). That the other
    machine does not answer us does not mean that it does not serve.
    """
    other = cluster.other_than(name)
    states = [facts.volumes.get(volume.name) for volume in cluster.volumes]
    whole = all(state and state.disk in ("UpToDate", "Consistent", "Outdated") for state in states)
    if not whole or facts.maintenance or facts.peer == "active":
        return
    for volume, state in zip(cluster.volumes, states, strict=True):
        if state and (state.disk != "UpToDate" or state.connection == "StandAlone"):
            yield (
                f"what {other} alone has of {volume.name} is not there for visitors, and is given"
                f" up when {other} comes back: `fab rejoin:{other}`"
            )
    yield {
        "ipmi": f"{other} is switched off, even if it serves",
        "meatware": (
            f"{other} has to be off: switch it off, and say so on {name} by"
            f" `meatclient -c {other}`, each time that it is asked for there"
        ),
        "none": f"{other} may live, and write: nothing switches it off",
    }[cluster.fencing]


def _not_here(cluster: Cluster, name: str, facts: Facts, *, alone: bool) -> Iterator[str]:
    """Why a machine of the pair may not be given what runs nowhere.

    ``alone``: the other one is not there for us.
    """
    yield from _not_watched(name, facts)
    for volume in cluster.volumes:
        state = facts.volumes.get(volume.name)
        if state is None or state.disk != "UpToDate":
            disk = state.disk if state else "not there for DRBD"
            yield f"{name}: {volume.name} is {disk}, and the other machine may have newer data"
        elif state.connection == "StandAlone":
            yield f"{name}: {volume.name} is StandAlone: both machines may have written to it"
    # What is started behind Heartbeat's back is not taken over when this machine dies.
    if _heartbeat_runs(facts) and facts.holds not in ("all", _own(cluster, name)):
        yield (
            f"{name}: Heartbeat here does not count as the one that serves, but as"
            f" {facts.holds or 'unknown'}: `systemctl restart heartbeat` on both decides it anew"
        )
    if alone and facts.peer == "active":
        yield f"{name}: Heartbeat hears the other machine: it lives"


def _own(cluster: Cluster, name: str) -> str:
    """What Heartbeat calls the group on a machine: it is the first one's own."""
    return "local" if name == cluster.pair[0] else "foreign"


def _unguarded(cluster: Cluster) -> str:
    if cluster.fencing != "none":
        return ""
    return "; nothing guards against both writing, should the other machine live: fencing = none"


def _not_to(cluster: Cluster, known: Mapping[str, Facts], source: str, to: str) -> Iterator[str]:
    """Why the one machine may not serve instead of the other, both of which are there."""
    for name, facts in known.items():
        yield from _not_watched(name, facts)
    for volume in cluster.volumes:
        state = known[to].volumes.get(volume.name)
        # The other side's disk may be the reason why.
        if state is None or (state.connection, state.disk) != ("Connected", "UpToDate"):
            said = f"{state.connection} and {state.disk}" if state else "not there for DRBD"
            yield f"{to}: {volume.name} is {said}: expected Connected and UpToDate"
    for one, other in ((source, to), (to, source)):
        if not known[one].maintenance and _heartbeat_runs(known[one]):
            yield from not_heard(one, other, known[one])
    moving = [vm.name for vm in cluster.vms if vm.volume]
    needed = sum(known[source].takes.get(name, 0) for name in moving)
    free = known[to].free
    if free is not None and needed > free:
        yield f"{to}: {free} MB of memory are free, and {' and '.join(moving)} take {needed} MB"


def _not_watched(name: str, facts: Facts) -> Iterator[str]:
    if facts.maintenance:
        yield f"{name}: maintenance by {facts.maintenance}; `fab maintenance:off` ends it"
    elif not _heartbeat_runs(facts):
        yield f"{name}: Heartbeat does not run: `systemctl status heartbeat` there says why"


def _heartbeat_runs(facts: Facts) -> bool:
    return HEARTBEAT in facts.units and facts.units[HEARTBEAT].active == "active"
