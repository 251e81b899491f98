"""The written-out hosts of the examples, each once in a run of the tests."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples import example
from tests.parsers.running import installed
from tests.parsers.table import Parser
from tests.parsers.trees import Tree, files_of, write

Trees = Callable[[str, str], Tree]


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for what the parsers themselves need."""
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="session")
def tree_of(tmp_path_factory: pytest.TempPathFactory, scratch: Path) -> Trees:
    """Gives the files of an example's host, which no test may change."""
    top = tmp_path_factory.mktemp("hosts")
    made: dict[tuple[str, str], Tree] = {}

    def tree(name: str, host: str) -> Tree:
        if (name, host) not in made:
            root = top / name / host
            write(files_of(name, host), root)
            cluster = example(name)
            made[name, host] = Tree(cluster, cluster.hosts[host], root, scratch)
        return made[name, host]

    return tree


def must_run(parser: Parser) -> None:
    """Skip a test whose parser cannot run here, and say why."""
    missing = [program for program in parser.needs if not installed(program)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    if parser.root and os.geteuid() != 0:
        pytest.skip(f"{parser.name} takes root")
