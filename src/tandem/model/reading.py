"""From a description's sections to the cluster, or to all that is wrong with them at once."""

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from re import fullmatch
from typing import Any

from tandem.model.checks import check
from tandem.model.cluster import Cluster, FrontendVM, Here, Ports, Site, ZeoclientVM, ZeoserverVM
from tandem.model.fault import Fault
from tandem.model.option import options_of

Sections = Mapping[str, Mapping[str, str]]

SECTIONS: dict[str, type] = {
    "cluster": Cluster,
    "frontend-vm": FrontendVM,
    "zeoserver-vm": ZeoserverVM,
    "zeoclient-vm": ZeoclientVM,
    "ports": Ports,
    "here": Here,
}
"""The sections that have options, in the order of the reference; ``[sites]`` has hosts instead."""


def read(sections: Sections) -> tuple[Cluster | None, tuple[Fault, ...]]:
    """The cluster, or None with every fault of the description."""
    faults: list[Fault] = []
    values = {
        section: _values(section, section_type, sections.get(section, {}), faults)
        for section, section_type in SECTIONS.items()
        if section != "here"
    }
    sites = _sites(sections.get("sites", {}), faults)
    if faults:
        return None, tuple(faults)
    cluster = Cluster(
        **values["cluster"],
        ports=Ports(**values["ports"]),
        frontend=FrontendVM(**values["frontend-vm"]),
        zeoserver=ZeoserverVM(**values["zeoserver-vm"]),
        zeoclient=ZeoclientVM(**values["zeoclient-vm"]),
        sites=sites,
    )
    faults.extend(check(cluster))
    return (None if faults else cluster), tuple(faults)


def read_here(sections: Sections, cluster: Cluster) -> tuple[Here | None, tuple[Fault, ...]]:
    """Which VM of the cluster this is, or None with every fault of ``[here]``."""
    faults: list[Fault] = []
    values = _values("here", Here, sections.get("here", {}), faults)
    if not faults and values["name"] not in ("", *cluster.vms):
        known = ", ".join(cluster.vms)
        faults.append(Fault("here", "name", f"no VM {values['name']}: expected one of {known}"))
    if faults:
        return None, tuple(faults)
    here = Here(**values)
    if not here.name:
        local = replace(cluster, ports=replace(cluster.ports, frontend=here.frontend_port))
        faults.extend(Fault("here", "frontend-port", f.sentence) for f in check(local))
    return (None if faults else here), tuple(faults)


def _values(
    section: str, section_type: type, given: Mapping[str, str], faults: list[Fault]
) -> dict[str, Any]:
    declared = options_of(section_type)
    for unknown in sorted(given.keys() - declared.keys()):
        guess = get_close_matches(unknown, declared, n=1)
        hint = f"; did you mean {guess[0]}?" if guess else f"; there are {', '.join(declared)}"
        faults.append(Fault(section, unknown, f"no such option{hint}"))
    values: dict[str, Any] = {}
    for option_name, option in declared.items():
        text = given.get(option_name, option.default)
        if text is None or (option.default is None and not text.strip()):
            faults.append(Fault(section, option_name, f"missing: {option.meaning}"))
            continue
        try:
            values[option_name.replace("-", "_")] = option.kind.parse(text.strip())
        except ValueError as error:
            faults.append(Fault(section, option_name, f"{text.strip()!r}: {error}"))
    return values


def _sites(given: Mapping[str, str], faults: list[Fault]) -> tuple[Site, ...]:
    if not given:
        faults.append(
            Fault("sites", "", "no site: expected a line such as www.example.org = /Plone")
        )
    for host, path in given.items():
        if not fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", host):
            faults.append(Fault("sites", host, "expected a host name in small letters"))
        if not fullmatch(r"(/[A-Za-z0-9][A-Za-z0-9._-]*)+", path):
            faults.append(Fault("sites", host, f"{path!r}: expected a path in Zope such as /Plone"))
    return tuple(Site(host, path) for host, path in given.items())
