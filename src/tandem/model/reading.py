"""From a description's sections to the cluster, or to all that is wrong with them at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from re import fullmatch
from typing import Any

from tandem.model.checks import RESERVED, check, ports_are_unique, some
from tandem.model.cluster import Cluster, Site
from tandem.model.fault import Fault
from tandem.model.option import WrongWordError, options_of
from tandem.model.sections import (
    Drbd,
    FrontendVM,
    Heartbeat,
    Here,
    Machine,
    Network,
    Ports,
    SecretFiles,
    Ssh,
    ZeoclientVM,
    ZeoserverVM,
)

Sections = Mapping[str, Mapping[str, str]]

PARTS: dict[str, tuple[str, type]] = {
    "network": ("network", Network),
    "frontend-vm": ("frontend", FrontendVM),
    "zeoserver-vm": ("zeoserver", ZeoserverVM),
    "zeoclient-vm": ("zeoclient", ZeoclientVM),
    "ports": ("ports", Ports),
    "heartbeat": ("heartbeat", Heartbeat),
    "drbd": ("drbd", Drbd),
    "ssh": ("ssh", Ssh),
    "secrets": ("secrets", SecretFiles),
}
"""The sections that a cluster has one of: the field of Cluster and the type of each."""

MACHINE_SECTION = "MACHINE"
"""What the reference calls the section of a machine, which has the machine's name."""

SECTIONS: dict[str, type] = {
    "cluster": Cluster,
    MACHINE_SECTION: Machine,
    **{section: section_type for section, (_, section_type) in PARTS.items()},
    "here": Here,
}
"""The sections that have options, in the order of the reference; ``[sites]`` has hosts instead."""


