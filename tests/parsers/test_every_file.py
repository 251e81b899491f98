"""Every file of every host of every example, read by the program that it is for."""

from collections.abc import Iterator

import pytest
from _pytest.mark import ParameterSet

from tests.parsers.conftest import Trees, must_run
from tests.parsers.table import BY_NAME, PARSERS
from tests.parsers.trees import all_hosts, files_of, on_the_host

HOSTS = tuple(all_hosts())


def cases() -> Iterator[ParameterSet]:
    """Each host with each parser that has files there."""
    for example, host in HOSTS:
        paths = [on_the_host(file) for file in files_of(example, host)]
        for parser in PARSERS:
            if any(map(parser.reads, paths)):
                marks = [pytest.mark.root] if parser.root else []
                yield pytest.param(
                    example, host, parser.name, marks=marks, id=f"{example}-{host}-{parser.name}"
                )


@pytest.mark.parametrize(("example", "host"), HOSTS)
def test_each_file_has_one_parser_that_knows_it(example: str, host: str) -> None:
    parsers = {
        str(path): [parser.name for parser in PARSERS if parser.reads(path)]
        for path in map(on_the_host, files_of(example, host))
    }
    assert {path: names for path, names in parsers.items() if len(names) != 1} == {}


def test_no_parser_is_without_files() -> None:
    paths = {on_the_host(file) for example, host in HOSTS for file in files_of(example, host)}
    idle = [
        (parser.name, pattern)
        for parser in PARSERS
        for pattern in parser.patterns
        if not any(path.match(pattern) for path in paths)
    ]
    assert idle == []


@pytest.mark.parametrize(("example", "host", "name"), cases())
def test_its_own_program_finds_nothing_to_complain_about(
    example: str, host: str, name: str, tree_of: Trees
) -> None:
    parser = BY_NAME[name]
    must_run(parser)
    tree = tree_of(example, host)
    paths = filter(parser.reads, map(on_the_host, files_of(example, host)))
    assert parser.complaints(tree, tuple(paths)) == []
