"""Getting a cluster's description: from a file, or from a buildout that has read it already."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from zc.buildout import UserError
from zc.buildout import buildout as zcb

from tandem.errors import TandemError
from tandem.model import SECTIONS, Cluster, Fault, Here, Sections, read, read_here


class DescriptionError(TandemError):
    """A description with faults: one line for each."""

    def __init__(self, source: str, faults: tuple[Fault, ...]) -> None:
        super().__init__(source, faults)
        self.source = source
        self.faults = faults

    def report(self) -> str:
        """Every fault, as ``cluster.cfg: [section] option: what is wrong``."""
        return "\n".join(f"{self.source}: {fault}" for fault in self.faults)


def cluster_from(sections: Sections, source: str) -> Cluster:
    """The cluster that the sections describe; raises DescriptionError."""
    cluster, faults = read(sections)
    if cluster is None:
        raise DescriptionError(source, faults)
    return cluster


def here_from(sections: Sections, cluster: Cluster, source: str) -> Here:
    """Which VM of the cluster this is; raises DescriptionError."""
    here, faults = read_here(sections, cluster)
    if here is None:
        raise DescriptionError(source, faults)
    return here


def sections_of(buildout: Mapping[str, Mapping[str, str]]) -> Sections:
    """The description's sections out of a buildout, every ``${section:option}`` put in."""
    return {name: dict(buildout[name].items()) for name in (*SECTIONS, "sites") if name in buildout}


def sections_in(file: Path) -> Sections:
    """The description's sections in a file and those it extends.

    zc.buildout's own parser reads it, but without the user's ``~/.buildout`` defaults and without
    the directories and the change of directory that a Buildout object makes. Raises TandemError.
    """
    if not file.is_file():
        raise TandemError(f"{file}: no such file: expected a cluster's description")
    options = zcb._annotate_section({"extends-cache": ""}, "")
    try:
        annotated, _ = zcb._open(str(file.parent), str(file.name), [], options, {}, set(), {})
        return sections_of(_Substituted(zcb._unannotate(annotated)))
    except UserError as error:
        raise TandemError(f"{file}: {' '.join(str(error).split())}") from None
    except zcb.zc.buildout.configparser.Error as error:
        raise TandemError(" ".join(str(error).split())) from None
    except OSError as error:
        raise TandemError(f"{error.filename}: {error.strerror}") from None


class _Substituted(Mapping[str, Mapping[str, str]]):
    """The part of a Buildout object that its Options need in order to substitute."""

    def __init__(self, raw: dict[str, dict[str, str]]) -> None:
        self._raw = raw

    def __getitem__(self, name: str) -> Mapping[str, str]:
        if name not in self._raw:
            raise zcb.MissingSection(name)
        options: Mapping[str, str] = zcb.Options(self, name, self._raw[name])
        return options

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)
