"""Getting a cluster's description: from a file, or from a buildout that has read it already."""

import io
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tandem.buildout import UserError
from tandem.buildout import buildout as zcb
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


def cluster_in(file: Path, changed: Sections = MappingProxyType({})) -> Cluster:
    """The cluster that a file describes, which holds nothing but the description.

    ``changed`` has options that take the place of the file's, by section.

    Stricter than reading a buildout: a section is a fault unless it is the description's own or
    others use its options, and so is an option that one file gives twice, of which buildout would
    take the last without a word. A link is followed first: what the file extends lies beside the
    file itself. Raises TandemError.
    """
    with _faults_of_buildout(file):
        there = Path(_real(file))
    texts = _texts(there, str(file))
    with _faults_of_buildout(file):
        raw = _raw(there)
        whole = _Substituted(raw)
        sections = {name: dict(whole[name].items()) for name in raw if name != "buildout"}
    sections = with_changes(sections, changed)
    not_unknown = {*_used(raw), "buildout", "versions"} - {*section_names(sections)}
    cluster, faults = read({name: sections[name] for name in sections if name not in not_unknown})
    if cluster and "here" in sections:
        faults = (*faults, *read_here(sections, cluster)[1])
    twice = (
        fault
        for path, text in texts.items()
        for fault in _given_twice(
            text, "" if path == str(there) else os.path.relpath(path, there.parent)
        )
    )
    faults = (*twice, *faults)
    if cluster is None or faults:
        raise DescriptionError(file.name, faults)
    return cluster


def with_changes(sections: Sections, changed: Sections) -> dict[str, dict[str, str]]:
    """The sections with other values for some options, by section and option."""
    names = dict.fromkeys((*sections, *changed))
    return {name: {**sections.get(name, {}), **changed.get(name, {})} for name in names}


def text_of(sections: Sections, comment: str) -> str:
    """The text of a ``cluster.cfg`` that describes the same, all in one file."""
    blocks = [f"# The description, {comment}.\n"]
    for name, options in sections.items():
        lines = (f"{option} = " + text.replace("\n", "\n    ") for option, text in options.items())
        blocks.append("\n".join((f"[{name}]", *lines, "")))
    return "\n".join(blocks)


def sections_of(buildout: Any) -> Sections:
    """The description's sections out of a buildout, every ``${section:option}`` put in."""
    # To look at a section of another kind as it is to be would start its recipe.
    cluster = {"cluster": buildout["cluster"]} if "cluster" in buildout else {}
    names = section_names({**buildout._raw, **cluster})
    return {name: dict(buildout[name].items()) for name in names if name in buildout}


def sections_in(file: Path) -> Sections:
    """The description's sections in a file and those it extends, a buildout's file or its own.

    zc.buildout's own parser reads it, but without the user's ``~/.buildout`` defaults and without
    the directories and the change of directory that a Buildout object makes. Raises TandemError.
    """
    _texts(file, str(file))
    with _faults_of_buildout(file):
        return sections_of(_Substituted(_raw(file)))


def _raw(file: Path) -> dict[str, dict[str, str]]:
    options = zcb._annotate_section({"extends-cache": ""}, "")
    annotated, _ = zcb._open(str(file.parent), file.name, [], options, {}, set(), {})
    raw: dict[str, dict[str, str]] = zcb._unannotate(annotated)
    return raw


