"""What is not well with a cluster, by the facts of all its hosts: sentences, and none if all is."""

from collections.abc import Iterator, Mapping
from typing import Final

from tandem.drivers import WATCH
from tandem.model import Cluster, Machine
from tandem.rollout.facts import Facts
from tandem.rollout.survey import Survey
from tandem.rollout.visiting import Visit

_NAMED: Final = 3
"""How many of the steps that a host is away from the description are named."""

OLD_BACKUP: Final = 26 * 3600
"""How old the last backup may be, in seconds: they are made every night."""


def ailments(seen: Survey, visits: Mapping[str, Visit]) -> tuple[str, ...]:
    """Everything that is not well, the worst first."""
    return (*disturbances(seen, visits), *_files(seen))


def disturbances(seen: Survey, visits: Mapping[str, Visit]) -> tuple[str, ...]:
    """What is not well with what runs, whatever the files on the hosts are."""
    return (*_writers(seen), *_sites(visits), *_hosts(seen))


def _writers(seen: Survey) -> Iterator[str]:
    known = seen.known
    for volume in seen.cluster.volumes:
        primary = [
            name
            for name in seen.cluster.pair
            if name in known
            and volume.name in known[name].volumes
            and known[name].volumes[volume.name].role == "Primary"
        ]
        if len(primary) > 1:
            yield f"{volume.name} is primary on {' and '.join(primary)}: both write"
        if not primary and all(name in known for name in seen.cluster.pair):
            yield f"{volume.name} is primary on no machine"


def _sites(visits: Mapping[str, Visit]) -> Iterator[str]:
    for host, visit in visits.items():
        if visit.error:
            yield f"{host}: {visit.error}"
        elif not visit.well:
            yield f"{host}: answers {visit.status}"


def _hosts(seen: Survey) -> Iterator[str]:
    known = seen.known
    yield from (error.report() for error in seen.errors.values())
    for node in seen.cluster.nodes:
        if node.name in known:
            yield from _machine(seen.cluster, node, known[node.name])
    for vm in seen.cluster.vms:
        homes = [node.name for node in vm.machines if node.name in known]
        running = [name for name in homes if vm.name in known[name].vms]
        if homes and not running:
            yield f"{vm.name} runs on no machine" if vm.volume else f"{vm.name} does not run"
        if len(running) > 1:
            yield f"{vm.name} runs on {' and '.join(running)}"
    for name, facts in known.items():
        if len(releases := set(facts.runs.values())) > 1:
            yield f"{name}: its programs are of several releases: {', '.join(sorted(releases))}"
        for unit, said in facts.clients.items():
            if said != "ready":
                yield f"{name}: {unit.removesuffix('.service')}: {said}"
        if facts.backup is not None and facts.backup > OLD_BACKUP:
            yield f"{name}: the last backup is {facts.backup / 3600:.0f} hours old"
        if facts.backup is None and (facts.unsaved or 0) > OLD_BACKUP:
            yield f"{name}: there is no backup: `systemctl status tandem-backup` says why"


def _machine(cluster: Cluster, node: Machine, facts: Facts) -> Iterator[str]:
    peer = cluster.peer_of(node)
    if peer is None:
        return
    yield from not_in_sync(cluster, node.name, peer.name, facts)
    if facts.maintenance:
        yield f"{node.name}: nothing is taken over: maintenance by {facts.maintenance}"
    else:
        yield from not_heard(node.name, peer.name, facts)
    if facts.primary and WATCH in facts.units and facts.units[WATCH].active != "active":
        yield f"{node.name}: nobody watches what runs here: {WATCH} does not run"


def not_in_sync(cluster: Cluster, node: str, peer: str, facts: Facts) -> Iterator[str]:
    """What a machine of the pair sees of volumes that are not the same on both."""
    for volume in cluster.volumes:
        state = facts.volumes.get(volume.name)
        if state is None:
            yield f"{node}: {volume.name} is not there for DRBD"
        elif not state.well:
            yield (
                f"{node}: {volume.name} is {state.connection},"
                f" {state.disk} here and {state.peer_disk} on {peer}"
            )


def not_heard(node: str, peer: str, facts: Facts) -> Iterator[str]:
    """What Heartbeat on a machine of the pair does not hear of the other."""
    if facts.peer != "active":
        yield f"{node}: Heartbeat says of {peer}: {facts.peer or 'nothing'}"
    for interface, said in facts.links.items():
        if said != "up":
            yield f"{node}: Heartbeat's link on {interface} is {said}"


def _files(seen: Survey) -> Iterator[str]:
    for host, steps in seen.plans.items():
        if steps:
            command = f"fab plan:{host}" if host in seen.cluster.machines else "fab plan"
            number = f"{len(steps)} step{'' if len(steps) == 1 else 's'}"
            more = f"; and {len(steps) - _NAMED} more" if len(steps) > _NAMED else ""
            named = "; ".join(step.says for step in steps[:_NAMED])
            yield f"{host}: {number} away from the description ({named}{more}): {command}"
