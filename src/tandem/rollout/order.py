"""Which hosts a command is about, and in which order they are changed."""

from collections.abc import Iterator, Mapping
from typing import Final

from tandem.model import Cluster, Host
from tandem.rollout.facts import Facts


def hosts_of(cluster: Cluster, machine: str = "") -> tuple[Host, ...]:
    """A machine and the VMs that may run on it; without a machine, all hosts of the cluster.

    The peer of the machine is among them, which says who of the two is active, and so are all hosts
    with Plone clients: what visitors notice depends on them. With a machine that is not of the pair
    come those that have to know it: the pair, and the replicated VMs.
    """
    if not machine:
        return tuple(cluster.hosts.values())
    node = cluster.named_nodes[machine]
    names = [machine, *(vm.name for vm in cluster.vms_on(node))]
    if peer := cluster.peer_of(node):
        names.append(peer.name)
    elif cluster.pair:
        names += [*cluster.pair, *(vm.name for vm in cluster.vms if vm.volume)]
    names += [client.host for client in cluster.clients]
    return tuple(cluster.hosts[name] for name in dict.fromkeys(names))


def active_of(cluster: Cluster, facts: Mapping[str, Facts]) -> str:
    """The machine of the pair that serves now; the first of them while that is not known."""
    primary = (name for name in cluster.pair if name in facts and facts[name].primary)
    return next(primary, cluster.pair[0])


def lives_on(host: Host, machine: str, active: str) -> bool:
    """Whether a host is that machine, or a VM that runs on it: a replicated one on the active."""
    if host.vm is None:
        return host.name == machine
    if host.vm.volume:
        return machine == active
    return host.vm.machines[0].name == machine


def concerns(cluster: Cluster, host: Host, machine: str, active: str) -> bool:
    """Whether a roll-out to a machine is about a host, too; without a machine it is about all."""
    if not machine or lives_on(host, machine, active):
        return True
    knows = host.name in cluster.pair or bool(host.vm and host.vm.volume)
    return machine not in cluster.pair and knows


def stages(cluster: Cluster, active: str) -> Iterator[tuple[Host, ...]]:
    """The hosts that are changed at the same time, one stage after the other.

    Capacity comes first, then the standby, the active machine last, each machine before its VMs: a
    fault shows where it matters least. The replicated VMs go with the active machine, the frontend
    before the zeoserver: while that is away, visitors wait in the frontend's waiting room. A host
    with Plone clients is a stage of its own, so that those of all others serve meanwhile.
    """
    capacity = [name for name in cluster.machines if name not in cluster.pair]
    standby = [name for name in cluster.pair if name != active]
    for machines in (capacity, standby, [active]):
        vms = (
            host
            for host in cluster.hosts.values()
            if host.vm and any(lives_on(host, name, active) for name in machines)
        )
        for hosts in ([cluster.hosts[name] for name in machines], list(vms)):
            yield tuple(host for host in hosts if not host.roles)
            alone = (host for host in hosts if host.roles)
            yield from ((host,) for host in sorted(alone, key=_turn))


_TURNS: Final = ("frontend", "zeoserver", "zeoclient")


def _turn(host: Host) -> int:
    return min(_TURNS.index(role) for role in host.roles)
