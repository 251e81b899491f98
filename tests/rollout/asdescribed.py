"""The facts of a host on which all is as described, and what they are with some of it otherwise."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tandem.model import Cluster
from tandem.rendering import Secrets
from tandem.rollout.facts import Built, Facts, Installed, Unit
from tandem.rollout.remote import HostError
from tandem.rollout.survey import Survey
from tandem.rollout.wanted import Wanted, units_of, wanted_on

SECRETS = Secrets(
    "drbd's", "heartbeat's", {"left": "bmc", "right": "bmc", "master": "bmc", "slave": "bmc"}
)


OLD, NOW = "20261101T120000Z", "20261102T120000Z"
"""Two releases."""


def wanted(cluster: Cluster, host: str) -> Wanted:
    return wanted_on(cluster, cluster.hosts[host], SECRETS, "cluster.cfg", "")


def facts(wanted: Wanted) -> Facts:
    """Of a host on which everything is as it is to be."""
    boots = dict(wanted.units)
    services = {f"{name}.service" for one in wanted.packages for name in one.service.split()}
    units = {}
    for unit in units_of(wanted):
        off = unit in services and unit not in boots
        units[unit] = Unit("inactive", "disabled") if off else Unit("active", "static")
        if unit in boots:
            units[unit] = Unit("active", "enabled" if boots[unit] else "disabled")
    return Facts(
        packages=frozenset(package.name for package in wanted.packages),
        files={str(file.path): Installed(file.text, file.mode) for file in wanted.files},
        ours=frozenset(str(file.path) for file in wanted.files),
        units=units,
        groups={wanted.storage.group: 0} if wanted.storage else {},
        logical=dict.fromkeys(wanted.storage.sizes if wanted.storage else (), ""),
        **released(wanted),
    )


def bare(cluster: Cluster, why: str) -> Survey:
    """What is seen of machines without anything, and of VMs that do not answer, and why."""
    return Survey(
        cluster,
        "",
        {name: wanted(cluster, name) for name in cluster.hosts},
        {
            name: HostError(name, why) if host.vm else Facts()
            for name, host in cluster.hosts.items()
        },
    )


def released(wanted: Wanted) -> dict[str, Any]:
    """The release of a host on which the one that is wanted runs, and an older one is kept."""
    if wanted.release is None:
        return {}
    return {
        "releases": {
            OLD: Built("an-older-one", "older-pins", "v1"),
            NOW: Built(wanted.release.digest, wanted.release.pins, "v2"),
        },
        "current": NOW,
        "runs": dict.fromkeys(wanted.released, NOW),
        "clients": dict.fromkeys(wanted.turns, "ready"),
    }


def otherwise(facts: Facts, given: Mapping[str, Any]) -> Facts:
    """The same, but for what is given, in the words of the files in ``plans``."""
    files, units = dict(facts.files), dict(facts.units)
    for path in given.get("changed", ()):
        files[path] = replace(files[path], text="as it was\n")
    for path, mode in given.get("modes", {}).items():
        files[path] = replace(files[path], mode=mode)
    for path in given.get("missing", ()):
        del files[path]
    for name, words in given.get("units", {}).items():
        active, enabled, *rest = words.split()
        units[name] = Unit(active, enabled, held_back="held-back" in rest)
    for name in given.get("no_units", ()):
        del units[name]
    releases = {
        name: one for name, one in facts.releases.items() if name not in given.get("not_built", ())
    }
    for name in given.get("same_pins", ()):
        releases[name] = replace(releases[name], pins=facts.releases[NOW].pins)
    return replace(
        facts,
        maintenance=given.get("maintenance", ""),
        releases=releases,
        current=given.get("current", facts.current),
        runs={} if given.get("no_runs") else {**facts.runs, **given.get("runs", {})},
        clients={**facts.clients, **given.get("clients", {})},
        packages=facts.packages - set(given.get("not_installed", ())),
        files=files,
        ours=facts.ours | set(given.get("stale", ())),
        units=units,
        logical={**facts.logical, **given.get("volumes", {})},
    )
