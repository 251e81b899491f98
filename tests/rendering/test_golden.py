"""Rendered files are as they were when somebody last looked: ``make golden`` renews them."""

import pytest

from tandem.diagram import diagram
from tests.examples import FILES, example
from tests.rendering.golden import GOLDEN, PICTURES, text_of


@pytest.mark.parametrize("name", FILES)
def test_every_host_of_an_example_has_a_golden_file(name: str) -> None:
    kept = {file.stem for file in (GOLDEN / name).iterdir()}
    assert kept == set(example(name).hosts)


@pytest.mark.parametrize(
    ("name", "host"), [(name, host) for name in FILES for host in example(name).hosts]
)
def test_a_hosts_files_are_the_golden_ones(name: str, host: str) -> None:
    cluster = example(name)
    golden = (GOLDEN / name / f"{host}.txt").read_text()
    assert text_of(name, cluster, cluster.hosts[host]) == golden, "make golden shows what changed"


@pytest.mark.parametrize("name", PICTURES)
def test_the_handbooks_picture_of_an_example_is_what_fab_diagram_draws(name: str) -> None:
    assert PICTURES[name].read_text() == diagram(example(name))
