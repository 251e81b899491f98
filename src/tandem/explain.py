"""What an option does, and where it ends up: the files that change when it does."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from tandem.errors import TandemError
from tandem.model import PARTS, SECTIONS, Cluster, Here, Machine
from tandem.model.option import Option, options_of
from tandem.rendering import Secrets
from tandem.rendering.hosts import host_files
from tandem.rendering.profiles import client_sections, tandem_options


@dataclass(frozen=True)
class Explanation:
    """An option: its section, name and declaration, its value here, and the files it decides on."""

    section: str
    name: str
    option: Option
    value: str
    ends_up: tuple[tuple[str, str], ...]
    """Pairs of a host and a file on it, in the order of the hosts."""

    @property
    def files(self) -> dict[str, list[str]]:
        """Each file that the option ends up in, with the hosts that have it."""
        hosts: dict[str, list[str]] = {}
        for host, file in self.ends_up:
            hosts.setdefault(file, []).append(host)
        return hosts

    def lines(self) -> Iterator[str]:
        """What an operator reads."""
        yield self.option.meaning
        default = self.option.default
        yield f"type: {self.option.kind.name}"
        yield f"default: {'required' if default is None else default or 'empty'}"
        yield f"here: {self.value or 'empty'}"
        if self.option.acts:
            yield self.option.acts
        elif not self.ends_up:
            yield "ends up in no file of this cluster"
        for file, hosts in self.files.items():
            yield f"ends up in {file} ({', '.join(hosts)})"

    def as_json(self) -> dict[str, object]:
        """The same for scripts."""
        return {
            "section": self.section,
            "option": self.name,
            "meaning": self.option.meaning,
            "type": self.option.kind.name,
            "default": self.option.default,
            "value": self.value,
            "acts": self.option.acts,
            "files": self.files,
        }


def find(cluster: Cluster, name: str) -> tuple[tuple[str, str], ...]:
    """The sections and options that ``name`` means: ``section:option`` or the option alone.

    An option that every machine has is found once, in the section ``MACHINE``, unless the name
    says which machine's. Raises TandemError when there is none.
    """
    section, _, option = name.rpartition(":")
    if "sites" in (section, option):
        raise TandemError("[sites] has a line for each host name, such as www.example.org = /Plone")
    if section in cluster.machines:
        everything = [(section, called) for called in options_of(Machine)]
    else:
        everything = [(there, one) for there, kind in SECTIONS.items() for one in options_of(kind)]
    found = tuple(
        (there, one) for there, one in everything if one == option and section in ("", there)
    )
    if not found:
        names = dict.fromkeys(f"{there}:{one}" if ":" in name else one for there, one in everything)
        guess = get_close_matches(name, names, n=1)
        hint = f"did you mean {guess[0]}?" if guess else "the handbook's reference has them all"
        raise TandemError(f"no option {name}: {hint}")
    return found


def explain(cluster: Cluster, section: str, name: str) -> Explanation:
    """An option of a section, and its effect in this cluster.

    The section is a machine's, or ``MACHINE`` for the first one's, or any other of the reference.
    """
    declared = options_of(SECTIONS.get(section, Machine))[name]
    field_name = name.replace("-", "_")
    value = getattr(_section(cluster, section), field_name) if section != "here" else ""
    ends_up: tuple[tuple[str, str], ...] = ()
    if not declared.acts:
        ends_up = _ends_up(cluster, section, field_name, _other(cluster, value, declared))
    return Explanation(section, name, declared, _written(value, declared), ends_up)


def _ends_up(
    cluster: Cluster, section: str, field_name: str, other: object
) -> tuple[tuple[str, str], ...]:
    before = everything_of(cluster)
    after = everything_of(_changed(cluster, section, field_name, other))
    return tuple(place for place in (before | after) if before.get(place) != after.get(place))


def everything_of(cluster: Cluster) -> dict[tuple[str, str], str]:
    """The text of every file of every host, and what the profiles of the hosts are told."""
    fence = dict.fromkeys(cluster.machines, "secret")
    secrets = Secrets("secret", "secret", fence)
    texts = {}
    for host in cluster.hosts.values():
        for file in host_files(cluster, host, secrets, "cluster.cfg"):
            texts[host.name, f"/{file.path}"] = file.text
        if host.roles:
            here = Here(name=host.name)
            told = {"tandem": tandem_options(here, cluster), **client_sections(here, cluster)}
            for section, options in told.items():
                for option, text in options.items():
                    texts[host.name, f"profiles: ${{{section}:{option}}}"] = text
    return texts


def _section(cluster: Cluster, section: str) -> Any:
    if section == "cluster":
        return cluster
    if section in PARTS:
        return getattr(cluster, PARTS[section][0])
    return cluster.named_nodes.get(section, cluster.nodes[0])


def _changed(cluster: Cluster, section: str, field_name: str, value: object) -> Cluster:
    before = _section(cluster, section)
    after = replace(before, **{field_name: value})
    if isinstance(after, Cluster):
        return after
    if section in PARTS:
        return replace(cluster, **{PARTS[section][0]: after})
    return replace(
        cluster, nodes=tuple(after if node == before else node for node in cluster.nodes)
    )


def _other(cluster: Cluster, value: object, option: Option) -> object:
    """A value of the option's kind that is not the one it has."""
    if isinstance(value, tuple) and option.kind.name == "names":
        return tuple(reversed(value))
    machine = cluster.pair[0]
    examples = (
        option.kind.parse(text.replace("MACHINE", machine)) for text in option.kind.examples
    )
    return next(example for example in examples if example != value)


def _written(value: object, option: Option) -> str:
    """A value as the description would say it."""
    match value:
        case None | "" | ():
            return ""
        case int() if option.kind.name == "size":
            return f"{value}M" if value % 1024 else f"{value // 1024}G"
        case float():
            return f"{value:g}"
        case tuple():
            return " ".join(":".join(one) if isinstance(one, tuple) else one for one in value)
    return str(value)
