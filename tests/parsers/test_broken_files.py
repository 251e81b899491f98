"""Each parser finds the fault in a broken file: none lets everything through."""

import json
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.examples import example
from tests.parsers.conftest import must_run
from tests.parsers.table import BY_NAME
from tests.parsers.trees import Tree, files_of, on_the_host, write

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("broken.json").read_text())


def broken(case: dict[str, Any], root: Path, scratch: Path) -> Tree:
    """The case's host with the one file broken."""
    name, host = case["host"].split()
    files = {on_the_host(file): file for file in files_of(name, host)}
    path = PurePosixPath(case["path"])
    whole = files[path]
    text = whole.text.replace(case["find"], case["put"]) if "find" in case else whole.text
    files[path] = replace(whole, text=text, mode=case.get("mode", whole.mode))
    assert files[path] != whole, f"{path} has no {case.get('find')!r}"
    write(tuple(files.values()), root)
    return Tree(example(name), example(name).hosts[host], root, scratch)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=case["why"].replace(" ", "-"),
            marks=[pytest.mark.root] if BY_NAME[case["parser"]].root else [],
        )
        for case in CASES
    ],
)
def test_a_broken_file_is_found(case: dict[str, Any], tmp_path: Path, scratch: Path) -> None:
    parser = BY_NAME[case["parser"]]
    must_run(parser)
    tree = broken(case, tmp_path, scratch)
    name, host = case["host"].split()
    paths = tuple(filter(parser.reads, map(on_the_host, files_of(name, host))))
    assert case["says"] in "\n".join(parser.complaints(tree, paths))


def test_each_parser_has_a_file_to_find_broken() -> None:
    assert {case["parser"] for case in CASES} == set(BY_NAME)
