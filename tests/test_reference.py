"""The handbook's reference names every option."""

from functools import cache

import pytest

from tandem.model import SECTIONS
from tandem.model.option import options_of
from tandem.reference import reference
from tests.examples import FILES, example

OPTIONS = [(section, name) for section, kind in SECTIONS.items() for name in options_of(kind)]


@cache
def whole() -> str:
    return reference([example(name) for name in FILES])


def row(section: str, name: str) -> str:
    table = whole().split(f"## `[{section}]`")[1].split("\n## ")[0]
    return next(line for line in table.splitlines() if line.startswith(f"| `{name}` |"))


@pytest.mark.parametrize(("section", "name"), OPTIONS)
def test_the_reference_has_a_row_for_every_option_and_says_where_it_ends_up(
    section: str, name: str
) -> None:
    assert "*In* `" in row(section, name) or row(section, name).rstrip(" |").endswith(".*")


def test_a_row_names_the_file() -> None:
    assert "*In* `/etc/ha.d/ha.cf`." in row("heartbeat", "deadtime")
