"""Getting a cluster's description: from a file, or from a buildout that has read it already."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from zc.buildout import UserError
from zc.buildout import buildout as zcb

from tandem.errors import TandemError
from tandem.model import Cluster, Fault, Here, Sections, read, read_here, section_names


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


def cluster_in(file: Path) -> Cluster:
    """The cluster that a file describes, which holds nothing but the description.

    Stricter than reading a buildout: a section is a fault unless it is the description's own or
    others use its options, and so is an option that the file gives twice, of which buildout would
    take the last without a word. Raises TandemError.
    """
    raw = _raw(file)
    with _faults_of_buildout(file):
        whole = _Substituted(raw)
        sections = {name: dict(whole[name].items()) for name in raw if name != "buildout"}
    not_unknown = {*_used(raw), "buildout", "versions"} - {*section_names(sections)}
    cluster, faults = read({name: sections[name] for name in sections if name not in not_unknown})
    if cluster and "here" in sections:
        faults = (*faults, *read_here(sections, cluster)[1])
    faults = (*_given_twice(file.read_text()), *faults)
    if cluster is None or faults:
        raise DescriptionError(file.name, faults)
    return cluster


def sections_of(buildout: Mapping[str, Mapping[str, str]]) -> Sections:
    """The description's sections out of a buildout, every ``${section:option}`` put in."""
    return {
        name: dict(buildout[name].items()) for name in section_names(buildout) if name in buildout
    }


def sections_in(file: Path) -> Sections:
    """The description's sections in a file and those it extends, a buildout's file or its own.

    zc.buildout's own parser reads it, but without the user's ``~/.buildout`` defaults and without
    the directories and the change of directory that a Buildout object makes. Raises TandemError.
    """
    raw = _raw(file)
    with _faults_of_buildout(file):
        return sections_of(_Substituted(raw))


def _raw(file: Path) -> dict[str, dict[str, str]]:
    if not file.is_file():
        raise TandemError(f"{file}: no such file: expected a cluster's description")
    options = zcb._annotate_section({"extends-cache": ""}, "")
    with _faults_of_buildout(file):
        annotated, _ = zcb._open(str(file.parent), str(file.name), [], options, {}, set(), {})
        raw: dict[str, dict[str, str]] = zcb._unannotate(annotated)
        return raw


@contextmanager
def _faults_of_buildout(file: Path) -> Iterator[None]:
    """Makes a line of what zc.buildout says against the file."""
    try:
        yield
    except UserError as error:
        raise TandemError(f"{file}: {' '.join(str(error).split())}") from None
    except zcb.zc.buildout.configparser.Error as error:
        raise TandemError(" ".join(str(error).split())) from None
    except UnicodeDecodeError as error:
        raise TandemError(f"{file}: byte {error.start} is not UTF-8") from None
    except OSError as error:
        raise TandemError(f"{error.filename}: {error.strerror}") from None


def _used(raw: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """The sections whose options others take: by ``${section:option}``, or all by ``<=``."""
    for values in raw.values():
        yield from values.get("<", "").split()
        for text in values.values():
            yield from re.findall(r"\$\{([^:}]+):", text)


def _given_twice(text: str) -> Iterator[Fault]:
    section = ""
    seen: set[tuple[str, str]] = set()
    for line in text.split("\n"):
        # The whole header counts: of sections with a condition, [master:EXPRESSION], one holds.
        if header := re.match(r"\[\s*([^\]]*[^\]\s])", line):
            section = header[1]
        elif option := re.match(r"([^\s#;\[=+-][^=]*?)\s*([+-]?)=", line):
            given = (section, option[1])
            # What is added by += or taken by -= is not lost when there is more of that.
            if given in seen and not option[2]:
                yield Fault(section, option[1], "given twice: expected one line")
            seen.add(given)


class _Substituted(Mapping[str, Mapping[str, str]]):
    """The part of a Buildout object that its Options need in order to substitute."""

    def __init__(self, raw: dict[str, dict[str, str]]) -> None:
        self._raw = raw

    def __getitem__(self, name: str) -> Mapping[str, str]:
        if name not in self._raw:
            raise zcb.MissingSection(name)
        options = zcb.Options(self, name, self._raw[name])
        # What a Buildout object does with [slave] <= master.
        options._raw = options._do_extend_raw(name, options._raw, [])
        substituted: Mapping[str, str] = options
        return substituted

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)
