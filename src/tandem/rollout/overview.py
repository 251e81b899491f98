"""``fab status``: the whole cluster on one screen, and the same for scripts."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from tandem.model import Machine
from tandem.rollout.facts import Facts, VolumeState
from tandem.rollout.survey import Survey
from tandem.rollout.visiting import Visit


def tables(seen: Survey, visits: Mapping[str, Visit]) -> Iterator[Table]:
    """Machines, Plone clients and sites."""
    known = seen.known
    machines = Table("machine", "is", "Heartbeat", "VMs", "volumes", box=None)
    for node in seen.cluster.nodes:
        machines.add_row(*_machine(seen, node, known.get(node.name)))
    yield machines
    clients = Table("VM", "clients", "release", box=None)
    for host in seen.cluster.hosts.values():
        if ours := seen.cluster.clients_on(host.name):
            said = known[host.name].clients if host.name in known else {}
            units = [f"tandem-{client.name}.service" for client in ours]
            ready = sum(said.get(unit) == "ready" for unit in units)
            words = f"{ready} of {len(ours)} ready" if host.name in known else "no answer"
            ran = known[host.name].runs if host.name in known else {}
            releases = sorted({ran[unit] for unit in units if unit in ran})
            style = _style(ready == len(ours))
            clients.add_row(host.name, Text(words, style=style), " ".join(releases))
    yield clients
    sites = Table("site", "answers", "in", box=None)
    for name, visit in visits.items():
        answer = Text(visit.error or str(visit.status), style=_style(visit.well))
        sites.add_row(name, answer, f"{visit.seconds * 1000:.0f} ms")
    yield sites


def backup(seen: Survey) -> str:
    """When the data was backed up the last time, in words."""
    ages = [facts.backup for facts in seen.known.values() if facts.backup is not None]
    return f"last backup: {min(ages) / 3600:.1f} hours ago" if ages else "no backup yet"


def _machine(seen: Survey, node: Machine, facts: Facts | None) -> tuple[str | Text, ...]:
    if facts is None:
        return (node.name, Text("no answer", style="red"))
    peer = seen.cluster.peer_of(node)
    if peer is None:
        return (node.name, "capacity", "", ", ".join(sorted(facts.vms)), "")
    links = ", ".join(f"{name} {state}" for name, state in facts.links.items())
    heartbeat = Text(f"{peer.name} {facts.peer or 'unknown'}\n{links}")
    well = facts.peer == "active" and set(facts.links.values()) == {"up"}
    heartbeat.stylize(_style(well))
    volumes = Text("\n").join(
        Text(f"{name} {_words(state)}", style=_style(state.well))
        for name, state in facts.volumes.items()
    )
    return (
        node.name,
        "active" if facts.primary else "standby",
        heartbeat,
        "\n".join(sorted(facts.vms)),
        volumes,
    )


def _words(state: VolumeState) -> str:
    return f"{state.role} {state.disk}/{state.peer_disk} {state.connection}"


def _style(well: bool) -> str:
    return "green" if well else "red"


def as_json(seen: Survey, visits: Mapping[str, Visit], ailments: tuple[str, ...]) -> dict[str, Any]:
    """All of it, for scripts."""
    known = seen.known
    return {
        "cluster": seen.cluster.name,
        "well": not ailments,
        "ailments": list(ailments),
        "active": seen.active,
        "machines": {
            node.name: {
                "active": facts.primary,
                "heartbeat": {"peer": facts.peer, "links": dict(facts.links)},
                "maintenance": facts.maintenance,
                "vms": sorted(facts.vms),
                "volumes": {name: asdict(state) for name, state in facts.volumes.items()},
            }
            if (facts := known.get(node.name))
            else {"error": seen.errors[node.name].sentence}
            for node in seen.cluster.nodes
        },
        "clients": {name: dict(facts.clients) for name, facts in known.items() if facts.clients},
        "releases": {name: dict(facts.runs) for name, facts in known.items() if facts.runs},
        "sites": {host: asdict(visit) for host, visit in visits.items()},
        "backup": min((f.backup for f in known.values() if f.backup is not None), default=None),
        "steps": {host: [step.says for step in steps] for host, steps in seen.plans.items()},
    }
