"""What is seen of a cluster that is well, and of one in which something is otherwise."""

from dataclasses import replace
from typing import Any

from tandem.model import Cluster
from tandem.rollout.facts import Facts, VolumeState
from tandem.rollout.remote import HostError
from tandem.rollout.survey import Survey
from tandem.rollout.visiting import Visit
from tests.examples import example
from tests.rollout.asdescribed import facts, wanted

CLUSTER = example("cluster")
WELL = {"www.example.org": Visit(200, 0.02)}
CLIENTS = {f"tandem-zeoclient{number}.service": "ready" for number in (1, 2)}


def machine(name: str, **changed: Any) -> Facts:
    role = "Primary" if name == "master" else "Secondary"
    state = VolumeState(role, "Connected", "UpToDate", "UpToDate")
    vms = {f"zeoclient-{name}", *(("frontend", "zeoserver") if name == "master" else ())}
    known = replace(
        facts(wanted(CLUSTER, name)),
        volumes={"frontend": state, "zeoserver": state},
        peer="active",
        links={"br-service": "up", "eth1": "up"},
        vms=frozenset(vms),
    )
    return replace(known, **changed)


def vm(name: str, **changed: Any) -> Facts:
    clients = CLIENTS if name.startswith("zeoclient") else {}
    return replace(facts(wanted(CLUSTER, name)), **{"clients": clients, **changed})


def seen(cluster: Cluster = CLUSTER, **changed: Facts | HostError) -> Survey:
    known: dict[str, Facts | HostError] = {
        name: machine(name) if host.machine else vm(name) for name, host in cluster.hosts.items()
    }
    known |= {name.replace("_", "-"): one for name, one in changed.items()}
    return Survey(cluster, "", {name: wanted(cluster, name) for name in cluster.hosts}, known)


def state(**changed: str) -> dict[str, VolumeState]:
    well = VolumeState("Primary", "Connected", "UpToDate", "UpToDate")
    return {"frontend": well, "zeoserver": replace(well, **changed)}
