"""Taking a machine's Plone clients out of the cluster, so that visitors do not notice."""

from collections.abc import Mapping
from dataclasses import replace

from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.rollout.rolling import noticed
from tandem.rollout.step import Step
from tandem.rollout.survey import Survey


def without(cluster: Cluster, machine: str) -> Cluster:
    """The cluster that is left without a machine and its clients; raises TandemError."""
    if machine in cluster.pair:
        raise TandemError(
            f"{machine} is one of the pair, which holds the data: only further machines retire"
        )
    return replace(
        without_clients(cluster, machine),
        machines=tuple(name for name in cluster.machines if name != machine),
        nodes=tuple(node for node in cluster.nodes if node.name != machine),
    )


def without_clients(cluster: Cluster, machine: str) -> Cluster:
    """The cluster that is left without a machine's Plone clients; raises TandemError."""
    zeoclient = cluster.zeoclient
    addresses = tuple(one for one in zeoclient.addresses if one[0] != machine)
    if not addresses:
        raise TandemError(f"{machine} has the only Plone clients: nobody would serve the sites")
    macs = tuple(one for one in zeoclient.macs if one[0] != machine)
    return replace(cluster, zeoclient=replace(zeoclient, addresses=addresses, macs=macs))


def forgetting(left: Survey) -> dict[str, tuple[Step, ...]]:
    """The steps by which the balancer knows a machine's clients no more, of the cluster left."""
    return {
        name: steps
        for name, steps in left.plans.items()
        if "frontend" in left.cluster.hosts[name].roles
    }


def ending(seen: Survey, machine: str) -> Mapping[str, tuple[Step, ...]]:
    """The steps that end the clients of a machine: they finish their work, and stay away."""
    steps: dict[str, tuple[Step, ...]] = {}
    leaving = {client.host for client in seen.cluster.clients if client.machine == machine}
    staying = {host: said for host, said in seen.clients.items() if host not in leaving}
    notice = noticed("", "", staying)
    for client in seen.cluster.clients:
        if client.machine == machine:
            unit = f"tandem-{client.name}.service"
            does = f"systemctl --quiet disable --now {unit}"
            step = Step(f"end {unit}, for good", does, visitors=notice)
            steps[client.host] = (*steps.get(client.host, ()), step)
    return steps
