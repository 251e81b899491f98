"""The facts of a host on which all is as described, and what they are with some of it otherwise."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tandem.model import Cluster
from tandem.rendering import Secrets
from tandem.rollout.facts import Facts, Installed, Unit, units_of
from tandem.rollout.wanted import Wanted, wanted_on

SECRETS = Secrets(
    "drbd's", "heartbeat's", {"left": "bmc", "right": "bmc", "master": "bmc", "slave": "bmc"}
)


def wanted(cluster: Cluster, host: str) -> Wanted:
    return wanted_on(cluster, cluster.hosts[host], SECRETS, "cluster.cfg")


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
    )


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
    return replace(
        facts,
        packages=facts.packages - set(given.get("not_installed", ())),
        files=files,
        ours=facts.ours | set(given.get("stale", ())),
        units=units,
    )