def _texts(file: Path, shown: str) -> dict[str, str]:
    """The texts of a file and of those that it extends, by their real paths, its own first.

    zc.buildout fetches what is not local, and of much that is wrong it does not say in which file:
    so every file is looked at here before zc.buildout reads them. ``shown`` is the file's path in
    what is said of it.
    """
    texts: dict[str, str] = {}

    def look_at(path: Path, shown: str, extended_by: tuple[str, ...]) -> None:
        with _faults_of_buildout(shown):
            real = _real(path)
            if real in extended_by:
                raise TandemError(f"{shown}: extends itself")
            if real in texts:
                return
            texts[real] = text = _text_of(path, shown)
            options = _parsed(text, shown).get("buildout", {})
        below = options.get("extends", "").split()
        below += filter(os.path.exists, options.get("optional-extends", "").split())
        for word in below:
            if zcb._isurl(word):
                raise TandemError(
                    f"{shown}: [buildout] extends: {_one_line(word)}: expected a file, as nothing"
                    " is fetched to read a description"
                )
            under = path.parent / word
            look_at(under, _printable(os.path.normpath(under)), (*extended_by, real))

    look_at(file, shown, ())
    return texts


def _real(path: Path) -> str:
    return os.path.realpath(path, strict=True)


def _text_of(path: Path, shown: str) -> str:
    if path.is_dir():
        raise TandemError(f"{shown}: is a directory: expected the file of a cluster's description")
    if not path.is_file():
        raise TandemError(f"{shown}: is not a file: expected that of a cluster's description")
    text = path.read_text(encoding="utf-8")
    if text.startswith("\N{BYTE ORDER MARK}"):
        # zc.buildout takes it for a part of the first line, and so do its recipes later.
        raise TandemError(
            f"{shown}: begins with a byte order mark: expected it saved as UTF-8 without one"
        )
    return text


def _parsed(text: str, shown: str) -> dict[str, dict[str, str]]:
    """The sections of one file; raises TandemError, or what zc.buildout says of its lines."""
    parse: Any = zcb.zc.buildout.configparser
    for number, line in enumerate(text.split("\n"), 1):
        header = parse.section_header(line)
        if header and header["expression"]:
            try:
                parse.parse(io.StringIO(line), shown, zcb._default_globals)
            # A condition is a Python expression, which can raise anything.
            except Exception as error:
                said = _one_line(str(error) or type(error).__name__)
                raise TandemError(
                    f"{shown}: line {number}: {_one_line(line)}: what stands after the colon is a"
                    f" condition, and fails: {said}"
                ) from None
    sections: dict[str, dict[str, str]] = parse.parse(
        io.StringIO(text), shown, zcb._default_globals
    )
    return sections


def _printable(words: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in words)


def _one_line(words: str) -> str:
    line = " ".join(_printable(words).split())
    return line if len(line) <= 120 else f"{line[:120]}…"


@contextmanager
def _faults_of_buildout(file: Path | str) -> Iterator[None]:
    """Makes a line of what the system or zc.buildout says against a file."""
    parsing = zcb.zc.buildout.configparser
    try:
        yield
    except UserError as error:
        raise TandemError(f"{file}: {' '.join(str(error).split())}") from None
    except parsing.MissingSectionHeaderError as error:
        raise TandemError(
            f"{file}: line {error.lineno}: {_one_line(error.line)}: expected a section before it,"
            " such as [cluster]"
        ) from None
    except parsing.ParsingError as error:
        number, line = error.errors[0]
        raise TandemError(
            f"{file}: line {number}: {_one_line(line)}: expected OPTION = VALUE or [SECTION]"
        ) from None
    except UnicodeDecodeError as error:
        raise TandemError(f"{file}: byte {error.start} is not UTF-8") from None
    except FileNotFoundError:
        raise TandemError(f"{file}: no such file: expected a cluster's description") from None
    except OSError as error:
        raise TandemError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise TandemError(f"{file}: {_one_line(str(error))}") from None


def _used(raw: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """The sections whose options others take: by ``${section:option}``, or all by ``<=``."""
    for values in raw.values():
        yield from values.get("<", "").split()
        for text in values.values():
            yield from re.findall(r"\$\{([^:}]+):", text)


def _given_twice(text: str, elsewhere: str) -> Iterator[Fault]:
    where = f" in {elsewhere}" if elsewhere else ""
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
                yield Fault(section, option[1], f"given twice{where}: expected one line")
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
