"""The handbook's reference names every option."""

import pytest

from tandem.model import SECTIONS
from tandem.model.option import options_of
from tandem.reference import reference

OPTIONS = [(section, name) for section, kind in SECTIONS.items() for name in options_of(kind)]


@pytest.mark.parametrize(("section", "name"), OPTIONS)
def test_the_reference_has_a_row_for_every_option(section: str, name: str) -> None:
    table = reference().split(f"## `[{section}]`")[1].split("\n## ")[0]
    assert f"| `{name}` |" in table