def section_names(sections: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """The names of the sections that are the description's own, the machines' among them."""
    machines = _with_all_machines(sections).get("machines", "").split()
    fixed = [name for name in SECTIONS if name != MACHINE_SECTION]
    return (*fixed, "sites", *(name for name in machines if name not in RESERVED))


def read(sections: Sections) -> tuple[Cluster | None, tuple[Fault, ...]]:
    """The cluster, or None with every fault of the description.

    Every section that is given must be one of the description's own.
    """
    faults: list[Fault] = []
    basics = _values("cluster", Cluster, _with_all_machines(sections), faults)
    faults[:0] = _unknown(sections, basics.get("machines", ()))
    parts = {
        field: _made(
            section_type, _values(section, section_type, sections.get(section, {}), faults)
        )
        for section, (field, section_type) in PARTS.items()
    }
    nodes = tuple(_nodes(sections, basics.get("machines", ()), faults))
    sites = _sites(sections.get("sites", {}), faults)
    if faults:
        return None, tuple(faults)
    own = ((node.name, node.zeoclient_address) for node in nodes if node.zeoclient_address)
    given = parts["zeoclient"].addresses
    addresses = (*given, *(pair for pair in own if pair not in given))
    parts["zeoclient"] = replace(parts["zeoclient"], addresses=addresses)
    cluster = Cluster(**basics, **parts, nodes=nodes, sites=sites)
    faults.extend(check(cluster))
    return (None if faults else cluster), tuple(faults)


def _with_all_machines(sections: Sections) -> Mapping[str, str]:
    """The options of ``[cluster]``, with those machines named that it need not name."""
    given = sections.get("cluster", {})
    named = given.get("machines", "").split()
    own = (name for name in sections if "zeoclient-address" in sections[name])
    further = [name for name in own if name not in (*named, *RESERVED)]
    return {**given, "machines": " ".join((*named, *further))} if further else given


def read_here(sections: Sections, cluster: Cluster) -> tuple[Here | None, tuple[Fault, ...]]:
    """Which host of the cluster this is, or None with every fault of ``[here]``."""
    faults: list[Fault] = []
    values = _values("here", Here, sections.get("here", {}), faults)
    if not faults and values["name"] not in ("", *cluster.hosts):
        known = some(cluster.hosts)
        faults.append(
            Fault("here", "name", f"no machine or VM {values['name']}: expected one of {known}")
        )
    if faults:
        return None, tuple(faults)
    here = Here(**values)
    if not here.name:
        local = replace(cluster, ports=replace(cluster.ports, frontend=here.frontend_port))
        faults.extend(Fault("here", "frontend-port", f.sentence) for f in ports_are_unique(local))
    return (None if faults else here), tuple(faults)


def _shown(name: str) -> str:
    """A name out of the description as it can stand in a line of a report."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in name)
    return printable if len(printable) <= 50 else f"{printable[:50]}…"


def _quoted(text: str) -> str:
    return repr(text) if len(text) <= 60 else f"{text[:60]!r}…"


def _unknown(sections: Sections, machines: tuple[str, ...]) -> Iterator[Fault]:
    """The sections that are not the description's own.

    Without machines, a section that looks like one's is no fault: that fault stands for all.
    """
    known = section_names(sections)
    fixed = section_names({})
    absent = [name for name in (*fixed, *machines) if name not in sections]
    for section, options in sections.items():
        if section in known or section in machines:
            continue
        name = _shown(section)
        is_machine = {"address", "memory", "storage"} <= options.keys()
        guess = get_close_matches(section, absent, n=1, cutoff=0.7)
        if not guess and is_machine:
            if machines:
                yield Fault(name, "", "no such machine: expected its name in [cluster] machines")
        elif guess or (guess := get_close_matches(section, fixed, n=1)):
            yield Fault(name, "", f"no such section; did you mean [{guess[0]}]?")
        else:
            yield Fault(
                name,
                "",
                "no such section: expected one of the reference, a machine that [cluster]"
                " machines names, or one whose options others use, as ${" + name + ":…}",
            )


def _made(section_type: type, values: dict[str, Any]) -> Any:
    complete = len(values) == len(options_of(section_type))
    return section_type(**values) if complete else None


def _nodes(sections: Sections, names: Iterable[str], faults: list[Fault]) -> Iterator[Machine]:
    for name in dict.fromkeys(names):
        if name in RESERVED:
            faults.append(
                Fault(
                    "cluster", "machines", f"{name} has a meaning of its own: expected another name"
                )
            )
        elif name not in sections:
            faults.append(Fault(name, "", "missing: expected a section for each machine"))
        else:
            values = _values(name, Machine, sections[name], faults)
            if len(values) == len(options_of(Machine)):
                yield Machine(name=name, **values)


def _values(
    section: str, section_type: type, given: Mapping[str, str], faults: list[Fault]
) -> dict[str, Any]:
    declared = options_of(section_type)
    for unknown in sorted(given.keys() - declared.keys()):
        guess = get_close_matches(unknown, declared, n=1)
        hint = f"; did you mean {guess[0]}?" if guess else f"; there are {', '.join(declared)}"
        if not guess and len(hint) > 160:
            hint = "; the handbook's reference has them all"
        faults.append(Fault(section, _shown(unknown), f"no such option{hint}"))
    values: dict[str, Any] = {}
    for option_name, option in declared.items():
        text = given.get(option_name, option.default)
        if text is None or (option.default is None and not text.strip()):
            faults.append(Fault(section, option_name, f"missing: {option.meaning}"))
            continue
        try:
            values[option_name.replace("-", "_")] = option.kind.parse(text.strip())
        except ValueError as error:
            wrong = error.word if isinstance(error, WrongWordError) else text.strip()
            faults.append(Fault(section, option_name, f"{_quoted(wrong)}: {error}"))
    return values


_VIRTUAL_HOST = {"virtualhostbase", "virtualhostroot"}


def _sites(given: Mapping[str, str], faults: list[Fault]) -> tuple[Site, ...]:
    if not given:
        faults.append(
            Fault("sites", "", "no site: expected a line such as www.example.org = /Plone")
        )
    label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    for host, path in given.items():
        if len(host) > 253 or not fullmatch(rf"{label}(\.{label})*", host):
            faults.append(
                Fault(
                    "sites",
                    _shown(host),
                    "expected a host name in small letters such as www.example.org,"
                    " other letters as DNS has them (xn--…)",
                )
            )
        # The VirtualHostMonster takes a step of such a name for its own.
        steps = {step.lower() for step in path.split("/")}
        if not fullmatch(r"(/[A-Za-z0-9][A-Za-z0-9._-]*)+", path) or steps & _VIRTUAL_HOST:
            faults.append(
                Fault(
                    "sites",
                    _shown(host),
                    f"{_quoted(path)}: expected a path in Zope such as /Plone",
                )
            )
    return tuple(Site(host, path) for host, path in given.items())
